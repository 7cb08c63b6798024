"""HAProxy in the cluster: what is outside of it never fails what is inside."""

import contextlib
import itertools
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
def parameters(lab, **values):
    """Parameters of HAProxy inside the block; without a value again after it."""
    lab.cluster.update("haproxy", values)
    try:
        yield
    finally:
        lab.cluster.update("haproxy", dict.fromkeys(values, ""))


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


def test_a_minute_without_any_web_server(lab):
    nodes = list(lab.nodes.values())
    with sticky.installed(nodes, "lbha"), parameters(lab, config_version="a"):
        wait("every HAProxy has the table and is in step", lambda: all(
            sticky.is_there(node) and sticky.in_step(node) for node in nodes), 40)
        guide.wait_settled(lab.cluster, 60)
        before, active = masters(lab), lab.cluster.status().started("vip")
        first = lab.visitors(50).visit()
        wait("both nodes know all visitors", lambda: all(
            sticky.table(node).keys() >= first.answers.keys() for node in nodes), 5)
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


def test_a_cold_start_waits_for_no_tables(lab):
    """Nobody has any: two HAProxys that are new to each other would wait for five seconds."""
    lab.cluster.pcs("resource", "disable", "haproxy-clone")
    lab.cluster.wait("no HAProxy is left", lambda status: not status.active("haproxy"), 30)
    lab.cluster.pcs("resource", "enable", "haproxy-clone")
    lab.cluster.wait("both serve", lambda status: (
        len(status.started("haproxy")) == len(lab.nodes)), 30)
    took = {one.node: one.seconds for one in lab.cluster.status().operations
            if one.resource == "haproxy" and one.task == "start"}
    assert sorted(took) == sorted(lab.nodes)
    assert max(took.values()) < 5


def test_a_broken_file_is_told_and_mended_by_itself(lab):
    before = masters(lab)
    with file(lab.nodes.values(), CFG, lambda text: text + "  sserver web03 192.168.1.23:80\n"):
        with lab.meter() as client, parameters(lab, config_version="b"):
            lab.cluster.wait("HAProxy's line is told, and who waits for whom", lambda status: any(
                degraded(status, one, "sserver", "haproxy.cfg")
                and degraded(status, other, "the reload waits for " + one)
                for one, other in itertools.permutations(lab.nodes)), 30)
            assert masters(lab) == before
            assert lab.cluster.status().failures == ()
    lab.cluster.wait("all is well again", lambda status: not any(
        degraded(status, name) for name in lab.nodes), 40)
    assert client.report.failed == []


def test_changed_files_are_loaded_one_node_after_the_other(lab):
    with parameters(lab, reload_on_change="true", config_version="c"):
        guide.wait_settled(lab.cluster, 60)
        before, began = masters(lab), time.time()
        with lab.meter() as client:
            with file(lab.nodes.values(), CFG, lambda text: text + "# changed\n"):
                changed = others(lab, before)
            others(lab, changed)
        reloads = [float(line.split()[0]) for node in lab.nodes.values()
                   for line in node.journal("--output=short-unix", "--boot").splitlines()
                   if "reloaded: its files have changed" in line
                   and float(line.split()[0]) > began]
    times = sorted(reloads)
    assert len(times) == 4
    assert client.report.failed == []
    assert min(later - sooner for sooner, later in zip(times, times[1:])) > 0.05


def others(lab, before):
    """Wait until other masters than before serve on every node; who they are."""
    def replaced():
        now = masters(lab)
        return all(now[name] not in (None, before[name]) for name in now) and now

    return wait("every node has read its files", replaced, 40)


@pytest.mark.parametrize("victim", ["master", "worker"])
def test_one_process_killed(lab, victim):
    """Recovery without a cleanup: the settled state is waited for by the fixture."""
    node = lab.nodes[lab.cluster.status().started("vip")[0]]
    before = record(node)
    node.run(["kill", "-KILL", before[victim].split()[0]])
    lab.cluster.wait("HAProxy is there again", lambda status: (
        status.started("haproxy") == list(lab.nodes)
        and record(node).get("master") not in (None, before["master"])), 30)
    lab.cluster.pcs("resource", "cleanup")
