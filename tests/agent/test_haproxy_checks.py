"""What monitors of ocf:lbha:haproxy look at beside HAProxy itself: servers, an answer to a URL,
the score. None of it ever fails the resource."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.agent import resource
from tests.agent.balancer import Balancer, master_of, processes, until

CONFIG = """
global
    maxconn 100
    stats socket %s level admin
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 1s
frontend main
    bind 127.0.0.1:8080
    http-request return status 200 if { path /good }
    http-request redirect location /good if { path /elsewhere }
    http-request return status 500 if { path /bad }
    http-request return status 404 if { path /missing }
    default_backend web
backend web
    server web01 127.0.0.1:8081 weight 10 check inter 50ms fastinter 50ms fall 1 rise 1
    server web02 127.0.0.1:8082 weight 30 check inter 50ms fastinter 50ms fall 1 rise 1
"""
# a web server in one line of Python: port, and whether it ever answers
WEB = """
import socket, sys, time
port, answers = int(sys.argv[1]), sys.argv[2] == "answers"
listener = socket.create_server(("127.0.0.1", port), backlog=100)
print("listening", flush=True)
kept = []
while True:
    client = listener.accept()[0]
    if answers:
        client.sendall(b"HTTP/1.0 204 No Content\\r\\n\\r\\n")
        client.close()
    else:
        kept.append(client)
"""


@pytest.fixture
def haproxy(namespace):
    """Not started; its two servers are not there."""
    return Balancer(namespace, CONFIG % (namespace.folder / "stats.sock"))


class Web:
    """A web server of the two."""

    def __init__(self, haproxy, number, kind="answers"):
        self.haproxy, self.name = haproxy, "web%02d" % number
        self.child = haproxy.namespace.popen(
            [sys.executable, "-c", WEB, str(8080 + number), kind], stdout=subprocess.PIPE)
        with self.child.stdout:
            assert self.child.stdout.readline() == b"listening\n"

    def seen(self, status):
        """Wait until HAProxy sees it in that state."""
        until(lambda: ",%s," % status in next(
            line for line in self.haproxy.say("show stat").splitlines()
            if line.startswith("web,%s," % self.name)), 5, "%s is %s" % (self.name, status))
        return self

    def stop(self):
        """End it; returns when HAProxy has seen that."""
        self.child.kill()
        self.child.wait()
        self.seen("DOWN")


# -------------------------------------------------------------------------------- the levels

def test_servers_are_counted_from_level_10_on(haproxy):
    haproxy.parameters["min_servers"] = 2
    haproxy.start()
    one, two = Web(haproxy, 1).seen("UP"), Web(haproxy, 2).seen("UP")
    assert haproxy.complaint(level=10) is None
    two.stop()
    haproxy.forget_checks()
    assert haproxy.complaint(level=0) is None
    told = "backend web has 1 of 2 servers up, wanted 2: web02 is DOWN"
    assert haproxy.complaint(level=10) == told
    # the monitors of other levels in between do not take it back
    assert haproxy.complaint(level=0) == told
    assert haproxy.complaint(level=20) == told
    two = Web(haproxy, 2).seen("UP")
    haproxy.forget_checks()
    assert haproxy.complaint(level=10) is None
    assert one.child.poll() is None


@pytest.mark.parametrize("least, told", [(0, False), (1, False), (2, True)])
def test_min_servers(haproxy, least, told):
    haproxy.parameters["min_servers"] = least
    haproxy.start()
    Web(haproxy, 1).seen("UP")
    assert bool(haproxy.complaint(level=10)) == told


def test_no_server_at_all_is_no_failure(namespace, haproxy):
    haproxy.start()
    before = processes(namespace)
    for level in (0, 10, 20, 10, 0):
        assert haproxy.monitor(level=level).code == resource.OK
    assert "has 0 of 2 servers up" in haproxy.complaint(level=10)
    assert processes(namespace) == before


def test_degraded_code(haproxy):
    haproxy.parameters["degraded_code"] = 190
    haproxy.start()
    Web(haproxy, 1).seen("UP").stop()
    assert haproxy.monitor(level=10).code == resource.OK  # it has not lasted yet
    haproxy.let_last()
    outcome = haproxy.monitor(level=10)
    assert outcome.code == resource.DEGRADED
    assert "has 0 of 2 servers up" in outcome.reason


# ----------------------------------------------------------------------------------- the URL

@pytest.mark.parametrize("path, words", [
    ("/good", None), ("/elsewhere", None), ("/bad", "status 500"), ("/missing", "status 404")])
def test_check_url(haproxy, path, words):
    haproxy.parameters.update(check_url="http://127.0.0.1:8080" + path, min_servers=0)
    haproxy.start()
    assert haproxy.complaint(level=10) is None
    told = haproxy.complaint(level=20)
    assert told is None if words is None else words in told and path in told


def test_a_url_that_nobody_answers(haproxy):
    haproxy.parameters.update(check_url="http://127.0.0.1:8089/", min_servers=0)
    haproxy.start()
    told = haproxy.complaint(level=20)
    assert told == "no answer from http://127.0.0.1:8089/: Connection refused"


def test_a_mended_url_is_good_again(haproxy):
    haproxy.parameters.update(check_url="http://127.0.0.1:8089/", min_servers=0)
    haproxy.start()
    assert haproxy.complaint(level=20)
    Web(haproxy, 9)
    haproxy.forget_checks()
    assert haproxy.complaint(level=20) is None


def test_another_url_is_asked_for_at_once(haproxy):
    haproxy.parameters.update(check_url="http://127.0.0.1:8080/bad", min_servers=0)
    haproxy.start()
    assert haproxy.complaint(level=20)
    haproxy.parameters["check_url"] = "http://127.0.0.1:8080/good"
    haproxy.call("reload")
    assert haproxy.complaint(level=20) is None


def test_a_url_with_a_certificate_of_its_own(namespace):
    files = [namespace.folder / name for name in ("key", "certificate", "both.pem")]
    namespace.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=another.example",
                   "-keyout", files[0], "-out", files[1]])
    files[2].write_text(files[0].read_text() + files[1].read_text())
    text = CONFIG % (namespace.folder / "stats.sock")
    haproxy = Balancer(namespace, text.replace(
        "bind 127.0.0.1:8080", "bind 127.0.0.1:8080 ssl crt %s" % files[2]), min_servers=0)
    haproxy.parameters["check_url"] = "https://127.0.0.1:8080/good"
    haproxy.start()
    assert haproxy.complaint(level=20) is None
    haproxy.parameters["check_url"] = "https://127.0.0.1:8080/bad"
    haproxy.forget_checks()
    assert "status 500" in haproxy.complaint(level=20)


def test_a_url_that_hangs_delays_no_bad_news(namespace, haproxy):
    haproxy.parameters.update(check_url="http://127.0.0.1:8085/", min_servers=0)
    haproxy.start()
    hanging = Web(haproxy, 5, "hangs")
    outcome = haproxy.monitor(level=20)
    assert outcome.code == resource.OK
    assert 5 <= outcome.seconds < 6
    told = haproxy.complaint(level=0)
    assert told == "no answer from http://127.0.0.1:8085/ within 5 s"
    # and once more in a held monitor, with HAProxy killed meanwhile
    haproxy.parameters["hold"] = 15
    assert haproxy.monitor(interval=0.1, level=20).code == resource.OK
    haproxy.forget_checks()
    time.sleep(0.12)  # the interval
    child = haproxy.popen("monitor", interval=0.1, level=20)
    until(lambda: namespace.run(["ss", "-Htn", "state", "established", "dport", "=", "8085"]
                                ).stdout, 5, "the monitor asks")
    began = time.monotonic()
    os.kill(master_of(namespace), signal.SIGKILL)
    _, err = child.communicate(timeout=10)
    assert time.monotonic() - began < 1
    assert child.returncode in (resource.NOT_RUNNING, resource.GENERIC)
    assert "gone" in err
    assert hanging.child.poll() is None


# --------------------------------------------------------------------------------- the score

def published(haproxy, name="score"):
    """The lines that attrd_updater was told about an attribute: (verb, value)."""
    attributes = haproxy.namespace.attributes
    lines = attributes.read_text().splitlines() if attributes.exists() else []
    return [(line.split("\t")[0], line.split("\t")[2]) for line in lines
            if line.split("\t")[1] == name]


def look(haproxy):
    """Let a monitor look at the servers now; what is published then, or None."""
    with contextlib.suppress(FileNotFoundError):
        haproxy.forget_checks()
    assert haproxy.monitor().code == resource.OK
    lines = published(haproxy)
    return lines[-1][1] if lines and lines[-1][0] == "set" else None


@pytest.fixture
def scored(haproxy):
    """It runs with two servers that are up, and has published that."""
    haproxy.config.write_text(haproxy.config.read_text().replace("check", "# no"))
    haproxy.parameters.update(score_attribute="score", score_dampen=0)
    assert haproxy.start().code == resource.OK
    assert look(haproxy) == "2"
    return haproxy


@pytest.mark.parametrize("counted, both, one", [("servers", "2", "1"), ("weight", "40", "30")])
def test_score_of(haproxy, counted, both, one):
    haproxy.parameters.update(score_attribute="score", score_of=counted, score_dampen=0)
    haproxy.start()
    first = Web(haproxy, 1).seen("UP")
    Web(haproxy, 2).seen("UP")
    assert look(haproxy) == both
    first.stop()
    assert look(haproxy) == one
    assert haproxy.stop().code == resource.OK
    assert published(haproxy)[-1][0] == "delete"


def test_no_score_without_its_parameter(haproxy):
    haproxy.start()
    assert haproxy.monitor().code == resource.OK
    assert not haproxy.namespace.attributes.exists()


def test_nothing_up_is_a_score_too(scored):
    for server in ("web01", "web02"):
        scored.say("disable server web/" + server)
    assert look(scored) == "0"


def test_a_server_in_maintenance_or_drain_does_not_count(scored):
    scored.say("set server web/web01 state maint")
    assert look(scored) == "1"
    scored.say("set server web/web02 state drain")
    assert look(scored) == "0"
    scored.say("set server web/web01 state ready")
    assert look(scored) == "1"


def test_a_score_is_published_when_it_has_lasted(scored):
    scored.parameters["score_dampen"] = "1200ms"
    scored.say("set server web/web01 state maint")
    began = time.monotonic()
    assert look(scored) == "2"
    until(lambda: look(scored) == "1", 10, "the new score is published")
    assert time.monotonic() - began >= 1.2


def test_a_server_that_comes_and_goes_moves_nothing(scored):
    scored.parameters["score_dampen"] = "1s"
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        for state in ("maint", "ready"):
            scored.say("set server web/web01 state " + state)
            assert look(scored) == "2"
    assert published(scored) == [("set", "2")]


@pytest.mark.parametrize("name", ["other", None])
def test_another_name_takes_the_old_attribute_away(scored, name):
    if name:
        scored.parameters["score_attribute"] = name
    else:
        del scored.parameters["score_attribute"]
    assert look(scored) is None
    assert published(scored)[-1] == ("delete", "")
    assert published(scored, "other") == ([("set", "2")] if name else [])


def test_a_lost_score_is_published_again(scored):
    scored.namespace.run(["attrd_updater", "--name", "score", "--delete"])
    assert look(scored) is None  # it is not asked for all the time
    scored.let_last("score", "verified")
    assert look(scored) == "2"


def test_a_probe_publishes_a_lost_score_again(scored):
    """In maintenance mode no monitor comes after a restart of the cluster services."""
    scored.namespace.run(["attrd_updater", "--name", "score", "--delete"])
    assert scored.probe().code == resource.OK
    assert published(scored)[-1] == ("set", "2")


def test_a_monitor_killed_while_it_publishes_leaves_nothing_behind(scored):
    """The attribute may be there although nobody has noted that."""
    note = scored.folder / "score"
    lines = note.read_text().splitlines(keepends=True)
    note.write_text("".join(line for line in lines if not line.startswith("published")))
    assert scored.stop().code == resource.OK
    assert published(scored)[-1] == ("delete", "")
