"""What every level of tests has: the library on the path, and no surprises from hypothesis."""

import sys

import hypothesis
import pytest

from tests import paths

sys.path.insert(0, str(paths.LIBRARY))

# the machine is shared: how long an example takes says nothing
hypothesis.settings.register_profile("lbha", deadline=None, database=None,
                                     suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("lbha")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Of the processes that run tests side by side, if there are any."""
    from tests.side import Files

    return Files(config, log)
