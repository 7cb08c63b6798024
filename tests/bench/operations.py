"""What each operation takes the cluster, with monitors that hold and with monitors that poll."""

from __future__ import annotations

import time

from tests.lab import guide
from tests.lab.lab import Lab
from tests.lab.root import SUITES
from tests.lab.wait import wait

from . import events, rivals

HOLDS = 3.0  # seconds after which every monitor that may hold does
RESOURCES = ("haproxy", "vip", "ping")
# what is done, in this order, so that each undoes what another did: title -> command
# (pcs 0.11 would undo a move by itself.)
# active -- the node with the address; before -- that of the operation before; other -- not active
OPERATIONS = {
    "disable the clone": "pcs resource disable haproxy-clone",
    "enable the clone": "pcs resource enable haproxy-clone",
    "disable the address": "pcs resource disable vip",
    "enable the address": "pcs resource enable vip",
    "update haproxy (reload)": "pcs resource update haproxy socket_timeout=2s",
    "update back": "pcs resource update haproxy socket_timeout=",
    "update the address (restart)": "pcs resource update vip iflabel=bench",
    "update it back": "pcs resource update vip iflabel=",
    "changed operation": "pcs resource update vip op monitor interval=2s timeout=120s",
    "changed back": "pcs resource update vip op monitor interval=1s timeout=120s",
    "refresh the address": "pcs resource refresh vip",
    "refresh everything": "pcs resource refresh",
    "ban": "pcs resource ban vip {active}",
    "clear the ban": "pcs resource clear vip",
    "move": "crm_resource --move --resource vip --node {other}",
    "clear the move": "pcs resource clear vip",
    "standby": "pcs node standby {active}",
    "unstandby": "pcs node unstandby {before}",
    "maintenance mode": "pcs property set maintenance-mode=true",
    "end of maintenance": "pcs property set maintenance-mode=false",
    "two HAProxys killed": "",
    "cleanup": "pcs resource cleanup",
    "node shutdown": "pcs cluster stop {active}",
    "node start": "pcs cluster start {before}",
    "cluster stop": "pcs cluster stop --all",
}


def measure(name, package, progress, repeats):
    """Rows {suite, what, hold, poll} with lists of seconds; a lab called `name` for each suite."""
    rows = []
    for suite in SUITES:
        progress(f"operations on {suite}")
        with Lab(name, suite) as lab:
            for node in lab.nodes.values():
                node.install_rpm(package)
            guide.configure(lab.cluster)
            rows += measure_suite(lab, progress, repeats)
    return rows


def measure_suite(lab, progress, repeats):
    """The same of one lab, in which the guide's cluster runs."""
    found = {kind: {what: [] for what in OPERATIONS} for kind in ("hold", "poll")}
    for kind in list(found) * repeats:
        _set_hold(lab, "" if kind == "hold" else "0")
        before = ""
        for what in OPERATIONS:
            seconds, before = _once(lab, what, before)
            found[kind][what].append(seconds)
            progress(f"{kind}: {what}: {seconds:.2f} s")
        lab.cluster.start()
    return [{"suite": lab.suite, "what": what, "hold": found["hold"][what],
             "poll": found["poll"][what]} for what in OPERATIONS]


def _set_hold(lab, value):
    for resource in RESOURCES:
        lab.cluster.update(resource, {"hold": value})
    guide.wait_settled(lab.cluster, 60)


def _once(lab, what, before):
    """(seconds, active node): how long Pacemaker was busy with an operation; of a stop those
    that pcs took."""
    nodes = list(lab.nodes.values())
    active = rivals.holder(nodes) or nodes[0]
    other = next(node for node in nodes if node is not active)
    time.sleep(HOLDS)
    began = time.time()
    words = OPERATIONS[what].format(active=active.name, other=other.name, before=before).split()
    if words:
        lab.cluster.member().run(words, timeout=120)
    else:
        _kill_twice(active, other)
    if words[1:3] == ["cluster", "stop"]:
        return time.time() - began, active.name
    seconds, = wait(f"Pacemaker is idle after: {what}", lambda: _busy(lab, began), 120)
    return seconds, active.name


def _kill_twice(active, other):
    """The second failure comes while Pacemaker recovers from the first."""
    for node in (active, other):
        killed = rivals.processes(node, "haproxy")
        rivals.send(killed, 9)
        wait(f"HAProxy of {node.name} is gone", lambda: not set(killed) & set(
            rivals.processes(node, "haproxy")), 10, interval=0.01)


def _busy(lab, began):
    """[seconds] that Pacemaker was busy, when it is no more; every operation has a transition."""
    seen = []
    for node in lab.nodes.values():
        if node.is_on():
            text = node.journal("--output=short-unix", f"--since=@{began:.6f}",
                                "--identifier=pacemaker-controld")
            seen += [one for one in events.of_journal(text) if one.time >= began]
            seen += [events.Event(float(line.split()[0]), node.name, events.ASKED)
                     for line in text.splitlines() if " Initiating " in line]
    return events.busy(seen, began, time.time())
