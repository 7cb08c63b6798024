"""ocf:lbha:ping in a private namespace: who is counted, and how long that takes."""

import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tests.agent import resource
from tests.agent.pinging import configured, mount, published, responder, until, value
from tests.agent.resource import Resource

MUTE_RESOLVER = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.53", 53))
print("ready", flush=True)
while True:
    server.recv(2000)
"""


@pytest.fixture
def ping(namespace):
    """A configured resource that pings one living host."""
    return configured(namespace, "127.0.0.1")


# ---------------------------------------------------------------------------- life cycle

def test_life(namespace, ping):
    ping.parameters.update(name="ping-status", dampen="1s")
    assert ping.validate().code == resource.OK
    assert ping.probe().code == ping.monitor().code == resource.NOT_RUNNING
    assert published(namespace) == []
    assert ping.start().code == resource.OK
    assert published(namespace) == [("set", "ping-status", "1", "1000ms")]
    assert ping.probe().code == ping.monitor().code == resource.OK
    assert ping.stop().code == resource.OK
    assert published(namespace)[1:] == [("delete", "ping-status", "", "1000ms")]
    assert ping.probe().code == resource.NOT_RUNNING
    assert ping.stop().code == resource.OK
    assert len(published(namespace)) == 2


def test_signals_that_its_caller_ignores_or_blocks_are_put_right(namespace, ping):
    ping.signals = "--ignore-signal=CHLD", "--block-signal=ALRM"
    ping.parameters.update(name="ping-status", host_list="localhost")
    outcome = ping.start()
    assert (outcome.code, outcome.reason) == (resource.OK, None), outcome
    assert [deed[:3] for deed in published(namespace)] == [("set", "ping-status", "1")]


def test_the_guides_resource(namespace):
    namespace.ip("address", "add", "192.168.1.1/32", "dev", "lo")
    guide = Resource(namespace, "ping", host_list="192.168.1.1", attempts="2", timeout="2",
                     debug="true")
    guide.parameters["name"] = "ping-status"
    assert guide.start().code == resource.OK
    assert guide.monitor().code == resource.OK
    assert published(namespace) == [("set", "ping-status", "1", "5000ms")]


def test_meta_data_has_the_parameters_of_its_predecessor(namespace, ping):
    root = ElementTree.fromstring(ping.call("meta-data").out)
    names = {parameter.get("name") for parameter in root.iter("parameter")}
    assert names >= {"pidfile", "dampen", "name", "multiplier", "host_list", "attempts",
                     "timeout", "options", "failure_score", "use_fping", "debug"}
    actions = {action.get("name"): action for action in root.iter("action")}
    assert (actions["monitor"].get("timeout"), actions["monitor"].get("interval"),
            actions["start"].get("timeout"), actions["stop"].get("timeout")) \
        == ("120s", "1s", "60s", "20s")
    assert "reload" in actions


def test_start_twice_publishes_anew(namespace, ping):
    ping.start()
    namespace.attributes.write_text("")  # the attribute daemon lost it
    assert ping.start().code == resource.OK
    assert value(namespace) == "1"


def test_start_over_a_running_one_with_another_name_leaves_one_attribute(namespace, ping):
    ping.start()
    ping.parameters["name"] = "other"
    assert ping.start().code == resource.OK
    assert (value(namespace), value(namespace, "other")) == (None, "1")
    ping.stop()
    assert value(namespace, "other") is None


def test_stop_deletes_what_start_published(namespace, ping):
    ping.parameters["name"] = "before"
    ping.start()
    ping.parameters.update(name="after", host_list="10.0.0.300")
    assert ping.stop().code == resource.OK
    assert published(namespace)[-1][:2] == ("delete", "before")
    assert ping.probe().code == resource.NOT_RUNNING


def test_two_resources_know_nothing_of_each_other(namespace, ping):
    other = Resource(namespace, "ping", name="other", host_list="127.0.0.2 127.0.0.3")
    other.parameters["name"] = "other"
    assert ping.start().code == other.start().code == resource.OK
    assert ping.stop().code == resource.OK
    assert (value(namespace), value(namespace, "other")) == (None, "2")
    assert other.monitor().code == resource.OK


# ------------------------------------------------------------------------------ counting

def test_hosts_of_both_families_are_counted(namespace):
    namespace.veth("v0", "v1", "10.1.0.1/24")
    ping = configured(namespace, "127.0.0.1 ::1 10.1.0.1 10.1.0.77 127.0.0.1", multiplier=100)
    assert ping.start().code == resource.OK
    assert value(namespace) == "400"  # a host that is listed twice counts twice


def test_link_local_address_with_its_device(namespace):
    namespace.veth("v0", "v1")
    until(lambda: "fe80" in namespace.ip("-6", "address", "show", "dev", "v0", "-tentative"))
    address = [word for word in namespace.ip("-6", "address", "show", "dev", "v0").split()
               if word.startswith("fe80")][0].partition("/")[0]
    ping = configured(namespace, "%s%%v0 %s%%nodev %s" % (address, address, address))
    assert ping.start().code == resource.OK
    assert value(namespace) == "1"


def test_all_alive_answers_at_once(namespace):
    hosts = " ".join("127.0.0.%d" % number for number in range(1, 101))
    ping = configured(namespace, hosts, timeout=10)
    assert ping.start().code == resource.OK
    assert value(namespace) == "100"
    assert ping.monitor().seconds < 2


def test_a_hundred_hosts_half_of_them_dead_cost_one_window(namespace):
    namespace.veth("v0", "v1", "10.1.0.1/24")  # nobody there: packets leave, nothing comes
    hosts = " ".join("127.0.0.%d 10.1.0.%d" % (number, number) for number in range(2, 52))
    ping = configured(namespace, hosts, attempts=2, timeout=1)
    ping.start()
    outcome = ping.monitor()
    assert (outcome.code, value(namespace)) == (resource.OK, "50")
    assert 1.2 < outcome.seconds < 2.4


def test_timeout_is_two_seconds_unless_set(namespace):
    namespace.veth("v0", "v1", "10.1.0.1/24")
    ping = Resource(namespace, "ping", host_list="10.1.0.2", attempts=1)
    outcome = ping.start(timeout=60)
    assert outcome.code == resource.OK
    assert 2.0 < outcome.seconds < 3.0


def test_a_window_longer_than_the_operation_ends_before_it(namespace):
    namespace.veth("v0", "v1", "10.1.0.1/24")
    ping = configured(namespace, "127.0.0.1 10.1.0.2", timeout=60)
    outcome = ping.start(timeout=3)
    assert (outcome.code, value(namespace)) == (resource.OK, "1")
    assert outcome.seconds < 3


@pytest.mark.parametrize("timeout", [0.5, 1, 2])
def test_an_operation_of_little_time_finds_a_living_host(namespace, ping, timeout):
    assert ping.start(timeout=timeout).code == resource.OK
    assert ping.monitor(timeout=timeout).code == resource.OK
    assert [call[2] for call in published(namespace)] == ["1"]


def test_every_host_gets_that_many_attempts(namespace):
    hosts = responder(namespace, h10="silent", h11="third", h12="right")
    ping = configured(namespace, "127.0.0.10 127.0.0.11 127.0.0.12", attempts=4)
    assert ping.start().code == resource.OK
    assert value(namespace) == "2"
    hosts.kill()
    asked = [line.split()[0] for line in hosts.stdout.read().splitlines()]
    assert [asked.count("127.0.0.%d" % number) for number in (10, 11, 12)] == [4, 3, 1]


@pytest.mark.parametrize("habit", ["sender", "identifier", "sequence", "payload", "short",
                                   "kind", "checksum"])
def test_a_reply_that_is_not_ours_does_not_count(namespace, habit):
    habits = {"h10": habit, "h11": "right", "h12": "thrice", "h6_11": "right"}
    hosts = "127.0.0.10 127.0.0.11 127.0.0.12 fd00::11"
    if habit != "checksum":  # of ICMPv6 the kernel writes it, and drops what is wrong
        habits["h6_10"], hosts = habit, hosts + " fd00::10"
    responder(namespace, **habits)
    assert configured(namespace, hosts).start().code == resource.OK
    assert value(namespace) == "3"


def test_what_cannot_be_reached_is_dead_and_no_error(namespace):
    namespace.ip("route", "add", "unreachable", "10.2.0.0/24")
    namespace.ip("route", "add", "prohibit", "10.3.0.0/24")
    namespace.ip("route", "add", "blackhole", "10.4.0.0/24")
    ping = configured(namespace, "127.0.0.1 10.2.0.1 10.3.0.1 10.4.0.1 10.5.0.1 fd00::5",
                      debug="true", timeout=30)
    outcome = ping.start(timeout=60)
    assert (outcome.code, value(namespace)) == (resource.OK, "1")
    assert outcome.seconds < 2  # no request left: there is nothing to wait for
    for text in ("10.2.0.1: No route to host", "10.3.0.1: Permission denied",
                 "10.5.0.1: Network is unreachable", "fd00::5: Network is unreachable"):
        assert text in outcome.err


def test_without_ipv6(namespace):
    namespace.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"])
    assert configured(namespace, "::1 127.0.0.1").start().code == resource.OK
    assert value(namespace) == "1"


# ----------------------------------------------------------------------------- names

def test_names_are_looked_up(namespace, ping):
    mount(namespace, "/etc/hosts", "127.0.0.9 gateway.example\n::1 six.example\n")
    ping.parameters["host_list"] = "gateway.example six.example 127.0.0.1"
    assert ping.start().code == resource.OK
    assert value(namespace) == "3"


def test_a_name_that_does_not_resolve_is_a_dead_host_and_degrades(namespace, ping):
    mount(namespace, "/etc/hosts", "127.0.0.1 localhost\n")
    ping.parameters["host_list"] = "127.0.0.1 nowhere.example"
    outcome = ping.start()
    assert (outcome.code, value(namespace)) == (resource.OK, "1")
    assert outcome.err.count("nowhere.example does not resolve") == 1

    outcomes = []

    def told():
        outcomes.append(ping.monitor())
        return value(namespace, "lbha-ping")

    until(told)
    ping.monitor()
    assert value(namespace, "lbha-ping").startswith(
        "host_list: nowhere.example does not resolve: ")
    assert {outcome.code for outcome in outcomes} == {resource.OK}
    assert "".join(outcome.err for outcome in outcomes).count("does not resolve") == 1

    ping.parameters["host_list"] = "127.0.0.1 localhost"
    assert ping.monitor().code == resource.OK
    assert (value(namespace), value(namespace, "lbha-ping")) == ("2", None)


def test_a_resolver_that_does_not_answer_is_waited_for_once(namespace, ping):
    mount(namespace, "/etc/resolv.conf", "nameserver 127.0.0.53\noptions timeout:30\n")
    mount(namespace, "/etc/nsswitch.conf", "hosts: files dns\n")
    mute = namespace.popen([sys.executable, "-c", MUTE_RESOLVER], stdout=subprocess.PIPE)
    assert mute.stdout.readline() == b"ready\n"
    ping.parameters.update(host_list="127.0.0.1 one.example two.example three.example",
                           timeout="100ms")  # that of hosts: servers may be farther away
    outcome = ping.start()
    assert (outcome.code, value(namespace)) == (resource.OK, "1")
    assert 2 < outcome.seconds < 3
    assert namespace.pids() == [mute.pid]
