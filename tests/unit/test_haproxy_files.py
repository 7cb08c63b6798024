"""How lbha.haproxy.files tells that files have changed."""

import errno
import os

import pytest

from lbha.errors import LocalFault
from lbha.haproxy.files import signature


@pytest.fixture
def paths(tmp_path):
    """A file, and a folder of which *.cfg counts, as `signature` takes them."""
    (tmp_path / "map").write_text("one")
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "one.cfg").write_text("one")
    return [(str(tmp_path / "map"), ""), (str(tmp_path / "conf.d"), ".cfg")]


def changed(before, after):
    """Which of the paths have changed, by their place."""
    return [place for place, (one, other) in enumerate(zip(before.split(), after.split()))
            if one != other]


@pytest.mark.parametrize("change, places", [
    (lambda folder: (folder / "map").read_text(), []),
    (lambda folder: (folder / "map").write_text("longer"), [0]),
    (lambda folder: os.utime(str(folder / "map"), (1, 1)), [0]),
    (lambda folder: (folder / "map").unlink(), [0]),
    (lambda folder: (folder / "conf.d" / "one.cfg").write_text("longer"), [1]),
    (lambda folder: (folder / "conf.d" / "two.cfg").write_text("two"), [1]),
    (lambda folder: (folder / "conf.d" / "one.cfg").unlink(), [1]),
    (lambda folder: (folder / "conf.d" / "README").write_text("two"), [])])
def test_what_counts_as_a_change(tmp_path, paths, change, places):
    before = signature(paths)
    assert signature(paths) == before
    change(tmp_path)
    assert changed(before, signature(paths)) == places


def test_a_file_that_was_replaced_by_one_that_looks_alike(tmp_path, paths):
    before = signature(paths)
    old = os.stat(str(tmp_path / "map"))
    (tmp_path / "new").write_text("eno")
    os.utime(str(tmp_path / "new"), ns=(old.st_atime_ns, old.st_mtime_ns))
    os.rename(str(tmp_path / "new"), str(tmp_path / "map"))
    assert changed(before, signature(paths)) == [0]


def test_a_path_is_known_by_itself(paths):
    both = signature(paths).split()
    assert [signature([path]) for path in paths] == both
    assert signature(paths[::-1]).split() == both[::-1]


def test_what_is_missing_from_the_beginning_is_no_fault(tmp_path, paths):
    assert signature([(str(tmp_path / "nowhere"), "")]) != signature(paths[:1])


def test_it_is_the_same_from_another_process(tmp_path, paths):
    many = paths + [(str(tmp_path / str(number)), "") for number in range(1000)]
    assert len(signature(many).split()) == len(many)
    assert signature(many) == signature(many, apart=False)


@pytest.mark.parametrize("apart", [True, False])
def test_a_folder_that_cannot_be_listed_is_no_fault(paths, monkeypatch, apart):
    def refuse(path):
        raise PermissionError(errno.EACCES, "no")

    before = signature(paths)
    monkeypatch.setattr("lbha.haproxy.files.os.listdir", refuse)
    assert changed(before, signature(paths, apart)) == [1]


def test_a_file_system_that_does_not_answer(paths, monkeypatch):
    monkeypatch.setattr("lbha.haproxy.files.STAT", 0.1)
    monkeypatch.setattr("lbha.haproxy.files.os.stat", lambda path: os.read(os.pipe()[0], 1))
    with pytest.raises(LocalFault, match="does not answer within 0.1 s"):
        signature(paths)
