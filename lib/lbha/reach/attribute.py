"""The node attribute with the number that comes of it: published, kept, taken back.

The record of the agent holds
    name      the attribute's name, kept before the attribute exists
    value     what was published last, and
    published when (monotonic seconds)
    verified  when the attribute was last known to be there
"""

import time

from lbha import cluster
from lbha.errors import Error, LocalFault

# seconds after which a monitor asks whether the attribute is still there: seldom while the
# daemons are the same, for then hardly anybody but a person takes it away
VERIFY_OFTEN, VERIFY_SELDOM = 10.0, 25.0
WRITING = 3.0        # seconds, beside the delay, until a published value is in the CIB
ATTRD = 5.0          # seconds that the attribute daemon may take to answer
LOCK = 1.0           # seconds that a monitor waits for another action to end


class Attribute:
    """The attribute of one agent (lbha.ocf.ResourceAgent), and its delay in seconds."""

    def __init__(self, agent, dampen):
        self.agent, self.record, self.dampen = agent, agent.record, dampen

    def publish(self, value, why):
        """Say the value and the delay together: the daemon may know neither.

        value -- a whole number; why -- a phrase for the log
        Raises Failed, NotInstalled, DeadlineReached.
        """
        name = self.record["name"]
        cluster.set_attribute(name, value, self._patience(), dampen=self.dampen)
        self.agent.log.info("%s=%d: %s" % (name, value, why))
        now = "%.3f" % time.monotonic()
        self._remember(value=value, published=now, verified=now)

    def keep(self, value, why):
        """See that the attribute is there and right; what takes long needs no lock.

        Raises Failed, NotInstalled, DeadlineReached, LocalFault.
        """
        is_right = False
        if str(value) == self.record["value"]:
            if not self._is_due():
                return
            is_right = self._is_there(str(value))
        with self.agent.folder.lock(self.agent.deadline.within(LOCK)):
            self.record.reload()
            if not self.agent.find().running:
                return  # a stop came in between: what it took away must not come back
            if is_right and str(value) == self.record["value"]:
                self._remember(verified="%.3f" % time.monotonic())
            else:
                self.publish(value, why)

    def restore(self):
        """See that what was published last is there still; errors as of `keep`."""
        value = self.record["value"]
        if value.isdecimal():
            self.keep(int(value), "as before")

    def delete(self):
        """Delete it. That a daemon does not answer must not fail a stop: the node would be
        fenced for an attribute that ends with its membership anyway."""
        name = self.record["name"]
        try:
            cluster.delete_attribute(name, self._patience(), dampen=self.dampen)
        except Error as error:
            self.agent.log.warning("attribute %s could not be deleted: %s"
                                   % (name, error.reason))

    def _is_due(self):
        """Whether to look if the attribute is still there."""
        age = self.record.age("verified")
        return (self.record.age("published") >= self.dampen + WRITING
                and (age >= VERIFY_SELDOM or age >= VERIFY_OFTEN and not self._is_settled()))

    def _is_settled(self):
        from lbha.reach.daemons import Daemons  # of no use until something is due

        try:
            return Daemons(self.agent.folder).settled()
        except LocalFault as fault:  # /run is full: that is no reason to fail
            self.agent.log.warning(fault.reason)
            return False

    def _patience(self):
        """The Deadline of one question to the attribute daemon; there may be a second."""
        return self.agent.deadline.within(min(ATTRD, self.agent.deadline.left() / 2))

    def _is_there(self, value):
        """Whether the cluster has the value; False when it is to be published anew."""
        name = self.record["name"]
        if self._written(name) == value:
            return True
        if cluster.get_attribute(name, self._patience()) != value:
            # the daemon was restarted, or somebody deleted or changed it
            self.agent.log.warning("attribute %s was lost" % name)
            return False
        # The daemon takes an update that says nothing new for no update.
        self.agent.log.warning("attribute %s is not in the CIB: writing it again" % name)
        cluster.write_attributes(self._patience())
        return True

    def _written(self, name):
        """The attribute as the CIB has it; where that cannot be asked, as the daemon has it."""
        try:
            node = cluster.local_node(self.agent.call, self._patience())
            return cluster.get_written_attribute(name, node, self._patience())
        except Error as error:
            self.agent.log.debug(error.reason)
            return cluster.get_attribute(name, self._patience())

    def _remember(self, **values):
        try:
            self.record.update(**values)
        except LocalFault as fault:  # /run is full: that is no reason to fail
            self.agent.log.warning(fault.reason)
