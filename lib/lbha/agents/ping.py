"""ocf:lbha:ping -- does this node reach the world."""

from lbha import hold, names, ocf, spec, values
from lbha.errors import Error, Failed, WrongParameter
from lbha.reach.attribute import LOCK, Attribute
from lbha.reach.source import AddressOrDevice
from lbha.reach.survey import Method, Survey
from lbha.reach.targets import TargetWord

LOOK_UP = 2.0   # seconds for the names; the resolver asks its servers for as long as it likes
RESERVE = 2.0   # seconds of an action that are kept for publishing
SELDOM, OFTEN = 10.0, 1.0  # seconds between two looks when all is well, and when not


def parameter(*arguments, **more):
    """A Parameter: `reload` applies a change of any of them in place."""
    return spec.Parameter(*arguments, reloadable=True, **more)


DECLARATION = spec.Declaration(
    "ocf", "ping", "Publishes how many hosts this node reaches",
    ("Asks all hosts of a list at the same time, again and again while the monitor is held, "
     "and publishes the number of those that answer, times a multiplier, as a node attribute. "
     "Location rules can then keep resources on nodes that reach the world. Made for use as a "
     "clone.",
     "A host that answers is asked every two interval_ms. One that falls silent is asked up to "
     "attempts times; timeout after the last request the result is bad, and after fall bad "
     "results in a row it counts as dead. That is published at once, and the cluster acts on "
     "it after dampen.",
     "A dead host changes the attribute and nothing else, unless failure_score or degraded is "
     "set. The attribute is deleted when the resource stops. A change of any parameter but "
     "name is applied in place: the attribute does not vanish in between.",
     "crm_mon compares the attribute with the number of words in host_list times multiplier, "
     "and says \"Connectivity is degraded\" below and \"Connectivity is lost\" at 0. That is "
     "right for lists without weights, groups included; a weight above 1 hides dead hosts of "
     "that weight from it."),
    (
        parameter(
            "host_list", values.Words(TargetWord(), least=1),
            "Hosts to reach",
            "Addresses (IPv4 and IPv6 may be mixed) and host names, blanks between them. "
            "10.0.0.1|10.0.0.2 is alive when one of the two is, and counts once; 10.0.0.1*2 "
            "counts twice; gw=10.0.0.1 has a name that logs show. A name that does not "
            "resolve counts as a dead host, and the node attribute lbha-RESOURCE says so.",
            required=True),
        spec.Parameter(
            "name", values.Name(),
            "Node attribute",
            "Name of the node attribute that holds the number of live hosts times multiplier, "
            "for use in location rules. Every ping resource needs a name of its own.",
            default="pingd", unique=True),
        parameter(
            "multiplier", values.Integer(low=1),
            "Value of a live host",
            "The attribute's value is the number of live hosts, or the sum of their weights, "
            "times this.",
            default=1),
        parameter(
            "attempts", values.Integer(1, 100),
            "Requests for a result",
            "A host that has not answered gets up to this many requests, interval_ms apart, "
            "before the result is bad.",
            default=3),
        parameter(
            "timeout", values.Seconds(0.01, 300),
            "Time for an answer",
            "How long hosts have to answer after the last request. All hosts are asked at the "
            "same time: dead ones cost attempts x interval_ms + timeout together. It is 2 s "
            "whatever the timeout of the operation. A result that takes longer than an operation "
            "has is judged by the requests whose time was over then.",
            default=2.0),
        parameter(
            "interval_ms", values.Integer(10, 60000),
            "Milliseconds between two requests to a host",
            "While a monitor is held, a host that answers is asked at half that pace.",
            default=500),
        parameter(
            "probe", Method(),
            "What to ask the hosts",
            "icmp sends echo requests. tcp:PORT opens connections to a port, which must be "
            "accepted; they are reset at once. arp sends ARP requests (IPv6: Neighbor "
            "Solicitations) to hosts on a link of this node, which answer those even when "
            "they drop ICMP.",
            default=Method().parse("icmp")),
        parameter(
            "source", AddressOrDevice(),
            "Where requests leave",
            "An address of the node, for hosts of its family, or a network device.",
            default=None),
        parameter(
            "min_replies", values.Integer(1, 100),
            "Answers that a good result needs",
            "Of the requests of a round, of which there are attempts.",
            default=1),
        parameter(
            "max_loss", values.Integer(0, 99),
            "Percent of requests that may be lost",
            "A round in which more of its requests (attempts) go without an answer is bad. "
            "All of them are then sent each time.",
            default=None),
        parameter(
            "max_rtt", values.Seconds(0.001, 300),
            "Round trip time that is too long",
            "A round whose answers take longer than this on the average is bad. All its "
            "requests are then sent each time.",
            default=None),
        parameter(
            "rise", values.Integer(1, 100),
            "Good results in a row that make a dead host alive",
            "The first result after a start counts by itself.",
            default=1),
        parameter(
            "fall", values.Integer(1, 100),
            "Bad results in a row that make a living host dead",
            "So that a host that is silent for a moment changes nothing.",
            default=1),
        parameter(
            "dampen", values.Seconds(0, 3600),
            "Delay before a change is published",
            "The attribute daemon waits this long for further changes, from any node, before "
            "the cluster sees a new value.",
            default=5.0),
        parameter(
            "failure_score", values.Integer(low=0),
            "Value below which the resource fails",
            "When the attribute's value is below this number, start and monitor report a "
            "failure. Without it, dead hosts never make the resource fail.",
            default=None),
        parameter(
            "degraded", values.Boolean(),
            "Whether a dead host needs a look",
            "The node attribute lbha-RESOURCE then says which hosts do not answer.",
            default=False),
        parameter(
            "debug", values.Either("verbose", of=values.Boolean()),
            "Log every host",
            "Log at every monitor which hosts answered, how soon, and which did not.",
            default=False),
        parameter(
            "pidfile", values.Path(),
            "Not used",
            "Accepted for configurations of ocf:pacemaker:ping; it has no effect. What start "
            "did is recorded in /run/lbha, and a file at this place says nothing.",
            default=None),
        parameter(
            "options", values.Text(),
            "Not used",
            "Accepted for configurations of ocf:pacemaker:ping; it has no effect, because no "
            "ping program is run. Start logs that.",
            default=None),
        parameter(
            "use_fping", values.Boolean(),
            "Not used",
            "Accepted for configurations of ocf:pacemaker:ping; it has no effect: hosts are "
            "always asked in parallel, without a program.",
            default=None),
        ocf.HOLD,
        ocf.DEGRADED_CODE,
    ),
    (
        spec.Action("start", timeout=60),
        spec.Action("stop", timeout=20),
        spec.Action("monitor", timeout=120, interval=1, depth=0),
        spec.Action("reload", timeout=60),
        spec.Action("validate-all", timeout=30),
        spec.Action("meta-data", timeout=5),
    ),
    (("Publish on every node whether it reaches the gateway",
      "pcs resource create ping ocf:lbha:ping name=ping-status host_list=192.168.1.1 \\\n"
      "    attempts=2 timeout=2 clone interleave=true"),
     ("Prefer nodes that reach it",
      "pcs constraint location vip rule score=500 ping-status gte 1"),
     ("One of two gateways, and a name server that counts twice",
      "pcs resource update ping host_list=\"gw=10.0.0.1|10.0.0.2 10.0.1.53*2\"")))


class Ping(ocf.ResourceAgent):
    """Running means: start has published the attribute, and no stop has taken it back."""

    declaration = DECLARATION

    def __init__(self, *call):
        super().__init__(*call)
        self.attribute = Attribute(self, self.p.dampen)
        self.survey = None
        if self.p.debug:
            self.log.verbose = True
        if self.p.min_replies > self.p.attempts:
            self.faults.append(WrongParameter("min_replies=%d is more than attempts=%d" % (
                self.p.min_replies, self.p.attempts)))

    def validate(self):
        from lbha import proc

        proc.need("attrd_updater", "pacemaker")
        if self.p.source:
            self.p.source.check(self.deadline.left())

    def find(self):
        name = self.record["name"]
        if not name:
            return ocf.absent("not started: nothing is recorded in %s" % self.folder.path)
        if self.record["stopping"]:
            return ocf.partial("a stop did not end: attribute %s may be left" % name)
        if not self.record["value"]:
            return ocf.partial("a start did not end: attribute %s may be left" % name)
        return ocf.running()

    def start(self):
        for name in ("options", "use_fping", "pidfile"):
            if name in self.p.given:
                self.log.warning("%s has no effect" % name)
        self.record.update(name=self.p.name)
        self.folder.remove("hosts")
        self._ask_all()
        if self.survey.complaint:
            self.log.warning(self.survey.complaint)
        self._publish()
        self._judge()

    def adopt(self):
        if self.record["name"] != self.p.name:
            self.attribute.delete()
        self.start()

    def restore(self):
        self.attribute.restore()

    def reload(self):
        self._ask_all()
        self._publish()

    def observe(self):
        if self.faults:
            return None  # the last good value stays; the runtime says what is wrong
        if self.survey:
            self.survey.go_on(self._limit())
        else:
            self._ask_all()
        trouble = None
        # each for itself: a full disk is no reason to publish nothing
        for verb in (self.survey.keep, self._keep_attribute, self._apply_late):
            try:
                verb()
            except Error as error:  # the next look tries again
                trouble = trouble or error.reason
        self._judge()
        reason = trouble or self.survey.complaint or self._lost_source() or self._shortage()
        self.pause = OFTEN if reason else SELDOM
        return reason

    def sources(self):
        # a name that does not resolve is looked up by the next monitor, which is to be soon
        if self.faults or self.survey is None or self.survey.unknown:
            return []
        return [self.survey.rounds]

    def stop(self):
        if self.record["name"]:
            self.attribute.delete()
        self.record.update(name=None, value=None, published=None, verified=None)

    def after_stop(self):
        from lbha.reach import daemons

        self.folder.remove("hosts", daemons.FILE)

    def _ask_all(self):
        """The first Survey of this action: every host has its result."""
        deadline = self._limit()
        words = dict.fromkeys(host for target in self.p.host_list for host in target.hosts)
        places, unknown = names.locate(
            words, deadline.within(min(LOOK_UP, deadline.left() / 2)))
        self.survey = Survey(self, places, unknown)
        self.survey.begin(deadline, once=not hold.longest(self.p.hold, self.call))
        self.log.debug(self.survey.details)

    def _limit(self):
        """The Deadline for asking hosts; even a short action asks them before it judges."""
        left = self.deadline.left()
        return self.deadline.within(max(left - RESERVE, left / 2))

    def _publish(self):
        self.survey.keep()
        self.attribute.publish(self.survey.score, self.survey.summary)

    def _keep_attribute(self):
        self.attribute.keep(self.survey.score, self.survey.summary)

    def _apply_late(self):
        """Do what a reload could not: a monitor has the new parameters, too."""
        if not self.record["unapplied"]:
            return
        self.validate()
        with self.folder.lock(self.deadline.within(LOCK)):
            self.record.reload()
            if self.record["unapplied"] and self.find().running:
                self._publish()
                self.record.update(unapplied=None)

    def _lost_source(self):
        """A sentence when hosts are dead because the node has no such source any more."""
        try:
            if self.p.source and self.survey.dead:
                self.p.source.check(self.deadline.left())
        except Error as error:
            return error.reason
        return None

    def _shortage(self):
        return self.survey.summary if self.p.degraded and self.survey.dead else None

    def _judge(self):
        least, survey = self.p.failure_score, self.survey
        if least is not None and survey.score < least:
            raise Failed("%s=%d is below failure_score=%d: %s" % (
                self.record["name"], survey.score, least, survey.summary))
