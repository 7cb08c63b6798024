"""The benchmark's command line; `make bench` calls it."""

from __future__ import annotations

import argparse
import json
import signal
import sys

from tests.lab.demo import build_rpm
from tests.lab.errors import LabError
from tests.lab.lab import Lab, leftovers
from tests.lab.root import SUITES
from tests.lab.__main__ import Progress

from . import report
from .bench import RESULT, Bench, parts, rival_names


def names(allowed):
    """Words between commas, all of which must be known."""
    def parse(text):
        found = [word for word in text.replace(",", " ").split() if word]
        for word in found:
            if word not in allowed:
                raise argparse.ArgumentTypeError(
                    f"there is no {word}; there are {', '.join(allowed)}")
        return found
    return parse


def parser():
    main = argparse.ArgumentParser(prog="python3 -m tests.bench",
                                   description="Rivals side by side in a lab of their own.")
    main.add_argument("--only", type=names(parts()), default=[], metavar="PART,...",
                      help="of " + ", ".join(parts()))
    main.add_argument("--rivals", type=names(rival_names()), default=[], metavar="RIVAL,...",
                      help="of " + ", ".join(rival_names()))
    main.add_argument("--runs", type=int, help="of each scenario (default: 10 of ours; 3 of the"
                                               " others, or the like share of what is given)")
    main.add_argument("--idle", type=float, default=60, help="seconds (default: %(default)s)")
    main.add_argument("--vips", type=int, default=200,
                      help="of the part idle-many (default: %(default)s)")
    main.add_argument("--suite", default="bullseye", choices=SUITES,
                      help="Debian release of the nodes (default: %(default)s)")
    main.add_argument("--name", default="bench", help="of the lab (default: %(default)s)")
    main.add_argument("--attach", action="store_true",
                      help="use a lab of that name that runs, without resources, and leave it")
    main.add_argument("--report", action="store_true",
                      help="only the tables and pictures, from the last run's bench.json")
    return main


def measure(options):
    """Run the benchmark; whatever ends it, nothing of the lab is left."""
    progress = Progress()
    lab = (Lab.attach(options.name, progress) if options.attach
           else Lab(options.name, options.suite, progress=progress))
    package = build_rpm()
    if not options.attach:
        lab.up()
    try:
        for node in lab.nodes.values():
            if node.run(["rpm", "--query", "lbha-agents"], check=False).code:
                node.install_rpm(package)
        Bench(lab, package, progress, options.only, options.rivals, options.runs, options.idle,
              options.vips).run()
    finally:
        if not options.attach:
            lab.down()
    left = [] if options.attach else leftovers(options.name)
    if left:
        raise LabError("still there: " + ", ".join(left))


def main():
    options = parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if not options.report:
            measure(options)
        for path in report.write(json.loads(RESULT.read_text(encoding="utf-8")), RESULT.parent):
            print(f"written: {path}")
    except LabError as error:
        print(f"{error}\nWhat was measured before is in {RESULT}; --report tells it.",
              file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
