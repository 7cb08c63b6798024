"""The whole lab: what `up` makes, `down` removes, and `leftovers` looks for."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import Callable, Iterator

from . import root
from .bmc import Bmc
from .client import METER, Client, Manner
from .cluster import Cluster
from .daemon import start_time
from .downloads import Downloads
from .errors import LabError
from .host import check_machine, ensure
from .network import Network, Station
from .node import Node
from .place import Place, Settings
from .plan import MOST_NODES, WEB, node_names, station_ports
from .powerlog import PowerLog
from .visitors import Visitors
from .wait import wait
from .web import WebServer

Progress = Callable[[str], None]


def silent(_: str) -> None:
    """The progress of a caller who wants none."""


class Lab:
    """The lab called `name`; `up` makes it, `Lab.attach` finds one that runs.

    As a context manager it goes up on entry and down on exit, whatever happens.

    nodes   -- a Node for each name, node01 and on
    bmcs    -- the Bmc of each of these nodes
    web     -- the WebServers web01 and web02
    network -- cables: cut("ring1-node01"), restore(...)
    cluster -- pcs, status and wait
    """

    def __init__(self, name: str = "lab", suite: str = "bullseye", nodes: int = 2,
                 cluster: bool = True, progress: Progress = silent):
        if not 1 <= nodes <= MOST_NODES:
            raise LabError(f"a lab has 1 to {MOST_NODES} nodes, not {nodes}")
        root.location(suite)  # says so now if there is no such suite
        self.place = Place(name)
        self.suite = suite
        self.with_cluster = cluster
        self.progress = progress
        names = node_names(nodes)
        self.network = Network(self.place)
        self.nodes = {node: Node(self.place, node, self.network) for node in names}
        self.bmcs = {node: Bmc(self.place, node) for node in names}
        self.web = {server: WebServer(self.place, server) for server in WEB}
        self.gateway = Station(self.place, "gateway")
        self.client = Station(self.place, "client")
        self.cluster = Cluster(list(self.nodes.values()))
        self.power_log = PowerLog(self.place.run / "power.log")

    @classmethod
    def attach(cls, name: str = "lab", progress: Progress = silent) -> "Lab":
        """The Lab object for a lab that another process has started; LabError if there is none."""
        settings = Place(name).settings()
        return cls(name, settings.suite, settings.nodes, progress=progress)

    def __enter__(self) -> "Lab":
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        """Build what is missing, boot the nodes and start the cluster.

        LabError in one sentence when the machine cannot, when there is a lab of
        that name, or when something does not come up in time. Whatever ends it
        before it is up, Ctrl-C too, takes everything down again.
        """
        check_machine()
        with self.place.lock():
            self.place.create()
            try:
                self._build()
            except BaseException:
                tear_down(self.place)
                raise
        self.progress("the lab is up")

    def _build(self) -> None:
        ensure(self.progress)
        lower = root.provide(self.suite, self.place.cgroup, self.progress)
        self.place.save(Settings(self.suite, len(self.nodes), str(lower)))
        self.progress(f"booting {', '.join(self.nodes)} ({self.suite})")
        self.network.start()
        for node in self.nodes.values():
            node.prepare()
            node.power_on()
        self._start_stations()
        for node in self.nodes.values():
            node.wait_booted()
        if self.with_cluster:
            self.progress("setting up the cluster with pcs")
            self.cluster.setup()
            self.progress("starting the cluster")
            self.cluster.start()

    def _start_stations(self) -> None:
        stations = [self.gateway, self.client]
        stations += [server.station for server in self.web.values()]
        stations += [bmc.station for bmc in self.bmcs.values()]
        ports = {port.owner: port for port in station_ports(list(self.nodes))}
        for station in stations:
            station.start()
            self.network.plug([ports[station.name]], station.pid)
        for bmc in self.bmcs.values():
            bmc.start()
        for server in self.web.values():
            server.start()
        for bmc in self.bmcs.values():
            bmc.wait_ready()

    def down(self) -> None:
        """Remove everything of the lab, whoever started it; fine if there is nothing."""
        self.progress(f"ending the lab {self.place.name}")
        with self.place.lock():
            tear_down(self.place)

    def meter(self, name: str = "meter", manner: Manner = METER) -> Client:
        """A client of the VIP in the service network, not yet started; see client.Client."""
        return Client(self.client, name, manner)

    def visitors(self, number: int = 1000, skip: int = 0) -> Visitors:
        """As many who visit the VIP, each from an address of its own; see visitors.Visitors."""
        return Visitors(self.gateway, number, skip)

    def downloads(self, lanes: int, seconds: float, name: str = "downloads") -> Downloads:
        """Long downloads from the VIP, not yet begun; see downloads.Downloads."""
        return Downloads(self.client, lanes, seconds, name)

    def save_logs(self, directory: Path) -> None:
        """Leave the logs of all nodes, the BMCs and the power log in `directory`."""
        directory.mkdir(parents=True, exist_ok=True)
        for node in self.nodes.values():
            node.save_logs(directory)
        for log in [*self.place.run.glob("*.log")]:
            (directory / log.name).write_bytes(log.read_bytes())


def tear_down(place: Place) -> None:
    """Kill the lab's processes and remove its files; everything else goes with the processes."""
    visitors = list(processes_in(namespaces(place)))
    place.cgroup.kill()
    for pid, started in visitors:
        if start_time(pid) == started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    wait(f"nothing of the lab {place.name} runs",
         lambda: all(start_time(pid) != started for pid, started in visitors),
         10, interval=0.01)
    place.remove()


def namespaces(place: Place) -> set[str]:
    """The network namespaces of the lab, as the links below /proc show them."""
    found = {netns(pid) for pid in place.cgroup.processes()}
    return found - {netns(1), netns(os.getpid()), ""}


def processes_in(spaces: set[str]) -> Iterator[tuple[int, str]]:
    """(pid, start time) of every process in one of the network namespaces.

    These are the lab's own, and commands that somebody runs in a station.
    """
    for entry in os.listdir("/proc"):
        if entry.isdigit() and netns(int(entry)) in spaces:
            started = start_time(int(entry))
            if started is not None:
                yield int(entry), started


def netns(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except OSError:
        return ""


def leftovers(name: str) -> list[str]:
    """What of the lab `name` is still on the machine, a line each; empty after `down`."""
    place = Place(name)
    found = [f"process {pid}" for pid in place.cgroup.processes()]
    found += [f"process {pid} in a namespace of the lab"
              for pid, _ in processes_in(namespaces(place))]
    found += [f"directory {path}"
              for path in (place.run, place.data, place.cgroup.path) if path.exists()]
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        found += [f"mount {line.split()[1]}" for line in mounts
                  if f"{place.data}/" in line or f"{place.run}/" in line]
    return found
