"""The time that an action has, and waiting inside it."""

import _signal
import select
import time

from lbha.errors import DeadlineReached

LONGEST = 1e6  # seconds: eleven days; poll() takes milliseconds in an int of C


class Deadline:
    """A point in time that everything in one action shares.

    seconds -- from now (float), LONGEST at most
    """

    __slots__ = ("seconds", "_end")

    def __init__(self, seconds):
        self.seconds = min(seconds, LONGEST)
        self._end = time.monotonic() + self.seconds

    def left(self):
        """Seconds left, never below zero."""
        return max(0.0, self._end - time.monotonic())

    def within(self, seconds):
        """An earlier deadline: `seconds` from now, or this one if that is sooner."""
        return Deadline(min(seconds, self.left()))

    def check(self, waited_for):
        """Raise DeadlineReached when no time is left; `waited_for` completes the sentence."""
        if not self.left():
            raise DeadlineReached("no answer within %.3g s: waited for %s"
                                  % (self.seconds, waited_for))

    def wait(self, condition, waited_for, pause=0.005, longest=0.25):
        """Call `condition` until its answer is true, and return that answer.

        The pause between calls (seconds) grows up to `longest`.  Raises DeadlineReached.
        """
        while True:
            answer = condition()
            if answer:
                return answer
            self.check(waited_for)
            nap(min(pause, self.left()))
            pause = min(pause * 1.5, longest)


def nap(seconds):
    """Sleep in poll(): interruptible, and the same call that a held monitor sleeps in."""
    while seconds > LONGEST:
        select.poll().poll(int(LONGEST * 1000))
        seconds -= LONGEST
    select.poll().poll(max(1, int(seconds * 1000)))


AGAIN = 0.1  # seconds between two signals of enforce()


class _Ring(BaseException):
    """Time is up.  Not an Exception: foreign code must not take it for one of its own."""


def enforce(deadline, sentence, function, *arguments, grace=0, **named):
    """Call `function` and return its answer; DeadlineReached(sentence) when the deadline
    comes first, whatever hangs in it.

    For code that knows no deadline, or might miss it; in the main thread, and not one call
    inside another.  The signal repeats until the call has ended, because what a handler
    raises can get lost (in a callback, say).

    grace -- seconds for an answer of its own: `function` gets the DeadlineReached itself
             first, and is ended only when it still has not returned that much later
    """
    told = []

    def ring(_, frame):
        # The signal may come late, or between two steps of ours: there it means nothing.
        if not _is_inside(frame):
            return
        if grace and not told:
            told.append(True)
            raise DeadlineReached(sentence)
        raise _Ring()

    _signal.signal(_signal.SIGALRM, ring)
    try:
        _signal.setitimer(_signal.ITIMER_REAL, max(0.001, deadline.left()), grace or AGAIN)
        return _call(function, arguments, named)
    except _Ring:
        raise DeadlineReached(sentence) from None
    finally:
        _signal.setitimer(_signal.ITIMER_REAL, 0)


def _call(function, arguments, named):
    """The only place below which the signal strikes."""
    return function(*arguments, **named)


def _is_inside(frame):
    while frame and frame.f_code is not _call.__code__:
        frame = frame.f_back
    return frame is not None
