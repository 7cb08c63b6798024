"""Asking neighbours on the link: ARP (RFC 826) and Neighbor Solicitations (RFC 4861 section
4.3 and 7.2).  Every host has to answer these, also one that drops ICMP echo and has no port
open; only hosts on a link of this node can be asked.
"""

import _socket
import errno
import posix as os
import select
import sys
from _struct import pack, unpack_from

from lbha import netlink
from lbha.errors import Error, NoPrivilege
from lbha.icmp import want_only
from lbha.reach.source import SO_BINDTODEVICE

ETH_P_IP, ETH_P_ARP, ARPHRD_ETHER = 0x0800, 0x0806, 1
REQUEST, REPLY = 1, 2
BROADCAST = b"\xff" * 6
SOLICITATION, ADVERTISEMENT, SOURCE_LINK_LAYER = 135, 136, 1
SOLICITED_NODE = b"\xff\x02" + bytes(9) + b"\x01\xff"  # and 3 bytes: RFC 4291 section 2.7.1
LINK_HOPS = 255      # RFC 4861 section 7.1: what came through a router has fewer
IPV6_RECVHOPLIMIT, IPV6_HOPLIMIT = 51, 52
AT_ONCE = 4096       # packets read before the clock is looked at again
ANSWER = 1.0         # seconds for an answer of the kernel


class Neighbour:
    """ARP requests and Neighbor Solicitations; a method of asking (lbha.reach).

    poll   -- an epoll object
    source -- lbha.reach.source.Source
    """

    def __init__(self, poll, source):
        self.poll, self.source = poll, source
        self.kernel = netlink.Netlink(ANSWER)
        self.sockets = {}  # (family, device) -> _Link
        self.by_fd = {}
        self.pending = {}  # number -> (address, device)

    def send(self, place, number):
        """Ask who has the address. Raises OSError."""
        device = place.scope or self._device(place.ip)
        link = self._link(place.ip.family, device)
        link.ask(place.ip)
        self.pending[number] = place.ip.packed, device

    def outcomes(self, fd):
        """The requests that hosts have answered."""
        link, numbers = self.by_fd[fd], []
        for _ in range(AT_ONCE):
            address = link.answer()
            if address is None:
                break
            # an answer does not say to which request: to the latest, then
            asked = [number for number, where in self.pending.items()
                     if where == (address, link.index)]
            if asked:
                numbers.append((max(asked), None))
                del self.pending[max(asked)]
        return numbers

    def forget(self, number):
        """Nobody waits for that one any more."""
        self.pending.pop(number, None)

    def close(self):
        """Close the sockets."""
        for link in self.by_fd.values():
            link.socket.close()
            link.named.close()
        self.kernel.close()

    def _device(self, ip):
        """Index of the device on whose link an address is."""
        if self.source.device:
            return _socket.if_nametoindex(self.source.device)
        try:
            route = self.kernel.get(netlink.ROUTE, family=ip.family, prefix=ip.bits,
                                    destination=ip.packed)
        except netlink.Refused as error:
            raise OSError(error.errno, os.strerror(error.errno))
        except Error as error:
            raise OSError(errno.EHOSTUNREACH, error.reason)
        if route.gateway or route.via or route.type != netlink.RTN_UNICAST:
            raise OSError(errno.EHOSTUNREACH, "not on a link of this node")
        return route.device

    def _link(self, family, device):
        key = family, device
        if key not in self.sockets:
            kind = _ArpLink if family == _socket.AF_INET else _NeighbourLink
            try:
                link = self.sockets[key] = kind(device, self.source)
            except PermissionError:
                raise NoPrivilege("cannot ask neighbours: wanted root or CAP_NET_RAW")
            self.by_fd[link.socket.fileno()] = link
            self.poll.register(link.socket.fileno(), select.EPOLLIN)
        return self.sockets[key]


def _packet_socket(device, protocol):
    made = _socket.socket(_socket.AF_PACKET, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC, 0)
    made.bind((device, protocol))
    made.setblocking(False)
    return made


def _mac(socket):
    """The MAC address of the device that a packet socket is bound to, as it is now.

    It changes, as when a bond fails over: an old one in a request would have the answer go
    astray, and would stay in the neighbour's table.
    """
    return socket.getsockname()[4]


def _is_ethernet(socket):
    return socket.getsockname()[3] == ARPHRD_ETHER


class _ArpLink:
    """IPv4 on the link of one device."""

    def __init__(self, index, source):
        self.index, self.source = index, source
        self.device = _socket.if_indextoname(index)
        self.socket = self.named = _packet_socket(self.device, ETH_P_ARP)
        self.mac = None
        if not _is_ethernet(self.socket):
            self.socket.close()
            raise OSError(errno.EOPNOTSUPP, "no ARP on %s" % self.device)

    def ask(self, ip):
        self.mac = _mac(self.socket)
        packet = (pack("!HHBBH", ARPHRD_ETHER, ETH_P_IP, 6, 4, REQUEST)
                  + self.mac + self._own_address(ip) + bytes(6) + ip.packed)
        self.socket.sendto(packet, (self.device, ETH_P_ARP, 0, ARPHRD_ETHER, BROADCAST))

    def _own_address(self, ip):
        """Our address towards a host, as the kernel chooses it: 4 bytes."""
        if self.source.ip and self.source.ip.family == _socket.AF_INET:
            return self.source.ip.packed
        probe = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
        try:
            self.source.bind(probe)
            probe.connect((ip.text, 9))  # sends nothing
            return _socket.inet_aton(probe.getsockname()[0])
        except OSError:
            return bytes(4)  # without one: an ARP probe, which hosts answer too (RFC 5227)
        finally:
            probe.close()

    def answer(self):
        """The address (bytes) of the next host that has answered us, or None."""
        while True:
            try:
                packet = self.socket.recv(128)
            except (BlockingIOError, InterruptedError):
                return None
            except OSError:
                return None  # the device went down: reported once
            if (len(packet) >= 28 and unpack_from("!H", packet, 6)[0] == REPLY
                    and packet[18:24] == self.mac):
                return packet[14:18]


class _NeighbourLink:
    """IPv6 on the link of one device."""

    def __init__(self, index, source):
        self.index, device = index, _socket.if_indextoname(index)
        self.named = _packet_socket(device, 0)  # hears nothing
        if not _is_ethernet(self.named):
            self.named.close()
            raise OSError(errno.EOPNOTSUPP, "no Neighbor Discovery on %s" % device)
        self.socket = made = _socket.socket(
            _socket.AF_INET6, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, _socket.IPPROTO_ICMPV6)
        made.setblocking(False)
        want_only(made, ADVERTISEMENT)
        for option in (_socket.IPV6_MULTICAST_HOPS, _socket.IPV6_UNICAST_HOPS):
            made.setsockopt(_socket.IPPROTO_IPV6, option, LINK_HOPS)
        made.setsockopt(_socket.IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1)
        # an advertisement does not say where it was heard
        made.setsockopt(_socket.SOL_SOCKET, SO_BINDTODEVICE, device.encode() + b"\0")
        if source.ip:
            source.bind(made)

    def ask(self, ip):
        # the kernel writes the checksum
        option = pack("!BB", SOURCE_LINK_LAYER, 1) + _mac(self.named)
        packet = pack("!BBHI", SOLICITATION, 0, 0, 0) + ip.packed + option
        group = _socket.inet_ntop(_socket.AF_INET6, SOLICITED_NODE + ip.packed[13:])
        self.socket.sendto(packet, (group, 0, 0, self.index))

    def answer(self):
        """As above."""
        while True:
            try:
                packet, ancillary, _, _ = self.socket.recvmsg(512, 64)
            except (BlockingIOError, InterruptedError):
                return None
            except OSError:
                return None
            hops = [int.from_bytes(data, sys.byteorder) for level, kind, data in ancillary
                    if (level, kind) == (_socket.IPPROTO_IPV6, IPV6_HOPLIMIT)]
            if len(packet) >= 24 and packet[0] == ADVERTISEMENT and hops == [LINK_HOPS]:
                return packet[8:24]
