"""lbha pcsgen from its command line: files, and what is said where something is wrong."""

import os
import re
import stat
import subprocess
import sys

import pytest

from lbha.errors import LocalFault
from lbha.pcsgen import command, difference, output, reverse, writing, xlsxfile
from tests import paths

EMPTY = "<cib><configuration><resources>%s</resources></configuration></cib>"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty directory to work in, in an English locale."""
    monkeypatch.chdir(str(tmp_path))
    monkeypatch.setenv("LC_ALL", "C")


def test_a_pipe_or_a_device_is_not_replaced_by_a_file():
    os.mkfifo("pipe")
    for name in ("pipe", "/dev/stdout"):
        with pytest.raises(LocalFault, match="no ordinary file"):
            output.write({"good": b"x", name: b"x"})
    assert os.listdir(".") == ["pipe"] and stat.S_ISFIFO(os.stat("pipe").st_mode)


def write_cib(text):
    """A file of that text; its name."""
    with open("cib.xml", "w", encoding="utf-8") as file:
        file.write(text)
    return "cib.xml"


@pytest.mark.parametrize("entity", ['"text"', 'SYSTEM "secret"'])
def test_a_cib_with_entities_is_refused(entity):
    with open("secret", "w") as file:
        file.write("secret")
    name = write_cib("<!DOCTYPE cib [<!ENTITY e %s>]>" % entity + EMPTY % "&e;")
    with pytest.raises(LocalFault, match="has a document type"):
        reverse.parse(name)


@pytest.mark.parametrize("name, words", [
    ("missing", "missing: No such file"), ("http://127.0.0.1:9/", "No such file"),
    (".", "Is a directory")])
def test_a_cib_that_is_not_there_is_told_with_the_reason(name, words):
    with pytest.raises(LocalFault, match=words):
        reverse.parse(name)


def test_the_difference_to_a_cib_with_a_nameless_setting_is_told():
    name = write_cib(EMPTY % '<primitive id="a"><meta_attributes id="m"><nvpair id="n"/>'
                     '<nvpair id="o" name="x" value="1"/></meta_attributes></primitive>')
    document = reverse.parse(name)
    assert difference.compare(document, document) == []


@pytest.mark.parametrize("arguments", [
    ["no.csv"], ["no.xlsx"], [".", "--encoding", "x"], ["old.csv"], ["x.csv", "--xml", "x.csv"],
    ["x.csv", "-o", "no"], ["x.csv", "--diff", "x.csv"], ["--reverse", "no"],
    ["--example", "--save", "x.csv"], ["x.csv", "--encoding", "no"]])
def test_a_fault_is_told_in_the_language_that_was_asked_for(arguments, capsys):
    with open("old.csv", "wb") as file:
        file.write(b"\xd0\xcf\x11\xe0")
    with open("x.csv", "w") as file:
        file.write(",PROPERTY\n,,name,value\n,,batch-limit,1\n")
    assert command.main(arguments + ["--lang", "en"]) == command.FAILED
    assert command.main(arguments + ["--lang", "ja"]) == command.FAILED
    english, japanese = capsys.readouterr().err.splitlines()
    assert re.match("lbha pcsgen: error: [^\u3040-\u9fff]+$", english)
    assert re.match("lbha pcsgen: \u30a8\u30e9\u30fc: .*[\u3040-\u9fff]", japanese)


def test_no_fault_has_a_sentence_in_one_language_only():
    for path in (paths.LIBRARY / "lbha/pcsgen").glob("*.py"):
        raised = set(re.findall(r"raise (\w+)", path.read_text()))
        assert raised <= {"Fault", "TypeError"}, path


def test_a_sheet_of_a_workbook_is_named_whatever_the_letter_case():
    line = writing.Line(writing.DATA, {1: "PROPERTY"})
    with open("X.XLSX", "wb") as file:
        file.write(xlsxfile.to_bytes("two", [line]))
    read = command.read_sheet("X.XLSX:two", None)
    assert (read.file, read.name, read.rows) == ("X.XLSX", "two", [["", "PROPERTY"]])


def test_what_does_not_show_is_said_by_its_number(capsys):
    command.say("\u3042\x1b]0;x\x07 a\u200bb\u00a0c")
    assert capsys.readouterr().err == "\u3042\\x1b]0;x\\x07 a\\u200bb\\xa0c\n"


@pytest.mark.parametrize("shell, code, words", [
    ("%s --diff cib.xml | true; exit ${PIPESTATUS[0]}", 0, ""),
    ("%s --diff cib.xml >/dev/full", 1, "standard output: No space left on device"),
    ("%s --diff cib.xml >&-", 1, "standard output is closed"),
    ("%s --check >&- 2>&-", 0, "")])
def test_an_output_that_nobody_takes_gives_no_traceback(shell, code, words):
    write_cib(EMPTY % "")
    with open("x.csv", "w") as file:
        file.write(",PROPERTY\n,,name,value\n,,batch-limit,1\n")
    done = subprocess.run(["bash", "-c", shell % (sys.executable + " -m lbha pcsgen x.csv")],
                          stderr=subprocess.PIPE, universal_newlines=True, env=dict(
                              os.environ, PYTHONPATH=os.pathsep.join(sys.path)))
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert words in done.stderr


def test_check_and_diff_show_the_difference_and_save_is_not_for_a_sheet(capsys):
    write_cib(EMPTY % "")
    with open("x.csv", "w") as file:
        file.write(",PROPERTY\n,,name,value\n,,batch-limit,1\n")
    assert command.main(["x.csv", "--check", "--diff", "cib.xml"]) == command.DONE
    assert "+ crm_config / batch-limit: 1" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        command.main(["x.csv", "--save", "y.csv"])
    assert ended.value.code == command.FAILED and sorted(os.listdir(".")) == ["cib.xml", "x.csv"]


def test_additional_pcs_commands_never_reach_the_cluster_whatever_blanks_they_have():
    with open("x.csv", "w") as file:
        file.write(",ADDITIONAL_CONFIG\n,,config\n,,pcs\tstatus\n,,pcs  -f own.xml status\n"
                   ",,pcs a 'x; pcs y' && pcs b; echo pcs \\; pcs |pcs c\n")
    assert command.main(["x.csv"]) == command.WARNED
    with open("x.sh") as file:
        assert file.read().splitlines()[-3:] == [
            'pcs -f "$cib"\tstatus', "pcs  -f own.xml status",
            "pcs -f \"$cib\" a 'x; pcs y' && pcs -f \"$cib\" b; echo pcs \\; pcs"
            ' |pcs -f "$cib" c']


def test_a_sheet_of_a_cib_that_cannot_be_made_into_one_again_is_told_so(capsys):
    primitive = '<primitive id="%s" class="ocf" provider="heartbeat" type="Dummy"/>'
    name = write_cib(EMPTY % (primitive % "good"))
    assert command.main(["--reverse", name, "--save", "good.csv"]) == command.DONE
    name = write_cib(EMPTY % (primitive % "with" + primitive % "h\u00f6h"))
    assert command.main(["--reverse", name, "--save", "bad.csv"]) == command.WARNED
    said = capsys.readouterr().err.splitlines()
    assert said[:-2] == ["good.csv written", "bad.csv written",
                         "a cluster can be made of this sheet when these are mended:"]
    assert [re.match(r"bad\.csv:F\d+: error: (\S+) (?:cannot be an|is no) id", line).group(1)
            for line in said[-2:]] == ["with", "h\u00f6h"]
    assert command.main(["bad.csv"]) == command.FAILED
    assert said[-2:] == [line for line in capsys.readouterr().err.splitlines() if "id" in line]
