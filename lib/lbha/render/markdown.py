"""Tables for the README."""

from lbha.render.text import allowed


def render(declaration):
    """The parameters of an agent as a table."""
    lines = ["| parameter | what it says | takes |", "|---|---|---|"]
    for parameter in declaration.parameters:
        lines.append("| `%s` | %s | %s |" % (
            parameter.name, _cell(parameter.short), _cell(allowed(parameter))))
    return "\n".join(lines) + "\n"


def _cell(text):
    return text.replace("|", "\\|")
