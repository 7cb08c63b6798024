"""The manual page lbha(8), from the options and the tables of the format."""

from lbha import __version__
from lbha.pcsgen import options, tables

DESCRIPTION = (
    options.DESCRIPTION,
    "XML and script make the same cluster. Push the XML with \"pcs cluster cib-push FILE "
    "--config\": without --config pcs refuses a file whose epoch is older than the cluster's, "
    "and a push of either replaces the whole configuration; look at --diff before you push to "
    "a cluster that runs. The script (sh FILE) makes a file for cib-push as well; it gives "
    "passwords to pcs on its command line, where other users of the node can see them for a "
    "moment, which the XML does not.",
    "Operations that a sheet leaves out and an agent wants are added, as pcs does: from the "
    "agents installed here, or from a small table of the usual ones.",
    "Every error and warning names its cell, and all of them are told at once.",
)
FORMAT = (
    "A sheet saved as CSV (UTF-8 or cp932), or a workbook. A row whose first cell begins with "
    "# is a comment. Column B has the keyword of a table; the next row names its columns, in "
    "any order, and the rows below are its data. Within PRIMITIVE, STONITH and ALERT, P, A, O "
    "and R in column B begin a part, with the names of its columns in the same row. Cells "
    "below a column without a name are remarks. A blank cell in the first columns repeats the "
    "one above: uname and type in NODE, id in RSC_ATTRIBUTES, node in STONITH_LEVEL, type in "
    "A, rsc and prefers/avoids in LOCATION_NODE, rsc in LOCATION_RULE, where a row without a "
    "score adds a condition to the rule above.",
    "In RESOURCES what a group or a clone holds stands one column further right. An unknown "
    "column in O is an attribute of the operation, such as OCF_CHECK_LEVEL. Roles may be "
    "written in the words of any version. A value of LOCATION_RULE may begin with its type: "
    "integer 5.",
)
EXAMPLES = (
    ("A sheet to begin with", "lbha pcsgen --example xlsx"),
    ("From a sheet to the cluster",
     "lbha pcsgen cluster.xlsx\npcs cluster cib-push cluster.xml --config"),
    ("What would change in the cluster that runs",
     "pcs cluster cib >now.xml\nlbha pcsgen cluster.xlsx --diff now.xml"),
)


def render():
    """The page in roff (man(7))."""
    from lbha.render.man import roff

    lines = ['.TH "LBHA" "8" "" "lbha %s" "Load balancers on Pacemaker"' % __version__,
             ".SH NAME", "lbha \\- a cluster of load balancers from a sheet", ".SH SYNOPSIS",
             "\\fBlbha pcsgen\\fR [OPTION...] SHEET.csv|SHEET.xlsx[:NAME]", ".SH DESCRIPTION"]
    for paragraph in DESCRIPTION:
        lines += [".PP", roff(paragraph)]
    lines.append(".SH OPTIONS")
    for names, text in _options():
        lines += [".TP", "\\fB%s\\fR" % roff(names), roff(text[:1].upper() + text[1:] + ".")]
    lines.append(".SH THE SHEET")
    for paragraph in FORMAT:
        lines += [".PP", roff(paragraph)]
    for table in tables.TABLES:
        lines += [".TP", "\\fB%s\\fR" % roff(table.keyword),
                  roff("%s: %s." % (table.title[0], "; ".join(_columns(table))))]
    lines += [".SH EXIT STATUS", roff(options.END.partition("\n")[0]
                                      .partition(": ")[2].capitalize()), ".SH EXAMPLES"]
    for text, command in EXAMPLES:
        lines += [".PP", roff(text + ":"), ".PP", ".nf", ".RS 4", roff(command), ".RE", ".fi"]
    return "\n".join(lines) + "\n"


def _options():
    made = options.parser()
    for action in made._actions:  # argparse has no public list of what it was told
        names = ", ".join(action.option_strings) or "SHEET"
        if action.metavar and action.option_strings:
            names += " " + action.metavar
        elif action.choices:
            names += " " + "|".join(action.choices)
        yield names, action.help % {"default": action.default}


def _columns(table):
    for part in table.parts.values():
        yield "%s: %s" % (part.keyword, ", ".join(column.name for column in part.columns))
    if table.columns:
        yield ", ".join(column.name for column in table.columns)
