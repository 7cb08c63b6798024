"""The frames of announcements, byte by byte, and which device gets which."""

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbha import announce, arp, ndp, netlink

MAC = bytes.fromhex("020000000a01")
IP4, IP6 = socket.inet_aton("192.168.1.10"), socket.inet_pton(socket.AF_INET6, "fd00::10")


def link(**values):
    """A Message of an Ethernet device."""
    filled = dict(netlink.LINK.unsaid, family=0, index=2, name="none0", type=1, mac=MAC,
                  flags=netlink.IFF_UP, change=0)
    filled.update(values)
    return netlink.Message(filled)


def test_gratuitous_arp_in_both_forms():
    request, reply = arp.announcements(MAC, IP4)
    assert request.hex() == ("ffffffffffff" "020000000a01" "0806" "0001" "0800" "06" "04"
                             "0001" "020000000a01" "c0a8010a" "000000000000" "c0a8010a")
    assert reply.hex() == ("ffffffffffff" "020000000a01" "0806" "0001" "0800" "06" "04"
                           "0002" "020000000a01" "c0a8010a" "020000000a01" "c0a8010a")


# the flags of RFC 4861 section 4.4: R, S, O are the three highest bits
@pytest.mark.parametrize("is_router, flags", ((False, "20000000"), (True, "a0000000")))
def test_unsolicited_neighbour_advertisement(is_router, flags):
    frame = ndp.advertisement(MAC, IP6, is_router)
    checksum = frame[56:58].hex()
    assert frame.hex() == (
        "333300000001" "020000000a01" "86dd"
        "60000000" "0020" "3a" "ff" + IP6.hex() + "ff020000000000000000000000000001"
        "88" "00" + checksum + flags + IP6.hex() + "02" "01" "020000000a01")


@given(mac=st.binary(min_size=6, max_size=6), ip=st.binary(min_size=16, max_size=16),
       is_router=st.booleans())
def test_the_checksum_is_what_a_receiver_computes(mac, ip, is_router):
    frame = ndp.advertisement(mac, ip, is_router)
    body = frame[54:]
    # RFC 8200 section 8.1; summed by the receiver, checksum included, all bits are one
    covered = frame[22:54] + struct.pack("!I3xB", len(body), 58) + body
    total = 0
    for position in range(0, len(covered), 2):
        total += covered[position] << 8 | covered[position + 1]
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    assert total == 0xffff


def test_an_ethernet_device_gets_the_frames_of_the_family():
    assert announce.Announcer(link(), IP4).frames == arp.announcements(MAC, IP4)
    assert announce.Announcer(link(), IP6).frames == (
        ndp.advertisement(MAC, IP6, False),)


@pytest.mark.parametrize("change", (
    {"type": 772, "flags": netlink.IFF_LOOPBACK}, {"flags": netlink.IFF_LOOPBACK},
    {"flags": netlink.IFF_NOARP}, {"type": 65534, "mac": None}, {"type": 32}), ids=str)
def test_other_devices_get_none_and_that_is_no_error(change):
    for ip in (IP4, IP6):
        announcer = announce.Announcer(link(**change), ip)
        assert announcer.frames == ()
        announcer.send()
