"""Before any test loads NumPy: the same bytes on every processor. Then: small worlds that many tests share."""

from __future__ import annotations

from ecosystem.kernel import platform as _platform  # isort: skip  # noqa: F401

import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from ecosystem.world import World

settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("suite")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A suite that a script starts in the background ignores Ctrl+C, and so would all processes that its tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def fine_world() -> World:
    """The baseline at scale 1000, run for five years: fine enough for rare events; shared, so do not change it."""
    from ecosystem import Scenario, World

    return World(Scenario.baseline(scale=1000, years=5), seed=1).run()


@pytest.fixture(scope="session")
def small_world() -> World:
    """The baseline of four jurisdictions at scale 5000, run for five years; shared, so do not change it."""
    from ecosystem import Scenario, World

    return World(Scenario.baseline(scale=5000, years=5), seed=1).run()
