"""Pacemaker's daemons by their processes: known again, found anew, and how long they live."""

import os
import shutil
import subprocess

import pytest

from lbha import host, state
from lbha.deadline import Deadline
from lbha.reach import daemons
from lbha.reach.daemons import Daemons


@pytest.fixture
def run(tmp_path):
    """Runs a program under a daemon's name; all end with the test."""
    children = []

    def run(name):
        program = shutil.copy(shutil.which("sleep"), str(tmp_path / name))
        child = subprocess.Popen([program, "600"])
        children.append(child)
        # the kernel closes the pipe that Popen waits for before it sets the name
        Deadline(10).wait(lambda: host.read("/proc/%d/comm" % child.pid).decode()
                          == name[:15] + "\n", "the name of a process")
        return child

    yield run
    for child in children:
        child.kill()
        child.wait()


@pytest.fixture
def folder(tmp_path):
    return state.Folder("ping", "ping", str(tmp_path / "run"))


@pytest.fixture
def soon(monkeypatch):
    """Whoever lives has settled."""
    monkeypatch.setattr(daemons, "UNSETTLED", 0.0)


def test_both_have_to_be_there(folder, run, soon):
    assert not Daemons(folder).settled()
    run("pacemaker-attrd")
    assert not Daemons(folder).settled()
    run("pacemaker-controld")
    assert Daemons(folder).settled()


def test_who_is_known_is_not_looked_for(folder, run, soon, monkeypatch):
    attrd, _ = run("pacemaker-attrd"), run("pacemaker-controld")
    assert Daemons(folder).settled()
    with monkeypatch.context() as patch:
        patch.setattr(host, "processes_called", None)
        assert Daemons(folder).settled()
    attrd.kill()
    attrd.wait()
    assert not Daemons(folder).settled()
    run("pacemaker-attrd")
    assert Daemons(folder).settled()


def test_who_was_started_anew_has_not_settled(folder, run):
    run("pacemaker-attrd")
    run("pacemaker-controld")
    assert not Daemons(folder).settled()


@pytest.mark.parametrize("text", ["processes=1\n", "processes=x y 1 2\n", "\0", "processes=\n"])
def test_a_damaged_file_is_as_none(folder, run, soon, text):
    run("pacemaker-attrd")
    run("pacemaker-controld")
    folder.write(daemons.FILE, text)
    assert Daemons(folder).settled()


@pytest.mark.parametrize("who", ["init", "we"])
def test_the_age_of_a_process(who):
    """In whole seconds, as ps has it."""
    pid = {"init": 1, "we": os.getpid()}[who]
    found = subprocess.run(["ps", "-o", "etimes=", "-p", str(pid)], stdout=subprocess.PIPE,
                           check=True)
    assert -1 < host.process(pid).age - int(found.stdout) < 2
