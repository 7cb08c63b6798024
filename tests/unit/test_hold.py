"""Held monitors: when one may stay, what ends it, and who ends the orphans."""

import contextlib
import os
import subprocess
import sys
import time

import pytest

from lbha import env, hold, host, state
from lbha.deadline import Deadline

SLEEPER = [sys.executable, "-IS", "-c", "import time; time.sleep(60)"]


@pytest.fixture
def folder(tmp_path):
    return state.Folder("toy", "one", root=str(tmp_path / "lbha"))


@pytest.fixture
def child():
    process = subprocess.Popen(SLEEPER)
    yield process
    process.kill()
    process.wait()


@contextlib.contextmanager
def pipe_in_place_of(number):
    """A pipe in place of one of our standard descriptors; its reading end."""
    kept = os.dup(number)
    reader, writer = os.pipe()
    os.dup2(writer, number)
    os.close(writer)
    try:
        yield reader
    finally:
        os.dup2(kept, number)
        os.close(kept)


class Clock:
    """A monotonic clock that stands still until it is told to go on."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(hold.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def call(interval=10, timeout=20, **parameters):
    environ = {"OCF_RESKEY_CRM_meta_interval": str(int(interval * 1000)),
               "OCF_RESKEY_CRM_meta_timeout": str(int(timeout * 1000))}
    environ.update(("OCF_RESKEY_" + name, value) for name, value in parameters.items())
    return env.Call("monitor", environ, "toy")


def test_the_first_run_follows_nobody(folder):
    assert not hold.Run(folder, call()).follows


@pytest.mark.parametrize("pause, follows", [
    (9.9, False), (10.0, True), (10.2, True), (10.4, False), (11.0, False), (0, False)])
def test_a_run_follows_the_one_that_ended_an_interval_ago(folder, clock, pause, follows):
    hold.Run(folder, call()).end()
    clock.now += pause
    assert hold.Run(folder, call()).follows is follows


def test_nothing_follows_a_run_before_a_probe(folder, clock):
    hold.Run(folder, call()).end()
    hold.forget_runs(folder)
    clock.now += 10
    assert not hold.Run(folder, call()).follows


def test_a_probe_leaves_a_monitor_in_flight_alone(folder, clock):
    run = hold.Run(folder, call())
    hold.forget_runs(folder)
    run.end()
    assert folder.read(run.stamp)


def test_nothing_follows_a_run_that_was_killed(folder, clock):
    hold.Run(folder, call()).end()
    clock.now += 10
    assert hold.Run(folder, call()).follows  # and never says that it ended
    clock.now += 10
    assert not hold.Run(folder, call()).follows


@pytest.mark.parametrize("changed", [{"ip": "2"}, {"CRM_meta_timeout": "30000"}])
def test_nothing_follows_a_run_with_other_parameters(folder, clock, changed):
    hold.Run(folder, call(ip="1")).end()
    clock.now += 10
    assert not hold.Run(folder, call(**dict({"ip": "1"}, **changed))).follows


def test_two_monitors_of_one_resource_do_not_mix(folder, clock):
    hold.Run(folder, call(interval=10)).end()
    clock.now += 10
    assert not hold.Run(folder, call(interval=11)).follows
    assert hold.Run(folder, call(interval=10)).follows


def test_a_run_that_never_stays_is_known_while_it_lives_and_leaves_no_stamp(folder, clock):
    hold.Run(folder, call()).end()
    clock.now += 10
    run = hold.Run(folder, call(), stays=False)
    assert not run.follows and folder.names() == [run.name]
    run.end()
    assert folder.names() == []


def test_orphans_are_ended_and_forgotten(folder, child):
    folder.write("run-%d" % child.pid, host.process(child.pid).key)
    folder.write("run-2", "2 1")
    folder.write("stamp-11000-10", "1.000 00000000")
    folder.write("tmp-0", "half")
    folder.write("record", "x=1\n")
    hold.end_runs(folder, Deadline(5))
    assert child.wait(0) == -9
    assert folder.names() == ["record"]


def test_every_orphan_is_ended(folder, child):
    """A new executor may have begun the same monitor beside the orphan of the old one."""
    with subprocess.Popen(SLEEPER) as other:
        for process in (child, other):
            folder.write("run-%d" % process.pid, host.process(process.pid).key)
        hold.end_runs(folder, Deadline(5))
        assert child.wait(5) == other.wait(5) == -9


def test_the_children_of_an_orphan_end_with_it(folder):
    script = "import subprocess, sys; subprocess.run(%r)" % (SLEEPER,)
    with subprocess.Popen([sys.executable, "-c", script], start_new_session=True) as orphan:
        leader = host.process(orphan.pid)
        Deadline(10).wait(lambda: leader.children, "the child to run")
        child = leader.children[0]
        folder.write("run-%d" % orphan.pid, leader.key)
        hold.end_runs(folder, Deadline(5))
        Deadline(5).wait(lambda: not child.alive, "the child to end")


def test_a_run_that_stop_forgot_leaves_no_stamp(folder, clock):
    run = hold.Run(folder, call())
    folder.remove(run.name)
    run.end()
    assert folder.names() == []


def test_a_pid_that_went_to_somebody_else_is_left_alone(folder, child):
    folder.write("run-%d" % child.pid, "%d 1" % child.pid)
    hold.end_runs(folder, Deadline(5))
    assert child.poll() is None and folder.names() == []


def test_the_run_that_asks_does_not_end_itself(folder):
    hold.Run(folder, call())
    hold.end_runs(folder, Deadline(5))
    assert folder.names() == []


@pytest.mark.parametrize("setting, options, seconds", [
    ("auto", {"timeout": 20}, 10), ("auto", {"timeout": 120}, 60), ("auto", {"timeout": 600}, 60),
    ("auto", {"timeout": 19}, 0),
    (0.0, {}, 0), (7.0, {"timeout": 60}, 7), ("auto", {"interval": 0}, 0),
    (7.0, {"interval": 0}, 0), ("auto", {"CRM_meta_notify": "true"}, 0),
    (7.0, {"CRM_meta_notify": "true"}, 0)])
def test_how_long_a_monitor_may_stay(setting, options, seconds):
    assert hold.longest(setting, call(**options)) == seconds


@pytest.mark.parametrize("without_pidfd", [False, True])
def test_the_end_of_a_process_ends_the_wait_at_once(child, monkeypatch, without_pidfd):
    if without_pidfd:
        monkeypatch.setattr(hold, "_pidfd", lambda pid: None)
    source = hold.ProcessExit(host.process(child.pid))
    assert (source.fd is None) is without_pidfd
    assert hold.wait([source], 0.01) is False and not source.happened()
    child.kill()
    began = time.monotonic()
    assert hold.wait([source], 20) is True
    assert time.monotonic() - began < 2
    assert source.happened()
    source.close()


def test_a_process_that_is_gone_already_is_news(child):
    process = host.process(child.pid)
    child.kill()
    child.wait()
    source = hold.ProcessExit(process)
    assert hold.wait([source], 20) is True
    source.close()


def test_without_news_the_wait_ends_with_its_time():
    began = time.monotonic()
    assert hold.wait([], 0.2) is False
    assert 0.2 <= time.monotonic() - began < 2


class Metronome:
    """A source that works by the clock, and has news at the third beat or event."""

    def __init__(self, fd, beat):
        self.fd, self.beat, self.beats = fd, beat, 0
        self.due = time.monotonic() + beat

    def happened(self):
        self.beats += 1
        self.due = time.monotonic() + self.beat
        return self.beats == 3


def test_a_source_that_works_by_the_clock_is_asked_in_time():
    reader, writer = os.pipe()
    source = Metronome(reader, 0.1)
    began = time.monotonic()
    assert hold.wait([source], 20) is True
    assert 0.3 <= time.monotonic() - began < 2
    assert source.beats == 3
    os.close(reader)
    os.close(writer)


def test_an_event_of_such_a_source_is_news_only_when_it_says_so(child):
    reader, writer = os.pipe()
    source, other = Metronome(reader, 60), hold.ProcessExit(host.process(child.pid))
    os.write(writer, b"x")  # readable from now on
    began = time.monotonic()
    assert hold.wait([source, other], 20) is True
    assert source.beats == 3 and time.monotonic() - began < 2
    child.kill()
    os.read(reader, 1)
    assert hold.wait([source, other], 20) is True  # the others as ever
    assert source.beats == 3
    for end in (reader, writer):
        os.close(end)
    other.close()


@pytest.mark.parametrize("number", [1, 2])
def test_a_reader_that_goes_away_ends_the_wait(number):
    # in the test itself: pytest has descriptors of its own between set-up and call
    with pipe_in_place_of(number) as reader:
        assert hold.wait([], 0.01) is False
        os.close(reader)
        with pytest.raises(hold.ReaderGone):
            hold.wait([], 20)
