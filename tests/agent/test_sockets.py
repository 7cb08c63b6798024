"""Listening sockets and connections as the library sees them, as ss(8) sees them, and as
HAProxy's configuration announces them."""

import json
import re
import subprocess
import sys

import pytest

from tests import paths

# what every program below starts with
PROLOGUE = """
import errno, json, os, resource, signal, socket, statistics, sys, time
sys.path.insert(0, %r)
from lbha import host, sockets
from lbha.deadline import Deadline
from lbha.haproxy import binds

def opened(address, port, v6only=None, device=None, reuseport=False, backlog=1):
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    if v6only is not None:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    if device:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, reuseport)
    made.bind((address, port))
    made.listen(backlog)
    return made

def shown(found):
    return [found.family == socket.AF_INET6, found.address, found.port, found.device]

""" % str(paths.LIBRARY)

HOLD = """
kept = [opened(*arguments) for arguments in json.loads(sys.argv[1])]
print("ready", flush=True)
signal.pause()
"""
LIST = """
print(json.dumps([shown(found) + [found.v6only, found.inode, found.text]
                  for found in sockets.listeners(Deadline(10))]))
"""
HOLDERS = """
me, inodes = host.process(int(sys.argv[1])), json.loads(sys.argv[2])
print(json.dumps([
    {inode: [process.pid for process in found]
     for inode, found in sockets.holders(inodes).items()},
    [held.inode for held in sockets.held_by([me], Deadline(10))]]))
"""
# address, port, v6only, device, reuseport
SOCKETS = (
    ("127.0.0.1", 80), ("0.0.0.0", 81), ("::1", 80, 1), ("::", 82, 0), ("::", 83, 1),
    ("::ffff:127.0.0.1", 84, 0), ("0.0.0.0", 85, None, "eth0"), ("::", 85, 1, "eth1"),
    ("127.0.0.1", 86, None, None, True), ("127.0.0.1", 86, None, None, True),
)
EXPECTED = [  # IPv6, address, port, device, v6only (of a wildcard), as text
    [False, "127.0.0.1", 80, 0, None, "127.0.0.1:80"], [False, "0.0.0.0", 81, 0, None, "*:81"],
    [True, "::1", 80, 0, None, "[::1]:80"], [True, "::", 82, 0, False, "*:82"],
    [True, "::", 83, 0, True, "*:83"], [False, "127.0.0.1", 84, 0, None, "127.0.0.1:84"],
    [False, "0.0.0.0", 85, "eth0", None, "*:85"], [True, "::", 85, "eth1", True, "*:85"],
    [False, "127.0.0.1", 86, 0, None, "127.0.0.1:86"],
    [False, "127.0.0.1", 86, 0, None, "127.0.0.1:86"],
]


def ask(namespace, program, *arguments):
    """What a program prints as JSON, run inside."""
    return json.loads(namespace.run([sys.executable, "-c", PROLOGUE + program, *arguments]
                                    ).stdout)


def hold(namespace, wanted):
    """The process that has these sockets open."""
    child = namespace.popen([sys.executable, "-c", PROLOGUE + HOLD, json.dumps(wanted)],
                            stdout=subprocess.PIPE)
    with child.stdout:
        assert child.stdout.readline() == b"ready\n"
    return child


def ss(namespace):
    """inode -> (address and device as ss writes them, port), of all that listens."""
    found = {}
    for line in namespace.run(["ss", "-Htlne"]).stdout.splitlines():
        address, _, port = line.split()[3].rpartition(":")
        found[int(re.search(r"\bino:(\d+)", line).group(1))] = address, int(port)
    return found


def as_ss(address, device, v6only):
    """How ss writes an address, without the brackets."""
    name = "*" if address == "::" and v6only is False else address
    return name + ("%" + device if device else "")


def index(namespace, name):
    return json.loads(namespace.ip("-json", "link", "show", name))[0]["ifindex"]


def test_listeners_are_those_that_ss_shows(namespace):
    namespace.veth("eth0", "eth1")
    hold(namespace, SOCKETS)
    names = {index(namespace, name): name for name in ("eth0", "eth1")}
    names[0] = 0
    found = [[*rest[:3], names[device], v6only, text, inode]
             for *rest, device, v6only, inode, text in ask(namespace, LIST)]
    assert sorted(map(str, EXPECTED)) == sorted(str(one[:-1]) for one in found)
    shown = {inode: (re.sub(r"[][]|::ffff:", "", address), port)
             for inode, (address, port) in ss(namespace).items()}
    assert shown == {inode: (as_ss(address, device, v6only), port)
                     for _, address, port, device, v6only, _, inode in found}


def test_who_has_a_socket_open_and_what_a_process_has(namespace):
    first, second = (hold(namespace, [("127.0.0.1", 80, None, None, True),
                                      ("127.0.0.1", port)]) for port in (81, 82))
    inodes = {inode: port for inode, (_, port) in ss(namespace).items()}
    holders, held = ask(namespace, HOLDERS, str(first.pid), json.dumps(list(inodes)))
    # each has one of the two on 80
    assert sorted((inodes[int(inode)], pids) for inode, pids in holders.items()) == sorted(
        [(80, [first.pid]), (80, [second.pid]), (81, [first.pid]), (82, [second.pid])])
    assert sorted(inodes[inode] for inode in held) == [80, 81]
    assert all(holders[str(inode)] == [first.pid] for inode in held)


def test_a_process_of_another_pid_namespace_is_found_too(namespace):
    """As in a container that has the network of its host."""
    program = PROLOGUE + HOLD
    child = namespace.popen(
        ["unshare", "--pid", "--fork", sys.executable, "-c", program,
         json.dumps([("127.0.0.1", 80)])], stdout=subprocess.PIPE)
    with child.stdout:
        assert child.stdout.readline() == b"ready\n"
    inode, = ss(namespace)
    holders, _ = ask(namespace, HOLDERS, str(child.pid), json.dumps([inode]))
    with open("/proc/%d/task/%d/children" % (child.pid, child.pid)) as children:
        assert holders == {str(inode): [int(children.read())]}


CONNECTIONS = """
servers = [opened("127.0.0.1", 5000), opened("::1", 5000), opened("::", 5001, 0),
           opened("127.0.0.1", 4999), opened("127.0.0.1", 5002)]
kept = []
for address, port in (("127.0.0.1", 5000), ("::1", 5000), ("127.0.0.1", 5001),
                      ("127.0.0.1", 4999), ("127.0.0.1", 5002)):
    kept.append(socket.create_connection((address, port), timeout=5))
print(json.dumps([[[made.getsockname()[:2], made.getpeername()[:2]] for made in kept],
                  [sockets.connections(port, Deadline(10)) for port in (5000, 5001, 5003)]]))
"""


def test_connections_are_picked_by_their_port(namespace):
    made, (on_5000, on_5001, on_5003) = ask(namespace, CONNECTIONS)
    assert sorted(on_5000) == sorted(made[:2] + [ends[::-1] for ends in made[:2]])
    assert sorted(on_5001) == sorted([made[2], made[2][::-1]])
    assert on_5003 == []


# every pair of these: the kernel refuses the second exactly if they overlap
PAIRS = """
index = socket.if_nametoindex
one = [("127.0.0.1",), ("127.0.0.2",), ("0.0.0.0",), ("::1", 1), ("::1", 0), ("::", 0),
       ("::", 1), ("::ffff:127.0.0.1", 0), ("::ffff:0.0.0.0", 0),
       ("127.0.0.1", None, "lo"), ("0.0.0.0", None, "eth0"), ("::", 0, "eth0"),
       ("::", 1, "lo")]

def refused(first, second):
    with opened(first[0], 80, *first[1:]):
        try:
            opened(second[0], 80, *second[1:]).close()
        except OSError as error:
            assert error.errno == errno.EADDRINUSE
            return True
    return False

def listener(arguments):
    with opened(arguments[0], 80, *arguments[1:]):
        return sockets.listeners(Deadline(10))[0]

print(json.dumps([[first, second, refused(first, second),
                   listener(first).overlaps(listener(second))]
                  for first in one for second in one]))
"""


def test_sockets_overlap_where_the_kernel_refuses_the_second(namespace):
    namespace.veth("eth0", "eth1")
    answers = ask(namespace, PAIRS)
    assert len({refused for _, _, refused, _ in answers}) == 2
    assert [answer for answer in answers if answer[2] != answer[3]] == []


LOAD = """
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
kept = [opened("127.0.0.1", port) for port in range(10000, 10200)]
server = opened("127.0.0.1", 80, backlog=4096)

def seconds():
    times = []
    for _ in range(25):
        begin = time.perf_counter()
        found = sockets.listeners(Deadline(10))
        times.append(time.perf_counter() - begin)
        assert len(found) == 201
    return statistics.median(times)

idle = seconds()
for _ in range(5000):
    kept += [socket.create_connection(("127.0.0.1", 80)), server.accept()[0]]
ratios = [seconds() / idle for _ in range(3)]
assert len(sockets.connections(80, Deadline(10))) == 10000
print(json.dumps([idle, statistics.median(ratios)]))
"""


@pytest.mark.alone
def test_connections_do_not_slow_the_list_of_listeners(namespace):
    idle, ratio = ask(namespace, LOAD)
    assert ratio < 2, "%.3f ms without connections" % (idle * 1000)


HAPROXY = """
global
    stats socket %(folder)s/admin.sock mode 600
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
frontend wildcards
    bind :1000,*:1001
    bind 0.0.0.0:1002
    bind :::1003 v6only
    bind [::]:1004 v4v6
    bind ipv6@:1005
    bind ipv6@*:1006
    bind :::1007
frontend addresses
    bind 127.0.0.1:1100-1103,127.0.0.2:1104
    bind ::1:1105
    bind [::1]:1106
    bind ipv4@127.0.0.1:1107,ipv6@::1:1107,tcp4@127.0.0.1:1108
    bind "127.0.0.1":'1109' name "it's" # :1110
    bind 127.0.0.1:\\x31111
    bind ipv6@::ffff:127.0.0.1:1112
    bind 127.0.0.1:1113 interface lo
    bind 192.0.2.1:1114 transparent
listen others
    bind %(folder)s/x.sock,abns@lbha-test-%(pid)d
    bind unix@%(folder)s/y.sock
    bind localhost:1200
    bind "${HOME_ADDRESS}:1201"
    server s 127.0.0.1:1
.if defined(HOME_ADDRESS)
frontend conditional
    bind 127.0.0.1:1202
.endif
frontend nobody
    bind 127.0.0.1:1300
    disabled
peers own
    bind 127.0.0.1:1301
    server here
"""
# ports that only HAProxy itself can know: a name, a variable, a condition
UNREADABLE = {1200, 1201, 1202}
COMPARE = """
print(json.dumps([[shown(found) + [found.v6only if found.address == "::" else None]
                   for found in group]
                  for group in (binds.wanted(sys.argv[1:]), sockets.listeners(Deadline(10)))]))
"""


@pytest.fixture
def running(namespace):
    """A HAProxy with every form of `bind`; the path of its configuration."""
    config = namespace.folder / "haproxy.cfg"
    config.write_text(HAPROXY % {"folder": namespace.folder, "pid": namespace.holder.pid})
    child = namespace.popen(
        ["env", "HOME_ADDRESS=127.0.0.3", "haproxy", "-W", "-L", "here", "-f", str(config)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    heard = []
    with child.stdout:
        for line in iter(child.stdout.readline, b""):
            heard.append(line.decode())
            if b"Loading success" in line:
                yield config
                return
    pytest.fail("HAProxy did not start: %s" % "".join(heard))


def test_wanted_is_what_haproxy_listens_on(namespace, running):
    wanted, listening = (sorted(found, key=str)
                         for found in ask(namespace, COMPARE, str(running)))
    assert wanted == [found for found in listening if found[2] not in UNREADABLE]
    assert {found[2] for found in listening} - {found[2] for found in wanted} == UNREADABLE
    assert len(wanted) == 24
