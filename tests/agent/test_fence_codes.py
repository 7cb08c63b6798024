"""The fence agent and the completion codes that a BMC may answer with."""

import pytest

from tests.agent.bmc import CodeBmc
from tests.agent.fencing import FAILED, OK

BUSY, PRESENT_STATE, INVALID = 0xC0, 0xD5, 0xC1


@pytest.mark.parametrize("action, code, out", [
    ("status", BUSY, "Status: ON\n"), ("status", 0xC3, "Status: ON\n"), ("monitor", 0xD0, ""),
])
def test_a_busy_bmc_is_asked_for_the_power_again(fence, namespace, action, code, out):
    bmc = CodeBmc(namespace, read=[code, code, 0])
    found = fence(action)
    assert (found.code, found.out, found.err) == (OK, out, "")
    assert bmc.end() == ["read"] * 3


def test_a_bmc_that_stays_busy_is_asked_as_long_as_there_is_time(fence, namespace):
    bmc = CodeBmc(namespace, read=[BUSY])
    found = fence("monitor", timeout=4)
    assert found.code == FAILED and 1.5 < found.seconds < 5
    assert found.sentence == ("BMC 127.0.0.1 does not tell the power state: node busy "
                              "(code 0xc0)")
    # after 0, 0.1, 0.3, 0.7, 1.5 and 2.5 s
    assert 3 <= len(bmc.end()) <= 6


def test_a_bmc_that_cannot_tell_the_power_is_asked_once(fence, namespace):
    bmc = CodeBmc(namespace, read=[INVALID])
    found = fence("status")
    assert found.code == FAILED and "invalid command (code 0xc1)" in found.sentence
    assert bmc.end() == ["read"]


def test_a_busy_bmc_is_told_off_again_and_its_proof_read_again(fence, namespace):
    bmc = CodeBmc(namespace, off=[BUSY, 0xD1, 0], read=[BUSY, 0])
    found = fence("off")
    assert (found.code, found.out, found.err) == (OK, "Success: Powered OFF\n", "")
    assert bmc.end() == ["off"] * 3 + ["read"] * 3


def test_a_command_refused_in_the_present_state_was_not_taken(fence, namespace):
    bmc = CodeBmc(namespace, off=[PRESENT_STATE], on=[PRESENT_STATE])
    refused = "BMC 127.0.0.1 refuses %s: not supported in present state, and after "
    found = fence("off", power_timeout=2)
    assert (found.code, found.out) == (FAILED, "")
    assert found.sentence == refused % "OFF" + "2 s the power is still ON"
    bmc.end()
    CodeBmc(namespace, on=[PRESENT_STATE])
    found = fence("reboot")
    assert found.code == OK
    assert found.sentence.endswith(refused % "ON" + "0.5 s the power is still OFF")


def test_a_node_that_a_cycle_leaves_off_is_told_to_come_on(fence, namespace):
    bmc = CodeBmc(namespace)
    found = fence("reboot", method="cycle")
    assert (found.code, found.out, found.err) == (OK, "Success: Rebooted\n", "")
    asked = bmc.end()
    assert [request for request in asked if request != "read"] == ["cycle", "on"]
    bmc = CodeBmc(namespace, on=[0xFF])
    found = fence("reboot", method="cycle")
    assert found.code == OK and "took the command" not in found.err
    assert "refused power on: unspecified error" in found.sentence


def test_cipher_suite_17_is_insisted_on(fence, namespace):
    bmc = CodeBmc(namespace)  # it takes 3 without a word
    found = fence("off", cipher="17", verbose=1)  # a second login would be another line
    assert found.code == FAILED and found.seconds < 2
    assert found.hopeless.startswith("BMC 127.0.0.1 does not offer cipher suite 17 (")
    assert bmc.end() == []
