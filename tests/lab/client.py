"""The client that measures outages: a new HTTP connection to the VIP every few milliseconds.

As a program, in the client's network, until it gets SIGTERM:
    python3 -m tests.lab.client ADDRESS INTERVAL TIMEOUT TRIES PAUSE RESULT
"""

from __future__ import annotations

import json
import signal
import sys
import time
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Optional

from .network import Station
from .plan import VIP
from .tries import OK, Tries, Try
from .wait import wait


@dataclass(frozen=True)
class Manner:
    """How a client asks; all in seconds but `tries`.

    interval -- between the beginnings of two requests
    timeout  -- that a try may take, from connecting to the whole answer
    tries    -- how often a request is tried before it counts as failed
    pause    -- between two tries
    """

    interval: float = 0.01
    timeout: float = 0.5
    tries: int = 1
    pause: float = 0.0


METER = Manner()  # sees every gap
PATIENT = Manner(timeout=3.0, tries=2, pause=0.5)  # what a person at a browser gets to see


@dataclass(frozen=True)
class Request:
    """One request of the client: `began` in epoch seconds, `took` in seconds with all its tries.

    outcome -- "ok", or why its last try failed: "timeout", "refused", "status 503", ...
    server  -- who answered, empty if nobody did
    """

    began: float
    took: float
    outcome: str
    server: str
    tries: int


@dataclass
class Report:
    """What a client saw from its start to its stop, in order of the requests' beginnings."""

    requests: list[Request] = field(default_factory=list)

    @property
    def failed(self) -> list[Request]:
        return [one for one in self.requests if one.outcome != OK]

    @property
    def outages(self) -> list[tuple[float, float]]:
        """(beginning, end) in epoch seconds of every stretch in which no request succeeded.

        From the first request that failed to the first one after it that did
        not, by when they began: one that waits for its timeout does not make
        the outage longer than it was.
        """
        found = []
        began: Optional[float] = None
        for one in self.requests:
            if one.outcome != OK:
                began = one.began if began is None else began
            elif began is not None:
                found.append((began, one.began))
                began = None
        if began is not None:
            found.append((began, self.requests[-1].began))
        return found

    @property
    def longest_outage(self) -> float:
        """Seconds."""
        return max((end - began for began, end in self.outages), default=0.0)

    @property
    def longest_wait(self) -> float:
        """Seconds the slowest answered request took."""
        return max((one.took for one in self.requests if one.outcome == OK), default=0.0)

    @property
    def servers(self) -> dict[str, int]:
        """How many requests each web server answered."""
        names = [one.server for one in self.requests if one.outcome == OK]
        return {name: names.count(name) for name in sorted(set(names))}

    @property
    def reasons(self) -> dict[str, int]:
        """How many requests failed, by reason."""
        reasons = [one.outcome for one in self.failed]
        return {reason: reasons.count(reason) for reason in sorted(set(reasons))}

    def __str__(self) -> str:
        return (
            f"longest outage {self.longest_outage * 1000:.0f} ms;"
            f" {len(self.failed)} of {len(self.requests)}"
            f" requests failed {self.reasons or ''}; answered by {self.servers or 'nobody'}"
        )


class Client:
    """A client in the lab's client station; as a context manager it runs inside the block.

        with lab.meter() as client:
            ...
        client.report.longest_outage

    name -- tells clients apart that run at the same time
    """

    def __init__(self, station: Station, name: str = "meter", manner: Manner = METER,
                 address: str = VIP):
        self.station = station
        self.manner = manner
        self.address = address
        self.program = station.daemon(name)
        self.result = self.program.record.with_suffix(".json")
        self.report = Report()

    def start(self) -> None:
        """Begin; returns when the first request has been sent."""
        self.result.unlink(missing_ok=True)
        self.program.log.unlink(missing_ok=True)
        words = [self.address, *(str(value) for value in astuple(self.manner)), str(self.result)]
        self.program.start(self.station.module(__name__, *words))
        wait("the client has begun", lambda: "begun" in self.program.output(), 10, interval=0.01,
             state=self.program.output)

    def changes(self) -> list[tuple[float, str]]:
        """(when in epoch seconds, outcome) each time that requests began to succeed or to fail.

        As it is seen while the client runs; the first is the first request that succeeded.
        """
        words = (line.partition(" ") for line in self.program.output().splitlines())
        return [(float(began), outcome) for began, _, outcome in words if began[:1].isdigit()]

    def stop(self) -> Report:
        """Let the requests under way end, and return the report (kept in `report`)."""
        self.program.signal(signal.SIGTERM)
        wait("the client has written its result", self.result.exists,
             (self.manner.timeout + self.manner.pause) * self.manner.tries + 10, interval=0.01,
             state=self.program.output)
        self.program.stop()
        self.report = Report([Request(**one) for one in json.loads(self.result.read_text())])
        return self.report

    def __enter__(self) -> "Client":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Meter:
    """The loop: begins requests on time, follows those under way, repeats those that failed."""

    def __init__(self, address: str, manner: Manner):
        self.address = address
        self.manner = manner
        self.tries = Tries(manner.timeout)
        self.repeats: list[tuple[float, Try]] = []  # when, and what has failed
        self.done: list[Request] = []
        self.told = ("", 0.0)  # the outcome last printed, and when its request began
        self.stopping = False

    def run(self) -> list[Request]:
        """Send requests until SIGTERM; returns all of them in order."""
        signal.signal(signal.SIGTERM, self._stop)
        following = time.monotonic()
        while self.tries or self.repeats or not self.stopping:
            now = time.monotonic()
            if now >= following and not self.stopping:
                self.tries.begin(Try(self.address, time.time(), 1))
                following = max(following + self.manner.interval, now)
            for repeat in [one for one in self.repeats if one[0] <= now]:
                self.repeats.remove(repeat)
                self.tries.begin(Try(self.address, repeat[1].began, repeat[1].number + 1))
            pause = self.manner.interval if self.stopping else following - time.monotonic()
            for one in self.tries.follow(pause):
                self._ended(one)
        return sorted(self.done, key=lambda one: one.began)

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _ended(self, one: Try) -> None:
        if one.outcome != OK and one.number < self.manner.tries:
            self.repeats.append((time.monotonic() + self.manner.pause, one))
        else:
            self.done.append(Request(one.began, time.time() - one.began, one.outcome, one.server,
                                     one.number))
            self._tell(one)

    def _tell(self, one: Try) -> None:
        """Print each change; a request that began before the last one told is no news."""
        outcome, began = self.told
        if one.began > began and (one.outcome == OK) != (outcome == OK):
            self.told = (one.outcome, one.began)
            print(f"{one.began:.6f} {one.outcome}", flush=True)


def main() -> None:
    address, interval, timeout, tries, pause, result = sys.argv[1:]
    meter = Meter(address, Manner(float(interval), float(timeout), int(tries), float(pause)))
    print("begun", flush=True)
    requests = meter.run()
    staged = Path(result + ".new")
    staged.write_text(json.dumps([asdict(one) for one in requests]))
    staged.rename(result)


if __name__ == "__main__":
    main()
