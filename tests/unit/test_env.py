"""What Pacemaker's environment says, and the log it asks for."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbha import env, log

JUNK = st.text(st.sampled_from("019.-+e \u00b2\u0663\udcffx"))


def test_a_call_as_pacemaker_makes_it():
    call = env.Call("monitor", {
        "OCF_RESOURCE_INSTANCE": "vip", "OCF_RESKEY_ip": "10.0.0.1", "PATH": "/bin",
        "OCF_RESKEY_CRM_meta_interval": "10000", "OCF_RESKEY_CRM_meta_timeout": "500",
        "OCF_RESKEY_CRM_meta_on_node": "node01", "OCF_CHECK_LEVEL": "10",
        "OCF_RA_VERSION_MAJOR": "1", "OCF_RA_VERSION_MINOR": "0"}, "IPaddr2")
    assert (call.instance, call.raw) == ("vip", {"ip": "10.0.0.1"})
    assert (call.interval, call.timeout, call.level) == (10.0, 0.5, 10)
    assert call.is_recurring and not call.is_probe and not call.modern


def test_a_call_by_hand():
    call = env.Call("monitor", {}, "IPaddr2")
    assert (call.instance, call.interval, call.timeout, call.level) == (
        "IPaddr2", None, None, 0)
    assert not call.is_recurring and not call.is_probe


def test_only_a_monitor_without_interval_is_a_probe():
    environ = {"OCF_RESKEY_CRM_meta_interval": "0"}
    assert env.Call("monitor", environ, "x").is_probe
    assert env.Call("monitor", {"OCF_RESKEY_CRM_meta_timeout": "20000"}, "x").is_probe
    assert not env.Call("start", environ, "x").is_probe


@pytest.mark.parametrize("major, minor, modern", [
    ("1", "0", False), ("1", "1", True), ("2", "0", True), ("", "", False), ("x", "9", False)])
def test_who_speaks_1_1(major, minor, modern):
    environ = {"OCF_RA_VERSION_MAJOR": major, "OCF_RA_VERSION_MINOR": minor}
    assert env.Call("start", environ, "x").modern is modern


@given(text=JUNK)
def test_junk_in_numbers_is_survived(text):
    call = env.Call("monitor", {
        "OCF_RESKEY_CRM_meta_interval": text, "OCF_RESKEY_CRM_meta_timeout": text,
        "OCF_CHECK_LEVEL": text, "OCF_RA_VERSION_MAJOR": text}, "x")
    assert call.interval is None or call.interval >= 0
    assert call.level >= 0


@given(text=st.text(st.one_of(st.characters(blacklist_categories=("Cs",)),
                              st.characters(min_codepoint=0xdc80, max_codepoint=0xdcff))))
def test_a_plain_text_is_one_printable_line(text):
    plain = log.plain(text)
    plain.encode("utf-8")
    assert plain.isprintable() and plain == plain.strip()


def test_escaped_bytes_that_are_a_character_are_that_character():
    assert log.plain("\udcc3\udca9") == "\u00e9"


def test_a_log_file_gets_lines_with_tag_and_level(tmp_path, capfd):
    path = tmp_path / "log"
    path.touch()
    logger = log.Log("toy(bear)", {"HA_logfile": str(path)})
    logger.error("one\ntwo")
    logger.debug("unseen")
    logger.info("three")
    lines = [line.split(": ", 1) for line in path.read_text().splitlines()]
    assert [tail for _, tail in lines] == ["ERROR: one two", "INFO: three"]
    assert all(head.endswith("toy(bear)[%d]" % os.getpid()) for head, _ in lines)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("value, verbose", [("1", True), ("0", False), ("no", False), ("", False)])
def test_debugging_is_for_those_who_ask(capfd, value, verbose):
    log.Log("toy", {"HA_debug": value}).debug("here")
    assert ("here" in capfd.readouterr().err) is verbose


@pytest.mark.parametrize("environ", [{}, {"HA_logfile": "none"}, {"PCMK_logfile": "/dev/null"}])
def test_without_a_place_lines_go_to_stderr(capfd, environ):
    log.Log("toy", environ).warning("look")
    assert capfd.readouterr().err == "toy[%d]: WARNING: look\n" % os.getpid()


def test_a_log_file_that_cannot_be_written_does_not_swallow_the_line(tmp_path, capfd):
    log.Log("toy", {"HA_logfile": str(tmp_path / "no/log")}).error("heard")
    assert "heard" in capfd.readouterr().err
