"""ocf:lbha:ping: what is published when, and what is left after faults and crashes."""

import os
import signal
import subprocess
import time
from xml.etree import ElementTree

import pytest

from tests.agent import resource
from tests.agent.pinging import (break_attrd, configured, drop, kill, mend_attrd, published,
                                 responder, until, value)

RECORD = "/run/lbha/ping-ping/record"
LOCK = "/run/lbha/ping-ping/lock"


@pytest.fixture
def ping(namespace):
    """A configured resource that pings one living host."""
    return configured(namespace, "127.0.0.1")


def forget_the_last_look(namespace, when=-100):
    """As if the attribute had been published, and looked for, long ago."""
    namespace.run(["sed", "-i", "s/ed=.*/ed=%d/" % when, RECORD])


# --------------------------------------------------------------------------- publishing

def test_only_changes_are_published(namespace, ping):
    namespace.ip("address", "add", "10.1.0.5/32", "dev", "lo")
    ping.parameters["host_list"] = "127.0.0.1 10.1.0.5"
    ping.start()
    break_attrd(namespace, "exit 102\n")
    for _ in range(3):  # nothing is to be said, and nothing to be asked yet
        assert ping.monitor().code == resource.OK
    mend_attrd(namespace)
    assert published(namespace) == [("set", "pingd", "2", "5000ms")]
    namespace.ip("address", "del", "10.1.0.5/32", "dev", "lo")
    for _ in range(2):
        assert ping.monitor().code == resource.OK
    namespace.ip("address", "add", "10.1.0.5/32", "dev", "lo")
    ping.monitor()
    assert [call[2] for call in published(namespace)] == ["2", "1", "2"]


@pytest.mark.parametrize("loss", ["", "delete\tpingd\t\t\n", "set\tpingd\t7\t\n"])
def test_a_lost_attribute_is_published_again(namespace, ping, loss):
    ping.start()
    namespace.attributes.write_text(loss)
    forget_the_last_look(namespace)
    assert ping.monitor().code == resource.OK
    assert published(namespace)[-1] == ("set", "pingd", "1", "5000ms")
    assert "verified=-100" not in namespace.run(["cat", RECORD]).stdout


CIB = """<transient_attributes id="1"><instance_attributes id="status-1">
<nvpair id="status-1-pingd" name="pingd" value="%s"/><nvpair id="x" name="other" value="1"/>
</instance_attributes></transient_attributes>"""


@pytest.mark.parametrize("cib, wanted", [
    (CIB % "1", []), (CIB % "0", ["refresh"]), ("", ["refresh"]),
    (CIB.replace("pingd", "pong") % "1", ["refresh"]),
    ("<junk", [])])  # then the daemon's word has to do
def test_what_the_cib_lost_is_written_again(namespace, ping, cib, wanted):
    """After the death of pacemaker-execd 2.0.5 the daemon has what the CIB has not."""
    ping.start()
    (namespace.folder / "attributes.cib").write_text(cib)
    for _ in range(2):  # the second time it is not due yet
        before = len(published(namespace))
        assert ping.monitor().code == resource.OK
        assert len(published(namespace)) == before
    for _ in range(2):
        forget_the_last_look(namespace)
        assert ping.monitor().code == resource.OK
    assert [call[0] for call in published(namespace)] == ["set"] + 2 * wanted


def test_what_both_lost_is_published_anew(namespace, ping):
    ping.start()
    (namespace.folder / "attributes.cib").write_text("")
    namespace.attributes.write_text("")
    forget_the_last_look(namespace)
    assert ping.monitor().code == resource.OK
    assert published(namespace) == [("set", "pingd", "1", "5000ms")]


@pytest.mark.parametrize("dampen, wanted", [("200s", ["set"]), ("90s", ["set", "refresh"])])
def test_a_delay_longer_than_the_pause_between_looks_is_waited_for(
        namespace, ping, dampen, wanted):
    """Until it is over the CIB has the old value, and nothing is lost."""
    ping.parameters["dampen"] = dampen
    ping.start()
    (namespace.folder / "attributes.cib").write_text("")
    forget_the_last_look(namespace, time.monotonic() - 100)
    assert ping.monitor().code == resource.OK
    assert [call[0] for call in published(namespace)] == wanted


# ------------------------------------------------------------------------------- reload

@pytest.mark.parametrize("change, wanted", [
    ({"host_list": "127.0.0.1 127.0.0.2"}, ("set", "pingd", "2", "5000ms")),
    ({"host_list": "10.9.9.9"}, ("set", "pingd", "0", "5000ms")),
    ({"multiplier": "100"}, ("set", "pingd", "100", "5000ms")),
    ({"dampen": "1s"}, ("set", "pingd", "1", "1000ms")),
    ({"failure_score": "7"}, ("set", "pingd", "1", "5000ms")),
    ({"probe": "tcp:9"}, ("set", "pingd", "0", "5000ms")),
    ({"hold": "0", "attempts": "5", "fall": "3", "options": "-I eth0", "debug": "1"},
     ("set", "pingd", "1", "5000ms")),
])
def test_a_reload_applies_a_change_and_the_attribute_stays(namespace, ping, change, wanted):
    ping.start()
    ping.parameters.update(change)
    outcome = ping.reload()
    assert (outcome.code, outcome.reason) == (resource.OK, None)
    assert published(namespace)[1:] == [wanted]  # never deleted
    expected = resource.GENERIC if "failure_score" in change else resource.OK
    assert ping.monitor().code == expected
    assert published(namespace)[1:] == [wanted]


def test_every_parameter_but_the_name_is_reloadable(ping):
    xml = ElementTree.fromstring(ping.call("meta-data").out)
    assert {one.get("name") for one in xml.iter("parameter") if one.get("unique") == "1"} \
        == {"name"}


def test_a_host_that_stays_keeps_its_count_through_a_reload(namespace, ping):
    responder(namespace, h10="right")
    ping.parameters.update(host_list="127.0.0.10", fall=2, hold=0)
    ping.start()
    drop(namespace, "ip saddr 127.0.0.10 ip protocol icmp")
    ping.monitor()  # once silent
    ping.parameters["host_list"] = "127.0.0.10 127.0.0.1"
    ping.reload()  # and the second time
    assert value(namespace) == "0"


def test_a_reload_that_cannot_be_leaves_all_as_it_is(namespace, ping):
    ping.start()
    ping.parameters["host_list"] = "127.0.0.1 10.0.0.300"
    assert ping.reload().code == ping.monitor().code == resource.OK
    assert published(namespace) == [("set", "pingd", "1", "5000ms")]


def test_a_reload_that_failed_is_made_good_by_a_monitor(namespace, ping):
    ping.start()
    ping.parameters["dampen"] = "1s"
    break_attrd(namespace, "exit 102\n")
    assert "the old state serves on" in ping.reload().err
    assert ping.monitor().code == resource.OK
    assert "unapplied=" in namespace.run(["cat", RECORD]).stdout
    mend_attrd(namespace)
    for _ in range(2):
        assert ping.monitor().code == resource.OK
    assert published(namespace)[1:] == [("set", "pingd", "1", "1000ms")]
    assert "unapplied=" not in namespace.run(["cat", RECORD]).stdout


def test_a_reload_of_what_is_stopped_starts_nothing(namespace, ping):
    assert ping.reload().code == resource.NOT_RUNNING
    assert published(namespace) == []


def test_a_probe_brings_back_what_a_restart_of_the_cluster_took(namespace, ping):
    """In maintenance mode no monitor comes, and at its end rules would miss the attribute."""
    ping.start()
    namespace.attributes.write_text("")
    forget_the_last_look(namespace)
    assert ping.probe().code == resource.OK
    assert published(namespace) == [("set", "pingd", "1", "5000ms")]


def test_a_probe_brings_back_nothing_that_was_stopped(namespace, ping):
    ping.start()
    namespace.run(["sh", "-c", "echo stopping=1 >>" + RECORD])
    forget_the_last_look(namespace)
    namespace.attributes.write_text("")
    assert ping.probe().code == resource.GENERIC
    assert ping.stop().code == resource.OK
    assert ping.probe().code == resource.NOT_RUNNING
    assert [call[0] for call in published(namespace)] == ["delete"]


def test_a_probe_whose_attribute_daemon_refuses_tells_what_is_found(namespace, ping):
    ping.start()
    forget_the_last_look(namespace)
    break_attrd(namespace, "exit 102\n")
    assert ping.probe().code == resource.OK


def test_a_probe_asks_no_host_and_publishes_nothing_new(namespace, ping):
    ping.start()
    ping.parameters["host_list"] = "10.9.9.9"
    for _ in range(2):
        assert ping.probe().code == resource.OK
        assert len(published(namespace)) == 1
        forget_the_last_look(namespace)


def test_an_attribute_daemon_that_refuses(namespace, ping):
    ping.start()
    ping.parameters["host_list"] = "127.0.0.1 127.0.0.2"
    break_attrd(namespace, "echo Could not update: not connected >&2; exit 102\n")
    assert ping.monitor().code == resource.OK
    outcome = ping.stop()
    assert (outcome.code, outcome.reason) == (resource.OK, None)
    assert "attribute pingd could not be deleted" in outcome.err
    assert ping.probe().code == resource.NOT_RUNNING
    outcome = ping.start()
    assert outcome.code == resource.GENERIC
    assert "refused" in outcome.reason
    mend_attrd(namespace)
    assert ping.stop().code == resource.OK
    assert ping.start().code == resource.OK


AWAY = "echo Could not update: not connected >&2; exit 102\n"


def test_the_cluster_is_told_of_an_attribute_daemon_that_stays_away(namespace, ping):
    ping.parameters["degraded_code"] = "190"
    ping.start()
    ping.parameters["host_list"] = "127.0.0.1 127.0.0.2"
    break_attrd(namespace, AWAY)
    outcomes = []

    def is_told():
        outcomes.append(ping.monitor())
        return outcomes[-1].code != resource.OK
    until(is_told, 15)
    assert outcomes[-1].code == resource.DEGRADED
    assert outcomes[-1].reason == \
        "the attribute daemon refused pingd: Could not update: not connected"
    mend_attrd(namespace)
    assert ping.monitor().code == resource.OK
    assert value(namespace) == "2"


@pytest.mark.parametrize("fault", [AWAY, "exec sleep 60\n"], ids=["away", "hangs"])
@pytest.mark.parametrize("hosts, change, wanted", [
    ("127.0.0.1 127.0.0.2", "", "2"),
    ("127.0.0.1", "s/ed=.*/ed=-100/", "1"),
    ("127.0.0.1", "s/ed=.*/ed=soon/", "1"),
    ("127.0.0.1", "/ed=/d", "1")])
def test_what_an_absent_daemon_missed_it_is_told_later(
        namespace, ping, fault, hosts, change, wanted):
    record = "/run/lbha/ping-ping/record"
    ping.start()
    ping.parameters["host_list"] = hosts
    namespace.run(["sed", "-i", change, record])
    break_attrd(namespace, fault)
    outcome = ping.monitor()
    assert (outcome.code, outcome.reason) == (resource.OK, None)
    assert outcome.seconds < 10
    mend_attrd(namespace)
    namespace.attributes.write_text("")  # the daemon came back without its memory
    assert ping.monitor().code == resource.OK
    assert value(namespace) == wanted


def test_states_that_cannot_be_kept_are_published_all_the_same(namespace, ping):
    ping.start()
    namespace.run(["sh", "-c", "cd /run/lbha/ping-ping && rm hosts && mkdir hosts"])
    drop(namespace, "ip saddr 127.0.0.1 ip protocol icmp")
    assert ping.monitor().code == resource.OK
    assert value(namespace) == "0"


def test_a_lock_that_somebody_keeps_delays_no_monitor_for_long(namespace, ping):
    ping.start()
    holder = namespace.popen(["flock", LOCK, "sh", "-c", "echo held; exec sleep 60"],
                             stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    ping.parameters["host_list"] = "127.0.0.1 127.0.0.2"
    outcome = ping.monitor(timeout=60)
    assert outcome.code == resource.OK
    assert outcome.seconds < 5
    assert value(namespace) == "1"
    holder.kill()
    until(lambda: namespace.run(["flock", "-n", LOCK, "true"], check=False).returncode == 0
          or [os.kill(pid, signal.SIGKILL) for pid in namespace.pids()] and False)
    assert ping.monitor().code == resource.OK
    assert value(namespace) == "2"


def test_a_monitor_asks_without_the_lock(namespace, ping):
    ping.start()
    forget_the_last_look(namespace)
    asked = namespace.folder / "asked"
    break_attrd(namespace, "flock -n %s echo $* >> %s; exit 102\n" % (LOCK, asked))
    assert ping.monitor().code == resource.OK
    assert asked.read_text() == "--name pingd --query\n"


def test_the_node_is_the_one_that_pacemaker_names(namespace, ping):
    ping.start()  # on a remote node the attribute daemon's own node is another one
    break_attrd(namespace, "echo $OCF_RESKEY_CRM_meta_on_node > %s/node\n" % namespace.folder)
    ping.stop()
    assert (namespace.folder / "node").read_text() == "node01\n"


def test_failure_score(namespace, ping):
    ping.parameters.update(host_list="127.0.0.1 10.9.9.9", multiplier=10, failure_score=11)
    outcome = ping.start()
    assert outcome.code == resource.GENERIC
    assert outcome.reason == "pingd=10 is below failure_score=11: 1 of 2 hosts answer, " \
                             "not 10.9.9.9"
    assert value(namespace) == "10"
    assert ping.monitor().code == resource.GENERIC
    ping.parameters["failure_score"] = 10
    assert ping.monitor().code == resource.OK
    del ping.parameters["failure_score"]
    ping.parameters["host_list"] = "10.9.9.9"
    assert ping.monitor().code == resource.OK
    assert value(namespace) == "0"


# ------------------------------------------------------------------------ bad parameters

@pytest.mark.parametrize("name, text, sentence", [
    ("host_list", "", "host_list is missing"),
    ("host_list", " ", "at least 1 word"),
    ("host_list", "127.0.0.1 10.0.0.300", '"10.0.0.300", which is neither an address nor'),
    ("host_list", "10.1", '"10.1", which is neither'),
    ("host_list", "a;b", '"a;b", which is neither'),
    ("multiplier", "0", "multiplier"),
    ("attempts", "0", "attempts"),
    ("timeout", "0", "timeout"),
    ("dampen", "soon", "dampen"),
    ("failure_score", "low", "failure_score"),
    ("name", "two words", "name"),
    ("debug", "maybe", "debug"),
])
def test_wrong_parameters(namespace, ping, name, text, sentence):
    good = dict(ping.parameters)
    ping.parameters[name] = text
    for outcome in (ping.validate(), ping.start()):
        assert outcome.code == resource.CONFIGURED
        assert sentence in outcome.reason
    assert ping.probe().code == resource.NOT_RUNNING
    assert published(namespace) == []
    ping.parameters = good
    ping.start()
    ping.parameters = dict(good, **{name: text})
    assert ping.monitor().code == ping.probe().code == resource.OK
    assert [call[0] for call in published(namespace)] == ["set"]
    assert ping.stop().code == resource.OK
    assert value(namespace) is None


def test_parameters_without_effect_are_named(namespace, ping):
    ping.parameters.update(options="-I eth0", use_fping="1", pidfile="/run/ping-pingd")
    outcome = ping.start()
    assert outcome.code == resource.OK
    for name in ("options", "use_fping", "pidfile"):
        assert "%s has no effect" % name in outcome.err
    assert "no effect" not in ping.monitor().err


def test_a_healthy_monitor_logs_nothing_unless_debugging(namespace, ping):
    ping.start()
    assert ping.monitor().err == ""
    ping.parameters["debug"] = "true"
    assert "DEBUG: 127.0.0.1: " in ping.monitor().err


# ------------------------------------------------------------------------------- crashes

def test_start_killed_in_the_middle(namespace, ping):
    namespace.veth("v0", "v1", "10.1.0.1/24")
    ping.parameters.update(host_list="10.1.0.2", timeout=15)
    child = ping.popen("start")
    until(lambda: namespace.run(["cat", "/run/lbha/ping-ping/record"], check=False).stdout)
    kill(child)
    outcome = ping.probe()
    assert outcome.code == resource.GENERIC
    assert outcome.reason == "a start did not end: attribute pingd may be left"
    ping.parameters["host_list"] = "127.0.0.1"
    assert ping.start().code == resource.OK
    assert value(namespace) == "1"
    assert ping.stop().code == resource.OK


def test_monitor_killed_in_the_middle(namespace, ping):
    ping.start()
    hosts = responder(namespace, h10="silent")
    ping.parameters.update(host_list="127.0.0.10", timeout=15)
    child = ping.popen("monitor", interval=10)
    assert hosts.stdout.readline().startswith("127.0.0.10 ")  # it waits for an answer
    kill(child)
    assert ping.probe().code == resource.OK
    assert ping.stop().code == resource.OK
    assert value(namespace) is None
    assert ping.probe().code == resource.NOT_RUNNING


def test_stop_killed_in_the_middle(namespace, ping):
    ping.start()
    break_attrd(namespace, "echo > %s/called\nexec tail -f /dev/null\n" % namespace.folder)
    child = ping.popen("stop")
    until((namespace.folder / "called").exists)
    kill(child)
    mend_attrd(namespace)
    assert ping.probe().code == resource.GENERIC
    assert ping.monitor().code == resource.GENERIC
    assert ping.stop().code == resource.OK
    assert value(namespace) is None
    assert ping.probe().code == resource.NOT_RUNNING


def test_an_attribute_daemon_that_hangs_does_not_fail_a_stop(namespace, ping):
    ping.start()
    break_attrd(namespace, "exec tail -f /dev/null\n")
    outcome = ping.stop(timeout=20)
    assert outcome.code == resource.OK
    assert outcome.seconds < 10
    assert namespace.pids() == []
    assert ping.probe().code == resource.NOT_RUNNING


def test_a_stop_ends_an_orphaned_monitor(namespace, ping):
    ping.start()
    hosts = responder(namespace, h10="silent")
    ping.parameters.update(host_list="127.0.0.10", timeout=15)
    child = ping.popen("monitor", interval=10)
    assert hosts.stdout.readline().startswith("127.0.0.10 ")
    assert ping.stop().code == resource.OK
    assert child.wait(timeout=1) == -signal.SIGKILL
    assert published(namespace)[-1][0] == "delete"


def test_monitors_in_quick_succession(namespace, ping):
    ping.start()
    for _ in range(3):  # each follows the one before closely enough to be held
        assert ping.monitor(interval=0.001).code == resource.OK
