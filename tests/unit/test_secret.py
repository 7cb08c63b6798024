"""Where passwords come from."""

import os
import resource

import pytest

from lbha import secret
from lbha.deadline import Deadline
from lbha.errors import (DeadlineReached, Failed, LocalFault, NotInstalled, Unusable,
                         WrongParameter)


class Parameters:
    """No password at all, but for what is given."""

    def __init__(self, **given):
        self.password = self.password_file = self.password_script = None
        self.__dict__.update(given)


class Log:
    """Keeps warnings."""

    def __init__(self):
        self.lines = []

    def warning(self, text):
        self.lines.append(text)


def find(log=None, seconds=5, **given):
    return secret.find(Parameters(**given), log or Log(), Deadline(seconds))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "password"
    path.write_bytes(b' it\'s "so" \r\nsecond\n')
    path.chmod(0o600)
    return path


def test_the_script_counts_before_the_file_and_the_file_before_the_text(file):
    assert find() == ""
    assert find(password="a b ") == "a b "
    assert find(password="text", password_file=str(file)) == ' it\'s "so" '
    assert find(password="text", password_file=str(file),
                password_script="/bin/echo 'one  word'  two") == "one  word two"


def test_any_bytes(file):
    file.write_bytes(b"caf\xe9\xff")
    assert os.fsencode(find(password_file=str(file))) == b"caf\xe9\xff"
    assert os.fsencode(find(password_script="/bin/cat %s" % file)) == b"caf\xe9\xff"


def test_a_script_gets_no_shell():
    assert find(password_script="/bin/echo $HOME; `id` $(id) > x") == "$HOME; `id` $(id) > x"


@pytest.mark.parametrize("given, kind, sentence", [
    (dict(password_script="cat x"), WrongParameter, "password_script is not an absolute path"),
    (dict(password_script="/bin/echo 'x"), WrongParameter, "password_script: "),
    (dict(password_script="/bin/false"), Failed, "password_script /bin/false ended with code 1"),
    (dict(password_script="/nowhere/x"), NotInstalled, "program /nowhere/x is missing"),
    (dict(password_script="/bin/true"), LocalFault, "password_script /bin/true gives no password"),
    (dict(password_script="/bin/sleep 60", seconds=0.2), DeadlineReached, "sleep did not end"),
    (dict(password_file="/nowhere/x"), Unusable, "password_file /nowhere/x: No such file"),
    (dict(password_file="/"), Unusable, "password_file /: Is a directory"),
    (dict(password_file="/dev/null"), Unusable, "password_file /dev/null gives no password"),
    # as a disk that fails
    (dict(password_file="/proc/self/mem"), LocalFault, "password_file /proc/self/mem: Input/out"),
])
def test_no_password(given, kind, sentence):
    with pytest.raises(kind) as caught:
        find(**given)
    assert type(caught.value) is kind and str(caught.value).startswith(sentence)


def test_a_pipe_that_nobody_writes_to_does_not_keep_us(tmp_path):
    os.mkfifo(str(tmp_path / "pipe"))
    with pytest.raises(LocalFault):
        find(password_file=str(tmp_path / "pipe"))


def test_a_file_that_others_can_read_is_told(file):
    log = Log()
    find(log, password_file=str(file))
    assert log.lines == []
    file.chmod(0o640)
    find(log, password_file=str(file))
    assert log.lines == ["password_file %s can be read by others than its owner" % file]


def test_no_core_file():
    if not os.fork():
        code = 1
        try:
            secret.forbid_core()
            soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
            code = 0 if soft == hard and soft <= 1 else 2
            secret.forbid_core()  # and again, when there is nothing left to lower
        finally:
            os._exit(code)
    assert os.wait()[1] == 0
