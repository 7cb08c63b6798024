"""ocf:lbha:haproxy with somebody else on its ports or on its socket."""

import os
import subprocess
import sys

import pytest

from tests.agent import resource
from tests.agent.balancer import Balancer, masters_of, processes, status, until
from tests.agent.namespace import Namespace
from tests.lab.cgroup import Cgroup, hierarchy

FOREIGN = """
defaults
    mode http
    timeout client 5s
frontend foreign
    bind %s
    bind 127.0.0.1:8099
    http-request return status 202
"""
# a program that answers on a UNIX socket with the same text to everybody
ANSWERS = """
import os, socket, sys
path, text = sys.argv[1:]
with socket.socket(socket.AF_UNIX) as ours:
    ours.bind(path)
    ours.listen(8)
    print("listening", flush=True)
    while True:
        client = ours.accept()[0]
        client.recv(1000)
        client.sendall(text.encode())
        client.close()
"""
ASKS = """
import http.client, sys, time
print("begun", flush=True)
failed = good = 0
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    client = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=2)
    try:
        client.request("GET", "/")
        good += client.getresponse().status == 202
    except OSError:
        failed += 1
    client.close()
print(good, failed)
"""


def foreign_haproxy(namespace, bind="127.0.0.1:8080"):
    """Somebody else's HAProxy on our port; its Popen."""
    config = namespace.folder / "foreign.cfg"
    config.write_text(FOREIGN % bind)
    child = namespace.popen(["haproxy", "-db", "-f", config], stderr=subprocess.DEVNULL)
    until(lambda: "8099" in namespace.run(["ss", "-Htln"]).stdout, 5, "the foreign one listens")
    return child


# --------------------------------------------------------------------------- somebody beside

def test_another_haproxy_on_the_port_is_named(namespace, haproxy):
    haproxy.start()
    foreign = foreign_haproxy(namespace)
    wanted = "haproxy (pid %d) also listens on 127.0.0.1:8080" % foreign.pid
    assert wanted in haproxy.complaint()
    assert haproxy.stop().code == resource.OK
    assert foreign.poll() is None
    assert status(namespace) == "202"


def test_the_stranger_goes_and_nothing_is_said_any_more(namespace, haproxy):
    haproxy.start()
    foreign = foreign_haproxy(namespace)
    assert haproxy.complaint()
    foreign.terminate()
    foreign.wait(5)
    assert haproxy.complaint() is None


@pytest.fixture
def unit(namespace):
    """A control group such as systemd makes for haproxy.service."""
    above = Cgroup(hierarchy() / ("lbha-test-%d" % os.getpid()))
    made = above / "haproxy.service"
    made.create()
    yield made
    made.kill()
    above.remove()


def test_the_unit_of_another_haproxy_is_named(namespace, haproxy, unit):
    haproxy.start()
    foreign = foreign_haproxy(namespace)
    unit.add(foreign.pid)
    assert "haproxy.service (haproxy, pid %d)" % foreign.pid in haproxy.complaint()


@pytest.mark.parametrize("bind", ["127.0.0.1:8080", "*:8080", ":::8080 v4v6"])
def test_a_start_beside_another_haproxy_is_refused(namespace, haproxy, bind):
    foreign = foreign_haproxy(namespace, bind)
    client = namespace.popen([sys.executable, "-c", ASKS, "8080", "1"], stdout=subprocess.PIPE)
    assert client.stdout.readline() == b"begun\n"
    outcome = haproxy.start()
    assert outcome.code == resource.GENERIC
    assert "haproxy (pid %d) already listens on" % foreign.pid in outcome.reason
    assert ":8080" in outcome.reason
    good, failed = map(int, client.communicate(timeout=5)[0].split())
    assert good > 50 and not failed
    assert masters_of(namespace) == [foreign.pid]
    assert haproxy.stop().code == resource.OK
    assert foreign.poll() is None


def test_a_process_of_a_container_that_has_our_port(namespace, haproxy):
    """It shares the network, as containers do that use the host's, but not the pids."""
    config = namespace.folder / "foreign.cfg"
    config.write_text(FOREIGN % "127.0.0.1:8080")
    namespace.popen(["unshare", "--pid", "--fork", "--kill-child", "haproxy", "-db", "-f",
                     config], stderr=subprocess.DEVNULL)
    until(lambda: status(namespace) == "202", 5, "the container serves")
    outcome = haproxy.start()
    assert outcome.code == resource.GENERIC
    assert "haproxy (pid " in outcome.reason
    assert "already listens on 127.0.0.1:8080" in outcome.reason


@pytest.fixture
def container(namespace):
    """A Namespace with pids of its own: an agent in it does not see the others."""
    made = Namespace(beside=namespace)
    yield made
    made.close()


def test_a_process_outside_of_our_container_that_has_our_port(container):
    haproxy = Balancer(container)
    config = container.folder / "foreign.cfg"
    config.write_text(FOREIGN % "127.0.0.1:8080")
    foreign = subprocess.Popen(
        ["nsenter", "--target", str(container.pid), "--net", "haproxy", "-db", "-f", config],
        stderr=subprocess.DEVNULL)
    try:
        until(lambda: status(container) == "202", 5, "the foreign one serves")
        outcome = haproxy.start()
    finally:
        foreign.kill()
        foreign.wait()
    assert outcome.code == resource.GENERIC
    assert outcome.reason.startswith(
        "a process outside this container already listens on 127.0.0.1:8080")
    assert haproxy.start().code == resource.OK


# -------------------------------------------------------------------------- its admin socket

def test_a_missing_socket_is_named_and_nothing_else_said(namespace, haproxy):
    haproxy.start()
    (haproxy.folder / "admin.sock").unlink()
    outcome = haproxy.monitor()
    assert outcome.code == resource.GENERIC
    assert "admin.sock is missing" in outcome.reason and "gone" not in outcome.reason
    assert haproxy.stop().code == resource.OK
    assert processes(namespace) == {}


@pytest.mark.parametrize("text", ["", "\n", "hello\n", "Pid: 1\n\n", "Pid: %d\n\n" % os.getpid(),
                                  "Pid: 99999999999999999999\n", "Pid: 0\n", "x" * 99999],
                         ids=["nothing", "a line", "a word", "another", "the test", "too long",
                              "zero", "much"])
def test_a_stranger_on_the_socket_is_not_believed(namespace, haproxy, text):
    haproxy.start()
    (haproxy.folder / "admin.sock").unlink()
    path = "/run/lbha/haproxy-%s/admin.sock" % haproxy.name
    stranger = namespace.popen([sys.executable, "-c", ANSWERS, path, text],
                               stdout=subprocess.PIPE)
    with stranger.stdout:
        assert stranger.stdout.readline() == b"listening\n"
    outcome = haproxy.monitor()
    assert outcome.code == resource.GENERIC
    assert "internal error" not in outcome.reason
    assert haproxy.stop().code == resource.OK
    assert processes(namespace) == {}
    assert stranger.poll() is None
    assert haproxy.start().code == resource.OK
    assert haproxy.monitor().code == resource.OK
