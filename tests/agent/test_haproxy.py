"""ocf:lbha:haproxy with a real HAProxy in a private namespace."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.agent import resource
from tests.agent.balancer import CONFIG, master_of, processes, status, until, worker_of
from tests.agent.resource import Resource


def test_serves_after_start_and_is_gone_after_stop(namespace, haproxy):
    assert haproxy.probe().code == resource.NOT_RUNNING
    assert haproxy.start().code == resource.OK
    assert status(namespace) == "503"  # HAProxy answers, no web server is there
    assert haproxy.monitor().code == resource.OK
    assert haproxy.probe().code == resource.OK
    assert haproxy.stop().code == resource.OK
    assert processes(namespace) == {}
    assert "refused" in status(namespace)
    assert haproxy.monitor().code == resource.NOT_RUNNING


def test_start_and_stop_twice_change_nothing(namespace, haproxy):
    haproxy.start()
    before = processes(namespace)
    assert haproxy.start().code == resource.OK
    assert processes(namespace) == before
    haproxy.stop()
    assert haproxy.stop().code == resource.OK


def test_web_servers_never_make_it_fail(namespace, haproxy):
    server = namespace.popen([sys.executable, "-m", "http.server", "--bind", "127.0.0.1",
                              "--directory", namespace.folder, "8081"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    haproxy.start()
    until(lambda: status(namespace) == "200", 10, "the web server answers through HAProxy")
    server.kill()
    until(lambda: status(namespace) == "503", 10, "HAProxy took the web server out")
    assert haproxy.monitor().code == resource.OK


@pytest.mark.parametrize("parameters, code, words", [
    ({"conffile": "haproxy.cfg"}, resource.CONFIGURED, ["conffile", "absolute path"]),
    ({"conffile": "/nowhere/haproxy.cfg"}, resource.INSTALLED, ["/nowhere/haproxy.cfg"]),
    ({"binpath": "/nowhere/haproxy"}, resource.INSTALLED, ["/nowhere/haproxy"]),
    ({"socket_timeout": "soon"}, resource.CONFIGURED, ["socket_timeout", "soon"]),
    ({"hold": "ever"}, resource.CONFIGURED, ["hold", "auto"]),
    ({"degraded_code": "1"}, resource.CONFIGURED, ["degraded_code", "190"]),
])
def test_bad_parameter(namespace, haproxy, parameters, code, words):
    haproxy.parameters.update(parameters)
    for outcome in (haproxy.start(), haproxy.validate()):
        assert outcome.code == code
        assert all(word in outcome.reason for word in words), outcome.reason
    assert haproxy.probe().code == resource.NOT_RUNNING
    assert haproxy.stop().code == resource.OK


@pytest.mark.parametrize("parameters", [
    {"conffile": "haproxy.cfg"}, {"conffile": "/nowhere/haproxy.cfg"},
    {"binpath": "/nowhere/haproxy"}, {"socket_timeout": "soon"}])
def test_bad_parameter_while_it_serves(namespace, haproxy, parameters):
    haproxy.start()
    haproxy.parameters.update(parameters)
    assert haproxy.probe().code == resource.OK
    assert haproxy.monitor().code == resource.OK
    assert haproxy.stop().code == resource.OK
    assert processes(namespace) == {}


def test_the_line_that_haproxy_refuses_is_the_reason(namespace, haproxy):
    config = namespace.folder / "haproxy.cfg"
    config.write_text(config.read_text() + "    sserver web02 127.0.0.1:8082\n")
    outcome = haproxy.start()
    assert outcome.code == resource.GENERIC
    assert "haproxy.cfg:14" in outcome.reason and "sserver" in outcome.reason
    assert processes(namespace) == {}


def test_several_files_directories_and_options(namespace, haproxy):
    folder = namespace.folder / "conf.d"
    folder.mkdir()
    config = namespace.folder / "haproxy.cfg"
    head, _, tail = config.read_text().partition("frontend main")
    config.write_text(head)
    (folder / "main.cfg").write_text("frontend main" + tail)
    haproxy.parameters.update(conffile="%s %s" % (config, folder), options="-n 77")
    assert haproxy.start().code == resource.OK
    assert status(namespace) == "503"
    with open("/proc/%d/cmdline" % master_of(namespace)) as line:
        assert "\0-n\x0077\0" in line.read()


@pytest.mark.parametrize("bind, setting", [
    ("192.168.1.10:8080", "net.ipv4.ip_nonlocal_bind"),
    ("[2001:db8::10]:8080", "net.ipv6.ip_nonlocal_bind")])
def test_address_of_another_node(namespace, haproxy, bind, setting):
    (namespace.folder / "haproxy.cfg").write_text(CONFIG % {"bind": bind})
    outcome = haproxy.start()
    assert outcome.code == resource.GENERIC
    assert setting in outcome.reason and bind.replace("[", "").replace("]", "") in outcome.reason
    namespace.run(["sysctl", "-qw", setting + "=1"])
    assert haproxy.start().code == resource.OK
    assert haproxy.stop().code == resource.OK


def test_killed_master(namespace, haproxy):
    haproxy.start()
    pid = master_of(namespace)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not processes(namespace), 5, "the worker follows its master")
    outcome = haproxy.monitor()
    assert outcome.code == resource.NOT_RUNNING
    assert str(pid) in outcome.reason
    assert haproxy.start().code == resource.OK


def test_killed_worker(namespace, haproxy):
    haproxy.start()
    os.kill(worker_of(namespace), signal.SIGKILL)
    outcome = haproxy.monitor()
    assert outcome.code in (resource.NOT_RUNNING, resource.GENERIC)
    assert "gone" in outcome.reason
    assert haproxy.stop().code == resource.OK
    assert haproxy.start().code == resource.OK


def test_hung_worker(namespace, haproxy):
    haproxy.parameters["socket_timeout"] = "200ms"
    haproxy.start()
    os.kill(worker_of(namespace), signal.SIGSTOP)
    outcome = haproxy.monitor()
    assert outcome.code == resource.GENERIC
    assert "silent" in outcome.reason
    assert 0.4 <= outcome.seconds < 3  # three questions, half of that apart
    outcome = haproxy.stop()
    assert outcome.code == resource.OK
    assert outcome.seconds < 1.5
    assert processes(namespace) == {}


def test_a_worker_that_pauses_is_no_hung_one(namespace, haproxy):
    """It may take longer than one question's time."""
    haproxy.parameters["socket_timeout"] = "1s"
    haproxy.start()
    worker = worker_of(namespace)
    os.kill(worker, signal.SIGSTOP)
    child = haproxy.popen("monitor", interval=10)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(1.3)
    finally:
        os.kill(worker, signal.SIGCONT)
    assert child.wait(5) == resource.OK
    child.communicate()


def test_stop_of_a_master_that_hangs(namespace, haproxy):
    """Its worker still answers, so SIGTERM is tried first."""
    haproxy.start()
    os.kill(master_of(namespace), signal.SIGSTOP)
    assert haproxy.stop().code == resource.OK
    assert processes(namespace) == {}


def test_a_pid_of_somebody_else_is_not_haproxy(namespace, haproxy):
    haproxy.start()
    haproxy.stop()
    for name, text in (("record", "master=%d 1" % os.getpid()), ("haproxy.pid", os.getpid())):
        namespace.run(["tee", "/run/lbha/haproxy-%s/%s" % (haproxy.name, name)], input=str(text))
    assert haproxy.monitor().code == resource.NOT_RUNNING
    assert haproxy.stop().code == resource.OK


def test_who_reads_our_file_is_not_haproxy(namespace, haproxy):
    haproxy.start()
    reader = namespace.popen(["tail", "-f", "/run/lbha/haproxy-%s/own.cfg" % haproxy.name])
    os.kill(master_of(namespace), signal.SIGKILL)
    until(lambda: not processes(namespace), 5, "the worker follows its master")
    assert haproxy.probe().code == resource.NOT_RUNNING
    assert haproxy.stop().code == resource.OK
    assert reader.poll() is None


def test_idle_clients_of_the_users_own_socket_do_not_silence_ours(namespace, haproxy):
    config = namespace.folder / "haproxy.cfg"
    own = namespace.folder / "stats.sock"
    config.write_text("global\n    stats socket %s\n    stats timeout 60s\n%s"
                      % (own, config.read_text()))
    haproxy.start()
    with contextlib.ExitStack() as clients:
        for _ in range(20):
            client = clients.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(own))
        outcome = haproxy.monitor()
    assert outcome.code == resource.OK
    assert outcome.seconds < 1


def test_a_port_that_another_program_has(namespace, haproxy):
    taken = namespace.popen([sys.executable, "-c", (
        "import socket; s = socket.create_server(('127.0.0.1', 8080)); "
        "print('up', flush=True); s.accept()")], stdout=subprocess.PIPE)
    assert taken.stdout.readline() == b"up\n"
    outcome = haproxy.start()
    assert outcome.code == resource.GENERIC
    assert "127.0.0.1:8080" in outcome.reason and "python3 (pid " in outcome.reason
    assert "nonlocal" not in outcome.reason


def test_a_name_too_long_for_a_socket(namespace, haproxy):
    haproxy.name = "h" * 67
    outcome = haproxy.start()
    assert outcome.code == resource.CONFIGURED
    assert "too long" in outcome.reason and "at most 66 characters" in outcome.reason
    haproxy.name = "h" * 66
    assert haproxy.start().code == resource.OK
    assert haproxy.stop().code == resource.OK


def test_a_missing_socket_is_named(namespace, haproxy):
    haproxy.start()
    namespace.run(["rm", "/run/lbha/haproxy-%s/admin.sock" % haproxy.name])
    outcome = haproxy.monitor()
    assert outcome.code == resource.GENERIC
    assert "admin.sock" in outcome.reason


def test_two_instances_keep_apart(namespace, haproxy):
    second = namespace.folder / "second.cfg"
    second.write_text(CONFIG % {"bind": "127.0.0.1:8090"})
    other = Resource(namespace, "haproxy", haproxy.name + "-2", conffile=second, hold=0)
    assert haproxy.start().code == other.start().code == resource.OK
    assert haproxy.stop().code == resource.OK
    assert haproxy.probe().code == resource.NOT_RUNNING
    assert other.monitor().code == resource.OK
    assert other.stop().code == resource.OK
    assert processes(namespace) == {}


@pytest.mark.parametrize("milliseconds", [5, 20, 40, 60, 90, 130])
def test_killed_during_start(namespace, haproxy, milliseconds):
    child = haproxy.popen("start")
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(milliseconds / 1000)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
    assert (haproxy.probe().code == resource.NOT_RUNNING) == (not processes(namespace))
    assert haproxy.stop().code == resource.OK
    assert processes(namespace) == {}
    assert haproxy.start().code == resource.OK
    assert status(namespace) == "503"


def hold(haproxy, seconds):
    """A monitor that holds: the second of two, an interval after the first."""
    haproxy.parameters["hold"] = seconds
    assert haproxy.monitor(interval=0.1).code == resource.OK
    time.sleep(0.12)
    child = haproxy.popen("monitor", interval=0.1)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.5)
    return child


@pytest.mark.alone
def test_a_monitor_that_holds_tells_of_a_kill_at_once(namespace, haproxy):
    haproxy.start()
    child = hold(haproxy, 10)
    began = time.monotonic()
    os.kill(master_of(namespace), signal.SIGKILL)
    _, err = child.communicate(timeout=5)
    # the worker may outlive its master for a moment
    assert child.returncode in (resource.NOT_RUNNING, resource.GENERIC)
    assert time.monotonic() - began < 0.5
    assert "gone" in err


def test_a_monitor_that_holds_sees_a_hung_worker(namespace, haproxy):
    haproxy.parameters["socket_timeout"] = "200ms"
    haproxy.start()
    child = hold(haproxy, 15)
    began = time.monotonic()
    os.kill(worker_of(namespace), signal.SIGSTOP)
    _, err = child.communicate(timeout=5)
    assert child.returncode == resource.GENERIC
    assert "silent" in err
    assert time.monotonic() - began < 3  # not only at the next whole look


def test_a_hold_ends_by_itself(haproxy):
    haproxy.start()
    child = hold(haproxy, 1)
    assert child.wait(5) == resource.OK
    child.communicate()


def test_the_first_monitor_after_a_start_answers_at_once(haproxy):
    haproxy.parameters["hold"] = "10"
    haproxy.start()
    for _ in range(2):
        haproxy.monitor(interval=0.1)
        haproxy.stop()
        haproxy.start()
        assert haproxy.monitor(interval=0.1).seconds < 5


def test_a_monitor_after_a_probe_answers_at_once(haproxy):
    """As after a cleanup, which Pacemaker waits for: a probe, then the monitor anew."""
    haproxy.parameters["hold"] = "10"
    haproxy.start()
    haproxy.monitor(interval=0.1)
    time.sleep(0.12)
    haproxy.probe()
    assert haproxy.monitor(interval=0.1).seconds < 5


def test_stop_ends_a_monitor_that_holds(namespace, haproxy):
    haproxy.start()
    child = hold(haproxy, 15)
    assert haproxy.stop().code == resource.OK
    assert child.wait(2) == -signal.SIGKILL
    child.communicate()
    assert processes(namespace) == {}


def test_a_hold_ends_with_its_reader(namespace, haproxy):
    haproxy.start()
    child = hold(haproxy, 15)
    child.stdout.close()
    child.stderr.close()
    assert child.wait(3) is not None
