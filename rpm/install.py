#!/usr/bin/python3
"""What is installed where, said once: the package, the lab and the tests all read it here.

    python3 rpm/install.py --root DIR [--python PATH]   install into DIR
    python3 rpm/install.py --files                      the %files list of the package

Runs on Python 3.6 and newer with nothing but the standard library.
"""

import argparse
import gzip
import io
import pathlib
import subprocess
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
RESOURCE_AGENTS = ("haproxy", "IPaddr2", "ping")
FENCE_AGENTS = ("fence_pyipmi",)
COMMANDS = ("lbha",)

AGENT_FOLDER = "/usr/lib/ocf/resource.d/lbha"
FENCE_FOLDER = COMMAND_FOLDER = "/usr/sbin"
LIBRARY_FOLDER = "/usr/lib/ocf/lib/lbha"
SYSCTL_FOLDER = "/usr/lib/sysctl.d"
MAN_FOLDER = "/usr/share/man"
# these, and all below them, are ours to create and to remove; the others are the system's
OWN_FOLDERS = (AGENT_FOLDER, "/usr/lib/ocf/lib")


def files():
    """(source in the checkout, destination, mode) of everything that is copied."""
    for name in RESOURCE_AGENTS:
        yield "agents/" + name, AGENT_FOLDER + "/" + name, 0o755
    for name in FENCE_AGENTS:
        yield "fence/" + name, FENCE_FOLDER + "/" + name, 0o755
    for name in COMMANDS:
        yield "bin/" + name, COMMAND_FOLDER + "/" + name, 0o755
    library = CHECKOUT / "lib/lbha"
    for path in sorted(library.glob("**/*.py")):
        inside = path.relative_to(library).as_posix()
        yield "lib/lbha/" + inside, LIBRARY_FOLDER + "/" + inside, 0o644
    yield "rpm/lbha-sysctl.conf", SYSCTL_FOLDER + "/60-lbha.conf", 0o644


def folders():
    """The folders that the package owns, parents first."""
    found = set(OWN_FOLDERS)
    for _, destination, _ in files():
        parents = map(str, pathlib.PurePosixPath(destination).parents)
        found.update(folder for folder in parents
                     if folder.startswith(tuple(own + "/" for own in OWN_FOLDERS)))
    return sorted(found)


def man_pages():
    """(program in the checkout, destination) of the pages that the programs write themselves.
    """
    for name in RESOURCE_AGENTS:
        yield "agents/" + name, "%s/man7/ocf_lbha_%s.7.gz" % (MAN_FOLDER, name)
    for name in FENCE_AGENTS:
        yield "fence/" + name, "%s/man8/%s.8.gz" % (MAN_FOLDER, name)
    for name in COMMANDS:
        yield "bin/" + name, "%s/man8/%s.8.gz" % (MAN_FOLDER, name)


def install(root, interpreter):
    """Put everything under `root` (a path), for agents that run with `interpreter`."""
    for source, destination, mode in files():
        text = (CHECKOUT / source).read_text(encoding="utf-8")
        _write(root, destination, with_interpreter(text, interpreter).encode("utf-8"), mode)
    for program, destination in man_pages():
        _write(root, destination, compressed(man_page(program)), 0o644)


def with_interpreter(text, interpreter):
    """`text` with another program in its first line, if that is a #! line; flags stay."""
    first, newline, rest = text.partition("\n")
    if not first.startswith("#!"):
        return text
    return "".join(("#!", " ".join([interpreter] + first[2:].split()[1:]), newline, rest))


def man_page(program):
    """The page that a program (path in the checkout) writes, as bytes."""
    action = ["-o", "manpage"] if program.startswith("fence/") else ["manpage"]
    page = subprocess.run([sys.executable, "-I", str(CHECKOUT / program)] + action,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
    return page.stdout


def compressed(data):
    """`data` in gzip's form, without name and time: the same page is the same file."""
    file = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as compressor:
        compressor.write(data)
    return file.getvalue()


def files_list():
    """The lines for %files; some distributions compress the pages in a way of their own."""
    for folder in folders():
        yield "%dir " + folder
    for _, destination, _ in files():
        yield destination
    for _, destination in man_pages():
        yield destination[:-len("gz")] + "*"


def _write(root, destination, data, mode):
    path = pathlib.Path(root) / destination.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", help="install into this directory")
    parser.add_argument("--python", default="/usr/bin/python3",
                        help="the interpreter of the agents (default: %(default)s)")
    parser.add_argument("--files", action="store_true", help="print the %%files list")
    options = parser.parse_args()
    if options.root:
        install(options.root, options.python)
    if options.files:
        print("\n".join(files_list()))


if __name__ == "__main__":
    main()
