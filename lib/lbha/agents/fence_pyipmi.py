"""fence_pyipmi -- power a node off and on through its BMC, with pyghmi."""

import os
import struct
import sys
import time

from lbha import fence, ipmi, options, power, secret, spec, talk, values
from lbha.deadline import enforce, nap
from lbha.errors import DeadlineReached, Error, Failed, WrongParameter

LOGOUT = 0.5     # seconds
PATIENCE = 8.0   # seconds for a command: pyghmi has asked four times by then
CYCLE = 3.0      # seconds for the one command that is asked only once
LOGIN_PAUSE = 0.3  # seconds between two logins

NO_ANSWER = 0xFFFF  # not of IPMI: pyghmi's word for a reply that never came

# pyghmi tells its login failures apart by text only (1.5.14 to 1.6.19)
LOGIN_FAILURES = (
    ("incorrect password", "does not accept the password of user '{user}'"),
    ("unauthorized name", "does not know user '{user}', or not with privilege {privilege}"),
    ("invalid username", "does not accept the user name '{user}'"),
    ("privilege", "does not grant user '{user}' privilege {privilege}"),
    ("invalid role", "does not grant user '{user}' privilege {privilege}"),
    ("wrong kg", "wants another K_g: check hexadecimal_kg"),
    ("integrity check", "wants another password or K_g for user '{user}'"),
    ("cipher suite", "does not offer cipher suite {suite}"),
    ("algorithm", "does not offer cipher suite {suite}"),
    ("matching integrity", "does not offer cipher suite {suite}"),
    ("ipmi 1.5", "speaks only IPMI 1.5: wanted 2.0"),
    ("md5 required", "speaks only IPMI 1.5: wanted 2.0"),
)
MAY_GO_BETTER = (
    ("insufficient resources", "has no free session, try again in a minute"),
    ("no available login slots", "has no free session, try again in a minute"),
    ("session id", "has forgotten the login under way"),
)
SILENCE = "none", "", "timeout", "session no longer connected", "session failed to initialize"
# what pyghmi stumbles with over an answer that it did not expect
STUMBLES = (struct.error, LookupError, TypeError, ValueError)
SHA1_INSTEAD = "(got 20)"  # of 32 bytes: the BMC took SHA-1 where SHA-256 was proposed


class Lost(Failed):
    """The conversation broke off; a new one may go better."""


DECLARATION = spec.Declaration(
    kind="fence",
    name="fence_pyipmi",
    short="Fence agent for IPMI, with pyghmi",
    long=(
        "fence_pyipmi powers a node off and on through its BMC, by IPMI 2.0 over the network, "
        "with the options of fence_ipmilan.",
        "off is always sent, whatever the BMC says of the power, and done means that the BMC "
        "accepted it and then told twice, 0.3 s apart, that the power is off. It is sent again "
        "when the power comes back in between. A BMC that says off for longer while the power "
        "is on cannot be told from an honest one.",
        "reboot is off, proven, then on. Once off is proven the node is fenced, and the cluster "
        "waits for nothing but the end of the call: it comes when the BMC says that the power "
        "is on, or 0.5 s after it accepted the command (2 s after the proof of a power cycle, "
        "6 s if the BMC is slow to answer). That the power was not seen to come on is a "
        "warning; many BMCs tell it only some seconds later.",
        "A call is one session with the BMC. Lost answers are asked for again; when the BMC has "
        "no session free, or the session breaks off, the agent logs in anew as long as there is "
        "time. Several calls at one BMC do not disturb each other's proof.",
        "Every call ends within the time that the option timeout gives, whatever the BMC does. "
        "Pacemaker runs a failed agent once more within its own timeout (pcmk_off_timeout and "
        "its like, 60 s), so both tries and the delay should fit into it: at least 2.2 times "
        "timeout, and the delay. It is not run once more for what that cannot mend, such as a "
        "wrong password: the sentence then ends with words that Pacemaker takes for a time-out.",
        "The exit code is 0 for done and 1 for failed; status also answers 2 for power off. "
        "The reason of a failure is one line on standard error.",
        "diag tells what the BMC is and how quick; unlike fence_ipmilan's it sends the node no "
        "interrupt. There is no list: a BMC knows no names. IPMI 1.5 is not spoken.",
        "Keep the password out of the cluster's configuration: use password_file, "
        "password_script or Pacemaker's own secrets. A password on the command line is seen by "
        "every user of the machine while the agent runs.",
    ),
    parameters=ipmi.OPTIONS + (
        spec.Parameter(
            "cipher", values.Integer(0, 17), "Cipher suite: 3 or 17",
            "3 is proposed at once, 17 is insisted on; without them, and for any other number, "
            "17 is proposed and 3 taken when the BMC refuses: pyghmi speaks no others.",
            flag="C", minor=True),
        spec.Parameter(
            "target", values.Text(), "Not supported: refused",
            "pyghmi is not asked to bridge to other controllers."),
    ) + options.COMMON,
    actions=fence.STANDARD_ACTIONS,
    examples=(
        ("The BMC of node01 in a cluster",
         "pcs stonith create fence1 fence_pyipmi pcmk_host_list=node01 ip=192.168.0.111 \\\n"
         "    username=pacemaker password_file=/etc/pacemaker/fence1 lanplus=1"),
        ("By hand", "fence_pyipmi -a 192.168.0.111 -l pacemaker "
                    "--password-file=/etc/pacemaker/fence1 -o status"),
    ),
)


class Pyipmi(fence.FenceAgent):
    """A BMC; with lbha.talk the only place that knows pyghmi."""

    declaration = DECLARATION

    def __init__(self, p, logger, deadline):
        super().__init__(p, logger, deadline)
        self.host = ipmi.host(p)
        self.name = "BMC %s" % self.host
        self.session, self.login_time, self.asked, self.suite = None, None, None, p.cipher

    def validate(self):
        if self.p.target:
            raise WrongParameter("target is not supported: wanted the address of the BMC "
                                 "itself in ip")
        ipmi.check(self.p)

    def connect(self):
        self.password = secret.find(self.p, self.log, self.deadline)
        ipmi.check_length("password", self.password, ipmi.LONGEST_PASSWORD)
        # in digits: pyghmi would ask the resolver without a bound
        self.address = ipmi.locate(self.p, self.deadline.within(self.p.login_timeout))
        # only before the first login: a route that is lost for a moment ends no proof
        ipmi.check_route(self.name, self.address, self.p.ipport)
        # pyghmi prints, also from its thread; stdout and stderr are for our own lines, which
        # go to the descriptors
        sys.stdout = sys.stderr = open(os.devnull, "w")
        self._log_in()

    def is_on(self):
        code, data = self._ask(ipmi.CHASSIS, ipmi.CHASSIS_STATUS)
        if code != ipmi.DONE or not data:
            kind = power.Busy if code in ipmi.BUSY else power.Unreadable
            raise kind("%s does not tell the power state: %s" % (
                self.name, ipmi.words(code) if code else "empty answer"))
        return ipmi.is_on(data)

    def switch(self, on, logins=2):
        code, _ = self._ask(ipmi.CHASSIS, ipmi.CHASSIS_CONTROL,
                            (ipmi.POWER_UP if on else ipmi.POWER_DOWN,))
        if code == ipmi.NO_PRIVILEGE and logins:
            # a login packet that arrives twice takes the privilege away again (ipmi_sim)
            self.disconnect()
            self._log_in()
            return self.switch(on, logins - 1)
        if code in (ipmi.DONE, ipmi.NOT_IN_PRESENT_STATE):
            return code == ipmi.DONE
        kind = fence.Refused if code in ipmi.PERMANENT else Failed
        kind = power.Busy if code in ipmi.BUSY else kind
        raise kind("%s refused power %s: %s" % (self.name, "on" if on else "off",
                                                ipmi.words(code)))

    def cycle(self, limit):
        reply = self._call(limit.within(CYCLE), self.session.ask_once, ipmi.CHASSIS,
                           ipmi.CHASSIS_CONTROL, (ipmi.POWER_CYCLE,))
        if reply["code"] != ipmi.DONE:
            raise Failed("%s refused it: %s" % (self.name, ipmi.words(reply["code"])))

    def describe(self):
        yield "Login", "in %.0f ms as user '%s' with privilege %s, cipher suite %s" % (
            self.login_time * 1000, self.p.username,
            ipmi.PRIVILEGES[self.session.privlevel - 1], self.session.suite())
        for topic, netfn, command, data, words in ipmi.REPORT:
            began = time.monotonic()
            code, answer = self._ask(netfn, command, data)
            try:
                text = ipmi.words(code) if code else words(answer)
            except (struct.error, IndexError):
                text = "an answer of %d bytes" % len(answer)
            yield topic, "%s, in %.0f ms" % (text, (time.monotonic() - began) * 1000)

    def disconnect(self):
        if not self.session:
            return
        try:
            # pyghmi does not wait for an answer; it only waits for a request under way
            enforce(self.deadline.within(LOGOUT), "logout took too long", self.session.abandon)
        except Exception as error:  # the session ends by itself in a minute
            self.log.debug("no logout: %s" % type(error).__name__)

    def _log_in(self):
        """Log in; what may go better the next time is tried again within `login_timeout`."""
        limit, last = self.deadline.within(self.p.login_timeout), None
        began = time.monotonic()
        while True:
            try:
                self._call(limit, self._open_session)
                break
            except DeadlineReached as silence:
                raise last or silence
            except Lost as lost:
                last = lost
            self.log.debug(last.reason)
            self.disconnect()
            if limit.left() < LOGIN_PAUSE:
                raise last
            nap(LOGIN_PAUSE)
        self.login_time = time.monotonic() - began
        self.log.debug("logged in to %s in %.0f ms, cipher suite %s" % (
            self.name, self.login_time * 1000, self.session.suite()))

    def _open_session(self):
        kind, said = talk.session_kind(), []
        level = None  # pyghmi: administrator, or operator if that is refused
        if "privlvl" in self.p.given:
            level = ipmi.PRIVILEGES.index(self.p.privlvl) + 1
        kind.proposed = self.suite
        # texts as bytes: pyghmi must neither choose an encoding nor fail at one, nor Python load
        # the tables of international names for an address in digits
        self.session = kind(
            os.fsencode(self.address), userid=os.fsencode(self.p.username),
            password=os.fsencode(self.password), port=self.p.ipport,
            kg=self.p.hexadecimal_kg, privlevel=level, onlogon=said.append)
        while not said:
            kind.wait_for_rsp(timeout=talk.AWAKE)
        if "error" in said[0]:
            raise self._refusal(str(said[0]["error"]))
        if self.p.cipher == 17 and self.session.suite() != 17:
            raise self._no_suite_17()

    def _ask(self, netfn, command, data=()):
        """(completion code, data) of a command that may be sent more than once."""
        while True:
            began = time.monotonic()
            try:
                reply = self._call(self.deadline.within(PATIENCE), self.session.raw_command,
                                   netfn, command, data=data)
                break
            except (Lost, DeadlineReached) as broken:
                if not self.deadline.left():
                    raise
                self.log.debug("%s; logging in again" % broken.reason)
            self.disconnect()
            self._log_in()
        self.log.debug("%s took %.0f ms" % (ipmi.COMMANDS[netfn, command],
                                            (time.monotonic() - began) * 1000))
        if reply.get("command") != command:
            raise Failed("%s answered another command than was asked" % self.name)
        return reply["code"], reply["data"]

    def _call(self, limit, function, *arguments, **named):
        """Call pyghmi: what it raises, and when it hangs, becomes a sentence of ours."""
        self.asked = time.monotonic()
        try:
            reply = enforce(limit, self._silent(limit.seconds), function, *arguments, **named)
        except Error:
            raise
        except Exception as error:
            raise self._fault(error) from None
        if reply and reply.get("code", NO_ANSWER) == NO_ANSWER:
            raise Lost(self._silent(limit.seconds))
        return reply

    def _fault(self, error):
        """The Error for anything that pyghmi, or what it uses, raised."""
        kind = type(error).__name__
        if type(error).__module__.partition(".")[0] == "pyghmi":
            return self._refusal(str(error))
        if not isinstance(error, STUMBLES):
            return Failed("pyghmi cannot work here (%s: %s)" % (
                kind, getattr(error, "strerror", None) or "no more is known"))
        if SHA1_INSTEAD in str(error):
            if self.p.cipher == 17:
                return self._no_suite_17()
            self.suite = 3  # such a BMC does speak it when it is proposed
        return Lost("%s answered what pyghmi does not understand (%s)" % (self.name, kind))

    def _refusal(self, text):
        """The Error for pyghmi's words."""
        if text.lower() in SILENCE:
            heard = self.session and self.session.heard
            return (Lost if heard else DeadlineReached)(
                self._silent(time.monotonic() - self.asked))
        for kind, table in ((Lost, MAY_GO_BETTER), (fence.Refused, LOGIN_FAILURES)):
            for sign, sentence in table:
                if sign in text.lower():
                    return kind("%s %s" % (self.name, sentence.format(
                        user=self.p.username, privilege=self.p.privlvl,
                        suite=self.suite if self.suite in (3, 17) else "17 or 3")))
        return Failed("%s: %s" % (self.name, spec.shorten(text, 80)))

    def _no_suite_17(self):
        return fence.Refused("%s does not offer cipher suite 17" % self.name)

    def _silent(self, seconds):
        if self.login_time is not None:
            return "%s stopped answering" % self.name
        return "%s does not answer on port %d within %.3g s" % (
            self.name, self.p.ipport, max(round(seconds, 1), 0.1))
