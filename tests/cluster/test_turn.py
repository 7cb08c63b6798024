"""Turns with the real attribute daemons: never two at once, and a dead node's is over."""

import subprocess
import time

import pytest

from tests.declarations import install
from tests.lab.wait import wait

SECONDS = 10

LOOP = """
import os, sys, time
sys.path.insert(0, %r)
from lbha import cluster, env
from lbha.deadline import Deadline, nap
from lbha.turn import Turn

seconds, hold = float(sys.argv[1]), float(sys.argv[2])
node = cluster.local_node(env.Call("monitor", os.environ, "turn"), Deadline(5))
turn = Turn("lbha-turn-test", node, "the reload")
end = time.monotonic() + seconds
longest = 0.0
while time.monotonic() < end:
    began = time.monotonic()
    reason = turn.take(Deadline(5))
    longest = max(longest, time.monotonic() - began)
    if reason is None:
        began = time.monotonic()  # one clock for all nodes: they share the kernel
        print("turn", repr(began), end=" ", flush=True)
        nap(hold)
        print(repr(time.monotonic()), flush=True)
        turn.done(Deadline(5))
        nap(0.05)
    else:
        print("waits", reason, flush=True)
        nap(0.02)
print("longest", longest)
""" % install.LIBRARY_FOLDER.rpartition("/")[0]


@pytest.fixture
def play(lab):
    """Call it with a node to start a loop there; all of them have ended after the test."""
    children = []

    def start(node, seconds, hold):
        children.append(subprocess.Popen(
            node.enter(["python3", "-IS", "-c", LOOP, str(seconds), str(hold)]),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True))
        return children[-1]
    yield start
    for child in children:
        child.kill()
        child.communicate()
    for node in lab.nodes.values():
        attribute(node, "--delete", "--private")


def attribute(node, *words):
    """attrd_updater about our attribute, on a node."""
    return node.run(["attrd_updater", "--name", "lbha-turn-test", *words]).out


def spans(name, out):
    """(begin, end, node) of the turns that a loop had."""
    return [(*map(float, line.split()[1:]), name)
            for line in out.splitlines() if line.startswith("turn")]


def test_never_two_at_once_and_both_have_turns(lab, play):
    children = {name: play(node, SECONDS, 0.03) for name, node in lab.nodes.items()}
    turns = []
    for name, child in children.items():
        out, err = child.communicate(timeout=SECONDS + 30)
        assert child.returncode == 0, err
        own = spans(name, out)
        print(name, len(own), "turns;", out.splitlines()[-1])
        assert len(own) >= 5, out
        turns += own
    turns.sort()
    overlaps = [(first, second) for first, second in zip(turns, turns[1:])
                if second[0] < first[1]]
    assert overlaps == []
    # nothing of it was ever in the CIB, where it would make the scheduler run
    assert "lbha-turn-test" not in lab.cluster.pcs("cluster", "cib").out


def test_a_node_without_power_has_no_turn(lab, play):
    active = lab.cluster.status().started("vip")[0]
    victim, other = lab.nodes[active], next(
        node for name, node in lab.nodes.items() if name != active)
    holder = play(victim, 60, 60)
    assert holder.stdout.readline(5) == "turn "  # it has begun
    waiting = play(other, 60, 0)
    assert waiting.stdout.readline() == \
        "waits the reload waits for %s, whose turn it is\n" % victim.name
    victim.power_off()
    began = time.monotonic()
    line = waiting.stdout.readline()
    while line.startswith("waits"):
        line = waiting.stdout.readline()
    assert line.startswith("turn"), line
    seconds = time.monotonic() - began
    print("%s has its turn %.1f s after %s lost power" % (other.name, seconds, victim.name))
    assert seconds < 10
    lab.cluster.wait("the VIP is on " + other.name,  # so the victim was fenced: it has power
                     lambda status: status.started("vip") == [other.name], 60)
    victim.wait_booted()
    lab.cluster.start_node(victim)
    wait("%s has no turn from before" % victim.name, lambda: 'host="%s" value="busy"'
         % victim.name not in attribute(victim, "--query", "--all"), 10)
    lab.cluster.pcs("stonith", "history", "cleanup")
