"""The lab's command line: python3 -m tests.lab up | status | shell NODE | down | demo."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time

from .demo import demo as story_in
from .errors import LabError
from .lab import Lab, leftovers
from .root import SUITES


class Progress:
    """Prints each step with the seconds since the beginning."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def __call__(self, step: str) -> None:
        print(f"[{time.monotonic() - self.began:6.1f} s] {step}", flush=True)


def up(options: argparse.Namespace) -> None:
    lab = Lab(options.name, options.suite, options.nodes, progress=Progress())
    lab.up()
    print(lab.cluster.pcs("status", "--full").out)


def status(options: argparse.Namespace) -> None:
    lab = Lab.attach(options.name)
    for node in lab.nodes.values():
        print(f"{node.name}: {'on' if node.is_on() else 'off'}")
    print(lab.cluster.pcs("status", "--full", check=False).out)


def shell(options: argparse.Namespace) -> None:
    """Become a shell in the node; or run the command given after its name."""
    node = Lab.attach(options.name).nodes.get(options.node)
    if node is None:
        raise LabError(f"there is no node {options.node} in the lab {options.name}")
    argv = node.enter(options.command or ["bash", "--login"])
    os.execvp(argv[0], argv)


def down(options: argparse.Namespace) -> None:
    Lab(options.name, progress=Progress()).down()
    left = leftovers(options.name)
    if left:
        raise LabError("still there: " + ", ".join(left))


def demo(options: argparse.Namespace) -> None:
    progress = Progress()
    story_in(Lab(options.name, options.suite, progress=progress), options.keep, progress)


def parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--name", default="lab", help="which lab (default: %(default)s)")
    main = argparse.ArgumentParser(
        prog="python3 -m tests.lab", description="A Pacemaker cluster on this machine.")
    commands = main.add_subparsers(required=True, metavar="up | status | shell | down | demo")
    one = commands.add_parser("up", parents=[common], help="start a lab")
    one.add_argument("--suite", default="bullseye", choices=SUITES,
                     help="Debian of the nodes (default: %(default)s)")
    one.add_argument("--nodes", type=int, default=2, help="how many (default: %(default)s)")
    one.set_defaults(function=up)
    one = commands.add_parser("status", parents=[common], help="power and pcs status")
    one.set_defaults(function=status)
    one = commands.add_parser("shell", parents=[common], help="a shell or a command in a node")
    one.add_argument("node")
    one.add_argument("command", nargs=argparse.REMAINDER)
    one.set_defaults(function=shell)
    one = commands.add_parser("down", parents=[common], help="end a lab and remove all of it")
    one.set_defaults(function=down)
    one = commands.add_parser("demo", parents=[common],
                              help="the guide's story in a lab of its own")
    one.add_argument("--suite", default="bullseye", choices=SUITES,
                     help="Debian of the nodes (default: %(default)s)")
    one.add_argument("--keep", action="store_true", help="leave the cluster up")
    one.set_defaults(function=demo)
    return main


def main() -> int:
    options = parser().parse_args()
    # so that `up` takes down what it has begun
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        options.function(options)
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
