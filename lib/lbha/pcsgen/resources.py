"""RESOURCES, PRIMITIVE, STONITH and RSC_ATTRIBUTES: what there is, and what it is made of."""

from lbha.pcsgen import model, settings, tables, words
from lbha.pcsgen.sheet import address

CHILDREN = {
    "Primitive": (),
    "Stonith": (),
    "Group": ("Primitive", "Stonith"),
    "Clone": ("Primitive", "Stonith", "Group"),
    "Promotable": ("Primitive", "Stonith", "Group"),
}
# what people write into a cell that is to stay blank
DASHES = ("-", "\uff0d", "\u2014", "\u2015")
NO_PROVIDER = ("systemd", "service", "lsb", "upstart", "nagios")
TIMES = ("timeout", "interval", "start-delay")
SWITCHES = ("enabled", "record-pending")


def read_tree(blocks, cluster, report):
    """RESOURCES: the Resources with what they hold; what is in them is read later."""
    ids = {}
    for block in blocks:
        above = []  # the last Resource of each depth
        for row in block.rows:
            resource = _tree_row(row, above, ids, report)
            (above[-1].children if above else cluster.resources).append(resource)
            above.append(resource)
    for resource in cluster.all_resources():
        if CHILDREN.get(resource.kind) and not resource.children:
            report.error(resource.id, "holds-nothing", kind=resource.kind, id=resource.id)
        if resource.kind in ("Clone", "Promotable") and len(resource.children) > 1:
            report.error(resource.children[1].id, "holds-two", kind=resource.kind,
                         id=resource.id)


def _tree_row(row, above, ids, report):
    # the Resource of a row; `above` is cut to what holds it.  What is wrong stays in its
    # place, so that what it holds is still looked at
    depth, kind = _place(row, above, report)
    del above[depth:]
    if kind and above and above[-1].kind and kind not in CHILDREN[above[-1].kind]:
        report.bad(kind, "cannot-hold", kind=above[-1].kind, id=above[-1].id, found=kind,
                   wanted=", ".join(CHILDREN[above[-1].kind]) or "-")
        kind = ""
    name = words.identifier(words.needed(row, "id", report), report)
    if name in ids:
        report.error(name, "id-twice", id=name, earlier=address(ids[name].row, ids[name].column))
    elif name:
        ids[name] = name
    return model.Resource(kind, name)


def _place(row, above, report):
    # (depth from 0, kind or "" when that is not known)
    if not row.items:
        report.bad(row["resourceItem"], "item-missing")
        waits = above and CHILDREN.get(above[-1].kind) and not above[-1].children
        return (len(above) if waits else max(len(above) - 1, 0)), ""
    depth, cell = row.items[0]
    if len(row.items) > 1:
        report.bad(row.items[1][1], "item-twice")
    kind = words.choice(cell, tables.KINDS, report)
    if depth > len(above):
        report.error(cell, "too-deep")
        depth = len(above)
    return depth, kind if kind in tables.KINDS else ""


def read_details(blocks, cluster, report):
    """PRIMITIVE and STONITH: what the Resources of RESOURCES are made of."""
    known, seen, nameless = cluster.by_id(), {}, False
    sure = not report.doubts(*known)  # otherwise a name may be that of the doubtful one
    for block in blocks:
        found = _detail(block, report)
        if not found.id:
            nameless = True
            continue
        place = address(found.id.row, found.id.column)
        resource = known.get(found.id)
        if found.id in seen:
            report.error(found.id, "described-twice", id=found.id, earlier=seen[found.id])
        elif resource is None and sure:
            report.error(found.id, "not-in-resources", id=found.id,
                         likely=lambda: words.nearest(found.id, [
                             one for one in known if known[one].is_leaf]))
        elif resource:
            resource.kind = resource.kind or found.kind
            if resource.kind != found.kind:
                report.error(found.id, "other-kind", id=found.id, kind=resource.kind,
                             keyword=block.name)
            for name in ("standard", "provider", "type", "options", "meta", "utilization",
                         "operations"):
                setattr(resource, name, getattr(found, name))
        seen.setdefault(found.id, place)
    for resource in cluster.leaves():
        if resource.id not in seen and not nameless:
            report.error(resource.id, "not-described", id=resource.id,
                         keyword=resource.kind.upper())


def _detail(block, report):
    # the Resource of a PRIMITIVE or STONITH table, without an id when it does not say it
    heads = [row for part in block.parts if part.name == "P" for row in part.rows]
    resource = _head(heads[0], block.name, report) if heads else model.Resource()
    if not heads and not block.broken:
        report.error(block.keyword, "no-head", keyword=block.name)
    for row in heads[1:]:
        report.error(next(iter(row.cells.values())), "second-head", keyword=block.name)
    for part in block.parts:
        if part.name == "A":
            kinds = part.table.column("type").choices
            for kind, found in settings.read_typed(part, kinds, report).items():
                for one in found:
                    settings.put(getattr(resource, kind), one, report)
        elif part.name == "O":
            _operations(part, resource, report)
    return resource


def _head(row, keyword, report):
    name = words.needed(row, "id", report)
    kind = words.needed(row, "type", report)
    resource = model.Resource("Stonith" if keyword == "STONITH" else "Primitive",
                              name, type=kind)
    if kind and not words.ID.match(kind.replace("@", "_")):
        report.bad(kind, "no-agent", found=kind)
    if keyword == "PRIMITIVE":
        _standard(row, resource, report)
    return resource


def _standard(row, resource, report):
    standard, provider = row["class"], row["provider"]
    if provider in DASHES:
        report.warning(provider, "dash", name="provider")
        provider = provider.becomes("")
    if standard:
        standard = words.choice(standard, tables.CLASSES, report)
    else:
        standard = standard.becomes("ocf")
        if not provider:
            provider = provider.becomes("heartbeat")
            report.warning(standard, "class-assumed", agent="ocf:heartbeat:" + resource.type)
    if standard == "ocf" and not provider:
        report.bad(provider, "blank", name="provider")
    elif standard in NO_PROVIDER and provider:
        report.error(provider, "no-provider", found=provider, standard=standard)
    elif provider and not words.ID.match(provider):
        report.bad(provider, "no-agent", found=provider)
    resource.standard, resource.provider = standard, provider


def _operations(part, resource, report):
    for row in part.rows:
        name = words.name(words.needed(row, "type", report), report)
        attributes = [model.Setting(column, _attribute(column, cell, part, report))
                      for column, cell in row.cells.items() if column != "type"]
        new = model.Operation(name, attributes)
        for old in resource.operations:
            if old.name == new.name and _seconds(old) == _seconds(new) is not None:
                report.error(name, "operation-twice", name=name,
                             interval=new.get("interval", default_interval(name)))
        resource.operations.append(new)


def _attribute(column, cell, part, report):
    if column not in tables.OPERATION_ATTRIBUTES:
        # the header row says it, once for all its column
        report.error(cell.at(part.keyword.row, cell.column), "unknown-attribute", found=column,
                     wanted=", ".join(tables.OPERATION_ATTRIBUTES))
    if column in TIMES:
        cell = words.duration(cell, report)
    elif column == "on-fail":
        cell = words.choice(cell, tables.ON_FAIL, report)
    elif column == "role":
        cell = words.role(cell, report)
    elif column in SWITCHES:
        cell = words.boolean(cell, report)
    return cell


def default_interval(operation):
    """What pcs writes where no interval is given."""
    return "60s" if operation == "monitor" else "0s"


def _seconds(operation):
    return words.seconds(operation.get("interval", default_interval(operation.name)))


def read_attributes(blocks, cluster, report):
    """RSC_ATTRIBUTES: meta attributes of any resource, mostly groups and clones."""
    known = cluster.by_id()
    sure = not report.doubts(*known)
    for block in blocks:
        carry = settings.Carry(report)
        for row in block.rows:
            name = carry(row, "id")
            found = settings.setting(row, report)
            if name not in known:
                if sure:
                    report.error(name, "not-in-resources", id=name,
                                 likely=lambda: words.nearest(name, known))
            elif found.name == "promotable" and known[name].kind in (
                    "Clone", "Promotable"):
                report.error(found.name, "promotable-is-a-kind", id=name)
            else:
                settings.put(known[name].meta, found, report)
