"""What a list of hosts comes to: which targets are alive, and their sum."""

from lbha import spec, state, values
from lbha.reach.rounds import Demand, Host, Place, Rounds
from lbha.reach.source import Source

KEY = "host-%s"  # of what is kept


class Method(values.Text):
    """Parameter type: what to ask hosts; the value is (method, port or None)."""

    wants = "icmp, arp or tcp:PORT"
    PORT = values.Integer(1, 65535)

    def parse(self, text):
        method, colon, port = text.lower().partition(":")
        try:
            if method == "tcp" and colon:
                return method, self.PORT.parse(port)
        except ValueError:
            pass  # said below
        if method in ("icmp", "arp") and not colon:
            return method, None
        raise ValueError("is not %s" % self.wants)

    def show(self, value):
        return value[0] if value[1] is None else "%s:%d" % value


class Survey:
    """The hosts of a ping agent, asked again and again.

    agent   -- the lbha.ocf.ResourceAgent with the parameters
    places  -- word -> (IP, scope)
    unknown -- word -> why it does not resolve
    """

    def __init__(self, agent, places, unknown):
        self.unknown, self._p = unknown, agent.p
        self._targets = agent.p.host_list
        self._log, self._states = agent.log, state.Record(agent.folder, "hosts")
        self.hosts = {word: self._host(word, places.get(word))
                      for target in self._targets for word in target.hosts}
        p = agent.p
        self.rounds = Rounds(list(self.hosts.values()), self._method, Demand(
            p.attempts, p.interval_ms / 1000.0, p.timeout, p.min_replies, p.max_loss, p.max_rtt,
            p.rise, p.fall))

    def _host(self, word, place):
        """The Host, in the state that the last action left it in."""
        words = (self._states[KEY % word] or "").split()
        alive, streak = None, 0
        if len(words) == 2 and words[0] in ("alive", "dead") and words[1].isdecimal():
            alive, streak = words[0] == "alive", int(words[1])
        return Host(Place(*place) if place else None, self.unknown.get(word), alive, streak)

    def _method(self, poll):
        source = self._p.source or Source()
        method, port = self._p.probe
        if method == "tcp":
            from lbha.reach.connect import Connect

            return Connect(poll, source, port)
        if method == "arp":
            from lbha.reach.neighbour import Neighbour

            return Neighbour(poll, source)
        from lbha.icmp import Echo

        return Echo(poll, source)

    def begin(self, deadline, once):
        """Ask until every host has a result; one that has none at the Deadline has not
        answered.

        once -- ask no host any more when it has a result
        """
        self.rounds.give_up(self.rounds.complete(self.rounds.hosts, deadline, once))
        self.go_on(deadline)

    def go_on(self, deadline):
        """Wait for the answers that are due: who looks now may be the last for a while."""
        self.rounds.complete([host for host in self.rounds.hosts
                              if host.alive and host.is_open], deadline)

    def keep(self):
        """Keep the states of the hosts for the next action. Raises LocalFault."""
        states = {KEY % word: "%s %d" % ("alive" if host.alive else "dead", host.streak)
                  for word, host in self.hosts.items() if host.alive is not None}
        if states != self._states.values:
            self._states.values = states
            self._states.update()

    @property
    def dead(self):
        """The targets of which no host is alive, a list of names."""
        return [target.name for target in self._targets if not self._is_alive(target)]

    @property
    def score(self):
        """The attribute's value."""
        return self._p.multiplier * sum(
            target.weight for target in self._targets if self._is_alive(target))

    def _is_alive(self, target):
        return any(self.hosts[word].alive for word in target.hosts)

    @property
    def summary(self):
        """How many answer, and who does not; a phrase."""
        dead, number = self.dead, len(self._targets)
        text = "%d of %d hosts answer" % (number - len(dead), number)
        if dead:
            text += ", not " + spec.shorten(" ".join(dead))
        return text

    @property
    def complaint(self):
        """A sentence on the names that do not resolve, or None."""
        for word, why in self.unknown.items():
            more = len(self.unknown) - 1
            return "host_list: %s does not resolve: %s%s" % (
                spec.shorten(word), why, " (and %d more)" % more if more else "")
        return None

    @property
    def details(self):
        """What came of each host, on one line."""
        return "; ".join("%s: %s" % (word, host.note) for word, host in self.hosts.items())
