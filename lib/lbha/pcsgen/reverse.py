"""A CIB read into the model.

What is understood is taken out of a copy of the CIB; what is left in it in the end is what a
sheet cannot hold, whatever it is, and is reported.
"""

import copy

from lbha.pcsgen import cib, libraries, model, tables, words
from lbha.pcsgen.difference import OWN
from lbha.pcsgen.messages import Fault
from lbha.pcsgen.sheet import AROUND
from lbha.pcsgen.words import OLD_ROLES

GROUPS = {"group": "Group", "clone": "Clone", "master": "Promotable"}
# put on what is understood and not taken out: what it was called
SEEN = "lbha-seen"
SECTIONS = ("crm_config", "nodes", "resources", "constraints", "rsc_defaults", "op_defaults",
            "fencing-topology", "alerts")


def parse(path):
    """The <cib> element of a file; Fault when it is none."""
    etree = libraries.etree()
    try:
        # opened here: libxml2 would take the name for a URL, and says not why it fails
        with open(path, "rb") as file:
            document = etree.parse(file, etree.XMLParser(
                resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True,
                remove_pis=True)).getroot()
    except OSError as error:
        raise Fault("file", path=path, error=error)
    except etree.XMLSyntaxError as error:
        raise Fault("no-xml", path=path, error=error.msg)
    if document.getroottree().docinfo.doctype:
        # entities could stand for anything; Pacemaker never writes one
        raise Fault("document-type", path=path)
    if document.tag != "cib" or document.find("configuration") is None:
        raise Fault("no-cib", path=path)
    return document


def read(document, report):
    """The model.Cluster of a <cib> element; warnings for what a sheet cannot hold."""
    configuration = copy.deepcopy(document.find("configuration"))
    reader = _Reader(report)
    for name in SECTIONS:
        for section in configuration.findall(name):
            for child in list(section):
                reader.take(child)
            reader.leftover(section)
            configuration.remove(section)
    reader.leftover(configuration)
    return reader.cluster


class _Reader:
    def __init__(self, report):
        self.report = report
        self.cluster = model.Cluster()
        self.once = set()  # the sections of which a set of settings was read
        self.takers = {
            "cluster_property_set": self.properties, "node": self.node,
            "primitive": self.resources, "group": self.resources, "clone": self.resources,
            "master": self.resources, "rsc_location": self.location,
            "rsc_colocation": self.colocation, "rsc_order": self.order,
            "meta_attributes": self.defaults, "fencing-level": self.level, "alert": self.alert}

    def take(self, element):
        """Read an element of a section, and take it out when nothing of it is left."""
        taker = self.takers.get(element.tag)
        if taker:
            taker(element)

    def leftover(self, element):
        """Report what is left in an element."""
        for name, value in element.attrib.items():
            if name != SEEN:
                self.report.warning(None, "not-held", what="%s %s=%s" % (
                    _where(element), name, value))
        for child in element:
            if child.get(SEEN):
                self.leftover(child)
            else:
                self.report.warning(None, "not-held", what=_where(child))

    def done(self, element, where=None):
        """Take out an element that is understood; what is left in it is still reported."""
        where = where or _where(element)
        element.attrib.pop("id", None)
        if element.attrib or len(element):
            element.set(SEEN, where)
        else:
            element.getparent().remove(element)

    def settings(self, parent, tag):
        """The Settings of the first set of that kind, if it has no conditions."""
        found, group = [], parent.find(tag)
        if group is None or group.find("rule") is not None:
            return found
        for pair in list(group):
            name, value = pair.get("name"), pair.get("value")
            if pair.tag != "nvpair" or not _held(value) or not words.NAME.match(name or ""):
                continue
            if not set(pair.attrib) - {"id", "name", "value"}:
                found.append(model.Setting(name, value))
                group.remove(pair)
        self.done(group)
        return found

    def properties(self, element):
        self.cluster.properties += [one for one in self.first_settings(element)
                                    if one.name not in OWN]

    def defaults(self, element):
        target = (self.cluster.resource_defaults if element.getparent().tag == "rsc_defaults"
                  else self.cluster.operation_defaults)
        target += self.first_settings(element)

    def first_settings(self, element):
        # which of several sets wins a sheet cannot say
        section = element.getparent()
        if section.tag in self.once:
            return []
        self.once.add(section.tag)
        return self.settings(section, element.tag)

    def node(self, element):
        name = element.attrib.pop("uname", "")
        if element.get("type") == "member":
            del element.attrib["type"]
        for kind, tag in (("attribute", "instance_attributes"), ("utilization", "utilization")):
            self.cluster.nodes += [model.NodeSetting(name, kind, one.name, one.value)
                                   for one in self.settings(element, tag)]
        self.done(element)

    def resources(self, element):
        resource = self.resource(element)
        if resource:
            self.cluster.resources.append(resource)

    def resource(self, element):
        """The Resource of an element; None when a sheet has no place for it."""
        name = element.get("id")
        if element.tag == "primitive":
            return self.primitive(element, name)
        children = [child for child in element if child.tag in ("primitive", "group")]
        read = [one for one in map(self.resource, children) if one]
        if not read:
            return None
        resource = model.Resource(GROUPS[element.tag], name, read,
                                  self.settings(element, "meta_attributes"))
        kept = [one for one in resource.meta if one.name != "promotable"]
        if model.value(resource.meta, "promotable").lower() in ("true", "1", "yes", "on"):
            resource.kind = "Promotable"
        resource.meta = kept
        self.done(element)
        return resource

    def primitive(self, element, name):
        if element.get("template"):
            return None
        standard, provider, kind = (element.attrib.pop(key, "")
                                    for key in ("class", "provider", "type"))
        resource = model.Resource("Primitive", name, standard=standard, provider=provider,
                                  type=kind)
        if standard == "stonith":
            resource.kind, resource.standard = "Stonith", ""
        resource.options = self.settings(element, "instance_attributes")
        resource.meta = self.settings(element, "meta_attributes")
        resource.utilization = self.settings(element, "utilization")
        operations = element.find("operations")
        if operations is not None:
            resource.operations = [self.operation(one) for one in operations.findall("op")]
            self.done(operations)
        self.done(element)
        return resource

    def operation(self, element):
        attributes = []
        where, name = _where(element), element.attrib.pop("name", "")
        for key in tables.OPERATION_ATTRIBUTES:
            if _held(element.get(key)):
                value = element.attrib.pop(key)
                attributes.append(model.Setting(key, _role(value) if key == "role" else value))
        for child in element.findall("instance_attributes"):
            if {pair.get("name") for pair in child} == {cib.CHECK_LEVEL}:
                attributes += self.settings(element, "instance_attributes")
        self.done(element, where)
        return model.Operation(name, attributes)

    def location(self, element):
        if len(element) == 1 and element[0].tag == "rule":
            self.rule(element)
            return
        found = _only(element, "rsc", "node", "score")
        score = found and _score(found["score"] or "0")
        if not score or not found["rsc"] or not found["node"]:
            return
        verb, score = ("avoids", score[1:]) if score.startswith("-") else ("prefers", score)
        self.cluster.locations.append(model.Location(found["rsc"], verb, found["node"], score))
        element.getparent().remove(element)

    def rule(self, element):
        rule = element[0]
        outer = _only(element, "rsc", children=True)
        inner = _only(rule, "role", "boolean-op", "score", children=True)
        score = inner and _score(inner["score"])
        expressions = [_expression(one) for one in rule]
        if not outer or not score or not expressions or None in expressions:
            return
        joint = (inner["boolean-op"] or "and") if len(expressions) > 1 else ""
        self.cluster.rules.append(model.Rule(outer["rsc"], score, joint, _role(inner["role"]),
                                             expressions))
        element.getparent().remove(element)

    def colocation(self, element):
        found = _only(element, "rsc", "with-rsc", "score", "rsc-role", "with-rsc-role")
        score = found and _score(found["score"] or "0")  # Pacemaker's, not pcs's INFINITY
        if score and found["rsc"] and found["with-rsc"]:
            self.cluster.colocations.append(model.Colocation(
                found["rsc"], found["with-rsc"], score, _role(found["rsc-role"]),
                _role(found["with-rsc-role"])))
            element.getparent().remove(element)

    def order(self, element):
        found = _only(element, "first", "then", "kind", "first-action", "then-action",
                      "symmetrical")
        if found and found["first"] and found["then"]:
            self.cluster.orders.append(model.Order(
                found["first"], found["then"], found["kind"], found["first-action"],
                found["then-action"] or found["first-action"], found["symmetrical"].lower()))
            element.getparent().remove(element)

    def level(self, element):
        found = _only(element, "target", "index", "devices")
        if found and found["target"] and found["index"] in tuple("123456789"):
            self.cluster.levels += [model.Level(found["target"], device.strip(), found["index"])
                                    for device in found["devices"].split(",")]
            element.getparent().remove(element)

    def alert(self, element):
        alert = model.Alert(element.attrib.pop("path", ""), *(self.told(element) + ([],)))
        for one in element.findall("recipient"):
            if _held(one.get("value")):
                alert.recipients.append(model.Recipient(one.attrib.pop("value"),
                                                        *self.told(one)))
                self.done(one)
        self.cluster.alerts.append(alert)
        self.done(element)

    def told(self, element):
        return (self.settings(element, "instance_attributes"),
                self.settings(element, "meta_attributes"))


def _only(element, *names, children=False):
    # {name: text} when an element has no other attributes (and no children), else None
    if set(element.attrib) - set(names) - {"id"} or len(element) and not children:
        return None
    return {name: element.get(name, "") for name in names}


def _expression(element):
    found = _only(element, "attribute", "operation", "value", "type")
    if element.tag != "expression" or not found or found["operation"] not in (
            tables.COMPARISONS + tables.DEFINED):
        return None
    value = found["value"]
    if found["type"] or model.Expression("", "", value).typed[0]:
        value = (found["type"] or "string") + " " + value
    if value and not _held(value):
        return None
    return model.Expression(found["attribute"], found["operation"], value)


def _score(text):
    match = words.SCORE.match(text)
    return text.replace("+", "").replace("infinity", "INFINITY") if match else None


def _role(text):
    return OLD_ROLES.get(text.lower(), text.capitalize())


def _held(text):
    # whether a cell can hold a text
    return bool(text) and text == text.strip(AROUND) and len(text.splitlines()) == 1


def _where(element):
    # values are not shown: they may be secret
    if element.get(SEEN):
        return element.get(SEEN)
    names = [element.tag]
    for key in ("id", "name", "ticket"):
        if element.get(key):
            names.append("%s=%s" % (key, element.get(key)))
    holder = element.getparent()
    above = holder.get("id") if holder is not None else None
    return " ".join(names) + (" (%s)" % above if above else "")
