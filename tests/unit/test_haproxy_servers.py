"""What an operator changed, as text, and how many servers are up."""

import hypothesis
import pytest
from hypothesis import strategies

from lbha.haproxy import admin, servers
from tests.unit.test_haproxy_admin import STATES

NAMES = strategies.text("AZaz09-_.:", min_size=1, max_size=80)
CHANGES = strategies.dictionaries(
    strategies.builds("{}/{}".format, NAMES, NAMES),
    strategies.one_of(
        strategies.sampled_from(servers.MODES),
        strategies.builds("weight:{}".format, strategies.integers(0, 256)),
        strategies.builds("{},weight:{}".format, strategies.sampled_from(servers.MODES),
                          strategies.integers(0, 256))))


def servers_of(text):
    """Servers from "BACKEND/NAME STATUS WEIGHT" lines, or with a weight of 1."""
    found = []
    for line in text.strip().splitlines():
        name, _, status = line.strip().partition(" ")
        weight = 0 if status.endswith(" 0") else 1
        backend, _, server = name.partition("/")
        found.append(admin.Server(backend, server, status.replace(" 0", ""), weight))
    return found


def test_changed_is_only_what_is_not_as_configured():
    # an agent-check's or tracked server's doing, DNS and the configuration are nobody's change
    assert servers.changed(admin.states(STATES)) == {
        "web/lighter": "weight:5", "web/enabled": "ready", "web/drained": "drain",
        "web/enabled-drained": "drain", "web/maintained": "maint", "web/both": "maint",
        "web/agent-disabled": "weight:50"}


def test_mode_and_weight_are_changed_apart():
    def change(*state):
        return servers.changed({("web", "web01"): admin.State(*state)}).get("web/web01")
    assert change(admin.FORCED_MAINT, 5, 10, False) == "maint,weight:5"
    assert change(admin.FORCED_MAINT, 5, 10, True) == "maint"
    assert change(0, 0, 10, False) == "weight:0"
    assert change(0, 10, 10, False) is None


def test_the_text_is_one_sorted_line():
    assert servers.show({"web/web02": "weight:5", "web/web01": "maint"}) == (
        "web/web01=maint web/web02=weight:5")
    assert servers.show({}) == "" and servers.parse("") == {}


@hypothesis.given(CHANGES)
def test_the_text_gives_back_what_it_was_made_of(changes):
    line = servers.show(changes)
    assert "\n" not in line
    assert servers.parse(line) == changes


@pytest.mark.parametrize("word", (
    "web/web01=gone", "web/web01=weight:257", "web/web01=weight:-1", "web/web01=weight:05",
    "web/web01=weight:", "web/web01=weight:\u0661", "web/web01=", "web/web01", "=maint",
    "web01=maint", "web/=maint", "/web01=maint", "a/b/c=maint", "web/a;b=maint",
    "web/a=b=maint", "web/web01=maint,drain", "web/web01=weight:5,maint",
    "web/web01=maint,", "web/web01=weight:" + "9" * 5000))
def test_what_was_not_written_so_is_left_out(word):
    assert servers.parse(word) == {}
    assert servers.parse("web/web01=drain %s web/web02=maint" % word) == {
        "web/web01": "drain", "web/web02": "maint"}


@hypothesis.given(strategies.text())
def test_whatever_is_read_could_have_been_written(line):
    read = servers.parse(line)
    assert servers.parse(servers.show(read)) == read


@pytest.mark.parametrize("here, there, wanted", (
    ("", "", None),
    ("web/web01=maint", "web/web01=maint", None),
    ("web/web01=maint", "web/web01=ready", "web/web01 is maint here and ready on node02"),
    ("web/web01=maint", "", "web/web01 is maint here and as configured on node02"),
    ("", "web/web02=drain,weight:5 web/web03=maint",
     "web/web02 is as configured here and drain at weight 5 on node02"),
    ("web/web02=weight:5 web/web03=maint", "web/web02=weight:7",
     "web/web02 is at weight 5 here and at weight 7 on node02")))
def test_a_difference_names_the_first_server(here, there, wanted):
    assert servers.difference(servers.parse(here), servers.parse(there), "node02") == wanted


@hypothesis.given(CHANGES, CHANGES)
def test_a_difference_fits_into_a_reason(here, there):
    said = servers.difference(here, there, "node02.example.com")
    assert (said is None) == (here == there)
    if said:
        assert len(said.encode()) <= 128 and " here and " in said


def test_the_score_is_what_is_up():
    found = servers_of("web/web01 UP\nweb/web02 no check\nweb/web03 DOWN 1/2\n"
                       "api/api01 UP 1/3\napi/api02 no check 0")
    assert servers.score(found) == (3, 3)
    assert servers.score([admin.Server("web", "web01", "UP", 100)]) == (1, 100)
    assert servers.score([]) == (0, 0)


@pytest.mark.parametrize("text, least, wanted", (
    ("web/web01 DOWN\nweb/web02 DOWN\nweb/web03 UP", 2,
     "backend web has 1 of 3 servers up, wanted 2: web01 and web02 are DOWN"),
    ("web/web01 DOWN\nweb/web02 DOWN\nweb/web03 UP", 1, None),
    ("web/web01 DOWN\nweb/web02 MAINT\nweb/web03 DOWN\nweb/web04 DOWN", 1,
     "backend web has 0 of 4 servers up, wanted 1: web01, web03 and web04 are DOWN, "
     "web02 is MAINT"),
    ("web/web01 no check 0\nweb/web02 UP 1/3 0", 1,
     "backend web has 0 of 2 servers up, wanted 1: web01 and web02 are without weight"),
    ("web/web01 UP\napi/api01 DOWN", 1,
     "backend api has 0 of 1 servers up, wanted 1: api01 is DOWN"),
    ("web/web01 DOWN", 0, None),
    ("web/web01 UP", 2, None),  # all that there are
    ("", 2, None)))
def test_a_shortage_names_backend_and_servers(text, least, wanted):
    assert servers.shortage(servers_of(text), least) == wanted


def test_a_shortage_of_many_names_some():
    found = servers_of("\n".join("web/web%03d DOWN" % number for number in range(100)))
    assert servers.shortage(found, 2) == (
        "backend web has 0 of 100 servers up, wanted 2: web000, web001, web002, web003, web004, "
        "web005, web006 and 93 more are not up")


@hypothesis.given(strategies.lists(
    strategies.builds(admin.Server, NAMES, NAMES, strategies.sampled_from(
        ("UP", "DOWN", "MAINT (via %s/%s)" % ("b" * 60, "s" * 60), "no check")),
        strategies.integers(0, 1)), max_size=30), strategies.integers(0, 5))
def test_a_shortage_fits_into_a_reason(found, least):
    said = servers.shortage(found, least)
    backends = {server.backend: [one.up for one in found if one.backend == server.backend]
                for server in found}
    short = [ups for ups in backends.values() if sum(ups) < least and not all(ups)]
    assert (said is None) == (not short)
    if said:
        assert len(said.encode()) <= 128
