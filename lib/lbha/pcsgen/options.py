"""The command line of lbha pcsgen, as argparse has it."""

import argparse
import sys

from lbha.pcsgen import messages, targets

DESCRIPTION = ("Make a cluster's configuration from an environment-definition sheet (the"
               " format of pm_pcsgen): a CIB as XML, and a script of the same pcs commands."
               " Needs neither a cluster nor pcs nor the agents on this machine.")
END = """\
exit codes: 0 done, 1 errors, and nothing is written, 2 done, with warnings.
The files may hold passwords: only their owner may read them. Nothing of ADDITIONAL_CONFIG is
run: it goes into the script as it is.
"""


class Parser(argparse.ArgumentParser):
    """argparse ends with 2, which here means that the work was done."""

    def error(self, message):
        """Say what is wrong with the command line and end with 1."""
        self.print_usage(sys.stderr)
        self.exit(1, "%s: error: %s\n" % (self.prog, message))


def parser():
    """The parser; that there is one of SHEET, --example and --reverse is the command's."""
    made = Parser(
        prog="lbha pcsgen", description=DESCRIPTION, epilog=END,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("sheet", nargs="?", metavar="SHEET.csv|SHEET.xlsx[:NAME]",
                      help="the sheet; NAME is of one in a workbook, by default the first")
    made.add_argument("-o", dest="folder", metavar="DIR", default=".",
                      help="where files are written (default: here)")
    made.add_argument("--xml", metavar="FILE", help="the CIB (default: DIR/SHEET.xml)")
    made.add_argument("--sh", metavar="FILE", help="the script (default: DIR/SHEET.sh)")
    made.add_argument("--check", action="store_true", help="only say what is wrong")
    made.add_argument("--target", choices=sorted(targets.TARGETS), default=targets.DEFAULT,
                      help="Pacemaker's version: 2.0 (pcs 0.10), 2.1 (pcs 0.11) or 3.0"
                           " (pcs 0.12); default: %(default)s")
    made.add_argument("--diff", metavar="CIB.xml",
                      help="only show what a push would change or wipe in that CIB")
    made.add_argument("--encoding", metavar="NAME",
                      help="of the csv file (default: its byte order mark says it, or it is"
                           " UTF-8 or cp932)")
    made.add_argument("--offline", action="store_true",
                      help="do not ask the agents that are installed here for their"
                           " operations and parameters")
    made.add_argument("--example", nargs="?", const="csv", choices=("csv", "xlsx"),
                      help="write a sheet ready to edit: the cluster of the guide")
    made.add_argument("--reverse", metavar="CIB.xml",
                      help="write the sheet of a CIB, such as `pcs cluster cib` shows")
    made.add_argument("--save", metavar="FILE",
                      help="where --example and --reverse write their sheet, csv or xlsx")
    made.add_argument("--lang", choices=sorted(messages.LANGUAGES),
                      help="of what is said (default: as the locale says)")
    return made
