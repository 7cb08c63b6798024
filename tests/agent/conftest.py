"""Fixtures of the agent level: real programs in a private namespace, as root."""

import os

import pytest

from tests.agent.balancer import Balancer
from tests.agent.bmc import Bmc
from tests.agent.fencing import Fencing
from tests.agent.namespace import Namespace
from tests.agent.wire import Wire


@pytest.fixture
def namespace():
    """A fresh Namespace, gone after the test with all that ran in it."""
    if os.geteuid() != 0:
        pytest.skip("the agent level needs root: it makes network namespaces")
    place = Namespace()
    yield place
    place.close()


@pytest.fixture
def wire(namespace):
    """The Namespace with 192.168.1.1/24 and fd00:1::1/64 on eth0, wired to a neighbour."""
    made = Wire(namespace, "192.168.1.1/24", "fd00:1::1/64")
    yield made
    made.close()


@pytest.fixture
def haproxy(namespace):
    """A Balancer, configured and not started."""
    return Balancer(namespace)


@pytest.fixture
def fence(namespace):
    """The agent in a network of its own."""
    return Fencing(namespace)


@pytest.fixture
def bmc(namespace):
    """A BMC in it, honest, with the power on."""
    return Bmc(namespace)
