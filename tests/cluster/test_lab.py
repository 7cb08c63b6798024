"""The lab itself: it leaves nothing behind, however it ends, and says clearly what is wrong."""

import os
import signal
import subprocess
import sys

import pytest

from tests import paths
from tests.cluster.machine import labs, snapshot
from tests.lab.lab import Lab, leftovers

COMMAND = [sys.executable, "-m", "tests.lab"]


def run(*words, **options):
    """The lab's command line, to its end."""
    return subprocess.run([*COMMAND, *words], cwd=paths.CHECKOUT, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, timeout=120, **options)


@pytest.fixture
def name(root):
    """A lab of the test's own."""
    name = "alone-%d" % os.getpid()
    yield name
    assert run("down", "--name", name).returncode == 0


@pytest.mark.alone
def test_up_and_down_leave_the_machine_as_it_was(name):
    before, others = snapshot(), labs()
    lab = Lab(name, cluster=False)
    lab.up()
    assert snapshot() - before, "a lab should have been seen"
    lab.down()
    assert snapshot() - before == set()
    assert labs() - others == set()
    assert leftovers(name) == []


def begin(name, line, command="up"):
    """Start a command of the lab, and return it when it has printed a line with these words."""
    # who runs the tests in the background may have them ignore Ctrl-C
    child = subprocess.Popen(["env", "--default-signal=INT", *COMMAND, command, "--name", name],
                             cwd=paths.CHECKOUT, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, universal_newlines=True)
    for said in child.stdout:
        if line in said:
            return child
    pytest.fail("it ended without saying %r: %s" % (line, child.stderr.read()))


@pytest.mark.alone
@pytest.mark.parametrize("command, line", [("up", "booting"), ("demo", "the web through")])
def test_ctrl_c_takes_everything_down_again(name, command, line):
    before = snapshot()
    child = begin(name, line, command)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130, (out, err)
    assert "Traceback" not in err
    assert leftovers(name) == []
    assert snapshot() - before == set()


def test_down_clears_up_after_a_crash(name):
    child = begin(name, "setting up the cluster")
    child.kill()
    child.communicate()
    assert leftovers(name) != []
    assert run("down", "--name", name).returncode == 0
    assert leftovers(name) == []


def test_a_second_lab_of_the_name_is_refused_in_a_sentence(name):
    child = begin(name, "booting")
    second = run("up", "--name", name)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    assert second.returncode == 1
    assert name in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1


AS_NOBODY = ("import os, sys; from tests.lab import __main__ as lab; os.setuid(65534); "
             "sys.argv[1:] = ['up', '--name', 'nobody']; sys.exit(lab.main())")


def test_without_root_a_sentence(name):
    done = subprocess.run([sys.executable, "-c", AS_NOBODY], cwd=paths.CHECKOUT,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=30)
    assert done.returncode == 1
    assert "root" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
