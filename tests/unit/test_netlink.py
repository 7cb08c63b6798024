"""rtnetlink messages: what goes in comes out, and the layout is the kernel's."""

import errno
import resource
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbha import events, netlink
from lbha.errors import DeadlineReached, Failed
from lbha.netlink import ADDRESS, ADDRESS_LABEL, HEADER, LINK, ROUTE, Netlink, Refused

LAYOUTS = (LINK, ADDRESS, ROUTE, ADDRESS_LABEL)
# bits of the struct formats in the tables
BITS = {"B": 8, "Bx": 8, "H": 16, "I": 32, "i": 31}


def values_of(layout):
    """A strategy for the values of a layout: what each field and attribute can hold."""
    forms = {"LINK": ("Bx", "H", "i", "I", "I"), "ADDRESS": ("B",) * 4 + ("I",),
             "ROUTE": ("B",) * 8 + ("I",), "ADDRESS_LABEL": ("Bx", "B", "B", "I", "I")}
    name, = [name for name in forms if getattr(netlink, name) is layout]
    fields = {field: st.integers(0, 2 ** BITS[form] - 1)
              for field, form in zip(layout.fields, forms[name])}
    kinds = {
        netlink.U32: st.integers(0, 2 ** 32 - 1), netlink.BYTES: st.binary(max_size=32),
        netlink.TEXT: st.text(st.characters(blacklist_characters="\0",
                                            blacklist_categories=("Cs",)))}
    four = st.tuples(*[st.integers(0, 2 ** 32 - 1)] * 4)
    attributes = {name: st.none() | kinds.get(kind, four)
                  for name, (_, kind) in layout.by_name.items()}
    return st.fixed_dictionaries(dict(fields, **attributes))


@pytest.mark.parametrize("layout", LAYOUTS, ids=("link", "address", "route", "label"))
@given(data=st.data())
def test_what_is_encoded_is_decoded(layout, data):
    values = data.draw(values_of(layout))
    encoded = layout.encode(values)
    assert len(encoded) % 4 == 0
    assert vars(layout.decode(encoded)) == values


def test_the_headers_are_as_long_as_the_structs_of_the_kernel():
    assert [layout.header.size for layout in LAYOUTS] == [16, 8, 12, 12]
    assert [layout.new for layout in LAYOUTS] == [16, 20, 24, 72]


def test_an_address_is_laid_out_as_in_if_addr_h():
    ip = socket.inet_aton("192.168.1.10")
    assert ADDRESS.encode({"family": 2, "prefix": 24, "index": 3, "local": ip,
                           "label": "eth0:web", "flags": 0x200}) == (
        b"\x02\x18\x00\x00" + struct.pack("=I", 3)
        + struct.pack("=HH", 8, 2) + ip
        + struct.pack("=HH", 13, 3) + b"eth0:web\0" + bytes(3)
        + struct.pack("=HHI", 8, 8, 0x200))


def test_unknown_attributes_and_type_flags_are_passed_over():
    nested, byteorder = 0x8000, 0x4000
    data = ADDRESS.encode({"family": 2}) + b"".join((
        struct.pack("=HH", 5, 99) + b"x" + bytes(3),
        struct.pack("=HH", 8, 2 | nested) + b"\1\2\3\4",
        struct.pack("=HH", 8, 1 | byteorder) + b"\5\6\7\x08"))
    message = ADDRESS.decode(data)
    assert (message.local, message.address) == (b"\1\2\3\4", b"\5\6\7\x08")


@given(st.binary(max_size=64))
def test_attributes_without_sense_do_not_hold_anybody_up(data):
    assert len(list(netlink._attributes(data, 0))) <= 16
    assert len(list(netlink._messages(data))) <= 4


def test_a_value_that_the_message_lacks_is_refused():
    with pytest.raises(KeyError, match="gateway"):
        ADDRESS.encode({"gateway": 5})


class Kernel:
    """The other end of a conversation: a list of datagrams, each answered to one request."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []

    def send(self, request):
        self.requests.append(request)

    def recv(self, _):
        if not self.answers:
            raise socket.timeout()
        answer = self.answers.pop(0)
        return answer(len(self.requests))


def reply(kind, flags, body, sequence=None):
    """One message, with the sequence number of the request unless another is given."""
    def at(now):
        return HEADER.pack(HEADER.size + len(body), kind, flags, sequence or now, 0) + body
    return at


def together(*replies):
    return lambda now: b"".join(made(now) for made in replies)


def conversation(*answers):
    made = Netlink()
    made.close()
    made._socket = Kernel(*answers)
    return made


DONE = reply(netlink.NLMSG_DONE, 0, bytes(4))
LO = reply(LINK.new, 0, LINK.encode({"index": 1, "name": "lo"}))
OLD = reply(LINK.new, netlink.NLM_F_DUMP_INTR, LINK.encode({"index": 9, "name": "old"}))


def test_a_dump_comes_in_parts():
    found = conversation(LO, together(LO, LO), DONE).dump(LINK)
    assert [link.name for link in found] == ["lo"] * 3


@pytest.mark.parametrize("interrupted", ((OLD, DONE), (
    LO, reply(netlink.NLMSG_DONE, netlink.NLM_F_DUMP_INTR, bytes(4)))))
def test_a_dump_that_changed_under_the_reader_is_read_again(interrupted):
    talk = conversation(*(interrupted + (LO, DONE)))
    assert [link.name for link in talk.dump(LINK)] == ["lo"]
    assert len(talk._socket.requests) == 2


def test_a_dump_that_changes_for_ever_is_an_error():
    with pytest.raises(Failed, match="changed"):
        conversation(*[OLD, DONE] * netlink.ATTEMPTS).dump(LINK)


def test_answers_to_older_requests_are_passed_over():
    old = reply(LINK.new, 0, LINK.encode({"index": 9, "name": "old"}), sequence=77)
    assert [link.name for link in conversation(old, LO, DONE).dump(LINK)] == ["lo"]


def test_a_refusal_has_the_number_and_the_words_of_the_kernel():
    words = b"IPv6 is disabled on this device.\0"
    body = (struct.pack("=i", -errno.EACCES) + bytes(HEADER.size)
            + struct.pack("=HH", 4 + len(words), 1) + words + bytes(3))
    talk = conversation(reply(netlink.NLMSG_ERROR, netlink.NLM_F_ACK_TLVS, body))
    with pytest.raises(Refused, match="^IPv6 is disabled on this device.$") as caught:
        talk.add(ADDRESS, family=10)
    assert caught.value.errno == errno.EACCES


def test_a_refusal_without_words_is_told_by_its_number():
    body = struct.pack("=i", -errno.EADDRNOTAVAIL) + bytes(HEADER.size)
    with pytest.raises(Refused, match="Cannot assign requested address"):
        conversation(reply(netlink.NLMSG_ERROR, 0, body)).delete(ADDRESS, family=2)


def test_a_kernel_that_does_not_answer_ends_the_wait():
    with pytest.raises(DeadlineReached, match="rtnetlink"):
        conversation().dump(LINK)


@pytest.mark.parametrize("verb", ("send", "recv"))
def test_an_error_of_the_socket_is_a_failure_with_its_name(verb):
    def out_of_memory(_):
        raise OSError(errno.ENOBUFS, "No buffer space available")

    talk = conversation(LO, DONE)
    setattr(talk._socket, verb, out_of_memory)
    with pytest.raises(Failed, match="rtnetlink: No buffer space available"):
        talk.dump(LINK)


@pytest.mark.parametrize("opened", (Netlink, lambda: events.Events(
    events.GROUP_LINK)), ids=("conversation", "events"))
def test_without_a_socket_there_is_a_failure_with_its_name(opened):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        with pytest.raises(Failed, match="rtnetlink: Too many open files"):
            opened()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_this_machines_loopback_device():
    kernel = Netlink()
    try:
        index = netlink.device_index("lo")
        link = kernel.get(LINK, index=index)
        assert link.name == "lo" and link.flags & netlink.IFF_LOOPBACK
        assert netlink.device_name(index) == "lo"
        assert [found.name for found in kernel.dump(LINK) if found.index == index] == ["lo"]
        with pytest.raises(Refused) as caught:
            kernel.get(LINK, index=0x7ffffff0)
        assert caught.value.errno == errno.ENODEV
    finally:
        kernel.close()
    assert netlink.device_index("no-such-device") is None
