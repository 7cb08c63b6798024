"""Python packages for tests and lint, installed below build/ and nowhere else."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

from tests import paths

BUILD = paths.CHECKOUT / "build"


def version(interpreter, parts=2):
    """The version of a Python as text, such as 3.11, or None when it does not run."""
    code = "import sys; print('.'.join(map(str, sys.version_info[:%d])))" % parts
    try:
        return subprocess.check_output(
            [interpreter, "-IS", "-c", code],
            stderr=subprocess.DEVNULL, universal_newlines=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def folder(name, interpreter=sys.executable):
    """The directory with the packages of tests/NAME.txt for a Python; installed if need be."""
    python = version(interpreter)
    wanted = paths.CHECKOUT / "tests" / (name + ".txt")
    pinned = hashlib.sha256(wanted.read_bytes()).hexdigest()[:8]
    place = BUILD / ("%s-python%s-%s" % (name, python, pinned))
    if not place.exists():
        print("installing %s for Python %s" % (wanted.name, python), flush=True)
        unfinished = pathlib.Path(str(place) + ".%d" % os.getpid())
        argv = _pip() + ["install", "--quiet", "--disable-pip-version-check",
                         "--no-compile", "--target", str(unfinished), "-r", str(wanted)]
        if python != version(sys.executable):
            # our pip would choose dependencies, and binaries, for our own Python
            argv += ["--no-deps", "--python-version", version(interpreter, 3),
                     "--only-binary=:all:"]
        _run(argv)
        if place.exists():
            shutil.rmtree(str(unfinished))  # somebody else was quicker
        else:
            unfinished.rename(place)
    return place


def environment(*folders):
    """Our environment with these directories on Python's path."""
    return dict(os.environ, PYTHONPATH=os.pathsep.join(map(str, folders)))


def _pip():
    for interpreter in (sys.executable, "/usr/bin/python3"):
        if not subprocess.call([interpreter, "-m", "pip", "--version"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            return [interpreter, "-m", "pip"]
    sys.exit("there is no pip for %s: install it (Debian: python3-pip)" % sys.executable)


def _run(argv):
    # pip warns of root, of versions and of what else is installed: only a failure matters
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True)
    if done.returncode:
        sys.exit("%s\ncould not be done: %s" % (done.stdout, " ".join(argv)))
