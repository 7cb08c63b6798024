"""ocf:lbha:IPaddr2: what the neighbour hears, frame by frame."""

import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

from tests.agent.holding import until
from tests.agent.resource import OK
from tests.agent.wire import BOTH, V4, V6, addresses, vip

IP4, IP6 = socket.inet_aton(V4), socket.inet_pton(socket.AF_INET6, V6)
FORMS = {V4: 2, V6: 1}  # frames of one announcement: request and reply, or one advertisement
NOBODY = b"\0" * 6
BURSTS = 2  # one at once, and one some seconds later


@pytest.fixture
def capture(wire):
    """The neighbour listens from now on."""
    return wire.capture()


def announced(capture, ip):
    """The (time, frame) of all announcements of an address."""
    if ip == V4:
        return [(when, frame) for when, frame in capture.arp() if frame[28:32] == IP4]
    return capture.advertisements(IP6)


def heard(capture, ip, number):
    """Wait for a number of announcements; their (time, frame)."""
    return capture.until(lambda: len(announced(capture, ip)) >= number * FORMS[ip]
                         and announced(capture, ip))


def announcers(node):
    """The agents' processes that still live in the node."""
    found = []
    for pid in node.pids():
        try:
            with open("/proc/%d/cmdline" % pid, "rb") as line:
                if b"agents/IPaddr2" in line.read():
                    found.append(pid)
        except OSError:
            continue  # it ended meanwhile
    return found


def test_ipv4_is_announced_by_requests_and_replies(wire, capture):
    assert vip(wire, ip=V4, arp_count=3, arp_interval=100).start().code == OK
    capture.until(lambda: not announcers(wire.node))
    frames = [frame for _, frame in announced(capture, V4)]
    ethernet = b"\xff" * 6 + wire.mac + b"\x08\x06"
    request = (ethernet + b"\0\1\x08\0\6\4\0\1" + wire.mac + IP4 + NOBODY + IP4)
    reply = (ethernet + b"\0\1\x08\0\6\4\0\2" + wire.mac + IP4 + wire.mac + IP4)
    assert frames == [request, reply] * 3 * BURSTS


@BOTH
def test_a_second_burst_follows_five_seconds_after_the_first(wire, capture, ip):
    assert vip(wire, ip=ip, arp_count=2, arp_interval=100).start().code == OK
    capture.until(lambda: not announcers(wire.node))
    times = [when for when, _ in announced(capture, ip)][::FORMS[ip]]
    assert len(times) == 2 * BURSTS
    assert 0.1 <= times[1] - times[0] < 1
    assert 5 <= times[2] - times[0] < 7
    assert 0.1 <= times[3] - times[2] < 1


def test_the_neighbour_learns_the_new_place_of_an_address(wire, capture):
    """The kernel of the other host believes the announcement: ARP and NDP alike."""
    for ip, stale in ((V4, "192.168.1.2/24"), (V6, "fd00:1::2/64")):
        wire.neighbour.ip("address", "add", stale, "dev", "peer0",
                          *(["nodad"] if ":" in ip else []))
        wire.neighbour.ip("neighbour", "add", ip, "lladdr", "02:00:00:00:00:99", "dev",
                          "peer0", "nud", "stale")
        assert vip(wire, ip=ip, arp_count=1).start().code == OK
        mac = ":".join("%02x" % byte for byte in wire.mac)
        capture.until(lambda: mac in wire.neighbour.ip("neighbour", "show", ip), 5)
        assert vip(wire, ip=ip).stop().code == OK


@pytest.mark.parametrize("forwarding", (0, 1))
def test_ipv6_is_announced_by_unsolicited_advertisements(wire, capture, forwarding):
    wire.node.run(["sh", "-c", "echo %d > /proc/sys/net/ipv6/conf/eth0/forwarding"
                   % forwarding])
    assert vip(wire, ip=V6, arp_count=3, arp_interval=100).start().code == OK
    capture.until(lambda: not announcers(wire.node))
    frames = [frame for _, frame in announced(capture, V6)]
    all_nodes = socket.inet_pton(socket.AF_INET6, "ff02::1")
    assert len(frames) == 3 * BURSTS
    for frame in frames:
        assert frame[:14] == b"\x33\x33\0\0\0\1" + wire.mac + b"\x86\xdd"
        assert frame[21] == 255 and frame[22:38] == IP6 and frame[38:54] == all_nodes
        # override, not solicited; router only where the node forwards
        assert frame[54:56] == b"\x88\0"
        assert frame[58:62] == bytes([0xa0 if forwarding else 0x20, 0, 0, 0])
        assert frame[62:] == IP6 + b"\2\1" + wire.mac


@pytest.mark.alone
@BOTH
def test_the_burst_keeps_its_interval_and_start_does_not_wait_for_it(wire, capture, ip):
    outcome = vip(wire, ip=ip, arp_count=4, arp_interval=300).start()
    ended = time.monotonic()
    assert outcome.code == OK
    times = [when for when, _ in heard(capture, ip, 4)][::FORMS[ip]]
    assert times[0] < ended < times[1], "the first one before start answers, the rest after"
    for earlier, later in zip(times, times[1:]):
        assert 0.25 < later - earlier < 1.5


@pytest.mark.alone
@BOTH
def test_the_first_announcement_comes_with_the_address(wire, capture, ip):
    told = wire.node.popen(["ip", "-oneline", "monitor", "address"], stdout=subprocess.PIPE)
    sockets = pathlib.Path("/proc/%d/net/netlink" % told.pid)
    until(lambda: str(told.pid) in sockets.read_text().split(), told)
    child = vip(wire, ip=ip, arp_count=1).popen("start")
    assert ip in told.stdout.readline().decode()
    added = time.monotonic()
    assert heard(capture, ip, 1)[0][0] - added < 0.05
    assert child.wait(10) == OK


def test_the_first_announcement_comes_with_the_end_of_duplicate_address_detection(
        wire, capture):
    assert vip(wire, ip=V6, nodad="false", arp_count=1).start().code == OK
    ended = time.monotonic()
    (when, _), = heard(capture, V6, 1)
    assert when < ended
    assert time.monotonic() - when < 1


@BOTH
def test_an_address_that_was_there_is_announced_too(wire, capture, ip):
    wire.node.ip("address", "add", ip + ("/24" if ip == V4 else "/64"), "dev", "eth0",
                 *(["nodad"] if ip == V6 else []))
    before = len(announced(capture, ip))
    assert vip(wire, ip=ip, arp_count=2, arp_interval=50).start().code == OK
    capture.until(lambda: len(announced(capture, ip)) == before + 2 * FORMS[ip])


@BOTH
def test_nothing_is_announced_with_a_count_of_zero(wire, capture, ip):
    resource = vip(wire, ip=ip, arp_count=0)
    assert resource.start().code == OK
    assert not announcers(wire.node)
    assert resource.stop().code == OK
    # a packet that everybody hears says that nothing is still on the way
    wire.node.run(["ping", "-c1", "-W1", "192.168.1.99"], check=False)
    capture.until(lambda: [f for _, f in capture.arp() if f[38:42] == b"\xc0\xa8\1\x63"])
    assert announced(capture, ip) == []


@BOTH
def test_stop_ends_the_announcer_before_it_answers(wire, capture, ip):
    resource = vip(wire, ip=ip, arp_count=1000, arp_interval=1)
    assert resource.start().code == OK
    heard(capture, ip, 20)
    assert announcers(wire.node)
    assert resource.stop().code == OK
    stopped = time.monotonic()
    assert not announcers(wire.node)
    assert addresses(wire.node, ip) == []
    wire.node.run(["ping", "-c1", "-W1", "192.168.1.99"], check=False)
    capture.until(lambda: [f for _, f in capture.arp() if f[38:42] == b"\xc0\xa8\1\x63"])
    assert announced(capture, ip)[-1][0] < stopped
    assert len(announced(capture, ip)) < 1000 * FORMS[ip]


@BOTH
def test_a_second_start_ends_the_first_announcer(wire, capture, ip):
    resource = vip(wire, ip=ip, arp_count=1000, arp_interval=10)
    for _ in range(3):
        assert resource.start().code == OK
        assert len(announcers(wire.node)) == 1
    assert resource.stop().code == OK


@BOTH
def test_the_announcer_falls_silent_when_somebody_removes_the_address(wire, capture, ip):
    assert vip(wire, ip=ip, arp_count=1000, arp_interval=20).start().code == OK
    heard(capture, ip, 2)
    wire.node.ip("address", "del", *[text for _, text in addresses(wire.node, ip)],
                 "dev", "eth0")
    capture.until(lambda: not announcers(wire.node), 2)


def test_a_pid_that_went_to_somebody_else_is_not_ended(wire, capture):
    resource = vip(wire, ip=V4, arp_count=1)
    assert resource.start().code == OK
    stranger = wire.node.popen(["sleep", "60"])
    wire.node.run(["sh", "-c", "echo %d 1 > /run/lbha/IPaddr2-vip/announcer" % stranger.pid])
    assert resource.stop().code == OK
    assert stranger.poll() is None


@pytest.mark.parametrize("damage", (
    "mkdir announcer", "ln -s /etc/passwd announcer", "echo nonsense > announcer",
    "printf '1%04200d 1' 0 > announcer"))
def test_a_record_of_the_announcer_that_cannot_be_read_keeps_no_address(
        wire, capture, damage):
    resource = vip(wire, ip=V4, arp_count=1000, arp_interval=20)
    for again in ("start", "stop"):
        assert resource.start().code == OK
        wire.node.run(["sh", "-c", "cd /run/lbha/IPaddr2-vip; rm -f announcer; " + damage])
        outcome = resource.call(again)
        assert outcome.code == OK
        assert " > " in damage or "IPaddr2-vip/announcer" in outcome.err
        wire.node.run(["rm", "-rf", "/run/lbha/IPaddr2-vip/announcer"])
    assert addresses(wire.node, V4) == []
    capture.until(lambda: not announcers(wire.node), 2)


def test_a_frozen_announcer_is_ended_as_well(wire, capture):
    resource = vip(wire, ip=V4, arp_count=1000)
    assert resource.start().code == OK
    pid, = announcers(wire.node)
    os.kill(pid, signal.SIGSTOP)
    assert resource.stop().code == OK
    assert not announcers(wire.node)


def test_a_device_without_neighbours_is_told_nothing(wire):
    resource = vip(wire, ip="127.0.0.10", nic="lo", cidr_netmask=32)
    outcome = resource.start()
    assert outcome.code == OK and "announce" not in outcome.err
    assert not announcers(wire.node)
    assert resource.stop().code == OK
