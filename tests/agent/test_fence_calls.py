"""The fence agent and who calls it: secrets, signals, several calls at once, and options."""

import os
import pathlib
import signal
import threading
import time

import pytest

from tests import paths
from tests.agent.bmc import PASSWORD, USER, Bmc
from tests.agent.fencing import FAILED, OFF, OK, PYTHON, until


class Watch:
    """Looks for a secret in the command line and environment of every process, all the time."""

    def __init__(self, *secrets):
        self.secrets = [secret.encode() for secret in secrets]
        self.seen, self.leaks, self.over = set(), [], threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self.over.is_set():
            for entry in os.listdir("/proc"):
                if entry.isdigit():
                    self._look(entry)

    def _look(self, pid):
        for name in ("cmdline", "environ"):
            try:
                data = pathlib.Path("/proc", pid, name).read_bytes()
            except OSError:
                continue
            self.seen.add(int(pid))
            if any(secret in data for secret in self.secrets):
                self.leaks.append((pid, name, data))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


# --- secrets

def test_secrets_are_nowhere_to_be_seen(fence, namespace):
    key = "0123456789abcdef"
    bmc = Bmc(namespace, key=key)
    file, debug = namespace.folder / "password", namespace.folder / "debug"
    file.write_text(PASSWORD + "\n")
    file.chmod(0o600)
    told = ""
    with Watch(PASSWORD, key.encode().hex()) as watch:
        calls = [
            fence.start("reboot", verbose=1, debug_file=debug, hexadecimal_kg=key.encode().hex()),
            fence.start("status", verbose=1, debug_file=debug, hexadecimal_kg=key.encode().hex(),
                        password=None, password_file=file),
            fence.start("diag", verbose=1, debug_file=debug, hexadecimal_kg=key.encode().hex(),
                        password=None, password_script="/bin/cat %s" % file),
        ]
        for call in calls:
            found = call.end()
            told += found.out + found.err
            assert found.code in (OK, OFF), found
        refused = fence("off", verbose=1, debug_file=debug)  # without K_g
        told += refused.out + refused.err
        assert refused.code == FAILED
    assert watch.leaks == [] and {call.child.pid for call in calls} <= watch.seen
    told += debug.read_text()
    assert "accepted OFF" in told
    assert PASSWORD not in told and key not in told and key.encode().hex() not in told
    assert "asked on" in bmc.events


def test_no_core_file_can_be_made_of_it(fence, bmc):
    with bmc.frozen():
        call = fence.start("off")
        limits = pathlib.Path("/proc/%d/limits" % call.child.pid)
        until(lambda: [line.split()[4:6] for line in limits.read_text().splitlines()
                       if line.startswith("Max core file size")] == [["1", "1"]])
        call.child.send_signal(signal.SIGABRT)
        assert call.end().code == -signal.SIGABRT


# --- the debug file

def test_a_debug_file_is_ours_alone_and_grows(fence, bmc):
    debug = bmc.folder / "debug"
    assert fence("status", debug_file=debug).code == OK
    assert debug.stat().st_mode & 0o777 == 0o600
    first = debug.read_text()
    assert "called for status" in first and "Get Chassis Status took" in first
    assert (fence("off", debug_file=debug).err, bmc.power) == ("", False)
    assert debug.read_text().startswith(first) and "accepted OFF" in debug.read_text()


@pytest.mark.parametrize("place, reason", [
    ("", "Is a directory"), ("missing/debug", "No such file or directory"),
    ("/dev/full", "No space left on device"), ("link", "Too many levels of symbolic links"),
])
def test_a_debug_file_that_cannot_be_written_is_told_once(fence, bmc, place, reason):
    (bmc.folder / "link").symlink_to(bmc.folder / "victim")
    path = bmc.folder / place
    found = fence("off", debug_file=path)
    assert (found.code, found.out) == (OK, "Success: Powered OFF\n")
    assert found.sentence == "WARNING: cannot write debug_file %s: %s" % (path, reason)
    assert not bmc.power and not (bmc.folder / "victim").exists()
    assert fence("off", debug_file=path, quiet=1).err == ""


# --- signals

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("step", ["login", "proof"])
def test_a_signal_ends_it_at_once_with_one_line(fence, bmc, number, step):
    if step == "login":
        bmc.take_sessions(leave=0)
        call = fence.start("off", verbose=1, debug_file=bmc.folder / "debug")
        until(lambda: (bmc.folder / "debug").exists()
              and "no free session" in (bmc.folder / "debug").read_text())
    else:
        bmc.behave("stays on")
        call = fence.start("reboot", quiet=1)
        until(lambda: any(event == "read 1" for _, event in bmc.log))
    began = time.monotonic()
    call.child.send_signal(number)
    found = call.end()
    assert time.monotonic() - began < 2
    assert found.code == FAILED and found.out == ""
    assert found.err.splitlines()[-1] == "interrupted" and "Traceback" not in found.err
    assert "asked on" not in bmc.events


def test_a_signal_logs_out(fence, bmc):
    bmc.take_sessions(leave=1)
    bmc.behave("stays on")
    call = fence.start("off")
    until(lambda: any(event == "read 1" for _, event in bmc.log))
    call.child.terminate()
    assert call.end().code == FAILED
    assert fence("monitor", login_timeout=2).code == OK  # the session is free again


def test_after_sigkill_the_next_call_does_its_work(fence, bmc):
    for step in ("asked off", "off", "asked on"):
        seen = len(bmc.log)
        call = fence.start("reboot")
        until(lambda: any(event == step for _, event in bmc.log[seen:]))
        call.child.kill()
        assert call.end().code == -signal.SIGKILL
        assert fence("reboot").code == OK
        assert bmc.power


def test_signals_that_its_caller_ignores_or_blocks_are_put_right(fence, bmc):
    file = bmc.folder / "password"
    file.write_text(PASSWORD)
    fence.signals = "--ignore-signal=CHLD", "--block-signal=ALRM"
    found = fence("status", ip="localhost", password_script="/bin/cat %s" % file)
    assert (found.code, found.out, found.err) == (OK, "Status: ON\n", "")
    with bmc.frozen():
        found = fence("status", login_timeout=2)
    assert "does not answer on port 623 within 2 s" in found.sentence and found.seconds < 4


# --- several at once

def test_two_agents_at_one_bmc_prove_it_both(fence, bmc):
    calls = [fence.start("reboot") for _ in range(2)]
    for call in calls:
        found = call.end()
        assert found.code == OK, found
    assert bmc.events.count("off") >= 2 and bmc.power


@pytest.mark.parametrize("action", ["off", "reboot"])
def test_fifty_at_once_with_four_sessions_all_end_and_none_lies(fence, bmc, action):
    bmc.take_sessions(leave=4)
    began = time.time()
    calls = [fence.start(action, timeout=60, login_timeout=40) for _ in range(50)]
    found = [call.end(90) for call in calls]
    assert all(one.seconds < 70 for one in found)
    assert all(one.code in (OK, FAILED) and "Traceback" not in one.err for one in found)
    assert all(one.out.startswith("Success") == (one.code == OK) for one in found)
    assert any(one.code == OK for one in found)
    assert any(event == "off" and when > began for when, event in bmc.log)
    if action == "off":
        assert not bmc.power
    print("%d of 50 done" % sum(one.code == OK for one in found))


# --- options

def test_diag_tells_what_the_bmc_is(fence, bmc):
    found = fence("diag")
    assert (found.code, found.err) == (OK, "")
    lines = dict(line.split(": ", 1) for line in found.out.splitlines())
    assert list(lines) == ["Login", "Device", "Power", "Last start", "Sessions"]
    assert "as user 'pacemaker' with privilege administrator, cipher suite 3" in lines["Login"]
    # from the emulator's mc_add
    assert lines["Device"].startswith("firmware 9.08, IPMI 2.0, manufacturer 4753, product 3842")
    assert lines["Power"].startswith("ON; after a loss of mains the node ")
    assert bmc.events == []


def test_list_is_refused_for_it_could_not_be_true(fence, bmc):
    for action in ("list", "list-status"):
        found = fence(action)
        assert (found.code, found.out) == (FAILED, "")
        assert "Unrecognised action '%s'" % action in found.sentence


def test_cipher_suites(fence, bmc):
    found = fence("status", cipher="3", verbose="1")
    assert found.code == OK and "cipher suite 3" in found.err
    found = fence("off", cipher="17")  # ipmi_sim has none above 14
    assert found.code == FAILED and "does not offer cipher suite 17" in found.hopeless
    assert bmc.events == []


def test_port_as_ip(fence, bmc):
    assert fence("off", port_as_ip="1", ip=None, port="127.0.0.1").code == OK
    assert not bmc.power
    assert fence("on", port_as_ip="1", ip="10.9.9.9", port="localhost").code == OK
    assert bmc.power
    assert fence("monitor", port_as_ip="1", port=None).code == OK  # by ip
    found = fence("off", port_as_ip="1", port=None)
    assert found.code == FAILED and found.hopeless.startswith("plug is missing: port_as_ip")
    found = fence("off", port_as_ip="1", port="not an address")
    assert found.code == FAILED and found.hopeless.startswith('plug="not an address" has')
    assert bmc.power


@pytest.mark.parametrize("option, name, sentence", [
    ("password_file", "empty", "{} gives no password: its first line is empty"),
    ("password_file", "missing", "{}: No such file or directory"),
    ("password_file", "", "{}: Is a directory"),
    ("password_script", "empty", "program {} cannot be run: Permission denied"),
    ("password_script", "missing", "program {} is missing"),
])
def test_a_place_without_a_password_is_not_looked_at_twice(fence, namespace, option, name,
                                                           sentence):
    (namespace.folder / "empty").write_text("\n" + PASSWORD)
    (namespace.folder / "empty").chmod(0o600)
    place = namespace.folder / name
    for action in ("off", "status"):
        found = fence(action, password=None, **{option: place})
        told = found.hopeless if action == "off" else found.sentence
        assert found.code == FAILED and sentence.format(place) in told


def test_a_script_that_fails_may_do_better_the_next_time(fence):
    for script in ("/bin/false", "/bin/true"):
        found = fence("off", password=None, password_script=script)
        assert found.code == FAILED and script in found.sentence


def test_a_bmc_with_ipv6_on_another_port(fence, namespace):
    bmc = Bmc(namespace, address="::1", port=6230)
    assert fence("reboot", ip="::1", ipport="6230").code == OK
    assert bmc.events == ["asked off", "off", "asked on", "on"]
    assert fence.command_line("-a", "::1", "-u", "6230", "-l", USER, "-p", PASSWORD,
                              "-o", "status").code == OK


# the agent with a pyghmi that always begins to wait when the answer is there already
EARLY = """
import os, sys, time
sys.path.append(sys.argv[1])
from lbha import fence
from lbha.agents.fence_pyipmi import Pyipmi
from pyghmi.ipmi.private import session
wait = session._io_wait

def late(*arguments):
    time.sleep(0.01)
    wait(*arguments)

session._io_wait = late
began = time.monotonic()
code = fence.run(Pyipmi, sys.argv[2:])
fence.say("%d %.3f" % (code, time.monotonic() - began))
os._exit(0)
"""


@pytest.mark.alone
def test_an_answer_that_is_there_before_anybody_waits_is_not_lost(fence, bmc, namespace):
    found = namespace.run([PYTHON, "-I", "-W", "ignore", "-c", EARLY, paths.LIBRARY, "-o", "status",
                           "-a", "127.0.0.1", "-l", USER, "-p", PASSWORD])
    status, result = found.stdout.splitlines()
    code, seconds = result.split()
    assert (status, int(code)) == ("Status: ON", OK)
    # pyghmi by itself: half a second to a second for each of at least two answers
    assert float(seconds) < 0.9
