"""lbha pcsgen: what it does, from the command line to the exit code."""

import os
import re
import sys

from lbha.errors import Error
from lbha.pcsgen import (agents, checks, cib, csvfile, difference, example, messages, options,
                         output, reading, report, reverse, schema, script, targets, writing,
                         xlsxfile)
from lbha.pcsgen.messages import Fault
from lbha.pcsgen.sheet import Sheet

DONE, FAILED, WARNED = 0, 1, 2
# FILE.xlsx or FILE.xlsx:NAME
WORKBOOK = re.compile(r"(.+?\.xls[xm])(?::(.*))?\Z", re.IGNORECASE | re.DOTALL)
LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")


def main(arguments):
    """Do what the command line says; the exit code."""
    parser = options.parser()
    given = parser.parse_args(arguments)
    language = given.lang or of_locale(os.environ)
    ways = [way for way in (given.sheet, given.example, given.reverse) if way]
    if len(ways) != 1:
        parser.error(messages.text("one-way", language))
    if given.sheet and given.save:
        parser.error(messages.text("save-is-not-for-it", language))
    try:
        if given.example:
            return begin(given, language)
        if given.reverse:
            return turn_back(given, language)
        return generate(given, language)
    except Fault as fault:
        reason = messages.text(fault.key, language, **fault.fields)
    except Error as error:
        reason = error.reason
    say("lbha pcsgen: %s: %s" % (messages.text("error", language), " ".join(reason.split())))
    return FAILED


def of_locale(environ):
    """"ja" in a Japanese locale, "en" in any other."""
    for name in LOCALES:
        if environ.get(name):
            return "ja" if environ[name].startswith("ja") else "en"
    return "en"


def say(line):
    """A line for the person who called."""
    if sys.stderr is not None:  # closed: the exit code says it
        sys.stderr.write(visible(line) + "\n")


def visible(line):
    """A line with what does not show, or steers a terminal, written as its number."""
    return "".join(letter if letter.isprintable()
                   else letter.encode("unicode_escape").decode("ascii") for letter in line)


def generate(given, language):
    """From a sheet to files, or only to what is to be said of it."""
    sheet = read_sheet(given.sheet, given.encoding)
    found = report.Report(language)
    target = targets.TARGETS[given.target]
    live = reverse.parse(given.diff) if given.diff else None
    known = agents.Agents(installed=not given.offline)
    cluster = reading.read(sheet, found)
    checks.check(cluster, known, target, found)
    document = None
    if not found.has(report.ERROR):
        known.complete(cluster)
        document = cib.build(cluster, target, node_ids(cluster, live, found))
        schema.check(document, found)
    for line in found.lines(sheet):
        say(line)
    if found.has(report.ERROR):
        say(messages.text("nothing-written", language))
        return FAILED
    if live is not None:
        lines = difference.compare(live, document)
        show(lines)
        say_if(not lines, "no-difference", language)
    elif given.check:
        say_if(not found.notes, "no-fault", language)
    else:
        save(given, sheet, cluster, document, language)
    return WARNED if found.has(report.WARNING) else DONE


def show(lines):
    """What was asked for; a terminal without its letters gets their numbers."""
    out = sys.stdout
    if out is None:
        raise Fault("output-closed")
    try:
        for line in lines:
            out.write(visible(line).encode(out.encoding, "backslashreplace")
                      .decode(out.encoding) + "\n")
        out.flush()
    except OSError as error:
        # Python would try once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        if not isinstance(error, BrokenPipeError):  # whose reader, such as head, had enough
            raise Fault("output", error=error)


def say_if(true, key, language):
    """Say it if it is true."""
    if true:
        say(messages.text(key, language))


def save(given, sheet, cluster, document, language):
    """Write XML and script."""
    xml, sh = output_names(given, sheet)
    text = script.render(cluster, targets.TARGETS[given.target], document,
                         os.path.basename(sheet.file), os.path.basename(xml))
    output.write({xml: cib.serialize(document), sh: text.encode("utf-8", "surrogateescape")})
    say(messages.text("written", language, files="%s, %s" % (xml, sh), xml=xml))


def begin(given, language):
    """--example: a sheet to begin with."""
    path = given.save or os.path.join(given.folder, "lbha-example." + given.example)
    spare = path.lower().endswith(".xlsx")
    save_sheet(path, example.sheet_lines(language, spare), language)
    return DONE


def turn_back(given, language):
    """--reverse: the sheet of a CIB."""
    found = report.Report(language)
    cluster = reverse.read(reverse.parse(given.reverse), found)
    base = os.path.splitext(os.path.basename(given.reverse))[0]
    path = given.save or os.path.join(given.folder, base + ".csv")
    lines = writing.lines(cluster, language)
    save_sheet(path, lines, language)
    for line in found.lines(given.reverse):
        say(line)
    refused = refusals(Sheet(path, [line.texts for line in lines]), language)
    say_if(refused, "refused", language)
    for line in refused:
        say(line)
    return WARNED if found.notes or refused else DONE


def refusals(sheet, language):
    """What is wrong with a Sheet for every target, as lines."""
    found = report.Report(language)
    # 2.1 refuses the least
    checks.check(reading.read(sheet, found), agents.Agents(installed=False),
                 targets.TARGETS["2.1"], found)
    return list(found.lines(sheet, report.ERROR))


def save_sheet(path, lines, language):
    """Write a new sheet; Fault when there is one already: it may be somebody's work."""
    if os.path.exists(path):
        raise Fault("exists", path=path)
    if path.lower().endswith(".xlsx"):
        data = xlsxfile.to_bytes("cluster", lines)
    else:
        data = csvfile.to_bytes([line.texts for line in lines])
    output.write({path: data})
    say(messages.text("sheet-written", language, files=path))


def node_ids(cluster, live, found):
    """{node: id} for the nodes of NODE, as in the CIB (lxml) `live` where there is one."""
    known = {} if live is None else {
        node.get("uname"): node.get("id")
        for node in live.iterfind("configuration/nodes/node")}
    ids = cib.number_nodes(cluster, known)
    assumed = [name for name in ids if name not in known]
    if assumed:
        found.warning(cluster.nodes[0].node, "ids-assumed", ids=", ".join(
            "%s=%s" % (name, ids[name]) for name in assumed))
    return ids


def read_sheet(argument, encoding):
    """The Sheet that an argument names: FILE.csv, FILE.xlsx or FILE.xlsx:NAME."""
    workbook = WORKBOOK.match(argument)
    if workbook:
        path, name = workbook.groups()
        name, rows = xlsxfile.read(path, name or None)
        return Sheet(path, rows, name)
    return Sheet(argument, csvfile.read(argument, encoding))


def output_names(given, sheet):
    """The paths of XML and script; Fault when one is the other or the sheet."""
    workbook = WORKBOOK.match(given.sheet)
    base = workbook and workbook.group(2) or os.path.splitext(os.path.basename(sheet.file))[0]
    names = [given.xml or os.path.join(given.folder, base + ".xml"),
             given.sh or os.path.join(given.folder, base + ".sh")]
    if len({os.path.realpath(name) for name in names + [sheet.file]}) < 3:
        raise Fault("same-files", paths=", ".join([sheet.file] + names))
    if not os.path.isdir(given.folder):
        raise Fault("no-directory", path=given.folder)
    return names
