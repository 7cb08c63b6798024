"""The benchmark's stopwatch: when the first packet of an address left a device."""

import json
import sys

from tests import paths

STOPWATCH = paths.CHECKOUT / "tests/bench/stopwatch.py"
# sends an ARP request of an address by eth0 after some seconds, and goes on for two more
SEND = """
import socket, sys, time
time.sleep(float(sys.argv[2]))
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("eth0", 0))
wire.send(b"\\xff" * 6 + bytes(6) + b"\\x08\\x06\\0\\1\\x08\\0\\6\\4\\0\\1" + bytes(6)
          + socket.inet_aton(sys.argv[1]) + bytes(10))
time.sleep(2)
"""


def test_the_first_packet_of_the_address_counts(wire):
    def step(name, ip, seconds):
        return [name, [sys.executable, "-I", "-c", SEND, ip, str(seconds)], {}, ""]

    steps = [step("other", "10.0.0.9", 0), step("ours", "10.0.0.1", 0.2)]
    order = {"rounds": 2, "steps": steps, "ear": ["eth0", "10.0.0.1"]}
    done = wire.node.run([sys.executable, "-I", str(STOPWATCH)], input=json.dumps(order))
    found = json.loads(done.stdout)
    assert list(found) == ["ours"]
    assert [code for _, _, code in found["ours"]] == [0, 0]
    assert all(0.2 < wall < 2 for wall, _, _ in found["ours"])
