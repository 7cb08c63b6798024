"""The machine the lab runs on: what it must have, and what can be installed."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Callable, Iterator

from .cgroup import hierarchy
from .command import run
from .errors import LabError

# program the lab runs on the machine -> Debian package that has it
PROGRAMS = {
    "ip": "iproute2",
    "ipmi_sim": "openipmi",
    "mmdebstrap": "mmdebstrap",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    # not the lab itself, but the tests and the demo in it
    "curl": "curl",
    "nft": "nftables",
    "rpmbuild": "rpm",
    "tcpdump": "tcpdump",
}

POLICY = Path("/usr/sbin/policy-rc.d")
SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def missing_packages(programs: dict[str, str] = PROGRAMS) -> list[str]:
    """The Debian packages the machine still needs for these programs (name -> package)."""
    return sorted({package for program, package in programs.items()
                   if not shutil.which(program, path=SEARCH)})


def ensure(progress: Callable[[str], None], programs: dict[str, str] = PROGRAMS) -> None:
    """Install what is missing with the machine's own apt; LabError when that fails."""
    missing = missing_packages(programs)
    if not missing:
        return
    progress("installing " + " ".join(missing))
    run(["apt-get", "update", "-q"], timeout=300)
    with no_services():
        run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing], timeout=600,
            env={"PATH": SEARCH, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"})


@contextlib.contextmanager
def no_services() -> Iterator[None]:
    """Packages that are installed meanwhile start none of their services on this machine.

    Debian's packages ask the program policy-rc.d, if there is one; 101 forbids.
    """
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def check_machine() -> None:
    """Return if a lab can run here; LabError with one sentence if not."""
    if os.geteuid() != 0:
        raise LabError("the lab needs root: it makes namespaces, mounts and bridges")
    group = hierarchy()
    if not (group / "cgroup.procs").exists() or not os.access(group, os.W_OK):
        raise LabError(f"the lab cannot write to cgroup v2 at {group}")
    if not has_overlay():
        raise LabError("the lab needs overlayfs in the kernel; /proc/filesystems does not list it")
    if not shutil.which("apt-get", path=SEARCH):
        raise LabError("the lab needs a Debian machine: there is no apt-get")
    probe = run(["unshare", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--net", "--fork",
                 "true"], check=False)
    if probe.code != 0:
        raise LabError(f"the lab needs namespaces, and the kernel refuses: {probe.err.strip()}")
    for device in (["bridge"], ["veth", "peer", "name", "probe1"]):
        probe = run(["unshare", "--net", "ip", "link", "add", "probe0", "type", *device],
                    check=False)
        if probe.code != 0 and shutil.which("ip", path=SEARCH):
            raise LabError(f"the kernel cannot make a {device[0]} device: {probe.err.strip()}")


def has_overlay() -> bool:
    """True when the kernel has overlayfs, loading its module if need be."""
    for _ in range(2):
        with open("/proc/filesystems", encoding="ascii") as filesystems:
            if any(line.split()[-1] == "overlay" for line in filesystems):
                return True
        if shutil.which("modprobe", path=SEARCH):
            run(["modprobe", "overlay"], check=False)
    return False
