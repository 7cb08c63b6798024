"""The cluster made of the lab's nodes, driven by the guide's own pcs commands."""

from __future__ import annotations

import re
import time
from typing import Callable, Mapping, Sequence

from .command import Result
from .errors import LabError
from .node import Node
from .plan import RINGS, node_address
from .status import Status, parse
from .wait import wait

NAME = "lbcluster"  # the guide's
PASSWORD = "hacluster-of-the-lab"


class Cluster:
    """Pacemaker and corosync on `nodes`."""

    def __init__(self, nodes: Sequence[Node]):
        self.nodes = list(nodes)

    def setup(self, token: int = 1000) -> None:
        """Authorise the nodes and create the cluster, stopped; pcsd must run on all.

        token -- corosync's token timeout in milliseconds
        """
        for node in self.nodes:
            node.run(["chpasswd"], input=f"hacluster:{PASSWORD}\n")
        self.pcs("host", "auth", "-u", "hacluster", "-p", PASSWORD,
                 *(word for node in self.nodes
                   for word in (node.name, f"addr={node_address(node.name, 'mgmt')}")),
                 timeout=60)
        links = [
            word for node in self.nodes
            for word in (node.name, *(f"addr={node_address(node.name, ring)}" for ring in RINGS))
        ]
        self.pcs("cluster", "setup", NAME, *links, "totem", f"token={token}", timeout=60)

    def start(self) -> None:
        """`pcs cluster start --all --wait`; returns when every node is a member."""
        self.pcs("cluster", "start", "--all", "--wait=60", timeout=90)
        self._wait_joined(self.nodes)

    def start_node(self, node: Node) -> None:
        """Let one node join again, as after a power cycle; returns when it is online."""
        node.run(["pcs", "cluster", "start", "--wait=60"], timeout=90)
        self._wait_joined([node])

    def _wait_joined(self, nodes: Sequence[Node]) -> None:
        """A node that starts is a member in its own eyes before it is one in the others'."""
        names = {node.name for node in nodes}

        def agreed() -> bool:
            return all(names <= set(self._view(node).online()) for node in self._talking())

        wait(f"every node sees {', '.join(sorted(names))} online", agreed, 60,
             state=lambda: "; ".join(f"{node.name} sees {self._view(node)}"
                                     for node in self._talking()))

    def _talking(self) -> list[Node]:
        """The nodes that have power and do not hang."""
        return [node for node in self.nodes if node.is_on() and not node.is_frozen()]

    def _view(self, node: Node) -> Status:
        return parse(node.run(["crm_mon", "--one-shot", "--output-as=xml"], timeout=10).out)

    def member(self) -> Node:
        """A node to talk to the cluster through: the first that has power and does not hang."""
        for node in self._talking():
            return node
        raise LabError("no node of the cluster has power")

    def pcs(self, *words: str, timeout: float = 60, check: bool = True) -> Result:
        """Run pcs on a node that has power."""
        return self.member().run(["pcs", *words], timeout=timeout, check=check)

    def status(self) -> Status:
        """The cluster as the first node sees it that is on and part of it; LabError if none is."""
        error = LabError("no node of the cluster has power")
        for node in self._talking():
            try:
                return self._view(node)
            except LabError as reason:
                error = reason
        raise error

    def update(self, resource: str, parameters: Mapping[str, str]) -> None:
        """Change parameters of a resource; every node has them when it returns."""
        self.pcs("resource", "update", resource, *map("=".join, parameters.items()))
        self.wait_idle()

    def wait_idle(self, seconds: float = 90) -> None:
        """Return when Pacemaker has nothing left to do: what was asked for just now is done.

        The status alone still shows what was there before, until the scheduler has run.
        (`crm_resource --wait` asks the same, but sleeps two seconds before it does.)
        """
        nudged = [time.monotonic()]

        def idle() -> bool:
            left = self._left()
            # The history of a deleted resource goes with the next transition, but Pacemaker
            # 2.0.5 does not always begin one for it.
            if left and time.monotonic() - nudged[0] > 5:
                nudged[0] = time.monotonic()
                self.member().run(["attrd_updater", "--name", "nudge", "--update",
                                   str(nudged[0])])
            return not left

        wait("Pacemaker has nothing left to do", idle, seconds, state=self._left)

    def _left(self) -> list[str]:
        """The actions that the scheduler makes of the CIB as it is now."""
        graph = self.member().run(["crm_simulate", "--live-check", "--quiet",
                                   "--save-graph", "/dev/stdout"]).out
        if "<transition_graph " not in graph:
            raise LabError(f"crm_simulate has no transition graph: {graph}")
        return re.findall('<(?:rsc_op|crm_event) .*operation_key="([^"]*)"', graph)

    def wait(self, sentence: str, predicate: Callable[[Status], object], seconds: float) -> Status:
        """Poll the status until `predicate` holds and return it.

        LabError after `seconds`, with the sentence and the last status seen.
        """
        last: list[object] = ["nothing"]

        def holds() -> object:
            try:
                last[0] = status = self.status()
            except LabError as error:
                last[0] = error
                return None
            return status if predicate(status) else None

        return wait(sentence, holds, seconds, state=lambda: last[0])  # type: ignore[return-value]
