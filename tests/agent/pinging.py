"""What the tests of ocf:lbha:ping have in common: resources, hosts that answer, and attrd."""

import contextlib
import os
import signal
import subprocess
import sys
import time

from tests import paths
from tests.agent.resource import OK, Resource

RESPONDER = paths.CHECKOUT / "tests/agent/responder.py"
ATTRD = "/usr/sbin/attrd_updater"


def configured(namespace, host_list, **parameters):
    """A ping resource with short times."""
    given = dict({"attempts": 2, "timeout": "300ms"}, **parameters)
    return Resource(namespace, "ping", host_list=host_list, **given)


def published(namespace):
    """What attrd_updater was told, a tuple a call: verb, name, value, delay."""
    if not namespace.attributes.exists():
        return []
    return [tuple(line.split("\t")) for line in namespace.attributes.read_text().splitlines()]


def value(namespace, name="pingd"):
    """The attribute as it is now; None when there is none."""
    calls = [call for call in published(namespace) if call[1] == name]
    return calls[-1][2] if calls and calls[-1][0] == "set" else None


def responder(namespace, **habits):
    """Hosts h10 = 127.0.0.10, h6_10 = fd00::10 and so on, which answer as told."""
    namespace.ip("address", "add", "fd00::99/128", "dev", "lo")
    words = []
    for name, habit in habits.items():
        version, _, number = name[1:].rpartition("_")
        address = "fd00::" + number if version else "127.0.0." + number
        if version:
            namespace.ip("address", "add", address + "/128", "dev", "lo")
        words.append("%s=%s" % (address, habit))
    for name in ("ipv4/icmp_echo_ignore_all", "ipv6/icmp/echo_ignore_all"):
        namespace.run(["sh", "-c", "echo 1 > /proc/sys/net/" + name])
    child = namespace.popen([sys.executable, "-I", RESPONDER, *words],
                            stdout=subprocess.PIPE, universal_newlines=True)
    assert child.stdout.readline() == "ready\n"
    return child


def until(condition, seconds=10):
    """Wait for a condition, and say so when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited %d s for %s" % (seconds, condition)
        time.sleep(0.02)


def kill(child):
    """SIGKILL to the process group, as Pacemaker does."""
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()


def mount(namespace, path, text):
    """Put a file of that text over `path`."""
    source = namespace.folder / path.strip("/").replace("/", "-")
    source.write_text(text)
    namespace.run(["mount", "--bind", source, os.path.realpath(path)])


def break_attrd(namespace, script):
    """Replace attrd_updater by a shell script until it is unmounted."""
    mount(namespace, ATTRD, "#!/bin/sh\n" + script)
    namespace.run(["chmod", "755", ATTRD])


def mend_attrd(namespace):
    """Take back what `break_attrd` did."""
    namespace.run(["umount", ATTRD])


def hold(ping, seconds):
    """A monitor that holds: the second of two, an interval after the first."""
    ping.parameters["hold"] = seconds
    for _ in range(5):  # the second has to come in time, which a busy machine may prevent
        assert ping.monitor(interval=0.1, timeout=60).code == OK
        time.sleep(0.12)
        child = ping.popen("monitor", interval=0.1, timeout=60)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(1)
            child.communicate()
            continue
        return child
    raise AssertionError("no monitor holds")


def drop(namespace, rule):
    """Drop packets that come in, by an nftables rule; None: none any more.

    (Of those that go out the sender would be told.)
    """
    namespace.run(["nft", "flush", "ruleset"])
    if rule:
        namespace.run(["nft", "add table inet lossy"])
        namespace.run(["nft", "add chain inet lossy in { type filter hook input priority 0; }"])
        namespace.run(["nft", "add rule inet lossy in %s drop" % rule])
