"""Where HAProxy listens: that all of it is there still, and that nobody else is there too.

HAProxy sets SO_REUSEPORT, so a second one on the same port starts without a word and the two
share the traffic.
"""

from lbha import sockets
from lbha.errors import Error, Failed


class Ports:
    """The listening sockets of a worker, known by their inodes.

    A worker keeps its sockets as long as it lives, and a reload hands them on, so they are
    looked for once, in the descriptors of a worker that has few of them yet.
    """

    def __init__(self, text, deadline):
        """text -- as `learn` gave it, or None"""
        pairs = (word.partition("=") for word in (text or "").split())
        self.known = {int(inode): where for inode, _, where in pairs if inode.isdecimal()}
        try:
            self.now = sockets.listeners(deadline) if self.known else []
        except Error:
            # a kernel that does not tell is no reason to fail a monitor or a stop: the
            # processes and the socket decide then
            self.known, self.now = {}, []

    @staticmethod
    def learn(workers, deadline):
        """A text that names the sockets of these workers (Process), as far as it is known."""
        try:
            held = sockets.held_by(workers, deadline)
        except Failed:
            return ""
        return " ".join("%d=%s" % (listener.inode, listener.text) for listener in held)

    @property
    def missing(self):
        """Where it does not listen any more: {inode: text}."""
        there = {listener.inode for listener in self.now}
        return {inode: self.known[inode] for inode in sorted(self.known) if inode not in there}

    def lost(self, worker):
        """Those of `missing` that the worker (Process) has closed, a list of texts: the
        socket of a disabled frontend stays open, and does not listen."""
        kept = sockets.inodes_of(worker) if self.missing else ()
        return [where for inode, where in self.missing.items() if inode not in kept]

    @property
    def left(self):
        """The listeners of it that are there, a list."""
        return [listener for listener in self.now if listener.inode in self.known]

    def signal_holders(self, number):
        """Signal whoever has one of its sockets open still."""
        for processes in sockets.holders([one.inode for one in self.left]).values():
            for process in processes:
                process.signal(number)

    def strangers(self, owns, deadline):
        """A sentence when somebody else listens there too; owns(Process) tells who is ours."""
        mine = self.left
        return _accuse([other for other in self.now if other.inode not in self.known
                        and any(other.overlaps(one) for one in mine)], owns, deadline,
                       "%s also listens on %s and takes part of the traffic: stop it")


def taken(paths, owns, deadline):
    """A sentence when somebody already listens where the files at `paths` want to, or None."""
    from lbha.haproxy import binds  # not for a monitor

    wanted = binds.wanted(paths)
    return _accuse([listener for listener in sockets.listeners(deadline)
                    if any(one.overlaps(listener) for one in wanted)], owns, deadline,
                   "%s already listens on %s: stop and disable it") if wanted else None


def _accuse(listeners, owns, deadline, sentence):
    """A sentence about the first of these Listeners that is not ours, or None."""
    holders = sockets.holders([listener.inode for listener in listeners]) if listeners else {}
    for listener in listeners:
        found = holders[listener.inode]
        if found and not any(map(owns, found)):
            return sentence % (found[0].name, listener.text)
        if not found and listener.inode in [
                still.inode for still in sockets.listeners(deadline)]:
            return sentence % ("a process outside this container", listener.text)
    return None
