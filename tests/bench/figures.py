"""Median, worst and ratio of what was measured; unending outages count as endless."""

import collections
import statistics

ENDLESS = float("inf")

# median, worst -- seconds; ENDLESS when it did not end within `bound` seconds
# count         -- of how many runs
Figure = collections.namedtuple("Figure", "median worst count bound")


def figure(values, bound=0):
    """The Figure of measured values, None for one that did not end; None without any."""
    known = [ENDLESS if value is None else value for value in values]
    if not known:
        return None
    # of an even number the upper one of the middle: nothing between a second and never
    return Figure(statistics.median_high(known), max(known), len(known), bound)


def seconds(value, bound=0):
    """Seconds as people read them: three digits; what is endless is more than the bound."""
    if value == ENDLESS:
        return "> %g s" % bound
    if value >= 100:
        return "%.0f s" % value
    if value >= 10:
        return "%.1f s" % value
    if value >= 0.0995:
        return "%.2f s" % value
    if value >= 0.000095:
        return "%.3g ms" % (value * 1000)
    return "none" if value == 0 else "%.2g ms" % (value * 1000)


def ratio(theirs, ours, bound=0):
    """How many times ours theirs is; `bound` stands for what is endless, with a sign for it."""
    if not ours or ours == ENDLESS:
        return "-"
    sign = ">" if theirs == ENDLESS else ""
    times = (bound if theirs == ENDLESS else theirs) / ours
    if times < 0.01:
        return "<0.01x"
    return sign + ("%.0fx" if times >= 10 else "%.1fx" if times >= 1 else "%.2fx") % times


def spread(one):
    """Median and worst of a Figure in one cell."""
    if one is None:
        return "-"
    median, worst = seconds(one.median, one.bound), seconds(one.worst, one.bound)
    return median if median == worst else "%s / %s" % (median, worst)
