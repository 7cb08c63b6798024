"""Packets of ARP and Neighbor Discovery, byte by byte (announcements: test_announce)."""

import socket

import pytest

from lbha import arp, ndp

MAC = bytes.fromhex("020000000a01")
IP4, IP6 = socket.inet_aton("192.168.1.10"), socket.inet_pton(socket.AF_INET6, "fd00::12:3456")


def test_an_arp_probe_claims_nothing():
    assert arp.probe(MAC, IP4).hex() == (
        "ffffffffffff" "020000000a01" "0806" "0001" "0800" "06" "04" "0001"
        "020000000a01" "00000000" "000000000000" "c0a8010a")


def test_a_solicitation_claims_nothing():
    frame = ndp.solicitation(MAC, IP6)
    assert frame[:56].hex() == (
        "3333ff123456" "020000000a01" "86dd" "60000000" "0018" "3a" "ff" + "00" * 16
        + "ff0200000000000000000001ff123456" "87" "00")
    assert frame[58:].hex() == "00000000" + IP6.hex()


def test_the_sender_of_an_arp_packet():
    for frame in arp.announcements(MAC, IP4):
        assert arp.sender(frame) == MAC


HEAD = b"\x88\0\0\0\x20\0\0\0" + IP6


@pytest.mark.parametrize("message, mac", (
    (HEAD + b"\2\1" + MAC, MAC),
    (HEAD + b"\x0e\2" + bytes(14) + b"\2\1" + MAC, MAC),  # behind another option
    (HEAD, None),
    (HEAD + b"\1\1" + MAC, None),                         # the source's, in another message
    (HEAD + b"\2\1" + MAC[:3], None),                     # cut off
    (HEAD + b"\x0e\0" + bytes(6) + b"\2\1" + MAC, None),  # an option without length
    (b"\x87" + HEAD[1:] + b"\2\1" + MAC, None)))
def test_the_mac_of_an_advertisement(message, mac):
    assert ndp.advertised_mac(message) == mac
