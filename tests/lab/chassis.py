"""What is behind a BMC's power button: it switches a node, and says whether it is on.

    python3 -m tests.lab.chassis LAB NODE SOCKET

It stays, for a BMC answers in milliseconds and a Python with the lab's modules takes a tenth of
a second to start; ipmi_sim runs button.py for each chassis command, which only passes it on.
"""

from __future__ import annotations

import contextlib
import socket
import sys

from .errors import LabError
from .network import Network
from .node import Node
from .place import Place

DONE, FAILED = "0", "1"  # first letter of an answer; the rest is a line


def answer(node: Node, request: list[str]) -> str:
    """Do to `node` what was asked for and return the line ipmi_sim reads, if it reads one."""
    if request == ["get", "power"]:
        return f"power:{int(node.is_on())}"
    if request == ["set", "power", "0"]:
        node.power_off()
    elif request == ["set", "power", "1"]:
        node.power_on()
    elif request[:2] == ["set", "reset"]:
        node.power_off()
        node.power_on()
    else:
        raise LabError(f"the chassis does not know: {' '.join(request)}")
    return ""


def serve(node: Node, path: str) -> None:
    """Answer requests on a socket, one after the other, until it is killed."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen()
        while True:
            visitor, _ = door.accept()
            with visitor:
                request = visitor.recv(1024).decode().split()
                if not request:  # somebody looks whether the door is open
                    continue
                try:
                    said = DONE + answer(node, request)
                except Exception as error:  # the next request may go better
                    said = FAILED + str(error)
                with contextlib.suppress(OSError):  # who asked may be gone
                    visitor.sendall(said.encode())


def main() -> None:
    lab, name, path = sys.argv[1:]
    place = Place(lab)
    serve(Node(place, name, Network(place)), path)


if __name__ == "__main__":
    main()
