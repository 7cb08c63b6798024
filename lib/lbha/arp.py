"""ARP on Ethernet: the frames that announce an address or ask for it, and those about it.

RFC 826; RFC 5227 (IPv4 Address Conflict Detection) sections 1.1, 2.1.1 and 3.
MAC addresses and IPv4 addresses are bytes.
"""

from _struct import pack

ETHERTYPE = 0x0806
BROADCAST_MAC = b"\xff" * 6
NOBODY, NO_MAC = bytes(4), bytes(6)
HEAD = pack("!HHBB", 1, 0x0800, 6, 4)  # Ethernet and IPv4, and the lengths of their addresses
REQUEST, REPLY = 1, 2
# where things are in a frame
AT_HEAD, AT_SENDER_MAC, AT_SENDER, AT_TARGET = 14, 22, 28, 38


def announcements(mac, ip):
    """Gratuitous ARP for an address: the frames of the request and the reply form.

    Both, because some switches and hosts only learn from requests and some only from replies.
    """
    return (_frame(REQUEST, mac, ip, NO_MAC, ip), _frame(REPLY, mac, ip, mac, ip))


def probe(mac, ip):
    """The frame that asks who has an address, without claiming it."""
    return _frame(REQUEST, mac, NOBODY, NO_MAC, ip)


def claims(ip):
    """What frames of somebody who has the address look like: cases for lbha.bpf."""
    return [[(AT_HEAD, HEAD), (AT_SENDER, ip)]]


def probes(ip):
    """What frames of somebody who wants to have the address look like: cases for lbha.bpf."""
    return [[(AT_HEAD, HEAD), (AT_SENDER, NOBODY), (AT_TARGET, ip)]]


def sender(frame):
    """The MAC address that a frame speaks of."""
    return frame[AT_SENDER_MAC:AT_SENDER]


def _frame(operation, mac, ip, target_mac, target):
    return (BROADCAST_MAC + mac + pack("!H", ETHERTYPE)
            + HEAD + pack("!H", operation) + mac + ip + target_mac + target)
