"""How ocf:lbha:haproxy ends: clients that are served, processes that do not want to go, and
what may be left behind."""

import os
import signal
import subprocess
import time

import pytest

from tests.agent import resource
from tests.agent.balancer import (Balancer, master_of, masters_of, processes, status, until,
                                  worker_of)
from tests.agent.traffic import CONFIG, Download, serve

# another HAProxy that takes the listening socket over from ours, and keeps it
HEIR = """
defaults
    mode http
    timeout client 5s
frontend main
    bind 127.0.0.1:8080
    http-request return status 202
"""


@pytest.fixture
def busy(namespace):
    """Not started yet; a web server that serves slowly is behind it."""
    serve(namespace)
    return Balancer(namespace, CONFIG % "")


def connects(namespace):
    """Whether HAProxy takes a new connection."""
    return namespace.run(["curl", "-s", "-o", "/dev/null", "-m", "2", "http://127.0.0.1/"],
                         check=False).returncode == 0


# ---------------------------------------------------------------------------------- draining

def test_a_download_that_ends_in_time_is_whole(namespace, busy):
    busy.parameters["drain"] = 15
    busy.start()
    assert connects(namespace)
    download = Download(namespace, 2)
    child = busy.popen("stop", timeout=30)
    until(lambda: not connects(namespace), 1, "new connections are refused")
    assert download.goes_on
    assert download.outcome(10) == "ok"
    ended = time.monotonic()
    child.communicate(timeout=10)
    assert child.returncode == resource.OK
    assert time.monotonic() - ended < 1
    assert processes(namespace) == {}


def test_a_download_that_lasts_longer_is_cut_at_the_end_of_drain(namespace, busy):
    busy.parameters["drain"] = 1
    busy.start()
    download = Download(namespace, 60)
    outcome = busy.stop(timeout=30)
    assert outcome.code == resource.OK
    assert 1 <= outcome.seconds < 2.5
    assert "clients were still served after 1 s" in outcome.err
    assert download.outcome(10) != "ok"
    assert processes(namespace) == {}


def test_a_stop_ends_in_time_however_long_drain_is(namespace, busy):
    busy.parameters["drain"] = 3600
    busy.start()
    download = Download(namespace, 60)
    outcome = busy.stop(timeout=6)
    assert outcome.code == resource.OK
    assert outcome.seconds < 6
    assert download.outcome(10) != "ok"
    assert processes(namespace) == {}


def test_without_drain_nobody_is_waited_for(namespace, busy):
    busy.start()
    download = Download(namespace, 60)
    outcome = busy.stop()
    assert outcome.code == resource.OK
    assert outcome.seconds < 1
    assert download.outcome(10) != "ok"


def test_old_workers_are_ended_too(namespace, busy):
    busy.start()
    download = Download(namespace, 60)
    busy.parameters["config_version"] = 2
    assert busy.call("reload").code == resource.OK
    assert len(masters_of(namespace)) == 2 and download.goes_on
    outcome = busy.stop()
    assert outcome.code == resource.OK
    assert outcome.seconds < 1
    assert processes(namespace) == {}


# -------------------------------------------------------------------------- who does not go

@pytest.mark.parametrize("which, longest", [
    ([master_of], 4), ([worker_of], 1.5), ([master_of, worker_of], 1.5)],
    ids=["master", "worker", "both"])
def test_a_process_that_hangs(namespace, haproxy, which, longest):
    haproxy.start()
    for find in which:
        os.kill(find(namespace), signal.SIGSTOP)
    outcome = haproxy.stop()
    assert outcome.code == resource.OK
    assert outcome.seconds < longest
    assert "SIGKILL" in outcome.err
    assert processes(namespace) == {}


def test_a_short_silence_does_not_spoil_a_drain(namespace, busy):
    """Half a second is nothing for a machine that is busy."""
    busy.parameters["drain"] = 10
    busy.start()
    download = Download(namespace, 1.5)
    worker = worker_of(namespace)
    os.kill(worker, signal.SIGSTOP)
    child = busy.popen("stop", timeout=30)
    time.sleep(0.6)
    os.kill(worker, signal.SIGCONT)
    assert download.outcome(10) == "ok"
    child.communicate(timeout=10)
    assert child.returncode == resource.OK


def start_heir(namespace, haproxy):
    """A HAProxy that has our listening socket open, not one like it; its Popen."""
    config = namespace.folder / "heir.cfg"
    config.write_text(HEIR)
    heir = namespace.popen(["haproxy", "-db", "-x", haproxy.folder / "admin.sock", "-f", config],
                           stderr=subprocess.DEVNULL)

    def listeners():
        return namespace.run(["ss", "-Htlnp", "sport", "=", "8080"]).stdout.splitlines()

    until(lambda: "pid=%d," % heir.pid in "".join(listeners()), 5, "the heir has the socket")
    assert len(listeners()) == 1
    return heir


@pytest.mark.parametrize("number", [signal.SIGCONT, signal.SIGSTOP], ids=["well", "hung"])
def test_who_was_given_the_listening_socket_is_ended(namespace, haproxy, number):
    haproxy.start()
    heir = start_heir(namespace, haproxy)
    os.kill(heir.pid, number)
    outcome = haproxy.stop()
    assert outcome.code == resource.OK
    assert outcome.seconds < 4
    assert heir.wait(1) is not None
    assert "refused" in status(namespace)


def test_a_crash_leaves_the_socket_with_somebody_else(namespace, haproxy):
    haproxy.start()
    heir = start_heir(namespace, haproxy)
    ours, = set(masters_of(namespace)) - {heir.pid}
    os.kill(ours, signal.SIGKILL)
    until(lambda: set(processes(namespace)) == {heir.pid}, 5, "ours are gone")
    outcome = haproxy.monitor()
    assert outcome.code == resource.GENERIC
    assert "127.0.0.1:8080" in outcome.reason
    assert haproxy.stop().code == resource.OK
    assert heir.wait(1) is not None
    assert haproxy.start().code == resource.OK


# -------------------------------------------------------------------------- what is left

def test_what_only_made_sense_while_it_ran_is_gone(namespace, haproxy):
    pidfile = namespace.folder / "haproxy.pid"
    haproxy.parameters.update(pidfile=pidfile, score_attribute="score", score_dampen=0)
    haproxy.start()
    master = master_of(namespace)
    assert pidfile.read_text().split() == [str(master)]
    haproxy.say("set server web/web01 state maint")
    for level in (0, 10, 20):
        haproxy.complaint(level=level)
    assert haproxy.told
    haproxy.parameters["config_version"] = 2
    assert haproxy.call("reload").code == resource.OK
    assert haproxy.stop().code == resource.OK
    assert not pidfile.exists()
    # the lock, room for the next time, and what is to be brought back by the next start
    assert {path.name for path in haproxy.folder.iterdir()} <= {
        "lock", "reserve", "score", "servers", "nodes"}
    left = {line.split("\t")[1]: line.split("\t")[0]
            for line in namespace.attributes.read_text().splitlines()}
    assert set(left.values()) == {"delete"} and haproxy.told is None


def test_a_pidfile_of_before(namespace, haproxy):
    """The parameter has changed since; what start recorded counts."""
    first, second = namespace.folder / "first.pid", namespace.folder / "second.pid"
    haproxy.parameters["pidfile"] = first
    haproxy.start()
    second.write_text("1\n")
    haproxy.parameters["pidfile"] = second
    assert haproxy.stop().code == resource.OK
    assert not first.exists()
    assert second.read_text() == "1\n"
