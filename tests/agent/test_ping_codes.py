"""ocf:lbha:ping: what every action answers in every situation, cell by cell.

The table of the contract that all agents keep: probe and monitor tell what is found, whatever
is wrong; a reload leaves what serves as it is; a stop never fails for what is beside it.
"""

import pytest

from tests.agent.pinging import ATTRD, break_attrd, configured, mend_attrd, published, value
from tests.agent.resource import (CONFIGURED, DEGRADED, GENERIC, INSTALLED, NOT_RUNNING, OK, PERM,
                                  UNIMPLEMENTED)

TIMEOUT = 4  # seconds of an action, of which a silent daemon takes half
SILENT = "exec tail -f /dev/null\n"
STATE = "/run/lbha/ping-ping/"


# ------------------------------------------------------------------- rows: what is wrong

def set_to(**parameters):
    """What an administrator does with pcs resource update."""
    return lambda namespace, ping: ping.parameters.update(parameters)


def remove_program(namespace, ping):
    namespace.run(["rm", ATTRD])
    ping.parameters["host_list"] = "127.0.0.1 127.0.0.2"  # so that there is something to say


def silence_daemon(namespace, ping):
    break_attrd(namespace, SILENT)
    ping.parameters["host_list"] = "127.0.0.1 127.0.0.2"


SITUATIONS = {  # name: what is done, codes of validate-all and start, what a sentence names
    "all is well": (set_to(), OK, OK, None),
    "a wrong host": (set_to(host_list="10.0.0.300"), CONFIGURED, CONFIGURED, '"10.0.0.300"'),
    "no host": (set_to(host_list=""), CONFIGURED, CONFIGURED, "host_list is missing"),
    "a wrong name": (set_to(name="two words"), CONFIGURED, CONFIGURED, "name"),
    "two that do not fit": (set_to(min_replies=3), CONFIGURED, CONFIGURED, "min_replies=3"),
    "no attrd_updater": (remove_program, INSTALLED, INSTALLED,
                         "program attrd_updater is missing: install pacemaker"),
    "no such device": (set_to(source="eth77"), INSTALLED, INSTALLED, "source=eth77"),
    "no such address": (set_to(source="10.7.7.7"), INSTALLED, INSTALLED, "source=10.7.7.7"),
    "an unknown name": (  # counts as a dead host: what is outside fails nothing
        set_to(host_list="127.0.0.1 nowhere.invalid"), OK, OK, "nowhere.invalid does not resolve"),
    "a silent daemon": (silence_daemon, OK, GENERIC, "attrd_updater did not end within"),
}
WARNED = ("an unknown name",)  # a start that succeeds says it none the less
KEPT = ("no attrd_updater", "a silent daemon")  # nobody is there to delete the attribute


# --------------------------------------------------------- columns: what there is already

def nothing(namespace, ping):
    pass


def a_part(namespace, ping):
    """A start whose daemon never answered: nobody knows if the attribute is there."""
    break_attrd(namespace, SILENT)
    outcome = ping.start(timeout=1)
    assert (outcome.code, outcome.seconds < 1) == (GENERIC, True), outcome
    mend_attrd(namespace)


def everything(namespace, ping):
    assert ping.start().code == OK


AS_START = object()  # a start that did not end is done anew: Pacemaker believes that it runs
FOUND = {  # how it comes: codes of probe, monitor, reload, and of the probe after the stop
    nothing: (NOT_RUNNING, NOT_RUNNING, NOT_RUNNING),
    a_part: (GENERIC, GENERIC, AS_START),
    everything: (OK, OK, OK),
}
BY_FOUND = pytest.mark.parametrize("found", FOUND, ids=lambda found: found.__name__)


@pytest.fixture
def ping(namespace):
    """A resource that reaches the one host it has; a fault shows in its monitor's code."""
    return configured(namespace, "127.0.0.1", degraded_code="190")


def answer(ping, action, code, words=None, **options):
    """Run an action, which has to answer that in time; its Outcome."""
    outcome = ping.call(action, timeout=TIMEOUT, **options)
    assert outcome.code == code, (action, outcome)
    assert outcome.seconds < TIMEOUT, (action, outcome)
    assert (words or "") in outcome.err, (action, outcome)
    assert len((outcome.reason or "").encode()) <= 128
    if code == OK:
        assert outcome.reason is None, (action, outcome)
    elif words:
        assert words in outcome.reason, (action, outcome)
    return outcome


# ------------------------------------------------------------------------------ the table

@BY_FOUND
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_cell(namespace, ping, situation, found):
    deed, validate, start, words = SITUATIONS[situation]
    probe, monitor, reload = FOUND[found]
    found(namespace, ping)
    deed(namespace, ping)
    before = published(namespace)
    answer(ping, "monitor", probe)
    answer(ping, "validate-all", validate, words if validate != OK else None)
    answer(ping, "dance", UNIMPLEMENTED, "unknown action 'dance'")
    assert published(namespace) == before

    answer(ping, "monitor", monitor, interval=10)
    if found is everything and words:  # it serves on, and when that lasts a person should look
        namespace.run(["sed", "-i", "s/^since=.*/since=-100/", STATE + "degraded"])
        answer(ping, "monitor", DEGRADED, words, interval=10)
    if reload is AS_START:
        answer(ping, "reload", OK if start == OK else GENERIC, words)
    elif found is everything and (validate, start) != (OK, OK):
        assert "the old state serves on" in answer(ping, "reload", reload, words).err
    else:
        answer(ping, "reload", reload)
    assert "delete" not in [call[0] for call in published(namespace) if call[1] == "pingd"] \
        or found is a_part

    answer(ping, "start", start, words if start != OK or situation in WARNED else None)
    if start == OK:
        answer(ping, "start", OK)  # already as wanted
        assert value(namespace) == "1"
    answer(ping, "stop", OK)
    assert situation in KEPT or value(namespace) is None
    answer(ping, "stop", OK)
    answer(ping, "monitor", NOT_RUNNING)


class Unprivileged:
    """A Namespace where programs run as nobody."""

    def __init__(self, namespace):
        self.namespace = namespace

    def popen(self, argv, **options):
        """Start a program inside."""
        return self.namespace.popen(["setpriv", "--reuid=65534", "--regid=65534",
                                     "--clear-groups", *argv], **options)


@BY_FOUND
def test_without_privilege(namespace, ping, found):
    found(namespace, ping)
    before = published(namespace)
    ping.namespace = Unprivileged(namespace)
    for action in ("start", "validate-all", "monitor", "stop", "reload"):
        answer(ping, action, PERM, "%s of ping needs root" % action)
    answer(ping, "monitor", PERM, "monitor of ping needs root", interval=10)
    answer(ping, "dance", UNIMPLEMENTED, "unknown action 'dance'")
    ping.namespace = namespace
    assert published(namespace) == before
    answer(ping, "monitor", FOUND[found][0])
    answer(ping, "stop", OK)
    assert value(namespace) is None
