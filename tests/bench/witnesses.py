"""Who watches during a scenario: the nodes' journals, their addresses, the wire, the power log."""

from __future__ import annotations

import contextlib

from tests.lab.daemon import Daemon
from tests.lab.errors import LabError
from tests.lab.network import namespace
from tests.lab.plan import VIP
from tests.lab.wait import wait

from . import events

# announcements are ARP packets whose sender (RFC 826) is the VIP itself
ANNOUNCEMENTS = "arp[14:4] = 0x{}".format("".join(f"{int(part):02x}" for part in VIP.split(".")))


class Witnesses:
    """They watch as long as the block runs; `testify` says what they saw."""

    def __init__(self, lab):
        self.lab = lab
        self.wire = lab.client.daemon("wire")
        self.addresses = {name: Daemon(lab.place.run / f"witness-{name}",
                                       lab.place.cgroup / f"witness-{name}") for name in lab.nodes}

    def __enter__(self):
        self.wire.log.unlink(missing_ok=True)
        self.wire.start(self.lab.client.enter(
            ["tcpdump", "-tt", "-n", "-l", "-i", "eth0", ANNOUNCEMENTS]))
        for name, witness in self.addresses.items():
            witness.log.unlink(missing_ok=True)
            space = namespace(self.lab.nodes[name].pid)
            witness.start(["nsenter", f"--net={space}", "ip", "-ts", "-o", "monitor", "address"])
        wait("tcpdump listens", lambda: "listening" in self.wire.output(), 10, interval=0.01,
             state=self.wire.output)
        return self

    def __exit__(self, *_):
        for witness in (self.wire, *self.addresses.values()):
            witness.stop()

    def testify(self, begin, end):
        """Events between two times (epoch seconds), in order; from nodes without power none."""
        found = list(events.of_wire(self.wire.output()))
        for name, witness in self.addresses.items():
            found += events.of_addresses(witness.output(), name, VIP)
        for node in self.lab.nodes.values():
            with contextlib.suppress(LabError):
                if node.is_on():
                    found += events.of_journal(node.journal(
                        "--output=short-unix", f"--since=@{begin:.6f}"))
        found += [events.Event(one.time, one.node, f"power {one.event}")
                  for one in self.lab.power_log.events(since=begin) if "asked" not in one.event]
        return events.between(found, begin, end)
