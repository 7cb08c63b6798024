"""lbha.haproxy.pulse against a real HAProxy: the only event there is without pidfd_open(2)."""

import os
import signal
import time

import pytest

from tests.agent.balancer import master_of, worker_of
from tests.agent.inside import Inside
from tests.agent.resource import OK

MADE = 'global pulse; pulse = Pulse("/run/lbha/haproxy-%s/admin.sock", %d)'
HELD = "global news; news = hold.wait([pulse], %s); pulse.close()"


@pytest.fixture
def listener(namespace, haproxy):
    """A process that can hold with a Pulse; HAProxy runs."""
    assert haproxy.start().code == OK
    process = Inside(namespace)
    process.do("global Pulse; from lbha.haproxy.pulse import Pulse")
    return process


def pid_of(haproxy):
    """The worker's pid as HAProxy has it, in its namespace."""
    fields = dict(line.partition(": ")[::2] for line in haproxy.say("show info").splitlines())
    return int(fields["Pid"])


def hold(listener, haproxy, seconds, pid=None):
    """Let it hold; when this returns its connection waits."""
    listener.do(MADE % (haproxy.name, pid or pid_of(haproxy)))
    listener.begin(HELD % seconds)


def news(listener):
    """Whether the hold ended with an event."""
    assert listener.end() is None
    return listener.ask("news")


def test_a_worker_that_answers_is_no_news(listener, haproxy):
    began = time.monotonic()
    hold(listener, haproxy, 2.5)
    assert news(listener) is False
    assert time.monotonic() - began >= 2.5


@pytest.mark.parametrize("find", [worker_of, master_of])
def test_the_end_of_either_process_is_told_at_once(namespace, listener, haproxy, find):
    hold(listener, haproxy, 10)
    began = time.monotonic()
    os.kill(find(namespace), signal.SIGKILL)
    assert news(listener) is True
    assert time.monotonic() - began < 0.7  # before it would be asked


def test_silence_is_told_when_it_is_asked(namespace, listener, haproxy):
    hold(listener, haproxy, 10)
    began = time.monotonic()
    os.kill(worker_of(namespace), signal.SIGSTOP)
    assert news(listener) is True
    assert time.monotonic() - began < 2


def test_a_connection_that_haproxy_closes_is_no_news(namespace, haproxy, listener):
    """It waits for a question as long as "stats timeout" says, which is the user's."""
    haproxy.config.write_text(haproxy.config.read_text().replace(
        "global\n", "global\n    stats timeout 300ms\n"))
    assert haproxy.reload().code == OK and haproxy.stop().code == OK
    assert haproxy.start().code == OK
    hold(listener, haproxy, 2)
    assert news(listener) is False


def test_another_worker_than_expected_is_news(listener, haproxy):
    began = time.monotonic()
    hold(listener, haproxy, 10, pid=pid_of(haproxy) + 1)
    assert news(listener) is True
    assert time.monotonic() - began < 3


def test_nobody_there_is_news(listener, haproxy):
    pid = pid_of(haproxy)
    assert haproxy.stop().code == OK
    began = time.monotonic()
    hold(listener, haproxy, 10, pid)
    assert news(listener) is True
    assert time.monotonic() - began < 3
