"""lbha pcsgen in running clusters: the guide's sheet pushed, run as a script, and read back."""

from __future__ import annotations

import os

import pytest

from tests import semantics
from tests.cluster.test_pcsgen_pcs import SUITES, generate, lbha
from tests.lab.lab import Lab, leftovers
from tests.lab.original import wait_settled
from tests.lab.plan import VIP
from tests.lab.wait import wait


@pytest.fixture(scope="module", params=SUITES)
def lab(root, request):
    """A running cluster of a suite, without resources."""
    name = "pcsgen-%d" % os.getpid()
    with Lab(name, request.param) as running:
        yield running
    assert leftovers(name) == []


def configuration(cib):
    """Without what only a live cluster has: nodes, and what Pacemaker writes itself."""
    return [section for section in semantics.sections(cib) if not section.startswith("nodes")]


def test_the_guide_s_sheet_becomes_the_guide_s_cluster(lab, tmp_path):
    target, node = SUITES[lab.suite], lab.cluster.member()
    xml, script = generate("guide", target, tmp_path)
    node.write("/root/guide.xml", xml, 0o600)
    node.write("/root/guide.sh", script, 0o600)

    # pcs knows units of systemd only where systemd runs
    said = node.run(["sh", "/root/guide.sh", "/root/pcs.xml"], timeout=120)
    assert "deprecat" not in (said.out + said.err).lower()
    assert semantics.difference(node.read("/root/pcs.xml").encode(), xml) == []

    node.run(["pcs", "cluster", "cib-push", "/root/guide.xml", "--config"], timeout=60)
    lab.cluster.wait_idle()
    status = wait_settled(lab.cluster, 90)
    assert len(status.started("fence1-ipmilan")) == len(status.started("fence2-ipmilan")) == 1
    # each runs beside the node that it powers off
    assert status.started("fence1-ipmilan") == ["node02"]
    assert status.started("fence2-ipmilan") == ["node01"]
    assert status.started("ipaddr") == ["node01"] and status.failures == ()
    wait("the web answers through the virtual address", lambda: lab.client.run(
        ["curl", "--silent", "--fail", "--max-time", "2", "http://%s/" % VIP],
        check=False).code == 0, 30)

    live = node.run(["pcs", "cluster", "cib"]).out
    assert configuration(live.encode()) == configuration(xml)
    reversed_to_the_same(live, target, tmp_path)

    # the script's file is the same cluster: nothing is stopped or started for it
    before = lab.cluster.status()
    node.run(["pcs", "cluster", "cib-push", "/root/pcs.xml", "--config"], timeout=60)
    lab.cluster.wait_idle()
    after = lab.cluster.status()
    assert after.instances == before.instances
    assert configuration(node.run(["pcs", "cluster", "cib"]).out.encode()) == configuration(xml)


def reversed_to_the_same(live, target, folder):
    """A sheet of the running cluster's CIB loses nothing of it."""
    cib, sheet = folder / "live.xml", folder / "live.csv"
    cib.write_text(live)
    done = lbha("--reverse", cib, "--save", sheet)
    assert done.returncode == 0, done.stdout
    done = lbha(sheet, "--offline", "--target", target, "--diff", cib)
    assert done.returncode == 0 and done.stdout == "a push would change nothing\n", done.stdout
