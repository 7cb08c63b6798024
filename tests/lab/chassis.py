"""What is behind a BMC's power button: it switches a node, and says whether it is on.

    python3 -m tests.lab.chassis LAB NODE PORT

It stays, for a BMC answers in milliseconds and a Python with the lab's modules takes a tenth of
a second to start; ipmi_sim runs button.sh for each chassis command, which only passes it on.
Nor does a BMC wait for the machine that it has switched on.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading

from .errors import LabError
from .network import Network
from .node import Node
from .place import Place

DONE, FAILED = "0", "1"  # first letter of an answer; the rest is a line


class Chassis:
    """The node's power supply.

    starting -- switches the node on, or has done so
    error    -- why the last time came to nothing, or None
    """

    def __init__(self, node: Node):
        self.node = node
        self.starting: threading.Thread | None = None
        self.error: Exception | None = None

    def answer(self, request: list[str]) -> str:
        """Do what was asked for and return the line that ipmi_sim reads, if it reads one."""
        if request == ["get", "power"]:
            return f"power:{int(self.node.is_on())}"
        if self.starting:
            self.starting.join()
        if request == ["set", "power", "0"]:
            self.node.power_off()
        elif request == ["set", "power", "1"]:
            self._switch_on()
        elif request[:2] == ["set", "reset"]:
            self.node.power_off()
            self._switch_on()
        else:
            raise LabError(f"the chassis does not know: {' '.join(request)}")
        return ""

    def _switch_on(self) -> None:
        """Return as soon as the node is on; it has its cables, and boots, a moment later."""
        self.error = None
        self.starting = threading.Thread(target=self._start)
        self.starting.start()
        while self.starting.is_alive() and not self.node.is_on():
            self.starting.join(0.001)
        if self.error:
            raise self.error

    def _start(self) -> None:
        try:
            self.node.power_on()
        except Exception as error:
            self.error = error
            print(error, flush=True)  # who asked may be gone


def serve(node: Node, port: int) -> None:
    """Answer requests to a port, one after the other, until it is killed."""
    chassis = Chassis(node)
    with socket.create_server(("127.0.0.1", port)) as door:
        while True:
            visitor, _ = door.accept()
            with visitor:
                request = visitor.recv(1024).decode().split()
                try:
                    said = DONE + chassis.answer(request)
                except Exception as error:  # the next request may go better
                    said = FAILED + str(error)
                with contextlib.suppress(OSError):  # who asked may be gone
                    visitor.sendall(said.encode())


def main() -> None:
    lab, name, port = sys.argv[1:]
    place = Place(lab)
    serve(Node(place, name, Network(place)), int(port))


if __name__ == "__main__":
    main()
