"""Where a month will end: what people are told, and that it follows what a person would expect of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.digests import Forecast
from bot.domain.forecast import forecast
from tests.bench.months import PATTERNS, draw
from tests.domain.kit import USD

NOVEMBER = date(2026, 11, 1)
"""A Sunday; 30 days."""
MONDAY = date(2026, 11, 16)
Days = list[tuple[date, int]]


def days(usd: Sequence[float], until: date = MONDAY) -> Days:
    """What so many days before a day cost, the last one yesterday."""
    return [(until - timedelta(days=len(usd) - number), round(one * USD)) for number, one in enumerate(usd)]


def office(weeks: int, usd: float = 10, weekend: float = 0) -> list[float]:
    """Weeks that end on a Sunday."""
    return ([usd] * 5 + [weekend] * 2) * weeks


def told(known: Days, today: date = MONDAY, budget_usd: float | None = None, more_usd: float = 0) -> Forecast:
    """What is told of the month with so much spent in it, by its days and beside them."""
    month = sum(micros for day, micros in known if day >= today.replace(day=1))
    budget = None if budget_usd is None else round(budget_usd * USD)
    found = forecast(known, today, budget, month + round(more_usd * USD))
    assert found is not None
    return found


def rest(known: Days, today: date = MONDAY) -> float:
    """What is still to come, in dollars."""
    return (
        told(known, today).likely_micros - sum(micros for day, micros in known if day >= today.replace(day=1))
    ) / USD


amounts = st.one_of(st.just(0), st.integers(-5, 50), st.integers(0, 10**7), st.integers(0, 10**10))
seen = st.lists(amounts, min_size=1, max_size=70)
todays = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@given(seen, todays, amounts, st.none() | amounts)
def test_money_only_goes_up_and_the_range_holds_what_is_likely(
    usd: list[int], today: date, more: int, budget: int | None
) -> None:
    known = [(today - timedelta(days=len(usd) - 1 - number), one) for number, one in enumerate(usd)]
    spent = max(0, sum(micros for day, micros in known if (day.year, day.month) == (today.year, today.month)) + more)
    found = forecast(known, today, budget, spent)
    if found is None:
        assert sum(micros > 0 for day, micros in known[-57:] if day < today) < 3
        return
    assert spent <= found.low_micros <= found.likely_micros <= found.high_micros
    assert forecast(known[::-1], today, budget, spent) == found
    if found.runs_out_on is not None:
        assert (found.runs_out_on.year, found.runs_out_on.month) == (today.year, today.month)
    elif budget is not None:
        assert found.likely_micros <= budget, "it is reached on some day, if it is passed"


@given(st.sampled_from(sorted(PATTERNS)), st.integers(200_000, 200_050), st.integers(4, 27))
def test_a_higher_budget_never_runs_out_earlier(pattern: str, seed: int, day: int) -> None:
    month = draw(pattern, seed)
    today, spent, known = month.first + timedelta(days=day), month.spent(day), month.until(day)
    budgets = [month.budget_micros * percent // 100 for percent in (10, 60, 90, 120, 200)]
    found = [forecast(known, today, budget, spent) for budget in budgets]
    dates = [one.runs_out_on or date.max for one in found if one is not None]
    assert dates == sorted(dates)


def test_below_three_days_with_spend_nothing_is_told() -> None:
    assert forecast(days([10, 0, 10]), MONDAY, None, 20 * USD) is None
    assert forecast(days([10, 10, 10]), MONDAY, None, 30 * USD) is not None
    assert forecast([], MONDAY, None, 0) is None


def test_today_is_no_day_with_spend_and_neither_is_one_of_long_ago() -> None:
    assert forecast([*days([10, 10]), (MONDAY, 10 * USD)], MONDAY, None, 30 * USD) is None
    assert forecast(days([10, *[0] * 54, 10, 10]), MONDAY, None, 30 * USD) is None
    assert forecast(days([10, *[0] * 53, 10, 10]), MONDAY, None, 30 * USD) is not None


def test_the_same_every_day_goes_on_to_the_end_of_the_month() -> None:
    assert rest(days([10.0] * 56)) == pytest.approx(150, rel=0.03)


def test_a_weekend_costs_what_weekends_cost() -> None:
    """From Monday 16 to Monday 30 November there are eleven working days and four at weekends."""
    assert rest(days(office(8))) == pytest.approx(110, rel=0.04)
    assert rest(days(office(8, weekend=2))) == pytest.approx(118, rel=0.04)


def test_of_a_team_that_began_this_week_weekends_are_expected_to_be_quieter() -> None:
    friday = date(2026, 11, 20)
    known = days([10.0] * 4, friday)
    alone = forecast(known, friday + timedelta(days=1), None, 40 * USD)
    assert alone is not None
    assert 7 * 10 < rest(known, friday) < 11 * 10 - 5


@pytest.mark.parametrize(
    ("today", "left"),
    [
        (date(2026, 11, 30), 1),
        (date(2026, 11, 1), 30),
        (date(2026, 12, 1), 31),
        (date(2027, 2, 1), 28),
        (date(2028, 2, 1), 29),
        (date(2026, 12, 31), 1),
    ],
)
def test_what_is_left_of_a_month_is_counted_by_the_calendar(today: date, left: int) -> None:
    assert rest(days([10.0] * 56, today), today) == pytest.approx(10 * left, rel=0.05)


def test_days_of_eight_weeks_are_looked_at_and_none_before() -> None:
    assert told(days([9999.0, *office(8)])) == told(days(office(8)))
    assert told(days([9999.0, *office(8)[1:]])) != told(days(office(8)))


def test_days_without_spend_may_be_left_out() -> None:
    known = days(office(8))
    assert told([(day, micros) for day, micros in known if micros]) == told(known)


def test_what_today_cost_already_is_not_expected_again() -> None:
    known = days(office(8))
    usual = told(known).likely_micros
    assert told([*known, (MONDAY, 4 * USD)]).likely_micros == usual
    assert told([*known, (MONDAY, 30 * USD)]).likely_micros == pytest.approx(usual + 20 * USD, rel=0.01)


def test_what_no_day_is_known_of_yet_comes_on_top() -> None:
    known = days(office(8))
    assert told(known, more_usd=7).likely_micros == told(known).likely_micros + 7 * USD
    assert told(known, more_usd=7).low_micros == told(known).low_micros + 7 * USD
    assert told(known, more_usd=7).high_micros == told(known).high_micros + 7 * USD


def test_ten_times_as_much_is_foretold_ten_times_as_high() -> None:
    usd = [7, 9, 11, 12, 8, 1, 2] * 6 + [7, 30, 11, 0, 8, 1, 2]
    one, ten = told(days(usd)), told(days([10 * day for day in usd]))
    assert ten.likely_micros == pytest.approx(10 * one.likely_micros, rel=1e-6)
    assert ten.low_micros == pytest.approx(10 * one.low_micros, rel=1e-6)
    assert ten.high_micros == pytest.approx(10 * one.high_micros, rel=1e-6)


def test_a_launch_is_followed_within_days_and_a_spike_is_not() -> None:
    before = rest(days(office(8), MONDAY))
    friday = date(2026, 11, 20)
    usual = rest(days([*office(8), 10, 10, 10, 10], friday), friday)
    launched = rest(days([*office(8), 30, 30, 30, 30], friday), friday)
    assert launched == pytest.approx(3 * usual, rel=0.2)
    assert rest(days([*office(8), 10, 10, 10, 100], friday), friday) < 1.5 * usual
    assert rest(days([*office(8), 10, 100, 10, 10], friday), friday) == pytest.approx(usual, rel=0.05)
    assert before > usual


def test_a_day_off_is_no_sign_of_the_end_but_a_week_is() -> None:
    friday = date(2026, 11, 20)
    usual = rest(days([*office(8), 10, 10, 10, 10], friday), friday)
    assert rest(days([*office(8), 10, 10, 10, 0], friday), friday) == pytest.approx(usual, rel=0.06)
    assert rest(days([*office(8), 10, 0, 0, 0], friday), friday) > 0.85 * usual
    assert rest(days([*office(8), *[0] * 7])) < 0.2 * rest(days(office(9)))


@pytest.mark.parametrize("weekend", [0, 1, 3])
@pytest.mark.parametrize("weeks", [3, 8])
def test_days_off_before_a_weekend_are_days_off(weeks: int, weekend: float) -> None:
    """On a Monday, after a Thursday and Friday on which nobody worked."""
    monday = date(2026, 11, 23)
    usual = rest(days(office(weeks + 1, weekend=weekend), monday), monday)
    for worked in (4, 3, 2, 1):
        week = [*[10] * worked, *[0] * (7 - worked)]
        assert rest(days([*office(weeks, weekend=weekend), *week], monday), monday) > 0.74 * usual


def test_a_weekend_without_spend_is_no_change() -> None:
    monday = date(2026, 11, 23)
    usual = rest(days(office(9, weekend=3), monday), monday)
    week = [10, 10, 10, 10, 10, 0, 0]
    assert rest(days([*office(8, weekend=3), *week], monday), monday) == pytest.approx(usual, rel=0.05)


def test_four_days_without_spend_are_days_off_and_five_an_end() -> None:
    usual = rest(days([10.0] * 56))
    assert rest(days([*[10.0] * 52, *[0] * 4])) > 0.85 * usual
    assert rest(days([*[10.0] * 51, *[0] * 5])) < 0.05 * usual


def test_spend_that_stopped_may_come_back_and_the_range_says_so() -> None:
    found = told(days([*office(8), *[0] * 7]))
    assert found.low_micros == found.likely_micros == 50 * USD
    assert found.high_micros == pytest.approx((50 + 15 * 10 * 35 / 56) * USD, rel=0.03)


def test_a_quiet_weekend_that_is_left_has_no_wide_range() -> None:
    """Saturday 28 November; two days of the weekend and a Monday are left."""
    saturday, sunday = date(2026, 11, 28), date(2026, 11, 29)
    known = days([*office(8)[6:], *[10] * 5], saturday)
    assert told([*known, (saturday, 0)], sunday).high_micros < told(known, sunday).low_micros + 25 * USD


def test_days_off_are_expected_as_often_as_they_were() -> None:
    often = [10, 10, 0, 10, 10, 0, 0, 10, 10, 10, 10, 0, 0, 0] * 4
    assert rest(days(often)) < 0.95 * rest(days(office(8)))


def test_growth_goes_on_and_so_does_decline() -> None:
    growing = [10 * 1.02**number for number in range(56)]
    assert rest(days(growing)) > 1.04 * 15 * growing[-1]
    assert rest(days(growing)) < sum(growing[-1] * 1.02**number for number in range(1, 16))
    assert rest(days(growing[::-1])) < 0.95 * 15 * growing[0]


def test_of_four_weeks_less_a_day_growth_is_not_believed() -> None:
    growing = [10 * 1.02**number for number in range(28)]
    assert rest(days(growing)) > 15 * growing[-1] > rest(days(growing[1:]))


def test_irregular_batches_have_a_mean_and_the_likely_is_below_it() -> None:
    batches = ([0] * 4 + [60] + [0] * 6 + [40]) * 4 + [0] * 8
    average = 15 * sum(batches) / len(batches)
    assert 0.4 * average < rest(days(batches)) < average
    found = told(days(batches))
    spent = sum(micros for day, micros in days(batches) if day.month == 11)
    assert found.low_micros < spent + 0.25 * average * USD
    assert found.high_micros > spent + 2 * average * USD


def test_the_range_gets_narrower_as_the_month_goes_by() -> None:
    widths = []
    for day in (2, 9, 16, 23, 30):
        today = NOVEMBER.replace(day=day)
        found = told(days(office(8), today), today)
        widths.append(found.high_micros - found.low_micros)
    assert widths == sorted(widths, reverse=True)


def test_spikes_that_were_make_the_range_reach_higher() -> None:
    spiky = office(8)
    spiky[30] = 200
    assert told(days(spiky)).high_micros > told(days(office(8))).high_micros + 30 * USD
    assert told(days(spiky)).likely_micros == pytest.approx(told(days(office(8))).likely_micros, rel=0.03)


def test_the_budget_runs_out_on_the_first_day_that_reaches_it() -> None:
    """$100 by Sunday 15 November; then $10 each working day."""
    known = days(office(8))
    assert told(known).runs_out_on is None
    assert told(known, budget_usd=105).runs_out_on == MONDAY
    assert told(known, budget_usd=135).runs_out_on == date(2026, 11, 19)
    assert told(known, budget_usd=155).runs_out_on == date(2026, 11, 23)
    assert told(known, budget_usd=205).runs_out_on == date(2026, 11, 30)
    assert told(known, budget_usd=300).runs_out_on is None


def test_a_budget_that_ran_out_did_so_on_the_day_that_reached_it() -> None:
    known = days(office(8))
    assert told(known, budget_usd=100).runs_out_on == date(2026, 11, 13)
    assert told(known, budget_usd=90.01).runs_out_on == date(2026, 11, 13)
    assert told(known, budget_usd=90).runs_out_on == date(2026, 11, 12)
    assert told(known, budget_usd=1).runs_out_on == date(2026, 11, 2)
    assert told(known, budget_usd=105, more_usd=7).runs_out_on == MONDAY
    assert told(days(office(8, weekend=5)), budget_usd=5).runs_out_on == NOVEMBER
    assert told([*known, (MONDAY, 9 * USD)], budget_usd=109).runs_out_on == MONDAY
    assert told(known[::-1], budget_usd=90).runs_out_on == date(2026, 11, 12)


def test_on_the_first_of_a_month_the_weeks_before_it_tell() -> None:
    december = date(2026, 12, 1)
    found = told(days([*office(8)[1:], 10], december), december, budget_usd=55)
    assert found.likely_micros == pytest.approx(230 * USD, rel=0.05)
    assert found.runs_out_on == date(2026, 12, 8)


@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_it_is_nearer_to_the_truth_than_the_run_rate(pattern: str) -> None:
    ours, theirs = [], []
    for seed in range(200_000, 200_024):
        month = draw(pattern, seed)
        came_to = month.spent(month.length)
        for day in (5, 12, 19, 26):
            spent = month.spent(day)
            found = forecast(month.until(day), month.first + timedelta(days=day), None, spent)
            if found is not None and came_to:
                ours.append(abs(found.likely_micros - came_to) / came_to)
                theirs.append(abs(spent * month.length / day - came_to) / came_to)
    assert mean(ours) < 0.92 * mean(theirs)


def test_four_of_five_months_end_within_the_range() -> None:
    within = []
    for pattern in PATTERNS:
        for seed in range(200_000, 200_024):
            month = draw(pattern, seed)
            for day in (5, 12, 19, 26):
                found = forecast(month.until(day), month.first + timedelta(days=day), None, month.spent(day))
                if found is not None:
                    within.append(found.low_micros <= month.spent(month.length) <= found.high_micros)
    assert 0.74 < mean(within) < 0.87
