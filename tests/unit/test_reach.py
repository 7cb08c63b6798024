"""What the parameters of ocf:lbha:ping parse to."""

import resource

import pytest

from lbha import values
from lbha.reach import connect, source, survey, targets


@pytest.mark.parametrize("text, name, hosts, weight", [
    ("10.0.0.1", "10.0.0.1", ("10.0.0.1",), 1),
    ("10.0.0.1*2", "10.0.0.1", ("10.0.0.1",), 2),
    ("gw=10.0.0.1|fe80::1%eth0|gw.example", "gw", ("10.0.0.1", "fe80::1%eth0", "gw.example"), 1),
    ("a=::1|::2*1000", "a", ("::1", "::2"), 1000),
    ("10.0.0.1|10.0.0.2", "10.0.0.1|10.0.0.2", ("10.0.0.1", "10.0.0.2"), 1),
])
def test_targets(text, name, hosts, weight):
    target = targets.TargetWord().parse(text)
    assert (target.name, target.hosts, target.weight) == (name, hosts, weight)
    assert targets.TargetWord().show(target) == text


@pytest.mark.parametrize("text", [
    "*2", "10.0.0.1*", "10.0.0.1*-1", "10.0.0.1*1.5", "10.0.0.1**2", "|", "a|", "a==b", "=a",
    "a*2|b", "a b=c", "a=b=c", "a\nb", "10.0.0.300", ""])
def test_what_is_no_target(text):
    with pytest.raises(ValueError):
        targets.TargetWord().parse(text)


@pytest.mark.parametrize("text, ip, device", [
    ("192.168.1.7", values.IP("192.168.1.7"), None), ("FD00::1", values.IP("fd00::1"), None),
    ("eth0", None, "eth0"), ("bond0.100", None, "bond0.100"), ("1.example", None, None),
    ("", None, None), ("10.0.0.300", None, None), ("a b", None, None), ("a:b", None, None),
    ("x" * 16, None, None)])
def test_sources(text, ip, device):
    kind = source.AddressOrDevice()
    if ip is device is None:
        with pytest.raises(ValueError):
            kind.parse(text)
    else:
        assert (kind.parse(text).ip, kind.parse(text).device) == (ip, device)
        assert kind.parse(kind.show(kind.parse(text))).device == device


@pytest.mark.parametrize("text, value", [
    ("icmp", ("icmp", None)), ("ARP", ("arp", None)), ("tcp:80", ("tcp", 80)),
    ("tcp:65535", ("tcp", 65535))])
def test_methods(text, value):
    assert survey.Method().parse(text) == value
    assert survey.Method().show(value) == text.lower()


@pytest.mark.parametrize("text", ["", "tcp", "tcp:", "tcp:0", "tcp:65536", "tcp:x", "arp:1",
                                  "icmp:", "udp:53"])
def test_what_is_no_method(text):
    with pytest.raises(ValueError):
        survey.Method().parse(text)


@pytest.mark.parametrize("soft, hard, wanted", [
    (1024, 524288, 16384), (1024, 4096, 4096), (65536, 524288, None), (1024, 1024, None),
    (1024, resource.RLIM_INFINITY, 16384), (resource.RLIM_INFINITY,) * 2 + (None,)])
def test_many_connections_may_be_open(monkeypatch, soft, hard, wanted):
    """With the usual 1024, a hundred dead hosts with ten attempts leave none to work with."""
    told = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: told.append(limits))
    connect.Connect(None, None, 80)
    assert told == ([(wanted, hard)] if wanted else [])
