"""The RPM in a node: installs, upgrades and erases cleanly, and fits the node's Python."""

import os

import pytest

from tests.lab.lab import Lab

LIBRARY = "/usr/lib/ocf/lib/lbha"
# of the package filesystem on Enterprise Linux; a trimmed Debian lacks them
OF_THE_SYSTEM = {"/usr/share/man/man7", "/usr/share/man/man8", "/usr/share/licenses"}


@pytest.fixture(scope="module")
def node(root):
    """A node of its own, without a cluster."""
    with Lab("package-%d" % os.getpid(), nodes=1, cluster=False) as lab:
        yield lab.nodes["node01"]


def files(node):
    """Every file and directory below the places that the package touches."""
    return set(node.run(["find", "/usr", "/etc", "/run/lbha"], check=False).out.splitlines())


def test_install_upgrade_erase(node, package):
    before = files(node)
    node.install_rpm(package)
    listed = set(node.run(["rpm", "--query", "--list", "lbha-agents"]).out.splitlines())
    assert LIBRARY + "/ocf.py" in listed
    assert "/usr/sbin/fence_pyipmi" in listed
    assert node.run(["rpm", "--verify", "--nodeps", "lbha-agents"]).out == ""
    for setting in ("net.ipv4.ip_nonlocal_bind", "net.ipv6.ip_nonlocal_bind"):
        assert node.run(["sysctl", "--values", setting]).out.strip() == "1"
    tag = node.run(["python3", "-c", "import sys; print(sys.implementation.cache_tag)"]).out
    compiled = node.run(["find", LIBRARY, "-name", "*.pyc"]).out
    assert "ocf.%s.pyc" % tag.strip() in compiled

    node.run(["rpm", "--upgrade", "--force", "--nodeps", "--force-debian",
              "/tmp/" + package.name])
    assert node.run(["find", LIBRARY, "-name", "*.pyc"]).out == compiled

    node.erase_rpm("lbha-agents")
    assert files(node) - before - OF_THE_SYSTEM == set()


def test_the_oldest_pyghmi_is_loaded_without_what_only_costs_time(node, package):
    node.install_rpm(package)
    program = """
import sys
sys.path += ["/usr/lib/ocf/lib"]
from lbha import talk
print(talk.session_kind().__name__, "inspect" in sys.modules)
"""
    try:
        assert node.run(["python3", "-IS", "-c", program]).out.split() == ["Session", "False"]
    finally:
        node.erase_rpm("lbha-agents")


def test_agents_run_where_pyghmi_is_missing(node, package):
    node.install_rpm(package)
    # a name nobody can import, as on a node without the package
    blocked = "/usr/lib/python3/dist-packages/pyghmi"
    node.run(["mv", blocked, blocked + ".away"])
    try:
        metadata = node.run(["fence_pyipmi", "-o", "metadata"])
        assert "<resource-agent" in metadata.out
        result = node.run(["fence_pyipmi", "-a", "192.168.0.111", "-l", "pacemaker", "-p",
                           "ipmipass1", "-o", "status"], check=False)
        assert result.code == 1
        assert "install python3-pyghmi" in result.err
        node.run(["/usr/lib/ocf/resource.d/lbha/IPaddr2", "meta-data"])
    finally:
        node.run(["mv", blocked + ".away", blocked])
        node.erase_rpm("lbha-agents")
