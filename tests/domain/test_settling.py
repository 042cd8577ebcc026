"""Settling what counts as spent: the two counts together, whatever they say and however they change."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.settling import Count, Settled, reaches_back, settle

micros = st.integers(0, 50)
counts = st.lists(st.builds(Count, micros, micros), min_size=1, max_size=8)


def spent(*chain: tuple[int, int], before: int = 0) -> list[int]:
    return [settled.spent_micros for settled in settle([Count(*count) for count in chain], before)]


def test_nothing_known_is_nothing_settled() -> None:
    assert settle([]) == []


def test_the_higher_count_wins() -> None:
    assert spent((8, 10)) == [10]
    assert spent((12, 10)) == [12]


def test_a_period_is_charged_what_the_total_rose_by_since_it_began() -> None:
    assert settle([Count(0, 30), Count(0, 45)]) == [Settled(0, 30, 30), Settled(30, 15, 45)]


def test_late_usage_stays_with_the_old_period_and_takes_nothing_from_the_new() -> None:
    assert spent((0, 8), (0, 15)) == [8, 7]
    assert spent((10, 8), (0, 15)) == [10, 5], "what the total first showed in the new period was the old one's"


def test_what_usage_dates_later_than_the_total_knew_it_is_charged_once() -> None:
    assert spent((8, 10), (0, 10)) == [10, 0]
    assert spent((8, 10), (2, 10)) == [8, 2]


def test_a_correction_downwards_takes_back_the_newest_spend_first_and_never_below_zero() -> None:
    assert spent((0, 10), (0, 16), (0, 13)) == [10, 3, 0]
    assert spent((0, 10), (0, 16), (0, 4)) == [4, 0, 0]
    assert spent((6, 10), (0, 4)) == [6, 0], "what usage proves is not taken back"


def test_a_key_that_had_spent_before_is_charged_from_there() -> None:
    assert settle([Count(0, 30)], 20) == [Settled(20, 10, 10)]
    assert settle([Count(0, 10)], 20) == [Settled(20, 0, 0)]


@given(counts, micros)
def test_all_periods_together_are_charged_the_greater_of_total_and_usage(chain: list[Count], before: int) -> None:
    total = chain[-1].lifetime_micros - before
    assert sum(spent(*chain, before=before)) == max(0, total, sum(count.usage_micros for count in chain))


@given(counts, micros)
def test_no_period_is_charged_less_than_its_usage(chain: list[Count], before: int) -> None:
    assert all(found >= count.usage_micros for found, count in zip(spent(*chain, before=before), chain, strict=True))


@given(counts, micros)
def test_each_period_begins_where_all_before_it_end(chain: list[Count], before: int) -> None:
    settled = settle(chain, before)
    assert settled[0].before_micros == before
    for one, following in pairwise(settled):
        assert following.before_micros == one.before_micros + one.spent_micros


@given(counts, st.integers(0, 50))
def test_a_total_that_rises_is_charged_to_the_newest_period_alone(chain: list[Count], more: int) -> None:
    """Unless it makes good for an earlier correction downwards."""
    highest = max(count.lifetime_micros for count in chain)
    newest = chain[-1]._replace(lifetime_micros=highest)
    risen = newest._replace(lifetime_micros=highest + more)
    if newest.usage_micros == 0:
        assert spent(*chain[:-1], risen)[:-1] == spent(*chain[:-1], newest)[:-1]


@given(counts, st.data())
def test_more_usage_in_a_period_never_charges_it_less(chain: list[Count], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(chain) - 1))
    more = chain[index]._replace(usage_micros=chain[index].usage_micros + data.draw(st.integers(0, 20)))
    assert spent(*chain[:index], more, *chain[index + 1 :])[index] >= spent(*chain)[index]


@given(counts, counts, counts, micros)
def test_what_came_before_is_left_alone_unless_the_change_reaches_back(
    kept: list[Count], old: list[Count], new: list[Count], before: int
) -> None:
    """So a change in this month need not look at last year: settled from there on, or all again, it is the same."""
    were = settle([*kept, *old], before)[: len(kept)]
    last = were[-1]
    tail = settle(new, last.before_micros + last.spent_micros, last.undated_micros)
    again = settle([*kept, *new], before)
    if reaches_back(kept[-1], last, tail[0]):
        assert again[: len(kept)] != were
    else:
        assert again == [*were, *tail]
