"""Every figure of a report, against the same rows added up by hand: all scopes, spans and groupings, both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from bot.domain.reports import Extent, Grouping, Question, Report, Scope
from bot.domain.requests import Because, Refused
from bot.domain.spans import Span, last_days, month_so_far, whole_month
from bot.domain.usage import NOTHING, Usage, total
from bot.services.reporting import report_of
from tests.company import ANA, BEN, OMAR
from tests.fakes import MortalBooks
from tests.services.usage_kit import (
    DAN,
    KEYS,
    LEA,
    PROJECTS,
    TEAMS,
    TODAY,
    ZOE,
    Ground,
    added,
    by_hand,
    drawn,
    made,
    paired,
    told,
    wanted_keys,
)

SCOPES = (
    *(Scope(Extent.MEMBER, who.id) for who in (ANA, BEN, DAN, LEA, ZOE, OMAR)),
    *(Scope(Extent.TEAM, team) for team in TEAMS),
    *(Scope(Extent.PROJECT, project) for project in PROJECTS),
    *(Scope(Extent.KEY, key.id) for key in KEYS),
    Scope(Extent.ALL),
)
SPANS = {
    "7d": last_days(7, TODAY),
    "30d": last_days(30, TODAY),
    "today": last_days(1, TODAY),
    "366d": last_days(366, TODAY),
    "yesterday": last_days(1, TODAY).moved(-1),
    "week": Span(date(2026, 11, 16), date(2026, 11, 23)),
    "week that begins a month": Span(date(2026, 6, 1), date(2026, 6, 8)),
    "month": month_so_far(TODAY),
    "2026-10": whole_month(date(2026, 10, 1)),
    "2026-03": whole_month(date(2026, 3, 1)),
    "2024-03": whole_month(date(2024, 3, 1)),
    "2026-01": whole_month(date(2026, 1, 1)),
    "before anything": whole_month(date(2020, 1, 1)),
}
WHOLE_TEAM = Scope(Extent.TEAM, "t-search")


@pytest.fixture
def ground(migrated_url: str) -> Iterator[Ground]:
    """Three months used by all, a leap February and its March, and a few rows dated after today."""
    books = MortalBooks(migrated_url)
    found = made(books)
    found.tell(drawn(1, date(2026, 9, 10), TODAY + timedelta(days=1)))
    found.tell(drawn(2, date(2026, 2, 20), date(2026, 4, 2), per_day=0.3))
    found.tell(drawn(3, date(2024, 2, 25), date(2024, 4, 2), per_day=0.3))
    found.tell(drawn(4, TODAY + timedelta(days=1), TODAY + timedelta(days=5)))
    found.hand_over("zoe-1", holder=DAN)
    found.hand_over("feed-1", lead=BEN)
    yield found
    books.close()


def answer(ground: Ground, scope: Scope, span: Span, by: Grouping) -> Report:
    company = ground.company
    with company.books.reading() as session:
        found = report_of(session, company.purser, Question(scope, span, by))
    assert isinstance(found, Report), found
    return found


def assert_right(ground: Ground, report: Report, today: date = TODAY) -> None:
    """All of it: every part, the whole, the days, what is compared, and what has no price."""
    scope, span, by = report.question.scope, report.question.span, report.question.by
    keys = wanted_keys(ground, scope)
    figures = by_hand(ground, keys, span, by, today)
    assert told(report) == figures
    pairs = paired(span, today)
    if pairs:
        assert report.compared == (Span(pairs[0][0], pairs[-1][0] + timedelta(days=1)),
                                   Span(pairs[0][1], pairs[-1][1] + timedelta(days=1)))  # fmt: skip
    else:
        assert report.compared is None
    rows: dict[date, list[Usage]] = {day: [] for day in span.each() if day <= today}
    for (key_id, _, hour), row in ground.rows.items():
        if key_id in keys and hour.date() in rows:
            rows[hour.date()].append(row)
    assert report.days == tuple((day, added(used)) for day, used in rows.items())
    everything = [row for used in rows.values() for row in used]
    assert report.whole == added(everything)
    assert report.now == total(each[1] for each in figures.values())
    assert report.before == total(each[2] for each in figures.values())
    unpriced: dict[str, int] = {}
    for row in everything:
        if row.unpriced_requests:
            unpriced[row.model] = unpriced.get(row.model, 0) + row.unpriced_requests
    assert dict(report.unpriced) == unpriced
    assert_sound(report)


def assert_sound(report: Report) -> None:
    """Parts sum to the whole, and so do days, to the micro-dollar; the biggest comes first."""
    assert report.is_sound
    assert total(part.now for part in report.parts) == report.now
    assert total(part.before for part in report.parts) == report.before
    assert total(used for _, used in report.days) == report.whole
    if report.question.by is Grouping.DAY:
        assert [part.id for part in report.parts] == [day.isoformat() for day, _ in report.days]
    else:
        spent = [part.totals.cost_micros for part in report.parts if part.id or not report.withheld]
        assert spent == sorted(spent, reverse=True)


@pytest.mark.parametrize("by", Grouping)
def test_every_scope_adds_up_as_by_hand(ground: Ground, by: Grouping) -> None:
    for scope in SCOPES:
        for name in ("7d", "30d", "month"):
            assert_right(ground, answer(ground, scope, SPANS[name], by))


@pytest.mark.parametrize("name", SPANS)
def test_every_span_adds_up_as_by_hand(ground: Ground, name: str) -> None:
    for by in Grouping:
        for scope in (WHOLE_TEAM, Scope(Extent.MEMBER, ANA.id), Scope(Extent.ALL)):
            assert_right(ground, answer(ground, scope, SPANS[name], by))


def test_what_is_restated_counts_as_it_was_told_last(ground: Ground) -> None:
    again = [row._replace(cost_micros=row.cost_micros + 3, requests=1, model=row.model) for row in ground.rows.values()]
    ground.tell(again[::2])
    ground.tell(Usage(*row[:3], *[0] * 9) for row in again[::5])
    for by in Grouping:
        for scope in (WHOLE_TEAM, Scope(Extent.PROJECT, "p-bids"), Scope(Extent.MEMBER, BEN.id), Scope(Extent.ALL)):
            assert_right(ground, answer(ground, scope, SPANS["30d"], by))


def test_what_is_dated_after_today_is_in_no_figure_until_that_day(ground: Ground) -> None:
    span = Span(date(2026, 11, 16), date(2026, 11, 23))
    for day in (TODAY, TODAY + timedelta(days=1), TODAY + timedelta(days=9)):
        ground.at(day)
        report = answer(ground, WHOLE_TEAM, span, Grouping.KEY)
        assert_right(ground, report, day)
        assert report.days[-1][0] == min(day, span.last)
    ground.at(date(2026, 11, 15))
    with ground.company.books.reading() as session:
        refused = report_of(session, ground.company.purser, Question(WHOLE_TEAM, span, Grouping.KEY))
    assert isinstance(refused, Refused)
    assert refused.because is Because.TOO_LATE
    assert refused.text.startswith("2026-11-16 is still to come.")


def test_a_key_counts_to_whoever_holds_or_leads_it_now(ground: Ground) -> None:
    before = answer(ground, WHOLE_TEAM, SPANS["30d"], Grouping.MEMBER)
    ground.hand_over("ben-1", holder=ANA)
    ground.hand_over("rank-1", lead=ANA)
    after = answer(ground, WHOLE_TEAM, SPANS["30d"], Grouping.MEMBER)
    assert_right(ground, after)
    assert after.whole == before.whole
    assert told(after) != told(before)


def test_people_who_left_keep_what_they_used(ground: Ground) -> None:
    ground.hand_over("zoe-1", holder=ZOE)
    report = answer(ground, WHOLE_TEAM, SPANS["30d"], Grouping.MEMBER)
    assert_right(ground, report)
    assert any(part.name == f"<@{ZOE.id}>" and part.totals.cost_micros for part in report.parts)


def test_parts_are_called_as_people_call_them(ground: Ground) -> None:
    names = {by: {part.name for part in answer(ground, Scope(Extent.ALL), SPANS["30d"], by).parts} for by in Grouping}
    assert names[Grouping.TEAM] == {"search", "ads"}
    assert names[Grouping.PROJECT] == {
        "reranker (search)",
        "feed (search)",
        "bids (ads)",
        "reranker (ads)",
        "no project",
    }
    assert names[Grouping.KEY] == {key.id for key in KEYS if key.id != "unused-1"}
    assert f"<@{ANA.id}>" in names[Grouping.MEMBER]
    assert names[Grouping.MODEL] == {"mock-gpt", "mock-large", "a/model:2026", "free-model"}
    here = answer(ground, WHOLE_TEAM, SPANS["30d"], Grouping.PROJECT)
    assert {part.name for part in here.parts} == {"reranker", "feed", "no project"}
    assert (here.name, here.team_name) == ("search", "search")


def test_where_nothing_was_used_everything_is_nothing(ground: Ground) -> None:
    for by in (Grouping.MODEL, Grouping.MEMBER, Grouping.KEY, Grouping.PROJECT, Grouping.TEAM):
        for scope in (Scope(Extent.TEAM, "t-empty"), Scope(Extent.KEY, "unused-1"), Scope(Extent.MEMBER, OMAR.id)):
            report = answer(ground, scope, SPANS["30d"], by)
            assert (report.parts, report.whole, report.before) == ((), NOTHING, NOTHING)
            assert len(report.days) == 30
            assert report.unpriced == ()
