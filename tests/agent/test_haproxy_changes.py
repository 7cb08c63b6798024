"""ocf:lbha:haproxy and files that change, and reloads that are killed half way."""

import contextlib
import os
import signal
import subprocess
import time

import pytest

from tests.agent import traffic
from tests.agent.balancer import Balancer, master_of, masters_of, processes, until
from tests.agent.resource import OK
from tests.agent.traffic import Visits

LEAST, MOST = 2.0, 4.5  # seconds from the last change to the reload


@pytest.fixture
def watching(namespace):
    """A Balancer that watches its files, and a folder of certificates; started."""
    (namespace.folder / "certs").mkdir()
    (namespace.folder / "certs" / "one.pem").write_text("one")
    (namespace.folder / "map").write_text("one two\n")
    balancer = Balancer(namespace, traffic.CONFIG % "", reload_on_change="true",
                        watch_files="%s/certs %s/map" % (namespace.folder, namespace.folder))
    assert balancer.start().code == OK
    return balancer


def look(balancer, seconds=0.0):
    """Monitor again and again for so long."""
    end = time.monotonic() + seconds
    while True:
        assert balancer.monitor().code == OK
        if time.monotonic() >= end:
            return


def reloaded(balancer, before):
    """Monitor until another master serves; the seconds that took."""
    began = time.monotonic()
    until(lambda: balancer.monitor().code == OK and balancer.serving not in (before, None),
          MOST, "the change is loaded")
    return time.monotonic() - began


def touch_config(folder):
    with open(folder / "haproxy.cfg", "a") as file:
        file.write("    server web02 127.0.0.2:80\n")


def touch_nothing_but_the_time(folder):
    os.utime(folder / "map")


def replace_a_certificate(folder):
    (folder / "new.pem").write_text("eno")  # of the same size
    os.replace(folder / "new.pem", folder / "certs" / "one.pem")


@pytest.mark.parametrize("change", [
    touch_config, touch_nothing_but_the_time, replace_a_certificate])
def test_a_change_is_loaded_once(namespace, watching, change):
    before = watching.serving
    look(watching)
    change(namespace.folder)
    assert LEAST <= reloaded(watching, before)
    after = watching.serving
    look(watching, 0.5)
    assert masters_of(namespace) == [after]


def test_without_a_change_nothing_happens(namespace, watching):
    before = watching.serving
    look(watching, LEAST + 0.5)
    (namespace.folder / "certs" / "one.pem").read_text()
    watching.parameters["watch_files"] = "%s/certs" % namespace.folder
    assert watching.changed() == before
    watching.parameters["watch_files"] = "%s/certs /etc/hostname" % namespace.folder
    assert watching.changed() == before
    look(watching, 0.5)
    assert watching.serving == before


def test_without_reload_on_change_a_change_waits(namespace, watching):
    before = watching.changed(reload_on_change="false")
    touch_config(namespace.folder)
    look(watching, LEAST + 0.5)
    assert watching.serving == before
    watching.parameters["reload_on_change"] = "true"
    assert watching.changed() != before  # the action does not wait for the file to settle
    assert "web02" in watching.say("show servers state")


def test_a_file_that_is_being_written_is_not_loaded(namespace, watching):
    before = watching.serving
    good = watching.config.read_text()
    half = len(good) // 2
    watching.config.write_text(good[:half])  # HAProxy would take it, or complain
    began = time.monotonic()
    for end in range(half, len(good), 15):
        watching.config.write_text(good[:end])
        look(watching, 0.2)
    assert time.monotonic() - began > LEAST
    assert watching.serving == before and watching.told is None
    watching.config.write_text(good + "    server web02 127.0.0.2:80\n")
    assert LEAST <= reloaded(watching, before)
    assert "web02" in watching.say("show servers state")


def test_a_bad_change_is_refused_and_a_mended_one_loaded(namespace, watching):
    traffic.serve(namespace)
    before = watching.serving
    good = watching.config.read_text()
    with Visits(namespace, rate=100) as visits:
        watching.config.write_text(good + "    sserver web02 127.0.0.2:80\n")
        began = time.monotonic()
        said = until(lambda: watching.monitor().err, MOST, "the change is refused")
        assert time.monotonic() - began > LEAST
        assert "haproxy.cfg:" in said and "sserver" in said
        assert watching.monitor().err == ""  # said once
        assert masters_of(namespace) == [before]
        watching.config.write_text(good + "    server web02 127.0.0.2:80\n")
        reloaded(watching, before)
    assert "web02" in watching.say("show servers state")
    assert visits.report.reasons == {}


@pytest.mark.parametrize("action", ["reload", "monitor"])
def test_a_reload_cut_short(namespace, action):
    balancer = Balancer(namespace, traffic.CONFIG % "")
    assert balancer.start().code == OK
    # at a time, or so long after the new HAProxy serves
    for version, (new, pause) in enumerate((
            (False, 0.02), (False, 0.1), (False, 0.2), (False, 0.3),
            (True, 0.001), (True, 0.005), (True, 0.01), (True, 0.02), (True, 0.04))):
        before = master_of(namespace)
        balancer.parameters["config_version"] = version
        child = balancer.popen(action, interval=10 if action == "monitor" else None)
        while new and child.poll() is None and balancer.serving in (before, None):
            pass
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(pause)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        served = [before]
        began = since = time.monotonic()
        # and half a second, in which a second, needless reload would come
        while (len(served) < 2 or time.monotonic() < since + 0.5
               or masters_of(namespace) != served[-1:]):
            assert time.monotonic() < began + 10, (new, pause, served, processes(namespace))
            if time.monotonic() > began + 0.15:  # what has been launched serves before that
                outcome = balancer.monitor()
                assert outcome.code == OK, (new, pause, outcome)
            if balancer.serving not in (None, served[-1]):
                served.append(balancer.serving)
                since = time.monotonic()
        assert len(served) == 2, (new, pause)
    assert balancer.told is None
    assert balancer.stop().code == OK
    assert processes(namespace) == {}
