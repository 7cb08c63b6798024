"""The time that an action has, and waiting inside it."""

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
