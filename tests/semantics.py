"""What a CIB means to Pacemaker, whatever ids and orders its author chose.

Written from Pacemaker's documentation and on its own: lbha's code has no part in it.
"""

import difflib

from lxml import etree

# ids that are names for people and for other elements
NAMED = {"primitive", "group", "clone", "alert", "node", "tag", "obj_ref"}
SETS = ("instance_attributes", "meta_attributes", "utilization", "cluster_property_set")
# those that Pacemaker writes itself
OWN = {"have-watchdog", "dc-version", "cluster-infrastructure", "cluster-name",
       "last-lrm-refresh"}
ROLES = {"Master": "Promoted", "Slave": "Unpromoted"}


def sections(cib):
    """The configuration of a CIB (bytes) as comparable texts, one a section, sorted."""
    configuration = etree.fromstring(cib).find("configuration")
    return sorted(_lines(section) for section in configuration if len(section))


def difference(one, other):
    """The lines in which two CIBs (bytes) differ in meaning."""
    return [line for line in difflib.unified_diff(
        "\n".join(sections(one)).split("\n"), "\n".join(sections(other)).split("\n"),
        "one", "other", n=2, lineterm="")]


def _lines(element, depth=0):
    text = "  " * depth + element.tag
    for name, value in sorted(_attributes(element).items()):
        text += " %s=%r" % (name, value)
    children = [child for child in element if isinstance(child.tag, str)
                and not (child.get("name") in OWN and element.get("id", "").startswith("cib-"))]
    below = [_lines(child, depth + 1) for child in children]
    # only these mean something by their order
    if element.tag not in ("group", "resources", "recipient"):
        below.sort()
    below = [one for one in below if one]
    if element.tag in SETS and not below:
        return ""
    return "\n".join([text] + below)


def _attributes(element):
    found = dict(element.attrib)
    if element.tag not in NAMED:
        found.pop("id", None)
    for name in ("role", "rsc-role", "with-rsc-role"):
        if name in found:
            found[name] = ROLES.get(found[name].capitalize(), found[name].capitalize())
    if element.tag == "rsc_colocation":
        for name in ("rsc-role", "with-rsc-role"):  # Pacemaker: Started is any role
            if found.get(name) == "Started":
                del found[name]
    if element.tag == "rsc_order":
        found.setdefault("kind", "Mandatory")
        found.setdefault("first-action", "start")
        found.setdefault("then-action", found["first-action"])
    if element.tag == "rule" and len(element) == 1:
        found.pop("boolean-op", None)
    return found
