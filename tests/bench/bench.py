"""The whole benchmark in order: every rival set up, measured, and removed again."""

from __future__ import annotations

import json
import math
import os
import platform
import time

from tests import paths
from tests.lab.errors import LabError

from . import costs, keepalived, operations, outages, pacemaker, scenarios, usage

RIVALS = (pacemaker.Ours, pacemaker.Guide, pacemaker.ActiveActive, keepalived.Keepalived,
          keepalived.Fast, keepalived.Best)
RESULT = paths.CHECKOUT / "build" / "bench.json"
LOGS = paths.CHECKOUT / "build" / "bench-logs"
COSTS = ("idle", "idle-many", "sessions", "reloads")  # of every rival
ALONE = ("actions", "announcement", "ping", "fence")  # of agents without a cluster around them
OPERATIONS = "operations"  # of ours, in a lab of each suite
ROUNDS = 20


class Bench:
    """One run in a running `lab`; `result` is what bench.json has.

    package -- path of our RPM
    only    -- names of scenarios and costs; none means all
    rivals_ -- names of rivals; none means all
    runs    -- of each scenario on those that are run most often, the others have their
               share; None for each rival's own number
    seconds -- of an idle stretch
    many    -- VIPs of the second one
    """

    def __init__(self, lab, package, progress, only=(), rivals_=(), runs=None, seconds=60,
                 many=200):
        self.lab, self.package, self.progress = lab, package, progress
        self.only, self.runs, self.seconds, self.many = only, runs, seconds, many
        self.rivals = [kind(lab) for kind in RIVALS if not rivals_ or kind.name in rivals_]
        self.scenarios = [one for one in scenarios.SCENARIOS if self.wanted(one.name)]
        self.rounds = ROUNDS if runs is None else min(ROUNDS, 2 * runs)
        self.reloads = costs.RELOADS if runs is None else min(costs.RELOADS, 10 * runs)
        self.done, self.all = 0, self._count()
        self.result = {
            "machine": machine(lab), "errors": [], "runs": [], "idle": [], "actions": [],
            "sessions": [], "reloads": [], OPERATIONS: [],
            "rivals": [{"name": one.name, "title": one.title} for one in self.rivals],
            "scenarios": [{"name": one.name, "title": one.title, "bound": one.bound}
                          for one in self.scenarios],
        }

    def wanted(self, name):
        return not self.only or name in self.only

    def _runs(self, rival):
        if self.runs is None:
            return rival.runs
        return math.ceil(rival.runs * self.runs / max(kind.runs for kind in RIVALS))

    def _count(self):
        """How many lines of progress there will be."""
        each = sum(self.wanted(name) for name in COSTS if name != "sessions")
        each += self.wanted("sessions") * len(costs.SESSIONS)
        return (sum(self._runs(rival) * len(self.scenarios) + each for rival in self.rivals)
                + sum(self.wanted(name) for name in ALONE + (OPERATIONS,)))

    def run(self):
        """Measure everything that is wanted; `result` is saved after each step."""
        self._alone()
        if self.wanted("idle"):
            self._empty()
        for rival in self.rivals:
            if self.scenarios or any(map(self.wanted, COSTS)):
                self._guarded(None, rival.title, lambda: self._compare(rival))
                self.progress(f"removing: {rival.title}")
                rival.tear_down()

    def _alone(self):
        """Agents in nodes that have no resources."""
        node = self.lab.nodes["node01"]
        steps = {"actions": lambda: costs.actions(node, self.rounds),
                 "announcement": lambda: costs.announced(node, min(self.rounds, 10)),
                 "ping": lambda: costs.crowd(node, min(self.rounds, 3)),
                 "fence": lambda: self._fence()}
        for name, step in steps.items():
            if self.wanted(name):
                self._step(f"single actions: {name}", "actions", step)
        if self.wanted(OPERATIONS):
            self._step("operations of every suite", OPERATIONS, lambda: operations.measure(
                self.lab.place.name + "-ops", self.package, self.progress, min(self.rounds, 3)))

    def _fence(self):
        try:
            return costs.fencing(self.lab, min(self.rounds, 3), 2 * self.rounds)
        finally:
            self.lab.nodes["node02"].power_on()
            self.lab.nodes["node02"].wait_booted()
            self.lab.cluster.start_node(self.lab.nodes["node02"])

    def _empty(self):
        """What a cluster costs that has nothing to do."""
        node = self.lab.nodes["node01"]
        row = usage.idle(node, None, self.seconds)
        self.result["idle"].append(dict(row, rival="empty", vips=0))
        self.save()

    def _compare(self, rival):
        self.progress(f"setting up: {rival.title}")
        rival.set_up()
        self._idle(rival, "idle", 1)
        if self.wanted("reloads"):
            self._step(f"{rival.name}: {self.reloads} reloads", "reloads",
                       lambda: [costs.reloads(rival, self.reloads)], rival)
        for scenario in self.scenarios:
            runs = self._runs(rival)
            for number in range(runs):
                self._step(f"{rival.name}: {scenario.title}, {number + 1} of {runs}", "runs",
                           lambda: [outages.measure(rival, scenario, number, runs)], rival)
        if self.wanted("sessions"):
            self._guarded(rival, f"{rival.name}: sessions", lambda: self._sessions(rival))
        # last, for Pacemaker keeps the history of resources that are gone, and looks at it
        self._idle(rival, "idle-many", self.many)

    def _idle(self, rival, name, vips):
        if self.wanted(name):
            self._step(f"{rival.name}: idle, {vips} VIPs", "idle",
                       lambda: [costs.idle(rival, vips, self.seconds)], rival)

    def _sessions(self, rival):
        with costs.remembering(rival):
            for scenario in scenarios.SCENARIOS:
                if scenario.name in costs.SESSIONS:
                    self._step(f"{rival.name}: sessions after {scenario.title}", "sessions",
                               lambda: [costs.sessions(rival, scenario)], rival)

    def _step(self, title, kind, measure, rival=None):
        """One measurement of many; what fails is noted, and the others go on."""
        self.done += 1
        began = time.monotonic()
        found = []
        if self._guarded(rival, title, lambda: found.extend(measure())):
            self.result[kind] += found
            self.save()
        self.progress(f"{self.done}/{self.all} {title}: {brief(kind, found)}"
                      f" ({time.monotonic() - began:.0f} s)")

    def _guarded(self, rival, title, work):
        """Whether the work was done; if not it is noted, and a rival that is there mended."""
        try:
            work()
            return True
        except LabError as error:
            self.progress(f"FAILED: {title}: {error}")
            self.result["errors"].append({"what": title, "error": str(error).splitlines()[0]})
            self.lab.save_logs(LOGS / str(self.done))
            self.save()
        if rival:
            self._mend(rival)
        return False

    def _mend(self, rival):
        """After an error: everything that any scenario does is undone, on every node."""
        for scenario in scenarios.SCENARIOS:
            if scenario.name in ("power", "link"):
                scenarios.heal(rival, scenario, time.time())

    def save(self):
        """Leave the result so far in build/bench.json."""
        self.result["machine"]["minutes"] = (time.time() - self.result["machine"]["began"]) / 60
        RESULT.parent.mkdir(exist_ok=True)
        staged = RESULT.with_suffix(".new")
        staged.write_text(json.dumps(self.result, indent=1) + "\n", encoding="utf-8")
        staged.rename(RESULT)


def brief(kind, found):
    """One line of what a step has found."""
    if kind == "runs" and found:
        row = found[0]
        outage = "no end" if row["outage"] is None else f"{row['outage'] * 1000:.0f} ms"
        return f"{outage}, {row['over']}, patient lost {row['patient_failed']}"
    if kind == "sessions" and found:
        return f"{found[0]['kept']} of {found[0]['all']} keep their server"
    if kind == "reloads" and found:
        return f"{found[0]['failed']} of {found[0]['requests']} requests failed"
    if kind == "idle" and found:
        return (f"agents {found[0]['agents']:.2f} s of processor, {found[0]['processes']:.1f}"
                f" processes, {found[0]['pss'] / 1e6:.1f} MB in {found[0]['seconds']:.0f} s")
    return f"{len(found)} rows"


def machine(lab):
    """What it ran on."""
    node = lab.nodes["node01"]
    packages = ("pacemaker", "corosync", "haproxy", "keepalived", "resource-agents", "python3")
    words = node.run(["dpkg-query", "--show", "--showformat", "${Package} ${Version}\n",
                      *packages]).out.split()
    return {"began": time.time(), "kernel": platform.release(), "processors": os.cpu_count(),
            "load": os.getloadavg()[0], "suite": lab.suite,
            "packages": dict(zip(words[::2], words[1::2]))}


def rival_names():
    return [kind.name for kind in RIVALS]


def parts():
    """Everything that ONLY= can name."""
    return [one.name for one in scenarios.SCENARIOS] + list(COSTS + ALONE) + [OPERATIONS]
