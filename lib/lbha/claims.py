"""Other hosts that have an address of ours, or claim it.

While an address is held a filter in the kernel listens for claims: ARP of others with our
address as the sender's (RFC 5227 section 1.1), Neighbor Advertisements of others for it (RFC
4861 section 4.4), and others that look whether they may have it (RFC 4862 section 5.4.3; the
kernel answers those).  A claim is answered by an announcement, at most once in ten seconds,
and told for a minute.  Before an address is added, `duplicate` asks for it.
"""

import _socket
import errno
import _struct as struct
import time

from lbha import arp, bpf, ndp, netlink, state
from lbha.announce import Announcer, has_neighbours
from lbha.deadline import Deadline
from lbha.errors import Error
from lbha.values import IP

NOTE = "claim"           # file in the state folder: what was seen of the last claim
LASTING = 60.0           # seconds after a claim in which it is told
DEFEND_INTERVAL = 10.0   # RFC 5227 section 2.4 (c): for who is to keep its address
REST = 1.0               # seconds after a claim in which no other one wakes us
PATIENCE = 2.0           # seconds for the lock, and for those who know the nodes
PROBES, PROBE_PAUSE = 3, 0.3  # RFC 5227 has 1 to 2 s between probes: no start waits so long
KERNEL_SECONDS = 5.0     # for an answer of the kernel
MOST = 2048              # bytes of a packet
SO_BINDTODEVICE = 25
ICMPV6_FILTER = 1        # linux/icmpv6.h: a set bit keeps messages of that type away
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_MULTICAST = 263, 1, 0
PACKET_MREQ = struct.Struct("=iHH8s")
PACKET_OTHERHOST = (3).to_bytes(4, "big")  # linux/if_packet.h
AT_SOURCE_MAC = 6        # in an Ethernet frame
IPV6_HOP_LIMIT, IPV6_SOURCE = bpf.NETWORK_HEADER + 7, bpf.NETWORK_HEADER + 8
# struct ndmsg, NDA_*: whom the kernel has met
NEIGHBOUR = netlink.Layout(28, (
    ("family", "Bxxx"), ("index", "i"), ("state", "H"), ("flags", "B"), ("type", "B"),
), {
    1: ("address", netlink.BYTES), 2: ("mac", netlink.BYTES),
})


def watch(agent, link, ip, namespace):
    """Claims, or None where nobody can claim an address: no Ethernet, or no way to listen,
    which is logged. See Claims; to be called inside the namespace."""
    if not has_neighbours(link):
        return None
    try:
        return Claims(agent, link, ip, namespace)
    except OSError as error:
        agent.log.warning("cannot listen on %s for others with the address: %s"
                          % (link.name, error.strerror))
        return None


class Claims:
    """Claims of our address by other hosts, as an event source (lbha.hold).

    To be kept open between two waits: a claim that comes in between is not lost.

    agent -- the lbha.ocf.ResourceAgent that has the address
    link  -- the Message of the device; ip -- the address (bytes)
    namespace -- the lbha.netns.Namespace of the device; `observe` is called outside, where
             the cluster is that knows the names of nodes
    is_deaf -- whether its socket failed: another one is to be made, and not at once
    Raises OSError.
    """

    is_deaf = False

    def __init__(self, agent, link, ip, namespace):
        self.agent, self.link, self.ip, self.namespace = agent, link, ip, namespace
        self._heard = set()   # who claimed it and is not noted yet: MAC addresses, or empty
        self._names = {}      # MAC address -> how people call the host
        self._rested = 0.0
        self._socket = (_hear_arp if len(ip) == 4 else _hear_icmpv6)(link, ip)
        self._socket.setblocking(False)

    @property
    def fd(self):
        """The descriptor that a claim makes readable; None right after one."""
        return self._socket.fileno() if time.monotonic() >= self._rested else None

    def happened(self):
        """Whether somebody may have claimed the address since the last question, or none
        can be heard any more."""
        if self.is_deaf or time.monotonic() < self._rested:
            return False  # a flood of claims is not to cost a processor
        try:
            packets = list(_drain(self._socket))
        except OSError as error:
            self.agent.log.warning("cannot hear on %s who else has the address: %s"
                                   % (self.link.name, error.strerror))
            self.is_deaf = True
            return True
        if not packets:
            return False
        self._heard.update(map(self._claimant, packets))
        self._rested = time.monotonic() + REST
        return True

    def observe(self):
        """Take in what has come, answer it; the sentence of `lasting`. Nothing of it fails
        a monitor."""
        self.happened()
        try:
            if self._heard:
                self._attend()
        except (Error, OSError) as error:  # the next look tries again
            self.agent.log.warning("cannot answer a claim of the address: %s" % error)
        return lasting(self.agent.folder)

    def close(self):
        """Hear no more."""
        self._socket.close()

    def _attend(self):
        """Note who claimed it and defend the address, unless a stop has begun."""
        with self.namespace:
            links = _links()
        # another device of ours on the same wire is no other host
        others = self._heard - {link.mac for link in links.values()}
        if others:
            # its MAC address may be another one now, as when a bond fails over
            self.link = links.get(self.link.index, self.link)
            sentence = "%s on %s: %s" % (IP.from_packed(self.ip), self.link.name,
                                         self._describe(max(others)))
            agent = self.agent
            with agent.folder.lock(agent.deadline.within(PATIENCE)):
                agent.record.reload()
                if agent.record and not agent.record["stopping"]:
                    self._answer(sentence)
        self._heard.clear()

    def _answer(self, sentence):
        note = state.Record(self.agent.folder, NOTE)
        due = note.age("defended") >= DEFEND_INTERVAL
        now = time.monotonic()
        note.update(seen=now, defended=now if due else note["defended"], sentence=sentence)
        if due:
            with self.namespace as is_there:
                if is_there:
                    _announce(self.link, self.ip)

    def _describe(self, mac):
        if not mac:
            return "another host claims it, or looks whether it may have it"
        if mac not in self._names:
            with self.namespace:
                known = _addresses_of(self.link.index, mac)
            self._names[mac] = _name(self.agent, known, mac)
        return "claimed by another host too, %s" % self._names[mac]

    def _claimant(self, packet):
        """The MAC address that claims, bytes; empty when the packet does not say."""
        return arp.sender(packet) if len(self.ip) == 4 else ndp.advertised_mac(packet) or b""


def lasting(folder):
    """The sentence about a claim of the last minute, or None."""
    note = state.Record(folder, NOTE)
    return note["sentence"] if note.age("seen") < LASTING else None


def duplicate(link, ip, deadline=None):
    """Which other host has an address, or looks whether it may have it: a MAC address as
    people write it, or None.

    link, ip -- as in Claims; deadline -- a Deadline; without one about a second
    None also where nobody can be asked: no Ethernet, no carrier. Raises OSError.
    """
    if not has_neighbours(link) or not link.flags & netlink.IFF_RUNNING:
        return None
    deadline = (deadline or Deadline(PROBES * PROBE_PAUSE)).within(PROBES * PROBE_PAUSE)
    question = (arp.probe if len(ip) == 4 else ndp.solicitation)(link.mac, ip)
    own = {one.mac for one in _links().values()}
    asking = _hear_answers(link, ip)
    try:
        for left in reversed(range(PROBES)):
            asking.send(question)
            turn = deadline.within(deadline.left() / (left + 1))
            while turn.left():
                asking.settimeout(max(0.001, turn.left()))
                try:
                    packet = asking.recv(MOST)
                except _socket.timeout:
                    break
                mac = (arp.sender(packet) if len(ip) == 4
                       else packet[AT_SOURCE_MAC:AT_SOURCE_MAC + 6])
                if mac not in own:  # another device of ours on the same wire
                    return _text(mac)
        return None
    finally:
        asking.close()


# -------------------------------------------------------------------------------- listening

def _hear_arp(link, ip):
    """A socket that gets claims of an IPv4 address."""
    return _hear_frames(link, arp.ETHERTYPE, arp.claims(ip), [(arp.AT_SENDER_MAC, link.mac)])


def _hear_icmpv6(link, ip):
    """A socket that gets claims of an IPv6 address.

    A raw one: a packet socket would see every IPv6 packet of the device, and a balancer has
    many.
    """
    made = _socket.socket(_socket.AF_INET6, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC,
                          _socket.IPPROTO_ICMPV6)
    try:
        # a router lets no packet through that has the highest hop limit: it is from this link
        genuine = [(IPV6_HOP_LIMIT, b"\xff")]
        cases = [genuine + case for case in ndp.claims(ip, 0) + ndp.probes(ip, 0, IPV6_SOURCE)]
        bpf.attach(made, bpf.any_of(cases, [[(bpf.LINK_HEADER + AT_SOURCE_MAC, link.mac)]]))
        made.setsockopt(_socket.IPPROTO_ICMPV6, ICMPV6_FILTER, _only(
            ndp.SOLICITATION, ndp.ADVERTISEMENT))
        made.setsockopt(_socket.SOL_SOCKET, SO_BINDTODEVICE, netlink.name_bytes(link.name) + b"\0")
        made.setblocking(False)
        for _ in _drain(made):
            pass  # it came before all this was said
    except OSError:
        made.close()
        raise
    return made


def _hear_answers(link, ip):
    """A socket that gets what says that somebody has an address, or is looking for it."""
    if len(ip) == 4:
        return _hear_frames(link, arp.ETHERTYPE, arp.claims(ip) + arp.probes(ip),
                            [(arp.AT_SENDER_MAC, link.mac)])
    made = _hear_frames(link, ndp.ETHERTYPE, ndp.claims(ip) + ndp.probes(ip),
                        [(AT_SOURCE_MAC, link.mac)])
    # others look by a group of which we are no member yet
    mac = ndp.group_mac(ndp.solicited_node(ip))
    made.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MREQ.pack(
        link.index, PACKET_MR_MULTICAST, len(mac), mac))
    return made


def _hear_frames(link, ethertype, cases, own):
    """A packet socket on a device that gets the frames which fit one of the cases (lbha.bpf),
    and not `own`, the fields of a frame of the device itself."""
    made = _socket.socket(_socket.AF_PACKET, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, 0)
    try:
        # the kernel also shows us what goes to a VLAN on top of the device, and then that of
        # any other VLAN as if it went to another host
        here = [(bpf.DEVICE, link.index.to_bytes(4, "big"))]
        bpf.attach(made, bpf.any_of([here + case for case in cases],
                                    [own, [(bpf.PACKET_TYPE, PACKET_OTHERHOST)]]))
        made.bind((link.name, ethertype))  # from here on it hears: through the filter
    except OSError:
        made.close()
        raise
    return made


def _only(*kinds):
    """The filter that passes these types of ICMPv6 messages."""
    blocked = [0xffffffff] * 8
    for kind in kinds:
        blocked[kind // 32] &= ~(1 << kind % 32)
    return struct.pack("=8I", *blocked)


def _drain(heard):
    """The packets that wait in a socket which does not block."""
    while True:
        try:
            yield heard.recv(MOST)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ENETDOWN:  # told once, and heard again when it is up
                raise


# ------------------------------------------------------------------------------- answering

def _announce(link, ip):
    announcer = Announcer(link, ip)
    try:
        announcer.send()
    finally:
        announcer.close()


# ---------------------------------------------------------------------------------- who is it

def _links():
    """The devices of this node, index -> Message. Raises Failed."""
    kernel = netlink.Netlink(KERNEL_SECONDS)
    try:
        return {link.index: link for link in kernel.dump(netlink.LINK)}
    finally:
        kernel.close()


def _name(agent, known, mac):
    """How people call a host with these IPs: its MAC address, and the node of the cluster
    that it is, or the address by which it is known otherwise."""
    try:
        node = known and _node_with(known, agent.deadline.within(PATIENCE))
    except Error as error:  # no cluster, or not now
        agent.log.debug("cannot name %s: %s" % (_text(mac), error.reason))
        node = None
    return "%s (%s)" % (_text(mac), node or known[0]) if known else _text(mac)


def _addresses_of(index, mac):
    """The IPs by which the kernel has met a MAC address on a device, a list."""
    kernel = netlink.Netlink(KERNEL_SECONDS)
    try:
        return [IP.from_packed(met.address) for met in kernel.dump(NEIGHBOUR)
                if met.index == index and met.mac == mac]
    finally:
        kernel.close()


def _node_with(addresses, deadline):
    """The node of the cluster that has one of these IPs, or None."""
    from lbha import cluster, names

    words = {word: member.name for member in cluster.members(deadline)
             for word in member.addresses + [member.name]}
    places, _ = names.locate(words, deadline)
    return next((name for word, name in words.items()
                 if word in places and places[word][0] in addresses), None)


def _text(mac):
    return ":".join("%02x" % byte for byte in mac)
