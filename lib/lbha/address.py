"""The addresses of this node: where one is, adding it, taking it away."""

import _socket
import errno
import posix as os

from lbha import host, netlink, values
from lbha.errors import Error, Failed, LocalFault, NoPrivilege
from lbha.netlink import ADDRESS, LINK, Netlink, Refused

LONGEST_DEVICE = 127  # ALTIFNAMSIZ - 1: alternative names may be that long
GONE = (errno.EADDRNOTAVAIL, errno.ENODEV)  # what a delete may find instead
PROMOTE = "/proc/sys/net/ipv4/conf/%s/promote_secondaries"


class Duplicate(Failed):
    """Another host has the address."""


class FloatingAddress(values.Address):
    """Parameter type: an address that one node may have for itself; the value is an IP."""

    wants = "a unicast IPv4 or IPv6 address without prefix"

    def parse(self, text):
        ip = super().parse(text)
        first = ip.packed[0]
        if ip.family == _socket.AF_INET:
            refused = first == 0 or 224 <= first <= 239 or ip.text in (
                "255.255.255.255", "127.0.0.1")
        else:
            refused = first == 0xff or ip.text in ("::", "::1")
        if refused:
            raise ValueError("is not %s" % self.wants)
        return ip


class Netmask(int):
    """A prefix length that was given as an IPv4 netmask."""


class Prefix:
    """Parameter type: a prefix length, or a dotted IPv4 netmask; the value is the length, a
    Netmask if it came as one."""

    ocf_type = fence_type = "string"
    wants = "a prefix length such as 24, or an IPv4 netmask"

    def parse(self, text):
        try:
            if "." not in text:
                return values.Integer(1, 128).parse(text)
            mask = int.from_bytes(values.Address().parse(text).packed, "big")
        except ValueError:
            raise ValueError("is not %s" % self.wants)
        length = bin(mask).count("1")
        if not mask or mask >> 32 or mask != (0xffffffff << 32 - length) & 0xffffffff:
            raise ValueError("is not %s" % self.wants)
        return Netmask(length)

    def show(self, value):
        return str(value)


class Device(values.Text):
    """Parameter type: the name of a network device."""

    wants = "the name of a network device"

    def parse(self, text):
        try:  # packet sockets take no other names
            netlink.name_bytes(text).decode()
        except UnicodeDecodeError:
            raise ValueError("is not %s" % self.wants)
        if len(text) > LONGEST_DEVICE or any(c.isspace() or c in "/\0" for c in text):
            raise ValueError("is not %s" % self.wants)
        return text


class NetworkNamespace(Device):
    """Parameter type: the name of a network namespace."""

    wants = "the name of a network namespace"


class RouteProtocol(values.Text):
    """Parameter type: who made a route; the value is its number (lbha.routes)."""

    wants = "a route protocol such as kernel or static, or a number from 0 to 255"

    def parse(self, text):
        from lbha import routes  # few say this

        if text.lower() in routes.PROTOCOLS:
            return routes.PROTOCOLS[text.lower()]
        try:
            return values.Integer(0, 255).parse(text)
        except ValueError:
            raise ValueError("is not %s" % self.wants)


class Place:
    """Where an address is, or is wanted; what nobody said is None.

    ip     -- IP
    index  -- of the device; device -- its name, for sentences
    prefix -- length
    label  -- what stands behind the colon
    """

    __slots__ = ("ip", "index", "device", "prefix", "label")

    def __init__(self, ip, index, device, prefix, label=None):
        self.ip, self.index, self.device = ip, index, device
        self.prefix, self.label = prefix, label

    def has(self, copy):
        """Whether this Message of an address is here."""
        return (packed(copy) == self.ip.packed
                and self.index in (None, copy.index) and self.prefix in (None, copy.prefix))

    def __str__(self):
        prefix = "" if self.prefix is None else "/%d" % self.prefix
        device = "" if self.device is None else " on " + self.device
        return "%s%s%s" % (self.ip, prefix, device)


class Addresses:
    """The addresses of this node, by rtnetlink.

    seconds -- for each answer of the kernel. Methods also raise lbha.netlink's errors.
    """

    def __init__(self, seconds, log):
        self.seconds, self.log = seconds, log
        self._kernel = None

    @property
    def kernel(self):
        """The conversation, about the network namespace in which it began."""
        if self._kernel is None:
            self._kernel = Netlink(self.seconds)
        return self._kernel

    def close(self):
        """End the conversation."""
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None

    def copies(self, places):
        """The Messages of all addresses with the IP of one of these Places.

        A link-local address is another one on every device, so only that of the place's
        device counts; any other address is the same wherever it is.
        """
        def answers_for(place, copy):
            return packed(copy) == place.ip.packed and (
                place.index == copy.index or not is_link_local(place.ip))

        # most of the addresses of a node are others: not even taken apart
        table = self.kernel.table(ADDRESS.get, ADDRESS.new, ADDRESS.encode({}))
        ours = [ADDRESS.decode(data) for data in table
                if any(place.ip.packed in data for place in places)]
        return [copy for copy in ours if any(answers_for(place, copy) for place in places)]

    def link(self, index):
        """The Message of a device. Raises LocalFault when it is gone."""
        try:
            return self.kernel.get(LINK, index=index)
        except Refused as error:
            raise LocalFault("device %d is gone: %s" % (index, error))

    def has_carrier(self, index):
        """Whether a device can send and receive."""
        return bool(self.link(index).flags & netlink.IFF_RUNNING)

    def is_loopback(self, index):
        """Whether a device is a loopback one; one that is gone is none."""
        try:
            return bool(self.link(index).flags & netlink.IFF_LOOPBACK)
        except LocalFault:
            return False

    def detects(self, copy):
        """Whether duplicate address detection of a copy goes on.

        Without carrier the kernel does not begin it, and it ends when the carrier is back.
        """
        return bool(copy.flags & netlink.IFA_F_TENTATIVE
                    and not copy.flags & netlink.IFA_F_DADFAILED
                    and self.has_carrier(copy.index))

    def set_up(self, link):
        """Set a device (its Message) up, unless it is. Raises NoPrivilege, Failed."""
        if link.flags & netlink.IFF_UP:
            return
        self.log.info("setting %s up" % link.name)
        try:
            self.kernel.change(LINK, index=link.index, flags=netlink.IFF_UP,
                               change=netlink.IFF_UP)
        except Refused as error:
            kind = NoPrivilege if error.errno == errno.EPERM else Failed
            raise kind("cannot set %s up: %s" % (link.name, error)) from error

    def add(self, place, link, flags=0, **more):
        """Add an address, after setting its device up; one that somebody else added just now
        is fine, and `copies` tells what it is like.

        link  -- the Message of the device
        flags -- netlink.IFA_F_* bits
        more  -- broadcast, scope, lifetimes, metric of the message
        Raises NoPrivilege, Failed.
        """
        ip = place.ip
        scope = netlink.RT_SCOPE_HOST if is_loopback(ip) else netlink.RT_SCOPE_UNIVERSE
        self.set_up(link)
        try:
            self.kernel.add(ADDRESS, **dict({
                "family": ip.family, "prefix": place.prefix, "index": place.index,
                "scope": scope, "local": ip.packed, "address": ip.packed,
                "flags": flags or None,
                "label": "%s:%s" % (link.name, place.label) if place.label else None}, **more))
        except Refused as error:
            if error.errno == errno.EPERM:
                raise NoPrivilege("may not add %s: %s" % (place, error))
            if error.errno != errno.EEXIST:
                raise Failed("cannot add %s: %s" % (place, error)) from error

    def await_detection(self, place, events, deadline):
        """Wait until duplicate address detection has ended.

        events -- lbha.events.Events that has listened since before the address was added
        When another host has the address, it is taken away again. Raises Duplicate,
        Failed, DeadlineReached.
        """
        while True:
            copies = [copy for copy in self.copies([place]) if place.has(copy)]
            if not copies:
                raise Failed("%s: somebody removed the address again" % place)
            if copies[0].flags & netlink.IFA_F_DADFAILED:
                self.remove(copies[:1])
                raise Duplicate("%s: another host has the address; removed again" % place)
            if not self.detects(copies[0]):
                return
            deadline.check("duplicate address detection of %s" % place)
            events.wait(min(0.5, deadline.left()))  # no event of these tells of the carrier

    def remove(self, copies):
        """Take addresses away; those that are gone by now are fine.

        One that stays does not keep the others. Raises Failed, which names all that do.
        """
        failures = []
        for copy in copies:
            try:
                self._remove(copy)
            except Error as error:
                failures.append(error.reason)
        if failures:
            raise Failed("; ".join(failures))

    def _remove(self, copy):
        if copy.family == _socket.AF_INET and not copy.flags & netlink.IFA_F_SECONDARY:
            self._keep_secondaries(copy)
        try:
            self.kernel.delete(ADDRESS, family=copy.family, prefix=copy.prefix,
                               index=copy.index, local=copy.local, address=copy.address)
        except Refused as error:
            if error.errno not in GONE:
                raise Failed("cannot remove %s: %s" % (describe(copy), error))

    def _keep_secondaries(self, copy):
        """See that the kernel keeps the other addresses in the subnet of a primary one.

        Without promote_secondaries (of the device or of all) it deletes them along with it.
        """
        device = netlink.device_name(copy.index)
        try:
            if any((host.read(PROMOTE % name) or b"0").strip() != b"0"
                   for name in ("all", device)):
                return
            fd = os.open(PROMOTE % device, os.O_WRONLY)
            try:
                os.write(fd, b"1")
            finally:
                os.close(fd)
            self.log.info("set promote_secondaries of %s" % device)
        except FileNotFoundError:
            return  # the device went, and its addresses with it
        except OSError as error:
            self.log.warning("cannot set promote_secondaries of %s (%s): other addresses of "
                             "its subnet may go with %s"
                             % (device, error.strerror, describe(copy)))


def packed(copy):
    """Our end of an address Message, in bytes."""
    return copy.address if copy.local is None else copy.local


def describe(copy):
    """A Message of an address, as people write it."""
    return "%s/%d on %s" % (values.IP.from_packed(packed(copy)), copy.prefix,
                            netlink.device_name(copy.index))


def is_link_local(ip):
    """Whether an IP is an IPv6 link-local one (fe80::/10)."""
    return (ip.family == _socket.AF_INET6
            and ip.packed[0] == 0xfe and ip.packed[1] & 0xc0 == 0x80)


def is_loopback(ip):
    """Whether an IP is one of 127.0.0.0/8."""
    return ip.family == _socket.AF_INET and ip.packed[0] == 127


def broadcast_of(ip, prefix, setting):
    """The broadcast address (bytes) of an IP, or None where there is none.

    setting -- "+" for host bits of one, "-" for zero, or an IP
    """
    if ip.family == _socket.AF_INET6 or prefix > 30:
        return None
    if setting not in ("+", "-"):
        return setting.packed
    host_bits = (1 << 32 - prefix) - 1
    number = int.from_bytes(ip.packed, "big")
    number = number | host_bits if setting == "+" else number & ~host_bits
    return number.to_bytes(4, "big")
