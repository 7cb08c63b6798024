"""The lbha command as a person calls it: files, modes, exit codes, languages."""

import os
import re
import stat
import subprocess
import sys

import pytest
from lxml import etree

from tests import making, paths

GUIDE, EVERYTHING = making.SHEETS / "guide.csv", making.SHEETS / "everything.csv"
DONE, FAILED, WARNED = 0, 1, 2


def lbha(*arguments, libraries=True, **environment):
    """Run it from the checkout, with or without what is not Python's own."""
    path = [str(paths.LIBRARY)] + (sys.path if libraries else [])
    argv = [sys.executable] + ([] if libraries else ["-S"])
    return subprocess.run(
        argv + ["-m", "lbha", "pcsgen"] + list(map(str, arguments)),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True, encoding="utf-8",
        env=dict({"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8",
                  "PYTHONPATH": os.pathsep.join(path)}, **environment))


def test_files_are_for_their_owner_only_and_say_how_to_push(tmp_path):
    os.chmod(str(tmp_path), 0o777)
    done = lbha(GUIDE, "--offline", "-o", tmp_path)
    assert done.returncode == DONE, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["guide.sh", "guide.xml"]
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "pcs cluster cib-push %s/guide.xml --config" % tmp_path in done.stderr
    assert (tmp_path / "guide.xml").read_bytes() == making.make(GUIDE).xml


def test_what_was_readable_for_others_is_no_longer(tmp_path):
    (tmp_path / "guide.xml").write_text("old")
    os.chmod(str(tmp_path / "guide.xml"), 0o644)
    assert lbha(GUIDE, "--offline", "-o", tmp_path).returncode == DONE
    assert stat.S_IMODE((tmp_path / "guide.xml").stat().st_mode) == 0o600


def test_warnings_are_2_and_errors_are_1_and_write_nothing(tmp_path):
    done = lbha(EVERYTHING, "--offline", "-o", tmp_path)
    assert done.returncode == WARNED and len(list(tmp_path.iterdir())) == 2
    bad = tmp_path / "bad.csv"
    bad.write_text(GUIDE.read_text().replace("LOCATION_NODE", "LOCATION").replace("lt,1", "<,1"))
    done = lbha(bad, "--offline", "-o", tmp_path)
    assert done.returncode == FAILED
    assert "LOCATION is no keyword" in done.stderr and "< is not one of" in done.stderr
    assert not (tmp_path / "bad.xml").exists() and not (tmp_path / "bad.sh").exists()


def test_neither_file_is_there_when_one_cannot_be_written(tmp_path):
    (tmp_path / "dir.sh").mkdir()
    done = lbha(GUIDE, "--offline", "--xml", tmp_path / "a.xml", "--sh", tmp_path / "no/b.sh")
    assert done.returncode == FAILED
    assert "%s: No such file or directory\n" % (tmp_path / "no/b.sh") in done.stderr
    done = lbha(GUIDE, "--offline", "--xml", tmp_path / "a.xml", "--sh", tmp_path / "dir.sh")
    assert done.returncode == FAILED and "dir.sh is a directory" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["dir.sh"]


def test_check_and_diff_write_nothing(tmp_path):
    lbha(GUIDE, "--offline", "-o", tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert lbha(GUIDE, "--offline", "--check", "-o", tmp_path).returncode == DONE
    done = lbha(EVERYTHING, "--offline", "--diff", tmp_path / "guide.xml", "-o", tmp_path)
    assert done.returncode == WARNED
    assert "- resources / group haproxy-group" in done.stdout.splitlines()
    assert "ipmipass1" not in done.stdout
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("environment, words", [
    ({"LC_ALL": "ja_JP.UTF-8"}, "を出力しました"), ({"LC_ALL": "", "LANG": "ja_JP"}, "を出力しました"),
    ({"LC_ALL": "C.UTF-8", "LANG": "ja_JP.UTF-8"}, " written; ")])
def test_the_locale_chooses_the_language(tmp_path, environment, words):
    done = lbha(GUIDE, "--offline", "-o", tmp_path, PYTHONIOENCODING="utf-8", **environment)
    assert words in done.stderr


def test_a_terminal_that_has_no_japanese_gives_no_traceback(tmp_path):
    done = lbha(GUIDE, "--offline", "--lang", "ja", "-o", tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == DONE and "Traceback" not in done.stderr


def test_a_difference_is_shown_where_there_is_no_japanese(tmp_path):
    lbha(making.SHEETS / "letters.csv", "--offline", "--target", "2.1", "-o", tmp_path)
    done = lbha(GUIDE, "--offline", "--diff", tmp_path / "letters.xml", PYTHONIOENCODING="ascii")
    assert done.returncode == DONE, done.stderr
    assert "- nodes / node node01 / site: \\u6771\\u4eac $HOME" in done.stdout.splitlines()


def test_nothing_of_additional_config_runs(tmp_path):
    mark = tmp_path / "ran"
    sheet = tmp_path / "x.csv"
    sheet.write_text(GUIDE.read_text() + ",,touch %s\n,,pcs $(touch %s) `touch %s`\n" % (
        (mark,) * 3))
    assert lbha(sheet, "-o", tmp_path).returncode == WARNED
    assert not mark.exists()
    assert "touch %s" % mark in (tmp_path / "x.sh").read_text()


def test_the_script_is_one_that_a_shell_reads(tmp_path):
    lbha(EVERYTHING, "--offline", "-o", tmp_path)
    subprocess.run(["sh", "-n", str(tmp_path / "everything.sh")], check=True)


@pytest.mark.parametrize("argument, words", [
    (GUIDE, "library lxml is missing: install python3-lxml"),
    ("x.xlsx", "library openpyxl, for xlsx files, is missing")])
def test_a_missing_library_is_a_sentence(tmp_path, argument, words):
    done = lbha(argument, "-o", tmp_path, libraries=False)
    assert done.returncode == FAILED
    assert words in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments, words", [
    (["no.csv"], "no.csv: No such file or directory"), ([], "wanted one of SHEET"),
    ([GUIDE, "--xml", "/x", "--sh", "/x"], "must be different files"),
    ([GUIDE, "-o", "/no/such"], "directory /no/such is missing"),
    ([GUIDE, "--diff", "/etc/passwd"], "/etc/passwd is no XML"),
    (["--reverse", GUIDE], "is no XML"), (["--target", "1.1", GUIDE], "invalid choice: '1.1'"),
    ([GUIDE, "--no-such"], "unrecognized arguments: --no-such"),
    ([GUIDE, "--example", "csv"], "wanted one of SHEET")])
def test_a_wrong_call_is_a_sentence_and_no_success(arguments, words):
    done = lbha(*arguments)
    assert words in done.stderr and "Traceback" not in done.stderr
    assert done.returncode == FAILED  # not 2, with which argparse ends by itself


def test_a_sheet_that_somebody_may_have_edited_is_not_overwritten(tmp_path):
    assert lbha("--example", "csv", "-o", tmp_path).returncode == DONE
    path = tmp_path / "lbha-example.csv"
    path.write_text("mine")
    done = lbha("--example", "csv", "-o", tmp_path)
    assert done.returncode == FAILED and path.read_text() == "mine"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_example_is_a_cluster(tmp_path, form, language):
    path = tmp_path / ("sheet." + form)
    assert lbha("--example", form, "--save", path, "--lang", language).returncode == DONE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    done = lbha(path, "--offline", "-o", tmp_path)
    assert done.returncode == DONE, done.stderr
    document = etree.parse(str(tmp_path / "sheet.xml"))
    assert {one.get("type") for one in document.iter("primitive")} == {
        "haproxy", "ping", "IPaddr2", "fence_pyipmi"}


def test_a_sheet_of_a_workbook_by_name(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "other"
    sheet = book.create_sheet("表 1")
    for row in making.rows("RSC_DEFAULTS\n | name | value"):
        sheet.append(row)
    for row in (["", "", "resource-stickiness", 200.0], ["", "", "migration-threshold", 3],
                ["", "", "is-managed", True], ["", "", "x", "=1+1"], ["", "", "y", 0.5]):
        sheet.append(row)
    book.save(str(tmp_path / "book.xlsx"))
    done = lbha("%s:表 1" % (tmp_path / "book.xlsx"), "--offline", "-o", tmp_path,
                "--target", "2.1")
    assert done.returncode == FAILED  # a formula that nobody has computed has no value
    assert "book.xlsx:表 1:D6: error: #VALUE!: a formula without a value" in done.stderr
    sheet["D6"] = "text"
    book.save(str(tmp_path / "book.xlsx"))
    assert lbha("%s:表 1" % (tmp_path / "book.xlsx"), "--offline", "-o", tmp_path).returncode == 0
    document = etree.parse(str(tmp_path / "表 1.xml"))
    assert [pair.get("value") for pair in document.iter("nvpair")] == [
        "200", "3", "true", "text", "0.5"]
    done = lbha("%s:none" % (tmp_path / "book.xlsx"))
    assert "has no sheet none; it has other, 表 1" in done.stderr


def test_the_form_of_the_workbook(tmp_path):
    import openpyxl

    lbha("--example", "xlsx", "--save", tmp_path / "x.xlsx")
    sheet = openpyxl.load_workbook(str(tmp_path / "x.xlsx")).active
    assert sheet.freeze_panes == "C2"
    lists = {word for one in sheet.data_validations.dataValidation
             for word in one.formula1.strip('"').split(",")}
    assert {"Clone", "prefers", "not_defined", "Optional", "restart"} <= lists
    headings = [cell for row in sheet.iter_rows() for cell in row if cell.value == "uname"]
    assert all(cell.font.bold and cell.fill.fill_type == "solid" for cell in headings)
    assert all(cell.number_format == "@" for row in sheet.iter_rows(min_row=2)
               for cell in row if cell.value)


def test_reverse_lists_what_a_sheet_cannot_hold(tmp_path):
    lbha(EVERYTHING, "--offline", "-o", tmp_path)
    cib = tmp_path / "everything.xml"
    assert lbha("--reverse", cib, "--save", tmp_path / "again.csv").returncode == DONE
    assert stat.S_IMODE((tmp_path / "again.csv").stat().st_mode) == 0o600
    assert lbha(tmp_path / "again.csv", "--offline", "--diff", cib).stdout == ""
    cib.write_text(cib.read_text().replace(
        "<constraints>", '<constraints><rsc_ticket id="t" rsc="web" ticket="A"/>'))
    done = lbha("--reverse", cib, "--save", tmp_path / "third.csv")
    assert done.returncode == WARNED
    assert "a sheet cannot hold rsc_ticket id=t ticket=A" in done.stderr


@pytest.mark.alone
def test_a_thousand_resources_in_two_seconds(tmp_path):
    rows = [",RESOURCES", ",,resourceItem,id"]
    rows += [",,Primitive,r%d" % number for number in range(1000)]
    for number in range(1000):
        rows += [",PRIMITIVE", ",P,id,class,provider,type", ",,r%d,ocf,heartbeat,Dummy" % number,
                 ",A,type,name,value", ",,options,fake,%d" % number,
                 ",O,type,timeout,interval", ",,start,60s", ",,monitor,60s,10s", ",,stop,60s"]
    rows += [",LOCATION_NODE", ",,rsc,prefers/avoids,node,score"]
    rows += [",,r%d,prefers,n1,%d" % (number, number) for number in range(1000)]
    rows += [",LOCATION_RULE", ",,rsc,score,bool_op,attribute,op,value"]
    rows += [",,r0,1,,x%d,lt,1" % number for number in range(1000)]
    rows += [",ORDER", ",,first-rsc,then-rsc"]
    rows += [",,r%d,r%d" % (number, number + 1) for number in range(999)]
    sheet = tmp_path / "big.csv"
    sheet.write_text("\n".join(rows))
    before = os.times()
    done = lbha(sheet, "--offline", "-o", tmp_path)
    after = os.times()
    assert done.returncode == WARNED, done.stderr[:300]
    assert len(list(etree.parse(str(tmp_path / "big.xml")).iter("primitive"))) == 1000
    # what it cost this process's children: the machine may be busy with other things
    spent = sum(after[2:4]) - sum(before[2:4])
    assert spent < 2, spent


def test_the_manual_page_names_every_option_and_keyword():
    page = subprocess.run([sys.executable, "-I", str(paths.CHECKOUT / "bin/lbha"), "manpage"],
                          stdout=subprocess.PIPE, check=True).stdout
    shown = subprocess.run(["man", "--warnings", "--local-file", "-"], input=page,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
    assert shown.stderr == b"" and shown.returncode == 0
    text = shown.stdout.decode("utf-8")
    options = re.findall(r"--[a-z]+", lbha("--help").stdout)
    for word in options + ["NODE", "ADDITIONAL_CONFIG", "LOCATION_RULE", "cib-push"]:
        assert word in text, word
