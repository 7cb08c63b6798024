"""Addresses: parameter types, places, broadcast addresses."""

import errno
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbha import address, netlink, values
from lbha.address import Place
from lbha.errors import DeadlineReached, Failed

IP = values.IP
PREFIXES = st.integers(1, 32)


@given(st.ip_addresses())
def test_an_address_floats_when_one_host_can_have_it(ip):
    refused = (ip.is_multicast or ip.is_unspecified or str(ip) in ("127.0.0.1", "::1")
               or ip.version == 4 and (ip in ipaddress.ip_network("0.0.0.0/8")
                                       or str(ip) == "255.255.255.255"))
    if refused:
        with pytest.raises(ValueError, match="unicast"):
            address.FloatingAddress().parse(str(ip))
    else:
        assert address.FloatingAddress().parse(str(ip)).packed == ip.packed


@pytest.mark.parametrize("text", (
    "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "255.255.255.255", "127.0.0.1",
    "::", "::1", "ff02::1", "1.2.3", "1.2.3.04", "1:2", "fe80::1%lo", "1.2.3.4/24", ""))
def test_an_address_that_cannot_float(text):
    with pytest.raises(ValueError):
        address.FloatingAddress().parse(text)


@given(PREFIXES)
def test_a_netmask_is_a_prefix(prefix):
    mask = str(ipaddress.ip_network("0.0.0.0/%d" % prefix).netmask)
    kind = address.Prefix()
    assert kind.parse(mask) == kind.parse(str(prefix)) == prefix
    assert kind.parse(kind.show(prefix)) == prefix


@pytest.mark.parametrize("text", (
    "0", "129", "-1", "x", "", "255.0.255.0", "0.0.0.0", "0.0.0.255", "255.255.255", "24.0",
    "255.255.255.0 ", "ffff::", "::ffff:255.255.255.255"))
def test_what_is_no_prefix(text):
    with pytest.raises(ValueError, match="prefix length"):
        address.Prefix().parse(text)


@pytest.mark.parametrize("text", ("a b", "a/b", "a\n", "x" * 128))
def test_what_is_no_device(text):
    with pytest.raises(ValueError):
        address.Device().parse(text)


@given(st.ip_addresses(v=4), st.integers(1, 30))
def test_the_broadcast_address_of_a_prefix(ip, prefix):
    network = ipaddress.ip_interface("%s/%d" % (ip, prefix)).network
    found = {setting: address.broadcast_of(IP(str(ip)), prefix, setting)
             for setting in ("+", "-")}
    assert found == {"+": network.broadcast_address.packed, "-": network.network_address.packed}


def test_where_there_is_no_broadcast_address():
    assert address.broadcast_of(IP("fd00::1"), 24, "+") is None
    assert address.broadcast_of(IP("10.0.0.1"), 31, "+") is None
    assert address.broadcast_of(IP("10.0.0.1"), 24, IP("10.0.0.9")) == b"\x0a\0\0\x09"


def copy(ip, index=2, prefix=24, **others):
    """A Message of an address."""
    filled = dict(netlink.ADDRESS.unsaid, index=index, prefix=prefix, address=IP(ip).packed)
    filled.update(others)
    return netlink.Message(filled)


@pytest.mark.parametrize("place, there", (
    (Place(IP("10.0.0.1"), None, None, None), True),
    (Place(IP("10.0.0.1"), 2, "eth0", 24), True),
    (Place(IP("10.0.0.1"), 3, "eth1", None), False),
    (Place(IP("10.0.0.1"), 0, "gone", None), False),
    (Place(IP("10.0.0.1"), None, None, 25), False),
    (Place(IP("10.0.0.2"), 2, "eth0", 24), False),
), ids=str)
def test_a_place_has_an_address(place, there):
    assert place.has(copy("10.0.0.1")) is there


def test_on_a_point_to_point_device_ours_is_the_local_end():
    assert address.packed(copy("10.0.0.1", local=IP("10.0.0.2").packed)) == IP("10.0.0.2").packed


@pytest.mark.parametrize("place, text", (
    (Place(IP("10.0.0.1"), None, None, None), "10.0.0.1"),
    (Place(IP("10.0.0.1"), 2, "eth0", None), "10.0.0.1 on eth0"),
    (Place(IP("fd00:0::1"), 2, "eth0", 64), "fd00::1/64 on eth0"),
))
def test_a_place_in_words(place, text):
    assert str(place) == text


@pytest.mark.parametrize("ip, is_so", (
    ("fe80::1", True), ("febf::1", True), ("fec0::1", False), ("fd00::1", False),
    ("254.128.0.1", False)))
def test_link_local(ip, is_so):
    assert address.is_link_local(IP(ip)) is is_so


class Kernel:
    """Answers a delete by the prefix of the address: an error to raise, or None."""

    def __init__(self, answers):
        self.answers, self.gone = answers, []

    def delete(self, _, prefix, **others):
        if self.answers.get(prefix):
            raise self.answers[prefix]
        self.gone.append(prefix)


def removing(answers):
    """The Addresses of a node with that Kernel."""
    made = address.Addresses(1, None)
    made._kernel = Kernel(answers)
    return made


@pytest.mark.parametrize("error", (
    netlink.Refused(errno.EPERM, "not this one"), DeadlineReached("not this one")), ids=repr)
def test_an_address_that_stays_does_not_keep_the_others(error):
    addresses = removing({64: error})
    with pytest.raises(Failed, match="not this one"):
        addresses.remove([copy("fd00::1", prefix=prefix, family=10, flags=0)
                          for prefix in (64, 96, 128)])
    assert addresses.kernel.gone == [96, 128]


def test_every_address_that_stays_is_named():
    addresses = removing({64: Failed("this"), 96: Failed("that")})
    with pytest.raises(Failed, match="this; that"):
        addresses.remove([copy("fd00::1", prefix=prefix, family=10, flags=0)
                          for prefix in (64, 96)])


@pytest.mark.parametrize("number", (errno.EADDRNOTAVAIL, errno.ENODEV))
def test_an_address_that_went_by_itself_is_removed(number):
    addresses = removing({64: netlink.Refused(number, "")})
    addresses.remove([copy("fd00::1", prefix=prefix, family=10, flags=0)
                      for prefix in (64, 128)])
    assert addresses.kernel.gone == [128]
