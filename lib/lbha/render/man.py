"""The man page of an agent, in roff (man(7))."""

from lbha import __version__
from lbha.render.text import allowed, option, sentence


def render(declaration):
    """ocf_lbha_NAME.7 of a resource agent, NAME.8 of a fence agent."""
    fence = declaration.kind == "fence"
    title = declaration.name if fence else "ocf_lbha_" + declaration.name
    lines = ['.TH "%s" "%s" "" "lbha %s" "Pacemaker agents"' % (
        title.upper(), "8" if fence else "7", __version__)]
    lines += [".SH NAME", "%s \\- %s" % (roff(title), roff(declaration.short))]
    lines += [".SH DESCRIPTION"]
    for paragraph in declaration.long:
        lines += [".PP", roff(paragraph)]
    lines += [".SH PARAMETERS"]
    for parameter in declaration.parameters:
        lines += [".TP", "\\fB%s\\fR" % roff(_heading(parameter, fence)),
                  roff(sentence(parameter.short)) + " " + roff(sentence(parameter.long)),
                  "(%s)" % roff(allowed(parameter))]
    lines += [".SH ACTIONS"]
    for action in declaration.actions:
        lines += [".TP", "\\fB%s\\fR" % roff(action.name), roff(_times(action))]
    if declaration.examples:
        lines += [".SH EXAMPLES"]
        for text, command in declaration.examples:
            lines += [".PP", roff(sentence(text)), ".PP", ".nf", ".RS 4", roff(command),
                      ".RE", ".fi"]
    return "\n".join(lines) + "\n"


def roff(text):
    """`text` with what roff would take for its own made plain."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line
                     for line in text.split("\n"))


def _heading(parameter, fence):
    names = ", ".join((parameter.name,) + tuple(parameter.aliases))
    return names + ", " + option(parameter) if fence else names


def _times(action):
    parts = ["timeout %d s" % action.timeout] if action.timeout else []
    if action.interval:
        parts.append("interval %d s" % action.interval)
    if action.depth:
        parts.append("OCF_CHECK_LEVEL %d" % action.depth)
    return ", ".join(parts) + "." if parts else "No timeout of its own."
