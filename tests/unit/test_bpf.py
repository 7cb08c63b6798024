"""Filters of packets, run by an interpreter that follows linux/filter.h, not lbha.bpf."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbha import bpf

ANCILLARY = {-0x1000 + 4: "type", -0x1000 + 8: "device"}


def run(program, packet, type=0, device=0):
    """The number of bytes that the kernel would keep of a packet."""
    code = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    told, register, at = {"type": type, "device": device}, 0, 0
    while True:
        instruction, true, false, number = code[at]
        at += 1
        if instruction in (0x20, 0x28, 0x30):
            size = {0x20: 4, 0x28: 2, 0x30: 1}[instruction]
            signed = number - (1 << 32) if number >> 31 else number
            if signed in ANCILLARY:
                register = told[ANCILLARY[signed]]
            elif signed < 0 or signed + size > len(packet):
                return 0
            else:
                register = int.from_bytes(packet[signed:signed + size], "big")
        elif instruction == 0x15:
            at += true if register == number else false
        elif instruction == 0x05:
            at += number
        else:
            assert instruction == 0x06
            return number


def passes(cases, exceptions, packet, **told):
    return run(bpf.assemble(bpf.any_of(cases, exceptions)), packet, **told) > 0


def has(packet, fields):
    return all(packet[offset:offset + len(wanted)] == wanted for offset, wanted in fields)


FIELDS = st.lists(st.tuples(st.integers(0, 6), st.binary(min_size=1, max_size=7).map(
    lambda data: bytes(byte & 1 for byte in data))), min_size=1, max_size=2)


@given(st.lists(FIELDS, max_size=3), st.lists(FIELDS, max_size=2),
       st.binary(min_size=16, max_size=16).map(lambda data: bytes(byte & 1 for byte in data)))
def test_what_fits_a_case_and_no_exception_passes(cases, exceptions, packet):
    wanted = (any(has(packet, fields) for fields in cases)
              and not any(has(packet, fields) for fields in exceptions))
    assert passes(cases, exceptions, packet) == wanted


def test_every_byte_of_a_field_counts():
    field = bytes(range(1, 17))
    assert passes([[(3, field)]], [], b"\0\0\0" + field)
    for place in range(16):
        other = bytearray(field)
        other[place] ^= 0x80
        assert not passes([[(3, field)]], [], b"\0\0\0" + bytes(other))
    assert not passes([[(3, field)]], [], b"\0\0\0" + field[:-1])  # too short


@pytest.mark.parametrize("device, type, wanted", ((7, 0, True), (8, 0, False), (7, 3, False)))
def test_what_the_kernel_tells_of_a_packet(device, type, wanted):
    cases = [[(bpf.DEVICE, b"\0\0\0\7")]]
    exceptions = [[(bpf.PACKET_TYPE, b"\0\0\0\3")]]
    assert passes(cases, exceptions, b"", device=device, type=type) == wanted
