"""Reports are sound when their parts are their whole, and every extent has a usual grouping."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.reports import USUAL, Extent, Grouping, Part, Question, Report, Scope
from bot.domain.spans import last_days
from bot.domain.usage import NOTHING, Totals
from tests.domain.kit import NOON

ONE, OTHER = Totals(requests=3, cost_micros=5), Totals(requests=4, cost_micros=1)
REPORT = Report(
    question=Question(Scope(Extent.ALL), last_days(7, NOON.date()), Grouping.MODEL),
    name="all teams",
    team_name="",
    parts=(Part("a", "a", ONE, NOTHING, NOTHING), Part("b", "b", OTHER, NOTHING, NOTHING)),
    whole=Totals(requests=7, cost_micros=6),
    now=NOTHING,
    before=NOTHING,
    compared=None,
    days=(),
    freshness=(),
)


def test_a_report_is_sound_when_its_parts_are_its_whole_in_every_count() -> None:
    assert REPORT.is_sound
    assert not replace(REPORT, whole=Totals(requests=7, cost_micros=7)).is_sound
    assert not replace(REPORT, whole=Totals(requests=8, cost_micros=6)).is_sound
    assert not replace(REPORT, parts=()).is_sound
    assert replace(REPORT, parts=(), whole=NOTHING).is_sound


def test_every_extent_has_a_usual_grouping() -> None:
    assert {
        Extent.MEMBER: Grouping.KEY,
        Extent.TEAM: Grouping.MEMBER,
        Extent.PROJECT: Grouping.KEY,
        Extent.KEY: Grouping.DAY,
        Extent.ALL: Grouping.TEAM,
    } == USUAL
