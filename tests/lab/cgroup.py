"""The lab's control groups (cgroup v2): membership, killing, freezing.

A process cannot leave its group by forking, so the group is the list of
everything a lab has started, also after the lab's own process is gone.
"""

from __future__ import annotations

import os
from pathlib import Path

from .errors import LabError
from .wait import wait


def hierarchy() -> Path:
    """Where the machine mounts cgroup v2; LabError when it does not."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            _, target, kind = line.split()[:3]
            if kind == "cgroup2":
                return Path(target)
    raise LabError("the lab needs cgroup v2 mounted somewhere; /proc/self/mounts shows no cgroup2")


class Cgroup:
    """One group, named by its path below the hierarchy."""

    def __init__(self, path: Path):
        self.path = path

    def __truediv__(self, name: str) -> "Cgroup":
        return Cgroup(self.path / name)

    def create(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)

    def exists(self) -> bool:
        return self.path.is_dir()

    def populated(self) -> bool:
        """True while a process lives in the group or below it."""
        try:
            return "populated 1" in (self.path / "cgroup.events").read_text()
        except OSError:
            return False

    def processes(self) -> list[int]:
        """Process ids in the group and below it."""
        found = []
        for directory, _, _ in os.walk(self.path):
            try:
                found += (Path(directory) / "cgroup.procs").read_text().split()
            except OSError:  # removed meanwhile
                continue
        return sorted(int(pid) for pid in found)

    def add(self, pid: int) -> None:
        (self.path / "cgroup.procs").write_text(str(pid))

    def freeze(self, frozen: bool) -> None:
        """Stop every process of the group where it stands, or let it go on; returns at once."""
        (self.path / "cgroup.freeze").write_text(str(int(frozen)))

    def frozen(self) -> bool:
        """True when every process of the group has stopped."""
        try:
            return "frozen 1" in (self.path / "cgroup.events").read_text()
        except OSError:
            return False

    def kill(self, seconds: float = 10) -> None:
        """SIGKILL every process of the group at once; returns when all are gone."""
        if not self.exists():
            return
        (self.path / "cgroup.kill").write_text("1")
        wait(
            f"every process of cgroup {self.path.name} is gone",
            lambda: not self.populated(),
            seconds,
            interval=0.005,
            state=lambda: f"processes {self.processes()}",
        )

    def remove(self) -> None:
        """Remove the group and those below it; they must be empty of processes."""
        for directory, _, _ in os.walk(self.path, topdown=False):
            os.rmdir(directory)
