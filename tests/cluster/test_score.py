"""The address goes where the servers are: the README's rule, and what must not move it."""

import time

import pytest

from tests.lab import guide, sticky
from tests.lab.plan import WEB
from tests.lab.wait import wait

ATTRIBUTE = "haproxy-servers"
DAMPEN = 4.0  # seconds, instead of 15, for the tests' sake


@pytest.fixture
def scored(lab):
    """The lab with the README's rule; every node has published its two servers."""
    before = lab.cluster.member().run(["cibadmin", "--query", "--scope", "configuration"]).out
    for words in guide.commands("score"):
        lab.cluster.member().run(words)
    lab.cluster.pcs("resource", "update", "haproxy", "score_dampen=%gs" % DAMPEN)
    published(lab, {name: "2" for name in lab.nodes})
    guide.wait_settled(lab.cluster, 60)
    yield lab
    lab.cluster.member().run(["cibadmin", "--replace", "--scope", "configuration", "--xml-pipe"],
                             input=before)
    lab.cluster.wait("the attribute is gone", lambda status: not any(
        ATTRIBUTE in attributes for attributes in status.attributes.values()), 40)


def published(lab, wanted):
    """Wait until the nodes have published these numbers, {node: text}."""
    lab.cluster.wait("the nodes have published %s" % wanted, lambda status: {
        name: status.attributes.get(name, {}).get(ATTRIBUTE) for name in wanted} == wanted, 60)


def hide(node, *servers):
    """Let a node lose sight of these web servers, and of no others."""
    node.run(["nft", "flush", "ruleset"])
    if servers:
        node.run(["nft", "add", "table", "ip", "view"])
        node.run(["nft", "add", "chain", "ip", "view", "outgoing",
                  "{ type filter hook output priority 0 ; }"])
    for server in servers:
        node.run(["nft", "add", "rule", "ip", "view", "outgoing", "ip", "daddr", WEB[server],
                  "reject"])


def stays(lab, active, seconds):
    """The address stays on its node all that time."""
    end = time.monotonic() + seconds

    def over():
        assert lab.cluster.status().started("vip") == active
        return time.monotonic() > end

    wait("the time is over", over, seconds + 10, interval=0.5)


def test_the_address_leaves_a_node_that_sees_no_server(scored):
    active = scored.cluster.status().started("vip")
    node = scored.nodes[active[0]]
    with scored.meter() as client:
        hide(node, "web01")
        published(scored, {node.name: "1"})
        stays(scored, active, 3)  # one less is no reason
        hide(node, "web01", "web02")
        scored.cluster.wait("the address has left", lambda status: (
            status.started("vip") not in ([], active)), 40)
        hide(node)
        published(scored, {node.name: "2"})
    print(client.report)
    assert scored.cluster.status().failures == ()


def test_no_server_anywhere_moves_nothing(scored):
    active = scored.cluster.status().started("vip")
    for server in scored.web.values():
        server.stop()
    try:
        published(scored, {name: "0" for name in scored.nodes})
        stays(scored, active, 5)
    finally:
        for server in scored.web.values():
            server.start()
    published(scored, {name: "2" for name in scored.nodes})
    assert scored.cluster.status().started("vip") == active


def test_servers_that_come_and_go_move_nothing(scored):
    active = scored.cluster.status().started("vip")
    node = scored.nodes[active[0]]
    sticky.ask(node, "set server web/web01 state ready")
    end, number = time.monotonic() + 25, 0
    while time.monotonic() < end:
        number += 1
        for server in ("web01", "web02"):
            # as HAProxy sees it, quicker than checks would
            sticky.ask(node, "set server web/%s health %s" % (
                server, "down" if number % 2 else "up"))
        pause = time.monotonic() + DAMPEN / 2

        def steady():
            status = scored.cluster.status()
            assert status.started("vip") == active
            assert status.attributes[node.name][ATTRIBUTE] == "2"
            return time.monotonic() > pause

        wait("it has been so for a while", steady, 20, interval=0.2)
    for server in ("web01", "web02"):
        sticky.ask(node, "set server web/%s health up" % server)


def test_a_crash_of_haproxy_does_not_move_the_address(scored):
    active = scored.cluster.status().started("vip")
    node = scored.nodes[active[0]]
    master = dict(line.split("=", 1) for line in node.read(
        "/run/lbha/haproxy-haproxy/record").splitlines())["master"].split()[0]
    node.run(["kill", "-KILL", master])
    scored.cluster.wait("HAProxy has failed and runs again", lambda status: (
        status.failures and status.started("haproxy") == list(scored.nodes)), 30)
    stays(scored, active, 12)
    assert scored.cluster.status().attributes[node.name][ATTRIBUTE] == "2"
    scored.cluster.pcs("resource", "cleanup")
