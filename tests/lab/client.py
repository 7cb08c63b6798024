"""The client that measures outages: a new HTTP connection to the VIP every few milliseconds.

As a program, in the client's network, until it gets SIGTERM:
    python3 -m tests.lab.client ADDRESS INTERVAL TIMEOUT TRIES PAUSE RESULT
"""

from __future__ import annotations

import json
import select
import signal
import socket
import sys
import time
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Optional

from .network import Station
from .plan import VIP
from .wait import wait

OK = "ok"


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
        self.program.start(
            self.station.enter([sys.executable, "-m", __name__, *words]),
            env={"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        )
        wait("the client has begun", lambda: "begun" in self.program.output(), 10, interval=0.01,
             state=self.program.output)

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


class Try:
    """One connection on its way; `outcome` is empty until it has ended."""

    def __init__(self, address: str, began: float, number: int):
        self.began = began
        self.number = number
        self.since = time.monotonic()
        self.outcome = ""
        self.answer = b""
        self.events = select.EPOLLOUT
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.request = f"GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode()
        try:
            self.socket.connect((address, 80))
        except BlockingIOError:
            pass
        except OSError as error:
            self.end(error)

    def go_on(self) -> None:
        """The socket is ready: send the request, or read of the answer what is there."""
        try:
            if self.events == select.EPOLLOUT:
                self.socket.send(self.request)  # the first few bytes always fit
                self.events = select.EPOLLIN
                return
            piece = self.socket.recv(4096)
        except OSError as error:
            self.end(error)
            return
        self.answer += piece
        if not piece:
            self.end()

    def end(self, error: Optional[OSError] = None) -> None:
        self.socket.close()
        status = self.answer[9:12].decode("latin-1")
        if isinstance(error, ConnectionRefusedError):
            self.outcome = "refused"
        elif isinstance(error, TimeoutError):
            self.outcome = "timeout"
        elif error is not None:
            self.outcome = (error.strerror or str(error)).lower()
        elif not self.answer:
            self.outcome = "closed without an answer"
        else:
            self.outcome = OK if status == "200" else f"status {status}"

    @property
    def server(self) -> str:
        if self.outcome != OK:
            return ""
        return self.answer.rpartition(b"\r\n\r\n")[2].decode("latin-1").strip()


class Meter:
    """The loop: begins requests on time, follows those under way, repeats those that failed."""

    def __init__(self, address: str, manner: Manner):
        self.address = address
        self.manner = manner
        self.epoll = select.epoll()
        self.under_way: dict[int, Try] = {}
        self.repeats: list[tuple[float, Try]] = []  # when, and what has failed
        self.done: list[Request] = []
        self.stopping = False

    def run(self) -> list[Request]:
        """Send requests until SIGTERM; returns all of them in order."""
        signal.signal(signal.SIGTERM, self._stop)
        following = time.monotonic()
        while self.under_way or self.repeats or not self.stopping:
            now = time.monotonic()
            if now >= following and not self.stopping:
                self._begin(time.time(), 1)
                following = max(following + self.manner.interval, now)
            for repeat in [one for one in self.repeats if one[0] <= now]:
                self.repeats.remove(repeat)
                self._begin(repeat[1].began, repeat[1].number + 1)
            pause = self.manner.interval if self.stopping else following - time.monotonic()
            for descriptor, _ in self.epoll.poll(max(0.0, pause)):
                one = self.under_way[descriptor]
                one.go_on()
                if not one.outcome:
                    self.epoll.modify(descriptor, one.events)
            self._collect()
        return sorted(self.done, key=lambda one: one.began)

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _begin(self, began: float, number: int) -> None:
        one = Try(self.address, began, number)
        if one.outcome:
            self._ended(one)
        else:
            self.under_way[one.socket.fileno()] = one
            self.epoll.register(one.socket, one.events)

    def _collect(self) -> None:
        """Take out what has ended or is too late; closing a socket leaves the epoll."""
        now = time.monotonic()
        for descriptor, one in list(self.under_way.items()):
            if not one.outcome and now - one.since > self.manner.timeout:
                one.end(TimeoutError())
            if one.outcome:
                del self.under_way[descriptor]
                self._ended(one)

    def _ended(self, one: Try) -> None:
        if one.outcome != OK and one.number < self.manner.tries:
            self.repeats.append((time.monotonic() + self.manner.pause, one))
        else:
            self.done.append(Request(one.began, time.time() - one.began, one.outcome, one.server,
                                     one.number))


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
