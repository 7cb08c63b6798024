"""What is said about a sheet: all of it at once, each with its cell."""

from lbha.pcsgen import messages, sheet

ERROR, WARNING = "error", "warning"
# each is the outcome of a comparison with every name there is; who made more slips than
# these has another trouble than a slip of the pen
SUGGESTIONS = 50


class Note:
    """One thing said: level, the Cell (None: about the whole), key of the message, fields."""

    def __init__(self, level, cell, key, fields):
        self.level, self.cell, self.key, self.fields = level, cell, key, fields

    @property
    def order(self):
        """Where it comes in the report: by place, what is about the whole at the end."""
        row, column = _at(self.cell)
        return (row is None, row or 0, column or 0)


class Report:
    """What was found, in the language of `language` ("en" or "ja")."""

    def __init__(self, language="en"):
        self.language = language
        self.notes = []
        self.said = set()
        self.doubted = set()
        self.suggestions = SUGGESTIONS

    def error(self, cell, key, **fields):
        """The sheet cannot be used as it is.

        likely -- a function that gives what was probably meant, or ""; called for the first
                  SUGGESTIONS notes alone
        """
        self._add(ERROR, cell, key, fields)

    def warning(self, cell, key, **fields):
        """It can, but a person should look."""
        self._add(WARNING, cell, key, fields)

    def bad(self, cell, key, **fields):
        """An error about the text of a cell: what it was to say is open, and nothing more is
        said of it."""
        self.error(cell, key, **fields)
        self.doubt(cell)

    def doubt(self, cell):
        """What a Cell was to say is open, and that was said already."""
        self.doubted.add(_at(cell))

    def doubts(self, *records):
        """Whether what any text in model.Records, or any Cell, was to say is open."""
        return any(_at(text) in self.doubted for record in records for text in (
            [record] if isinstance(record, str) else record.texts()))

    def _add(self, level, cell, key, fields):
        note = Note(level, cell, key, fields)
        likely = fields.pop("likely", None)
        # one slip is said once, however many rows come back to it
        identity = (note.order, key, str(sorted(fields.items())))
        if identity in self.said or _at(cell) in self.doubted:
            return
        self.said.add(identity)
        self.notes.append(note)
        if likely and self.suggestions:
            self.suggestions -= 1
            fields["likely"] = likely()

    def has(self, level):
        """Whether anything of that level was said."""
        return any(note.level == level for note in self.notes)

    def lines(self, source, *levels):
        """Every note (of these levels, if any) as a line.

        source -- the Sheet, or the name of what was read
        """
        for note in sorted(self.notes, key=lambda note: note.order):
            if levels and note.level not in levels:
                continue
            yield "%s: %s: %s" % (_place(source, note.cell),
                                  messages.text(note.level, self.language),
                                  messages.text(note.key, self.language, **note.fields))


def _at(cell):
    return getattr(cell, "row", None), getattr(cell, "column", None)


def _place(source, cell):
    if not isinstance(source, sheet.Sheet):
        return source
    place = source.file + (":" + source.name if source.name else "")
    if getattr(cell, "row", None) is None:
        return place
    return "%s:%s" % (place, sheet.address(cell.row, cell.column))
