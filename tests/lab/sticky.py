"""Stick tables: a configuration that depends on one, and what HAProxy has in it."""

from __future__ import annotations

import contextlib
import socket
from typing import Iterator, Sequence

from .errors import LabError
from .node import Node
from .visitors import WISH

BALANCE = "  balance roundrobin\n"
# The balance is the visitor's own wish (map-based: a digit is a server's place in
# the list), so that nobody has the same server twice by chance.
STICKY = f"""  balance hdr({WISH})
  hash-type map-based
  stick-table type ip size 10k expire 30m{{peers}}
  stick on src
"""
TABLE = "web"
CFG = "/etc/haproxy/haproxy.cfg"
ADMIN = "/run/lbha/haproxy-haproxy/admin.sock"


def configuration(cfg: str, peers: str = "") -> str:
    """The guide's haproxy.cfg, but a visitor stays with a server.

    peers -- the section that replicates the table; without it the table is HAProxy's own
    """
    if BALANCE not in cfg:
        raise LabError(f"haproxy.cfg has no line {BALANCE.strip()!r} to replace")
    return cfg.replace(BALANCE, STICKY.format(peers=f" peers {peers}" if peers else ""))


@contextlib.contextmanager
def installed(nodes: Sequence[Node], peers: str = "") -> Iterator[None]:
    """Inside the block haproxy.cfg of the nodes is `configuration`; nobody is told to read it."""
    files = {node: node.read(CFG) for node in nodes}
    for node, text in files.items():
        node.write(CFG, configuration(text, peers).encode())
    try:
        yield
    finally:
        for node, text in files.items():
            node.write(CFG, text.encode())


def ask(node: Node, command: str, path: str = ADMIN) -> str:
    """What the HAProxy of a node answers to a command on its socket; LabError if it does not.

    (HAProxy management guide, section 9.3 "Unix Socket commands")
    """
    # a socket's path is looked up in the caller's files, whatever its network
    there = f"/proc/{node.pid}/root{path}"
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(there)
            client.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: client.recv(65536), b"")).decode()
    except OSError as error:
        raise LabError(f"{node.name}: HAProxy does not answer on {path}: {error}") from None


def worker(node: Node) -> tuple[str, bool]:
    """The process id of the node's serving worker, and whether its tables are in step.

    Both in one answer: while a reload is under way, a second question may be
    answered by another worker. In step is who has ended the local and the
    remote phase of the resynchronisation: the low two bits of the flags.
    """
    words = ask(node, "show info; show peers").split()
    flags = next((word for word in words if word.startswith("flags=")), "flags=0")
    return words[words.index("Pid:") + 1], int(flags.partition("=")[2], 16) & 3 == 3


def is_there(node: Node) -> bool:
    """Whether the HAProxy that serves has read a file with the table."""
    return f"table: {TABLE}," in ask(node, "show table")


def in_step(node: Node) -> bool:
    return worker(node)[1]


def table(node: Node, path: str = ADMIN) -> dict[str, str]:
    """Source -> number of its server, as `show table` has it."""
    found = {}
    for line in ask(node, f"show table {TABLE}", path).splitlines():
        words = dict(word.split("=", 1) for word in line.split() if "=" in word)
        if "key" in words:
            found[words["key"]] = words.get("server_id", "")
    return found


def difference(nodes: Sequence[Node]) -> dict[str, list[str]]:
    """Source -> number of its server on each node, of those that are not the same on all."""
    tables = [table(node) for node in nodes]
    servers = {source: [one.get(source, "unknown") for one in tables]
               for source in set().union(*tables)}
    return {source: found for source, found in sorted(servers.items()) if len(set(found)) > 1}
