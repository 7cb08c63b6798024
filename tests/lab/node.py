"""A cluster node: a Debian userland with systemd as process 1, power and files."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Optional, Sequence

from .command import ENVIRONMENT, Result, run
from .daemon import Daemon
from .errors import LabError
from .network import Network
from .place import Place
from .plan import hosts_file, node_address, node_names, node_ports
from .powerlog import PowerLog
from .wait import wait

INIT = Path(__file__).with_name("init.py")
HAPROXY_CFG = Path(__file__).with_name("haproxy.cfg")

NAMESPACES = ("--mount", "--pid", "--uts", "--ipc", "--cgroup", "--net")


class Node:
    """One node of the lab `place`; any process may make the object, the node is what runs."""

    def __init__(self, place: Place, name: str, network: Network):
        self.place = place
        self.name = name
        self.network = network
        self.ports = node_ports(name)
        self.disk = place.data / name
        self.power_log = PowerLog(place.run / "power.log")
        self.machine = Daemon(place.run / f"{name}.pid", place.cgroup / name)

    # power

    def prepare(self) -> None:
        """Lay out the node's own disk: names, addresses, the guide's haproxy.cfg."""
        names = node_names(self.place.settings().nodes)
        identity = hashlib.md5(f"{self.place.name}/{self.name}".encode()).hexdigest()
        cfg = HAPROXY_CFG.read_text(encoding="utf-8")
        files = {
            "etc/hostname": self.name + "\n",
            "etc/hosts": hosts_file(names),
            "etc/machine-id": identity + "\n",
            "etc/haproxy/haproxy.cfg": cfg.replace(
                node_address("node01", "mgmt") + ":", node_address(self.name, "mgmt") + ":"
            ),
        }
        for directory in ("root", "upper", "work"):
            (self.disk / directory).mkdir(parents=True)
        for name, text in files.items():
            path = self.disk / "upper" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def power_on(self) -> None:
        """Start to boot from the node's disk; returns when process 1 is under way.

        What is on already stays on.
        """
        if self.is_on():
            return
        self.power_log.note(self.name, "on asked")
        lower = self.place.settings().root
        own = os.readlink("/proc/self/ns/net")
        pid = self.machine.start(
            ["unshare", *NAMESPACES, "--fork", "--kill-child", sys.executable, "-IS", str(INIT),
             self.name, str(self.disk / "root"), lower, str(self.disk / "upper"),
             str(self.disk / "work"),
             *(port.interface for port in self.ports)]
        )
        wait(f"{self.name} has its namespaces", lambda: self._netns(pid) not in ("", own), 5,
             interval=0.002)
        self.network.plug(self.ports, pid)
        self.power_log.note(self.name, "on")

    def power_off(self) -> None:
        """Pull the plug: no process of the node runs and no packet leaves it when this returns.

        What is off already stays off.
        """
        if not self.is_on():
            return
        self.power_log.note(self.name, "off asked")
        # All its programs end in the same instant and none sees the others go.
        self.machine.cgroup.freeze(True)
        self.network.unplug(self.ports)
        self.machine.stop()
        self.power_log.note(self.name, "off")

    def is_on(self) -> bool:
        """True while anything of the node runs."""
        return self.machine.cgroup.populated()

    def freeze(self, frozen: bool = True) -> None:
        """Hang the node where it stands, or let it go on; it keeps addresses and sockets."""
        self.machine.cgroup.freeze(frozen)
        wait(f"{self.name} {'hangs' if frozen else 'goes on'}",
             lambda: self.is_frozen() == frozen, 5, interval=0.002)

    def is_frozen(self) -> bool:
        """True after freeze, until it goes on or loses power."""
        return self.machine.cgroup.frozen()

    def wait_booted(self, seconds: float = 60) -> None:
        """Return when systemd has started everything; LabError with the boot's output if not."""
        def booted() -> bool:
            if not self.is_on():
                return True
            state = self.run(["systemctl", "is-system-running"], check=False).out.strip()
            return state in ("running", "degraded")

        wait(f"{self.name} has booted", booted, seconds, state=self.machine.output)
        if not self.is_on():
            raise LabError(f"{self.name} died while it booted:\n{self.machine.output()}")

    # programs

    @property
    def pid(self) -> int:
        """Process 1 of the node as the machine numbers it; LabError when the node is off."""
        starter = self.machine.pid
        if starter is not None:
            try:
                return int(Path(f"/proc/{starter}/task/{starter}/children").read_text().split()[0])
            except (OSError, IndexError):
                pass
        raise LabError(f"{self.name} is off")

    def enter(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` in the node, to hand to subprocess."""
        return ["nsenter", "--target", str(self.pid), "--mount", "--uts", "--ipc", "--net", "--pid",
                "--cgroup", "--root", "--wd", *argv]

    def run(self, argv: Sequence[str], *, timeout: float = 30, check: bool = True,
            input: Optional[str] = None) -> Result:
        """Run a command in the node to its end; see command.run. It dies with the node."""
        return run(self.enter(argv), timeout=timeout, check=check, input=input, env=ENVIRONMENT)

    # files

    def push(self, source: Path, target: str, mode: int = 0o644) -> None:
        """Copy a file of the machine to the path `target` in the node."""
        self.write(target, source.read_bytes(), mode)

    def write(self, target: str, content: bytes, mode: int = 0o644) -> None:
        """Make `content` the file `target` in the node, with directories as needed."""
        staged = Path(f"/proc/{self.pid}/root/run/lab-{os.getpid()}-{os.urandom(4).hex()}")
        staged.write_bytes(content)
        # install(1) inside resolves the node's own symbolic links, which a path
        # through /proc would follow into the machine's files.
        self.run(["install", "-D", "-m", f"{mode:o}", f"/run/{staged.name}", target])
        staged.unlink()

    def read(self, path: str) -> str:
        """The text of a file in the node."""
        return self.run(["cat", path]).out

    # packages

    def install_rpm(self, package: Path, upgrade: bool = False) -> Result:
        """Install (or upgrade to) an RPM; Debian's rpm database is empty, hence --nodeps."""
        target = f"/tmp/{package.name}"
        self.push(package, target)
        return self.run(["rpm", "--upgrade" if upgrade else "--install", "--nodeps", target],
                        timeout=60)

    def erase_rpm(self, name: str) -> Result:
        return self.run(["rpm", "--erase", "--nodeps", name], timeout=60)

    # evidence

    def journal(self, *options: str) -> str:
        """What journalctl has of the present boot."""
        return self.run(["journalctl", "--no-pager", "--output=short-precise", *options]).out

    def save_logs(self, directory: Path) -> None:
        """Leave the node's logs as NODE-*.log in `directory`; one that is off has no journal."""
        for name in ("pacemaker/pacemaker.log", "cluster/corosync.log", "corosync/corosync.log",
                     "pcsd/pcsd.log"):
            path = self.disk / "upper/var/log" / name
            if path.is_file():
                (directory / f"{self.name}-{path.name}").write_bytes(path.read_bytes())
        if self.is_on():
            (directory / f"{self.name}-journal.log").write_text(self.journal())

    @staticmethod
    def _netns(pid: int) -> str:
        try:
            return os.readlink(f"/proc/{pid}/ns/net")
        except OSError:
            return ""
