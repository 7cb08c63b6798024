"""How many servers this node's HAProxy sees up, as a node attribute for location rules."""

import time

from lbha import state

VERIFY_EVERY = 20.0  # seconds after which the attribute is asked for: daemons can lose it
# seconds that the attribute daemons gather changes of all nodes: what every node sees counts
# everywhere at the same time, and a restart in between does not count at all
GRACE = 5.0
ATTRD = 2.0          # seconds that the attribute daemon may take


class Score:
    """A value that is published once it has been the same for a while.

    note -- attribute and value as published, and what was seen since when
    """

    def __init__(self, folder, deadline):
        self.note = state.Record(folder, "score")
        self.deadline = deadline

    @property
    def published(self):
        """Whether there is an attribute of ours."""
        return bool(self.note["attribute"])

    def update(self, attribute, value, dampen):
        """Take in what was seen; the caller holds the lock.

        attribute -- name, None: nothing is to be published
        dampen    -- seconds for which a value has to stay
        """
        if self.note["attribute"] and self.note["attribute"] != attribute:
            self.clear()
        if attribute is None:
            return
        now, value = time.monotonic(), str(value)
        if self.note["stopped"]:
            self._take_up(attribute, now)
        if self.note["seen"] != value:
            self.note.update(seen=value, since="%.3f" % now)
        if self.note["published"] != value:
            if self.note.age("since") >= dampen:
                self._publish(attribute, value, now)
        elif self.note.age("verified") >= VERIFY_EVERY:
            self.restore()

    def restore(self):
        """See that what was published last is there still; the caller holds the lock."""
        attribute, value, now = self.note["attribute"], self.note["published"], time.monotonic()
        if not attribute or value is None:
            return
        from lbha import cluster

        if cluster.get_attribute(attribute, self.deadline.within(ATTRD)) == value:
            self.note.update(verified="%.3f" % now)
        else:
            self._publish(attribute, value, now)

    def _publish(self, attribute, value, now):
        from lbha import cluster

        # first: should we be killed, a stop must know what to take back
        self.note.update(attribute=attribute)
        cluster.set_attribute(attribute, value, self.deadline.within(ATTRD), dampen=GRACE)
        self.note.update(published=value, verified="%.3f" % now)

    def _take_up(self, attribute, now):
        """After a restart that was quick, what was published goes on to count."""
        if self.note.age("stopped") < GRACE and self.note["last"]:
            self._publish(attribute, self.note["last"], now)
        self.note.update(stopped=None, last=None)

    def clear(self):
        """Take the attribute back, as another name counts."""
        if self.note["attribute"]:
            from lbha import cluster

            cluster.delete_attribute(self.note["attribute"], self.deadline.within(ATTRD))
        self.note.drop()

    def stop(self):
        """HAProxy is stopped.  The attribute goes, but not before a restart could have come:
        a crash must not make the address look for a better node."""
        attribute, last = self.note["attribute"], self.note["published"]
        if not attribute:
            return
        from lbha import cluster

        cluster.delete_attribute(attribute, self.deadline.within(ATTRD), dampen=GRACE)
        self.note.drop()
        self.note.update(stopped="%.3f" % time.monotonic(), last=last)
