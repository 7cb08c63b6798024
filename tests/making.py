"""What lbha pcsgen makes of a sheet, in this process, without the agents installed here."""

from lbha.pcsgen import agents, checks, cib, csvfile, reading, report, script, targets
from lbha.pcsgen.sheet import Sheet
from tests import paths

SHEETS = paths.CHECKOUT / "tests/sheets"


class Made:
    """cluster (model), report, and without errors: document (lxml), xml (bytes), script."""

    document = xml = script = None

    def __init__(self, cluster, found):
        self.cluster, self.report = cluster, found

    def said(self, level=None, language="en"):
        """[(cell, key)] of what was reported."""
        return [(_address(note.cell), note.key) for note in sorted(
            self.report.notes, key=lambda note: note.order) if level in (None, note.level)]


def _address(cell):
    from lbha.pcsgen.sheet import address

    return None if cell is None or cell.row is None else address(cell.row, cell.column)


def make_rows(rows, target="2.0", name="sheet.csv", known=None):
    """The Made of rows of text."""
    found = report.Report()
    known = known or agents.Agents(installed=False)
    cluster = reading.read(Sheet(name, rows), found)
    checks.check(cluster, known, targets.TARGETS[target], found)
    made = Made(cluster, found)
    if not found.has(report.ERROR):
        known.complete(cluster)
        made.document = cib.build(cluster, targets.TARGETS[target],
                                  cib.number_nodes(cluster, {}))
        made.xml = cib.serialize(made.document)
        made.script = script.render(cluster, targets.TARGETS[target], made.document, name,
                                    name.replace(".csv", ".xml"))
    return made


def make(path, target="2.0"):
    """The Made of a csv file."""
    return make_rows(csvfile.read(str(path)), target, path.name)


def rows(text):
    """Rows of a sheet from lines with | between cells, the first of them in column B."""
    return [[""] + [cell.strip() for cell in line.split("|")]
            for line in text.strip("\n").splitlines()]
