"""The address of one resource: found, added, announced, and taken away."""

import _socket

from lbha import address, host, netlink, netns
from lbha.address import Addresses, Duplicate
from lbha.deadline import nap
from lbha.errors import Error, LocalFault
from lbha.finding import absent, partial, running
from lbha.netns import Namespace
from lbha.vip.plan import Plan
from lbha.vip.watch import Watch

KERNEL_SECONDS = 5   # for an answer of the kernel
DETECTION = "duplicate address detection has not ended"
ANNOUNCER = 2        # seconds that an announcer gets to be gone
LATE = 0.05          # seconds by which its burst may be late, for it sleeps in between


class Service:
    """What an agent does with its address; every verb enters its network namespace.

    The record holds ip, index and device, prefix, label, boot (the boot id), netns and
    netns_key; loopback and addrlabel (lbha.vip.lvs); carrier and repairs (lbha.vip.watch).
    """

    def __init__(self, agent):
        self.agent, self.p, self.record = agent, agent.p, agent.record
        self.log = agent.log
        self.addresses = self._addresses()
        self.plan = Plan(agent, self.addresses)
        self.watch = Watch(self)
        self.namespace = self._namespace()
        self.found = None  # the Message that `find` saw at its place

    def _addresses(self):
        return Addresses(min(KERNEL_SECONDS, self.agent.deadline.left()), self.log)

    def _namespace(self):
        """The Namespace that counts in this action."""
        if self.agent.call.action in ("start", "validate-all") or not self.plan.recorded():
            return Namespace(self.p.network_namespace)
        return Namespace(self.record["netns"], self.record["netns_key"])

    # -------------------------------------------------------------------------- what is there

    def validate(self):
        """Raise what start would stumble over."""
        with self.namespace as is_there:
            self._need(is_there)
            self.plan.validate()

    def find(self):
        """What the kernel has of the address: a Finding."""
        with self.namespace as is_there:
            if is_there:
                self.watch.listen()
                return self.watch.judge(self.look())
            if self.agent.call.action == "start":
                self._need(is_there)
            return absent("network namespace %s of %s is gone"
                          % (self.namespace.name, self.plan.ip or "the address"))

    def look(self):
        """As `find`, inside the namespace and without a word about its link."""
        self.found = None
        place = self.plan.wanted()
        if place is None:
            return absent(self.agent.faults[0].reason)
        copies = self._copies()
        if not copies:
            return absent("%s is not there" % place)
        # of another place or, in a start, another address: an older start's
        others = [copy for copy in copies if not place.has(copy)]
        older = [copy for copy in others if address.packed(copy) != place.ip.packed]
        if older or len(others) == len(copies):
            return partial("found %s, wanted %s"
                           % (address.describe((older or others)[0]), place))
        self.found = next(copy for copy in copies if place.has(copy))
        return self._judge(self.found, place)

    def _all_copies(self):
        """The Messages of the address this resource answers for, on any device.

        A start also answers for what an earlier one recorded for another address.
        """
        places = [self.plan.wanted()]
        if self.agent.call.action == "start":
            places.append(self.plan.recorded())
        return self.addresses.copies([place for place in places if place])

    def _copies(self):
        copies = self._all_copies()
        if self.p.lvs_support or self.record["loopback"]:
            copies = self.loopback.without(copies, self.plan.wanted())
        return copies

    @property
    def loopback(self):
        """The copy on the loopback device."""
        from lbha.vip.lvs import Loopback  # no ordinary monitor needs it

        return Loopback(self.agent, self.addresses)

    @property
    def label(self):
        """The label that keeps the address from being a source."""
        from lbha.vip.lvs import SourceLabel

        return SourceLabel(self.agent, self.addresses)

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

    def _need(self, is_there):
        if not is_there:
            raise LocalFault("network_namespace=%s of %s: this node has no such namespace"
                             % (self.namespace.name, self.plan.ip))

    # ------------------------------------------------------------------------ start and stop

    def start(self):
        """Add the address, wait until it is usable, announce it."""
        if self.p.check_link_status:
            self.watch.refuse_where_the_link_was_lost()
        self._leave_other_namespace()
        with self.namespace as is_there:
            self._need(is_there)
            place = self.plan.place()
            link = self.addresses.link(place.index)
            if self.p.run_arping:
                self._ask(place, link)
            self._note(place, link)
            self.loopback.take(self._all_copies(), place)
            self.add(place, link)
        self.log.info("added %s" % place)

    def adopt(self):
        """It is there already; its device may be down (IPv4), and the neighbours not know."""
        self._leave_other_namespace()
        with self.namespace as is_there:
            self._need(is_there)
            place = self.plan.place()
            if self.plan.recorded() is None:
                self.log.info("%s was there already" % place)
            link = self.addresses.link(place.index)
            self._note(place, link)
            self.addresses.set_up(link)
            self.loopback.take(self._all_copies(), place)
            self.label.set(place.ip)
            self.end_announcer()
            self._announce(self._announcer(link, place), place)

    def add(self, place, link):
        """Put the address to its place, which is recorded, and announce it."""
        from lbha import events

        announcer = self._announcer(link, place)
        ip, preferred = place.ip, self.p.preferred_lft
        flags = ((netlink.IFA_F_NODAD if self.p.nodad else 0)
                 | (netlink.IFA_F_NOPREFIXROUTE if self.p.noprefixroute else 0))
        self.label.set(ip)
        listening = events.Events(events.GROUP_IPV6_IFADDR)
        try:
            self.addresses.add(
                place, link, flags, metric=self.p.metric,
                broadcast=address.broadcast_of(ip, place.prefix, self.p.broadcast),
                lifetimes=(netlink.FOREVER if preferred == "forever" else preferred,
                           netlink.FOREVER, 0, 0))
            if ip.family == _socket.AF_INET6:
                self._await_detection(place, link, listening)
        finally:
            listening.close()
        self._announce(announcer, place)

    def stop(self):
        """End the announcer, then take away the address wherever it is."""
        self.end_announcer()
        with self.namespace as is_there:
            recorded = self.plan.recorded()
            if not is_there:
                tell = self.log.info if recorded else self.log.warning
                tell("network namespace %s is gone, and the address with it"
                     % self.namespace.name)
                return
            copies = self._copies()
            for copy in copies:
                if recorded and not recorded.has(copy):
                    self.log.warning("removing %s as well: start put it to %s"
                                     % (address.describe(copy), recorded))
            self.addresses.remove(copies)
            place = recorded or self.plan.configured()
            if place and self.agent.call.action == "stop":
                self.loopback.put_back(place.ip)
            if not recorded and not copies:
                self._tell_of_namespaces()

    def _tell_of_namespaces(self):
        """Nothing says where start put it: it may be in a network namespace that is not in
        the parameters any more, or be another's there. A person has to look."""
        place = self.plan.configured()
        for name in netns.names() if place else ():
            addresses = self._addresses()
            with Namespace(name) as is_there:
                copies = addresses.copies([place]) if is_there else ()
                for copy in copies:
                    self.log.warning("no record of a start: %s in network namespace %s stays"
                                     % (address.describe(copy), name))
            addresses.close()

    def after_stop(self):
        """Drop what only made sense while the address was there."""
        from lbha import claims

        claims.forget(self.agent.folder)
        with self.namespace as is_there:
            if is_there:
                self.label.drop()

    def end_announcer(self):
        """None of it fails a stop: an announcer falls silent when the address is gone."""
        from lbha import announce

        try:
            announce.end(self.agent.folder, self.agent.deadline.within(ANNOUNCER))
        except (Error, OSError) as error:
            self.log.warning("cannot end the announcer: %s" % error)

    def _note(self, place, link):
        """Record what is about to be true, before it is: a kill in between loses nothing."""
        self.record.update(
            ip=place.ip, index=place.index, device=place.device, prefix=place.prefix,
            label=place.label, boot=host.boot_id(), netns=self.namespace.name or None,
            netns_key=self.namespace.key, repairs=None,
            carrier=1 if link.flags & netlink.IFF_RUNNING else None)

    def _leave_other_namespace(self):
        """Take away what an earlier start left in another network namespace. Raises Failed."""
        recorded = self.plan.recorded()
        if not recorded:
            return
        with self.namespace:
            here = (self.namespace.name, self.namespace.key)
        there = Namespace(self.record["netns"], self.record["netns_key"])
        if (there.name, there.key) == here:
            return
        with there as is_there:
            if is_there:
                addresses = self._addresses()
                addresses.remove(addresses.copies([recorded]))
                addresses.close()

    # ---------------------------------------------------------------------------- neighbours

    def _ask(self, place, link):
        """Raise Duplicate when another host has the address."""
        owner = self._owner(place, link)
        if owner:
            raise Duplicate("%s: %s has the address" % (place, owner))

    def _owner(self, place, link):
        """Who else has the address, as people write a MAC address, or None."""
        from lbha import claims

        try:
            return claims.duplicate(link, place.ip.packed, self.agent.deadline)
        except OSError as error:
            self.log.warning("cannot ask who has %s: %s" % (place, error.strerror))
            return None

    def _await_detection(self, place, link, listening):
        try:
            self.addresses.await_detection(place, listening, self.agent.deadline)
        except Duplicate as error:
            owner = self._owner(place, link)
            if owner is None:
                raise
            raise Duplicate("%s: %s has the address; removed again" % (place, owner)) from error

    def _announcer(self, link, place):
        from lbha.announce import Announcer

        return Announcer(link, place.ip.packed)

    def announce_once(self):
        """Announce it where it is recorded, unless an announcer is at it still."""
        from lbha import announce

        place = self.plan.recorded()
        if place and not announce.goes_on(self.agent.folder):
            self._announcer(self.addresses.link(place.index), place).announce(
                self.agent.folder, self.p.arp_count, self.p.arp_interval / 1000.0, self.log)

    def _announce(self, announcer, place):
        """None of it fails a start."""
        count, interval = self.p.arp_count, self.p.arp_interval / 1000.0
        announcer.announce(self.agent.folder, count, interval, self.log)
        if not self.p.arp_bg and count > 1:
            # what follows the burst, some seconds later, stays in the background
            nap(min((count - 1) * interval + LATE, self.agent.deadline.left() / 2))
