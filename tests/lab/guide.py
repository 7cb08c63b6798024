"""The cluster of the guide with lbha's agents: the commands are those of the README."""

from __future__ import annotations

import shlex
from pathlib import Path

from .cluster import Cluster
from .errors import LabError

README = Path(__file__).resolve().parents[2] / "README.md"


def commands(name: str = "cluster") -> list[list[str]]:
    """The pcs commands in the README's block of that name, each as its words."""
    fence = f"```sh {name}\n"
    _, found, rest = README.read_text(encoding="utf-8").partition(fence)
    if not found:
        raise LabError(f"{README.name} has no block that begins with {fence.strip()}")
    block = rest.partition("```")[0].replace("\\\n", " ")
    lines = (shlex.split(line, comments=True) for line in block.splitlines())
    return [words for words in lines if words]


def configure(cluster: Cluster) -> None:
    """Create the resources, constraints and properties, and wait until all is where it belongs."""
    node = cluster.member()
    for words in commands():
        node.run(words, timeout=60)
    wait_settled(cluster, 60)


def wait_settled(cluster: Cluster, seconds: float) -> None:
    """Everything is active exactly where it should be: clones on every node, the rest once."""
    names = [node.name for node in cluster.nodes]
    cluster.wait(
        "HAProxy and ping run on every node, the VIP and each fence device on one,"
        " each node reaches the gateway",
        lambda status: all(status.started(one) == names for one in ("haproxy", "ping"))
        and all(len(status.started(one)) == 1 for one in ("vip", "fence1", "fence2"))
        and all(status.attributes.get(name, {}).get("ping-status") == "1" for name in names),
        seconds,
    )
