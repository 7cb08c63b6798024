"""What the benchmark reads out of journals, addresses and packets."""

import datetime

import pytest

from tests.bench.events import (ASKED, CALLED, OVER, Event, between, busy, of_addresses,
                                of_journal, of_wire)

CONTROLD = "1700000000.250000 node01 pacemaker-controld[223]:  notice: "


@pytest.mark.parametrize("line, what", [
    (CONTROLD + "Result of monitor operation for haproxy on node01: not running",
     "haproxy monitor: not running"),
    (CONTROLD + "Result of start operation for vip on node01: ok", "vip start: ok"),
    (CONTROLD + "Result of start operation for vip on node01: 0 (ok)", "vip start: ok"),
    (CONTROLD + "State transition S_IDLE -> S_POLICY_ENGINE", "scheduler called"),
    ("1700000000.250000 node01 corosync[207]:   [TOTEM ] A processor failed, forming new"
     " configuration.", "token lost"),
    ("1700000000.250000 node01 systemd[1]: haproxy.service: Main process exited, code=killed,"
     " status=9/KILL", "systemd: haproxy died"),
    ("1700000000.250000 node01 systemd[1]: Started Cluster Controlled haproxy.",
     "systemd: haproxy started"),
    ("1700000000.250000 node01 pacemaker-attrd[221]:  notice: Setting ping-status[node02]: 1 -> 0",
     "ping-status of node02 is 0"),
    ("1700000000.250000 node01 Keepalived_vrrp[99]: (lb) Entering MASTER STATE", "MASTER"),
    ("1700000000.250000 node01 Keepalived_vrrp[99]: Script `haproxy` now returning 1",
     "check haproxy: 1"),
])
def test_a_line_of_a_journal(line, what):
    assert list(of_journal(line + "\n")) == [Event(1700000000.25, "node01", what)]


def test_other_lines_say_nothing():
    text = ("-- Journal begins at Mon 2026-11-23 --\n"
            "1700000000.250000 node01 haproxy[9]: Proxy web started.\n"
            "1700000000.250000 node01 pacemaker-attrd[221]:  notice: Setting"
            " fail-count-vip#monitor_10000[node01]: (unset) -> 1\n"
            + CONTROLD + "Requesting local execution of start operation for vip on node01\n")
    assert list(of_journal(text)) == []


def test_addresses_of_the_vip_only():
    text = ("[2026-11-23T01:50:20.123456] 4: eno2    inet 192.168.1.10/24 brd 192.168.1.255\n"
            "[2026-11-23T01:50:21.000001] Deleted 4: eno2    inet 192.168.1.10/24 scope global\n"
            "[2026-11-23T01:50:21.000002] 4: eno2    inet 192.168.1.101/24 scope global\n")
    added, removed = of_addresses(text, "node01", "192.168.1.10")
    local = datetime.datetime(2026, 11, 23, 1, 50, 20, 123456)
    assert added == Event(local.timestamp(), "node01", "VIP added")
    assert removed.what == "VIP removed"
    assert removed.time - added.time == pytest.approx(0.876545, abs=1e-5)


def test_one_event_a_burst_of_announcements():
    text = ("tcpdump: listening on eth0\n"
            "1700000000.100000 ARP, Request who-has 192.168.1.10 tell 192.168.1.10, length 46\n"
            "1700000000.300000 ARP, Request who-has 192.168.1.10 tell 192.168.1.10, length 46\n"
            "1700000005.000000 ARP, Reply 192.168.1.10 is-at 52:54:00:a8:01:0c, length 46\n")
    assert [event.time for event in of_wire(text)] == [1700000000.1, 1700000005.0]


def test_between_is_in_order_and_without_the_rest():
    early, late = Event(1.0, "a", "x"), Event(2.0, "a", "y")
    assert between([late, early, late, Event(9.0, "a", "z")], 0.5, 3) == [early, late]


@pytest.mark.parametrize("seen, now, seconds", [
    ([], 99, None),
    ([(CALLED, 11), (ASKED, 12)], 99, None),
    ([(CALLED, 11), (ASKED, 12), (OVER, 13)], 14, None),  # another may follow
    ([(CALLED, 11), (ASKED, 12), (OVER, 13)], 16, 1),
    ([(CALLED, 11), (ASKED, 12), (OVER, 13), (CALLED, 14)], 99, None),
    ([(ASKED, 12), (OVER, 13), (ASKED, 14), (OVER, 15)], 99, 3),  # Pacemaker 3.0
    ([(CALLED, 11), (OVER, 13)], 99, 2),  # nothing had to be done
    ([(OVER, 13)], 99, 3)])
def test_how_long_pacemaker_was_busy(seen, now, seconds):
    found = [Event(when, "node01", what) for what, when in seen]
    assert busy(found, 10, now) == (None if seconds is None else [seconds])
