"""Constraints that say a thing twice, or two things at once."""


def check(cluster, report):
    """Report them; what is said twice stays once in the model, the later one."""
    for name in ("locations", "rules", "colocations", "orders"):
        # what is not known contradicts nothing
        setattr(cluster, name, [one for one in getattr(cluster, name)
                                if not report.doubts(one)])
    locations(cluster, report)
    rules(cluster, report)
    colocations(cluster, report)
    orders(cluster, report)
    circles(cluster, report)


def locations(cluster, report):
    """One score for a resource on a node."""
    kept = {}
    for location in cluster.locations:
        key = (location.resource, location.node)
        old = kept.pop(key, None)
        if old and old.verb != location.verb:
            report.error(location.node, "prefers-and-avoids", id=location.resource,
                         node=location.node)
        elif old:
            report.warning(location.node, "location-twice", id=location.resource,
                           node=location.node, score=location.signed)
        kept[key] = location
    cluster.locations = list(kept.values())


def rules(cluster, report):
    """A rule counts as often as it is there."""
    kept = {}
    for rule in cluster.rules:
        if kept.setdefault(tuple(rule.texts()), rule) is not rule:
            report.warning(rule.score, "rule-twice", id=rule.resource)
    cluster.rules = list(kept.values())


def _role(role):
    return "" if role == "Started" else role


def colocations(cluster, report):
    """One score for two resources in their roles; nothing on nodes that exclude each other."""
    kept = {}
    for one in cluster.colocations:
        if one.resource == one.other:
            report.error(one.other, "with-itself", id=one.resource)
        key = (one.resource, one.other, _role(one.role), _role(one.other_role))
        old = kept.get(key)
        if old and old.score != one.score:
            report.error(one.score, "two-scores", id=one.resource, other=one.other,
                         first=old.score, second=one.score)
        elif old:
            report.warning(one.other, "colocation-twice", id=one.resource, other=one.other)
        kept[key] = one
        turned = kept.get((one.other, one.resource, key[3], key[2]))
        if turned and {turned.score, one.score} == {"INFINITY", "-INFINITY"}:
            report.error(one.score, "two-scores", id=one.resource, other=one.other,
                         first=turned.score, second=one.score)
    cluster.colocations = list(kept.values())


def orders(cluster, report):
    """One order for two actions."""
    kept = {}
    for order in cluster.orders:
        if order.first == order.then:
            report.error(order.then, "after-itself", id=order.first)
        key = _actions(order)
        if key in kept:
            old = kept[key]
            same = (old.kind or "Mandatory", old.symmetrical) == (
                order.kind or "Mandatory", order.symmetrical)
            say = report.warning if same else report.error
            say(order.then, "order-twice", first=order.first, then=order.then)
        kept[key] = order
    cluster.orders = list(kept.values())


def _actions(order):
    first, then = order.actions
    return (order.first, first, order.then, then)


def circles(cluster, report):
    """Nothing waits for itself, over others; one circle is told."""
    before, after = {}, {}  # {(resource, action): [((resource, action), Order)]}
    for order in cluster.orders:
        if (order.kind or "Mandatory") == "Mandatory" and order.first != order.then:
            first, action, then, other = _actions(order)
            before.setdefault((then, other), []).append(((first, action), order))
            before.setdefault((first, action), [])
            after.setdefault((first, action), []).append((then, other))
    # take away what waits for nothing, until nothing of that kind is left
    waits = {node: len(found) for node, found in before.items()}
    free = [node for node in before if not waits[node]]
    while free:
        node = free.pop()
        del before[node]
        for one in after.get(node, ()):
            waits[one] -= 1
            if not waits[one]:
                free.append(one)
    if before:
        _tell(before, report)


def _tell(before, report):
    # whatever is left waits for something that is left, so going back meets itself
    node, path, last = next(iter(before)), [], None
    while node not in path:
        path.append(node)
        node, last = next((one, order) for one, order in before[node] if one in before)
    circle = path[path.index(node):] + [node]
    report.error(last.then, "circle", path=" -> ".join(name for name, _ in reversed(circle)))
