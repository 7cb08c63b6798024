"""The model as a CIB, with the ids that pcs would give."""

import re

from lbha.pcsgen import libraries, model, targets

OPTION_SET = "cib-bootstrap-options"
CHECK_LEVEL = "OCF_CHECK_LEVEL"  # not an attribute of an operation, but a parameter in it
NOT_IN_ID = re.compile(r"[^A-Za-z0-9_.-]")


def build(cluster, target=targets.TARGETS[targets.DEFAULT], node_ids=None):
    """The <cib> element (lxml) of a model.Cluster whose operations are complete.

    node_ids -- {name: id in corosync}, for the nodes that the sheet says something of
    """
    return _Builder(cluster, target, node_ids or {}).build()


def number_nodes(cluster, known):
    """{name: id} for the nodes of NODE: the `known` ids; 1, 2, ... in order for the others."""
    ids = {}
    for setting in cluster.nodes:
        if setting.node in known:
            ids[setting.node] = known[setting.node]
        elif setting.node not in ids:
            taken = set(ids.values()) | set(known.values())
            ids[setting.node] = next(str(number) for number in range(1, len(taken) + 2)
                                     if str(number) not in taken)
    return ids


def serialize(element):
    """The bytes of a file."""
    return libraries.etree().tostring(element, pretty_print=True, xml_declaration=True,
                                      encoding="UTF-8")


class _Builder:
    def __init__(self, cluster, target, node_ids):
        self.cluster, self.target, self.node_ids = cluster, target, node_ids
        self.add = libraries.etree().SubElement
        self.ids = set(cluster.by_id())
        self.numbers = {}  # {id: the highest number that was added to it}

    def build(self):
        cib = libraries.etree().Element("cib")
        for name, value in (("crm_feature_set", self.target.feature_set),
                            ("validate-with", self.target.schema), ("epoch", "1"),
                            ("num_updates", "0"), ("admin_epoch", "0")):
            cib.set(name, value)
        configuration = self.add(cib, "configuration")
        properties = self.add(configuration, "crm_config")
        self.settings(properties, "cluster_property_set", OPTION_SET, self.cluster.properties)
        self.nodes(self.add(configuration, "nodes"))
        resources = self.add(configuration, "resources")
        for resource in self.cluster.resources:
            self.resource(resources, resource)
        constraints = self.add(configuration, "constraints")
        self.locations(constraints)
        for rule in self.cluster.rules:
            self.rule(constraints, rule)
        for colocation in self.cluster.colocations:
            self.colocation(constraints, colocation)
        for order in self.cluster.orders:
            self.order(constraints, order)
        self.defaults(configuration, "rsc_defaults", self.cluster.resource_defaults)
        self.defaults(configuration, "op_defaults", self.cluster.operation_defaults)
        self.levels(configuration)
        self.alerts(configuration)
        self.add(cib, "status")
        return cib

    def new_id(self, *words):
        """An id made of words, with a number when it is taken."""
        wanted = NOT_IN_ID.sub(".", "-".join(words))
        found, number = wanted, self.numbers.get(wanted, 0)
        while found in self.ids:
            number += 1
            found = "%s-%d" % (wanted, number)
        self.ids.add(found)
        self.numbers[wanted] = number
        return found

    def settings(self, parent, tag, name, settings):
        """A set of names and values, if there are any."""
        if not settings:
            return
        group = self.add(parent, tag, id=self.new_id(name))
        for setting in settings:
            self.add(group, "nvpair", id=self.new_id(group.get("id"), setting.name),
                     name=setting.name, value=setting.value)

    def nodes(self, parent):
        for node, number in self.node_ids.items():
            element = self.add(parent, "node", id=number, uname=node)
            for kind, tag, suffix in (("attribute", "instance_attributes", ""),
                                      ("utilization", "utilization", "-utilization")):
                self.settings(element, tag, "nodes-" + number + suffix, [
                    setting for setting in self.cluster.nodes
                    if setting.node == node and setting.type == kind])

    def resource(self, parent, resource):
        if resource.is_leaf:
            self.primitive(parent, resource)
            return
        element = self.add(parent, "group" if resource.kind == "Group" else "clone",
                           id=resource.id)
        for child in resource.children:
            self.resource(element, child)
        self.settings(element, "meta_attributes", resource.id + "-meta_attributes",
                      promotable(resource) + resource.meta)

    def primitive(self, parent, resource):
        element = self.add(parent, "primitive", id=resource.id)
        fence = resource.kind == "Stonith"
        element.set("class", "stonith" if fence else resource.standard)
        if resource.provider:
            element.set("provider", resource.provider)
        element.set("type", resource.type)
        self.settings(element, "instance_attributes", resource.id + "-instance_attributes",
                      resource.options)
        self.settings(element, "meta_attributes", resource.id + "-meta_attributes",
                      resource.meta)
        if resource.operations:
            operations = self.add(element, "operations")
            for operation in resource.operations:
                self.operation(operations, resource, operation)
        self.settings(element, "utilization", resource.id + "-utilization",
                      resource.utilization)

    def operation(self, parent, resource, operation):
        element = self.add(parent, "op", name=operation.name)
        for setting in operation.attributes:
            if setting.name == "role":
                element.set("role", self.target.role(setting.value))
            elif setting.name != CHECK_LEVEL:
                element.set(setting.name, setting.value)
        element.set("id", self.new_id(resource.id, operation.name, "interval",
                                      operation.get("interval")))
        level = [setting for setting in operation.attributes if setting.name == CHECK_LEVEL]
        self.settings(element, "instance_attributes",
                      element.get("id") + "-instance_attributes", level)

    def locations(self, parent):
        for location in self.cluster.locations:
            self.add(parent, "rsc_location", rsc=location.resource, node=location.node,
                     score=location.signed, id=self.new_id(
                         "location", location.resource, location.node, location.signed))

    def rule(self, parent, rule):
        location = self.add(parent, "rsc_location", rsc=rule.resource,
                            id=self.new_id("location", rule.resource))
        element = self.add(location, "rule", id=self.new_id(location.get("id"), "rule"))
        if rule.role:
            element.set("role", self.target.role(rule.role))
        if rule.joint:
            element.set("boolean-op", rule.joint)
        element.set("score", rule.score)
        for expression in rule.expressions:
            one = self.add(element, "expression", id=self.new_id(element.get("id"), "expr"),
                           operation=expression.operation, attribute=expression.attribute)
            kind, value = expression.typed
            if kind:
                one.set("type", kind)
            if value:
                one.set("value", value)

    def colocation(self, parent, colocation):
        element = self.add(parent, "rsc_colocation", rsc=colocation.resource)
        element.set("with-rsc", colocation.other)
        element.set("score", colocation.score)
        for name, role in (("rsc-role", colocation.role),
                           ("with-rsc-role", colocation.other_role)):
            if role:
                element.set(name, self.target.role(role))
        element.set("id", self.new_id("colocation", colocation.resource, colocation.other,
                                      colocation.score))

    def order(self, parent, order):
        element = self.add(parent, "rsc_order", first=order.first, then=order.then)
        for name, value in (("kind", order.kind), ("first-action", order.first_action),
                            ("then-action", order.then_action),
                            ("symmetrical", order.symmetrical)):
            if value:
                element.set(name, value)
        element.set("id", self.new_id("order", order.first, order.then,
                                      order.kind or "mandatory"))

    def defaults(self, parent, tag, settings):
        if settings:
            self.settings(self.add(parent, tag), "meta_attributes", tag + "-meta_attributes",
                          settings)

    def levels(self, parent):
        devices = devices_by_level(self.cluster)
        topology = self.add(parent, "fencing-topology") if devices else None
        for (node, index), names in devices.items():
            self.add(topology, "fencing-level", id=self.new_id("fl", node, index),
                     target=node, index=index, devices=",".join(names))

    def alerts(self, parent):
        alerts = self.add(parent, "alerts") if self.cluster.alerts else None
        for number, alert in enumerate(self.cluster.alerts, 1):
            element = self.add(alerts, "alert", id=self.new_id("alert_%d" % number),
                               path=alert.path)
            self.told(element, alert)
            for recipient in alert.recipients:
                one = self.add(element, "recipient", value=recipient.value,
                               id=self.new_id(element.get("id"), "recipient"))
                self.told(one, recipient)

    def told(self, element, record):
        for tag, settings in (("meta_attributes", record.meta),
                              ("instance_attributes", record.options)):
            self.settings(element, tag, element.get("id") + "-" + tag, settings)


def promotable(resource):
    """What makes a clone promotable, as Settings."""
    return [model.Setting("promotable", "true")] if resource.kind == "Promotable" else []


def devices_by_level(cluster):
    """{(node, index): [devices]} in the order of nodes in the sheet, then of levels."""
    nodes = []
    for level in cluster.levels:
        if level.node not in nodes:
            nodes.append(level.node)
    found = {}
    for level in sorted(cluster.levels,
                        key=lambda level: (nodes.index(level.node), int(level.index))):
        found.setdefault((level.node, level.index), []).append(level.device)
    return found
