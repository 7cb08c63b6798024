"""Held monitors, from the inside: which sources stay open, and how often one looks."""

import time

import pytest

from lbha import actions, ocf
from lbha.deadline import Deadline
from lbha.env import Call


class Source:
    """An event source without a descriptor; nothing happens to it."""

    fd = None

    def __init__(self):
        self.closed = 0

    def happened(self):
        return False

    def close(self):
        self.closed += 1


class Values:
    """The parameters that the runtime asks for."""

    hold, degraded_code = 0.5, "0"


class Record(dict):
    """What start recorded: nothing."""

    def __getitem__(self, key):
        return self.get(key)

    def reload(self):
        pass


class Agent:
    """What a held monitor needs of an agent."""

    p, record, faults = Values(), Record(stopping="1"), []

    def __init__(self, pause, sources):
        self.call = Call("monitor", {"OCF_RESKEY_CRM_meta_interval": "100",
                                     "OCF_RESKEY_CRM_meta_timeout": "60000"}, "agent")
        self.deadline = Deadline(30)
        self.pause, self.sources, self.looks = pause, sources, 0

    def find(self):
        self.looks += 1
        return ocf.running()


def stay(pause, sources):
    """How a hold of half a second went."""
    agent = Agent(pause, sources)
    assert actions._stay(agent, ocf.running()).running
    return agent


def test_a_source_that_is_named_again_stays_open_until_the_end():
    first, made = Source(), []

    def sources():
        made.append(Source())
        assert not first.closed
        assert [source.closed for source in made] == [1] * (len(made) - 2) + [0] * min(
            len(made), 2), "the one before is closed when a new one is there"
        return [first, made[-1]]

    stay(0.1, sources)
    assert len(made) > 2
    assert first.closed == 1 and [source.closed for source in made] == [1] * len(made)


def test_sources_are_closed_when_a_look_fails():
    source = Source()
    agent = Agent(0.01, lambda: [source])
    agent.find = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        actions._stay(agent, ocf.running())
    assert source.closed == 1


@pytest.mark.parametrize("pause, least, most", ((0.05, 4, 12), (10.0, 1, 1)))
def test_the_agent_says_how_often_it_looks(pause, least, most):
    began = time.monotonic()
    agent = stay(pause, lambda: [Source()])
    assert least <= agent.looks <= most
    assert time.monotonic() - began >= 0.5


def test_what_is_wrong_is_told_without_a_pause(monkeypatch):
    class News(Source):
        due = 0

        def happened(self):
            return True

    def pause(seconds):
        raise AssertionError("the cluster waits %s s for nothing" % seconds)

    monkeypatch.setattr(actions, "nap", pause)
    agent = Agent(10.0, lambda: [News()])
    agent.find = ocf.absent
    assert actions._stay(agent, ocf.running()).absent
