"""Comma-separated values, as a spreadsheet program saves them."""

import codecs
import csv
import io

from lbha.pcsgen.messages import Fault

# a byte order mark says it all
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"))
# the escape sequence that begins Japanese in ISO-2022-JP, which is all ASCII otherwise
ESCAPE = b"\x1b$"
LONGEST_CELL = 1 << 24
# how other files begin that spreadsheet programs save
WORKBOOKS = ((b"PK\3\4", "is-workbook"),
             (b"\xd0\xcf\x11\xe0", "is-old-workbook"))


def read(path, encoding=None):
    """The rows of a file as lists of text; Fault when it cannot be read.

    encoding -- a name that Python knows; None: its byte order mark says it, or it is UTF-8,
                or cp932 (Windows' Shift_JIS).  Nothing is guessed from statistics.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise Fault("file", path=path, error=error)
    for beginning, key in WORKBOOKS:
        if data.startswith(beginning):
            raise Fault(key, path=path)
    rows = _rows(path, decode(path, data, encoding))
    if all(len(row) < 2 for row in rows) and any(
            mark in cell for row in rows for cell in row for mark in ";\t"):
        raise Fault("no-commas", path=path)
    return rows


def _rows(path, text):
    # a quotation mark that is not closed swallows whatever follows: then the row that is
    # added at the end is not the last one
    end = ["end"]
    text += ("" if text.endswith(("\n", "\r")) else "\n") + end[0]
    csv.field_size_limit(LONGEST_CELL)
    # csv stumbles over NUL before Python 3.11; another control character is as wrong,
    # and is told with its cell
    reader = csv.reader(io.StringIO(text.replace("\0", "\1"), newline=""))
    rows, line, following = [], 1, 1
    try:
        for row in reader:
            rows.append(row)
            line, following = following, reader.line_num + 1
    except csv.Error as error:
        raise Fault("no-csv", path=path, error=error)
    if rows.pop() != end:
        raise Fault("quote-not-closed", path=path, line=line)
    return rows


def decode(path, data, encoding=None):
    """The text of a file's bytes."""
    candidates = [encoding] if encoding else list(_candidates(data))
    failed = None
    for candidate in candidates:
        try:
            return data.decode(candidate)
        except LookupError:
            raise Fault("no-encoding", path=path, encoding=encoding)
        except UnicodeError as error:
            failed = failed or error
    line = data[:getattr(failed, "start", 0)].count(b"\n") + 1
    raise Fault("not-encoded", path=path, line=line, wanted=" / ".join(candidates))


def _candidates(data):
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return (encoding,)
    if ESCAPE in data:
        return ("iso2022_jp_ext",)
    return ("utf-8", "cp932")


def to_bytes(rows):
    """A file's bytes: UTF-8 with a byte order mark, by which spreadsheets know it."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue().encode("utf-8-sig")
