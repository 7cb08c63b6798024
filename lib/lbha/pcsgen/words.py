"""What a cell may hold, and what it means: each reads a Cell and gives one, in the format's
canonical words.  What means nothing is reported and given back as it is; a blank cell is
given back without a word: see `needed`."""

import difflib
import re

from lbha.pcsgen import targets
from lbha.values import FALSE, TRUE

ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
NODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*\Z")
# with a hyphen first pcs would take name=value for an option of its own, such as --force
NAME = re.compile(r"(?!-)[^\s='\"<>&]+\Z")
SCORE = re.compile(r"([+-]?)(\d+|inf|infinity)\Z", re.IGNORECASE | re.ASCII)
# Pacemaker's crm_get_msec takes these units, and seconds when there is none
DURATION = re.compile(r"(\d+)\s*(ms|msec|us|usec|s|sec|m|min|h|hr|)\Z",
                      re.IGNORECASE | re.ASCII)
SECONDS = {"ms": 0.001, "msec": 0.001, "us": 1e-6, "usec": 1e-6, "m": 60, "min": 60,
           "h": 3600, "hr": 3600}
MOST = 1000000  # Pacemaker's INFINITY
OLD_ROLES = {"master": "Promoted", "slave": "Unpromoted"}
SHORT_ROLES = {role.lower(): role for role in targets.ROLES}


def nearest(word, words, least=0.6):
    """The one of `words` that `word` was most likely meant to be, or "".

    least -- how alike they must be, from 0 to 1
    """
    lower = {one.lower(): one for one in words}
    # a blank inside a word is what is lost in copying
    found = difflib.get_close_matches(word.lower().replace(" ", ""), list(lower), 1, least)
    return lower[found[0]] if found else ""


def choice(cell, words, report):
    """One of `words`, whatever its letter case."""
    for word in words:
        if cell.lower() == word.lower():
            return cell.becomes(word)
    return _not_one_of(words, cell, report)


def _not_one_of(words, cell, report):
    return _bad(cell, report, "not-one-of", wanted=", ".join(words),
                likely=lambda: nearest(cell, words))


def _bad(cell, report, key, **fields):
    if cell:
        report.bad(cell, key, found=cell, **fields)
    return cell


def boolean(cell, report):
    """true or false, from any word that means one of them."""
    word = cell.lower()
    if word in TRUE or word in FALSE:
        return cell.becomes("true" if word in TRUE else "false")
    return _not_one_of(("true", "false"), cell, report)


def role(cell, report):
    """A role; the names of before Pacemaker 2.1 are taken for those of today."""
    word = cell.lower()
    found = OLD_ROLES.get(word) or SHORT_ROLES.get(word)
    if found:
        return cell.becomes(found)
    return _not_one_of(targets.ROLES + ("Master", "Slave"), cell, report)


def score(cell, report):
    """A score: a whole number, INFINITY or -INFINITY, without a plus sign."""
    match = SCORE.match(cell)
    if not match:
        return _bad(cell, report, "no-score")
    sign = "-" if match.group(1) == "-" else ""
    digits = match.group(2)
    if not digits.isdigit() or int(digits) >= MOST:
        return cell.becomes(sign + "INFINITY")
    return cell.becomes((sign if int(digits) else "") + str(int(digits)))


def identifier(cell, report):
    """An id, as XML has them, which pcs does not take for a word of its own."""
    if cell in targets.PCS_WORDS:
        report.error(cell, "word-of-pcs", found=cell)
    return cell if ID.match(cell) else _bad(cell, report, "no-id")


def node(cell, report):
    """The name of a node."""
    return cell if NODE.match(cell) else _bad(cell, report, "no-node")


def name(cell, report):
    """The name of an option or an attribute."""
    return cell if NAME.match(cell) else _bad(cell, report, "no-name")


def duration(cell, report):
    """A time such as 10s, without the blank that Pacemaker bears and pcs does not."""
    return (cell.becomes("".join(cell.split())) if DURATION.match(cell)
            else _bad(cell, report, "no-duration"))


def seconds(text):
    """The seconds of a duration; None when it is none."""
    match = DURATION.match(text)
    return match and int(match.group(1)) * SECONDS.get(match.group(2).lower(), 1)


def needed(row, name, report):
    """The Cell of a column that must not be blank."""
    cell = row[name]
    if not cell and name in row.block.header:
        report.bad(cell, "blank", name=name)
    elif not cell:
        report.doubt(cell)  # the header row was complained of
    return cell
