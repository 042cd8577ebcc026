"""What days ahead cost when they go on like those before: the same days give the same estimate, figure by figure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from bot.domain.forecast import forecast
from bot.domain.levels import Past, outlook
from tests.domain.kit import USD

TODAY = date(2026, 11, 19)
"""A Thursday, with twelve days to go."""
Shape = Callable[[int], float]
"""What a day cost in dollars; the number of days before today, 1 yesterday."""


def weekday(ago: int) -> int:
    return (TODAY - timedelta(days=ago)).weekday()


def wobble(ago: int) -> float:
    """Between 0.8 and 1.2, as if by chance."""
    return 0.8 + 0.04 * (ago * ago * 7 % 11)


def office(ago: int) -> float:
    return 20 * wobble(ago) * (0.2 if weekday(ago) > 4 else 1 + 0.05 * weekday(ago))


def launch(ago: int) -> float:
    return office(ago) * (3 if ago <= 6 else 1)


def just_now(ago: int) -> float:
    """A launch, or a spike."""
    return office(ago) * (3 if ago <= 1 else 1.5 if ago <= 3 else 1)


def spikes(ago: int) -> float:
    return office(ago) + (150 if ago in (3, 20) else 0)


def spike_of_late(ago: int) -> float:
    return office(ago) + (90 if ago == 2 else 0)


def holidays(ago: int) -> float:
    return 0 if ago in (1, 8, 9, 30) else office(ago)


def stopped(ago: int) -> float:
    return 0 if ago <= 9 else office(ago)


def growth(ago: int) -> float:
    return office(ago) * 0.98**ago


def decline(ago: int) -> float:
    return office(ago) * 1.02**ago


def batches(ago: int) -> float:
    return 90 * wobble(ago) if ago * 5 % 13 in (1, 4) else 0


def weekends(ago: int) -> float:
    return 30 * wobble(ago) if weekday(ago) > 4 else 0


def told(shape: Shape, count: int, budget_usd: float = 420) -> tuple[float, float, float, str]:
    """Low, likely, high in dollars, and when the budget runs out."""
    known = [(TODAY - timedelta(days=ago), round(shape(ago) * USD)) for ago in range(count, 0, -1)]
    spent = sum(micros for day, micros in known if day.month == 11)
    found = forecast(known, TODAY, round(budget_usd * USD), spent)
    assert found is not None
    low, likely, high = (micros / USD for micros in (found.low_micros, found.likely_micros, found.high_micros))
    return low, likely, high, "" if found.runs_out_on is None else f"{found.runs_out_on}"


@pytest.mark.parametrize(
    ("shape", "count", "low", "likely", "high", "runs_out"),
    [
        (office, 56, 489.0543, 528.1657, 691.1299, "2026-11-24"),
        (office, 13, 391.6091, 432.7105, 603.9667, "2026-11-30"),
        (office, 4, 236.3033, 279.3221, 458.5670, ""),
        (launch, 56, 1063.8529, 1189.0070, 1739.1794, "2026-11-17"),
        (spikes, 56, 646.9766, 688.8797, 920.6490, "2026-11-16"),
        (spike_of_late, 56, 581.4551, 621.9644, 806.9576, "2026-11-19"),
        (spike_of_late, 9, 473.2169, 532.4815, 865.7277, "2026-11-25"),
        (just_now, 56, 661.4667, 732.3697, 1034.9046, "2026-11-19"),
        (holidays, 56, 401.6585, 436.5920, 582.1482, "2026-11-30"),
        (stopped, 56, 151.9200, 151.9200, 327.2657, ""),
        (growth, 56, 443.4469, 483.8968, 652.4380, "2026-11-26"),
        (growth, 30, 438.3218, 481.3492, 660.6299, "2026-11-26"),
        (growth, 27, 415.2887, 451.4057, 601.8929, "2026-11-27"),
        (decline, 56, 535.3673, 570.6266, 717.5402, "2026-11-20"),
        (batches, 56, 236.8740, 352.7782, 835.7121, ""),
        (batches, 20, 218.1006, 326.4001, 777.6478, ""),
        (weekends, 56, 242.4314, 268.1517, 375.3194, ""),
    ],
)
def test_the_same_days_give_the_same_figures(
    shape: Shape, count: int, low: float, likely: float, high: float, runs_out: str
) -> None:
    """What was posted is worked out again when it is looked at: a figure that moves would read as a restatement."""
    found = told(shape, count)
    assert found[:3] == pytest.approx((low, likely, high), rel=1e-5)
    assert found[3] == runs_out


def past(shape: Shape, count: int = 56) -> Past:
    agos = range(count, 0, -1)
    return Past([weekday(ago) for ago in agos], [shape(ago) * USD for ago in agos])


def test_a_week_ahead_follows_the_weekdays() -> None:
    ahead = [usd / USD for usd in outlook(past(office), range(7)).days]
    assert ahead == pytest.approx([20, 21, 22, 23, 24, 4, 4], rel=0.13)


def test_irregular_spend_has_hardly_a_weekday() -> None:
    ahead = outlook(past(batches), range(7)).days
    assert max(ahead) < 4 * min(ahead)


def test_the_variance_tells_what_is_known_well_from_what_is_not() -> None:
    assert outlook(past(office), range(7)).variance < 0.01
    assert outlook(past(office, 4), range(7)).variance > 2 * outlook(past(office), range(7)).variance
    assert outlook(past(just_now), range(7)).variance > 2 * outlook(past(office), range(7)).variance
    assert outlook(past(batches), range(7)).variance > 0.5


def test_spikes_are_told_apart_as_what_they_cost_a_day() -> None:
    assert outlook(past(office), range(7)).spikes == 0
    assert outlook(past(spikes), range(7)).spikes / USD == pytest.approx(300 / 56, rel=0.2)


def test_of_a_team_that_stopped_nothing_is_expected() -> None:
    assert sum(outlook(past(stopped), range(7)).days) < 10 * USD


def test_weekends_alone_are_expected_at_weekends() -> None:
    ahead = outlook(past(weekends), range(7)).days
    assert sum(ahead[5:]) > 0.5 * sum(ahead)
