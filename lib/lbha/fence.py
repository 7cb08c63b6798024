"""The runtime of fence agents.

An agent gives small verbs (connect, is_on, switch, cycle, describe, disconnect); input,
actions, time bounds and exit codes are here, the proof of the power state in lbha.power.
One call is one session with the device.

Source: FenceAgentAPI of fence-agents; what pacemaker-fenced 2.0.5 does with the answers:
every line on stderr is logged; after a failure it runs the agent once more, unless stderr
has "imed out" or 70 % of the time are used; when the time is over it kills without warning.
So a failure is one sentence on stderr, in time.
"""

import _signal
import os
import sys

from lbha import codes, log, options, power, secret, spec, streams
from lbha.deadline import Deadline, nap
from lbha.errors import (Error, Failed, NotInstalled, UnknownAction, Unusable,
                         WrongParameter, origin)

# What the runtime gives each agent; `timeout` is the default of the parameter of that name.
STANDARD_ACTIONS = (
    # automatic=0: Pacemaker does not run `on` when a node joins (that is for fabric fencing)
    spec.Action("on", timeout=25, attributes=(("automatic", 0),)),
    spec.Action("off", timeout=25),
    spec.Action("reboot", timeout=25),
    spec.Action("status", timeout=15),
    spec.Action("monitor", timeout=15),
    spec.Action("diag", timeout=15),
    spec.Action("metadata"),
    spec.Action("manpage"),
    spec.Action("validate-all"),
)


class Refused(Failed):
    """The device will not, and asking again changes nothing."""


# What another try of the same call cannot mend.  Pacemaker makes none when it reads "imed out",
# and goes on to the next device the sooner; a wrong password tried often may lock the user out.
HOPELESS = (Refused, WrongParameter, NotInstalled, Unusable)
NO_RETRY = " (no retry can help: to be taken as timed out)"
DELAYED = ("off", "reboot")


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
        """What the device says now: True or False. Raises power.Unreadable, Busy, Failed."""
        raise NotImplementedError

    def switch(self, on):
        """Send the command on (True) or off (False), whatever the state.

        True: the device accepted it. False: it says that in its present state there is
        nothing to do. Raises power.Busy, Failed.
        """
        raise NotImplementedError

    def cycle(self, limit):
        """Send one power cycle, once and never again. Raises Failed."""
        raise NotImplementedError

    def describe(self):
        """(topic, text) pairs: what the device is and can do."""
        raise NotImplementedError

    def disconnect(self):
        """Log out, also after half a login; never raises."""
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
        if self.file:  # that it cannot be written is said first
            self.debug("called for %s" % spec.shorten(p.action))

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
            self._to_file("%s[%d]: %s: %s" % (self.tag, os.getpid(), log.LEVELS[level], text))

    def _to_file(self, line):
        try:
            self._append(line)
        except OSError as error:
            path, self.file = self.file, None
            self.warning("cannot write debug_file %s: %s" % (path, error.strerror))


# ------------------------------------------------------------------------------- actions

def status(agent):
    """Is the power on: 0, or off: 2."""
    on = power.read(agent)
    say("Status: %s" % power.word(on))
    return codes.FENCE_OK if on else codes.FENCE_OFF


def monitor(agent):
    """Would fencing work: the device lets us in and tells a power state, whichever."""
    power.read(agent)
    return codes.FENCE_OK


def on(agent):
    """Power on."""
    return _report("Powered" if power.turn(agent, True) else "Already", True)


def off(agent):
    """Power off, proven."""
    return _report("Powered" if power.turn(agent, False) else "Already", False)


def reboot(agent):
    """Off, proven, then on; fenced from the proof on."""
    power.restart(agent)
    say("Success: Rebooted")
    return codes.FENCE_OK


def diag(agent):
    """What the device says of itself, for a person."""
    for topic, text in agent.describe():
        say("%s: %s" % (topic, text))
    return codes.FENCE_OK


POWER_ACTIONS = {"on": on, "off": off, "reboot": reboot, "status": status,
                 "monitor": monitor, "diag": diag}


def _report(verb, on):
    say("Success: %s %s" % (verb, power.word(on)))
    return codes.FENCE_OK


# ------------------------------------------------------------------------------ the call

def main(agent_class):
    """Do what the command line or standard input asks for, and exit with the code."""
    import gc

    # a call ends before garbage matters, and would spend a tenth of its imports on looking for it
    gc.disable()
    streams.open_standard()
    streams.default_signals()
    secret.forbid_core()
    for number in (_signal.SIGTERM, _signal.SIGHUP):  # as ^C: log out, and say it
        if _signal.getsignal(number) != _signal.SIG_IGN:  # nohup(1)
            _signal.signal(number, _signal.default_int_handler)
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
    given, warnings = options.read(declaration, arguments)
    if given.get("action") == "":  # of a variable that is not set; the default cuts the power
        raise UnknownAction("the action is empty: wanted its name, or no option of that name")
    p, faults = declaration.parse(given)
    logger.configure(p)
    for warning in warnings:
        logger.warning(warning)
    action = p.action.lower()
    text = _rendered(declaration, action, p)
    if text is not None:
        say(text.rstrip("\n"))
        return codes.FENCE_OK
    if action not in POWER_ACTIONS and action != "validate-all":
        # Pacemaker knows this wording
        raise UnknownAction("Unrecognised action '%s': wanted one of %s" % (
            spec.shorten(action), ", ".join(a.name for a in declaration.actions)))
    try:
        if faults:
            raise faults[0]
        for fault in p.ignored:
            logger.warning("%s; ignored" % fault.reason)
        return _act(agent_class, action, p, logger)
    except HOPELESS as error:
        if action in DELAYED + ("on",) and os.environ.get("PCMK_service"):
            raise Refused(error.reason + NO_RETRY)
        raise


def _act(agent_class, action, p, logger):
    seconds = p.timeout or agent_class.declaration.action(action).timeout or 0
    agent = agent_class(p, logger, Deadline(seconds))
    agent.validate()
    if action == "validate-all":
        return codes.FENCE_OK
    if p.delay and action in DELAYED:
        logger.debug("waiting %g s, as configured" % p.delay)
        nap(p.delay)
        agent.deadline = Deadline(seconds)
    try:
        agent.connect()
        return POWER_ACTIONS[action](agent)
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
