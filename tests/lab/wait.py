"""Waiting for a condition, with a deadline and a sentence."""

from __future__ import annotations

import time
from typing import Callable, Optional, TypeVar

from .errors import LabError

Found = TypeVar("Found")


def wait(
    sentence: str,
    predicate: Callable[[], Found],
    seconds: float,
    *,
    interval: float = 0.1,
    state: Optional[Callable[[], object]] = None,
) -> Found:
    """Poll `predicate` until it is true and return what it returned.

    sentence -- what is waited for, as the error will say it
    seconds  -- deadline; then LabError, with the sentence and the last state seen
    interval -- seconds between two looks
    state    -- what to show as the last state; without it, the predicate's last value

    A LabError inside the predicate counts as "not yet" and as its last state.
    """
    deadline = time.monotonic() + seconds
    last: object = None
    while True:
        try:
            found = predicate()
            if found:
                return found
            last = found
        except LabError as error:
            last = error
        if time.monotonic() >= deadline:
            if state is not None:
                try:
                    last = state()
                except LabError as error:
                    last = error
            raise LabError(f"not after {seconds:g} seconds: {sentence}; last seen: {last}")
        time.sleep(interval)
