"""What an agent has from its caller: standard input, output and error, and signals."""

import _signal
import posix as os
import select

from lbha.errors import LocalFault

NULL = "/dev/null"


def open_standard():
    """See that descriptors 0 to 2 are open, so that no file of ours ever gets their numbers."""
    while True:
        fd = os.open(NULL, os.O_RDWR)
        if fd > 2:
            os.close(fd)
            return
        os.set_inheritable(fd, True)


def default_signals():
    """See that the signals work that we live by, whatever our caller did with them.

    Ignored, SIGCHLD would take the ends of our children from us; blocked, SIGALRM would keep
    no deadline (lbha.deadline).
    """
    _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (_signal.SIGALRM,))


def read_input():
    """All bytes of standard input. Raises LocalFault."""
    chunks = []
    while True:
        try:
            chunk = os.read(0, 65536)
        except BlockingIOError:  # our caller made it so, and has not written all yet
            select.select((0,), (), ())
            continue
        except OSError as error:
            raise LocalFault("standard input cannot be read: %s" % error.strerror)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)


def write_output(text):
    """Write a text to standard output. Raises OSError when nobody reads it."""
    data = text.encode("utf-8", "replace")
    while data:
        data = data[os.write(1, data):]
