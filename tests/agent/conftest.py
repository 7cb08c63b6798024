"""Fixtures of the agent level: real programs in a private namespace, as root."""

import os

import pytest

from tests.agent.namespace import Namespace


@pytest.fixture
def namespace():
    """A fresh Namespace, gone after the test with all that ran in it."""
    if os.geteuid() != 0:
        pytest.skip("the agent level needs root: it makes network namespaces")
    place = Namespace()
    yield place
    place.close()
