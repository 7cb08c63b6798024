"""How ocf:lbha:haproxy begins: what HAProxy gets from us, what it says, and what it may not do."""

import contextlib
import os
import signal
import socket

import pytest

from tests import declarations
from tests.agent import resource
from tests.agent.balancer import (CONFIG, Balancer, master_of, processes, status, until,
                                  worker_of)

# what each parameter does not take: value, and words of what it does
BAD_VALUES = [
    ("conffile", "haproxy.cfg", "absolute path"),
    ("conffile", " ", "at least 1"),
    ("binpath", "haproxy", "absolute path"),
    ("pidfile", "haproxy.pid", "absolute path"),
    ("peers", "maybe", "none"),
    ("peers_name", "a b", ""), ("peers_name", "x\n    server", ""),
    ("peers_port", "0", "1"), ("peers_port", "65536", "65535"), ("peers_port", "ssh", "1"),
    ("peers_addresses", "node01", "NODE=ADDRESS"),
    ("peers_addresses", "node01=192.168.10.1 node02=nowhere", "NODE=ADDRESS"),
    ("socket_timeout", "soon", "1"), ("socket_timeout", "50ms", "0.1"),
    ("socket_timeout", "2min", "60"),
    ("min_servers", "-1", "0"), ("min_servers", "some", "number"),
    ("check_url", "127.0.0.1/health", "http://"), ("check_url", "ftp://a/b", "http://"),
    ("check_url", "http://a:99999/", "http://"), ("check_url", "http://a/b c", "http://"),
    ("reload_on_change", "perhaps", "true"),
    ("watch_files", "certs", "absolute path"),
    ("max_old_workers", "0", "1"), ("max_old_workers", "101", "100"),
    ("drain", "-1", "0"), ("drain", "3601", "3600"), ("drain", "a while", "0"),
    ("score_attribute", "a b", ""),
    ("score_of", "sum", "weight"),
    ("score_dampen", "-1s", "0"), ("score_dampen", "2h", "3600"),
    ("hold", "ever", "auto"), ("hold", "61", "60"),
    ("degraded_code", "1", "190"),
]


def test_every_parameter_with_limits_is_tried():
    tried = {name for name, _, _ in BAD_VALUES}
    free = {"options", "config_version"}  # any text
    assert {parameter.name for parameter in declarations.declaration("haproxy").parameters} == (
        tried | free)


@pytest.mark.parametrize("name, value, allowed", BAD_VALUES)
def test_a_bad_value(namespace, haproxy, name, value, allowed):
    haproxy.parameters[name] = value
    outcome = haproxy.start()
    assert outcome.code == resource.CONFIGURED
    assert name in outcome.reason and " ".join(value.split()) in outcome.reason
    assert allowed in outcome.reason, outcome.reason
    assert processes(namespace) == {}


def test_bad_values_of_all_parameters_while_it_serves(namespace, haproxy):
    haproxy.start()
    before = processes(namespace)
    haproxy.parameters.update({name: value for name, value, _ in BAD_VALUES})
    assert haproxy.monitor(level=20).code == resource.OK
    assert haproxy.probe().code == resource.OK
    assert haproxy.call("reload").code == resource.OK
    assert processes(namespace) == before
    assert haproxy.complaint()
    assert haproxy.stop().code == resource.OK
    assert processes(namespace) == {}


# ---------------------------------------------------------------------- what HAProxy gets from us

def test_notify_socket_never_reaches_it(namespace, haproxy, monkeypatch):
    """As inside of pacemaker.service: systemd would take HAProxy's word for Pacemaker's."""
    path = namespace.folder / "notify"
    usual = haproxy.environment
    monkeypatch.setattr(haproxy, "environment", lambda *arguments: dict(
        usual(*arguments), NOTIFY_SOCKET=str(path), SECRET="of pacemaker"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        systemd.setblocking(False)
        assert haproxy.start().code == resource.OK
        for pid in (master_of(namespace), worker_of(namespace)):
            with open("/proc/%d/environ" % pid) as file:
                environ = file.read()
            assert "NOTIFY_SOCKET" not in environ and "SECRET" not in environ
        assert haproxy.stop().code == resource.OK
        with pytest.raises(BlockingIOError):
            systemd.recv(1000)


def test_it_survives_the_end_of_our_process_group(namespace, haproxy):
    child = haproxy.popen("start")
    child.communicate(timeout=10)
    before = processes(namespace)
    for pid in before:
        assert os.getpgid(pid) != child.pid and os.getsid(pid) != child.pid
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    assert status(namespace) == "503"
    assert processes(namespace) == before


def test_it_keeps_no_descriptor_of_ours(namespace, haproxy):
    """A pipe to Pacemaker that stays open would keep it waiting for the end of the action."""
    child = haproxy.popen("start")
    out, _ = child.communicate(timeout=10)  # returns at the end of both pipes
    assert child.returncode == resource.OK and out == ""
    for pid in processes(namespace):
        links = [os.readlink("/proc/%d/fd/%s" % (pid, fd))
                 for fd in os.listdir("/proc/%d/fd" % pid)]
        assert not [link for link in links if link.endswith("/lock")]


# ------------------------------------------------------------------------------ what it says

def test_warnings_are_logged_once(namespace):
    haproxy = Balancer(namespace, CONFIG.replace("    timeout client 5s\n", "")
                       % {"bind": "127.0.0.1:8080"})
    outcome = haproxy.start()
    assert outcome.code == resource.OK
    lines = [line for line in outcome.err.splitlines() if "missing timeouts" in line]
    assert len(lines) == 1 and "WARNING: HAProxy: " in lines[0]
    assert haproxy.monitor().err == ""
    assert haproxy.start().err == ""


def test_without_warnings_nothing_is_logged(haproxy):
    assert haproxy.start().err == ""


# ---------------------------------------------------------------------------- one that hangs

CHECKS = 'case " $* " in *" -c "*) exec /usr/sbin/haproxy "$@";; esac\n'
HANGS = {
    "at once": "exec sleep 1000\n",
    "when it has read its configuration": CHECKS + "exec sleep 1000\n",
    "when it has begun to serve": CHECKS + "/usr/sbin/haproxy \"$@\"\nexec sleep 1000\n",
    "and does not mind SIGTERM": CHECKS + "trap '' TERM\nexec sleep 1000\n",
}


@pytest.fixture
def hanging(namespace, haproxy, request):
    """binpath is a script that does not end."""
    script = namespace.folder / "wrapper"
    script.write_text("#!/bin/sh\n" + HANGS[request.param])
    script.chmod(0o755)
    haproxy.parameters["binpath"] = script
    return haproxy


@pytest.mark.parametrize("hanging", HANGS, indirect=True)
def test_a_start_ends_in_time(namespace, hanging):
    before = set(namespace.pids())
    outcome = hanging.start(timeout=2)
    assert outcome.code == resource.GENERIC
    assert outcome.seconds < 2
    assert "wrapper did not end within" in outcome.reason
    assert hanging.stop().code == resource.OK
    until(lambda: set(namespace.pids()) == before, 2, "nothing of it is left")


@pytest.mark.parametrize("hanging", HANGS, indirect=True)
def test_stop_after_a_start_that_was_killed_while_it_hung(namespace, hanging):
    before = set(namespace.pids())
    child = hanging.popen("start")
    until(lambda: len(set(namespace.pids()) - before) > 1, 5, "the script runs")
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate(timeout=5)
    assert hanging.stop().code == resource.OK
    until(lambda: set(namespace.pids()) == before, 2, "nothing of it is left")


def name_of(pid):
    """The name of a process, None when it has gone."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        with open("/proc/%d/comm" % pid) as file:
            return file.read().strip()


def test_stop_after_a_reload_that_was_killed_while_it_hung(namespace, haproxy):
    """A reload goes on when the action that began it is killed, until a stop ends it."""
    before = set(namespace.pids())
    haproxy.start()
    script = namespace.folder / "wrapper"
    script.write_text("#!/bin/sh\n" + CHECKS + "sleep 1000\necho ended\n")
    script.chmod(0o755)
    haproxy.parameters["binpath"] = script
    serving = set(namespace.pids())
    child = haproxy.popen("reload")
    until(lambda: "sleep" in map(name_of, namespace.pids()), 5, "the script runs")
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate(timeout=5)
    assert len(set(namespace.pids()) - serving) == 2  # it and its `sleep`
    assert haproxy.stop().code == resource.OK
    until(lambda: set(namespace.pids()) == before, 2, "nothing of it is left")


def test_a_reload_that_hangs(namespace, haproxy):
    haproxy.start()
    before = set(namespace.pids())
    script = namespace.folder / "wrapper"
    script.write_text("#!/bin/sh\n" + CHECKS + "sleep 1000\necho ended\n")
    script.chmod(0o755)
    haproxy.parameters["binpath"] = script
    outcome = haproxy.call("reload", timeout=3)
    assert outcome.code == resource.OK and outcome.seconds < 3
    assert "wrapper did not end within" in outcome.err
    assert set(namespace.pids()) == before
    assert "wrapper did not end within" in haproxy.complaint()


# -------------------------------------------------------------------------------- files

def test_files_and_directories_in_their_order(namespace, haproxy):
    """As HAProxy reads them: of a directory *.cfg by name, and no hidden ones. A section ends
    with its file."""
    folder = namespace.folder / "conf.d"
    folder.mkdir()
    head, mark, tail = haproxy.config.read_text().partition("\nfrontend main")
    haproxy.config.write_text("global\n    nbthread 1\n")
    (folder / "10.cfg").write_text(head + "\n")  # has the defaults for the next one
    (folder / "20.cfg").write_text(mark.lstrip() + tail)
    for name in (".hidden.cfg", "README"):
        (folder / name).write_text("nonsense\n")
    haproxy.parameters["conffile"] = "%s %s" % (haproxy.config, folder)
    outcome = haproxy.start()
    assert outcome.code == resource.OK and outcome.err == ""
    assert status(namespace) == "503"


@pytest.mark.parametrize("text, code, words", [
    (CONFIG % {"bind": "127.0.0.1:8080"}, resource.OK, ""),
    (CONFIG % {"bind": "127.0.0.1:8080"} + "    nonsense\n", resource.GENERIC, "nonsense"),
], ids=["good", "bad"])
def test_validate(namespace, text, code, words):
    haproxy = Balancer(namespace, text)
    outcome = haproxy.validate()
    assert outcome.code == code and words in (outcome.reason or "")
    assert processes(namespace) == {}
    assert haproxy.probe().code == resource.NOT_RUNNING
    for name, value, _ in BAD_VALUES[:3]:
        haproxy.parameters[name] = value
        assert haproxy.validate().code == resource.CONFIGURED


def test_validate_while_it_serves(namespace, haproxy):
    haproxy.start()
    before = processes(namespace)
    assert haproxy.validate().code == resource.OK
    assert processes(namespace) == before and status(namespace) == "503"
