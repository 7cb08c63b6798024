"""What a recurring monitor does beside finding out whether HAProxy runs."""

from lbha import hold
from lbha.errors import DeadlineReached, Error
from lbha.haproxy import admin, output, peers, servers
from lbha.haproxy.checks import Check, Checks
from lbha.haproxy.reload import RESYNC, Reload

WATCHFUL = 1.0                        # seconds between two looks while something is under way
OFTEN, SELDOM, URL = 5.0, 60.0, 10.0  # seconds between two looks at a thing
ASIDE = 2.0                           # seconds for a question to the cluster
ANSWER = 5.0                          # seconds that an answer to check_url may take


class Watch:
    """The looks of one monitor.

    pause -- seconds until the next look when nothing happens
    """

    pause = WATCHFUL

    def __init__(self, agent):
        self.agent, self.service, self.p = agent, agent.service, agent.p
        self.record = agent.record

    def ends(self):
        """Event sources: the ends of both processes."""
        return [hold.ProcessExit(process)
                for process in (self.service.master, self.service.worker) if process]

    def sources(self):
        """Event sources of a held monitor: those, and silence."""
        from lbha.haproxy.pulse import EVERY, Pulse  # of no use to those who do not stay

        ends, worker = self.ends(), self.service.worker
        if not worker:
            return []
        # a whole look that comes as soon asks it as well
        every = EVERY if self.pause > WATCHFUL else float("inf")
        try:
            pulse = Pulse(self.service.instance.socket, worker.pid, every)
        except OSError:
            return ends
        # where the kernel has no event for the end of a process, the pulse has one
        return [end for end in ends if end.fd is not None or end.happened()] + [pulse]

    def look(self):
        """Do what is to be done; a sentence when a person should look, or None."""
        reason = self._look()
        p, record = self.p, self.record
        under_way = (reason or p.reload_on_change or p.score_attribute or record["unapplied"]
                     or record["resyncing"] or record["beside"] or record["turn"])
        self.pause = WATCHFUL if under_way else OFTEN
        return reason

    def _look(self):
        try:
            with self.agent.folder.lock(self._within(ASIDE)):
                self.record.reload()
                if self.record["stopping"] or not self.record:
                    return None
                self.service.adopt()
                trouble = Reload(self.agent).step()
        except Error as error:
            trouble = error.reason
        complaint = self._check()
        return trouble or complaint

    def _check(self):
        level = self.agent.call.level
        return Checks(self.agent.folder).run((
            Check("by_hand", 0, OFTEN, self._by_hand),
            Check("strangers", 0, 0, self._strangers),
            Check("states", 0, OFTEN, self._keep_states),
            Check("score", 0, 0, self._score),
            Check("check_url", 20, URL, self._url),
            Check("servers", 10, OFTEN, self._shortage),
            Check("peers", 10, OFTEN, self._peers),
            Check("differences", 10, SELDOM, self._differences),
            Check("closed", 0, 0, self._closed),
        ), level)

    def _within(self, seconds):
        return self.agent.deadline.within(seconds)

    def _by_hand(self):
        """Of reloads that somebody asked HAProxy for by SIGUSR2."""
        master = self.service.master
        if master and self.service.instance.missed_reload(master):
            result = self.service.instance.check(self.agent.launch_words(), self._within(ANSWER))
            return "a reload by SIGUSR2 failed: " + (
                output.complaint(result) if result.code
                else "reload by a change of config_version")
        return self.record["incomplete"]

    def _strangers(self):
        ports = self.service.seen or self.service.ports()
        return ports.strangers(self.service.instance.owns, self._within(ASIDE))

    def _closed(self):
        if self.service.closed:
            return "%s is disabled on this node" % self.service.closed[0]
        return None

    def _keep_states(self):
        # while a reload goes on a new worker may answer that was not told of them yet
        with self.agent.folder.lock(self._within(ASIDE)):
            self.record.reload()
            if self.record and not self.record["beside"]:
                self.service.states.keep(self.service.limit)

    def _servers(self):
        return admin.servers(self.service.ask("show stat -1 4 -1"))

    def _score(self):
        from lbha.haproxy.score import Score

        attribute = self.p.score_attribute
        score = Score(self.agent.folder, self.agent.deadline)
        if attribute or score.published:
            number, weight = servers.score(self._servers())
            score.update(attribute, weight if self.p.score_of == "weight" else number,
                         self.p.score_dampen)

    def _shortage(self):
        if not self.p.min_servers:
            return None
        return servers.shortage(self._servers(), self.p.min_servers)

    # ------------------------------------------------------------------------------ peers

    def _peers(self):
        sections = self.service.sections()
        if sections is None:
            return self._peers_by_connection()
        lost = [peer.name for section in sections for peer in section.peers
                if not (peer.local or peer.connected)]
        missing = self._expected(lost) if lost else []
        if missing:
            return "peer %s is not connected: stick tables drift apart" % missing[0]
        if self.record.age("launched") > RESYNC and not all(
                section.resynced for section in sections):
            return "the stick tables did not come from the other nodes yet"
        given = dict(self.p.peers_addresses) if self.p.peers == "auto" else {}
        return peers.complain(self.agent.folder, given)

    def _expected(self, names):
        """Those of the peers that should be there: a node of the cluster where HAProxy does
        not run is none of them, who is no node of the cluster always is."""
        from lbha import cluster

        nodes = {member.name for member in cluster.members(self._within(ASIDE))}
        running = cluster.running_on(self.agent.call.instance, self._within(ASIDE))
        return [name for name in names if name not in nodes or name in running]

    def _peers_by_connection(self):
        """HAProxy 1.8 does not tell of its peers; the kernel does, of their connections."""
        if self.p.peers != "auto":
            return None
        from lbha import sockets  # only that old one needs it

        places = self.service.instance.configured_peers()
        places.pop(self.agent.node, None)
        port = self.p.peers_port
        there = {end[0] for pair in sockets.connections(port, self._within(ASIDE))
                 for end in pair}
        missing = self._expected([name for name in sorted(places)
                                  if places[name] not in there])
        if missing:
            return "peer %s is not connected: stick tables drift apart" % missing[0]
        return None

    def _differences(self):
        # before it is told: a stop must know what to take back.  Once, for this is without the
        # lock, and a reload may be writing too
        if self.service.states.shown and not self.record["shared"]:
            self.record.update(shared=1)
        return self.service.states.differences(
            self.agent.attribute("servers"), self.agent.node,
            self.agent.call.instance, self._within(ASIDE))

    # -------------------------------------------------------------------------- check_url

    def _url(self):
        url = self.p.check_url
        if not url:
            return None
        from lbha.haproxy import request
        from lbha.task import Task

        try:
            task = Task(lambda: request.complaint(url, ANSWER) or "ok", ANSWER)
        except OSError as error:
            return "cannot ask %s: %s" % (url, error.strerror)
        ends = self.ends()
        try:
            # a process of HAProxy that ends meanwhile is told at once
            hold.wait(ends + [task], min(ANSWER, self.agent.deadline.left()))
            answer = task.answer(0)
        except hold.ReaderGone:
            raise DeadlineReached("nobody waits for this monitor any more")
        finally:
            for source in ends + [task]:
                source.close()
        if answer is None:
            return "no answer from %s within %.3g s" % (url, ANSWER)
        return None if answer == "ok" else answer
