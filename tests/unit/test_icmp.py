"""Messages of ICMP echo; what the network does with them is tested in tests/agent/test_ping."""

import errno
import select

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbha import icmp
from lbha.reach.rounds import Place
from lbha.values import IP

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


class Socket:
    """In place of icmp._Socket: what a request raises is the next of `troubles`."""

    troubles, made, is_lost = [], 0, False

    def __init__(self, family, source):
        Socket.made += 1
        self._raise_next()
        self.socket, self.fd = select.epoll(), None  # something that can be watched and closed
        self.fd = self.socket.fileno()

    def request(self, place, marks, payload):
        self._raise_next()

    @staticmethod
    def _raise_next():
        trouble = Socket.troubles.pop(0)
        if trouble:
            raise OSError(trouble, "trouble")


@pytest.mark.parametrize("troubles, is_lost, made", [
    ([errno.EADDRNOTAVAIL, None, None], False, 2),       # the source came later
    ([None, errno.ENODEV, None, None], True, 2),         # the device was made anew
    ([None, errno.ENETUNREACH, None], False, 1)])        # a trouble with that host
def test_a_source_that_comes_back_is_used(monkeypatch, troubles, is_lost, made):
    monkeypatch.setattr(icmp, "_Socket", Socket)
    monkeypatch.setattr(Socket, "troubles", troubles)
    monkeypatch.setattr(Socket, "made", 0)
    monkeypatch.setattr(Socket, "is_lost", is_lost)
    poll = select.epoll()
    echo, place = icmp.Echo(poll, None), Place(IP("10.0.0.1"))
    with pytest.raises(OSError):
        echo.send(place, 1)
    assert not echo.pending
    echo.send(place, 2)
    assert (Socket.made, list(echo.pending)) == (made, [b"\0\2"])
    echo.close()
    poll.close()


def test_a_message_with_a_wrong_checksum_is_no_error():
    """Linux before 5.19 says EHOSTUNREACH when it passes over one of ICMPv6."""
    class Raw:
        def recvfrom(self, _):
            raise OSError(errno.EHOSTUNREACH, "No route to host")

    one = object.__new__(icmp._Socket)
    one.socket, one.is_v4 = Raw(), False
    assert one.reply(b"id", b"payload") is None
