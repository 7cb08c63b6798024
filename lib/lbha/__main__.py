"""The lbha command: one subcommand for each thing that a person does with it.

    lbha pcsgen     a cluster from an environment-definition sheet
"""

import sys

import lbha

USAGE = """\
usage: lbha pcsgen [OPTION...] SHEET

  pcsgen      a cluster's configuration from an environment-definition sheet, and back

`lbha pcsgen --help` says more; so does the manual page lbha(8).
"""


def main(arguments=None):
    """Run the subcommand that the command line names, and exit with its code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["pcsgen"]:
        from lbha.pcsgen import command
        sys.exit(command.main(arguments[1:]))
    if arguments[:1] == ["manpage"]:
        from lbha.pcsgen import page
        print(page.render(), end="")
    elif arguments[:1] == ["--version"]:
        print("lbha " + lbha.__version__)
    elif arguments[:1] in (["--help"], ["-h"]):
        print(USAGE, end="")
    else:
        sys.stderr.write(USAGE)
        sys.exit(1)


if __name__ == "__main__":
    main()
