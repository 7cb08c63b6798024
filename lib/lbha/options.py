"""Options of a fence agent: NAME=VALUE lines on standard input, or the command line.

Both give texts by the declared name (lbha.spec).  Pacemaker writes lines.
"""

import os

from lbha import streams
from lbha.errors import WrongParameter
from lbha.spec import shorten

# Pacemaker sends the target's name to every agent; the device is told by its own options.
SILENTLY_IGNORED = ("nodename", "nodeid")


def read(declaration, arguments):
    """({name: text}, [unknown names]) of this call.

    arguments -- of the command line; with none, standard input is read.
    Raises WrongParameter for a command line that is not one.
    """
    if arguments:
        return from_arguments(declaration, arguments), []
    return from_lines(declaration, streams.read_input())


def from_lines(declaration, data):
    """The options in lines NAME=VALUE (bytes); the last of several counts.

    A value is kept as it stands, with its blanks and quotes: it may be a password.
    """
    names = _names(declaration)
    given, unknown = {}, []
    for line in os.fsdecode(data).split("\n"):
        name, _, value = line.partition("=")
        name = name.strip().replace("-", "_")
        if not name or name.startswith("#"):
            continue
        if name in names:
            given[names[name]] = value
        elif name not in SILENTLY_IGNORED and shorten(name) not in unknown:
            unknown.append(shorten(name))
    return given, unknown


def from_arguments(declaration, arguments):
    """The options on a command line; a boolean is given by naming it."""
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


def _names(declaration):
    """Every accepted name -> the declared name."""
    return {name: parameter.name for parameter in declaration.parameters
            for name in (parameter.name,) + parameter.aliases}
