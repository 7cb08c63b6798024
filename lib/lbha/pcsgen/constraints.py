"""STONITH_LEVEL, LOCATION_NODE, LOCATION_RULE, COLOCATION and ORDER.

Whether what they name exists, and whether they fit together, is looked at later: see checks.
"""

from lbha.pcsgen import model, settings, tables, words

MOST_LEVEL = 9  # Pacemaker's fencer has levels 1 to 9


def read_levels(block, cluster, report):
    """STONITH_LEVEL."""
    carry = settings.Carry(report)
    for row in block.rows:
        node = words.node(carry(row, "node"), report)
        device = words.needed(row, "id", report)
        index = words.needed(row, "level", report)
        if index and index not in tuple("123456789"):
            report.bad(index, "no-level", found=index, most=MOST_LEVEL)
        cluster.levels.append(model.Level(node, device, index))


def read_locations(block, cluster, report):
    """LOCATION_NODE."""
    carry = settings.Carry(report)
    for row in block.rows:
        if row["rsc"]:
            carry.forget("prefers/avoids")
        resource = carry(row, "rsc")
        verb = words.choice(carry(row, "prefers/avoids"), tables.VERBS, report)
        node = words.node(words.needed(row, "node", report), report)
        score = row["score"].becomes(row["score"] or "INFINITY")
        score = words.score(score, report)
        if score.startswith("-") and verb in tables.VERBS:
            other = tables.VERBS[1 - tables.VERBS.index(verb)]
            report.warning(score, "negative", verb=verb, other=other, score=score[1:])
            verb, score = verb.becomes(other), score.becomes(score[1:])
        cluster.locations.append(model.Location(resource, verb, node, score))


def read_rules(block, cluster, report):
    """LOCATION_RULE: a row with a score begins a rule, one without goes on with it."""
    carry, rule = settings.Carry(report), None
    for row in block.rows:
        if row["rsc"]:
            rule = None
        resource = carry(row, "rsc")
        if row["score"] or rule is None:
            rule = _rule(row, resource, report)
            cluster.rules.append(rule)
        else:
            _continues(row, report)
        rule.expressions.append(_expression(row, report))
        if len(rule.expressions) == 2 and not rule.joint:
            report.error(rule.joint, "joint-missing", wanted=", ".join(tables.JOINTS))
    for rule in cluster.rules:
        if len(rule.expressions) == 1 and rule.joint:
            report.warning(rule.joint, "ignored", name="bool_op")
            rule.joint = ""


def _rule(row, resource, report):
    return model.Rule(resource, words.score(words.needed(row, "score", report), report),
                      words.choice(row["bool_op"], tables.JOINTS, report),
                      words.role(row["role"], report), [])


def _continues(row, report):
    for name in ("bool_op", "role"):
        if row[name]:
            report.warning(row[name], "ignored", name=name)
    if row.after_comment:
        report.warning(row["score"], "continues-comment", name="score", above="")


def _expression(row, report):
    attribute = words.name(words.needed(row, "attribute", report), report)
    operation = words.choice(words.needed(row, "op", report),
                             tables.COMPARISONS + tables.DEFINED, report)
    value = row["value"]
    if operation in tables.DEFINED and value:
        report.warning(value, "ignored", name="value")
        value = value.becomes("")
    elif operation in tables.COMPARISONS:
        value = words.needed(row, "value", report)
    return model.Expression(attribute, operation, value)


def read_colocations(block, cluster, report):
    """COLOCATION."""
    for row in block.rows:
        cluster.colocations.append(model.Colocation(
            words.needed(row, "rsc", report), words.needed(row, "with-rsc", report),
            words.score(words.needed(row, "score", report), report),
            words.role(row["rsc-role"], report), words.role(row["with-rsc-role"], report)))


def read_orders(block, cluster, report):
    """ORDER."""
    for row in block.rows:
        first = words.choice(row["first-action"], tables.ACTIONS, report)
        then = words.choice(row["then-action"], tables.ACTIONS, report)
        if first and not then:
            then = then.becomes("start")  # as pcs has it: Pacemaker would take `first` again
        cluster.orders.append(model.Order(
            words.needed(row, "first-rsc", report), words.needed(row, "then-rsc", report),
            words.choice(row["kind"], tables.ORDER_KINDS, report), first, then,
            words.boolean(row["symmetrical"], report)))
