"""The runtime of resource agents.

An agent gives small verbs (find, start, stop, ...); idempotence, polling, locks, records and
held monitors are in lbha.actions.  Here is the call around them: environment in, deadline,
exit code and reason out.
"""

import _signal
import posix as os
import sys

from lbha import (actions, codes, degraded, env, errors, hold, host, log, spec, state, streams,
                  values)
from lbha.deadline import Deadline, enforce
from lbha.errors import Error, NoPrivilege
from lbha.finding import Finding, absent, cut, partial, running

__all__ = ["HOLD", "DEGRADED_CODE", "Finding", "ResourceAgent", "absent", "main", "partial",
           "run", "running"]

HOLD = spec.Parameter(
    "hold", values.Either("auto", of=values.Seconds(0, hold.LONGEST)),
    "How long a recurring monitor may wait for a failure",
    "A recurring monitor that finds everything well stays for up to this time and returns "
    "the moment the resource fails, so that the cluster knows at once and not at the next "
    "interval. auto is half of the operation's timeout when that is 20 s or more, and at most "
    "a minute; 0 is classic polling.",
    default="auto", reloadable=True)

DEGRADED_CODE = degraded.CODE


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
    pause    -- seconds between two looks of a held monitor when nothing happens
    """

    declaration = None
    pause = 1.0

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

    def restore(self):
        """A probe found it running: bring back what the cluster may have lost of it."""

    def observe(self):
        """In a recurring monitor of a running resource: publish what is to be published,
        and return a sentence when a person should look, or None."""

    def sources(self):
        """Event sources for a held monitor (lbha.hold), asked for anew before each wait;
        one that is named again stays open in between. None: classic polling."""
        return []

    def reload(self):
        """Apply changed parameters in place; a sentence when that has to wait, and `observe`
        does it later."""
        raise NotImplementedError


def main(agent_class):
    """Run the action that the command line names, and exit with its code."""
    streams.open_standard()
    streams.default_signals()
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)  # Ctrl-C by hand ends it, without a word
    action = sys.argv[1] if len(sys.argv) > 1 else ""
    # everything is written through descriptors; to take the interpreter down in order would
    # be a tenth of a monitor's time
    os._exit(run(agent_class, action, env.own()))


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
        found = Finding(codes.GENERIC, "internal error: %s: %s" % (
            errors.origin(error), error))
    if found.reason and found.code != codes.OK:
        _tell_reason(found.reason, environ)
        if found.code != codes.DEGRADED:  # that was logged when it began
            logger.error("%s: %s" % (action, found.reason))
    return found.code


def _perform(agent_class, call, logger):
    action = actions.ACTIONS.get(call.action)
    known = agent_class.declaration.action(
        "reload" if call.action == "reload-agent" else call.action)
    if action is None or known is None:
        raise errors.UnknownAction("unknown action %r: wanted one of %s" % (
            call.action, ", ".join(a.name for a in agent_class.declaration.actions)))
    if not host.is_root():
        raise NoPrivilege("%s of %s needs root" % (call.action, call.instance))
    os.umask(0o077)
    os.chdir("/")  # never keep a file system busy
    timeout = call.timeout or known.timeout
    seconds = budget(timeout)
    deadline = Deadline(seconds)

    def act():
        folder = state.Folder(call.agent, call.instance)
        return action(agent_class(call, folder, deadline, logger))

    # a last line of defence, should something block beyond the deadline
    return enforce(Deadline(seconds + 0.1), "%s did not end within %.3g s" % (
        call.action, seconds), act, grace=(timeout - seconds) / 4)


def budget(timeout):
    """Seconds for an action of that timeout: Pacemaker's SIGKILL comes without warning."""
    return timeout - min(2.0, max(0.2, timeout * 0.05))


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
    try:
        streams.write_output(text)
    except BrokenPipeError:
        return  # whoever asked has read enough


def _tell_reason(reason, environ):
    prefix = environ.get("OCF_EXIT_REASON_PREFIX") or "ocf-exit-reason:"
    log.to_stderr(prefix + cut(reason))
