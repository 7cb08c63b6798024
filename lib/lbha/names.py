"""Hosts as people write them: addresses, and names that the resolver must look up.

getaddrinfo(3) waits for its servers as long as it likes, and a thread in it cannot be
ended; so every name is looked up in a child process of its own, all at the same time.
"""

import _signal
import _socket
import os
import select

from lbha.values import IP, Text

LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


class Host(Text):
    """An address, also a link-local one with its device (fe80::1%eth0), or a host name."""

    wants = "an address or a host name"

    def parse(self, text):
        if not _is_address(text.partition("%")[0]) and not _is_name(text):
            raise ValueError('has "%s", which is neither an address nor a host name' % text)
        return text


def locate(words, deadline):
    """Where hosts are: ({word: (IP, scope)}, {word: why it cannot be said}).

    words    -- texts that Host accepts
    deadline -- a name whose server has not answered by then is not known
    scope    -- index of the device of a link-local address, else 0
    """
    places, unknown, names = {}, {}, []
    for word in words:
        address, _, device = word.partition("%")
        if not _is_address(address):
            names.append(word)
            continue
        try:
            places[word] = IP(address), _socket.if_nametoindex(device) if device else 0
        except OSError:
            unknown[word] = "there is no device %s" % device
    if names:
        _look_up(dict.fromkeys(names), places, unknown, deadline)
    return places, unknown


def _look_up(names, places, unknown, deadline):
    lookups = []
    try:
        for name in names:
            try:
                lookups.append(_Lookup(name, deadline.left()))
            except OSError as error:  # no descriptors, no memory or no processes left
                unknown[name] = "the resolver cannot be asked: %s" % error.strerror
        for lookup in lookups:
            verdict, _, answer = lookup.answer(deadline).partition(" ")
            if verdict == "at":
                address, _, scope = answer.partition(" ")
                places[lookup.name] = IP(address), int(scope)
            else:
                unknown[lookup.name] = answer or "the resolver gave no answer"
    finally:
        for lookup in lookups:
            lookup.close()


class _Lookup:
    """A child process that looks one name up."""

    def __init__(self, name, seconds):
        self.name = name
        self.fd, theirs = os.pipe()
        try:
            self.pid = os.fork()
        except OSError:
            os.close(self.fd)
            os.close(theirs)
            raise
        if not self.pid:
            _resolve(name, theirs, seconds)
        os.close(theirs)

    def answer(self, deadline):
        """What the child says: "at ADDRESS SCOPE", "no REASON", or nothing in time."""
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        if not poll.poll(int(deadline.left() * 1000) + 1):
            return "no the resolver did not answer within %.3g s" % deadline.seconds
        return os.read(self.fd, 4096).decode("utf-8", "replace")  # in one piece: PIPE_BUF

    def close(self):
        """End the child, if it has not ended yet."""
        os.close(self.fd)
        os.kill(self.pid, 9)  # a zombie at the most: it is ours, the pid cannot be another's
        os.waitpid(self.pid, 0)


def _resolve(name, out, seconds):
    """In the child: say where the host is, and end."""
    try:
        # should our parent be killed, nobody else would end us
        _signal.signal(_signal.SIGALRM, _signal.SIG_DFL)
        _signal.setitimer(_signal.ITIMER_REAL, seconds + 1)
        try:
            # bytes: for a text Python would load its tables of international names
            found = _socket.getaddrinfo(name.encode(), None, 0, _socket.SOCK_DGRAM)
            address = found[0][4]
            scope = address[3] if len(address) == 4 else 0
            text = "at %s %d" % (address[0].partition("%")[0], scope)
        except OSError as error:
            text = "no %s" % error.strerror
        os.write(out, text.encode())
    finally:
        os._exit(0)


def _is_address(text):
    try:
        IP(text)
    except ValueError:
        return False
    return True


def _is_name(text):
    """Whether it can be a host name: RFC 1123 section 2.1, and underscores, as in use."""
    last = text.rstrip(".").rpartition(".")[2]
    return (LETTERS.issuperset(text) and text[:1] not in ("-", ".") and 0 < len(text) < 254
            and not last.isdigit() and last != "")  # 10.0.0.300 is a mistake, not a name
