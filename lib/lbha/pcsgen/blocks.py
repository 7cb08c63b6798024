"""A grid cut into its tables, and those into rows of named cells."""

import re

from lbha.pcsgen import tables
from lbha.pcsgen.sheet import Cell
from lbha.pcsgen.words import nearest

# what XML 1.0 cannot hold, section 2.2
NOT_TEXT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# what a spreadsheet program shows where a formula has no value
FAULTS = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#SPILL!", "#CALC!")
FIRST_COLUMN = 2  # C; A is for comments, B for keywords


class Block:
    """A table, or one of its parts (P, A, O, R), as it stands in the sheet.

    keyword -- the Cell of the keyword; table -- the tables.Table
    header  -- {name: [columns from 0]}, or None while it is still to come
    rows    -- Rows; parts -- Blocks
    broken  -- something in it was not read, and that was said
    """

    broken = False

    def __init__(self, keyword, table):
        self.keyword, self.table = keyword, table
        self.header = None
        self.rows, self.parts = [], []

    @property
    def name(self):
        """The keyword as the format has it."""
        return self.table.keyword

    @property
    def takes_any(self):
        """Whether unknown columns are taken too: attributes of an operation."""
        return self.name == "O"


class Row:
    """A row of data.

    cells    -- {name: Cell} of what is not blank, in the order of the columns
    items    -- [(depth from 0, Cell)] of the columns that may be repeated
    number   -- from 0
    after_comment -- the row before it is a comment
    """

    def __init__(self, block, number, after_comment):
        self.block, self.number, self.after_comment = block, number, after_comment
        self.cells, self.items = {}, []

    def __getitem__(self, name):
        """The Cell of that column; blank when nothing is there."""
        columns = self.block.header.get(name) or [None]
        return self.cells.get(name) or Cell("").at(self.number, columns[0])


def cut(sheet, report):
    """The Blocks of a sheet, in its order."""
    cutter = _Cutter(sheet, report)
    for number in range(len(sheet.rows)):
        cutter.take(number)
    if not cutter.blocks and not report.has("error"):
        report.error(None, "empty-sheet")
    return cutter.blocks


class _Cutter:
    def __init__(self, sheet, report):
        self.sheet, self.report = sheet, report
        self.blocks = []
        self.block = None     # the table being read
        self.part = None      # or its part
        self.lost = False     # after an unknown keyword, or before the first one
        self.comment = False  # the row before was one

    def take(self, number):
        sheet = self.sheet
        before, self.comment = self.comment, False
        if sheet.cell(number, 0).startswith("#"):
            self.comment = True
            return
        width = sheet.width(number)
        if width < 2 or not any(sheet.cell(number, column) for column in range(1, width)):
            self.comment = before
            return
        keyword = sheet.cell(number, 1)
        if keyword:
            self._open(keyword, number)
        elif self.block is None:
            if not self.lost:
                self.lost = True
                self.report.error(self._first(number), "before-keyword")
        elif self.lost:
            pass
        elif self._current is None:
            if not self.block.broken:
                self.report.error(self._first(number), "part-missing", keyword=self.block.name,
                                  wanted=", ".join(self.block.table.parts))
            self.block.broken = True
        elif self._current.header is None:
            self._header(self._current, number)
        else:
            self._data(self._current, number, before)

    @property
    def _current(self):
        if self.part is None and self.block.table.parts:
            return None
        return self.part or self.block

    def _first(self, number):
        return next(cell for cell in (self.sheet.cell(number, column)
                                      for column in range(1, self.sheet.width(number))) if cell)

    def _open(self, keyword, number):
        parts = self.block.table.parts if self.block is not None else {}
        name = keyword.upper()
        if name not in parts and name not in tables.BY_KEYWORD:
            name = self._unknown(keyword, parts)
        if name in tables.BY_KEYWORD:
            self.lost, self.part = False, None
            self.block = Block(keyword, tables.BY_KEYWORD[name])
            self.blocks.append(self.block)
        elif name in parts and not self.lost:
            self.part = Block(keyword, parts[name])
            self.block.parts.append(self.part)
            self._header(self.part, number)

    def _unknown(self, keyword, parts):
        # the keyword that was meant, or ""; then all up to the next one is of nobody knows what
        if self.lost and keyword.upper() in ("P", "A", "O", "R"):
            return ""
        meant = nearest(keyword, list(tables.BY_KEYWORD) + list(parts))
        self.report.error(keyword, "misspelt-keyword" if meant else "unknown-keyword",
                          found=keyword, likely=lambda: meant)
        self.lost = self.lost or not meant
        self.block = self.block or Block(keyword, tables.TABLES[0])
        self.block.broken = True
        return meant

    def _header(self, block, number):
        block.header = {}
        cells = [self.sheet.cell(number, column)
                 for column in range(FIRST_COLUMN, self.sheet.width(number))]
        for cell in _unmerged(cells) if block.name == "RESOURCES" else cells:
            if not cell:
                continue
            known = block.table.column(cell)
            if known is None and not block.takes_any:
                self.report.warning(cell, "unknown-column", found=cell, keyword=block.name,
                                    wanted=", ".join(one.name for one in block.table.columns))
                continue
            name = known.name if known else str(cell)
            if name in block.header and name != "resourceItem":
                self.report.error(cell, "column-twice", found=name)
                continue
            block.header.setdefault(name, []).append(cell.column)
        for column in block.table.columns:
            if column.needed and column.name not in block.header:
                self.report.error(block.keyword.at(number, None), "column-missing",
                                  keyword=block.name, name=column.name)

    def _data(self, block, number, after_comment):
        row = Row(block, number, after_comment)
        for name, columns in sorted(block.header.items(), key=lambda item: item[1]):
            for depth, column in enumerate(columns):
                cell = self.sheet.cell(number, column, one_line=name != "config")
                if not cell:
                    continue
                bad = NOT_TEXT.search(cell)
                if bad:
                    self.report.bad(cell, "control-character", found=ord(bad.group()))
                    cell = cell.becomes(NOT_TEXT.sub("?", cell))
                if cell in FAULTS:
                    self.report.bad(cell, "formula-fault", found=cell)
                if name == "resourceItem":
                    row.items.append((depth, cell))
                else:
                    row.cells[name] = cell
        if row.cells or row.items:
            block.rows.append(row)


def _unmerged(cells):
    # one resourceItem may be merged over all its columns: it then stands in the leftmost
    before = ""
    for cell in cells:
        if not cell and before.lower() == "resourceitem":
            cell = cell.becomes(before)
        before = cell
        yield cell
