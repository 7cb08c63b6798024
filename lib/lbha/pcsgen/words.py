"""What a cell may hold, and what it means: each reads a Cell and gives one, in the
format's canonical words, or reports and gives None."""

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
    report.error(cell, "not-one-of", found=cell, wanted=", ".join(words),
                 likely=lambda: nearest(cell, words))
    return None


def boolean(cell, report):
    """true or false, from any word that means one of them."""
    word = cell.lower()
    if word in TRUE or word in FALSE:
        return cell.becomes("true" if word in TRUE else "false")
    report.error(cell, "not-one-of", found=cell, wanted="true, false")
    return None


def role(cell, report):
    """A role; the names of before Pacemaker 2.1 are taken for those of today."""
    word = cell.lower()
    found = OLD_ROLES.get(word) or SHORT_ROLES.get(word)
    if found:
        return cell.becomes(found)
    words = targets.ROLES + ("Master", "Slave")
    report.error(cell, "not-one-of", found=cell, wanted=", ".join(words),
                 likely=lambda: nearest(cell, words))
    return None


def score(cell, report):
    """A score: a whole number, INFINITY or -INFINITY, without a plus sign."""
    match = SCORE.match(cell)
    if not match:
        report.error(cell, "no-score", found=cell)
        return None
    sign = "-" if match.group(1) == "-" else ""
    digits = match.group(2)
    if not digits.isdigit() or int(digits) >= MOST:
        return cell.becomes(sign + "INFINITY")
    return cell.becomes((sign if int(digits) else "") + str(int(digits)))


def identifier(cell, report):
    """An id, as XML has them."""
    if ID.match(cell):
        return cell
    report.error(cell, "no-id", found=cell)
    return None


def node(cell, report):
    """The name of a node."""
    if NODE.match(cell):
        return cell
    report.error(cell, "no-node", found=cell)
    return None


def name(cell, report):
    """The name of an option or an attribute."""
    if NAME.match(cell):
        return cell
    report.error(cell, "no-name", found=cell)
    return None


def duration(cell, report):
    """A time such as 10s; the Cell as it is."""
    if DURATION.match(cell):
        return cell
    report.error(cell, "no-duration", found=cell)
    return None


def seconds(text):
    """The seconds of a duration that `duration` takes."""
    number, unit = DURATION.match(text).groups()
    return int(number) * SECONDS.get(unit.lower(), 1)


def needed(row, name, report):
    """The Cell of a column that must not be blank, or None."""
    cell = row[name]
    if cell:
        return cell
    if name in row.block.header:  # otherwise the header row was complained of
        report.error(cell, "blank", name=name)
    return None
