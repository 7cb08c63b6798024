"""Turns among many processes that run a real program for each word: never two at once."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests import paths

LAGS = {"node01": 0.0, "node02": 0.06, "node03": 0.03}  # seconds, of the stand-in's nodes
SECONDS = 10

CONTENDER = """
import fcntl, os, sys
sys.path.insert(0, %(library)r)
from lbha.deadline import Deadline, nap
from lbha.turn import Turn

node, folder, hold = sys.argv[1], sys.argv[2], float(sys.argv[3])
turn = Turn("lbha-turn", node, "the reload")
proof = folder + "/proof"
lock = os.open(folder + "/lock-" + node, os.O_CREAT | os.O_WRONLY, 0o600)


def say(word):
    fd = os.open(folder + "/events", os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    os.write(fd, ("%%s %%s\\n" %% (node, word)).encode())
    os.close(fd)


def prove():
    try:
        fd = os.open(proof, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        os.write(fd, node.encode())
        os.close(fd)
    except FileExistsError:
        holder = open(proof).read()
        if holder != node:  # not one of ours, killed in its turn
            say("clashes with " + holder)


while not os.path.exists(folder + "/over"):
    fcntl.flock(lock, fcntl.LOCK_EX)
    reason = turn.take(Deadline(20))
    if reason is None:
        prove()
        say("begins")
        nap(hold)
        os.unlink(proof)
        say("ends")
        turn.done(Deadline(20))
        nap(1.0)  # the first by name goes first: who always wants it would always have it
    fcntl.flock(lock, fcntl.LOCK_UN)
    nap(0.02)
""" % {"library": str(paths.LIBRARY)}


@pytest.fixture
def play(namespace):
    """Call it with a node's name to start a process of that node."""
    (namespace.folder / "attributes.lags").write_text(
        "".join("%s %s\n" % pair for pair in LAGS.items()))

    def start(node, hold=0.1):
        return namespace.popen(
            ["env", "OCF_RESKEY_CRM_meta_on_node=" + node, sys.executable, "-IS", "-c",
             CONTENDER, node, namespace.folder, hold], stderr=subprocess.PIPE)
    return start


def events(namespace):
    """What the processes said: (node, word) in the order of time."""
    path = namespace.folder / "events"
    return [tuple(line.split(" ", 1)) for line in path.read_text().splitlines()] \
        if path.exists() else []


def turns(namespace, nodes):
    """How many turns each node has had to the end."""
    said = events(namespace)
    return {node: said.count((node, "ends")) for node in nodes}


def wait(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited %g s" % seconds
        time.sleep(0.01)


def ask(namespace, node, verb):
    """What a method of a node's Turn returns, in a process of its own."""
    script = ("import json, sys; sys.path.insert(0, %r)\n"
              "from lbha.deadline import Deadline\nfrom lbha.turn import Turn\n"
              "turn = Turn('lbha-turn', sys.argv[1], 'the reload')\n"
              "print(json.dumps(getattr(turn, sys.argv[2])(Deadline(10))))"
              % str(paths.LIBRARY))
    return json.loads(namespace.run(
        ["env", "OCF_RESKEY_CRM_meta_on_node=" + node, sys.executable, "-IS", "-c", script,
         node, verb]).stdout)


@pytest.mark.parametrize("nodes", [2, 3])
def test_never_two_at_once_and_everybody_has_turns(namespace, play, nodes):
    names = sorted(LAGS)[:nodes]
    children = [play(node) for node in names for _ in range(2)]
    end = time.monotonic() + SECONDS
    wait(lambda: min(turns(namespace, names).values()) >= 3 and time.monotonic() > end, 60)
    (namespace.folder / "over").write_text("")
    for child in children:
        assert child.wait(timeout=60) == 0, child.stderr.read()
    said = events(namespace)
    assert [event for event in said if "clashes" in event[1]] == []
    # and the words follow each other as they should, which needs no file
    assert [word for _, word in said] == ["begins", "ends"] * (len(said) // 2)
    print(turns(namespace, names))


def test_the_turn_of_a_killed_process_stays_with_its_node(namespace, play):
    holder = play("node01", hold=60)
    wait(lambda: events(namespace) == [("node01", "begins")])
    kill(holder, namespace)
    for _ in range(2):
        assert ask(namespace, "node02", "take") == \
            "the reload waits for node01, whose turn it is"
    assert ask(namespace, "node01", "take") is None
    ask(namespace, "node01", "done")
    wait(lambda: ask(namespace, "node02", "take") is None)  # it hears of that a little later


def test_processes_are_killed_all_the_time(namespace, play):
    children = {node: play(node) for node in ("node01", "node02")}
    end = time.monotonic() + SECONDS
    kills = 0
    while time.monotonic() < end:
        time.sleep(random.uniform(0.1, 0.8))  # at any moment of what they do
        node = random.choice(sorted(children))
        kill(children[node], namespace)
        kills += 1
        children[node] = play(node)
    said = events(namespace)
    print(kills, "killed", turns(namespace, children))
    assert kills >= 8
    assert [event for event in said if "clashes" in event[1]] == []
    # each goes on after that
    wait(lambda: {node for node, word in events(namespace)[len(said):] if word == "ends"}
         == set(children))


def test_a_failure_keeps_the_others_waiting(namespace, play):
    assert ask(namespace, "node02", "take") is None
    ask(namespace, "node02", "failed")
    assert ask(namespace, "node01", "take") == "the reload waits for node02, where it failed"
    assert ask(namespace, "node02", "take") is None
    ask(namespace, "node02", "done")
    assert ask(namespace, "node01", "take") is None


def kill(child, namespace):
    """SIGKILL to a process of ours and to the program it runs, as Pacemaker does."""
    for pid in [child.pid] + [pid for pid in namespace.pids() if parent(pid) == child.pid]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    child.wait()


def parent(pid):
    """The parent of a process, None when it has ended."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return None
