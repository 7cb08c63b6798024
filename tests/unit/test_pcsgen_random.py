"""Random sheets: any grid gives sentences, any good cluster survives every way there is."""

import string

import hypothesis
import hypothesis.strategies as some

from lbha.pcsgen import cib, model, tables, words, writing
from tests import making, semantics
from tests.unit.test_pcsgen_cluster import EVERYTHING, again, back, commands

TEXTS = some.one_of(
    some.sampled_from(sorted(tables.BY_KEYWORD) + ["P", "A", "O", "R", "#", "-", "INFINITY"]
                      + [column.name for table in tables.TABLES for column in table.columns]
                      + ["options", "meta", "start", "monitor", "10s", "Group", "Clone", "and"]),
    some.text(max_size=6))
GRIDS = some.lists(some.lists(TEXTS, max_size=8), max_size=25)


@hypothesis.settings(max_examples=150)
@hypothesis.given(GRIDS)
def test_any_grid_gives_sentences_and_no_traceback(grid):
    made = making.make_rows(grid)
    assert made.report.has("error") == (made.xml is None)
    for language in ("en", "ja"):
        made.report.language = language
        assert all("\n" not in line for line in made.report.lines("x.csv"))


@hypothesis.settings(max_examples=150)
@hypothesis.given(some.data())
def test_a_good_sheet_with_a_few_cells_changed_gives_no_traceback(data):
    grid = [list(line.texts) for line in writing.lines(making.make(EVERYTHING).cluster, "en")]
    full = [(row, column) for row, texts in enumerate(grid)
            for column, text in enumerate(texts) if text]
    for row, column in data.draw(some.lists(some.sampled_from(full), min_size=1, max_size=4)):
        grid[row][column] = data.draw(TEXTS)
    made = making.make_rows(grid)
    assert made.report.has("error") == (made.xml is None)


NAMES = some.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=5).map(
    lambda text: "n" + text)
SIGNS = "aZ0 -_.,:;/'\"\\$`*?!&|<>()[]{}#~=%"


def values(letters=SIGNS + "高可用é"):
    """Values of settings."""
    return some.text(letters, min_size=1, max_size=8).map(
        lambda text: "".join(text.split()) or "x")


SCORES = some.one_of(some.integers(0, 99999).map(str), some.just("INFINITY"))


def settings_of(texts):
    """Settings with different names."""
    return some.dictionaries(NAMES, texts, max_size=3).map(
        lambda pairs: [model.Setting(*pair) for pair in pairs.items()])


@some.composite
def clusters(draw, texts=values()):
    """Clusters without a fault."""
    ids = draw(some.lists(NAMES, min_size=3, max_size=7, unique_by=str.lower))
    leaves = []
    for name in ids[1:]:
        timeout = draw(some.integers(1, 600))
        leaves.append(model.Resource(
            "Primitive", name, standard="ocf", provider="heartbeat", type="Dummy",
            options=draw(settings_of(texts)), meta=draw(settings_of(texts)),
            operations=[model.Operation("monitor", [
                model.Setting("interval", "10s"), model.Setting("timeout", "%ds" % timeout)])]))
    split = draw(some.integers(0, len(leaves) - 1))
    held, free = leaves[:split], leaves[split:]
    if held:
        kind = draw(some.sampled_from(["Group", "Clone", "Promotable"]))
        if kind != "Group":
            held, free = held[:1], free + held[1:]
        free.append(model.Resource(kind, ids[0], held, draw(settings_of(texts))))
    roots = [resource.id for resource in free]
    cluster = model.Cluster(
        properties=draw(settings_of(texts)), resource_defaults=draw(settings_of(texts)),
        resources=free)
    for node in ("node1", "node2"):
        cluster.locations.append(model.Location(
            draw(some.sampled_from(roots)), draw(some.sampled_from(tables.VERBS)), node,
            draw(SCORES.filter(lambda score: score != "0"))))
    operation = draw(some.sampled_from(tables.COMPARISONS))
    cluster.rules = [model.Rule(draw(some.sampled_from(roots)), draw(SCORES), "and", "", [
        model.Expression(draw(NAMES), operation, draw(texts)),
        model.Expression(draw(NAMES), "defined", "")])]
    if len(roots) > 1:
        cluster.colocations = [model.Colocation(roots[0], roots[1], draw(SCORES), "", "")]
        cluster.orders = [model.Order(roots[1], roots[0], draw(some.sampled_from(
            ("",) + tables.ORDER_KINDS)), "", "", draw(some.sampled_from(
                ("", "true", "false"))))]
    return cluster


@hypothesis.settings(max_examples=80)
@hypothesis.given(clusters())
def test_a_random_cluster_survives_sheet_cib_and_sheet(cluster):
    made = again(cluster)
    read, missed = back(made.document)
    assert missed == []
    assert semantics.difference(made.xml, again(read).xml) == []
    given = {word for command in commands(made.script) for word in command}
    for resource in cluster.leaves():
        assert {"%s=%s" % (one.name, one.value) for one in resource.options} <= given
    assert semantics.difference(made.xml, cib.serialize(made.document)) == []
    assert all(words.ID.match(element.get("id")) for element in made.document.iter()
               if element.get("id"))
