"""Stick tables between the nodes: the section that ocf:lbha:haproxy writes, or the user's own."""

import json

import pytest

from tests.agent import nodes, traffic
from tests.agent.balancer import Balancer, argv, ask_for_reload, master_of, masters_of, until
from tests.agent.nodes import configure
from tests.agent.resource import CONFIGURED, GENERIC, OK

OWN = """
peers %s
    peer %s 127.0.0.1:1024
    peer elsewhere 127.0.0.9:1024
"""
ADDRESS = "lbha-peers-address"


def peers_of(balancer):
    """{section: {peer: where}} as HAProxy shows them."""
    found = {}
    for line in balancer.say("show peers").splitlines():
        words = dict(word.partition("=")[::2] for word in line.split())
        indent = len(line) - len(line.lstrip())
        if "id" in words and indent == 0:
            section = found.setdefault(words["id"], {})
        elif "id" in words and indent == 2:
            section[words["id"].partition("(")[0]] = words["addr"]
    return found


NODES = {
    "node01": {"addresses": ["127.0.0.1", "127.0.0.9"]},
    "node02": {"addresses": ["127.0.0.2"], "settings": {ADDRESS: "127.0.0.22"}},
    "node03": {"addresses": ["fd00::3"]},
    "node04": {"addresses": ["127.0.0.4"], "settings": {ADDRESS: "127.0.0.44"}}}
SECTION = {"node01": "127.0.0.1:1024", "node02": "127.0.0.22:1024", "node03": "fd00::3:1024",
           "node04": "fd00::4:1024"}


@pytest.fixture
def auto(namespace):
    """A Balancer that writes its own section, configured."""
    configure(namespace, NODES)
    return Balancer(namespace, traffic.CONFIG % " peers lbha", peers="auto",
                    peers_addresses="node04=fd00::4")


def test_the_section_names_every_node(namespace, auto):
    assert auto.start().code == OK
    assert peers_of(auto) == {"lbha": SECTION}
    words = argv(master_of(namespace))
    assert words[words.index("-L") + 1] == "node01"


def test_the_section_follows_its_parameters(namespace, auto):
    auto.config.write_text(traffic.CONFIG % "")
    auto.parameters.update(peers_name="ours", peers_port="2000")
    assert auto.start().code == OK
    assert peers_of(auto) == {"ours": {
        node: where.replace(":1024", ":2000") for node, where in SECTION.items()}}
    masters = [master_of(namespace)]
    masters.append(auto.changed(peers_name="lbha", peers_port="1024",
                                peers_addresses="node04=127.0.0.5"))
    assert peers_of(auto) == {"lbha": dict(SECTION, node04="127.0.0.5:1024")}
    masters.append(auto.changed(peers="none"))
    assert peers_of(auto) == {}
    assert len(set(masters)) == 3


@pytest.mark.parametrize("change, words", [
    ({"peers_addresses": "node04"}, ["peers_addresses", "NODE=ADDRESS"]),
    ({"peers_addresses": "node04=nowhere"}, ["peers_addresses", "NODE=ADDRESS"]),
    ({"peers_port": "65536"}, ["peers_port"]),
    ({"peers_name": "two words"}, ["peers_name"]),
    ({"peers": "some"}, ["peers", "auto"])])
def test_a_parameter_that_is_wrong_on_every_node(auto, change, words):
    auto.parameters.update(change)
    outcome = auto.start()
    assert outcome.code == CONFIGURED
    assert all(word in outcome.reason for word in words), outcome.reason
    assert auto.stop().code == OK


def test_an_address_of_who_is_no_node_any_more_is_told_and_left_out(auto):
    auto.parameters.update(peers_addresses="node04=fd00::4 node09=127.0.0.9")
    assert auto.start().code == OK
    assert peers_of(auto) == {"lbha": SECTION}
    assert "node09" in (auto.complaint(level=10) or "")


@pytest.mark.parametrize("nodes, words", [
    (None, ["corosync", "Could not connect"]),
    ({"node01": {}}, ["no address of node node01", "peers_addresses"]),
    ({"node01": {"settings": {ADDRESS: "two words"}}}, [ADDRESS, "node01", "two words"])])
def test_a_cluster_that_does_not_say_where_its_nodes_are(namespace, auto, nodes, words):
    del auto.parameters["peers_addresses"]
    configure(namespace, nodes or {})
    if nodes is None:
        (namespace.folder / "attributes.nodes").unlink()
    outcome = auto.start()
    assert outcome.code == GENERIC
    assert all(word in outcome.reason for word in words), outcome.reason
    assert auto.stop().code == OK


def test_nodes_come_and_go(namespace, auto):
    assert auto.start().code == OK
    auto.remember("10.0.0.1")
    masters = [auto.serving]

    def look(nodes, wanted, seconds):
        configure(namespace, nodes)
        (auto.folder / "nodes").unlink(missing_ok=True)  # as if the last question had been long ago
        until(lambda: auto.monitor(level=10).code == OK and peers_of(auto)["lbha"].keys() ==
              wanted.keys(), seconds, "the section names %s" % sorted(wanted))
        if auto.serving != masters[-1]:
            masters.append(auto.serving)

    until(lambda: auto.in_step, 10, "nobody is there to bring tables")
    down = {name: dict(node, online=False) for name, node in NODES.items()}
    look(dict(down, node01=NODES["node01"]), NODES, 1)  # whoever is down is named still
    assert len(masters) == 1
    more = dict(NODES, node05={"addresses": ["127.0.0.5"]})
    look(more, more, 20)
    assert auto.remembered == {"10.0.0.1": 1}
    (auto.folder / "nodes").unlink(missing_ok=True)  # as if the last question had been long ago
    look(NODES, NODES, 20)
    assert auto.remembered == {"10.0.0.1": 1}
    assert len(masters) == 3  # once for each change
    until(lambda: masters_of(namespace) == masters[-1:], 5, "the old ones are gone")


@pytest.fixture
def pair(namespace):
    """Two nodes with a wire between them and a stick table that they share, started."""
    with nodes.pair(namespace, traffic.CONFIG % " peers lbha") as found:
        yield found


def test_both_nodes_know_what_one_has_seen(namespace, pair):
    first, second = pair
    first.remember("10.0.0.1", "10.0.0.2")
    until(lambda: second.remembered == {"10.0.0.1": 1, "10.0.0.2": 2}, 5, "it is taught")
    for balancer in pair:  # a reload loses nothing, here or there
        balancer.changed(config_version="2")
        assert balancer.remembered == {"10.0.0.1": 1, "10.0.0.2": 2}
    assert first.stop().code == OK
    second.remember("10.0.0.3")
    assert first.start().code == OK  # a start waits for the tables
    assert first.remembered == {"10.0.0.1": 1, "10.0.0.2": 2, "10.0.0.3": 1}


def test_a_peer_counts_while_it_runs(namespace, pair):
    first, second = pair
    nodes = json.loads((namespace.folder / "attributes.nodes").read_text())
    until(lambda: "inactive" not in second.say("show peers").replace("(local,inactive)", ""),
          10, "both are connected")
    assert first.monitor(level=10).code == OK
    assert second.stop().code == OK
    first.tells("peer node02 is not connected", seconds=20, level=10)
    nodes["node02"]["runs"] = []
    configure(namespace, nodes)
    first.tells_nothing(seconds=20, level=10)


@pytest.mark.parametrize("name, code", [("node01", GENERIC), (None, OK)])
def test_a_section_of_the_user_s_own(namespace, name, code):
    name = name or namespace.run(["hostname"]).stdout.strip()
    balancer = Balancer(namespace, traffic.CONFIG % " peers mine" + OWN % ("mine", name))
    outcome = balancer.start()
    assert outcome.code == code
    if code:
        assert "stick tables are not replicated" in outcome.reason
        assert "peers mine" in outcome.reason
        assert masters_of(namespace) == []
    else:
        assert peers_of(balancer) == {"mine": {
            name: "127.0.0.1:1024", "elsewhere": "127.0.0.9:1024"}}
        assert balancer.monitor().code == OK


def test_a_section_that_loses_this_node_by_sigusr2(namespace):
    name = namespace.run(["hostname"]).stdout.strip()
    text = traffic.CONFIG % " peers mine" + OWN
    balancer = Balancer(namespace, text % ("mine", name))
    assert balancer.start().code == OK
    assert balancer.monitor().code == OK
    balancer.config.write_text(text % ("mine", "another"))
    ask_for_reload(master_of(namespace))
    balancer.tells("stick tables are not replicated", "peers mine", seconds=30)
