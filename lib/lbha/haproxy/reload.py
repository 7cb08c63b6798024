"""Bringing a running HAProxy to what is configured now, without loss and one node at a time.

What is wanted is compared with what was launched; where they differ, HAProxy is launched
anew and takes the sockets, the tables and the clients over from the old one.  Whoever
notices does it: the action `reload`, or a monitor, at its next look.
"""

import time

from lbha import state
from lbha.deadline import nap
from lbha.errors import Error
from lbha.finding import cut
from lbha.haproxy.files import digest, signature

SETTLED = 2.0   # seconds without a change until a changed file counts as written
PATIENCE = 3.0  # seconds for the cluster to say whose turn it is
SHARE = 0.7     # of the time there is, which a launch may take
LONGEST = 10.0  # seconds for which the action waits: meanwhile nothing is monitored
RETRY = 10.0    # seconds after which what was refused is tried again: a port may be free now
RESYNC = 30.0   # seconds until tables that do not come back into step are given up


class Reload:
    """The reload of one HAProxy, whoever does it and in how many steps.

    agent    -- the HAProxy agent
    launched -- kept in the record: what was launched last, `words` and `files` as digests
    """

    def __init__(self, agent):
        self.agent, self.record = agent, agent.record
        self.service, self.instance = agent.service, agent.service.instance
        self.error = None

    @property
    def turn(self):
        """The cluster's turn to reload."""
        from lbha.turn import Turn  # most monitors have nothing to reload

        return Turn(self.agent.attribute("reload"), self.agent.node, "the reload")

    def now(self):
        """For the action: reload, and wait for a while.

        A sentence when it still waits then; the monitor goes on.
        """
        deadline = self.agent.deadline
        patience = deadline.within(LONGEST)
        while True:
            waits = self.step(quick=True)
            if self.error:
                raise self.error
            if not waits and not self.record["resyncing"]:
                return None
            if deadline.left() < 5 or not patience.left():
                return waits
            nap(0.1)

    def step(self, quick=False):
        """Do what can be done now; the caller holds the lock.

        quick -- do not wait until the files have settled
        Returns a sentence when a reload is due and has to wait, or has failed.
        """
        if self.record["beside"]:
            self.service.adopt()
        if self.record["resyncing"]:
            self._follow_resync()
            return None
        if self.agent.faults:  # what is wanted cannot be told; the runtime says why
            return None
        wanted = Wanted(self.agent)
        if wanted.is_launched:
            if self.record["refused"] or self.record["unapplied"]:
                self._withdraw()
            if wanted.files != self.record["files"] and not wanted.changed:
                self.record.update(files=wanted.files)  # other files are watched now
            return None
        if wanted.digest == self.record["refused"] and self.record.age("refused_at") < RETRY:
            return self.record["unapplied"]
        return self._bring_about(wanted) if quick or wanted.settled() else None

    def _bring_about(self, wanted):
        waits = self._obstacle()
        if waits:
            return "the reload waits: " + waits
        self.record.update(turn=1)
        waits = self.turn.take(self.agent.deadline.within(PATIENCE))
        if waits:
            return waits
        try:
            self._reload(wanted)
        except Error as error:
            self._refuse(wanted, error)
            return self.record["unapplied"]
        return None

    def _obstacle(self):
        old = self.service.old_masters()
        if len(old) >= self.agent.p.max_old_workers:
            return "as many old workers still serve as max_old_workers=%d allows" % (
                self.agent.p.max_old_workers)
        if self.instance.launching:
            return "another launch of HAProxy goes on"
        # HAProxy 1.8.27 and 2.2.9 lose tables when a reload meets a resync
        if self.service.resynced() is not False:
            self.record.update(out_of_step=None)
        elif not self.record["out_of_step"]:
            self.record.update(out_of_step="%.3f" % time.monotonic())
            return "the stick tables are not in step yet"
        elif self.record.age("out_of_step") < RESYNC:
            return "the stick tables are not in step yet"
        return None

    def _reload(self, wanted):
        from lbha.haproxy.handover import Handover

        agent = self.agent
        # so that there is time left to see that the old one serves on, and to say so
        deadline = agent.deadline.within(agent.deadline.left() * SHARE)
        agent.service.refuse_strangers()
        before = self.agent.folder.read("own.cfg")
        agent.folder.write("own.new", wanted.own_config)
        try:
            checked = self.instance.check(
                [word if word != self.instance.own_config else agent.folder.path + "/own.new"
                 for word in wanted.words], deadline)
        finally:
            agent.folder.remove("own.new")
        agent.service.judge(checked)
        agent.folder.write("own.cfg", wanted.own_config)
        agent.service.keep_states()
        # should we be killed now, whoever finds the new master knows what it was launched with
        self.record.update(old=" ".join(master.key for master in self.instance.masters()),
                           attempt="%s %s" % (wanted.command, wanted.files))
        try:
            masters = Handover(agent.service).launch(wanted.words, deadline)
        except Error:
            agent.folder.write("own.cfg", before or "")
            raise
        pidfile = self.record["pidfile"]
        agent.service.settle(wanted, masters, deadline)
        agent.log.info("reloaded: %s" % wanted.reason)
        self.record.update(unapplied=None, refused=None, resyncing="%.3f" % time.monotonic())
        if pidfile != agent.pidfile:
            agent.remove_pidfile(pidfile)

    def _follow_resync(self):
        """The turn ends when the tables are in step again, or have had their time."""
        spent = self.record.age("resyncing")
        if spent < RESYNC and self.service.resynced() is False and self.service.may_resync(spent):
            return
        self.end_turn()
        self.record.update(resyncing=None)

    def end_turn(self):
        """Let the other nodes have the turn, if it was ours."""
        if self.record["turn"]:
            self.turn.done(self.agent.deadline.within(PATIENCE))
            self.record.update(turn=None)

    def _refuse(self, wanted, error):
        self.error = error
        reason = cut("reload: " + error.reason)
        # the action's own error is logged by the runtime
        if self.record["unapplied"] != reason and self.agent.call.is_recurring:
            self.agent.log.error(reason + "; the old state serves on")
        self.record.update(unapplied=reason, refused=wanted.digest,
                           refused_at="%.3f" % time.monotonic())
        self.turn.failed(self.agent.deadline.within(PATIENCE))

    def _withdraw(self):
        """What was refused is not wanted any more."""
        self.end_turn()
        self.record.update(unapplied=None, refused=None)


class Wanted:
    """What should run by the parameters, the cluster and the files of now.

    words, own_config -- command line, and text of our own configuration file
    command, files    -- a digest of those, and the files as files.signature has them
    reason            -- why HAProxy is launched anew, in words
    """

    def __init__(self, agent):
        self.agent, self.record = agent, agent.record
        self.own_config = agent.own_config()
        self.words = agent.launch_words()
        self.command = digest([self.own_config, agent.p.config_version or ""] + self.words)
        same = self.command == self.record["command"]
        self.reason = "its files have changed" if same else "parameters or peers have changed"
        watches = not same or agent.p.reload_on_change or self.record["refused"]
        self.files = self._signature() if watches else self.record["files"] or ""

    def _signature(self):
        configuration, others = self.agent.watched_paths()
        if self.agent.call.action != "start":
            return signature(configuration + others)
        # who starts HAProxy reads its configuration anyway, and the address may be waiting
        return " ".join(filter(None, (signature(configuration, apart=False),
                                      signature(others))))

    @property
    def digest(self):
        """What stands for all of it."""
        return digest([self.command, self.files])

    @property
    def changed(self):
        """Whether a file is not as it was when it was read; who was not watched then, is."""
        before = dict(word.split("=") for word in (self.record["files"] or "").split())
        return any(before.get(path, facts) != facts
                   for path, facts in (word.split("=") for word in self.files.split()))

    @property
    def is_launched(self):
        """Whether that is what runs."""
        return self.command == self.record["command"] and not (
            self.agent.p.reload_on_change and self.changed)

    def settled(self):
        """Whether the files have been as they are for a while."""
        note = state.Record(self.agent.folder, "files")
        if note["seen"] != self.files:
            note.update(seen=self.files, since="%.3f" % time.monotonic())
        return not self.changed or note.age("since") >= SETTLED
