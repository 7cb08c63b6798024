"""What a recurring monitor does beside finding out whether the address is there."""

import time

from lbha import address, hold, netlink, state
from lbha.errors import DeadlineReached, Error, Failed, LocalFault
from lbha.finding import absent

PATIENCE = 2.0         # seconds to wait for the lock
REFRESH = 30.0         # seconds between two refreshes
SELDOM, OFTEN = 10.0, 1.0       # seconds between two looks when all is well, and when not
REPAIRS, PERIOD = 3, 60.0       # an address is put back so often in so many seconds
CLAIM = "claim"        # file in the state folder: lbha.claims.NOTE, seldom there
LOST = "link-lost"     # file in the state folder, past a stop: when the link failed a monitor
RECENT = 60.0          # seconds that this counts


class Watch:
    """The looks of one monitor.

    pause -- seconds until the next look when nothing happens
    """

    def __init__(self, service):
        self.service, self.agent, self.p = service, service.agent, service.agent.p
        self.record, self.folder = service.agent.record, service.agent.folder
        self.pause = SELDOM
        self._events = self._claims = None
        self._listens = False

    @property
    def _is_held(self):
        return hold.longest(self.p.hold, self.agent.call) > 0

    def listen(self):
        """Hear of what happens from now on, before the tables are read."""
        if not self._is_held:
            return
        if self._events:
            self._events.happened()
            return
        place = self.service.plan.wanted()
        if place and place.index:
            from lbha import events

            self._events = events.of_address(place.ip.packed, place.index)

    def sources(self):
        """Event sources of a held monitor: the address, its link, and other hosts' claims."""
        if self._claims and self._claims.is_deaf:
            self._claims, self._listens = None, False  # the next look listens anew
        elif not self._listens and self.service.found:
            self._listens = True
            self._claims = self._watch_for_claims(self.service.found)
        return [source for source in (self._events, self._claims) if source]

    def _watch_for_claims(self, copy):
        from lbha import claims

        with self.service.namespace:
            link = self.service.addresses.link(copy.index)
            return claims.watch(self.agent, link, address.packed(copy),
                                self.service.namespace)

    def judge(self, found):
        """The Finding of a recurring monitor, from the first one: repaired, and with the
        link in view. Other actions take what is there."""
        if not self.agent.call.is_recurring:
            return found
        repaired = found
        while self.p.repair and repaired and repaired.absent:
            repaired = self._repair()
        found = repaired or found
        if found.running and self.p.check_link_status:
            found = self._judge_link(found)
        return found

    def observe(self):
        """A sentence when a person should look, or None."""
        reason = self._trouble()
        # nobody tells that a network namespace goes
        deaf = not self._events or self.service.namespace.name
        self.pause = OFTEN if reason or deaf else SELDOM
        return reason

    def _trouble(self):
        copy = self.service.found
        self._refresh(copy)
        claimed = self._claimed()
        if claimed:
            return claimed
        with self.service.namespace:
            try:
                if not self.service.addresses.has_carrier(copy.index):
                    return "%s: the device has no carrier" % address.describe(copy)
            except LocalFault as fault:
                return fault.reason  # it went just now: the next look finds no address
            if copy.flags & netlink.IFA_F_TENTATIVE:
                return "%s: duplicate address detection has not ended" % address.describe(copy)
            if not self.record["carrier"]:
                self._act(self._tell_at_last)
        return None

    def _tell_at_last(self):
        """The first carrier since start; the announcer may have given up before it came."""
        self.service.change.announce_once()
        self.record.update(carrier=1)  # not before: who is killed in between tells it again

    def _claimed(self):
        """The sentence about another host's claim of the last minute, or None."""
        if self._claims:
            return self._claims.observe()
        if not state.Record(self.folder, CLAIM):  # nor one that cannot be read
            return None
        from lbha import claims

        return claims.lasting(self.folder)

    def forget(self):
        """The address is stopped: what was seen of other hosts' claims counts no more."""
        self.folder.remove(CLAIM)

    # ---------------------------------------------------------------------------- the link

    def _judge_link(self, found):
        """Absent, when the link was up since start and has been down for link_delay.

        Without a link from the start on, this is where the cluster wanted it all the same.
        """
        copy = self.service.found
        if self.service.addresses.has_carrier(copy.index) or not self.record["carrier"]:
            return found
        found = self._await_carrier(copy)
        if found is None:
            self._act(lambda: self.folder.write(LOST, "%.3f" % time.monotonic()))
            return absent("%s: the device has lost its carrier" % address.describe(copy))
        # the address may have gone instead
        return found if found.running else self.judge(found)

    def _await_carrier(self, copy):
        """The Finding when the carrier is there again or the address is not; None when
        neither comes about within link_delay. Raises hold.ReaderGone."""
        from lbha import events

        # the answer must come before our own deadline
        deadline = self.agent.deadline.within(min(self.p.link_delay,
                                                  self.agent.deadline.left() / 2))
        changes = events.of_address(address.packed(copy), copy.index)
        try:
            while True:
                found = self.service.look()
                if not found.running or self.service.addresses.has_carrier(copy.index):
                    return found
                if not hold.wait([changes], deadline.left()):
                    return None
                changes.happened()  # what has been told must not wake us again
        finally:
            changes.close()

    def refuse_where_the_link_was_lost(self):
        """Fail a start, once, where the link has just failed a monitor and is down still,
        while another node could have the address: a restart in place would serve nobody.

        Raises Failed.
        """
        lost = self.folder.read(LOST)
        self.folder.remove(LOST)
        if state.elapsed(lost) > RECENT:
            return
        with self.service.namespace:
            place = self.service.plan.place()
            if self.service.addresses.has_carrier(place.index):
                return
        if self._others():
            raise Failed("%s: no carrier, and another node may have one" % place)

    def _others(self):
        """The other nodes that could have the address: ready, and not banned because a start
        failed there, as by the same refusal a minute ago. None when nobody knows."""
        from lbha import cluster

        deadline = self.agent.deadline.within(PATIENCE)
        try:
            own = cluster.local_node(self.agent.call, deadline)
            return cluster.candidates(self.agent.call.instance, deadline) - {own}
        except Error as error:
            self.agent.log.warning("cannot tell whether another node is there: %s"
                                   % error.reason)
            return set()

    # ----------------------------------------------------------------- repair, and refresh

    def _repair(self):
        """Put the address back, and look again: a Finding; None when that may not be."""
        try:
            with self.folder.lock(self.agent.deadline.within(PATIENCE)):
                self.record.reload()
                place = self.service.plan.recorded()
                if self._may_repair(place):
                    self._put_back(place)
                    return self.service.look()
        except Error as error:
            self.agent.log.warning("cannot put the address back: %s" % error.reason)
        return None

    def _may_repair(self, place):
        if place is None or not self.record["started"] or self.record["stopping"]:
            return False
        link = self.service.addresses.link(place.index)
        # with a device that is down somebody had more in mind than the address
        return link.flags & netlink.IFF_UP and len(self._repairs()) < REPAIRS

    def _repairs(self):
        return [text for text in (self.record["repairs"] or "").split()
                if state.elapsed(text) < PERIOD]

    def _put_back(self, place):
        self.record.update(repairs=" ".join(self._repairs() + ["%.3f" % time.monotonic()]))
        self.agent.log.warning("%s was removed by something else: putting it back" % place)
        self.service.change.end_announcer()
        self.service.change.add(place, self.service.addresses.link(place.index))

    def _refresh(self, copy):
        """Announce again what is held, now and then."""
        if self.p.arp_count_refresh and self.record.age("refreshed") >= REFRESH:
            self._act(lambda: self._announce_again(copy))

    def _announce_again(self, copy):
        from lbha import announce

        first = not self.record["refreshed"]
        self.record.update(refreshed="%.3f" % time.monotonic())
        if first:
            return  # start has just announced it
        try:
            with self.service.namespace:
                announce.refresh(self.service.addresses.link(copy.index), address.packed(copy),
                                 self.p.arp_count_refresh, self.agent.deadline.within(PATIENCE))
        except OSError as error:
            self.agent.log.debug("cannot announce again: %s" % error.strerror)

    def _act(self, verb):
        """Do something under the lock, unless a stop has begun. None of it fails a monitor."""
        try:
            with self.folder.lock(self.agent.deadline.within(PATIENCE)):
                self.record.reload()
                if self.record["started"] and not self.record["stopping"]:
                    verb()
        except DeadlineReached:
            return  # a start or a stop is at work: the next look does it
        except Error as error:  # such as a full disk, which lbha.actions tells
            self.agent.log.debug(error.reason)
