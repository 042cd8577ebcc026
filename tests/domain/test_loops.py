"""When failures and retries are a loop."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.loops import LEAST, NEW_LEAST, Day, loop

QUIET = [Day(1000, 20)] * 10
days = st.builds(lambda requests, bad: Day(requests, min(bad, requests)), st.integers(0, 10**6), st.integers(0, 10**6))


def test_many_more_failures_than_on_other_days_are_a_loop_with_what_is_usual() -> None:
    found = loop(Day(2000, 900), QUIET)
    assert found is not None
    assert (found.bad, found.usual, found.compared) == (900, 20, 10)


def test_few_failures_are_none_however_unusual() -> None:
    assert loop(Day(LEAST - 1, LEAST - 1), QUIET) is None
    assert loop(Day(LEAST, LEAST), QUIET) is not None


def test_a_small_share_of_many_requests_is_none() -> None:
    assert loop(Day(100_000, 900), QUIET) is None


def test_what_fails_as_often_every_day_is_none() -> None:
    assert loop(Day(1000, 400), [Day(1000, 380)] * 10) is None
    assert loop(Day(10_000, 4000), [Day(1000, 380)] * 10) is None


def test_a_new_key_has_to_fail_more() -> None:
    assert loop(Day(NEW_LEAST - 1, NEW_LEAST - 1), []) is None
    assert loop(Day(NEW_LEAST, NEW_LEAST), []) is not None


def test_one_bad_day_among_many_changes_nothing() -> None:
    assert loop(Day(2000, 900), [*QUIET, Day(50_000, 50_000)]) is not None


@given(days, st.lists(days, max_size=30), st.integers(0, 10**6))
def test_one_more_failure_never_turns_a_loop_into_none(today: Day, before: list[Day], more: int) -> None:
    if loop(today, before) is not None:
        assert loop(Day(today.requests + more, today.bad + more), before) is not None
