"""Programs of a Debian suite as the lab has it, on files, without a cluster.

The suite's file system is under an overlay, in namespaces of its own: nothing of it stays.
"""

from __future__ import annotations

import os
import pathlib

from tests.agent.namespace import Namespace
from tests.lab import root
from tests.lab.cgroup import Cgroup, hierarchy


class Suite:
    """A suite's root: pcs, Pacemaker's tools, agents."""

    def __init__(self, name: str):
        builder = Cgroup(hierarchy() / f"lbha-suite-{os.getpid()}")
        lower = root.provide(name, builder, print)
        if builder.exists():
            builder.remove()
        self.namespace = Namespace()
        self.path = self.namespace.folder / "root"
        layer = self.namespace.folder / "layer"
        for folder in (self.path, layer):
            folder.mkdir()
        self.mount("-t", "tmpfs", "tmpfs", layer)
        self.namespace.run(["mkdir", layer / "upper", layer / "work"])
        self.mount("-t", "overlay", "overlay", "-o", "lowerdir=%s,upperdir=%s,workdir=%s" % (
            lower, layer / "upper", layer / "work"), self.path)
        for folder in ("/proc", "/dev"):
            self.mount("--bind", folder, f"{self.path}{folder}")
        self.mount("-t", "tmpfs", "tmpfs", f"{self.path}/run")
        # what both sides see
        self.shared = self.namespace.folder / "shared"
        self.shared.mkdir()
        self.namespace.run(["mkdir", f"{self.path}/shared"])
        self.mount("--bind", self.shared, f"{self.path}/shared")

    def mount(self, *arguments: object) -> None:
        self.namespace.run(["mount", *arguments])

    def put(self, name: str, data: bytes) -> str:
        """A file in it; its path there."""
        (self.shared / name).write_bytes(data)
        return "/shared/" + name

    def get(self, path: str) -> bytes:
        """What is in a file in it."""
        return pathlib.Path(str(path).replace("/shared", str(self.shared), 1)).read_bytes()

    def run(self, *argv: str, check: bool = True) -> str:
        """What a program in it writes to both outputs; AssertionError when it fails."""
        done = self.namespace.run(["chroot", self.path, "env", "-i", "LC_ALL=C.UTF-8",
                                   "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *argv], check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def close(self) -> None:
        self.namespace.close()
