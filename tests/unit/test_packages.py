"""Packages of the distribution; how an interpreter without them finds them is tested with
fence_pyipmi (tests/agent)."""

import site

import pytest

from lbha import packages


@pytest.fixture
def mains(monkeypatch):
    """How often site did all of its work."""
    calls = []
    monkeypatch.setattr(site, "main", lambda: calls.append("main"))
    return calls


def test_what_is_found_needs_nothing_more(mains):
    assert packages.load(lambda: "session") == "session" and mains == []


def test_what_is_not_found_is_looked_for_once_more(mains):
    errors = [ModuleNotFoundError("No module named 'x'")]

    def importing():
        if errors:
            raise errors.pop()
        return "session"

    assert packages.load(importing) == "session" and mains == ["main"]


@pytest.mark.parametrize("error, times", [(ModuleNotFoundError, 2), (ImportError, 1)])
def test_what_stays_missing_or_is_broken_is_told(mains, error, times):
    tried = []

    def importing():
        tried.append(1)
        raise error("x")

    with pytest.raises(error):
        packages.load(importing)
    assert len(tried) == times
