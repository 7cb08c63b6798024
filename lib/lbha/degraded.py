"""Works, but a person should look: the third state between running and failed."""

import time

from lbha import spec, state, values
from lbha.errors import Error, LocalFault
from lbha.finding import cut

AFTER = 5.0     # seconds that a fault lasts before it is told
PATIENCE = 2.0  # seconds to wait for the lock; the next look tries again

CODE = spec.Parameter(
    "degraded_code", values.Choice("0", "190"),
    "Exit code of a monitor whose resource works but needs a look",
    "While the resource serves but something is wrong, the node attribute lbha-RESOURCE "
    "says what. With 190 the monitor also returns that code, which Pacemaker lists among "
    "the failed actions until somebody runs a cleanup.",
    default="0", reloadable=True)


class Degraded:
    """A fault of a resource that serves: told once it has lasted, taken back when mended.

    The live truth is the transient node attribute lbha-RESOURCE, which `crm_mon -A` and
    `pcs status --full` show.
    """

    def __init__(self, agent):
        self.agent = agent
        self.attribute = "lbha-" + agent.call.instance
        self.note = state.Record(agent.folder, "degraded")

    @property
    def told(self):
        """Whether the cluster was told."""
        return bool(self.note["told"])

    def update(self, reason):
        """Take in what a monitor saw: a sentence or None."""
        if reason is None:
            if self.note or self.agent.folder.recovered:
                self._act(self._take_back)
            return
        try:
            self._note(cut(reason))
        except LocalFault:  # a full disk: then only the attribute can say what was told
            self._act(lambda: self._show_unnoted(cut(reason)))

    def _note(self, reason):
        if not self.note["since"]:
            self.note.update(since=time.monotonic())
        if self.note.age("since") < AFTER:
            return
        if self.note["told"] != reason:
            self.note.update(told=reason)
            self.agent.log.warning("degraded: %s" % reason)
        if self.note["shown"] != reason:
            self._act(lambda: self._show(reason))

    def forget(self):
        """The cluster may have lost what it was told: the next monitor tells it again."""
        if self.note["shown"]:
            self.note.update(shown=None)

    def clear(self):
        """The resource is stopped; the caller holds the lock."""
        self._take_back()
        self.note.drop()

    def _act(self, verb):
        """Tell the cluster under the lock: what a stop takes back must not come again."""
        with self.agent.folder.lock(self.agent.deadline.within(PATIENCE)):
            self.agent.record.reload()
            if self.agent.record and not self.agent.record["stopping"]:
                verb()

    def _show(self, reason):
        if self._tell("set_attribute", reason):
            self.note.update(shown=reason)

    def _show_unnoted(self, reason):
        from lbha import cluster  # as below

        patience = self.agent.deadline.within(PATIENCE)
        if cluster.get_attribute(self.attribute, patience) != reason:
            self.agent.log.warning("degraded: %s" % reason)
            cluster.set_attribute(self.attribute, reason, patience)

    def _take_back(self):
        if self.told or self.agent.folder.recovered:
            if not self._tell("delete_attribute"):
                return
            self.agent.log.info("no longer degraded: %s" % (self.note["told"] or "a full disk"))
        self.note.drop()

    def _tell(self, verb, *value):
        """Whether the cluster took it; a refusal is logged once, the next look tries again."""
        from lbha import cluster  # an ordinary monitor has nothing to tell

        try:
            getattr(cluster, verb)(self.attribute, *value, deadline=self.agent.deadline.within(5))
        except Error as error:
            if self.note["refused"] != error.reason:
                self.agent.log.warning("node attribute %s: %s" % (self.attribute, error.reason))
                self.note.update(refused=error.reason)
            return False
        return True
