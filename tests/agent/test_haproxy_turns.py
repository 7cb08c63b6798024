"""ocf:lbha:haproxy on two nodes: one reload at a time, the second after the first's success."""

import threading
import time

import pytest

from tests.agent import traffic
from tests.agent.balancer import Balancer, until
from tests.agent.namespace import Namespace
from tests.agent.resource import OK


@pytest.fixture
def pair(namespace):
    """Two nodes, each with HAProxy; started."""
    second = Namespace(beside=namespace)
    namespace.attributes.with_name("attributes.lags").write_text("node01 0\nnode02 0.01\n")
    found = []
    for node, place in (("node01", namespace), ("node02", second)):
        balancer = Balancer(place, traffic.CONFIG % "")
        balancer.node = node
        assert balancer.start().code == OK
        found.append(balancer)
    yield found
    second.close()


def replaced(pair, before):
    """Who serves now, when both are others than before; a monitor goes on where a reload of a
    busy machine had to give up."""
    after = [balancer.serving for balancer in pair]
    if not set(before + [None]) & set(after):
        return after
    assert [outcome.code for outcome in at_once(*[one.monitor for one in pair])] == [OK, OK]
    return None


def flags(namespace, balancer):
    """What the nodes said of their turns, in order: (node, flag or None)."""
    found = []
    for line in namespace.attributes.read_text().splitlines():
        verb, name, value, _, node, _ = line.split("\t")
        if name == "lbha-%s-reload" % balancer.name:
            found.append((node, value if verb == "set" else None))
    return found


def at_once(*tasks):
    """Run functions side by side; what they returned."""
    answers = {}
    threads = [threading.Thread(target=lambda task=task: answers.__setitem__(task, task()))
               for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[task] for task in tasks]


def test_never_both_at_once(namespace, pair):
    before = [balancer.serving for balancer in pair]
    for version in ("2", "3"):
        for balancer in pair:
            balancer.parameters["config_version"] = version
        outcomes = at_once(*[balancer.reload for balancer in pair])
        assert [outcome.code for outcome in outcomes] == [OK, OK]
        before = until(lambda: replaced(pair, before), 20, "both have reloaded")
    busy = None
    turns = []
    for node, flag in flags(namespace, pair[0]):
        assert not (flag == "busy" and busy), "two at once"
        if flag == "busy":
            turns.append(node)
            busy = node
        elif flag is None and node == busy:
            busy = None
    assert sorted(turns) == ["node01", "node01", "node02", "node02"]


def test_the_second_waits_for_the_success_of_the_first(namespace, pair):
    first, second = pair
    before = first.serving, second.serving
    good = first.config.read_text()
    first.config.write_text(good + "    sserver web02 127.0.0.2:80\n")
    for balancer in pair:
        balancer.parameters["config_version"] = "2"
    assert "sserver" in first.reload().err
    began = time.monotonic()
    while None in (first.told, second.told):
        for outcome in at_once(first.monitor, second.monitor):
            assert outcome.code == OK
        assert time.monotonic() < began + 15
    assert second.told == "the reload waits for node01, where it failed"
    assert "sserver" in first.told
    assert (first.serving, second.serving) == before
    first.config.write_text(good)

    def done():
        at_once(first.monitor, second.monitor)
        return second.serving != before[1] and first.told is None and second.told is None

    until(done, 10, "first the first, then the second has reloaded")
    assert first.serving != before[0]
    assert [(node, flag) for node, flag in flags(namespace, first)
            if flag in ("busy", "failed")][-2:] == [("node01", "busy"), ("node02", "busy")]


def test_who_stops_lets_the_others_go_on(namespace, pair):
    first, second = pair
    first.config.write_text(first.config.read_text() + "    sserver web02 127.0.0.2:80\n")
    for balancer in pair:
        balancer.parameters["config_version"] = "2"
    before = second.serving
    assert first.reload().code == OK
    assert second.call("reload", timeout=5).code == OK
    assert second.serving == before
    assert first.stop().code == OK
    until(lambda: second.monitor().code == OK and second.serving != before, 10,
          "the second has its turn")
