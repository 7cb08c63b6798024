"""Many hosts asked at once, each in rounds of its own.

A round is up to `attempts` requests to a host, `interval` seconds apart, and ends with a
result: good as soon as enough of them are answered, bad when `timeout` seconds after the last
one they are not.  The next round begins `interval` seconds after the last request, and after a
good one REST times that: a host that answers is asked once in so many intervals, and one that
falls silent is known to be dead up to (attempts + 1) x interval + timeout later.  `fall` bad
results in a row make a living host dead, `rise` good ones a dead host alive; the first result
of all counts by itself.
"""

import select
import time

NEVER = float("inf")
REST = 2  # intervals between two rounds of a host that answers


class Place:
    """Where a host is.

    ip    -- lbha.values.IP
    scope -- index of the device of a link-local address, else 0
    """

    __slots__ = ("ip", "scope")

    def __init__(self, ip, scope=0):
        self.ip, self.scope = ip, scope


class Demand:
    """What is asked of a host, and how.

    attempts, interval, timeout -- of a round: number, seconds, seconds
    min_replies -- answers that a good result needs, at most `attempts`
    max_loss    -- percent of a round's requests that may be lost, None: not looked at
    max_rtt     -- seconds that the answers of a round may take on the average, or None
    rise, fall  -- results in a row that change the state
    """

    def __init__(self, attempts=3, interval=0.5, timeout=2.0, min_replies=1, max_loss=None,
                 max_rtt=None, rise=1, fall=1):
        self.attempts, self.interval, self.timeout = attempts, interval, timeout
        self.min_replies, self.max_loss, self.max_rtt = min_replies, max_loss, max_rtt
        self.rise, self.fall = rise, fall

    @property
    def enough(self):
        """Answers with which nothing more needs to be asked."""
        whole_round = self.max_loss is not None or self.max_rtt is not None
        return self.attempts if whole_round else self.min_replies

    def shortfall(self, delays, sent):
        """What the delays (seconds) of the answers to `sent` requests lack; a phrase, or
        None."""
        if len(delays) < max(1, min(self.min_replies, sent)):
            return "%d of %d answers" % (len(delays), sent) if delays else "no answer"
        loss = 100.0 * (sent - len(delays)) / sent
        if self.max_loss is not None and loss > self.max_loss:
            return "%.0f %% lost" % loss
        mean = sum(delays) / len(delays)
        if self.max_rtt is not None and mean > self.max_rtt:
            return "%.1f ms on the average" % (mean * 1000)
        return None


class Host:
    """A host that is probed.

    place  -- Place, or None: where it is cannot be said
    alive  -- its state; None before the first result
    streak -- results in a row that speak against the state
    rounds -- that have ended
    note   -- what came of the last one, a phrase
    """

    def __init__(self, place, note=None, alive=None, streak=0):
        self.place, self.note = place, note
        self.alive, self.streak, self.rounds = alive, streak, 0
        self.is_open, self.due = False, 0.0
        self.begin()

    def begin(self):
        """Forget the last round: requests sent and when, waited for; delays of the answers."""
        self.sent, self.last, self.waiting, self.delays, self.error = 0, 0.0, {}, [], None


class Rounds:
    """The hosts, and what is under way to them; an event source (lbha.hold).

    hosts  -- a list of Host
    method -- makes a method of asking (lbha.reach) from an epoll object
    demand -- Demand
    """

    def __init__(self, hosts, method, demand):
        self.hosts, self.demand = hosts, demand
        self.poll = select.epoll()
        self.fd = self.poll.fileno()
        self.method = method(self.poll)
        self.by_number, self._number, self._once = {}, 0, False
        for host in hosts:
            if host.place is None:
                host.due = NEVER
                self._count(host, False)

    @property
    def due(self):
        """When there is something to do next without an event (monotonic seconds)."""
        return min([host.due for host in self.hosts] or [NEVER])

    def happened(self):
        """Do what is to be done now; whether the state of a host has changed."""
        return self._step(0)

    def close(self):
        """Nothing: what is under way goes on through the next wait, until `end`."""

    def end(self):
        """Close the sockets."""
        self.method.close()
        self.poll.close()

    def complete(self, hosts, deadline, once=False):
        """Go on until each of these hosts has ended the round that it is in, or the next.

        once -- ask none of them any more when it has
        Returns those that have not, when the Deadline comes first.
        """
        self._once = once
        before = {host: host.rounds for host in hosts if host.place}
        while before:
            left = deadline.left()
            if not left:
                break
            self._step(max(0.0, min(left, self.due - time.monotonic())))
            for host in [host for host in before if host.rounds > before[host]]:
                del before[host]
        return list(before)

    def give_up(self, hosts):
        """End the rounds of these hosts now, by the requests that had their time."""
        now = time.monotonic()
        for host in hosts:
            if host.is_open:
                self._conclude(host, now)

    def _step(self, seconds):
        """Wait for answers that long, and do all that is due."""
        states = [host.alive for host in self.hosts]
        # what has come is read before anything is given up: we may have been kept waiting
        for fd, _ in self.poll.poll(seconds + 0.001 if seconds else 0):
            for number, fault in self.method.outcomes(fd):
                self._take(number, fault)
        now = time.monotonic()
        for host in self.hosts:
            if host.due <= now:
                self._advance(host, now)
        return [host.alive for host in self.hosts] != states

    def _advance(self, host, now):
        """The time of a host has come: for another request, or for its result."""
        if not host.is_open:
            host.begin()
            host.is_open = True
        elif host.sent == self.demand.attempts:
            self._conclude(host, now)
            return
        self._number += 1
        host.sent += 1
        host.last = now
        try:
            self.method.send(host.place, self._number)
        except OSError as error:  # no route, link down, forbidden: no answer, then
            host.error = error.strerror or str(error)
        else:
            host.error = None
            host.waiting[self._number] = now
            self.by_number[self._number] = host
        host.due = now + (self.demand.timeout if host.sent == self.demand.attempts
                          else self.demand.interval)
        self._look(host, now)

    def _take(self, number, fault):
        host = self.by_number.pop(number, None)
        if host is None:
            return
        sent = host.waiting.pop(number)
        now = time.monotonic()
        if fault is None:
            host.delays.append(now - sent)
        else:
            host.error = fault
        self._look(host, now)

    def _look(self, host, now):
        """End a round that needs no more: enough is answered, or nothing more can be."""
        if (len(host.delays) >= self.demand.enough
                or host.sent == self.demand.attempts and not host.waiting):
            self._conclude(host, now)

    def _conclude(self, host, now):
        late = sum(sent + self.demand.timeout > now for sent in host.waiting.values())
        lacks = self.demand.shortfall(host.delays, host.sent - late)
        for number in host.waiting:
            del self.by_number[number]
            self.method.forget(number)
        host.waiting = {}
        if lacks is None:
            host.note = "%.1f ms" % (1000 * sum(host.delays) / len(host.delays))
        else:
            host.note = lacks if host.delays else host.error or lacks
        host.is_open = False
        # not later: on a busy machine the next request would go in the same step
        pause = self.demand.interval * (1 if lacks else REST)
        host.due = NEVER if self._once else max(now, host.last + pause)
        self._count(host, lacks is None)

    def _count(self, host, good):
        host.rounds += 1
        if host.alive is None:
            host.alive = good
        elif host.alive == good:
            host.streak = 0
        else:
            host.streak += 1
            if host.streak >= (self.demand.rise if good else self.demand.fall):
                host.alive, host.streak = good, 0
