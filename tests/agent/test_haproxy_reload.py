"""Reloads of ocf:lbha:haproxy for changed parameters: what is in force, and what is not lost."""

import contextlib
import fcntl
import glob
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from tests.agent import traffic
from tests.agent.balancer import (Balancer, argv, ask_for_reload, listeners, master_of,
                                  masters_of, until)
from tests.agent.resource import OK
from tests.agent.traffic import Download, Visits

KEYS = {"10.0.0.1": 1, "10.0.0.2": 2, "10.0.0.3": 3}
SECOND = """
frontend second
    mode http
    timeout client 1s
    bind 127.0.0.1:81
"""


@pytest.fixture
def busy(namespace):
    """A Balancer with clients and a stick table, started; it is the only node."""
    nodes = {"node01": {"addresses": ["127.0.0.1"], "runs": ["haproxy"]}}
    (namespace.folder / "attributes.nodes").write_text(json.dumps(nodes))
    traffic.serve(namespace)
    balancer = Balancer(namespace, traffic.CONFIG % " peers lbha", peers="auto")
    assert balancer.start().code == OK
    balancer.remember(*KEYS)
    return balancer


@pytest.fixture
def plain(namespace):
    """A Balancer with a web server and without peers, started."""
    traffic.serve(namespace)
    balancer = Balancer(namespace, traffic.CONFIG % "")
    assert balancer.start().code == OK
    return balancer


def test_haproxy_is_replaced_in_service(namespace, busy):
    copy = namespace.folder / "mine" / "haproxy"
    copy.parent.mkdir()
    shutil.copy("/usr/sbin/haproxy", copy)
    pidfile = namespace.folder / "pid"
    second = namespace.folder / "second.cfg"
    second.write_text(SECOND)
    until(lambda: busy.in_step, 10, "nobody is left to bring tables")
    before = [master_of(namespace)]
    sockets = listeners(namespace)
    with Visits(namespace) as visits:
        download = Download(namespace, 20)  # longer than all that follows
        before.append(busy.changed(config_version="2"))
        before.append(busy.changed(options="-n 900"))
        assert argv(before[-1])[-2:] == ["-n", "900"]
        before.append(busy.changed(binpath=copy))
        assert os.readlink("/proc/%d/exe" % before[-1]) == str(copy)
        before.append(busy.changed(pidfile=pidfile))
        assert pidfile.read_text().split() == [str(before[-1])]
        before.append(busy.changed(conffile="%s %s" % (busy.config, second),
                                   pidfile=namespace.folder / "another"))
        assert "127.0.0.1:81" in listeners(namespace)
        assert not pidfile.exists()
        assert busy.remembered == KEYS
        assert download.goes_on
    assert len(set(before)) == len(before)  # each was a new master
    assert visits.report.reasons == {} and len(visits.report.requests) > 300
    assert download.outcome(40) == "ok"
    assert {where: inode for where, inode in listeners(namespace).items()
            if where in sockets} == sockets
    until(lambda: masters_of(namespace) == before[-1:], 5, "the old ones are gone")
    assert busy.monitor().code == OK


def test_what_needs_no_new_haproxy_replaces_none(namespace, plain):
    master = master_of(namespace)
    for name, value in (
            ("socket_timeout", "2"), ("min_servers", "2"), ("check_url", "http://127.0.0.1/"),
            ("drain", "3"), ("score_attribute", "servers"), ("score_of", "weight"),
            ("score_dampen", "0"), ("hold", "5"), ("watch_files", "/etc/hostname"),
            ("max_old_workers", "2"), ("reload_on_change", "true"), ("degraded_code", "190"),
            ("peers_port", "1025"), ("peers_name", "other")):
        assert plain.changed(**{name: value}) == master, name
        assert plain.monitor().code == OK
        assert masters_of(namespace) == [master], name


def test_a_bad_file_leaves_the_old_state_serving_until_it_is_mended(namespace, plain):
    master = master_of(namespace)
    good = plain.config.read_text()
    plain.config.write_text(good + "    sserver web02 127.0.0.2:80\n")
    plain.parameters["config_version"] = "2"
    with Visits(namespace, rate=100) as visits:
        outcome = plain.reload()
        assert (outcome.code, outcome.reason) == (OK, None)
        assert plain.told is None
        sentence = plain.tells("haproxy.cfg:%d" % len(plain.config.read_text().splitlines()),
                               "sserver")
        assert sentence.startswith("reload: ")
        assert masters_of(namespace) == [master]
        plain.config.write_text(good + "    server web02 127.0.0.2:80\n")
        until(lambda: plain.monitor().code == OK and masters_of(namespace) != [master], 10,
              "the mended file is loaded")
        plain.tells_nothing()
    assert "web02" in plain.say("show servers state")
    assert visits.report.reasons == {}


def test_a_port_that_somebody_has_is_refused_before_anything_is_touched(namespace, plain):
    taker = namespace.popen([sys.executable, "-c", (
        "import socket; s = socket.create_server(('127.0.0.1', 81)); "
        "print('up', flush=True); s.accept()")], stdout=subprocess.PIPE)
    assert taker.stdout.readline() == b"up\n"
    master = master_of(namespace)
    plain.config.write_text(plain.config.read_text() + SECOND)
    plain.parameters["config_version"] = "2"
    with Visits(namespace) as visits:
        outcome = plain.reload()
        assert outcome.code == OK
        assert "127.0.0.1:81" in outcome.err and "python3 (pid " in outcome.err
    assert masters_of(namespace) == [master]
    assert visits.report.reasons == {}
    taker.kill()
    taker.wait()
    until(lambda: plain.monitor().code == OK and masters_of(namespace) != [master], 15,
          "it is loaded when the port is free")
    assert "127.0.0.1:81" in listeners(namespace)


def test_with_too_many_old_workers_reloads_wait_and_are_one(namespace, plain):
    downloads = [Download(namespace, 12)]
    last = plain.changed(config_version="1", max_old_workers=1)
    with Visits(namespace, rate=100) as visits:
        for version in ("2", "3"):
            plain.parameters["config_version"] = version
            assert plain.call("reload", timeout=5).code == OK
            assert (plain.serving, len(masters_of(namespace))) == (last, 2)
        plain.tells("waits", "old workers", "max_old_workers=1")
        assert plain.serving == last and downloads[0].goes_on
        downloads.append(Download(namespace, 5))  # of the one that serves now
        plain.parameters["max_old_workers"] = 2
        new = until(lambda: plain.monitor().code == OK and plain.serving != last
                    and plain.serving, 20, "there is room for another one")
        assert len(masters_of(namespace)) == 3
        plain.tells_nothing()
        assert plain.serving == new  # versions 2 and 3 came at once
        plain.parameters.update(max_old_workers=1, config_version="4")
        until(lambda: plain.monitor().code == OK and plain.serving != new, 20,
              "it is reloaded when the downloads have ended")
        assert [download.outcome(1) for download in downloads] == ["ok", "ok"]
    assert visits.report.reasons == {}


def test_a_monitor_that_waited_for_a_reload_does_not_write_down_the_replaced_worker(
        namespace, plain):
    """It found the old one before it waited for the lock, under which a reload went on."""
    old, record = answering(plain), plain.folder / "record"
    download = Download(namespace, 9)
    with open(plain.folder / "lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        monitor = plain.popen("monitor", interval=10)
        until(lambda: len(openers(lock)) == 2, 2, "the monitor waits for the lock")
        # what a reload does under the lock
        ask_for_reload(master_of(namespace))
        new = until(lambda: answering(plain) != old and answering(plain), 2, "the new one serves")
        record.write_text(record.read_text().replace("worker=" + old, "worker=" + new))
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert monitor.wait(10) == OK
        monitor.communicate()
        assert download.goes_on  # so the old one still lives
    assert "worker=%s\n" % new in record.read_text()


def answering(balancer):
    """The worker that answers as the agent writes it down: "PID START"."""
    pid = dict(line.partition(": ")[::2] for line in balancer.say("show info").splitlines())["Pid"]
    stat = pathlib.Path("/proc/%d/root/proc/%s/stat" % (balancer.namespace.pid, pid))
    return "%s %s" % (pid, stat.read_text().rpartition(")")[2].split()[19])


def openers(file):
    """The descriptors, of any process, that have a file open."""
    wanted = os.fstat(file.fileno())
    found = []
    for name in glob.glob("/proc/[0-9]*/fd/*"):
        with contextlib.suppress(OSError):  # closed meanwhile
            if os.path.samestat(os.stat(name), wanted):
                found.append(name)
    return found


def test_a_reload_by_sigusr2(namespace, plain):
    master = master_of(namespace)
    good = plain.config.read_text()
    plain.config.write_text(good + "    server web02 127.0.0.2:80\n")
    ask_for_reload(master)
    until(lambda: "web02" in plain.say("show servers state"), 5, "HAProxy has reloaded")
    for _ in range(2):
        outcome = plain.monitor()
        assert (outcome.code, outcome.err) == (OK, "")
    assert master_of(namespace) == master
    plain.config.write_text(good + "    sserver web02 127.0.0.2:80\n")
    ask_for_reload(master)
    plain.tells("SIGUSR2", "sserver", seconds=30)
    plain.config.write_text(good)
    ask_for_reload(master)
    plain.tells_nothing()
    assert "web02" not in plain.say("show servers state")
    assert plain.stop().code == OK
    assert masters_of(namespace) == []
