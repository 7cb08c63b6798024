"""Telling the neighbours where an address is now.

IPv4: gratuitous ARP in both forms, because some switches and hosts only learn from requests
and some only from replies (RFC 826; RFC 5227 section 3).  IPv6: unsolicited Neighbor
Advertisements (RFC 4861 sections 4.4 and 7.2.6).  One announcement is one packet of each form.

The first announcement is sent by the caller, at once; the rest by a child that is recorded
and that `end` ends, and sees gone, before the address may be taken away.
"""

import _socket
import errno
import os
import time
from struct import pack

from lbha import host, netlink
from lbha.deadline import nap
from lbha.errors import Error
from lbha.icmp import checksum

RECORD = "announcer"          # file in the state folder: "PID START"
ARPHRD_ETHER = 1
ETH_P_IP, ETH_P_ARP, ETH_P_IPV6 = 0x0800, 0x0806, 0x86dd
BROADCAST_MAC = b"\xff" * 6
ALL_NODES = b"\xff\x02" + bytes(13) + b"\x01"
ALL_NODES_MAC = b"\x33\x33\x00\x00\x00\x01"  # RFC 2464 section 7
ICMPV6, NEIGHBOUR_ADVERTISEMENT, TARGET_LINK_LAYER = 58, 136, 2
ROUTER, OVERRIDE = 0x80000000, 0x20000000
MOST_DESCRIPTORS = 1024


def arp(mac, ip):
    """Gratuitous ARP for an IPv4 address: the frames of the request and the reply form."""
    ethernet = BROADCAST_MAC + mac + pack("!H", ETH_P_ARP)

    def frame(operation, target_mac):
        return (ethernet + pack("!HHBBH", ARPHRD_ETHER, ETH_P_IP, 6, 4, operation)
                + mac + ip + target_mac + ip)

    return frame(1, bytes(6)), frame(2, mac)


def neighbour_advertisement(mac, ip, is_router):
    """The frame of an unsolicited Neighbor Advertisement for an IPv6 address.

    is_router -- whether the node forwards: without the flag its neighbours would drop
                 their default route through it
    """
    flags = OVERRIDE | (ROUTER if is_router else 0)
    body = pack("!I", flags) + ip + pack("!BB", TARGET_LINK_LAYER, 1) + mac
    length = len(body) + 4
    pseudo = ip + ALL_NODES + pack("!II", length, ICMPV6)
    check = checksum(pseudo + pack("!BBH", NEIGHBOUR_ADVERTISEMENT, 0, 0) + body)
    return (ALL_NODES_MAC + mac + pack("!H", ETH_P_IPV6)
            + pack("!IHBB", 6 << 28, length, ICMPV6, 255) + ip + ALL_NODES
            + pack("!BBH", NEIGHBOUR_ADVERTISEMENT, 0, check) + body)


class Announcer:
    """Announces one address on one device.

    link -- the Message of the device; ip -- the address (bytes)
    """

    def __init__(self, link, ip):
        self.frames = _frames(link, ip)
        self._device, self._socket = link.name, None

    def send(self):
        """One announcement. Raises OSError when the device takes nothing."""
        if self.frames and not self._socket:
            self._socket = _open(self._device)
        for frame in self.frames:
            self._socket.send(frame)

    def repeat(self, folder, count, interval, wanted, log):
        """`count` more announcements, by a child in the background.

        interval -- seconds between two announcements (float)
        wanted   -- called in the child before each: False ends it
        The caller holds the lock of the instance.  The child has a share of it and gives
        that up only when its record is written: whoever gets the lock finds the record,
        even if the caller was killed. Returns when the child has come that far.
        """
        if count < 1 or not self.frames:
            return
        news, held = os.pipe()
        if os.fork():
            os.close(held)
            os.read(news, 1)  # ends when nobody holds the other end
            os.close(news)
            return
        try:
            os.setsid()
            folder.write(RECORD, host.process(os.getpid()).key)
            self._let_go()
            self._repeat(count, interval, wanted)
        except (OSError, Error) as error:
            log.warning("cannot announce any more: %s" % error)
        finally:
            os._exit(0)

    def _let_go(self):
        """Give up every descriptor: the lock, the caller's pipe, and the executor's, which
        the executor reads to their end."""
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        if self._socket:
            self._socket.close()
            self._socket = None
        os.closerange(3, MOST_DESCRIPTORS)

    def _repeat(self, count, interval, wanted):
        due = time.monotonic()
        for _ in range(count):
            due += interval
            while time.monotonic() < due:
                nap(due - time.monotonic())
            if not wanted():
                return
            try:
                self.send()
            except OSError as error:
                if error.errno != errno.ENETDOWN:  # it may come up before the last one
                    raise


def _open(device):
    # protocol 0: this socket only sends
    made = _socket.socket(_socket.AF_PACKET, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, 0)
    made.bind((device, 0))
    return made


def end(folder, deadline):
    """End the announcer of this instance, and wait until it is gone. DeadlineReached."""
    process = host.find_process(folder.read(RECORD))
    if process:
        process.signal(9)
        deadline.wait(lambda: not process.alive, "the announcer to end", pause=0.001)


def _frames(link, ip):
    """The frames of one announcement; none where a device has no neighbours to tell."""
    if link.type != ARPHRD_ETHER or link.flags & (netlink.IFF_LOOPBACK | netlink.IFF_NOARP):
        return ()
    if len(ip) == 4:
        return arp(link.mac, ip)
    forwarding = host.read("/proc/sys/net/ipv6/conf/%s/forwarding" % link.name) or b"0"
    return (neighbour_advertisement(link.mac, ip, forwarding.strip() != b"0"),)
