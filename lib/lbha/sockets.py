"""TCP sockets of this network namespace: who listens, and who is connected.

Asked of the kernel (sock_diag(7); linux/inet_diag.h), which picks them by state and port: a
load balancer has a hundred thousand connections, and /proc/net/tcp would name each of them.
All functions that take a Deadline raise Failed and DeadlineReached.
"""

import _socket
import errno
import posix as os
from _struct import Struct

from lbha import host
from lbha.errors import Failed
from lbha.netlink import BYTES, SOCK_DIAG, Layout, Netlink, Number, Refused

# linux/sock_diag.h, linux/inet_diag.h, net/tcp_states.h
SOCK_DIAG_BY_FAMILY = 20
TCP_ESTABLISHED, TCP_LISTEN, IPPROTO_TCP = 1, 10, 6
S_GE, S_LE, D_GE, D_LE, JUMP = 2, 3, 4, 5, 1    # INET_DIAG_BC_*
INSTRUCTION = Struct("=BBH")                    # code; how far on when true, and when not
PATIENCE = 5.0                                  # seconds for an answer that takes none

# struct inet_diag_req_v2; INET_DIAG_REQ_BYTECODE
QUESTION = Layout(SOCK_DIAG_BY_FAMILY, (
    ("family", "B"), ("protocol", "B"), ("extensions", "H"), ("states", "I"), ("id", "48s"),
), {
    1: ("filter", BYTES),
})
# struct inet_diag_msg, ports in network order; INET_DIAG_SKV6ONLY
ANSWER = Layout(SOCK_DIAG_BY_FAMILY, (
    ("family", "B3x"), ("port", "H"), ("remote_port", "H"), ("address", "16s"),
    ("remote_address", "16s"), ("device", "I24x"), ("inode", "I"),
), {
    11: ("v6only", Number("?")),
})

WILDCARDS = {_socket.AF_INET: "0.0.0.0", _socket.AF_INET6: "::"}
MAPPED = bytes(10) + b"\xff\xff"                # of an IPv4 address in IPv6 clothes


class Endpoint:
    """An address and port to listen on.

    address -- its canonical text; of an IPv4 address that was given as ::ffff:A.B.C.D, the
               IPv4 address: it is the same one on the wire
    family  -- AF_INET or AF_INET6, of `address`
    port    -- its number
    device  -- index of the device that it is bound to, 0 for any
    v6only  -- of "::" whether it leaves IPv4 alone; None when nobody said
    """

    __slots__ = ("family", "address", "port", "device", "v6only")

    def __init__(self, packed, port, device=0, v6only=None):
        self.family, self.address = _address(packed)
        self.port, self.device, self.v6only = port, device, v6only

    @property
    def text(self):
        """As people write it: "192.168.1.10:80", "[::1]:80", "*:80"."""
        return _text(self.address, self.port)

    def overlaps(self, other):
        """Whether a connection could be meant for this one and for that Endpoint."""
        return (self.port == other.port
                and (self.device == other.device or not (self.device and other.device))
                and (self.address == other.address
                     or self._covers(other.family) or other._covers(self.family)))

    def _covers(self, family):
        if self.address != WILDCARDS[self.family]:
            return False
        return family == self.family or (family == _socket.AF_INET and self.v6only is False)

    def __repr__(self):
        return "<%s %s>" % (type(self).__name__, self.text)


class Listener(Endpoint):
    """A listening socket.

    inode -- its number among all sockets, as /proc/PID/fd shows it
    """

    __slots__ = ("inode",)

    def __init__(self, inode, *endpoint):
        super().__init__(*endpoint)
        self.inode = inode


def listeners(deadline):
    """All listening sockets, a list of Listener; connections cost it nothing."""
    return [_listener(data) for data in _dump(TCP_LISTEN, None, deadline)]


def connections(port, deadline):
    """Established connections with `port` at either end: a list of (local, remote), each an
    (address text, port).  One between two sockets of this node is there twice."""
    return [_ends(data) for data in _dump(TCP_ESTABLISHED, _either_port(port), deadline)]


def holders(inodes):
    """Who has these sockets open: inode -> list of lbha.host.Process, those in containers
    too, as far as our /proc shows them.

    Looks at every descriptor of every process: not for a monitor.
    """
    found = {inode: [] for inode in inodes}
    for process in host.processes():
        held = found.keys() & inodes_of(process)
        for inode in held:
            found[inode].append(process)
    return found


def held_by(processes, deadline):
    """The listening sockets that these processes (lbha.host.Process) have open, a list of
    Listener.

    Looks at every descriptor of theirs, of which a busy one has many: a monitor had better
    compare the inodes that it found once.
    """
    inodes = set().union(*map(inodes_of, processes))
    return [listener for listener in listeners(deadline) if listener.inode in inodes]


def _dump(state, code, deadline):
    """The sockets in a state that a filter lets pass, a list of what ANSWER decodes."""
    deadline.check("the sockets of this node")
    kernel = Netlink(max(0.001, min(PATIENCE, deadline.left())), SOCK_DIAG)
    try:
        return [data for family in (_socket.AF_INET, _socket.AF_INET6)
                for data in kernel.table(QUESTION.new, ANSWER.new, QUESTION.encode(
                    {"family": family, "protocol": IPPROTO_TCP, "states": 1 << state,
                     "id": bytes(48), "filter": code}))]
    except Refused as refusal:
        if refusal.errno != errno.ENOENT:
            raise
        raise Failed("the kernel cannot list TCP sockets: it has no module tcp_diag")
    finally:
        kernel.close()


def _listener(data):
    family, port, _, packed, _, device, inode = ANSWER.header.unpack_from(data)
    v6only = None
    if family == _socket.AF_INET:
        packed = packed[:4]
    elif not any(packed):  # the only one where it matters, and attributes take their time
        v6only = ANSWER.decode(data).v6only
    return Listener(inode, packed, _socket.ntohs(port), device, v6only)


def _ends(data):
    family, port, remote_port, packed, remote, _, _ = ANSWER.header.unpack_from(data)
    length = 4 if family == _socket.AF_INET else 16
    return ((_address(packed[:length])[1], _socket.ntohs(port)),
            (_address(remote[:length])[1], _socket.ntohs(remote_port)))


def _either_port(port):
    """Code for the kernel that lets pass what has `port` at either end.

    An instruction about a port takes two places, its port in the second.  The way of true
    ones must lead over all that follow (inet_diag_bc_audit in net/ipv4/inet_diag.c), hence
    the jump; it ends at the end for a match, and one place behind it for none.
    """
    none = 40
    return b"".join((
        _about_port(S_GE, 20, port),                # 0, else on to 20
        _about_port(S_LE, 12, port),                # 8
        INSTRUCTION.pack(JUMP, 4, 20),              # 16, to the end
        _about_port(D_GE, none - 20, port),         # 20
        _about_port(D_LE, none - 28, port)))        # 28; the end is at 36


def _about_port(code, otherwise, port):
    return INSTRUCTION.pack(code, 8, otherwise) + INSTRUCTION.pack(0, 0, port)


def inodes_of(process):
    """The inodes of the sockets that a process (lbha.host.Process) has open, a set; none
    when it is gone."""
    folder = "%s/%d/fd/" % (host.PROC, process.pid)
    found = set()
    try:
        for name in os.listdir(folder):
            kind, _, number = _link(folder + name).partition(":[")
            if kind == "socket":
                found.add(int(number[:-1]))
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return found  # it ended, or is about to: each of these says so
    return found


def _link(path):
    try:
        return os.readlink(path)
    except FileNotFoundError:  # closed meanwhile
        return ""


def _address(packed):
    """Family and text of an address of 4 or 16 bytes."""
    if packed.startswith(MAPPED):
        packed = packed[len(MAPPED):]
    family = _socket.AF_INET if len(packed) == 4 else _socket.AF_INET6
    return family, _socket.inet_ntop(family, packed)


def _text(address, port):
    if address in WILDCARDS.values():
        return "*:%d" % port
    return ("[%s]:%d" if ":" in address else "%s:%d") % (address, port)
