"""What a real monitor loads: names, not milliseconds."""

import subprocess

import pytest

from tests import declarations, paths
from tests.agent.resource import INTERPRETER, OK, Resource

# cheap, and of use to a monitor; the interpreter's own come on top
ALLOWED = {"_socket", "_signal", "_stat", "_struct", "errno", "fcntl", "gc", "math", "select",
           "syslog", "time", "zlib"}
# of the library: each costs 0.1 to 0.3 ms of every call
RUNTIME = {"lbha"} | {"lbha." + name for name in (
    "actions", "agents", "codes", "deadline", "degraded", "env", "errors", "finding", "hold",
    "host", "log", "ocf", "spec", "state", "streams", "values")}
LIBRARY = {
    "haproxy": ("agents.haproxy", "haproxy", "haproxy.admin", "haproxy.checks",
                "haproxy.files", "haproxy.instance", "haproxy.output", "haproxy.peers",
                "haproxy.ports", "haproxy.reload", "haproxy.request", "haproxy.score",
                "haproxy.servers", "haproxy.service", "haproxy.states", "haproxy.watch",
                "netlink", "sockets"),
    "IPaddr2": ("address", "agents.IPaddr2", "netlink", "vip", "vip.plan", "vip.service",
                "vip.watch"),
    "ping": ("agents.ping", "cluster", "icmp", "names", "reach", "reach.attribute",
             "reach.rounds", "reach.source", "reach.survey", "reach.targets", "task"),
}
HAPROXY = """
global
    maxconn 10
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
frontend main
    bind 127.0.0.1:8080
"""


def haproxy(namespace):
    """A resource whose monitor does all that it does every time."""
    config = namespace.folder / "haproxy.cfg"
    config.write_text(HAPROXY)
    return Resource(namespace, "haproxy", "imports", conffile=config, hold=0)


def ipaddr2(namespace):
    """As above."""
    namespace.veth("eth0", "eth1", "192.168.1.1/24")
    return Resource(namespace, "IPaddr2", "imports", ip="192.168.1.10", hold=0)


def ping(namespace):
    """As above."""
    return Resource(namespace, "ping", "imports", host_list="127.0.0.1 ::1", hold=0)


RESOURCES = {"haproxy": haproxy, "IPaddr2": ipaddr2, "ping": ping}


def loaded(run, *argv):
    """The modules that a Python loads."""
    lines = run([INTERPRETER, "-IS", "-X", "importtime", *argv]).stderr.splitlines()
    return {line.rpartition("|")[2].strip() for line in lines
            if line.startswith("import time:")} - {"imported package"}


@pytest.fixture
def bare(namespace):
    """What the interpreter loads for nothing."""
    return loaded(namespace.run, "-c", "pass")


def test_every_resource_agent_is_looked_at():
    assert set(RESOURCES) == set(declarations.RESOURCE_AGENTS)


@pytest.mark.parametrize("name", RESOURCES)
def test_a_monitor_loads_only_what_it_uses(namespace, bare, name):
    resource = RESOURCES[name](namespace)
    assert resource.start().code == OK
    environment = resource.environment(10, 20, 0, {})

    def run(argv):
        done = namespace.run(["env", "-i", *map("=".join, environment.items()), *argv])
        assert done.returncode == OK
        return done

    found = loaded(run, paths.agent(name), "monitor") - bare
    own = {module for module in found if module.split(".")[0] == "lbha"}
    assert own == RUNTIME | {"lbha." + module for module in LIBRARY[name]}
    others = found - own
    assert others <= ALLOWED
    assert resource.stop().code == OK


@pytest.mark.parametrize("name", declarations.FENCE_AGENTS)
def test_a_fence_agent_loads_no_ipmi_to_describe_itself(name):
    def run(argv):  # as Pacemaker does it
        return subprocess.run(argv, check=True, input="action=metadata\n",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True)

    found = loaded(run, paths.agent(name))
    assert "lbha.fence" in found
    assert not {module for module in found if module.split(".")[0] in (
        "pyghmi", "argparse", "logging", "subprocess", "json", "socket", "re", "enum")}
