"""The HAProxy of a resource as a whole: found, brought up, adopted, taken away."""

import time

from lbha import host
from lbha.deadline import nap
from lbha.errors import DeadlineReached, Error, Failed, LocalFault
from lbha.finding import absent, partial, running
from lbha.haproxy import admin, output
from lbha.haproxy.instance import TRIES, Instance, Silent, Unreachable
from lbha.haproxy.ports import Ports, taken
from lbha.haproxy.states import States

TERM_SECONDS = 2.0   # SIGTERM ends HAProxy at once; one that does not is hung
HUNG = 0.1           # seconds of silence before a stop does not even try to be polite
ALONE = 1.0          # seconds after which tables that nobody can bring are not waited for
START_RESYNC = 5.0   # seconds that a start waits for the tables
LOOK = 2.0           # seconds that the kernel may take to list sockets
SIGTERM, SIGKILL, SIGUSR1 = 15, 9, 10


class Service:
    """What runs for one resource.

    agent   -- gives parameters, record, deadline, log
    worker, master -- the Processes that `find` found serving, or None
    closed  -- what an operator disabled, a list of texts: frontends, or else addresses
    seen    -- the Ports that `find` looked at, or None
    """

    def __init__(self, agent):
        self.agent, self.record, self.log = agent, agent.record, agent.log
        self.deadline = agent.deadline
        self.instance = Instance(agent.folder)
        self.states = States(agent.folder, self.instance.socket)
        self.master = self.worker = self.seen = None
        self.closed = []

    def ask(self, command):
        """What the worker answers to a command; OSError when it does not."""
        return self.instance.ask(command, self.limit)

    @property
    def limit(self):
        """Seconds that an answer may take."""
        return max(0.05, min(self.agent.p.socket_timeout, self.deadline.left() / (TRIES + 1)))

    # ------------------------------------------------------------------------------- find

    def find(self):
        """What is there: a Finding. Never raises for a wrong parameter."""
        self.master = self.worker = self.seen = None
        self.closed = []
        try:
            worker = self.instance.worker(self.limit)
        except Silent as silent:
            return partial(str(silent))
        except Unreachable as error:
            return self._find_rest(str(error))
        master = host.process(worker.parent) if worker else None
        if master is None or not (master.key == self.record["master"]
                                  or self.instance.owns(master)):
            return self._find_rest("who answers there is no worker of it")
        self.master, self.worker = master, worker
        return self._find_listeners()

    def _find_rest(self, trouble):
        """Nobody answers as it should: what is left?"""
        masters = self.instance.masters()
        ended = "HAProxy is not running"
        if self.record["master"]:
            ended = "HAProxy is gone: its master was pid %s" % self.record["master"].split()[0]
        alive = [master for master in masters if master.children]
        if alive:
            return partial("HAProxy (master pid %d) does not answer: %s"
                           % (alive[-1].pid, trouble))
        if masters:
            return partial("%s; pid %d is left" % (ended, masters[-1].pid))
        left = self.ports().left
        if left:
            return partial("%s; a child of it still listens on %s" % (ended, left[0].text))
        return absent(ended)

    def _find_listeners(self):
        if self.worker.key != self.record["worker"]:
            return running()  # a new one, whose sockets nobody has written down yet
        trouble = self._closed()
        if trouble is None:
            return running()
        # a worker that is told to stop closes its listeners, at a reload that somebody else
        # has asked for: then another one answers by now
        return self.find() if self._is_replaced() else partial(trouble)

    def _closed(self):
        """What the worker does not serve any more, as a sentence; None when it serves all."""
        self.seen = self.ports()
        lost = self.seen.lost(self.worker)
        if lost:
            return "HAProxy does not listen on %s any more" % lost[0]
        ended, self.closed = self._closed_frontends(list(self.seen.missing.values()))
        if ended:
            return "frontend %s was shut down: nobody answers at its addresses" % ended[0]
        return None

    def _is_replaced(self):
        """Whether another worker answers than the one that was found."""
        try:
            worker = self.instance.worker(self.limit)
        except (Silent, Unreachable):
            return False
        return worker is not None and worker.key != self.worker.key

    def _closed_frontends(self, missing):
        """Those that were shut down, and what an operator disabled; lists of texts.

        missing -- addresses whose sockets HAProxy has, and does not listen on
        The sockets of a frontend that was shut down listen on, for the next HAProxy to take
        over (with expose-fd, since 2.4); before, they are closed.
        """
        try:
            statuses = admin.frontends(self.ask("show stat -1 1 -1"))
        except OSError:
            return [], missing
        stopped = [name for name in statuses if statuses[name] == admin.STOPPED]
        paused = [name for name in statuses if statuses[name] == admin.PAUSED]
        if paused or not missing:
            return stopped, ["frontend " + name for name in paused] or missing
        return [], ["frontend " + name for name in stopped] or missing

    def ports(self):
        """Where the recorded worker listens, compared with the kernel's list."""
        return Ports(self.record["listeners"], self.deadline.within(LOOK))

    def old_masters(self):
        """The masters of earlier launches that still have clients."""
        return [process for process in map(host.find_process, self.old_keys())
                if process and process.key != self.record["master"]]

    def old_keys(self):
        """The keys of the masters that there were when HAProxy was launched last, sorted."""
        words = (self.record["old"] or "").split()
        return sorted({" ".join(pair) for pair in zip(words[::2], words[1::2])})

    def sections(self):
        """The peers sections as HAProxy shows them (admin.Section), None where it cannot.

        OSError when another worker answers than the one that was found: during a reload the
        old one still may.
        """
        info, _, answer = self.ask("show info;show peers").partition("\n\n")
        if self.worker and admin.info(info).get("Pid") != str(self.worker.pid):
            raise OSError("an old worker answers")
        return admin.peers(answer)

    def resynced(self):
        """Whether the stick tables have come from another HAProxy; None: it cannot say."""
        try:
            sections = self.sections()
        except OSError:
            return False
        return None if sections is None else all(section.resynced for section in sections)

    def may_resync(self, spent):
        """Whether somebody could still bring the tables, `spent` seconds after a launch.

        Two that know nothing say so, and then wait for each other all the same, five seconds
        by HAProxy's own clock. A third that knows more has ALONE to be connected.
        """
        if self.old_masters():
            return True
        try:
            return any((peer.connected or spent < ALONE) and not (peer.local or peer.exhausted)
                       for section in self.sections() or () if not section.resynced
                       for peer in section.peers)
        except OSError:
            return True

    # ------------------------------------------------------------------------ start, stop

    def judge(self, result):
        """Raise what HAProxy refuses or leaves out (a proc.Result), log what it warns of."""
        if result.code:
            raise LocalFault(output.complaint(result))
        incomplete = output.without_local_peer(result.err)
        if incomplete:
            raise LocalFault(incomplete)
        for line in output.warnings(result.err):
            self.log.warning("HAProxy: " + line)

    def refuse_strangers(self):
        """Raise LocalFault when somebody else already listens where the files want to."""
        try:
            reason = taken(self.agent.p.conffile, self.instance.owns, self.deadline)
        except Failed as failed:  # of a kernel that does not tell
            self.log.warning("nobody knows who else listens: %s" % failed.reason)
            return
        if reason:
            raise LocalFault(reason)

    def start(self, wanted):
        """Launch what is Wanted (lbha.haproxy.reload), and wait until it serves."""
        self.refuse_strangers()
        self.agent.folder.write("own.cfg", wanted.own_config)
        result = self.instance.launch(wanted.words, [], False, self.deadline)
        try:
            self.judge(result)
            self.settle(wanted, (), self.deadline)
            stranger = self.ports().strangers(self.instance.owns, self.deadline)
            if stranger:
                raise LocalFault(stranger)
        except Error:
            # it must not take part of the traffic meanwhile
            self._end("HAProxy", self.instance.signal, lambda: not self.instance.processes())
            raise
        self._await_tables()

    def _await_tables(self):
        began, spent = time.monotonic(), 0
        while (spent < START_RESYNC and self.deadline.left() > 1
               and self.resynced() is False and self.may_resync(spent)):
            nap(0.02)
            spent = time.monotonic() - began

    def settle(self, wanted, replaced, deadline):
        """Wait for the new worker, write down who it is, and give it what an operator set.

        replaced -- the masters (Process) that it takes over from: they may answer for a moment
        """
        self.await_other({master.key for master in replaced}, deadline)
        self._write_down(wanted.command, wanted.files)

    def await_other(self, old, deadline):
        """Wait until a worker answers whose master has none of the keys `old`."""
        def answers():
            return self.find().code == 0 and self.master.key not in old

        deadline.wait(answers, "the worker of HAProxy to answer")

    def _write_down(self, command, files):
        """Record what runs, and what it was launched with."""
        self.record.update(
            master=self.master.key, worker=self.worker.key, command=command, files=files,
            attempt=None, beside=None, incomplete=None, launched="%.3f" % time.monotonic(),
            pidfile=self.agent.pidfile,
            listeners=Ports.learn([self.worker], self.deadline))
        for trouble in self.states.restore(self.limit):
            self.log.warning(trouble)

    def adopt(self):
        """Take over one that runs and is not the recorded one: after a reload that was cut
        short, one that somebody asked for by SIGUSR2, or with the record lost.

        The caller holds the lock.
        """
        if self.record["beside"]:
            from lbha.haproxy.handover import Handover  # most monitors have nothing to finish

            Handover(self).finish(self.deadline)
            self.find()
        if self.worker is None or self.worker.key == self.record["worker"]:
            return
        # the one that was found may have been replaced while somebody else held the lock
        if self.find().code or self.worker.key == self.record["worker"]:
            return
        command, files = self.record["command"], self.record["files"]
        if self.record["attempt"] and self.master.key != self.record["master"]:
            command, _, files = self.record["attempt"].partition(" ")
        self._write_down(command, files)
        # nobody read what this one said when it came up
        said = self.instance.check(self.agent.launch_words(), self.deadline)
        self.record.update(incomplete=output.without_local_peer(said.err))

    def keep_states(self):
        """Write down what an operator set, as far as HAProxy still tells."""
        try:
            self.states.keep(self.limit)
        except OSError:
            return  # it says no more: what the last monitor saw counts
        except LocalFault as fault:
            self.log.warning("server states are not kept: %s" % fault.reason)

    def stop(self, drain):
        """End all of it; drain -- seconds for clients that are being served."""
        launch = self.instance.launching
        if launch:
            launch.kill()  # with what it has started, if it is a script
        if self.instance.is_hung(self.limit if drain else HUNG):
            self.log.warning("HAProxy is silent on its socket: SIGKILL")
            self.instance.signal(SIGKILL)
        else:
            self.keep_states()
            if drain:
                self._drain(drain)
        if self.instance.processes():  # not so after a failure that the monitor told
            self._end("HAProxy", self.instance.signal, lambda: not self.instance.processes())
        if self.ports().left:
            self._end("who was given the sockets of HAProxy", self._signal_holders,
                      lambda: not self.ports().left)

    def _end(self, who, signal, is_gone):
        """SIGTERM, and SIGKILL for what does not mind it."""
        signal(SIGTERM)
        patience = self.deadline.within(TERM_SECONDS)
        try:
            patience.wait(is_gone, "%s to end" % who)
        except DeadlineReached:
            self.log.warning("%s did not end on SIGTERM within %.3g s: SIGKILL"
                             % (who, patience.seconds))
            signal(SIGKILL)

    def _signal_holders(self, signal):
        self.ports().signal_holders(signal)

    def _drain(self, seconds):
        """SIGUSR1: no new clients, and those there are may finish."""
        if not self.instance.processes():
            return
        self.instance.signal(SIGUSR1)
        patience = self.deadline.within(
            max(0, min(seconds, self.deadline.left() - 2 * TERM_SECONDS)))
        try:
            patience.wait(self._is_gone, "the clients to finish")
        except DeadlineReached:
            self.log.info("clients were still served after %.3g s of drain" % patience.seconds)

    def _is_gone(self):
        return not self.instance.processes() and not self.ports().left
