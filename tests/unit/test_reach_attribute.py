"""When a monitor asks whether the attribute is still there."""

import time
import types

import pytest

from lbha import state
from lbha.reach import daemons
from lbha.reach.attribute import Attribute


@pytest.mark.parametrize("verified, published, settled, due", (
    (5, 60, False, False), (15, 60, False, True), (15, 60, True, False), (26, 60, True, True),
    (26, 60, False, True), (26, 7, True, False), (26, 7, False, False)))
def test_seldom_while_the_daemons_are_the_same(tmp_path, monkeypatch, verified, published,
                                               settled, due):
    folder = state.Folder("ping", "ping", str(tmp_path / "run"))
    record = state.Record(folder)
    now = time.monotonic()
    record.update(verified=now - verified, published=now - published)
    monkeypatch.setattr(daemons, "Daemons", lambda _: types.SimpleNamespace(
        settled=lambda: settled))
    agent = types.SimpleNamespace(record=record, folder=folder)
    assert Attribute(agent, 5)._is_due() is due


def test_the_daemons_are_not_looked_for_when_nothing_is_due(tmp_path, monkeypatch):
    folder = state.Folder("ping", "ping", str(tmp_path / "run"))
    record = state.Record(folder)
    record.update(verified=time.monotonic() - 5, published=time.monotonic() - 60)
    monkeypatch.setattr(daemons, "Daemons", None)
    assert not Attribute(types.SimpleNamespace(record=record, folder=folder), 5)._is_due()
