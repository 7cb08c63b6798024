"""Other hosts that claim an address, or have it: real kernels, real frames."""

import json
import socket
import time

import pytest

from tests.agent.inside import Inside
from tests.agent.wire import BOTH, V4, V6

FOREIGN = bytes.fromhex("020000000099")
PREFIX = {V4: V4 + "/24", V6: V6 + "/64"}


def packed(ip):
    return socket.inet_pton(socket.AF_INET6 if ":" in ip else socket.AF_INET, ip)


def claim(ip, mac=FOREIGN, **changes):
    """The frame of a host that says it has an address."""
    if ip == V4:
        return arp(**dict({"mac": mac, "sender": packed(ip), "target": packed(ip)}, **changes))
    return ndp(**dict({"mac": mac, "target": packed(ip)}, **changes))


def arp(mac=FOREIGN, operation=1, sender=b"\0" * 4, target=b"\0" * 4, hardware=None):
    return (b"\xff" * 6 + (hardware or mac) + b"\x08\x06" + b"\0\1\x08\0\6\4"
            + bytes([0, operation]) + mac + sender + b"\0" * 6 + target)


def ndp(mac=FOREIGN, kind=136, source=None, group="ff02::1", target=b"", option=True, limit=255):
    """A frame of Neighbor Discovery, its checksum by a sum of words."""
    source, group = source or packed("fe80::99"), packed(group)
    body = b"\x20\0\0\0" + target + (b"\2\1" + mac if option else b"")
    words = source + group + (len(body) + 4).to_bytes(4, "big") + b"\0\0\0\x3a" + bytes(
        [kind, 0, 0, 0]) + body
    total = sum(int.from_bytes(words[at:at + 2], "big") for at in range(0, len(words), 2))
    check = 0xffff - (total % 0xffff)
    return (b"\x33\x33" + group[-4:] + mac + b"\x86\xdd\x60\0\0\0"
            + (len(body) + 4).to_bytes(2, "big") + bytes([58, limit]) + source + group
            + bytes([kind, 0]) + check.to_bytes(2, "big") + body)


class Neighbour:
    """What the other end of the wire sends."""

    def __init__(self, wire):
        self.inside = Inside(wire.neighbour)
        self.inside.do("out = announce._open('peer0')")

    def send(self, frame, times=1):
        self.inside.do("[out.send(bytes.fromhex('%s')) for _ in range(%d)]"
                       % (frame.hex(), times))


@pytest.fixture
def neighbour(wire):
    return Neighbour(wire)


@pytest.fixture
def node(wire):
    """The library on the node, which has both addresses."""
    for ip in PREFIX.values():
        wire.node.ip("address", "add", ip, "dev", "eth0", *(["nodad"] if ":" in ip else []))
    return Inside(wire.node)


def watch(node, ip):
    node.do("agent, here = Agent('vip'), netns.Namespace('')")
    node.do("watch = claims.watch(agent, link(), packed('%s'), here)" % ip)
    node.do("def wakes(seconds): return hold.wait([watch], seconds)")


def announcements(capture, wire, ip):
    """The frames by which the node announces an address."""
    frames = ([frame for _, frame in capture.arp() if frame[28:32] == packed(ip)]
              if ip == V4 else [frame for _, frame in capture.advertisements(packed(ip))])
    mac = wire.mac
    return [frame for frame in frames if frame[6:12] == mac]


FORMS = {V4: 2, V6: 1}


@pytest.mark.alone
@BOTH
def test_a_claim_wakes_is_told_with_its_mac_and_answered(wire, neighbour, node, ip):
    watch(node, ip)
    capture = wire.capture()
    assert node.ask("wakes(0.2)") is False
    node.begin("woken, at = wakes(10), time.monotonic()")
    neighbour.inside.do("sent = time.monotonic()")
    neighbour.send(claim(ip))
    assert node.end() is None
    assert node.ask("woken") is True
    assert node.ask("at") - neighbour.inside.ask("sent") < 0.5
    assert node.ask("watch.observe()") == (
        "%s on eth0: claimed by another host too, 02:00:00:00:00:99" % ip)
    capture.until(lambda: len(announcements(capture, wire, ip)) == FORMS[ip])


@BOTH
def test_a_claim_is_answered_once_in_ten_seconds_by_all_monitors_together(
        wire, neighbour, node, ip):
    capture = wire.capture()
    for monitor in range(3):
        one = node if not monitor else Inside(wire.node)
        watch(one, ip)
        neighbour.send(claim(ip), times=5)
        assert one.ask("wakes(5)") is True
        assert "02:00:00:00:00:99" in one.ask("watch.observe()")
    assert len(announcements(capture, wire, ip)) == FORMS[ip]
    node.do("note = state.Record(agent.folder, claims.NOTE)")
    node.do("note.update(defended=time.monotonic() - 10.1)")  # as if so long had gone by
    neighbour.send(claim(ip))
    node.do("watch._rested = 0.0")
    assert node.ask("wakes(5)") is True
    node.ask("watch.observe()")
    capture.until(lambda: len(announcements(capture, wire, ip)) == 2 * FORMS[ip])


@BOTH
def test_what_was_seen_is_told_by_later_monitors_for_a_minute(wire, neighbour, node, ip):
    watch(node, ip)
    assert node.ask("claims.lasting(agent.folder)") is None
    neighbour.send(claim(ip))
    assert node.ask("wakes(5)") is True
    told = node.ask("watch.observe()")
    later = Inside(wire.node)
    later.do("agent = Agent('vip')")
    assert later.ask("claims.lasting(agent.folder)") == told
    later.do("note = state.Record(agent.folder, claims.NOTE)")
    later.do("note.update(seen=time.monotonic() - 61)")
    assert later.ask("claims.lasting(agent.folder)") is None
    assert node.ask("watch.observe()") is None
    later.do("note.update(seen=time.monotonic())")
    later.do("agent.folder.remove(claims.NOTE)")
    assert later.ask("claims.lasting(agent.folder)") is None


@BOTH
@pytest.mark.parametrize("record", ("agent.record.update(stopping=1)", "agent.record.drop()"))
def test_an_address_that_is_being_stopped_is_not_defended(wire, neighbour, node, ip, record):
    watch(node, ip)
    capture = wire.capture()
    neighbour.send(claim(ip))
    assert node.ask("wakes(5)") is True
    stop = Inside(wire.node)
    stop.do("agent = Agent('vip')")
    stop.do(record)
    assert node.ask("watch.observe()") is None
    assert node.ask("claims.lasting(agent.folder)") is None
    neighbour.send(claim("192.168.1.77") if ip == V6 else arp(sender=packed("192.168.1.77")))
    capture.until(lambda: True)
    assert announcements(capture, wire, ip) == []


HARMLESS = {
    V4: {
        "other address": lambda mac: arp(sender=packed("192.168.1.77")),
        "who has ours": lambda mac: arp(sender=packed("192.168.1.2"), target=packed(V4)),
        "probe": lambda mac: arp(target=packed(V4)),
        "our own": lambda mac: claim(V4, mac),
        "our own by another device": lambda mac: claim(V4, mac, hardware=FOREIGN),
        "reply to us": lambda mac: arp(operation=2, sender=packed("192.168.1.2")),
    },
    V6: {
        "other address": lambda mac: ndp(target=packed("fd00:1::77")),
        "who has ours": lambda mac: ndp(
            kind=135, source=packed("fd00:1::2"), group="ff02::1:ff00:10", target=packed(V6)),
        "our own": lambda mac: claim(V6, mac),
        "through a router": lambda mac: claim(V6, limit=254),
        "look for another": lambda mac: ndp(
            kind=135, source=b"\0" * 16, group="ff02::1:ff00:10", option=False,
            target=packed("fd00:1:2::10")),
        "router advertisement": lambda mac: ndp(kind=134, target=packed(V6)),
    },
}


@pytest.mark.parametrize("ip, what", [(ip, what) for ip in HARMLESS for what in HARMLESS[ip]])
def test_what_is_no_claim_wakes_nobody(wire, neighbour, node, ip, what):
    watch(node, ip)
    neighbour.send(HARMLESS[ip][what](wire.mac), times=20)
    assert node.ask("wakes(0.3)") is False
    neighbour.send(claim(ip))
    assert node.ask("wakes(5)") is True


@BOTH
def test_another_vlan_on_the_same_wire_is_another_network(wire, neighbour, node, ip):
    watch(node, ip)
    tag = b"\x81\0\0\x64"
    tagged = claim(ip)[:12] + tag + claim(ip)[12:]
    neighbour.send(tagged, times=5)
    assert node.ask("wakes(0.3)") is False
    neighbour.send(claim(ip))
    assert node.ask("wakes(5)") is True


@BOTH
def test_another_device_of_the_node_is_no_other_host(wire, neighbour, node, ip):
    wire.node.ip("link", "add", "other0", "type", "veth", "peer", "name", "other1")
    mac = json.loads(wire.node.ip("-json", "link", "show", "other0"))[0]["address"]
    watch(node, ip)
    neighbour.send(claim(ip, bytes.fromhex(mac.replace(":", ""))))
    assert node.ask("wakes(1)") is True  # the filter knows only the device's own
    assert node.ask("watch.observe()") is None


def test_a_host_that_looks_whether_it_may_have_our_address_is_seen(wire, node):
    watch(node, V6)
    wire.neighbour.ip("address", "add", V6 + "/64", "dev", "peer0")  # the kernel looks first
    assert node.ask("wakes(5)") is True
    assert node.ask("watch.observe()") == (
        "%s on eth0: another host claims it, or looks whether it may have it" % V6)


def test_a_kernel_that_takes_our_address_is_seen(wire, node):
    """Not our idea of a claim: what Linux itself sends (arp_notify, ndisc_notify)."""
    for ip, setting in ((V4, "ipv4/conf/peer0/arp_notify"), (V6, "ipv6/conf/peer0/ndisc_notify")):
        watch(node, ip)
        wire.neighbour.run(["sh", "-c", "echo 1 > /proc/sys/net/" + setting])
        wire.neighbour.ip("link", "set", "peer0", "down")
        wire.neighbour.ip("address", "add", PREFIX[ip], "dev", "peer0",
                          *(["nodad"] if ip == V6 else []))
        wire.neighbour.ip("link", "set", "peer0", "up")
        mac = json.loads(wire.neighbour.ip("-json", "link", "show", "peer0"))[0]["address"]
        assert node.ask("wakes(10)") is True
        assert mac in node.ask("watch.observe()")


@BOTH
def test_a_claim_between_two_waits_is_not_lost(wire, neighbour, node, ip):
    watch(node, ip)
    assert node.ask("wakes(0.05)") is False
    neighbour.send(claim(ip))
    assert node.ask("wakes(0.001)") is True


def test_a_flood_of_claims_wakes_once_a_second(wire, neighbour, node):
    watch(node, V4)
    neighbour.inside.do("claim = bytes.fromhex('%s')" % claim(V4).hex())
    node.do("woken, end = 0, time.monotonic() + 3")
    node.begin("while time.monotonic() < end: woken += wakes(0.5); watch.observe()")
    neighbour.inside.do("end = time.monotonic() + 3\n"
                        "while time.monotonic() < end: out.send(claim)")
    assert node.end() is None
    assert 1 <= node.ask("woken") <= 6  # of many thousands, on a busy machine too


@BOTH
def test_a_device_that_goes_down_and_up_is_listened_to_again(wire, neighbour, node, ip):
    watch(node, ip)
    wire.node.ip("link", "set", "eth0", "down")
    node.ask("wakes(0.2)")
    assert node.ask("watch.observe()") is None
    wire.node.ip("link", "set", "eth0", "up")
    wire.node.ip("address", "replace", PREFIX[ip], "dev", "eth0",
                 *(["nodad"] if ip == V6 else []))

    def heard():
        neighbour.send(claim(ip))
        return node.ask("wakes(0.1) and watch.observe()")

    end = time.monotonic() + 10
    while not heard():
        assert time.monotonic() < end


WATCH = """
from lbha import address, netns
from lbha.vip.watch import Watch

class Service:
    "What a Watch uses of the service of an agent."
    agent, namespace = Agent("vip"), netns.Namespace("")
    addresses = address.Addresses(5, agent.log)
    found = addresses.copies([address.Place(values.IP("%s"), None, None, None)])[0]

Service.agent.p = None
looks = Watch(Service)
def wakes(seconds): return hold.wait(looks.sources(), seconds)
"""


@BOTH
def test_a_claim_is_answered_with_the_mac_address_that_the_device_has_now(
        wire, neighbour, node, ip):
    """A bond that fails over may get another one: the old one would lead nowhere."""
    watch(node, ip)
    before, capture = wire.mac, wire.capture()
    wire.node.ip("link", "set", "eth0", "address", "02:00:00:00:00:77")
    neighbour.send(claim(ip))
    assert node.ask("wakes(5)") is True
    assert node.ask("watch.observe()") is not None
    capture.until(lambda: len(announcements(capture, wire, ip)) == FORMS[ip])
    assert [frame for _, frame in capture.frames()
            if frame[6:12] == before and frame[12:14] == b"\x08\x06"] == []


@BOTH
def test_a_socket_that_fails_is_closed_and_made_anew_at_the_look_after_the_next(
        wire, neighbour, node, ip):
    node.do(WATCH % ip)
    assert node.ask("wakes(0.05)") is False
    node.do("first = looks.sources()[0]\n"
            "os.dup2(os.open('/dev/null', os.O_RDONLY), first.fd)")  # it is no socket now
    assert node.ask("wakes(5)") is True
    assert node.ask("looks._claimed()") is None
    assert node.ask("len(looks.sources())") == 0, "nothing is polled until the next look"
    assert node.ask("wakes(0.05)") is False
    neighbour.send(claim(ip))
    assert node.ask("wakes(5)") is True
    assert node.ask("looks.sources()[0] is not first")
    assert node.ask("len(Service.agent.log.lines)") == 1


def test_a_claimant_of_the_cluster_is_named(wire, neighbour, node):
    """Its address is in corosync's nodelist, and the kernel has met its MAC address there."""
    cluster = {"node01": {"addresses": ["192.168.1.1"]}, "node02": {"addresses": ["192.168.1.2"]}}
    (wire.node.folder / "attributes.nodes").write_text(json.dumps(cluster))
    wire.neighbour.ip("address", "add", "192.168.1.2/24", "dev", "peer0")
    wire.node.run(["ping", "-c1", "-W2", "192.168.1.2"])
    mac = json.loads(wire.neighbour.ip("-json", "link", "show", "peer0"))[0]["address"]
    watch(node, V4)
    neighbour.send(claim(V4, bytes.fromhex(mac.replace(":", ""))))
    assert node.ask("wakes(5)") is True
    assert node.ask("watch.observe()").endswith(" too, %s (node02)" % mac)
    # without a cluster: the address by which it is known
    (wire.node.folder / "attributes.nodes").unlink()
    watch(node, V4)
    node.do("agent.folder.remove(claims.NOTE)")
    neighbour.send(claim(V4, bytes.fromhex(mac.replace(":", ""))))
    assert node.ask("wakes(5)") is True
    assert node.ask("watch.observe()").endswith(" too, %s (192.168.1.2)" % mac)


def test_where_nobody_can_claim_nobody_is_listened_to(wire, node):
    node.do("agent = Agent('vip')")
    assert node.ask("claims.watch(agent, link('lo'), packed('127.0.0.10'), None)") is None
    assert node.ask("agent.log.lines") == []


# ------------------------------------------------------------------------------- duplicates

@pytest.mark.alone
@BOTH
def test_who_has_an_address_is_told_at_once(wire, ip):
    wire.neighbour.ip("address", "add", PREFIX[ip], "dev", "peer0",
                      *(["nodad"] if ip == V6 else []))
    mac = json.loads(wire.neighbour.ip("-json", "link", "show", "peer0"))[0]["address"]
    node = Inside(wire.node)
    node.do("begun = time.monotonic()")
    assert node.ask("claims.duplicate(link(), packed('%s'))" % ip) == mac
    assert node.ask("time.monotonic() - begun") < 0.3


@pytest.mark.alone
@BOTH
def test_a_free_address_is_asked_for_three_times_within_a_second(wire, ip):
    capture, node = wire.capture(), Inside(wire.node)
    node.do("begun = time.monotonic()")
    assert node.ask("claims.duplicate(link(), packed('%s'))" % ip) is None
    assert 0.8 < node.ask("time.monotonic() - begun") < 1.5
    if ip == V4:  # RFC 5227 section 2.1.1
        wanted = (b"\xff" * 6 + wire.mac + b"\x08\x06" + b"\0\1\x08\0\6\4\0\1" + wire.mac
                  + b"\0" * 4 + b"\0" * 6 + packed(V4))
        sent = [frame for _, frame in capture.arp() if frame[38:42] == packed(V4)]
    else:  # RFC 4862 section 5.4.2: from no address, to the group, no option
        sent = [frame for _, frame in capture.frames() if frame[12:14] == b"\x86\xdd"
                and frame[54:55] == b"\x87" and frame[62:78] == packed(V6)]
        wanted = (b"\x33\x33\xff\0\0\x10" + wire.mac + b"\x86\xdd\x60\0\0\0\0\x18\x3a\xff"
                  + b"\0" * 16 + packed("ff02::1:ff00:10") + b"\x87\0" + sent[0][56:58]
                  + b"\0" * 4 + packed(V6))
    assert sent == [wanted] * 3


@BOTH
def test_an_address_that_only_this_node_has_is_no_duplicate(wire, node, ip):
    assert node.ask("claims.duplicate(link(), packed('%s'))" % ip) is None


@BOTH
def test_another_device_of_ours_on_the_same_wire_is_no_other_host(wire, ip):
    wire.neighbour.ip("link", "add", "wire", "type", "bridge")
    wire.neighbour.ip("link", "set", "peer0", "master", "wire")
    wire.neighbour.ip("link", "add", "peer1", "master", "wire", "type", "veth", "peer", "name",
                      "eth1")
    wire.neighbour.ip("link", "set", "eth1", "netns", str(wire.node.pid))
    for where, device in ((wire.neighbour, "peer1"), (wire.neighbour, "wire"),
                          (wire.node, "eth1")):
        where.ip("link", "set", device, "up")
    wire.node.ip("address", "add", PREFIX[ip], "dev", "eth1",
                 *(["nodad"] if ip == V6 else []))
    capture, node = wire.capture(), Inside(wire.node)
    assert node.ask("claims.duplicate(link(), packed('%s'))" % ip) is None
    capture.until(capture.frames)  # they were asked, and eth1 was among who heard it


@BOTH
def test_of_two_that_look_at_the_same_time_one_sees_the_other(wire, ip):
    """RFC 5227 section 2.1.1, RFC 4862 section 5.4.3: they do not both take the address."""
    node, other = Inside(wire.node), Inside(wire.neighbour)
    node.begin("mine = claims.duplicate(link(), packed('%s'))" % ip)
    other.do("mine = claims.duplicate(link('peer0'), packed('%s'))" % ip)
    assert node.end() is None
    seen = node.ask("mine"), other.ask("mine")
    macs = [one.ask("':'.join('%%02x' %% byte for byte in link('%s').mac)" % device)
            for one, device in ((other, "peer0"), (node, "eth0"))]
    assert seen in ((macs[0], None), (None, macs[1]), tuple(macs))


@pytest.mark.alone
@BOTH
def test_the_deadline_counts_for_the_question_too(wire, ip):
    node = Inside(wire.node)
    node.do("begun = time.monotonic()")
    assert node.ask("claims.duplicate(link(), packed('%s'), Deadline(0.2))" % ip) is None
    assert node.ask("time.monotonic() - begun") < 0.5


@pytest.mark.parametrize("device", ("lo", "down0"))
def test_where_nobody_can_be_asked_nobody_answers(wire, device):
    wire.node.ip("link", "add", "down0", "type", "veth", "peer", "name", "down1")
    node = Inside(wire.node)
    for ip in (V4, V6):
        assert node.ask("claims.duplicate(link('%s'), packed('%s'))" % (device, ip)) is None
