"""Names and values: of nodes, the cluster, the defaults, and in the A rows of everything."""

from lbha.pcsgen import model, words


class Carry:
    """A blank cell repeats the one above it in its column."""

    def __init__(self, report):
        self.report = report
        self.last = {}

    def __call__(self, row, name):
        """The Cell that counts for a row, where it stands; blank, and an error, when there is
        none above."""
        if row[name]:
            self.last[name] = row[name]
        elif name not in self.last:
            return words.needed(row, name, self.report)
        elif row.after_comment:
            self.report.warning(row[name], "continues-comment", name=name,
                                above=self.last[name])
        return self.last[name]

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
    """The Setting of a row with name and value."""
    return model.Setting(words.name(words.needed(row, "name", report), report),
                         words.needed(row, "value", report))


def read_pairs(block, settings, report):
    """PROPERTY and the defaults: a row for each Setting."""
    for row in block.rows:
        put(settings, setting(row, report), report)


def read_nodes(block, cluster, report):
    """NODE: attributes and capacities of nodes."""
    carry = Carry(report)
    for row in block.rows:
        if row["uname"]:
            carry.forget("type")
        node = words.node(carry(row, "uname"), report)
        kind = words.choice(carry(row, "type"), block.table.column("type").choices, report)
        found = setting(row, report)
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
        kind = words.choice(carry(row, "type"), wanted, report)
        if kind not in wanted:  # a slip of the pen, most likely
            kind = words.nearest(kind, wanted) or wanted[0]
        put(found.setdefault(str(kind), []), setting(row, report), report)
    return found
