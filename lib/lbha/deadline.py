"""The time that an action has, and waiting inside it."""

import _signal
import select
import time

from lbha.errors import DeadlineReached


class Deadline:
    """A point in time that everything in one action shares.

    seconds -- from now (float)
    """

    __slots__ = ("seconds", "_end")

    def __init__(self, seconds):
        self.seconds = seconds
        self._end = time.monotonic() + seconds

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

    def wait(self, condition, waited_for, pause=0.02, longest=0.25):
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
    select.poll().poll(max(1, int(seconds * 1000)))


class _Ring(BaseException):
    """Time is up.  Not an Exception: foreign code must not take it for one of its own."""


class Bound:
    """A with-block that ends in DeadlineReached, whatever hangs in it.

    For foreign code that knows no deadline, in the main thread.  The signal repeats until
    the block has ended, because what a handler raises can get lost (in a callback, say).

    sentence -- of the DeadlineReached
    """

    def __init__(self, deadline, sentence):
        self.deadline, self.sentence, self.armed = deadline, sentence, False

    def __enter__(self):
        self.armed = True
        _signal.signal(_signal.SIGALRM, self._ring)
        _signal.setitimer(_signal.ITIMER_REAL, max(0.001, self.deadline.left()), 0.1)

    def __exit__(self, kind, *_):
        self.armed = False
        _signal.setitimer(_signal.ITIMER_REAL, 0)
        if kind is _Ring:
            raise DeadlineReached(self.sentence) from None

    def _ring(self, *_):
        if self.armed:
            raise _Ring()
