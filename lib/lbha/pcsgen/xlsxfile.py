"""Workbooks of a spreadsheet program, read and written with openpyxl."""

import io
import re
import unicodedata

from lbha.pcsgen import libraries, writing
from lbha.pcsgen.messages import Fault
from lbha.pcsgen.sheet import letters

LARGEST = 100 * 1000 * 1000  # bytes of a workbook, unpacked
FORMULA = re.compile(rb"<(\w+:)?f[ />]")
NO_VALUE = "#VALUE!"  # of a formula that no spreadsheet program has worked out
A4 = 9  # ECMA-376 part 1, 18.3.1.63, paperSize
TEXT = "@"  # the number format that leaves what is typed alone
NARROWEST, WIDEST = 9, 26  # columns, in digits
FIRST_WIDTHS = (2.5, 15)  # A and B
FONT = "Yu Gothic"
COLOURS = {writing.KEYWORD: "BDD7EE", writing.HEADER: "DDEBF7", writing.DATA: "FFF9E5"}


def read(path, name=None):
    """(name, rows of text) of a sheet, by default the first; Fault when it is not there."""
    openpyxl = libraries.openpyxl()
    try:
        with open(path, "rb") as file:
            formulas = _has_formulas(path, file)
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            if name is not None and name not in book.sheetnames:
                raise Fault("no-sheet", path=path, name=name,
                            wanted=", ".join(book.sheetnames))
            chosen = book[name or book.sheetnames[0]]
            chosen.reset_dimensions()  # some programs write wrong ones
            rows = [[render(value) for value in row]
                    for row in chosen.iter_rows(values_only=True)]
            if formulas:
                _mark_formulas(rows, openpyxl.load_workbook(file, read_only=True)[chosen.title])
            return chosen.title, rows
    except OSError as error:
        raise Fault("file", path=path, error=error)
    except Fault:
        raise
    except Exception as error:  # openpyxl lets out whatever it stumbles over in a bad file
        raise Fault("no-workbook", path=path, error=type(error).__name__)


def _has_formulas(path, file):
    # whether a workbook has any; Fault when it would fill the memory
    import zipfile

    with zipfile.ZipFile(file) as parts:
        if sum(part.file_size for part in parts.infolist()) > LARGEST:
            raise Fault("too-large", path=path, most=LARGEST // 1000000)
        return any(FORMULA.search(parts.read(name)) for name in parts.namelist()
                   if name.startswith("xl/worksheets/"))


def _mark_formulas(rows, chosen):
    # a program that only writes workbooks leaves no values beside its formulas: a blank cell
    # would mean something else
    chosen.reset_dimensions()
    for texts, formulas in zip(rows, chosen.iter_rows(values_only=True)):
        for column, formula in enumerate(formulas):
            if formula is not None and not texts[column]:
                texts[column] = NO_VALUE


def render(value):
    """The text of a typed cell, as a person would have typed it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "%.15g" % value  # a spreadsheet's precision: 200.0 is 200
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def to_bytes(name, lines):
    """A workbook with one sheet of writing.Lines, laid out for people."""
    file = io.BytesIO()
    _Form(name).fill(lines).book.save(file)
    return file.getvalue()


class _Form:
    def __init__(self, name):
        openpyxl = libraries.openpyxl()
        from openpyxl import styles

        self.styles = styles
        self.book = openpyxl.Workbook()
        self.sheet = self.book.active
        self.sheet.title = name
        # openpyxl compares a range that is added to it with all others: they are given to it
        # at once
        self.lists = {}  # (words, whether others are allowed) -> addresses
        self.merged = []
        self.widths = {}
        side = styles.Side(style="thin", color="BFBFBF")
        self.border = styles.Border(left=side, right=side, top=side, bottom=side)
        self.fonts = {
            writing.TITLE: styles.Font(name=FONT, size=12, bold=True, color="1F4E79"),
            writing.KEYWORD: styles.Font(name=FONT, size=10, bold=True, color="1F4E79"),
            writing.HEADER: styles.Font(name=FONT, size=10, bold=True),
            writing.CAPTION: styles.Font(name=FONT, size=9, italic=True, color="7F7F7F"),
            writing.DATA: styles.Font(name=FONT, size=10)}

    def fill(self, lines):
        columns = {}
        for number, line in enumerate(lines, 1):
            if line.kind == writing.HEADER:
                columns = line.columns
            self.line(number, line, columns)
        for column, width in self.widths.items():
            self.sheet.column_dimensions[letters(column)].width = width
        for column, width in enumerate(FIRST_WIDTHS):
            self.sheet.column_dimensions[letters(column)].width = width
        # the first line says what the sheet is; A and B say what a row is
        self.sheet.freeze_panes = "C2"
        self.sheet.sheet_view.showGridLines = False
        self.ranges()
        self.page()
        return self

    def ranges(self):
        """What is one cell, and where there are words to choose from."""
        from openpyxl.worksheet.cell_range import MultiCellRange
        from openpyxl.worksheet.datavalidation import DataValidation

        self.sheet.merged_cells = MultiCellRange(" ".join(self.merged))
        for (words, free), cells in self.lists.items():
            self.sheet.add_data_validation(DataValidation(
                type="list", formula1='"%s"' % ",".join(words), allow_blank=True,
                showErrorMessage=not free, sqref=" ".join(cells)))

    def page(self):
        setup = self.sheet.page_setup
        setup.orientation, setup.paperSize = "landscape", A4
        setup.fitToWidth, setup.fitToHeight = 1, 0
        self.sheet.sheet_properties.pageSetUpPr.fitToPage = True

    def line(self, number, line, columns):
        framed = set(columns) if line.kind in (writing.HEADER, writing.DATA) else set()
        if line.kind == writing.KEYWORD or line.kind == writing.HEADER and 1 in line.cells:
            framed.add(1)
        for column in sorted(set(line.cells) | framed):
            cell = self.sheet.cell(number, column + 1)
            self.text(cell, line.cells.get(column))
            cell.number_format = TEXT
            if line.kind in self.fonts:
                cell.font = self.fonts[line.kind]
            last = _last(column, columns) if column in columns else column
            if column in framed:
                self.frame(number, column, last, COLOURS[line.kind])
            if line.kind in (writing.HEADER, writing.CAPTION, writing.DATA):
                self.widen(column, last, line.cells.get(column, ""))
            if line.kind == writing.DATA and column in columns:
                self.choose(cell, columns[column])

    def frame(self, number, first, last, colour):
        """Make the cells from one column to another a single shaded one."""
        for column in range(first, last + 1):
            cell = self.sheet.cell(number, column + 1)
            cell.fill = self.styles.PatternFill("solid", fgColor=colour)
            cell.border = self.border
        if last > first:
            self.merged.append("%s%d:%s%d" % (letters(first), number, letters(last), number))

    def text(self, cell, text):
        if text:
            cell.value = text
            cell.data_type = "s"  # also when it begins with =

    def widen(self, first, last, text):
        wide = 2 + sum(2 if unicodedata.east_asian_width(letter) in "FWA" else 1
                       for letter in text)
        for column in range(first, last + 1):
            self.widths[column] = min(WIDEST, max(self.widths.get(column, NARROWEST),
                                                  wide / (last - first + 1)))

    def choose(self, cell, column):
        """Offer the words of a column."""
        if column.choices:
            self.lists.setdefault((column.choices, column.free), []).append(cell.coordinate)


def _last(column, columns):
    # a column reaches to the next one
    following = [other for other in columns if other > column]
    return min(following) - 1 if following else column
