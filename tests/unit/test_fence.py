"""The runtime of fence agents, with a device that is a script of answers."""

import time

import pytest

from lbha import codes, fence, options, power, spec, values
from lbha.errors import DeadlineReached, Failed, WrongParameter
from lbha.render import fence_xml

SECRET = "topsecret"
DECLARATION = spec.Declaration(
    "fence", "fence_x", "Fence <agent>", ("One.", "Two & three."), (
        spec.Parameter("ip", values.Text(), "Address", "Said.", required=True,
                       aliases=("ipaddr",), flag="a"),
        spec.Parameter("password", values.Text(), "Word", "Said.", secret=True, flag="p"),
    ) + options.COMMON, fence.STANDARD_ACTIONS)


class Device(fence.FenceAgent):
    """Gives `answers` (True, False, or an exception) to readings, the last for ever.

    A generator gives them too.  `takes` are the answers to the commands; what was asked is in
    `asked`, with times.
    """

    declaration = DECLARATION
    answers, takes, asked = [], [], []

    def connect(self):
        self.name = "device"
        self.asked.append("connect")

    def is_on(self):
        self.asked.append(("read", time.monotonic()))
        return self.next(self.answers)

    def switch(self, on):
        self.asked.append("on" if on else "off")
        return self.next(self.takes)

    def cycle(self, limit):
        self.asked.append("cycle")
        self.next(self.takes)

    def describe(self):
        yield "Device", "a script"

    def disconnect(self):
        self.asked.append("disconnect")

    @staticmethod
    def next(answers):
        if not isinstance(answers, list):
            return next(answers)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture
def call(capfd):
    """Run an action: (code, stdout, stderr, what the device was asked)."""
    def run(action, answers=(True,), takes=(True,), **given):
        class Fresh(Device):
            pass

        Fresh.takes, Fresh.asked = list(takes), []
        Fresh.answers = answers if hasattr(answers, "send") else list(answers)
        arguments = ["--action=" + action, "--ip=1", "--password=" + SECRET]
        arguments += ["--%s=%s" % (name.replace("_", "-"), value)
                      for name, value in given.items()]
        code = fence.run(Fresh, arguments)
        out, err = capfd.readouterr()
        assert SECRET not in out + err
        return code, out, err, Fresh.asked
    return run


def words(asked):
    return [item for item in asked if isinstance(item, str)]


def readings(asked):
    return [item[1] for item in asked if not isinstance(item, str)]


def test_status_and_monitor(call):
    assert call("status", [True])[:3] == (codes.FENCE_OK, "Status: ON\n", "")
    assert call("STATUS", [False])[:2] == (codes.FENCE_OFF, "Status: OFF\n")
    assert call("monitor", [False])[:2] == (codes.FENCE_OK, "")
    code, out, err, asked = call("monitor", [power.Unreadable("device says nothing")])
    assert (code, out, err) == (codes.FENCE_FAILED, "", "device says nothing\n")
    assert words(asked) == ["connect", "disconnect"]


def test_off_is_sent_first_then_read_twice(call):
    code, out, _, asked = call("off", [False])
    assert (code, out) == (codes.FENCE_OK, "Success: Powered OFF\n")
    assert asked[:2] == ["connect", "off"]
    first, second = readings(asked)
    assert second - first >= power.SETTLED


def test_a_flicker_of_off_proves_nothing(call):
    code, out, _, asked = call("off", [False, True, False, True, False, False])
    assert code == codes.FENCE_OK
    assert len(readings(asked)) == 6


def test_an_unreadable_state_between_two_readings_of_off_breaks_the_proof(call):
    code, _, _, asked = call("off", [False, power.Unreadable("?"), False, False])
    assert code == codes.FENCE_OK
    assert len(readings(asked)) == 4


def test_off_refused_because_it_is_off(call):
    assert call("off", [False], [False])[:2] == (codes.FENCE_OK, "Success: Already OFF\n")
    code, out, err, _ = call("off", [True], [False], power_timeout=1)
    assert (code, out) == (codes.FENCE_FAILED, "")
    assert "the power is still ON" in err


def test_a_busy_device_is_asked_again(call):
    code, _, err, asked = call("off", [False], [power.Busy("busy"), power.Busy("busy"), True])
    assert (code, err) == (codes.FENCE_OK, "")
    assert words(asked).count("off") == 3
    code, out, err, _ = call("off", [False], [power.Busy("device is busy")], power_timeout=1)
    assert (code, out, err) == (codes.FENCE_FAILED, "", "device is busy\n")


def test_a_refusal_is_a_failure_whatever_the_state(call):
    code, out, err, asked = call("off", [False], [Failed("device refused")])
    assert (code, out, err) == (codes.FENCE_FAILED, "", "device refused\n")
    assert readings(asked) == []


def test_reboot_never_sends_on_before_off_is_proven(call):
    code, out, _, asked = call("reboot", [True, False, False, True])
    assert (code, out) == (codes.FENCE_OK, "Success: Rebooted\n")
    assert words(asked) == ["connect", "off", "on", "disconnect"]
    assert len(readings(asked[:asked.index("on")])) == 3
    code, out, _, asked = call("reboot", [True], power_timeout=1)
    assert (code, out) == (codes.FENCE_FAILED, "")
    assert "on" not in words(asked)


def test_a_cycle_counts_when_off_was_seen_in_it(call):
    code, out, err, asked = call("reboot", [True, False, False, True], method="cycle")
    assert (code, out, err) == (codes.FENCE_OK, "Success: Rebooted\n", "")
    assert words(asked) == ["connect", "cycle", "disconnect"]
    code, out, err, asked = call("reboot", [True, False, True, False, False, True],
                                 [Failed("device refused"), True], method="cycle")
    assert (code, out) == (codes.FENCE_OK, "Success: Rebooted\n")
    assert err == ("WARNING: power cycle not proven, off and on instead: device refused\n")
    assert words(asked) == ["connect", "cycle", "off", "off", "on", "disconnect"]


def test_a_cycle_that_was_not_seen_proves_nothing(call, monkeypatch):
    monkeypatch.setattr(power, "CYCLED", 0.5)
    code, out, err, asked = call("reboot", [True], method="cycle", power_timeout=1)
    assert (code, out) == (codes.FENCE_FAILED, "")
    assert words(asked) == ["connect", "cycle", "off", "disconnect"]
    assert err.startswith("WARNING: power cycle not proven, off and on instead: device took")


def test_off_is_sent_again_when_somebody_switches_on(call, monkeypatch):
    _, _, _, asked = call("off", [False, True, False, False])
    assert words(asked) == ["connect", "off", "off", "disconnect"]
    monkeypatch.setattr(power, "OFF_AGAIN", 0.3)
    code, _, _, asked = call("off", [True] * 4 + [False, False])
    assert code == codes.FENCE_OK and words(asked).count("off") > 1
    _, _, _, asked = call("on", [False] * 4 + [True])  # nobody is fought for that
    assert words(asked).count("on") == 1


def test_diag_tells_what_the_device_says(call):
    assert call("diag")[:3] == (codes.FENCE_OK, "Device: a script\n", "")


@pytest.mark.parametrize("action, service, hint", [
    ("off", "pacemaker-fenced", True), ("reboot", "pacemaker-fenced", True),
    ("on", "pacemaker-fenced", True), ("status", "pacemaker-fenced", False),
    ("monitor", "pacemaker-fenced", False), ("off", "", False),
])
def test_pacemaker_is_told_when_a_retry_cannot_help(call, monkeypatch, action, service, hint):
    monkeypatch.setenv("PCMK_service", service)
    err = call(action, [fence.Refused("no")], [fence.Refused("no")])[2]
    assert err == "no%s\n" % (fence.NO_RETRY if hint else "")
    assert "imed out" not in call(action, [Failed("no")], [Failed("no")])[2]
    assert ("imed out" in call(action, power_timeout="x")[2]) == hint


def test_on_has_a_time_of_its_own_after_the_proof(call, monkeypatch):
    monkeypatch.setattr(power, "BRING_UP", 0.4)
    began = time.monotonic()
    code, _, err, _ = call("reboot", [False], [True, power.Busy("busy")])
    assert code == codes.FENCE_OK and err.endswith("it was not seen to come on again: busy\n")
    assert time.monotonic() - began < 2


def test_a_reboot_ends_with_the_first_reading_of_on(call):
    code, out, err, asked = call("reboot", [False, False, True])
    assert (code, out, err) == (codes.FENCE_OK, "Success: Rebooted\n", "")
    assert [item if isinstance(item, str) else "read" for item in asked] == [
        "connect", "off", "read", "read", "on", "read", "disconnect"]


def test_a_reboot_does_not_wait_long_for_the_power_to_come_on(call):
    code, out, err, asked = call("reboot", [False])
    ended = time.monotonic()
    assert (code, out) == (codes.FENCE_OK, "Success: Rebooted\n")
    assert err.endswith("it was not seen to come on again: device took the command ON, "
                        "but after 0.5 s the power is still OFF\n")
    proof = readings(asked)[1]
    assert power.CAME_UP <= ended - proof < power.CAME_UP + 0.5
    assert readings(asked)[2] - proof < power.FIRST_PAUSE, "not looked at once"


def test_a_power_cycle_is_given_the_time_that_it_is_off(call):
    def answers():  # off for a second
        began = time.monotonic()
        while True:
            yield time.monotonic() - began > 1

    code, out, err, asked = call("reboot", answers(), method="cycle")
    assert (code, out, err) == (codes.FENCE_OK, "Success: Rebooted\n", "")
    assert words(asked) == ["connect", "cycle", "disconnect"]


def test_a_node_that_is_slow_to_die_is_soon_seen_off(call):
    def answers():  # on for 2 s
        began = time.monotonic()
        while True:
            yield time.monotonic() - began < 2

    code, _, _, asked = call("off", answers())
    assert code == codes.FENCE_OK
    times = readings(asked)[:-1]  # without the one that proves it
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    assert 0.09 < min(gaps) and min(gaps[-3:]) < 0.3, gaps


@pytest.mark.parametrize("takes, answers", [
    ([True, Failed("no")], [False]),
    ([True, DeadlineReached("mute")], [False]),
    ([True, True], [False, False, Failed("gone")]),
])
def test_what_goes_wrong_after_the_proof_is_a_warning(call, takes, answers):
    code, out, err, _ = call("reboot", answers, takes)
    assert (code, out) == (codes.FENCE_OK, "Success: Rebooted\n")
    assert err.startswith("WARNING: the node is off, proven, and fenced")
    assert len(err.splitlines()) == 1


def test_a_defect_shows_its_place_and_no_secret(call):
    code, _, err, asked = call("status", [ValueError(SECRET)])
    assert code == codes.FENCE_FAILED
    assert err.startswith("internal error: ValueError at test_fence.py:")
    assert asked[-1] == "disconnect"


def test_an_unknown_action_in_pacemakers_words(call):
    code, _, err, asked = call("explode")
    assert code == codes.FENCE_FAILED and err.startswith("Unrecognised action 'explode'")
    assert asked == []


def test_validate_all_connects_to_nothing(call):
    assert call("validate-all") == (codes.FENCE_OK, "", "", [])


@pytest.mark.parametrize("action, waits", [
    ("off", True), ("reboot", True), ("on", False), ("status", False), ("monitor", False),
])
def test_the_delay_is_waited_outside_of_the_time_of_the_call(call, action, waits):
    began = time.monotonic()
    code, _, err, _ = call(action, [action in ("on", "status", "monitor")], delay=1.2, timeout=1)
    assert code == codes.FENCE_OK, err
    assert (time.monotonic() - began > 1.2) == waits


def test_what_is_known_to_be_wrong_is_told_before_the_delay(call, monkeypatch):
    def validate(device):
        raise WrongParameter("device: wanted another")

    monkeypatch.setattr(Device, "validate", validate)
    began = time.monotonic()
    assert call("off", delay=60)[:3] == (codes.FENCE_FAILED, "", "device: wanted another\n")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("action, seconds", [
    ("off", 25), ("reboot", 25), ("on", 25), ("status", 15), ("monitor", 15), ("diag", 15),
])
def test_the_time_of_a_call_that_is_given_none(call, monkeypatch, action, seconds):
    found = []
    monkeypatch.setattr(Device, "connect", lambda device: found.append(device.deadline))
    call(action, [Failed("no")], [Failed("no")], delay=0.1)
    call(action, [Failed("no")], [Failed("no")], delay=0.1, timeout=3)
    assert [deadline.seconds for deadline in found] == [seconds, 3]
    assert seconds - 5 < found[0].left() < seconds


def test_the_last_reading_is_told_when_the_whole_time_is_the_shorter(call):
    code, out, err, asked = call("off", [True], timeout=1)
    assert (code, out) == (codes.FENCE_FAILED, "")
    assert err == "device took the command OFF, but after 0.8 s the power is still ON\n"
    assert asked[-1] == "disconnect"
    code, _, err, asked = call("reboot", [False, False, False], timeout=1)
    assert code == codes.FENCE_OK and "the power is still OFF" in err


def test_off_read_once_when_the_time_is_over_is_proven_or_told_as_it_is(call):
    def answers(seconds):  # on until then
        began = time.monotonic()
        while True:
            yield time.monotonic() - began < seconds

    code, out, err, _ = call("off", answers(0.7), timeout=1)
    assert (code, out) == (codes.FENCE_FAILED, "")
    assert err == ("device took the command OFF, but after 0.8 s the power is OFF "
                   "too lately to be proven\n")


@pytest.mark.parametrize("option, value", [
    ("debug", "1"), ("verbose_level", "much"), ("shell_timeout", "x"), ("retry_on", "x"),
    ("stonith_status_sleep", "x"),
])
def test_a_fault_of_no_consequence_is_a_warning(call, option, value):
    code, out, err, _ = call("off", [False], **{option: value})
    assert (code, out) == (codes.FENCE_OK, "Success: Powered OFF\n")
    assert err.startswith("WARNING: ") and '="%s" is not' % value in err
    assert len(err.splitlines()) == 1
    assert call("off", [False], **{option: value, "power_timeout": "x"})[0] == codes.FENCE_FAILED


def test_a_level_of_verbosity_is_verbose(call):
    assert "device accepted OFF" in call("off", [False], verbose_level=1)[2]
    assert call("off", [False], verbose_level=0)[2] == ""


def test_metadata_dialect():
    text = fence_xml.render(DECLARATION)
    import xml.etree.ElementTree
    tree = xml.etree.ElementTree.fromstring(text)
    assert [child.tag for child in tree] == ["longdesc", "vendor-url", "parameters", "actions"]
    parameters = {p.get("name"): p for p in tree.iter("parameter")}
    assert parameters["ipaddr"].get("deprecated") == "1"
    assert parameters["ip"].get("obsoletes") == "ipaddr"
    assert parameters["ip"].get("required") == "1"
    assert parameters["ip"].find("getopt").get("mixed") == "-a, --ip=[ip]"
    assert parameters["verbose"].find("getopt").get("mixed") == "-v, --verbose"
    assert parameters["verbose"].find("content").attrib == {"type": "boolean", "default": "0"}
    assert parameters["power_timeout"].find("content").attrib == {
        "type": "second", "default": "20"}
    method = parameters["method"].find("content")
    assert method.get("type") == "select"
    assert [option.get("value") for option in method] == ["onoff", "cycle"]
    for parameter in parameters.values():
        assert [child.tag for child in parameter] == ["getopt", "content", "shortdesc"]
        assert parameter.get("unique") == "0" and parameter.find("shortdesc").text
    assert all(set(action.attrib) <= {"name", "automatic"} for action in tree.iter("action"))
