"""Background programs of the lab: started once, found again by any process."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Mapping, Optional, Sequence

from .cgroup import Cgroup
from .command import ENVIRONMENT, run
from .errors import LabError
from .wait import wait

STARTER = Path(__file__).with_name("starter.py")


def start_time(pid: int) -> Optional[str]:
    """The kernel's start time of a live process; None when it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


class Daemon:
    """A program in a cgroup of its own; `record` names its pid and start time.

    record -- file that says which process it is, so that a reused pid is never
              taken for it; its output goes to a file beside it, with .log
    """

    def __init__(self, record: Path, cgroup: Cgroup):
        self.record = record
        self.log = record.with_suffix(".log")
        self.cgroup = cgroup

    def start(self, argv: Sequence[str], env: Optional[Mapping[str, str]] = None) -> int:
        """Start the program unless it runs; returns its process id."""
        if self.pid is None:
            self.cgroup.create()
            self.record.unlink(missing_ok=True)
            run(
                [sys.executable, "-IS", str(STARTER), str(self.cgroup.path), str(self.record),
                 str(self.log), *argv],
                timeout=10,
                env={**ENVIRONMENT, **(env or {})},
            )
            wait(f"{argv[0]} has started", self.record.exists, 10, interval=0.002)
        pid = self.pid
        if pid is None:
            raise LabError(f"{argv[0]} ended at once:\n{self.output()}")
        return pid

    @property
    def pid(self) -> Optional[int]:
        """Its process id while it lives, else None."""
        try:
            pid, started = self.record.read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if start_time(int(pid)) == started else None

    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def signal(self, number: int) -> None:
        """Send a signal to the program itself, if it lives."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, number)

    def stop(self) -> None:
        """Kill it and its children; nothing happens when it does not run."""
        self.cgroup.kill()
        if self.cgroup.exists():
            # A group that was killed once must not be used again: the kernel
            # counts kills, and takes a process cloned from a group that was
            # killed into one that was not (as systemd does from 255 on) for
            # one that has escaped, and kills it.
            self.cgroup.remove()
        self.record.unlink(missing_ok=True)
