"""What a push would change in a cluster's CIB, or wipe from it."""

from lbha.pcsgen import cib

# Pacemaker and pcs write these themselves, again after a push
OWN = ("have-watchdog", "dc-version", "cluster-infrastructure", "cluster-name",
       "last-lrm-refresh")
SECRETS = ("passw", "passwd", "password", "secret", "kg", "token", "community")
KEYS = ("uname", "id", "name", "path")
ADDED, CHANGED, WIPED = "+", "~", "-"


def compare(old, new):
    """Lines: what the CIB `new` (lxml) adds (+) to the CIB `old`, changes (~) and wipes (-).

    Ids that only name sets and constraints make no difference, nor does the order of
    settings.  Values that may be secret are not shown.
    """
    before, after = (dict(_flat(document.find("configuration"))) for document in (old, new))
    if not any(path[0] == "nodes" for path in after):
        # the cluster fills an empty list of nodes itself, with what it knows of them
        before = {path: value for path, value in before.items()
                  if path[0] != "nodes" or len(path) > 2}
    lines = []
    for path in sorted(set(before) | set(after)):
        if path in before and path in after:
            if before[path] != after[path]:
                lines.append(_line(CHANGED, path, "%s -> %s" % (
                    _shown(path, before[path]), _shown(path, after[path]))))
            continue
        sign, side = (WIPED, before) if path in before else (ADDED, after)
        other = after if sign == WIPED else before
        if path[:-1] and not any(one[:len(path) - 1] == path[:-1] for one in other) \
                and path[:-1] in side:
            continue  # a part of what is added or wiped as a whole
        lines.append(_line(sign, path, _shown(path, side[path])))
    return lines


def _flat(element, above=()):
    # (path, value) of everything that means something; a path is a tuple of words
    if element is None:
        return
    counts = {}
    for child in element:
        if not isinstance(child.tag, str):
            continue  # a comment
        if child.tag == "nvpair":
            if child.get("name") not in OWN or child.get("id", "").find(cib.OPTION_SET) < 0:
                yield above + (child.get("name", ""),), child.get("value", "")
            continue
        path = above
        if child.tag not in ("cluster_property_set", "meta_attributes", "instance_attributes",
                             "utilization", "operations") or len(child.attrib) > 1:
            label = _label(child)
            counts[label] = counts.get(label, 0) + 1
            path += (label if counts[label] == 1 else "%s #%d" % (label, counts[label]),)
            if child.tag not in ("crm_config", "nodes", "resources", "constraints") or above:
                yield path, _attributes(child)
        elif child.tag == "meta_attributes":
            path += ("meta",)
        for found in _flat(child, path):
            yield found


def _label(element):
    tag = element.tag
    if tag in ("rsc_location", "rsc_colocation", "rsc_order"):
        words = [element.get(name) for name in ("rsc", "first", "with-rsc", "then", "node")]
        return " ".join([tag[4:]] + [word for word in words if word]
                        + (["rule"] if element.find("rule") is not None else []))
    if tag == "op":
        return "%s every %s" % (element.get("name"), element.get("interval", "0s"))
    if tag == "fencing-level":
        return "level %s of %s" % (element.get("index"), element.get("target"))
    if tag == "expression":
        return "%s %s" % (element.get("attribute"), element.get("operation"))
    for key in KEYS:
        if element.get(key) and tag not in ("rule",):
            return "%s %s" % (tag, element.get(key))
    return tag


def _attributes(element):
    return " ".join("%s=%s" % pair for pair in sorted(element.attrib.items())
                    if pair[0] not in ("id", "uname"))


def _shown(path, value):
    name = path[-1].lower()
    return "(secret)" if any(word in name for word in SECRETS) else value


def _line(sign, path, value):
    return "%s %s%s" % (sign, " / ".join(path), ": " + value if value else "")
