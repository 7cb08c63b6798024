"""One node at a time: a turn that the nodes of a cluster take among themselves.

Without a daemon of ours: each node shows a flag as a transient attribute, and looks at the
others'.  Corosync (CPG) brings all updates to all attribute daemons in one order.  So who
shows its flag, waits until its own daemon shows it too, and only then looks, cannot overlook
a node that did so before: of two nodes at least one sees the other, and gives way.

A flag goes away by itself when its node leaves the cluster or its attribute daemon ends.
The halves of a split cluster have a turn each.
"""

from lbha import cluster
from lbha.deadline import nap
from lbha.errors import Error

# What the flag of a node says.  Any other node's keeps us from our turn.
ASKS = "asks"      # it is looking at the others
BUSY = "busy"      # it has the turn
FAILED = "failed"  # it has the turn still, for what it did failed

PATIENCE = 0.5  # seconds for the others to give way; each needs two or three programs' time
PAUSE = 0.02    # seconds between two looks


class Turn:
    """The turn at doing something, as one node sees it.

    The turn is the node's, not the process's: when one is killed, the next goes on with what
    it said (which has arrived by then: a message takes a millisecond, a process twenty).
    Processes of one node that might take the turn at once need a lock of their own.

    attribute -- the name of the transient attribute, the same on all nodes
    node      -- this node's name, as the cluster has it
    what      -- what is done in turns, as the subject of a sentence: "the reload"
    """

    def __init__(self, attribute, node, what):
        self.attribute, self.node, self.what = attribute, node, what

    def take(self, deadline):
        """None when the turn is ours, now or since an earlier call; else a sentence that says
        whom it waits for: ask again at the next occasion, nothing of ours stands in between.

        Who failed has the turn still, and goes before the others.
        deadline -- 2 s are ample. Raises Failed, NotInstalled, DeadlineReached.
        """
        others, mine = self._flags(deadline)
        if mine == FAILED:
            self._show(BUSY, deadline)
        if mine in (BUSY, FAILED):
            return None
        if not others:
            return self._claim(deadline)
        if mine:  # it asks for a call that was killed
            self._show(None, deadline)
        return self._reason(others)

    def done(self, deadline):
        """It is done, or no longer to be done here (a stop): the next may. It is fine when
        the turn was not ours. Raises Failed, NotInstalled, DeadlineReached."""
        self._show(None, deadline)

    def failed(self, deadline):
        """What our turn was for failed: no other node may try before this one succeeds, or is
        done with it. Raises Failed, NotInstalled, DeadlineReached."""
        self._show(FAILED, deadline)

    def _claim(self, deadline):
        try:
            others = self._contest(deadline.within(deadline.left() * 0.7))
        except Error:
            self._show(None, deadline)  # or the others would wait for our next call
            raise
        self._show(None if others else BUSY, deadline)
        return self._reason(others)

    def _contest(self, deadline):
        """Ask, and return the flags of those who go before us: none, and it is our turn."""
        self._show(ASKS, deadline)
        patience = deadline.within(PATIENCE)
        while True:
            others, _ = self._flags(deadline)
            # Of those who ask at once the first by name has the turn, when the others have
            # given way: until then one of them may have it, who looked before we asked.
            before = {node: flag for node, flag in others.items()
                      if flag != ASKS or node < self.node}
            if before or not others or not patience.left():
                return before or others
            nap(PAUSE)

    def _reason(self, others):
        """The sentence for the flags of other nodes, None when there are none."""
        if not others:
            return None
        node = min(others)
        return "%s waits for %s, %s" % (self.what, node, "where it failed"
                                        if others[node] == FAILED else "whose turn it is")

    def _show(self, flag, deadline):
        """Set our flag (None: take it away), and wait until our own daemon shows that.

        Everything that any node said before has then arrived here."""
        if flag is None:
            cluster.delete_attribute(self.attribute, deadline, private=True)
        else:
            cluster.set_attribute(self.attribute, flag, deadline, private=True)
        deadline.wait(lambda: self._flags(deadline)[1] == flag,
                      "attribute %s to change" % self.attribute, pause=0.01)

    def _flags(self, deadline):
        """The flags of the other nodes, {node: flag}, and ours, as our own daemon has them."""
        flags = cluster.get_attributes(self.attribute, deadline)
        mine = flags.pop(self.node, None)
        return flags, mine
