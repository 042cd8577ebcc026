"""Whatever was used, whoever asks and whenever: a report is the rows added up by hand, and its parts are its whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.people import Member
from bot.domain.reports import Extent, Grouping, Question, Report, Scope
from bot.domain.requests import Refused
from bot.domain.spans import Span, last_days, month_so_far, whole_month
from bot.domain.usage import Usage, total
from bot.services.reporting import report_of
from tests.company import ANA, BEN, GUS, OLGA, OMAR
from tests.fakes import MortalBooks
from tests.services.usage_kit import (
    DAN,
    FAY,
    KEYS,
    LEA,
    MODELS,
    PROJECTS,
    TEAMS,
    ZOE,
    Ground,
    added,
    by_hand,
    made,
    told,
    wanted_keys,
)
from tests.storage.kit import run
from tests.storage.spending import assert_summed

FIRST, LAST = date(2023, 12, 28), date(2024, 4, 2)
"""Around a leap day, the end of a year and months of every length."""
PEOPLE = (ANA, BEN, OMAR, LEA, DAN)
VIEWERS = (None, ANA, BEN, DAN, GUS, OMAR, LEA, OLGA, FAY)

days = st.dates(FIRST, LAST)
counts = st.integers(0, 3) | st.integers(0, 2**31 - 1)


def _row(key: str, model: str, day: date, hour: int, some: list[int]) -> Usage:
    return Usage(f"h-{key}", model, datetime.combine(day, time(hour), UTC), *some)


rows = st.builds(
    _row,
    st.sampled_from([key.id for key in KEYS]),
    st.sampled_from(MODELS[:2]),
    days,
    st.sampled_from((0, 1, 23)),
    st.lists(counts, min_size=9, max_size=9),
)
scopes = (
    st.sampled_from([Scope(Extent.TEAM, team) for team in TEAMS])
    | st.just(Scope(Extent.ALL))
    | st.sampled_from([Scope(Extent.PROJECT, project) for project in PROJECTS])
    | st.sampled_from([Scope(Extent.KEY, key.id) for key in KEYS])
    | st.sampled_from([Scope(Extent.MEMBER, who.id) for who in (*PEOPLE, ZOE)])
)
hand_overs = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(PEOPLE), st.booleans()), max_size=4)


@st.composite
def moments(draw: st.DrawFn) -> tuple[date, Span]:
    """Today, and a span as people ask for it: some days up to today, a week, a month, any days."""
    today = draw(days)
    monday = today - timedelta(days=today.weekday())
    month = draw(days).replace(day=1)
    asked = draw(
        st.sampled_from([Span(monday, monday + timedelta(days=7)), month_so_far(today)])
        | st.just(whole_month(month))
        | st.integers(1, 60).map(lambda count: last_days(count, today))
        | st.builds(lambda since, count: Span(since, since + timedelta(days=count)), days, st.integers(1, 60))
    )
    return today, asked


@pytest.fixture
def ground(migrated_url: str) -> Iterator[Ground]:
    books = MortalBooks(migrated_url)
    yield made(books)
    books.close()


def begin(ground: Ground, used: list[Usage], hands: list[tuple]) -> None:
    """Nothing was used but this, and these keys have changed hands."""
    for table in ("usage", "usage_days", "usage_models", "readings"):
        run(ground.company.books, f"DELETE FROM {table}")
    ground.rows.clear()
    for key in KEYS:
        if ground.keys[key.id] != key:
            ground.keys[key.id] = key
            run(ground.company.books, "UPDATE keys SET holder_id = :holder, lead_id = :lead WHERE id = :id",
                id=key.id, holder=key.holder, lead=key.lead)  # fmt: skip
    half = len(used) // 2
    ground.tell(used[:half])
    ground.tell(used[half:])  # which restates some of them
    for key, who, leads in hands:
        ground.hand_over(key.id, **{"lead" if leads else "holder": who})


@pytest.mark.timeout(240)  # enough to make a failing example small
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    used=st.lists(rows, max_size=8) | st.lists(rows, min_size=30, max_size=50),
    hands=hand_overs,
    scope=scopes,
    moment=moments(),
    viewer=st.sampled_from(VIEWERS),
)
def test_a_report_is_what_its_rows_add_up_to(
    ground: Ground,
    used: list[Usage],
    hands: list[tuple],
    scope: Scope,
    moment: tuple[date, Span],
    viewer: Member | None,
) -> None:
    begin(ground, used, hands)
    assert_summed(ground.company.books)
    today, span = moment
    ground.at(today)
    for by in Grouping:
        with ground.company.books.reading() as session:
            question = Question(scope, span, by)
            report = report_of(session, ground.company.purser, question, viewer=viewer)
        if isinstance(report, Refused):
            assert span.since > today or viewer is not None
            assert len(report.text) > 20
            continue
        keys = wanted_keys(ground, scope)
        if scope.extent is Extent.MEMBER and viewer in (OMAR, LEA) and scope.subject_id != viewer.id:
            team = "t-search" if viewer is OMAR else "t-ads"
            keys = {key for key in keys if ground.keys[key].team in (team, "t-empty" if viewer is LEA else team)}
        assert_adds_up(ground, report, by_hand(ground, keys, span, by, today))
        in_span = [row for (key, _, hour), row in ground.rows.items() if key in keys and hour.date() in span]
        assert report.whole == added(row for row in in_span if row.hour.date() <= today)


def assert_adds_up(ground: Ground, report: Report, figures: dict) -> None:
    """Each part is as by hand, or, withheld, all of those together are; parts and days are the whole."""
    shown = told(report)
    if report.withheld:
        rest = shown.pop("")
        hidden = [figures.pop(key) for key in set(figures) - set(shown)]
        assert len(hidden) == report.withheld
        assert rest == tuple(total(column) for column in zip(*hidden, strict=True))
    assert shown == figures
    assert report.is_sound
    assert total(part.now for part in report.parts) == report.now
    assert total(part.before for part in report.parts) == report.before
    assert total(of_day for _, of_day in report.days) == report.whole
    assert sum(part.totals.cost_micros for part in report.parts) == report.whole.cost_micros
    if report.compared is None:
        assert (report.now, report.before) == (total(()), total(()))
    else:
        assert report.compared[0].days == report.compared[1].days
