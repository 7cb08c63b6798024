"""What IPMI's answers say, from bytes as the specification lays them out."""

import struct

import pytest

from lbha import ipmi, options, spec
from lbha.errors import WrongParameter

DECLARATION = spec.Declaration("fence", "fence_x", "x", (), ipmi.OPTIONS + options.COMMON, ())


def parameters(**given):
    """Parsed parameters, all good one by one."""
    p, faults = DECLARATION.parse(given)
    assert faults == []
    return p


def test_completion_codes_in_words():
    assert ipmi.words(0xD4) == "insufficient privilege (code 0xd4)"
    assert ipmi.words(0xC0) == "node busy (code 0xc0)"
    assert ipmi.words(0x99) == "unknown (code 0x99)"
    assert not set(ipmi.PERMANENT) & set(ipmi.BUSY)
    assert set(ipmi.PERMANENT) < set(ipmi.REFUSED)
    assert ipmi.NOT_IN_PRESENT_STATE not in ipmi.PERMANENT


@pytest.mark.parametrize("data, on, words", [
    (b"\x01\x00\x00", True, "ON; after a loss of mains the node stays off"),
    (b"\x60\x00\x00", False, "OFF; after a loss of mains the node unknown"),
    (b"\x2b\x00\x08", True, "ON; after a loss of mains the node as it was; overload, power fault, "
                            "cooling fault"),
])
def test_chassis_status(data, on, words):
    assert ipmi.is_on(data) is on
    assert ipmi.chassis(data) == words
    with pytest.raises(IndexError):
        ipmi.chassis(data[:2])


def test_device_id():
    # 20.1: id, revision, firmware 2.37, IPMI 2.0, support, manufacturer 0x00A2B3, product 0x0102
    data = bytearray(b"\x20\x81\x02\x37\x02\xbf\xb3\xa2\x00\x02\x01")
    assert ipmi.device(data) == "firmware 2.37, IPMI 2.0, manufacturer 41651, product 258"
    with pytest.raises(struct.error):
        ipmi.device(data[:9])


def test_restart_cause_and_sessions():
    assert ipmi.restart_cause(b"\x14\x01") == "watchdog"
    assert ipmi.restart_cause(b"\x0f") == "unknown"
    assert ipmi.sessions(b"\x05\x04\x03") == "3 of 4 in use"


def test_which_bmc_is_meant():
    assert ipmi.host(parameters(ip="10.0.0.1", plug="node01")) == "10.0.0.1"
    p = parameters(ip="10.0.0.1", port="10.0.0.2", port_as_ip="1", action="off")
    ipmi.check(p)
    assert ipmi.host(p) == "10.0.0.2"
    p = parameters(ip="10.0.0.1", port_as_ip="1", action="monitor")
    ipmi.check(p)
    assert ipmi.host(p) == "10.0.0.1"


@pytest.mark.parametrize("given, sentence", [
    (dict(), "ip is missing: wanted an address or a host name"),
    (dict(plug="10.0.0.2"), "ip is missing"),
    (dict(ip="10.0.0.1", port_as_ip="1", action="off"), "plug is missing"),
    (dict(ip="10.0.0.1", port_as_ip="1", action="status"), "plug is missing"),
    (dict(port_as_ip="1", action="monitor"), "plug is missing"),
    (dict(port_as_ip="1", plug="a b"), 'plug="a b" has "a b", which is neither'),
    (dict(ip="1.1.1.1", username="u" * 17), "username is longer than IPMI allows"),
    (dict(ip="1.1.1.1", password="\xe9" * 11), "password is longer than IPMI allows"),
])
def test_what_cannot_be(given, sentence):
    with pytest.raises(WrongParameter) as caught:
        ipmi.check(parameters(**given))
    assert str(caught.value).startswith(sentence)


def test_a_user_may_have_blanks_and_quotes_at_the_ends():
    given, _ = options.from_lines(DECLARATION, b'username= "u" \npassword= "p" \nip= "i" \n')
    assert given == {"username": ' "u" ', "password": ' "p" ', "ip": "i"}


def test_k_g():
    key = ipmi.Key()
    assert key.parse("00ff") == b"\x00\xff" and key.show(b"\x00\xff") == "00ff"
    for text in ("", "0", "xy", "00" * 21):
        with pytest.raises(ValueError):
            key.parse(text)
