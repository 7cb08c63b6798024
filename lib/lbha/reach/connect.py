"""TCP connections as a question: does that port of a host accept them.

A connection that is accepted is reset at once, as load balancers do with their checks: it
leaves nothing waiting on either side.  One that is refused is no answer: the port does not do
what it should.
"""

import _socket
import errno
import posix as os
import select
from _struct import pack

MOST_FILES = 1 << 14       # a request that waits is a descriptor, and dead hosts have many
LINGER = pack("ii", 1, 0)  # struct linger: close() resets


class Connect:
    """Connections to one port of many hosts; a method of asking (lbha.reach).

    poll   -- an epoll object
    source -- lbha.reach.source.Source
    """

    def __init__(self, poll, source, port):
        self.poll, self.source, self.port = poll, source, port
        self.pending = {}  # descriptor -> (socket, number)
        self.by_number = {}
        _allow_files()

    def send(self, place, number):
        """Begin to connect. Raises OSError."""
        flags = _socket.SOCK_NONBLOCK | _socket.SOCK_CLOEXEC
        made = _socket.socket(place.ip.family, _socket.SOCK_STREAM | flags)
        try:
            self.source.bind(made)
            made.setsockopt(_socket.SOL_SOCKET, _socket.SO_LINGER, LINGER)
            where = (place.ip.text, self.port)
            if place.ip.family == _socket.AF_INET6:
                where += (0, place.scope)
            result = made.connect_ex(where)
            if result not in (0, errno.EINPROGRESS):
                raise OSError(result, os.strerror(result))
        except OSError:
            made.close()
            raise
        fd = made.fileno()
        self.pending[fd], self.by_number[number] = (made, number), fd
        self.poll.register(fd, select.EPOLLOUT)

    def outcomes(self, fd):
        """Whether that connection has come about."""
        if fd not in self.pending:
            return []
        made, number = self.pending[fd]
        result = made.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)
        self.forget(number)
        return [(number, os.strerror(result) if result else None)]

    def forget(self, number):
        """Give a connection up."""
        fd = self.by_number.pop(number, None)
        if fd is not None:
            self.poll.unregister(fd)
            self.pending.pop(fd)[0].close()

    def close(self):
        """Give all connections up."""
        for number in list(self.by_number):
            self.forget(number)


def _allow_files():
    """Let this process have more descriptors than the 1024 that services get: without one it
    could neither ask a living host nor read what start recorded."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
