"""Rounds of requests: when a host is asked, when it is dead, and who waits for whom."""

import errno
import os
import select
import time

import pytest

from lbha import hold
from lbha.deadline import Deadline
from lbha.reach.rounds import Demand, Host, Place, Rounds


class Pipes:
    """A method of asking whose hosts are told what to do: {place: habit}.

    "answer", "silent", "refuse", "unreachable", or a number: that many answers to come
    """

    def __init__(self, poll):
        self.habits, self.sent, self.forgotten = {}, [], []
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        poll.register(self.reader, select.EPOLLIN)
        self.news = {}

    def send(self, place, number):
        self.sent.append((place, time.monotonic()))
        habit = self.habits[place]
        if habit == "unreachable":
            raise OSError(errno.EHOSTUNREACH, "No route to host")
        if habit == "answer" or habit == "refuse" or isinstance(habit, int) and habit > 0:
            self.news[number] = "Connection refused" if habit == "refuse" else None
            os.write(self.writer, b"x")
        if isinstance(habit, int):
            self.habits[place] = habit - 1

    def outcomes(self, fd):
        os.read(fd, 100)
        news, self.news = list(self.news.items()), {}
        return news + news  # duplicates count once

    def forget(self, number):
        self.forgotten.append(number)

    def close(self):
        for fd in (self.reader, self.writer):
            os.close(fd)


@pytest.fixture
def rounds(request):
    """Makes Rounds of hosts with these habits."""
    made = []

    def make(habits, **demand):
        places = [Place(habit) for habit in habits]
        hosts = [Host(place) for place in places]
        one = Rounds(hosts, Pipes, Demand(**dict(
            {"attempts": 3, "interval": 0.05, "timeout": 0.2}, **demand)))
        one.method.habits = dict(zip(places, habits))
        made.append(one)
        return one

    yield make
    for one in made:
        one.end()


def run(rounds, seconds=5.0, once=True):
    """Until every host has a result: {habit at first: alive}."""
    assert rounds.complete(rounds.hosts, Deadline(seconds), once) == []
    return {host.place.ip: host.alive for host in rounds.hosts}


def asked(rounds, number=0):
    """When a host was asked."""
    return [when for place, when in rounds.method.sent if place is rounds.hosts[number].place]


def test_who_answers_is_alive(rounds):
    one = rounds(["answer", "silent", "refuse", "unreachable"])
    began = time.monotonic()
    assert run(one) == {"answer": True, "silent": False, "refuse": False, "unreachable": False}
    assert 0.3 - 0.02 < time.monotonic() - began < 1  # one window
    assert [len(asked(one, number)) for number in range(4)] == [1, 3, 3, 3]
    assert [host.note for host in one.hosts[1:]] == [
        "no answer", "Connection refused", "No route to host"]
    assert one.hosts[0].note.endswith(" ms")


def test_requests_that_cannot_be_answered_are_not_waited_for(rounds):
    one = rounds(["refuse", "unreachable"], timeout=60)
    began = time.monotonic()
    run(one)
    assert time.monotonic() - began < 2


def test_a_round_has_its_pace(rounds):
    one = rounds(["silent"], interval=0.1, timeout=0.05)
    run(one)
    pauses = [b - a for a, b in zip(asked(one), asked(one)[1:])]
    assert len(pauses) == 2 and all(0.1 <= pause < 0.3 for pause in pauses)


def test_a_host_that_answers_is_asked_at_half_that_pace(rounds):
    one = rounds(["answer"], interval=0.1)
    for _ in range(3):
        run(one, once=False)
    pauses = [b - a for a, b in zip(asked(one), asked(one)[1:])]
    assert len(pauses) == 2 and all(0.2 <= pause < 0.4 for pause in pauses)


@pytest.mark.parametrize("demand, answers, alive", [
    ({"min_replies": 2}, 2, True), ({"min_replies": 2}, 1, False),
    ({"min_replies": 3}, 3, True), ({"max_loss": 33}, 2, False), ({"max_loss": 34}, 2, True),
    ({"max_loss": 0}, 3, True), ({"max_loss": 0}, 2, False), ({"max_rtt": 5.0}, 1, True),
    ({"max_rtt": 1e-9}, 3, False),
])
def test_what_is_good_enough(rounds, demand, answers, alive):
    assert run(rounds([answers], **demand)) == {answers: alive}


@pytest.mark.parametrize("demand, answers, alive", [
    ({"max_loss": 0}, 99, True), ({"min_replies": 30}, 99, True), ({"max_rtt": 5.0}, 99, True),
    ({"max_loss": 0, "timeout": 0.01}, 2, False), ({"min_replies": 30, "timeout": 0.01}, 2, False),
    ({"max_loss": 0, "timeout": 60}, 2, True), ({"max_loss": 0, "timeout": 60}, 0, False),
])
def test_a_round_without_the_time_it_takes_is_judged_by_what_had_its_time(
        rounds, demand, answers, alive):
    """A host is not dead for requests that were never sent, or just now."""
    one = rounds([answers], **dict({"attempts": 30, "interval": 0.1}, **demand))
    assert one.complete(one.hosts, Deadline(1), once=True) == one.hosts
    one.give_up(one.hosts)
    assert one.hosts[0].alive is alive, one.hosts[0].note
    assert len(asked(one)) < 30 and not one.by_number


def test_an_answer_to_an_earlier_round_counts_for_no_other(rounds):
    one = rounds(["silent"])
    run(one)
    assert len(one.method.forgotten) == 3
    one.method.news = {1: None}
    os.write(one.method.writer, b"x")
    assert one.happened() is False and one.hosts[0].alive is False


def test_a_host_that_is_to_be_asked_once_is_left_alone_when_its_answer_was_read_late(rounds):
    """On a busy machine its next request is due by then; nobody would go on with that round."""
    one = rounds(["answer"], interval=0)
    run(one)
    assert len(asked(one)) == 1 and not one.hosts[0].is_open


def results(rounds, *habits):
    """The state after each of these rounds."""
    host, seen = rounds.hosts[0], []
    for habit in habits:
        rounds.method.habits[host.place] = habit
        host.due = 0
        rounds.complete([host], Deadline(5), once=True)
        seen.append((host.alive, host.streak))
    return seen


def test_rise_and_fall(rounds):
    up, down = "answer", "unreachable"
    one = rounds([up], attempts=1, rise=2, fall=3)
    assert results(one, up, down, down, up, down, down, down) == [
        (True, 0), (True, 1), (True, 2), (True, 0), (True, 1), (True, 2), (False, 0)]
    assert results(one, up, down, up, up) == [(False, 1), (False, 0), (False, 1), (True, 0)]


def test_the_first_result_counts_by_itself(rounds):
    assert results(rounds(["x"], attempts=1, rise=9, fall=9), "unreachable") == [(False, 0)]


def test_a_known_state_is_counted_on(rounds):
    one = rounds(["x"], attempts=1, fall=3)
    one.hosts[0].alive, one.hosts[0].streak = True, 2
    assert results(one, "unreachable") == [(False, 0)]


def test_a_host_whose_place_is_unknown_is_dead_and_never_asked():
    one = Rounds([Host(None, "it does not resolve")], Pipes, Demand(fall=2))
    assert (one.hosts[0].alive, one.hosts[0].note) == (False, "it does not resolve")
    assert one.complete(one.hosts, Deadline(5)) == [] and one.due == float("inf")
    one.end()


def test_the_rounds_of_one_host_wait_for_no_other_s(rounds):
    one = rounds(["silent", "answer"], timeout=0.5)
    run(one, once=False)
    assert one.hosts[1].rounds > 5


def test_at_the_deadline_the_unfinished_are_named_and_given_up(rounds):
    one = rounds(["silent", "answer"], timeout=60)
    left = one.complete(one.hosts, Deadline(0.2), once=True)
    assert left == one.hosts[:1] and left[0].alive is None
    one.give_up(left)
    assert left[0].alive is False


def test_who_was_never_asked_is_not_given_up(rounds):
    one = rounds(["silent"])
    one.hosts[0].alive = True
    left = one.complete(one.hosts, Deadline(0))
    one.give_up(left)
    assert left == one.hosts and one.hosts[0].alive is True


def test_a_change_of_state_ends_a_held_monitor_s_wait(rounds):
    one = rounds(["answer"])
    run(one, once=False)
    assert hold.wait([one], 0.8) is False  # it answers on
    assert one.hosts[0].rounds > 4
    one.method.habits[one.hosts[0].place] = "silent"
    began = time.monotonic()
    assert hold.wait([one], 5) is True
    assert 0.2 < time.monotonic() - began < 1
    one.close()
    one.method.habits[one.hosts[0].place] = "answer"
    assert hold.wait([one], 5) is True and one.hosts[0].alive is True


def test_answers_that_came_while_nobody_looked_count(rounds):
    one = rounds(["answer"], attempts=1, timeout=0.05)
    run(one, once=False)
    one.method.habits[one.hosts[0].place] = "silent"
    Deadline(5).wait(lambda: one.happened() or one.hosts[0].waiting, "it to be asked again")
    number, = one.hosts[0].waiting
    one.method.news[number] = None  # it answers a little later
    os.write(one.method.writer, b"x")
    time.sleep(0.2)  # as on a node that is too busy: the answer is there all the time
    one.happened()
    assert one.hosts[0].alive is True
