"""ocf:lbha:ping: what can be asked of hosts, from where, and what counts as an answer."""

import re
import subprocess
import sys

import pytest

from tests.agent import resource
from tests.agent.pinging import configured, drop, hold, published, responder, value

LISTENER = """
import socket, sys
made = []
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, 8080))
    server.listen(1)
    made.append(server)
print("ready", flush=True)
while True:
    made[0].accept()[0].close()
"""

# ARP replies of 192.168.1.3, to everybody but meant for another one
FORGER = """
import socket, time
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("peer0", 0))
mac = b"\\2\\0\\0\\0\\0\\3"
frame = (b"\\xff" * 6 + mac + bytes.fromhex("0806000108000604") + b"\\0\\2" + mac
         + bytes([192, 168, 1, 3]) + b"\\2\\0\\0\\0\\0\\4" + bytes([192, 168, 1, 1]))
print("ready", flush=True)
while True:
    out.send(frame)
    time.sleep(0.01)
"""


def scores(namespace, ping):
    """The attribute's value after a start, which has to succeed."""
    assert ping.start().code == resource.OK
    return int(value(namespace, ping.parameters.get("name", "pingd")))


# ---------------------------------------------------------------------- groups and weights

@pytest.mark.parametrize("host_list, score", [
    ("127.0.0.1*2 127.0.0.2", 3),
    ("10.9.9.9|127.0.0.1", 1),
    ("gw=10.9.9.9|::1*5", 5),
    ("gw=10.9.9.9|10.9.9.8*5 127.0.0.1", 1),
    ("127.0.0.1 127.0.0.1*3 a=127.0.0.1", 5),
])
def test_groups_and_weights(namespace, host_list, score):
    ping = configured(namespace, host_list, multiplier=10)
    assert scores(namespace, ping) == score * 10


def test_the_name_of_a_group_is_what_people_read(namespace):
    ping = configured(namespace, "gw=10.9.9.9|10.9.9.8 10.9.9.7*2 127.0.0.1", failure_score=9)
    assert ping.start().reason == \
        "pingd=1 is below failure_score=9: 1 of 3 hosts answer, not gw 10.9.9.7"


@pytest.mark.parametrize("word, sentence", [
    ("10.0.0.1*0", '"0" is not a whole number from 1 to 1000'),
    ("10.0.0.1*x", '"x" is not a whole number'),
    ("10.0.0.1*", '"" is not a whole number'),
    ("10.0.0.1*1001", "from 1 to 1000"),
    ("10.0.0.1|", "neither an address nor a host name"),
    ("|10.0.0.1", "neither an address nor a host name"),
    ("=10.0.0.1", "is not a word of"),
    ("a b=", "neither an address nor a host name"),
])
def test_words_that_say_nothing(namespace, word, sentence):
    outcome = configured(namespace, word).validate()
    assert outcome.code == resource.CONFIGURED
    assert sentence in outcome.reason


# ---------------------------------------------------------------------- what is good enough

def test_min_replies(namespace):
    responder(namespace, h10="third", h11="right")
    ping = configured(namespace, "127.0.0.10 127.0.0.11", attempts=4, min_replies=2)
    assert scores(namespace, ping) == 2
    ping = configured(namespace, "127.0.0.10 127.0.0.11", attempts=4, min_replies=4,
                      interval_ms=20)
    assert ping.monitor().code == resource.OK
    assert value(namespace) == "2"  # by now it answers each time


def test_fewer_replies_than_that_are_a_bad_result(namespace):
    responder(namespace, h10="third", h11="right")
    ping = configured(namespace, "127.0.0.10 127.0.0.11", attempts=4, min_replies=3,
                      debug="true")
    outcome = ping.start()
    assert (outcome.code, value(namespace)) == (resource.OK, "1")
    assert "127.0.0.10: 2 of 4 answers" in outcome.err


@pytest.mark.parametrize("max_loss, score", [(49, 1), (50, 2)])
def test_max_loss(namespace, max_loss, score):
    responder(namespace, h10="third", h11="right")
    ping = configured(namespace, "127.0.0.10 127.0.0.11", attempts=4, max_loss=max_loss)
    assert scores(namespace, ping) == score


@pytest.mark.parametrize("max_rtt, score", [("100ms", 1), ("2s", 2)])
def test_max_rtt(namespace, max_rtt, score):
    responder(namespace, h10="slow", h11="right")  # 0.3 s each time
    ping = configured(namespace, "127.0.0.10 127.0.0.11", timeout="3s", max_rtt=max_rtt)
    assert scores(namespace, ping) == score


@pytest.mark.parametrize("timeout, score", [("100ms", 1), ("1s", 2)])
def test_a_slow_host(namespace, timeout, score):
    responder(namespace, h10="slow", h11="right")
    ping = configured(namespace, "127.0.0.10 127.0.0.11", attempts=1, timeout=timeout)
    assert scores(namespace, ping) == score


def test_a_lossy_way_is_no_dead_host(namespace):
    drop(namespace, "ip protocol icmp numgen random mod 10 < 3")  # both ways: half is lost
    ping = configured(namespace, "127.0.0.1 127.0.0.2", attempts=40, interval_ms=20)
    assert scores(namespace, ping) == 2  # 0.51 ** 40 is never
    ping.parameters["max_loss"] = 20
    assert ping.monitor().code == resource.OK
    assert value(namespace) == "0"


def test_a_dead_host_needs_a_look_only_when_asked_for(namespace):
    ping = configured(namespace, "127.0.0.1 10.9.9.9", degraded_code="190")
    ping.start()
    note = "/run/lbha/ping-ping/degraded"
    assert ping.monitor().code == resource.OK
    assert "no such file" in namespace.run(["ls", note], check=False).stderr.lower()
    ping.parameters["degraded"] = "true"
    ping.monitor()
    namespace.run(["sed", "-i", "s/^since=.*/since=-100/", note])  # it has lasted
    outcome = ping.monitor()
    assert outcome.code == resource.DEGRADED
    assert outcome.reason == "1 of 2 hosts answer, not 10.9.9.9"
    assert value(namespace, "lbha-ping") == outcome.reason
    ping.parameters["host_list"] = "127.0.0.1"
    assert ping.monitor().code == resource.OK
    assert value(namespace, "lbha-ping") is None


def test_the_pace_of_requests(namespace):
    namespace.veth("v0", "v1", "10.1.0.1/24")
    quick, slow = (configured(namespace, "10.1.0.2", attempts=5, timeout="10ms",
                              interval_ms=interval).start().seconds for interval in (10, 300))
    assert slow - quick > 0.9  # 4 x 290 ms


# ------------------------------------------------------------------------------------ tcp

def test_tcp(namespace):
    server = namespace.popen([sys.executable, "-c", LISTENER], stdout=subprocess.PIPE)
    assert server.stdout.readline() == b"ready\n"
    namespace.veth("v0", "v1", "10.1.0.1/24")
    ping = configured(namespace, "127.0.0.1 ::1 127.0.0.2 10.1.0.2", probe="tcp:8080",
                      debug="true")
    outcome = ping.start()
    assert (outcome.code, value(namespace)) == (resource.OK, "2")
    assert "127.0.0.2: Connection refused" in outcome.err
    assert "10.1.0.2: no answer" in outcome.err
    ping.parameters["probe"] = "tcp:8081"
    assert ping.monitor().code == resource.OK
    assert value(namespace) == "0"
    sockets = namespace.run(["ss", "-Htan"]).stdout
    assert "SYN-SENT" not in sockets and "TIME-WAIT" not in sockets


def test_neighbours_that_are_gone_keep_nothing_from_those_that_live(wire):
    """The kernel keeps requests to them for three seconds, as part of what we may send."""
    wire.neighbour.ip("address", "add", "192.168.1.2/24", "dev", "peer0")
    gone = ["192.168.1.%d" % number for number in range(100, 220)]
    ping = configured(wire.node, " ".join(gone + ["192.168.1.2"]), attempts=6, interval_ms=100,
                      max_loss=0, debug="true")
    outcome = ping.start()
    assert (outcome.code, value(wire.node)) == (resource.OK, "1")
    assert "No buffer space" not in outcome.err


# ------------------------------------------------------------------------------------ arp

@pytest.fixture
def wired(wire):
    """A neighbour that drops every ICMP echo, and has no port open."""
    wire.neighbour.ip("address", "add", "192.168.1.2/24", "dev", "peer0")
    wire.neighbour.ip("address", "add", "fd00:1::2/64", "dev", "peer0", "nodad")
    for name in ("ipv4/icmp_echo_ignore_all", "ipv6/icmp/echo_ignore_all"):
        wire.neighbour.run(["sh", "-c", "echo 1 > /proc/sys/net/" + name])
    return wire


def test_neighbours_that_drop_icmp(wired):
    hosts = "192.168.1.2 192.168.1.3 fd00:1::2 fd00:1::3"
    ping = configured(wired.node, hosts)
    assert scores(wired.node, ping) == 0
    ping.parameters.update(probe="arp", debug="true")
    outcome = ping.monitor()
    assert (outcome.code, value(wired.node)) == (resource.OK, "2")
    for text in (r"192\.168\.1\.2: [0-9.]+ ms", r"192\.168\.1\.3: no answer",
                 "fd00:1::2: [0-9.]+ ms", "fd00:1::3: no answer"):
        assert re.search(text, outcome.err)
    wired.neighbour.ip("link", "set", "peer0", "down")
    assert ping.monitor().code == resource.OK
    assert value(wired.node) == "0"


def test_only_neighbours_can_be_asked_by_arp(wired):
    wired.node.ip("route", "add", "default", "via", "192.168.1.2")
    ping = configured(wired.node, "192.168.1.2 10.9.9.9 127.0.0.1 fd77::1", probe="arp",
                      debug="true")
    outcome = ping.start()
    assert (outcome.code, value(wired.node)) == (resource.OK, "1")
    for text in ("10.9.9.9: not on a link of this node",
                 "127.0.0.1: not on a link of this node", "fd77::1: Network is unreachable"):
        assert text in outcome.err


def test_arp_requests_say_who_asks(wired):
    capture = wired.capture()
    ping = configured(wired.node, "192.168.1.2", probe="arp")
    assert scores(wired.node, ping) == 1
    frame = capture.until(lambda: [
        frame for _, frame in capture.arp() if frame[20:22] == b"\0\1"
        and frame[6:12] == wired.mac])[0]
    assert frame[22:28] == wired.mac and frame[28:32] == bytes([192, 168, 1, 1])
    assert frame[38:42] == bytes([192, 168, 1, 2])


def test_a_mac_address_that_changes_is_followed(wired):
    """As when a bond fails over; the old one would stay in the neighbour's table."""
    ping = configured(wired.node, "192.168.1.2 fd00:1::2", probe="arp", attempts=4)
    assert scores(wired.node, ping) == 2
    child = hold(ping, 20)
    wired.node.ip("link", "set", "eth0", "address", "02:00:00:00:00:77")
    capture = wired.capture()
    for place, target in ((22, bytes([192, 168, 1, 2])), (80, bytes.fromhex("fd00" "0001"))):
        capture.until(lambda place=place, target=target: [
            frame for _, frame in capture.frames()
            if target in frame and frame[place:place + 6] == wired.mac])
    assert ping.stop().code == resource.OK
    child.communicate()
    assert [call[2] for call in published(wired.node)] == ["2", ""]


def test_an_arp_reply_to_somebody_else_is_no_answer(wired):
    """As seen where a device gets all frames: it tells nothing of the way to us."""
    forger = wired.neighbour.popen([sys.executable, "-c", FORGER], stdout=subprocess.PIPE)
    assert forger.stdout.readline() == b"ready\n"
    capture = wired.capture()
    ping = configured(wired.node, "192.168.1.3 192.168.1.2", probe="arp")
    assert scores(wired.node, ping) == 1
    assert forger.poll() is None and capture.arp()


def test_an_answer_that_came_through_a_router_is_none(wired):
    """RFC 4861 section 7.1.2: a hop limit below 255."""
    wired.neighbour.run(["nft", "-f", "-"], input="""
table ip6 forged {
    chain out {
        type filter hook output priority 0;
        icmpv6 type nd-neighbor-advert ip6 hoplimit set 254
    }
}
""")
    ping = configured(wired.node, "fd00:1::2 192.168.1.2", probe="arp")
    assert scores(wired.node, ping) == 1


# --------------------------------------------------------------------------------- source

def test_source_address_and_device(wire):
    for namespace in (wire.node, wire.neighbour):
        namespace.run(["sh", "-c", "for f in /proc/sys/net/ipv4/conf/*/rp_filter; "
                                   "do echo 0 > $f; done"])
    wire.node.ip("address", "add", "192.168.1.7/24", "dev", "eth0")
    wire.neighbour.ip("address", "add", "192.168.1.2/24", "dev", "peer0")
    wire.neighbour.ip("address", "add", "fd00:1::2/64", "dev", "peer0", "nodad")
    wire.neighbour.run(["nft", "add table ip picky"])
    wire.neighbour.run(["nft", "add chain ip picky in { type filter hook input priority 0; }"])
    wire.neighbour.run(["nft", "add rule ip picky in ip protocol icmp ip saddr != 192.168.1.7 "
                               "drop"])
    ping = configured(wire.node, "192.168.1.2 fd00:1::2", source="192.168.1.7")
    assert scores(wire.node, ping) == 2  # of the other family: as the kernel chooses
    for probe in ("icmp", "arp"):
        ping.parameters.update(source="192.168.1.1", probe=probe)
        assert ping.monitor().code == resource.OK
        assert value(wire.node) == {"icmp": "1", "arp": "2"}[probe]
    ping.parameters.update(host_list="127.0.0.1 fd00:1::2", source="eth0", probe="icmp")
    assert ping.monitor().code == resource.OK
    assert value(wire.node) == "1"  # 127.0.0.1 is not there


@pytest.mark.parametrize("probe", ["icmp", "tcp:80", "arp"])
@pytest.mark.parametrize("source, sentence", [
    ("10.77.77.77", "source=10.77.77.77: this node has no such address"),
    ("fd77::1", "source=fd77::1: this node has no such address"),
    ("eth77", "source=eth77: this node has no such device"),
])
def test_a_source_that_this_node_lacks(namespace, source, sentence, probe):
    # the package sets this, and then a socket could be bound to it
    namespace.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind"])
    ping = configured(namespace, "127.0.0.1", probe=probe)
    assert ping.start().code == resource.OK
    before = published(namespace)
    ping.parameters["source"] = source
    outcome = ping.validate()
    assert (outcome.code, outcome.reason) == (resource.INSTALLED, sentence)
    # what is running loses its way: no host, and no failure
    assert ping.monitor().code == resource.OK
    assert ping.stop().code == resource.OK
    assert ping.start().code == resource.INSTALLED
    assert before[0] == ("set", "pingd", "1", "5000ms") or probe != "icmp"


@pytest.mark.parametrize("name, text, sentence", [
    ("probe", "ping", "is not icmp, arp or tcp:PORT"), ("probe", "tcp", "is not icmp"),
    ("probe", "tcp:0", "is not icmp"), ("probe", "tcp:65536", "is not icmp"),
    ("probe", "icmp:1", "is not icmp"), ("probe", "tcp:http", "is not icmp"),
    ("source", "192.168.1.300", "is not an address or"), ("source", "a/b", "is not an address"),
    ("source", "x" * 16, "is not an address"), ("interval_ms", "9", "from 10 to 60000"),
    ("min_replies", "0", "min_replies"), ("min_replies", "4", "is more than attempts=2"),
    ("max_loss", "100", "max_loss"), ("max_rtt", "0", "max_rtt"), ("rise", "0", "rise"),
    ("fall", "x", "fall"), ("degraded", "2", "degraded"), ("hold", "ever", "hold"),
])
def test_wrong_parameters(namespace, name, text, sentence):
    ping = configured(namespace, "127.0.0.1")
    ping.start()
    ping.parameters[name] = text
    for action in ("validate-all", "start"):
        outcome = ping.call(action)
        assert outcome.code == resource.CONFIGURED
        assert name in outcome.reason and sentence in outcome.reason
    assert ping.monitor().code == ping.reload().code == ping.stop().code == resource.OK
    assert [call[:3] for call in published(namespace)] == [
        ("set", "pingd", "1"), ("delete", "pingd", "")]
