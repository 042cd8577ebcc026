"""A key and the one in its place never have more than was agreed together: the sharing machine, and its one rule."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.cuts import Sharer, shares
from tests import postgres
from tests.properties.machines import NIGHTLY, TIMEOUT_SECONDS, run_on_postgresql, run_on_sqlite
from tests.properties.sharing import CENT, Sharing

MICROS = st.integers(0, 10**12)


@given(agreed=MICROS, some=st.lists(st.tuples(MICROS, MICROS, MICROS, st.booleans()), min_size=1, max_size=5))
def test_no_parts_come_to_more_than_was_agreed(agreed: int, some: list[tuple[int, int, int, bool]]) -> None:
    sharers = [Sharer(str(number), *one) for number, one in enumerate(some)]
    found = shares(agreed, sharers)
    used = sum(one.used_micros for one in sharers)
    working = [one for one in sharers if one.works]
    together = sum(max(found[one.key_id], one.used_micros) if one.works else one.used_micros for one in sharers)
    assert together <= max(agreed, used) + CENT * len(working)
    assert all(found[one.key_id] >= CENT for one in sharers)
    again = [Sharer(one.key_id, one.full_micros, found[one.key_id], one.used_micros, one.works) for one in sharers]
    assert shares(agreed, again) == found  # what was parted stays parted until something is spent
    if working and agreed > used and all(one.full_micros >= agreed for one in working):
        assert together >= agreed  # nothing is lost


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_keys_share_a_cap_on_sqlite(migrated_sqlite: Path, tmp_path: Path) -> None:
    run_on_sqlite(Sharing, migrated_sqlite, tmp_path, max_examples=1000 if NIGHTLY else 10, steps=25)


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_keys_share_a_cap_on_postgresql(postgres_server: postgres.Server, migrated_template: str) -> None:
    run_on_postgresql(Sharing, postgres_server, migrated_template, max_examples=100 if NIGHTLY else 3, steps=25)
