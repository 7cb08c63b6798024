"""The guide's story, from the RPM to a power cut: what `make demo` tells, asserted."""

import pytest

from tests.lab.story import Story


@pytest.fixture(scope="module")
def story(empty_lab, package):
    """The story in the lab of this session."""
    return Story(empty_lab, package, lambda text: print(text, flush=True))


@pytest.mark.parametrize("step", [step for _, step in Story.outline()],
                         ids=[title for title, _ in Story.outline()])
def test_step(story, step):
    step(story)


def test_every_outage_was_measured(story):
    print(story.table())
    assert len(story.outages) == 5
    assert all(outage.meter.report.requests for outage in story.outages)


def test_the_power_log_shows_the_fencing(story):
    """Once cut by the story, once switched on by fence_pyipmi, never anything else."""
    events = [event.event for event in story.lab.power_log.events()
              if event.event in ("off", "on")]
    assert events == ["on", "on", "off", "on"]
