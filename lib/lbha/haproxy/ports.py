"""Where HAProxy listens: that all of it is there still, and that nobody else is there too.

HAProxy sets SO_REUSEPORT, so a second one on the same port starts without a word and the two
share the traffic.
"""

from lbha import sockets


class Ports:
    """The listening sockets of a worker, known by their inodes.

    A worker keeps its sockets as long as it lives, and a reload hands them on, so they are
    looked for once, in the descriptors of a worker that has few of them yet.
    """

    def __init__(self, text, deadline):
        """text -- as `learn` gave it, or None"""
        pairs = (word.partition("=") for word in (text or "").split())
        self.known = {int(inode): where for inode, _, where in pairs}
        self.now = sockets.listeners(deadline) if self.known else []

    @staticmethod
    def learn(workers, deadline):
        """A text that names the sockets of these workers (Process)."""
        return " ".join("%d=%s" % (listener.inode, listener.text)
                        for listener in sockets.held_by(workers, deadline))

    @property
    def missing(self):
        """Where it does not listen any more, a list of texts."""
        there = {listener.inode for listener in self.now}
        return [self.known[inode] for inode in sorted(self.known) if inode not in there]

    @property
    def left(self):
        """The listeners of it that are there, a list."""
        return [listener for listener in self.now if listener.inode in self.known]

    def signal_holders(self, number):
        """Signal whoever has one of its sockets open still."""
        for processes in sockets.holders([one.inode for one in self.left]).values():
            for process in processes:
                process.signal(number)

    def strangers(self, owns):
        """A sentence when somebody else listens there too; owns(Process) tells who is ours."""
        mine = self.left
        return _accuse([other for other in self.now if other.inode not in self.known
                        and any(other.overlaps(one) for one in mine)], owns,
                       "%s also listens on %s and takes part of the traffic: stop it")


def taken(paths, owns, deadline):
    """A sentence when somebody already listens where the files at `paths` want to, or None."""
    from lbha.haproxy import binds  # not for a monitor

    wanted = binds.wanted(paths)
    return _accuse([listener for listener in sockets.listeners(deadline)
                    if any(one.overlaps(listener) for one in wanted)], owns,
                   "%s already listens on %s: stop and disable it") if wanted else None


def _accuse(listeners, owns, sentence):
    holders = sockets.holders([listener.inode for listener in listeners]) if listeners else {}
    for listener in listeners:
        for process in holders[listener.inode]:
            if not owns(process):
                return sentence % (process.name, listener.text)
    return None
