"""Netlink: links, addresses and routes as the kernel has them.

Sources: netlink(7), rtnetlink(7); linux/netlink.h, if_link.h, if_addr.h, if_addrlabel.h,
rtnetlink.h.  The tables below say what a message consists of; encoding and decoding both
follow them, and attributes that are not in a table are passed over.  Addresses are bytes in
network order.
"""

import _socket
import posix as os
from _struct import Struct

from lbha.errors import DeadlineReached, Failed

# linux/netlink.h
HEADER = Struct("=IHHII")           # length, type, flags, sequence, port
ATTRIBUTE = Struct("=HH")           # length, type
ERROR = Struct("=i")
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
NLM_F_EXCL, NLM_F_CREATE = 0x200, 0x400
NLM_F_DUMP_INTR = 0x10              # the tables changed under a dump: ask again
NLM_F_ACK_TLVS = 0x200              # an answer with attributes: the kernel's own words
NLMSGERR_ATTR_MSG = 1
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
TYPE_MASK = 0x3fff                  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER
BUFFER = 1 << 16                    # a dump comes in parts of at most 32 KiB
ATTEMPTS = 10                       # dumps that may be interrupted in a row
RTNETLINK, SOCK_DIAG = (0, "rtnetlink"), (4, "sock_diag")   # protocols: number, name

LONGEST_NAME = 15                   # net/if.h: IFNAMSIZ - 1
# net/if.h: flags of a link
IFF_UP, IFF_LOOPBACK, IFF_RUNNING, IFF_NOARP = 0x1, 0x8, 0x40, 0x80
# linux/if_addr.h: flags of an address
IFA_F_SECONDARY, IFA_F_NODAD, IFA_F_DADFAILED = 0x01, 0x02, 0x08
IFA_F_TENTATIVE, IFA_F_NOPREFIXROUTE = 0x40, 0x200
RT_TABLE_MAIN, RTN_UNICAST = 254, 1
RT_SCOPE_UNIVERSE, RT_SCOPE_HOST = 0, 254
FOREVER = 0xffffffff                # a lifetime without end


class Number:
    """An attribute that is one number."""

    def __init__(self, form):
        self._struct = Struct("=" + form)

    def encode(self, value):
        return self._struct.pack(value)

    def decode(self, data):
        return self._struct.unpack_from(data)[0]


class Numbers(Number):
    """An attribute that is a row of numbers; a tuple."""

    def encode(self, value):
        return self._struct.pack(*value)

    def decode(self, data):
        return self._struct.unpack_from(data)


class Text:
    """An attribute that is a text with a NUL at its end; any bytes may be in it."""

    def encode(self, value):
        return name_bytes(value) + b"\0"

    def decode(self, data):
        return data.partition(b"\0")[0].decode("utf-8", "surrogateescape")


class Bytes:
    """An attribute that is taken as it is: addresses of any family."""

    def encode(self, value):
        return value

    def decode(self, data):
        return data


U32 = Number("I")
TEXT = Text()
BYTES = Bytes()


class Message:
    """One link, address or route; what was not said is None."""

    def __init__(self, values):
        self.__dict__.update(values)


class Layout:
    """What messages about one kind of thing consist of.

    new, get   -- message types: RTM_NEW... and RTM_GET...; RTM_DEL... lies between
    header     -- (name, struct format) of the fixed part, in order
    attributes -- number: (name, kind)
    """

    def __init__(self, new, header, attributes):
        self.new, self.delete, self.get = new, new + 1, new + 2
        self.fields = tuple(name for name, _ in header)
        self.header = Struct("=" + "".join(form for _, form in header))
        self.by_number = attributes
        self.by_name = {name: (number, kind) for number, (name, kind) in attributes.items()}
        self.unsaid = dict.fromkeys(self.by_name)

    def encode(self, values):
        """The bytes of a message with these values (name -> value; None is left out)."""
        unknown = set(values) - set(self.fields) - set(self.by_name)
        if unknown:
            raise KeyError("not in this message: %s" % ", ".join(sorted(unknown)))
        parts = [self.header.pack(*(values.get(name) or 0 for name in self.fields))]
        for name, (number, kind) in self.by_name.items():
            if values.get(name) is not None:
                parts.append(_attribute(number, kind.encode(values[name])))
        return b"".join(parts)

    def decode(self, data):
        """The Message in these bytes."""
        values = dict(self.unsaid)
        values.update(zip(self.fields, self.header.unpack_from(data)))
        for number, content in _attributes(data, self.header.size):
            known = self.by_number.get(number)
            if known:
                values[known[0]] = known[1].decode(content)
        return Message(values)


# struct ifinfomsg, IFLA_*
LINK = Layout(16, (
    ("family", "Bx"), ("type", "H"), ("index", "i"), ("flags", "I"), ("change", "I"),
), {
    1: ("mac", BYTES), 3: ("name", TEXT),
    53: ("alternative", TEXT),  # in a question
})

# struct ifaddrmsg, IFA_*.  "address" is the peer's on a point-to-point link, "local" ours;
# IPv6 names only "address" when there is no peer
ADDRESS = Layout(20, (
    ("family", "B"), ("prefix", "B"), ("low_flags", "B"), ("scope", "B"), ("index", "I"),
), {
    1: ("address", BYTES), 2: ("local", BYTES), 3: ("label", TEXT), 4: ("broadcast", BYTES),
    6: ("lifetimes", Numbers("IIII")),  # preferred, valid (s); created, updated
    8: ("flags", U32), 9: ("metric", U32),  # of the route to the prefix
})

# struct ifaddrlblmsg, IFAL_*: which addresses go together as source and destination
ADDRESS_LABEL = Layout(72, (
    ("family", "Bx"), ("prefix", "B"), ("flags", "B"), ("index", "I"), ("sequence", "I"),
), {
    1: ("address", BYTES), 2: ("label", U32),
})

# struct rtmsg, RTA_*
ROUTE = Layout(24, (
    ("family", "B"), ("prefix", "B"), ("source_prefix", "B"), ("tos", "B"),
    ("low_table", "B"), ("protocol", "B"), ("scope", "B"), ("type", "B"), ("flags", "I"),
), {
    1: ("destination", BYTES), 4: ("device", U32), 5: ("gateway", BYTES),
    6: ("metric", U32), 15: ("table", U32), 18: ("via", BYTES),
})


class Refused(Failed):
    """The kernel said no; `errno` is its number, the sentence its own where it has one."""

    def __init__(self, number, words):
        super().__init__(words or os.strerror(number))
        self.errno = number


class Netlink:
    """A conversation with the kernel about this network namespace.

    seconds  -- for each answer (float). All raise Failed, methods DeadlineReached as well.
    protocol -- RTNETLINK or SOCK_DIAG
    """

    def __init__(self, seconds=5.0, protocol=RTNETLINK):
        self.seconds, self._protocol, self._sequence = seconds, protocol, 0
        self._socket = open_socket(protocol, 0, (NETLINK_CAP_ACK, NETLINK_EXT_ACK))
        self._socket.settimeout(seconds)

    def close(self):
        """End the conversation."""
        self._socket.close()

    def dump(self, layout, **values):
        """Everything of one kind, a list of Message."""
        table = self.table(layout.get, layout.new, layout.encode(values))
        return [layout.decode(data) for data in table]

    def table(self, question, answer, body):
        """The bytes of all messages of type `answer` to a `question`, a list."""
        for _ in range(ATTEMPTS):
            replies = self._ask(question, NLM_F_DUMP, body)
            if not any(flags & NLM_F_DUMP_INTR for flags, _, _ in replies):
                return [data for _, kind, data in replies if kind == answer]
        raise Failed("the kernel's tables changed during each of %d readings" % ATTEMPTS)

    def get(self, layout, **values):
        """The one Message that fits."""
        for _, kind, data in self._ask(layout.get, NLM_F_ACK, layout.encode(values)):
            if kind == layout.new:
                return layout.decode(data)
        raise Failed("the kernel answered without a message")

    def add(self, layout, **values):
        """Make a new one."""
        self._ask(layout.new, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, layout.encode(values))

    def change(self, layout, **values):
        """Change an existing one."""
        self._ask(layout.new, NLM_F_ACK, layout.encode(values))

    def delete(self, layout, **values):
        """Take one away."""
        self._ask(layout.delete, NLM_F_ACK, layout.encode(values))

    def _ask(self, kind, flags, body):
        """Send one request; the (flags, type, bytes) of the answers to it."""
        self._sequence += 1
        self._exchange(self._socket.send, HEADER.pack(
            HEADER.size + len(body), kind, flags | NLM_F_REQUEST, self._sequence, 0) + body)
        replies = []
        while True:
            for sequence, *reply in _messages(self._exchange(self._socket.recv, BUFFER)):
                if sequence != self._sequence:
                    continue  # left over from a request that was given up
                if reply[1] in (NLMSG_ERROR, NLMSG_DONE):
                    _raise_error(*reply)
                    return replies + [reply]
                replies.append(reply)

    def _exchange(self, call, argument):
        try:
            return call(argument)
        except _socket.timeout:
            raise DeadlineReached("no answer within %.3g s: waited for %s"
                                  % (self.seconds, self._protocol[1]))
        except OSError as error:  # such as ENOBUFS, when the kernel lacks memory
            raise failed(self._protocol, error)


def device_index(name):
    """The index of a device by name or alternative name, or None. Raises Failed."""
    try:
        return _socket.if_nametoindex(name_bytes(name))
    except OSError:
        return _index_of_long(name) if len(name_bytes(name)) > LONGEST_NAME else None


def name_bytes(name):
    """The name of a device as the kernel has it."""
    return name.encode("utf-8", "surrogateescape")


def _index_of_long(name):
    """As `device_index`; an alternative name may be longer than what the C library asks for."""
    kernel = Netlink()
    try:
        return kernel.get(LINK, alternative=name).index
    except Refused:
        return None
    finally:
        kernel.close()


def device_name(index):
    """The name of a device."""
    try:
        return _socket.if_indextoname(index)
    except OSError:
        return "device %d (gone)" % index


def open_socket(protocol, groups, options=()):
    """A netlink socket that hears these multicast groups (bits). Raises Failed."""
    try:
        made = _socket.socket(_socket.AF_NETLINK, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC,
                              protocol[0])
        made.bind((0, groups))
        for option in options:
            made.setsockopt(SOL_NETLINK, option, 1)
    except OSError as error:
        raise failed(protocol, error)
    return made


def failed(protocol, error):
    """The Failed that an OSError of a netlink socket becomes."""
    return Failed("cannot talk to %s: %s" % (protocol[1], error.strerror))


def _messages(data):
    """The (sequence, flags, type, bytes) of each message in a datagram."""
    offset = 0
    while offset + HEADER.size <= len(data):
        length, kind, flags, sequence, _ = HEADER.unpack_from(data, offset)
        if length < HEADER.size:
            return  # would never end
        yield sequence, flags, kind, data[offset + HEADER.size:offset + length]
        offset += _aligned(length)


def _raise_error(flags, kind, data):
    """Raise what an NLMSG_ERROR or NLMSG_DONE reports; zero is success."""
    number = -ERROR.unpack_from(data)[0] if len(data) >= ERROR.size else 0
    if number <= 0:
        return
    # with NETLINK_CAP_ACK the head of the request follows in an NLMSG_ERROR, not its body
    start = ERROR.size + (HEADER.size if kind == NLMSG_ERROR else 0)
    words = dict(_attributes(data, start)) if flags & NLM_F_ACK_TLVS else {}
    raise Refused(number, TEXT.decode(words.get(NLMSGERR_ATTR_MSG, b"")))


def _attribute(number, content):
    length = ATTRIBUTE.size + len(content)
    return ATTRIBUTE.pack(length, number) + content + bytes(_aligned(length) - length)


def _attributes(data, offset):
    """The (number, bytes) of each attribute from `offset` on."""
    while offset + ATTRIBUTE.size <= len(data):
        length, number = ATTRIBUTE.unpack_from(data, offset)
        if length < ATTRIBUTE.size:
            return
        yield number & TYPE_MASK, data[offset + ATTRIBUTE.size:offset + length]
        offset += _aligned(length)


def _aligned(length):
    return (length + 3) & ~3
