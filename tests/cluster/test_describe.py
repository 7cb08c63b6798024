"""What pcs and crmsh show of the agents: every parameter with a sentence and what it takes."""

import pytest

from tests import declarations


def squeezed(text):
    """Text without its line breaks."""
    return " ".join(text.split())


@pytest.mark.parametrize("agent", declarations.AGENTS)
def test_pcs_describe(configured, agent):
    kind = "stonith" if agent in declarations.FENCE_AGENTS else "resource"
    name = agent if kind == "stonith" else "ocf:lbha:" + agent
    shown = squeezed(configured.cluster.pcs(kind, "describe", name).out)
    declared = declarations.declaration(agent)
    assert declared.short in shown
    for parameter in declared.parameters:
        if parameter.name in ("action", "help", "version") and kind == "stonith":
            continue  # pcs keeps these to itself
        assert parameter.name in shown
        text = parameter.long if kind == "resource" else parameter.short
        assert squeezed(text) in shown, parameter.name
        if kind == "resource" and parameter.shown_default:
            assert "default %s" % parameter.shown_default in shown


@pytest.mark.parametrize("agent", declarations.RESOURCE_AGENTS)
def test_crm_ra_info(configured, agent):
    node = configured.cluster.member()
    shown = squeezed(node.run(["crm", "ra", "info", "ocf:lbha:" + agent]).out)
    for parameter in declarations.declaration(agent).parameters:
        assert parameter.short in shown
        assert squeezed(parameter.long) in shown
