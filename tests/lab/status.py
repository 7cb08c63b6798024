"""What the cluster says of itself: crm_mon's XML as a small structure."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

from .errors import LabError


@dataclass(frozen=True)
class NodeStatus:
    """One member as crm_mon sees it."""

    name: str
    online: bool
    standby: bool
    maintenance: bool
    pending: bool
    unclean: bool


@dataclass(frozen=True)
class Instance:
    """One running (or failed) instance of a resource; `nodes` is where it is active."""

    resource: str
    agent: str
    role: str
    nodes: tuple[str, ...]
    active: bool
    failed: bool
    managed: bool


@dataclass(frozen=True)
class Failure:
    """One entry of "Failed Resource Actions": `operation` such as haproxy_monitor_10000."""

    operation: str
    node: str
    code: int
    reason: str


@dataclass(frozen=True)
class Operation:
    """One entry of the history: what was asked of a resource, and how long it took.

    seconds -- from the agent's start to its exit, by Pacemaker's own clock
    """

    resource: str
    node: str
    task: str
    code: int
    seconds: float


@dataclass(frozen=True)
class Status:
    """The whole cluster at one moment."""

    nodes: dict[str, NodeStatus] = field(default_factory=dict)
    instances: tuple[Instance, ...] = ()
    failures: tuple[Failure, ...] = ()
    operations: tuple[Operation, ...] = ()
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    quorum: bool = False

    def online(self) -> list[str]:
        """The nodes that are members and ready, standby or not."""
        return sorted(n.name for n in self.nodes.values()
                      if n.online and not n.pending and not n.unclean)

    def active(self, resource: str) -> list[str]:
        """The nodes on which `resource` is active, healthy or not.

        resource -- the primitive's id, also inside a clone
        """
        return sorted(
            node for one in self.instances if one.resource.split(":")[0] == resource and one.active
            for node in one.nodes
        )

    def started(self, resource: str) -> list[str]:
        """The nodes on which `resource` is started and not marked as failed."""
        return sorted(
            node for one in self.instances
            if one.resource.split(":")[0] == resource and one.active and not one.failed
            and one.role not in ("Starting", "Stopping")
            for node in one.nodes
        )

    def __str__(self) -> str:
        """One line for the sentence of a deadline that has passed."""
        resources = ", ".join(
            f"{one.resource} {one.role}{' FAILED' if one.failed else ''}"
            f" {' '.join(one.nodes)}".strip()
            for one in self.instances
        )
        failures = ", ".join(f"{f.operation} on {f.node}: {f.code} {f.reason}".strip()
                             for f in self.failures)
        return (f"online {self.online()}; {resources or 'no resources'};"
                f" failed: {failures or 'nothing'}")


def parse(text: str) -> Status:
    """Read the output of `crm_mon --output-as=xml`; LabError when it is not that."""
    try:
        tree = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise LabError(f"crm_mon did not answer with XML ({error}): {text[:200]}") from None
    true = lambda element, name: element.get(name) == "true"  # noqa: E731
    nodes = {
        node.get("name", ""): NodeStatus(
            node.get("name", ""),
            *(true(node, flag)
              for flag in ("online", "standby", "maintenance", "pending", "unclean"))
        )
        for node in tree.iterfind("nodes/node")
    }
    instances = tuple(
        Instance(
            one.get("id", ""), one.get("resource_agent", ""), one.get("role", ""),
            tuple(node.get("name", "") for node in one.iterfind("node")),
            true(one, "active"), true(one, "failed"), true(one, "managed"),
        )
        for one in tree.iterfind("resources//resource")
    )
    failures = tuple(
        Failure(
            one.get("op_key") or f"{one.get('id')}_{one.get('task')}", one.get("node", ""),
            int(one.get("exitcode", "0")), one.get("exitreason", ""),
        )
        for one in tree.iterfind("failures/failure")
    )
    operations = tuple(
        Operation(
            history.get("id", "").split(":")[0], node.get("name", ""), one.get("task", ""),
            int(one.get("rc", "0")), int(one.get("exec-time", "0ms")[:-2]) / 1000,
        )
        for node in tree.iterfind("node_history/node")
        for history in node.iterfind("resource_history")
        for one in history.iterfind("operation_history")
    )
    attributes = {
        node.get("name", ""): {a.get("name", ""): a.get("value", "")
                               for a in node.iterfind("attribute")}
        for node in tree.iterfind("node_attributes/node")
    }
    dc = tree.find("summary/current_dc")
    return Status(nodes, instances, failures, operations, attributes,
                  dc is not None and true(dc, "with_quorum"))
