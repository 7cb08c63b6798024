"""What it costs: idle minutes, single actions, ten pings, fencing, reloads, sessions."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

from tests.lab import sticky
from tests.lab.bmc import PASSWORD, USER
from tests.lab.client import METER
from tests.lab.errors import LabError
from tests.lab.plan import CLIENT, GATEWAY, WEB, bmc_address, node_address
from tests.lab.visitors import Visitors
from tests.lab.wait import wait

from . import report, rivals, scenarios, usage

STOPWATCH = Path(__file__).with_name("stopwatch.py")
OCF = "/usr/lib/ocf/resource.d/"
ADDRESSES = [f"172.30.0.{number}" for number in range(1, 255)]
RELOADS = 100
HOLDS = 3.0  # seconds in which every agent has gone over to what it does all the time
STOCK = "heartbeat/IPaddr2"
ADDRESS_AGENTS = STOCK, "lbha/IPaddr2"
ADDRESS = {"ip": "172.31.0.1", "nic": "eno2", "cidr_netmask": "32"}
ALIVE = [GATEWAY, CLIENT, *WEB.values(), node_address("node02", "service")]
DEAD = [f"192.168.1.{number}" for number in range(201, 206)]
KNOWN = 5.0  # seconds since when a client has been known, and after which it comes again
# sessions that outlive these
SESSIONS = ("kill", "standby", "power")


def idle(rival, vips, seconds):
    """A row of an idle stretch of the active node; `vips` is how many, at most 255."""
    node = rivals.holder(rival.nodes)
    if vips > 1:
        rival.add_addresses(ADDRESSES[:vips - 1])
    try:
        group = rival.agents(node)
        time.sleep(HOLDS)
        return dict(usage.idle(node, group, seconds), rival=rival.name, vips=vips)
    finally:
        if vips > 1:
            rival.remove_addresses(ADDRESSES[:vips - 1])


def timed(node, rounds, steps, ear=None, timeout=600):
    """{name: [[wall, processor, exit code], ...]} of (name, words, environment, input).

    ear -- (device, IP): wall ends when the first ARP packet of IP leaves the node by device
    """
    order = json.dumps({"rounds": rounds, "steps": steps, "ear": ear})
    node.write("/run/stopwatch.py", STOPWATCH.read_bytes())
    done = node.run(["python3", "-IS", "/run/stopwatch.py"], input=order, timeout=timeout)
    return json.loads(done.out)


def agent(kind, action, **parameters):
    """A step that runs an agent as Pacemaker does; kind -- such as lbha/ping."""
    environment = {"OCF_ROOT": "/usr/lib/ocf", "OCF_RA_VERSION_MAJOR": "1",
                   "OCF_RA_VERSION_MINOR": "0", "OCF_RESOURCE_INSTANCE": "bench",
                   "OCF_RESOURCE_TYPE": kind.split("/")[1],
                   "OCF_RESOURCE_PROVIDER": kind.split("/")[0],
                   "OCF_RESKEY_CRM_meta_timeout": "60000",
                   "OCF_RESKEY_CRM_meta_on_node": "node01",
                   "OCF_RESKEY_CRM_meta_interval": "10000" if action == "monitor" else "0"}
    if kind.startswith("lbha/"):
        environment["OCF_RESKEY_hold"] = "0"
    environment.update({"OCF_RESKEY_" + key: value for key, value in parameters.items()})
    return [f"{kind} {action}", [OCF + kind, action], environment, ""]


def actions(node, rounds):
    """Rows of single actions, in a node without resources: ours, the stock agents, bare ones."""
    steps = [["python3 -I -S -c pass", ["/usr/bin/python3", "-I", "-S", "-c", "pass"], {}, ""],
             ["sh -c :", ["/bin/sh", "-c", ":"], {}, ""]]
    for kind in ADDRESS_AGENTS:
        three = [agent(kind, action, **ADDRESS) for action in ("start", "monitor", "stop")]
        steps += three + (list(map(under_bash, three)) if kind == STOCK else [])
    for kind in ("pacemaker/ping", "lbha/ping"):
        steps += [agent(kind, action, host_list=GATEWAY, attempts="1", timeout="2", dampen="0",
                        name="bench-ping") for action in ("start", "monitor", "stop")]
    steps += [[f"systemd:haproxy {action}", ["systemctl", verb, "haproxy.service"], {}, ""]
              for action, verb in (("start", "start"), ("monitor", "is-active"), ("stop", "stop"))]
    steps += [agent("lbha/haproxy", action, peers="auto")
              for action in ("start", "monitor", "stop")]
    return rows(timed(node, rounds, steps))


def under_bash(step):
    """The step of a shell script, run by another shell than the suite's: EL8's /bin/sh is bash."""
    name, words, environment, text = step
    return [name + report.BASH, ["/bin/bash", *words], environment, text]


def announced(node, rounds):
    """Rows of an address's start until its first announcement has left."""
    starts, steps = [], []
    for kind in ADDRESS_AGENTS:
        start, stop = (agent(kind, action, **ADDRESS) for action in ("start", "stop"))
        start[0] += " until announced"
        for one in [start, under_bash(start)] if kind == STOCK else [start]:
            starts.append(one[0])
            steps += [one, stop]
    times = timed(node, rounds, steps, (ADDRESS["nic"], ADDRESS["ip"]))
    heard = {name: times.get(name, ()) for name in starts}
    silent = [name for name, found in heard.items() if len(found) < rounds]
    if silent:
        raise LabError("not announced each time: " + ", ".join(silent))
    return rows(heard)


def crowd(node, rounds):
    """Rows of a monitor that pings ten hosts, five of them dead."""
    ten = {"host_list": " ".join(host for pair in zip(ALIVE, DEAD) for host in pair),
           "attempts": "2", "timeout": "2", "dampen": "0", "name": "bench-ping"}
    steps = []
    for kind in ("pacemaker/ping", "lbha/ping"):
        one = {action: agent(kind, action, **ten) for action in ("start", "monitor", "stop")}
        one["monitor"][0] = f"{kind} monitor, 5 of 10 hosts dead"
        steps += one.values()
    return [row for row in rows(timed(node, rounds, steps)) if "dead" in row["what"]]


def fencing(lab, rounds, statuses):
    """Rows of fencing node02 from node01, one agent after the other, round after round.

    rounds   -- of a reboot and of a BMC that does not answer
    statuses -- rounds of the status
    """
    node, target, bmc = lab.nodes["node01"], lab.nodes["node02"], lab.bmcs["node02"]

    def both(what, *options):
        # cipher: the ipmitool of bookworm asks for suites first, and ipmi_sim is mute on that
        options = (f"ip={bmc_address('node02')}", f"username={USER}", f"password={PASSWORD}",
                   "lanplus=1", "cipher=3", *options)
        return [[f"{name} {what}", [f"/usr/sbin/{name}"], {}, "\n".join(options) + "\n"]
                for name in ("fence_ipmilan", "fence_pyipmi")]

    times = timed(node, statuses, both("status", "action=status"))
    bmc.hang()
    try:
        times.update(timed(node, rounds, both("unreachable", "action=status")))
    finally:
        bmc.hang(False)
    reboots = (both("reboot", "action=reboot")
               + both("reboot, power_wait=0", "action=reboot", "power_wait=0"))
    for step in reboots * rounds:
        for name, found in timed(node, 1, [step]).items():
            times.setdefault(name, []).extend(found)
        target.wait_booted()
    return rows(times)


def rows(times):
    """What the stopwatch found, as rows for bench.json."""
    return [{"what": name, "wall": [one[0] for one in found], "cpu": [one[1] for one in found],
             "codes": sorted({one[2] for one in found})} for name, found in times.items()]


def reloads(rival, number):
    """A row of the requests that fail while HAProxy of the active node is reloaded."""
    node = rivals.holder(rival.nodes)
    with rival.lab.meter("meter", METER) as meter:
        began = time.monotonic()
        for _ in range(number):
            rival.reloaded(node)
        seconds = time.monotonic() - began
    return {"rival": rival.name, "reloads": number, "seconds": seconds,
            "failed": len(meter.report.failed), "requests": len(meter.report.requests),
            "reasons": meter.report.reasons}


@contextlib.contextmanager
def remembering(rival):
    """Inside the block HAProxy keeps clients with their server, as well as the rival can."""
    def read():
        for node in rival.nodes:
            if rivals.processes(node, "haproxy"):
                rival.reloaded(node)

    with sticky.installed(rival.nodes, rival.peers):
        read()
        yield
    read()


def sessions(rival, scenario):
    """A row of the clients that reach the same server after a scenario as before."""
    visitors = Visitors(rival.lab.gateway)
    node = rivals.holder(rival.nodes)
    first = visitors.visit()
    time.sleep(KNOWN)
    began = time.time()
    scenario.act(rival, node)
    if scenario.name != "kill":  # what is killed answers nobody, what is to move still does
        others = [one for one in rival.nodes if one is not node]
        wait(f"the VIP has left {node.name}", lambda: rivals.holder(others), scenario.bound)
    time.sleep(KNOWN)
    after = visitors.visit(first, seconds=scenario.bound)
    scenarios.heal(rival, scenario, began)
    return {"rival": rival.name, "scenario": scenario.name, "all": len(first.answers),
            "kept": after.kept(first), "missed": len(after.missed)}
