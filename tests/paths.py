"""Where things are in the checkout."""

import pathlib

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
LIBRARY = CHECKOUT / "lib"
AGENTS = CHECKOUT / "agents"
FENCE = CHECKOUT / "fence"


def agent(name):
    """The file of an agent, resource or fence."""
    return (FENCE if name.startswith("fence_") else AGENTS) / name
