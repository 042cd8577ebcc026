"""The lowest headroom binds; what a key may still spend is never below zero."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.budgets import Layer, binding, may_still_spend
from tests.domain.kit import USD, budget

AMOUNTS = st.integers(0, 10**12)


def test_headroom_is_what_is_neither_spent_nor_promised() -> None:
    assert budget(500, spent=120, committed=80).headroom_micros == 300 * USD
    assert budget(100, spent=90, committed=20).headroom_micros == -10 * USD


def test_nothing_binds_where_nothing_is_budgeted() -> None:
    assert binding([]) is None


def test_the_widest_binds_among_equals() -> None:
    team, project = budget(100), budget(100, layer=Layer.PROJECT)
    assert binding([team, project]) is team


@given(st.lists(st.integers(-1000, 1000), min_size=1))
def test_the_lowest_headroom_binds(headrooms: list[int]) -> None:
    found = binding([budget(left) for left in headrooms])
    assert found is not None
    assert found.headroom_micros == min(headrooms) * USD


@given(cap=AMOUNTS, spent=AMOUNTS)
def test_what_may_still_be_spent(cap: int, spent: int) -> None:
    left = may_still_spend(cap, spent)
    assert left >= 0
    assert left == cap - spent or (left == 0 and spent > cap)
