"""Texts from declarations: well-formed, escaped, complete."""

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbha import spec, values
from lbha.render import fence_xml, man, markdown, ocf_xml, text, usage
from tests import declarations
from tests.unit import toy

# what XML 1.0 can hold, less what a parser makes one line end of
XML_TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc"),
                                 blacklist_characters="\ufffe\uffff"))
HOSTILE = "<a href='x'>&amp; \"q\" -- .TH \\fB %s"


@pytest.fixture(params=declarations.AGENTS)
def declared(request):
    return declarations.declaration(request.param)


def forms(declaration):
    """The meta-data in every form that the agent has."""
    if declaration.kind == "fence":
        return [fence_xml.render(declaration)]
    return [ocf_xml.render(declaration), ocf_xml.render(declaration, modern=True)]


@given(word=XML_TEXT)
def test_escaped_text_comes_back_from_a_parser(word):
    document = "<a%s>%s</a>" % (text.attributes(("b", word), ("c", None)), text.escape(word))
    element = ElementTree.fromstring(document)
    assert (element.text or "", element.attrib) == (word, {"b": word})


def hostile(kind):
    parameter = spec.Parameter(
        "p", values.Choice(HOSTILE.lower()), HOSTILE, HOSTILE, default=HOSTILE.lower())
    return spec.Declaration(kind, "toy", HOSTILE, (HOSTILE,), (parameter,),
                            (spec.Action("start", timeout=5),), ((HOSTILE, HOSTILE),))


@pytest.mark.parametrize("kind", ["ocf", "fence"])
def test_hostile_texts_stay_texts(kind):
    for document in forms(hostile(kind)):
        root = ElementTree.fromstring(document)
        assert root.find(".//shortdesc").text.startswith(HOSTILE)
        assert root.find("longdesc").text.strip() == HOSTILE
        assert root.find(".//content").get("default") == HOSTILE.lower()


def test_the_meta_data_parses_and_has_every_parameter_and_action(declared):
    for document in forms(declared):
        root = ElementTree.fromstring(document)
        assert root.get("name") == declared.name
        names = [element.get("name") for element in root.iter("parameter")
                 if not element.get("deprecated")]
        assert names == [parameter.name for parameter in declared.parameters]
        for parameter in root.iter("parameter"):
            assert parameter.find("shortdesc").text.strip()
            assert parameter.find("content").get("type")
        actions = {element.get("name") for element in root.iter("action")}
        assert actions >= {action.name for action in declared.actions} - {"reload"}


def test_the_forms_of_1_0_and_1_1_differ_where_the_standards_do():
    old, new = map(ElementTree.fromstring, forms(toy.DECLARATION))
    assert (old.find("version").text, new.find("version").text) == ("1.0", "1.1")
    assert [a.get("name") for a in old.iter("action")].count("reload") == 1
    assert [a.get("name") for a in new.iter("action")].count("reload-agent") == 1
    fuse, modern_fuse = (next(p for p in form.iter("parameter") if p.get("name") == "fuse")
                         for form in (old, new))
    assert fuse.attrib == {"name": "fuse", "unique": "1", "required": "0"}
    assert modern_fuse.attrib == {"name": "fuse", "unique-group": "fuse", "required": "0",
                                  "reloadable": "0"}


def test_a_reload_that_cannot_apply_everything_is_not_advertised_in_the_old_form():
    still = spec.Parameter("still", values.Text(), "S", "S.")
    declared = spec.Declaration("ocf", "toy", "T", ("T.",), (still,),
                                (spec.Action("reload", timeout=5),))
    old, new = forms(declared)
    assert "reload" not in old and "reload-agent" in new


def test_the_man_page_has_everything_and_no_line_that_roff_would_take_for_its_own(declared):
    page = man.render(declared)
    for parameter in declared.parameters:
        assert "\\fB" + man.roff(parameter.name) in page
    for action in declared.actions:
        assert "\\fB%s\\fR" % man.roff(action.name) in page
    requests = {line.split()[0] for line in page.splitlines() if line[:1] in (".", "'")}
    assert requests <= {".TH", ".SH", ".PP", ".TP", ".nf", ".fi", ".RS", ".RE"}


@pytest.mark.parametrize("plain, escaped", [
    (".TH x", "\\&.TH x"), ("'x", "\\&'x"), ("a-b\\c", "a\\-b\\ec"), ("a\n.b", "a\n\\&.b")])
def test_roff(plain, escaped):
    assert man.roff(plain) == escaped


def test_usage_and_table_name_every_parameter(declared):
    for parameter in declared.parameters:
        assert parameter.name.replace("_", "-") in usage.render(declared).replace("_", "-")
        assert "| `%s` | " % parameter.name in markdown.render(declared)


def test_a_bar_does_not_end_a_cell_of_the_table():
    parameter = spec.Parameter("p", values.Choice("a|b"), "A|B", "x.")
    declared = spec.Declaration("ocf", "toy", "T", ("T.",), (parameter,), ())
    row = markdown.render(declared).splitlines()[2]
    assert row.replace("\\|", "").count("|") == 4


def test_every_text_is_a_sentence(declared):
    assert not declared.short.endswith(".")
    for paragraph in declared.long:
        assert paragraph.endswith("."), paragraph
    for parameter in declared.parameters:
        assert parameter.short and not parameter.short.endswith(".")
        assert parameter.long.endswith((".", ")")), parameter.name
