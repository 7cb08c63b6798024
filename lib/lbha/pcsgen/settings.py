"""Names and values: of nodes, the cluster, the defaults, and in the A rows of everything."""

from lbha.pcsgen import model, words


class Carry:
    """A blank cell repeats the one above it in its column."""

    def __init__(self, report):
        self.report = report
        self.last = {}

    def __call__(self, row, name):
        """The Cell that counts for a row; None, and an error, when there is none above."""
        cell = row[name]
        if cell:
            self.last[name] = cell
            return cell
        last = self.last.get(name)
        if last is None:
            return words.needed(row, name, self.report)
        if row.after_comment:
            self.report.warning(cell, "continues-comment", name=name, above=last)
        return last.at(row.number, cell.column)

    def forget(self, *names):
        """Nothing is above any more in these columns."""
        for name in names:
            self.last.pop(name, None)


def put(settings, setting, report):
    """Add a Setting to a list of them; the later of two of one name counts."""
    for number, old in enumerate(settings):
        if old.name == setting.name:
            report.warning(setting.name, "name-twice", name=setting.name)
            settings[number] = setting
            return
    settings.append(setting)


def setting(row, report):
    """The Setting of a row with name and value; None, and an error, when one is missing."""
    name = words.needed(row, "name", report)
    value = words.needed(row, "value", report)
    if name is None or value is None:
        return None
    return words.name(name, report) and model.Setting(name, value)


def read_pairs(block, settings, report):
    """PROPERTY and the defaults: a row for each Setting."""
    for row in block.rows:
        found = setting(row, report)
        if found:
            put(settings, found, report)


def read_nodes(block, cluster, report):
    """NODE: attributes and capacities of nodes."""
    carry = Carry(report)
    for row in block.rows:
        if row["uname"]:
            carry.forget("type")
        node, kind = carry(row, "uname"), carry(row, "type")
        found = setting(row, report)
        node = node and words.node(node, report)
        kind = kind and words.choice(kind, block.table.column("type").choices, report)
        if not (node and kind and found):
            continue
        new = model.NodeSetting(node, kind, found.name, found.value)
        for old in list(cluster.nodes):
            if (old.node, old.type, old.name) == (new.node, new.type, new.name):
                report.warning(new.name, "name-twice", name=new.name)
                cluster.nodes.remove(old)
        cluster.nodes.append(new)


def read_typed(block, wanted, report):
    """An A block: {type: Settings} for every type in `wanted` that occurs."""
    carry, found = Carry(report), {}
    for row in block.rows:
        if not row["name"] and not row["value"]:
            report.warning(row["type"], "nothing-set", type=row["type"])
            carry(row, "type")
            continue
        kind = carry(row, "type")
        kind = kind and words.choice(kind, wanted, report)
        one = setting(row, report)
        if kind and one:
            put(found.setdefault(str(kind), []), one, report)
    return found
