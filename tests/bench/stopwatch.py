"""Times commands: a script of its own, for it runs in a node, with nothing but its library.

    python3 -IS stopwatch.py      {"rounds": N, "steps": [[NAME, [WORD...], {VARIABLE: VALUE},
                                  INPUT], ...], "ear": [DEVICE, IP]} as JSON on its input
All steps are run one after another, round after round.  Output, as JSON:
    {NAME: [[WALL, PROCESSOR, EXIT-CODE], ...]}, in seconds; PROCESSOR with that of all
children that were waited for.  With an ear, WALL ends when the first ARP packet of IP leaves
DEVICE, and a step without one is left out.
"""

import json
import os
import select
import socket
import struct
import sys
import time

ARP = 0x0806            # ethertype
EVERYTHING = 0x0003     # ETH_P_ALL: what leaves is shown to nobody else
SO_TIMESTAMPNS = 35     # when the kernel saw it, however late we look
LATE = 1.0              # seconds after its end in which a command may yet send


class Ear:
    """Hears the ARP packets of an IPv4 address that leave a device."""

    def __init__(self, device, ip):
        self.sender = socket.inet_aton(ip)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind((device, EVERYTHING))

    def first(self):
        """time.time() of the first one that was not yet heard; None if there is none."""
        end = time.monotonic() + LATE
        while select.select([self.socket], [], [], max(0, end - time.monotonic()))[0]:
            packet, said, _, where = self.socket.recvmsg(64, 64)
            if where[1:3] == (ARP, socket.PACKET_OUTGOING) and packet[14:18] == self.sender:
                seconds, nanoseconds = struct.unpack("qq", said[0][2])
                return seconds + nanoseconds / 1e9
        return None

    def forget(self):
        """What was sent until now does not count."""
        while select.select([self.socket], [], [], 0)[0]:
            self.socket.recv(64)


def run(words, environment, text):
    """One command: (wall, processor, exit code)."""
    null = os.open(os.devnull, os.O_RDWR)
    reading, writing = os.pipe()
    os.write(writing, text.encode())  # a few lines: a pipe takes them at once
    os.close(writing)
    began = time.monotonic()
    pid = os.fork()
    if not pid:
        try:
            os.dup2(reading, 0)
            os.dup2(null, 1)
            os.dup2(null, 2)
            os.execvpe(words[0], words, dict(os.environ, **environment))
        finally:
            os._exit(127)
    _, status, used = os.wait4(pid, 0)
    wall = time.monotonic() - began
    for descriptor in (null, reading):
        os.close(descriptor)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
    return wall, used.ru_utime + used.ru_stime, code


def listened(ear, words, environment, text):
    """The same until the first packet; None without one."""
    ear.forget()
    began = time.time()
    _, processor, code = run(words, environment, text)
    first = ear.first()
    return None if first is None else (first - began, processor, code)


def main():
    """Read, run, print."""
    order = json.load(sys.stdin)
    ear = Ear(*order["ear"]) if order.get("ear") else None
    found = {}
    for _ in range(order["rounds"]):
        for name, *step in order["steps"]:
            measured = listened(ear, *step) if ear else run(*step)
            if measured:
                found.setdefault(name, []).append(measured)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
