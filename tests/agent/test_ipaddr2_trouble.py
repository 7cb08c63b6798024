"""ocf:lbha:IPaddr2 when things go wrong: duplicates, no carrier, crowds, kills, no rights."""

import json
import subprocess
import time

import pytest

from tests import paths
from tests.agent.resource import GENERIC, NOT_RUNNING, OK, PERM
from tests.agent.wire import BOTH, FOUND, V4, V6, addresses, info, vip


def test_duplicate_address_detection_is_waited_for_and_not_longer(wire):
    resource = vip(wire, ip=V6, nodad="false")
    starting = resource.popen("start")
    wire.capture().until(lambda: addresses(wire.node, V6))
    assert info(wire.node, V6).get("tentative")
    assert starting.poll() is None
    _, err = starting.communicate(timeout=20)
    assert starting.returncode == OK, err
    assert not info(wire.node, V6).get("tentative")


def test_an_address_that_another_host_has_is_taken_away_again(wire):
    wire.neighbour.ip("address", "add", V6 + "/64", "dev", "peer0", "nodad")
    resource = vip(wire, ip=V6, nodad="false")
    outcome = resource.start()
    assert outcome.code == GENERIC
    mac = json.loads(wire.neighbour.ip("-json", "link", "show", "peer0"))[0]["address"]
    assert V6 in outcome.reason and mac + " has the address" in outcome.reason
    assert addresses(wire.node, V6) == []
    assert resource.probe().code == NOT_RUNNING
    assert resource.stop().code == OK


def test_a_failed_detection_is_no_running_address(wire):
    wire.neighbour.ip("address", "add", V6 + "/64", "dev", "peer0", "nodad")
    wire.node.ip("address", "add", V6 + "/64", "dev", "eth0")
    wire.capture().until(lambda: info(wire.node, V6).get("dadfailed"))
    resource = vip(wire, ip=V6)
    assert resource.probe().code == GENERIC
    assert "another host" in resource.monitor().reason
    assert resource.stop().code == OK
    assert addresses(wire.node, V6) == []


@BOTH
def test_without_carrier_it_starts_and_the_cluster_is_told(wire, ip):
    wire.neighbour.ip("link", "set", "peer0", "down")
    wire.node.ip("link", "set", "eth0", "down")  # from here on it never had one
    resource = vip(wire, ip=ip, nodad="false", nic="eth0",
                   cidr_netmask=FOUND[ip][1].split("/")[1])
    assert resource.start().code == OK
    assert ":" not in ip or info(wire.node, ip)["tentative"]
    began = time.monotonic()
    while not wire.node.attributes.exists():
        assert resource.monitor().code == OK
        assert time.monotonic() < began + 15
    told = wire.node.attributes.read_text()
    assert told.startswith("set\tlbha-vip\t") and ip in told and "carrier" in told
    wire.neighbour.ip("link", "set", "peer0", "up")
    wire.capture().until(lambda: not info(wire.node, ip).get("tentative"))
    assert resource.monitor().code == OK
    assert wire.node.attributes.read_text().splitlines()[-1].startswith("delete\tlbha-vip")


def test_a_detection_after_the_return_of_the_carrier_is_no_failure(wire):
    wire.node.run(["sh", "-c", "echo 3 > /proc/sys/net/ipv6/conf/eth0/dad_transmits"])
    wire.neighbour.ip("link", "set", "peer0", "down")
    wire.node.ip("link", "set", "eth0", "down")
    resource = vip(wire, ip=V6, nodad="false", nic="eth0", cidr_netmask=64)
    assert resource.start().code == OK
    capture = wire.capture()
    wire.neighbour.ip("link", "set", "peer0", "up")
    capture.until(lambda: "LOWER_UP" in wire.node.ip("link", "show", "eth0"))
    for look in (resource.monitor, resource.probe):
        outcome = look()
        assert (outcome.code, outcome.reason) == (OK, None)
    assert info(wire.node, V6)["tentative"], "it goes on: the looks came while it did"
    assert resource.start().code == OK
    assert not info(wire.node, V6).get("tentative"), "a start waits for its end"


def test_twenty_at_once_on_one_device(wire):
    resources = [vip(wire, "vip%d" % number, ip="192.168.1.%d" % (100 + number))
                 for number in range(20)]
    for action, number in (("start", 21), ("monitor", 21), ("stop", 1)):
        running = [resource.popen(action, interval=10) for resource in resources]
        outcomes = [(child.communicate(timeout=30)[1], child.returncode) for child in running]
        assert [code for _, code in outcomes] == [OK] * 20, outcomes
        assert len([text for device, text in addresses(wire.node)
                    if device == "eth0" and text.startswith("192.")]) == number


@pytest.mark.alone
def test_two_hundred_on_one_device_do_not_wait_for_each_other(wire):
    """Each while the announcers of all that were before it are at work."""
    ips = ["192.168.1.%d" % number for number in range(50, 250)]
    crowd = [vip(wire, "vip" + ip, ip=ip, hold=0) for ip in ips]
    for action in ("start", "monitor", "stop"):
        outcomes = [getattr(resource, action)() for resource in crowd]
        assert {outcome.code for outcome in outcomes} == {OK}
        times = sorted(outcome.seconds for outcome in outcomes)
        assert times[-1] < 0.5, times[-5:]
        assert [found[0] for found in (addresses(wire.node, ip) for ip in ips) if found] == [
            ("eth0", ip + "/24") for ip in ips if action != "stop"]


@BOTH
def test_root_without_the_capability(wire, ip):
    resource = vip(wire, ip=ip)
    environment = resource.environment(None, 20, 0, {})
    ended = wire.node.run(
        ["env", "-i", *("%s=%s" % pair for pair in environment.items()), "setpriv",
         "--bounding-set", "-net_admin", "/usr/bin/python3", "-IS",
         str(paths.agent("IPaddr2")), "start"], check=False)
    assert ended.returncode == PERM and ip in ended.stderr
    assert addresses(wire.node, ip) == []


# what tells the kernel or the neighbours, writes and removes files, makes the announcer,
# takes locks: between two of these nothing changes
SYSTEM_CALLS = ("sendto", "write", "pwrite64", "ftruncate", "flock", "/^rename", "/^unlink",
                "/^mkdir", "/^clone", "socket", "bind", "setsockopt", "kill")


@BOTH
@pytest.mark.parametrize("call", SYSTEM_CALLS)
def test_killed_in_start_or_stop_what_is_left_can_be_stopped_and_started(wire, ip, call):
    """The agent is killed at every further system call of a kind until it gets through."""
    resource = vip(wire, ip=ip, arp_count=2)
    struck = 0
    for action, wanted in (("start", [FOUND[ip]]), ("stop", [])):
        for number in range(1, 60):
            if not killed_at(resource, action, call, number):
                break
            there = addresses(wire.node, ip)
            assert resource.probe().code == (OK if there else NOT_RUNNING)
            assert resource.stop().code == OK
            assert addresses(wire.node, ip) == []
            assert resource.start().code == OK
            assert addresses(wire.node, ip) == [FOUND[ip]]
            if action == "start":
                assert resource.stop().code == OK
        else:
            pytest.fail("%s never got through" % action)
        struck += number - 1
        assert addresses(wire.node, ip) == wanted
    assert struck, "no such system call: nothing was tested"


def killed_at(resource, action, call, number):
    """Run an action that gets SIGKILL at the given system call; whether it came that far."""
    environment = resource.environment(None, 20, 0, {})
    child = resource.namespace.popen(
        ["env", "-i", *("%s=%s" % pair for pair in environment.items()),
         "strace", "-o", "/dev/null", "-e", "trace=" + call, "-e",
         "inject=%s:signal=KILL:when=%d" % (call, number),
         "/usr/bin/python3", "-IS", str(paths.agent("IPaddr2")), action],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return child.wait(timeout=30) != OK


@BOTH
def test_a_full_disk_fails_no_monitor(wire, ip):
    wire.neighbour.ip("link", "set", "peer0", "down")
    resource = vip(wire, ip=ip, nic="eth0", cidr_netmask=FOUND[ip][1].split("/")[1],
                   check_link_status="true", arp_count_refresh=1)
    assert resource.start().code == OK
    wire.node.run(["sh", "-c", "mount -o remount,size=256k /run/lbha; cd /run/lbha; "
                   ": >IPaddr2-vip/reserve; ! cat /dev/zero >filler"])
    wire.neighbour.ip("link", "set", "peer0", "up")
    wire.capture()
    for mode in ("700", "700", "777"):  # and a folder that is not to be trusted
        wire.node.run(["chmod", mode, "/run/lbha"])
        outcome = resource.monitor()
        assert outcome.code == OK, outcome
    assert resource.stop().code == OK
    assert addresses(wire.node, ip) == []


def test_an_address_that_is_adopted_on_a_device_that_is_down(wire):
    wire.node.ip("address", "add", FOUND[V4][1], "dev", "eth0")
    wire.node.ip("link", "set", "eth0", "down")
    capture = wire.capture()
    resource = vip(wire, ip=V4, nic="eth0", cidr_netmask=24)
    assert resource.start().code == OK
    assert ",UP" in wire.node.ip("link", "show", "eth0")
    capture.until(lambda: [f for _, f in capture.arp() if f[6:12] == wire.mac])
    assert resource.stop().code == OK
