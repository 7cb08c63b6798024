"""The benchmark's statistics: median, worst, ratio."""

import pytest

from tests.bench import figures
from tests.bench.figures import ENDLESS, Figure, figure, ratio, seconds, spread


def test_median_and_worst():
    assert figure([3.0, 0.1, 0.2]) == Figure(0.2, 3.0, 3, 0)


def test_of_an_even_number_the_median_is_one_that_was_measured():
    assert figure([1.0, 2.0, 3.0, 4.0]).median == 3.0


def test_what_did_not_end_is_the_worst():
    one = figure([0.1, None, 0.2], bound=60)
    assert (one.median, one.worst) == (0.2, ENDLESS)
    assert spread(one) == "0.20 s / > 60 s"


def test_most_without_an_end_makes_the_median_endless():
    assert spread(figure([None, None, 0.2], bound=60)) == "> 60 s"


def test_nothing_measured_is_no_figure():
    assert figure([]) is None
    assert spread(None) == "-"


@pytest.mark.parametrize("value, text", [
    (0, "none"), (0.0000004, "0.0004 ms"), (0.00712, "7.12 ms"), (0.034, "34 ms"),
    (0.0999, "0.10 s"), (0.1234, "0.12 s"), (9.994, "9.99 s"), (10.04, "10.0 s"),
    (123.4, "123 s"), (ENDLESS, "> 60 s")])
def test_seconds_in_three_digits(value, text):
    assert seconds(value, 60) == text


@pytest.mark.parametrize("theirs, ours, text", [
    (3.6, 0.12, "30x"), (0.12, 0.12, "1.0x"), (0.06, 0.12, "0.50x"), (ENDLESS, 0.12, ">500x"),
    (0, 0.12, "<0.01x"), (1, 0, "-"), (1, ENDLESS, "-")])
def test_ratio(theirs, ours, text):
    assert ratio(theirs, ours, bound=60) == text


def test_two_equal_ones_are_said_once():
    assert spread(figures.figure([0.5])) == "0.50 s"
