"""What happened between a failure and the next answer, read from what the witnesses wrote."""

import collections
import datetime
import re

# time -- epoch seconds; where -- a node, "wire" or "client"; what -- a few words
Event = collections.namedtuple("Event", "time where what")

LINE = re.compile(r"(?P<time>\d+\.\d+) (?P<host>\S+) (?P<program>[^\s:\[]+)(?:\[\d+\])?: +"
                  r"(?:\w+: )?(?P<text>.*)")
MEMBERSHIP, FENCING = "new membership", "fencing asked"
CALLED, ASKED, OVER = "scheduler called", "action asked", "nothing to do"
QUIET = 2.5  # seconds without a new transition after which there will be none
# what a program says -> the words for it; the first that fits
PATTERNS = [(program, re.compile(pattern), words) for program, pattern, words in (
    ("pacemaker-controld", r"Result of (?P<a>\w+) operation for (?P<b>\S+) on \S+: (?:\d+ \()?"
     r"(?P<c>[\w -]+)", "{b} {a}: {c}"),
    ("pacemaker-controld", r"State transition S_IDLE -> S_POLICY_ENGINE", CALLED),
    ("pacemaker-controld", r"State transition S_TRANSITION_ENGINE -> S_IDLE", OVER),
    ("pacemaker-fenced", r"Requesting peer fencing \((?P<a>\w+)\)", FENCING),
    ("pacemaker-fenced", r"Operation '?(?P<a>reboot|off)'? .*: OK", "fenced"),
    ("corosync", r".*A processor failed", "token lost"),
    ("corosync", r".*A new membership", MEMBERSHIP),
    ("systemd", r"(?P<a>haproxy|keepalived)\.service: Main process exited", "systemd: {a} died"),
    ("systemd", r"Started (?:HAProxy|Cluster Controlled haproxy)", "systemd: haproxy started"),
    ("pacemaker-attrd", r"Setting (?!fail-count|last-failure)(?P<a>\S+)\[(?P<b>\S+)\]: \S+ ->"
     r" (?P<c>\S+)", "{a} of {b} is {c}"),
    ("Keepalived_vrrp", r".*Script `?(?P<a>\w+)`? now returning (?P<b>\d+)", "check {a}: {b}"),
    ("Keepalived_vrrp", r".*VRRP_Script\((?P<a>\w+)\) (?P<b>\w+)", "check {a} {b}"),
    ("Keepalived_vrrp", r".*Entering (?P<a>\w+) STATE", "{a}"),
)]
ADDRESS = re.compile(r"\[(?P<time>[-\dT:.]+)\]\s*(?P<gone>Deleted )?"
                     r"\d+: \S+\s+inet (?P<ip>[\d.]+)/")


def of_journal(text):
    """Events in the output of `journalctl --output=short-unix`."""
    for line in text.splitlines():
        match = LINE.match(line)
        if match:
            words = _words(match.group("program"), match.group("text"))
            if words:
                yield Event(float(match.group("time")), match.group("host"), words)


def _words(program, text):
    for name, pattern, words in PATTERNS:
        match = name == program and pattern.match(text)
        if match:
            return words.format(**match.groupdict())
    return ""


def of_addresses(text, node, address):
    """Events in the output of `ip -ts -o monitor address`, of one address."""
    for line in text.splitlines():
        match = ADDRESS.match(line)
        if match and match.group("ip") == address:
            when = datetime.datetime.strptime(match.group("time"), "%Y-%m-%dT%H:%M:%S.%f")
            yield Event(when.timestamp(), node,
                        "VIP removed" if match.group("gone") else "VIP added")


def of_wire(text):
    """The first announcement of each burst in the output of `tcpdump -tt` of announcements."""
    last = 0.0
    for line in text.splitlines():
        stamp = line.partition(" ")[0]
        if stamp.replace(".", "", 1).isdigit():
            if float(stamp) - last > 1:
                yield Event(float(stamp), "wire", "VIP announced")
            last = float(stamp)


def between(events, begin, end):
    """Those from `begin` to `end` (epoch seconds), in order, each only once."""
    return sorted({one for one in events if begin <= one.time <= end})


def busy(seen, began, now):
    """[seconds] from the first action that was asked for to the end of the last transition;
    None while that may come.  Without an action from the scheduler's call, or from `began`.

    (From the action: after a change of pcs Pacemaker 2.0.5 elects its controller anew, which
    takes none, one or two seconds; 3.0 calls the scheduler out of that election.)

    seen -- Events
    """
    calls, asked, ends = ([event.time for event in seen if event.what == what]
                          for what in (CALLED, ASKED, OVER))
    if not ends or now - max(ends) < QUIET or max(calls + asked, default=0) > max(ends):
        return None
    return [max(ends) - min(asked or calls or [began])]
