"""Comma-separated values, as a spreadsheet program saves them."""

import codecs
import csv
import io

from lbha.errors import LocalFault

# a byte order mark says it all
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"))
# the escape sequence that begins Japanese in ISO-2022-JP, which is all ASCII otherwise
ESCAPE = b"\x1b$"
LONGEST_CELL = 1 << 24


def read(path, encoding=None):
    """The rows of a file as lists of text; LocalFault when it cannot be read.

    encoding -- a name that Python knows; None: its byte order mark says it, or it is UTF-8,
                or cp932 (Windows' Shift_JIS).  Nothing is guessed from statistics.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise LocalFault("%s: %s" % (path, error.strerror))
    text = decode(path, data, encoding)
    csv.field_size_limit(LONGEST_CELL)
    try:
        # csv stumbles over NUL before Python 3.11; another control character is as wrong,
        # and is told with its cell
        return list(csv.reader(io.StringIO(text.replace("\0", "\1"), newline="")))
    except csv.Error as error:
        raise LocalFault("%s is no CSV: %s" % (path, error))


def decode(path, data, encoding=None):
    """The text of a file's bytes."""
    candidates = [encoding] if encoding else list(_candidates(data))
    failed = None
    for candidate in candidates:
        try:
            return data.decode(candidate)
        except LookupError:
            raise LocalFault("%s: no such encoding: %s" % (path, encoding))
        except UnicodeError as error:
            failed = failed or error
    line = data[:getattr(failed, "start", 0)].count(b"\n") + 1
    raise LocalFault("%s, line %d: the text is not %s" % (path, line, " or ".join(candidates)))


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
