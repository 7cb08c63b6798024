"""Monitors that hold, as Pacemaker would run them."""

import os
import time

from tests.agent.resource import OK

INTERVAL = 0.1  # seconds


class Held:
    """A recurring monitor of a Resource that waits for something to happen.

    It is the second one: the first answers at once.
    """

    def __init__(self, resource, sockets=2):
        outcome = resource.monitor(interval=INTERVAL, timeout=60)
        assert outcome.code == OK, outcome
        time.sleep(INTERVAL)
        self.child = resource.popen("monitor", interval=INTERVAL, timeout=60)
        self.pid = self.child.pid
        until(lambda: self._waits(sockets), self.child)

    def _waits(self, sockets):
        found = []
        for fd in os.listdir("/proc/%d/fd" % self.pid):
            try:
                found.append(os.readlink("/proc/%d/fd/%s" % (self.pid, fd)))
            except FileNotFoundError:
                continue  # it was open for a moment only
        with open("/proc/%d/wchan" % self.pid, encoding="ascii") as wchan:
            return "poll" in wchan.read() and sum(
                link.startswith("socket:") for link in found) >= sockets

    @property
    def processor(self):
        """Seconds of processor time that it has used."""
        with open("/proc/%d/schedstat" % self.pid, encoding="ascii") as stat:
            return int(stat.read().split()[0]) / 1e9

    def answer(self, seconds=10):
        """(exit code, what it wrote to stderr) when it answers."""
        _, err = self.child.communicate(timeout=seconds)
        return self.child.returncode, err

    def is_there(self):
        """Whether it still waits."""
        return self.child.poll() is None


def until(condition, child=None, seconds=10):
    """Wait until a condition holds, and return its answer."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        assert child is None or child.poll() is None, child.communicate()
        assert time.monotonic() < end, "not within %g s" % seconds
        time.sleep(0.01)
