"""Fencing by the real cluster: the power log of the lab says what happened to the nodes."""

import contextlib
import time

import pytest

from tests.lab import guide

FENCED = ["off asked", "off", "on asked", "on"]


@pytest.fixture
def nodes(lab):
    """(the node that will be lost, the one that has the address and survives)."""
    active = lab.cluster.status().started("vip")[0]
    lost = next(name for name in lab.nodes if name != active)
    return lab.nodes[lost], lab.nodes[active]


@contextlib.contextmanager
def fenced(lab, node, events=FENCED):
    """A block that makes a node be fenced; afterwards exactly these events are in the log."""
    since = time.time()
    yield
    lab.power_log.wait(node.name, "on", since, 90)
    node.wait_booted()
    assert [(one.node, one.event) for one in lab.power_log.events(since=since)] == [
        (node.name, event) for event in events]
    lab.cluster.start_node(node)
    guide.wait_settled(lab.cluster, 90)
    lab.cluster.pcs("stonith", "history", "cleanup")
    lab.cluster.pcs("resource", "cleanup")


def test_a_node_whose_corosync_is_stopped(lab, nodes):
    lost, _ = nodes
    pid = lost.run(["pidof", "corosync"]).out.strip()
    with fenced(lab, lost):
        lost.run(["kill", "-STOP", pid])


def test_a_node_that_has_no_power_already(lab, nodes):
    lost, _ = nodes
    with fenced(lab, lost):  # the first two events are ours: there was nothing left to cut
        lost.power_off()


def test_a_dead_bmc_leaves_time_for_the_second_device(lab, nodes):
    """Both tries of the first device, and the second, within the 60 s of Pacemaker."""
    lost, survivor = nodes
    device = "fence1" if lost.name == "node01" else "fence2"
    address = "192.168.0.11" + lost.name[-1]
    pcs = lab.cluster.pcs
    pcs("stonith", "create", "dead", "fence_pyipmi", "pcmk_host_list=" + lost.name,
        "ip=" + address, "ipport=6999", "username=pacemaker", "password=ipmipass1",
        "--disabled")
    pcs("constraint", "location", "dead", "avoids", lost.name)
    try:
        pcs("stonith", "level", "add", "1", lost.name, "dead")
        pcs("stonith", "level", "add", "2", lost.name, device)
        # its monitor fails, which does not keep Pacemaker from fencing with it
        pcs("resource", "enable", "dead")
        lab.cluster.wait("the dead device is known to be one", lambda status: any(
            one.operation.startswith("dead_start") for one in status.failures), 60)
        began = time.time()
        with fenced(lab, lost):
            lost.freeze()
            off = lab.power_log.wait(lost.name, "off", began, 60)
        print("off %.1f s after the freeze, by the second device" % (off.time - began))
        assert off.time - began < 35
        log = survivor.run(["grep", "-h", "-e", "does not answer on port 6999",
                            "/var/log/pacemaker/pacemaker.log"]).out
        assert "BMC %s does not answer on port 6999 within" % address in log
    finally:
        pcs("stonith", "level", "clear", check=False)
        pcs("stonith", "delete", "dead", check=False)
        pcs("resource", "cleanup", check=False)


def test_a_bmc_that_hangs_is_not_taken_for_a_fenced_node(lab, nodes):
    lost, survivor = nodes
    bmc = lab.bmcs[lost.name]
    since = time.time()
    bmc.hang()
    try:
        found = survivor.run(["stonith_admin", "--fence", lost.name, "--timeout", "40"],
                             timeout=120, check=False)
        assert found.code != 0
        assert lost.is_on() and lab.power_log.events(since=since) == []
    finally:
        bmc.hang(False)
    lab.cluster.pcs("stonith", "history", "cleanup")
