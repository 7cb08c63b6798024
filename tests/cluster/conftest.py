"""The cluster level: one lab for all scenarios, with the RPM in every node."""

import fcntl
import os
import pathlib
import shutil
import subprocess

import pytest

from tests import paths, tools
from tests.lab import guide, sticky
from tests.lab.lab import Lab, leftovers
from tests.lab.wait import wait

LOGS = tools.BUILD / "cluster-logs"


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """The RPM, built from the checkout."""
    with open(tools.BUILD / "package.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # there may be tests beside these
        subprocess.run(["make", "--silent", "rpm"], cwd=paths.CHECKOUT, check=True,
                       stdout=subprocess.DEVNULL)
        built = next((paths.CHECKOUT / "dist").glob("lbha-agents-*.noarch.rpm"))
        return pathlib.Path(shutil.copy(built, tmp_path_factory.mktemp("package")))


@pytest.fixture(scope="session")
def root():
    """What every lab needs."""
    if os.geteuid() != 0:
        pytest.skip("the cluster level needs root: it boots nodes in namespaces")


@pytest.fixture(scope="session")
def empty_lab(root, package):
    """A running cluster of two nodes without resources; it is taken down at the end."""
    name = "test-%d" % os.getpid()
    lab = Lab(name, progress=lambda step: print(step, flush=True))
    with lab:
        yield lab
        lab.save_logs(LOGS / os.environ.get("PYTEST_XDIST_WORKER", ""))
    assert leftovers(name) == []


@pytest.fixture(scope="session")
def configured(empty_lab, package):
    """The lab with the RPM in every node and the cluster of the README; the story, when it
    was told before, has seen to both."""
    for node in empty_lab.nodes.values():
        if node.run(["rpm", "--query", "lbha-agents"], check=False).code:
            node.install_rpm(package)
    if not empty_lab.cluster.status().instances:
        guide.configure(empty_lab.cluster)
    return empty_lab


@pytest.fixture
def lab(configured):
    """The configured lab; before and after the test everything is where it belongs."""
    if configured.cluster.status().failures:  # of a test that has failed
        configured.cluster.pcs("resource", "cleanup")
        settle(configured)
    guide.wait_settled(configured.cluster, 90)
    yield configured
    settle(configured)
    audit(configured)


@pytest.fixture
def unfenced(lab):
    """The lab, where a node that is lost keeps its power.

    Pacemaker's controller ends with its executor; a node that is not the DC is then fenced
    before the controller is back.
    """
    lab.cluster.pcs("property", "set", "stonith-enabled=false")
    yield lab
    lab.cluster.pcs("property", "unset", "stonith-enabled")


@pytest.fixture(scope="module")
def replicated(configured, request):
    """The lab with a stick table that the agent's own peers replicate; later as before.

    The module may say more parameters of HAProxy: PARAMETERS, {name: text}
    """
    nodes = list(configured.nodes.values())
    parameters = {"config_version": request.module.__name__,
                  **getattr(request.module, "PARAMETERS", {})}
    with sticky.installed(nodes, "lbha"):
        configured.cluster.update("haproxy", parameters)
        wait("every HAProxy has the table and is in step", lambda: all(
            sticky.is_there(node) and sticky.in_step(node) for node in nodes), 60)
        yield configured
    configured.cluster.update("haproxy", dict.fromkeys(parameters, ""))
    wait("every HAProxy has read the file of before",
         lambda: not any(map(sticky.is_there, nodes)), 60)
    settle(configured)


def settle(lab):
    """Wait until nothing is being done, and everything is where it belongs."""
    lab.cluster.wait_idle()
    guide.wait_settled(lab.cluster, 90)


def audit(lab):
    """Nothing strays: one address, one HAProxy a node, no failure left to look at."""
    status = lab.cluster.status()
    assert status.failures == ()
    owner = status.started("vip")
    holders = [node.name for node in lab.nodes.values()
               if " 192.168.1.10/" in node.run(["ip", "-o", "address"]).out]
    assert holders == owner
    for node in lab.nodes.values():
        masters = [line for line in node.run(["ps", "-e", "-o", "ppid=,comm="]).out.splitlines()
                   if line.split() == ["1", "haproxy"]]
        assert len(masters) == 1, (node.name, masters)
