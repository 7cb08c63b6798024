"""Files of the repository that follow from the declarations, and writing them anew.

    python3 -m tests.derived        (make renew)
"""

import sys

from tests import declarations, paths, tools

GOLDEN = paths.CHECKOUT / "tests/unit/golden"
README = paths.CHECKOUT / "README.md"
RENEW = "`make renew` writes it anew; look at the difference before you keep it"


def golden():
    """(file, text) of the meta-data of every agent, in every form it has."""
    from lbha.render import fence_xml, ocf_xml

    for name in declarations.RESOURCE_AGENTS:
        declared = declarations.declaration(name)
        yield GOLDEN / (name + ".xml"), ocf_xml.render(declared)
        yield GOLDEN / (name + "-1.1.xml"), ocf_xml.render(declared, modern=True)
    for name in declarations.FENCE_AGENTS:
        yield GOLDEN / (name + ".xml"), fence_xml.render(declarations.declaration(name))
    for file, text in sheets():
        yield GOLDEN / file, text


def sheets():
    """(name of a file, text) of what lbha pcsgen makes of the sheets of the tests."""
    from lbha.pcsgen import targets
    from tests import making

    for sheet in ("guide", "everything"):
        for target in sorted(targets.TARGETS):
            made = making.make(making.SHEETS / (sheet + ".csv"), target)
            yield "pcsgen-%s-%s.xml" % (sheet, target), made.xml.decode("utf-8")
            yield "pcsgen-%s-%s.sh" % (sheet, target), made.script


def readme(text):
    """The README with the tables as they should be; `text` is the README as it is."""
    from lbha.render import markdown

    for name in declarations.AGENTS:
        begin, end = marks(name)
        before, found, rest = text.partition(begin)
        _, found_end, after = rest.partition(end)
        if not found or not found_end:
            raise ValueError("README.md has no marks for %s: wanted %s and %s"
                             % (name, begin.strip(), end.strip()))
        text = before + begin + markdown.render(declarations.declaration(name)) + end + after
    return text


def marks(name):
    """What stands before and after the table of an agent."""
    return "<!-- table %s -->\n" % name, "<!-- end %s -->\n" % name


def main():
    """Write what is not as it should be, and say which files those were."""
    sys.path.append(str(tools.folder("requirements")))  # lxml
    GOLDEN.mkdir(exist_ok=True)
    wanted = dict(golden())
    wanted[README] = readme(README.read_text(encoding="utf-8"))
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print("renewed", path.relative_to(paths.CHECKOUT))
    for path in set(GOLDEN.iterdir()) - set(wanted):
        path.unlink()
        print("removed", path.relative_to(paths.CHECKOUT))


if __name__ == "__main__":
    sys.exit(main())
