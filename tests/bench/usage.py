"""What a cgroup costs: processor time of everything that ever ran in it, processes, memory."""

from __future__ import annotations

import os
import time
from pathlib import Path

from . import rivals

TICKS = os.sysconf("SC_CLK_TCK")


def processor(group):
    """Seconds of processor time that a cgroup has had, of short-lived children too.

    (kernel, admin-guide/cgroup-v2.rst: cpu.stat is there whether or not the controller is)
    """
    for line in (group.path / "cpu.stat").read_text().splitlines():
        key, value = line.split()
        if key == "usage_usec":
            return int(value) / 1e6
    raise ValueError(f"{group.path} has no usage_usec")


def process_time(pids):
    """Seconds of processor time that these processes have had themselves."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory(pids):
    """Bytes of memory of these processes, what they share divided among all that share it."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines()
                     if line.startswith("Pss:"))
    return total * 1024


def idle(node, group, seconds):
    """What a node costs while nobody asks for anything, in `seconds`.

    agents    -- processor seconds of `group`, where all agents are and who starts them
    node      -- processor seconds of the whole node but HAProxy
    processes -- how many there are in `group` but Pacemaker's executor, on average
    pss       -- their bytes, on average
    """
    haproxy = rivals.processes(node, "haproxy")

    def count():
        total = processor(node.machine.cgroup) - process_time(haproxy)
        return total, processor(group) if group else 0.0

    began = time.monotonic()
    before = count()
    looks = []
    while time.monotonic() - began < seconds:
        time.sleep(min(1.0, seconds / 10))
        if group:
            pids = [pid for pid in group.processes()
                    if rivals.program(pid) not in ("haproxy", "pacemaker-execd", "")]
            looks.append((len(pids), memory(pids)))
    after = count()
    lasted = time.monotonic() - began
    looks = looks or [(0, 0)]
    return {
        "seconds": lasted, "node": after[0] - before[0], "agents": after[1] - before[1],
        "processes": sum(one for one, _ in looks) / len(looks),
        "pss": sum(one for _, one in looks) / len(looks),
    }
