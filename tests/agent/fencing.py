"""The fence agent, called as pacemaker-fenced calls it, and how a call ended."""

import os
import subprocess
import threading
import time

from tests import paths
from tests.agent.bmc import PASSWORD, USER
from tests.agent.resource import INTERPRETER

AGENT = paths.agent("fence_pyipmi")
# a Python with another pyghmi
PYTHON = os.environ.get("LBHA_FENCE_PYTHON", INTERPRETER)
FLAGS = "-IS" if PYTHON == INTERPRETER else "-I"  # -S would hide that one's packages
OK, FAILED, OFF = 0, 1, 2
NO_RETRY = " (no retry can help: to be taken as timed out)"


def until(condition, seconds=10):
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not within %g s" % seconds
        time.sleep(0.005)


class Outcome:
    """How a call ended: code, out, err, seconds.

    kept_waiting -- seconds of these in which it could have run and the machine was busy
    """

    def __init__(self, code, out, err, seconds, kept_waiting):
        self.code, self.out, self.err = code, out, err
        self.seconds, self.kept_waiting = seconds, kept_waiting

    @property
    def sentence(self):
        """The one line that stderr must have, readable and retried by Pacemaker."""
        assert "imed out" not in self.err, self
        return self.line

    @property
    def hopeless(self):
        """The same of a failure that Pacemaker must not retry: see lbha.fence."""
        assert self.line.endswith(NO_RETRY), self
        return self.line

    @property
    def line(self):
        lines = self.err.splitlines()
        assert len(lines) == 1 and "Traceback" not in lines[0], self
        assert PASSWORD not in self.err and PASSWORD not in self.out
        return lines[0]

    def __repr__(self):
        return "Outcome(%d, %r, %r, %.2f s, %.2f s of it kept waiting)" % (
            self.code, self.out, self.err, self.seconds, self.kept_waiting)


class Call:
    """A call under way."""

    def __init__(self, child, lines):
        self.child, self.began = child, time.monotonic()
        self.child.stdin.write("".join(line + "\n" for line in lines))
        self.child.stdin.close()
        self.ended = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        out, err = self.child.stdout.read(), self.child.stderr.read()  # both are small
        os.waitid(os.P_PID, self.child.pid, os.WEXITED | os.WNOWAIT)
        seconds = time.monotonic() - self.began
        # Documentation/scheduler/sched-stats: ran, waited for a CPU (both ns), how often
        with open("/proc/%d/schedstat" % self.child.pid) as file:
            kept_waiting = int(file.read().split()[1]) / 1e9
        self.ended.append(Outcome(self.child.wait(), out, err, seconds, kept_waiting))
        self.child.stdout.close()
        self.child.stderr.close()

    def end(self, longest=60):
        """The Outcome, when it has ended."""
        self.reader.join(longest)
        assert self.ended, "it hangs"
        return self.ended[0]


class Fencing:
    """The agent as pacemaker-fenced runs it: options as lines on stdin.

    signals -- that it inherits, as options of env(1)
    """

    signals = ()

    def __init__(self, namespace):
        self.namespace = namespace

    def popen(self, arguments=()):
        return self.namespace.popen(
            ["env", "-i", "--default-signal", *self.signals, "PATH=/usr/sbin:/usr/bin",
             "PCMK_service=pacemaker-fenced", PYTHON, FLAGS, AGENT, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True, start_new_session=True)

    def lines(self, lines, arguments=(), longest=60):
        """Run it to its end with these lines."""
        return self.begin(lines, arguments).end(longest)

    def begin(self, lines, arguments=()):
        """Start it with these lines: a Call."""
        return Call(self.popen(arguments), lines)

    def __call__(self, action, **options):
        """Run it to its end as Pacemaker does; None leaves an option out."""
        return self.start(action, **options).end()

    def start(self, action, **options):
        """The same, but only started: a Call."""
        given = dict(ip="127.0.0.1", username=USER, password=PASSWORD, nodename="node01",
                     nodeid="1", port="node01", lanplus="1")
        given.update(options)
        return self.begin(["action=" + action] + [
            "%s=%s" % pair for pair in given.items() if pair[1] is not None])

    def command_line(self, *arguments):
        """Run it by hand."""
        return self.lines([], arguments)
