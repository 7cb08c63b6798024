"""What HAProxy says on its admin socket.

`ask` puts a question; the other functions read answers.  They go by the names of columns
and fields, for versions add columns, and never raise: what they cannot read is left out.
(HAProxy management guide, section 9.3 "Unix Socket commands")
"""

import _socket
import errno
import posix as os
import time

WHOLE = 3  # an answer as a whole may take this many times the wait for its next part

# srv_admin_state and srv_agent_state of "show servers state", in decimal
# (HAProxy, include/types/server.h and checks.h of 1.8; the same in all versions since)
FORCED_MAINT = 0x01      # an operator's, the configuration's or an agent-check's
CONFIGURED_MAINT = 0x04  # "disabled" in the configuration; stays when the server is enabled
FORCED_DRAIN = 0x08      # an operator's or an agent-check's
CHECK_ENABLED = 0x04

# flags of a section in "show peers": resync from the local and from the remote peers is over
# (HAProxy, src/peers.c of 2.0, include/haproxy/peers-t.h of 3.0)
RESYNC_OVER = 0x03
# flag of a peer: it has taught all it knows, and said that it misses something itself
# (the same; with the new value peers have a learn_state)
NOT_UP_TO_DATE, NOT_UP_TO_DATE_3 = 0x200, 0x08

SERVER_ROW, FRONTEND_ROW = "2", "0"  # column "type" of "show stat"
PAUSED = "PAUSED"   # status of a disabled frontend, in 2.6
STOPPED = "STOP"    # the same until 2.2; in 2.6 of one that was shut down


class Server:
    """A server as clients meet it.

    status -- HAProxy's words, such as "UP 2/3" or "MAINT (via web/web01)"
    weight -- the effective one
    up     -- whether it gets new clients
    """

    __slots__ = ("backend", "name", "status", "weight", "up")

    def __init__(self, backend, name, status, weight):
        self.backend, self.name, self.status, self.weight = backend, name, status, weight
        # "UP 1/3" is going down and still serves, "DOWN 1/2" is going up and does not yet;
        # without weight "no check" stays what it is, and yet no client is sent there
        self.up = (status == "no check" or status.split(" ")[0] == "UP") and weight > 0


class Section:
    """A peers section; resynced: all that the peers had to teach has been learned, or has
    been waited for in vain (HAProxy tells no difference that lasts)."""

    __slots__ = ("name", "resynced", "peers")

    def __init__(self, name, resynced):
        self.name, self.resynced, self.peers = name, resynced, []


class Peer:
    """A peer of a section.

    connected -- there is a session with it, either's doing
    exhausted -- when it had taught all it knew, it said that this was not everything; it is
                 not asked again as long as there is this session
    """

    __slots__ = ("name", "local", "connected", "exhausted")

    def __init__(self, name, local, connected):
        self.name, self.local, self.connected = name, local, connected
        self.exhausted = False


class State:
    """What may have been changed of a server.

    mode, configured   -- "ready", "drain" or "maint": now, and by the configuration
    weight, own_weight -- now, and by the configuration
    steered            -- its weight is an agent-check's or a DNS SRV record's
    """

    __slots__ = ("mode", "configured", "weight", "own_weight", "steered")

    def __init__(self, admin, weight, own_weight, steered):
        # neither what a tracked server passes on, nor what name resolution does, is asked for:
        # both follow by themselves in every process
        self.mode = ("maint" if admin & FORCED_MAINT else
                     "drain" if admin & FORCED_DRAIN else "ready")
        self.configured = "maint" if admin & CONFIGURED_MAINT else "ready"
        self.weight, self.own_weight, self.steered = weight, own_weight, steered


def ask(path, command, timeout):
    """What HAProxy answers to a command on its socket, as text.

    timeout -- seconds for each wait; the whole answer may take WHOLE times as long
    Raises OSError: `_socket.timeout` when it is silent or does not come to an end,
    BlockingIOError when its backlog is full, ECONNRESET when it ended meanwhile.
    """
    client = put(path, command)
    try:
        return read(client, timeout)
    finally:
        client.close()


def put(path, command):
    """A connection to the socket with the command on its way. OSError as for `ask`."""
    client = connect(path)
    try:
        send(client, command)
    except OSError:
        client.close()
        raise
    return client


def connect(path):
    """A connection on which one question can be put. OSError as for `ask`."""
    client = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        client.setblocking(False)
        client.connect(path)
    except OSError:
        client.close()
        raise
    return client


def send(client, command):
    """Put a question on a new connection, which takes it as a whole. OSError as for `ask`."""
    client.send(command.encode() + b"\n")


def read(client, timeout):
    """The answer to what was put; timeout and errors as for `ask`."""
    end = time.monotonic() + WHOLE * timeout
    chunks = []
    while True:
        left = end - time.monotonic()
        if left <= 0:
            raise _socket.timeout("the answer does not end")
        client.settimeout(min(timeout, left))
        chunk = client.recv(65536)
        if not chunk:
            break
        chunks.append(chunk)
    answer = b"".join(chunks).decode("utf-8", "replace")
    if not answer.endswith("\n"):  # even the emptiest is a line; a worker that ends says less
        raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    return answer


def is_unknown(text):
    """Whether this version of HAProxy does not know the command."""
    return text.startswith("Unknown command")


def is_denied(text):
    """Whether the command wants a higher level than the socket has."""
    return text.startswith("Permission denied")


def info(text):
    """{field: value} of "show info"."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name: value.strip() for name, colon, value in pairs if colon}


def servers(text):
    """The Servers of "show stat" (of "show stat -1 4 -1": nothing else is in there)."""
    return [Server(row["pxname"], row["svname"], row["status"], _number(row["weight"]) or 0)
            for row in _rows(text, ",", ("pxname", "svname", "status", "weight", "type"))
            if row["type"] == SERVER_ROW]


def frontends(text):
    """{name: status} of "show stat" (of "show stat -1 1 -1"): OPEN, FULL, PAUSED or STOPPED."""
    return {row["pxname"]: row["status"]
            for row in _rows(text, ",", ("pxname", "status", "type"))
            if row["type"] == FRONTEND_ROW}


def states(text):
    """{(backend, server): State} of "show servers state"."""
    found = {}
    for row in _rows(text, " ", ("be_name", "srv_name", "srv_admin_state", "srv_uweight",
                                 "srv_iweight", "srv_agent_state")):
        numbers = [_number(row[name]) for name in ("srv_admin_state", "srv_uweight",
                                                   "srv_iweight", "srv_agent_state")]
        if None not in numbers:
            admin, weight, own_weight, agent = numbers
            steered = agent & CHECK_ENABLED or row.get("srvrecord", "-") != "-"
            found[row["be_name"], row["srv_name"]] = State(admin, weight, own_weight,
                                                           bool(steered))
    return found


def peers(text):
    """The Sections of "show peers"; None where HAProxy (before 2.0) does not know it.

    What was printed when: "status=" until 2.2.0 and "last_status=" since, "active" since
    then too.  The last status is what the last session came to: it stays ESTA when that is
    gone, and the peer is "inactive" then; so it is for a reconnect's 5 s when both sides
    had called at once and both hung up (the counter "coll").
    """
    if is_unknown(text):
        return None
    sections, peer, exhausted = [], None, 0
    for line in text.splitlines():
        # 0: a section, 2: a peer, 8: more of that, further: its tables
        indent = len(line) - len(line.lstrip(" "))
        fields = dict(word.partition("=")[::2] for word in line.split())
        flags = _number(fields.get("flags", ""), 16) or 0
        if indent == 0 and "id" in fields:
            sections.append(Section(fields["id"], flags & RESYNC_OVER == RESYNC_OVER))
        elif indent == 2 and "id" in fields and sections:
            peer = _peer(fields)
            exhausted = NOT_UP_TO_DATE_3 if "learn_state" in fields else NOT_UP_TO_DATE
            sections[-1].peers.append(peer)
        elif indent == 8 and flags & exhausted:
            peer.exhausted = True
    return sections


def _peer(fields):
    name, _, notes = fields["id"].partition("(")
    notes = notes.rstrip(")").split(",")
    status = fields.get("last_status", fields.get("status"))
    return Peer(name, "local" in notes, status == "ESTA" and "inactive" not in notes)


def _rows(text, separator, needed):
    """Dictionaries of the lines after the one that names the columns ("# name name ...").

    Lines without the needed columns are left out.  No quotes are looked for: texts that may
    hold the separator come behind all the columns that are read here.
    """
    names = None
    for line in text.splitlines():
        if line.startswith("# "):
            names = line[2:].split(separator)
        elif names:
            row = dict(zip(names, line.split(separator)))
            if all(name in row for name in needed):
                yield row


def _number(text, base=10):
    try:
        return int(text, base)
    except ValueError:
        return None
