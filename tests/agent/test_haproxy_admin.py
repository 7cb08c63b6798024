"""What real HAProxy says on its socket, and an operator's changes brought into a new one."""

import os
import signal
import socket
import sys
import time

import pytest

from lbha.haproxy import admin, servers

CONFIG = """
global
    stats socket %(folder)s/%(name)s.sock mode 600 level admin
    stats socket %(folder)s/%(name)s.user mode 600 level user
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
peers lbha
    peer one 127.0.0.1:10001
    peer two 127.0.0.1:10002
    peer three 127.0.0.1:10003
resolvers nobody
    nameserver silent 127.0.0.1:5399
frontend main
    bind 127.0.0.1:%(port)d
    default_backend web
    stats enable
    stats uri /stats
    stats admin if TRUE
backend web
    stick-table type ip size 1k peers lbha
    %(servers)s
"""
SERVERS = """
    server web01 127.0.0.1:8081 check inter 100ms
    server web02 127.0.0.1:8082 weight 10
    server web03 127.0.0.1:8083 disabled
    server web04 127.0.0.1:8084 disabled
    server w:e.b-5_ 127.0.0.1:8085
"""
PORTS = {"one": 8001, "two": 8002, "three": 8003}
POST = "import http.client as h, sys; c = h.HTTPConnection('127.0.0.1', int(sys.argv[1])); " \
       "c.request('POST', '/stats', sys.argv[2]); print(c.getresponse().getheader('Location'))"
AGENT = """
import socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", 8099))
listener.listen(5)
while True:
    client = listener.accept()[0]
    client.sendall(open(sys.argv[1], "rb").read())
    client.close()
"""


def until(condition, seconds, sentence):
    """Wait for a condition, with a deadline that says what was wanted."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    pytest.fail("not within %g s: %s" % (seconds, sentence))


class HAProxy:
    """A process of HAProxy without a master."""

    def __init__(self, namespace, name, text):
        self.namespace, self.port = namespace, PORTS[name]
        self.path = "%s/%s.sock" % (namespace.folder, name)
        self.user_path = "%s/%s.user" % (namespace.folder, name)
        config = namespace.folder / (name + ".cfg")
        config.write_text(CONFIG % {"folder": namespace.folder, "name": name,
                                    "port": self.port, "servers": text})
        self.child = namespace.popen(["haproxy", "-db", "-L", name, "-f", config])
        until(self._answers, 10, "HAProxy answers")

    def _answers(self):
        try:
            return self.say("show info")
        except OSError:
            return None

    def say(self, command):
        """What it answers."""
        return admin.ask(self.path, command, 2.0)

    def post(self, form):
        """Send the form of the statistics page; what the page says of it."""
        return self.namespace.run([sys.executable, "-c", POST, self.port, form]).stdout

    def columns(self):
        """{server: [admin state, weight]} as HAProxy writes them."""
        lines = self.say("show servers state").splitlines()[2:]
        return {words[3]: words[6:8] for words in map(str.split, lines) if words}

    def servers(self):
        """{name: Server}."""
        return {server.name: server for server in admin.servers(self.say("show stat -1 4 -1"))}

    def changed(self):
        """What an operator changed."""
        return servers.changed(admin.states(self.say("show servers state")))

    def restore(self, wanted):
        """Bring it to what is wanted, by way of the text."""
        return servers.restore(self.path, servers.parse(servers.show(wanted)), 2.0)


@pytest.fixture
def start(namespace):
    """Starts HAProxies: "one", "two" and "three"."""
    return lambda name, text=SERVERS: HAProxy(namespace, name, text)


def test_what_was_set_on_the_socket_comes_into_a_new_process(start):
    old = start("one")
    as_configured = old.columns()
    assert old.changed() == {}
    for command in ("web01 state maint", "web02 state drain", "web02 weight 5",
                    "web03 state ready", "web04 state drain", "w:e.b-5_ weight 0"):
        assert old.say("set server web/" + command) == "\n"
    wanted = {"web/web01": "maint", "web/web02": "drain,weight:5", "web/web03": "ready",
              "web/web04": "drain", "web/w:e.b-5_": "weight:0"}
    assert old.changed() == wanted
    new = start("two")
    assert new.columns() == as_configured
    assert new.restore(wanted) == (wanted, {})
    assert new.columns() == old.columns() == {
        "web01": ["1", "1"], "web02": ["8", "5"], "web03": ["4", "1"], "web04": ["12", "1"],
        "w:e.b-5_": ["0", "0"]}
    assert new.restore(wanted) == ({}, {})  # nothing is left to set
    assert [server.up for _, server in sorted(new.servers().items())] == [
        False, False, False, True, False]


def test_what_was_set_on_the_page_comes_into_a_new_process(start):
    old = start("one")
    for form in ("s=web01&action=maint&b=web", "s=web02&action=drain&b=web",
                 "s=web03&action=ready&b=web"):
        assert "st=DONE" in old.post(form)
    wanted = {"web/web01": "maint", "web/web02": "drain", "web/web03": "ready"}
    assert old.changed() == wanted
    new = start("two")
    assert new.restore(old.changed()) == (wanted, {})
    assert new.columns() == old.columns()


def test_what_was_undone_stays_undone(start):
    old = start("one")
    for command in ("web01 state maint", "web01 state ready", "web02 weight 5",
                    "web02 weight 10", "web03 state ready", "web03 state maint"):
        assert old.say("set server web/" + command) == "\n"
    assert old.changed() == {}
    new = start("two")
    before = new.columns()
    assert new.restore(old.changed()) == ({}, {})
    assert new.columns() == before


def test_servers_that_are_gone_are_named_and_new_ones_left_alone(start):
    wanted = {"web/web01": "maint", "web/gone": "drain,weight:5", "gone/web01": "maint"}
    new = start("one", "server web01 127.0.0.1:8081\n    server new 127.0.0.1:8082 disabled")
    assert new.restore(wanted) == ({"web/web01": "maint"}, {
        "web/gone": "no such server", "gone/web01": "no such server"})
    assert new.columns() == {"web01": ["1", "1"], "new": ["5", "1"]}


def test_what_the_new_configuration_says_itself_needs_no_command(start):
    old = start("one")
    for command in ("web01 state maint", "web02 weight 5", "web03 state ready"):
        assert old.say("set server web/" + command) == "\n"
    new = start("two", "server web01 127.0.0.1:8081 disabled\n"
                       "    server web02 127.0.0.1:8082 weight 5\n"
                       "    server web03 127.0.0.1:8083")
    assert new.restore(old.changed()) == ({}, {})
    assert new.changed() == {}


def test_a_refusal_is_told_in_haproxy_s_words(start):
    new = start("one", "balance source\n    server web01 127.0.0.1:8081")
    done, failed = new.restore({"web/web01": "weight:5"})
    assert done == {} and failed["web/web01"] == (
        'Backend is using a static LB algorithm and only accepts weights "0%" and "100%".')
    wanted = {"web/web01": "maint"}
    done, failed = servers.restore(new.user_path, wanted, 2.0)
    assert done == {} and failed == {"web/web01": "Permission denied"}
    assert new.columns() == {"web01": ["0", "1"]}


def test_what_follows_by_itself_is_not_carried_over(start):
    old = start("one", "server web01 127.0.0.1:8081 check\n"
                       "    server web02 127.0.0.1:8082 track web/web01\n"
                       "    server web03 nosuch.invalid:80 resolvers nobody init-addr none")
    old.say("set server web/web01 state maint")
    assert old.servers()["web02"].status == "MAINT (via web/web01)"
    assert old.servers()["web03"].status == "MAINT (resolution)"
    assert old.changed() == {"web/web01": "maint"}


def test_an_agent_s_mode_is_carried_over_until_it_says_otherwise(namespace, start):
    word = namespace.folder / "word"
    word.write_text("up 50% drain\n")
    program = namespace.folder / "agent.py"
    program.write_text(AGENT)
    namespace.popen([sys.executable, program, word])
    text = "server web01 127.0.0.1:8081 weight 100 agent-check agent-port 8099 agent-inter 50ms"
    old = start("one", text)
    until(lambda: old.columns() == {"web01": ["8", "50"]}, 10, "HAProxy heeds its agent")
    assert old.changed() == {"web/web01": "drain"}  # not the weight
    new = start("two", text)
    new.restore(old.changed())
    word.write_text("up 70% ready\n")
    until(lambda: new.columns() == {"web01": ["0", "70"]}, 10, "the agent has the last word")
    assert new.changed() == {}
    assert new.restore({"web/web01": "weight:5"}) == ({}, {})  # nor a weight noted before


def test_a_thousand_servers(start):
    text = "\n".join("    server web%04d-%s 127.0.0.1:8081 weight 10" % (number, "x" * 40)
                     for number in range(1000))
    old, new = start("one", text), start("two", text)
    wanted = {name: "drain,weight:5" for name in
              ("web/" + name for name in old.columns())}
    begin = time.monotonic()
    done, failed = new.restore(wanted)
    assert time.monotonic() - begin < 20
    assert (len(done), failed) == (1000, {})
    assert new.changed() == wanted


def test_servers_and_frontends_as_haproxy_sees_them(start):
    haproxy = start("one")
    until(lambda: haproxy.servers()["web01"].status == "DOWN", 10, "web01 is seen down")
    found = list(haproxy.servers().values())
    assert servers.score(found) == (2, 11)
    assert servers.shortage(found, 3) == (
        "backend web has 2 of 5 servers up, wanted 3: web01 is DOWN, web03 and web04 are MAINT")
    assert admin.frontends(haproxy.say("show stat -1 1 -1")) == {"main": "OPEN"}
    haproxy.say("disable frontend main")
    assert admin.frontends(haproxy.say("show stat -1 1 -1"))["main"] in (
        admin.PAUSED, admin.STOPPED)


def test_peers_are_connected_while_both_live(start):
    one, two = start("one"), start("two")

    def look(haproxy):
        section, = admin.peers(haproxy.say("show peers"))
        return section.resynced, {peer.name: peer.connected for peer in section.peers}

    wanted = {"one": (True, {"one": False, "two": True, "three": False}),
              "two": (True, {"one": True, "two": False, "three": False})}
    until(lambda: {"one": look(one), "two": look(two)} == wanted, 20, "one and two are connected")
    section, = admin.peers(one.say("show peers"))
    assert [peer.name for peer in section.peers if peer.local] == ["one"]
    # each was new to the other
    assert [peer.name for peer in section.peers if peer.exhausted] == ["two"]
    two.child.kill()
    until(lambda: look(one)[1]["two"] is False, 10, "two is seen gone")


def test_commands_that_are_unknown_or_denied(start):
    haproxy = start("one")
    assert admin.is_unknown(haproxy.say("show nothing"))
    assert admin.peers(haproxy.say("show nothing")) is None
    assert admin.is_denied(admin.ask(haproxy.user_path, "disable frontend main", 2.0))
    # nsenter became haproxy: its pid is the process that answers
    assert admin.info(haproxy.say("show info"))["Pid"] == str(haproxy.child.pid)


def test_a_hung_process_is_silent(start):
    haproxy = start("one")
    os.kill(haproxy.child.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, haproxy.child.pid, os.WSTOPPED)  # until all of its threads are
    begin = time.monotonic()
    with pytest.raises(socket.timeout):
        admin.ask(haproxy.path, "show info", 0.2)
    assert time.monotonic() - begin < 5
    with pytest.raises(socket.timeout):
        servers.restore(haproxy.path, {"web/web01": "maint"}, 0.2)
    os.kill(haproxy.child.pid, signal.SIGCONT)
    assert haproxy.restore({"web/web01": "maint"}) == ({"web/web01": "maint"}, {})
