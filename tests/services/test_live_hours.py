"""Hours in which keys were used, as polls see them: whoever reads a total, each dollar is noted once."""

from __future__ import annotations

from sqlmodel import col, select

from bot.domain.keys import Key, KeyKind
from bot.domain.money import MICROS_PER_USD
from bot.services import turning_off
from bot.services.housekeeping import KEEP_HOURS_DAYS, tidy
from bot.services.syncing import sync_live
from bot.services.turning_off import Target
from storage.money_tables import LiveHourRow
from tests.company import ANA, OMAR, Company
from tests.services.kit import held, spend, wanted

USD = MICROS_PER_USD


def hours(company: Company) -> dict[str, int]:
    """What was noted of all keys, by the hour."""
    with company.books.reading() as session:
        rows = session.exec(select(LiveHourRow).order_by(col(LiveHourRow.hour))).all()
    return {f"{row.hour:%d %H}": row.spent_micros for row in rows}


def polled(company: Company, made: Key, *dollars: float) -> None:
    """A poll each minute, with so much spent before each."""
    for usd in dollars:
        company.clock.advance(minutes=1)
        spend(company, made, usd)


def test_each_poll_notes_what_was_spent_since_the_last(company: Company) -> None:
    made = held(company)
    sync_live(company.purser)
    polled(company, made, 2, 0, 3)
    assert hours(company) == {"20 12": 5 * USD}
    company.clock.advance(minutes=57)
    sync_live(company.purser)
    polled(company, made, 1)
    assert hours(company) == {"20 12": 5 * USD, "20 13": USD}


def test_what_a_stop_reads_is_not_noted_again_by_the_next_poll(company: Company) -> None:
    made = held(company)
    sync_live(company.purser)
    company.clock.advance(minutes=1)
    assert made.handle is not None
    company.gateway.spend(made.handle, 4 * USD)
    next(turning_off.disable(company.purser, company.actor(OMAR), Target(key_id=made.id), ""))
    assert hours(company) == {"20 12": 4 * USD}
    company.clock.advance(minutes=1)
    sync_live(company.purser)
    assert hours(company) == {"20 12": 4 * USD}


def test_keys_with_a_cap_a_month_are_noted_too(company: Company) -> None:
    made = held(company, ANA, wanted(50, None, kind=KeyKind.MEMBER))
    sync_live(company.purser)
    polled(company, made, 2)
    assert hours(company) == {"20 12": 2 * USD}


def test_hours_are_forgotten_after_four_hundred_days(company: Company) -> None:
    made = held(company)
    sync_live(company.purser)
    polled(company, made, 2)
    company.clock.advance(days=KEEP_HOURS_DAYS - 1)
    tidy(company.purser)
    assert hours(company)
    company.clock.advance(days=2)
    tidy(company.purser)
    assert hours(company) == {}
