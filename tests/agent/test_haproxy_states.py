"""What an operator sets on a server outlasts reloads, crashes and restarts of HAProxy."""

import json
import os
import signal
import sys

import pytest

from tests.agent import traffic
from tests.agent.balancer import Balancer, master_of, processes, until
from tests.agent.namespace import Namespace
from tests.agent.resource import OK

CONFIG = traffic.CONFIG % "" + """
    server web02 127.0.0.2:80 weight 10
    server web03 127.0.0.2:80
    server web04 127.0.0.2:80 disabled
listen stats
    bind 127.0.0.1:8404
    stats enable
    stats uri /
    stats admin if TRUE
"""
POST = "import http.client as h, sys; c = h.HTTPConnection('127.0.0.1', 8404); " \
       "c.request('POST', '/', sys.argv[1]); print(c.getresponse().getheader('Location'))"
AS_CONFIGURED = {"web01": ("0", "1"), "web02": ("0", "10"), "web03": ("0", "1"),
                 "web04": ("5", "1")}
CHANGED = {"web01": ("1", "1"), "web02": ("8", "5"), "web03": ("0", "0"), "web04": ("4", "1")}


@pytest.fixture
def balancer(namespace):
    """A Balancer with four servers and a statistics page, started."""
    made = Balancer(namespace, CONFIG)
    assert made.start().code == OK
    return made


def states(balancer):
    """{server: (administrative state, weight)} as HAProxy has them."""
    rows = [line.split() for line in balancer.say("show servers state web").splitlines()[2:]]
    return {row[3]: (row[6], row[7]) for row in rows if row}


def change(namespace, balancer):
    """Do all that an operator can, half on the page and half on the socket."""
    for form in ("s=web01&action=maint&b=%23", "s=web02&action=drain&b=%23"):
        form = form.replace("%23", "web")
        assert "st=DONE" in namespace.run([sys.executable, "-c", POST, form]).stdout
    for command in ("web02 weight 5", "web03 weight 0", "web04 state ready"):
        assert balancer.say("set server web/" + command) == "\n"
    assert states(balancer) == CHANGED


def runs_on(namespace, balancer, *nodes):
    """Tell the stand-ins of the cluster's programs that HAProxy runs on these nodes."""
    namespace.attributes.with_name("attributes.nodes").write_text(json.dumps(
        {node: {"runs": [balancer.name]} for node in nodes}))


def undo(balancer):
    for command in ("web01 state ready", "web02 state ready", "web02 weight 10",
                    "web03 weight 1", "web04 state maint"):
        assert balancer.say("set server web/" + command) == "\n"


def by_reload(namespace, balancer):
    before = balancer.serving
    assert balancer.changed(config_version=before) != before


def by_stop_and_start(namespace, balancer):
    assert balancer.stop().code == OK
    assert balancer.start().code == OK


def by_crash_and_start(namespace, balancer):
    """A monitor has had to see it."""
    (balancer.folder / "checks").unlink()  # as if the last look had been long ago
    assert balancer.monitor().code == OK
    os.kill(master_of(namespace), signal.SIGKILL)
    until(lambda: not processes(namespace), 5, "the worker follows its master")
    assert balancer.start().code == OK


@pytest.mark.parametrize("restart", [by_reload, by_stop_and_start, by_crash_and_start])
def test_what_was_set_comes_back_and_what_was_undone_does_not(namespace, balancer, restart):
    assert states(balancer) == AS_CONFIGURED
    assert balancer.monitor().code == OK
    change(namespace, balancer)
    restart(namespace, balancer)
    assert states(balancer) == CHANGED
    undo(balancer)
    assert {name: weight for name, (_, weight) in states(balancer).items()} == {
        name: weight for name, (_, weight) in AS_CONFIGURED.items()}
    restart(namespace, balancer)
    assert states(balancer) == AS_CONFIGURED


def test_a_server_that_is_no_more_keeps_nothing_from_coming_back(namespace, balancer):
    change(namespace, balancer)
    balancer.config.write_text(balancer.config.read_text().replace("server web01 ", "server new "))
    balancer.parameters["config_version"] = "2"
    outcome = balancer.reload()
    assert outcome.code == OK
    assert "web/web01 is not restored: no such server" in outcome.err
    assert states(balancer) == dict({name: CHANGED[name] for name in ("web02", "web03", "web04")},
                                    new=("0", "1"))


def test_a_node_that_differs_says_so(namespace, balancer):
    second = Namespace(beside=namespace)
    try:
        namespace.attributes.with_name("attributes.lags").write_text("node01 0\nnode02 0\n")
        other = Balancer(second, CONFIG)
        other.node = "node02"
        runs_on(namespace, balancer, "node01", "node02")
        assert other.start().code == OK
        for one in (other, balancer):
            assert one.monitor(level=10).code == OK
        assert other.say("set server web/web01 state maint") == "\n"

        def look(*nodes):
            for node in nodes:  # as if the last look had been long ago
                (node.folder / "checks").unlink()
                assert node.monitor(level=10).code == OK
            return [node.told for node in nodes]

        until(lambda: all(look(other, balancer)), 20, "both tell the difference")
        assert balancer.told == "web/web01 is as configured here and maint on node02"
        assert other.told == "web/web01 is maint here and as configured on node01"
        assert other.stop().code == OK  # where nothing runs, nothing differs
        until(lambda: look(balancer) == [None], 10, "it is taken back")
        assert balancer.say("set server web/web01 state maint") == "\n"
        until(lambda: look(balancer)[0], 20, "the cluster says that it runs there")
        assert balancer.told == "web/web01 is maint here and as configured on node02"
        runs_on(namespace, balancer, "node01")
        until(lambda: look(balancer) == [None], 10, "it is taken back")
    finally:
        second.close()
