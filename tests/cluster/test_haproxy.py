"""HAProxy in the cluster: what is outside of it never fails what is inside."""

import contextlib
import time

import pytest

from tests.lab import guide, sticky
from tests.lab.story import STATE
from tests.lab.wait import wait

CFG = sticky.CFG


def masters(lab):
    """The pid of the serving master on every node."""
    return {name: record(node).get("master") for name, node in lab.nodes.items()}


def record(node):
    """What the agent wrote down on a node."""
    return dict(line.split("=", 1) for line in node.read(STATE + "/record").splitlines())


def degraded(status, node, *words):
    """Whether the node's attribute says all these words."""
    sentence = status.attributes.get(node, {}).get("lbha-haproxy", "")
    return bool(sentence) and all(word in sentence for word in words)


def up(node):
    """How many servers HAProxy of the node sees up."""
    return sticky.ask(node, "show stat -1 4 -1").count(",UP,")


@contextlib.contextmanager
def parameters(lab, *words):
    """Parameters of HAProxy inside the block; without a value again after it."""
    lab.cluster.pcs("resource", "update", "haproxy", *words)
    try:
        yield
    finally:
        lab.cluster.pcs("resource", "update", "haproxy",
                        *[word.partition("=")[0] + "=" for word in words])


@contextlib.contextmanager
def file(nodes, path, change):
    """A changed file on these nodes inside the block."""
    texts = {node: node.read(path) for node in nodes}
    for node, text in texts.items():
        node.write(path, change(text).encode())
    try:
        yield
    finally:
        for node, text in texts.items():
            node.write(path, text.encode())


def loaded(lab, before):
    """Wait until another master than before serves on every node; who they are."""
    def others():
        now = masters(lab)
        return all(now[name] not in (None, before[name]) for name in lab.nodes) and now

    found = wait("every node has read its files", others, 40)
    guide.wait_settled(lab.cluster, 60)
    return found


def test_a_minute_without_any_web_server(lab):
    before, active = masters(lab), lab.cluster.status().started("vip")
    with sticky.installed(list(lab.nodes.values()), "lbha"), parameters(lab, "config_version=a"):
        before = loaded(lab, before)
        first = lab.visitors(50).visit()
        tables = {name: sticky.table(node) for name, node in lab.nodes.items()}
        for server in lab.web.values():
            server.stop()
        began = time.monotonic()
        try:
            lab.cluster.wait("the nodes say that no server is up", lambda status: all(
                degraded(status, name, "backend web", "0 of") for name in lab.nodes), 40)
            # what would restart or move something has its time
            wait("a minute is over", lambda: time.monotonic() - began > 60, 70)
        finally:
            for server in lab.web.values():
                server.start()
        lab.cluster.wait("all is well again", lambda status: not any(
            degraded(status, name) for name in lab.nodes), 40)
        wait("both servers are up again", lambda: all(
            up(node) == 2 for node in lab.nodes.values()), 20)
        assert masters(lab) == before
        assert lab.cluster.status().started("vip") == active
        assert lab.cluster.status().failures == ()
        assert {name: sticky.table(node) for name, node in lab.nodes.items()} == tables
        assert lab.visitors(50).visit(before=first).kept(first) == len(first.answers)


def test_a_node_that_dies_and_returns_does_not_reload_the_other(lab):
    passive = next(name for name in lab.nodes if name not in lab.cluster.status().started("vip"))
    survivor = next(name for name in lab.nodes if name != passive)
    before = record(lab.nodes[survivor])
    lab.nodes[passive].power_off()
    lab.cluster.wait("it is gone", lambda status: status.started("haproxy") == [survivor], 60)
    lab.nodes[passive].wait_booted()
    lab.cluster.start_node(lab.nodes[passive])
    guide.wait_settled(lab.cluster, 60)
    for node in lab.nodes.values():
        wait("the tables are in step", lambda node=node: sticky.in_step(node), 20)
    after = record(lab.nodes[survivor])
    assert {key: after[key] for key in ("master", "worker", "command")} == {
        key: before[key] for key in ("master", "worker", "command")}
    lab.cluster.pcs("stonith", "history", "cleanup")


def test_haproxy_service_started_beside_it_is_named_and_nothing_stops(lab):
    name, node = next(iter(lab.nodes.items()))
    before = masters(lab)
    node.run(["systemctl", "start", "haproxy.service"])
    try:
        lab.cluster.wait("it is named", lambda status: degraded(
            status, name, "haproxy.service", "192.168."), 30)
        assert lab.cluster.status().started("haproxy") == list(lab.nodes)
    finally:
        node.run(["systemctl", "stop", "haproxy.service"])
    lab.cluster.wait("all is well again", lambda status: not degraded(status, name), 30)
    assert masters(lab) == before


def test_a_start_beside_haproxy_service_is_refused(lab):
    name, node = next(iter(lab.nodes.items()))
    lab.cluster.pcs("node", "standby", name)
    try:
        lab.cluster.wait("HAProxy has ended there", lambda status: (
            name not in status.active("haproxy")), 30)
        node.run(["systemctl", "start", "haproxy.service"])
        lab.cluster.pcs("node", "unstandby", name)
        status = lab.cluster.wait("the start fails", lambda status: [
            failure for failure in status.failures if "haproxy_start" in failure.operation], 30)
        failure = next(one for one in status.failures if "haproxy_start" in one.operation)
        assert failure.code == 1
        assert "haproxy.service" in failure.reason and "already listens" in failure.reason
        assert node.run(["systemctl", "is-active", "haproxy.service"]).out.strip() == "active"
    finally:
        node.run(["systemctl", "stop", "haproxy.service"])
        lab.cluster.pcs("node", "unstandby", name)
    lab.cluster.pcs("resource", "cleanup")
    guide.wait_settled(lab.cluster, 60)


def test_a_broken_file_is_told_and_mended_by_itself(lab):
    before = masters(lab)
    with file(lab.nodes.values(), CFG, lambda text: text + "  sserver web03 192.168.1.23:80\n"):
        with lab.meter() as client, parameters(lab, "config_version=b"):
            first = sorted(lab.nodes)[0]
            lab.cluster.wait("HAProxy's line is told", lambda status: degraded(
                status, first, "sserver", "haproxy.cfg"), 30)
            assert masters(lab) == before
            assert lab.cluster.status().failures == ()
    lab.cluster.wait("all is well again", lambda status: not any(
        degraded(status, name) for name in lab.nodes), 40)
    assert client.report.failed == []


@pytest.mark.parametrize("victim", ["master", "worker"])
def test_one_process_killed(lab, victim):
    """Recovery without a cleanup: the settled state is waited for by the fixture."""
    node = lab.nodes[lab.cluster.status().started("vip")[0]]
    before = record(node)
    node.run(["kill", "-KILL", before[victim].split()[0]])
    lab.cluster.wait("HAProxy is there again", lambda status: (
        status.started("haproxy") == list(lab.nodes)
        and record(node)["master"] != before["master"]), 30)
    lab.cluster.pcs("resource", "cleanup")
