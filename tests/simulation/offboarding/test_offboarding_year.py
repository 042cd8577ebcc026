"""A year of an organisation in which people come, leave and come back, while everything around Purser fails.

`PURSER_TEST_SEED=7` tries another year; every failure names its seed.
"""

from __future__ import annotations

import os

import pytest

from tests.simulation.offboarding.founding import Size
from tests.simulation.offboarding.simulating import simulate

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
GIVEN = int(os.environ.get("PURSER_TEST_SEED", "1"))
SEEDS = tuple(range(GIVEN, GIVEN + 10)) if NIGHTLY else (GIVEN,)
SMALL = Size(people=150, keys=350)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", SEEDS)
def test_who_left_has_no_key_and_who_stayed_has_all_of_theirs(migrated_url: str, seed: int) -> None:
    org = simulate(migrated_url, SMALL, seed)
    print(f"seed {seed}: {org.figures}")
    figures = org.figures
    org.must(figures.leaves > 60 and figures.missed > 20, figures)
    org.must(figures.deaths and figures.races, figures)
    org.must(all(figures.did[what] for what in ("taken over", "restores", "asks", "transfers")), figures)
