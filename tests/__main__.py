"""Every level of tests, with all that they need (make test).

    python3 -m tests [PYTEST-OPTION...]

As root: the programs of the agent and cluster levels from the machine's own packages, then
all levels, side by side in some processes, and at last those tests that are marked `alone`.
Otherwise the unit level alone.  Before that the unit level on every other Python that
matters: 3.6, the oldest the agents run on, and the system's.
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
REPORTS = (tools.BUILD / "report.xml", tools.BUILD / "report-alone.xml")
# on two cores: tests of the agent and cluster levels wait most of the time
PROCESSES = ["-n", "3"]
NOTHING = 5  # pytest's exit code when no test was chosen


def main(options):
    """Run everything; the exit code."""
    tools.BUILD.mkdir(exist_ok=True)
    os.chdir(str(paths.CHECKOUT))
    for report in REPORTS:
        if report.exists():
            report.unlink()
    for interpreter in other_interpreters():
        requirements = "requirements"
        if tools.version(interpreter) == "3.6":
            requirements += "-3.6"
        print("the unit level on Python %s" % tools.version(interpreter), flush=True)
        code = pytest(interpreter, requirements, ["tests/unit", "-q"] + PROCESSES)
        if code:
            return code
    levels = ["tests/unit"]
    if os.geteuid() == 0:
        install_programs()
        # what takes longest begins first
        levels = ["tests/cluster", "tests/agent"] + levels
    code = both(levels + options)
    if len(levels) == 1:
        print("left out, for they need root: the agent level and the cluster level")
    return code


def both(options):
    """Run what runs side by side, then the rest; the exit code."""
    codes = []
    for report, more in zip(REPORTS, (PROCESSES + ["-m", "not alone"], ["-m", "alone"])):
        codes.append(pytest(sys.executable, "requirements",
                            more + ["--junitxml", str(report)] + options))
        if codes[-1] not in (0, 1, NOTHING):
            break  # Ctrl-C, for one
    failures = [code for code in codes if code not in (0, NOTHING)]
    return failures[0] if failures else min(codes)


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
