"""The peers section that the agent writes: every configured node of the cluster.

All of them, also those that are down: a node that dies or returns never causes a reload.
(HAProxy configuration manual, section "Peers"; `peer NAME ADDRESS:PORT` is what every
version since 1.8 reads.)
"""

from lbha import cluster
from lbha.errors import Failed, WrongParameter
from lbha.spec import shorten
from lbha.values import IP, Name

ATTRIBUTE = "lbha-peers-address"  # a permanent node attribute that names a node's address


class NodeAddress:
    """NODE=ADDRESS. A pair (name, IP)."""

    ocf_type = fence_type = "string"
    wants = "NODE=ADDRESS"

    def parse(self, text):
        node, _, address = text.partition("=")
        try:
            return Name().parse(node), IP(address)
        except ValueError:
            raise ValueError("has \"%s\", which is not %s" % (shorten(text, 24), self.wants))

    def show(self, value):
        return "%s=%s" % value


def section(name, port, given, deadline):
    """The text of the section.

    name     -- of the section, as stick tables refer to it
    port     -- TCP port on every node
    given    -- {node: IP}, goes before what the cluster says
    Raises Failed when the cluster does not say who its nodes are.
    """
    addresses = _addresses(given, deadline)
    lines = ["    peer %s %s\n" % (node, _with_port(addresses[node], port))
             for node in sorted(addresses)]
    return "\npeers %s\n%s" % (name, "".join(lines))


def _addresses(given, deadline):
    """{node: address as text} of all configured nodes."""
    members = {member.name: member.addresses for member in cluster.members(deadline)}
    unknown = sorted(set(given) - set(members))
    if unknown:
        raise WrongParameter("peers_addresses names %s, which is no node of the cluster: %s"
                             % (unknown[0], ", ".join(sorted(members))))
    addresses = {}
    settings = {} if set(given) == set(members) else cluster.node_settings(ATTRIBUTE, deadline)
    for node in members:
        if node in given:
            addresses[node] = given[node].text
        elif settings.get(node):
            addresses[node] = settings[node]
        elif members[node]:
            addresses[node] = members[node][0]
        else:
            raise Failed("corosync has no address of node %s: wanted peers_addresses" % node)
    return addresses


def _with_port(address, port):
    return "[%s]:%d" % (address, port) if ":" in address else "%s:%d" % (address, port)
