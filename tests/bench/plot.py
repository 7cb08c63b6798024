"""Pictures of what was measured, as SVG written by hand."""

import math
import xml.sax.saxutils

from . import figures

COLOURS = ("#0b6e4f", "#c1292e", "#e08e45", "#5b6ee1", "#3c91c2", "#7d5ba6", "#666666")
FONT = 'font-family="sans-serif" font-size="%d"'
LEFT, WIDTH = 300, 620  # of the scale
BAR, GAP = 14, 16
LEAST, MOST = 0.005, 100.0  # seconds, at the ends of the logarithmic scale
LINE = 15
EVENTS = 16  # at most, in a lane


def text(x, y, words, size=12, anchor="start", colour="#222222"):
    """A line of words."""
    return '<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s" %s>%s</text>' % (
        x, y, anchor, colour, FONT % size, xml.sax.saxutils.escape(words))


def rectangle(x, y, width, height, colour):
    """A filled one; what has no width is one pixel wide."""
    return '<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>' % (
        x, y, max(1.0, width), height, colour)


def stroke(x1, y1, x2, y2, colour="#bbbbbb", width=1):
    """A line."""
    return '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%g"/>' % (
        x1, y1, x2, y2, colour, width)


def picture(width, height, parts):
    """The whole file."""
    return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d">\n'
            '<rect width="100%%" height="100%%" fill="#ffffff"/>\n%s\n</svg>\n'
            % (width, height, width, height, "\n".join(parts)))


def place(seconds):
    """Where on the logarithmic scale, in pixels from the left of the picture."""
    inside = min(max(seconds, LEAST), MOST)
    return LEFT + WIDTH * math.log10(inside / LEAST) / math.log10(MOST / LEAST)


def of(result, scenario, rival):
    """The runs of a scenario on a rival."""
    return [row for row in result["runs"]
            if row["scenario"] == scenario["name"] and row["rival"] == rival["name"]]


def outages(result):
    """Bars: the median of each rival in each scenario, a whisker to the worst."""
    parts, y = [], 60
    for scenario in result["scenarios"]:
        top = y
        for number, rival in enumerate(result["rivals"]):
            runs = of(result, scenario, rival)
            if runs:
                one = figures.figure([row["outage"] for row in runs], scenario["bound"])
                parts += bar(y, one, COLOURS[number % len(COLOURS)])
                y += BAR
        if y > top:
            parts.append(text(LEFT - 10, (top + y) / 2 + 4, scenario["title"], anchor="end"))
            y += GAP
    scale = []
    for tick in (0.01, 0.1, 1, 10, 100):
        scale += [stroke(place(tick), 45, place(tick), y - GAP),
                  text(place(tick), 40, "%g s" % tick, anchor="middle")]
    seen = [(rival, COLOURS[number % len(COLOURS)])
            for number, rival in enumerate(result["rivals"])
            if any(of(result, scenario, rival) for scenario in result["scenarios"])]
    legend = [text(LEFT, y + 10 + LINE * number, rival["title"], colour=colour)
              for number, (rival, colour) in enumerate(seen)]
    heading = text(10, 20, "Client outage: median, line to the worst; logarithmic", 14)
    return picture(LEFT + WIDTH + 150, y + 20 + LINE * len(seen),
                   [heading] + scale + parts + legend)


def bar(y, one, colour):
    """The bar of a Figure; what is endless reaches the end of the scale."""
    median, worst = place(one.median), place(one.worst)
    return [rectangle(LEFT, y, median - LEFT, BAR - 3, colour),
            stroke(median, y + BAR / 2 - 1.5, worst, y + BAR / 2 - 1.5, colour, 2),
            text(max(median, worst) + 5, y + BAR - 4, figures.spread(one), 10)]


def timelines(result, scenario):
    """A lane a rival: its median run, with what happened in it; each lane to its own scale."""
    parts = [text(10, 20, scenario["title"] + ": the median run of each; red: no answer", 14)]
    y = 50
    for rival in result["rivals"]:
        runs = sorted(of(result, scenario, rival), key=outage)
        if runs:
            lines, y = lane(y, rival["title"], runs[len(runs) // 2], scenario["bound"])
            parts += lines
    return picture(LEFT + WIDTH + 70, y, parts)


def outage(run):
    """Of a run, in seconds; endless when it did not end."""
    return figures.ENDLESS if run["outage"] is None else run["outage"]


def lane(y, title, run, bound):
    """The parts of a lane that begins at `y`, and where the next one begins."""
    length = outage(run)
    fails, answers = run["delay"], run["delay"] + min(length, bound)
    events = [event for event in run["events"] if 0 <= event[0] <= answers * 1.1 + 0.01]
    # from the first that happened: before that a command may have taken its time
    first = min([fails] + [event[0] for event in events])
    margin = max((answers - first) * 0.05, 0.005)
    begin, end = max(0.0, first - margin), answers + margin

    def at(seconds):
        return LEFT + WIDTH * (min(max(seconds, begin), end) - begin) / (end - begin)

    parts = [text(10, y + 10, title, 12), text(10, y + 26, figures.seconds(length, bound), 11),
             rectangle(LEFT, y, WIDTH, 12, "#cfe8d5")]
    if length:
        parts.append(rectangle(at(fails), y, at(answers) - at(fails), 12, "#d64545"))
    numbered = 0.0  # how far numbers have come: they are not to hide each other
    shown = [event for event in events if event[0] <= end][:EVENTS]
    for number, (when, where, what) in enumerate(shown, 1):
        parts.append(stroke(at(when), y - 3, at(when), y + 15, "#222222"))
        parts.append(text(LEFT, y + 15 + LINE * number,
                          "%2d  %+.3f s  %s  %s" % (number, when, where, what), 11))
        if at(when) >= numbered:
            parts.append(text(at(when) + 1, y - 5, str(number), 8))
            numbered = at(when) + 12
    parts += [text(LEFT - 5, y + 10, "%+.2f s" % begin, 10, "end", "#777777"),
              text(LEFT + WIDTH + 5, y + 10, "%+.2f s" % end, 10, colour="#777777")]
    return parts, y + 60 + LINE * len(shown)
