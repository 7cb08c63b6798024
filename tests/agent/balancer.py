"""HAProxy under its agent, and what the kernel and HAProxy themselves say of it."""

import contextlib
import os
import pathlib
import signal
import socket
import sys
import time

import pytest

from tests.agent.resource import Resource

CONFIG = """
global
    maxconn 100
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
frontend main
    bind %(bind)s
    default_backend web
backend web
    server web01 127.0.0.1:8081 check inter 100ms
"""
REQUEST = "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8080, timeout=2); " \
          "c.request('GET', '/'); print(c.getresponse().status)"


class Balancer(Resource):
    """The resource on 127.0.0.1:8080 of a Namespace.

    config -- path of its haproxy.cfg
    """

    def __init__(self, namespace, text=CONFIG % {"bind": "127.0.0.1:8080"}, name=None, **more):
        self.config = namespace.folder / "haproxy.cfg"
        self.config.write_text(text)
        # a name of its own: HAProxy is known by its path, and another run may go on beside
        super().__init__(namespace, "haproxy", name or "haproxy-%d" % os.getpid(),
                         conffile=self.config, hold=0, **more)

    @property
    def folder(self):
        """Its state directory, as it is seen from outside."""
        return pathlib.Path("/proc/%d/root/run/lbha/haproxy-%s" % (
            self.namespace.pid, self.name))

    def say(self, command):
        """What the worker answers on our own socket."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(self.folder / "admin.sock"))
            client.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: client.recv(65536), b"")).decode()

    @property
    def serving(self):
        """The pid, as the Namespace has it, of the master whose worker answers, or None."""
        try:
            fields = dict(line.partition(": ")[::2]
                          for line in self.say("show info").splitlines())
            with open("/proc/%d/root/proc/%s/stat" % (
                    self.namespace.pid, fields["Pid"])) as stat:
                return int(stat.read().rpartition(")")[2].split()[1])
        except (OSError, KeyError):
            return None

    def changed(self, **changes):
        """Change parameters, and do what Pacemaker does then; the pid of the master that
        serves."""
        self.parameters.update(changes)
        outcome = self.reload()
        assert (outcome.code, outcome.reason) == (0, None)
        return self.serving

    def remember(self, *keys):
        """Put addresses into the stick table of backend web."""
        for number, key in enumerate(keys, 1):
            assert self.say("set table web key %s data.gpc0 %d" % (key, number)) == "\n"

    @property
    def remembered(self):
        """What is in that table by our doing: the address -> its number."""
        lines = [dict(word.partition("=")[::2] for word in line.split())
                 for line in self.say("show table web").splitlines()[1:] if line]
        return {line["key"]: int(line["gpc0"]) for line in lines if line["gpc0"] != "0"}

    @property
    def in_step(self):
        """Whether the stick tables have come, or nobody is there to bring them."""
        section = self.say("show peers").splitlines()[0]
        return int(section.partition("flags=0x")[2].split()[0], 16) & 3 == 3

    @property
    def told(self):
        """The sentence in the node attribute lbha-RESOURCE, or None."""
        return self.namespace.attribute("lbha-" + self.name, self.node)

    def tells(self, *words, seconds=20, **how):
        """Monitor until the node attribute has all these words; the sentence."""
        def look():
            outcome = self.monitor(**how)
            assert outcome.code == 0, outcome
            return self.told and all(word in self.told for word in words) and self.told

        return until(look, seconds, "lbha-RESOURCE says %s" % (words,))

    def tells_nothing(self, seconds=20, **how):
        """Monitor until the node attribute is gone."""
        def look():
            outcome = self.monitor(**how)
            assert outcome.code == 0, outcome
            return self.told is None

        until(look, seconds, "lbha-RESOURCE is taken back")

    def complaint(self, **how):
        """The sentence in the node attribute after two monitors with a long time between
        them, as far as a fault is concerned; None: nothing is told."""
        assert self.monitor(**how).code == 0
        self.let_last()
        assert self.monitor(**how).code == 0
        return self.told

    def let_last(self, note="degraded", key="since"):
        """As if what is noted there had been so for a minute."""
        note = self.folder / note
        if note.exists():
            note.write_text("".join(
                line if not line.startswith(key + "=") else "%s=%f\n" % (
                    key, time.monotonic() - 60)
                for line in note.read_text().splitlines(keepends=True)))

    def forget_checks(self):
        """As if it were time again for all checks, whatever they said."""
        (self.folder / "checks").unlink()


def until(condition, seconds, sentence):
    """Wait for a condition, with a deadline that says what was wanted."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    pytest.fail("not within %g s: %s" % (seconds, sentence))


def processes(namespace):
    """HAProxy's processes as the kernel has them: pid -> parent."""
    found = {}
    for pid in namespace.pids():
        with contextlib.suppress(OSError):
            with open("/proc/%d/stat" % pid) as stat:
                name, _, rest = stat.read().partition("(")[2].rpartition(")")
            if name == "haproxy" and rest.split()[0] != "Z":
                found[pid] = int(rest.split()[1])
    return found


def masters_of(namespace):
    """The pids of the master processes: of now, and of workers that still have clients."""
    found = processes(namespace)
    return sorted(pid for pid, parent in found.items() if parent not in found)


def master_of(namespace):
    """The pid of the one master process."""
    master, = masters_of(namespace)
    return master


def worker_of(namespace):
    """The pid of the worker process."""
    found = processes(namespace)
    return next(pid for pid, parent in found.items() if parent in found)


def argv(pid):
    """The command line of a process."""
    with open("/proc/%d/cmdline" % pid) as line:
        return line.read().split("\0")[:-1]


def listeners(namespace):
    """The TCP sockets that listen on IPv4, as ss shows them: address -> inode."""
    lines = namespace.run(["ss", "-Hltne4"]).stdout.splitlines()
    return {line.split()[3]: line.partition(" ino:")[2].split()[0] for line in lines}


def status(namespace):
    """What a client of the frontend gets: the HTTP status, or the error."""
    done = namespace.run([sys.executable, "-c", REQUEST], check=False)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def ask_for_reload(master):
    """SIGUSR2, until the master has counted it: it loses one while it re-executes itself."""
    def count():
        with open("/proc/%d/environ" % master) as file:
            return file.read().partition("|type=m;")[2].partition(";reloads=")[2].split(";")[0]

    def heeded():
        os.kill(master, signal.SIGUSR2)
        end = time.monotonic() + 0.5
        while count() == before and time.monotonic() < end:
            time.sleep(0.01)
        return count() != before

    before = count()
    until(heeded, 5, "HAProxy heeds SIGUSR2")
