"""What each operation takes the cluster, with monitors that hold and with monitors that poll."""

from __future__ import annotations

import time

from tests.lab import guide
from tests.lab.lab import Lab
from tests.lab.root import SUITES
from tests.lab.wait import wait

from . import events, rivals

QUIET = 2.5  # seconds without a new transition after which there will be none
HOLDS = 3.0  # seconds after which every monitor that may hold does
RESOURCES = ("haproxy", "vip", "ping")
# what is done, in this order, so that each undoes what another did: title -> pcs's words
OPERATIONS = {
    "disable the clone": "resource disable haproxy-clone",
    "enable the clone": "resource enable haproxy-clone",
    "disable the address": "resource disable vip",
    "enable the address": "resource enable vip",
    "update haproxy (reload)": "resource update haproxy socket_timeout=2s",
    "update back": "resource update haproxy socket_timeout=",
    "update the address (restart)": "resource update vip iflabel=bench",
    "update it back": "resource update vip iflabel=",
    "changed operation": "resource update vip op monitor interval=2s timeout=60s",
    "changed back": "resource update vip op monitor interval=1s timeout=60s",
    "refresh the address": "resource refresh vip",
    "refresh everything": "resource refresh",
    "ban": "resource ban vip {active}",
    "clear the ban": "resource clear vip",
    "move": "resource move vip {other}",
    "clear the move": "resource clear vip",
    "standby": "node standby {active}",
    "unstandby": "node unstandby {active}",
    "maintenance mode": "property set maintenance-mode=true",
    "end of maintenance": "property set maintenance-mode=false",
    "two HAProxys killed": "",
    "cleanup": "resource cleanup",
    "node shutdown": "cluster stop {active}",
    "node start": "cluster start {active}",
    "cluster stop": "cluster stop --all",
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
            found = {kind: {what: [] for what in OPERATIONS} for kind in ("hold", "poll")}
            for kind in list(found) * repeats:
                _set_hold(lab, "" if kind == "hold" else "0")
                for what in OPERATIONS:
                    found[kind][what].append(_once(lab, what))
                lab.cluster.start()
        rows += [{"suite": suite, "what": what, "hold": found["hold"][what],
                  "poll": found["poll"][what]} for what in OPERATIONS]
    return rows


def _set_hold(lab, value):
    for resource in RESOURCES:
        lab.cluster.update(resource, {"hold": value})
    guide.wait_settled(lab.cluster, 60)


def _once(lab, what):
    """Seconds that Pacemaker was busy with an operation; of a stop those that pcs took."""
    nodes = list(lab.nodes.values())
    active = rivals.holder(nodes) or nodes[0]
    other = next(node for node in nodes if node is not active)
    time.sleep(HOLDS)
    began = time.time()
    words = OPERATIONS[what].format(active=active.name, other=other.name).split()
    if words:
        lab.cluster.pcs(*words, timeout=120)
    else:
        _kill_twice(active, other)
    if words[:2] == ["cluster", "stop"]:
        return time.time() - began
    return wait(f"Pacemaker is idle after: {what}", lambda: _busy(lab, began), 120)[0]


def _kill_twice(active, other):
    """The second failure comes while Pacemaker recovers from the first."""
    for node in (active, other):
        rivals.send(rivals.processes(node, "haproxy"), 9)
        wait(f"the address has left {node.name}", lambda: rivals.holder([node]) is None, 30,
             interval=0.02)


def _busy(lab, began):
    """[seconds] between the first transition since then and the end of the last, when over."""
    seen = []
    for node in lab.nodes.values():
        if node.is_on():
            seen += events.of_journal(node.journal(
                "--output=short-unix", f"--since=@{began:.6f}", "--identifier=pacemaker-controld"))
    times = {what: [one.time for one in seen if one.what == what and one.time >= began]
             for what in ("scheduler called", "nothing to do")}
    calls, ends = times["scheduler called"], times["nothing to do"]
    last = max(calls + ends, default=began)
    if time.time() - last < QUIET or last in calls:
        return None
    return [last - min(calls, default=last)]
