"""ALERT and ADDITIONAL_CONFIG."""

import shlex

from lbha.pcsgen import model, settings, words


def read_alerts(blocks, cluster, report):
    """ALERT: each a program with its recipients; A rows are of what stands above them."""
    for block in blocks:
        heads = [row for part in block.parts if part.name == "P" for row in part.rows]
        for row in heads[1:]:
            report.error(row["path"], "second-head", keyword=block.name)
        if not heads and any(part.rows for part in block.parts):
            report.error(block.keyword, "no-head", keyword=block.name)
        _read_alert(block, _alert(heads[0], cluster, report) if heads
                    else model.Alert("", [], [], []), report)


def _read_alert(block, alert, report):
    last = alert
    for part in block.parts:
        if part.name == "R":
            for row in part.rows:
                last = model.Recipient(row["recipient"], [], [])
                _unique(last, alert.recipients, report)
                alert.recipients.append(last)
        elif part.name == "A":
            for kind, found in settings.read_typed(part, ("options", "meta"), report).items():
                for one in found:
                    settings.put(getattr(last, kind), one, report)


def _alert(row, cluster, report):
    path = words.needed(row, "path", report)
    if path and not path.startswith("/"):
        report.bad(path, "no-path", found=path)
    if any(old.path == path for old in cluster.alerts):
        report.error(path, "alert-twice", path=path)
    alert = model.Alert(path, [], [], [])
    cluster.alerts.append(alert)
    return alert


def _unique(recipient, others, report):
    if any(old.value == recipient.value for old in others):
        report.error(recipient.value, "recipient-twice", value=recipient.value)


def read_commands(block, cluster, report):
    """ADDITIONAL_CONFIG: text for the script.  It is looked at, and never run."""
    for row in block.rows:
        cell = row["config"]
        lines = [line.rstrip().rstrip("\\").rstrip() for line in cell.splitlines()]
        text = cell.becomes("\n".join(line for line in lines if line.strip()))
        try:
            shlex.split(text)
        except ValueError:
            report.error(cell, "open-quote")
            continue
        cluster.commands.append(text)
    if cluster.commands:
        report.warning(cluster.commands[0], "script-only")
