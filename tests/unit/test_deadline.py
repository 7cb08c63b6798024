"""What has to end in time, whatever it does."""

import _signal
import os
import sys
import time

import pytest

from lbha import deadline
from lbha.deadline import Deadline, enforce, nap
from lbha.errors import DeadlineReached


def test_what_hangs_is_ended_and_what_swallows():
    def hang():
        for _ in range(3):
            try:
                nap(1)
            except Exception:
                continue

    began = time.monotonic()
    with pytest.raises(DeadlineReached) as caught:
        enforce(Deadline(0.2), "it hung", hang)
    assert 0.15 <= time.monotonic() - began < 2
    assert caught.value.reason == "it hung"


def test_a_function_in_c_is_ended_too():
    began = time.monotonic()
    with pytest.raises(DeadlineReached):
        enforce(Deadline(0.1), "it hung", time.sleep, 3)
    assert time.monotonic() - began < 2


def test_it_rings_again_when_the_first_was_lost():
    lost = []

    def lose():
        for _ in range(3):
            try:
                nap(1)
            except BaseException as error:
                if lost:
                    raise
                lost.append(error)

    with pytest.raises(DeadlineReached):
        enforce(Deadline(0.1), "it hung", lose)
    assert len(lost) == 1


def test_with_grace_it_may_answer_for_itself_but_only_once():
    def hang(times):
        for _ in range(times):
            try:
                nap(2)
            except DeadlineReached as error:
                answer = error.reason
        return answer

    assert enforce(Deadline(0.1), "it hung", hang, 1, grace=0.3) == "it hung"
    began = time.monotonic()
    with pytest.raises(DeadlineReached):
        enforce(Deadline(0.1), "it hung", hang, 2, grace=0.3)
    assert 0.35 <= time.monotonic() - began < 1.5


def test_what_ends_in_time_is_answered_and_nothing_rings_afterwards():
    assert enforce(Deadline(0.05), "it hung", max, 1, 2, key=lambda n: -n) == 1
    assert _signal.getitimer(_signal.ITIMER_REAL) == (0, 0)
    os.kill(os.getpid(), _signal.SIGALRM)  # one that was under way
    nap(0.01)

    def fail():
        raise KeyError("its own")

    with pytest.raises(KeyError):
        enforce(Deadline(5), "it hung", fail)
    assert _signal.getitimer(_signal.ITIMER_REAL) == (0, 0)


@pytest.mark.parametrize("seconds", [2147484, 1e300])
def test_no_time_is_too_long_to_be_waited(seconds):
    with pytest.raises(DeadlineReached):
        enforce(Deadline(0.1), "it hung", nap, seconds)
    assert enforce(Deadline(seconds), "it hung", max, 1, 2) == 2


def test_a_nap_longer_than_the_longest_is_slept_in_pieces(monkeypatch):
    monkeypatch.setattr(deadline, "LONGEST", 0.1)
    began = time.monotonic()
    nap(0.25)
    assert 0.25 <= time.monotonic() - began + 0.002 < 1


def struck(strike):
    """enforce() with the signal before its line number `strike`; whether it has that many.

    Neither the exception of the signal nor a running timer may be left, wherever it strikes.
    """
    lines = []

    def trace(frame, event, _):
        if frame.f_code.co_filename != deadline.__file__:
            return None
        if event == "line":
            lines.append(frame.f_lineno)
            if len(lines) == strike:
                os.kill(os.getpid(), _signal.SIGALRM)
        return trace

    sys.settrace(trace)
    try:
        answer = enforce(Deadline(5), "it hung", int, "7")
    except DeadlineReached:
        answer = 7
    finally:
        sys.settrace(None)
        timer = _signal.setitimer(_signal.ITIMER_REAL, 0)
    assert answer == 7 and timer == (0, 0), lines[-1]
    return len(lines) >= strike


def test_the_signal_may_come_between_any_two_steps():
    _signal.signal(_signal.SIGALRM, _signal.SIG_IGN)  # before enforce has taken it over
    strike = 1
    while struck(strike):
        strike += 1
    assert strike > 5
