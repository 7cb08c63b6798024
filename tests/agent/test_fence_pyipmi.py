"""fence_pyipmi against a real BMC over UDP; the BMC's power log is the truth."""

import contextlib
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree

import pytest

from tests.agent.bmc import PASSWORD, USER, Bmc
from tests.agent.fencing import AGENT, FAILED, OFF, OK
from tests.agent.resource import INTERPRETER

HALF_BMC = pathlib.Path(__file__).with_name("half_bmc.py")
SETTLED = 0.3


# --- what it does

def test_status_and_monitor(fence, bmc):
    assert (fence("status").code, fence("status").out) == (OK, "Status: ON\n")
    assert (fence("monitor").code, fence("monitor").out) == (OK, "")
    assert fence("off").code == OK
    found = fence("status")
    assert (found.code, found.out, found.err) == (OFF, "Status: OFF\n", "")
    assert fence("monitor").code == OK
    assert fence("on").code == OK
    assert fence("status").code == OK


def test_off_is_proven_by_two_readings(fence, bmc):
    found = fence("off")
    assert (found.code, found.out, found.err) == (OK, "Success: Powered OFF\n", "")
    assert not bmc.power and bmc.events == ["asked off", "off"]
    off = next(time for time, event in bmc.log if event == "off")
    proofs = [time for time, event in bmc.log if event == "read 0" and time >= off]
    assert len(proofs) == 2 and proofs[1] - proofs[0] >= SETTLED


def test_off_is_sent_even_when_the_power_is_off_already(fence, namespace):
    bmc = Bmc(namespace, power=False)
    assert fence("off").code == OK
    assert bmc.events == ["asked off", "off"] and not bmc.power


def test_on_and_on_again(fence, namespace):
    bmc = Bmc(namespace, power=False)
    assert fence("on").out == "Success: Powered ON\n"
    assert bmc.power
    assert fence("on").code == OK
    assert bmc.power


@pytest.mark.parametrize("method", [None, "onoff", "cycle"])
def test_reboot_is_off_proven_then_on(fence, bmc, method):
    found = fence("reboot", method=method)
    assert (found.code, found.out, found.err) == (OK, "Success: Rebooted\n", "")
    assert bmc.events == ["asked off", "off", "asked on", "on"] and bmc.power
    times = {event: time for time, event in bmc.log if not event.startswith("read")}
    assert times["asked on"] - times["off"] >= SETTLED


def test_reboot_of_a_node_without_power_starts_it(fence, namespace):
    bmc = Bmc(namespace, power=False)
    assert fence("reboot").code == OK
    assert bmc.power


def test_a_slow_power_supply_is_waited_for(fence, bmc):
    bmc.behave("slow")
    found = fence("off")
    assert found.code == OK and not bmc.power
    assert 1 + SETTLED <= found.seconds < 4


def test_every_call_logs_out(fence, bmc):
    bmc.take_sessions(leave=3)
    for _ in range(4):  # one left open would last a minute
        assert fence("monitor").code == OK


def test_power_wait_and_delay_are_kept(fence, bmc):
    began = time.time()
    assert fence("off", power_wait="1", delay="1").code == OK
    times = {event: time for time, event in bmc.log}
    first_reading = next(time for time, event in bmc.log if event.startswith("read"))
    assert times["asked off"] - began >= 1
    assert first_reading - times["off"] >= 0.95  # from the reply on, which came a bit later


def test_command_line(fence, bmc):
    found = fence.command_line("-a", "127.0.0.1", "-l", USER, "-p", PASSWORD, "-P", "-v",
                               "-o", "status")
    assert (found.code, found.out) == (OK, "Status: ON\n")
    assert "logged in to BMC 127.0.0.1" in found.err and PASSWORD not in found.err
    found = fence.command_line("--ip=127.0.0.1", "--username", USER, "--password", PASSWORD,
                               "--lanplus", "--action=off")
    assert (found.code, found.out) == (OK, "Success: Powered OFF\n")
    assert not bmc.power


def test_aliases_of_fence_ipmilan(fence, bmc):
    found = fence.lines(["action=status", "ipaddr=127.0.0.1", "login=" + USER,
                         "passwd=" + PASSWORD, "power-wait=0", "lanplus=no", "cipher=3",
                         "auth=md5", "privlvl=ADMINISTRATOR", "shell_timeout=3"])
    assert (found.code, found.err) == (OK, "")


def test_password_from_a_file_and_from_a_script(fence, bmc, namespace):
    file = namespace.folder / "password"
    file.write_text(PASSWORD + "\n")
    file.chmod(0o600)
    found = fence("status", password=None, password_file=file)
    assert (found.code, found.err) == (OK, "")
    assert fence("status", password="wrong", password_script="/bin/cat %s" % file).code == OK
    found = fence("status", password_script="/bin/false")
    assert found.code == FAILED and "password_script /bin/false ended" in found.sentence
    file.chmod(0o644)
    found = fence("status", password=None, password_file=file)
    assert found.code == OK and "can be read by others" in found.err


@pytest.mark.parametrize("source", ["password_file", "password_script"])
def test_a_password_that_is_not_utf_8(fence, namespace, source):
    Bmc(namespace, password=b"caf\xe9\xff")
    file = namespace.folder / "password"
    file.write_bytes(b"caf\xe9\xff\r\n")
    file.chmod(0o600)
    place = file if source == "password_file" else "/bin/cat %s" % file
    found = fence("status", password=None, **{source: place})
    assert (found.code, found.err) == (OK, "")


def test_k_g(fence, namespace):
    Bmc(namespace, key="0123456789abcdef")
    key = b"0123456789abcdef".hex()
    assert fence("status", hexadecimal_kg=key).code == OK
    found = fence("status", hexadecimal_kg=key[2:] + "00")
    assert found.code == FAILED and "BMC 127.0.0.1 wants another" in found.sentence


# --- a BMC that will not

def test_a_refused_off_is_a_failure(fence, bmc):
    bmc.behave("refuses off")
    for action in ("off", "reboot"):
        found = fence(action)
        assert found.code == FAILED and found.out == ""
        assert "BMC 127.0.0.1 refused power off: unspecified error" in found.sentence
    assert bmc.power and "asked on" not in bmc.events


@pytest.mark.parametrize("behaviour", ["stays on", "says off once"])
@pytest.mark.parametrize("action", ["off", "reboot"])
def test_off_that_does_not_happen_is_a_failure(fence, bmc, behaviour, action):
    bmc.behave(behaviour)
    found = fence(action, power_timeout="3")
    assert found.code == FAILED and found.out == ""
    assert "took the command OFF, but after 3 s the power is still ON" in found.sentence
    assert bmc.power and "asked on" not in bmc.events
    assert 3 <= found.seconds < 5


def test_an_unreadable_state_does_not_keep_off_from_being_sent(fence, bmc):
    bmc.behave("blind")
    found = fence("off", power_timeout="2")
    assert found.code == FAILED and found.out == ""
    assert "power is unknown" in found.sentence
    assert not bmc.power
    assert fence("status").code == FAILED
    assert fence("monitor").code == FAILED


def test_a_node_that_stays_off_is_fenced(fence, bmc):
    bmc.behave("refuses on")
    found = fence("reboot")
    assert (found.code, found.out) == (OK, "Success: Rebooted\n")
    assert "WARNING: the node is off, proven, and fenced" in found.sentence
    assert not bmc.power
    found = fence("on")
    assert found.code == FAILED and "refused power on" in found.sentence


def test_a_bmc_that_hangs_after_the_login(fence, bmc):
    bmc.behave("hangs")
    found = fence("off", timeout="3")
    assert found.code == FAILED and found.out == ""
    assert found.sentence == "BMC 127.0.0.1 stopped answering"
    assert 3 <= found.seconds < 4.5


# --- no way in

@pytest.mark.parametrize("options, sentence", [
    (dict(password="wrong"), "BMC 127.0.0.1 does not accept the password of user 'pacemaker'"),
    (dict(password=PASSWORD.strip('"')), "does not accept the password of user 'pacemaker'"),
    (dict(username="nobody"), "BMC 127.0.0.1 does not know user 'nobody', or not with"),
])
def test_wrong_credentials(fence, bmc, options, sentence):
    for action in ("off", "status"):
        found = fence(action, **options)
        told = found.hopeless if action == "off" else found.sentence
        assert found.code == FAILED and sentence in told
        assert found.seconds < 3
    assert bmc.power and bmc.events == []


def test_a_session_without_the_privilege(fence, bmc):
    found = fence("off", privlvl="user")
    assert found.code == FAILED and "refused power off: insufficient privilege" in found.hopeless
    assert bmc.power and bmc.events == []


def test_no_session_is_free(fence, bmc):
    bmc.take_sessions(leave=0)
    found = fence("off")
    assert found.code == FAILED and "BMC 127.0.0.1 has no free session" in found.sentence
    assert bmc.power and bmc.events == []


def test_nobody_listens(fence, namespace):
    found = fence("off")
    assert found.code == FAILED
    assert "BMC 127.0.0.1 does not answer on port 623 within" in found.sentence
    assert found.seconds < 9


@pytest.mark.parametrize("address", ["10.99.9.9", "fd00:99::9"])
def test_no_route_is_told_at_once(fence, namespace, address):
    for action in ("off", "status"):
        found = fence(action, ip=address)
        assert (found.code, found.out) == (FAILED, "")
        assert found.sentence == ("this node has no route to BMC %s: Network is unreachable"
                                  % address)
        assert found.seconds < 2


def test_a_link_local_bmc_is_reached_through_its_device(fence, namespace):
    namespace.veth("eth0", "eth1", "fe80::99/64")
    Bmc(namespace, address="fe80::99%eth0")
    assert fence("status", ip="fe80::99%eth0").code == OK


def test_a_mute_bmc(fence, bmc):
    with bmc.frozen():
        found = fence("status", ipport="623", login_timeout="3")
    assert found.code == FAILED
    assert "BMC 127.0.0.1 does not answer on port 623 within 3 s" in found.sentence
    assert 3 <= found.seconds < 4.5


@contextlib.contextmanager
def half_bmc(namespace, stage):
    """A block with a BMC of half_bmc.py; the lines that it prints."""
    half = namespace.popen([sys.executable, HALF_BMC, "623", stage], stdout=subprocess.PIPE,
                           universal_newlines=True)
    with half.stdout as lines:
        assert lines.readline() == "ready\n"
        yield lines


def test_a_bmc_of_ipmi_1_5(fence, namespace):
    with half_bmc(namespace, "1.5") as lines:
        found = fence("off")
        assert found.code == FAILED and found.seconds < 3
        assert found.hopeless.startswith("BMC 127.0.0.1 speaks only IPMI 1.5: wanted 2.0 (")
        assert lines.readline() == "answered\n"


@pytest.mark.parametrize("stage", ["auth", "open"])
def test_a_bmc_that_falls_silent_in_the_login(fence, namespace, stage):
    with half_bmc(namespace, stage) as lines:
        found = fence("off", login_timeout="4")
        assert found.code == FAILED
        assert "BMC 127.0.0.1 does not answer on port 623 within 4 s" in found.sentence
        assert 4 <= found.seconds < 5.5
        assert lines.readline() == "answered\n"


@pytest.mark.alone
@pytest.mark.parametrize("timeout", ["2", "4"])
def test_the_reading_is_told_when_the_whole_call_is_over_first(fence, bmc, timeout):
    bmc.behave("stays on")
    found = fence("off", timeout=timeout)
    assert found.code == FAILED and "the power is still ON" in found.sentence
    assert found.seconds < int(timeout) + 0.5


def test_the_whole_call_is_bounded_below_the_login_timeout(fence, namespace, bmc):
    with bmc.frozen():
        found = fence("off", timeout="2")
    assert found.code == FAILED and 2 <= found.seconds < 3.5
    assert "does not answer on port 623 within 2 s" in found.sentence


def test_a_name_that_does_not_resolve(fence):
    found = fence("status", ip="no-such-bmc.invalid", timeout="5")
    assert found.code == FAILED and found.seconds < 6.5
    assert "BMC no-such-bmc.invalid is not found" in found.sentence


def test_a_name_that_resolves(fence, bmc):
    assert fence("status", ip="localhost").code == OK


def change_packages(namespace, line, hide=True):
    """Give the interpreter's packages a .pth file with this line; pyghmi moves to "elsewhere"."""
    where = pathlib.Path(namespace.run([
        INTERPRETER, "-I", "-c", "import pyghmi; print(pyghmi.__path__[0])"]).stdout.strip())
    upper, work = namespace.folder / "packages", namespace.folder / "packages-work"
    upper.mkdir()
    work.mkdir()
    (upper / "test.pth").write_text(line + "\n")
    if hide:
        shutil.copytree(str(where), str(namespace.folder / "elsewhere" / where.name))
        os.mknod(str(upper / where.name), stat.S_IFCHR)  # a whiteout: filesystems/overlayfs.rst
    namespace.run(["mount", "-t", "overlay", "overlay", "-o", "lowerdir=%s,upperdir=%s,workdir=%s"
                   % (where.parent, upper, work), where.parent])


def status(namespace):
    """How the agent's status, with the distribution's pyghmi, ended."""
    return namespace.run([INTERPRETER, "-IS", AGENT, "-o", "status", "-a", "127.0.0.1",
                          "-l", USER, "-p", PASSWORD], check=False)


def test_without_pyghmi_it_says_what_to_install(namespace, bmc):
    assert status(namespace).returncode == OK
    change_packages(namespace, "# nothing")
    call = status(namespace)
    assert call.returncode == FAILED
    assert call.stderr.startswith("pyghmi cannot be used") and "python3-pyghmi" in call.stderr
    assert len(call.stderr.splitlines()) == 1


def test_pyghmi_may_be_where_a_pth_file_leads(namespace, bmc):
    change_packages(namespace, str(namespace.folder / "elsewhere"))
    call = status(namespace)
    assert (call.returncode, call.stdout, call.stderr) == (OK, "Status: ON\n", "")


def test_what_a_pth_file_runs_at_a_start_is_not_run(namespace, bmc):
    change_packages(namespace, "import os; os.write(2, b'a start')", hide=False)
    assert namespace.run([INTERPRETER, "-I", "-c", "pass"]).stderr == "a start"
    call = status(namespace)
    assert (call.returncode, call.stdout, call.stderr) == (OK, "Status: ON\n", "")


# --- bad input

@pytest.mark.parametrize("option, value, sentence", [
    ("ip", None, "ip is missing: wanted an address or a host name"),
    ("ip", "10.0.0.300", 'ip="10.0.0.300" '),
    ("ipport", "70000", 'ipport="70000" is not a whole number from 1 to 65535'),
    ("username", "u" * 17, "username is longer than IPMI allows: wanted at most 16 bytes"),
    ("password", "p" * 21, "password is longer than IPMI allows: wanted at most 20 bytes"),
    ("privlvl", "root", 'privlvl="root" is not one of callback, user, operator, admin'),
    ("hexadecimal_kg", "xyz", "hexadecimal_kg=(secret) is not an even number of hexadecimal"),
    ("timeout", "soon", 'timeout="soon" is not a duration'),
    ("method", "reset", 'method="reset" is not one of onoff, cycle'),
    ("port_as_ip", "maybe", 'port_as_ip="maybe" is not one of true, false'),
    ("target", "0x24", "target is not supported"),
    ("password_file", "relative", 'password_file="relative" is not an absolute path'),
])
def test_bad_values(fence, option, value, sentence):
    for action in ("off", "validate-all"):
        found = fence(action, **{option: value})
        told = found.hopeless if action == "off" else found.sentence
        assert found.code == FAILED and told.startswith(sentence)
        assert found.seconds < 2


@pytest.mark.parametrize("option, value, name", [
    ("debug", "1", "debug_file"), ("cipher", "18", "cipher"), ("auth", "x", "auth"),
    ("lanplus", "maybe", "lanplus"), ("verbose", "much", "verbose"),
    ("quiet", "maybe", "quiet"), ("ipmitool_timeout", "x", "ipmitool_timeout"),
])
def test_a_fault_that_changes_nothing_does_not_stop_fencing(fence, bmc, option, value, name):
    found = fence("off", **{option: value})
    assert (found.code, found.out) == (OK, "Success: Powered OFF\n")
    assert found.sentence.startswith('WARNING: %s="%s" is not ' % (name, value))
    assert not bmc.power


def test_what_users_of_fence_ipmilan_have_configured_is_taken(fence, bmc):
    found = fence("off", port_as_ip="0", plug_separator=",", retry_on="1", verbose_level="0",
                  disable_timeout="true", stonith_status_sleep="1", sudo="1",
                  ipmitool_path="/usr/bin/ipmitool", ipmitool_timeout="2",
                  sudo_path="/usr/bin/sudo")
    assert (found.code, found.out, found.err) == (OK, "Success: Powered OFF\n", "")
    assert not bmc.power


def test_an_unknown_action(fence):
    found = fence("explode")
    assert found.code == FAILED and "Unrecognised action 'explode'" in found.sentence


@pytest.mark.parametrize("line", ["action=", "action", "action = ", 'action=""'])
def test_an_empty_action_is_not_the_default_that_cuts_the_power(fence, bmc, line):
    found = fence.lines([line, "ip=127.0.0.1", "username=" + USER, "password=" + PASSWORD])
    assert found.code == FAILED and bmc.log == []
    assert found.sentence == "the action is empty: wanted its name, or no option of that name"
    found = fence.command_line("-a", "127.0.0.1", "-l", USER, "-o", "")
    assert found.code == FAILED and "the action is empty" in found.sentence


def test_an_unknown_name_on_stdin_is_one_warning(fence, bmc):
    found = fence("status", colour="blue", shape="round")
    assert (found.code, found.out) == (OK, "Status: ON\n")
    assert found.sentence == "WARNING: ignored, no such option: colour, shape"
    assert fence("status", colour="blue", quiet="1").err == ""


def test_a_line_that_may_be_half_a_password_is_not_shown(fence, bmc):
    found = fence("status", password=PASSWORD + "\nsecond half")
    assert (found.code, found.out) == (OK, "Status: ON\n")
    assert found.sentence == "WARNING: ignored: a line without NAME=VALUE"


@pytest.mark.parametrize("form", ["%s\r", " %s \t", '"%s"', '"%s"\r'])
def test_what_an_editor_leaves_around_values_does_no_harm(fence, bmc, form):
    found = fence.lines(["password=%s" % PASSWORD, "username=" + USER] + [
        "%s=%s" % (name, form % value) for name, value in (
            ("action", "status"), ("ip", "127.0.0.1"), ("ipport", "623"), ("lanplus", "1"),
            ("timeout", "20"), ("privlvl", "operator"), ("method", "cycle"),
            ("debug_file", bmc.folder / "debug"))])
    assert (found.code, found.out, found.err) == (OK, "Status: ON\n", "")
    assert (bmc.folder / "debug").exists()


def test_an_unknown_option_on_the_command_line(fence):
    found = fence.command_line("--colour=blue", "-o", "status")
    assert found.code == FAILED and "--colour" in found.sentence
    found = fence.command_line("-o", "status", PASSWORD)
    assert found.code == FAILED and "belongs to no option" in found.sentence


def test_validate_all_asks_no_bmc(fence):
    found = fence("validate-all")
    assert (found.code, found.out, found.err) == (OK, "", "") and found.seconds < 2


# --- secrets

def test_the_password_is_in_no_command_line_environment_or_log(fence, bmc, namespace):
    debug = namespace.folder / "debug"
    child = fence.popen()
    seen, over = set(), threading.Event()
    secret, leaks = PASSWORD.encode(), []

    def watch():
        while not over.is_set():
            for entry in os.listdir("/proc"):
                if not entry.isdigit():
                    continue
                for name in ("cmdline", "environ"):
                    try:
                        data = pathlib.Path("/proc", entry, name).read_bytes()
                    except OSError:
                        continue
                    seen.add(int(entry))
                    if secret in data:
                        leaks.append((entry, name, data))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        out, err = child.communicate("action=reboot\nip=127.0.0.1\nusername=%s\npassword=%s\n"
                                     "verbose=1\ndebug_file=%s\n" % (USER, PASSWORD, debug))
    finally:
        over.set()
        watcher.join()
    assert child.returncode == OK and child.pid in seen
    assert leaks == []
    assert "accepted OFF" in err and "accepted OFF" in debug.read_text()
    assert PASSWORD not in out + err + debug.read_text()


# --- what it says of itself

def test_metadata_needs_neither_pyghmi_nor_options_and_is_quick(fence, namespace):
    for name in ("metadata", "meta-data"):
        by_lines = fence.lines(["action=" + name])
        assert by_lines.code == OK and by_lines.err == ""
    bare = namespace.run([INTERPRETER, "-IS", AGENT, "-o", "metadata"])
    assert bare.stdout == by_lines.out
    times = sorted(fence.lines(["action=metadata"]).seconds for _ in range(5))
    # what a busy machine does to it, it does to the interpreter alone
    alone = min(interpreter_seconds(namespace) for _ in range(5))
    assert times[0] < max(0.1, 4 * alone)
    tree = xml.etree.ElementTree.fromstring(by_lines.out)
    assert tree.tag == "resource-agent" and tree.get("name") == "fence_pyipmi"
    actions = {action.get("name"): action for action in tree.iter("action")}
    assert set(actions) == {"on", "off", "reboot", "status", "monitor", "diag", "metadata",
                            "manpage", "validate-all"}
    assert actions["on"].get("automatic") == "0"


def interpreter_seconds(namespace):
    """What the interpreter takes for nothing."""
    began = time.monotonic()
    namespace.run([INTERPRETER, "-IS", "-c", "pass"])
    return time.monotonic() - began


def test_manpage_help_and_version(fence):
    assert fence.lines(["action=manpage"]).out.startswith('.TH "FENCE_PYIPMI" "8"')
    assert "-a, --ip=[ip]" in fence.command_line("--help").out
    assert fence.command_line("-V").out.startswith("fence_pyipmi ")
