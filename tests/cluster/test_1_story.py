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
    assert [outage.event.split()[0] for outage in story.outages] == [
        "web", "HAProxy", "HAProxy", "standby", "power"]
