"""The model as a sheet: rows of the usual layout, each of a kind that a form can show."""

from lbha.pcsgen import messages, model, sheet, tables

TITLE, KEYWORD, HEADER, CAPTION, DATA, BLANK = (
    "title", "keyword", "header", "caption", "data", "blank")
REMARK = {"en": "remark", "ja": "備考"}
DEEPEST = 3  # columns of resourceItem


class Line:
    """A row: its kind, {column from 0: text}, and of a header the columns as tables.Column
    by number."""

    def __init__(self, kind, cells=(), columns=None):
        self.kind, self.cells, self.columns = kind, dict(cells), columns or {}

    @property
    def texts(self):
        """The cells as a list of text."""
        return [self.cells.get(column, "") for column in range(max(self.cells, default=-1) + 1)]


def lines(cluster, language, remarks=None):
    """The Lines of a model.Cluster.

    remarks -- {(keyword, first cell of a row's data): text}
    """
    writer = _Writer(cluster, messages.LANGUAGES.index(language), remarks or {}, language)
    for table in tables.TABLES:
        writer.table(table)
    return writer.lines


class _Writer:
    def __init__(self, cluster, number, remarks, language):
        self.cluster, self.number, self.remarks = cluster, number, remarks
        self.language = language
        self.lines = []
        self.columns = {}

    def add(self, kind, cells=(), columns=None):
        self.lines.append(Line(kind, cells, columns))

    def table(self, table):
        if self.lines:
            self.add(BLANK)
        self.add(TITLE, {0: "# " + table.title[self.number]})
        if table.parts:
            entries = {"PRIMITIVE": self.primitive, "STONITH": self.primitive,
                       "ALERT": self.alert}[table.keyword]
            entries(table)
            return
        self.add(KEYWORD, {1: table.keyword})
        self.header(table, table.columns)
        for row in getattr(self, "rows_" + table.keyword.lower())():
            self.data(table.keyword, row)

    def header(self, table, columns, keyword=""):
        """The header row of a table or of a part, with its captions."""
        placed, last = [], 0
        for column in columns:
            last = sheet.index(column.letter) if column.letter else last + 1
            placed.append((last, column))
            if column.name == "resourceItem":
                placed += [(last + more, column) for more in range(1, DEEPEST)]
                last += DEEPEST - 1
        self.columns = {}
        for number, column in placed:
            self.columns.setdefault(column.name, number)
        self.remark = last + 2
        cells = {number: column.name for number, column in placed}
        if keyword:
            cells[1] = keyword
        self.add(HEADER, cells, dict(placed))
        captions = {number: column.caption[self.number] for number, column in reversed(placed)
                    if self.columns[column.name] == number}
        captions[0] = "#"
        if any(key == (keyword or table.keyword) for key, _ in self.remarks):
            captions[self.remark] = REMARK[self.language]
        self.add(CAPTION, captions)

    def data(self, keyword, row):
        """A row: {name of a column, or its number: text}."""
        cells = {self.columns.get(name, name): str(text) for name, text in row.items() if text}
        remark = self.remarks.get((keyword, next((str(text) for text in row.values() if text),
                                                 "")))
        if remark:
            cells[self.remark] = remark
        self.add(DATA, cells)

    def rows_node(self):
        for one in self.cluster.nodes:
            yield {"uname": one.node, "type": one.type, "name": one.name, "value": one.value}

    def rows_property(self):
        return map(_pair, self.cluster.properties)

    def rows_rsc_defaults(self):
        return map(_pair, self.cluster.resource_defaults)

    def rows_op_defaults(self):
        return map(_pair, self.cluster.operation_defaults)

    def rows_resources(self):
        first = self.columns["resourceItem"]

        def rows(resource, depth):
            yield {"id": resource.id, first + depth: resource.kind}
            for child in resource.children:
                for row in rows(child, depth + 1):
                    yield row

        return (row for resource in self.cluster.resources for row in rows(resource, 0))

    def rows_rsc_attributes(self):
        for resource in self.cluster.all_resources():
            for setting in resource.meta if not resource.is_leaf else ():
                yield dict(_pair(setting), id=resource.id)

    def rows_stonith_level(self):
        for one in self.cluster.levels:
            yield {"node": one.node, "id": one.device, "level": one.index}

    def rows_location_node(self):
        for one in self.cluster.locations:
            yield {"rsc": one.resource, "prefers/avoids": one.verb, "node": one.node,
                   "score": one.score}

    def rows_location_rule(self):
        for rule in self.cluster.rules:
            row = {"rsc": rule.resource, "score": rule.score, "bool_op": rule.joint,
                   "role": rule.role}
            for one in rule.expressions:
                yield dict(row, attribute=one.attribute, op=one.operation, value=one.value)
                row = {}

    def rows_colocation(self):
        for one in self.cluster.colocations:
            yield {"rsc": one.resource, "with-rsc": one.other, "score": one.score,
                   "rsc-role": one.role, "with-rsc-role": one.other_role}

    def rows_order(self):
        for one in self.cluster.orders:
            yield {"first-rsc": one.first, "then-rsc": one.then, "kind": one.kind,
                   "first-action": one.first_action, "then-action": one.then_action,
                   "symmetrical": one.symmetrical}

    def rows_additional_config(self):
        for command in self.cluster.commands:
            yield {"config": command}

    def primitive(self, table):
        for resource in self.cluster.leaves():
            if resource.kind.upper() != table.keyword:
                continue
            self.add(KEYWORD, {1: table.keyword})
            self.part(table, "P", [{"id": resource.id, "class": resource.standard,
                                    "provider": resource.provider, "type": resource.type}])
            self.typed(table, ("options", resource.options), ("meta", resource.meta),
                       ("utilization", resource.utilization))
            self.operations(table, resource)
            self.add(BLANK)

    def operations(self, table, resource):
        own = table.parts["O"].columns
        further = []
        for operation in resource.operations:
            for setting in operation.attributes:
                if table.parts["O"].column(setting.name) is None and setting.name not in further:
                    further.append(setting.name)
        columns = own + tuple(tables.Column(name, "", (name, name)) for name in further)
        self.part(table, "O", [dict({one.name: one.value for one in operation.attributes},
                                    type=operation.name)
                               for operation in resource.operations], columns)

    def part(self, table, keyword, rows, columns=None):
        part = table.parts[keyword]
        self.header(part, columns or part.columns, keyword)
        for row in rows:
            self.data(keyword, row)

    def typed(self, table, *groups):
        rows = []
        for kind, settings in groups:
            for number, setting in enumerate(settings):
                rows.append(dict(_pair(setting), type="" if number else kind))
        self.part(table, "A", rows)

    def alert(self, table):
        # without any, the empty form of one
        for alert in self.cluster.alerts or [model.Alert("", [], [], [])]:
            self.add(KEYWORD, {1: table.keyword})
            self.part(table, "P", [{"path": alert.path}] if alert.path else [])
            self.typed(table, ("options", alert.options), ("meta", alert.meta))
            if not alert.path:
                self.part(table, "R", [])
            for recipient in alert.recipients:
                self.part(table, "R", [{"recipient": recipient.value}])
                self.typed(table, ("options", recipient.options), ("meta", recipient.meta))
            self.add(BLANK)


def _pair(setting):
    return {"name": setting.name, "value": setting.value}
