"""Did every level really run, and was nothing skipped without a reason?

    python3 -m tests.report     reads what `make test` leaves in build

Which tests may be skipped, and why, is in tests/skips.txt.
"""

import fnmatch
import sys
import xml.etree.ElementTree

from tests import paths
from tests.__main__ import REPORTS

LEVELS = ("unit", "agent", "cluster")
SKIPS = paths.CHECKOUT / "tests/skips.txt"


def main():
    """Say what is wrong with the last run; the exit code."""
    try:
        cases = [case for report in REPORTS
                 for case in xml.etree.ElementTree.parse(str(report)).iter("testcase")]
    except OSError as error:
        return "there is no %s: run `make test` first" % error.filename
    return "\n".join(complaints(cases, allowed_skips())) or None


def allowed_skips():
    """The patterns of tests that may be skipped; every one has a reason behind it."""
    patterns = []
    for number, line in enumerate(SKIPS.read_text(encoding="utf-8").splitlines(), 1):
        pattern, _, reason = line.partition("  ")
        if line.startswith("#") or not line.strip():
            continue
        if not reason.strip():
            sys.exit("tests/skips.txt:%d: %s has no reason" % (number, pattern))
        patterns.append(pattern)
    return patterns


def complaints(cases, patterns):
    """One sentence for everything that should not be."""
    ran = {level: 0 for level in LEVELS}
    for case in cases:
        name = "%s::%s" % (case.get("classname"), case.get("name"))
        if case.find("skipped") is None:
            level = name.split(".")[1]
            ran[level] = ran.get(level, 0) + 1
        elif not any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            yield "skipped, and not in tests/skips.txt: %s: %s" % (
                name, case.find("skipped").get("message"))
    for level in LEVELS:
        if not ran[level]:
            yield "no test of the %s level ran" % level


if __name__ == "__main__":
    sys.exit(main())
