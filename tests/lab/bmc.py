"""A node's BMC: OpenIPMI's simulator, in a network of its own beside the node."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from .network import Station
from .place import Place
from .plan import bmc_address, bmc_name
from .wait import wait

USER, PASSWORD = "pacemaker", "ipmipass1"  # the guide's

PACKAGE_PARENT = Path(__file__).resolve().parents[2]

LAN = """\
name "{name}"
set_working_mc 0x20
  startlan 1
    addr {address} 623
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "{python} -m {module} {lab} {node}"
  user 1 true "" "" user 10 none md2 md5 straight
  user 2 true "{user}" "{password}" admin 10 none md2 md5 straight
"""

MANAGEMENT_CONTROLLER = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
"""


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
        directory = self.place.run / self.station.name
        (directory / "state").mkdir(parents=True, exist_ok=True)
        (directory / "emu").write_text(MANAGEMENT_CONTROLLER)
        (directory / "lan.conf").write_text(LAN.format(
            name=self.station.name, address=self.address, python=sys.executable,
            module=__package__ + ".chassis", lab=self.place.name, node=self.node,
            user=USER, password=PASSWORD,
        ))
        self.simulator.start(
            self.station.enter(["ipmi_sim", "-c", str(directory / "lan.conf"),
                                "-f", str(directory / "emu"),
                                "-s", str(directory / "state"), "-n"]),
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
