"""ocf:lbha:IPaddr2 when other hosts claim its address, or have it already."""

import json
import os
import signal
import time

import pytest

from tests.agent.holding import Held, until
from tests.agent.resource import DEGRADED, GENERIC, OK
from tests.agent.test_claims import FORMS, PREFIX, Neighbour, announcements, claim
from tests.agent.wire import BOTH, V4, V6, addresses, vip

MAC = "02:00:00:00:00:99"


@BOTH
def test_a_claim_is_answered_at_once_told_as_degraded_and_forgotten_by_a_stop(wire, ip):
    resource, neighbour = vip(wire, ip=ip, arp_count=0), Neighbour(wire)
    assert resource.start().code == OK
    held, capture = Held(resource, 3), wire.capture()
    sent = time.monotonic()
    neighbour.send(claim(ip), times=3)
    capture.until(lambda: len(announcements(capture, wire, ip)) == FORMS[ip], 2)
    assert time.monotonic() - sent < 2
    told = until(lambda: wire.node.attribute("lbha-vip"), held.child, 12)
    assert told == "%s on eth0: claimed by another host too, %s" % (ip, MAC)
    neighbour.send(claim(ip), times=3)
    assert resource.stop().code == OK
    assert len(announcements(capture, wire, ip)) == FORMS[ip], "one answer in ten seconds"
    assert wire.node.attribute("lbha-vip") is None
    assert resource.start().code == OK
    assert wire.node.run(["ls", "/run/lbha/IPaddr2-vip"]).stdout.count("claim") == 0


@BOTH
def test_a_claim_is_told_by_the_monitors_that_follow(wire, ip):
    resource, neighbour = vip(wire, ip=ip, degraded_code="190"), Neighbour(wire)
    assert resource.start().code == OK
    held = Held(resource, 3)
    neighbour.send(claim(ip))
    until(lambda: wire.node.run(["cat", "/run/lbha/IPaddr2-vip/claim"], check=False).stdout,
          held.child)
    os.killpg(held.pid, signal.SIGKILL)  # as Pacemaker ends a monitor in flight
    outcomes = []

    def degraded():
        outcomes.append(resource.monitor(interval=1))
        assert outcomes[-1].code in (OK, DEGRADED)
        return outcomes[-1].code == DEGRADED

    until(degraded, seconds=12)
    assert MAC in outcomes[-1].reason


@BOTH
def test_nothing_answers_a_claim_once_stop_has_returned(wire, ip):
    resource, neighbour = vip(wire, ip=ip, arp_count=1000, arp_interval=1), Neighbour(wire)
    neighbour.inside.do("import _thread\nfrom lbha.deadline import nap")
    neighbour.inside.do(
        "def keep_claiming():\n    while True: out.send(bytes.fromhex('%s')); nap(0.01)\n"
        "_thread.start_new_thread(keep_claiming, ())" % claim(ip).hex())
    capture = wire.capture()
    for _ in range(2):
        assert resource.start().code == OK
        held, before = Held(resource, 3), len(announcements(capture, wire, ip))
        wire.node.run(["rm", "-f", "/run/lbha/IPaddr2-vip/claim"])  # the next one is answered
        capture.until(lambda: len(announcements(capture, wire, ip)) > before + 5)
        assert resource.stop().code == OK
        stopped = time.monotonic()
        assert addresses(wire.node, ip) == []
        time.sleep(0.3)  # thirty claims
        last = announcements(capture, wire, ip)[-1]
        assert max(when for when, frame in capture.frames() if frame == last) < stopped
        until(lambda: not held.is_there())


@BOTH
def test_with_run_arping_an_address_that_another_host_has_is_not_added(wire, ip):
    wire.neighbour.ip("address", "add", PREFIX[ip], "dev", "peer0",
                      *(["nodad"] if ip == V6 else []))
    mac = json.loads(wire.neighbour.ip("-json", "link", "show", "peer0"))[0]["address"]
    resource, capture = vip(wire, ip=ip, run_arping="true"), wire.capture()
    outcome = resource.start()
    assert outcome.code == GENERIC
    assert ip in outcome.reason and mac in outcome.reason
    assert addresses(wire.node, ip) == []
    assert announcements(capture, wire, ip) == []
    wire.neighbour.ip("address", "del", PREFIX[ip], "dev", "peer0")
    assert resource.start().code == OK
    assert addresses(wire.node, ip)


def test_what_duplicate_address_detection_finds_is_named(wire):
    wire.neighbour.ip("address", "add", PREFIX[V6], "dev", "peer0", "nodad")
    mac = json.loads(wire.neighbour.ip("-json", "link", "show", "peer0"))[0]["address"]
    outcome = vip(wire, ip=V6, nodad="false").start()
    assert outcome.code == GENERIC
    assert mac in outcome.reason
    assert addresses(wire.node, V6) == []


@pytest.mark.parametrize("ip, hold", ((V4, 0), (V6, 0)))
def test_a_monitor_that_does_not_hold_listens_to_nobody(wire, ip, hold):
    resource, neighbour = vip(wire, ip=ip, hold=hold, arp_count=0), Neighbour(wire)
    assert resource.start().code == OK
    capture = wire.capture()
    neighbour.send(claim(ip), times=3)
    for _ in range(3):
        assert resource.monitor(interval=0.1).code == OK
    assert announcements(capture, wire, ip) == []
