"""Why spend moved: causes sum to the movement exactly, and each can be said aloud of what really happened."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.apportion import percent_moved
from bot.domain.digests import Cause, Why
from bot.domain.movement import Cell, causes
from bot.domain.usage import Totals, total

Cells = Mapping[Cell, Totals]
KEYS, MODELS = ("ana", "ben", "ci"), ("opus", "sonnet", "haiku")
PRICES = {"opus": 900, "sonnet": 90, "haiku": 9}


def used(requests: int, micros: int = 0, *, failed: int = 0, unpriced: int = 0) -> Totals:
    return Totals(requests=requests, failures=failed, cost_micros=micros, unpriced_requests=unpriced)


def at_price(requests: Mapping[Cell, int]) -> dict[Cell, Totals]:
    """Requests at the price of their models."""
    return {cell: used(number, number * PRICES[cell[1]]) for cell, number in requests.items()}


def split(now: Cells, before: Cells, new: tuple[str, ...] = ()) -> dict[Why, int]:
    return {cause.why: cause.micros for cause in causes(now, before, new)}


def spent(cells: Cells) -> int:
    return total(cells.values()).cost_micros


def worked(cells: Cells) -> int:
    """Requests that cost something, or could have."""
    return sum(one.requests - one.failures - one.unpriced_requests for one in cells.values())


@st.composite
def totals(draw: st.DrawFn) -> Totals:
    """Of a key and model in a week: mostly with a cost; sometimes nothing worked, or nothing has a price."""
    good, failed, unpriced = (draw(st.integers(0, most)) for most in (60, 3, 3))
    cost = draw(st.integers(0, 5000)) if good else 0
    return used(good + failed + unpriced, cost, failed=failed, unpriced=unpriced)


cells = st.sampled_from([(key, model) for key in KEYS for model in MODELS])
weeks = st.dictionaries(cells, totals(), max_size=9)
counts = st.dictionaries(cells, st.integers(0, 60), max_size=9)
new_keys = st.sets(st.sampled_from(KEYS)).map(tuple)


@given(weeks, weeks, new_keys)
def test_causes_sum_to_the_movement_to_the_micro_dollar(now: Cells, before: Cells, new: tuple[str, ...]) -> None:
    assert sum(cause.micros for cause in causes(now, before, new)) == spent(now) - spent(before)


@given(weeks, weeks, new_keys)
def test_points_sum_to_the_percents_shown(now: Cells, before: Cells, new: tuple[str, ...]) -> None:
    found = causes(now, before, new)
    points = [cause.points for cause in found if cause.points is not None]
    if spent(before):
        assert len(points) == len(found)
        assert sum(points) == percent_moved(spent(now), spent(before))
        assert all(cause.points * cause.micros >= 0 for cause in found if cause.points is not None)
    else:
        assert not points


@given(weeks, weeks)
def test_exchanging_the_weeks_turns_every_sign(now: Cells, before: Cells) -> None:
    assert split(now, before) == {why: -micros for why, micros in split(before, now).items()}


@given(weeks, weeks, new_keys)
def test_the_greatest_cause_comes_first_and_none_is_nothing(now: Cells, before: Cells, new: tuple[str, ...]) -> None:
    sizes = [abs(cause.micros) for cause in causes(now, before, new)]
    assert sizes == sorted(sizes, reverse=True)
    assert all(sizes)


@given(weeks)
def test_nothing_moves_when_nothing_changed(week: Cells) -> None:
    assert causes(week, week, ()) == ()


@given(counts, st.dictionaries(st.sampled_from(KEYS), st.integers(0, 5)))
def test_when_only_the_number_of_requests_changes_it_is_volume(before: dict[Cell, int], times: dict[str, int]) -> None:
    now = {cell: number * (1 + times.get(cell[0], 0)) for cell, number in before.items()}
    assert set(split(at_price(now), at_price(before))) <= {Why.VOLUME}
    assert set(split(at_price(before), at_price(now))) <= {Why.VOLUME}


@given(counts, counts)
def test_more_of_anything_and_fewer_of_nothing_is_volume(before: dict[Cell, int], more: dict[Cell, int]) -> None:
    now = {cell: before.get(cell, 0) + more.get(cell, 0) for cell in {*before, *more}}
    assert set(split(at_price(now), at_price(before))) <= {Why.VOLUME}


@given(counts, st.permutations(MODELS))
def test_when_only_models_change_it_is_mix(before: dict[Cell, int], others: list[str]) -> None:
    other = dict(zip(MODELS, others, strict=True))
    now = {(key, other[model]): number for (key, model), number in before.items()}
    assert set(split(at_price(now), at_price(before))) <= {Why.MIX}


@given(counts, st.permutations(KEYS))
def test_work_that_moves_to_other_keys_at_the_same_price_is_no_cause(
    before: dict[Cell, int], others: list[str]
) -> None:
    other = dict(zip(KEYS, others, strict=True))
    now = {(other[key], model): number for (key, model), number in before.items()}
    found = split(at_price(now), at_price(before))
    assert all(abs(micros) <= len(before) for micros in found.values()), "at most what rounding leaves"


@given(counts, st.dictionaries(st.sampled_from(MODELS), st.integers(1, 5)))
def test_when_only_prices_change_it_is_price(before: dict[Cell, int], times: dict[str, int]) -> None:
    was = at_price(before)
    now = {cell: one._replace(cost_micros=one.cost_micros * times.get(cell[1], 1)) for cell, one in was.items()}
    assert set(split(now, was)) <= {Why.PRICE}


@given(weeks, weeks)
def test_volume_rises_only_with_requests(now: Cells, before: Cells) -> None:
    volume = split(now, before).get(Why.VOLUME, 0)
    more = worked(now) - worked(before)
    unpriced = sum(one.unpriced_requests for week in (now, before) for one in week.values())
    assert volume == 0 or volume * more > 0 or unpriced, (volume, more)


@given(weeks, weeks, st.dictionaries(cells, st.integers(1, 99)))
def test_failed_requests_are_no_cause(now: Cells, before: Cells, failed: dict[Cell, int]) -> None:
    tried = {cell: used(number, failed=number) for cell, number in failed.items()}
    also = {cell: now.get(cell, Totals()).plus(tried.get(cell, Totals())) for cell in {*now, *tried}}
    assert split(also, before) == split(now, before)


@given(counts, counts, st.integers(0, 99), st.integers(0, 99))
def test_models_without_a_price_are_no_cause(
    now: dict[Cell, int], before: dict[Cell, int], some: int, others: int
) -> None:
    def beside(week: dict[Cell, int], number: int) -> dict[Cell, Totals]:
        return at_price(week) | {("ana", "unknown"): used(number, unpriced=number)}

    assert split(beside(now, some), beside(before, others)) == split(at_price(now), at_price(before))


@given(counts, st.integers(0, 99), st.integers(0, 99))
def test_more_or_fewer_requests_to_a_free_model_move_nothing(week: dict[Cell, int], some: int, others: int) -> None:
    free = ("ana", "free")
    assert split(at_price(week) | {free: used(some)}, at_price(week) | {free: used(others)}) == {}


def test_going_over_to_a_free_model_is_mix() -> None:
    assert split({("ana", "free"): used(50)}, at_price({("ana", "opus"): 50})) == {Why.MIX: -45_000}


def test_a_week_in_which_nothing_was_spent_before_gives_no_points() -> None:
    assert causes({("ana", "opus"): used(3, 300)}, {}, ()) == (Cause(Why.VOLUME, 300, None),)
    assert causes({("ana", "opus"): used(3, 300)}, {}, ("ana",)) == (Cause(Why.NEW_KEYS, 300, None),)


def test_of_the_least_there_is_points_are_told() -> None:
    assert causes({("ana", "opus"): used(3, 3)}, {("ana", "opus"): used(1, 1)}, ()) == (Cause(Why.VOLUME, 2, 200),)


def test_new_keys_are_one_cause_whatever_they_used() -> None:
    before = at_price({("ana", "opus"): 10})
    now = before | at_price({("ben", "opus"): 1, ("ben", "haiku"): 100, ("ci", "haiku"): 100})
    assert causes(now, before, ("ben",)) == (Cause(Why.NEW_KEYS, 1800, 20), Cause(Why.VOLUME, 900, 10))


def test_keys_that_fell_silent_and_keys_that_woke_up_are_volume() -> None:
    silent, busy = at_price({("ana", "opus"): 10}), at_price({("ben", "haiku"): 10})
    assert split(busy, silent | busy) == {Why.VOLUME: -9000}
    assert split(silent | busy, busy) == {Why.VOLUME: 9000}


def test_a_movement_is_told_as_it_happened() -> None:
    """More requests, some of them to a dearer model, at a higher price, by an old key and by a new one."""
    before = at_price({("ana", "haiku"): 100, ("ben", "sonnet"): 100})
    now = at_price({("ana", "haiku"): 60, ("ana", "sonnet"): 80, ("ci", "opus"): 1})
    now[("ben", "sonnet")] = used(100, 9900)
    assert spent(before) == 9900
    assert causes(now, before, ("ci",)) == (
        Cause(Why.VOLUME, 3600, 36),
        Cause(Why.MIX, 3240, 33),
        Cause(Why.NEW_KEYS, 900, 9),
        Cause(Why.PRICE, 900, 9),
    )


def test_fewer_requests_of_a_dear_key_and_more_of_a_cheap_one_are_mix_as_far_as_they_set_each_other_off() -> None:
    before = at_price({("ana", "opus"): 110, ("ben", "haiku"): 10})
    now = at_price({("ana", "opus"): 10, ("ben", "haiku"): 100})
    assert split(now, before) == {Why.MIX: -(90 * 900 - 90 * 9), Why.VOLUME: -10 * 900}


def test_what_a_key_exchanges_among_its_models_comes_before_what_keys_exchange() -> None:
    """Ana goes over from haiku to opus; that ben does more with haiku takes nothing of it."""
    before = at_price({("ana", "haiku"): 100, ("ben", "haiku"): 10})
    now = at_price({("ana", "opus"): 100, ("ben", "haiku"): 60})
    assert split(now, before) == {Why.MIX: 100 * (900 - 9), Why.VOLUME: 50 * 9}


def test_the_same_model_with_a_key_whose_requests_are_dearer_is_price() -> None:
    before = {("ana", "opus"): used(100, 1000), ("ben", "opus"): used(100, 5000)}
    now = {("ana", "opus"): used(50, 500), ("ben", "opus"): used(150, 7500)}
    assert split(now, before) == {Why.PRICE: 50 * 50 - 50 * 10}


def test_price_and_number_share_what_both_did() -> None:
    """Twice as many at twice the price: the number at the mean price, the price at the mean number."""
    assert split({("ana", "opus"): used(20, 400)}, {("ana", "opus"): used(10, 100)}) == {
        Why.VOLUME: 10 * 15,
        Why.PRICE: 15 * 10,
    }


def test_a_model_that_was_given_a_price_is_price() -> None:
    unpriced, priced = {("ana", "opus"): used(100, unpriced=100)}, {("ana", "opus"): used(100, 700)}
    assert split(priced, unpriced) == {Why.PRICE: 700}
    assert split(unpriced, priced) == {Why.PRICE: -700}


def test_of_a_model_that_was_given_a_price_further_requests_are_volume() -> None:
    before = {("ana", "opus"): used(40, unpriced=40)}
    assert split({("ana", "opus"): used(100, 1000)}, before) == {Why.PRICE: 400, Why.VOLUME: 600}


@pytest.mark.parametrize("tried", [5, 1])
def test_cost_of_failed_requests_alone_counts_with_them(tried: int) -> None:
    """A stream that broke off cost something, though nothing worked."""
    broke = {("ana", "opus"): used(tried, 50, failed=tried)}
    assert split(broke, {}) == {Why.VOLUME: 50}
    assert split({("ana", "opus"): used(tried * 2, 100, failed=tried * 2)}, broke) == {Why.VOLUME: 50}
    assert split({("ana", "opus"): used(tried, 100, failed=tried)}, broke) == {Why.PRICE: 50}


def test_cost_without_a_request_counts_as_one() -> None:
    assert split({("ana", "opus"): used(0, 50)}, {}) == {Why.VOLUME: 50}
    assert split({("ana", "opus"): used(0, 50)}, {("ana", "opus"): used(1, 30)}) == {Why.PRICE: 20}


def test_ten_thousand_keys_are_split_exactly() -> None:
    before = {(f"k{n}", model): used(n + 3, n * 7 + len(model)) for n in range(3000) for model in MODELS}
    now = {(f"k{n}", model): used(n * 2 % 977 + 1, n * 5 + 11) for n in range(100, 3100) for model in MODELS}
    assert sum(split(now, before).values()) == spent(now) - spent(before)
