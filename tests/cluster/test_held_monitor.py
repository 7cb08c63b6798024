"""Held monitors under a real Pacemaker: seen at once, and nobody waits for them."""

import time

import pytest

from tests.lab.story import kill_haproxy
from tests.lab.wait import wait

HELD = 2.0  # seconds after which a monitor in flight is surely a held one


def monitors(node):
    """Seconds that HAProxy's monitors have been in flight on a node."""
    lines = node.run(["ps", "-e", "-o", "etimes=,args="]).out.splitlines()
    return [int(line.split()[0]) for line in lines if "/lbha/haproxy monitor" in line]


@pytest.fixture
def held(lab):
    """The lab at a moment when the active node holds a monitor."""
    node = lab.nodes[lab.cluster.status().started("vip")[0]]
    wait("a monitor is held on " + node.name,
         lambda: [age for age in monitors(node) if age >= HELD], 45)
    return lab, node


def test_a_kill_is_seen_at_once(held):
    lab, node = held
    with lab.meter() as client:
        began = time.time()
        kill_haproxy(node)
        status = lab.cluster.wait(
            "the failure is recorded", lambda status: [
                f for f in status.failures if f.operation.startswith("haproxy_monitor")], 10)
        lab.cluster.wait("HAProxy is back", lambda status: len(status.started("haproxy")) == 2, 20)
    failure = [f for f in status.failures if f.operation.startswith("haproxy_monitor")][0]
    assert "gone" in failure.reason or "master" in failure.reason
    outages = [(round(a - began, 3), round(b - began, 3)) for a, b in client.report.outages]
    print("outages", outages)
    assert client.report.longest_outage < 1.0, outages
    lab.cluster.pcs("resource", "cleanup")


@pytest.mark.parametrize("words", [
    ("resource", "disable", "haproxy-clone"),
    ("resource", "update", "haproxy", "socket_timeout=2s"),
    ("resource", "refresh", "haproxy-clone"),
    ("node", "standby"),
])
def test_nobody_waits_for_a_held_monitor(held, words):
    lab, node = held
    if words[-1] == "standby":
        words += (node.name,)
    began = time.monotonic()
    lab.cluster.pcs(*words)
    lab.cluster.member().run(["crm_resource", "--wait"], timeout=60)
    seconds = time.monotonic() - began
    lab.cluster.pcs("resource", "enable", "haproxy-clone")
    lab.cluster.pcs("resource", "update", "haproxy", "socket_timeout=")
    lab.cluster.pcs("node", "unstandby", node.name)
    print("%s: %.2f s" % (" ".join(words), seconds))
    # crm_resource --wait looks every two seconds; a hold would be sixty
    assert seconds < 8
