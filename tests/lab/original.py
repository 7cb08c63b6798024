"""The guide's cluster as it was: one HAProxy under systemd, beside the VIP in a group.

The commands are tables 3 to 11 of the guide's sheet. Only its fence devices are
missing: those of the README, which are already there, do the same.
"""

from __future__ import annotations

import shlex

from .cluster import Cluster
from .node import Node
from .status import Status

COMMANDS = """
pcs resource defaults update resource-stickiness=200 migration-threshold=1 failure-timeout=
pcs resource create ipaddr ocf:heartbeat:IPaddr2 ip=192.168.1.10 nic=eno2 cidr_netmask=24
    op start timeout=60s on-fail=restart monitor timeout=60s interval=10s on-fail=restart
    stop timeout=60s on-fail=fence --group haproxy-group
pcs resource create haproxy systemd:haproxy
    op start timeout=100s on-fail=restart monitor timeout=60s interval=10s on-fail=restart
    stop timeout=100s on-fail=fence --group haproxy-group
pcs resource create ping ocf:pacemaker:ping name=ping-status host_list=192.168.1.1 attempts=2
    timeout=2 debug=true
    op start timeout=60s on-fail=restart monitor timeout=60s interval=10s on-fail=restart
    stop timeout=60s on-fail=fence clone
pcs constraint location haproxy-group prefers node01=200 node02=100
pcs constraint location haproxy-group rule score=-INFINITY
    ping-status lt 1 or not_defined ping-status
pcs constraint colocation add haproxy-group with ping-clone INFINITY
pcs constraint order ping-clone then haproxy-group symmetrical=false
"""
SOCKET = "/var/lib/haproxy/stats"  # of the guide's haproxy.cfg


def configure(cluster: Cluster) -> str:
    """Put the guide's resources in the place of the README's; what `restore` takes."""
    node = cluster.member()
    before = node.run(["cibadmin", "--query", "--scope", "configuration"]).out
    for resource in ("vip", "haproxy-clone", "ping-clone"):
        cluster.pcs("resource", "delete", resource)
    for command in COMMANDS.replace("\n    ", " ").strip().splitlines():
        node.run(shlex.split(command))
    wait_settled(cluster, 60)
    return before


def restore(cluster: Cluster, before: str) -> None:
    """Undo configure; returns when nothing of the guide's resources runs any more."""
    for resource in ("haproxy-group", "ping-clone"):
        cluster.pcs("resource", "delete", resource)
    cluster.member().run(["cibadmin", "--replace", "--scope", "configuration", "--xml-pipe"],
                         input=before)


def wait_settled(cluster: Cluster, seconds: float) -> Status:
    """The group is active on one node and ping on every one."""
    names = [node.name for node in cluster.nodes]
    return cluster.wait(
        "the VIP and HAProxy run together on one node, ping on every one",
        lambda status: len(status.started("ipaddr")) == 1 and status.started("ping") == names
        and status.started("haproxy") == status.started("ipaddr"), seconds)


def kill_haproxy(node: Node) -> None:
    """As the guide's `killall -s 9 haproxy`."""
    node.run(["systemctl", "kill", "--signal=KILL", "haproxy.service"])
