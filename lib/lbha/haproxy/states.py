"""Server states that an operator set: kept over restarts, compared between the nodes."""

from lbha.haproxy import admin, servers

FILE = "servers"     # stays when the resource is stopped; a reboot forgets it
LONGEST = 4000       # bytes of the attribute, which is an argument of a program


class States:
    """The operator's changes on this node.

    folder -- lbha.state.Folder
    socket -- path of HAProxy's admin socket
    """

    def __init__(self, folder, socket):
        self.folder, self.socket = folder, socket

    def keep(self, timeout):
        """Write down what is changed now. Raises OSError when HAProxy does not answer."""
        answer = admin.ask(self.socket, "show servers state", timeout)
        text = servers.show(servers.changed(admin.states(answer)))
        if text != self.kept:
            self.folder.write(FILE, text)

    @property
    def kept(self):
        """What was written down, as a text."""
        return self.folder.read(FILE) or ""

    def restore(self, timeout):
        """Bring a new worker to what was written down; a list of troubles, as sentences."""
        try:
            _, failed = servers.restore(self.socket, servers.parse(self.kept), timeout)
        except OSError as error:
            return ["server states are not restored: %s" % error]
        return ["the state of server %s is not restored: %s" % pair
                for pair in sorted(failed.items())]

    @property
    def shown(self):
        """What the other nodes are told of it: nothing when all is as configured, for a
        program more to withdraw that would lengthen every recovery."""
        text = self.kept
        if len(text) > LONGEST:  # the same ones on all nodes: they are sorted
            text = text[:LONGEST].rpartition(" ")[0]
        return text

    def differences(self, attribute, node, resource, deadline):
        """A sentence when another node where HAProxy runs has other changes, or None;
        publishes ours.

        attribute -- of all nodes, private to the attribute daemon
        resource  -- HAProxy's, of which is asked where it runs when somebody has changes
        """
        from lbha import cluster

        values, text = cluster.get_attributes(attribute, deadline), self.shown
        if values.pop(node, "") != text:
            if text:
                cluster.set_attribute(attribute, text, deadline, private=True)
            else:
                cluster.delete_attribute(attribute, deadline, private=True)
        if not (text or values):
            return None
        for other in sorted(cluster.running_on(resource, deadline) - {node}):
            if values.get(other, "") != text:
                return servers.difference(
                    servers.parse(text), servers.parse(values.get(other, "")), other)
        return None
