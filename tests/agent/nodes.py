"""The nodes of a cluster, as the stand-ins of its programs tell them, and two real ones."""

import contextlib
import json

from tests.agent.balancer import Balancer
from tests.agent.namespace import Namespace
from tests.agent.resource import OK


def configure(namespace, nodes):
    """Tell the stand-ins of the cluster's programs who the nodes are."""
    (namespace.folder / "attributes.nodes").write_text(json.dumps(nodes))


@contextlib.contextmanager
def pair(namespace, text):
    """Two Balancers on two nodes with a wire between them, peers of each other, started.

    text -- haproxy.cfg, with a table that says `peers lbha`
    """
    second = Namespace(beside=namespace)
    try:
        namespace.ip("link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
        namespace.ip("link", "set", "peer0", "netns", str(second.pid))
        namespace.attributes.with_name("attributes.lags").write_text("node01 0\nnode02 0\n")
        found, nodes = [], {}
        for place, link, node, address in ((namespace, "eth0", "node01", "192.168.10.11"),
                                           (second, "peer0", "node02", "192.168.10.12")):
            place.ip("address", "add", address + "/24", "dev", link)
            place.ip("link", "set", link, "up")
            found.append(Balancer(place, text, peers="auto"))
            found[-1].node = node
            nodes[node] = {"addresses": [address], "runs": [found[-1].name]}
        configure(namespace, nodes)
        for balancer in found:
            assert balancer.start().code == OK
        yield found
    finally:
        second.close()
