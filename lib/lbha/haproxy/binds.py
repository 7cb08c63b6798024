"""The addresses that HAProxy's configuration wants to listen on.

An early look, before anything is touched; the judge is HAProxy itself.  So what cannot be
read here is left out: files that cannot, host names, environment variables, conditional
blocks, sockets that are not TCP or in another network namespace.

Source: HAProxy configuration manual 2.2 to 2.4 (quoting, variables, conditions), 4.2 and 5.1
(bind); management guide 3 (-f).
"""

import posix as os

from lbha import host, netlink
from lbha.haproxy.files import is_file, is_folder
from lbha.sockets import Endpoint
from lbha.values import IP

SECTIONS = {"global", "defaults", "frontend", "backend", "listen", "peers", "mailers", "ring",
            "resolvers", "userlist", "cache", "program", "http-errors", "log-forward",
            "log-profile", "fcgi-app", "crt-store", "traces", "acme"}
# prefixes of TCP addresses, and the family that they ask for (a colon tells IPv6)
PREFIXES = {"": None, "ip": None, "tcp": None, "ipv4": False, "tcp4": False, "ipv6": True,
            "tcp6": True}
INHERITING = ("frontend", "listen")     # what defaults are for, here

# a backslash takes the meaning away from the next character, but not in single quotes
ESCAPE = r"\\(?:x[0-9A-Fa-f]{2}|.)"
PIECE = r'"(?:[^"\\]|\\.)*"' + r"|'[^']*'|" + ESCAPE
TOKEN = r"""\s*(?:(?:#.*)?\Z|((?:[^\s#"'\\]|%s)+))""" % PIECE
QUOTING = frozenset("\"'\\")
MEANINGFUL = SECTIONS | {"bind", "disabled", "enabled", ".if", ".endif"}
LETTERS = {"n": "\n", "r": "\r", "t": "\t"}


class Wanted(Endpoint):
    """An address and port that a `bind` line names.

    where -- "FILE:LINE"
    """

    __slots__ = ("where",)

    def __init__(self, where, *endpoint):
        super().__init__(*endpoint)
        self.where = where


def wanted(paths):
    """The TCP addresses that the `bind` lines in configuration files name, a list of Wanted.

    paths -- files, and directories of which HAProxy takes *.cfg, in the order of -f
    Never raises for what it finds there.
    """
    found, default = [], False
    for name, lines in _sections(_lines(paths)):
        disabled = _is_disabled(lines, default and name in INHERITING)
        if name == "defaults":
            default = disabled
        elif not disabled:
            for where, words in lines:
                if words[0] == "bind" and len(words) > 1:
                    found.extend(_bind(where, words[1], words[2:]))
    return found


def _files(paths):
    for path in paths:
        if not is_folder(path):
            yield path
            continue
        try:
            names = os.listdir(path)
        except OSError:
            continue
        # in the order of LC_COLLATE=C
        for name in sorted(names, key=lambda name: name.encode("utf-8", "surrogateescape")):
            if name.endswith(".cfg") and not name.startswith("."):
                yield "%s/%s" % (path.rstrip("/"), name)


def _lines(paths):
    """The (where, words) of all lines that say something, outside of conditional blocks."""
    for path in _files(paths):
        depth = 0
        for number, line in enumerate(_text(path).split("\n"), 1):
            words = _words(line)
            if not words:
                continue
            if words[0] in (".if", ".endif"):
                depth += 1 if words[0] == ".if" else -1
            elif depth <= 0:
                yield "%s:%d" % (path.rpartition("/")[2], number), words


def _text(path):
    """The text of a regular file; none when it cannot be read."""
    try:
        data = host.read(path) if is_file(path) else None
    except OSError:
        return ""
    return (data or b"").decode("utf-8", "replace")


def _words(line):
    """The words of a line as HAProxy cuts it; none when a quote does not end.

    Of a line whose first word means nothing here, that one is enough.
    """
    plain = line.partition("#")[0].encode("utf-8", "replace")  # bytes: blanks are ASCII's
    first = b"".join(plain.split(None, 1)[:1]).decode()
    if not QUOTING.intersection(first) and first not in MEANINGFUL:
        return [first] if first else []
    return _cut(line) if QUOTING.intersection(line) else [
        word.decode() for word in plain.split()]


def _cut(line):
    """The words of a line with quotes."""
    import re  # dear, and a recovery is in a hurry

    words, position = [], 0
    while True:
        token = re.compile(TOKEN, re.ASCII).match(line, position)
        if not token:
            return []
        if token.group(1) is None:
            return words
        words.append(re.sub(PIECE, _bare, token.group(1)))
        position = token.end()


def _bare(piece):
    """What a quoted or escaped piece of a word stands for."""
    import re
    text = piece.group()
    if text[0] == "'":
        return text[1:-1]
    return re.sub(ESCAPE, _escaped, text[1:-1]) if text[0] == '"' else _escaped(piece)


def _escaped(piece):
    letter = piece.group()[1:]
    return chr(int(letter[1:], 16)) if len(letter) > 1 else LETTERS.get(letter, letter)


def _sections(lines):
    """The sections, each its keyword and its (where, words), the one that opens it first."""
    section = []
    for line in lines:
        if line[1][0] in SECTIONS and section:
            yield section[0][1][0], section
            section = []
        section.append(line)
    if section:
        yield section[0][1][0], section


def _is_disabled(lines, disabled):
    """Whether nobody listens for a section; `disabled` when it does not say."""
    for _, words in lines:
        if words[0] in ("disabled", "enabled"):
            disabled = words[0] == "disabled"
    return disabled


def _bind(where, addresses, options):
    """What one line wants; options tell which device and family."""
    device = _device(options)
    if device is None or "namespace" in options:
        return
    v6only = "v6only" in options or ("v4v6" not in options
                                     and host.sysctl("net.ipv6.bindv6only") == "1")
    for address in addresses.split(","):
        packed, ports = _address(address)
        for port in ports:
            yield Wanted(where, packed, port, device, v6only)


def _device(options):
    """The index of the device that options bind to, 0 for any, None for one that is not."""
    if "interface" not in options:
        return 0
    name = "".join(options[options.index("interface") + 1:][:1])
    return netlink.device_index(name) if "\0" not in name else None


def _address(text):
    """The bytes of an address and its ports; no ports when it is not TCP or not an address."""
    prefix, _, rest = text.rpartition("@")
    address, _, ports = rest.rpartition(":")
    if prefix.startswith("stream+"):
        prefix = prefix[len("stream+"):]
    if prefix not in PREFIXES:
        return b"", ()
    try:
        return _ip(address, PREFIXES[prefix]).packed, _ports(ports)
    except ValueError:
        return b"", ()


def _ip(text, is_v6):
    """The lbha.values.IP that an address means; ValueError for none."""
    if text in ("", "*"):
        return IP("::" if is_v6 else "0.0.0.0")
    if text.startswith("[") and text.endswith("]"):
        is_v6, text = True, text[1:-1]
    found = IP(text)
    if is_v6 is not None and is_v6 != (":" in text):
        raise ValueError("of the other family: %s" % text)
    return found


def _ports(text):
    """A port or LOW-HIGH, both included; ValueError for anything else."""
    low, dash, high = text.partition("-")
    return range(_port(low), _port(high if dash else low) + 1)


def _port(text):
    # int() also takes signs, blanks and digits of other scripts
    number = int(text) if text and not text.strip("0123456789") else 0
    if not 0 < number < 65536:
        raise ValueError("not a port: %s" % text)
    return number
