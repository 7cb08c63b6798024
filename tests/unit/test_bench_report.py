"""The benchmark's tables and pictures, from a result as bench.json has it."""

import copy
import xml.etree.ElementTree

import pytest

from tests.bench import plot, report, table

SCENARIO = {"name": "kill", "title": "HAProxy killed & gone", "bound": 60}


def run(rival, outage, **more):
    row = {"scenario": "kill", "rival": rival, "number": 0, "node": "node01", "outage": outage,
           "delay": 0.01, "bound": 60, "outages": 1, "failed": 3, "requests": 100, "reasons": {},
           "patient_failed": 0, "patient_requests": 100, "patient_wait": 0.2, "acted": 0.002,
           "over": "recovered", "holders": 1, "off": None,
           "events": [[0.05, "node01", "haproxy start: <ok>"]]}
    return dict(row, **more)


RESULT = {
    "machine": {"minutes": 1.0, "processors": 2, "kernel": "5.10", "load": 0.1, "suite": "bullseye",
                "packages": {"pacemaker": "2.0.5"}, "began": 0},
    "errors": [], "scenarios": [SCENARIO],
    "rivals": [{"name": "ours", "title": "lbha"}, {"name": "guide", "title": "the guide's"}],
    "runs": [run("ours", 0.1), run("ours", 0.2), run("ours", 0.1),
             run("guide", 3.0), run("guide", None), run("guide", 4.0, patient_failed=7)],
    "idle": [dict(rival="ours", vips=1, seconds=30, agents=0.5, node=2.0, processes=3, pss=3e6),
             dict(rival="guide", vips=1, seconds=60, agents=4.0, node=9.0, processes=0, pss=0)],
    "sessions": [dict(rival="ours", scenario="kill", all=1000, kept=1000, missed=0),
                 dict(rival="guide", scenario="kill", all=1000, kept=0, missed=0)],
    "reloads": [dict(rival="ours", reloads=100, seconds=20, failed=0, requests=2000, reasons={})],
    "operations": [dict(suite="trixie", what="ban", hold=[0.5, 0.7, 0.6], poll=[0.4, 0.4, 0.3]),
                   dict(suite="trixie", what="move", hold=[0.8], poll=[0.4])],
    "actions": [
        {"what": "python3 -I -S -c pass", "wall": [0.01], "cpu": [0.01], "codes": [0]},
        {"what": "heartbeat/IPaddr2 monitor", "wall": [0.04], "cpu": [0.03], "codes": [0]},
        {"what": "lbha/IPaddr2 monitor", "wall": [0.02], "cpu": [0.01], "codes": [0]}],
}


def section(make, result=None):
    return getattr(report, make + "_section")(result or RESULT)


def test_the_ratio_stands_before_the_seconds():
    ours, guide = section("outage").rows
    assert ours[1:6] == ["lbha", "1.0x", "1.0x", "0.10 s", "0.20 s"]
    assert guide[1:6] == ["the guide's", "40x", ">300x", "4.00 s", "> 60 s"]
    assert guide[6:] == ["7, 0.20 s", 3]


def test_an_operation_may_not_wait_for_a_held_monitor():
    assert section("operation").rows == [
        ["trixie", "ban", "0.60 s / 0.70 s", "0.40 s", "+0.20 s", "kept"],
        ["trixie", "move", "0.80 s", "0.40 s", "+0.40 s", "MISSED"]]


def test_what_never_ended_and_what_failed_is_said():
    result = dict(copy.deepcopy(RESULT), errors=[{"what": "ours: kill", "error": "no power"}])
    assert section("outage", result).notes == [
        "HAProxy killed & gone, the guide's: 1 of 3 runs without service 60 s later,"
        " then given up",
        "not measured: ours: kill: no power"]


def test_two_nodes_with_the_vip_are_told():
    result = dict(RESULT, runs=[run("guide", 0.0, holders=2), run("guide", 0.1)])
    assert section("outage", result).notes == [
        "HAProxy killed & gone, the guide's: 1 of 2 runs left the VIP on two nodes at once"]


def test_the_second_in_which_pacemaker_sleeps_is_told():
    def lost(outage, *fencing):
        return run("ours", outage, events=[[2.1, "node02", "new membership"]] + [
            [when, "node02", "fencing asked"] for when in fencing])

    result = dict(RESULT, runs=[lost(2.6, 2.2), lost(3.6, 3.2, 9.9), lost(3.7, 3.1), lost(2.7),
                                run("guide", 4.0, events=[[9.9, "node02", "fencing asked"]])])
    note, = section("outage", result).notes
    assert note.startswith("HAProxy killed & gone, lbha: 2 of 4 runs took 3.70 s, with a second ")
    assert note.endswith("; the others 2.70 s")
    for outages in ((3.6,), (3.6, 3.5)):  # all of them slept, or it cost nothing
        runs = [lost(outages[0], 3.2)] + [lost(outage, 2.2) for outage in outages[1:]]
        assert section("outage", dict(RESULT, runs=runs)).notes == []


def test_a_scenario_without_runs_of_ours_has_no_ratio():
    result = dict(RESULT, runs=[row for row in RESULT["runs"] if row["rival"] == "guide"])
    assert section("outage", result).rows[0][2:4] == ["-", "-"]


@pytest.mark.parametrize("median, worst, verdict", [
    (0.11, 1.1, "kept"), (0.13, 0.2, "MISSED"), (0.11, 1.3, "MISSED"),
    (0.11, None, "MISSED")])
def test_what_ours_is_held_to(median, worst, verdict):
    result = dict(RESULT, runs=[run("ours", median), run("ours", median), run("ours", worst)])
    assert section("limit", result).rows[0][1] == verdict


def test_a_standby_may_cost_a_patient_client_nothing():
    result = copy.deepcopy(RESULT)
    result["scenarios"][0]["name"] = "standby"
    result["runs"] = [run("ours", 0.1, scenario="standby", patient_failed=1)]
    assert section("limit", result).rows[0][1] == "MISSED"


def test_idle_minutes_and_sessions_have_their_limits():
    rows = section("limit").rows
    assert rows[1] == ["clients keep their server: kill", "kept", "100 %", "100 %"]
    assert rows[2][1:3] == ["kept", "0.25x"]  # 0.5 s in half a minute, 4 s in one


def test_an_idle_stretch_of_any_length_is_told_as_a_minute():
    rows = {row[0]: row for row in section("idle").rows}
    assert rows["lbha"][3] == "1.00 s"
    assert rows["the guide's"][2] == "4.0x"


def test_single_actions_are_compared_with_ours_and_with_the_bare_interpreter():
    rows = {row[0]: row for row in section("action").rows}
    assert rows["heartbeat/IPaddr2 monitor"][2:5] == ["2.0x", "3.0x", "4.0x"]
    assert rows["lbha/IPaddr2 monitor"][2:5] == ["-", "-", "2.0x"]


def test_another_shell_has_the_same_counterpart():
    result = copy.deepcopy(RESULT)
    result["actions"].append({"what": "heartbeat/IPaddr2 monitor" + report.BASH,
                              "wall": [0.08], "cpu": [0.06], "codes": [0]})
    assert section("action", result).rows[-1][2:5] == ["4.0x", "6.0x", "8.0x"]


def test_what_single_actions_are_held_to():
    rows = {row[3]: row for row in section("limit").rows if row[0] == "lbha/IPaddr2 monitor"}
    assert rows["2x, both, of python3 -I -S -c pass"][1:3] == ["kept", "2.00x, processor 1.00x"]
    assert rows["0.4x, both, of heartbeat/IPaddr2 monitor"][1] == "MISSED"


@pytest.mark.parametrize("wall, cpu, code, kept", [
    (0.008, 0.008, 0, "kept"), (0.008, 0.02, 0, "MISSED"), (0.02, 0.008, 0, "MISSED"),
    (0.008, 0.008, 1, "MISSED")])
def test_wall_processor_and_exit_code_must_be_kept(wall, cpu, code, kept):
    result = copy.deepcopy(RESULT)
    stock = {"what": "heartbeat/IPaddr2 monitor", "wall": [0.03], "cpu": [0.03], "codes": [0]}
    result["actions"] = [stock, {"what": "lbha/IPaddr2 monitor", "wall": [wall], "cpu": [cpu],
                                 "codes": [code]}]
    assert report.action_limits(result)[0][1] == kept


def test_the_readme_has_a_column_a_rival():
    assert section("matrix").rows == [
        ["HAProxy killed & gone", "0.10 s / 0.20 s", "**40x** (4.00 s / > 60 s)"]]
    lines = report.as_markdown(RESULT).splitlines()
    assert "| what happened | lbha | the guide's |" in lines
    # every line of a table has as many cells as its heading
    for number, line in enumerate(lines):
        if line.startswith("| ---"):
            assert line.count("|") == lines[number - 1].count("|") == lines[number + 1].count("|")


def test_columns_are_as_wide_as_their_widest_cell():
    assert table.columns(["a", "b", "c"], [["xx", "y", 1], ["x", "yyy", 100]]) == [
        "a   b      c", "------------", "xx  y      1", "x   yyy  100"]


def test_a_bar_in_markdown_is_no_new_cell():
    assert table.markdown(["a"], [["x|y"]])[2] == "| x\\|y |"


@pytest.mark.parametrize("draw", [
    plot.outages, lambda result: plot.timelines(result, SCENARIO)], ids=["bars", "timeline"])
def test_pictures_are_xml_that_stays_inside_its_frame(draw):
    root = xml.etree.ElementTree.fromstring(draw(RESULT))
    width, height = float(root.get("width")), float(root.get("height"))
    for element in root.iter("{http://www.w3.org/2000/svg}rect"):
        if element.get("x"):
            right = float(element.get("x")) + float(element.get("width"))
            bottom = float(element.get("y")) + float(element.get("height"))
            assert 0 <= float(element.get("x")) and right <= width and bottom <= height
    for element in root.iter("{http://www.w3.org/2000/svg}text"):
        assert 0 < float(element.get("y")) <= height


def test_a_longer_outage_has_a_longer_bar():
    root = xml.etree.ElementTree.fromstring(plot.outages(RESULT))
    ours, guide = [float(one.get("width")) for one in root.iter("{http://www.w3.org/2000/svg}rect")
                   if one.get("x") == "%.1f" % plot.LEFT]
    assert ours < guide < plot.WIDTH


def test_a_timeline_tells_the_median_run_with_its_events():
    texts = [one.text for one in xml.etree.ElementTree.fromstring(
        plot.timelines(RESULT, SCENARIO)).iter("{http://www.w3.org/2000/svg}text")]
    assert " 1  +0.050 s  node01  haproxy start: <ok>" in texts
    assert "4.00 s" in texts and "0.10 s" in texts


def test_everything_is_written(tmp_path, capsys):
    names = {path.name for path in report.write(RESULT, tmp_path)}
    assert names == {"bench.txt", "bench.md", "outages.svg", "timeline-kill.svg"}
    assert "Client outage" in capsys.readouterr().out
