"""Records, files and the lock of an instance, on a real file system."""

import os
import re
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lbha import state
from lbha.deadline import Deadline
from lbha.errors import DeadlineReached, LocalFault

# what can come out of an environment: any text, and single bytes that are no UTF-8
TEXTS = st.text(st.one_of(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"),
                          st.characters(min_codepoint=0xdc80, max_codepoint=0xdcff)))


@pytest.fixture
def folder(tmp_path):
    return state.Folder("toy", "one", root=str(tmp_path / "lbha"))


@given(text=TEXTS)
@example("C:\\new\nline=\\")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_a_record_gives_back_every_text(folder, text):
    try:
        text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    except UnicodeError:
        return
    state.Record(folder).update(value=text)
    # escaped bytes that happen to be UTF-8 come back as the characters they are
    same = text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    assert state.Record(folder)["value"] == same


def test_nothing_is_made_by_looking(folder, tmp_path):
    assert not folder.exists()
    assert folder.read("record") is None and folder.names() == []
    folder.remove("record")
    assert not state.Record(folder)
    assert list(tmp_path.iterdir()) == []


def test_a_record_keeps_sets_and_drops(folder):
    record = state.Record(folder)
    record.update(device="eth0", prefix=24, label=None)
    record.update(device="eth1", prefix=None)
    again = state.Record(folder)
    assert (again["device"], again["prefix"], again["label"]) == ("eth1", None, None)
    record.drop()
    assert not state.Record(folder) and not record


def test_a_record_reads_again_what_others_wrote(folder):
    mine, theirs = state.Record(folder), state.Record(folder)
    theirs.update(stopping=1)
    assert mine["stopping"] is None
    mine.reload()
    assert mine["stopping"] == "1"


def test_a_damaged_record_counts_as_empty(folder):
    """Its texts become paths and arguments of programs, which cannot have a NUL."""
    folder.write("record", "name=pi\0ngd\nvalue=1\n")
    assert not state.Record(folder)
    record = state.Record(folder)
    record.update(stopping=1)
    assert state.Record(folder).values == {"stopping": "1"}


def test_everything_is_for_its_owner_alone(folder):
    folder.write("record", "x")
    modes = [os.stat(path).st_mode & 0o777 for path in (
        folder.root, folder.path, folder.path + "/record")]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize("mode", [0o770, 0o702])
def test_a_directory_that_others_may_write_is_refused(folder, mode):
    os.mkdir(folder.root)
    os.chmod(folder.root, mode)
    with pytest.raises(LocalFault, match="writable for others"):
        folder.write("record", "x")


def test_a_link_in_place_of_the_directory_is_refused(folder, tmp_path):
    os.symlink(str(tmp_path), folder.root)
    with pytest.raises(LocalFault, match="state directory"):
        folder.write("record", "x")


def test_a_link_in_place_of_a_file_is_not_followed(folder, tmp_path):
    aim = tmp_path / "aim"
    aim.write_text("precious")
    folder.write("other", "x")
    for name in ("record", "out", "lock"):
        os.symlink(str(aim), folder.path + "/" + name)
    for attempt in (lambda: folder.read("record"), lambda: folder.append_to("out"),
                    lambda: folder.lock(Deadline(0))):
        with pytest.raises(LocalFault, match="symbolic links"):
            attempt()
    folder.write("record", "x")  # replaces the link
    assert aim.read_text() == "precious" and folder.read("record") == "x"


@pytest.mark.parametrize("name", ["a/b", "../up", ".hidden", "nul\0"])
def test_names_that_lead_elsewhere_are_refused(name):
    with pytest.raises(LocalFault, match="cannot be a file name"):
        state.Folder("toy", name)


def test_what_cannot_be_written_is_a_fault_with_the_path_and_leaves_no_file(folder):
    folder.write("other", "x")
    os.mkdir(folder.path + "/record")  # a directory cannot be replaced by a file
    with pytest.raises(LocalFault, match="cannot write " + re.escape(folder.path) + "/record"):
        folder.write("record", "x")
    assert sorted(folder.names()) == ["other", "record"]


def test_what_cannot_be_removed_is_a_fault(folder):
    folder.write("other", "x")
    os.mkdir(folder.path + "/record")
    with pytest.raises(LocalFault, match="cannot remove"):
        folder.remove("record")


def test_a_reader_sees_the_old_text_or_the_new(folder):
    folder.write("record", "old")
    with open(folder.path + "/record") as reader:
        folder.write("record", "new")
        assert reader.read() == "old"
    assert folder.read("record") == "new"


def test_the_lock_is_for_one_and_says_what_it_waited_for(folder):
    with folder.lock(Deadline(1)):
        with pytest.raises(DeadlineReached, match="another action of this resource"):
            folder.lock(Deadline(0.05))
    folder.lock(Deadline(0)).release()


def test_appending_begins_empty_and_appends(folder):
    folder.write("out", "old")
    fd = folder.append_to("out")
    os.write(fd, b"a")
    os.write(fd, b"b")
    os.close(fd)
    assert folder.read("out") == "ab"


def test_large_files_come_back_whole(folder):
    folder.write("large", "x" * 200000)
    assert folder.read("large") == "x" * 200000


@pytest.mark.parametrize("text, least, most", [
    ("%.3f" % time.monotonic(), 0, 9999), ("%.3f" % (time.monotonic() + 1e6), 0, 0),
    (None, float("inf"), float("inf")), ("", float("inf"), float("inf")),
    ("soon", float("inf"), float("inf"))],
    # the same ones in every process that collects them
    ids=["now", "later", "none", "nothing", "a word"])
def test_elapsed_never_raises(text, least, most):
    assert least <= state.elapsed(text) <= most
