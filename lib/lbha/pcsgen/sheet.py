"""A sheet: a grid of cells, each of which knows where it stands."""

# what stands around the text of a cell without being part of it: U+3000 is the full-width
# blank; the others do not show, and come along from web pages and from joined files
AROUND = " \t\r\n\u3000\u00a0\u200b\ufeff"


class Cell(str):
    """The text of a cell.

    row, column -- from 0; None in a text that came from no sheet
    """

    row = column = None

    def at(self, row, column):
        """This text at another place."""
        moved = Cell(self)
        moved.row, moved.column = row, column
        return moved

    def becomes(self, text):
        """Another text at the same place."""
        return Cell(text).at(self.row, self.column)


def address(row, column):
    """E12; the row alone when there is no column."""
    return (letters(column) if column is not None else "") + str(row + 1)


def letters(column):
    """The letters of a column, from 0: A, Z, AA."""
    column += 1
    found = ""
    while column:
        column, digit = divmod(column - 1, 26)
        found = chr(ord("A") + digit) + found
    return found


def index(letter):
    """The column, from 0, of its letters."""
    number = 0
    for character in letter:
        number = number * 26 + ord(character) - ord("A") + 1
    return number - 1


class Sheet:
    """A sheet as it was read.

    file -- its path, as the user gave it
    name -- of the sheet in a workbook, or None
    rows -- lists of text, as long as they happen to be
    """

    def __init__(self, file, rows, name=None):
        self.file, self.rows, self.name = file, rows, name

    def width(self, row):
        """The number of cells in a row."""
        return len(self.rows[row])

    def cell(self, row, column, one_line=True):
        """The Cell there; lines become one unless they are to be kept."""
        texts = self.rows[row]
        text = texts[column] if column < len(texts) else ""
        if one_line:
            text = " ".join(line for line in text.splitlines() if line)
        return Cell(text.strip(AROUND)).at(row, column)
