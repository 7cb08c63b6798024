"""The event that the cluster is configured anew."""

import os
import select

import pytest

from lbha import configuration


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where Pacemaker would write it."""
    monkeypatch.setattr(configuration, "FOLDER", str(tmp_path))
    monkeypatch.setattr(configuration, "FILE", str(tmp_path / "cib.xml"))
    (tmp_path / "cib.xml").write_text("<cib/>")
    return tmp_path


@pytest.fixture
def watched(folder):
    made = configuration.Configuration()
    yield made
    made.close()


def rename(folder, name):
    (folder / "new").write_text("<cib/>")
    (folder / "new").rename(folder / name)


def is_told(watched):
    poll = select.poll()
    poll.register(watched.fd, select.POLLIN)
    return bool(poll.poll(1000))


def test_another_file_is_news(folder, watched):
    assert not watched.changed and not watched.happened()
    rename(folder, "cib.xml")
    assert is_told(watched)
    assert watched.happened() and watched.changed


def test_what_else_is_renamed_there_wakes_and_is_no_news(folder, watched):
    for name in ("cib-1.raw", "cib-2.raw"):
        rename(folder, name)
        assert is_told(watched)
        assert not watched.happened()
    rename(folder, "cib.xml")
    assert is_told(watched) and watched.happened()


def test_a_node_without_pacemaker(folder, monkeypatch):
    monkeypatch.setattr(configuration, "FOLDER", str(folder / "missing"))
    monkeypatch.setattr(configuration, "FILE", str(folder / "missing/cib.xml"))
    alone = configuration.Configuration()
    assert not alone.changed
    alone.close()


def test_nothing_stays_open(folder):
    before = os.listdir("/proc/self/fd")
    for _ in range(3):
        configuration.Configuration().close()
        rename(folder, "cib.xml")
    assert os.listdir("/proc/self/fd") == before
