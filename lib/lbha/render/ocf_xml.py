"""OCF meta-data, in the form of version 1.0 or 1.1.

1.0 keeps to ra-api-1.dtd, which ocf-tester validates against and Pacemaker 2.0.5 reads;
it knows neither `reloadable` nor `reload-agent`.  1.1 is ra-api.rng of OCF 1.1.
"""

from lbha import __version__
from lbha.render.text import allowed, attributes, escape

HEAD = """<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
"""
HEAD_MODERN = """<?xml version="1.0"?>
"""


def render(declaration, modern=False):
    """The meta-data document; `modern`: for a caller that speaks OCF 1.1."""
    lines = [HEAD_MODERN if modern else HEAD]
    lines.append("<resource-agent%s>\n<version>%s</version>\n" % (
        attributes(("name", declaration.name), ("version", __version__)),
        "1.1" if modern else "1.0"))
    lines.append(_texts(declaration.short, "\n\n".join(declaration.long)))
    lines.append("<parameters>\n")
    lines.extend(_parameter(parameter, modern) for parameter in declaration.parameters)
    lines.append("</parameters>\n<actions>\n")
    lines.extend(_action(action, modern) for action in _actions(declaration, modern))
    lines.append("</actions>\n</resource-agent>\n")
    return "".join(lines)


def _parameter(parameter, modern):
    if modern:
        marks = (("unique-group", parameter.name if parameter.unique else None),
                 ("required", int(parameter.required)),
                 ("reloadable", int(parameter.reloadable)))
    else:
        marks = (("unique", int(parameter.unique)), ("required", int(parameter.required)))
    return "<parameter%s>\n%s<content%s/>\n</parameter>\n" % (
        attributes(("name", parameter.name), *marks),
        _texts(parameter.short, "%s Takes %s." % (parameter.long, allowed(parameter))),
        attributes(("type", parameter.type.ocf_type), ("default", parameter.shown_default)))


def _texts(short, long):
    return '<longdesc lang="en">\n%s\n</longdesc>\n<shortdesc lang="en">%s</shortdesc>\n' % (
        escape(long), escape(short))


def _actions(declaration, modern):
    for action in declaration.actions:
        if action.name != "reload" or modern or declaration.reloadable:
            yield action


def _action(action, modern):
    name = "reload-agent" if modern and action.name == "reload" else action.name
    return "<action%s/>\n" % attributes(
        ("name", name), ("timeout", _seconds(action.timeout)),
        ("interval", _seconds(action.interval)), ("depth", action.depth),
        *action.attributes)


def _seconds(number):
    return None if number is None else "%ds" % number
