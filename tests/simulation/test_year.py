"""A year of months: each dollar stays in the month it was spent in, and each turn of the month is dealt with once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.facts import Occasion
from bot.domain.keys import Key
from bot.domain.periods import month_end, month_of
from bot.jobs.schedule import JOBS
from bot.services import raising, setting
from storage import ledger
from tests.company import ANA, BEN
from tests.fakes import MortalBooks
from tests.services.kit import USD
from tests.simulation import checking, days
from tests.simulation.firm import CLEO, DORA, OPS, SEARCH, Firm, automation, monthly, production
from tests.simulation.lying import Lie, Lying

BEGIN, END = datetime(2027, 12, 20, 12, tzinfo=UTC), datetime(2029, 1, 8, tzinfo=UTC)
LATE_SECONDS = 36 * 3600
DAY = timedelta(days=1)
CLOCK_CHANGES = tuple(datetime(2028, *day, tzinfo=UTC) for day in ((3, 12), (3, 26), (10, 29), (11, 5)))
"""Days with 23 or 25 hours, in America and in Europe. A UTC day has 24."""
ASLEEP = datetime(2028, 5, 20, tzinfo=UTC), datetime(2028, 7, 12, tzinfo=UTC)
"""Purser does not run: two months end unwatched."""
KEY_RAISE_ENDS, TEAM_RAISE_ENDS = datetime(2028, 2, 20, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)


@pytest.fixture
def somewhere_else(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's own time zone is one with clock changes."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def firm(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Firm]:
    path = tmp_path / "purser.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    books = MortalBooks(f"sqlite:///{path}")
    firm = Firm(books, seed=2028)
    firm.clock.at = BEGIN
    firm.found(SEARCH, "search", 300, ANA, BEN)
    firm.found(OPS, "ops", 200, CLEO, DORA)
    firm.start_project(SEARCH, "reranker", 120, BEN)
    firm.key(ANA, SEARCH, monthly(60))
    firm.key(BEN, SEARCH, production(100, "reranker"))
    firm.key(CLEO, OPS, monthly(80))
    firm.key(CLEO, OPS, automation(90, 10, "nightly", DORA))
    yield firm
    books.close()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_every_month_holds_what_was_spent_in_it(firm: Firm, somewhere_else: None) -> None:
    firm.gateway.lies = late_at_each_turn()
    for key in firm.keys:
        use_all_year(firm, key)
    live_until(firm, datetime(2028, 1, 10, tzinfo=UTC))
    firm.agree_to_raise(ANA, SEARCH, raising.KeyWord(firm.keys[0].label), 20, KEY_RAISE_ENDS)
    firm.agree_to_raise(CLEO, OPS, setting.TeamWord(), 50, TEAM_RAISE_ENDS)
    assert capped_at(firm, firm.keys[0]) == (80 * USD, 80 * USD)
    returns = live_until(firm, ASLEEP[0])
    assert capped_at(firm, firm.keys[0]) == (60 * USD, 60 * USD)
    firm.clock.at = ASLEEP[1]
    days.once_each(firm)
    returns += live_until(firm, END)

    checking.the_books_hold_the_truth(firm)
    checking.each_threshold_was_told_once(firm)
    assert checking.keys_came_back_for_a_reason_only(firm) >= returns > 0
    told = Counter(
        (said.where, said.notice.month.ended) for said in firm.notifier.messages if said.notice.month is not None
    )
    ended = [month for month in all_months() if month != "2028-05"]
    assert told == Counter(dict.fromkeys(((f"channel:{at}", month) for at in (SEARCH, OPS) for month in ended), 1))
    assert [firm.notifier.occasions(f"direct:{who.id}").count(Occasion.RAISE_ENDED) for who in (ANA, CLEO)] == [1, 1]
    assert written_down(firm) == Counter(dict.fromkeys(all_months(), 2))
    assert posted_on(firm, "2028-02-29") == sum(firm.gateway.spent(key.handle or "", "2028-02-29") for key in firm.keys)
    assert posted_on(firm, "2028-02-29") > 0


def test_whoever_wakes_up_asks_when_money_was_spent_before_stopping_anybody(firm: Firm) -> None:
    """A live total that grew while nobody looked does not say in which month it did."""
    days.once_each(firm)
    key = firm.keys[0]
    firm.burn(key, key.cap_micros // 25 // 86_400, 30 * 86_400, every_seconds=3600)
    firm.clock.advance(days=31)
    days.run(firm.purser, next(job for job in JOBS if job.name == "guard"))
    firm.perform()
    firm.clock.advance(seconds=10)
    firm.perform()
    assert firm.gateway.spent(key.handle or "", "2028-01") < key.cap_micros * 3 // 4
    assert key.id in firm.on()
    assert highest_told(firm) == 50


def highest_told(firm: Firm) -> int:
    """The highest threshold that anybody was told of, in percent."""
    alerts = (said.notice.alert for said in firm.notifier.messages if said.notice.occasion is Occasion.LIMIT)
    return max((alert.threshold for alert in alerts if alert is not None), default=0)


def late_at_each_turn() -> list[Lying]:
    """Around the end of each month spend is told a day and a half late, in both counts."""
    turns = [month_end(BEGIN)]
    while turns[-1] < END:
        turns.append(month_end(turns[-1]))
    return [Lying(Lie.TELLS_LATE, LATE_SECONDS, turn - 2 * DAY, turn + DAY) for turn in turns]


def use_all_year(firm: Firm, key: Key) -> None:
    """A call about every five hours, month by month enough to reach the cap or not; not in February."""
    at = BEGIN
    while at < END - 3 * DAY:
        until = min(month_end(at), END - 3 * DAY)
        a_month = key.cap_micros * (0.9 if at.month == 2 else firm.random.uniform(0.5, 1.6))
        seconds = (until - at).total_seconds()
        firm.burn(key, round(a_month / (30 * 86_400)), seconds, every_seconds=18_000, since=at)
        at = until


def live_until(firm: Firm, until: datetime) -> int:
    """Live with a look every ten days, more often where clocks change, by the minute while a month turns.

    Returns how many keys came back at turns of the month, all that were off.
    """
    returns = 0
    while firm.clock.at < until:
        turn = month_end(firm.clock.at)
        change = next((day for day in CLOCK_CHANGES if day > firm.clock.at), END)
        at = min(until, turn - timedelta(minutes=2), change)
        days.at_leisure(firm, at, every_seconds=10 * 86_400)
        if at == change:
            days.at_leisure(firm, at + DAY, every_seconds=21_600)
        elif at < until:
            off = {key.id for key in firm.keys} - firm.on()
            days.at_slots(firm, turn + timedelta(minutes=2))
            assert firm.on() == {key.id for key in firm.keys}, month_of(turn)
            returns += len(off)
            days.at_leisure(firm, turn + 2 * DAY, every_seconds=86_400)
    return returns


def capped_at(firm: Firm, key: Key) -> tuple[int | None, int]:
    """A key's cap as the gateway and as the books have it."""
    return firm.gateway.held[key.handle or ""].cap_micros, firm.now(key).cap_micros


def all_months() -> list[str]:
    """Every month that ended."""
    return ["2027-12", *(f"2028-{number:02}" for number in range(1, 13))]


def written_down(firm: Firm) -> Counter[str]:
    """How many teams' months the ledger says have turned."""
    with firm.books.reading() as session:
        return Counter(row.period or "" for row in ledger.entries(session, action="month.turned"))


def posted_on(firm: Firm, day: str) -> int:
    """What the ledger says was spent on a day, in micro-USD."""
    with firm.books.reading() as session:
        rows = [row for action in checking.POSTED for row in ledger.entries(session, action=action)]
    return sum(row.amount_micros or 0 for row in rows if row.period == day)
