"""What Pacemaker's and corosync's programs print, word for word, and what is made of it."""

import os
import sys
from xml.etree import ElementTree

import pytest

from lbha import cluster, env, proc
from lbha.deadline import Deadline
from lbha.errors import DeadlineReached, Failed, LocalFault, NotInstalled

NODELIST = """\
nodelist.local_node_pos (u32) = 0
nodelist.node.0.name (str) = node02
nodelist.node.0.nodeid (u32) = 2
nodelist.node.0.ring0_addr (str) = 192.168.10.12
nodelist.node.0.ring1_addr (str) = 192.168.20.12
nodelist.node.10.name (str) = node01
nodelist.node.10.nodeid (u32) = 1
nodelist.node.10.ring1_addr (str) = fd00::11
nodelist.node.10.ring0_addr (str) = 192.168.10.11
"""

NODES = """\
<nodes>
  <node id="1" uname="node01">
    <instance_attributes id="nodes-1">
      <nvpair id="nodes-1-other" name="other" value="wrong"/>
      <nvpair value="10.0.0.1 &quot;q&quot; &lt;&amp;&gt;" name="lbha-ip" id="nodes-1-lbha-ip"/>
    </instance_attributes>
  </node>
  <node id="2" uname="node02">
    <utilization id="nodes-2-u">
      <nvpair id="nodes-2-u-lbha-ip" name="lbha-ip" value="17"/>
    </utilization>
  </node>
  <node id="3" uname="node03"/>
  <node uname="node04" id="4">
    <instance_attributes id="nodes-4">
      <nvpair id="nodes-4-lbha-ip" name="lbha-ip" value="a&#xE9;>b"/>
    </instance_attributes>
  </node>
</nodes>
"""

# of crm_mon 2.0.5 and 3.0.0, but for what the tests put in
STATUS = """\
<pacemaker-result api-version="2.3" request="crm_mon --one-shot --output-as=xml">
  <summary>
    <current_dc present="true" version="2.0.5-ba59be7122" name="node01" id="1"/>
  </summary>
  <nodes>
    <node name="node01" id="1" online="true" standby="false" standby_onfail="false" \
maintenance="false" pending="false" unclean="false" type="member"/>
    <node name="node02" id="2" %s type="member"/>
  </nodes>
  <resources>
    <resource id="vip" role="Started" active="true" failed="false" nodes_running_on="1">
      <node name="node01" id="1" cached="true"/>
    </resource>
    <clone id="haproxy-clone" multi_state="false" unique="false" failed="false">
      <resource id="haproxy" role="Stopped" active="false" failed="false"/>
      <resource id="haproxy%s" resource_agent="ocf:lbha:haproxy" %s nodes_running_on="1">
        <node name="node02" id="2" cached="true"/>
      </resource>
    </clone>
  </resources>
  <node_history>
    <node name="node01">
      <resource_history id="haproxy" orphan="false" migration-threshold="1000000"/>
    </node>
  </node_history>
  <failures>
    <failure op_key="vip_start_0" node="node02" exitstatus="error" exitreason="no carrier" \
exitcode="1" call="42" status="complete" queued="0" exec="0" interval="0" task="start"/>
    <failure op_key="haproxy_monitor_1000" node="node01" exitstatus="not running" \
exitcode="7" call="43" status="complete" queued="0" exec="0" interval="1000" task="monitor"/>
  </failures>
  <status code="0" message="OK"/>
</pacemaker-result>
"""
ONLINE = ('online="true" standby="false" standby_onfail="false" maintenance="false" '
          'pending="false" unclean="false"')
STARTED = 'role="Started" active="true" orphaned="false" blocked="false" failed="false"'
DISCONNECTED = """\
<pacemaker-result api-version="2.3" request="crm_mon --one-shot --output-as=xml">
  <status code="102" message="Not connected">
    <errors>
      <error>Could not connect to the CIB: Transport endpoint is not connected</error>
    </errors>
  </status>
</pacemaker-result>
"""


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Call it to have a program that prints a text and ends with a code; its arguments, and
    the node that it was told of, are in the file NAME.asked."""
    monkeypatch.setattr(proc, "PATH", (str(tmp_path),))
    monkeypatch.delenv(cluster.NODE, raising=False)

    def write(name, out, code=0, err=""):
        (tmp_path / (name + ".out")).write_bytes(out.encode())
        path = tmp_path / name
        path.write_text("#!%s -IS\nimport os, sys\nfrom shutil import copyfileobj\n"
                        "place = %r\n"
                        "open(place + '.asked', 'w').write('%%s %%s' %% (\n"
                        "    os.environ.get(%r), ' '.join(sys.argv[1:])))\n"
                        "copyfileobj(open(place + '.out', 'rb'), sys.stdout.buffer)\n"
                        "sys.stderr.write(%r)\nsys.exit(%d)\n"
                        % (os.path.realpath(sys.executable), str(path), cluster.NODE, err, code))
        path.chmod(0o755)
        return tmp_path / (name + ".asked")
    return write


def now():
    return Deadline(20)


# ------------------------------------------------------------------ transient attributes

@pytest.mark.parametrize("out, values", [
    ('name="turn" host="node01" value="busy"\n', {"node01": "busy"}),
    ('name="turn" host="node02" value="a b"\nname="turn" host="node01" value="x "q" <&\'>"\n',
     {"node01": "x \"q\" <&'>", "node02": "a b"}),
    ('name="turn" host="node01" value=""\nname="turn" host="node02" value="y"\n',
     {"node02": "y"}),
    ('name="turn" host="node01" value="two\nlines"\nname="turn" host="node02" value="y"\n',
     {"node01": "two\nlines", "node02": "y"}),
    ('name="turn" host="node01" value="a" value="b"\n', {"node01": 'a" value="b'}),
    ("", {})])
def test_an_attribute_on_all_nodes(programs, out, values):
    asked = programs("attrd_updater", out)
    assert cluster.get_attributes("turn", now()) == values
    assert asked.read_text() == "None --name turn --query --all"


@pytest.mark.parametrize("code", [105, 78])  # of 2.0.5 and of 3.0.0
def test_an_attribute_that_nobody_knows(programs, code):
    programs("attrd_updater", "", code, "Could not query value of x: attribute does not exist\n")
    assert cluster.get_attributes("x", now()) == {}
    assert cluster.get_attribute("x", now()) is None


def test_an_attribute_daemon_that_is_away(programs):
    programs("attrd_updater", "", 102, "Could not query value of x: not connected\n")
    with pytest.raises(Failed, match="refused x: Could not query value of x: not connected"):
        cluster.get_attributes("x", now())


def test_private_attributes_are_private_from_the_first_word(programs, monkeypatch):
    asked = programs("attrd_updater", "")
    monkeypatch.setenv(cluster.NODE, "node07")
    cluster.set_attribute("x", "1", now(), private=True)
    assert asked.read_text() == "node07 --name x --update=1 --private"
    cluster.delete_attribute("x", now(), private=True)
    assert asked.read_text() == "node07 --name x --delete --private"
    cluster.set_attribute("x", "1", now(), dampen=2)
    assert asked.read_text() == "node07 --name x --update-both=1 --delay 2000ms"


# ---------------------------------------------------------------------------- membership

def test_the_local_node_is_the_one_that_pacemaker_names(programs):
    call = env.Call("monitor", {"OCF_RESKEY_CRM_meta_on_node": "node07"}, "toy")
    assert cluster.local_node(call, now()) == "node07"  # there is no program to ask
    asked = programs("crm_node", "node01\n")
    assert cluster.local_node(env.Call("monitor", {}, "toy"), now()) == "node01"
    assert asked.read_text() == "None --name"


def test_a_local_node_that_nobody_knows(programs):
    call = env.Call("monitor", {}, "toy")
    with pytest.raises(NotInstalled, match="crm_node is missing: install pacemaker"):
        cluster.local_node(call, now())
    programs("crm_node", "", 102, "error: Could not connect to controller: not connected\n")
    with pytest.raises(Failed, match="does not know the name of this node: error: Could not"):
        cluster.local_node(call, now())


def test_the_configured_nodes_by_name_with_their_links_in_order(programs):
    asked = programs("corosync-cmapctl", NODELIST)
    assert [(member.name, member.addresses) for member in cluster.members(now())] == [
        ("node01", ["192.168.10.11", "fd00::11"]), ("node02", ["192.168.10.12", "192.168.20.12"])]
    assert asked.read_text() == "None nodelist."


def test_a_name_may_be_the_address_of_the_first_link(programs):
    programs("corosync-cmapctl", "nodelist.node.0.nodeid (u32) = 1\n"
                                 "nodelist.node.0.ring0_addr (str) = lb-one.example\n")
    assert [(member.name, member.addresses) for member in cluster.members(now())] == [
        ("lb-one.example", ["lb-one.example"])]


@pytest.mark.parametrize("address", ["192.168.10.11", "fd00::11"])
def test_a_node_without_a_name_is_not_left_out_in_silence(programs, address):
    programs("corosync-cmapctl", "%snodelist.node.1.nodeid (u32) = 3\n"
                                 "nodelist.node.1.ring0_addr (str) = %s\n" % (NODELIST, address))
    with pytest.raises(LocalFault) as caught:
        cluster.members(now())
    assert caught.value.reason == ("corosync node 3 (%s) has no name: wanted one in the "
                                   "nodelist of corosync.conf" % address)


@pytest.mark.parametrize("err, sentence", [
    ("Failed to initialize the cmap API. Error CS_ERR_LIBRARY\n",
     "corosync does not answer: Failed to initialize the cmap API. Error CS_ERR_LIBRARY"),
    ("", "corosync has no nodelist: wanted one in corosync.conf")])
def test_a_corosync_that_does_not_tell(programs, err, sentence):
    programs("corosync-cmapctl", "", 1, err)
    with pytest.raises(Failed) as caught:
        cluster.members(now())
    assert caught.value.reason == sentence and len(sentence.encode()) <= 128


# ------------------------------------------------------------------ what Pacemaker knows

def test_a_permanent_attribute_of_the_nodes(programs):
    asked = programs("cibadmin", NODES)
    assert cluster.node_settings("lbha-ip", now()) == {
        "node01": '10.0.0.1 "q" <&>', "node04": "a\u00e9>b"}
    assert asked.read_text() == "None --query --scope nodes"
    assert cluster.node_settings("nobody-has-it", now()) == {}


def test_the_settings_are_those_that_another_parser_finds(programs):
    text = ElementTree.Element("nodes")
    for number in range(300):
        node = ElementTree.SubElement(text, "node", id=str(number), uname="n%d" % number)
        pairs = ElementTree.SubElement(node, "instance_attributes", id="i%d" % number)
        ElementTree.SubElement(pairs, "nvpair", id="p%d" % number, name="x",
                               value="<%s> & '\"%d\n" % (chr(200 + number), number))
    programs("cibadmin", ElementTree.tostring(text, encoding="unicode"))
    assert cluster.node_settings("x", now()) == {
        node.get("uname"): node.find("*/nvpair").get("value") for node in text}


@pytest.mark.parametrize("out, code, err, sentence", [
    ("", 102, "Init failed, could not perform requested operations\n",
     "cibadmin cannot read the attributes of the nodes: Init failed, could not perform"),
    ("<nodes><node", 0, "", "cibadmin did not answer with XML: "),
    ("", 0, "", "cibadmin did not answer with XML: no element found")])
def test_a_configuration_that_cannot_be_read(programs, out, code, err, sentence):
    programs("cibadmin", out, code, err)
    with pytest.raises(Failed, match=sentence):
        cluster.node_settings("x", now())


@pytest.mark.parametrize("number", ["", ":0", ":1"])
def test_where_a_clone_runs(programs, number):
    asked = programs("crm_mon", STATUS % (ONLINE, number, STARTED))
    assert cluster.running_on("haproxy", now()) == {"node02"}
    assert cluster.running_on("haproxy:0", now()) == {"node02"}
    assert asked.read_text() == "None --one-shot --output-as=xml"
    assert cluster.running_on("vip", now()) == {"node01"}
    assert cluster.running_on("hap", now()) == set()


@pytest.mark.parametrize("resource, nodes", [
    ("vip", {"node01"}), ("ip", {"node01", "node02"}), ("haproxy", {"node01", "node02"})])
def test_where_a_resource_could_be_started(programs, resource, nodes):
    programs("crm_mon", STATUS % (ONLINE, "", STARTED))
    assert cluster.candidates(resource, now()) == nodes


@pytest.mark.parametrize("old, new", [
    ('online="true"', 'online="false"'), ('standby="false"', 'standby="true"'),
    ('standby_onfail="false"', 'standby_onfail="true"'),
    ('pending="false"', 'pending="true"'), ('unclean="false"', 'unclean="true"')])
def test_a_node_that_is_not_ready_does_not_count(programs, old, new):
    assert old in ONLINE
    programs("crm_mon", STATUS % (ONLINE.replace(old, new), "", STARTED))
    assert cluster.running_on("haproxy", now()) == set()
    assert cluster.candidates("haproxy", now()) == {"node01"}


@pytest.mark.parametrize("old, new", [
    ('active="true"', 'active="false"'), ('failed="false"', 'failed="true"'),
    ('orphaned="false"', 'orphaned="true"'), ('orphaned="false"', 'removed="true"'),
    ('"Started"', '"Starting"'), ('"Started"', '"Stopping"')])
def test_an_instance_that_does_not_serve_does_not_count(programs, old, new):
    assert old in STARTED
    programs("crm_mon", STATUS % (ONLINE, "", STARTED.replace(old, new)))
    assert cluster.running_on("haproxy", now()) == set()


@pytest.mark.parametrize("out, code, sentence", [
    (DISCONNECTED, 102, "crm_mon cannot tell what runs where: Not connected"),
    ("", 127, "crm_mon did not answer with XML: no element found")])
def test_a_cluster_that_is_not_there(programs, out, code, sentence):
    programs("crm_mon", out, code)
    with pytest.raises(Failed, match=sentence):
        cluster.running_on("haproxy", now())


@pytest.mark.parametrize("ask", [
    lambda deadline: cluster.members(deadline),
    lambda deadline: cluster.node_settings("x", deadline),
    lambda deadline: cluster.running_on("haproxy", deadline),
    lambda deadline: cluster.get_attributes("x", deadline)])
def test_a_program_that_hangs_or_is_missing(programs, tmp_path, ask):
    with pytest.raises(NotInstalled, match="is missing: install (pacemaker|corosync)"):
        ask(now())
    for name in ("corosync-cmapctl", "cibadmin", "crm_mon", "attrd_updater"):
        (tmp_path / name).write_text("#!/bin/sh\nexec /bin/sleep 60\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(DeadlineReached, match="did not end within 0.2 s"):
        ask(Deadline(0.2))


# ---------------------------------------------------------------- attributes in the CIB

WRITTEN = """\
<transient_attributes id="1">
  <instance_attributes id="status-1">
    <nvpair id="status-1-ping-status" name="ping-status" value="1"/>
    <nvpair id="status-1-other" name="other" value="&quot;7&quot;"/>
    <nvpair id="status-1-empty" name="empty" value=""/>
  </instance_attributes>
</transient_attributes>
"""


@pytest.mark.parametrize("name, value", [
    ("ping-status", "1"), ("other", '"7"'), ("empty", None), ("ping", None)])
def test_an_attribute_as_the_cib_has_it(programs, name, value):
    asked = programs("cibadmin", WRITTEN)
    assert cluster.get_written_attribute(name, "node01", Deadline(5)) == value
    assert asked.read_text().endswith(
        " --query --local --xpath /cib/status/node_state[@uname='node01']/transient_attributes")


def test_a_node_without_attributes_in_the_cib(programs):
    programs("cibadmin", "", 105, "Call cib_query failed (-6): No such device or address\n")
    assert cluster.get_written_attribute("ping-status", "node01", Deadline(5)) is None


@pytest.mark.parametrize("out, code, sentence", [
    ("", 102, "cibadmin cannot read the attributes of node01: not connected"),
    ("<junk", 0, "cibadmin did not answer with XML")])
def test_a_cib_that_cannot_be_read(programs, out, code, sentence):
    programs("cibadmin", out, code, "not connected\n")
    with pytest.raises(Failed) as caught:
        cluster.get_written_attribute("ping-status", "node01", Deadline(5))
    assert caught.value.reason.startswith(sentence)


def test_the_daemon_is_asked_to_write(programs):
    asked = programs("attrd_updater", "")
    cluster.write_attributes(Deadline(5))
    assert asked.read_text() == "None --refresh"
    programs("attrd_updater", "", 102, "not connected\n")
    with pytest.raises(Failed):
        cluster.write_attributes(Deadline(5))
