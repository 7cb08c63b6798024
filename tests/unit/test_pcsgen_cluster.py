"""From a sheet to XML and script, and back: the same cluster everywhere."""

import shlex

import pytest
from lxml import etree

from lbha.errors import LocalFault
from lbha.pcsgen import difference, example, model, report, reverse, schema, targets, writing
from tests import making, semantics

GUIDE, EVERYTHING = (making.SHEETS / name for name in ("guide.csv", "everything.csv"))


def commands(script):
    """The words of every command of a script, as a shell would give them to the program."""
    for line in script.replace("\\\n", " ").splitlines():
        found = shlex.split(line, comments=True)
        if found[:1] == ["pcs"]:
            yield found[3:]


def back(document):
    """(the cluster read from a CIB, what could not be)."""
    found = report.Report()
    cluster = reverse.read(etree.fromstring(etree.tostring(document)), found)
    return cluster, [note.fields["what"] for note in found.notes]


def again(cluster, target="2.1"):
    """The Made of the sheet of a cluster."""
    made = making.make_rows([line.texts for line in writing.lines(cluster, "en")], target)
    assert [note.key for note in made.report.notes if note.level == "error"] == []
    return made


def test_the_guide_s_sheet_is_without_fault_and_holds_what_the_guide_has():
    made = making.make(GUIDE)
    assert made.said() == []
    ids = {element.get("id") for element in made.document.iter("primitive", "group", "clone")}
    assert ids == {"haproxy-group", "ipaddr", "haproxy", "ping-clone", "ping",
                   "fence1-ipmilan", "fence2-ipmilan"}
    rule = made.document.find(".//rule")
    assert (rule.get("score"), rule.get("boolean-op")) == ("-INFINITY", "or")
    assert [(one.get("attribute"), one.get("operation"), one.get("value")) for one in rule] == [
        ("ping-status", "lt", "1"), ("ping-status", "not_defined", None)]
    assert [dict(one.attrib, id="") for one in made.document.iter("rsc_order")] == [
        {"id": "", "first": "ping-clone", "then": "haproxy-group", "symmetrical": "false"}]


def test_ids_are_those_that_pcs_gives_and_each_is_there_once():
    for target in targets.TARGETS:
        document = making.make(EVERYTHING, target).document
        ids = [element.get("id") for element in document.iter() if element.get("id")]
        ids += [element.get("id") for element in document.iter("node")]
        once = [one for one in ids if not one.isdigit()]
        assert len(set(once)) == len(once)
    assert {"ipaddr-start-interval-0s", "location-haproxy-group-node01-200",
            "colocation-haproxy-group-ping-clone-INFINITY", "location-haproxy-group-rule-expr-1",
            "order-ping-clone-haproxy-group-mandatory"} <= {
                element.get("id") for element in making.make(GUIDE).document.iter()}


@pytest.mark.parametrize("target, words", [
    ("2.0", {"Master", "Slave"}), ("2.1", {"Promoted", "Unpromoted"}),
    ("3.0", {"Promoted", "Unpromoted"})])
def test_roles_are_called_what_the_target_calls_them(target, words):
    made = making.make(EVERYTHING, target)
    assert {value for element in made.document.iter() for name, value in element.attrib.items()
            if name.endswith("role")} == words
    assert {word.partition("=")[2] for command in commands(made.script)
            for word in command if word.startswith("role=")} <= words | {"master", "slave"}


def test_every_value_reaches_pcs_as_it_is():
    made = making.make(EVERYTHING)
    given = {word for command in commands(made.script) for word in command}
    assert {"password=p'a\"s $s\\w", 'fake=it\'s "here" \\ $x *',
            "host_list=192.168.1.1 192.168.1.2",
            'description=a "quoted" $(touch /tmp/owned) `word`',
            "value=/var/log/alerts $x"} <= given


def test_the_expression_of_a_rule_is_one_word_for_pcs_0_12():
    rules = [[command for command in commands(making.make(GUIDE, target).script)
              if command[3:4] == ["rule"]][0] for target in ("2.1", "3.0")]
    assert rules[0][5:] == "ping-status lt 1 or not_defined ping-status".split()
    assert rules[1][5:] == ["ping-status lt 1 or not_defined ping-status"]


def test_operations_that_the_agent_wants_are_added_and_given_to_pcs():
    made = making.make(EVERYTHING)
    ping = made.document.find(".//primitive[@id='ping']/operations")
    assert {(op.get("name"), op.get("timeout"), op.get("interval")) for op in ping} == {
        ("start", "60s", "0s"), ("stop", "20s", "0s"), ("monitor", "60s", "10s")}
    create, = [command for command in commands(made.script)
               if command[:3] == ["resource", "create", "ping"]]
    assert create[-1] == "--no-default-ops" and "start" in create and "timeout=20s" in create


@pytest.mark.parametrize("name, value, forced", [
    ("transition-delay", "2s", False), ("transition-delay", "30ms", True),
    ("transition-delay", "900usec", True),
    ("of-ours", "1", True)])
def test_pcs_is_forced_to_set_what_it_does_not_know(name, value, forced):
    made = making.make_rows(making.rows("PROPERTY\n | name | value\n | %s | %s" % (name, value)))
    command, = [words for words in commands(made.script) if name + "=" + value in words]
    assert ("--force" in command) == forced


def test_additional_config_is_in_the_script_alone_and_works_on_its_file():
    made = making.make(EVERYTHING)
    assert b"is-managed" not in made.xml
    assert 'pcs -f "$cib" resource meta alone is-managed=true\n' in made.script
    assert made.script.endswith('pcs -f "$cib" tag create some \\\n    alone web\n')


@pytest.mark.parametrize("sheet", [GUIDE, EVERYTHING], ids=lambda path: path.stem)
@pytest.mark.parametrize("target", sorted(targets.TARGETS))
def test_sheet_cib_sheet_cib(sheet, target):
    made = making.make(sheet, target)
    cluster, missed = back(made.document)
    assert missed == []
    second = again(cluster, target)
    assert semantics.difference(made.xml, second.xml) == []
    commands_before, made.cluster.commands = made.cluster.commands, []
    assert _sorted(second.cluster) == _sorted(made.cluster)
    assert bool(commands_before) == (sheet is EVERYTHING)


def _sorted(cluster):
    # an operation's attributes have the order of the columns
    for resource in cluster.leaves():
        for operation in resource.operations:
            operation.attributes.sort(key=lambda setting: setting.name)
    cluster.nodes.sort(key=lambda setting: (setting.node, setting.type, setting.name))
    cluster.levels.sort(key=lambda level: (level.node, level.index))
    for alert in cluster.alerts:
        alert.recipients = list(alert.recipients)
    return cluster


LOST = """
<cib><configuration>
  <crm_config><cluster_property_set id="cib-bootstrap-options">
    <nvpair id="a" name="dc-version" value="2.0.5"/>
    <nvpair id="b" name="batch-limit" value="7"/></cluster_property_set>
    <cluster_property_set id="other"><nvpair id="c" name="x" value="y"/></cluster_property_set>
  </crm_config>
  <nodes><node id="1" uname="n1"/></nodes>
  <resources>
    <bundle id="boxes"/>
    <template id="t" class="ocf" provider="p" type="q"/>
    <primitive id="from-template" template="t"/>
    <primitive id="p" class="ocf" provider="heartbeat" type="Dummy">
      <instance_attributes id="p-i"><rule id="r" score="1"/>
        <nvpair id="d" name="fake" value="1"/></instance_attributes>
      <meta_attributes id="p-m"><nvpair id="e" name="empty" value=""/>
        <nvpair id="f" name="priority" value="3"/></meta_attributes>
      <operations><op id="o" name="monitor" interval="10s" requires="quorum"/></operations>
    </primitive>
  </resources>
  <constraints>
    <rsc_ticket id="ticket" rsc="p" ticket="A"/>
    <rsc_order id="order-set"><resource_set id="s"><resource_ref id="p"/></resource_set>
    </rsc_order>
    <rsc_location id="dated" rsc="p"><rule id="dr" score="1">
      <date_expression id="de" operation="gt" start="2030-01-01"/></rule></rsc_location>
    <rsc_location id="pattern" rsc-pattern="p.*" node="n1" score="1"/>
    <rsc_location id="plain" rsc="p" node="n1" score="-INFINITY"/>
    <rsc_colocation id="idle" rsc="p" with-rsc="p"/>
  </constraints>
  <acls/><tags><tag id="group-tag"><obj_ref id="p"/></tag></tags>
</configuration></cib>"""


def test_what_a_sheet_cannot_hold_is_listed_and_the_rest_is_kept():
    cluster, missed = back(etree.fromstring(LOST))
    told = "\n".join(missed)
    for what in ("cluster_property_set id=other", "bundle id=boxes", "template id=t",
                 "primitive id=from-template", "instance_attributes id=p-i",
                 "nvpair id=e name=empty", "op id=o name=monitor requires=quorum",
                 "rsc_ticket id=ticket ticket=A", "rsc_order id=order-set",
                 "rsc_location id=dated", "rsc_location id=pattern", "tags"):
        assert what in told, (what, told)
    assert "plain" not in told and "dc-version" not in told
    assert [(one.name, one.value) for one in cluster.properties] == [("batch-limit", "7")]
    assert [one.signed for one in cluster.locations] == ["-INFINITY"]
    assert [one.score for one in cluster.colocations] == ["0"]
    p, = cluster.resources
    assert p.options == [] and p.meta == [model.Setting("priority", "3")]


def test_pacemaker_s_schema_is_asked_where_it_is(tmp_path):
    document = making.make(GUIDE).document
    found = report.Report()
    assert not schema.check(document, found, str(tmp_path)) and found.notes == []
    path = tmp_path / "pacemaker-3.5.rng"
    grammar = """<grammar xmlns="http://relaxng.org/ns/structure/1.0">
      <start><ref name="any"/></start>
      <define name="any"><element><%s/><zeroOrMore><choice><attribute><anyName/></attribute><text/>
      <ref name="any"/></choice></zeroOrMore></element></define></grammar>"""
    path.write_text(grammar % "anyName")
    assert schema.check(document, found, str(tmp_path)) and found.notes == []
    path.write_text(grammar.replace("<%s/>", "<name>cib</name>"))
    assert schema.check(document, found, str(tmp_path))
    assert [(note.level, note.key) for note in found.notes] == [("error", "schema")]
    path.write_text("no schema")
    with pytest.raises(LocalFault):
        schema.check(document, found, str(tmp_path))


def test_an_alert_is_not_named_like_a_resource():
    rows = making.rows("""
RESOURCES
 | resourceItem | id
 | Primitive | alert_1
PRIMITIVE
P | id | class | provider | type
 | alert_1 | ocf | heartbeat | Dummy
ALERT
P | path
 | /bin/true
R | recipient
 | x""")
    made = making.make_rows(rows)
    assert made.document.find(".//alert").get("id") == "alert_1-1"
    assert ["alert", "recipient", "add", "alert_1-1", "value=x",
            "id=alert_1-1-recipient"] in list(commands(made.script))


def test_a_difference_is_told_by_what_it_means():
    old, new = making.make(GUIDE).document, making.make(GUIDE).document
    assert difference.compare(old, new) == []
    for pair in old.iter("nvpair"):
        pair.set("id", "x" + pair.get("id"))
    assert difference.compare(old, new) == []
    etree.SubElement(old.find(".//crm_config/*"), "nvpair", name="batch-limit", value="9")
    old.find(".//nvpair[@name='host_list']").set("value", "10.0.0.1")
    old.find(".//nvpair[@name='password']").set("value", "other")
    etree.SubElement(old.find(".//constraints"), "rsc_ticket", id="t", rsc="ping", ticket="A")
    found = "\n".join(difference.compare(old, new))
    assert "- crm_config / batch-limit: 9" in found
    assert "host_list: 10.0.0.1 -> 192.168.1.1" in found
    assert "password: (secret) -> (secret)" in found and "ipmipass1" not in found
    assert "- constraints / rsc_ticket t" in found


def test_the_example_is_without_fault_in_both_languages_and_read_as_it_was_written():
    for language in ("en", "ja"):
        for spare in (False, True):
            made = making.make_rows([line.texts for line in example.sheet_lines(language, spare)])
            assert made.said() == []
            again_made = again(example.cluster(), "2.0")
            assert semantics.difference(made.xml, again_made.xml) == []


def test_an_order_is_the_same_for_pcs_and_for_pacemaker_which_complete_it_differently():
    made = making.make(EVERYTHING)
    # pcs takes start for an action that is not said, Pacemaker the first one again
    order, = [one for one in made.document.iter("rsc_order") if one.get("first-action") == "demote"]
    assert order.get("then-action") == "start"
    assert ["constraint", "order", "demote", "db-clone", "then", "start", "alone",
            "kind=Optional"] in list(commands(made.script))
    del order.attrib["then-action"]
    read, missed = back(made.document)
    assert missed == [] and [one.then_action for one in read.orders
                             if one.first_action == "demote"] == ["demote"]


def test_an_id_that_is_an_action_stays_an_id_for_pcs():
    made = making.make_rows(making.rows("""
RESOURCES
 | resourceItem | id
 | Primitive | start
 | Primitive | then
PRIMITIVE
P | id | class | provider | type
 | start | ocf | heartbeat | Dummy
PRIMITIVE
P | id | class | provider | type
 | then | ocf | heartbeat | Dummy
ORDER
 | first-rsc | then-rsc
 | then | start"""))
    assert "constraint order start then then start start".split() in list(commands(made.script))


def test_a_time_has_no_blank_for_pcs():
    rows = making.rows("""
RESOURCES
 | resourceItem | id
 | Primitive | a
PRIMITIVE
P | id | class | provider | type
 | a | ocf | heartbeat | Dummy
O | type | timeout | interval
 | monitor | 1 min | 10 s""")
    made = making.make_rows(rows)
    assert [(op.get("timeout"), op.get("interval")) for op in made.document.iter("op")] == [
        ("1min", "10s")]
