"""ICMP echo over IPv4 and IPv6: which hosts answer, all asked at once.

RFC 792, "Echo or Echo Reply Message"; RFC 4443 section 4; raw(7) and icmp(7) of Linux.
Raw sockets, because the kernel lets not even root use datagram ones where
net.ipv4.ping_group_range is left at its default.  A raw socket sees the replies to every
process of the node: one is ours only if sender, identifier, sequence number and payload are.
"""

import _socket
import errno
import os
import select
import sys
import time

from lbha.errors import LocalFault, NoPrivilege
from lbha.values import IP

# protocol, type of a request, type of a reply
ICMP = (_socket.IPPROTO_ICMP, 8, 0)
ICMPV6 = (_socket.IPPROTO_ICMPV6, 128, 129)
# linux/icmp.h and linux/icmpv6.h: a set bit keeps messages of that type away
SOL_RAW, ICMP_FILTER, ICMPV6_FILTER = 255, 1, 1
SO_RCVBUFFORCE = 33
BUFFER = 1 << 20      # bytes for replies: a hundred hosts may answer in the same moment
TOKEN = 16            # bytes of payload that nobody can guess
AT_ONCE = 64          # replies read before the clock is looked at again


class Host:
    """A host that is asked.

    address -- an lbha.values.IP
    scope   -- index of the device that a link-local address belongs to, 0 for others
    sent    -- requests that left this node
    delay   -- seconds (float) until the first reply, None while there is none
    error   -- why the last request could not leave this node, or None
    """

    __slots__ = ("address", "scope", "sent", "delay", "error")

    def __init__(self, address, scope=0):
        self.address, self.scope = address, scope
        self.sent, self.delay, self.error = 0, None, None

    @property
    def alive(self):
        """Whether it has answered."""
        return self.delay is not None


def ask(hosts, attempts, interval, timeout, deadline):
    """Ask all `hosts` at once; their `delay` and `error` tell what came of it.

    A host gets up to `attempts` requests, `interval` seconds apart, until it answers; after
    the last one it has `timeout` seconds.  Returns as soon as all have answered, never later
    than the Deadline.  A host that cannot be reached is no error.
    Raises NoPrivilege, LocalFault.
    """
    asking = _Asking(hosts)
    try:
        for left in reversed(range(attempts)):
            asking.send()
            asking.listen(deadline.within(interval if left else timeout), patient=left > 0)
    finally:
        asking.close()


class _Asking:
    """The hosts that have not answered yet, and what was sent to them."""

    def __init__(self, hosts):
        self.waiting = list(hosts)
        self.identifier = int.from_bytes(os.urandom(2), "big")
        self.payload = os.urandom(TOKEN)
        self.sequence = 0
        self.pending = {}  # (address, sequence) -> (host, time of sending)
        self.sockets = {}  # family -> _Socket, or None where this node lacks the family

    def send(self):
        """One request to every host that has not answered."""
        for host in self.waiting:
            self.sequence = self.sequence + 1 & 0xffff
            try:
                self._socket(host.address.family).request(
                    host, self.identifier, self.sequence, self.payload)
            except OSError as error:  # no route, link down, forbidden: no answer, then
                host.error = error.strerror
            else:
                host.error = None
                host.sent += 1
                self.pending[host.address, self.sequence] = host, time.monotonic()

    def listen(self, deadline, patient):
        """Take replies in until nobody is waited for, or the Deadline.

        patient -- also wait when no request has left, for there will be another
        """
        poll, sockets = select.poll(), {}
        for socket in filter(None, self.sockets.values()):
            poll.register(socket.fd, select.POLLIN)
            sockets[socket.fd] = socket
        while self.waiting and (patient or any(host.sent for host in self.waiting)):
            left = deadline.left()
            if not left:
                return
            for fd, _ in poll.poll(int(left * 1000) + 1):
                self._receive(sockets[fd])

    def close(self):
        """Close the sockets."""
        for one in filter(None, self.sockets.values()):
            one.close()

    def _receive(self, socket):
        for _ in range(AT_ONCE):
            reply = socket.reply()
            if reply is None:
                return
            sender, scope, identifier, sequence, payload = reply
            host, sent = self.pending.get((sender, sequence), (None, 0))
            if (host and identifier == self.identifier and payload == self.payload
                    and scope in (0, host.scope) and not host.alive):
                host.delay = time.monotonic() - sent
                self.waiting.remove(host)

    def _socket(self, family):
        if family not in self.sockets:
            self.sockets[family] = None
            self.sockets[family] = _Socket(family)
        if self.sockets[family] is None:
            raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
        return self.sockets[family]


class _Socket:
    """A raw socket that gets echo replies of one family."""

    def __init__(self, family):
        self.is_v4 = family == _socket.AF_INET
        protocol, self.ask, self.answer = ICMP if self.is_v4 else ICMPV6
        try:
            self.socket = _socket.socket(family, _socket.SOCK_RAW, protocol)
        except PermissionError:
            raise NoPrivilege("cannot send ICMP: wanted root or CAP_NET_RAW")
        except OSError as error:
            if error.errno == errno.EAFNOSUPPORT:
                raise
            raise LocalFault("cannot open an ICMP socket: %s" % error.strerror)
        self.fd = self.socket.fileno()
        self.socket.setblocking(False)
        self._want_replies_only(protocol)
        try:
            self.socket.setsockopt(_socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        except PermissionError:  # in a container: as much as it may have
            self.socket.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVBUF, BUFFER)

    def _want_replies_only(self, protocol):
        """Leave everything but echo replies in the kernel."""
        words = 1 if self.is_v4 else 8
        mask = [0xffffffff] * words
        mask[self.answer // 32] &= ~(1 << self.answer % 32)
        blocked = b"".join(word.to_bytes(4, sys.byteorder) for word in mask)
        if self.is_v4:
            self.socket.setsockopt(SOL_RAW, ICMP_FILTER, blocked)
        else:
            self.socket.setsockopt(protocol, ICMPV6_FILTER, blocked)

    def request(self, host, identifier, sequence, payload):
        """Send an echo request. Raises OSError."""
        text = host.address.text
        packet = message(self.ask, identifier, sequence, payload)
        if self.is_v4:
            self.socket.sendto(packet, (text, 0))
        else:
            # the kernel writes this family's checksum itself (RFC 3542 section 3.1)
            self.socket.sendto(packet, (text, 0, 0, host.scope))

    def reply(self):
        """The next echo reply: (sender, scope, identifier, sequence, payload), or None.

        sender -- an lbha.values.IP
        """
        while True:
            try:
                packet, source = self.socket.recvfrom(4096)
            except (BlockingIOError, InterruptedError):
                return None
            if self.is_v4:
                packet = packet[(packet[0] & 0x0f) * 4:]  # behind the IP header
                if checksum(packet):
                    continue  # a raw socket gets it before the kernel has looked
            if len(packet) < 8 or packet[0] != self.answer or packet[1] != 0:
                continue  # it came before the filter was set
            # Python before 3.7 leaves the zone in the text
            sender = IP(source[0].partition("%")[0])
            scope = 0 if self.is_v4 else source[3]
            return (sender, scope, int.from_bytes(packet[4:6], "big"),
                    int.from_bytes(packet[6:8], "big"), packet[8:])

    def close(self):
        """Close it."""
        self.socket.close()


def message(kind, identifier, sequence, payload):
    """An ICMP message of type `kind`, code 0, with its IPv4 checksum."""
    body = (identifier.to_bytes(2, "big") + sequence.to_bytes(2, "big") + payload)
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
