"""Where a lab keeps things, all derived from its name, and who may touch it."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from .cgroup import Cgroup, hierarchy
from .errors import LabError

RUN = Path("/run/lbha-lab")
DATA = Path("/var/tmp/lbha-lab")
GROUP = "lbha-lab"


@dataclass(frozen=True)
class Settings:
    """What a lab was started with."""

    suite: str
    nodes: int
    root: str


class Place:
    """The directories, the cgroup and the lock of the lab called `name`."""

    def __init__(self, name: str):
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", name):
            raise LabError(f"a lab's name is 1 to 32 of a-z, 0-9 and -, not {name!r}")
        self.name = name
        self.run = RUN / name  # records, logs, cut cables: small, written by many
        self.data = DATA / name  # what the nodes write to their disks
        self.cgroup = Cgroup(hierarchy() / GROUP / name)

    def create(self) -> None:
        """Make the directories and the cgroup; LabError when a lab of that name is there."""
        if self.exists():
            raise LabError(
                f"there is a lab called {self.name} already; end it with"
                f" `python3 -m tests.lab down --name {self.name}` or choose another --name"
            )
        self.run.mkdir(parents=True, mode=0o700)
        self.data.mkdir(parents=True, mode=0o700)
        self.cgroup.create()

    def exists(self) -> bool:
        return self.run.exists() or self.data.exists() or self.cgroup.exists()

    def remove(self) -> None:
        """Remove directories and cgroup; nothing happens when there are none."""
        for directory in (self.run, self.data):
            if directory.exists():
                shutil.rmtree(directory)
        if self.cgroup.exists():
            self.cgroup.remove()
        for parent in (DATA, self.cgroup.path.parent):
            with contextlib.suppress(OSError):  # another lab is there, or nothing is
                parent.rmdir()

    def save(self, settings: Settings) -> None:
        (self.run / "settings.json").write_text(json.dumps(dataclasses.asdict(settings)))

    def settings(self) -> Settings:
        """Of the running lab; LabError when there is none."""
        try:
            return Settings(**json.loads((self.run / "settings.json").read_text()))
        except OSError:
            raise LabError(f"there is no lab called {self.name}") from None

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lab against a second `up` or `down` of the same name.

        The kernel lets go of it with the process, so a crash leaves nothing.
        """
        RUN.mkdir(parents=True, exist_ok=True)
        path = RUN / f"{self.name}.lock"
        with open(path, "a", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LabError(f"the lab {self.name} is just being started or ended"
                               " by another process") from None
            if not path.exists() or not os.path.samestat(os.stat(path), os.fstat(lock.fileno())):
                raise LabError(f"the lab {self.name} has just been ended by another process")
            try:
                yield
            finally:
                path.unlink()
                with contextlib.suppress(OSError):
                    RUN.rmdir()
