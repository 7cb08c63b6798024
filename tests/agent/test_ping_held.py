"""ocf:lbha:ping: probing goes on while the monitor is held, and between two of them."""

import os
import signal
import time

import pytest

from tests.agent import resource
from tests.agent.pinging import (break_attrd, configured, drop, hold, published, responder,
                                 until, value)

ICMP_10 = "ip saddr 127.0.0.10 ip protocol icmp"
WINDOW = 0.1 * 3 + 0.5  # of a dead host: attempts x interval + timeout, in seconds


@pytest.fixture
def ping(namespace):
    """Two hosts that live, asked every tenth of a second; a window is 0.8 s."""
    return configured(namespace, "127.0.0.1 127.0.0.10", attempts=3, timeout="500ms",
                      interval_ms=100)


def end(child):
    """Wait for a held monitor: its exit code and stderr."""
    _, err = child.communicate(timeout=60)
    return child.returncode, err


def states(namespace):
    """What is kept of the hosts: {word: text}."""
    kept = namespace.run(["cat", "/run/lbha/ping-ping/hosts"], check=False).stdout
    return dict(line[len("host-"):].split("=") for line in kept.splitlines())


def test_a_host_that_falls_silent_and_comes_back_is_published_at_once(namespace, ping):
    ping.start()
    child = hold(ping, 20)
    began = time.monotonic()
    drop(namespace, ICMP_10)
    until(lambda: value(namespace) == "1")
    assert 0.5 < time.monotonic() - began < WINDOW + 1
    began = time.monotonic()
    drop(namespace, None)
    until(lambda: value(namespace) == "2")
    assert time.monotonic() - began < 1
    assert child.poll() is None  # the same monitor, all the time
    assert ping.stop().code == resource.OK
    assert child.wait(2) == -signal.SIGKILL
    assert [call[2] for call in published(namespace)] == ["2", "1", "2", ""]


def test_a_living_host_is_asked_once_in_two_intervals(namespace, ping):
    hosts = responder(namespace, h10="right", h11="right")
    ping.parameters["host_list"] = "127.0.0.10 127.0.0.11"
    ping.start()
    child = hold(ping, 3)
    began = time.monotonic()
    code, err = end(child)
    seconds = time.monotonic() - began
    assert (code, err) == (resource.OK, "")
    assert 1 < seconds < 12  # as the parameter says, and not half of the timeout
    hosts.kill()
    asked = hosts.stdout.read().count("127.0.0.10 ")
    assert 0.6 * seconds / 0.2 < asked < seconds / 0.2 + 15


def test_without_hold_a_monitor_answers_at_once_and_asks_a_host_once(namespace, ping):
    """Nobody would hear what a host says after its result."""
    hosts = responder(namespace, h10="right", h11="silent")
    ping.parameters.update(host_list="127.0.0.10 127.0.0.11", hold=0)
    ping.start()
    for _ in range(3):  # each follows the one before closely enough to be held
        assert ping.monitor(interval=0.001, timeout=60).seconds < 10
    hosts.kill()
    assert hosts.stdout.read().count("127.0.0.10 ") == 1 + 3


def test_a_host_that_dies_is_seen_while_another_one_is_waited_for(namespace, ping):
    """The rounds of one host wait for no other's."""
    ping.parameters.update(host_list="127.0.0.1 127.0.0.10 127.0.0.11", timeout="2s", hold=9)
    drop(namespace, "ip saddr 127.0.0.11 ip protocol icmp")
    ping.start()
    child = ping.popen("monitor", interval=0.1, timeout=60)
    before = time.monotonic()
    until(lambda: time.monotonic() - before > 0.7)
    drop(namespace, "ip saddr { 127.0.0.10, 127.0.0.11 } ip protocol icmp")
    assert end(child)[0] == resource.OK
    assert value(namespace) == "1"
    assert time.monotonic() - before < 5


@pytest.mark.parametrize("when", [0.0, 0.15, 0.3, 0.45])
def test_a_host_that_dies_as_a_hold_ends_is_known_in_time(namespace, ping, when):
    """The last look of a hold waits for the answers that are due: nothing is lost in the
    pause between two monitors, where nobody asks."""
    ping.start()
    child = hold(ping, 3)
    began = time.monotonic()  # about a second into the hold
    until(lambda: time.monotonic() - began > 1.6 + when)
    cut = time.monotonic()
    drop(namespace, ICMP_10)
    assert end(child)[0] == resource.OK
    if value(namespace) == "2":  # cut after its last look: the next monitor begins at once
        ping.parameters["hold"] = 0
        assert ping.monitor().code == resource.OK
    assert value(namespace) == "1"
    assert time.monotonic() - cut < WINDOW + 2


def test_a_host_that_flaps_faster_than_fall_changes_nothing(namespace, ping):
    ping.parameters.update(fall=20, attempts=1, timeout="100ms")  # dead after two seconds
    ping.start()
    child = hold(ping, 45)
    for _ in range(6):
        drop(namespace, ICMP_10)
        before = time.monotonic()
        until(lambda: time.monotonic() - before > 0.2)
        drop(namespace, None)
        answered = time.monotonic()
        until(lambda: time.monotonic() - answered > 0.5)
    assert child.poll() is None
    assert len(published(namespace)) == 1
    began = time.monotonic()
    drop(namespace, ICMP_10)
    until(lambda: value(namespace) == "1")
    assert time.monotonic() - began > 1.5


def test_rise_and_fall_count_on_from_one_monitor_to_the_next(namespace, ping):
    ping.parameters.update(fall=3, rise=2, hold=0, timeout="200ms")
    ping.start()
    drop(namespace, ICMP_10)
    seen = []
    for _ in range(3):
        ping.monitor()
        seen.append((value(namespace), states(namespace)["127.0.0.10"]))
    drop(namespace, None)
    for _ in range(2):
        ping.monitor()
        seen.append((value(namespace), states(namespace)["127.0.0.10"]))
    assert seen == [("2", "alive 1"), ("2", "alive 2"), ("1", "dead 0"),
                    ("1", "dead 1"), ("2", "alive 0")]
    ping.stop()
    assert states(namespace) == {}


def test_a_good_result_in_between_begins_the_count_anew(namespace, ping):
    ping.parameters.update(fall=2, hold=0, timeout="200ms")
    ping.start()
    for rule in (ICMP_10, None, ICMP_10, None):
        drop(namespace, rule)
        assert ping.monitor().code == resource.OK
    assert len(published(namespace)) == 1


def test_a_start_believes_the_first_result(namespace, ping):
    ping.parameters.update(fall=3, rise=3, timeout="200ms")
    ping.start()
    drop(namespace, ICMP_10)
    ping.monitor()
    ping.stop()
    ping.start()
    assert value(namespace) == "1"


def test_a_state_file_of_junk_is_no_state(namespace, ping):
    ping.start()
    junk = "host-127.0.0.1=dead\\nhost-127.0.0.10=alive x\\nself=\\377\\n"
    namespace.run(["sh", "-c", "printf '%s' > /run/lbha/ping-ping/hosts" % junk])
    ping.parameters["hold"] = 0
    assert ping.monitor().code == resource.OK
    assert states(namespace) == {"127.0.0.1": "alive 0", "127.0.0.10": "alive 0"}


def test_a_monitor_that_was_stopped_for_a_while_believes_what_came_meanwhile(namespace, ping):
    """A busy node: the answers are there, only nobody has read them."""
    ping.start()
    child = hold(ping, 20)
    pid, = [one for one in namespace.pids() if "monitor" in open(
        "/proc/%d/cmdline" % one).read()]
    os.kill(pid, signal.SIGSTOP)
    before = time.monotonic()
    until(lambda: time.monotonic() - before > 3 * WINDOW)
    os.kill(pid, signal.SIGCONT)
    until(lambda: time.monotonic() - before > 4 * WINDOW)
    assert child.poll() is None
    assert len(published(namespace)) == 1


def test_a_hold_ends_with_its_reader(ping):
    ping.start()
    child = hold(ping, 20)
    child.stdout.close()
    child.stderr.close()
    assert child.wait(3) is not None


def test_a_failure_score_ends_a_hold_at_once(namespace, ping):
    ping.parameters["failure_score"] = 2
    ping.start()
    child = hold(ping, 20)
    drop(namespace, ICMP_10)
    code, err = end(child)
    assert code == resource.GENERIC
    assert "pingd=1 is below failure_score=2: 1 of 2 hosts answer, not 127.0.0.10" in err
    assert value(namespace) == "1"


def test_a_name_that_does_not_resolve_ends_a_hold(namespace, ping):
    """The next monitor asks the resolver again, and that is soon."""
    ping.parameters.update(host_list="127.0.0.1 nowhere.invalid", hold=20)
    ping.start()
    for _ in range(3):
        assert ping.monitor(interval=0.1, timeout=60).seconds < 5
        time.sleep(0.12)


def test_a_held_monitor_costs_next_to_nothing(namespace):
    ping = configured(namespace, "127.0.0.1")  # as configured by default: one a second
    ping.start()
    child = hold(ping, 6)
    pid, = [one for one in namespace.pids() if "monitor" in open(
        "/proc/%d/cmdline" % one).read()]
    before, began = cpu_seconds(pid), time.monotonic()
    until(lambda: time.monotonic() - began > 4)
    used = cpu_seconds(pid) - before
    assert used < 0.02 * 4, used  # two percent of a processor, on any machine
    end(child)


def cpu_seconds(pid):
    """Processor time of a process until now."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_hundred_agents_ask_the_same_hosts_at_once(namespace):
    responder(namespace, h10="right", h11="silent", h6_10="right")
    break_attrd(namespace, "exit 0\n")  # a hundred of the usual one would be slower than ping
    agents = [configured(namespace, "127.0.0.10 127.0.0.11 fd00::10 127.0.0.10", timeout="5s")
              for _ in range(100)]
    for number, ping in enumerate(agents):
        ping.name = ping.parameters["name"] = "ping%d" % number
    children = [ping.popen("start", timeout=60) for ping in agents]
    assert [child.wait(60) for child in children] == [resource.OK] * 100
    records = [namespace.run(["cat", "/run/lbha/ping-%s/record" % ping.name]).stdout.split()
               for ping in agents]
    assert all("value=3" in record for record in records)
    for child in children:
        child.communicate()
