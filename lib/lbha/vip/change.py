"""What start, stop and a repair do with the address: add, announce, take away."""

import _socket

from lbha import address, host, netlink, netns
from lbha.address import Duplicate
from lbha.deadline import nap
from lbha.errors import Error
from lbha.netns import Namespace
from lbha.vip.lvs import SourceLabel

ANNOUNCER = 2        # seconds that an announcer gets to be gone
LATE = 0.05          # seconds by which its burst may be late, for it sleeps in between


class Change:
    """The verbs of a lbha.vip.service.Service that change something; no monitor loads them
    unless it has something to repair. Every verb enters its network namespace."""

    def __init__(self, service):
        self.service, self.agent, self.log = service, service.agent, service.log
        self.p, self.record = service.p, service.record
        self.addresses, self.plan = service.addresses, service.plan
        self.namespace, self.loopback = service.namespace, service.loopback
        self.label = SourceLabel(self.agent, self.addresses)

    def start(self):
        """Add the address, wait until it is usable, announce it."""
        if self.p.check_link_status:
            self.service.watch.refuse_where_the_link_was_lost()
        self._leave_other_namespace()
        with self.namespace as is_there:
            self.service.need(is_there)
            place = self.plan.place()
            link = self.addresses.link(place.index)
            if self.p.run_arping:
                self._ask(place, link)
            self._note(place, link)
            self.loopback.take(self.service.all_copies(), place)
            self.add(place, link)
        self.log.info("added %s" % place)

    def adopt(self):
        """It is there already; its device may be down (IPv4), and the neighbours not know."""
        self._leave_other_namespace()
        with self.namespace as is_there:
            self.service.need(is_there)
            place = self.plan.place()
            if self.plan.recorded() is None:
                self.log.info("%s was there already" % place)
            link = self.addresses.link(place.index)
            self._note(place, link)
            self.addresses.set_up(link)
            self.loopback.take(self.service.all_copies(), place)
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
            copies = self.service.copies()
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
            addresses = self.service.conversation()
            with Namespace(name) as is_there:
                copies = addresses.copies([place]) if is_there else ()
                for copy in copies:
                    self.log.warning("no record of a start: %s in network namespace %s stays"
                                     % (address.describe(copy), name))
            addresses.close()

    def after_stop(self):
        """Drop what only made sense while the address was there."""
        self.service.watch.forget()
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
                addresses = self.service.conversation()
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
