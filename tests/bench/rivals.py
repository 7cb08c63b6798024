"""What a rival is: something that keeps the VIP and HAProxy alive on the nodes of the lab."""

from __future__ import annotations

import contextlib
import os
import signal

from tests.lab.errors import LabError
from tests.lab.plan import VIP
from tests.lab.wait import wait

RELOAD = 30.0  # seconds a reload may take


class Rival:
    """One of those that are compared, in the running `lab`; its subclasses know how.

    name   -- as RIVALS= and bench.json have it
    title  -- as people read it
    runs   -- how often each scenario is run on it
    group  -- the cgroup of its agents below that of a node
    daemon -- the program by which a node belongs to the others
    """

    name = title = ""
    runs = 3
    group = daemon = ""
    peers = ""  # the peers section of HAProxy, when the tables are replicated

    def __init__(self, lab):
        self.lab = lab
        self.nodes = list(lab.nodes.values())

    def set_up(self):
        """Make the nodes serve; they have had no resources before."""
        raise NotImplementedError

    def tear_down(self):
        """Leave the nodes without resources."""
        raise NotImplementedError

    def settle(self, seconds=120):
        """Return when everything is where it belongs; LabError after `seconds`."""
        raise NotImplementedError

    def standby(self, node):
        """Take the service away from a node in an orderly manner."""
        raise NotImplementedError

    def unstandby(self, node):
        """Undo it; nothing happens to a node that is in service."""
        raise NotImplementedError

    def rejoin(self, node):
        """Let a node take part again that has booted; nothing happens if it does."""
        raise NotImplementedError

    def forget(self):
        """Forget past failures."""

    def add_addresses(self, addresses):
        """Keep these addresses as well; returns when they are there."""
        raise NotImplementedError

    def remove_addresses(self, addresses):
        """Undo it."""
        raise NotImplementedError

    def agents(self, node):
        """The cgroup in which the agents of a node run."""
        return node.machine.cgroup / self.group

    def reload(self, node):
        """Let HAProxy of a node read its files again, as its administrator would."""
        node.run(["systemctl", "reload", "haproxy.service"], timeout=60)

    def reloaded(self, node):
        """The same, and wait until a new worker serves."""
        before = workers(node)
        self.reload(node)
        wait(f"{node.name} has a new worker of HAProxy", lambda: workers(node) - before, RELOAD,
             interval=0.02)


def workers(node):
    """The workers of HAProxy in a node: those whose parent is a HAProxy."""
    masters = set(processes(node, "haproxy"))
    return {pid for pid in masters if parent(pid) in masters}


def holder(nodes):
    """The first of the nodes that has the VIP on an interface, else None."""
    for node in nodes:
        with contextlib.suppress(LabError):
            if node.is_on() and not node.is_frozen() and f" {VIP}/" in node.run(
                    ["ip", "-4", "-o", "address", "show", "to", VIP]).out:
                return node
    return None


def processes(node, name):
    """The processes of a program in a node, by the machine's own numbers, in order."""
    return [pid for pid in node.machine.cgroup.processes() if program(pid) == name]


def program(pid):
    """The file name of the program that a process runs, empty when it is gone.

    (Its command name would not do: that of the agent is haproxy, too.)
    """
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return ""


def parent(pid):
    """The parent of a process, 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return int(stat.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def send(pids, number):
    """Send a signal to all of them, one right after the other."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def wake(node, *names):
    """Let stopped processes of these programs go on."""
    send([pid for name in names for pid in processes(node, name)], signal.SIGCONT)
