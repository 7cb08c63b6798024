"""Messages of ICMP echo; what the network does with them is tested in tests/agent/test_ping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbha import icmp

both_marks = st.binary(min_size=4, max_size=4)  # identifier and sequence number


def test_checksum_of_the_example_in_rfc_1071():
    # section 3: the sum of these bytes is ddf2
    assert icmp.checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xffff - 0xddf2


@pytest.mark.parametrize("data, wanted", [
    (b"", 0xffff), (b"\x01", 0xfeff), (b"\xff\xff", 0), (b"\xff\xff\xff\xff", 0)])
def test_checksum_at_the_edges(data, wanted):
    assert icmp.checksum(data) == wanted


def test_echo_request_byte_by_byte():
    marks = bytes.fromhex("12340001")
    assert icmp.message(8, marks, b"ab") == bytes.fromhex("08008468") + marks + b"ab"


@given(st.sampled_from([0, 8, 128, 129]), both_marks, st.binary(max_size=80))
def test_a_message_is_valid_and_holds_what_was_put_in(kind, both, payload):
    packet = icmp.message(kind, both, payload)
    assert icmp.checksum(packet) == 0
    assert packet[:2] == bytes([kind, 0])
    assert packet[4:] == both + payload


@given(both_marks, st.binary(min_size=1, max_size=80), st.data())
def test_a_message_with_one_wrong_bit_is_not_valid(both, payload, data):
    packet = bytearray(icmp.message(0, both, payload))
    bit = data.draw(st.integers(0, len(packet) * 8 - 1))
    packet[bit // 8] ^= 1 << bit % 8
    assert icmp.checksum(bytes(packet)) != 0
