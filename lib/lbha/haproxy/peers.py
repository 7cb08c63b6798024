"""The peers section that the agent writes: every configured node of the cluster.

All of them, also those that are down: a node that dies or returns never causes a reload.
(HAProxy configuration manual, section "Peers"; `peer NAME ADDRESS:PORT` is what every
version since 1.8 reads.)
"""

import time

from lbha import state
from lbha.errors import Failed
from lbha.spec import shorten
from lbha.values import IP, Name

NODES = "nodes"  # a file that outlasts a stop, so that a start need not ask
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


def section(folder, name, port, given, oldest, deadline):
    """The text of the section.

    folder   -- lbha.state.Folder that keeps who the nodes were when they were asked for last
    name     -- of the section, as stick tables refer to it
    port     -- TCP port on every node
    given    -- {node: IP}, goes before what the cluster says
    oldest   -- seconds that the last answer may be old, if the cluster was not configured
                anew since; None: any is good
    Raises Failed when the cluster does not say who its nodes are.
    """
    addresses = _asked(folder, given, oldest, deadline)
    lines = ["    peer %s %s\n" % (node, _with_port(addresses[node], port))
             for node in sorted(addresses)]
    return "\npeers %s\n%s" % (name, "".join(lines))


def complain(folder, given):
    """A sentence when `given` names who is no node of the cluster, or None.

    A node that was taken out of the cluster must not keep the others from starting.
    """
    nodes = (state.Record(folder, NODES)["nodes"] or "").split()
    unknown = sorted(set(given) - {word.partition("=")[0] for word in nodes})
    if unknown:
        return "peers_addresses names %s, which is no node of the cluster" % unknown[0]
    return None


def _asked(folder, given, oldest, deadline):
    from lbha import configuration  # not for those who ask nobody

    note = state.Record(folder, NODES)
    digest = " ".join("%s=%s" % pair for pair in sorted(given.items()))
    written = configuration.identity()
    if note["given"] == digest and (oldest is None or (
            note["written"] == written and note.age("when") < oldest)):
        return dict(word.split("=", 1) for word in note["nodes"].split())
    addresses = _addresses(given, deadline)
    note.update(given=digest, written=written, when="%.3f" % time.monotonic(),
                nodes=" ".join("%s=%s" % pair for pair in sorted(addresses.items())))
    return addresses


def _addresses(given, deadline):
    """{node: address as text} of all configured nodes."""
    from lbha import cluster  # few monitors ask

    members = {member.name: member.addresses for member in cluster.members(deadline)}
    addresses = {}
    settings = {} if set(given) >= set(members) else cluster.node_settings(ATTRIBUTE, deadline)
    for node in members:
        if node in given:
            addresses[node] = given[node].text
        elif settings.get(node):
            addresses[node] = _setting(node, settings[node])
        elif members[node]:
            addresses[node] = members[node][0]
        else:
            raise Failed("corosync has no address of node %s: wanted peers_addresses" % node)
    return addresses


def _setting(node, text):
    try:
        return IP(text).text
    except ValueError:
        raise Failed("node attribute %s of %s is \"%s\": wanted an IP address"
                     % (ATTRIBUTE, node, shorten(text, 24)))


def _with_port(address, port):
    return "[%s]:%d" % (address, port) if ":" in address else "%s:%d" % (address, port)
