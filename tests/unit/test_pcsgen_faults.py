"""Everything that is said of a sheet, each with the cell it is said of, all in one pass."""

import re

import pytest

from lbha.pcsgen import csvfile, messages, report
from tests import making, paths

# A cluster without a fault; the cases below change it.
BASE = """
RSC_DEFAULTS
 | name | value
 | resource-stickiness | 200
 | migration-threshold | 3
RESOURCES
 | resourceItem | resourceItem | resourceItem | id
 | Group | | | g
 | | Primitive | | a
 | Clone | | | c
 | | Primitive | | b
 | Stonith | | | f
PRIMITIVE
P | id | class | provider | type
 | a | ocf | heartbeat | Dummy
PRIMITIVE
P | id | class | provider | type
 | b | ocf | heartbeat | Dummy
O | type | timeout | interval | enabled | role
 | monitor | 20s | 10s
STONITH
P | id | type
 | f | fence_ipmilan
A | type | name | value
 | options | pcmk_host_list | n1
LOCATION_NODE
 | rsc | prefers/avoids | node | score
 | f | avoids | n1
"""
LINES = len(BASE.strip("\n").splitlines())
PRIMITIVE_P = "PRIMITIVE\nP | id | class | provider | type\n"


def after(text):
    """The base and more below it, whose first line is row 1 of the cases' cells."""
    return making.make_rows(making.rows(BASE + text.lstrip("\n")))


def instead(old, new):
    """The base with one piece replaced."""
    assert BASE.count(old) == 1
    return making.make_rows(making.rows(BASE.replace(old, new)))


def below(cell):
    """A cell of the appended lines, as an address in the whole sheet."""
    letter, number = re.match(r"([A-Z]*)(\d+)$", cell).groups()
    return letter + str(int(number) + LINES)


def test_the_base_has_no_fault():
    assert after("").said() == []


# (lines below the base, [(cell counted from there, key)])
APPENDED = [
    ("NONSENSE\n | a | b\n | c | d", [("B1", "unknown-keyword")]),
    ("PROPERTY\n | name | name | value\n", [("D2", "column-twice")]),
    ("PROPERTY\n | name\n | batch-limit", [("2", "column-missing")]),
    ("PROPERTY\n | name | value | x\n", [("E2", "unknown-column")]),
    ("PROPERTY\n | name | value\n | batch-limit |\n | | 3", [("C4", "blank"), ("D3", "blank")]),
    ("PROPERTY\n | name | value\n | a=b | 1\n | --force | 1",
     [("C3", "no-name"), ("C4", "no-name")]),
    ("PROPERTY\n | name | value\n | bach-limit | 1", [("C3", "unknown-property")]),
    ("PROPERTY\n | name | value\n | batch-limit | \x07",
     [("D3", "control-character")]),
    ("PROPERTY\n | name | value\n | batch-limit | \u9ad8", [("D3", "not-ascii")]),
    ("PROPERTY\n | name | value\n | batch-limit | #REF!", [("D3", "formula-fault")]),
    ("PROPERTY\n | name | value\n | batch-limit | 1\n | batch-limit | 2",
     [("C4", "name-twice")]),
    ("PROPERTY\n | name | value\n | priority-fencing-delay | 10s", [("D3", "no-priority")]),
    ("NODE\n | uname | type | name | value\n | n1 | attribut | x | y\n | -n | attribute | x | y",
     [("D3", "not-one-of"), ("C4", "no-node")]),
    ("NODE\n | uname | type | name | value\n | n1 | attribute | x | y\n | n1 | | x | y",
     [("D4", "blank")]),
    ("NODE\n | uname | type | name | value\n | n1 | attribute | x | y\n | | | x | z",
     [("E4", "name-twice")]),
    ("NODE\n | uname | type | name | value\n | n9 | attribute | x | y", [("C3", "unknown-node")]),
    ("PRIMITIVE\n | id | class | provider | type\n | x | ocf | heartbeat | Dummy",
     [("C2", "part-missing")]),
    (PRIMITIVE_P + " | zz | ocf | heartbeat | Dummy", [("C3", "not-in-resources")]),
    (PRIMITIVE_P + " | a | ocf | heartbeat | Dummy", [("C3", "described-twice")]),
    (PRIMITIVE_P + " | c | ocf | heartbeat | Dummy", [("C3", "other-kind")]),
    ("RSC_ATTRIBUTES\n | id | name | value\n | zz | x | y", [("C3", "not-in-resources")]),
    ("RSC_ATTRIBUTES\n | id | name | value\n | c | promotable | true",
     [("D3", "promotable-is-a-kind")]),
    ("STONITH_LEVEL\n | node | id | level\n | n1 | f | 1\n | | f | 10\n | | f | 1",
     [("E4", "no-level"), ("D5", "level-twice")]),
    ("STONITH_LEVEL\n | node | id | level\n | n1 | a | 1", [("D3", "no-device")]),
    ("LOCATION_NODE\n | rsc | prefers/avoids | node | score\n | g | prefers | n1 | -5",
     [("F3", "negative")]),
    ("LOCATION_NODE\n | rsc | prefers/avoids | node | score\n | g | likes | n1\n | a | | n1",
     [("D3", "not-one-of"), ("D4", "blank")]),
    ("LOCATION_NODE\n | rsc | prefers/avoids | node | score\n | h | prefers | n1",
     [("C3", "not-in-resources")]),
    ("LOCATION_NODE\n | rsc | prefers/avoids | node | score\n | b | prefers | n1",
     [("C3", "in-a-clone")]),
    ("LOCATION_NODE\n | rsc | prefers/avoids | node | score\n | g | prefers | n1\n"
     " | | avoids | n1", [("E4", "prefers-and-avoids")]),
    ("LOCATION_NODE\n | rsc | prefers/avoids | node | score\n | g | prefers | n1\n"
     " | | | n1 | 3", [("E4", "location-twice")]),
    ("LOCATION_RULE\n | rsc | score | bool_op | attribute | op | value\n"
     " | g | pingd | | x | lt | 1", [("D3", "no-score")]),
    ("LOCATION_RULE\n | rsc | score | bool_op | attribute | op | value\n"
     " | g | 1 | | x | lt | 1\n | | | | y | gt | 1", [("E3", "joint-missing")]),
    ("LOCATION_RULE\n | rsc | score | bool_op | attribute | op | value\n"
     " | g | 1 | and | x | lt | 1\n | | | or | y | defined | 1\n | | | | z | like | 1",
     [("E4", "ignored"), ("H4", "ignored"), ("G5", "not-one-of")]),
    ("LOCATION_RULE\n | rsc | score | bool_op | attribute | op | value\n"
     " | g | 1 | and | x | lt |", [("E3", "ignored"), ("H3", "blank")]),
    ("LOCATION_RULE\n | rsc | score | bool_op | attribute | op | value\n"
     " | g | 1 | | x | lt | 1\n | | 1 | | x | lt | 1", [("D4", "rule-twice")]),
    ("COLOCATION\n | rsc | with-rsc | score | rsc-role\n | g | c | | Main",
     [("E3", "blank"), ("F3", "not-one-of")]),
    ("COLOCATION\n | rsc | with-rsc | score\n | g | c | 1\n | g | c | 2", [("E4", "two-scores")]),
    ("COLOCATION\n | rsc | with-rsc | score\n | g | c | INF\n | c | g | -INF",
     [("E4", "two-scores")]),
    ("COLOCATION\n | rsc | with-rsc | score\n | g | c | 1\n | g | c | 1",
     [("D4", "colocation-twice")]),
    ("COLOCATION\n | rsc | with-rsc | score\n | g | g | 1", [("D3", "with-itself")]),
    ("ORDER\n | first-rsc | then-rsc | kind\n | c | c | always",
     [("E3", "not-one-of")]),
    ("ORDER\n | first-rsc | then-rsc | symmetrical\n | c | c |\n | c | g | perhaps",
     [("D3", "after-itself"), ("E4", "not-one-of")]),
    ("ORDER\n | first-rsc | then-rsc | kind\n | c | g |\n | c | g | Optional",
     [("D4", "order-twice")]),
    ("ORDER\n | first-rsc | then-rsc | kind\n | c | g |\n | g | f\n | f | c", [("D4", "circle")]),
    ("ALERT\nR | recipient\n | x", [("B1", "no-head")]),
    ("ALERT\nP | path\n | bin/x\n | /bin/y", [("C3", "no-path"), ("C4", "second-head")]),
    ("ALERT\nP | path\n | /bin/y\nR | recipient\n | x\n | x\nALERT\nP | path\n | /bin/y",
     [("C6", "recipient-twice"), ("C9", "alert-twice")]),
    ("ALERT\nA | type | name | value\n | options | a=b | 1",
     [("B1", "no-head"), ("D3", "no-name")]),
    # a row with a bad cell is looked at like any other
    ("LOCATION_NODE\n | rsc | prefers/avoids | node | score\n | zz | prefers | n9 | many",
     [("C3", "not-in-resources"), ("E3", "unknown-node"), ("F3", "no-score")]),
    ("LOCATION_RULE\n | rsc | score | bool_op | attribute | op | value\n"
     " | zz | pingd | and | x | like | 1\n | | | | y | gt | 1",
     [("C3", "not-in-resources"), ("D3", "no-score"), ("G3", "not-one-of")]),
    ("COLOCATION\n | rsc | with-rsc | score\n | zz | b |",
     [("C3", "not-in-resources"), ("D3", "in-a-clone"), ("E3", "blank")]),
    ("ORDER\n | first-rsc | then-rsc | kind\n | zz | c | always\n | g | c | never\n | c | g |",
     [("C3", "not-in-resources"), ("E3", "not-one-of"), ("E4", "not-one-of")]),
    ("STONITH_LEVEL\n | node | id | level\n | n1 | a | 10",
     [("D3", "no-device"), ("E3", "no-level")]),
    ("NODE\n | uname | type | name | value\n | n9 | attribut | x | y",
     [("C3", "unknown-node"), ("D3", "not-one-of")]),
    # what continues a bad cell does not say it again
    ("STONITH_LEVEL\n | node | id | level\n | n 1 | f | 1\n | | f | 2", [("C3", "no-node")]),
    ("RSC_ATTRIBUTES\n | id | name | value\n | zz | x | y\n | | z | y",
     [("C3", "not-in-resources")]),
    ("LOCATION_NODE\n | rsc | node\n | g | n1\n | a | n1\n | g | n1", [("2", "column-missing")]),
    ("ADDITIONAL_CONFIG\n | config\n | pcs 'x", [("C3", "open-quote")]),
    ("ADDITIONAL_CONFIG\n | config\n | pcs x", [("C3", "script-only")]),
]

# (a piece of the base, what stands there instead, [(cell, key)])
CHANGED = [
    (" | | Primitive | | a", " | | Primitiv | | a", [("D8", "not-one-of")]),
    (" | | Primitive | | a", " | | Primitive | | 1a", [("F8", "no-id")]),
    (" | | Primitive | | a", " | | Primitive | |", [("F8", "blank")]),
    ("a\n | Clone | | | c", "a\n | Clone | | | meta", [("F9", "word-of-pcs")]),
    (" | | Primitive | | a", " | | Primitive | Primitive | a", [("E8", "item-twice")]),
    (" | | Primitive | | a", " | | | | a", [("C8", "item-missing")]),
    (" | | Primitive | | a", " | | | Primitive | a", [("E8", "too-deep")]),
    (" | | Primitive | | a", " | | Clone | | a", [("D8", "cannot-hold")]),
    (" | | Primitive | | a\n", "", [("F7", "holds-nothing"), ("C13", "not-in-resources")]),
    (" | | Primitive | | b", " | | Primitive | | b\n | | Stonith | | f2",
     [("F11", "holds-two"), ("F11", "not-described")]),
    (" | Group | | | g", " | Group | | | f", [("F11", "id-twice")]),
    (" | Stonith | | | f", " | Stonith | | | f\n | Primitive | | | d", [("F12", "not-described")]),
    (" | a | ocf | heartbeat | Dummy", " | a | | | Dummy", [("D14", "class-assumed")]),
    (" | a | ocf | heartbeat | Dummy", " | a | systemd | - | x", [("E14", "dash")]),
    (" | a | ocf | heartbeat | Dummy", " | a | systemd | x | x", [("E14", "no-provider")]),
    (" | a | ocf | heartbeat | Dummy", " | a | ocf | heartbeat | ../x", [("F14", "no-agent")]),
    (" | a | ocf | heartbeat | Dummy", " | a | ocf | | x", [("E14", "blank")]),
    (" | a | ocf | heartbeat | Dummy", " | a | ocf | x | y\n | d | ocf | x | y",
     [("C15", "second-head")]),
    ("| enabled | role", "| enable | role", []),
    (" | monitor | 20s | 10s", " | monitor | soon | 10s | perhaps | Main",
     [("D19", "no-duration"), ("F19", "not-one-of"), ("G19", "not-one-of")]),
    (" | monitor | 20s | 10s", " | monitor | 20s | 10s\n | monitor | 30s | 10",
     [("C20", "operation-twice")]),
    ("O | type | timeout | interval | enabled | role\n | monitor | 20s | 10s",
     "O | type | on-fial\n | monitor | fence", [("D18", "unknown-attribute")]),
    (" | options | pcmk_host_list | n1", " | option | pcmk_host_list | n1",
     [("C24", "not-one-of")]),
    (" | options | pcmk_host_list | n1", " | options", [("C24", "nothing-set")]),
    (" | f | avoids | n1", "", [("F11", "fences-itself")]),
    (" | f | avoids | n1", " | f | avoids | n1 | many", [("F27", "no-score")]),
    (" | f | avoids | n1", " | f | awaits | n1", [("D27", "not-one-of")]),
    (" | f | avoids | n1", " | ff | avoids | n1", [("C27", "not-in-resources")]),
    (" | options | pcmk_host_list | n1", " | options | pcmk_host_list |", [("E24", "blank")]),
    (" | options | pcmk_host_list | n1", " | options | pcmk host list | n1",
     [("D24", "no-name")]),
    (" | resource-stickiness | 200\n", " | resource-stickiness |\n", [("D3", "blank")]),
    ("STONITH\nP", "STONIT\nP", [("B20", "misspelt-keyword")]),
    ("STONITH\nP", "STONITH\nQ", [("B21", "unknown-keyword")]),
    ("STONITH\nP | id | type\n | f |", "STONITH\nPP | id | type\n | ff |",
     [("B21", "misspelt-keyword"), ("C22", "not-in-resources"), ("F11", "not-described")]),
    ("RESOURCES", "RESOUCES", [("B5", "misspelt-keyword")]),
    (" | f | fence_ipmilan", " | | fence_ipmilan", [("C22", "blank")]),
    (" | Group | | | g", " | Group | | |", [("F7", "blank")]),
    (" | Group | | | g", " | Grup | | | g", [("C7", "not-one-of")]),
    (" | Stonith | | | f", " | Stonit | | | f", [("C11", "not-one-of")]),
    (" | monitor | 20s | 10s", " | monitor | 20s | soon\n | monitor | 20s | 60s",
     [("E19", "no-duration")]),
    (" | resource-stickiness | 200\n", "", [(None, "not-set")]),
]


@pytest.mark.parametrize("text, wanted", APPENDED)
def test_what_stands_below(text, wanted):
    assert sorted(after(text).said()) == sorted((below(cell), key) for cell, key in wanted)


@pytest.mark.parametrize("old, new, wanted", CHANGED)
def test_what_stands_instead(old, new, wanted):
    found = instead(old, new).said()
    # no more than is wanted: one slip is no two
    assert sorted(found, key=str) == sorted(wanted, key=str)


@pytest.mark.parametrize("hosts, wanted", [
    (" | options | pcmk_host_list | n2", ["unknown-node"]), (" | options | ip | 192.0.2.1", []),
    (" | options | pcmk_host_list | ", ["blank"])])
def test_a_device_that_does_not_say_its_nodes_may_be_for_any(hosts, wanted):
    text = BASE.replace(" | Stonith | | | f", " | Stonith | | | f\n | Stonith | | | e")
    text += "STONITH\nP | id | type\n | e | fence_x\nA | type | name | value\n%s\n" % hosts
    text += ("LOCATION_NODE\n | rsc | prefers/avoids | node\n | e | avoids | n2\n"
             " | g | prefers | n9\n")
    assert [key for _, key in making.make_rows(making.rows(text)).said()] == wanted


def test_a_continuation_below_a_comment_is_told():
    rows = making.rows(BASE + "LOCATION_NODE\n | rsc | prefers/avoids | node | score\n"
                       " | g | prefers | n1\n")
    rows += [["#", "", "a", "prefers", "n1"], ["", "", "", "", "n1", "7"]]
    said = making.make_rows(rows).said()
    assert (below("C5"), "continues-comment") in said
    rows += [["#"], ["", "", "a", "prefers", "n1"]]
    assert making.make_rows(rows).said().count((below("C7"), "continues-comment")) == 0


@pytest.mark.parametrize("holder, target, wanted", [
    ("Group", "2.0", []), ("Group", "2.1", ["warning"]), ("Clone", "3.0", ["error"])])
def test_groups_of_fence_devices(holder, target, wanted):
    text = BASE.replace(" | Stonith | | | f", " | %s | | | h\n | | Stonith | | f" % holder)
    made = making.make_rows(making.rows(text), target)
    assert [note.level for note in made.report.notes if note.key == "fence-group"] == wanted


def test_newer_pacemakers_take_any_letter():
    rows = making.rows(BASE + "PROPERTY\n | name | value\n | batch-limit | \u9ad8")
    assert making.make_rows(rows, "2.1").said() == []


def test_the_wrong_group_of_the_slides_gets_its_likely_name():
    text = BASE.replace("| Group | | | g", "| Group | | | pgsql-group")
    made = making.make_rows(making.rows(text + "COLOCATION\n | rsc | with-rsc | score\n"
                                        " | haproxy-group | c | INFINITY\n"))
    note, = [note for note in made.report.notes if note.level == "error"]
    assert (note.key, note.fields["likely"]) == ("not-in-resources", "pgsql-group")


def test_the_guide_s_sheet_as_the_slides_print_it():
    text = (making.SHEETS / "guide.csv").read_text()
    for old, new in ((",,Group,,,haproxy-group", ",,Group,,,pgsql-group"),
                     (",,resourceItem,resourceItem,resourceItem,id", ",,resourceItem,,,id"),
                     (",,haproxy,,systemd,,,,haproxy\n,A,type,name,,value\n",
                      ",,haproxy,,systemd,,-,,haproxy\n,A,type,name,,value\n,,options\n"),
                     (",,haproxy-group,,priority,,,1\n", "")):
        assert text.count(old) == 1
        text = text.replace(old, new)
    made = making.make_rows([line.split(",") for line in text.splitlines()])
    assert sorted(key for _, key in made.said("warning")) == [
        "dash", "no-priority", "nothing-set"]
    errors = [note for note in made.report.notes if note.level == "error"]
    # C and E: the columns of the locations (one cell for both nodes), the rule, the
    # colocation and the order
    assert [cell[0] for cell, _ in made.said("error")] == ["C", "C", "C", "E"]
    assert {(note.key, str(note.cell), note.fields["likely"]) for note in errors} == {
        ("not-in-resources", "haproxy-group", "pgsql-group")}


def test_so_many_wrong_names_are_each_told_and_the_first_of_them_with_what_was_meant():
    rows = "".join(" | g%d | prefers | n1\n" % (number % 10) for number in range(300))
    made = after("LOCATION_NODE\n | rsc | prefers/avoids | node\n" + rows)
    assert len(made.said("error")) == 300
    likely = [note.fields["likely"] for note in made.report.notes if "likely" in note.fields]
    # each took a comparison with every name there is
    assert likely == ["g"] * report.SUGGESTIONS


def test_nothing_is_made_of_a_sheet_with_errors():
    made = after("NONSENSE")
    assert made.xml is None and made.script is None


def test_every_message_is_the_same_in_both_languages():
    for key, texts in messages.TEXTS.items():
        fields = [sorted(re.findall(r"{(\w+)}", text)) for text in texts]
        assert fields[0] == fields[1], key
        assert len(texts) == len(messages.LANGUAGES)


def test_every_key_is_said_somewhere_and_every_key_said_exists():
    said = set()
    for path in (paths.LIBRARY / "lbha/pcsgen").glob("*.py"):
        if path.name != "messages.py":
            said |= set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', path.read_text()))
    assert set(messages.TEXTS) <= said


def test_what_is_said_is_covered_here():
    covered = {key for case in APPENDED + CHANGED for _, key in case[-1]}
    faults = set()
    for path in (paths.LIBRARY / "lbha/pcsgen").glob("*.py"):
        faults |= set(re.findall(r'Fault\("([a-z-]+)"', path.read_text()))
    elsewhere = {"error", "warning", "empty-sheet", "before-keyword", "continues-comment",
                 "fence-group", "unknown-parameter", "parameter-missing", "ids-assumed",
                 "schema", "not-held", "written", "sheet-written", "refused", "nothing-written",
                 "no-fault", "no-difference", "one-way", "save-is-not-for-it"}
    assert covered | elsewhere | faults | set(dict(csvfile.WORKBOOKS).values()) == set(
        messages.TEXTS)
