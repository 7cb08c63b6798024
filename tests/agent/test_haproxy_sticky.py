"""Clients that come all the time keep their servers while HAProxy is replaced."""

import contextlib
import json
import os
import signal
import subprocess
import time

import pytest

from tests.agent import nodes, traffic
from tests.agent.balancer import masters_of, processes, until, worker_of
from tests.agent.resource import OK
from tests.lab import sticky

SERVERS = {"web01": "127.0.0.2", "web02": "127.0.0.3"}
CONFIG = """
global
    maxconn 1000%s
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 2s
frontend main
    bind 127.0.0.1:80
    default_backend web
backend web
""" + sticky.STICKY.format(peers=" store gpc0 peers lbha") + "".join(
    "    server %s %s:80\n" % item for item in SERVERS.items())
CLIENTS = ["172.16.%d.%d" % (number // 250, number % 250 + 1) for number in range(1000)]
RATE = 200  # of them come in a second


class Regulars:
    """Clients with addresses of their own; each wishes for another server than it had."""

    def __init__(self, namespace):
        self.namespace = namespace
        namespace.ip("route", "replace", "local", "172.16.0.0/21", "dev", "lo")
        wishes = {client: number % 2 for number, client in enumerate(CLIENTS)}
        self.servers = self._end(self._begin(wishes, 1e6))["answers"]
        assert len(self.servers) == len(CLIENTS)

    def _begin(self, wishes, rate):
        child = traffic.module(self.namespace, "visitors", traffic.OURS, "20", str(rate),
                               stdin=subprocess.PIPE)
        child.stdin.write(json.dumps(wishes))
        child.stdin.close()
        return child

    @staticmethod
    def _end(child):
        answer = json.loads(child.stdout.read())
        assert child.wait(10) == 0
        return answer

    @contextlib.contextmanager
    def coming(self):
        """All come once while the block runs; `strayed` (a list) and `repeats` after it."""
        child = self._begin({client: 1 - list(SERVERS).index(server)
                             for client, server in self.servers.items()}, RATE)
        yield child
        said = self._end(child)
        assert not said["missed"]
        self.repeats = said["repeats"]
        self.strayed = [client for client, server in said["answers"].items()
                        if server != self.servers[client]]


@pytest.fixture
def pair(namespace):
    """Two Balancers in step."""
    for name, address in SERVERS.items():
        assert traffic.module(namespace, "web", name, address).stdout.readline() == "listening\n"
    with nodes.pair(namespace, CONFIG % "") as found:
        for balancer in found:
            until(lambda: balancer.in_step, 15, "the tables are in step")
        yield found


def test_through_reloads(namespace, pair):
    first = pair[0]
    regulars = Regulars(namespace)
    with regulars.coming() as child:
        reloads = 0
        while child.poll() is None:
            reloads += 1
            first.changed(config_version=str(reloads))
    assert reloads > 1 and regulars.repeats == 0
    # told to stop by the new HAProxy the old one loses one or two clients each time
    assert len(regulars.strayed) < reloads


@contextlib.contextmanager
def frozen(balancer):
    """Its worker says nothing inside the block."""
    worker = worker_of(balancer.namespace)
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def kill_beside(balancer, version):
    """Have the agent killed while two HAProxies serve; the masters, the old one first."""
    old = masters_of(balancer.namespace)
    balancer.parameters.update(config_version=version)
    reload = balancer.popen("reload")
    until(lambda: is_beside(balancer), 10, "there are two")
    # not nsenter, which became the agent's interpreter
    reload.send_signal(signal.SIGKILL)
    reload.wait(5)
    reload.communicate()
    assert is_beside(balancer)
    return sorted(masters_of(balancer.namespace), key=lambda master: master not in old)


def is_beside(balancer):
    """Whether two serve, by the record and by the processes."""
    found = processes(balancer.namespace)
    workers = [pid for pid, parent in found.items() if parent in found]
    return ("beside=" in (balancer.folder / "record").read_text()
            and not (balancer.folder / "launching").exists()
            and len(workers) == len(found) - len(workers) == 2)


def serves_alone(balancer, master):
    return balancer.monitor().code == OK and masters_of(balancer.namespace) == [master]


@pytest.mark.alone
def test_what_a_killed_agent_began_is_finished(namespace, pair):
    first, second = pair
    first.remember("10.0.0.1")
    assert first.say("set server web/web02 state maint") == "\n"
    with frozen(second):
        old, new = kill_beside(first, "1")
    until(lambda: serves_alone(first, new), 10, "the new one serves alone")
    assert first.remembered == {"10.0.0.1": 1}
    # nobody taught the next one: it goes, and is launched again
    with frozen(second):
        old, new = kill_beside(first, "2")
        assert first.monitor().code == OK
        until(lambda: new not in masters_of(namespace), 10, "who knows nothing has gone")
    last = until(lambda: first.monitor().code == OK and first.serving not in (old, None)
                 and first.serving, 15, "there is another")
    until(lambda: serves_alone(first, last), 10, "it serves alone")
    assert first.remembered == {"10.0.0.1": 1}
    assert [line.split(",")[17] for line in first.say("show stat").splitlines()
            if line.startswith("web,web02,")] == ["MAINT"]
    assert first.stop().code == OK and masters_of(namespace) == []


def test_without_a_teacher_the_old_one_teaches(namespace, pair):
    first, second = pair
    first.remember("10.0.0.1")
    with frozen(second):  # it is connected, and silent
        began = time.monotonic()
        first.changed(config_version="1")
        spent = time.monotonic() - began
    assert spent < 5
    until(lambda: first.remembered == {"10.0.0.1": 1}, 2, "the old one has taught")
    assert second.stop().code == OK
    first.changed(config_version="2")
    until(lambda: first.remembered == {"10.0.0.1": 1}, 2, "the old one has taught")
