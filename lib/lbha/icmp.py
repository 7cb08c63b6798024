"""ICMP echo over IPv4 and IPv6: requests, and whose answers came back.

RFC 792, "Echo or Echo Reply Message"; RFC 4443 section 4; raw(7) and icmp(7) of Linux.
Raw sockets, because the kernel lets not even root use datagram ones where
net.ipv4.ping_group_range is left at its default.  A raw socket sees the replies to every
process of the node: one is ours only if sender, identifier, sequence number and payload are.
"""

import _socket
import errno
import posix as os
import select
import sys

from lbha.errors import LocalFault, NoPrivilege
from lbha.values import IP

# protocol, type of a request, type of a reply
ICMP = (_socket.IPPROTO_ICMP, 8, 0)
ICMPV6 = (_socket.IPPROTO_ICMPV6, 128, 129)
# linux/icmp.h and linux/icmpv6.h: a set bit keeps messages of that type away
SOL_RAW, ICMP_FILTER, ICMPV6_FILTER = 255, 1, 1
SO_BINDTODEVICE, SO_SNDBUFFORCE, SO_RCVBUFFORCE = 25, 32, 33
LONGEST_NAME = 15     # of a device
BUFFER = 1 << 20      # bytes for replies: a hundred hosts may answer in the same moment
# bytes for requests: those to dead hosts on a link of ours stay in the kernel for the three
# seconds that it looks for a neighbour, and must not keep those to living hosts from leaving
WAITING = 1 << 23
TOKEN = 16            # bytes of payload that nobody can guess
AT_ONCE = 4096        # replies read before the clock is looked at again


class Echo:
    """Echo requests; a method of asking (lbha.reach).

    poll   -- an epoll object
    source -- lbha.reach.source.Source
    Sending raises OSError, NoPrivilege, LocalFault.
    """

    def __init__(self, poll, source):
        self.poll, self.source = poll, source
        self.identifier = os.urandom(2)
        self.payload = os.urandom(TOKEN)
        self.sockets = {}  # family -> _Socket
        self.by_fd = {}
        self.pending = {}  # sequence number -> (Place, number)

    def send(self, place, number):
        """One request to a lbha.reach.rounds.Place."""
        sequence = (number & 0xffff).to_bytes(2, "big")
        try:
            self._socket(place.ip.family).request(
                place, self.identifier + sequence, self.payload)
        except OSError:
            self._drop_lost(place.ip.family)
            raise
        self.pending[sequence] = place, number

    def outcomes(self, fd):
        """The requests that were answered."""
        found = []
        for _ in range(AT_ONCE):
            reply = self.by_fd[fd].reply(self.identifier, self.payload)
            if reply is None:
                break
            sender, scope, sequence = reply
            place, number = self.pending.get(sequence, (None, None))
            if place and place.ip == sender and scope in (0, place.scope):
                del self.pending[sequence]
                found.append((number, None))
                if not self.pending:
                    break  # what else may have come, poll() tells
        return found

    def forget(self, number):
        """Nobody waits for that one any more."""
        self.pending.pop((number & 0xffff).to_bytes(2, "big"), None)

    def close(self):
        """Close the sockets."""
        for one in self.by_fd.values():
            one.socket.close()

    def _socket(self, family):
        # what keeps one from being made, such as a source that is not there, may pass
        if family not in self.sockets:
            made = self.sockets[family] = _Socket(family, self.source)
            self.by_fd[made.fd] = made
            self.poll.register(made.fd, select.EPOLLIN)
        return self.sockets[family]

    def _drop_lost(self, family):
        """Forget a socket whose device is gone: the next one finds it when it is made anew."""
        made = self.sockets.get(family)
        if made and made.is_lost:
            del self.sockets[family], self.by_fd[made.fd]
            self.poll.unregister(made.fd)
            made.socket.close()


class _Socket:
    """A raw socket that gets echo replies of one family."""

    def __init__(self, family, source):
        self.is_v4 = family == _socket.AF_INET
        protocol, self.ask, self.answer = ICMP if self.is_v4 else ICMPV6
        try:
            self.socket = _socket.socket(
                family, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, protocol)
        except PermissionError:
            raise NoPrivilege("cannot send ICMP: wanted root or CAP_NET_RAW")
        except OSError as error:
            if error.errno == errno.EAFNOSUPPORT:
                raise
            raise LocalFault("cannot open an ICMP socket: %s" % error.strerror)
        self.fd = self.socket.fileno()
        self.socket.setblocking(False)
        want_only(self.socket, self.answer)
        self._make_room(SO_RCVBUFFORCE, _socket.SO_RCVBUF, BUFFER)
        self._make_room(SO_SNDBUFFORCE, _socket.SO_SNDBUF, WAITING)
        source.bind(self.socket)

    def _make_room(self, force, ask, size):
        try:
            self.socket.setsockopt(_socket.SOL_SOCKET, force, size)
        except PermissionError:  # in a container: as much as it may have
            self.socket.setsockopt(_socket.SOL_SOCKET, ask, size)

    @property
    def is_lost(self):
        """Whether it is bound to a device that is not there any more."""
        try:
            self.socket.getsockopt(_socket.SOL_SOCKET, SO_BINDTODEVICE, LONGEST_NAME + 1)
        except OSError:  # ENODEV: the kernel looks for it by its index
            return True
        return False

    def request(self, place, marks, payload):
        """Send an echo request. Raises OSError."""
        text = place.ip.text
        packet = message(self.ask, marks, payload)
        if self.is_v4:
            self.socket.sendto(packet, (text, 0))
        else:
            # the kernel writes this family's checksum itself (RFC 3542 section 3.1)
            self.socket.sendto(packet, (text, 0, 0, place.scope))

    def reply(self, identifier, payload):
        """The next echo reply with these marks: (sender, scope, sequence), or None.

        sender -- an lbha.values.IP; sequence -- 2 bytes
        """
        while True:
            try:
                packet, source = self.socket.recvfrom(4096)
            except OSError:
                # Nothing is there; or EHOSTUNREACH, with which Linux before 5.19 passes over
                # an ICMPv6 message whose checksum is wrong: poll() tells if there is more.
                return None
            if self.is_v4:
                packet = packet[(packet[0] & 0x0f) * 4:]  # behind the IP header
            # those to other processes first: there may be many of them
            if packet[4:6] != identifier or packet[8:] != payload:
                continue
            if packet[:2] != bytes((self.answer, 0)):
                continue  # it came before the filter was set
            if self.is_v4 and checksum(packet):
                continue  # a raw socket gets it before the kernel has looked
            # Python before 3.7 leaves the zone in the text
            sender = IP(source[0].partition("%")[0])
            return sender, 0 if self.is_v4 else source[3], packet[6:8]


def want_only(socket, kind):
    """Have a raw ICMP or ICMPv6 socket get messages of one type and no others."""
    is_v4 = socket.family == _socket.AF_INET
    mask = [0xffffffff] * (1 if is_v4 else 8)
    mask[kind // 32] &= ~(1 << kind % 32)
    blocked = b"".join(word.to_bytes(4, sys.byteorder) for word in mask)
    if is_v4:
        socket.setsockopt(SOL_RAW, ICMP_FILTER, blocked)
    else:
        socket.setsockopt(_socket.IPPROTO_ICMPV6, ICMPV6_FILTER, blocked)


def message(kind, marks, payload):
    """An ICMP message of type `kind`, code 0, with its IPv4 checksum.

    marks -- identifier and sequence number, 2 bytes each
    """
    body = marks + payload
    head = bytes((kind, 0))
    return head + checksum(head + b"\0\0" + body).to_bytes(2, "big") + body


def checksum(data):
    """The Internet checksum (RFC 1071) of bytes: 0 over data that carry their own."""
    if len(data) % 2:
        data += b"\0"
    total = sum(data[0::2]) * 256 + sum(data[1::2])
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
