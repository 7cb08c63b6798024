"""Endpoints that meet or not, and what the kernel is asked."""

import os
import socket

import pytest

from lbha import host, sockets
from lbha.deadline import Deadline
from lbha.errors import DeadlineReached, Failed
from lbha.sockets import Endpoint
from lbha.values import IP

ANY, DUAL, ONLY6 = ("0.0.0.0",), ("::", 0, False), ("::", 0, True)
UNKNOWN = ("::", 0, None)
MEETING = (
    (("10.0.0.1",), ("10.0.0.1",), True),
    (("10.0.0.1",), ("10.0.0.2",), False),
    (("10.0.0.1",), ANY, True),
    (("10.0.0.1",), DUAL, True),
    (("10.0.0.1",), ONLY6, False),
    (("10.0.0.1",), UNKNOWN, False),
    (("10.0.0.1",), ("::ffff:10.0.0.1",), True),
    (("::1",), ("::1",), True),
    (("::1",), ANY, False),
    (("::1",), DUAL, True),
    (("::1",), ONLY6, True),
    (ANY, ANY, True),
    (ANY, DUAL, True),
    (ANY, ONLY6, False),
    (DUAL, ONLY6, True),
    (("::ffff:0.0.0.0",), ("10.0.0.1",), True),
    (("10.0.0.1", 2), ("10.0.0.1", 2), True),
    (("10.0.0.1", 2), ("10.0.0.1", 3), False),
    (("10.0.0.1", 2), ("10.0.0.1", 0), True),
    (("0.0.0.0", 2), ("::", 3, False), False),
)


def endpoint(address, device=0, v6only=None, port=80):
    return Endpoint(IP(address).packed, port, device, v6only)


@pytest.mark.parametrize("one, other, meet", MEETING)
def test_who_could_get_the_connection_of_the_other(one, other, meet):
    assert endpoint(*one).overlaps(endpoint(*other)) is meet
    assert endpoint(*other).overlaps(endpoint(*one)) is meet
    assert not endpoint(*one).overlaps(endpoint(*other, port=81))


@pytest.mark.parametrize("address, text", (
    ("192.168.1.10", "192.168.1.10:80"), ("::1", "[::1]:80"), ("0.0.0.0", "*:80"),
    ("::", "*:80"), ("::ffff:10.0.0.1", "10.0.0.1:80")))
def test_an_endpoint_is_told_as_people_write_it(address, text):
    assert endpoint(address).text == text
    assert text in repr(endpoint(address))


def test_layouts_are_as_long_as_the_structs_of_the_kernel():
    assert sockets.QUESTION.header.size == 56 and sockets.ANSWER.header.size == 72


def listening(address="127.0.0.1"):
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    made.bind((address, 0))
    made.listen(1)
    return made


def test_a_listener_of_ours_is_found_and_so_are_we():
    with listening() as ours:
        port, inode = ours.getsockname()[1], os.fstat(ours.fileno()).st_ino
        found, = [listener for listener in sockets.listeners(Deadline(10))
                  if listener.port == port]
        assert (found.address, found.inode, found.device) == ("127.0.0.1", inode, 0)
        assert [process.pid for process in sockets.holders([inode])[inode]] == [os.getpid()]
        me = host.process(os.getpid())
        assert inode in {held.inode for held in sockets.held_by([me], Deadline(10))}
    assert inode not in {held.inode for held in sockets.held_by([me], Deadline(10))}
    assert sockets.holders([inode]) == {inode: []}


def test_nobody_holds_what_is_held_by_nobody():
    gone = host.Process(2 ** 22 + 1, 1, 1, "S")
    assert sockets.held_by([gone], Deadline(10)) == []
    assert sockets.held_by([], Deadline(10)) == []


def test_a_connection_is_found_by_the_port_at_either_end():
    with listening() as ours, socket.create_connection(ours.getsockname()) as theirs:
        ends = [theirs.getsockname(), ours.getsockname()]
        both = sorted((tuple(ends), tuple(ends[::-1])))
        for _, port in ends:
            assert sorted(sockets.connections(port, Deadline(10))) == both
        assert ends[1][1] not in (1, 65535)
        for port in (ends[1][1] - 1, ends[1][1] + 1):
            assert not set(both) & set(sockets.connections(port, Deadline(10)))


def test_a_kernel_without_tcp_diag_is_a_failure_with_its_name(monkeypatch):
    # the same answer as to a protocol that no module lists
    monkeypatch.setattr(sockets, "IPPROTO_TCP", 200)
    with pytest.raises(Failed, match="^the kernel cannot list TCP sockets: .* tcp_diag$"):
        sockets.listeners(Deadline(10))


def test_a_code_that_the_kernel_does_not_take_keeps_its_own_words(monkeypatch):
    monkeypatch.setattr(sockets, "_either_port", lambda port: bytes(3))
    with pytest.raises(Failed, match="Invalid argument"):
        sockets.connections(80, Deadline(10))


def test_no_time_left_is_said_so():
    with pytest.raises(DeadlineReached, match="sockets"):
        sockets.listeners(Deadline(0))
