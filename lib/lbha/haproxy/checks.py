"""What a monitor looks at beside the question whether HAProxy runs.

A check gives a sentence when a person should look, or None; none of them ever fails the
resource.  Checks cost something, so each has its time, and its last answer is kept in the
state folder for the monitors in between, also for those of a lower level.
"""

import time

from lbha.errors import Error, LocalFault
from lbha.state import Record, elapsed

FRESH = 90.0   # seconds for which the answer of a deeper monitor counts in a shallower one


class Check:
    """One check.

    name     -- for the state file
    level    -- OCF_CHECK_LEVEL from which it is done
    every    -- seconds between two times
    function -- gives a sentence or None
    """

    __slots__ = ("name", "level", "every", "function")

    def __init__(self, name, level, every, function):
        self.name, self.level, self.every, self.function = name, level, every, function


class Checks:
    """The answers of all checks of a resource, the most important first."""

    def __init__(self, folder):
        self.note = Record(folder, "checks")

    def run(self, checks, level):
        """The first complaint of `checks` in a monitor of that level; all are done."""
        news = {}
        complaints = [self._answer(check, level, news) for check in checks]
        try:
            if news:
                self.note.update(**news)
        except LocalFault as fault:
            if not self.note.folder.full:  # which the runtime tells
                complaints.append(fault.reason)
        return next((complaint for complaint in complaints if complaint), None)

    def _answer(self, check, level, news):
        when, _, complaint = (self.note[check.name] or "").partition(" ")
        if elapsed(when) < (check.every if check.level <= level else FRESH):
            return complaint
        if check.level > level:
            return None
        try:
            complaint = check.function()
        except OSError:
            return complaint  # HAProxy did not answer, which is for `find` to judge
        except Error as error:
            complaint = "%s: %s" % (check.name, error.reason)
        news[check.name] = "%.3f %s" % (time.monotonic(), complaint or "")
        return complaint
