"""Long downloads through the VIP, every byte of which is compared with what it should be.

As a program, in the client's network, until it gets SIGTERM:
    python3 -m tests.lab.downloads ADDRESS LANES SECONDS RESULT
"""

from __future__ import annotations

import http.client
import json
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from .network import Station
from .plan import VIP
from .tries import OK
from .wait import wait
from .web import content

RATE = 100_000  # bytes a second of each download
PIECE = 4096  # bytes
SILENCE = 5.0  # seconds without a byte that break a download
PAUSE = 0.5  # seconds after a broken download


@dataclass(frozen=True)
class Download:
    """One download: `began` in epoch seconds, `took` in seconds, `size` in bytes.

    outcome -- "ok" when every byte was right and there, else what was wrong
    """

    began: float
    took: float
    size: int
    outcome: str


class Downloads:
    """Downloads in the lab's client station; as a context manager they run inside the block.

        with lab.downloads(lanes=4, seconds=20) as downloads:
            ...
        downloads.broken

    lanes   -- how many run at the same time; when one ends, the next of its lane begins
    seconds -- that each takes; the lanes are evenly apart
    """

    def __init__(self, station: Station, lanes: int, seconds: float, name: str = "downloads",
                 address: str = VIP):
        self.station = station
        self.words = [address, str(lanes), str(seconds)]
        self.seconds = seconds
        self.program = station.daemon(name)
        self.result = self.program.record.with_suffix(".json")
        self.finished: list[Download] = []

    @property
    def broken(self) -> list[Download]:
        return [one for one in self.finished if one.outcome != OK]

    def __str__(self) -> str:
        reasons = ", ".join(sorted({one.outcome for one in self.broken}))
        return f"{len(self.broken)} of {len(self.finished)} downloads broken {reasons}".strip()

    def start(self) -> None:
        """Begin; returns when the first download is under way."""
        self.result.unlink(missing_ok=True)
        self.program.log.unlink(missing_ok=True)
        self.program.start(self.station.module(__name__, *self.words, str(self.result)))
        wait("the downloads have begun", lambda: "begun" in self.program.output(), 10,
             interval=0.01, state=self.program.output)

    def stop(self) -> list[Download]:
        """Let the downloads under way end; all there were (kept in `finished`)."""
        self.program.signal(signal.SIGTERM)
        wait("the downloads have ended", self.result.exists, self.seconds + SILENCE + 10,
             interval=0.01, state=self.program.output)
        self.program.stop()
        self.finished = [Download(**one) for one in json.loads(self.result.read_text())]
        return self.finished

    def __enter__(self) -> "Downloads":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Lane(threading.Thread):
    """One download after the other, the first after `pause` seconds, until `ending` is set."""

    def __init__(self, address: str, seconds: float, pause: float, ending: threading.Event):
        super().__init__()
        self.address, self.seconds, self.pause, self.ending = address, seconds, pause, ending
        self.done: list[Download] = []

    def run(self) -> None:
        self.ending.wait(self.pause)
        while not self.ending.is_set():
            began = time.time()
            size = int(RATE * self.seconds)
            outcome = download(self.address, size, self.seconds)
            self.done.append(Download(began, time.time() - began, size, outcome))
            if outcome != OK:
                self.ending.wait(PAUSE)


def download(address: str, size: int, seconds: float) -> str:
    """The outcome of one download."""
    connection = http.client.HTTPConnection(address, timeout=SILENCE)
    had = 0
    try:
        connection.request("GET", f"/download/{size}/{seconds:g}")
        answer = connection.getresponse()
        if answer.status != 200:
            return f"status {answer.status}"
        print("begun", flush=True)
        while piece := answer.read1(PIECE):
            if piece != content(had, had + len(piece)):
                return f"wrong between bytes {had} and {had + len(piece)} of {size}"
            had += len(piece)
    except (OSError, http.client.HTTPException) as error:
        return f"{str(error) or type(error).__name__} after {had} of {size} bytes"
    finally:
        connection.close()
    return OK if had == size else f"ended after {had} of {size} bytes"


def main() -> None:
    address, lanes, seconds, result = sys.argv[1:]
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    pause = float(seconds) / int(lanes)
    threads = [Lane(address, float(seconds), number * pause, ending)
               for number in range(int(lanes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = sorted((one for thread in threads for one in thread.done), key=lambda one: one.began)
    staged = Path(result + ".new")
    staged.write_text(json.dumps([asdict(one) for one in done]))
    staged.rename(result)


if __name__ == "__main__":
    main()
