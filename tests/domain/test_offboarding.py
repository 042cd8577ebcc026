"""When a sweep must stop and ask."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.offboarding import FUSE_LEAST, Reach, Trip, fuse
from bot.domain.policy import Policy

counts = st.integers(0, 60)
reaches = st.builds(Reach, counts, counts, counts, counts, counts, counts)


@given(reaches, st.integers(1, 100))
def test_a_sweep_that_would_touch_nobody_and_knows_of_everybody_goes_on(reach: Reach, percent: int) -> None:
    calm = replace(reach, gone=0, missing=0, elsewhere=0, touched=0)
    assert fuse(calm, Policy(fuse_percent=percent)) is None


@given(reaches, reaches, st.integers(1, 100))
def test_more_that_is_gone_missing_elsewhere_or_touched_never_lets_a_sweep_go_on(
    reach: Reach, more: Reach, percent: int
) -> None:
    policy = Policy(fuse_percent=percent)
    worse = replace(
        reach,
        gone=reach.gone + more.gone,
        missing=reach.missing + more.missing,
        elsewhere=reach.elsewhere + more.elsewhere,
        touched=reach.touched + more.touched,
    )
    assert fuse(reach, policy) is None or fuse(worse, policy) is not None


@given(reaches, counts, counts, st.integers(1, 100))
def test_more_people_and_keys_that_stay_never_stop_a_sweep(reach: Reach, people: int, keys: int, percent: int) -> None:
    policy = Policy(fuse_percent=percent)
    larger = replace(reach, people=reach.people + people, keys=reach.keys + keys)
    assert fuse(reach, policy) is not None or fuse(larger, policy) is None


@given(reaches, st.integers(1, 99))
def test_a_wider_fuse_never_stops_a_sweep_that_a_narrower_lets_go_on(reach: Reach, percent: int) -> None:
    narrow, wide = Policy(fuse_percent=percent), Policy(fuse_percent=percent + 1)
    assert fuse(reach, narrow) is not None or fuse(reach, wide) is None


@given(reaches.filter(lambda reach: reach.missing > 0))
def test_a_list_that_lacks_even_one_person_is_not_acted_on(reach: Reach) -> None:
    assert fuse(reach, Policy(fuse_percent=100)) in (Trip.SHORT, Trip.WORKSPACE)


@pytest.mark.parametrize("people", [1, 2, 4, 8, 1000])
def test_a_list_of_another_workspace_is_not_acted_on_however_few_there_are(people: int) -> None:
    reach = Reach(people=people, gone=0, missing=0, elsewhere=people, keys=0, touched=0)
    assert fuse(reach, Policy(fuse_percent=100)) is Trip.WORKSPACE


@pytest.mark.parametrize(
    ("people", "gone", "trips"), [(20, 5, False), (20, 6, True), (200, 10, False), (200, 11, True)]
)
def test_five_people_or_five_percent_may_leave_at_once(people: int, gone: int, *, trips: bool) -> None:
    reach = Reach(people=people, gone=gone, missing=0, elsewhere=0, keys=1000, touched=0)
    assert (fuse(reach, Policy()) is Trip.PEOPLE) is trips


def test_one_person_with_very_many_keys_stops_it() -> None:
    reach = Reach(people=100, gone=1, missing=0, elsewhere=0, keys=40, touched=FUSE_LEAST + 1)
    assert fuse(reach, Policy()) is Trip.KEYS
