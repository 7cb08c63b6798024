"""A node's BMC: OpenIPMI's simulator, in a network of its own beside the node."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tests import ipmi_sim

from .network import Station
from .place import Place
from .plan import bmc_address, bmc_name
from .wait import wait

USER, PASSWORD = "pacemaker", "ipmipass1"  # the guide's

PACKAGE_PARENT = Path(__file__).resolve().parents[2]


class Bmc:
    """The IPMI controller of `node`, answering at `address` on the management network."""

    def __init__(self, place: Place, node: str):
        self.node = node
        self.address = bmc_address(node)
        self.station = Station(place, bmc_name(node))
        self.place = place
        self.simulator = self.station.daemon("ipmi")

    def start(self) -> None:
        """Switch the controller on; its station must be plugged in."""
        arguments = ipmi_sim.write(
            self.place.run / self.station.name,
            f"{sys.executable} -m {__package__}.chassis {self.place.name} {self.node}",
            USER, PASSWORD.encode(), name=self.station.name, address=self.address)
        self.simulator.start(
            self.station.enter(["ipmi_sim", *arguments]),
            env={"PYTHONPATH": str(PACKAGE_PARENT)},
        )

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
