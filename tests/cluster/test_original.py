"""Sessions in the guide's own cluster: with one HAProxy at a time, no table outlives it."""

import pytest

from tests.lab import guide, original, sticky


@pytest.fixture(scope="module")
def guide_s(configured):
    """The lab with the guide's resources, and haproxy.cfg with a stick table; later as before."""
    with sticky.installed(list(configured.nodes.values())):
        before = original.configure(configured.cluster)
        yield configured
        original.restore(configured.cluster, before)
    guide.wait_settled(configured.cluster, 60)


def kill(lab, node):
    original.kill_haproxy(node)


def standby(lab, node):
    lab.cluster.pcs("node", "standby", node.name)


@pytest.mark.parametrize("fail", [kill, standby])
def test_a_failover_loses_every_session(guide_s, fail):
    original.wait_settled(guide_s.cluster, 60)
    active = guide_s.nodes[guide_s.cluster.status().started("ipaddr")[0]]
    visitors = guide_s.visitors()
    first = visitors.visit()
    assert not first.missed
    again = visitors.visit(before=first)
    assert again.answers == first.answers, guide_s.cluster.status()
    assert sticky.table(active, original.SOCKET).keys() == first.answers.keys()
    fail(guide_s, active)
    guide_s.cluster.wait(
        "HAProxy and the VIP have left " + active.name, lambda status: (
            len(status.started("haproxy")) == 1
            and status.started("ipaddr") == status.started("haproxy") != [active.name]), 60)
    after = visitors.visit(before=first)
    guide_s.cluster.pcs("node", "unstandby", active.name)
    guide_s.cluster.pcs("resource", "cleanup")
    print("%s: %s" % (fail.__name__, after.share(first)))
    assert not after.missed
    assert after.kept(first) == 0
