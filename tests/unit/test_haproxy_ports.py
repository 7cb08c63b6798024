"""Where HAProxy listens, when the kernel does not tell."""

from lbha import sockets
from lbha.deadline import Deadline
from lbha.errors import Failed
from lbha.haproxy.ports import Ports


def silent(_):
    """A kernel without the module tcp_diag."""
    raise Failed("the kernel cannot list TCP sockets: it has no module tcp_diag")


def test_a_kernel_that_does_not_tell_fails_nothing(monkeypatch):
    """Neither a monitor (nothing is missing) nor a stop (nothing is left)."""
    monkeypatch.setattr(sockets, "listeners", silent)
    ports = Ports("12=*:80", Deadline(1))
    assert ports.missing == {} and ports.left == []
    assert ports.strangers(lambda process: True, Deadline(5)) is None
    monkeypatch.setattr(sockets, "held_by", lambda _, deadline: silent(deadline))
    assert Ports.learn([], Deadline(1)) == ""


def test_a_socket_that_is_gone_is_missing(monkeypatch):
    monkeypatch.setattr(sockets, "listeners", lambda _: [])
    assert Ports("12=*:80", Deadline(1)).missing == {12: "*:80"}
