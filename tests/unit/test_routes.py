"""Which route an address belongs to."""

import socket

import pytest

from lbha import netlink, routes

FAMILIES = {False: socket.AF_INET, True: socket.AF_INET6}


def packed(text):
    return socket.inet_pton(FAMILIES[":" in text], text)


def route(to, metric=None, device=7, **values):
    """A route to "ADDRESS/PREFIX", connected unless the values say otherwise."""
    text, _, prefix = to.partition("/")
    filled = dict(netlink.ROUTE.unsaid, low_table=254, type=1, prefix=int(prefix),
                  family=FAMILIES[":" in text], device=device, metric=metric,
                  destination=packed(text))
    filled.update(values)
    return netlink.Message(filled)


class Kernel:
    """The routes of a node."""

    def __init__(self, *found):
        self.found = list(found)

    def dump(self, layout, family):
        assert layout is netlink.ROUTE
        return [one for one in self.found if one.family == family]


@pytest.mark.parametrize("ip, wanted", (
    ("10.1.2.3", "10.1.2.0/25"), ("10.1.2.127", "10.1.2.0/25"), ("10.1.2.128", "10.1.0.0/16"),
    ("10.2.0.0", None), ("11.0.0.1", None), ("9.255.255.255", None),
    ("fd00::ffff", "fd00::/64"), ("fd00:0:0:1::1", "fd00::/48"), ("fd01::1", None),
))
def test_the_longest_prefix_that_covers_the_address(ip, wanted):
    found = routes.best([route("10.1.0.0/16"), route("10.1.2.0/25", metric=900),
                         route("fd00::/48"), route("fd00::/64", metric=900)], packed(ip))
    assert (found and routes.describe([found]).split()[0]) == wanted


@pytest.mark.parametrize("metrics, wanted", (
    ((500, 100), 100), ((100, 500), 100), ((100, None), None), ((None, 100), None)))
def test_the_lowest_metric_among_equals_and_none_is_zero(metrics, wanted):
    found = routes.best([route("10.1.0.0/16", metric) for metric in metrics],
                        packed("10.1.0.1"))
    assert found.metric == wanted


@pytest.mark.parametrize("change", (
    {"prefix": 0, "destination": None}, {"gateway": packed("10.0.0.1")}, {"via": b"\2\0"},
    {"low_table": 255}, {"low_table": 252, "table": 1000}, {"type": 6}, {"device": None},
), ids=str)
def test_what_is_no_connected_route_is_left_out(change):
    kept = route("10.1.0.0/16")
    kernel = Kernel(route("10.1.2.0/24", **change), kept, route("fd00::/64"))
    assert routes.connected(kernel, socket.AF_INET) == [kept]


def test_candidates_are_named_with_their_devices():
    lo = netlink.device_index("lo")
    assert routes.describe([route("10.1.0.0/16", device=lo), route("fd00::/64", device=lo)]) \
        == "10.1.0.0/16 lo, fd00::/64 lo"
    assert routes.describe([]) == "none"
