"""The agents' declarations, read from the files that run."""

import functools
import sys
import types

from tests import paths

sys.path.insert(0, str(paths.LIBRARY))
sys.path.insert(0, str(paths.CHECKOUT / "rpm"))

import install  # noqa: E402

RESOURCE_AGENTS = install.RESOURCE_AGENTS
FENCE_AGENTS = install.FENCE_AGENTS
AGENTS = RESOURCE_AGENTS + FENCE_AGENTS


@functools.lru_cache(maxsize=None)
def module(name):
    """The agent's file as a module; nothing is run, and no byte code is left beside it."""
    path = paths.agent(name)
    loaded = types.ModuleType("agent_" + name)
    loaded.__file__ = str(path)
    exec(compile(path.read_text(), str(path), "exec"), loaded.__dict__)
    return loaded


def declaration(name):
    """The lbha.spec.Declaration of an agent."""
    return module(name).DECLARATION
