"""The story, told to a person: `make demo`."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Callable

from .errors import LabError
from .lab import Lab
from .story import Story

CHECKOUT = Path(__file__).resolve().parents[2]
LOGS = CHECKOUT / "build" / "demo-logs"


def demo(lab: Lab, keep: bool, progress: Callable[[str], None]) -> None:
    """Bring the lab up, tell the story, and take the lab down again unless it is to be kept.

    LabError when a step fails; the logs are then in LOGS.
    """
    lab.up()
    try:
        progress("building the RPM")
        _tell(lab, build_rpm(), progress)
    except LabError as error:
        lab.save_logs(LOGS)
        if not keep:
            lab.down()
        raise LabError(f"{error}\nthe logs are in {LOGS}") from None
    except BaseException:  # Ctrl-C
        lab.down()
        raise
    if not keep:
        lab.down()
        return
    name = lab.place.name
    print(f"The cluster is up.\n"
          f"Enter a node:  python3 -m tests.lab shell --name {name} node01\n"
          f"End it:        python3 -m tests.lab down --name {name}")


def build_rpm() -> Path:
    """`make rpm`; the package. LabError with what it said when it fails."""
    done = subprocess.run(["make", "--silent", "rpm"], cwd=CHECKOUT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    packages = sorted((CHECKOUT / "dist").glob("*.noarch.rpm"))
    if done.returncode or not packages:
        raise LabError(f"the RPM cannot be built:\n{done.stdout}")
    return packages[-1]


def _tell(lab: Lab, package: Path, progress: Callable[[str], None]) -> None:
    story = Story(lab, package, lambda text: print(indent(text), flush=True))
    steps = story.outline()
    for number, (title, step) in enumerate(steps, 1):
        progress(f"{number}/{len(steps)} {title}")
        step(story)
    progress("the story is over")
    print("\n" + story.table() + "\n", flush=True)


def indent(text: str) -> str:
    """Below the progress line of its step."""
    return "\n".join("           " + line for line in text.rstrip().splitlines())
