"""The runtime of fence agents.

An agent gives small verbs (connect, is_on, switch, disconnect); input, actions, proof of the
power state, time bounds and exit codes are here.  One call is one session with the device.

Source: FenceAgentAPI of fence-agents; what pacemaker-fenced 2.0.5 does with the answers:
every line on stderr is logged; after a failure it runs the agent once more, unless stderr
has "imed out" or 70 % of the time are used; when the time is over it kills without warning.
So a failure is one sentence on stderr, in time.
"""

import os
import sys
import time

from lbha import codes, log, options, spec, streams
from lbha.deadline import Deadline, nap
from lbha.errors import Error, Failed, UnknownAction, origin

SETTLED = 0.3       # seconds between the two readings of off that prove it
FIRST_PAUSE = 0.1   # seconds between two readings, growing ...
LONGEST_PAUSE = 1.0
LAST_WORD = 1.0     # seconds kept to tell what was read last, and to log out
ANSWER = 0.1        # seconds that a reading may take, at least
CAME_UP = 2.0       # seconds that a reboot waits to see the power come back

# What the runtime gives each agent; `timeout` is the default of the parameter of that name.
STANDARD_ACTIONS = (
    # automatic=0: Pacemaker does not run `on` when a node joins (that is for fabric fencing)
    spec.Action("on", timeout=25, attributes=(("automatic", 0),)),
    spec.Action("off", timeout=25),
    spec.Action("reboot", timeout=25),
    spec.Action("status", timeout=15),
    spec.Action("monitor", timeout=15),
    spec.Action("metadata"),
    spec.Action("manpage"),
    spec.Action("validate-all"),
)


class Busy(Failed):
    """The device cannot do it now, but may soon."""


class Unreadable(Failed):
    """The device answered, but not with a power state."""


class FenceAgent:
    """What an agent gives.  Verbs raise lbha.errors.

    p        -- parsed parameters as attributes
    log      -- the log
    name     -- the device, for sentences
    deadline -- of this call; every verb ends by then
    """

    declaration = None

    def __init__(self, p, logger, deadline):
        self.p, self.log, self.deadline = p, logger, deadline

    def validate(self):
        """Raise what can be said without asking the device."""

    def connect(self):
        """Log in, within `login_timeout`."""
        raise NotImplementedError

    def is_on(self):
        """What the device says now: True or False. Raises Unreadable."""
        raise NotImplementedError

    def switch(self, on):
        """Send the command on (True) or off (False), whatever the state.

        True: the device accepted it. False: it says that in its present state there is
        nothing to do. Raises Busy, Failed.
        """
        raise NotImplementedError

    def disconnect(self):
        """Log out; never raises."""
        raise NotImplementedError


class FenceLog(log.Log):
    """Lines for stderr, which pacemaker-fenced logs, and for the debug file."""

    def __init__(self, name):
        super().__init__(name, {})
        self.quiet = False

    def configure(self, p):
        """Take over what the options say."""
        verbose = p.verbose or p.verbose_level > 0
        self.quiet, self.verbose = p.quiet, verbose or bool(p.debug_file)
        self.to_terminal = log.LEVELS.index("DEBUG" if verbose else "WARNING")
        self.file = p.debug_file
        if self.file:
            _create(self.file)

    to_terminal = log.LEVELS.index("WARNING")
    creates = os.O_CREAT

    def write(self, level, text):
        """One line; an error is the plain sentence, for people read it in the cluster's log."""
        text = log.plain(text)
        if level == 0:
            log.to_stderr(text)
        elif level <= self.to_terminal and not self.quiet:
            log.to_stderr("%s: %s" % (log.LEVELS[level], text))
        if self.file:
            self._append("%s %s[%d]: %s: %s" % (time.strftime("%b %d %H:%M:%S"), self.tag,
                                                os.getpid(), log.LEVELS[level], text))


def _create(path):
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600))
    except OSError:
        return  # the lines then go to stderr, see log.Log


# ------------------------------------------------------------------------------- actions

def status(agent):
    """Is the power on: 0, or off: 2."""
    on = agent.is_on()
    say("Status: %s" % _word(on))
    return codes.FENCE_OK if on else codes.FENCE_OFF


def monitor(agent):
    """Would fencing work: the device lets us in and tells a power state, whichever."""
    agent.is_on()
    return codes.FENCE_OK


def on(agent):
    """Power on."""
    return _report("Powered" if _power(agent, True) else "Already", True)


def off(agent):
    """Power off, proven."""
    return _report("Powered" if _power(agent, False) else "Already", False)


def reboot(agent):
    """Off, proven, then on.

    From the proof on the node is fenced: what goes wrong with `on` is told and no failure,
    or the cluster would wait for a node that is safely off.
    """
    _power(agent, False)
    try:
        _switch(agent, True, agent.deadline)
        _prove(agent, True, _limit(agent, CAME_UP))
    except Error as error:
        agent.log.warning("the node is off, proven, and fenced; but it was not seen to come "
                          "on again: %s" % error.reason)
    say("Success: Rebooted")
    return codes.FENCE_OK


POWER_ACTIONS = {"on": on, "off": off, "reboot": reboot, "status": status,
                 "monitor": monitor}


def _power(agent, on):
    """Switch and prove; whether the command was accepted (False: there was nothing to do).

    The command is sent first and whatever the state is said to be: off must not depend on
    a reading, neither on one that fails nor on one that is wrong.
    """
    limit = _limit(agent, agent.p.power_timeout)
    accepted = _switch(agent, on, limit)
    _prove(agent, on, limit)
    return accepted


def _limit(agent, seconds):
    """The Deadline of a power command: the call's own would cut off the last reading."""
    left = agent.deadline.left()
    return agent.deadline.within(min(seconds, left - min(LAST_WORD, left / 5)))


def _switch(agent, on, limit):
    """Send the command, again and again while the device is busy."""
    pause = FIRST_PAUSE
    while True:
        try:
            accepted = agent.switch(on)
            break
        except Busy as busy:
            agent.log.debug(busy.reason)
            if limit.left() < pause:
                raise
            nap(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
    agent.log.debug("%s %s %s" % (agent.name, "accepted" if accepted else
                                  "sees nothing to do for", _word(on)))
    if agent.p.power_wait:
        nap(min(agent.p.power_wait, limit.left()))
    return accepted


def _prove(agent, on, limit):
    """Read the power until it is as wanted; off counts when read again SETTLED later.

    Raises Failed with what was read last.  Off that was read in time may be proven after
    `limit`.
    """
    settled = 0.0 if on else SETTLED
    since, pause = None, FIRST_PAUSE
    while True:
        asked = time.monotonic()
        try:
            found = agent.is_on()
            last = "is still %s" % _word(found)
        except Unreadable as error:
            found, last = None, "is unknown: " + error.reason
        agent.log.debug("%s says that the power is %s"
                        % (agent.name, "unknown" if found is None else _word(found)))
        if found is not on:
            since = None
        elif since is None:
            since = time.monotonic()
        if since is not None and (not settled or asked - since >= settled):
            return
        if since is None:
            over, wait = not limit.left(), min(pause, limit.left())
            pause = min(pause * 1.5, LONGEST_PAUSE)
        else:
            wait = since + settled - time.monotonic() + 0.001  # nap cuts to whole ms
            over, last = agent.deadline.left() < wait + ANSWER, "is OFF too lately to be proven"
        if over:
            raise Failed("%s took the command %s, but after %.3g s the power %s"
                         % (agent.name, _word(on), limit.seconds, last))
        nap(wait)


def _report(verb, on):
    say("Success: %s %s" % (verb, _word(on)))
    return codes.FENCE_OK


def _word(on):
    return "ON" if on else "OFF"


# ------------------------------------------------------------------------------ the call

def main(agent_class):
    """Do what the command line or standard input asks for, and exit with the code."""
    streams.open_standard()
    code = run(agent_class, sys.argv[1:])
    os._exit(code)  # at once, whatever a library's threads are doing; we buffer nothing


def run(agent_class, arguments):
    """One call; the exit code.  The reason of a failure goes to stderr, on one line."""
    logger = FenceLog(agent_class.declaration.name)
    try:
        return _perform(agent_class, arguments, logger)
    except Error as error:
        reason = error.reason
    except KeyboardInterrupt:
        reason = "interrupted"
    except BaseException as error:  # a defect of ours; its text might show a secret
        reason = "internal error: " + origin(error)
    logger.error(reason)
    return codes.FENCE_FAILED


def _perform(agent_class, arguments, logger):
    declaration = agent_class.declaration
    given, unknown = options.read(declaration, arguments)
    p, faults = declaration.parse(given)
    logger.configure(p)
    if unknown:
        logger.warning("ignored, no such option: %s" % ", ".join(unknown))
    action = p.action.lower()
    text = _rendered(declaration, action, p)
    if text is not None:
        say(text.rstrip("\n"))
        return codes.FENCE_OK
    verb = POWER_ACTIONS.get(action)
    if verb is None and action != "validate-all":
        # Pacemaker knows this wording
        raise UnknownAction("Unrecognised action '%s': wanted one of %s" % (
            spec.shorten(action), ", ".join(a.name for a in declaration.actions)))
    if faults:
        raise faults[0]
    for fault in p.ignored:
        logger.warning("%s; ignored" % fault.reason)
    if p.delay and action in ("off", "reboot"):
        logger.debug("waiting %g s, as configured" % p.delay)
        nap(p.delay)
    deadline = Deadline(p.timeout or declaration.action(action).timeout or 0)
    agent = agent_class(p, logger, deadline)
    agent.validate()
    if verb is None:
        return codes.FENCE_OK
    agent.connect()
    try:
        return verb(agent)
    finally:
        agent.disconnect()


def _rendered(declaration, action, p):
    """The text of a call that only describes the agent, or None."""
    if p.version:
        from lbha import __version__

        return "%s %s" % (declaration.name, __version__)
    if p.help or action == "help":
        from lbha.render import usage

        return usage.render(declaration)
    if action in ("metadata", "meta-data"):
        from lbha.render import fence_xml

        return fence_xml.render(declaration)
    if action == "manpage":
        from lbha.render import man

        return man.render(declaration)
    return None


def say(text):
    """A line for stdout; that nobody reads it changes nothing of what was done."""
    try:
        streams.write_output(text + "\n")
    except OSError as error:
        log.to_stderr("WARNING: standard output: %s" % error.strerror)
