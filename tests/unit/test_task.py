"""Pieces of our own work in a child process."""

import os
import time

from lbha import task


def descriptors():
    return set(os.listdir("/proc/self/fd"))


def test_the_answer_is_the_text_of_the_function():
    one = task.Task(lambda: "h\u00e9 %d" % os.getpid(), 5)
    text = one.answer(5)
    one.close()
    assert text == "h\u00e9 %d" % one.pid != "h\u00e9 %d" % os.getpid()


def test_what_hangs_is_left_alone_in_time():
    before = descriptors()
    began = time.monotonic()
    one = task.Task(lambda: time.sleep(60), 60)
    assert one.answer(0.05) is None
    assert not one.happened()
    one.close()
    assert time.monotonic() - began < 5
    assert descriptors() == before
    assert not os.path.exists("/proc/%d" % one.pid)


def test_a_function_that_fails_has_an_empty_answer(capfd):
    one = task.Task(lambda: 1 / 0, 5)
    assert one.answer(5) == ""
    assert one.happened()
    one.close()
    assert capfd.readouterr() == ("", "")


def test_a_long_answer_is_read_to_its_end():
    one = task.Task(lambda: "x" * 1000000, 5)
    until = time.monotonic() + 5
    while not one.happened() and time.monotonic() < until:
        time.sleep(0.01)
    assert one.answer(0) == "x" * 1000000
    one.close()


def test_an_answer_that_comes_to_no_end_is_none():
    one = task.Task(lambda: "", 5)
    reader, writer = os.pipe()
    os.dup2(reader, one.fd)
    os.write(writer, b"half")
    assert one.answer(0.05) is None
    one.close()
    os.close(reader)
    os.close(writer)


def test_a_child_without_a_parent_ends_by_itself():
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(reader)
            one = task.Task(lambda: time.sleep(60), -0.9)
            os.write(writer, b"%d" % one.pid)
        finally:
            os._exit(0)  # and the child is nobody's
    os.close(writer)
    child = int(os.read(reader, 16))
    os.waitpid(pid, 0)
    end = time.monotonic() + 10
    while os.path.exists("/proc/%d" % child) and time.monotonic() < end:
        time.sleep(0.02)
    with open("/proc/%d/stat" % child) if os.path.exists("/proc/%d" % child) else open(
            os.devnull) as stat:
        assert stat.read().rpartition(")")[2].split()[:1] in ([], ["Z"])  # without a reaper
    os.close(reader)
