"""The Debian file system the nodes of a lab share, built once and kept in a cache."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Callable

from .cgroup import Cgroup
from .daemon import Daemon
from .errors import LabError
from .mirror import debian_mirror, transport_options
from .wait import wait

CACHE = Path("/var/cache/lbha-lab")

# Pacemaker 2.0.5, 2.1.5 and 3.0.0. From trixie on every fence agent is a package
# of its own, and the one that means all brings the libraries of every cloud.
SUITES = {
    "bullseye": ["fence-agents"],
    "bookworm": ["fence-agents"],
    "trixie": ["fence-agents-ipmilan"],
}

PACKAGES = (
    "systemd systemd-sysv dbus procps iproute2 iputils-ping iputils-arping nftables tcpdump strace"
    " curl"
    " corosync pacemaker pacemaker-cli-utils pcs crmsh resource-agents ipmitool"
    " haproxy keepalived python3 python3-lxml python3-psutil python3-pyghmi rpm libxml2-utils"
).split()

# Nobody reads these in a node, and they are a third of the unpacking.
LEFT_OUT = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/fonts/*")

# A machine has consoles, disks, timers and a kernel of its own; a node has not.
MASKED_UNITS = (
    "apt-daily-upgrade.timer apt-daily.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer"
    " systemd-tmpfiles-clean.timer e2scrub_reap.service getty.target getty-static.service"
    " console-getty.service systemd-logind.service systemd-ask-password-wall.path"
    " systemd-ask-password-console.path systemd-update-utmp.service"
    " systemd-update-utmp-runlevel.service"
    " dev-hugepages.mount dev-mqueue.mount kmod-static-nodes.service modprobe@.service"
    " proc-sys-fs-binfmt_misc.automount sys-fs-fuse-connections.mount sys-kernel-config.mount"
    " sys-kernel-debug.mount sys-kernel-tracing.mount systemd-binfmt.service"
    " systemd-boot-system-token.service systemd-journald-audit.socket"
    " systemd-machine-id-commit.service"
    " systemd-modules-load.service systemd-pstore.service systemd-random-seed.service"
    " systemd-initctl.socket remote-fs.target logd.service thin.service openipmi.service"
    " ipmievd.service"
).split()

# Enterprise Linux starts none of these by itself; Debian enables what it installs.
DISABLED_UNITS = "corosync.service pacemaker.service haproxy.service keepalived.service".split()

# What a node must not find: Debian's example cluster makes `pcs cluster setup`
# refuse, and Debian's sysctl settings belong to the machine's kernel, not to a node.
REMOVED_FILES = ("etc/corosync/corosync.conf", "usr/lib/sysctl.d/*.conf")

WRITTEN_FILES = {
    "etc/systemd/journald.conf.d/lab.conf":
        "[Journal]\nStorage=volatile\nReadKMsg=no\nRateLimitIntervalSec=0\n",
    "etc/systemd/system.conf.d/lab.conf": "[Manager]\nDefaultTimeoutStopSec=15s\n",
}


def recipe(suite: str) -> dict[str, object]:
    """Everything that decides what is in the root; its digest names it in the cache."""
    return {
        "suite": suite,
        "packages": sorted(PACKAGES + SUITES[suite]),
        "left out": LEFT_OUT,
        "masked": MASKED_UNITS,
        "disabled": DISABLED_UNITS,
        "removed": REMOVED_FILES,
        "written": WRITTEN_FILES,
    }


def location(suite: str) -> Path:
    """Where the finished root of `suite` is, or will be."""
    if suite not in SUITES:
        raise LabError(f"no such suite: {suite}; the lab knows {', '.join(SUITES)}")
    digest = hashlib.sha256(json.dumps(recipe(suite), sort_keys=True).encode()).hexdigest()
    return CACHE / f"{suite}-{digest[:12]}"


def provide(suite: str, cgroup: Cgroup, progress: Callable[[str], None]) -> Path:
    """Return the finished root of `suite`, building it when the cache has none.

    cgroup -- the lab's; the builder runs below it and ends with the lab
    """
    finished = location(suite)
    if finished.is_dir():
        return finished
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(f"{finished}.lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"waiting for another lab that is building the {suite} root")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.is_dir():
            progress(f"building the {suite} root in {finished} (once, about a minute)")
            building = finished.with_suffix(".building")
            shutil.rmtree(building, ignore_errors=True)  # of a builder that was killed
            build(suite, building,
                  Daemon(finished.with_suffix(".record"), cgroup / "builder"), progress)
            finish(building)
            building.rename(finished)
    return finished


def build(suite: str, target: Path, builder: Daemon, progress: Callable[[str], None]) -> None:
    """Run mmdebstrap; LabError with the end of its output when it fails."""
    builder.log.unlink(missing_ok=True)
    # In a mount and pid namespace of its own: whatever mmdebstrap mounts or
    # starts ends with it, also when it is killed.
    argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "mmdebstrap",
            "--variant=minbase", "--mode=root", "--format=directory", "--verbose",
            "--include=" + ",".join(sorted(PACKAGES + SUITES[suite])),
            "--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"']
    argv += [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
    argv += [f"--aptopt={line}" for line in transport_options()]
    argv += [suite, str(target), debian_mirror().line(suite)]
    began = time.monotonic()
    builder.start(argv)
    told = 10

    def ended() -> bool:
        nonlocal told
        elapsed = time.monotonic() - began
        if elapsed > told:
            told += 10
            lines = builder.output().split("\n")
            progress(f"  {elapsed:.0f} s, {lines[-2].strip()[:70] if len(lines) > 1 else ''}")
        return builder.pid is None

    wait(f"mmdebstrap has built {suite}", ended, 900, interval=0.2)
    output = builder.output()
    builder.stop()
    if "I: success in" not in output:
        raise LabError(f"mmdebstrap could not build {suite}:\n"
                       + "\n".join(output.splitlines()[-15:]))
    builder.log.unlink(missing_ok=True)


def finish(root: Path) -> None:
    """Turn a plain Debian into a node's file system."""
    units = root / "etc/systemd/system"
    for unit in MASKED_UNITS:
        (units / unit).unlink(missing_ok=True)
        os.symlink("/dev/null", units / unit)
    for unit in DISABLED_UNITS:
        for link in units.glob(f"*.wants/{unit}"):
            link.unlink()
    for pattern in REMOVED_FILES:
        for path in root.glob(pattern):
            path.unlink()
    for name, text in WRITTEN_FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
