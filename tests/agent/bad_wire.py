"""A BMC behind a wire with a fault, and one call through it that must not lie."""

import itertools
import pathlib
import sys
import time

from tests.agent.bmc import Bmc
from tests.agent.fencing import FAILED, OK

FAULT = pathlib.Path(__file__).with_name("fault.py")
LATE = 6  # seconds beyond its own time that a call may take on a machine that is busy
NUMBERS = itertools.count(1)


class BadWire:
    """A BMC of its own behind a wire with a fault, and one call through it.

    fault -- see fault.py
    """

    def __init__(self, namespace, *fault, behaviour="honest", power=True):
        number = next(NUMBERS)
        self.bmc = Bmc(namespace, behaviour, power=power, port=20000 + number)
        self.port = 30000 + number
        self.lines = self.bmc.folder / "wire"
        with open(str(self.lines), "wb") as out:
            self.process = namespace.popen(
                [sys.executable, "-IS", FAULT, self.port, self.bmc.port, *fault], stdout=out)
        end = time.monotonic() + 20
        while not self.lines.read_text().startswith("ready"):
            assert time.monotonic() < end, "no wire"
            time.sleep(0.01)
        self.fault = fault

    def start(self, fence, action, **options):
        """Start a call."""
        self.began, self.action = time.time(), action
        self.call = fence.start(action, ipport=self.port, **options)
        return self

    def end(self):
        """Its Outcome; it has not lied, and a failure has told its reason in one line."""
        found = self.call.end()
        assert found.code in (OK, FAILED), found  # and not OFF: no status is asked without power
        done = {"off": "Success: Powered OFF\n", "reboot": "Success: Rebooted\n",
                "on": "Success: Powered ON\n", "status": "Status: ON\n", "monitor": ""}
        assert found.out == (done[self.action] if found.code == OK else ""), found
        if found.code == OK:
            assert self._is_true(), "a lie: %s %s %s" % (self.fault, found, self.bmc.log)
        assert "Traceback" not in found.err and "internal error" not in found.err, found
        reasons = [line for line in found.err.splitlines() if not line.startswith("WARNING")]
        assert len(reasons) == (found.code == FAILED), found
        return found

    def _is_true(self):
        """Whether the BMC's log shows, since the call began, what its success says."""
        seen = [event for when, event in self.bmc.log if when >= self.began]
        return {"off": "off", "reboot": "off", "on": "on"}.get(self.action, "read 1") in seen

    def close(self):
        """End the BMC and the wire; the log stays."""
        for process in (self.process, self.bmc.process):
            process.kill()
            process.wait()
