"""Every level of tests, with all that they need (make test).

    python3 -m tests [PYTEST-OPTION...]

As root: the programs of the agent and cluster levels from the machine's own packages, then
all levels in one run of pytest.  Otherwise the unit level alone.  Before that the unit level
on every other Python that matters: 3.6, the oldest the agents run on, and the system's.
"""

import glob
import os
import pathlib
import shutil
import subprocess
import sys

from tests import paths, tools

# what the agent level runs (the lab names what it needs itself) -> Debian package that has it
PROGRAMS = {
    "cpio": "cpio",
    "git": "git",
    "haproxy": "haproxy",
    "ip": "iproute2",
    "ipmi_sim": "openipmi",
    "man": "man-db",
    "mount": "mount",
    "nsenter": "util-linux",
    "ping": "iputils-ping",
    "pyghmiutil": "python3-pyghmi",
    "rpmbuild": "rpm",
    "rpmlint": "rpmlint",
    "strace": "strace",
    "sysctl": "procps",
    "tcpdump": "tcpdump",
    "xmllint": "libxml2-utils",
}
REPORT = tools.BUILD / "report.xml"


def main(options):
    """Run everything; the exit code."""
    tools.BUILD.mkdir(exist_ok=True)
    os.chdir(str(paths.CHECKOUT))
    if REPORT.exists():
        REPORT.unlink()
    for interpreter in other_interpreters():
        requirements = "requirements"
        if tools.version(interpreter) == "3.6":
            requirements += "-3.6"
        print("the unit level on Python %s" % tools.version(interpreter), flush=True)
        code = pytest(interpreter, requirements, ["tests/unit", "-q"])
        if code:
            return code
    levels = ["tests/unit"]
    if os.geteuid() == 0:
        install_programs()
        levels += ["tests/agent", "tests/cluster"]
    code = pytest(sys.executable, "requirements",
                  levels + ["--junitxml", str(REPORT)] + options)
    if len(levels) == 1:
        print("left out, for they need root: the agent level and the cluster level")
    return code


def other_interpreters():
    """Paths of the Pythons on which the unit level runs besides this one."""
    own = (tools.version(sys.executable), os.path.realpath(sys.executable))
    found = [python for python in python36() if tools.version(python) == "3.6"][:1]
    if not found and own[0] != "3.6":
        print("no Python 3.6 on this machine: the unit level is left out there", flush=True)
    if os.path.realpath("/usr/bin/python3") != own[1]:
        found.append("/usr/bin/python3")
    return found


def python36():
    """Where a Python 3.6 may be."""
    yield from filter(None, [shutil.which("python3.6")])
    yield from sorted(glob.glob(str(pathlib.Path.home() / ".pyenv/versions/3.6*/bin/python3")))


def install_programs():
    """Install what the agent and cluster levels run; a sentence and an end if that fails."""
    from tests.lab import errors, host

    try:
        host.ensure(print, dict(host.PROGRAMS, **PROGRAMS))
    except errors.LabError as error:
        sys.exit(str(error))


def pytest(interpreter, requirements, options):
    """Run pytest with a Python; its exit code."""
    folder = tools.folder(requirements, interpreter)
    return subprocess.call([interpreter, "-m", "pytest"] + options,
                           env=tools.environment(folder))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
