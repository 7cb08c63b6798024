"""ocf:lbha:haproxy when something goes wrong while it serves: what is a failure, and what only
has to be told."""

import contextlib
import os
import shutil
import signal
import time

import pytest

from tests.agent import resource
from tests.agent.balancer import (CONFIG, Balancer, master_of, masters_of, processes, status,
                                  until, worker_of)

TWO_FRONTENDS = CONFIG % {"bind": "127.0.0.1:8080"} + """
frontend other
    bind 127.0.0.1:8090
    http-request return status 204
"""


# ------------------------------------------------------------------------------ it has ended

def test_killed_both(namespace, haproxy):
    haproxy.start()
    master, worker = master_of(namespace), worker_of(namespace)
    os.kill(master, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):  # it follows its master
        os.kill(worker, signal.SIGKILL)
    until(lambda: not processes(namespace), 5, "both are gone")
    outcome = haproxy.monitor()
    assert outcome.code == resource.NOT_RUNNING
    assert "gone" in outcome.reason and str(master) in outcome.reason
    assert haproxy.start().code == resource.OK
    assert status(namespace) == "503"


@pytest.mark.parametrize("which", [master_of, worker_of])
def test_start_right_after_a_kill(namespace, haproxy, which):
    """Nothing else is needed, even while the other process is just about to end."""
    haproxy.start()
    os.kill(which(namespace), signal.SIGKILL)
    assert haproxy.start().code == resource.OK
    assert len(masters_of(namespace)) == 1
    assert haproxy.monitor().code == resource.OK
    assert status(namespace) == "503"


def test_a_recycled_pid(namespace, haproxy):
    """The master's pid belongs to somebody else by now, the record says its start time."""
    haproxy.start()
    record = (haproxy.folder / "record").read_text()
    for pid in (master_of(namespace), worker_of(namespace)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: not processes(namespace), 5, "both are gone")
    bystander = namespace.popen(["sleep", "1000"])
    lines = [line for line in record.splitlines() if not line.startswith(("master", "worker"))]
    lines += ["%s=%d 1" % (name, bystander.pid) for name in ("master", "worker")]
    (haproxy.folder / "record").write_text("\n".join(lines) + "\n")
    assert haproxy.monitor().code == resource.NOT_RUNNING
    assert haproxy.probe().code == resource.NOT_RUNNING
    assert haproxy.stop().code == resource.OK
    assert bystander.poll() is None


# ----------------------------------------------------------------------------- its listeners

def test_a_frontend_that_was_shut_down_is_named(namespace):
    haproxy = Balancer(namespace, TWO_FRONTENDS)
    haproxy.start()
    assert haproxy.monitor().code == resource.OK
    haproxy.say("shutdown frontend main")
    outcome = haproxy.monitor()
    assert outcome.code == resource.GENERIC
    assert "frontend main was shut down" in outcome.reason
    assert haproxy.stop().code == resource.OK
    assert haproxy.start().code == resource.OK
    assert status(namespace) == "503"


def test_a_listener_that_is_gone_is_named(namespace, haproxy):
    haproxy.start()
    record = haproxy.folder / "record"
    lines = record.read_text().splitlines()
    record.write_text("".join(
        line + (" 4000000000=127.0.0.1:8090\n" if line.startswith("listeners=") else "\n")
        for line in lines))
    outcome = haproxy.monitor()
    assert outcome.code == resource.GENERIC
    assert "127.0.0.1:8090" in outcome.reason


def test_a_frontend_that_an_operator_disabled_is_told(namespace):
    haproxy = Balancer(namespace, TWO_FRONTENDS)
    haproxy.start()
    haproxy.say("disable frontend main")
    assert "refused" in status(namespace)
    assert haproxy.complaint() == "frontend main is disabled on this node"
    haproxy.say("enable frontend main")
    assert haproxy.complaint() is None
    assert status(namespace) == "503"


def test_a_disabled_frontend_hides_no_other(namespace):
    haproxy = Balancer(namespace, TWO_FRONTENDS)
    haproxy.start()
    haproxy.say("disable frontend main")
    haproxy.say("shutdown frontend other")
    outcome = haproxy.monitor()
    assert outcome.code == resource.GENERIC
    assert "frontend other was shut down" in outcome.reason


# --------------------------------------------------------------------------- what start wrote

JUNK = {
    "lost": None,
    "empty": b"",
    "bytes": bytes(range(256)) * 64,
    "a large file": b"=" * (1 << 20),
    "keys": b"master=x\nworker=9999999999 1\nlisteners=a=b c 5\nold=1 2 3\nattempt=\n"
            b"resyncing=soon\nout_of_step=x\n",
}


@pytest.mark.parametrize("kind", JUNK)
def test_a_record_that_is_lost_while_it_serves(namespace, haproxy, kind):
    """It may be launched anew, for nobody knows with what it was; it serves all the time."""
    haproxy.start()
    record = haproxy.folder / "record"
    record.unlink()
    if JUNK[kind] is not None:
        record.write_bytes(JUNK[kind])
    for outcome in (haproxy.monitor(), haproxy.monitor(level=20), haproxy.probe()):
        assert outcome.code == resource.OK, outcome
        assert status(namespace) == "503"
    assert haproxy.stop().code == resource.OK
    assert processes(namespace) == {}


@pytest.mark.parametrize("kind", JUNK)
def test_stop_without_a_record_that_can_be_read(namespace, haproxy, kind):
    haproxy.start()
    record = haproxy.folder / "record"
    record.unlink()
    if JUNK[kind] is not None:
        record.write_bytes(JUNK[kind])
    outcome = haproxy.stop()
    assert outcome.code == resource.OK and outcome.seconds < 5
    assert processes(namespace) == {}


def test_notes_full_of_junk(namespace, haproxy):
    haproxy.parameters["score_attribute"] = "score"
    haproxy.start()
    haproxy.monitor(level=20)
    for note in ("checks", "score", "degraded", "files"):
        (haproxy.folder / note).write_bytes(b"since=soon\nseen=\xff\nattribute=score\noutput=x\n"
                                            b"score=y z\nverified=\npublished=1\n")
    outcome = haproxy.monitor(level=20)
    assert outcome.code == resource.OK
    assert "internal" not in outcome.err
    assert haproxy.stop().code == resource.OK


# -------------------------------------------------------------------------- files that change

def test_a_removed_binary(namespace, haproxy):
    binary = namespace.folder / "haproxy"
    shutil.copy("/usr/sbin/haproxy", binary)
    haproxy.parameters.update(binpath=binary, min_servers=0)
    haproxy.start()
    binary.unlink()
    for level in (0, 10, 20):
        assert haproxy.monitor(level=level).code == resource.OK
    assert haproxy.complaint() is None
    assert haproxy.stop().code == resource.OK
    assert processes(namespace) == {}
    outcome = haproxy.start()
    assert outcome.code == resource.INSTALLED
    assert str(binary) in outcome.reason


@pytest.mark.parametrize("reloads", ["false", "true"])
@pytest.mark.parametrize("break_it, words", [
    (lambda config: config.unlink(), "haproxy.cfg"),
    (lambda config: config.write_text("global\n    nonsense\n"), "nonsense")],
    ids=["removed", "nonsense"])
def test_a_file_that_went_bad_is_no_failure(namespace, haproxy, break_it, words, reloads):
    haproxy.parameters["reload_on_change"] = reloads
    haproxy.start()
    before = processes(namespace)
    break_it(haproxy.config)
    for level in (0, 10, 20):
        assert haproxy.monitor(level=level).code == resource.OK
        haproxy.let_last("files")
    told = haproxy.complaint()
    assert words in told if reloads == "true" else words not in (told or "")
    assert processes(namespace) == before
    assert haproxy.stop().code == resource.OK


# ------------------------------------------------------------------------------- a full disk

def fill(haproxy, megabytes=1):
    """Leave no room where the state directory is; the file that takes it."""
    root = haproxy.folder.parent
    haproxy.namespace.run(["mount", "-o", "remount,size=%dm" % megabytes, "/run/lbha"])
    filler = root / "filler"
    with contextlib.suppress(OSError), open(filler, "ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return filler


@pytest.mark.parametrize("before, after", [(False, False), (False, True), (True, True)],
                         ids=["at first", "the reserve later", "the reserve at once"])
def test_a_full_disk(namespace, haproxy, before, after):
    haproxy.parameters.update(score_attribute="score", min_servers=0)
    haproxy.start()
    haproxy.monitor(level=20)
    filler = fill(haproxy)
    if before:
        (haproxy.folder / "reserve").write_bytes(b"")
        fill(haproxy)
    lines, told = [], []
    end = time.monotonic() + 20
    while time.monotonic() < end and len(lines) < 10:
        outcome = haproxy.monitor(level=20)
        assert outcome.code == resource.OK, outcome
        lines.append(outcome.err)
        told.append(haproxy.complaint())
        if after:
            fill(haproxy)
    assert "No space left" in told[-1]
    sets = [line for line in namespace.attributes.read_text().splitlines()
            if line.startswith("set\tlbha-%s\t" % haproxy.name)]
    assert len(sets) == 1
    assert sum(map(len, "".join(lines).splitlines())) < 400, lines
    filler.unlink()
    assert haproxy.complaint() is None
    assert (haproxy.folder / "reserve").stat().st_size
    assert haproxy.stop().code == resource.OK
    assert processes(namespace) == {}


def test_stop_on_a_full_disk(namespace, haproxy):
    haproxy.start()
    haproxy.say("set server web/web01 state maint")  # which it would like to write down
    fill(haproxy)
    (haproxy.folder / "reserve").write_bytes(b"")
    fill(haproxy)
    assert haproxy.stop().code == resource.OK
    assert processes(namespace) == {}
    assert haproxy.probe().code == resource.NOT_RUNNING
