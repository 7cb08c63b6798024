"""Who is connected to what: the guide's networks and addresses.

The guide names the interface of the service network (eno2), the addresses of
the nodes, the VIP, the web servers, the gateway and the BMCs; the lab adds
the nodes' own addresses in the service network and the measuring client.
"""

from __future__ import annotations

from dataclasses import dataclass

INTERFACES = {"mgmt": "eno1", "service": "eno2", "ring1": "eno3", "ring2": "eno4"}
SUBNETS = {"mgmt": "192.168.0", "service": "192.168.1",
           "ring1": "192.168.10", "ring2": "192.168.20"}
RINGS = ("ring1", "ring2")

VIP = "192.168.1.10"
GATEWAY = "192.168.1.1"
WEB = {"web01": "192.168.1.21", "web02": "192.168.1.22"}
CLIENT = "192.168.1.101"

MOST_NODES = 8  # the addresses end in .11 to .18; .21 is a web server


@dataclass(frozen=True)
class Port:
    """One cable: `owner`'s `interface` (an address in 24 bits) into the bridge `network`."""

    owner: str
    network: str
    interface: str
    address: str

    @property
    def name(self) -> str:
        """The bridge's end of the cable, also its name for cut and restore."""
        return f"{self.network}-{self.owner}"

    @property
    def mac(self) -> str:
        """Always the same for the same place, as a real card's."""
        octets = [int(part) for part in self.address.split(".")]
        return "52:54:00:%02x:%02x:%02x" % (octets[1], octets[2], octets[3])


def node_names(count: int) -> list[str]:
    return [f"node{number:02d}" for number in range(1, count + 1)]


def bmc_name(node: str) -> str:
    return node.replace("node", "bmc")


def node_address(node: str, network: str) -> str:
    """The address of `node` (node01 is .11) in `network`."""
    return f"{SUBNETS[network]}.{10 + int(node[4:])}"


def bmc_address(node: str) -> str:
    return f"{SUBNETS['mgmt']}.{110 + int(node[4:])}"


def node_ports(node: str) -> list[Port]:
    """The four cables of a node."""
    return [Port(node, net, INTERFACES[net], node_address(node, net)) for net in INTERFACES]


def station_ports(nodes: list[str]) -> list[Port]:
    """The cables of everything that is not a node: one each."""
    ports = [Port("gateway", "service", "eth0", GATEWAY), Port("client", "service", "eth0", CLIENT)]
    ports += [Port(name, "service", "eth0", address) for name, address in WEB.items()]
    ports += [Port(bmc_name(node), "mgmt", "eth0", bmc_address(node)) for node in nodes]
    return ports


def hosts_file(nodes: list[str]) -> str:
    """The text of /etc/hosts in every node: names mean the management network."""
    lines = ["127.0.0.1 localhost"]
    lines += [f"{node_address(node, 'mgmt')} {node}" for node in nodes]
    lines += [f"{address} {name}" for name, address in WEB.items()]
    return "\n".join(lines) + "\n"
