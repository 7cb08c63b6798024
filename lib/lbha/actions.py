"""What each action of a resource agent does, and what it answers:

    start, validate-all  the situation: lbha.errors.exit_code
    probe                what is found, whatever is misconfigured
    monitor              what is found; works-but-look is *degraded*, see lbha.degraded
    stop                 0 when nothing is left, however it came about; else 1
    reload               0 while the thing serves, old state or new

Every action takes a lbha.ocf.ResourceAgent, uses its verbs, and returns a Finding.
"""

import gc
import time

from lbha import codes, hold
from lbha.deadline import nap
from lbha.degraded import Degraded
from lbha.errors import DeadlineReached, Error, Failed, LocalFault, origin
from lbha.finding import Finding, running
from lbha.state import RESERVE

BREATH = 0.02     # seconds after an event, should a source tell the same one again and again
PATIENCE = 2.0    # seconds that a stop waits for other actions of its resource


def start(agent):
    """Bring the resource up; a running one is adopted."""
    validate(agent)
    with agent.folder.lock(agent.deadline):
        if hold.is_orphan():  # a stop may have come and gone while it waited
            raise Failed("who asked for this start is gone: nothing was started")
        agent.record.reload()
        if agent.record.fault:
            raise agent.record.fault
        found = agent.find()
        # a stop that was killed half way left its mark, a reload its complaint
        agent.record.update(started=1, stopping=None, unapplied=None)
        if found.running:
            agent.adopt()
            agent.folder.keep_reserve()
            return found
        if not found.absent:
            agent.log.info("removing what is left of an earlier start: %s" % found.reason)
            _take_away(agent)
        agent.start()
        agent.folder.keep_reserve()
        return _wait_until(agent, _came_up, "running")


def stop(agent):
    """Take the resource away; what is not there is stopped.

    A failed stop means fencing, so nothing beside the resource itself may fail it: not its
    files, not the cluster's daemons, not another action that hangs.
    """
    _aside(agent, lambda: hold.end_runs(agent.folder, agent.deadline.within(PATIENCE)))
    lock = _seize_lock(agent)
    try:
        agent.record.reload()
        _aside(agent, lambda: agent.record.update(stopping=1))
        _take_away(agent)
        _aside(agent, lambda: Degraded(agent).clear())
        _aside(agent, agent.after_stop)
        _aside(agent, agent.record.drop)
        _aside(agent, lambda: agent.folder.remove(RESERVE))
        return running()
    finally:
        if lock:
            lock.release()


def _seize_lock(agent):
    """The lock of the instance; whoever keeps it too long is an orphan, and is ended.

    Pacemaker runs one action of a resource at a time.  None when it cannot be had: then
    the resource is taken away without.
    """
    for _ in range(2):
        try:
            return agent.folder.lock(agent.deadline.within(PATIENCE))
        except DeadlineReached:
            holder = agent.folder.lock_holder()
            if holder:
                agent.log.warning("ending pid %d, which keeps the lock" % holder.pid)
                holder.kill()
        except LocalFault as fault:
            agent.log.warning(fault.reason)
            break
    return None


def monitor(agent):
    """What is there; a recurring monitor also waits for a failure (lbha.hold)."""
    if agent.call.is_probe:
        found = agent.find()
        _aside(agent, lambda: hold.forget_runs(agent.folder))
        if found.running:
            # the cluster services of this node were started anew, maybe: in maintenance mode
            # no other action comes
            _aside(agent, agent.restore)
            _aside(agent, Degraded(agent).forget)
        return Finding(found.code) if found.absent else found
    if not agent.call.is_recurring:
        return agent.find()
    run = _begin_run(agent)
    try:
        found = _look(agent)
        if found.code == codes.OK and run and run.follows:
            found = _stay(agent, found)
    except hold.ReaderGone:
        return running()  # an orphan: nobody hears the answer, and nothing more is to be done
    if run:
        _aside(agent, run.end)
    return found


def _begin_run(agent):
    """The hold.Run of this monitor; None where nothing can be written, as on a full disk."""
    try:
        return hold.Run(agent.folder, agent.call, hold.longest(_setting(agent), agent.call) > 0)
    except LocalFault as fault:
        _complain(agent, fault.reason)
        return None


def reload(agent):
    """Apply changed parameters; what cannot be applied leaves the old state serving.

    What was started and does not run any more is started again: Pacemaker 2.0.5 counts a
    reload that fails as a start that failed, and would keep the node from ever trying again.
    """
    with agent.folder.lock(agent.deadline):
        agent.record.reload()
        found = agent.find()
        if found.running:
            return _reload(agent)
        if not agent.record["started"]:
            return found
    return start(agent)


def _reload(agent):
    """The reload of what runs; the caller holds the lock."""
    try:
        validate(agent)
        waits = agent.reload()
        found = _wait_until(agent, _came_up, "running")
    except Error as error:
        found = agent.find()
        if not found.running:
            raise
        agent.log.error("reload: %s; the old state serves on" % error.reason)
        reason = "reload: " + error.reason
        _aside(agent, lambda: agent.record.update(unapplied=reason))
        return found
    agent.record.update(unapplied=waits)
    return found


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
    reason = reason or agent.record["unapplied"] or agent.folder.keep_reserve()
    degraded = Degraded(agent)
    _aside(agent, lambda: degraded.update(reason))
    if degraded.told and agent.p.degraded_code == "190":
        return Finding(codes.DEGRADED, degraded.note["told"])
    return found


def _stay(agent, found):
    """Hold: look again at every event and every `agent.pause`, until something is wrong or the
    cluster is configured anew."""
    from lbha.configuration import Configuration  # of no use to those who do not stay

    seconds = min(hold.longest(_setting(agent), agent.call), agent.deadline.left() - 1)
    end = time.monotonic() + seconds
    gc.enable()  # the agent's file has disabled it for those who are gone in a moment
    sources, configuration = [], Configuration()
    try:
        while found.code == codes.OK and time.monotonic() < end and not configuration.changed:
            sources = _renew(sources, agent.sources())
            if not sources:
                break
            rest = max(0, end - time.monotonic())
            news = hold.wait(sources + [configuration], min(agent.pause, rest))
            agent.record.reload()  # others may have acted meanwhile
            found = _look(agent)
            if news and found.code == codes.OK:
                nap(BREATH)
    finally:
        _renew(sources, [])
        configuration.close()
    return found


def _setting(agent):
    return getattr(agent.p, "hold", 0)  # an agent without event sources has no such parameter


def _renew(old, new):
    """The new sources; of the old ones those that are not among them are closed."""
    for source in old:
        if source not in new:
            source.close()
    return new


def _came_up(found):
    if found.absent:
        raise Failed("it ended at once: %s" % (found.reason or "nothing of it is there"))
    return found.running


def _take_away(agent):
    """Stop it, again and again until nothing is found; what its verb raises only counts
    if something stays."""
    last = []

    def take():
        trouble = _aside(agent, agent.stop, "stop: ")
        try:
            found = agent.find()
        except (DeadlineReached, Failed, LocalFault) as error:  # it may be seen the next time
            last[:] = [trouble or error.reason]
            return False
        last[:] = [trouble or found.reason or "it is still there"]
        return found.absent

    try:
        agent.deadline.wait(take, "it to be gone", pause=0.05, longest=1.0)
    except DeadlineReached:
        raise Failed("not gone after %.3g s: %s" % (agent.deadline.seconds, last[0]))


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


def _aside(agent, task, prefix=""):
    """Do something beside the matter: what goes wrong is logged, not raised, and returned
    as a sentence."""
    try:
        task()
    except Error as error:
        reason = error.reason
    except Exception as defect:
        reason = "internal error: %s" % origin(defect)
    else:
        return None
    _complain(agent, prefix + reason)
    return reason


def _complain(agent, reason):
    """Log it; what a full disk does to every monitor is told once, by lbha.degraded."""
    if agent.folder.full and agent.call.is_recurring:
        agent.log.debug(reason)
    else:
        agent.log.warning(reason)


def _raise_first(faults):
    if faults:
        raise faults[0]
