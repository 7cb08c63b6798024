"""The fence agent on a bad wire and with a bad BMC: every fault ends in time, and none lies.

The power log of the BMC is the truth: no call for off or reboot answers 0 unless it shows that
the power went off after the call had begun.
"""

import pathlib
import sys
import time

import pytest

from tests.agent.bmc import Bmc
from tests.agent.fencing import FAILED, OK

FAULT = pathlib.Path(__file__).with_name("fault.py")
LATE = 6  # seconds beyond its own time that a call may take on a machine that is busy

# The answers of a BMC to one call, in order; ipmi_sim refuses cipher suite 17.
ANSWERS = ("capabilities", "17 refused", "session opened", "RAKP 2", "RAKP 4", "privilege",
           "off", "1st reading", "2nd reading", "on", "3rd reading")


class Wire:
    """A BMC of its own behind a wire with a fault, and one call through it."""

    number = 0

    def __init__(self, namespace, *fault, behaviour="honest"):
        Wire.number += 1
        self.bmc = Bmc(namespace, behaviour, port=20000 + Wire.number)
        self.port = 30000 + Wire.number
        self.lines = self.bmc.folder / "wire"
        with open(str(self.lines), "wb") as out:
            namespace.popen([sys.executable, FAULT, self.port, self.bmc.port, *fault],
                            stdout=out)
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
        """Its Outcome; it has not lied."""
        found = self.call.end()
        if self.action in ("off", "reboot"):
            was_off = any(event == "off" and when >= self.began for when, event in self.bmc.log)
            assert was_off or found.code == FAILED, "a lie: %s %s" % (self.fault, found)
        assert found.code in (OK, FAILED), found
        assert (found.code == OK) == found.out.startswith("Success"), found
        assert "Traceback" not in found.err and "internal error" not in found.err, found
        reasons = [line for line in found.err.splitlines() if not line.startswith("WARNING")]
        assert len(reasons) == (found.code == FAILED), found
        return found


@pytest.mark.parametrize("kind", ["mute", "dead"])
def test_silence_from_any_answer_on(namespace, fence, kind):
    wires = [Wire(namespace, kind, number + 1) for number in range(len(ANSWERS))]
    for wire in wires:
        wire.start(fence, "reboot", timeout=8, login_timeout=3)
    for number, wire in enumerate(wires):
        found = wire.end()
        assert found.seconds < 8 + LATE, (ANSWERS[number], found)
        if number >= ANSWERS.index("on"):
            assert found.code == OK and "the node is off, proven, and fenced" in found.sentence
            assert "on" in wire.bmc.events if kind == "mute" else True
        else:
            assert found.code == FAILED, (ANSWERS[number], found)
            expected = ("stopped answering" if number >= ANSWERS.index("off")
                        else "does not answer on port %d within 3 s" % wire.port)
            assert expected in found.sentence, (ANSWERS[number], found)
            assert "asked on" not in wire.bmc.events
            assert ("asked off" in wire.bmc.events) == (number >= ANSWERS.index("off"))


@pytest.mark.parametrize("kind", ["garbage", "truncated"])
def test_one_bad_answer_is_got_over(namespace, fence, kind):
    wires = [Wire(namespace, kind, number + 1) for number in range(len(ANSWERS))]
    for wire in wires:
        wire.start(fence, "reboot")
    for number, wire in enumerate(wires):
        found = wire.end()
        assert found.code == OK, (ANSWERS[number], found)
        assert found.seconds < 15 + LATE


@pytest.mark.parametrize("fault, number", [("garbage", 0), ("truncated", 0)])
@pytest.mark.parametrize("action", ["off", "status", "monitor"])
def test_nothing_but_bad_answers(namespace, fence, fault, number, action):
    wire = Wire(namespace, fault, number).start(fence, action, timeout=6, login_timeout=4)
    found = wire.call.end()
    assert found.code == FAILED and "BMC 127.0.0.1" in found.sentence
    assert found.seconds < 6 + LATE
    assert wire.bmc.events == []


@pytest.mark.parametrize("fault, number, longest", [
    ("none", 0, 3), ("duplicate", 0, 3), ("reorder", 0, 8), ("delay", 0.2, 8),
    ("loss", 10, 25),
])
def test_what_is_got_over(namespace, fence, fault, number, longest):
    found = Wire(namespace, fault, number).start(fence, "reboot").end()
    assert found.code == OK, found
    assert found.seconds < longest + LATE


@pytest.mark.parametrize("percent", [30, 50])
def test_heavy_loss_ends_in_time_and_without_a_lie(namespace, fence, percent):
    wires = [Wire(namespace, "loss", percent, seed).start(fence, action, timeout=12)
             for seed, action in enumerate(("off", "reboot", "off", "reboot", "on", "off"))]
    for wire in wires:
        assert wire.end().seconds < 12 + LATE


def test_a_session_that_becomes_free_is_waited_for(namespace, fence):
    found = Wire(namespace, "full", 2).start(fence, "off").end()
    assert found.code == OK and 2 < found.seconds < 6 + LATE
    found = Wire(namespace, "full", 60).start(fence, "off", login_timeout=2).end()
    assert found.code == FAILED and "has no free session" in found.sentence
    assert found.seconds < 2 + LATE


def test_a_session_that_breaks_off_is_begun_anew(namespace, fence):
    wire = Wire(namespace, "none", behaviour="stays on").start(fence, "off", verbose=1)
    end = time.monotonic() + 10
    while not any(event == "read 1" for _, event in wire.bmc.log):
        assert time.monotonic() < end
        time.sleep(0.01)
    with wire.bmc.frozen():
        wire.bmc.behave("honest")
        time.sleep(9)  # the fault: longer than a command is waited for
    found = wire.call.end()
    assert found.code == OK and not wire.bmc.power, found
    assert "stopped answering; logging in again" in found.err
    assert found.seconds < 25 + LATE


def test_cipher_suite_3_saves_the_offer_of_17(namespace, fence):
    answers = []
    for options in ({}, {"cipher": "3"}):
        wire = Wire(namespace, "none").start(fence, "status", **options)
        assert wire.call.end().code == OK
        answers.append(wire.lines.read_text().count("answer"))
    assert answers[1] == answers[0] - 1


def test_a_bmc_that_lies_or_is_slow(namespace, fence):
    cells = {  # behaviour: code, words of the sentence, seconds
        "honest": (OK, "", 3),
        "flickers": (FAILED, "the power is still ON", 7),
        "says off once": (FAILED, "the power is still ON", 7),
        "stays on": (FAILED, "the power is still ON", 7),
        "refuses off": (FAILED, "refused power off: unspecified error", 3),
        "blind": (FAILED, "the power is unknown", 7),
        "comes back": (OK, "", 4),
        "hangs": (FAILED, "stopped answering", 8),
    }
    wires = {behaviour: Wire(namespace, "none", behaviour=behaviour).start(
        fence, "off", timeout=8, power_timeout=4) for behaviour in cells}
    slow = Wire(namespace, "none", behaviour="very slow").start(fence, "off")
    for behaviour, (code, words, longest) in cells.items():
        found = wires[behaviour].end()
        assert found.code == code and words in found.err, (behaviour, found)
        assert found.seconds < longest + LATE, (behaviour, found)
    found = slow.end()
    assert found.code == OK and 10 < found.seconds < 12 + LATE


def test_somebody_who_switches_on_is_answered_by_another_off(namespace, fence):
    wire = Wire(namespace, "none", behaviour="interrupted").start(fence, "off")
    assert wire.end().code == OK
    assert wire.bmc.events == ["asked off", "off", "on", "asked off", "off"]


def test_a_bmc_that_dies_between_off_and_on(namespace, fence):
    wire = Wire(namespace, "none", behaviour="dies").start(fence, "reboot")
    found = wire.end()
    assert found.code == OK and "the node is off, proven, and fenced" in found.sentence
    assert found.seconds < 8 + LATE  # not the 25 s of the whole call


@pytest.mark.parametrize("behaviour, warning", [
    ("honest", ""),
    ("refuses first", "WARNING: power cycle not proven, off and on instead: BMC 127.0.0.1 "
                      "refused it: unspecified error"),
    ("ignores first", "WARNING: power cycle not proven, off and on instead: BMC 127.0.0.1 took "
                      "the command OFF, but after 5 s the power is still ON"),
])
def test_a_power_cycle_counts_only_when_it_was_seen(namespace, fence, behaviour, warning):
    wire = Wire(namespace, "none", behaviour=behaviour)
    found = wire.start(fence, "reboot", method="cycle").end()
    assert found.code == OK and found.err.startswith(warning), found
    assert len(found.err.splitlines()) == bool(warning)
    events = wire.bmc.events
    if warning:
        assert events[:3] == ["asked off", "asked off", "off"]
    else:
        assert events == ["asked off", "off", "asked on", "on"]


def test_a_power_cycle_is_never_sent_twice(namespace, fence):
    wire = Wire(namespace, "mute", 7).start(fence, "reboot", method="cycle", timeout=10,
                                            login_timeout=2)
    assert wire.end().code == FAILED
    # the BMC switches on once for each cycle, and the agent must not: off was not proven
    assert wire.bmc.events.count("asked on") <= 1
