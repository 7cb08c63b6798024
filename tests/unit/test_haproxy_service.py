"""Who may still bring the stick tables to a HAProxy that was started."""

import pytest

from lbha.haproxy.admin import Peer, Section
from lbha.haproxy.service import Service


def section(*peers, resynced=False):
    """A Section of a local peer and others, each (connected, exhausted)."""
    found = Section("lbha", resynced)
    found.peers.append(Peer("node01", True, False))
    for connected, exhausted in peers:
        found.peers.append(Peer("node02", False, connected))
        found.peers[-1].exhausted = exhausted
    return found


class Launched(Service):
    """A HAProxy that shows these sections; None: it does not answer."""

    def __init__(self, sections, old=()):
        self._sections, self._old = sections, list(old)

    def old_masters(self):
        return self._old

    def sections(self):
        if self._sections is None:
            raise OSError("silent")
        return self._sections


ABSENT, TEACHES, EXHAUSTED = (False, False), (True, False), (True, True)


@pytest.mark.parametrize("peers, soon, late", (
    ([], False, False), ([ABSENT], True, False), ([TEACHES], True, True),
    ([EXHAUSTED], False, False), ([EXHAUSTED, ABSENT], True, False),
    ([EXHAUSTED, TEACHES], True, True)))
def test_who_has_said_that_it_knows_no_more_is_not_waited_for(peers, soon, late):
    launched = Launched([section(*peers)])
    assert (launched.may_resync(0.5), launched.may_resync(1.5)) == (soon, late)


def test_peers_of_a_section_that_is_in_step_bring_nothing():
    assert not Launched([section(TEACHES, resynced=True), section(EXHAUSTED)]).may_resync(0.5)


def test_an_old_master_teaches():
    assert Launched([section(EXHAUSTED)], old=["a master"]).may_resync(1.5)


def test_one_that_does_not_answer_may_be_taught_or_cannot_say():
    assert Launched(None).may_resync(1.5)
    # (HAProxy 1.8)
    assert not Launched(()).may_resync(0.5)
