"""A BMC to fence through: ipmi_sim of OpenIPMI, whose power button is a script of ours.

The script keeps the power in a file and a log with times: what the log says is the truth,
whatever the BMC is told to answer.
"""

import contextlib
import json
import pathlib
import signal
import subprocess
import sys
import time

from tests import ipmi_sim
from tests.agent.resource import INTERPRETER

USER, PASSWORD = "pacemaker", '"ipmi\'$pass="'  # its quotes are its own
CHASSIS = pathlib.Path(__file__).with_name("chassis.py")
CODE_BMC = pathlib.Path(__file__).with_name("code_bmc.py")

SESSIONS = 63  # that ipmi_sim has

# RMCP+ Open Session Requests (IPMI 2.0, 13.17) for cipher suite 3, and no more than that
TAKE_SESSIONS = """
import socket, sys
suite = bytes.fromhex("0000000801000000" "0100000801000000" "0200000801000000")
bmc = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
bmc.settimeout(5)
bmc.connect(("127.0.0.1", int(sys.argv[1])))
for number in range(int(sys.argv[2])):
    request = bytes([number, 0, 0, 0]) + (number + 1).to_bytes(4, "little") + suite
    bmc.send(bytes.fromhex("0600ff070610") + bytes(8) + bytes([len(request), 0]) + request)
    status = bmc.recv(1024)[17]
    if status:
        print("session", number, "status", status)
"""


class Bmc:
    """A BMC on loopback in a Namespace; its node has power at first.

    behaviour -- a name in tests/agent/chassis.py
    password  -- of USER, bytes
    port      -- of its own, if there is more than one
    """

    def __init__(self, namespace, behaviour="honest", power=True, key=None,
                 password=PASSWORD.encode(), port=623, address="127.0.0.1"):
        self.namespace, self.port = namespace, port
        self.folder = namespace.folder / ("bmc-%d" % port)
        self.folder.mkdir()
        self.behave(behaviour)
        (self.folder / "power").write_text(str(int(power)))
        arguments = ipmi_sim.write(
            self.folder, "/usr/bin/python3 -IS %s %s" % (CHASSIS, self.folder), USER, password,
            address=address, port=self.port, key=key)
        with open(self.folder / "output", "wb") as output:
            self.process = namespace.popen(["ipmi_sim", *arguments], stdout=output,
                                           stderr=output)
        self._wait_until_it_listens()

    def _wait_until_it_listens(self):
        end = time.monotonic() + 10
        tables = [pathlib.Path("/proc/%d/net/%s" % (self.process.pid, name))
                  for name in ("udp", "udp6")]
        while True:
            assert self.process.poll() is None, (self.folder / "output").read_text()
            if any(":%04X " % self.port in table.read_text() for table in tables):
                return
            assert time.monotonic() < end, "ipmi_sim does not listen"
            time.sleep(0.01)

    def behave(self, behaviour):
        """From now on."""
        (self.folder / "behaviour").write_text(behaviour)

    @property
    def power(self):
        """Whether the node really has power."""
        return (self.folder / "power").read_text() == "1"

    @property
    def log(self):
        """What happened, in order: (time, event) with events "asked off", "off", ..."""
        try:
            lines = (self.folder / "log").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [(float(line.partition(" ")[0]), line.partition(" ")[2]) for line in lines]

    @property
    def events(self):
        """The events of the log, without those that only read."""
        return [event for _, event in self.log if not event.startswith("read")]

    def take_sessions(self, leave):
        """Begin logins until only `leave` of its sessions are free; they last half a minute."""
        done = self.namespace.run([sys.executable, "-c", TAKE_SESSIONS, self.port,
                                   SESSIONS - leave])
        assert not done.stdout, done.stdout

    @contextlib.contextmanager
    def frozen(self):
        """A block in which it takes packets and never answers."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


class CodeBmc:
    """A BMC in a Namespace that answers requests with these completion codes: code_bmc.py."""

    def __init__(self, namespace, **codes):
        self.process = namespace.popen(
            [INTERPRETER, "-I", CODE_BMC, "623"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, universal_newlines=True)
        with self.process.stdin as told:
            json.dump({"users": {USER: PASSWORD}, "codes": codes}, told)
        assert self.process.stdout.readline() == "ready\n"

    def end(self):
        """End it; what it was asked, in order."""
        self.process.kill()
        with self.process.stdout as asked:
            return asked.read().split()
