"""Neighbor Discovery on Ethernet: what announces an IPv6 address, or asks for it.

RFC 4861 sections 4.3, 4.4 and 7.2.6; RFC 4862 section 5.4; RFC 2464 section 7.
MAC addresses and IPv6 addresses are bytes.
"""

from _struct import pack

from lbha.icmp import checksum

ETHERTYPE = 0x86dd
ICMPV6, HOP_LIMIT = 58, 255          # a router lets nothing with that limit through
SOLICITATION, ADVERTISEMENT = 135, 136
ROUTER, OVERRIDE = 0x80000000, 0x20000000
TARGET_LINK_LAYER = 2                # an option
NOBODY = bytes(16)
ALL_NODES = b"\xff\x02" + bytes(13) + b"\x01"
SOLICITED_NODE = b"\xff\x02" + bytes(9) + b"\x01\xff"  # and the last three bytes of the target
# where things are in a frame
AT_SENDER_MAC, AT_NEXT_HEADER, AT_SENDER, AT_ICMP = 6, 20, 22, 54
# where things are in a message
AT_TYPE, AT_TARGET, AT_OPTIONS = 0, 8, 24


def advertisement(mac, ip, is_router):
    """The frame of an unsolicited Neighbor Advertisement: to all nodes, Override set.

    is_router -- whether the node forwards: without the flag its neighbours would drop
                 their default route through it
    """
    flags = OVERRIDE | (ROUTER if is_router else 0)
    return _frame(mac, ip, ALL_NODES, ADVERTISEMENT,
                  pack("!I", flags) + ip + pack("!BB", TARGET_LINK_LAYER, 1) + mac)


def solicitation(mac, ip):
    """The frame that asks whether somebody has an address, without claiming it."""
    return _frame(mac, NOBODY, solicited_node(ip), SOLICITATION, bytes(4) + ip)


def solicited_node(ip):
    """The group of all nodes that may have an address."""
    return SOLICITED_NODE + ip[-3:]


def group_mac(group):
    """The MAC address of a multicast group."""
    return b"\x33\x33" + group[-4:]


def claims(ip, message=AT_ICMP):
    """What frames of somebody who has the address look like: cases for lbha.bpf.

    message -- where the ICMPv6 message begins
    """
    return [[(message + AT_TYPE, pack("B", ADVERTISEMENT)), (message + AT_TARGET, ip)]]


def probes(ip, message=AT_ICMP, sender=AT_SENDER):
    """What frames of somebody who wants to have the address look like: cases for lbha.bpf.

    sender -- where the address of the sender is
    """
    return [[(message + AT_TYPE, pack("B", SOLICITATION)), (message + AT_TARGET, ip),
             (sender, NOBODY)]]


def advertised_mac(message):
    """The MAC address that a Neighbor Advertisement (bytes) names, or None."""
    offset = AT_OPTIONS
    while message[AT_TYPE] == ADVERTISEMENT and offset + 8 <= len(message):
        kind, units = message[offset], message[offset + 1]
        if kind == TARGET_LINK_LAYER:
            return message[offset + 2:offset + 8]
        if not units:
            break  # would never end
        offset += units * 8
    return None


def _frame(mac, sender, group, kind, body):
    length = len(body) + 4
    pseudo = sender + group + pack("!II", length, ICMPV6)
    check = checksum(pseudo + pack("!BBH", kind, 0, 0) + body)
    return (group_mac(group) + mac + pack("!H", ETHERTYPE)
            + pack("!IHBB", 6 << 28, length, ICMPV6, HOP_LIMIT) + sender + group
            + pack("!BBH", kind, 0, check) + body)
