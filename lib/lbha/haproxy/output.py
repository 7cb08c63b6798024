"""What HAProxy writes to its standard error, and what it means.

`[ALERT] 325/101112 (42) : TEXT` until 2.3, `[ALERT]    (42) : config : TEXT` since.
"""

import _socket
import errno

from lbha import host
from lbha.values import IP

# HAProxy 2.0 and newer go on without the section, and replicate nothing
INCOMPLETE = "Removing incomplete section 'peers "


def complaint(result):
    """The line that says what HAProxy did not like; result is a lbha.proc.Result."""
    alerts = [_said(line) for line in result.err.splitlines() if line.startswith("[ALERT]")]
    return bind_problem(result.err) or "HAProxy refuses its configuration: " + (
        alerts[0] if alerts else result.last_line)


def warnings(text):
    """What HAProxy warns of, without date and pid."""
    return [_said(line) for line in text.splitlines() if line.startswith("[WARNING]")]


def without_local_peer(text):
    """A sentence when HAProxy dropped a peers section that does not name this node."""
    for line in text.splitlines():
        if INCOMPLETE in line:
            # [WARNING] ... Removing incomplete section 'peers NAME' (no peer named 'NODE').
            section = line.partition(INCOMPLETE)[2].partition("'")[0]
            node = line.partition("(no peer named '")[2].partition("'")[0]
            return ("stick tables are not replicated: the section peers %s names no peer %s, "
                    "this node" % (section, node))
    return None


def _said(line):
    """A line of HAProxy's without level, date and pid."""
    text = line.partition(" : ")[2].strip()
    if text.startswith("config : "):
        text = text[len("config : "):]
    place, found, rest = text.partition("] : ")
    if found and place.startswith("parsing ["):  # there is not much room for a reason
        text = "%s: %s" % (place[len("parsing ["):], rest)
    return text


def bind_problem(text):
    """A sentence when an address could not be bound, else None."""
    for line in text.splitlines():
        if "cannot bind socket" in line:
            where = line.rpartition("[")[2].partition("]")[0]
            address, _, port = where.rpartition(":")
            return "HAProxy cannot bind %s: %s" % (
                where, _why_not_bound(address, port) or _said(line))
    return None


def _why_not_bound(address, port):
    """What the kernel says to binding a TCP address, in words; None when it takes it."""
    try:
        ip = IP(address)
        _bind(ip, int(port))
    except ValueError:
        return None  # a wildcard, or a path
    except OSError as error:
        setting = "net.%s.ip_nonlocal_bind" % ("ipv6" if ":" in ip.text else "ipv4")
        if error.errno == errno.EADDRNOTAVAIL and host.sysctl(setting) == "0":
            return "not on this node and %s is 0; run sysctl --system" % setting
        if error.errno == errno.EADDRINUSE:
            return "another program has this port"
        return error.strerror
    return None


def _bind(ip, port):
    test = _socket.socket(ip.family, _socket.SOCK_STREAM)
    try:
        test.bind((ip.text, port))
    finally:
        test.close()
