"""Switching the power of a node, and proving it.

Works on a fence agent (lbha.fence.FenceAgent) by its verbs `is_on`, `switch` and `cycle`.
Nothing is believed that was not read; off is believed when it was read twice.
"""

import time

from lbha.deadline import nap
from lbha.errors import Error, Failed

SETTLED = 0.3       # seconds between the two readings of off that prove it
FIRST_PAUSE = 0.1   # seconds between two tries, growing ...
READ_AGAIN = 0.25   # ... to this between two readings: while a node dies, its cluster waits
SEND_AGAIN = 1.0    # ... and to this between two commands to a busy device
LAST_WORD = 1.0     # seconds kept to tell what was read last, and to log out
ANSWER = 0.1        # seconds that a reading may take, at least
# seconds after which a reboot looks no more whether the power came back: the node is fenced,
# Pacemaker recovers nothing before the call ends, and no bound is right: some devices say on at
# once, many some seconds later
CAME_UP = 0.5
CYCLE_UP = 2.0      # the same after a power cycle: off for at least a second (IPMI 28.3)
BRING_UP = 6.0      # seconds for that and for the command itself
OFF_AGAIN = 5.0     # seconds of on after which off is sent once more
CYCLED = 5.0        # seconds in which a power cycle must be seen to be off
CYCLE_TAKEN = "took the command CYCLE, but"


class Busy(Failed):
    """The device cannot do it now, but may soon."""


class Unreadable(Failed):
    """The device answered, but not with a power state."""


def turn(agent, on):
    """Switch and prove; whether the command was accepted (False: there was nothing to do).

    The command is sent first and whatever the state is said to be: off must not depend on
    a reading, neither on one that fails nor on one that is wrong.
    """
    limit = _limit(agent, agent.p.power_timeout)
    accepted = _switch(agent, on, limit)
    _prove(agent, on, limit, _answer(accepted, on))
    return accepted


def read(agent):
    """Whether the power is on; a busy device is asked again as long as there is time."""
    return _insist(agent, _limit(agent, agent.deadline.seconds), agent.is_on)


def restart(agent):
    """Off, proven, then on.

    From the proof on the node is fenced: what goes wrong with `on` is told and no failure,
    or the cluster would wait for a node that is safely off.
    """
    cycled = agent.p.method == "cycle" and _cycle(agent)
    if not cycled:
        turn(agent, False)
    whole, agent.deadline = agent.deadline, agent.deadline.within(BRING_UP)
    try:
        if not (cycled and _came_up(agent)):
            accepted = _switch(agent, True, agent.deadline)
            _prove(agent, True, _limit(agent, CAME_UP), _answer(accepted, True))
    except Error as error:
        agent.log.warning("the node is off, proven, and fenced; but it was not seen to come "
                          "on again: %s" % error.reason)
    finally:
        agent.deadline = whole


def _cycle(agent):
    """One power cycle by the device; whether it was proven to be off in between.

    The device should switch on by itself, so all that counts is to have seen it off.
    """
    limit = _limit(agent, CYCLED)
    try:
        agent.cycle(limit)
        _prove(agent, False, limit, CYCLE_TAKEN, again=False)
    except Error as error:
        agent.log.warning("power cycle not proven, off and on instead: %s" % error.reason)
        return False
    return True


def _came_up(agent):
    """Whether the device is seen to switch on by itself, after a power cycle."""
    try:
        _prove(agent, True, _limit(agent, CYCLE_UP), CYCLE_TAKEN)
    except Failed as fault:
        agent.log.debug("%s; on is sent" % fault.reason)
        return False
    return True


def _limit(agent, seconds):
    """The Deadline of a power command: the call's own would cut off the last reading."""
    left = agent.deadline.left()
    return agent.deadline.within(min(seconds, left - min(LAST_WORD, left / 5)))


def _switch(agent, on, limit):
    """Send the command, again and again while the device is busy."""
    accepted = _insist(agent, limit, agent.switch, on)
    agent.log.debug("%s %s %s" % (agent.name, "accepted" if accepted else
                                  "sees nothing to do for", word(on)))
    if agent.p.power_wait:
        nap(min(agent.p.power_wait, limit.left()))
    return accepted


def _insist(agent, limit, verb, *arguments):
    """The answer of a verb, asked for again and again while the device is busy."""
    pause = FIRST_PAUSE
    while True:
        try:
            return verb(*arguments)
        except Busy as busy:
            agent.log.debug(busy.reason)
            if limit.left() < pause:
                raise
            nap(pause)
            pause = min(pause * 2, SEND_AGAIN)


def _answer(accepted, on):
    """The answer of the device to a command, as the begin of a sentence."""
    if accepted:
        return "took the command %s, but" % word(on)
    return "refuses %s: not supported in present state, and" % word(on)


def _prove(agent, on, limit, answer, again=True):
    """Read the power until it is as wanted; off counts when read again SETTLED later.

    answer -- of the device to the command, in words
    again -- send off once more when the power was off and has come on again, or is on for
             OFF_AGAIN: somebody else who fences the node too may have brought it up
    Raises Failed with what was read last.  Off that was read in time may be proven after
    `limit`.
    """
    since, sent, pause = None, time.monotonic(), FIRST_PAUSE
    while True:
        asked = time.monotonic()
        found, last = _read(agent)
        if found is on:
            since = since or time.monotonic()  # the answer was true at some time until now
            if on or asked - since >= SETTLED:
                return
            wait = since + SETTLED - time.monotonic() + 0.001  # nap cuts to whole ms
            over, last = agent.deadline.left() < wait + ANSWER, "is OFF too lately to be proven"
        else:
            if again and found and (since or asked - sent >= OFF_AGAIN) and limit.left():
                answer = _answer(_switch(agent, False, limit), False)
                sent = time.monotonic()
            since = None
            over, wait = not limit.left(), min(pause, limit.left())
            pause = min(pause * 1.5, READ_AGAIN)
        if over:
            raise Failed("%s %s after %.3g s the power %s"
                         % (agent.name, answer, limit.seconds, last))
        nap(max(wait, 0))


def _read(agent):
    """(what the device says: True, False or None for nothing, the same in words)."""
    try:
        found = agent.is_on()
        last = "is still %s" % word(found)
    except (Unreadable, Busy) as error:
        found, last = None, "is unknown: " + error.reason
    agent.log.debug("%s says that the power is %s"
                    % (agent.name, "unknown" if found is None else word(found)))
    return found, last


def word(on):
    """ON or OFF."""
    return "ON" if on else "OFF"
