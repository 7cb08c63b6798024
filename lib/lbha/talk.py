"""pyghmi's session with a BMC, and what has to be put right in it."""

from lbha import ipmi, packages
from lbha.errors import LocalFault, NotInstalled

AWAKE = 0.02  # seconds after which pyghmi looks for itself whether an answer is there


def session_kind():
    """pyghmi's Session, as Talk."""
    try:
        return type("Session", (Talk, packages.load(_session)), {})
    except ModuleNotFoundError as error:
        raise NotInstalled("pyghmi cannot be used (%s): install python3-pyghmi" % error)
    except ImportError as error:  # too little memory for a library, say
        raise LocalFault("pyghmi cannot be loaded: %s" % error)


def _session():
    packages.import_cryptography()
    # the layer below pyghmi.ipmi.command: half its time, and no vendor's extensions
    from pyghmi.ipmi.private.session import Session
    return Session


class Talk:
    """What is wrong with pyghmi's Session (1.5.14 to 1.6.19), put right.

    A method that another version no longer calls does no harm.
    """

    heard = False    # whether the BMC answered anything at all
    proposed = None  # the cipher suite, or None: 17, and 3 when that is refused

    def _initsession(self):
        super()._initsession()
        if self.proposed == 3:
            self.attemptedhash = 1

    def _get_session_challenge(self):
        self.onlogon({"error": "IPMI 1.5"})  # pyghmi would fail: text and bytes mixed

    def _got_rmcp_response(self, data):
        if self.proposed == 17 and data[0] == self.rmcptag and data[1]:
            # pyghmi would fall back to 3, also when what was refused is not the suite
            self.attemptedhash = None
        return super()._got_rmcp_response(data)

    def process_pktqueue(self):
        self.heard = self.heard or bool(self.pktqueue)
        super().process_pktqueue()

    def awaitresponse(self, retry, *more):
        # An answer that is there before pyghmi begins to wait for it wakes nobody; it was
        # found when the time came to send the request again, half a second to a second
        # later.  wait_for_rsp looks first and then waits.
        while retry and self.lastresponse is None and self.logged and self.lastpayload:
            self.wait_for_rsp(timeout=AWAKE)
        super().awaitresponse(retry, *more)

    def ask_once(self, netfn, command, data):
        """The reply to a request that is never sent again."""
        replies = []
        try:
            self.raw_command(netfn, command, data=data, retry=False, callback=replies.append)
            while not replies:
                self.wait_for_rsp(timeout=AWAKE)
        finally:
            self.incommand = False  # which pyghmi leaves to who gives a callback
        return replies[0]

    def abandon(self):
        """Log out without waiting, and be forgotten: pyghmi would hand it out again."""
        self.incommand = False
        self._mark_broken()

    def suite(self):
        """The cipher suite in use."""
        return ipmi.CIPHER_SUITES.get(getattr(self, "attemptedhash", None), "unknown")
