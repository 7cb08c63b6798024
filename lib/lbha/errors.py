"""What can go wrong, sorted by what the cluster should make of it.

    Error                 one sentence: the thing's name, what was found, what was wanted
      WrongParameter      wrong on every node, whatever the node
      NotInstalled        a file, program or library is missing on this node
      LocalFault          something of this node's own is bad: the content of a file, a
                          name that does not resolve, a device that is gone
        Unusable          such a file that stays so until somebody mends it
      NoPrivilege         this process may not do it
      DeadlineReached     our own deadline, before Pacemaker's SIGKILL
      Failed              the thing itself would not come, or would not go
      UnknownAction       this agent has no such action

`exit_code` is the only place where a situation becomes an exit code.
"""

from lbha import codes


class Error(Exception):
    """A failure with one sentence that a person on call can act on."""

    @property
    def reason(self):
        """The sentence, on one line."""
        return " ".join(str(self).split())


class WrongParameter(Error):
    """A parameter that is wrong on every node."""


class NotInstalled(Error):
    """A file, program or library that this node lacks."""


class LocalFault(Error):
    """A fault of this node: bad file content, unresolvable name, missing device."""


class Unusable(LocalFault):
    """A file of this node that no other try finds any better."""


class NoPrivilege(Error):
    """The caller lacks the right to do this."""


class DeadlineReached(Error):
    """The time for this action is used up; the sentence says what was waited for."""


class Failed(Error):
    """The thing itself would not do what was asked of it."""


class UnknownAction(Error):
    """An action that the agent does not have."""


# What `start` and `validate-all` answer.  No other action may let a situation choose the
# code: 6 stops the resource on every node and 5 bans this one while it may well be serving,
# and a failed stop means fencing.  Monitor, probe, stop and reload answer what was *found*
# (lbha.actions); an error that kept them from finding out is GENERIC.
START_CODES = {
    WrongParameter: codes.CONFIGURED,
    NotInstalled: codes.INSTALLED,
    LocalFault: codes.GENERIC,
    DeadlineReached: codes.GENERIC,
    Failed: codes.GENERIC,
}

# What every action answers: no action can do its work then.
ALWAYS_CODES = {
    NoPrivilege: codes.PERM,
    UnknownAction: codes.UNIMPLEMENTED,
}


def exit_code(error, action):
    """The exit code for `error` (an Error) that ended `action` (a name)."""
    table = dict(ALWAYS_CODES)
    if action in ("start", "validate-all"):
        table.update(START_CODES)
    for kind in type(error).__mro__:  # an agent's own kind of failure is what it derives from
        if kind in table:
            return table[kind]
    return codes.GENERIC


def origin(defect):
    """Kind and place of an exception that nobody meant to raise: "KIND at FILE:LINE"."""
    trace = defect.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    return "%s at %s:%d" % (type(defect).__name__,
                            trace.tb_frame.f_code.co_filename.rpartition("/")[2],
                            trace.tb_lineno)
