"""ocf:lbha:IPaddr2: what every action answers in every situation, cell by cell.

The table of the contract that all agents keep: a probe and a monitor tell what is found, a
stop never fails because of the configuration.
"""

import pytest

from tests import paths
from tests.agent.resource import CONFIGURED, GENERIC, INTERPRETER, NOT_RUNNING, OK, PERM
from tests.agent.wire import BOTH, FOUND, addresses, vip

BAD_ADDRESSES = {
    "192.168.1.10": ("192.168.1", "192.168.001.010", "0.0.0.0", "0.1.2.3", "224.0.0.18",
                     "255.255.255.255", "127.0.0.1", "192.168.1.10/24", "192.168.1.10 ", "a.b"),
    "fd00:1::10": (":::::", "1:2", "::", "::1", "ff02::1", "fd00::1%eth0", "fd00:1::10/64",
                   "fd00:1::g", "fe80::10")}
PREFIX = {"192.168.1.10": 24, "fd00:1::10": 64}


def act(wire, *words):
    """ip(8) on the node."""
    wire.node.ip(*words)


def veth(wire, name):
    act(wire, "link", "add", name, "type", "veth", "peer", "name", name + "x")
    act(wire, "link", "set", name, "up")


def add(wire, ip, prefix, device):
    act(wire, "address", "add", "%s/%d" % (ip, prefix), "dev", device,
        *(["nodad"] if ":" in ip else []))


# what a node may be like before start:
# name: (parameters, what is done, codes of validate-all, start, then monitor and probe)
def before(ip):
    prefix, full = PREFIX[ip], 128 if ":" in ip else 32
    nic = {"nic": "eth0", "cidr_netmask": prefix}
    other = "fd00:2::10" if ":" in ip else "10.0.0.10"
    net = "fd00:2::/64" if ":" in ip else "10.0.0.0/24"
    return {
        "all is well": ({}, [], OK, OK, OK),
        "everything said": (nic, [], OK, OK, OK),
        "the nic is down": (nic, [lambda w: act(w, "link", "set", "eth0", "down")], OK, OK, OK),
        "the link is down": (nic, [lambda w: w.neighbour.ip("link", "set", "peer0", "down")],
                             OK, OK, OK),
        "no such nic": ({"nic": "eth7"}, [], GENERIC, GENERIC, NOT_RUNNING),
        "no such nic, with prefix": ({"nic": "eth7", "cidr_netmask": prefix}, [], GENERIC,
                                     GENERIC, NOT_RUNNING),
        "an alternative name": ({"nic": "an-alternative-name-of-the-device"}, [
            lambda w: act(w, "link", "property", "add", "dev", "eth0", "altname",
                          "an-alternative-name-of-the-device")], OK, OK, OK),
        "no route": ({"ip": other}, [], GENERIC, GENERIC, NOT_RUNNING),
        "no route on the nic": ({"ip": other, "nic": "eth0"}, [], GENERIC, GENERIC, NOT_RUNNING),
        "a default route only": ({"ip": other}, [
            lambda w: act(w, "route", "add", "default", "via", "fd00:1::99" if ":" in ip else
                          "192.168.1.99")], GENERIC, GENERIC, NOT_RUNNING),
        "two routes": ({"ip": other}, [
            lambda w: veth(w, "eth1"), lambda w: act(w, "route", "add", net, "dev", "eth0",
                                                     "metric", "500"),
            lambda w: act(w, "route", "add", net, "dev", "eth1", "metric", "100")], OK, OK, OK),
        "no such namespace": (dict(nic, network_namespace="missing"), [], GENERIC, GENERIC,
                              NOT_RUNNING),
        "it is there": ({}, [lambda w: add(w, ip, prefix, "eth0")], OK, OK, OK),
        "on another nic": (nic, [lambda w: add(w, ip, full, "lo")], OK, OK, OK),
        "with another prefix": (nic, [lambda w: add(w, ip, full, "eth0")], OK, OK, OK),
        "a second copy": (nic, [lambda w: add(w, ip, prefix, "eth0"),
                                lambda w: add(w, ip, full, "lo")], OK, OK, OK),
        "on the loopback device": ({"nic": "lo", "cidr_netmask": full}, [], OK, OK, OK),
        "label of 16 characters": (dict(nic, iflabel="elevenchars"), [],
                                   *((OK, OK, OK) if ":" in ip else (
                                       CONFIGURED, CONFIGURED, NOT_RUNNING))),
        "label of 15 characters": (dict(nic, iflabel="tencharact"), [], OK, OK, OK),
        "prefix 0": ({"cidr_netmask": 0}, [], CONFIGURED, CONFIGURED, NOT_RUNNING),
        "prefix too long": (dict(nic, cidr_netmask=full + 1), [], CONFIGURED, CONFIGURED,
                            NOT_RUNNING),
        "a bad netmask": (dict(nic, cidr_netmask="255.0.255.0"), [], CONFIGURED, CONFIGURED,
                          NOT_RUNNING),
        "a number that is none": (dict(nic, arp_count="many"), [], CONFIGURED, CONFIGURED,
                                  NOT_RUNNING),
    }


FOUND_BEFORE = {  # what a probe, and a monitor, say then
    "it is there": (OK, OK), "on another nic": (GENERIC, GENERIC),
    "with another prefix": (GENERIC, GENERIC), "a second copy": (OK, OK)}


@BOTH
@pytest.mark.parametrize("name", before("192.168.1.10"))
def test_from_the_beginning(wire, ip, name):
    parameters, deeds, validate, start, running = before(ip)[name]
    resource = vip(wire, **dict({"ip": ip}, **parameters))
    wanted = resource.parameters["ip"]
    for deed in deeds:
        deed(wire)
    probe, monitor = FOUND_BEFORE.get(name, (NOT_RUNNING, NOT_RUNNING))
    assert resource.probe().code == probe
    assert resource.monitor().code == monitor
    outcome = resource.validate()
    assert outcome.code == validate
    assert (outcome.reason is None) == (validate == OK)
    outcome = resource.start()
    assert outcome.code == start, outcome
    assert len((outcome.reason or "").encode()) <= 128
    assert len(addresses(wire.node, wanted)) == (name == "a second copy") + (start == OK)
    assert resource.probe().code == running
    assert resource.monitor().code == running
    assert resource.stop().code == OK
    assert addresses(wire.node, wanted) == []
    assert resource.probe().code == NOT_RUNNING
    assert resource.stop().code == OK


@pytest.mark.parametrize("ip, bad", [
    (ip, bad) for ip, all_bad in BAD_ADDRESSES.items() for bad in all_bad])
@pytest.mark.parametrize("running", (False, True), ids=("stopped", "running"))
def test_a_bad_address(wire, ip, bad, running):
    """Set from the beginning, or while the good one runs."""
    resource = vip(wire, ip=ip)
    if running:
        assert resource.start().code == OK
    resource.parameters["ip"] = bad
    found = OK if running else NOT_RUNNING
    assert resource.validate().code == CONFIGURED
    assert resource.probe().code == found
    assert resource.monitor().code == found
    if not running:
        assert resource.start().code == CONFIGURED
    assert addresses(wire.node, ip) == ([FOUND[ip]] if running else [])
    assert resource.stop().code == OK
    assert addresses(wire.node, ip) == []


# while it runs: what is done, codes of monitor, probe, and of start after the stop
def meanwhile(ip):
    full = 128 if ":" in ip else 32
    routes = "-6" if ":" in ip else "-4"
    return {
        "the link goes down": (
            lambda w: w.neighbour.ip("link", "set", "peer0", "down"), OK, OK, OK),
        "the nic goes down": (  # the kernel takes IPv6 addresses away with it
            lambda w: act(w, "link", "set", "eth0", "down"),
            *((NOT_RUNNING, NOT_RUNNING, GENERIC) if ":" in ip else (OK, OK, GENERIC))),
        "the nic vanishes": (
            lambda w: act(w, "link", "del", "eth0"), NOT_RUNNING, NOT_RUNNING, GENERIC),
        "the nic gets another name": (
            lambda w: act(w, "link", "set", "eth0", "name", "eth9"), OK, OK, OK),
        "the nic is another one of that name": (
            lambda w: (act(w, "link", "set", "eth0", "name", "eth9"), veth(w, "eth0")), OK, OK,
            OK),
        "the address is removed": (
            lambda w: act(w, "address", "del", FOUND[ip][1], "dev", "eth0"), NOT_RUNNING,
            NOT_RUNNING, OK),
        "the address moves": (
            lambda w: (act(w, "address", "del", FOUND[ip][1], "dev", "eth0"),
                       add(w, ip, full, "lo")), GENERIC, GENERIC, OK),
        "the prefix changes": (
            lambda w: (act(w, "address", "del", FOUND[ip][1], "dev", "eth0"),
                       add(w, ip, full, "eth0")), GENERIC, GENERIC, OK),
        "a second copy": (lambda w: add(w, ip, full, "lo"), OK, OK, OK),
        "the routes go": (
            lambda w: act(w, routes, "route", "flush", "dev", "eth0"), OK, OK, GENERIC),
        "the record goes": (
            lambda w: w.node.run(["rm", "-r", "/run/lbha/IPaddr2-vip"]), OK, OK, OK),
    }


@BOTH
@pytest.mark.parametrize("name", meanwhile("192.168.1.10"))
def test_while_it_runs(wire, ip, name):
    deed, monitor, probe, again = meanwhile(ip)[name]
    resource = vip(wire, ip=ip)
    assert resource.start().code == OK
    deed(wire)
    outcome = resource.monitor()
    assert outcome.code == monitor, outcome
    assert (outcome.reason is None) == (monitor == OK)
    assert resource.probe().code == probe
    outcome = resource.stop()
    assert outcome.code == OK, outcome
    assert addresses(wire.node, ip) == []
    outcome = resource.start()
    assert outcome.code == again, outcome
    assert resource.stop().code == OK
    assert addresses(wire.node, ip) == []


@BOTH
def test_without_privilege(wire, ip):
    resource = vip(wire, ip=ip)
    assert resource.start().code == OK
    for action, interval in (("start", None), ("stop", None), ("monitor", None),
                             ("monitor", 10)):
        environment = resource.environment(interval, 20, 0, {})
        ended = wire.node.run(
            ["env", "-i", *("%s=%s" % pair for pair in environment.items()), "setpriv",
             "--reuid=65534", "--regid=65534", "--clear-groups", INTERPRETER, "-IS",
             str(paths.agent("IPaddr2")), action], check=False)
        assert ended.returncode == PERM, ended.stderr
    assert addresses(wire.node, ip) == [FOUND[ip]]
    assert resource.stop().code == OK
