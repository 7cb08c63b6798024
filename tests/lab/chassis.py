"""The program behind a BMC's power button; ipmi_sim calls it for chassis control:

    python3 -m tests.lab.chassis LAB NODE get power | set power 0|1 | set reset 1
"""

from __future__ import annotations

import sys

from .errors import LabError
from .network import Network
from .node import Node
from .place import Place


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


def main() -> int:
    lab, name, *request = sys.argv[1:]
    place = Place(lab)
    try:
        line = answer(Node(place, name, Network(place)), request)
    except LabError as error:  # ipmi_sim makes completion code 0xff of it
        print(error, file=sys.stderr)
        return 1
    if line:
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
