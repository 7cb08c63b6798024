"""The runtime of resource agents.

An agent gives small verbs (find, start, stop, ...); idempotence, polling, deadlines, locks,
records, held monitors and exit codes are here.  What each action answers:

    start, validate-all  the situation: lbha.errors.exit_code
    probe                what is found, whatever is misconfigured
    monitor              what is found; works-but-look is *degraded*, see `Degraded`
    stop                 0 when nothing is left, however it came about; else 1
    reload               0 while the thing serves, old state or new
"""

import _signal
import os
import sys
import time

from lbha import cluster, codes, env, errors, hold, host, log, spec, state, values
from lbha.deadline import Deadline
from lbha.errors import DeadlineReached, Error, Failed, LocalFault, NoPrivilege

LONGEST_REASON = 128   # bytes; Pacemaker cuts there
DEGRADED_AFTER = 5.0   # seconds that a fault lasts before it is told
LOOK_EVERY = 1.0       # seconds between two looks of a held monitor

HOLD = spec.Parameter(
    "hold", values.Either("auto", of=values.Seconds(0, 60)),
    "How long a recurring monitor may wait for a failure",
    "A recurring monitor that finds everything well stays for up to this time and returns "
    "the moment the resource fails, so that the cluster knows at once and not at the next "
    "interval. auto is half of the operation's timeout when that is 20 s or more; 0 is "
    "classic polling.",
    default="auto", reloadable=True)

DEGRADED_CODE = spec.Parameter(
    "degraded_code", values.Choice("0", "190"),
    "Exit code of a monitor whose resource works but needs a look",
    "While the resource serves but something is wrong, the node attribute lbha-RESOURCE "
    "says what. With 190 the monitor also returns that code, which Pacemaker lists among "
    "the failed actions until somebody runs a cleanup.",
    default="0", reloadable=True)


class Finding:
    """What is there: RUNNING, ABSENT or PARTIAL, and why."""

    __slots__ = ("code", "reason")

    def __init__(self, code, reason=None):
        self.code, self.reason = code, reason

    @property
    def running(self):
        """It does what it should."""
        return self.code == codes.OK

    @property
    def absent(self):
        """Nothing of it is there."""
        return self.code == codes.NOT_RUNNING


def running():
    """The finding that it runs."""
    return Finding(codes.OK)


def absent(reason=None):
    """The finding that nothing is there."""
    return Finding(codes.NOT_RUNNING, reason)


def partial(reason):
    """The finding that it is there but does not do what it should, or only a part is."""
    return Finding(codes.GENERIC, reason)


class ResourceAgent:
    """What an agent gives. Verbs raise lbha.errors; only `find` must never raise for a
    wrong parameter, because probe, monitor and stop live by it.

    call     -- the lbha.env.Call
    p        -- parsed parameters as attributes; one at fault has its default
    faults   -- the parameters at fault
    deadline -- of this action
    folder   -- the state directory of this instance
    record   -- what start did
    log      -- the log
    """

    declaration = None

    def __init__(self, call, folder, deadline, logger):
        self.call, self.folder, self.deadline, self.log = call, folder, deadline, logger
        self.p, self.faults = self.declaration.parse(call.raw)
        self.record = state.Record(folder)

    def validate(self):
        """Raise what start would stumble over; change nothing."""

    def find(self):
        """What is there now: a Finding."""
        raise NotImplementedError

    def start(self):
        """Bring it up and record what was done; the runtime waits until `find` agrees."""
        raise NotImplementedError

    def adopt(self):
        """It runs already: do what a start would still have to do."""

    def stop(self):
        """Take away what start recorded; the runtime waits until nothing is found."""
        raise NotImplementedError

    def after_stop(self):
        """Nothing is left: drop what only made sense while it ran."""

    def observe(self):
        """In a recurring monitor of a running resource: publish what is to be published,
        and return a sentence when a person should look, or None."""

    def sources(self):
        """Event sources for a held monitor (lbha.hold); none: classic polling."""
        return []

    def reload(self):
        """Apply changed parameters in place."""
        raise NotImplementedError


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
            if self.note:
                self.clear()
            return
        reason = cut(reason)
        now = time.monotonic()
        if not self.note["since"]:
            self.note.update(since=now)
        if now - float(self.note["since"]) >= DEGRADED_AFTER and self.note["told"] != reason:
            self.agent.log.warning("degraded: %s" % reason)
            self._tell(cluster.set_attribute, self.attribute, reason)
            self.note.update(told=reason)

    def clear(self):
        """All is well again, or stopped."""
        if self.told:
            self.agent.log.info("no longer degraded: %s" % self.note["told"])
            self._tell(cluster.delete_attribute, self.attribute)
        self.note.drop()

    def _tell(self, verb, *arguments):
        try:
            verb(*arguments, deadline=self.agent.deadline.within(5))
        except Error as error:
            self.agent.log.warning("node attribute %s: %s" % (self.attribute, error.reason))


# ------------------------------------------------------------------------------- actions

def start(agent):
    """Bring the resource up; a running one is adopted."""
    validate(agent)
    with agent.folder.lock(agent.deadline):
        agent.record.reload()
        found = agent.find()
        if found.running:
            agent.adopt()
            return found
        if not found.absent:
            agent.log.info("removing what is left of an earlier start: %s" % found.reason)
            _take_away(agent)
        agent.record.update(stopping=None)
        agent.start()
        return _wait_until(agent, _came_up, "running")


def stop(agent):
    """Take the resource away; what is not there is stopped."""
    lock = _keep(agent, lambda: agent.folder.lock(agent.deadline))
    try:
        agent.record.reload()
        _keep(agent, lambda: agent.record.update(stopping=1))
        hold.end_runs(agent.folder, agent.deadline)
        _take_away(agent)
        Degraded(agent).clear()
        agent.after_stop()
        agent.record.drop()
        return running()
    finally:
        if lock:
            lock.release()


def monitor(agent):
    """What is there; a recurring monitor also waits for a failure (lbha.hold)."""
    if not agent.call.is_recurring:
        found = agent.find()
        return Finding(found.code) if found.absent and agent.call.is_probe else found
    run = _keep(agent, lambda: hold.Run(agent.folder, agent.call))
    found = _look(agent)
    if found.code == codes.OK and run and run.follows:
        try:
            found = _stay(agent, found)
        except hold.ReaderGone:
            return found  # an orphan: nobody hears the answer, and nothing more is to be done
    if run:
        _keep(agent, run.end)
    return found


def reload(agent):
    """Apply changed parameters; what cannot be applied leaves the old state serving."""
    with agent.folder.lock(agent.deadline):
        agent.record.reload()
        found = agent.find()
        if found.absent:
            return found
        try:
            _raise_first(agent.faults)
            agent.validate()
            agent.reload()
        except Failed:
            raise
        except Error as error:
            agent.log.error("reload: %s; the old state serves on" % error.reason)
            return Finding(codes.OK, error.reason)
        return _wait_until(agent, lambda found: found.running, "running")


def validate(agent):
    """Whether a start could succeed, as far as can be told without starting."""
    _raise_first(agent.faults)
    agent.validate()
    return running()


ACTIONS = {
    "start": start,
    "stop": stop,
    "monitor": monitor,
    "validate-all": validate,
    "reload": reload,
    "reload-agent": reload,
}


def _look(agent):
    """One look of a recurring monitor."""
    found = agent.find()
    if not found.running or agent.record["stopping"]:
        return found
    reason = agent.observe()
    if reason is None and agent.faults:
        reason = agent.faults[0].reason
    degraded = Degraded(agent)
    _keep(agent, lambda: degraded.update(reason))
    if degraded.told and agent.p.degraded_code == "190":
        return Finding(codes.DEGRADED, degraded.note["told"])
    return found


def _stay(agent, found):
    """Hold: look again at every event and every LOOK_EVERY, until something is wrong."""
    seconds = min(hold.longest(agent.p.hold, agent.call), agent.deadline.left() - 1)
    sources = agent.sources() if seconds > 0 else []
    end = time.monotonic() + seconds
    try:
        while sources and time.monotonic() < end:
            news = hold.wait(sources, min(LOOK_EVERY, max(0, end - time.monotonic())))
            found = _look(agent)
            if news or found.code != codes.OK:
                break
    finally:
        for source in sources:
            source.close()
    return found


def _came_up(found):
    if found.absent:
        raise Failed("it ended at once: %s" % found.reason)
    return found.running


def _take_away(agent):
    """Stop it and wait until nothing is found; a verb's error only counts if it stays."""
    try:
        agent.stop()
    except DeadlineReached:
        raise
    except Error as error:
        agent.log.warning("stop: %s" % error.reason)
        if not agent.find().absent:
            raise
    return _wait_until(agent, lambda found: found.absent, "gone")


def _wait_until(agent, wanted, word):
    """Poll `find` until it is as wanted; DeadlineReached says what was found last."""
    last = []

    def look():
        last[:] = [agent.find()]
        return wanted(last[0])

    try:
        agent.deadline.wait(look, "it to be %s" % word)
    except DeadlineReached:
        raise DeadlineReached("not %s after %.3g s: %s" % (
            word, agent.deadline.seconds, last[0].reason or "it is still there"))
    return last[0]


def _keep(agent, write):
    """Write to the state folder; a full disk must neither fail a stop nor a monitor."""
    try:
        return write()
    except LocalFault as fault:
        agent.log.warning(fault.reason)
        return None


def _raise_first(faults):
    if faults:
        raise faults[0]


# ------------------------------------------------------------------------------ the call

def main(agent_class):
    """Run the action that the command line names, and exit with its code."""
    _open_standard_streams()
    action = sys.argv[1] if len(sys.argv) > 1 else ""
    sys.exit(run(agent_class, action, os.environ))


def run(agent_class, action, environ):
    """Run one action; the exit code. The reason, if any, goes to stderr."""
    declaration = agent_class.declaration
    text = _rendered(declaration, action, environ)
    if text is not None:
        _print(text)
        return codes.OK
    call = env.Call(action, environ, declaration.name)
    logger = log.Log("%s(%s)" % (declaration.name, call.instance), environ)
    try:
        found = _perform(agent_class, call, logger)
    except Error as error:
        found = Finding(errors.exit_code(error, action), error.reason)
    except Exception as error:  # a defect of ours: no traceback for users, no silence
        found = Finding(codes.GENERIC, "internal error: " + _where(error))
    if found.reason and found.code != codes.OK:
        _tell_reason(found.reason, environ)
        logger.error("%s: %s" % (action, found.reason))
    return found.code


def _perform(agent_class, call, logger):
    action = ACTIONS.get(call.action)
    known = agent_class.declaration.action(
        "reload" if call.action == "reload-agent" else call.action)
    if action is None or known is None:
        raise errors.UnknownAction("unknown action %r: wanted one of %s" % (
            call.action, ", ".join(a.name for a in agent_class.declaration.actions)))
    if call.action != "validate-all" and not host.is_root():
        raise NoPrivilege("%s of %s needs root" % (call.action, call.instance))
    os.umask(0o077)
    os.chdir("/")  # never keep a file system busy
    seconds = budget(call.timeout or known.timeout)
    deadline = Deadline(seconds)
    _arm(seconds, call.action)
    folder = state.Folder(call.agent, call.instance)
    return action(agent_class(call, folder, deadline, logger))


def budget(timeout):
    """Seconds for an action of that timeout: Pacemaker's SIGKILL comes without warning."""
    return timeout - min(2.0, max(0.2, timeout * 0.05))


def _arm(seconds, action):
    """A last line of defence: an alarm should something block beyond the deadline."""
    def ring(*_):
        raise DeadlineReached("%s did not end within %.3g s" % (action, seconds))

    _signal.signal(_signal.SIGALRM, ring)
    _signal.setitimer(_signal.ITIMER_REAL, seconds + 0.1)


def _rendered(declaration, action, environ):
    """The text of an action that only describes the agent, or None."""
    if action == "meta-data":
        from lbha.render import ocf_xml

        return ocf_xml.render(declaration, env.Call(action, environ, "").modern)
    if action in ("usage", "help", "--help", "-h", ""):
        from lbha.render import usage

        return usage.render(declaration)
    if action == "manpage":
        from lbha.render import man

        return man.render(declaration)
    return None


def _print(text):
    data = text.encode("utf-8")
    while data:
        data = data[os.write(1, data):]


def _tell_reason(reason, environ):
    prefix = environ.get("OCF_EXIT_REASON_PREFIX") or "ocf-exit-reason:"
    log.to_stderr(prefix + cut(reason))


def cut(text):
    """The sentence, cut to what Pacemaker keeps, never inside a character."""
    return " ".join(text.split()).encode()[:LONGEST_REASON].decode("utf-8", "ignore")


def _where(error):
    """Type, message and place of a defect, on one line."""
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    return "%s: %s (%s:%d)" % (type(error).__name__, error,
                               os.path.basename(trace.tb_frame.f_code.co_filename),
                               trace.tb_lineno)


def _open_standard_streams():
    """Descriptors 0 to 2 are open, so that no file of ours ever gets their numbers."""
    while True:
        fd = os.open(os.devnull, os.O_RDWR)
        if fd > 2:
            os.close(fd)
            return
        os.set_inheritable(fd, True)
