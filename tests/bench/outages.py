"""One scenario, once, on one rival: what its clients noticed."""

from __future__ import annotations

import time

from tests.lab.client import METER, PATIENT, Client
from tests.lab.tries import OK
from tests.lab.wait import wait

from . import rivals, scenarios
from .witnesses import Witnesses

STEADY = 3.0  # seconds of answers that end an outage
UNNOTICED = 25.0  # seconds without any failed request: there will be none
FIRST = 4.0  # seconds until a rival that has settled does what it does all the time
ROUND = 10.0  # seconds between two looks of the slowest rival


def phase(number, runs):
    """Seconds to wait before a run, so that all runs meet every part of a polling interval.

    Of the slow ones, and of those of one second: the golden ratio never meets the same again.
    """
    return FIRST + ROUND * (number + 0.5) / runs + number * 0.618 % 1


def measure(rival, scenario, number, runs):
    """Run a scenario and heal it; a row for bench.json. LabError when it could not be healed."""
    node = rivals.holder(rival.nodes)
    time.sleep(phase(number, runs))
    station = rival.lab.gateway if scenario.beyond else rival.lab.client
    meter, patient = Client(station, "meter", METER), Client(station, "patient", PATIENT)
    with Witnesses(rival.lab) as witnesses:
        with meter, patient:
            wait("the meter is answered", lambda: meter.changes() and meter.changes()[-1][1] == OK,
                 10)
            time.sleep(1)
            began = time.time()
            scenario.act(rival, node)
            acted = time.time()
            over = _wait_over(rival, scenario, node, meter, began)
        holders = [one for one in rival.nodes if rivals.holder([one])]
        row = result(meter.report, patient.report, began, scenario.bound)
        seen = witnesses.testify(began - 0.05, began + (row["outage"] or 0) + row["delay"] + 2)
    row.update(scenario=scenario.name, rival=rival.name, number=number, node=node.name,
               over=over, acted=acted - began, holders=len(holders),
               events=[[one.time - began, one.where, one.what] for one in seen])
    fenced = [event.time for event in rival.lab.power_log.events(node.name, began)
              if event.event == "off"]
    row["off"] = fenced[0] - began if fenced else None
    scenarios.heal(rival, scenario, began)
    return row


def _wait_over(rival, scenario, node, meter, began):
    """Return when the outage has ended or will not; which of it."""
    while True:
        time.sleep(0.2)
        elapsed = time.time() - began
        changes = meter.changes()
        when, outcome = changes[-1]
        failed = any(what != OK for then, what in changes if then >= began - METER.timeout)
        steady = outcome == OK and time.time() - max(when, began) >= STEADY
        if failed and steady and not _expected(rival, scenario, node):
            return "recovered"
        if failed and elapsed >= scenario.bound:
            return "given up"
        if not failed and scenario.moves and steady and not _expected(rival, scenario, node):
            return "moved"
        if not failed and elapsed >= max(UNNOTICED, scenario.bound * scenario.moves):
            return "unnoticed"


def _expected(rival, scenario, node):
    """Whether the VIP is still to leave the node."""
    return scenario.moves and rivals.holder(
        [one for one in rival.nodes if one is not node]) is None


def result(report, patient, began, bound):
    """The figures of a run: outage in seconds, None when it did not end within `bound`.

    delay -- seconds from the deed to the first request that failed
    """
    outages = [(begin, end) for begin, end in report.outages if end >= began]
    longest = max(outages, key=lambda one: one[1] - one[0], default=(began, began))
    ended = not report.requests or report.requests[-1].outcome == OK
    return {
        "outage": longest[1] - longest[0] if ended else None,
        "delay": max(0.0, longest[0] - began), "bound": bound, "outages": len(outages),
        "failed": len(report.failed), "requests": len(report.requests), "reasons": report.reasons,
        "patient_failed": len(patient.failed), "patient_requests": len(patient.requests),
        "patient_wait": patient.longest_wait,
    }
