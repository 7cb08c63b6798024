"""Turns among nodes whose attribute daemons hear everything in one order, but not at once."""

import random
import threading

import pytest

from lbha import cluster, turn
from lbha.deadline import Deadline
from lbha.errors import DeadlineReached, Failed
from lbha.turn import Turn

SECONDS = 60


class Killed(BaseException):
    """SIGKILL, as seen from the inside."""


class Daemons:
    """The attribute daemons of some nodes: one list of what was said, of which each node has
    heard a beginning. Stands in for the functions of lbha.cluster."""

    def __init__(self, *nodes):
        self.said = []
        self.heard = dict.fromkeys(nodes, 0)
        self.here = threading.local()  # each thread speaks for a node
        self.step = lambda: self.hear(self.here.node)

    def hear(self, node, everything=True):
        """Let a node hear the next thing that was said, or everything."""
        self.heard[node] = len(self.said) if everything else \
            min(self.heard[node] + 1, len(self.said))

    @property
    def now(self):
        """The flags when everything is heard: {node: flag}."""
        return self._flags(len(self.said))

    def _flags(self, count):
        flags = {}
        for speaker, flag in self.said[:count]:
            flags[speaker] = flag
        return {speaker: flag for speaker, flag in flags.items() if flag}

    def get_attributes(self, name, deadline):
        self.step()
        return self._flags(self.heard[self.here.node])

    def set_attribute(self, name, value, deadline, private):
        self.step()
        self.said.append((self.here.node, value))

    def delete_attribute(self, name, deadline, private):
        self.set_attribute(name, None, deadline, private)

    def install(self, monkeypatch):
        for name in ("get_attributes", "set_attribute", "delete_attribute"):
            monkeypatch.setattr(cluster, name, getattr(self, name))
        return self

    def turn(self, node):
        """The Turn of a node, which is the one that speaks from here on."""
        self.here.node = node
        return Turn("lbha-turn", node, "the reload")


@pytest.fixture
def daemons(monkeypatch):
    """Of three nodes, who hear everything at once."""
    return Daemons("node01", "node02", "node03").install(monkeypatch)


def take(daemons, node):
    return daemons.turn(node).take(Deadline(SECONDS))


# -------------------------------------------------------------------------- one by one

def test_the_first_to_ask_has_the_turn_until_it_is_done(daemons):
    assert take(daemons, "node02") is None
    for node in ("node01", "node03"):
        assert take(daemons, node) == "the reload waits for node02, whose turn it is"
    assert take(daemons, "node02") is None  # a later process of the same node
    daemons.turn("node02").done(Deadline(SECONDS))
    assert take(daemons, "node01") is None
    assert daemons.now == {"node01": "busy"}


def test_who_failed_keeps_the_others_waiting_until_it_succeeds(daemons):
    assert take(daemons, "node02") is None
    daemons.turn("node02").failed(Deadline(SECONDS))
    assert take(daemons, "node01") == "the reload waits for node02, where it failed"
    assert take(daemons, "node02") is None
    assert daemons.now == {"node02": "busy"}
    daemons.turn("node02").done(Deadline(SECONDS))
    assert take(daemons, "node01") is None


def test_who_waits_leaves_nothing_that_others_wait_for(daemons):
    take(daemons, "node02")
    before = len(daemons.said)
    take(daemons, "node01")
    assert len(daemons.said) == before
    daemons.said.append(("node01", "asks"))  # of a call that was killed
    take(daemons, "node01")
    assert daemons.now == {"node02": "busy"}


def test_done_without_a_turn_is_fine(daemons):
    daemons.turn("node01").done(Deadline(SECONDS))
    assert daemons.now == {}


def test_a_node_that_left_is_not_waited_for(daemons):
    assert take(daemons, "node01") is None
    daemons.said.append(("node01", None))  # by all attribute daemons, when it leaves
    assert take(daemons, "node02") is None


@pytest.mark.parametrize("rival, reason", [
    ("node03", None), ("node01", "the reload waits for node01, whose turn it is")])
def test_of_two_who_ask_at_once_the_first_by_name_has_the_turn(daemons, rival, reason):
    looks = []

    def step():
        if ("node02", "asks") in daemons.said:
            looks.append(len(looks))
        if looks == [0]:
            daemons.said.append((rival, "asks"))
        if len(looks) == 4:  # it has looked too, and gives way
            daemons.said.append((rival, None))
        daemons.hear("node02")
    daemons.step = step
    assert take(daemons, "node02") == reason


def test_one_that_asks_for_ever_is_named_and_outwaits_nobody(daemons, monkeypatch):
    monkeypatch.setattr(turn, "PATIENCE", 0.1)
    asked = []

    def step():  # another asks right after us, and is killed
        if daemons.said and not asked:
            asked.append(daemons.said.append(("node03", "asks")))
        daemons.hear("node01")
    daemons.step = step
    assert take(daemons, "node01") == "the reload waits for node03, whose turn it is"
    assert daemons.now == {"node03": "asks"}


def test_an_update_that_does_not_arrive_is_taken_back_and_named(daemons):
    daemons.step = lambda: None  # nothing is heard any more
    with pytest.raises(DeadlineReached, match="waited for attribute lbha-turn to change"):
        daemons.turn("node01").take(Deadline(0.3))
    assert daemons.said[-1] == ("node01", None)


def test_a_refusal_is_told(daemons):
    def refuse(*_, **__):
        raise Failed("the attribute daemon refused lbha-turn: not connected")
    cluster.set_attribute, known = refuse, cluster.set_attribute
    try:
        with pytest.raises(Failed, match="refused lbha-turn"):
            take(daemons, "node01")
    finally:
        cluster.set_attribute = known
    assert daemons.now == {}


# ------------------------------------------------------------- in every order of events

class Race:
    """Nodes that take turns, one step of one of them at a time, and what reaches whom when:
    all as the random number generator has it. A process is killed now and then; another of
    its node follows, when what the first one said has arrived."""

    TURNS = 4      # that every node must have had
    STEPS = 20000  # an end for a race in which one does not get them

    def __init__(self, daemons, seed, kills):
        self.daemons, self.random, self.kills = daemons, random.Random(seed), kills
        self.holders, self.turns = set(), dict.fromkeys(daemons.heard, 0)
        self.clashes, self.over = [], False
        self.main = threading.Semaphore(0)
        self.gates = {node: threading.Semaphore(0) for node in daemons.heard}
        daemons.step = self.step

    def run(self):
        threads = [threading.Thread(target=self.live, args=(node,)) for node in self.gates]
        for thread in threads:
            thread.start()
        nodes = sorted(self.gates)
        for _ in range(self.STEPS):
            node = self.random.choice(nodes)
            if self.random.random() < 0.5:
                self.daemons.hear(node, everything=False)
            else:
                self.gates[node].release()
                self.main.acquire()
            if min(self.turns.values()) >= self.TURNS:
                break
        self.over = True
        for gate in self.gates.values():
            gate.release()
        for thread in threads:
            thread.join()
        return self

    def live(self, node):
        self.daemons.here.node = node
        self.gates[node].acquire()
        while not self.over:
            try:
                self.process(node)
            except Killed:
                self.daemons.hear(node)
        self.main.release()

    def process(self, node):
        own = Turn("lbha-turn", node, "the reload")
        while True:
            if own.take(Deadline(SECONDS)) is None:
                self.holders.add(node)
                if len(self.holders) > 1:
                    self.clashes.append(sorted(self.holders))
                for _ in range(3):
                    self.step()
                # who is killed before this keeps its turn: what it began goes on
                self.holders.discard(node)
                self.turns[node] += 1
                own.done(Deadline(SECONDS))
            for _ in range(self.random.randrange(20)):
                self.step()

    def step(self):
        """In a node's thread: let the others go on."""
        self.main.release()
        self.gates[self.daemons.here.node].acquire()
        if self.over or self.random.random() < self.kills:
            raise Killed()


@pytest.mark.parametrize("kills", [0, 0.02])
@pytest.mark.parametrize("nodes", [2, 3])
def test_never_two_at_once_and_everybody_in_the_end(monkeypatch, nodes, kills):
    # patience, and naps, are a matter of steps here
    monkeypatch.setattr(turn, "nap", lambda seconds: None)
    monkeypatch.setattr("lbha.deadline.nap", lambda seconds: None)
    names = ["node%02d" % (number + 1) for number in range(nodes)]
    for seed in range(40):
        race = Race(Daemons(*names).install(monkeypatch), seed, kills).run()
        assert race.clashes == [], seed
        assert min(race.turns.values()) >= Race.TURNS, (seed, race.turns)
