"""STONITH_LEVEL, LOCATION_NODE, LOCATION_RULE, COLOCATION and ORDER.

Whether what they name exists, and whether they fit together, is looked at later: see checks.
"""

from lbha.pcsgen import model, settings, tables, words

MOST_LEVEL = 9  # Pacemaker's fencer has levels 1 to 9


def read_levels(block, cluster, report):
    """STONITH_LEVEL."""
    carry = settings.Carry(report)
    for row in block.rows:
        node = carry(row, "node")
        node = node and words.node(node, report)
        device = words.needed(row, "id", report)
        index = words.needed(row, "level", report)
        if index and not (index in tuple("123456789")):
            report.error(index, "no-level", found=index, most=MOST_LEVEL)
            index = None
        if node and device and index:
            cluster.levels.append(model.Level(node, device, index))


def read_locations(block, cluster, report):
    """LOCATION_NODE."""
    carry = settings.Carry(report)
    for row in block.rows:
        if row["rsc"]:
            carry.forget("prefers/avoids")
        resource, verb = carry(row, "rsc"), carry(row, "prefers/avoids")
        verb = verb and words.choice(verb, tables.VERBS, report)
        node = words.needed(row, "node", report)
        node = node and words.node(node, report)
        score = row["score"].becomes(row["score"] or "INFINITY")
        score = words.score(score, report)
        if not (resource and verb and node and score):
            continue
        if score.startswith("-"):
            other = tables.VERBS[1 - tables.VERBS.index(verb)]
            report.warning(score, "negative", verb=verb, other=other, score=score[1:])
            verb, score = verb.becomes(other), score.becomes(score[1:])
        cluster.locations.append(model.Location(resource, verb, node, score))


def read_rules(block, cluster, report):
    """LOCATION_RULE: a row with a score begins a rule, one without goes on with it."""
    carry, rule, resource = settings.Carry(report), None, None
    for row in block.rows:
        if row["rsc"]:
            rule = None
        resource = carry(row, "rsc")
        if row["score"]:
            rule = _rule(row, resource, report)
            cluster.rules.append(rule)
        elif rule is None:
            words.needed(row, "score", report)
            rule = model.Rule(resource or "", expressions=[])  # the rest is still looked at
        else:
            _continues(row, report)
        expression = _expression(row, report)
        if expression:
            rule.expressions.append(expression)
            if len(rule.expressions) == 2 and not rule.joint:
                report.error(rule.joint, "joint-missing", wanted=", ".join(tables.JOINTS))
    for rule in cluster.rules:
        if len(rule.expressions) == 1 and rule.joint:
            report.warning(rule.joint, "ignored", name="bool_op")
            rule.joint = ""
    if report.has("error"):
        cluster.rules = [rule for rule in cluster.rules if rule.resource and rule.expressions]


def _rule(row, resource, report):
    joint, role = row["bool_op"], row["role"]
    if joint:
        joint = words.choice(joint, tables.JOINTS, report) or joint
    if role:
        role = words.role(role, report) or ""
    return model.Rule(resource or "", words.score(row["score"], report) or "", joint, role, [])


def _continues(row, report):
    for name in ("bool_op", "role"):
        if row[name]:
            report.warning(row[name], "ignored", name=name)
    if row.after_comment:
        report.warning(row["score"], "continues-comment", name="score", above="")


def _expression(row, report):
    attribute = words.needed(row, "attribute", report)
    operation = words.needed(row, "op", report)
    operation = operation and words.choice(operation, tables.COMPARISONS + tables.DEFINED,
                                           report)
    value = row["value"]
    if operation in tables.DEFINED and value:
        report.warning(value, "ignored", name="value")
        value = value.becomes("")
    elif operation in tables.COMPARISONS and not value:
        words.needed(row, "value", report)
        operation = None
    if not attribute or not operation or not words.name(attribute, report):
        return None
    return model.Expression(attribute, operation, value)


def read_colocations(block, cluster, report):
    """COLOCATION."""
    for row in block.rows:
        resource = words.needed(row, "rsc", report)
        other = words.needed(row, "with-rsc", report)
        score = words.needed(row, "score", report)
        score = score and words.score(score, report)
        roles = [words.role(row[name], report) if row[name] else ""
                 for name in ("rsc-role", "with-rsc-role")]
        if resource and other and score and None not in roles:
            cluster.colocations.append(model.Colocation(resource, other, score, *roles))


def read_orders(block, cluster, report):
    """ORDER."""
    for row in block.rows:
        first = words.needed(row, "first-rsc", report)
        then = words.needed(row, "then-rsc", report)
        found = [words.choice(row[name], wanted, report) if row[name] else ""
                 for name, wanted in (("kind", tables.ORDER_KINDS),
                                      ("first-action", tables.ACTIONS),
                                      ("then-action", tables.ACTIONS))]
        both = row["symmetrical"] and words.boolean(row["symmetrical"], report)
        if first and then and None not in found and both is not None:
            cluster.orders.append(model.Order(first, then, *(found + [both])))
