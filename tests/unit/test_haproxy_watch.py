"""What a held monitor of HAProxy waits for."""

import subprocess
import types

import pytest

from lbha import hold, host
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
    while pair[1].alive:
        pass
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
