"""What a held monitor of HAProxy waits for."""

import collections
import subprocess
import types

import pytest

from lbha import hold, host
from lbha.deadline import Deadline
from lbha.haproxy.pulse import Pulse
from lbha.haproxy.watch import OFTEN, WATCHFUL, Watch


@pytest.fixture
def pair():
    """Two Processes that live."""
    children = [subprocess.Popen(["sleep", "60"]) for _ in range(2)]
    yield [host.process(child.pid) for child in children]
    for child in children:
        child.kill()
        child.wait()


@pytest.fixture
def watch(pair, tmp_path):
    """A Watch of these as master and worker."""
    instance = types.SimpleNamespace(socket=str(tmp_path / "nobody"))
    service = types.SimpleNamespace(master=pair[0], worker=pair[1], instance=instance)
    return Watch(types.SimpleNamespace(service=service, p=None, record=None))


def kinds(sources):
    """Their classes; afterwards they are closed."""
    for source in sources:
        source.close()
    return [type(source) for source in sources]


def test_both_ends_and_silence(watch):
    assert kinds(watch.sources()) == [hold.ProcessExit, hold.ProcessExit, Pulse]


def test_without_pidfd_the_pulse_alone_tells(watch, monkeypatch):
    monkeypatch.setattr(hold, "_pidfd", lambda pid: None)
    assert kinds(watch.sources()) == [Pulse]


def test_who_has_ended_already_is_news_without_pidfd_too(watch, pair, monkeypatch):
    monkeypatch.setattr(hold, "_pidfd", lambda pid: None)
    pair[1].kill()
    Deadline(5).wait(lambda: not pair[1].alive, "it to end")
    sources = watch.sources()
    assert hold.wait(sources, 20) is True
    assert kinds(sources) == [hold.ProcessExit, Pulse]


def test_without_memory_for_a_pulse_the_ends_are_left(watch, monkeypatch):
    def fails(*_):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("lbha.haproxy.pulse.Pulse", fails)
    monkeypatch.setattr(hold, "_pidfd", lambda pid: None)
    assert kinds(watch.sources()) == [hold.ProcessExit, hold.ProcessExit]


def test_a_pulse_asks_only_where_no_whole_look_comes_as_soon(watch):
    for pause, asks in ((OFTEN, True), (WATCHFUL, False)):
        watch.pause = pause
        source = watch.sources()[-1]
        assert (source.due < float("inf")) is asks
        source.close()


def test_nobody_to_wait_for(watch):
    watch.service.worker = None
    assert watch.sources() == []


@pytest.mark.parametrize("reason, parameters, record, pause", [
    (None, {}, {}, OFTEN), ("web is short of servers", {}, {}, WATCHFUL),
    (None, {"reload_on_change": True}, {}, WATCHFUL),
    (None, {"score_attribute": "score"}, {}, WATCHFUL),
    (None, {}, {"unapplied": "reload: no"}, WATCHFUL), (None, {}, {"resyncing": "1"}, WATCHFUL),
    (None, {}, {"beside": "1 2"}, WATCHFUL), (None, {}, {"turn": "1"}, WATCHFUL)])
def test_whole_looks_are_seldom_only_while_nothing_is_under_way(
        watch, monkeypatch, reason, parameters, record, pause):
    watch.p = types.SimpleNamespace(**dict(
        {"reload_on_change": False, "score_attribute": None}, **parameters))
    watch.record = collections.defaultdict(lambda: None, record)
    monkeypatch.setattr(watch, "_look", lambda: reason)  # what it sees is for other tests
    assert watch.look() == reason
    assert watch.pause == pause
