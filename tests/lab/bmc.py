"""A node's BMC: OpenIPMI's simulator, in a network of its own beside the node."""

from __future__ import annotations

import signal
from pathlib import Path

from tests import ipmi_sim

from .network import Station
from .place import Place
from .plan import bmc_address, bmc_name
from .wait import wait

USER, PASSWORD = "pacemaker", "ipmipass1"  # the guide's

BUTTON = Path(__file__).with_name("button.sh")
IPMI = 623
CHASSIS = 9001  # where button.sh finds the chassis


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
        arguments = ipmi_sim.write(
            self.place.run / self.station.name, f"exec bash {BUTTON} {CHASSIS}",
            USER, PASSWORD.encode(), name=self.station.name, address=self.address)
        self.chassis.start(self.station.module(
            f"{__package__}.chassis", self.place.name, self.node, str(CHASSIS)))
        wait(f"the chassis of {self.node} listens", lambda: self._listens("tcp", CHASSIS), 10,
             interval=0.01, state=self.chassis.output)
        self.simulator.start(self.station.enter(["ipmi_sim", *arguments]))

    def wait_ready(self, seconds: float = 10) -> None:
        """Return when it has its port; LabError if not."""
        wait(f"the BMC of {self.node} listens", lambda: self._listens("udp", IPMI), seconds,
             interval=0.01, state=self.simulator.output)

    def _listens(self, kind: str, port: int) -> bool:
        """Whether somebody of its station waits for what comes to a port."""
        sockets = Path(f"/proc/{self.station.pid}/net/{kind}").read_text()
        return f":{port:04X} 00000000:0000 " in sockets

    def stop(self) -> None:
        """Switch the controller off: its port answers "unreachable"."""
        self.simulator.stop()

    def hang(self, hung: bool = True) -> None:
        """Let the controller receive and never answer, or let it go on."""
        self.simulator.signal(signal.SIGSTOP if hung else signal.SIGCONT)
