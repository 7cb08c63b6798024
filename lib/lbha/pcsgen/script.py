"""The model as a shell script of pcs commands that make the same CIB.

Every argument is quoted.  --no-default-ops keeps pcs from adding operations: the model has
them all, so that script and XML are the same whatever agents are installed where.
"""

import re
import shlex

from lbha.pcsgen import cib, libraries, properties, tables

PCS = 'pcs -f "$cib"'
# of a rule's words; pcs has no way to say others
RULE_WORD = re.compile(r"[A-Za-z0-9_#+][A-Za-z0-9_#:.,@/+-]*\Z", re.ASCII)
RULE_KEYWORDS = (("and", "or", "date", "date-spec", "in_range", "to", "duration", "rule",
                  "string", "integer", "number", "version", "resource", "op")
                 + tables.COMPARISONS + tables.DEFINED)
# pcs where a shell would run it, without -f; or a quotation, in which it would not
PCS_ALONE = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.|"""
                       r"(?P<before>(?:\A|[;&|(`])\s*)pcs(?=\s)(?!\s+-f\s)", re.DOTALL)
LONGEST = 96  # columns of a command on one line


def render(cluster, target, document, source, xml):
    """The text of the script.

    document    -- the CIB (lxml) of the same cluster: what pcs cannot say is taken from it
    source, xml -- names of the sheet and of the file of that CIB
    """
    return _Writer(cluster, target, document).render(source, xml)


class _Writer:
    def __init__(self, cluster, target, document):
        self.cluster, self.target, self.document = cluster, target, document
        self.lines = []

    def render(self, source, xml):
        name = re.sub(r"\.xml\Z", "", xml) + ".pcs.xml"
        self.lines = [
            "#!/bin/sh",
            "# Makes the cluster of %s, as in %s, with pcs %s (Pacemaker %s):" % (
                _comment(source), _comment(xml), self.target.pcs, self.target.name),
            "#   sh SCRIPT [CIB-FILE]; then: pcs cluster cib-push CIB-FILE --config",
            "set -eu",
            "umask 077",
            "cib=${1:-%s}" % shlex.quote(name),
            'case $cib in /*) ;; *) cib=./$cib ;; esac',
            'cibadmin --empty > "$cib"',
        ]
        for heading, write in (
                ("properties", self.properties), ("nodes", self.nodes),
                ("defaults", self.defaults), ("resources", self.resources),
                ("fencing levels", self.levels), ("constraints", self.constraints),
                ("alerts", self.alerts), ("further commands", self.commands)):
            before = len(self.lines)
            write()
            if len(self.lines) > before:
                self.lines[before:before] = ["", "# " + heading]
        return "\n".join(self.lines) + "\n"

    def pcs(self, *parts):
        """A command; each part is a list of words that may have a line of its own."""
        texts = [" ".join(map(shlex.quote, part)) for part in parts if part]
        line = " ".join([PCS] + texts)
        self.lines.append(line if len(line) <= LONGEST
                          else " \\\n    ".join([PCS + " " + texts[0]] + texts[1:]))

    def properties(self):
        for setting in self.cluster.properties:
            force = ["--force"] * properties.need_force(setting.name, setting.value)
            self.pcs(["property", "set"] + pairs([setting]) + force)

    def nodes(self):
        foreign = {setting.node for setting in self.cluster.nodes
                   if not _is_ascii(setting.name + setting.value)}
        for node in self.document.iterfind("configuration/nodes/node"):
            # for attributes of nodes pcs calls a program of Pacemaker, in the C locale
            self.cibadmin("nodes", node if node.get("uname") in foreign
                          else libraries.etree().Element("node", node.attrib))
        for setting in self.cluster.nodes:
            if setting.node not in foreign:
                self.pcs(["node", setting.type, setting.node] + pairs([setting]))

    def cibadmin(self, section, element):
        """For what pcs cannot do in a file."""
        etree = libraries.etree()
        # as one line, and without the indentation that follows it
        element = etree.fromstring(etree.tostring(element, with_tail=False),
                                   etree.XMLParser(remove_blank_text=True))
        # ASCII, with character references for the rest: no locale can misread it
        self.lines.append('CIB_file="$cib" cibadmin --create --scope %s --xml-text %s' % (
            section, shlex.quote(etree.tostring(element).decode("ascii"))))

    def defaults(self):
        for words, settings in ((["resource", "defaults"], self.cluster.resource_defaults),
                                (["resource", "op", "defaults"],
                                 self.cluster.operation_defaults)):
            if settings:
                self.pcs(words + ["update"] + pairs(settings))

    def resources(self):
        for resource in self.cluster.resources:
            self.resource(resource)

    def resource(self, resource):
        for child in resource.children:
            self.resource(child)
        if resource.is_leaf:
            self.leaf(resource)
            return
        children = [child.id for child in resource.children]
        if resource.kind == "Group":
            self.pcs(["resource", "group", "add", resource.id] + children)
        else:
            self.pcs(["resource", resource.kind.lower()] + children + [resource.id])
        if resource.meta:
            self.pcs(["resource", "meta", resource.id] + pairs(resource.meta))

    def leaf(self, resource):
        if resource.kind == "Stonith":
            head = ["stonith", "create", resource.id, resource.type]
        else:
            head = ["resource", "create", resource.id, resource.agent]
        meta = ["meta"] + pairs(resource.meta) if resource.meta else []
        operations = [[operation.name] + self.attributes(operation)
                      for operation in resource.operations]
        if operations:
            operations[0] = ["op"] + operations[0]
        end = ["--no-default-ops"] if resource.kind == "Primitive" else []
        self.pcs(head, pairs(resource.options), meta, *(operations + [end]))
        if resource.utilization:
            self.pcs(["resource", "utilization", resource.id] + pairs(resource.utilization))

    def attributes(self, operation):
        return ["%s=%s" % (setting.name, self.target.role(setting.value)
                           if setting.name == "role" else setting.value)
                for setting in operation.attributes]

    def levels(self):
        for (node, index), devices in cib.devices_by_level(self.cluster).items():
            # --force: in a file there are no nodes that pcs could look for
            self.pcs(["stonith", "level", "add", index, node] + devices + ["--force"])

    def constraints(self):
        for location in self.cluster.locations:
            self.pcs(["constraint", "location", location.resource, location.verb,
                      "%s=%s" % (location.node, location.score)])
        for rule, element in zip(self.cluster.rules, self.document.iterfind(
                "configuration/constraints/rsc_location[rule]")):
            self.rule(rule, element)
        for one in self.cluster.colocations:
            words = [self.target.role(one.role), one.resource, "with",
                     self.target.role(one.other_role), one.other, "score=" + one.score]
            self.pcs(["constraint", "colocation", "add"] + [word for word in words if word])
        for order in self.cluster.orders:
            first, then = order.actions  # in full: an id may be the name of an action
            options = [("kind", order.kind), ("symmetrical", order.symmetrical)]
            self.pcs(["constraint", "order", first, order.first, "then", then, order.then]
                     + ["%s=%s" % option for option in options if option[1]])

    def rule(self, rule, element):
        words = []
        for expression in rule.expressions:
            if words:
                words.append(rule.joint)
            if expression.operation in tables.DEFINED:
                words += [expression.operation, expression.attribute]
            else:
                words += [expression.attribute, expression.operation]
                words += [word for word in expression.typed if word]
        own = [word for one in rule.expressions for word in (one.attribute, one.typed[1]) if word]
        if not all(map(_says_itself, own)):
            self.cibadmin("constraints", element)
            return
        options = ["role=" + self.target.role(rule.role).lower() if self.target.old_roles
                   else "role=" + rule.role] if rule.role else []
        self.pcs(["constraint", "location", rule.resource, "rule"] + options
                 + ["score=" + rule.score]
                 + ([" ".join(words)] if self.target.one_rule else words))

    def alerts(self):
        for alert, element in zip(self.cluster.alerts, self.document.iterfind(
                "configuration/alerts/alert")):
            name = element.get("id")
            self.pcs(["alert", "create", "path=" + alert.path, "id=" + name], *told(alert))
            for recipient, one in zip(alert.recipients, element.iterfind("recipient")):
                self.pcs(["alert", "recipient", "add", name, "value=" + recipient.value,
                          "id=" + one.get("id")], *told(recipient))

    def commands(self):
        """As the sheet has them: they are the author's own, quoting included."""
        for command in self.cluster.commands:
            text = " \\\n    ".join(line.strip() for line in command.splitlines())
            self.lines.append(PCS_ALONE.sub(_on_the_file, text))


def pairs(settings):
    """name=value of each."""
    return ["%s=%s" % (setting.name, setting.value) for setting in settings]


def told(record):
    """options and meta of an alert or a recipient, as parts of a command."""
    return (["options"] + pairs(record.options) if record.options else [],
            ["meta"] + pairs(record.meta) if record.meta else [])


def _on_the_file(match):
    before = match.group("before")
    return match.group() if before is None else before + PCS


def _is_ascii(text):
    return all(ord(character) < 128 for character in text)


def _says_itself(word):
    return bool(RULE_WORD.match(word)) and word.lower() not in RULE_KEYWORDS


def _comment(text):
    return " ".join(text.split())
