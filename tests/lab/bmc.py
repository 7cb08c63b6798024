"""A node's BMC: OpenIPMI's simulator, in a network of its own beside the node."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path

from tests import ipmi_sim

from .network import Station
from .place import Place
from .plan import bmc_address, bmc_name
from .wait import wait

USER, PASSWORD = "pacemaker", "ipmipass1"  # the guide's

BUTTON = Path(__file__).with_name("button.py")


class Bmc:
    """The IPMI controller of `node`, answering at `address` on the management network."""

    def __init__(self, place: Place, node: str):
        self.node = node
        self.address = bmc_address(node)
        self.station = Station(place, bmc_name(node))
        self.place = place
        self.simulator = self.station.daemon("ipmi")
        self.chassis = self.station.daemon("chassis")

    def start(self) -> None:
        """Switch the controller on; its station must be plugged in."""
        folder = self.place.run / self.station.name
        door = folder / "chassis"
        arguments = ipmi_sim.write(
            folder, f"{sys.executable} -IS {BUTTON} {door}",
            USER, PASSWORD.encode(), name=self.station.name, address=self.address)
        if self.chassis.pid is None:
            door.unlink(missing_ok=True)
        self.chassis.start(self.station.module(
            f"{__package__}.chassis", self.place.name, self.node, str(door)))
        wait(f"the chassis of {self.node} answers", lambda: is_open(door), 10, interval=0.01,
             state=self.chassis.output)
        self.simulator.start(self.station.enter(["ipmi_sim", *arguments]))

    def wait_ready(self, seconds: float = 10) -> None:
        """Return when it has its port; LabError if not."""
        def listening() -> bool:
            sockets = Path(f"/proc/{self.station.pid}/net/udp").read_text()
            return ":026F " in sockets

        wait(f"the BMC of {self.node} listens", listening, seconds, interval=0.01,
             state=self.simulator.output)

    def stop(self) -> None:
        """Switch the controller off: its port answers "unreachable"."""
        self.simulator.stop()

    def hang(self, hung: bool = True) -> None:
        """Let the controller receive and never answer, or let it go on."""
        self.simulator.signal(signal.SIGSTOP if hung else signal.SIGCONT)


def is_open(door: Path) -> bool:
    """Whether somebody listens on a socket."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(door)) == 0
