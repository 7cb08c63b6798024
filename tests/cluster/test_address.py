"""The address under a real Pacemaker: in the stock agent's place, without links, orphaned."""

import time

import pytest

from tests.cluster.conftest import settle
from tests.cluster.test_held_monitor import HELD
from tests.lab.wait import wait

VIP = "192.168.1.10"
OLD, OLD_IP = "old", "192.168.1.50"


def holders(lab, ip):
    """The nodes that have an address."""
    return [node.name for node in lab.nodes.values()
            if " %s/" % ip in node.run(["ip", "-o", "address"]).out]


def held_monitors(node):
    """The pids of the address's monitors that hold on a node."""
    lines = node.run(["ps", "-e", "-o", "pid=,etimes=,args="]).out.splitlines()
    return [line.split()[0] for line in lines
            if "/lbha/IPaddr2 monitor" in line and int(line.split()[1]) >= HELD]


@pytest.fixture
def changed(lab):
    """Changes a parameter of the address, for this test."""
    before = {}

    def change(name, value):
        before.setdefault(name, lab.cluster.member().run(
            ["crm_resource", "--resource", "vip", "--get-parameter", name], check=False
        ).out.strip())
        lab.cluster.pcs("resource", "update", "vip", "%s=%s" % (name, value))
        settle(lab)

    yield change
    for setting in before.items():
        lab.cluster.pcs("resource", "update", "vip", "%s=%s" % setting)
    lab.cluster.pcs("resource", "manage", "vip")
    lab.cluster.pcs("resource", "enable", "vip")
    lab.cluster.pcs("resource", "cleanup")
    settle(lab)


@pytest.fixture
def stock(lab):
    """An address of ocf:heartbeat:IPaddr2 beside the others."""
    lab.cluster.pcs("resource", "create", OLD, "ocf:heartbeat:IPaddr2", "ip=" + OLD_IP,
                    "cidr_netmask=24", "nic=eno2", "arp_count=3", "arp_sender=send_arp",
                    "op", "monitor", "interval=2s", "timeout=20s")
    lab.cluster.wait("the stock agent has started it", lambda status: status.started(OLD), 30)
    yield lab
    # what is deleted while it is still unknown after a cleanup is not stopped
    lab.cluster.wait_idle()
    lab.cluster.pcs("resource", "delete", OLD)
    lab.cluster.wait_idle()
    assert holders(lab, OLD_IP) == []


def test_the_provider_alone_is_changed(stock):
    before = holders(stock, OLD_IP)
    stock.cluster.member().run([
        "cibadmin", "--modify", "--xml-text",
        '<primitive id="%s" class="ocf" provider="lbha" type="IPaddr2"/>' % OLD])
    stock.cluster.wait_idle()
    node = stock.nodes[before[0]]
    wait("our agent has started it", lambda: "ip=" + OLD_IP in node.run(
        ["cat", "/run/lbha/IPaddr2-%s/record" % OLD], check=False).out, 30)
    status = stock.cluster.status()
    assert status.failures == ()
    assert status.started(OLD) == before == holders(stock, OLD_IP)
    stock.cluster.pcs("resource", "update", OLD, "op", "monitor", "interval=1s", "timeout=60s")
    wait("its monitor holds", lambda: len(held_monitors(node)) >= 1, 45)
    node.run(["ip", "address", "del", OLD_IP + "/24", "dev", "eno2"])
    wait("our monitor has it brought back", lambda: holders(stock, OLD_IP) == before, 20)
    stock.cluster.pcs("resource", "cleanup")


@pytest.mark.parametrize("check", ("false", "true"))
def test_all_links_are_down_and_come_back(lab, changed, check):
    changed("check_link_status", check)
    cables = ["service-" + name for name in lab.nodes]
    try:
        for cable in cables:
            lab.network.cut(cable)
        time.sleep(20)  # that long nobody is reached, whatever the cluster tries
    finally:
        for cable in cables:
            lab.network.restore(cable)
    began = time.monotonic()
    with lab.meter() as client:
        wait("the address serves", lambda: len(holders(lab, VIP)) == 1
             and lab.cluster.status().started("vip"), 30)
        # HAProxy has to see its servers again, too
        wait("the web servers answer through it", lambda: not lab.client.run(
            ["curl", "--silent", "--fail", "--max-time", "2", "http://%s/" % VIP],
            check=False).code, 30)
        served = time.time()
        time.sleep(1)
    print("check_link_status=%s: %s" % (check, client.report))
    late = [answer for answer in client.report.requests if answer.began > served]
    assert late and all(answer.outcome == "ok" for answer in late)
    assert time.monotonic() - began < 40


def test_a_link_that_only_one_node_lost_moves_the_address(lab, changed):
    changed("check_link_status", "true")
    active = lab.cluster.status().started("vip")[0]
    wait("a monitor holds", lambda: held_monitors(lab.nodes[active]), 45)
    began = time.monotonic()
    lab.network.cut("service-" + active)
    try:
        lab.cluster.wait("the address has left " + active, lambda status: status.started(
            "vip") and status.started("vip") != [active], 30)
        seconds = time.monotonic() - began
        print("moved after %.1f s" % seconds)
        assert seconds < 10, "the gateway's score alone takes longer"
        assert holders(lab, VIP) == lab.cluster.status().started("vip")
    finally:
        lab.network.restore("service-" + active)


@pytest.mark.parametrize("how", ("disable", "force-stop"))
def test_an_orphaned_monitor_brings_no_address_back(lab, unfenced, changed, how):
    changed("repair", "true")
    active = lab.nodes[lab.cluster.status().started("vip")[0]]
    wait("a monitor holds", lambda: held_monitors(active), 45)
    executor, = active.run(["pidof", "pacemaker-execd"]).out.split()
    if how == "disable":
        active.run(["kill", "-9", executor])
        lab.cluster.pcs("resource", "disable", "vip")
    else:
        lab.cluster.pcs("resource", "unmanage", "vip")
        active.run(["kill", "-9", executor])
        active.run(["crm_resource", "--force-stop", "--resource", "vip"], timeout=60)
    wait("the address is nowhere", lambda: holders(lab, VIP) == [], 30)
    for _ in range(20):
        assert holders(lab, VIP) == []
        time.sleep(0.25)
