"""The runner of child processes, side by side with the standard library's."""

import os
import signal
import subprocess
import sys
import time

import pytest

from lbha import host, proc
from lbha.deadline import Deadline
from lbha.errors import DeadlineReached, LocalFault, NotInstalled

PYTHON = [os.path.realpath(sys.executable), "-IS", "-c"]
SHELL = ["/bin/sh", "-c"]
SCRIPTS = {
    "nothing": "pass",
    "exit code": "import sys; sys.exit(3)",
    "both streams": "import os; os.write(1, b'out'); os.write(2, b'err')",
    "signal": "import os; os.kill(os.getpid(), 9)",
    "reads all": "import sys; data = sys.stdin.buffer.read(); print(len(data))",
    "reads nothing": "import os; os.close(0)",
    "not UTF-8": "import os; os.write(1, b'a\\xffb')",
    "closes its streams": "import os; os.close(1); os.close(2)",
    "environment": "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}))",
    "half a megabyte on both":
        "import os, sys\nfor _ in range(8):\n"
        "    sys.stdout.write('o' * 65536); sys.stderr.write('e' * 65536)",
}


@pytest.mark.parametrize("size", [0, 1 << 21])
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_same_as_subprocess(name, size):
    argv, data = PYTHON + [SCRIPTS[name]], b"i" * size
    wanted = subprocess.run(argv, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=proc.ENVIRONMENT)
    found = proc.run(argv, Deadline(20), input=data)
    assert found.code == wanted.returncode
    assert found.out == wanted.stdout.decode("utf-8", "replace")
    assert found.err == wanted.stderr.decode("utf-8", "replace")


def test_a_broken_pipe_ends_a_program_as_it_would_anywhere():
    argv = SHELL + ["kill -PIPE $$"]  # Python itself ignores the signal, and exec keeps that
    assert proc.run(argv, Deadline(20)).code == subprocess.call(argv) == -signal.SIGPIPE


def test_output_beyond_the_limit_is_read_but_not_kept():
    found = proc.run(PYTHON + ["print('x' * (2 << 20)); raise SystemExit(5)"], Deadline(20))
    assert found.code == 5
    assert proc.MOST_OUTPUT <= len(found.out) <= proc.MOST_OUTPUT + 65536


@pytest.mark.parametrize("path", ["/no/such/program", "/etc/passwd/x"])
def test_a_missing_program(path):
    with pytest.raises(NotInstalled, match="program %s is missing" % path):
        proc.run([path], Deadline(5))


def test_a_file_that_is_no_program(tmp_path):
    (tmp_path / "text").write_text("no program")
    with pytest.raises(LocalFault, match="cannot be run"):
        proc.run([str(tmp_path / "text")], Deadline(5))


def test_a_word_with_a_zero_byte_is_refused():
    with pytest.raises(LocalFault, match="cannot be run: Invalid argument"):
        proc.run(PYTHON + ["a\0b"], Deadline(5))


@pytest.mark.parametrize("text", ["\u00e9", "\udcff"])
def test_words_arrive_as_bytes_whatever_the_locale(text):
    show = "import os; print(os.fsencode(__import__('sys').argv[1]))"
    found = proc.run(PYTHON + [show, text], Deadline(5))
    assert found.out.strip() == repr(text.encode("utf-8", "surrogateescape"))


def test_a_child_that_does_not_end_is_killed_at_the_deadline(tmp_path):
    note = tmp_path / "pid"
    script = "import os, time; open(%r, 'w').write(str(os.getpid())); time.sleep(60)" % str(note)
    began = time.monotonic()
    with pytest.raises(DeadlineReached, match="did not end within 1 s"):
        proc.run(PYTHON + [script], Deadline(1))
    assert time.monotonic() - began < 1.5
    assert host.process(int(note.read_text())) is None


def test_a_daemon_that_holds_the_pipe_does_not_hold_us():
    script = ("import os, sys, time\n"
              "pid = os.fork()\n"
              "if not pid: time.sleep(60)\n"
              "print(pid)")
    began = time.monotonic()
    found = proc.run(PYTHON + [script], Deadline(20))
    os.kill(int(found.out), signal.SIGKILL)
    assert found.code == 0 and time.monotonic() - began < 5


def test_output_goes_to_a_descriptor_when_one_is_given(tmp_path):
    fd = os.open(str(tmp_path / "out"), os.O_WRONLY | os.O_CREAT)
    found = proc.run(PYTHON + [SCRIPTS["both streams"]], Deadline(20), output=fd)
    os.close(fd)
    assert (found.code, found.out, found.err) == (0, "", "")
    assert (tmp_path / "out").read_text() == "outerr"


def test_the_environment_is_fixed_and_may_be_added_to():
    os.environ["LBHA_TEST"] = "leak"
    try:
        found = proc.run(PYTHON + ["import os; print(dict(os.environ))"], Deadline(20),
                         environment={"EXTRA": "1"})
    finally:
        del os.environ["LBHA_TEST"]
    environment = eval(found.out)
    environment.pop("LC_CTYPE", None)  # Python's own, PEP 538
    assert environment == dict(proc.ENVIRONMENT, EXTRA="1")


def test_no_descriptor_is_left_and_none_is_inherited():
    script = "import os; print(sorted(os.listdir('/proc/self/fd'), key=int)[:4])"
    before = set(os.listdir("/proc/self/fd"))
    found = proc.run(PYTHON + [script], Deadline(20))
    with pytest.raises(NotInstalled):
        proc.run(["/no/such/program"], Deadline(20))
    # the fourth is the listing itself
    assert found.out.strip() == "['0', '1', '2', '3']"
    assert set(os.listdir("/proc/self/fd")) == before


def test_no_zombie_is_left():
    proc.run(PYTHON + ["pass"], Deadline(20))
    with pytest.raises(DeadlineReached):
        proc.run(PYTHON + ["import time; time.sleep(60)"], Deadline(0.1))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.parametrize("out, err, line", [
    ("one\ntwo\n", "", "two"), ("one\n", "bad\nworse\n\n", "worse"), ("", " \n", "exit code 4")])
def test_the_last_line(out, err, line):
    assert proc.Result(["x"], 4, out, err).last_line == line


def test_programs_are_found_on_the_path_and_named_when_missing(monkeypatch):
    assert proc.find("sh") == "/usr/bin/sh" or proc.find("sh") == "/bin/sh"
    assert proc.find("no-such-program") is None
    with pytest.raises(NotInstalled, match="program no-such-program is missing: install toys"):
        proc.need("no-such-program", "toys")
    monkeypatch.setenv("OCF_TESTER_FAIL_HAVE_BINARY", "1")
    assert proc.find("sh") is None


def test_a_node_without_a_process_left(monkeypatch):
    def no_process():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    before = set(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(proc.os, "fork", no_process)
    with pytest.raises(LocalFault) as caught:
        proc.run(["/bin/true"], Deadline(5))
    assert "/bin/true" in str(caught.value) and "temporarily unavailable" in str(caught.value)
    assert set(os.listdir("/proc/self/fd")) == before


def test_who_the_child_is_is_written_down_before_the_program_begins(tmp_path):
    mark, seen = tmp_path / "mark", []

    def announce(pid):
        seen.append((pid, mark.exists(), host.process(pid).argv == []))

    result = proc.run(SHELL + ["echo $$; : > %s" % mark], Deadline(5), announce=announce)
    assert seen == [(int(result.out), False, False)]
    assert mark.exists()


def test_a_child_that_cannot_be_written_down_never_begins(tmp_path):
    mark, pids = tmp_path / "mark", []

    def announce(pid):
        pids.append(pid)
        raise LocalFault("the disk is full")

    with pytest.raises(LocalFault):
        proc.run(SHELL + [": > %s" % mark], Deadline(5), announce=announce)
    assert host.process(pids[0]) is None
    assert not mark.exists()


@pytest.mark.parametrize("announce, alone", [(None, False), (lambda pid: None, True)])
def test_only_an_announced_child_has_a_session_of_its_own(announce, alone):
    script = "import os; print(os.getsid(0) == os.getpid())"
    result = proc.run(PYTHON + [script], Deadline(5), announce=announce)
    assert result.out.strip() == str(alone)
