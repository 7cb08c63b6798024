"""The guide's story, one step after the other: each asserts what it tells, within deadlines.

`make demo` tells it to a person, tests/cluster/test_story.py to pytest.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

from . import guide
from .client import METER, PATIENT, Client
from .errors import LabError
from .lab import Lab
from .node import Node
from .plan import VIP, node_address
from .wait import wait

STATE = "/run/lbha/haproxy-haproxy"
SLOW = 12.0  # seconds a recovery may take on a busy machine, fencing aside


@dataclass(frozen=True)
class Outage:
    """A row of the table at the end: what was done, and what clients noticed of it."""

    event: str
    meter: Client
    patient: Client

    @property
    def row(self) -> str:
        failed = f"{len(self.patient.report.failed)} of {len(self.patient.report.requests)}"
        return f"{self.event:<34} {self.meter.report.longest_outage * 1000:>7.0f} ms   {failed:>12}"


HEADING = f"{'what happened':<34} {'outage':>10}   {'patient: lost':>12}"


class Story:
    """The story in the running `lab`; `tell` gets what a person wants to read.

    package -- the RPM to install
    """

    def __init__(self, lab: Lab, package: Path, tell: Callable[[str], None]):
        self.lab, self.package, self.tell = lab, package, tell
        self.cluster = lab.cluster
        self.outages: list[Outage] = []

    @classmethod
    def outline(cls) -> list[tuple[str, Callable[["Story"], None]]]:
        """The steps with their titles, in the order in which they can be run."""
        return [
            ("the RPM on every node", cls.install),
            ("the guide's resources, with lbha's agents", cls.configure),
            ("the web through the VIP", cls.browse),
            ("the statistics page, behind its password", cls.statistics),
            ("a web server is killed", cls.kill_web_server),
            ("HAProxy is killed on the active node", cls.kill_active),
            ("HAProxy is killed on each node in turn, twice", cls.kill_in_turn),
            ("the active node goes to standby, and comes back", cls.standby),
            ("the power of the active node is cut", cls.cut_power),
        ]

    # what is there

    def active(self) -> Node:
        """The node that has the VIP."""
        nodes = self.cluster.status().started("vip")
        if len(nodes) != 1:
            raise LabError(f"the VIP should be on one node, not on {nodes}")
        return self.lab.nodes[nodes[0]]

    def settled(self, seconds: float) -> None:
        """Wait until everything is where it should be again, with nobody cleaning up."""
        guide.wait_settled(self.cluster, seconds)

    def curl(self, *words: str, node: Optional[Node] = None) -> str:
        """What curl prints, from the client in the service network or from a node."""
        argv = ["curl", "--silent", "--show-error", "--max-time", "5", *words]
        place = node or self.lab.client
        return place.run(argv).out.strip()

    def observe(self, event: str, act: Callable[[], None], seconds: float) -> Outage:
        """Do something while two clients ask for the web; the cluster settles within `seconds`."""
        meter = self.lab.meter("meter", METER)
        patient = self.lab.meter("patient", PATIENT)
        with meter, patient:
            act()
            self.settled(seconds)
        outage = Outage(event, meter, patient)
        self.outages.append(outage)
        self.tell(str(meter.report))
        if outage.meter.report.requests[-1].outcome != "ok":
            raise LabError(f"{event}: the service did not come back: {meter.report}")
        return outage

    # the steps

    def install(self) -> None:
        for node in self.lab.nodes.values():
            node.install_rpm(self.package)
            self.tell(f"{node.name}: {node.run(['rpm', '--query', 'lbha-agents']).out.strip()}")

    def configure(self) -> None:
        guide.configure(self.cluster)
        self.tell(self.cluster.pcs("status", "--full").out)

    def browse(self) -> None:
        answers = {self.curl(f"http://{VIP}/") for _ in range(4)}
        self.tell(f"curl http://{VIP}/ is answered by {' and '.join(sorted(answers))}")
        if answers != set(self.lab.web):
            raise LabError(
                f"round robin should reach {sorted(self.lab.web)}, not {sorted(answers)}")

    def statistics(self) -> None:
        for node in self.lab.nodes.values():
            page = f"http://{node_address(node.name, 'mgmt')}:10080/statspage"
            status = ["--output", "/dev/null", "--write-out", "%{http_code}", page]
            refused = self.curl(*status, node=node)
            shown = self.curl("--user", "admin:password", *status, node=node)
            self.tell(f"{page}: {refused} without the password, {shown} with it")
            if (refused, shown) != ("401", "200"):
                raise LabError(f"{page} should answer 401 and 200, not {refused} and {shown}")

    def servers_up(self, node: Node) -> list[str]:
        """The web servers that HAProxy of that node holds for up, by its statistics."""
        page = f"http://{node_address(node.name, 'mgmt')}:10080/statspage;csv"
        answer = self.curl("--user", "admin:password", page, node=node)
        rows = [line.split(",") for line in answer.splitlines()]
        return [row[1] for row in rows
                if row[0] == "web" and row[1] != "BACKEND" and row[17].startswith("UP")]

    def kill_web_server(self) -> None:
        server = self.lab.web["web01"]
        haproxy = self.active()

        def act() -> None:
            server.stop()
            wait("HAProxy took web01 out", lambda: self.servers_up(haproxy) == ["web02"], 15)

        outage = self.observe("a web server is killed", act, 10)
        if outage.patient.report.failed:
            raise LabError(f"the client should not notice: {outage.patient.report}")
        server.start()
        wait("HAProxy took web01 in again",
             lambda: self.servers_up(haproxy) == ["web01", "web02"], 15)

    def kill_active(self) -> None:
        node = self.active()
        outage = self.observe(f"HAProxy killed on {node.name}", lambda: self._kill(node), 30)
        self.tell(f"the VIP was on {node.name} and is on {self.active().name}; nobody cleaned up")
        check(outage, SLOW)

    def kill_in_turn(self) -> None:
        def act() -> None:
            for node in [*self.lab.nodes.values()] * 2:
                self._kill(node)
                self.settled(30)

        outage = self.observe("four more, on each node in turn", act, 30)
        check(outage, SLOW)

    def _kill(self, node: Node) -> None:
        """Kill HAProxy on a node, and wait until the cluster has seen it."""
        before = self.failures(node)
        kill_haproxy(node)
        self.cluster.wait(f"the cluster has seen that HAProxy died on {node.name}",
                          lambda _: self.failures(node) != before, 30)

    def failures(self, node: Node) -> str:
        """The cluster's count of HAProxy's failures on a node."""
        return self.cluster.member().run(
            ["crm_failcount", "--query", "--resource", "haproxy", "--node", node.name]).out

    def standby(self) -> None:
        node = self.active()
        outage = self.observe(f"standby of {node.name}", lambda: self._standby(node), 30)
        check(outage, SLOW)

    def _standby(self, node: Node) -> None:
        self.cluster.pcs("node", "standby", node.name)
        self.cluster.wait(
            f"the VIP has left {node.name}, and HAProxy and ping with it",
            lambda status: len(status.started("vip")) == 1 and node.name not in (
                status.active("vip") + status.active("haproxy") + status.active("ping")), 30)
        self.cluster.pcs("node", "unstandby", node.name)

    def cut_power(self) -> None:
        node = self.active()
        began = time.time()

        def act() -> None:
            node.power_off()
            self.cluster.wait(f"{node.name} is fenced and the VIP elsewhere", lambda status: (
                len(status.started("vip")) == 1 and status.started("vip") != [node.name]), 60)
            node.wait_booted()
            self.cluster.start_node(node)

        outage = self.observe(f"power of {node.name} cut", act, 60)
        self.tell("the BMC's power log: " + ", ".join(
            f"{event.event} after {event.time - began:.1f} s"
            for event in self.lab.power_log.events(node.name, began)))
        check(outage, 40)

    def table(self) -> str:
        """The outages, as a table."""
        return "\n".join([HEADING, "-" * len(HEADING), *(outage.row for outage in self.outages)])


def check(outage: Outage, seconds: float) -> None:
    """An outage that is longer than it may be is an error."""
    longest = outage.meter.report.longest_outage
    if longest > seconds:
        raise LabError(
            f"{outage.event}: the outage of {longest:.1f} s is longer than {seconds:g} s")


def kill_haproxy(node: Node) -> None:
    """As the guide's `killall -s 9 haproxy`: master and worker at once."""
    master = node.read(f"{STATE}/haproxy.pid").strip()
    workers = node.run(["ps", "--no-headers", "-o", "pid", "--ppid", master]).out.split()
    # either may be gone before its turn: each goes when it misses the other
    node.run(["kill", "-KILL", master, *workers], check=False)
    wait(f"HAProxy's master {master} on {node.name} is dead",
         lambda: node.run(["ps", "--pid", master], check=False).code, 5, interval=0.02)
