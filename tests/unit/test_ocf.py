"""The runtime of resource agents: the contract cell by cell, and held monitors."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from lbha import cluster, degraded, host, ocf, proc, state
from lbha.deadline import Deadline
from tests.unit import toy

OK, GENERIC, ARGS, UNIMPLEMENTED, PERM, INSTALLED, CONFIGURED, NOT_RUNNING = range(8)
PREFIX = "ocf-exit-reason:"
ATTRD = pathlib.Path(__file__).parents[1] / "agent/attrd_updater.py"


class World:
    """The toy's world, the calls to it, and what came of them."""

    def __init__(self, folder, capfd):
        self.folder, self.capfd = folder, capfd
        self.err = self.out = ""
        self.parameters = {"world": str(folder)}

    def set(self, **files):
        """Write files of the world: up="", raise_stop="Failed so", ..."""
        for name, text in files.items():
            (self.folder / name.replace("_", "-")).write_text(text)

    def has(self, name):
        return (self.folder / name).exists()

    @property
    def verbs(self):
        """The agent's verbs since the last time somebody asked."""
        path = self.folder / "verbs"
        verbs = path.read_text().split() if path.exists() else []
        path.write_text("")
        return verbs

    def environ(self, interval=None, timeout=20, **meta):
        environ = {"OCF_RESOURCE_INSTANCE": "bear",
                   "OCF_RESKEY_CRM_meta_timeout": str(int(timeout * 1000))}
        if interval is not None:
            environ["OCF_RESKEY_CRM_meta_interval"] = str(int(interval * 1000))
        environ.update(("OCF_RESKEY_" + name, value)
                       for name, value in self.parameters.items())
        environ.update(meta)
        return environ

    def call(self, action, **options):
        """The exit code of an action, in this process."""
        code = ocf.run(toy.Toy, action, self.environ(**options))
        self.out, self.err = self.capfd.readouterr()
        return code

    def text(self, name):
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def popen(self, action, start_new_session=False, **options):
        """The action in a process of its own."""
        environ = dict(self.environ(**options), PATH=os.environ["PATH"])
        return subprocess.Popen([sys.executable, toy.__file__, action], env=environ,
                                start_new_session=start_new_session,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, universal_newlines=True)

    @property
    def reasons(self):
        return [line[len(PREFIX):] for line in self.err.splitlines()
                if line.startswith(PREFIX)]


@pytest.fixture
def world(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(state, "ROOT", str(tmp_path / "state"))
    monkeypatch.setattr(host, "is_root", lambda: True)
    cwd, umask = os.getcwd(), os.umask(0o022)
    yield World(tmp_path, capfd)
    os.chdir(cwd)
    os.umask(umask)


@pytest.fixture
def attributes(tmp_path, monkeypatch):
    """The file of a stand-in for attrd_updater: a line for each call."""
    folder, log = tmp_path / "bin", tmp_path / "attributes"
    folder.mkdir()
    program = folder / "attrd_updater"
    program.write_text("#!%s -I\n%s" % (os.path.realpath(sys.executable),
                                        ATTRD.read_text().replace("@FILE@", str(log))))
    program.chmod(0o755)
    monkeypatch.setattr(proc, "PATH", (str(folder),) + proc.PATH)
    monkeypatch.setattr(degraded, "AFTER", 0.0)
    return log


# ---------------------------------------------------------- the contract, cell by cell

def wrong_parameter(world):
    world.parameters["speed"] = "fast"


def not_installed(world):
    world.set(raise_validate="NotInstalled the box is missing")


def local_fault(world):
    world.set(raise_validate="LocalFault the box is torn")


FAULTS = {wrong_parameter: CONFIGURED, not_installed: INSTALLED, local_fault: GENERIC}
FOUND = {"up": OK, "half": GENERIC, "nothing": NOT_RUNNING}


@pytest.mark.parametrize("action", ["start", "validate-all"])
@pytest.mark.parametrize("fault", FAULTS)
def test_start_and_validate_answer_the_situation_and_start_nothing(world, fault, action):
    fault(world)
    assert world.call(action) == FAULTS[fault]
    assert len(world.reasons) == 1 and not world.has("up")


@pytest.mark.parametrize("interval", [0, 10])
@pytest.mark.parametrize("found", FOUND)
@pytest.mark.parametrize("fault", FAULTS)
def test_monitor_and_probe_answer_what_is_found(world, fault, found, interval):
    fault(world)
    world.set(**{found: ""})
    assert world.call("monitor", interval=interval) == FOUND[found]


@pytest.mark.parametrize("found", FOUND)
@pytest.mark.parametrize("fault", FAULTS)
def test_stop_takes_away_what_is_there_whatever_is_misconfigured(world, fault, found):
    fault(world)
    world.set(**{found: ""})
    assert world.call("stop") == OK
    assert not world.has("up") and not world.has("half") and world.reasons == []


@pytest.mark.parametrize("fault", FAULTS)
def test_reload_lets_the_old_state_serve_on_and_says_so(world, attributes, fault):
    world.set(up="")
    fault(world)
    assert world.call("reload") == OK
    assert world.has("up") and "the old state serves on" in world.err
    assert world.call("monitor", interval=10) == OK
    assert attributes.read_text().startswith("set\tlbha-bear\t")


@pytest.mark.parametrize("found, code", [("nothing", NOT_RUNNING), ("half", GENERIC)])
@pytest.mark.parametrize("fault", FAULTS)
def test_reload_of_what_was_not_started_is_a_failure(world, fault, found, code):
    world.set(**{found: ""})
    fault(world)
    assert world.call("reload") == code


@pytest.mark.parametrize("fault", FAULTS)
def test_reload_of_what_crashed_and_cannot_be_started_is_a_failure(world, fault):
    assert world.call("start") == OK
    (world.folder / "up").unlink()
    fault(world)
    assert world.call("reload") == GENERIC
    assert len(world.reasons) == 1


def test_reload_of_what_crashed_starts_it(world):
    assert world.call("start") == OK
    (world.folder / "up").unlink()
    assert world.call("reload") == OK
    assert world.has("up")


def test_a_reload_that_ended_the_resource_is_a_failure_with_its_reason(world):
    world.set(up="", fatal="", raise_reload="Failed it fell apart")
    assert world.call("reload") == GENERIC
    assert world.reasons == ["it fell apart"]


def test_a_reload_that_works_mends_what_one_before_left(world, attributes):
    world.set(up="", raise_reload="LocalFault no")
    assert world.call("reload") == OK
    (world.folder / "raise-reload").unlink()
    assert world.call("reload-agent") == OK
    assert world.call("monitor", interval=10) == OK
    assert not attributes.exists()


@pytest.mark.parametrize("action", ["start", "stop", "monitor", "reload", "validate-all"])
def test_without_privilege(world, monkeypatch, action):
    monkeypatch.setattr(host, "is_root", lambda: False)
    world.set(up="")
    assert world.call(action, interval=10) == PERM
    assert "needs root" in world.reasons[0] and world.verbs == []


@pytest.mark.parametrize("action", ["play", "promote", "notify", "migrate_to"])
def test_an_unknown_action(world, action):
    assert world.call(action) == UNIMPLEMENTED
    assert action in world.reasons[0]


def test_what_is_in_the_wanted_state_stays_there(world):
    assert world.call("stop") == OK
    assert world.call("start") == OK and world.has("up")
    world.verbs
    assert world.call("start") == OK
    assert "start" not in world.verbs
    assert world.call("stop") == OK and not world.has("up")
    assert world.call("stop") == OK


def test_a_running_resource_is_adopted(world):
    world.set(up="")
    assert world.call("start") == OK
    assert world.verbs[-1] == "adopt"


def test_what_an_earlier_start_left_is_removed_first(world):
    world.set(half="")
    assert world.call("start") == OK
    verbs = world.verbs
    assert verbs.index("stop") < verbs.index("start") and not world.has("half")


@pytest.mark.parametrize("action, verb", [
    ("start", "start"), ("stop", "stop"), ("monitor", "find"), ("monitor", "observe")])
def test_the_own_deadline_comes_before_the_clusters(world, action, verb):
    if action != "start":
        world.set(up="")
    world.set(**{"sleep_" + verb: "20"})
    began = time.monotonic()
    assert world.call(action, interval=10, timeout=0.6) == GENERIC
    assert time.monotonic() - began < 0.6
    assert action in world.reasons[0]


def test_the_deadline_is_reached_waiting_for_what_never_comes(world):
    world.set(up="", stubborn="")
    assert world.call("stop", timeout=0.5) == GENERIC
    assert world.reasons == ["not gone after 0.3 s: it is still there"]


def test_a_reload_at_its_deadline_lets_the_old_state_serve(world):
    world.set(up="", sleep_reload="20")
    assert world.call("reload", timeout=0.5) == OK


def test_who_hangs_again_after_the_alarm_is_ended(world):
    world.set(sleep_stop="20", sleep_find="20")
    began = time.monotonic()
    assert world.call("stop", timeout=0.5) == GENERIC
    assert time.monotonic() - began < 2
    assert world.reasons == ["stop did not end within 0.3 s"]


def test_the_alarm_ends_with_the_action(world):
    assert world.call("stop", timeout=0.5) == OK
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.parametrize("timeout, seconds", [(0.5, 0.3), (10, 9.5), (20, 19), (120, 118)])
def test_the_margin_before_the_clusters_sigkill(timeout, seconds):
    assert ocf.budget(timeout) == pytest.approx(seconds)


# ------------------------------------------------------------------------------ stop

def test_a_stop_that_failed_counts_only_when_something_is_left(world):
    world.set(raise_stop="Failed it bites")
    assert world.call("stop") == OK and "it bites" in world.err and world.reasons == []
    world.set(up="")
    assert world.call("stop", timeout=2) == GENERIC
    assert "it bites" in world.reasons[0]


def test_a_stop_tries_again_while_something_is_left(world):
    world.set(up="", stubborn="")
    child = world.popen("stop", timeout=20)
    until(lambda: world.text("verbs").count("stop\n") >= 2)
    (world.folder / "stubborn").unlink()
    assert child.wait(10) == OK
    child.communicate()


def test_an_orphan_that_waited_for_the_lock_starts_nothing(world):
    with state.Folder("toy", "bear").lock(Deadline(5)):
        orphan = world.popen("start", timeout=20, start_new_session=True)
        until(lambda: "validate\n" in world.text("verbs"))
        orphan.stdout.close()
        orphan.stderr.close()
    assert orphan.wait(10) == GENERIC
    assert not world.has("up") and "start" not in world.verbs


@pytest.mark.parametrize("kind", ["Failed", "LocalFault", "DeadlineReached"])
def test_a_stop_that_could_not_look_looks_again(world, kind):
    world.set(up="", raise_find=kind + " no memory")
    child = world.popen("stop", timeout=20)
    until(lambda: world.text("verbs").count("find\n") >= 2)
    (world.folder / "raise-find").unlink()
    assert child.wait(10) == OK
    child.communicate()
    world.set(raise_find=kind + " no memory")
    assert world.call("stop", timeout=1) == GENERIC
    assert "no memory" in world.reasons[0]


def test_a_stop_ends_an_orphan_that_keeps_the_lock(world):
    world.set(sleep_start="60")
    orphan = world.popen("start", timeout=100, start_new_session=True)
    until(lambda: "start\n" in world.text("verbs"))
    began = time.monotonic()
    assert world.call("stop", timeout=20) == OK
    assert time.monotonic() - began < 8
    assert orphan.wait(5) == -9
    orphan.communicate()


def test_monitor_and_stop_go_on_where_the_state_folder_is_not_to_be_trusted(world):
    assert world.call("start") == OK
    os.chmod(state.ROOT, 0o777)
    assert world.call("monitor", interval=10) == OK
    assert "writable for others" in world.err
    assert world.call("stop") == OK and not world.has("up")
    assert "writable for others" in world.err
    assert world.call("start") == GENERIC


@pytest.mark.parametrize("verb", ["after_stop", "stop"])
def test_a_defect_beside_the_matter_fails_no_stop(world, verb):
    world.set(up="", **{"raise_" + verb: "Defect so"})
    (world.folder / "up").unlink()
    assert world.call("stop") == OK
    assert "internal error" in world.err


def test_a_stop_forgets_what_start_recorded(world):
    assert world.call("start") == OK
    assert world.call("monitor", interval=10) == OK
    assert world.call("stop") == OK
    assert os.listdir(state.ROOT + "/toy-bear") == ["lock"]


def test_a_stop_succeeds_where_nothing_can_be_written(world, monkeypatch):
    world.set(up="")

    def full(folder, name, text):
        raise folder._fault("cannot write", name, OSError(28, "No space left on device"))

    monkeypatch.setattr(state.Folder, "write", full)
    assert world.call("stop") == OK and not world.has("up")
    assert "No space left" in world.err


def test_a_stop_ends_an_orphaned_monitor_first(world, child):
    world.set(up="", pid=host.process(child.pid).key)
    orphan = held(world)
    assert world.call("stop") == OK
    assert orphan.wait(0) == -signal.SIGKILL
    orphan.communicate()


def test_a_monitor_beside_a_stop_brings_nothing_back(world):
    world.set(up="")
    state.Record(state.Folder("toy", "bear")).update(stopping=1)
    assert world.call("monitor", interval=10) == OK
    assert "observe" not in world.verbs


def test_a_start_after_a_stop_that_was_killed_is_looked_after_again(world):
    world.set(up="")
    state.Record(state.Folder("toy", "bear")).update(stopping=1)
    assert world.call("start") == OK
    assert world.call("monitor", interval=10) == OK
    assert "observe" in world.verbs


# ------------------------------------------------------------------------ exit reasons

@pytest.mark.parametrize("sentence", ["x" * 127 + "\u00e9", "x" * 126 + "\u20ac", "\u00e9" * 200])
def test_a_reason_is_at_most_128_bytes_and_never_ends_inside_a_character(world, sentence):
    world.set(raise_start="Failed " + sentence)
    assert world.call("start") == GENERIC
    reason = world.reasons[0]
    assert sentence.startswith(reason)
    assert 125 <= len(reason.encode()) <= 128


def test_a_reason_is_one_printable_line(world):
    world.set(raise_start="Failed one\ntwo\x1b[31m\x01three")
    assert world.call("start") == GENERIC
    assert world.reasons == ["one two [31m three"]


def test_bytes_that_are_no_text_are_survived(world):
    world.parameters["speed"] = "\udcff\udcfe"
    assert world.call("start") == CONFIGURED
    assert len(world.reasons) == 1 and world.reasons[0].startswith("speed=")


def test_a_defect_of_ours_shows_neither_a_traceback_nor_nothing(world):
    world.set(raise_find="Nonsense by zero")
    assert world.call("monitor", interval=10) == GENERIC
    assert world.reasons[0].startswith("internal error: ZeroDivisionError at toy.py:")
    assert "Traceback" not in world.err


def test_the_prefix_is_what_the_cluster_says(world):
    assert world.call("monitor", interval=10,
                      OCF_EXIT_REASON_PREFIX="because:") == NOT_RUNNING
    assert "\nbecause:it is not up\n" in "\n" + world.err


def test_only_a_probe_that_finds_it_running_restores(world):
    for files, code, verbs in (({}, NOT_RUNNING, ["find"]), ({"up": ""}, OK, ["find", "restore"]),
                               ({"raise_restore": "Failed so"}, OK, ["find", "restore"]),
                               ({"half": ""}, GENERIC, ["find"])):
        world.set(**files)
        assert world.call("monitor", interval=0) == code
        assert world.verbs == verbs
        assert ("WARNING: so" in world.err) == ("raise_restore" in files)
    (world.folder / "half").unlink()
    assert world.call("monitor", interval=10) == OK
    assert "restore" not in world.verbs


def test_a_healthy_monitor_and_a_probe_of_nothing_say_nothing(world):
    assert world.call("monitor", interval=0) == NOT_RUNNING
    assert (world.out, world.err) == ("", "")
    world.set(up="")
    assert world.call("monitor", interval=10) == OK
    assert (world.out, world.err) == ("", "")


# ---------------------------------------------------------------------------- degraded

def begin(world, **files):
    """The toy as start leaves it, then these files."""
    if not world.has("up"):
        assert world.call("start") == OK
    world.set(**files)


def test_what_a_stop_took_back_is_not_told_again(world, attributes):
    """An orphaned monitor that looked before the stop and speaks after it."""
    begin(world, look="web1 is down")
    assert world.call("stop") == OK
    world.set(up="")
    assert world.call("monitor", interval=10) == OK
    assert not attributes.exists()


def test_degraded_is_told_once_it_has_lasted_and_taken_back(world, attributes, monkeypatch):
    monkeypatch.setattr(degraded, "AFTER", 0.2)
    begin(world, look="web1 is down")
    assert world.call("monitor", interval=10) == OK
    assert not attributes.exists() and world.err == ""
    until(lambda: world.call("monitor", interval=10) == OK and attributes.exists())
    assert attributes.read_text() == "set\tlbha-bear\tweb1 is down\t\n"
    assert "degraded: web1 is down" in world.err
    assert world.call("monitor", interval=10) == OK
    assert attributes.read_text().count("\n") == 1 and world.err == ""
    (world.folder / "look").unlink()
    assert world.call("monitor", interval=10) == OK
    assert attributes.read_text().splitlines()[1:] == ["delete\tlbha-bear\t\t"]
    assert "no longer degraded" in world.err


def test_what_a_restart_of_the_cluster_took_is_told_again_after_its_probe(world, attributes):
    begin(world, look="web1 is down")
    for lost in (False, True):
        assert world.call("monitor", interval=10) == OK
        assert attributes.read_text() == "set\tlbha-bear\tweb1 is down\t\n"
        attributes.unlink()
        assert world.call("monitor", interval=10) == OK
        assert not attributes.exists(), "nobody asks whether the cluster has it"
        assert world.call("monitor", interval=0) == OK and world.err == ""
    assert not attributes.exists()


def test_another_sentence_replaces_the_first(world, attributes):
    for sentence in ("one", "two"):
        begin(world, look=sentence)
        assert world.call("monitor", interval=10) == OK
    assert [line.split("\t")[2] for line in attributes.read_text().splitlines()] == [
        "one", "two"]


def test_a_wrong_parameter_of_a_running_resource_degrades(world, attributes):
    begin(world)
    wrong_parameter(world)
    assert world.call("monitor", interval=10) == OK
    assert 'speed="fast" is not' in attributes.read_text()


def test_the_code_for_degraded_is_an_option_and_not_logged_again(world, attributes):
    world.parameters["degraded_code"] = "190"
    begin(world, look="web1 is down")
    assert world.call("monitor", interval=10) == 190
    assert world.reasons == ["web1 is down"]
    assert world.call("monitor", interval=10) == 190
    assert world.err == PREFIX + "web1 is down\n"


def test_a_stop_takes_the_attribute_away(world, attributes):
    begin(world, look="web1 is down")
    assert world.call("monitor", interval=10) == OK
    assert world.call("stop") == OK
    assert attributes.read_text().splitlines()[-1].startswith("delete\tlbha-bear")


def test_what_the_attribute_daemon_refused_is_logged_once_and_tried_again(
        world, attributes, monkeypatch):
    monkeypatch.setattr(proc, "PATH", ("/nowhere",))
    begin(world, look="web1 is down")
    assert world.call("monitor", interval=10) == OK
    assert "attrd_updater is missing" in world.err
    assert world.call("monitor", interval=10) == OK
    assert world.err == "" and not attributes.exists()
    monkeypatch.setattr(proc, "PATH", (str(world.folder / "bin"),))
    assert world.call("monitor", interval=10) == OK
    assert attributes.read_text().startswith("set\tlbha-bear\tweb1 is down")


def test_the_value_of_an_attribute_is_read_back(world, attributes):
    begin(world, look='a "quoted" one')
    assert world.call("monitor", interval=10) == OK
    assert cluster.get_attribute("lbha-bear", Deadline(5)) == 'a "quoted" one'
    assert cluster.get_attribute("other", Deadline(5)) is None


# ----------------------------------------------------------------------- held monitors

@pytest.fixture
def child():
    process = subprocess.Popen([sys.executable, "-IS", "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def until(condition, seconds=10):
    """Wait for a condition."""
    Deadline(seconds).wait(condition, "the condition of a test")


def follow(world, **options):
    """Run the monitor before, and wait out the interval."""
    before = world.popen("monitor", interval=0.1, timeout=60, **options)
    assert before.wait(10) == OK
    before.communicate()
    world.verbs
    time.sleep(0.1)


def held(world, **options):
    """A monitor that has looked and now waits."""
    def looked():
        path = world.folder / "verbs"
        return path.exists() and "observe" in path.read_text()

    for _ in range(10):
        world.verbs
        monitor = world.popen("monitor", interval=0.1, timeout=60, **options)
        until(lambda: monitor.poll() is not None or looked())
        try:
            monitor.wait(0.3)
        except subprocess.TimeoutExpired:
            return monitor
        monitor.communicate()
        time.sleep(0.1)  # the first one answers at once, and so does one that comes too late
    raise AssertionError("no monitor holds")


def test_the_first_monitor_answers_at_once_and_the_next_sees_the_failure_at_once(world, child):
    world.set(up="", pid=host.process(child.pid).key)
    began = time.monotonic()
    follow(world)
    assert time.monotonic() - began < 5
    monitor = held(world)
    child.kill()
    killed = time.monotonic()
    _, err = monitor.communicate(timeout=10)
    assert time.monotonic() - killed < 1
    assert monitor.returncode == NOT_RUNNING
    assert PREFIX + "it is not up" in err


@pytest.mark.parametrize("parameters, meta", [
    ({"hold": "0"}, {}), ({}, {"OCF_RESKEY_CRM_meta_notify": "true"})])
def test_no_hold_when_none_is_wanted(world, child, parameters, meta):
    world.parameters.update(parameters)
    world.set(up="", pid=host.process(child.pid).key)
    follow(world, **meta)
    monitor = world.popen("monitor", interval=0.1, timeout=60, **meta)
    assert monitor.wait(10) == OK
    monitor.communicate()


def test_a_hold_ends_with_its_time(world, child):
    world.parameters["hold"] = "500ms"
    world.set(up="", pid=host.process(child.pid).key)
    follow(world)
    began = time.monotonic()
    monitor = world.popen("monitor", interval=0.1, timeout=60)
    assert monitor.wait(10) == OK
    assert 0.5 <= time.monotonic() - began < 5
    monitor.communicate()


def test_a_hold_ends_when_its_reader_is_gone_and_leaves_no_stamp(world, child):
    world.set(up="", pid=host.process(child.pid).key)
    monitor = held(world)
    monitor.stdout.close()
    monitor.stderr.close()
    monitor.wait(5)
    assert state.Folder("toy", "bear").read("stamp-100-0") is None


def test_a_probe_makes_the_next_monitor_answer_at_once(world, child):
    world.set(up="", pid=host.process(child.pid).key)
    follow(world)
    assert world.call("monitor", interval=0) == OK
    monitor = world.popen("monitor", interval=0.1, timeout=60)
    assert monitor.wait(5) == OK
    monitor.communicate()


def test_a_killed_monitor_makes_the_next_answer_at_once(world, child):
    world.set(up="", pid=host.process(child.pid).key)
    monitor = held(world)
    monitor.kill()
    monitor.communicate()
    monitor = world.popen("monitor", interval=0.1, timeout=60)
    assert monitor.wait(5) == OK
    monitor.communicate()


# ------------------------------------------------------------- texts, streams, signals

@pytest.mark.parametrize("action, begin", [
    ("meta-data", "<?xml "), ("usage", "usage: toy "), ("manpage", ".TH "), ("", "usage: ")])
def test_texts_need_neither_parameters_nor_privilege(world, monkeypatch, action, begin):
    monkeypatch.setattr(host, "is_root", lambda: False)
    assert world.call(action) == OK
    assert world.out.startswith(begin) and world.err == ""


def test_the_dialect_follows_the_caller(world):
    world.call("meta-data")
    assert '<action name="reload" ' in world.out and "ra-api-1.dtd" in world.out
    world.call("meta-data", OCF_RA_VERSION_MAJOR="1", OCF_RA_VERSION_MINOR="1")
    assert '<action name="reload-agent" ' in world.out and "<version>1.1<" in world.out


def test_a_reader_that_has_read_enough_is_no_error(world):
    reader, writer = os.pipe()
    os.close(reader)
    child = subprocess.Popen([sys.executable, toy.__file__, "meta-data"], stdout=writer,
                             env=dict(world.environ(), PATH=os.environ["PATH"]),
                             stderr=subprocess.PIPE)
    os.close(writer)
    assert child.communicate(timeout=10)[1] == b"" and child.returncode == OK


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_no_file_of_ours_takes_the_place_of_a_closed_stream(world, closed):
    shell = 'exec "$0" "$@" ' + closed
    environ = dict(world.environ(), PATH=os.environ["PATH"])
    argv = ["/bin/sh", "-c", shell, sys.executable, toy.__file__]
    assert subprocess.call(argv + ["start"], env=environ) == OK
    assert world.has("up")
    streams = (world.folder / "streams").read_text().splitlines()
    for sign, stream in zip(("<&-", " >&-", "2>&-"), streams):
        if sign in " " + closed:
            assert stream == os.devnull
    assert subprocess.call(argv + ["stop"], env=environ) == OK


def test_an_interrupt_by_hand_ends_it_without_a_word(world):
    world.set(up="", sleep_find="20")
    monitor = world.popen("monitor")
    until(lambda: "find" in world.verbs)
    monitor.send_signal(signal.SIGINT)
    assert monitor.communicate(timeout=5) == ("", "")
    assert monitor.returncode == -signal.SIGINT
