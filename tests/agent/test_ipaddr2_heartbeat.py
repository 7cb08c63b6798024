"""ocf:lbha:IPaddr2 in the place of ocf:heartbeat:IPaddr2: its parameters do what they did."""

import json
import time

import pytest

from tests.agent.holding import until
from tests.agent.resource import CONFIGURED, GENERIC, NOT_RUNNING, OK
from tests.agent.wire import BOTH, FOUND, V4, V6, addresses, info, vip

# resource-agents 4.9.0, which EL8 has, with a value for each
EL8 = {
    "ip": V4, "nic": "eth0", "cidr_netmask": "24", "broadcast": "192.168.1.255",
    "iflabel": "web", "lvs_support": "false", "lvs_ipv6_addrlabel": "false",
    "lvs_ipv6_addrlabel_value": "99", "mac": "02:00:00:00:00:01",
    "clusterip_hash": "sourceip-sourceport", "unique_clone_address": "false",
    "arp_interval": "200", "arp_count": "5", "arp_count_refresh": "0", "arp_bg": "true",
    "arp_sender": "iputils_arping", "send_arp_opts": "-A", "flush_routes": "true",
    "run_arping": "false", "noprefixroute": "false", "preferred_lft": "forever",
    "network_namespace": ""}
NEWER = {"proto": "kernel", "nodad": "false", "check_link_status": "true", "metric": "100"}


def test_every_parameter_of_the_stock_agent_is_taken(wire):
    resource = vip(wire, **EL8, **NEWER)
    described = resource.call("meta-data").out
    for name in list(EL8) + list(NEWER):
        assert '<parameter name="%s"' % name in described
    assert resource.validate().code == OK
    assert resource.start().code == OK
    assert info(wire.node, V4)["label"] == "eth0:web"
    assert resource.monitor().code == OK
    assert resource.stop().code == OK


@pytest.mark.parametrize("netmask", ("255.255.255.0", "24"))
def test_the_older_name_and_form_of_the_netmask(wire, netmask):
    assert vip(wire, ip=V4, nic="eth0", netmask=netmask).start().code == OK
    assert addresses(wire.node, V4) == [FOUND[V4]]


def test_what_the_stock_agent_added_is_adopted_and_removed(wire):
    """The provider of a running resource is changed while Pacemaker does not manage it."""
    wire.node.ip("address", "add", V4 + "/24", "brd", "+", "dev", "eth0")
    resource = vip(wire, **EL8)
    resource.parameters["iflabel"] = ""
    assert resource.probe().code == OK
    assert resource.start().code == OK
    assert resource.stop().code == OK
    assert addresses(wire.node, V4) == []


# ----------------------------------------------------------------------------------- clones

CLONE = {"clone": 2, "clone_max": 3, "clone_node_max": 1}


@BOTH
def test_an_address_for_all_nodes_is_refused_and_the_way_is_named(wire, ip):
    for parameters in ({}, {"nic": "eth0"}, {"nic": "missing"}):
        resource = vip(wire, ip=ip, **parameters)
        for outcome in (resource.validate(**CLONE), resource.start(**CLONE)):
            assert outcome.code == CONFIGURED
            assert ip in outcome.reason and "clone ocf:lbha:haproxy" in outcome.reason
            assert len(outcome.reason) <= 128
        assert resource.probe(**CLONE).code == NOT_RUNNING
        assert resource.stop(**CLONE).code == OK


@BOTH
def test_a_clone_of_a_loopback_address_works(wire, ip):
    """Real servers of LVS have the address on lo, all of them."""
    resource = vip(wire, ip=ip, nic="lo", cidr_netmask=128 if ":" in ip else 32)
    assert resource.start(**CLONE).code == OK
    assert resource.monitor(**CLONE).code == OK
    assert resource.stop(**CLONE).code == OK
    assert addresses(wire.node, ip) == []


@pytest.mark.parametrize("ip, own, prefix", (
    (V4, "192.168.1.12", 24), (V6, "fd00:1::12", 64), ("192.168.0.254", "192.168.1.0", 16)))
def test_an_address_for_each_instance(wire, ip, own, prefix):
    resource = vip(wire, "vip:2", ip=ip, unique_clone_address="true", nic="eth0",
                   cidr_netmask=prefix)
    refused = resource.start(**CLONE)
    assert refused.code == CONFIGURED and "globally-unique" in refused.reason
    options = dict(CLONE, globally_unique="true")
    assert resource.start(**options).code == OK
    assert addresses(wire.node, own) == [("eth0", "%s/%d" % (own, prefix))]
    assert addresses(wire.node, ip) == []
    assert resource.monitor(**options).code == OK
    assert resource.stop(**options).code == OK
    assert addresses(wire.node, own) == []


# -------------------------------------------------------------------------------------- LVS

def test_the_copy_on_the_loopback_device_goes_and_comes_back(wire):
    wire.node.ip("address", "add", V4 + "/32", "dev", "lo", "label", "lo:dr")
    resource = vip(wire, ip=V4, lvs_support="true", nic="eth0", cidr_netmask="24")
    assert resource.probe().code == NOT_RUNNING
    for _ in range(2):
        assert resource.start().code == OK
        assert addresses(wire.node, V4) == [FOUND[V4]]
        assert resource.monitor().code == OK
    resource.parameters["lvs_support"] = "false"
    for _ in range(2):
        assert resource.stop().code == OK
        assert addresses(wire.node, V4) == [("lo", V4 + "/32")]
        resource.parameters["lvs_support"] = "true"
    found = info(wire.node, V4)
    assert found["label"] == "lo:dr" and found["scope"] == "global"
    assert resource.probe().code == NOT_RUNNING


def test_lvs_support_of_an_address_that_is_on_the_loopback_device_itself(wire):
    resource = vip(wire, ip=V4, lvs_support="true", nic="lo", cidr_netmask="32")
    assert resource.start().code == OK
    assert resource.monitor().code == OK
    assert resource.stop().code == OK
    assert addresses(wire.node, V4) == []


def labels(node):
    """The labels of IPv6 addresses as ip(8) tells them: {"ADDRESS/PREFIX": number}."""
    return {"%s/%s" % (entry.get("address", entry.get("prefix")), entry.get("prefixlen", "")):
            entry["label"] for entry in json.loads(node.ip("-json", "addrlabel"))}


def source(node, target):
    """The address with which the node would speak to another one."""
    return json.loads(node.ip("-json", "-6", "route", "get", target))[0]["prefsrc"]


def test_the_address_is_no_source_of_connections(wire):
    wire.node.ip("address", "flush", "dev", "eth0", "scope", "global")
    wire.node.ip("address", "add", "fd00:1::8000:1/64", "dev", "eth0", "nodad")
    # it has more bits in common with the target: without the label it would be chosen
    target, ip = "fd00:1::11", "fd00:1::10"
    resource = vip(wire, ip=ip, lvs_ipv6_addrlabel="false")
    assert resource.start().code == OK
    assert source(wire.node, target) == ip
    assert resource.stop().code == OK
    before = labels(wire.node)
    del resource.parameters["lvs_ipv6_addrlabel"]
    for _ in range(2):
        assert resource.start().code == OK
        assert source(wire.node, target) == "fd00:1::8000:1"
    assert sorted(set(labels(wire.node).values()) - set(before.values())) in ([99], ["99"])
    for _ in range(2):
        assert resource.stop().code == OK
        assert labels(wire.node) == before


def test_the_address_label_has_the_wanted_number_and_goes_with_its_address(wire):
    before = labels(wire.node)
    resource = vip(wire, ip=V6, lvs_ipv6_addrlabel_value=42)
    assert resource.start().code == OK
    assert set(labels(wire.node)) - set(before) == {V6 + "/128"}
    assert str(labels(wire.node)[V6 + "/128"]) == "42"
    resource.parameters["ip"] = "fd00:1::20"
    assert resource.start().code == OK
    assert set(labels(wire.node)) - set(before) == {"fd00:1::20/128"}
    assert resource.stop().code == OK
    assert labels(wire.node) == before


def test_a_label_that_is_not_ours_stays(wire):
    wire.node.ip("addrlabel", "add", "prefix", V6 + "/128", "label", "7")
    before = labels(wire.node)
    resource = vip(wire, ip=V6)
    assert resource.start().code == OK
    assert labels(wire.node) == before
    assert resource.stop().code == OK
    assert labels(wire.node) == before


# ------------------------------------------------------------------------------- and others

@BOTH
def test_the_metric_of_the_prefix_route(wire, ip):
    assert vip(wire, ip=ip, cidr_netmask="28" if ip == V4 else "96", nic="eth0",
               metric="777").start().code == OK
    routes = wire.node.ip("-6" if ":" in ip else "-4", "route").splitlines()
    subnet = "192.168.1.0/28" if ip == V4 else "fd00:1::/96"
    assert [line for line in routes if line.startswith(subnet) and "metric 777" in line]


def test_only_routes_of_a_protocol_count(wire):
    wire.node.ip("route", "add", "192.168.1.0/25", "dev", "lo", "proto", "static")
    assert vip(wire, ip=V4, proto="kernel").start().code == OK
    assert addresses(wire.node, V4) == [FOUND[V4]]
    assert vip(wire, ip=V4, proto="kernel").stop().code == OK
    assert vip(wire, ip=V4, proto="static").start().code == OK
    assert addresses(wire.node, V4) == [("lo", V4 + "/25")]
    assert vip(wire, ip=V4).stop().code == OK
    assert vip(wire, ip=V4, proto="187").start().code == GENERIC
    assert vip(wire, ip=V4, proto="256").validate().code == CONFIGURED


@BOTH
def test_another_host_that_has_the_address_keeps_start_from_adding_it(wire, ip):
    wire.neighbour.ip("address", "add", FOUND[ip][1], "dev", "peer0",
                      *(["nodad"] if ip == V6 else []))
    mac = json.loads(wire.neighbour.ip("-json", "link", "show", "peer0"))[0]["address"]
    resource = vip(wire, ip=ip, run_arping="true")
    outcome = resource.start()
    assert outcome.code == GENERIC and mac + " has the address" in outcome.reason
    assert addresses(wire.node, ip) == []
    assert resource.stop().code == OK
    wire.neighbour.ip("address", "del", FOUND[ip][1], "dev", "peer0")
    outcome = resource.start()
    assert outcome.code == OK and outcome.seconds < 5


@BOTH
def test_without_arp_bg_the_burst_is_over_when_start_answers(wire, ip):
    capture = wire.capture()
    began = time.monotonic()
    assert vip(wire, ip=ip, arp_bg="false", arp_count=4, arp_interval=300).start().code == OK
    assert time.monotonic() - began > 0.9
    ended = time.monotonic()
    packed = b"\xc0\xa8\1\x0a"

    def times():
        return [when for when, frame in capture.frames() if (
            frame[28:32] == packed if ip == V4 else frame[54:55] == b"\x88")]

    wanted = 8 if ip == V4 else 4  # ARP is announced in two forms
    capture.until(lambda: len(times()) >= wanted)
    assert times()[wanted - 1] < ended


@BOTH
def test_a_held_address_is_announced_again(wire, ip):
    resource = vip(wire, ip=ip, arp_count=0, arp_count_refresh=2)
    assert resource.start().code == OK
    capture = wire.capture()

    def frames():
        return [frame for _, frame in (capture.arp() if ip == V4 else capture.advertisements(
            b"\xfd\0\0\1" + bytes(11) + b"\x10"))]

    assert resource.monitor().code == OK
    assert frames() == [], "it was just started"
    wire.node.run(["sed", "-i", "s/^refreshed=.*/refreshed=1.0/",
                   "/run/lbha/IPaddr2-vip/record"])
    assert resource.monitor().code == OK
    until(lambda: len(frames()) == (4 if ip == V4 else 2))
    assert resource.monitor().code == OK
    wire.node.run(["ping", "-c1", "-W1", "192.168.1.99"], check=False)
    assert len([f for f in frames() if f[38:42] != b"\xc0\xa8\1\x63"]) == (
        4 if ip == V4 else 2), "not at each look"
