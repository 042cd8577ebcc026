"""Sums for reports: each narrows and groups as it says, costs what is asked for, and is what the rows add up to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from bot.domain.keys import KeyKind, KeyState
from bot.domain.people import Project, Team
from bot.domain.spans import Span, last_days, whole_month
from bot.domain.usage import NOTHING, Totals, Usage, total
from storage import held_keys, keys, people, recount, usage, usage_reports
from storage import usage_report_statements as statements
from storage.engine import Books
from storage.money_tables import LiveHourRow
from storage.usage_reports import EVERYTHING, Chosen, of_team
from tests.storage.kit import run
from tests.storage.spending import GATEWAY, NOW, a_key, assert_summed, found_team, put, used

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = NOW.date()
WEEK = last_days(7, TODAY)
DAY = timedelta(days=1)


@pytest.fixture
def books(migrated_url: str) -> Iterator[Books]:
    """Ana's key in search's reranker, Ben's that Ana leads, and one of ads; each used in another way."""
    books = Books(migrated_url)
    with books.transaction() as session:
        found_team(session)
        people.add_team(session, Team("t2", "ads", "C2"), "U0OLGA", NOW)
        people.add_project(session, Project("p1", "t1", "reranker", "U0ANA"), NOW)
        put(session, a_key("one", project_id="p1"))
        put(session, a_key("led", kind=KeyKind.AUTOMATION, holder_id="U0BEN", lead_id="U0ANA"))
        put(session, a_key("ads", team_id="t2", holder_id="U0BEN"))
        put(session, a_key("never"))
    write(
        books,
        used("one", NOW, 1),
        used("one", NOW - DAY, 2, "mock-large"),
        used("one", NOW - 9 * DAY, 4),
        used("led", NOW, 8, unpriced_requests=3),
        used("led", NOW - 6 * DAY, 16, "mock-large"),
        used("ads", NOW, 32, "mock-large"),
        used("ads", NOW - 7 * DAY, 64),
    )
    yield books
    books.close()


def write(books: Books, *rows: Usage) -> None:
    with books.transaction() as session:
        usage.write(session, GATEWAY, rows, NOW)


def micros(sums: dict) -> dict:
    return {where: totals.cost_micros for where, totals in sums.items()}


CHOSEN = [
    (EVERYTHING, {"one": 3, "led": 24, "ads": 32}),
    (of_team("t1"), {"one": 3, "led": 24}),
    (Chosen(team_ids=("t1", "t2")), {"one": 3, "led": 24, "ads": 32}),
    (Chosen(team_ids=()), {}),
    (Chosen(project_id="p1"), {"one": 3}),
    (Chosen(team_ids=("t2",), project_id="p1"), {}),
    (Chosen(member_id="U0ANA"), {"one": 3, "led": 24}),
    (Chosen(member_id="U0BEN"), {"ads": 32}),
    (Chosen(team_ids=("t1",), member_id="U0BEN"), {}),
    (Chosen(key_ids=("ads", "led", "no such key")), {"led": 24, "ads": 32}),
    (Chosen(key_ids=()), {}),
]


@pytest.mark.parametrize(("chosen", "keys"), CHOSEN)
def test_every_choice_of_keys_is_summed_in_every_way(books: Books, chosen: Chosen, keys: dict[str, int]) -> None:
    by_key = {"one": {"mock-gpt": 1, "mock-large": 2}, "led": {"mock-gpt": 8, "mock-large": 16},
              "ads": {"mock-large": 32}}  # fmt: skip
    by_day = {"one": {TODAY: 1, TODAY - DAY: 2}, "led": {TODAY: 8, TODAY - 6 * DAY: 16}, "ads": {TODAY: 32}}

    def of(name: str) -> str:
        return {"one": "p1"}.get(name, "")

    with books.reading() as session:
        asked = (session, chosen, WEEK)
        assert micros(usage_reports.by_key(*asked)) == keys
        assert usage_reports.whole(*asked).cost_micros == sum(keys.values())
        assert micros(usage_reports.by_model(*asked)) == added(by_key[key] for key in keys)
        assert micros(usage_reports.by_day(*asked)) == added(by_day[key] for key in keys)
        assert micros(usage_reports.by_project(*asked)) == added({of(key): keys[key]} for key in keys)
        teams = added({"t2" if key == "ads" else "t1": keys[key]} for key in keys)
        assert micros(usage_reports.by_team(*asked)) == teams
        people_of = added({"U0BEN" if key == "ads" else "U0ANA": keys[key]} for key in keys)
        assert micros(usage_reports.by_member(*asked)) == people_of
        pairs = {(key, model): cost for key in keys for model, cost in by_key[key].items()}
        assert micros(usage_reports.by_key_and_model(*asked)) == pairs
        dated = {(key, day): cost for key in keys for day, cost in by_day[key].items()}
        assert micros(usage_reports.by_key_and_day(*asked)) == dated
        known = set(usage_reports.chosen_keys(session, chosen)) - {"never"}
        assert known == set(keys)
        assert usage_reports.gateways(session, chosen) == ([GATEWAY] if keys else [])
        assert usage_reports.unpriced(*asked) == ((("mock-gpt", 3),) if "led" in keys else ())


def added(parts: object) -> dict:
    found: dict = {}
    for part in parts:  # type: ignore[attr-defined]
        for where, cost in part.items():
            found[where] = found.get(where, 0) + cost
    return found


def test_a_span_begins_and_ends_at_midnight_utc(books: Books) -> None:
    edge = datetime(2026, 11, 1, tzinfo=UTC)
    write(books, used("one", edge, 100), used("one", edge - timedelta(hours=1), 1000))
    span = Span(date(2026, 11, 1), date(2026, 11, 2))
    with books.reading() as session:
        for chosen in (of_team("t1"), Chosen(key_ids=("one",)), EVERYTHING):
            for sums in (usage_reports.by_model, usage_reports.by_key, usage_reports.by_key_and_model):
                (found,) = sums(session, chosen, span).values()
                assert found.cost_micros == 100
                (found,) = sums(session, chosen, span.moved(-1)).values()
                assert found.cost_micros == 1000
            assert usage_reports.whole(session, chosen, span.moved(5)) == NOTHING


def test_every_count_is_summed_whatever_its_size(books: Books) -> None:
    counts = [2**31 - 1 - number for number in range(4)] + [2**60 + number for number in range(4)] + [2**29]
    month = whole_month(date(2026, 10, 1))
    write(books, *(Usage("h-ads", model, month.begins_at, *counts) for model in ("small", "large")))
    due = Totals(*(2 * count for count in counts))
    with books.reading() as session:
        for chosen in (EVERYTHING, of_team("t2"), Chosen(member_id="U0BEN"), Chosen(key_ids=("ads",))):
            assert usage_reports.whole(session, chosen, month) == due
            assert usage_reports.by_key(session, chosen, month) == {"ads": due}
            assert total(usage_reports.by_model(session, chosen, month).values()) == due
            assert total(usage_reports.by_key_and_model(session, chosen, month).values()) == due
    assert_summed(books)


def test_what_a_gateway_tells_no_more_is_in_no_sum(books: Books) -> None:
    with books.transaction() as session:
        usage.zero(session, GATEWAY, [used("led", NOW, 8)])
    assert_summed(books)
    with books.reading() as session:
        assert micros(usage_reports.by_key(session, of_team("t1"), last_days(1, TODAY))) == {"one": 1, "led": 0}


def test_the_first_use_is_the_first_day_with_requests(books: Books) -> None:
    with books.reading() as session:
        assert usage_reports.first_use(session, EVERYTHING) == {
            "one": TODAY - 9 * DAY, "led": TODAY - 6 * DAY, "ads": TODAY - 7 * DAY}  # fmt: skip
        assert usage_reports.first_use(session, Chosen(key_ids=("led", "never"))) == {"led": TODAY - 6 * DAY}


def test_keys_are_held_with_the_last_day_on_which_they_were_used(books: Books) -> None:
    with books.transaction() as session:
        usage.zero(session, GATEWAY, [used("led", NOW, 8)])
        session.add(LiveHourRow(key_id="never", hour=NOW - 2 * DAY, spent_micros=1))
        session.add(LiveHourRow(key_id="one", hour=NOW - 2 * DAY, spent_micros=1))
    with books.reading() as session:
        held = {key.id: key for key in held_keys.of_team(session, "t1", (KeyState.LIVE,))}
        assert {key.id: key.last_used for key in held.values()} == {
            "one": TODAY,
            "led": TODAY - 6 * DAY,
            "never": TODAY - 2 * DAY,
        }, "telling nothing is no use, and live totals see some that no usage dates"
        for key_id, key in held.items():
            whole = keys.get(session, key_id)
            assert whole is not None
            for name in key._fields[:-1]:
                assert getattr(key, name) == getattr(whole, name), name
        assert held_keys.of_team(session, "t1", (KeyState.DISABLED,)) == []


def test_names_are_those_of_teams_and_projects(books: Books) -> None:
    with books.reading() as session:
        assert usage_reports.team_names(session) == {"t1": "search", "t2": "ads"}
        assert usage_reports.projects(session) == {"p1": ("p1", "reranker", "search")}


# --- the sums are checked against the rows ---


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE usage_days SET cost_micros = cost_micros + 5 WHERE key_id = 'one' AND day = '2026-11-20'", "one"),
        ("DELETE FROM usage_days WHERE key_id = 'one' AND day = '2026-11-20'", "one"),
        ("UPDATE usage_models SET output_tokens = 9 WHERE project_id = 'p1' AND day = '2026-11-20'", "p1 mock-gpt"),
        ("DELETE FROM usage_models WHERE project_id = 'p1' AND day = '2026-11-20'", "p1 mock-gpt"),
    ],
)
def test_a_sum_that_its_rows_do_not_give_is_found(books: Books, change: str, named: str) -> None:
    with books.reading() as session:
        assert list(recount.wrong_sums(session)) == []
    run(books, change)
    with books.reading() as session:
        (found,) = recount.wrong_sums(session)
    assert (found.what, found.day, found.due_micros) == (named, "2026-11-20", 1)


def test_a_row_that_was_changed_by_hand_is_found_in_both_sums(books: Books) -> None:
    run(books, "UPDATE usage SET cost_micros = 7 WHERE key_id = 'one' AND model = 'mock-large'")
    with books.reading() as session:
        found = [(one.what, one.day, one.due_micros, one.kept_micros) for one in recount.wrong_sums(session)]
    assert found == [("one", "2026-11-19", 7, 2), ("p1 mock-large", "2026-11-19", 7, 2)]


# --- what it costs ---

NARROWED = [frozenset({name}) for name in ("team_ids", "project_id", "member_id", "key_ids")]


@pytest.mark.parametrize("narrow", [frozenset(), *NARROWED, frozenset({"team_ids", "project_id"})])
def test_no_sum_reads_usage_that_was_not_asked_for(migrated_sqlite_books: Books, narrow: frozenset[str]) -> None:
    """On SQLite: usage is entered by key or team and by day, never read from one end to the other."""
    given = {"team_ids": ["t1"], "project_id": "p1", "member_id": "U0ANA", "key_ids": ["one"]}
    asked = {name: given[name] for name in narrow} | {"first_day": "2026-11-01", "end_day": "2026-11-20",
                                                      "since": NOW - 9 * DAY, "until": NOW}  # fmt: skip
    for by in ((), ("model",), ("key_id",), ("member",), ("project",), ("team",), ("day",), ("key_id", "model")):
        plan = explained(migrated_sqlite_books, statements.sums(narrow, by), asked)
        reads = [line for line in plan if line.split()[1] == "u"]
        assert reads, plan
        for line in reads:
            assert line.startswith("SEARCH u USING PRIMARY KEY ("), plan
            assert "day>? AND day<?" in line or "hour>? AND hour<?" in line, plan


def explained(books: Books, statement: Any, asked: dict) -> list[str]:
    with books.reading() as session:
        prefixed = text(f"EXPLAIN QUERY PLAN {statement.text}").bindparams(*statement._bindparams.values())
        return [str(row.detail) for row in session.execute(prefixed, asked)]


@pytest.fixture
def migrated_sqlite_books(migrated_url: str) -> Iterator[Books]:
    if not migrated_url.startswith("sqlite"):
        pytest.skip("PostgreSQL chooses its plans by what is there")
    books = Books(migrated_url)
    yield books
    books.close()
