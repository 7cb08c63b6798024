"""The announcer by itself: carrier, pace, and what ends it."""

import time

import pytest

from tests.agent.inside import Inside
from tests.agent.namespace import Namespace
from tests.agent.test_claims import PREFIX, announcements, packed
from tests.agent.wire import BOTH, V4, V6

FORMS = {V4: 2, V6: 1}  # frames of one announcement


@pytest.fixture
def node(wire):
    """The library on the node, which has both addresses."""
    for ip in PREFIX.values():
        add(wire.node, ip)
    return Inside(wire.node)


def add(node, ip):
    node.ip("address", "add", ip, "dev", "eth0", *(["nodad"] if ":" in ip else []))


def announce(library, ip, count=2, interval=0.1, name="vip"):
    """Begin to announce; it is found in `announcer`."""
    library.do("agent = Agent('%s')" % name)
    library.do("announce.Announcer(link(), packed('%s')).announce(agent.folder, %d, %g, agent.log)"
               % (ip, count, interval))
    library.do("announcer = host.find_process(agent.folder.read(announce.RECORD))")


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def alive(library):
    return library.ask("bool(announcer and announcer.alive)")


@pytest.mark.alone
@BOTH
def test_with_the_carrier_comes_the_whole_of_the_announcement(wire, node, ip):
    wire.neighbour.ip("link", "set", "peer0", "down")
    until(lambda: node.ask("bool(link().flags & netlink.IFF_RUNNING)") is False)
    announce(node, ip)
    assert node.ask("agent.log.lines") == []
    time.sleep(0.3)  # the whole first burst would be over
    assert alive(node)
    capture = wire.capture()
    wire.neighbour.ip("link", "set", "peer0", "up")
    up = time.monotonic()
    capture.until(lambda: len(announcements(capture, wire, ip)) == 2 * 2 * FORMS[ip])
    assert first(capture, wire, ip) - up < 0.5
    until(lambda: not alive(node))


def first(capture, wire, ip):
    """When the first announcement was heard."""
    frame = announcements(capture, wire, ip)[0]
    return next(when for when, heard in capture.frames() if heard == frame)


def test_without_a_carrier_an_announcer_does_not_wait_for_ever(wire, node):
    wire.neighbour.ip("link", "set", "peer0", "down")
    node.do("announce.PATIENCE = announce.SECOND_BURST = 0.5")
    announce(node, V4)
    until(lambda: not alive(node), 5)


def test_a_device_that_is_down_is_no_trouble_and_one_that_goes_ends_it(wire, node):
    wire.node.ip("link", "set", "eth0", "down")
    announce(node, V4, count=100)
    assert node.ask("agent.log.lines") == []
    assert alive(node)
    wire.node.ip("link", "del", "eth0")
    until(lambda: not alive(node), 5)


def test_a_new_mac_address_is_announced_from_then_on(wire, node):
    capture = wire.capture()
    announce(node, V4, count=100, interval=0.05)
    capture.until(lambda: len(announcements(capture, wire, V4)) >= 4)
    wire.node.ip("link", "set", "eth0", "address", "02:00:00:00:0a:0b")
    new = bytes.fromhex("020000000a0b")
    capture.until(lambda: [f for _, f in capture.arp() if f[6:12] == f[22:28] == new])
    node.do("announce.end(agent.folder, Deadline(2))")
    assert not alive(node)


@pytest.mark.alone
def test_an_address_is_not_announced_while_its_duplicates_are_looked_for(wire):
    """Nor is it when another host has it: RFC 4862 section 5.4."""
    capture = wire.capture()
    wire.node.run(["sh", "-c", "echo 3 > /proc/sys/net/ipv6/conf/eth0/dad_transmits"])
    wire.node.ip("address", "add", V6 + "/64", "dev", "eth0")
    node = Inside(wire.node)
    node.do("agent = Agent('vip'); announcer = announce.Announcer(link(), packed('%s'))" % V6)
    node.do("announcer.repeat(agent.folder, 1000, 0.05, agent.log)")

    def tentative():
        return "tentative" in wire.node.ip("address", "show", "dev", "eth0")

    while tentative():
        before = announcements(capture, wire, V6)
        if tentative():
            assert before == []
    over = time.monotonic()
    capture.until(lambda: announcements(capture, wire, V6))
    assert first(capture, wire, V6) - over < 0.5
    node.do("announce.end(agent.folder, Deadline(2))")


@BOTH
def test_the_announcer_of_an_address_that_moved_to_another_device_ends(wire, node, ip):
    wire.node.ip("link", "add", "other0", "type", "veth", "peer", "name", "other1")
    wire.node.ip("link", "set", "other0", "up")
    announce(node, ip, count=1000, interval=0.05)
    wire.node.ip("address", "del", PREFIX[ip], "dev", "eth0")
    wire.node.ip("address", "add", PREFIX[ip], "dev", "other0")
    until(lambda: not alive(node), 5)


def test_many_addresses_of_one_device_are_announced_at_its_pace(wire):
    """One announcement in five milliseconds, but for the first one of each address."""
    addresses = ["10.0.0.%d" % number for number in range(1, 41)]
    for ip in addresses:
        wire.node.ip("address", "add", ip + "/24", "dev", "eth0")
    capture, node = wire.capture(), Inside(wire.node)
    node.do("announce.SECOND_BURST = 1.0")
    for ip in addresses:
        announce(node, ip, count=3, interval=0.001, name="vip-" + ip)
    wanted = len(addresses) * 3 * 2 * FORMS[V4]
    capture.until(lambda: len(capture.arp()) == wanted, 20)
    requests = [(when, frame) for when, frame in capture.arp() if frame[21] == 1]
    for ip in addresses:
        assert sum(frame[28:32] == packed(ip) for _, frame in requests) == 3 * 2
    seen, paced = set(), []
    for when, frame in requests:
        if frame[28:32] in seen:
            paced.append(when)
        seen.add(frame[28:32])
    gaps = [later - earlier for earlier, later in zip(paced, paced[1:])]
    assert min(gaps) > 0.0045


def test_one_device_does_not_wait_for_another(wire, node):
    """Nor for a device of the same name in another network namespace."""
    wire.node.ip("link", "add", "other0", "type", "veth", "peer", "name", "other1")
    other = Namespace()
    try:
        other.veth("eth0", "eth1", V4 + "/24")
        node.do("turn = announce._Turn('other0'); turn.wait()")
        foreign = Inside(other)
        foreign.do("turn = announce._Turn('eth0'); turn.wait()")
        capture = wire.capture()
        announce(node, V4)
        capture.until(lambda: len(announcements(capture, wire, V4)) >= 2 * FORMS[V4])
        node.do("announce.end(agent.folder, Deadline(2))")
        # and it is the turn of this one device that is waited for
        holder = Inside(wire.node)
        holder.do("turn = announce._Turn('eth0'); turn.wait()")
        before = len(announcements(capture, wire, V4))
        announce(node, V4)
        time.sleep(0.3)  # the burst takes a third of that
        assert len(announcements(capture, wire, V4)) == before + FORMS[V4]
        assert node.ask("announce.refresh(link(), packed('%s'), 1, Deadline(0.2))" % V4) == (
            "DeadlineReached: no answer within 0.2 s: waited for the turn to announce on eth0")
        holder.do("turn.end()")
        capture.until(lambda: len(announcements(capture, wire, V4)) > before + FORMS[V4])
        node.do("announce.end(agent.folder, Deadline(2))")
        assert not alive(node)
    finally:
        other.close()


@BOTH
def test_a_refresh_is_so_many_announcements_and_no_process(wire, node, ip):
    capture = wire.capture()
    node.do("announce.refresh(link(), packed('%s'), 3, Deadline(5))" % ip)
    capture.until(lambda: len(announcements(capture, wire, ip)) == 3 * FORMS[ip])
    node.do("begun = time.monotonic()")
    assert "DeadlineReached" in node.ask(
        "announce.refresh(link(), packed('%s'), 1000, Deadline(0.2))" % ip)
    assert node.ask("time.monotonic() - begun") < 1


def test_what_runs_meanwhile_keeps_no_descriptor_of_its_starter(wire, node):
    announce(node, V4, count=100)
    pid = node.ask("announcer.pid")
    kept = wire.node.run(["sh", "-c", "readlink /proc/%d/fd/*" % pid]).stdout.split("\n")
    assert not [path for path in kept if "pipe" in path or "/run/lbha" in path], kept
    node.do("announce.end(agent.folder, Deadline(2))")
    assert not alive(node)


@pytest.mark.parametrize("other", ("copy", "rule"))
def test_an_address_to_which_the_routes_lead_elsewhere_is_announced_still(wire, node, other):
    if other == "copy":
        wire.node.ip("address", "del", V4 + "/24", "dev", "eth0")
        wire.node.ip("address", "add", V4 + "/32", "dev", "lo")
        add(wire.node, PREFIX[V4])
    else:
        wire.node.ip("rule", "add", "pref", "20", "lookup", "local")
        wire.node.ip("rule", "add", "pref", "10", "lookup", "main")
        wire.node.ip("rule", "del", "pref", "0")
    capture = wire.capture()
    announce(node, V4, count=3)
    capture.until(lambda: len(announcements(capture, wire, V4)) == 3 * FORMS[V4])
    assert alive(node)
