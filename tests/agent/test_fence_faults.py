"""The fence agent on a bad wire and with a bad BMC: what test_fence_table has no cell for."""

import re
import time

import pytest

from tests.agent.bad_wire import LATE, BadWire
from tests.agent.bmc import Bmc
from tests.agent.fencing import FAILED, OK, until

# The answers of a BMC to one call, in order; ipmi_sim refuses cipher suite 17.
ANSWERS = ("capabilities", "17 refused", "session opened", "RAKP 2", "RAKP 4", "privilege",
           "off", "1st reading", "2nd reading", "on", "3rd reading")


@pytest.mark.parametrize("kind", ["mute", "dead"])
def test_silence_from_any_answer_on(namespace, fence, kind):
    wires = [BadWire(namespace, kind, number + 1) for number in range(len(ANSWERS))]
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
            # at the last questions of a login pyghmi gives up shortly before its time is over
            expected = ("stopped answering" if number >= ANSWERS.index("off")
                        else r"does not answer on port %d within (2\.[5-9]|3) s" % wire.port)
            assert re.search(expected, found.sentence), (ANSWERS[number], found)
            assert "asked on" not in wire.bmc.events
            assert ("asked off" in wire.bmc.events) == (number >= ANSWERS.index("off"))


@pytest.mark.parametrize("kind", ["garbage", "truncated"])
def test_one_bad_answer_is_got_over(namespace, fence, kind):
    wires = [BadWire(namespace, kind, number + 1) for number in range(len(ANSWERS))]
    for wire in wires:
        wire.start(fence, "reboot")
    for number, wire in enumerate(wires):
        found = wire.end()
        assert found.code == OK, (ANSWERS[number], found)
        assert found.seconds < 15 + LATE


def test_a_session_that_becomes_free_is_waited_for(namespace, fence):
    found = BadWire(namespace, "full", 2).start(fence, "off").end()
    assert found.code == OK and 2 < found.seconds < 6 + LATE


def test_a_full_bmc_has_not_refused_cipher_suite_17(namespace, fence):
    wire = BadWire(namespace, "full", "once").start(fence, "off", cipher="17", verbose=1)
    found = wire.call.end()
    assert found.code == FAILED and wire.bmc.events == []
    first, *_, last = [line for line in found.err.splitlines() if "BMC" in line]
    assert first == "DEBUG: BMC 127.0.0.1 has no free session, try again in a minute"
    assert "does not offer cipher suite 17" in last  # which ipmi_sim has then refused


def test_operator_is_tried_where_administrator_is_refused(namespace, fence):
    wire = BadWire(namespace, "operator").start(fence, "off")
    assert wire.end().code == OK and "refused" in wire.lines.read_text()
    wire = BadWire(namespace, "operator").start(fence, "off", privlvl="administrator")
    found = wire.end()
    assert found.code == FAILED and wire.bmc.events == []
    assert "BMC 127.0.0.1 does not grant user 'pacemaker' privilege administrator (" \
        in found.hopeless


def test_a_session_that_breaks_off_is_begun_anew(namespace, fence):
    wire = BadWire(namespace, "none", behaviour="stays on").start(fence, "off", verbose=1)
    until(lambda: any(event == "read 1" for _, event in wire.bmc.log))
    with wire.bmc.frozen():
        wire.bmc.behave("honest")
        time.sleep(9)  # the fault: longer than a command is waited for
    found = wire.call.end()
    assert found.code == OK and not wire.bmc.power, found
    assert "stopped answering; logging in again" in found.err
    assert found.seconds < 25 + LATE


def test_a_route_that_is_lost_after_the_login_is_waited_for(namespace, fence):
    address, debug = ("10.99.9.9/32", "dev", "lo"), namespace.folder / "debug"
    namespace.ip("address", "add", *address)
    bmc = Bmc(namespace, "stays on", address="10.99.9.9")
    call = fence.start("off", ip="10.99.9.9", debug_file=debug)
    until(lambda: any(event == "read 1" for _, event in bmc.log))
    namespace.ip("address", "del", *address)
    until(lambda: "logging in again" in debug.read_text(), 20)
    bmc.behave("honest")
    namespace.ip("address", "add", *address)
    assert call.end().code == OK and not bmc.power


def test_cipher_suite_3_saves_the_offer_of_17(namespace, fence):
    def answers(**options):
        wire = BadWire(namespace, "none").start(fence, "status", **options)
        assert wire.call.end().code == OK
        return wire.lines.read_text().count("answer")

    # on a busy machine some are asked for again
    assert min(answers(cipher="3") for _ in range(3)) < min(answers() for _ in range(3))


def test_somebody_who_switches_on_is_answered_by_another_off(namespace, fence):
    wire = BadWire(namespace, "none", behaviour="interrupted").start(fence, "off")
    assert wire.end().code == OK
    assert wire.bmc.events == ["asked off", "off", "on", "asked off", "off"]


@pytest.mark.parametrize("behaviour, warning", [
    ("honest", ""),
    ("refuses first", "WARNING: power cycle not proven, off and on instead: BMC 127.0.0.1 "
                      "refused it: unspecified error"),
    ("ignores first", "WARNING: power cycle not proven, off and on instead: BMC 127.0.0.1 took "
                      "the command CYCLE, but after 5 s the power is still ON"),
])
def test_a_power_cycle_counts_only_when_it_was_seen(namespace, fence, behaviour, warning):
    wire = BadWire(namespace, "none", behaviour=behaviour)
    found = wire.start(fence, "reboot", method="cycle").end()
    assert found.code == OK and found.err.startswith(warning), found
    assert len(found.err.splitlines()) == bool(warning)
    events = wire.bmc.events
    if warning:
        assert events[:3] == ["asked off", "asked off", "off"]
    else:
        assert events == ["asked off", "off", "asked on", "on"]


def test_a_power_cycle_is_never_sent_twice(namespace, fence):
    wire = BadWire(namespace, "mute", 7).start(fence, "reboot", method="cycle", timeout=10,
                                               login_timeout=2)
    assert wire.end().code == FAILED
    # the BMC switches on once for each cycle, and the agent must not: off was not proven
    assert wire.bmc.events.count("asked on") <= 1
