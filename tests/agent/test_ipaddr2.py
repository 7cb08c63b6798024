"""ocf:lbha:IPaddr2 in a private namespace; the truth is what ip(8) says."""

import pytest

from tests.agent.resource import CONFIGURED, GENERIC, NOT_RUNNING, OK
from tests.agent.wire import BOTH, FOUND, V4, V6, addresses, info, vip


def lose_record(wire, name="vip"):
    """Take the state directory of a resource away."""
    wire.node.run(["rm", "-r", "/run/lbha/IPaddr2-" + name])


@BOTH
def test_start_monitor_stop_and_each_of_them_twice(wire, ip):
    resource = vip(wire, ip=ip)
    before = addresses(wire.node)
    assert resource.probe().code == NOT_RUNNING
    assert resource.monitor().code == NOT_RUNNING
    for _ in range(2):
        assert resource.start().code == OK
        assert addresses(wire.node, ip) == [FOUND[ip]]
        assert resource.probe().code == OK
        assert resource.monitor().code == OK
    for _ in range(2):
        assert resource.stop().code == OK
        assert addresses(wire.node) == before
        assert resource.probe().code == NOT_RUNNING


def test_an_adopted_address_was_never_degraded(wire):
    wire.node.ip("address", "add", FOUND[V4][1], "dev", "eth0")
    resource = vip(wire, ip=V4)
    assert resource.start().code == OK
    assert "degraded" not in resource.monitor().err


def test_without_duplicate_address_detection(wire):
    resource = vip(wire, ip=V6, nodad="true")
    assert resource.start().code == OK
    assert info(wire.node, V6).get("nodad")
    assert resource.stop().code == OK
    resource.parameters["nodad"] = "false"
    assert resource.start().code == OK
    assert not info(wire.node, V6).get("nodad")


def test_the_guides_resource(wire):
    wire.node.ip("link", "set", "eth0", "down")
    wire.node.ip("link", "set", "eth0", "name", "eno2")
    wire.node.ip("address", "flush", "dev", "eno2")
    resource = vip(wire, ip=V4, nic="eno2", cidr_netmask=24)
    assert resource.start().code == OK, "neither an address nor the link was up before"
    assert addresses(wire.node, V4) == [("eno2", V4 + "/24")]
    assert info(wire.node, V4)["broadcast"] == "192.168.1.255"
    assert '"UP"' in wire.node.ip("-json", "link", "show", "eno2")
    assert resource.stop().code == OK
    assert addresses(wire.node, V4) == []


def test_two_notations_of_an_address_are_one(wire):
    assert vip(wire, ip="FD00:0001:0::0010").start().code == OK
    assert addresses(wire.node, V6) == [FOUND[V6]]
    lose_record(wire)
    assert vip(wire, ip="fd00:1:0:0::10", nic="eth0").monitor().code == OK


@pytest.mark.parametrize("parameters", (
    {"ip": "1:2"}, {"ip": ":::::"}, {"ip": "192.168.1"}, {"ip": "192.168.001.010"},
    {"ip": "0.0.0.0"}, {"ip": "224.0.0.18"}, {"ip": "255.255.255.255"}, {"ip": "::"},
    {"ip": "ff02::1"}, {"ip": "192.168.1.10/24"}, {"ip": "fe80::10%eth0"}, {"ip": "fe80::10"},
    {"ip": ""}, {"ip": "127.0.0.1"},
    {"ip": V4, "cidr_netmask": "0"}, {"ip": V4, "cidr_netmask": "33"},
    {"ip": V4, "cidr_netmask": "255.0.255.0"}, {"ip": V4, "cidr_netmask": "x"},
    {"ip": V6, "cidr_netmask": "129"}, {"ip": V6, "cidr_netmask": "255.255.255.0"},
    {"ip": V4, "broadcast": "fd00::1"},
    {"ip": V4, "nic": "et h0"}, {"ip": V4, "nic": "eth0", "iflabel": "elevenchars"},
    {"ip": V4, "iflabel": "elevenchars"}, {"ip": V4, "arp_count": "-1"},
    {"ip": V4, "arp_interval": "0"}, {"ip": V4, "preferred_lft": "soon"},
), ids=lambda parameters: "-".join(parameters.values()) or "none")
def test_what_is_wrong_on_every_node(wire, parameters):
    before = addresses(wire.node)
    resource = vip(wire, **parameters)
    for outcome in (resource.validate(), resource.start()):
        assert outcome.code == CONFIGURED
        assert parameters["ip"] in outcome.reason or any(
            '%s="%s"' % pair in outcome.reason for pair in parameters.items())
        assert len(outcome.reason.encode()) <= 128
    assert resource.probe().code == NOT_RUNNING
    assert resource.monitor().code == NOT_RUNNING
    assert resource.stop().code == OK
    assert addresses(wire.node) == before


@BOTH
def test_a_device_that_this_node_lacks(wire, ip):
    resource = vip(wire, ip=ip, nic="eth7", cidr_netmask=24)
    for outcome in (resource.validate(), resource.start()):
        assert outcome.code == GENERIC
        assert "eth7" in outcome.reason and ip in outcome.reason
    assert resource.probe().code == NOT_RUNNING
    assert resource.stop().code == OK


def test_no_route_fits_and_the_reason_names_the_candidates(wire):
    wire.node.ip("route", "add", "default", "via", "192.168.1.254")
    for parameters in ({}, {"nic": "eth0"}):
        outcome = vip(wire, ip="10.0.0.10", **parameters).start()
        assert outcome.code == GENERIC
        assert "10.0.0.10" in outcome.reason and "192.168.1.0/24 eth0" in outcome.reason
    assert addresses(wire.node, "10.0.0.10") == []


@pytest.mark.parametrize("routes, parameters, wanted", (
    # the longest prefix wins, whatever the metrics are
    ([("192.168.0.0/16", "eth1", 10), ("192.168.3.0/24", "eth0", 500)], {}, ("eth0", "/24")),
    # then the lowest metric
    ([("192.168.3.0/24", "eth0", 500), ("192.168.3.0/24", "eth1", 100)], {}, ("eth1", "/24")),
    ([("192.168.3.0/24", "eth0", 500), ("192.168.3.0/24", "eth1", 0)], {}, ("eth1", "/24")),
    # a given device or prefix is not overruled
    ([("192.168.3.0/24", "eth0", 0), ("192.168.0.0/16", "eth1", 0)], {"nic": "eth1"},
     ("eth1", "/16")),
    ([("192.168.3.0/24", "eth1", 0)], {"cidr_netmask": "32"}, ("eth1", "/32")),
    # what is not an own network says nothing
    ([("192.168.0.0/16", "eth1", 0), ("blackhole 192.168.3.0/25", None, 0)], {},
     ("eth1", "/16")),
    ([("192.168.0.0/16", "eth1", 0), ("192.168.3.0/26 via 192.168.1.254", "eth0", 0)], {},
     ("eth1", "/16")),
))
def test_device_and_prefix_come_from_the_connected_routes(wire, routes, parameters, wanted):
    wire.node.ip("link", "add", "eth1", "type", "veth", "peer", "name", "other1")
    for link in ("eth1", "other1"):
        wire.node.ip("link", "set", link, "up")
    for destination, device, metric in routes:
        wire.node.ip("route", "add", *destination.split(), *(["dev", device] if device else []),
                     *(["metric", str(metric)] if metric else []))
    assert vip(wire, ip="192.168.3.10", **parameters).start().code == OK
    assert addresses(wire.node, "192.168.3.10") == [(wanted[0], "192.168.3.10" + wanted[1])]


@BOTH
@pytest.mark.parametrize("device", ("lo", "eth1"))
def test_a_copy_says_nothing_about_where_the_address_belongs(wire, ip, device):
    """The kernel makes a route for each IPv6 address of full length."""
    wire.node.ip("link", "add", "eth1", "type", "veth", "peer", "name", "other1")
    wire.node.ip("link", "set", "eth1", "up")
    wire.node.ip("address", "add", ip, "dev", device, *(["nodad"] if ip == V6 else []))
    assert vip(wire, ip=ip).start().code == OK
    assert addresses(wire.node, ip) == [FOUND[ip]]


def test_the_label_has_the_name_of_the_device_and_not_an_alternative_one(wire):
    name = "enp0s31f6-a-long-name"
    wire.node.ip("link", "property", "add", "dev", "eth0", "altname", name)
    resource = vip(wire, ip=V4, nic=name, cidr_netmask=24, iflabel="web")
    assert resource.start().code == OK
    assert info(wire.node, V4)["label"] == "eth0:web"
    assert resource.monitor().code == OK
    assert resource.stop().code == OK
    assert addresses(wire.node, V4) == []


@BOTH
def test_names_of_devices_may_have_any_letters(wire, ip):
    wire.node.ip("link", "set", "eth0", "down")
    wire.node.ip("link", "set", "eth0", "name", "\u5916\u7dda")
    resource = vip(wire, ip=ip, nic="\u5916\u7dda", cidr_netmask=24)
    assert resource.start().code == OK
    assert resource.monitor().code == OK
    assert addresses(wire.node, ip) == [("\u5916\u7dda", ip + "/24")]
    resource.parameters["nic"] = "\udcff"  # a byte that is no letter
    assert resource.validate().code == CONFIGURED
    for _ in range(2):
        assert resource.stop().code == OK
        lose_record(wire)
    assert addresses(wire.node, ip) == []


@BOTH
@pytest.mark.parametrize("change", (
    {"nic": "eth7"}, {"cidr_netmask": "28"}, {"cidr_netmask": "999"}, {"ip": "nonsense"},
    {"ip": ""}, {"iflabel": "far-too-long-for-it"},
), ids=str)
def test_a_changed_configuration_fails_neither_monitor_nor_stop(wire, ip, change):
    resource = vip(wire, ip=ip)
    assert resource.start().code == OK
    resource.parameters.update(change)
    assert resource.monitor().code == OK
    assert resource.probe().code == OK
    assert resource.stop().code == OK
    assert addresses(wire.node, ip) == []


def test_routes_that_changed_since_start_do_not_matter(wire):
    resource = vip(wire, ip=V4)
    assert resource.start().code == OK
    wire.node.ip("route", "flush", "dev", "eth0")
    wire.node.ip("link", "set", "eth0", "alias", "x", "name", "eth9")
    assert resource.monitor().code == OK
    assert resource.stop().code == OK
    assert addresses(wire.node, V4) == []


@BOTH
def test_without_a_record_stop_finds_the_address_itself(wire, ip):
    resource = vip(wire, ip=ip)
    assert resource.start().code == OK
    lose_record(wire)
    resource.parameters["nic"] = "eth7"
    assert resource.probe().code == GENERIC, "it is there, but not where it is wanted"
    assert resource.stop().code == OK
    assert addresses(wire.node, ip) == []


@BOTH
@pytest.mark.parametrize("damage", (
    "/^index=/d", "s/^index=.*/index=two/", "/^prefix=/d", "s/^prefix=.*/prefix=/",
    "/^ip=/d", "s/^ip=.*/ip=nonsense/", "s/^ip=.*/ip=/", "/^device=/d", "/^boot=/d",
    "s/^index=.*/index=99999999999999/", "s/^index=.*/index=0/", "s/^index=.*/index=-1/",
    "s/^prefix=.*/prefix=300/", "$anetns=a/b", "$anetns=x\\x00"))
def test_a_damaged_record_is_as_good_as_none(wire, ip, damage):
    resource = vip(wire, ip=ip)
    assert resource.start().code == OK
    wire.node.run(["sed", "-i", damage, "/run/lbha/IPaddr2-vip/record"])
    assert resource.monitor().code == OK
    assert resource.probe().code == OK
    assert resource.start().code == OK
    wire.node.run(["sed", "-i", damage, "/run/lbha/IPaddr2-vip/record"])
    assert resource.stop().code == OK
    assert addresses(wire.node, ip) == []


@BOTH
def test_an_address_on_another_device_or_with_another_prefix(wire, ip):
    resource = vip(wire, ip=ip, nic="eth0", cidr_netmask=FOUND[ip][1].split("/")[1])
    for place in ((ip + "/%d" % (128 if ":" in ip else 32), "lo"), (ip + "/28", "eth0")):
        wire.node.ip("address", "add", place[0], "dev", place[1])
        outcome = resource.monitor()
        assert outcome.code == GENERIC and place[0] in outcome.reason
        assert resource.probe().code == GENERIC
        assert resource.start().code == OK
        assert addresses(wire.node, ip) == [FOUND[ip]]
        assert resource.stop().code == OK
        assert addresses(wire.node, ip) == []


@BOTH
def test_an_address_that_somebody_moved_is_seen_and_stopped(wire, ip):
    resource = vip(wire, ip=ip)
    assert resource.start().code == OK
    wire.node.ip("address", "del", FOUND[ip][1], "dev", "eth0")
    assert resource.monitor().code == NOT_RUNNING
    wire.node.ip("address", "add", FOUND[ip][1], "dev", "lo")
    assert resource.monitor().code == GENERIC
    assert resource.stop().code == OK
    assert addresses(wire.node, ip) == []


@BOTH
def test_a_second_copy_goes_with_the_first(wire, ip):
    resource = vip(wire, ip=ip)
    assert resource.start().code == OK
    wire.node.ip("address", "add", FOUND[ip][1], "dev", "lo")
    assert resource.monitor().code == OK
    outcome = resource.stop()
    assert outcome.code == OK and FOUND[ip][1] + " on lo" in outcome.err
    assert addresses(wire.node, ip) == []


def test_a_link_local_address_is_one_per_device(wire):
    wire.node.ip("address", "add", "fe80::10/64", "dev", "lo")
    resource = vip(wire, ip="fe80::10", nic="eth0")
    assert resource.probe().code == NOT_RUNNING
    assert resource.start().code == OK
    assert ("eth0", "fe80::10/64") in addresses(wire.node, "fe80::10")
    assert resource.stop().code == OK
    assert addresses(wire.node, "fe80::10") == [("lo", "fe80::10/64")]


def test_a_new_address_replaces_the_one_an_earlier_start_left(wire):
    resource = vip(wire, ip=V4)
    assert resource.start().code == OK
    resource.parameters["ip"] = "192.168.1.20"
    assert resource.start().code == OK
    assert addresses(wire.node, V4) == []
    assert addresses(wire.node, "192.168.1.20") == [("eth0", "192.168.1.20/24")]


@BOTH
def test_a_device_that_vanishes(wire, ip):
    resource = vip(wire, ip=ip)
    assert resource.start().code == OK
    wire.node.ip("link", "del", "eth0")
    assert resource.monitor().code == NOT_RUNNING
    assert resource.stop().code == OK
    assert resource.start().code == GENERIC


@pytest.mark.parametrize("all_scopes", ("0", "1"))
def test_removing_the_primary_address_of_a_subnet_leaves_the_others(wire, all_scopes):
    conf = "/proc/sys/net/ipv4/conf/%s/promote_secondaries"
    for scope, value in (("all", all_scopes), ("eth0", "0")):
        wire.node.run(["sh", "-c", "echo %s > %s" % (value, conf % scope)])
    wire.node.ip("address", "flush", "dev", "eth0")
    first, second = (vip(wire, name, ip="192.168.1.%d" % host, nic="eth0", cidr_netmask="24")
                     for name, host in (("first", 11), ("second", 12)))
    assert first.start().code == OK and second.start().code == OK
    assert "secondary" in info(wire.node, "192.168.1.12")
    assert first.stop().code == OK
    assert addresses(wire.node, "192.168.1.11") == []
    assert addresses(wire.node, "192.168.1.12") == [("eth0", "192.168.1.12/24")]
    assert second.monitor().code == OK
    # only what was needed was set
    assert wire.node.run(["cat", conf % "eth0"]).stdout.strip() == str(1 - int(all_scopes))
    assert second.stop().code == OK


def test_label_lifetime_broadcast_and_prefix_route(wire):
    resource = vip(wire, ip=V4, nic="eth0", cidr_netmask="28", iflabel="web",
                   broadcast="192.168.1.99", preferred_lft="0", noprefixroute="1")
    assert resource.start().code == OK
    found = info(wire.node, V4)
    assert found["label"] == "eth0:web" and found["broadcast"] == "192.168.1.99"
    assert found["deprecated"]
    assert "192.168.1.0/28" not in wire.node.ip("route")
    assert resource.monitor().code == OK
    wire.node.ip("address", "del", V4 + "/28", "dev", "eth0")
    wire.node.ip("address", "add", V4 + "/28", "dev", "eth0", "label", "eth0:x")
    outcome = resource.monitor()
    assert outcome.code == GENERIC and "eth0:x" in outcome.reason
    assert resource.stop().code == OK


def test_the_old_form_of_a_label_in_nic(wire):
    assert vip(wire, ip=V4, nic="eth0:0").start().code == OK
    assert info(wire.node, V4)["label"] == "eth0:0"
