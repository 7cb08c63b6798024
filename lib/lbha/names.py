"""Hosts as people write them: addresses, and names that the resolver must look up.

Every name is looked up in a child process of its own, all at the same time (lbha.task).
"""

import _socket

from lbha.task import Task
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
    lookups = {}
    try:
        for name in names:
            try:
                lookups[name] = Task(lambda name=name: _resolve(name), deadline.left())
            except OSError as error:  # no descriptors, no memory or no processes left
                unknown[name] = "the resolver cannot be asked: %s" % error.strerror
        for name, lookup in lookups.items():
            text = lookup.answer(deadline.left())
            if text is None:
                text = "no the resolver did not answer within %.3g s" % deadline.seconds
            verdict, _, answer = text.partition(" ")
            if verdict == "at":
                address, _, scope = answer.partition(" ")
                places[name] = IP(address), int(scope)
            else:
                unknown[name] = answer or "the resolver gave no answer"
    finally:
        for lookup in lookups.values():
            lookup.close()


def _resolve(name):
    """Where the host is, "at ADDRESS SCOPE" or "no REASON"."""
    try:
        # bytes: for a text Python would load its tables of international names
        found = _socket.getaddrinfo(name.encode(), None, 0, _socket.SOCK_DGRAM)
    except OSError as error:
        return "no %s" % error.strerror
    address = found[0][4]
    scope = address[3] if len(address) == 4 else 0
    return "at %s %d" % (address[0].partition("%")[0], scope)


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
