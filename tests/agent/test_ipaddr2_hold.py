"""ocf:lbha:IPaddr2 while it holds: what is lost is told at once, or put back."""

import contextlib
import json
import os
import pathlib
import subprocess
import time

import pytest

from tests.agent.holding import Held, until
from tests.agent.resource import GENERIC, NOT_RUNNING, OK
from tests.agent.test_claims import announcements
from tests.agent.wire import BOTH, FOUND, V4, V6, addresses, vip

LOCK = "/run/lbha/IPaddr2-vip/lock"
AT_ONCE = 1.0  # seconds; a look without an event comes after ten


def remove(wire, ip):
    wire.node.ip("address", "del", FOUND[ip][1], "dev", "eth0")


def cut(wire):
    wire.neighbour.ip("link", "set", "peer0", "down")


def mend(wire):
    wire.neighbour.ip("link", "set", "peer0", "up")


@BOTH
@pytest.mark.parametrize("loss", ("address", "device"))
def test_a_lost_address_is_told_at_once(wire, ip, loss):
    resource = vip(wire, ip=ip)
    assert resource.start().code == OK
    held = Held(resource, 3)
    began = time.monotonic()
    if loss == "address":
        remove(wire, ip)
    else:
        wire.node.ip("link", "del", "eth0")
    code, err = held.answer()
    assert (code, time.monotonic() - began < AT_ONCE) == (NOT_RUNNING, True)
    assert "ocf-exit-reason:%s" % ip in err


def configure(wire, name):
    """Write a file as pacemaker-based does."""
    folder = pathlib.Path("/proc/%d/root/var/lib/pacemaker/cib" % wire.node.pid)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cib.new").write_text("<cib/>")
    (folder / "cib.new").rename(folder / name)


@pytest.mark.parametrize("there", ("cib.xml", "cib.xml.sig"))
def test_a_held_monitor_makes_way_when_the_cluster_is_configured_anew(wire, there):
    wire.node.run(["mount", "-t", "tmpfs", "tmpfs", "/var/lib"])
    configure(wire, there)
    resource = vip(wire, ip=V4)
    assert resource.start().code == OK
    held = Held(resource, 3)
    before = held.processor
    configure(wire, "cib-1.raw")  # a backup is no change
    until(lambda: held.processor > before)
    assert held.is_there()
    began = time.monotonic()
    configure(wire, "cib.xml")
    assert held.answer() == (OK, "")
    assert time.monotonic() - began < AT_ONCE
    assert resource.stop().code == OK


@BOTH
def test_what_happens_to_others_wakes_nobody(wire, ip):
    resource = vip(wire, ip=ip)
    assert resource.start().code == OK
    held = Held(resource, 3)
    wire.node.ip("link", "add", "other0", "type", "veth", "peer", "name", "other1")
    before = held.processor
    for number in range(20, 60):
        wire.node.ip("address", "add", "192.168.1.%d/24" % number, "dev", "eth0")
        wire.node.ip("address", "add", "fd00:1::%d/64" % number, "dev", "eth0", "nodad")
    for state in ("up", "down") * 5:
        wire.node.ip("link", "set", "other0", state)
    assert held.processor == before
    wire.node.ip("address", "add", ip + "/32", "dev", "lo")
    until(lambda: held.processor > before, held.child)
    assert held.is_there()


@BOTH
def test_a_hold_does_not_keep_a_stop_waiting(wire, ip):
    resource = vip(wire, ip=ip)
    assert resource.start().code == OK
    held = Held(resource, 3)
    outcome = resource.stop()
    assert outcome.code == OK and outcome.seconds < 3
    assert addresses(wire.node, ip) == []
    until(lambda: not held.is_there())


# --------------------------------------------------------------------------------- the link

@BOTH
def test_a_lost_link_is_told_after_link_delay(wire, ip):
    resource = vip(wire, ip=ip, check_link_status="true", link_delay="500ms")
    assert resource.start().code == OK
    held = Held(resource, 3)
    began = time.monotonic()
    cut(wire)
    code, err = held.answer()
    assert code == NOT_RUNNING and "the device has lost its carrier" in err
    assert 0.4 < time.monotonic() - began < 0.5 + AT_ONCE


@BOTH
@pytest.mark.parametrize("repair", ("false", "true"))
def test_an_address_that_goes_while_the_link_is_waited_for(wire, ip, repair):
    resource = vip(wire, ip=ip, check_link_status="true", link_delay="8", repair=repair)
    assert resource.start().code == OK
    held = Held(resource, 3)
    cut(wire)
    until(lambda: "NO-CARRIER" in wire.node.ip("link", "show", "eth0"), held.child)
    until(lambda: held._waits(4), held.child)
    began = time.monotonic()
    remove(wire, ip)
    if repair == "true":
        until(lambda: addresses(wire.node, ip) == [FOUND[ip]], held.child)
        mend(wire)
        until(lambda: held._waits(3), held.child)
        return
    code, err = held.answer()
    assert (code, time.monotonic() - began < AT_ONCE) == (NOT_RUNNING, True)
    assert "is not there" in err


@BOTH
def test_news_that_change_nothing_do_not_keep_it_awake_while_the_link_is_waited_for(wire, ip):
    resource = vip(wire, ip=ip, check_link_status="true", link_delay="2")
    assert resource.start().code == OK
    held = Held(resource, 3)
    used = [held.processor]
    cut(wire)
    until(lambda: held._waits(4), held.child)
    wire.node.ip("link", "set", "eth0", "mtu", "1400")
    while held.is_there():
        used.append(held.processor)
        time.sleep(0.05)
    assert used[-1] - used[0] < 0.3
    code, err = held.answer()
    assert code == NOT_RUNNING and "the device has lost its carrier" in err


def test_nobody_waits_for_a_link_when_the_answer_has_no_reader(wire):
    resource = vip(wire, ip=V4, check_link_status="true", link_delay="50")
    assert resource.start().code == OK
    held = Held(resource, 3)
    cut(wire)
    until(lambda: held._waits(4), held.child)
    held.child.stderr.close()
    until(lambda: not held.is_there())


@BOTH
def test_a_link_that_comes_back_in_time_is_no_failure(wire, ip):
    resource = vip(wire, ip=ip, check_link_status="true", link_delay="3s")
    assert resource.start().code == OK
    held = Held(resource, 3)
    for _ in range(3):
        cut(wire)
        until(lambda: "NO-CARRIER" in wire.node.ip("link", "show", "eth0"), held.child)
        mend(wire)
    until(lambda: "LOWER_UP" in wire.node.ip("link", "show", "eth0"), held.child)
    until(lambda: held._waits(3), held.child)
    assert resource.probe().code == OK
    remove(wire, ip)
    assert held.answer()[0] == NOT_RUNNING


@BOTH
def test_without_check_link_status_a_lost_link_is_only_told(wire, ip):
    resource = vip(wire, ip=ip)
    assert resource.start().code == OK
    held = Held(resource, 3)
    cut(wire)
    told = until(lambda: wire.node.attribute("lbha-vip"), held.child, 12)
    assert ip in told and "no carrier" in told
    mend(wire)
    until(lambda: wire.node.attribute("lbha-vip") is None, held.child, 12)
    assert held.is_there()


@BOTH
@pytest.mark.parametrize("check", ("true", "false"))
def test_a_carrier_that_comes_when_the_announcer_has_given_up_is_announced(wire, ip, check):
    cut(wire)
    until(lambda: "NO-CARRIER" in wire.node.ip("link", "show", "eth0"))
    resource = vip(wire, ip=ip, nic="eth0", cidr_netmask=FOUND[ip][1].split("/")[1],
                   check_link_status=check)
    assert resource.start().code == OK
    # as after a minute
    wire.node.run(["sh", "-c", "kill -9 $(cut -d ' ' -f 1 /run/lbha/IPaddr2-vip/announcer)"])
    assert resource.monitor().code == OK
    capture = wire.capture()
    mend(wire)
    until(lambda: "LOWER_UP" in wire.node.ip("link", "show", "eth0"))
    assert announcements(capture, wire, ip) == []
    assert resource.monitor().code == OK
    capture.until(lambda: announcements(capture, wire, ip))
    assert resource.stop().code == OK
    heard = len(announcements(capture, wire, ip))
    time.sleep(0.5)
    assert len(announcements(capture, wire, ip)) == heard


def members(wire, **online):
    """The nodes of the cluster, and whether they are online."""
    wire.node.attributes.with_name("attributes.nodes").write_text(
        json.dumps({name: {"online": is_so} for name, is_so in online.items()}))


def test_where_the_link_was_lost_a_start_is_refused_once(wire):
    members(wire, node01=True, node02=True)
    resource = vip(wire, ip=V4, check_link_status="true", link_delay="0")
    assert resource.start().code == OK
    cut(wire)
    until(lambda: "NO-CARRIER" in wire.node.ip("link", "show", "eth0"))
    assert resource.monitor().code == NOT_RUNNING
    assert resource.stop().code == OK
    refused = resource.start()
    assert refused.code == GENERIC and "no carrier, and another node may have one" in (
        refused.reason)
    assert resource.stop().code == OK
    assert resource.start().code == OK, "the cluster wants it here all the same"
    assert resource.monitor().code == OK, "it never had a carrier since"
    mend(wire)
    until(lambda: "LOWER_UP" in wire.node.ip("link", "show", "eth0"))
    assert resource.monitor().code == OK
    cut(wire)
    until(lambda: "NO-CARRIER" in wire.node.ip("link", "show", "eth0"))
    assert resource.monitor().code == NOT_RUNNING


@pytest.mark.parametrize("ago, code", ((55, GENERIC), (65, OK)))
def test_a_lost_link_counts_for_a_minute(wire, ago, code):
    members(wire, node01=True, node02=True)
    resource = vip(wire, ip=V4, check_link_status="true", link_delay="0")
    assert resource.start().code == OK
    cut(wire)
    until(lambda: "NO-CARRIER" in wire.node.ip("link", "show", "eth0"))
    assert resource.monitor().code == NOT_RUNNING
    assert resource.stop().code == OK
    wire.node.run(["sh", "-c", "echo %.3f > /run/lbha/IPaddr2-vip/link-lost"
                   % (time.monotonic() - ago)])
    assert resource.start().code == code


@pytest.mark.parametrize("nodes", ({"node01": True, "node02": False}, {}), ids=str)
def test_a_node_that_is_alone_starts_where_the_link_was_lost(wire, nodes):
    if nodes:
        members(wire, **nodes)
    resource = vip(wire, ip=V4, check_link_status="true", link_delay="0")
    assert resource.start().code == OK
    cut(wire)
    until(lambda: "NO-CARRIER" in wire.node.ip("link", "show", "eth0"))
    assert resource.monitor().code == NOT_RUNNING
    assert resource.stop().code == OK
    assert resource.start().code == OK
    assert addresses(wire.node, V4) == [FOUND[V4]]


@pytest.mark.parametrize("failure, code", (
    ("vip_start_0", OK), ("vip_monitor_1000", GENERIC), ("vip2_start_0", GENERIC)))
def test_nobody_waits_for_a_node_where_a_start_failed(wire, failure, code):
    """Both links went, one after the other: two refusals would leave the address nowhere."""
    wire.node.attributes.with_name("attributes.nodes").write_text(json.dumps(
        {"node01": {}, "node02": {"failures": [failure]}}))
    resource = vip(wire, ip=V4, check_link_status="true", link_delay="0")
    assert resource.start().code == OK
    cut(wire)
    until(lambda: "NO-CARRIER" in wire.node.ip("link", "show", "eth0"))
    assert resource.monitor().code == NOT_RUNNING
    assert resource.stop().code == OK
    assert resource.start().code == code


# ----------------------------------------------------------------------------------- repair

@BOTH
def test_a_removed_address_is_put_back_three_times_a_minute(wire, ip):
    resource = vip(wire, ip=ip, repair="true", iflabel="web", arp_count=1)
    assert resource.start().code == OK
    held = Held(resource, 3)
    for _ in range(3):
        remove(wire, ip)
        until(lambda: addresses(wire.node, ip) == [FOUND[ip]], held.child)
    until(lambda: held._waits(3), held.child)
    remove(wire, ip)
    code, err = held.answer()
    assert code == NOT_RUNNING
    assert err.count("putting it back") == 3
    assert resource.monitor().code == NOT_RUNNING
    assert resource.stop().code == OK
    assert resource.start().code == OK
    remove(wire, ip)
    assert resource.monitor().code == OK, "a start begins anew, and a classic monitor repairs"
    assert addresses(wire.node, ip) == [FOUND[ip]]


@pytest.mark.parametrize("ago, code", ((55, NOT_RUNNING), (65, OK)))
def test_repairs_count_for_a_minute(wire, ago, code):
    resource = vip(wire, ip=V4, repair="true")
    assert resource.start().code == OK
    then = "%.3f" % (time.monotonic() - ago)
    wire.node.run(["sh", "-c", "echo 'repairs=%s' >> /run/lbha/IPaddr2-vip/record"
                   % " ".join([then] * 3)])
    remove(wire, V4)
    assert resource.monitor().code == code


@BOTH
def test_a_repair_that_somebody_else_was_quicker_with_is_a_success(wire, ip):
    resource = vip(wire, ip=ip, repair="true")
    assert resource.start().code == OK
    remove(wire, ip)
    holder = wire.node.popen(["flock", LOCK, "sh", "-c", "echo held; exec cat"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    child = resource.popen("monitor", interval=10)
    until(lambda: has_open(child.pid, LOCK), child)  # it has looked, and waits
    wire.node.ip("address", "add", FOUND[ip][1], "dev", "eth0",
                 *(["nodad"] if ip == V6 else []))
    holder.communicate()
    _, err = child.communicate(timeout=10)
    assert (child.returncode, "cannot" in err) == (OK, False), err
    assert addresses(wire.node, ip) == [FOUND[ip]]


def has_open(pid, path):
    """Whether a process has a file open."""
    for fd in os.listdir("/proc/%d/fd" % pid):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            if os.readlink("/proc/%d/fd/%s" % (pid, fd)) == path:
                return True
    return False


def test_a_repaired_address_is_announced(wire):
    resource = vip(wire, ip=V4, repair="true", arp_count=1)
    assert resource.start().code == OK
    held = Held(resource, 3)
    capture = wire.capture()
    remove(wire, V4)
    capture.until(lambda: [f for _, f in capture.arp() if f[28:32] == b"\xc0\xa8\1\x0a"])
    assert held.is_there()


@BOTH
@pytest.mark.parametrize("state", ("stopped", "stopping", "probed", "downed"))
def test_what_a_repair_must_not_bring_back(wire, ip, state):
    resource = vip(wire, ip=ip, repair="true")
    assert resource.start().code == OK
    record = "/run/lbha/IPaddr2-vip/record"
    if state == "stopped":
        assert resource.stop().code == OK
    else:
        remove(wire, ip)
    if state == "stopping":
        wire.node.run(["sh", "-c", "echo stopping=1 >> " + record])
    if state == "downed":
        wire.node.ip("link", "set", "eth0", "down")
    outcome = resource.probe() if state == "probed" else resource.monitor()
    assert outcome.code == NOT_RUNNING
    assert addresses(wire.node, ip) == []


def test_an_address_that_another_host_took_meanwhile_is_not_put_back(wire):
    resource = vip(wire, ip=V6, nodad="false", repair="true")
    assert resource.start().code == OK
    remove(wire, V6)
    wire.neighbour.ip("address", "add", V6 + "/64", "dev", "peer0", "nodad")
    outcome = resource.monitor()
    assert outcome.code == NOT_RUNNING
    assert "has the address" in outcome.err
    assert addresses(wire.node, V6) == []
