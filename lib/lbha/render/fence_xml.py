"""Meta-data of fence agents.

Source: fence-agents, lib/metadata.rng.  That schema has one text a parameter (shortdesc) and
no times for actions.  An older name of a parameter is an element of its own, deprecated, and
the newer one names it in `obsoletes`.
"""

from lbha.render.text import attributes, escape, option, sentence

HEAD = """<?xml version="1.0"?>
"""


def render(declaration):
    """The meta-data document."""
    lines = [HEAD]
    lines.append("<resource-agent%s>\n" % attributes(
        ("name", declaration.name), ("shortdesc", declaration.short)))
    lines.append("<longdesc>\n%s\n</longdesc>\n" % escape("\n\n".join(declaration.long)))
    lines.append("<vendor-url></vendor-url>\n<parameters>\n")
    for parameter in declaration.parameters:
        for alias in parameter.aliases:
            lines.append(_parameter(parameter, alias, ("deprecated", 1)))
        obsoletes = parameter.aliases[0] if parameter.aliases else None
        lines.append(_parameter(parameter, parameter.name, ("obsoletes", obsoletes)))
    lines.append("</parameters>\n<actions>\n")
    for action in declaration.actions:
        lines.append("<action%s/>\n" % attributes(("name", action.name), *action.attributes))
    lines.append("</actions>\n</resource-agent>\n")
    return "".join(lines)


def _parameter(parameter, name, mark):
    # pcs lifts `required` from a parameter whose other name is given
    return ("<parameter%s>\n<getopt%s/>\n%s<shortdesc lang=\"en\">%s</shortdesc>\n"
            "</parameter>\n") % (
        attributes(("name", name), ("unique", 0), ("required", int(parameter.required)), mark),
        attributes(("mixed", option(parameter))),
        _content(parameter),
        escape(sentence(parameter.short) + " " + parameter.long))


def _content(parameter):
    kind = parameter.type.fence_type
    head = attributes(("type", kind), ("default", _default(parameter)))
    if kind != "select":
        return "<content%s/>\n" % head
    options = ["<option%s/>\n" % attributes(("value", word))
               for word in parameter.type.options]
    return "<content%s>\n%s</content>\n" % (head, "".join(options))


def _default(parameter):
    if parameter.default is None:
        return None
    if parameter.type.fence_type == "second":
        return "%g" % parameter.default  # the dialect has plain numbers
    if parameter.type.fence_type == "boolean":
        return int(parameter.default)
    return parameter.type.show(parameter.default)
