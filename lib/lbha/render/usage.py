"""The usage text of an agent."""

from lbha.render.text import allowed, option


def render(declaration):
    """Actions and parameters, as lines for a terminal."""
    names = []
    for action in declaration.actions:
        if action.name not in names:
            names.append(action.name)
    if declaration.kind == "fence":
        return _render_fence(declaration, names)
    lines = ["usage: %s {%s|manpage}" % (declaration.name, "|".join(names)), "",
             declaration.short + ".", "", "Parameters, from the environment (OCF_RESKEY_NAME):"]
    for parameter in declaration.parameters:
        lines.append("  %-16s %s" % (parameter.name, parameter.short))
        lines.append("  %-16s (%s)" % ("", allowed(parameter)))
    return "\n".join(lines) + "\n"


def _render_fence(declaration, actions):
    lines = ["usage: %s [OPTION...]" % declaration.name,
             "       without an option: NAME=VALUE lines on standard input", "",
             declaration.short + ".", "", "Actions: %s" % ", ".join(actions), "", "Options:"]
    for parameter in declaration.parameters:
        lines.append("  " + option(parameter))
        lines.append("      %s (%s)" % (parameter.short, allowed(parameter)))
    return "\n".join(lines) + "\n"
