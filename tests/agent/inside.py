"""The library itself at work in a Namespace: a Python there does what a test tells it."""

import json
import subprocess

from tests import paths
from tests.agent.resource import INTERPRETER

LISTENER = """
import sys
sys.path.append(%r)
import _socket, json, os, time
from lbha import announce, claims, hold, host, netlink, netns, state, values
from lbha.deadline import Deadline


class Log:
    lines = []

    def _keep(self, line):
        self.lines.append(line)

    debug = info = warning = error = _keep


class Agent:
    "What the library uses of a resource agent."

    def __init__(self, name):
        self.folder, self.log = state.Folder("IPaddr2", name), Log()
        self.record = state.Record(self.folder)
        self.record.update(started=1)
        self.deadline = Deadline(60)


def link(name="eth0"):
    return netlink.Netlink().get(netlink.LINK, index=netlink.device_index(name))


def packed(ip):
    return values.IP(ip).packed


print("ready", flush=True)
for line in sys.stdin:
    verb, text = json.loads(line)
    try:
        answer = exec(text) if verb == "do" else eval(text)
    except Exception as error:
        answer = "%%s: %%s" %% (type(error).__name__, error)
    print(json.dumps(answer), flush=True)
""" % str(paths.LIBRARY)


class Inside:
    """A process of a Namespace that has the library; `state` and the others are there.

    pid -- the process
    """

    def __init__(self, node):
        self.child = node.popen([INTERPRETER, "-IS", "-c", LISTENER], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, universal_newlines=True)
        assert self.child.stdout.readline() == "ready\n"
        self.pid = self.ask("os.getpid()")

    def do(self, statement):
        """Let it do something; it must succeed."""
        self.begin(statement)
        assert self.end() is None

    def ask(self, expression):
        """What an expression is there: what JSON can say, or "KIND: text" of an exception."""
        self._say("ask", expression)
        return self.end()

    def begin(self, statement):
        """Let it begin to do something; `end` waits for it."""
        self._say("do", statement)

    def end(self):
        """The answer to what was begun."""
        return json.loads(self.child.stdout.readline())

    def _say(self, verb, text):
        self.child.stdin.write(json.dumps([verb, text]) + "\n")
        self.child.stdin.flush()
