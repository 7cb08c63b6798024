"""The lab's networks: bridges in a hub, stations with a cable each.

A network namespace exists as long as a process in it does. The hub and every
station are therefore held by a sleeping process of the lab; a node's is held
by the node itself, so that power off takes its interfaces, addresses, filter
rules and sockets away as it does on a machine.
"""

from __future__ import annotations

import os
import sys
import zlib
from pathlib import Path
from typing import Optional, Sequence

from .command import Result, run
from .daemon import Daemon
from .errors import LabError
from .place import Place
from .plan import GATEWAY, SUBNETS, Port
from .wait import wait


CHECKOUT = Path(__file__).resolve().parents[2]


def namespace(pid: int) -> str:
    """The network namespace of a process, as nsenter takes it."""
    return f"/proc/{pid}/ns/net"


class Station:
    """Something with a network namespace of its own that is not a node."""

    def __init__(self, place: Place, name: str):
        self.name = name
        self.place = place
        self.holder = Daemon(place.run / f"{name}.net", place.cgroup / name / "net")

    def start(self) -> None:
        own = os.readlink("/proc/self/ns/net")
        pid = self.holder.start(["unshare", "--net", "sleep", "infinity"])
        wait(f"{self.name} has its namespace", lambda: os.readlink(namespace(pid)) != own, 5,
             interval=0.002)

    @property
    def pid(self) -> int:
        """The process that holds the namespace; LabError when it is gone."""
        pid = self.holder.pid
        if pid is None:
            raise LabError(f"{self.name} does not run")
        return pid

    def enter(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` in the station's network."""
        return ["nsenter", f"--net={namespace(self.pid)}", *argv]

    def module(self, name: str, *words: str) -> list[str]:
        """The command line that runs a module of the lab as a program in the station's network."""
        return self.enter(["env", f"PYTHONPATH={CHECKOUT}", sys.executable, "-m", name, *words])

    def run(self, argv: Sequence[str], *, timeout: float = 30, check: bool = True,
            input: Optional[str] = None) -> Result:
        """Run a command of the machine in the station's network; see command.run."""
        return run(self.enter(argv), timeout=timeout, check=check, input=input)

    def daemon(self, name: str) -> Daemon:
        """A background program of this station; start it with `start(enter(...))`."""
        return Daemon(self.place.run / f"{self.name}-{name}", self.place.cgroup / self.name / name)


class Network:
    """The hub with its bridges, one for each network of the plan, and all cables."""

    def __init__(self, place: Place):
        self.hub = Station(place, "hub")
        self.cuts = place.run / "cut"

    def start(self) -> None:
        self.cuts.mkdir(exist_ok=True)
        self.hub.start()
        lines = ["link set lo up"]
        for bridge in SUBNETS:
            # Snooping would drop VRRP's multicast: there is no querier here.
            lines += [f"link add {bridge} type bridge mcast_snooping 0", f"link set {bridge} up"]
        self._ip(lines)

    def plug(self, ports: Sequence[Port], pid: int) -> None:
        """Give the namespace of process `pid` its interfaces, addresses and default route.

        A cable that was cut stays cut.
        """
        cables, inside = [], ["link set lo up"]
        for port in ports:
            cables += [
                f"link add {port.name} group {_group(ports)} type veth"
                f" peer name {port.interface} address {port.mac} netns {pid}",
                f"link set {port.name} master {port.network}",
            ]
            if not self.is_cut(port.name):
                cables.append(f"link set {port.name} up")
            inside += [
                f"address add {port.address}/24 broadcast + dev {port.interface}",
                f"link set {port.interface} up",
            ]
            if port.network == "service" and port.address != GATEWAY:
                inside.append(f"route add default via {GATEWAY} dev {port.interface}")
        self._ip(cables)
        run(["nsenter", f"--net={namespace(pid)}", "ip", "-batch", "-"], input="\n".join(inside))

    def unplug(self, ports: Sequence[Port]) -> None:
        """Take the interfaces away, both ends at once and before a process can say goodbye."""
        if {port.name for port in ports} & self.cables():
            # one after the other, each would take the kernel some 20 ms
            self._ip([f"link delete group {_group(ports)}"])

    def cables(self) -> set[str]:
        """The names of all cables that are plugged in."""
        out = self.hub.run(["ip", "-o", "link", "show", "type", "veth"]).out
        return {line.split()[1].split("@")[0] for line in out.splitlines()}

    def cut(self, name: str) -> None:
        """Cut the cable `name` (such as ring1-node02): both ends lose their carrier."""
        self._switch(name, "down")
        self._mark(name).touch()

    def restore(self, name: str) -> None:
        """Undo cut."""
        self._switch(name, "up")
        self._mark(name).unlink(missing_ok=True)

    def is_cut(self, name: str) -> bool:
        return self._mark(name).exists()

    def _switch(self, name: str, state: str) -> None:
        self._ip([f"link set {name} {state}"])

    def _mark(self, name: str) -> Path:
        return self.cuts / name

    def _ip(self, lines: Sequence[str]) -> None:
        if lines:
            self.hub.run(["ip", "-batch", "-"], input="\n".join(lines))


def _group(ports: Sequence[Port]) -> int:
    """The number by which the kernel knows the cables of these ports together."""
    return zlib.crc32(" ".join(port.name for port in ports).encode()) >> 1  # it has a sign
