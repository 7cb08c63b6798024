"""Visitors of the VIP, each with an address of its own, and which web server each of them gets.

As a program, in the gateway's network, with {SOURCE: WISH} as JSON on its input
and {"answers": {SOURCE: SERVER}, "missed": {SOURCE: REASON}, "repeats": NUMBER} on its output:
    python3 -m tests.lab.visitors ADDRESS SECONDS RATE
"""

from __future__ import annotations

import heapq
import ipaddress
import itertools
import json
import sys
import threading
import time
from dataclasses import dataclass
from typing import Optional

from .command import run
from .errors import LabError
from .network import Station
from .plan import VIP, WEB
from .tries import OK, Tries, Try

NETWORK = ipaddress.ip_network("172.16.0.0/21")  # somewhere beyond the gateway
WISH = "Wish"  # the header by which sticky.configuration balances
CROWD = 100  # visitors who ask at the same time
TIMEOUT = 2.0  # seconds a try may take
PAUSE = 0.2  # seconds from a try that failed to the next
TICK = 0.002  # seconds between two looks at who may begin
ALL_AT_ONCE = 1e6  # visitors a second


@dataclass(frozen=True)
class Visit:
    """One visit of all.

    answers -- source -> the web server that answered
    missed  -- source -> why its last try failed, of those nobody answered in time
    repeats -- how many tries failed and were repeated
    """

    answers: dict[str, str]
    missed: dict[str, str]
    repeats: int

    def kept(self, before: "Visit") -> int:
        """How many were answered by the same server as in the visit before."""
        return sum(self.answers.get(source) == server
                   for source, server in before.answers.items())

    def share(self, before: "Visit") -> str:
        """The same in words, with its percentage."""
        kept, all_ = self.kept(before), len(before.answers)
        return (f"{kept} of {all_} visitors ({100 * kept / all_:g} %) reached the same server;"
                f" {self.repeats} tries repeated, {len(self.missed)} visitors missed")


class Visitors:
    """`number` people, each with an address of its own beyond the gateway, after the first `skip`.

    On each visit everyone wishes for another server than the last one: with
    sticky.configuration the balance grants a wish for certain, so only a table
    that remembers the visitor brings it back to its server. By chance nobody.
    """

    def __init__(self, station: Station, number: int = 1000, skip: int = 0, address: str = VIP):
        self.station = station
        self.address = address
        self.sources = [str(host) for host in
                        itertools.islice(NETWORK.hosts(), skip, skip + number)]
        # the gateway is all of the network: a reply needs no route but the nodes' default one
        station.run(["ip", "route", "replace", "local", str(NETWORK), "dev", "lo"])

    def visit(self, before: Optional[Visit] = None, seconds: float = 30,
              rate: float = ALL_AT_ONCE) -> Visit:
        """Everyone asks once, and again for at most `seconds` until there is an answer.

        before -- the visit whose servers nobody wishes for; on the first they take turns
        rate   -- visitors a second
        """
        servers = list(WEB)
        wishes = {}
        for number, source in enumerate(self.sources):
            had = before.answers.get(source) if before else None
            wished = number if had is None else servers.index(had) + 1
            wishes[source] = str(wished % len(servers))
        words = self.station.module(__name__, self.address, str(seconds), str(rate))
        done = run(words, input=json.dumps(wishes),
                   timeout=len(wishes) / rate + seconds + TIMEOUT + 10)
        return Visit(**json.loads(done.out))

    def coming(self, before: Visit, rate: float) -> "Coming":
        """They come again and again; see Coming."""
        return Coming(self, before, rate)


class Coming(threading.Thread):
    """Visits one after another while the block runs, `visits` when it has ended.

    Each is to reach the servers of the visit `before`, at `rate` visitors a second.
    """

    def __init__(self, visitors: Visitors, before: Visit, rate: float):
        super().__init__(daemon=True)
        self.visitors, self.before, self.rate = visitors, before, rate
        self.ending = threading.Event()
        self.visits: list[Visit] = []
        self.error: Optional[LabError] = None

    def run(self) -> None:
        try:
            while not self.ending.is_set():
                self.visits.append(self.visitors.visit(self.before, rate=self.rate))
        except LabError as error:
            self.error = error

    def __enter__(self) -> "Coming":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self.join()
        if self.error:
            raise self.error

    @property
    def repeats(self) -> int:
        """How many tries failed."""
        return sum(visit.repeats + len(visit.missed) for visit in self.visits)

    @property
    def strayed(self) -> int:
        """How often a visitor reached another server than before."""
        return sum(visit.answers[source] != server for visit in self.visits
                   for source, server in self.before.answers.items() if source in visit.answers)


def visit(address: str, wishes: dict[str, str], seconds: float, rate: float) -> Visit:
    """What Visitors.visit does, in this process's network."""
    began = time.monotonic()
    deadline = began + len(wishes) / rate + seconds
    found = Visit({}, {}, 0)
    queue = [(began + number / rate, source) for number, source in enumerate(wishes)]
    tries = Tries(TIMEOUT)
    repeats = 0
    while queue or tries:
        while queue and queue[0][0] <= time.monotonic() and len(tries) < CROWD:
            source = heapq.heappop(queue)[1]
            tries.begin(Try(address, time.time(), 1, source, f"{WISH}: {wishes[source]}\r\n"))
        for one in tries.follow(TICK):
            if one.outcome == OK:
                found.answers[one.source] = one.server
            elif time.monotonic() < deadline:
                repeats += 1
                heapq.heappush(queue, (time.monotonic() + PAUSE, one.source))
            else:
                found.missed[one.source] = one.outcome
    return Visit(found.answers, found.missed, repeats)


def main() -> None:
    address, seconds, rate = sys.argv[1:]
    print(json.dumps(vars(visit(address, json.load(sys.stdin), float(seconds), float(rate)))))


if __name__ == "__main__":
    main()
