"""The rivals on Pacemaker: the guide's own, active/active with stock agents, and ours."""

from __future__ import annotations

import itertools
import shlex
import xml.etree.ElementTree as ElementTree

from tests.lab import guide, original, sticky
from tests.lab.wait import wait

from . import rivals

GROUP = "system.slice/pacemaker.service"
AGENTS = "bench-agents"  # where the executor and all that it starts are counted
CIB = "/var/lib/pacemaker/cib"  # Pacemaker keeps its configuration here
MANY = 600.0  # seconds until two hundred resources are started or stopped

# What the README recommends, with the agents there were before; their intervals are the guide's.
ACTIVE_ACTIVE = """
pcs property set priority-fencing-delay=10s
pcs property set --force transition-delay=30ms
pcs resource defaults update resource-stickiness=200 migration-threshold=5 failure-timeout=120s
pcs resource create haproxy systemd:haproxy
    op start timeout=100s monitor interval=10s timeout=60s stop timeout=100s
    clone interleave=true
pcs resource create ping ocf:pacemaker:ping name=ping-status host_list=192.168.1.1 attempts=2
    timeout=2 op monitor interval=10s timeout=60s clone interleave=true
pcs resource create vip ocf:heartbeat:IPaddr2 ip=192.168.1.10 nic=eno2 cidr_netmask=24
    op monitor interval=10s timeout=60s meta priority=-10
pcs constraint colocation add vip with haproxy-clone INFINITY
pcs constraint order haproxy-clone then vip kind=Optional
pcs constraint order ping-clone then haproxy-clone symmetrical=false
pcs constraint location vip prefers node01=200 node02=100
pcs constraint location vip rule score=500 ping-status gte 1
"""


class Pacemaker(rivals.Rival):
    """A configuration of Pacemaker, in pcs commands."""

    daemon = "corosync"
    group = f"{GROUP}/{AGENTS}"
    vip = "vip"

    def __init__(self, lab):
        super().__init__(lab)
        self.before = ""  # the configuration without additional addresses

    def commands(self):
        """The commands that configure it, each as its words."""
        raise NotImplementedError

    def set_up(self):
        node = self.lab.cluster.member()
        for words in self.commands():
            node.run(words, timeout=60)
        self.settle()

    def tear_down(self):
        cluster = self.lab.cluster
        cluster.pcs("cluster", "stop", "--all", timeout=180)
        for node in self.nodes:  # without its file a cluster begins as if nothing had ever been
            node.run(["find", CIB, "-type", "f", "-delete"])
        cluster.start()

    def settle(self, seconds=120):
        guide.wait_settled(self.lab.cluster, seconds)
        wait("the VIP is there", lambda: rivals.holder(self.nodes), 30)

    def standby(self, node):
        self.lab.cluster.pcs("node", "standby", node.name)

    def unstandby(self, node):
        self.lab.cluster.pcs("node", "unstandby", node.name)

    def rejoin(self, node):
        if not rivals.processes(node, "corosync"):
            self.lab.cluster.start_node(node)

    def forget(self):
        self.lab.cluster.pcs("resource", "cleanup")

    def agents(self, node):
        """A cgroup below Pacemaker's for its executor and all that comes of it.

        What runs at this moment is taken there, too; only HAProxy, which has left for process
        1, stays where it is.
        """
        group = super().agents(node)
        if not group.exists():
            group.create()
        executor, = rivals.processes(node, "pacemaker-execd")
        group.add(executor)
        for pid in [pid for pid in node.machine.cgroup.processes()
                    if rivals.parent(pid) == executor]:
            group.add(pid)
        return group

    def add_addresses(self, addresses):
        self.before = self.lab.cluster.member().run(
            ["cibadmin", "--query", "--scope", "configuration"]).out
        where = rivals.holder(self.nodes).name
        primitive = self.lab.cluster.member().run(
            ["cibadmin", "--query", "--xpath", f"//primitive[@id='{self.vip}']"]).out
        resources = "".join(copied(primitive, name(number), address)
                            for number, address in enumerate(addresses))
        places = "".join(f'<rsc_location id="{name(number)}-place" rsc="{name(number)}"'
                         f' node="{where}" score="INFINITY"/>'
                         for number in range(len(addresses)))
        for scope, children in (("resources", resources), ("constraints", places)):
            self._cib("--modify", scope, f"<{scope}>{children}</{scope}>")
        self.lab.cluster.wait_idle(MANY)

    def remove_addresses(self, addresses):
        # all in one change: without its constraints a resource would move before it goes
        self._cib("--replace", "configuration", self.before)
        self.lab.cluster.wait_idle(MANY)

    def _cib(self, how, scope, text):
        self.lab.cluster.member().run(["cibadmin", how, "--scope", scope, "--xml-pipe"],
                                      input=text)


class Guide(Pacemaker):
    """The guide's cluster as it is printed."""

    name, title = "guide", "the guide's cluster"
    vip = "ipaddr"

    def commands(self):
        return lines(original.COMMANDS) + fences("fence_ipmilan")

    def settle(self, seconds=120):
        original.wait_settled(self.lab.cluster, seconds)
        self.lab.cluster.wait("each fence device runs", lambda status: all(
            len(status.started(one)) == 1 for one in ("fence1", "fence2")), seconds)


class ActiveActive(Pacemaker):
    """HAProxy on both nodes, with the agents there are."""

    name, title = "active-active", "active/active, stock agents"

    def commands(self):
        return lines(ACTIVE_ACTIVE) + fences("fence_ipmilan")


class Ours(Pacemaker):
    """The README's block."""

    name, title = "ours", "lbha"
    runs = 10
    peers = "lbha"

    def commands(self):
        return guide.commands()

    def reload(self, node):
        """What a monitor does with reload_on_change, at once."""
        create, = [words for words in self.commands() if "ocf:lbha:haproxy" in words]
        parameters = itertools.takewhile(lambda word: "=" in word, create[5:])
        words = ["OCF_ROOT=/usr/lib/ocf", "OCF_RESOURCE_INSTANCE=haproxy",
                 "OCF_RESKEY_CRM_meta_timeout=60000", "OCF_RESKEY_reload_on_change=true",
                 f"OCF_RESKEY_CRM_meta_on_node={node.name}",
                 *(f"OCF_RESKEY_{word}" for word in parameters)]
        node.run(["touch", sticky.CFG])
        # HAProxy stays where it is started: among Pacemaker's, as a monitor would have left it
        node.run(["sh", "-c", 'echo $$ >"$0" && exec env "$@"',
                  f"/sys/fs/cgroup/{GROUP}/cgroup.procs", *words,
                  "/usr/lib/ocf/resource.d/lbha/haproxy", "reload"], timeout=90)


def lines(text):
    """Commands that may go on in indented lines, each as its words."""
    return [shlex.split(line) for line in text.replace("\n    ", " ").strip().splitlines()]


def fences(agent):
    """The README's fence devices and their constraints, with this agent."""
    return [[agent if word == "fence_pyipmi" else word for word in words]
            for words in guide.commands()
            if words[1] == "stonith" or words[:4] == ["pcs", "constraint", "location", "fence1"]
            or words[:4] == ["pcs", "constraint", "location", "fence2"]]


def name(number):
    """The resource of an additional address."""
    return f"bench-{number:03d}"


def copied(primitive, identity, address):
    """The XML of a resource like `primitive` (XML, too), but of another address."""
    root = ElementTree.fromstring(primitive)
    for element in root.iter():
        if element.get("id"):
            element.set("id", f"{identity}-{element.get('id')}")
        if element.get("name") == "ip":
            element.set("value", address)
        if element.get("name") == "cidr_netmask":
            element.set("value", "32")
    root.set("id", identity)
    return ElementTree.tostring(root, encoding="unicode")
