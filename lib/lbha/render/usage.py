"""The usage text of a resource agent."""

from lbha.render.text import allowed


def render(declaration):
    """Actions and parameters, as lines for a terminal."""
    names = []
    for action in declaration.actions:
        if action.name not in names:
            names.append(action.name)
    lines = ["usage: %s {%s|manpage}" % (declaration.name, "|".join(names)), "",
             declaration.short + ".", "", "Parameters, from the environment (OCF_RESKEY_NAME):"]
    for parameter in declaration.parameters:
        lines.append("  %-16s %s" % (parameter.name, parameter.short))
        lines.append("  %-16s (%s)" % ("", allowed(parameter)))
    return "\n".join(lines) + "\n"
