"""A new HAProxy beside the one that serves, until it knows the stick tables.

A HAProxy that is told of an old one (-sf) has it stop taking clients at once, and learns
the tables from it only then: whoever comes in between is new to it.  Where another node can
teach, the new one is launched without: both serve, mostly the old one, which has been
waiting longer, until the new one has learned all; then the old one is told to stop.

Where nobody else can, it is -sf: only a new one that was told of an old one waits for what
that teaches (HAProxy, src/peers.c: with old pids it begins with PEERS_RESYNC_FROMLOCAL).
"""

from lbha import host
from lbha.errors import DeadlineReached, LocalFault
from lbha.haproxy import admin, output

LEARN = 1.0     # seconds that the other node may take to teach; it takes some ten milliseconds
PAUSE = 0.005   # seconds between two questions: either worker answers, whoever is quicker
SIGUSR1 = 10


class Handover:
    """Of the sockets, the tables and the clients.

    beside -- kept in the record while two may serve: should we be killed, `finish` is for
              the next monitor
    """

    def __init__(self, service):
        self.service, self.record, self.instance = service, service.record, service.instance

    def launch(self, words, deadline):
        """Launch HAProxy in place of the one that runs; the masters (Process) before it.

        Raises LocalFault with what HAProxy says when it does not start: the old one serves on.
        """
        masters = before = self.instance.masters()
        if self._has_teacher():
            self.record.update(beside=1)
            self._run(words, masters, False, deadline)
            if self._learned(_keys(masters), deadline):
                _stop(masters)
                return masters
            before = self._give_up(_keys(masters))
        self._run(words, masters, True, deadline)
        return before

    def finish(self, deadline):
        """What a launch that was cut short has left to do; the caller holds the lock."""
        if self.instance.launching:
            return
        old = set(self.service.old_keys())
        masters = self.instance.masters()
        if old.issuperset(_keys(masters)):
            self.record.update(beside=None, attempt=None)
        elif self._learned(old, deadline):
            _stop([master for master in masters if master.key in old])
            self.service.await_other(old, deadline)
        else:
            self._give_up(old)
            self.record.update(attempt=None)
            self.service.await_other(_keys(masters) - old, deadline)

    def _run(self, words, masters, stop, deadline):
        result = self.instance.launch(words, masters, stop, deadline)
        if result.code:
            raise LocalFault(output.complaint(result))

    def _has_teacher(self):
        """Whether every table is shared with another node that is connected."""
        try:
            sections = self.service.sections()
        except OSError:
            return False
        return bool(sections) and all(
            any(peer.connected and not peer.local for peer in section.peers)
            for section in sections)

    def _learned(self, before, deadline):
        """Whether a worker whose master is not one of `before` (keys) comes into step."""
        def learned():
            try:
                info, _, answer = self.service.ask("show info;show peers").partition("\n\n")
            except OSError:
                return False
            pid = admin.info(info).get("Pid", "")
            worker = host.process(int(pid)) if pid.isdecimal() else None
            master = host.process(worker.parent) if worker else None
            return (master is not None and master.key not in before
                    and all(section.resynced for section in admin.peers(answer) or ()))

        try:
            return deadline.within(LEARN).wait(learned, "the tables", PAUSE, PAUSE)
        except DeadlineReached:
            return False

    def _give_up(self, old):
        """Let those with other keys than these take no more clients; all masters."""
        masters = self.instance.masters()
        _stop([master for master in masters if master.key not in old])
        self.record.update(beside=None, old=" ".join(master.key for master in masters))
        return masters


def _keys(masters):
    return {master.key for master in masters}


def _stop(masters):
    for master in masters:
        master.signal(SIGUSR1)
