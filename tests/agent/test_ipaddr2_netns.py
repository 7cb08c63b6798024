"""ocf:lbha:IPaddr2 in a named network namespace: entered, and told the truth about."""

import json
import subprocess

import pytest

from tests.agent import inside as library
from tests.agent.holding import Held, until
from tests.agent.resource import GENERIC, NOT_RUNNING, OK, Resource
from tests.agent.test_claims import claim
from tests.agent.wire import BOTH, FOUND, V4, V6, addresses

INSIDE = "lbhatest"


class Inside:
    """A named namespace of a node, for `addresses`."""

    def __init__(self, node, name):
        self.node, self.name = node, name

    def ip(self, *words):
        """Run ip(8) in it; what it printed."""
        return self.node.ip("-netns", self.name, *words)


def make(node, name):
    """A named network namespace with a wire whose other end is in the node."""
    node.ip("netns", "add", name)
    node.ip("link", "add", "eth0", "type", "veth", "peer", "name", "to" + name)
    node.ip("link", "set", "eth0", "netns", name)
    node.ip("link", "set", "to" + name, "up")
    made = Inside(node, name)
    for words in (("link", "set", "lo", "up"), ("link", "set", "eth0", "up"),
                  ("address", "add", "192.168.1.1/24", "dev", "eth0"),
                  ("address", "add", "fd00:1::1/64", "dev", "eth0", "nodad")):
        made.ip(*words)
    return made


@pytest.fixture
def node(namespace):
    """The Namespace, with a /run/netns of its own."""
    namespace.run(["sh", "-c", "mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns"])
    return namespace


@pytest.fixture
def inside(node):
    """The named namespace."""
    return make(node, INSIDE)


def vip(node, **parameters):
    """A resource in that namespace."""
    return Resource(node, "IPaddr2", "vip", **dict(
        {"nodad": "true", "network_namespace": INSIDE}, **parameters))


@BOTH
def test_all_of_it_happens_inside(node, inside, ip):
    resource = vip(node, ip=ip, check_link_status="true", repair="true", arp_count_refresh=1)
    assert resource.validate().code == OK
    assert resource.probe().code == NOT_RUNNING
    for _ in range(2):
        assert resource.start().code == OK
        assert addresses(inside, ip) == [FOUND[ip]]
        assert addresses(node, ip) == []
        assert resource.monitor().code == OK
        assert resource.probe().code == OK
    held = Held(resource, 3)
    inside.ip("address", "del", FOUND[ip][1], "dev", "eth0")
    until(lambda: addresses(inside, ip), held.child)
    resource.parameters["repair"] = "false"
    assert resource.stop().code == OK
    assert addresses(inside, ip) == []


def test_the_cluster_is_told_from_outside(node, inside):
    """The programs of the cluster do not find their daemons from inside."""
    attrd = node.folder / "sbin" / "attrd_updater"
    script = attrd.read_text().split("\n", 1)
    attrd.write_text(script[0] + '\nimport os; assert os.readlink("/proc/self/ns/net") == %r\n'
                     % node.run(["readlink", "/proc/self/ns/net"]).stdout.strip() + script[1])
    resource = vip(node, ip=V4)
    assert resource.start().code == OK
    node.ip("link", "set", "to" + INSIDE, "down")
    until(lambda: resource.monitor().code == OK and node.attribute("lbha-vip"), None, 20)
    assert "no carrier" in node.attribute("lbha-vip")


def test_who_claims_the_address_is_named_from_outside(node, inside):
    """The cluster that knows the nodes is outside, the neighbours are inside."""
    home = node.run(["readlink", "/proc/self/ns/net"]).stdout.strip()
    for name in ("corosync-cmapctl", "crm_mon"):
        program = node.folder / "sbin" / name
        script = program.read_text().split("\n", 1)
        program.write_text(script[0] + '\nimport os; assert os.readlink("/proc/self/ns/net")'
                           " == %r\n" % home + script[1])
    cluster = {"node01": {"addresses": ["192.168.1.1"]}, "node02": {"addresses": ["192.168.1.2"]}}
    (node.folder / "attributes.nodes").write_text(json.dumps(cluster))
    node.ip("address", "add", "192.168.1.2/24", "dev", "to" + INSIDE)
    inside.ip("neigh", "add", "192.168.1.2", "lladdr", "02:00:00:00:00:99", "dev", "eth0")
    resource = vip(node, ip=V4)
    assert resource.start().code == OK
    held = Held(resource, 3)
    host = library.Inside(node)
    host.do("out = announce._open('to%s')" % INSIDE)
    host.do("out.send(bytes.fromhex('%s'))" % claim(V4).hex())
    told = until(lambda: node.attribute("lbha-vip"), held.child, 12)
    assert told.endswith("claimed by another host too, 02:00:00:00:00:99 (node02)")


@BOTH
def test_a_namespace_that_is_missing(node, ip):
    resource = vip(node, ip=ip)
    for outcome in (resource.validate(), resource.start()):
        assert outcome.code == GENERIC
        assert outcome.reason.startswith("network_namespace=%s of %s" % (INSIDE, ip))
    assert resource.probe().code == NOT_RUNNING
    assert resource.monitor().code == NOT_RUNNING
    assert resource.stop().code == OK


@BOTH
def test_a_namespace_that_vanishes(node, inside, ip):
    resource = vip(node, ip=ip)
    assert resource.start().code == OK
    held = Held(resource, 3)
    node.ip("netns", "del", INSIDE)
    code, err = held.answer(15)
    assert code == NOT_RUNNING and "network namespace %s of %s is gone" % (INSIDE, ip) in err
    assert resource.probe().code == NOT_RUNNING
    assert resource.stop().code == OK
    assert resource.start().code == GENERIC


@pytest.fixture
def keeper(node, inside):
    """A process that lives in the named namespace."""
    child = node.popen(["nsenter", "--net=/run/netns/" + INSIDE, "cat"],
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdin.write(b"x\n")
    child.stdin.flush()
    assert child.stdout.readline() == b"x\n"
    yield child
    child.kill()
    child.communicate()


@BOTH
def test_a_namespace_that_lost_its_name_is_found_by_its_processes(node, inside, keeper, ip):
    resource = vip(node, ip=ip)
    assert resource.start().code == OK
    node.ip("netns", "del", INSIDE)
    again = make_again(node)
    assert resource.probe().code == OK
    assert resource.monitor().code == OK
    assert resource.stop().code == OK
    left = node.run(["nsenter", "--net=/proc/%d/ns/net" % keeper.pid, "ip", "address"]).stdout
    assert ip not in left
    assert resource.start().code == OK
    assert addresses(again, ip) == [FOUND[ip]]


def make_again(node):
    """The namespace of that name once more, another one."""
    node.ip("link", "set", "to" + INSIDE, "name", "older")
    return make(node, INSIDE)


@BOTH
@pytest.mark.parametrize("other", ("", "missing", "second"))
def test_a_changed_parameter_leaves_no_address_behind(node, inside, ip, other):
    if other == "second":
        make(node, other)
    if not other:
        node.veth("eth0", "eth1", "192.168.1.1/24", "fd00:1::1/64")
    resource = vip(node, ip=ip)
    assert resource.start().code == OK
    resource.parameters["network_namespace"] = other
    assert resource.monitor().code == OK
    assert resource.probe().code == OK
    assert resource.stop().code == OK
    assert addresses(inside, ip) == []
    resource.parameters["network_namespace"] = INSIDE
    assert resource.start().code == OK
    resource.parameters["network_namespace"] = other
    if other != "missing":  # a start without the stop before
        assert resource.start().code == OK
        assert addresses(inside, ip) == []
        assert resource.stop().code == OK


def test_a_file_that_is_no_namespace(node):
    node.run(["touch", "/run/netns/" + INSIDE])
    resource = vip(node, ip=V6)
    assert resource.start().code == GENERIC
    assert resource.probe().code == NOT_RUNNING
    assert resource.stop().code == OK


@BOTH
@pytest.mark.parametrize("said", ("", INSIDE, "a/b", "other"))
def test_a_stop_without_a_record_tells_what_it_does_not_know(node, inside, ip, said):
    """The address may be another's in that namespace, and no reason to fence the node."""
    resource = vip(node, ip=ip)
    assert resource.start().code == OK
    node.run(["rm", "-r", "/run/lbha/IPaddr2-vip"])
    resource.parameters["network_namespace"] = said
    if said == "other":
        node.ip("netns", "add", said)
    outcome = resource.stop()
    assert outcome.code == OK
    if said == INSIDE:
        assert addresses(inside, ip) == [] and "WARNING" not in outcome.err
    else:
        assert outcome.err.count("WARNING") == 1
        assert "%s on eth0 in network namespace %s stays" % (FOUND[ip][1], INSIDE) in outcome.err


@BOTH
def test_a_stop_without_a_record_nor_the_namespace_succeeds(node, inside, ip):
    resource = vip(node, ip=ip)
    assert resource.start().code == OK
    node.run(["rm", "-r", "/run/lbha/IPaddr2-vip"])
    node.ip("netns", "del", INSIDE)
    outcome = resource.stop()
    assert outcome.code == OK
    assert "WARNING: network namespace %s is gone" % INSIDE in outcome.err
