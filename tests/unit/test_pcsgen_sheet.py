"""Sheets as files: encodings, cells, and which row is what."""

import time

import pytest

from lbha.errors import LocalFault
from lbha.pcsgen import csvfile, model, sheet, writing, xlsxfile
from tests import making

JAPANESE = "# 表 高可用 ①㈱髙\n,PROPERTY\n,,name,value\n,,priority-fencing-delay,10s\n"
ROWS = [["# 表 高可用 ①㈱髙"], ["", "PROPERTY"], ["", "", "name", "value"],
        ["", "", "priority-fencing-delay", "10s"]]


def written(tmp_path, data):
    path = tmp_path / "sheet.csv"
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
def test_an_encoding_is_found_without_being_told(tmp_path, encoding):
    path = written(tmp_path, JAPANESE.replace("\n", "\r\n").encode(encoding))
    assert csvfile.read(path) == ROWS


def test_iso_2022_jp_and_what_the_user_names(tmp_path):
    text = JAPANESE.replace("①㈱髙", "")
    rows = [["# 表 高可用 "]] + ROWS[1:]
    assert csvfile.read(written(tmp_path, text.encode("iso2022_jp"))) == rows
    assert csvfile.read(written(tmp_path, text.encode("euc_jp")), "euc_jp") == rows


@pytest.mark.parametrize("data, encoding, words", [
    (b"a\nb\x81\x20\n", None, "line 2: the text is not utf-8 / cp932"),
    (b"a", "no-such", "no such encoding: no-such"),
    (b"\xef\xbb\xbf\xff", None, "not utf-8-sig"),
    (b"PK\3\4\x81 ", None, "is a workbook: wanted a name"),
    (b"\xd0\xcf\x11\xe0\xa1", None, "is a workbook of the old kind"),
    (b"#\n;PROPERTY\n;;name", None, "has no commas"), (b"#\n\tPROPERTY", None, "has no commas"),
    (b'a,"b\nc"\r\nd,"e\r\nf,g\r\n', None, "row in line 3 has a quotation mark that is not"),
    (b'"', None, "row in line 1 has")])
def test_what_cannot_be_read_is_told_in_a_sentence(tmp_path, data, encoding, words):
    with pytest.raises(LocalFault) as caught:
        csvfile.read(written(tmp_path, data), encoding)
    assert words in str(caught.value)


def test_a_missing_file():
    with pytest.raises(LocalFault) as caught:
        csvfile.read("/no/such/sheet.csv")
    assert str(caught.value) == "/no/such/sheet.csv: No such file or directory"


def test_what_is_written_is_read_again(tmp_path):
    rows = [["", "a,b", 'say "x"', "two\nlines", "高"], [], ["=1+1"]]
    assert csvfile.read(written(tmp_path, csvfile.to_bytes(rows))) == rows


@pytest.mark.parametrize("column, letters", [
    (0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_the_letters_of_a_spreadsheet(column, letters):
    assert sheet.letters(column) == letters
    assert sheet.index(letters) == column


def test_a_cell_is_cleaned_and_knows_its_place():
    grid = sheet.Sheet("x.csv", [[], ["", "", "\u3000 a\n\n b \t\u3000"]])
    cell = grid.cell(1, 2)
    assert cell == "a  b" and (cell.row, cell.column) == (1, 2)
    assert grid.cell(1, 2, one_line=False) == "a\n\n b"
    assert grid.cell(0, 7) == ""


def test_blanks_that_do_not_show_are_no_part_of_a_cell():
    read = sheet.Sheet("x.csv", [["\u00a0vip\u200b", "\ufeffa\u00a0b"]])
    assert [read.cell(0, 0), read.cell(0, 1)] == ["vip", "a\u00a0b"]


def test_rows_are_classified_like_the_original_does():
    made = making.make_rows(making.rows("""
property
 | remark below | name | | Value
""") + [["#", "", "", "", "comment"], ["text in A", "", "", "priority-fencing-delay", "", "5s"],
        ["", "", "cell below no name"], ["", ""], ["only A"], ["", "", "", "", "", ""],
        ["", "", "ignored", "stonith-enabled", "ignored", "true"],
        ["", "RSC_DEFAULTS"], ["", "", "value", "name"], ["", "", "200", "resource-stickiness"],
        ["", "PROPERTY"], ["", "", "name", "value"], ["", "", "batch-limit", "3"]])
    assert [(one.name, one.value) for one in made.cluster.properties] == [
        ("priority-fencing-delay", "5s"), ("stonith-enabled", "true"), ("batch-limit", "3")]
    assert [(one.name, one.value) for one in made.cluster.resource_defaults] == [
        ("resource-stickiness", "200")]


def test_the_address_of_a_complaint_is_the_spreadsheet_s():
    made = making.make_rows([["", "LOCATION_NODE"],
                             ["", "", "rsc", "", "prefers/avoids", "", "node", "", "score"],
                             ["", "", "x", "", "prefers", "", "n1", "", "many"]])
    lines = list(made.report.lines(sheet.Sheet("a/b.xlsx", [], "表1")))
    assert lines[1] == ("a/b.xlsx:表1:I3: error: many is no score; wanted a whole number,"
                        " INFINITY or -INFINITY")


def test_what_looks_like_a_formula_stays_text_in_a_workbook(tmp_path):
    path = tmp_path / "x.xlsx"
    path.write_bytes(xlsxfile.to_bytes("表", [writing.Line(writing.DATA, {2: "=1+1", 3: "010"})]))
    assert xlsxfile.read(str(path)) == ("表", [["", "", "=1+1", "010"]])


def test_a_formula_that_was_never_worked_out_is_no_blank_cell(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["a", "=A1", None, 1], ["b"]):
        book.active.append(row)
    book.save(str(tmp_path / "x.xlsx"))
    assert xlsxfile.read(str(tmp_path / "x.xlsx"))[1] == [["a", "#VALUE!", "", "1"], ["b"]]


def test_a_workbook_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    (tmp_path / "x.xlsx").write_bytes(xlsxfile.to_bytes("x", []))
    monkeypatch.setattr(xlsxfile, "LARGEST", 1000)
    with pytest.raises(LocalFault, match="no sheet that a person wrote"):
        xlsxfile.read(str(tmp_path / "x.xlsx"))


@pytest.mark.parametrize("data", [b"", b"PK\3\4 no zip", b"a,b\n"])
def test_what_is_no_workbook_is_told_in_a_sentence(tmp_path, data):
    (tmp_path / "x.xlsx").write_bytes(data)
    with pytest.raises(LocalFault) as caught:
        xlsxfile.read(str(tmp_path / "x.xlsx"))
    assert "x.xlsx is no xlsx workbook" in str(caught.value)


def test_a_workbook_of_many_resources_is_written_while_one_waits():
    def spent(number):
        leaves = [model.Resource("Primitive", "r%d" % one, standard="ocf", provider="heartbeat",
                                 type="Dummy") for one in range(number)]
        lines = writing.lines(model.Cluster(resources=leaves), "en")
        before = time.process_time()
        xlsxfile.to_bytes("x", lines)
        return time.process_time() - before

    spent(1)  # loads openpyxl
    # it takes as much longer as there is more: openpyxl would compare each range with all
    assert spent(300) < 30 * min(spent(20) for _ in range(3))
