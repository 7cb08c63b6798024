"""Where the address belongs: by its parameters and the routes, or as start recorded it."""

import _socket

from lbha import address, env, host, netlink, values
from lbha.address import Place
from lbha.errors import LocalFault, WrongParameter

LONGEST_LABEL = 15   # IFNAMSIZ - 1
LOOPBACK = "lo"
INDEX = values.Integer(1, 0x7fffffff)   # of a device, an int of the kernel's


class Plan:
    """What the parameters of one call say about the address.

    ip     -- the IP, None when it is not known
    nic    -- the name of the device, empty when the routes say
    label  -- what stands behind the colon, or None
    """

    def __init__(self, agent, addresses):
        self.agent, self.p, self.addresses = agent, agent.p, addresses
        self.ip = self._own(self.p.ip)
        self.nic, _, label = (self.p.nic or "").partition(":")
        self.label = self.p.iflabel or label or None
        if self.ip and self.ip.family == _socket.AF_INET6:
            self.label = None  # IPv6 addresses have none
        self._place = None

    def _own(self, ip):
        """The address of this instance of a clone."""
        number = self.agent.call.meta.get("clone", "")
        if not (ip and self.p.unique_clone_address and number.isdecimal()):
            return ip
        length = len(ip.packed)
        own = int.from_bytes(ip.packed, "big") + int(number)
        return values.IP.from_packed((own % (1 << 8 * length)).to_bytes(length, "big"))

    def validate(self):
        """Raise what is wrong: WrongParameter of those that do not go together, LocalFault
        of what this node makes of them."""
        ip, prefix, broadcast = self.ip, self.p.cidr_netmask, self.p.broadcast
        if prefix and prefix > ip.bits:
            raise WrongParameter("cidr_netmask=%d of %s: wanted at most %d"
                                 % (prefix, ip, ip.bits))
        if isinstance(prefix, address.Netmask) and ip.family == _socket.AF_INET6:
            raise WrongParameter("cidr_netmask of %s is an IPv4 netmask: wanted a prefix length"
                                 % ip)
        if address.is_link_local(ip) and not self.nic:
            raise WrongParameter("%s is link-local and nic is missing: wanted a device" % ip)
        if broadcast not in ("+", "-") and broadcast.family != ip.family:
            raise WrongParameter("broadcast=%s of %s: wanted an address of the same family"
                                 % (broadcast, ip))
        self._check_clone()
        self.place()

    def _check_clone(self):
        meta = self.agent.call.meta
        if self.p.unique_clone_address:
            if meta.get("globally_unique") != "true":
                raise WrongParameter("unique_clone_address of %s: wanted a clone with "
                                     "globally-unique=true" % self.p.ip)
        elif env.number(meta.get("clone_max")) > 1 and not self._is_local():
            raise WrongParameter("%s cannot be shared by a clone (CLUSTERIP): clone "
                                 "ocf:lbha:haproxy, with one address beside it" % self.ip)

    def _is_local(self):
        """Whether only this node sees the address: every node may have it on its loopback."""
        index = netlink.device_index(self.nic) if self.nic else None
        return index is not None and self.addresses.is_loopback(index)

    def place(self):
        """The Place that parameters and routes give. Raises LocalFault, WrongParameter."""
        if self._place is None:
            ip, prefix = self.ip, self.p.cidr_netmask
            index = netlink.device_index(self.nic) if self.nic else None
            if self.nic and index is None:
                raise LocalFault("nic=%s for %s: this node has no such device"
                                 % (self.nic, ip))
            if index is None or prefix is None:
                index, prefix = self._by_route(index, prefix)
            device = self.addresses.link(index).name
            self._check_label(device)
            self._place = Place(ip, index, device, prefix, self.label)
        return self._place

    def recorded(self):
        """The Place where start put it, or None when no record tells it whole: what nobody
        can have recorded there counts as not recorded."""
        record = self.agent.record
        if record["boot"] != host.boot_id():
            return None
        try:
            ip = values.IP(record["ip"])
            address.NetworkNamespace().parse(record["netns"] or "")
            return Place(ip, INDEX.parse(record["index"]), record["device"],
                         values.Integer(0, ip.bits).parse(record["prefix"]), record["label"])
        except (TypeError, ValueError):
            return None

    def configured(self):
        """The Place as far as parameters alone tell it, or None when not even the address
        is known."""
        if self.ip is None:
            return None
        index = None
        if self.nic:
            # no device has index 0: a copy elsewhere is not the wanted one
            index = netlink.device_index(self.nic) or 0
        return Place(self.ip, index, self.nic or None, self.p.cidr_netmask)

    def wanted(self):
        """The Place that counts in this action, or None."""
        if self.agent.call.action == "start":
            return self.place()
        return self.recorded() or self.configured()

    def _by_route(self, index, prefix):
        """Device and prefix by the connected route that fits the address. LocalFault."""
        from lbha import routes

        ip = self.ip
        if index is None and address.is_loopback(ip):
            return netlink.device_index(LOOPBACK), prefix or 8
        candidates = [
            route for route in routes.connected(self.addresses.kernel, ip.family)
            if index in (None, route.device) and not routes.is_of_a_copy(route, ip.packed)
            and (self.p.proto is None or route.protocol == self.p.proto)]
        found = routes.best(candidates, ip.packed)
        if found is None:
            raise LocalFault("no route fits %s%s, give %s; connected: %s" % (
                ip, " on " + self.nic if self.nic else "",
                "cidr_netmask" if self.nic else "nic and cidr_netmask",
                routes.describe(candidates)))
        return found.device, prefix or found.prefix

    def _check_label(self, device):
        label = "%s:%s" % (device, self.label)
        if self.label and len(label) > LONGEST_LABEL:
            raise WrongParameter("label %s of %s has %d characters: wanted at most %d"
                                 % (label, self.ip, len(label), LONGEST_LABEL))
