"""Options of a fence agent: those that all have, and reading them.

They come as NAME=VALUE lines on standard input, which Pacemaker writes, or on the command
line.  Both give texts by the declared name (lbha.spec).
"""

import os

from lbha import spec, streams, values
from lbha.errors import WrongParameter
from lbha.spec import shorten


class Answer(values.Boolean):
    """A boolean that takes an argument on the command line."""

    fence_type, argument = "string", "true/false"


def idle(name, type, long, **more):
    """A parameter that is known from other fence agents and changes nothing here."""
    return spec.Parameter(name, type, "Accepted, without effect", long, minor=True, **more)


COMMON = (
    spec.Parameter(
        "action", values.Text(), "What to do",
        "on, off, reboot, status, monitor, diag, metadata, manpage or validate-all. diag tells "
        "a person what the device is and can do; it changes nothing.",
        default="reboot", flag="o"),
    spec.Parameter(
        "method", values.Choice("onoff", "cycle"), "How to reboot",
        "onoff is off, proven, then on. cycle is one power cycle by the device itself, and "
        "counts only when the power was seen to be off in between; when it was not, the agent "
        "says so and does as onoff does.", default="onoff", flag="m"),
    spec.Parameter(
        "timeout", values.Seconds(1), "Time for the whole call, delay not counted",
        "The agent answers before this time is over, whatever the device does. When not "
        "given: 25 s for on, off and reboot, so that two tries fit into Pacemaker's 60 s, "
        "and 15 s for status and monitor. Keep it under 0.45 of pcmk_off_timeout and its "
        "like, less the delay."),
    spec.Parameter(
        "delay", values.Seconds(), "Wait before off and reboot",
        "In a cluster of two nodes that fence each other, the one with the delay survives.",
        default=0),
    spec.Parameter(
        "login_timeout", values.Seconds(1), "Time for the login",
        "A device that has not let us in by then does not answer.", default=10),
    spec.Parameter(
        "power_timeout", values.Seconds(1), "Time for the power to change",
        "From the command on, within the time of the whole call.", default=20),
    spec.Parameter(
        "power_wait", values.Seconds(), "Wait after each power command",
        "For devices that lie just after one. The state is read again and again anyway, so "
        "most need none.", default=0),
    idle("shell_timeout", values.Seconds(), "timeout bounds the whole call.", default=3),
    idle("disable_timeout", Answer(), "timeout always bounds the whole call."),
    idle("retry_on", values.Integer(0),
         "A busy device is asked again, and a lost answer asked for, as long as there is time."),
    idle("stonith_status_sleep", values.Seconds(),
         "The pause between two readings grows from 0.1 s to 0.25 s by itself."),
    idle("plug_separator", values.Text(), "A call is about one device."),
    spec.Parameter(
        "verbose", values.Boolean(), "Tell every step on standard error",
        "Secrets are never told.", default=False, flag="v", minor=True),
    spec.Parameter(
        "verbose_level", values.Integer(0), "Any level above 0 is verbose",
        "There is only one.", default=0, minor=True),
    spec.Parameter(
        "debug_file", values.Path(), "A file that gets every step",
        "Lines are added at its end. Secrets are never written.",
        aliases=("debug",), flag="D", minor=True),
    spec.Parameter(
        "quiet", values.Boolean(), "No warnings on standard error",
        "The reason of a failure is still told there: Pacemaker has no other.",
        default=False, flag="q", minor=True),
    spec.Parameter(
        "help", values.Boolean(), "Show the options", "And exit.", default=False, flag="h"),
    spec.Parameter(
        "version", values.Boolean(), "Show the version", "And exit.",
        default=False, flag="V"),
)

# Pacemaker sends the target's name to every agent; the device is told by its own options.
SILENTLY_IGNORED = ("nodename", "nodeid")
MOST_NAMES = 10  # that a warning tells


def read(declaration, arguments):
    """({name: text}, [warnings]) of this call.

    arguments -- of the command line; with none, standard input is read.
    Raises WrongParameter for a command line that is not one.
    """
    if arguments:
        return from_arguments(declaration, arguments), []
    return from_lines(declaration, streams.read_input())


def from_lines(declaration, data):
    """({name: text}, [warnings]) of lines NAME=VALUE (bytes); the last of several counts."""
    parameters = _parameters(declaration)
    given, unknown, nameless = {}, {}, False
    for line in os.fsdecode(data).split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, sign, value = line.partition("=")
        name = name.strip().replace("-", "_")
        if name == "action" and not sign:
            given[name] = ""
        elif not name or not sign:
            nameless = True
        elif name in parameters:
            given[parameters[name].name] = _clean(parameters[name], value)
        elif name not in SILENTLY_IGNORED:
            unknown[shorten(name)] = True
    return given, list(_warnings(list(unknown), nameless))


def _clean(parameter, value):
    """A value without what only its line or its writer put around it."""
    if value.endswith("\r"):
        value = value[:-1]
    if parameter.secret or parameter.verbatim:
        return value
    value = value.strip()
    quoted = len(value) > 1 and value[0] == value[-1] == '"' and value.count('"') == 2
    return value[1:-1] if quoted else value


def _warnings(unknown, nameless):
    if unknown:
        more = len(unknown) - MOST_NAMES
        yield "ignored, no such option: %s%s" % (
            ", ".join(unknown[:MOST_NAMES]), " and %d more" % more if more > 0 else "")
    if nameless:  # not shown: it may be the second line of a password
        yield "ignored: a line without NAME=VALUE"


def from_arguments(declaration, arguments):
    """The options on a command line; most booleans are given by naming them."""
    import getopt

    letters, words, meaning = "", [], {}
    for parameter in declaration.parameters:
        flag = parameter.type.fence_type == "boolean"
        if parameter.flag:
            letters += parameter.flag + ("" if flag else ":")
            meaning["-" + parameter.flag] = parameter.name, flag
        for name in (parameter.name,) + parameter.aliases:
            word = name.replace("_", "-")
            words.append(word + ("" if flag else "="))
            meaning["--" + word] = parameter.name, flag
    try:
        pairs, rest = getopt.gnu_getopt(arguments, letters, words)
    except getopt.GetoptError as error:
        raise WrongParameter("%s: see --help" % error.msg)  # names options, never values
    if rest:  # not shown: it may be half a password
        raise WrongParameter("there is an argument that belongs to no option: see --help")
    given = {}
    for option, text in pairs:
        name, flag = meaning[option]
        given[name] = "true" if flag else text
    return given


def _parameters(declaration):
    """Every accepted name -> its parameter."""
    return {name: parameter for parameter in declaration.parameters
            for name in (parameter.name,) + parameter.aliases}
