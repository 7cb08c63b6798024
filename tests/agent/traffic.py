"""Clients and a web server of the lab (tests.lab), in the network of a Namespace.

The lab's programs speak port 80: HAProxy has it on one address of 127.0.0.0/8, the web
server on another.
"""

import json
import signal
import subprocess
import sys

from tests import paths
from tests.lab.client import Report, Request

OURS, WEB = "127.0.0.1", "127.0.0.2"
TIMEOUT = 2.0  # seconds that a visit may take
RATE = 100_000  # bytes a second of a download, as in tests.lab.downloads
CONFIG = """
global
    maxconn 1000
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 2s
frontend main
    bind 127.0.0.1:80
    default_backend web
backend web
    stick-table type ip size 1k expire 1h store gpc0%s
    server web01 127.0.0.2:80
"""


def module(namespace, name, *words, **options):
    """Start a program of the lab inside; its output is a pipe."""
    return namespace.popen(
        ["env", "PYTHONPATH=%s" % paths.CHECKOUT,  # nsenter goes to the root
         sys.executable, "-u", "-m", "tests.lab." + name, *words],
        stdout=subprocess.PIPE, universal_newlines=True, **options)


def serve(namespace):
    """Start the web server behind HAProxy; returns when it listens."""
    assert module(namespace, "web", "web01", WEB).stdout.readline() == "listening\n"


class Visits:
    """New connections all the time while a block runs; `report` says how they fared."""

    def __init__(self, namespace, rate=200):
        self.namespace, self.interval = namespace, 1 / rate
        self.result = namespace.folder / "visits"

    def __enter__(self):
        self.child = module(self.namespace, "client", OURS, self.interval, TIMEOUT, 1, 0,
                            self.result)
        assert self.child.stdout.readline() == "begun\n"
        return self

    def __exit__(self, *_):
        # nsenter became the program
        self.child.send_signal(signal.SIGTERM)
        assert self.child.wait(timeout=TIMEOUT + 10) == 0
        self.report = Report([Request(**one) for one in json.loads(self.result.read_text())])


class Download:
    """One long download through HAProxy, every byte of which is compared."""

    def __init__(self, namespace, seconds):
        self.result = namespace.folder / ("download-%d" % len(namespace.children))
        self.child = module(namespace, "downloads", OURS, 1, seconds, self.result)
        assert self.child.stdout.readline() == "begun\n"
        self.child.send_signal(signal.SIGTERM)  # no other after this one

    @property
    def goes_on(self):
        """Whether it is under way still."""
        return self.child.poll() is None

    def outcome(self, seconds):
        """How it ended: "ok", or what was wrong."""
        assert self.child.wait(timeout=seconds) == 0
        one, = json.loads(self.result.read_text())
        return one["outcome"]
