"""Hosts as people write them."""

import os

import pytest

from lbha import names, task
from lbha.deadline import Deadline


@pytest.mark.parametrize("text", [
    "192.168.1.1", "::1", "2001:db8::1", "fe80::1%eth0", "localhost", "gw", "gw.example.",
    "gw-1.example.com", "my_host", "10a", "1.example"])
def test_what_is_a_host(text):
    assert names.Host().parse(text) == text


@pytest.mark.parametrize("text", [
    "", ".", "..", "-v", ".example", "192.168.1.300", "10.1", "1", "192.168.1.1/24", "a;b", "a b",
    "$(id)", "::g", "fe80::1::2", "h\u00f6st", "\u0661", "a" * 254, "%eth0", "10.0.0.1."])
def test_what_is_no_host(text):
    with pytest.raises(ValueError) as caught:
        names.Host().parse(text)
    assert "neither an address nor a host name" in str(caught.value)


def test_addresses_are_located_without_a_resolver(monkeypatch):
    monkeypatch.setattr(task.os, "fork", None)
    places, unknown = names.locate(["127.0.0.1", "2001:DB8::1", "fe80::1%lo", "fe80::1%nodev"],
                                   Deadline(1))
    assert {word: (address.text, scope) for word, (address, scope) in places.items()} == {
        "127.0.0.1": ("127.0.0.1", 0), "2001:DB8::1": ("2001:db8::1", 0),
        "fe80::1%lo": ("fe80::1", 1)}
    assert unknown == {"fe80::1%nodev": "there is no device nodev"}


def no_process(*_):
    """os.fork on a node that is full."""
    raise BlockingIOError(11, "Resource temporarily unavailable")


def test_a_name_that_cannot_be_asked_for_is_unknown(monkeypatch):
    monkeypatch.setattr(task.os, "fork", no_process)
    before = set(os.listdir("/proc/self/fd"))
    places, unknown = names.locate(["gw.example", "127.0.0.1"], Deadline(1))
    assert list(places) == ["127.0.0.1"]
    assert "cannot be asked" in unknown["gw.example"]
    assert set(os.listdir("/proc/self/fd")) == before
