"""When which node had power: the lab's own record, the truth about fencing."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Optional

from .wait import wait


@dataclass(frozen=True)
class PowerEvent:
    """Something that happened to a node's power at `time` (seconds since the epoch).

    event -- "off asked"; "off": nothing of the node ran any more; "on asked";
             "on": process 1 was under way
    """

    time: float
    node: str
    event: str


class PowerLog:
    """A file of one JSON object a line, appended to by every process that switches power."""

    def __init__(self, path: Path):
        self.path = path

    def note(self, node: str, event: str) -> None:
        with open(self.path, "a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(PowerEvent(time.time(), node, event))) + "\n")

    def events(self, node: Optional[str] = None, since: float = 0) -> list[PowerEvent]:
        """Every event in order, of one node or of all, from `since` (epoch seconds) on."""
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        found = [PowerEvent(**json.loads(line)) for line in lines]
        return [event for event in found if node in (None, event.node) and event.time >= since]

    def wait(self, node: str, event: str, since: float, seconds: float) -> PowerEvent:
        """Return the first such event from `since` (epoch seconds) on; LabError after `seconds`."""
        def found() -> list[PowerEvent]:
            return [one for one in self.events(node, since) if one.event == event]

        return wait(f"{node} is {event}", found, seconds, interval=0.02,
                    state=lambda: self.events(node, since))[0]
