"""What is done to a rival's active node, and undone."""

from __future__ import annotations

import contextlib
import signal
import time
from collections import namedtuple

from tests.lab.errors import LabError
from tests.lab.plan import GATEWAY, VIP
from tests.lab.wait import wait

from . import rivals

# name   -- as ONLY= and bench.json have it
# title  -- as people read it
# act    -- called with the rival and its active node
# bound  -- seconds after which an outage that has not ended is given up
# moves  -- whether the VIP leaves the node without any outage that must be seen first
# power  -- whether the node loses its power on the way
# beyond -- whether it is measured from beyond the gateway
Scenario = namedtuple("Scenario", "name title act bound moves power beyond")

FILTER = "bench"
RULES = f"""
table inet {FILTER} {{
    chain input {{ type filter hook input priority 0; ip saddr {GATEWAY} drop; }}
    chain output {{ type filter hook output priority 0; ip daddr {GATEWAY} drop; }}
}}
"""


def kill(rival, node):
    """As `killall -s 9 haproxy`: the master at once, and its worker with it."""
    rivals.send(rivals.processes(node, "haproxy"), signal.SIGKILL)


def hang(rival, node):
    """HAProxy is there, and the kernel accepts connections for it, but it does nothing."""
    rivals.send(rivals.processes(node, "haproxy"), signal.SIGSTOP)


def standby(rival, node):
    rival.standby(node)


def delete(rival, node):
    """Somebody, or a network manager, takes the address away."""
    line = node.run(["ip", "-4", "-o", "address", "show", "to", VIP]).out.split()
    node.run(["ip", "address", "del", line[line.index("inet") + 1], "dev", line[1]])


def unplug(rival, node):
    rival.lab.network.cut(f"service-{node.name}")


def part(rival, node):
    """The node and the gateway do not reach each other; its servers it reaches."""
    node.run(["nft", "-f", "-"], input=RULES)


def freeze(rival, node):
    """The node no longer takes part, but goes on serving until somebody ends that."""
    rivals.send(rivals.processes(node, rival.daemon), signal.SIGSTOP)


def cut(rival, node):
    node.power_off()


SCENARIOS = (
    Scenario("kill", "HAProxy killed (SIGKILL)", kill, 60, False, False, False),
    Scenario("hang", "HAProxy hangs (SIGSTOP)", hang, 60, False, False, False),
    Scenario("standby", "node to standby", standby, 60, True, False, False),
    Scenario("address", "VIP deleted by hand", delete, 60, False, False, False),
    Scenario("link", "service link down", unplug, 60, False, False, False),
    Scenario("gateway", "gateway lost, client beyond it", part, 60, False, False, True),
    Scenario("corosync", "corosync (keepalived) frozen", freeze, 60, True, True, False),
    Scenario("power", "power cut", cut, 60, False, True, False),
)
FENCED = 90.0  # seconds until a node that is to be fenced has power again


def heal(rival, scenario, since):
    """Make good what the scenario did at `since` (epoch seconds), and wait until all is well."""
    lab = rival.lab
    for node in rival.nodes:
        if scenario.power and rival.daemon == "corosync":
            _await_power(rival, node, since)
        node.power_on()
        lab.network.restore(f"service-{node.name}")
        node.wait_booted()
        rivals.wake(node, "haproxy", rival.daemon)
        if node.run(["nft", "list", "table", "inet", FILTER], check=False).code == 0:
            node.run(["nft", "delete", "table", "inet", FILTER])
    for node in rival.nodes:
        rival.rejoin(node)
        rival.unstandby(node)
    # a failure that nobody has noticed so far may be noticed while all is forgotten
    deadline = time.monotonic() + 180
    while True:
        rival.forget()
        with contextlib.suppress(LabError):
            return rival.settle(30)
        if time.monotonic() > deadline:
            return rival.settle(1)


def _await_power(rival, node, since):
    """A node that fencing has switched off is switched on by fencing, nobody else."""
    log = rival.lab.power_log
    if any(event.event in ("off", "off asked") for event in log.events(node.name, since)):
        with contextlib.suppress(LabError):
            wait(f"{node.name} has power again", lambda: [
                event for event in log.events(node.name, since) if event.event == "on"], FENCED)


def named(names):
    """The scenarios of these names, in their order; all when there are none."""
    return [one for one in SCENARIOS if not names or one.name in names]
