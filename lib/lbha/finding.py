"""What an agent found, and how it is told."""

from lbha import codes, log

LONGEST_REASON = 128   # bytes; Pacemaker cuts there


class Finding:
    """What is there: RUNNING, ABSENT or PARTIAL, and why."""

    __slots__ = ("code", "reason")

    def __init__(self, code, reason=None):
        self.code, self.reason = code, reason

    @property
    def running(self):
        """It does what it should."""
        return self.code == codes.OK

    @property
    def absent(self):
        """Nothing of it is there."""
        return self.code == codes.NOT_RUNNING


def running():
    """The finding that it runs."""
    return Finding(codes.OK)


def absent(reason=None):
    """The finding that nothing is there."""
    return Finding(codes.NOT_RUNNING, reason)


def partial(reason):
    """The finding that it is there but does not do what it should, or only a part is."""
    return Finding(codes.GENERIC, reason)


def cut(text):
    """The sentence, cut to what Pacemaker keeps, never inside a character."""
    return log.plain(text).encode()[:LONGEST_REASON].decode("utf-8", "ignore")
