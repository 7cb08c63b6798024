"""The address of one resource: where it is, and whether it is usable."""

from lbha import address, netlink
from lbha.address import Addresses
from lbha.errors import LocalFault
from lbha.finding import absent, partial, running
from lbha.vip.plan import Plan
from lbha.vip.watch import Watch

KERNEL_SECONDS = 5   # for an answer of the kernel
DETECTION = "duplicate address detection has not ended"


class Here:
    """The network namespace of this process, as a lbha.netns.Namespace."""

    name, key = "", None

    def __enter__(self):
        return True

    def __exit__(self, *_):
        return


class Service:
    """What an agent knows of its address; every verb enters its network namespace.

    The record holds ip, index and device, prefix, label, boot (the boot id), netns and
    netns_key; loopback and addrlabel (lbha.vip.lvs); carrier and repairs (lbha.vip.watch).
    """

    def __init__(self, agent):
        self.agent, self.p, self.record = agent, agent.p, agent.record
        self.log = agent.log
        self.addresses = self.conversation()
        self.plan = Plan(agent, self.addresses)
        self.watch = Watch(self)
        self.namespace = self._namespace()
        self.found = None  # the Message that `find` saw at its place

    def conversation(self):
        """Addresses, with a conversation of their own."""
        return Addresses(min(KERNEL_SECONDS, self.agent.deadline.left()), self.log)

    def _namespace(self):
        """The Namespace that counts in this action."""
        name, key = self.p.network_namespace, None
        if self.agent.call.action not in ("start", "validate-all") and self.plan.recorded():
            name, key = self.record["netns"], self.record["netns_key"]
        if not name:
            return Here()
        from lbha.netns import Namespace  # few have one

        return Namespace(name, key)

    # -------------------------------------------------------------------------- what is there

    def validate(self):
        """Raise what start would stumble over."""
        with self.namespace as is_there:
            self.need(is_there)
            self.plan.validate()

    def find(self):
        """What the kernel has of the address: a Finding."""
        with self.namespace as is_there:
            if is_there:
                self.watch.listen()
                return self.watch.judge(self.look())
            if self.agent.call.action == "start":
                self.need(is_there)
            return absent("network namespace %s of %s is gone"
                          % (self.namespace.name, self.plan.ip or "the address"))

    def look(self):
        """As `find`, inside the namespace and without a word about its link."""
        self.found = None
        place = self.plan.wanted()
        if place is None:
            return absent(self.agent.faults[0].reason)
        copies = self.copies()
        if not copies:
            return absent("%s is not there" % place)
        # of another place or, in a start, another address: an older start's
        others = [copy for copy in copies if not place.has(copy)]
        older = [copy for copy in others if address.packed(copy) != place.ip.packed]
        if older or len(others) == len(copies):
            found = address.describe((older or others)[0])
            return partial("found %s, wanted %s" % (found, place) if found != str(place)
                           else "found %s, a device made anew under its name" % found)
        self.found = next(copy for copy in copies if place.has(copy))
        return self._judge(self.found, place)

    def all_copies(self):
        """The Messages of the address this resource answers for, on any device.

        A start also answers for what an earlier one recorded for another address.
        """
        places = [self.plan.wanted()]
        if self.agent.call.action == "start":
            places.append(self.plan.recorded())
        return self.addresses.copies([place for place in places if place])

    def copies(self):
        """As `all_copies`, but for that of the loopback device."""
        copies = self.all_copies()
        if self.p.lvs_support or self.record["loopback"]:
            copies = self.loopback.without(copies, self.plan.wanted())
        return copies

    @property
    def loopback(self):
        """The copy on the loopback device."""
        from lbha.vip.lvs import Loopback  # no ordinary monitor needs it

        return Loopback(self.agent, self.addresses)

    @property
    def change(self):
        """What start, stop and a repair do."""
        from lbha.vip.change import Change  # no ordinary monitor needs it

        return Change(self)

    def _judge(self, copy, place):
        """Whether the address at its place is usable: a Finding."""
        if copy.flags & netlink.IFA_F_DADFAILED:
            return partial("%s: another host has the address" % place)
        # only a start waits: detection begins anew whenever the carrier comes back
        if self.agent.call.action == "start" and self.addresses.detects(copy):
            return partial("%s: %s" % (place, DETECTION))
        if place.label and copy.label and not copy.label.endswith(":" + place.label):
            return partial("%s is labelled %s, wanted %s"
                           % (place, copy.label, place.label))
        return running()

    def need(self, is_there):
        """Raise LocalFault unless the network namespace is there."""
        if not is_there:
            raise LocalFault("network_namespace=%s of %s: this node has no such namespace"
                             % (self.namespace.name, self.plan.ip))
