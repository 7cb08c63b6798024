"""Which tables and pictures come of bench.json: plain data in, texts out."""

import collections

from . import events, figures, plot, table

OURS = "ours"
GUIDE = "guide"
# What ours is held to: scenario -> seconds of the median, of the worst, which may be one more
# for what begins in the second between two holds.
# power: corosync's token (1 s), its consensus (1.2 times that) and half a second.
LIMITS = {
    "kill": (0.12, 1.2), "hang": (3, 4), "address": (0.3, 1.3), "link": (0.3, 1.3),
    "standby": (0.15, 1.15), "power": (2.7, 2.7), "corosync": (0.6, 0.6),
}
SLEEP = 0.9  # seconds between membership and fencing that are a sleep of Pacemaker's
IDLE_RATIO = 0.5  # processor of an idle minute with one VIP, of the guide's
OPERATION_LIMIT = 0.3  # seconds that an operation may take longer when monitors hold

# title, heading, rows of texts, sentences below
Section = collections.namedtuple("Section", "title heading rows notes")
# what single actions are compared with
PAIRS = (("lbha/IPaddr2", "heartbeat/IPaddr2"), ("lbha/ping", "pacemaker/ping"),
         ("lbha/haproxy", "systemd:haproxy"), ("fence_pyipmi", "fence_ipmilan"))
BARE = "python3 -I -S -c pass"
BASH = " under bash"  # of a stock agent: /bin/sh of Enterprise Linux is bash, of Debian dash
# what ours is held to: action, the one it is compared with, ratio of wall and processor time
RATIOS = (("lbha/IPaddr2 monitor", BARE, 2, 2),
          ("lbha/IPaddr2 monitor", "heartbeat/IPaddr2 monitor", 0.4, 0.4),
          ("lbha/IPaddr2 monitor", "heartbeat/IPaddr2 monitor" + BASH, 0.4, 0.4),
          ("lbha/IPaddr2 start until announced", "heartbeat/IPaddr2 start until announced",
           0.4, None),
          ("lbha/IPaddr2 start until announced",
           "heartbeat/IPaddr2 start until announced" + BASH, 0.4, None),
          ("fence_pyipmi status", "fence_ipmilan status", 1, None),
          ("fence_pyipmi reboot", "fence_ipmilan reboot", 0.25, None),
          ("fence_pyipmi unreachable", "fence_ipmilan unreachable", 0.5, None))


def outages(result, scenario, rival):
    """(Figure of the outages, runs) of a scenario on a rival; (None, []) without runs."""
    runs = [row for row in result["runs"]
            if row["scenario"] == scenario and row["rival"] == rival]
    bound = max((row["bound"] for row in runs), default=0)
    return figures.figure([row["outage"] for row in runs], bound), runs


def times(theirs, ours):
    """Ratio of the medians of two Figures."""
    if theirs is None or ours is None:
        return "-"
    return figures.ratio(theirs.median, ours.median, theirs.bound)


def outage_section(result):
    """Every scenario on every rival, a line each: the ratio to ours first."""
    rows = []
    for scenario in result["scenarios"]:
        ours, _ = outages(result, scenario["name"], OURS)
        for rival in result["rivals"]:
            one, runs = outages(result, scenario["name"], rival["name"])
            if one is None:
                continue
            worst = "-" if ours is None else figures.ratio(one.worst, ours.worst, one.bound)
            rows.append([
                scenario["title"], rival["title"], times(one, ours), worst,
                figures.seconds(one.median, one.bound), figures.seconds(one.worst, one.bound),
                patient(runs), len(runs)])
    return Section(
        "Client outage (a new connection every 10 ms)",
        ["what happened", "who", "median/ours", "worst/ours", "median", "worst",
         "patient: lost, wait", "runs"], rows, remarks(result))


def patient(runs):
    """The most requests a patient client lost in a run, and its longest wait."""
    lost = max(row["patient_failed"] for row in runs)
    wait = max(row["patient_wait"] for row in runs)
    return "%d, %s" % (lost, figures.seconds(wait))


def remarks(result):
    """A sentence for what did not end, for two nodes with the VIP, for a sleep of Pacemaker's,
    and for what failed."""
    found = []
    for scenario in result["scenarios"]:
        for rival in result["rivals"]:
            _, runs = outages(result, scenario["name"], rival["name"])
            ended = [row for row in runs if row["outage"] is None]
            if ended:
                found.append("%s, %s: %d of %d runs without service %d s later, then given up" % (
                    scenario["title"], rival["title"], len(ended), len(runs),
                    scenario["bound"]))
            split = [row for row in runs if row["holders"] > 1]
            if split:
                found.append("%s, %s: %d of %d runs left the VIP on two nodes at once" % (
                    scenario["title"], rival["title"], len(split), len(runs)))
            found += stall(scenario, rival, runs)
    return found + ["not measured: %s: %s" % (one["what"], one["error"])
                    for one in result["errors"]]


def stall(scenario, rival, runs):
    """A sentence, in a list, when Pacemaker's controller slept before it asked for fencing."""
    slept, others = [], []
    for row in runs:
        seen = {what: when for when, _, what in reversed(row["events"])}
        gap = seen.get(events.FENCING, 0) - seen.get(events.MEMBERSHIP, figures.ENDLESS)
        (slept if gap >= SLEEP else others).append(row["outage"])
    slow, quick = (figures.figure(some, scenario["bound"]) for some in (slept, others))
    if slow is None or quick is None or slow.median - quick.median < SLEEP / 2:
        return []
    return ["%s, %s: %d of %d runs took %s, with a second between membership and fencing in which "
            "Pacemaker sleeps when updates of the CIB are pending (do_pe_invoke_callback); "
            "the others %s" % (scenario["title"], rival["title"], len(slept), len(runs),
                               figures.spread(slow), figures.spread(quick))]


def matrix_section(result):
    """The same for the README: a line a scenario, a column a rival."""
    rows = []
    for scenario in result["scenarios"]:
        ours, _ = outages(result, scenario["name"], OURS)
        row = [scenario["title"]]
        for rival in result["rivals"]:
            one, _ = outages(result, scenario["name"], rival["name"])
            text = figures.spread(one)
            if rival["name"] != OURS and one is not None and ours is not None:
                text = "**%s** (%s)" % (times(one, ours), text)
            row.append(text)
        rows.append(row)
    return Section("Client outage, as a multiple of ours (median / worst)",
                   ["what happened"] + [one["title"] for one in result["rivals"]], rows, [])


def limit_section(result):
    """What ours is held to, and what it did."""
    rows = []
    for scenario in result["scenarios"]:
        one, runs = outages(result, scenario["name"], OURS)
        limits = LIMITS.get(scenario["name"])
        if one is None or limits is None:
            continue
        kept = one.median <= limits[0] and one.worst <= limits[1]
        if scenario["name"] == "standby":
            kept = kept and not any(row["patient_failed"] for row in runs)
        rows.append([scenario["title"], "kept" if kept else "MISSED", figures.spread(one),
                     "%g / %g s" % limits])
    for row in result["sessions"]:
        if row["rival"] == OURS:
            rows.append(["clients keep their server: " + row["scenario"],
                         "kept" if row["kept"] == row["all"] else "MISSED", share(row), "100 %"])
    minutes = {row["rival"]: row["agents"] / row["seconds"] for row in result["idle"]
               if row["vips"] == 1}
    if OURS in minutes and minutes.get(GUIDE):
        ratio = minutes[OURS] / minutes[GUIDE]
        rows.append(["processor of an idle minute", "kept" if ratio <= IDLE_RATIO else "MISSED",
                     "%.2fx" % ratio, "%gx of the guide's" % IDLE_RATIO])
    return Section("What ours is held to", ["what", "", "measured", "wanted"],
                   rows + action_limits(result), [])


def action_limits(result):
    """The same of single actions, which must also end with the same exit codes: rows."""
    found = {row["what"]: row for row in result["actions"]}
    rows = []
    for ours, other, *limits in RATIOS:
        if ours not in found or other not in found:
            continue
        ratios = [figures.figure(found[ours][key]).median / figures.figure(found[other][key]).median
                  for key in ("wall", "cpu")]
        kept = (found[ours]["codes"] == found[other]["codes"]
                and all(limit is None or ratio <= limit for ratio, limit in zip(ratios, limits)))
        rows.append([ours, "kept" if kept else "MISSED",
                     "%.2fx, processor %.2fx" % tuple(ratios),
                     "%gx%s of %s" % (limits[0], ", both," * (limits[1] is not None), other)])
    return rows


def share(row):
    """The share of clients in percent."""
    return "%g %%" % round(100 * row["kept"] / row["all"], 1) if row["all"] else "-"


def session_section(result):
    """How many clients reach the same server afterwards."""
    rows = [[title(result["rivals"], row["rival"]), row["scenario"], share(row), row["missed"]]
            for row in result["sessions"]]
    return Section("Clients that keep their server", ["who", "after", "kept", "not answered"],
                   rows, [])


def idle_section(result):
    """An idle minute of the active node."""
    rows = []
    for row in sorted(result["idle"], key=lambda row: row["vips"]):
        ours = [one for one in result["idle"]
                if one["vips"] == row["vips"] and one["rival"] == OURS]
        minute = 60 / row["seconds"]
        ratio = figures.ratio(row["agents"] * minute, ours[0]["agents"] * 60 / ours[0]["seconds"]
                              ) if ours and row["agents"] else "-"
        rows.append([title(result["rivals"], row["rival"]), row["vips"], ratio,
                     "%.2f s" % (row["agents"] * minute), "%.2f s" % (row["node"] * minute),
                     "%.1f" % row["processes"], "%.1f MB" % (row["pss"] / 1e6)])
    return Section(
        "An idle minute of the active node",
        ["who", "VIPs", "agents/ours", "processor: agents", "whole node", "processes", "PSS"],
        rows, ["Agents: Pacemaker's executor (keepalived itself) and everything it started,"
               " short-lived children included; without HAProxy. Processes and PSS without the"
               " executor."] if rows else [])


def action_section(result):
    """Single actions, each with the one it is compared with."""
    found = {row["what"]: row for row in result["actions"]}
    bare = found.get(BARE)
    rows = []
    for what, row in found.items():
        wall, cpu = (figures.figure(row[key]) for key in ("wall", "cpu"))
        rows.append([what, "/".join(map(str, row["codes"])),
                     times(wall, rival_of(found, what, "wall")),
                     times(cpu, rival_of(found, what, "cpu")),
                     times(wall, figures.figure(bare["wall"]) if bare else None),
                     figures.spread(wall), figures.spread(cpu)])
    return Section(
        "Single actions (fence: run from another node)",
        ["what", "exit", "wall/ours", "processor/ours", "wall/bare Python",
         "wall: median / worst", "processor"],
        rows, ["systemd does its work in process 1: the processor time is only systemctl's."]
        if any(what.startswith("systemd:") for what in found) else [])


def rival_of(found, what, key):
    """The Figure of our counterpart's time; None for what has none, and for ours."""
    for ours, stock in PAIRS:
        other = what.replace(stock, ours).replace(BASH, "")
        if what.startswith(stock) and other in found:
            return figures.figure(found[other][key])
    return None


def reload_section(result):
    """Requests lost in reloads."""
    rows = [[title(result["rivals"], row["rival"]), row["reloads"], row["failed"],
             row["requests"], "%.0f s" % row["seconds"]] for row in result["reloads"]]
    return Section("Requests lost while HAProxy is reloaded",
                   ["who", "reloads", "lost", "of requests", "took"], rows, [])


def operation_section(result):
    """What operations take with held monitors, and with polling ones."""
    rows = []
    for row in result["operations"]:
        hold, poll = figures.figure(row["hold"]), figures.figure(row["poll"])
        slower = hold.median - poll.median
        rows.append([row["suite"], row["what"], figures.spread(hold), figures.spread(poll),
                     "%+.2f s" % slower, "kept" if slower <= OPERATION_LIMIT else "MISSED"])
    return Section("Operations, with held monitors and with hold=0 (median / worst)",
                   ["suite", "what", "held", "hold=0", "difference", ""], rows, [])


def title(rivals, name):
    """A rival as people read it."""
    return next((one["title"] for one in rivals if one["name"] == name),
                {"empty": "a cluster without resources"}.get(name, name))


def sections(result):
    """All tables that have a row."""
    made = [make(result) for make in (
        outage_section, limit_section, session_section, idle_section, action_section,
        reload_section, operation_section)]
    return [one for one in made if one.rows or one.notes]


def as_text(result):
    """The whole report for a terminal."""
    lines = [ground(result), ""]
    for one in sections(result):
        lines += [one.title, ""]
        if one.rows:
            lines += table.columns(one.heading, one.rows)
        lines += one.notes + [""]
    return "\n".join(lines)


def as_markdown(result):
    """The whole report for the README, with its pictures."""
    lines = ["![client outages](outages.svg)", ""] if result["runs"] else []
    for one in [matrix_section(result)] + sections(result)[bool(result["runs"]):]:
        if not one.rows:
            continue
        lines += ["### " + one.title, ""] + table.markdown(one.heading, one.rows) + [""]
        lines += ["- " + note for note in one.notes] + [""] * bool(one.notes)
    lines += ["- " + note for note in remarks(result)]
    return "\n".join(lines + ["", ground(result), ""])


def ground(result):
    """One sentence on what it ran."""
    machine = result["machine"]
    packages = ", ".join("%s %s" % item for item in sorted(machine["packages"].items()))
    return "Measured in %.0f minutes on %d processors, Linux %s, load before %.1f: %s." % (
        machine["minutes"], machine["processors"], machine["kernel"], machine["load"], packages)


def write(result, folder):
    """Print the report, and leave it and its pictures in a directory; the files."""
    print(as_text(result))
    texts = {"bench.txt": as_text(result), "bench.md": as_markdown(result)}
    if result["runs"]:
        texts["outages.svg"] = plot.outages(result)
        for scenario in result["scenarios"]:
            texts["timeline-%s.svg" % scenario["name"]] = plot.timelines(result, scenario)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]
