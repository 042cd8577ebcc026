"""The rules for all figures there are: nothing flaps, more budget never stops a key, a return has a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.budgets import TOTAL, Budget, Layer, Stop
from bot.domain.guard import (
    BACK_AT_PERCENT,
    Back,
    Due,
    due,
    stop_rank,
    stop_text,
    stopping,
    stops,
    subjects_of,
    thresholds_of,
    why_back,
)
from bot.domain.keys import KeyKind
from bot.domain.money import MICROS_PER_USD
from tests.fakes import NOON

amounts = st.integers(0, 2_000 * MICROS_PER_USD)
PERIODS = ("2026-11", "2026-12")


@st.composite
def limits(draw: st.DrawFn, layer: Layer = Layer.TEAM, subject: str = "team_1") -> Budget:
    return Budget(
        layer=layer,
        subject_id=subject,
        name="search",
        budget_micros=draw(amounts),
        spent_micros=draw(amounts),
        committed_micros=0,
        resets_at=None,
        period=draw(st.sampled_from(PERIODS)),
        hard=draw(st.booleans()),
    )


several = st.tuples(limits(), limits(Layer.PROJECT, "project_1"), limits(Layer.KEY, "key_1"))
stopped = st.builds(
    Stop, st.just(Layer.TEAM), st.just("team_1"), st.sampled_from(PERIODS), st.integers(1, 2_000 * MICROS_PER_USD)
)


@given(several, stopped)
def test_a_return_always_has_a_true_reason(all_of_them: tuple[Budget, ...], stop: Stop) -> None:
    why, limit = why_back(stop, all_of_them), all_of_them[0]
    if why is None:
        return
    assert not any(one.hard and one.spent_micros >= one.budget_micros for one in all_of_them)
    match why:
        case Back.LIFTED:
            assert not limit.hard
        case Back.TURNED:
            assert limit.period != stop.period
        case Back.RAISED:
            assert limit.budget_micros > stop.limit_micros
        case Back.FELL:
            assert limit.spent_micros <= limit.budget_micros * BACK_AT_PERCENT / 100


@given(several, stopped, st.integers(0, 2), amounts)
def test_more_budget_never_stops_a_key(all_of_them: tuple[Budget, ...], stop: Stop, which: int, more: int) -> None:
    richer = list(all_of_them)
    richer[which] = replace(richer[which], budget_micros=richer[which].budget_micros + more)
    assert stops(all_of_them[which]) or not stops(richer[which])
    if why_back(stop, all_of_them) is not None:
        assert why_back(stop, richer) is not None


@given(st.integers(1, 2_000 * MICROS_PER_USD), st.lists(st.integers(-49, 49), min_size=1, max_size=30))
def test_spend_that_wobbles_around_the_line_stops_a_key_once(budget: int, wobbles: list[int]) -> None:
    """Corrections of less than a twentieth of the limit, up and down, as often as they come."""
    limit = Budget(Layer.TEAM, "team_1", "search", budget, 0, 0, None, period="2026-11")
    stop, changes = None, 0
    for thousandths in wobbles:
        spent = budget + budget * thousandths // 1000
        now = replace(limit, spent_micros=max(spent, budget * BACK_AT_PERCENT // 100 + 1))
        if stop is None and stops(now):
            stop, changes = Stop(now.layer, now.subject_id, now.period, now.budget_micros), changes + 1
        elif stop is not None and why_back(stop, [now]) is not None:
            stop, changes = None, changes + 1
    assert changes <= 1


@given(limits(), st.lists(st.integers(1, 99), max_size=4), st.lists(amounts, min_size=1, max_size=20))
def test_each_threshold_is_dealt_with_once_whatever_the_figures_do(
    limit: Budget, chosen: list[int], spends: list[int]
) -> None:
    dealt_with: dict[int, int] = {}
    told: list[int] = []
    for spent in spends:
        found = due(replace(limit, spent_micros=spent), chosen, dealt_with, is_snoozed=False, stops_keys=True)
        if found is None:
            continue
        assert not found.again
        new = {*found.overtaken, *([] if found.tell is None else [found.tell])}
        assert new
        assert not new & set(dealt_with)
        dealt_with |= dict.fromkeys(new, limit.budget_micros)
        told += [] if found.tell is None else [found.tell]
    assert told == sorted(told)
    reached = {percent for percent in thresholds_of(chosen) if _percent(limit, max(spends)) >= percent}
    assert set(dealt_with) == reached


def _percent(limit: Budget, spent: int) -> int:
    return replace(limit, spent_micros=spent).used_percent


@given(limits(), st.lists(st.integers(1, 99), max_size=4))
def test_a_snoozed_limit_tells_of_nothing_but_its_end(limit: Budget, chosen: list[int]) -> None:
    found = due(limit, chosen, {}, is_snoozed=True, stops_keys=True)
    assert found is None or found.tell == 100
    assert (found is not None) is limit.is_reached


def test_a_limit_raised_and_reached_again_is_told_again_when_it_stops_keys() -> None:
    limit = Budget(Layer.TEAM, "team_1", "search", 600, 601, 0, None, period="2026-11")
    dealt_with = {50: 500, 80: 500, 100: 500}
    assert due(limit, (50, 80), dealt_with, is_snoozed=False, stops_keys=True) == Due(100, (), again=True)
    assert due(limit, (50, 80), dealt_with, is_snoozed=False, stops_keys=False) is None


def test_automation_goes_first_and_projects_last() -> None:
    assert sorted(KeyKind, key=stop_rank) == [
        KeyKind.AUTOMATION,
        KeyKind.TEMPORARY,
        KeyKind.MEMBER,
        KeyKind.PROJECT,
    ]


@pytest.mark.parametrize("kind", KeyKind)
def test_a_persons_budget_is_only_over_what_is_theirs(kind: KeyKind) -> None:
    above = subjects_of("key_1", kind, "team_1", "project_1", "U0ANA", has_day=kind is KeyKind.AUTOMATION)
    personal = kind in (KeyKind.TEMPORARY, KeyKind.MEMBER)
    assert ((Layer.MEMBER, "U0ANA") in above) is personal
    assert above[0] == (Layer.TEAM, "team_1")


def test_of_several_reached_limits_the_widest_stops_a_key() -> None:
    above = subjects_of("key_1", KeyKind.MEMBER, "team_1", None, "U0ANA", has_day=False)
    team = Budget(Layer.TEAM, "team_1", "search", 1, 2, 0, None)
    own = Budget(Layer.KEY, "key_1", "ana-1", 1, 2, 0, None)
    both = {(one.layer, one.subject_id): one for one in (own, team)}
    assert stopping(above, both) is team
    assert stopping(above, {(Layer.KEY, "key_1"): own}) is own
    assert stopping(above, {}) is None


@pytest.mark.parametrize(
    ("layer", "period", "text"),
    [
        (Layer.TEAM, "2026-11", "team search reached its budget: $502.10 of $500 in November"),
        (Layer.PROJECT, "2026-12", "project search reached its budget: $502.10 of $500 in December"),
        (Layer.MEMBER, "2026-11", "its holder's budget was reached: $502.10 of $500 in November"),
        (Layer.KEY, TOTAL, "it reached its cap: $502.10 of $500"),
        (Layer.KEY, "2026-11", "it reached its cap: $502.10 of $500 in November"),
        (Layer.AUTOMATION, "2026-11-02", "it reached its cap per day: $502.10 of $500 on 2 November"),
    ],
)
def test_why_a_key_was_stopped_reads_as_a_sentence(layer: Layer, period: str, text: str) -> None:
    resets_at = None if period == TOTAL else NOON
    limit = Budget(layer, "x", "search", 500 * MICROS_PER_USD, 502_100_000, 0, resets_at, period=period)
    assert stop_text(limit) == text
