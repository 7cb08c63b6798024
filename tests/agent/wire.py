"""A wire between two namespaces: the node's end, and a neighbour that hears everything."""

import json
import subprocess
import sys
import time

import pytest

from tests.agent.namespace import Namespace
from tests.agent.resource import Resource

# virtual addresses on the wire, and where they belong by the routes of the node
V4, V6 = "192.168.1.10", "fd00:1::10"
FOUND = {V4: ("eth0", V4 + "/24"), V6: ("eth0", V6 + "/64")}
BOTH = pytest.mark.parametrize("ip", (V4, V6))

# writes every frame it hears: time, and the frame in hexadecimal; a line "ready" first
CAPTURE = """
import errno, socket, struct, sys, time
heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
heard.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS: however late we are to look
offset = time.time() - time.monotonic()
heard.bind((sys.argv[1], 0))
print("ready", flush=True)
while True:
    try:
        frame, said, _, _ = heard.recvmsg(2048, 64)
    except OSError as error:
        if error.errno != errno.ENETDOWN:  # told once, and it hears again when the device is up
            raise
        continue
    seconds, nanoseconds = struct.unpack("qq", said[0][2])
    print(seconds - offset + nanoseconds / 1e9, frame.hex(), flush=True)
"""


class Wire:
    """The node (a Namespace) with device eth0, and a neighbour with device peer0.

    node      -- where the agent runs
    neighbour -- a Namespace at the other end
    """

    def __init__(self, node, *addresses):
        self.node, self.neighbour = node, Namespace()
        node.ip("link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
        node.ip("link", "set", "peer0", "netns", str(self.neighbour.pid))
        for address in addresses:
            self.node.ip("address", "add", address, "dev", "eth0",
                         *(["nodad"] if ":" in address else []))
        self.neighbour.ip("link", "set", "peer0", "up")
        self.node.ip("link", "set", "eth0", "up")

    @property
    def mac(self):
        """The node's MAC address, bytes."""
        link = json.loads(self.node.ip("-json", "link", "show", "eth0"))[0]
        return bytes.fromhex(link["address"].replace(":", ""))

    def capture(self):
        """Start to listen at the neighbour: a Capture."""
        return Capture(self.neighbour)

    def close(self):
        """Take the neighbour down, and the wire with it."""
        self.neighbour.close()


class Capture:
    """What the neighbour hears from now on."""

    def __init__(self, neighbour):
        self.path = neighbour.folder / "frames"
        with open(str(self.path), "wb") as out:
            self.child = neighbour.popen(
                [sys.executable, "-I", "-c", CAPTURE, "peer0"],
                stdin=subprocess.DEVNULL, stdout=out)
        self.until(lambda: self.path.read_text().startswith("ready"))

    def frames(self):
        """(time, bytes) of everything heard until now."""
        lines = [line.split() for line in self.path.read_text().splitlines(True)[1:]
                 if line.endswith("\n")]
        return [(float(when), bytes.fromhex(frame)) for when, frame in lines]

    def arp(self):
        """The (time, frame) of the ARP packets."""
        return [(when, frame) for when, frame in self.frames() if frame[12:14] == b"\x08\x06"]

    def advertisements(self, ip):
        """The (time, frame) of the Neighbor Advertisements for an IPv6 address (bytes)."""
        return [(when, frame) for when, frame in self.frames()
                if frame[12:14] == b"\x86\xdd" and frame[20] == 58 and frame[54] == 136
                and frame[62:78] == ip]

    def until(self, condition, seconds=10):
        """Wait until a condition holds, and return its answer."""
        end = time.monotonic() + seconds
        while True:
            answer = condition()
            if answer:
                return answer
            assert time.monotonic() < end, "not within %g s: %s" % (seconds, self.frames())
            time.sleep(0.01)


def vip(wire, name="vip", **parameters):
    """A resource without duplicate address detection, unless the parameters say so."""
    return Resource(wire.node, "IPaddr2", name, **dict({"nodad": "true"}, **parameters))


def addresses(node, ip=None):
    """The addresses of a Namespace as ip(8) tells them: (device, "ADDRESS/PREFIX"), sorted.

    Without those that the kernel makes itself, when a link gets its carrier.
    """
    found = []
    for link in json.loads(node.ip("-json", "address")):
        for info in link["addr_info"]:
            if ip == info["local"] or not ip and info["scope"] != "link":
                found.append((link["ifname"], "%s/%d" % (info["local"], info["prefixlen"])))
    return sorted(found)


def info(node, ip):
    """Everything ip(8) says about one address, a dict."""
    found = [entry for link in json.loads(node.ip("-json", "address"))
             for entry in link["addr_info"] if entry["local"] == ip]
    assert len(found) == 1, found
    return found[0]
