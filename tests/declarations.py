"""The agents' declarations."""

import importlib
import sys

from tests import paths

sys.path.insert(0, str(paths.LIBRARY))
sys.path.insert(0, str(paths.CHECKOUT / "rpm"))

import install  # noqa: E402

RESOURCE_AGENTS = install.RESOURCE_AGENTS
FENCE_AGENTS = install.FENCE_AGENTS
AGENTS = RESOURCE_AGENTS + FENCE_AGENTS


def module(name):
    """The module of an agent, which the file that the cluster runs loads."""
    return importlib.import_module("lbha.agents." + name)


def declaration(name):
    """The lbha.spec.Declaration of an agent."""
    return module(name).DECLARATION
