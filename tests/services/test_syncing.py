"""What gateways tell of spend comes into the books once, whatever they restate, and whoever is down or asleep."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from bot.domain.budgets import Layer
from bot.domain.keys import Key, KeyKind, KeyState
from bot.domain.periods import month_end
from bot.domain.policy import Policy
from bot.domain.requests import Refused
from bot.gateways.base import GatewayError
from bot.services import turning_off
from bot.services.syncing import sync_live, sync_usage
from storage import budgets, keys, readings, syncs, usage
from storage.money_tables import ReadingRow
from storage.syncs import What
from tests.company import ANA, Company
from tests.fakes import Clock, Gateway, Mishap
from tests.services.kit import USD, held, wanted
from tests.storage.spending import assert_settled, counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.usage import Usage
    from bot.gateways.base import KeyRecord


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    """On either database, on 20 November at noon."""
    return company_anywhere


def a_key(company: Company, usd: float = 25) -> Key:
    return held(company, what=wanted(usd, days=25))


def sync(company: Company) -> None:
    sync_live(company.purser)
    sync_usage(company.purser)


def spend(company: Company, key: Key, usd: float, at: datetime | None = None) -> None:
    company.gateway.spend(key.handle or "", round(usd * USD), at=at)


def tell_window(company: Company, key: Key, usd: float, month: int | None = None) -> None:
    """The gateway keeps no lifetime: it tells what the key spent in this month, or the one that it has not ended."""
    now = company.clock.at
    ends = month_end(now.replace(month=month or now.month, day=1))
    told = {"spent_micros": round(usd * USD), "period_spent_micros": round(usd * USD)}
    company.gateway.change(key.handle or "", **told, resets_at=ends, is_lifetime=False)


def restate(company: Company, key: Key, moment: datetime, usd: float) -> None:
    """The gateway now says that the hour cost this much."""
    where = (key.handle or "", "mock-gpt", moment.replace(minute=0, second=0, microsecond=0))
    company.gateway.measured[where] = company.gateway.measured[where]._replace(cost_micros=round(usd * USD))


def read_at(company: Company, key: Key) -> datetime:
    with company.books.reading() as session:
        row = session.get(ReadingRow, (key.id, "2026-11"))
    assert row is not None
    return row.read_at


class Killed(BaseException):
    """What no use case catches."""


def counted_usd(company: Company, key: Key) -> dict[str, float]:
    return {month: micros / USD for month, micros in counted(company.books, key.id).items()}


def mark(company: Company, what: What) -> syncs.Sync:
    with company.books.reading() as session:
        found = syncs.of(session, company.gateway.name, what)
    assert found is not None
    return found


def at(month: int, day: int, hour: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def go_to(company: Company, moment: datetime) -> None:
    company.clock.at = moment


def test_live_spend_counts_before_any_usage_is_dated_and_once_with_it(company: Company) -> None:
    key = a_key(company)
    spend(company, key, 3)
    sync_live(company.purser)
    assert counted_usd(company, key) == {"2026-11": 3}
    sync_usage(company.purser)
    assert counted_usd(company, key) == {"2026-11": 3}
    assert_settled(company.books)


def test_usage_restated_upwards_counts_as_restated(company: Company) -> None:
    key = a_key(company)
    company.gateway.measure(key.handle or "", "mock-gpt", at(11, 20), cost_micros=2 * USD, requests=1)
    sync(company)
    company.gateway.measure(key.handle or "", "mock-gpt", at(11, 20), cost_micros=3 * USD, requests=1)
    sync(company)
    assert counted_usd(company, key) == {"2026-11": 5}
    assert_settled(company.books)


def test_usage_restated_downwards_gives_back_what_nothing_else_proves(company: Company) -> None:
    key = a_key(company)
    company.gateway.measure(key.handle or "", "mock-gpt", at(11, 20), cost_micros=6 * USD, requests=1)
    sync(company)
    restate(company, key, at(11, 20), 2)
    sync(company)
    assert counted_usd(company, key) == {"2026-11": 2}
    assert_settled(company.books)


def test_a_double_count_is_charged_until_the_gateway_takes_it_back_and_not_longer(company: Company) -> None:
    key = a_key(company)
    spend(company, key, 4)
    restate(company, key, company.clock.at, 8)
    sync(company)
    assert counted_usd(company, key) == {"2026-11": 8}
    restate(company, key, company.clock.at, 4)
    sync(company)
    assert counted_usd(company, key) == {"2026-11": 4}


def test_a_row_that_the_gateway_no_longer_tells_counts_nothing(company: Company) -> None:
    key = a_key(company)
    for model in ("mock-gpt", "mock-large"):
        company.gateway.measure(key.handle or "", model, at(11, 20), cost_micros=2 * USD, requests=1)
    sync(company)
    assert counted_usd(company, key) == {"2026-11": 4}
    del company.gateway.measured[key.handle or "", "mock-large", at(11, 20)]
    sync(company)
    assert counted_usd(company, key) == {"2026-11": 2}
    company.gateway.measured.clear()
    sync(company)
    assert counted_usd(company, key) == {"2026-11": 0}
    assert_settled(company.books)


def test_late_usage_stays_with_the_month_it_is_dated_in(company: Company) -> None:
    key = a_key(company)
    go_to(company, at(11, 30, 23))
    spend(company, key, 3)
    sync(company)
    spend(company, key, 4)  # five minutes before midnight, and nobody looks before
    go_to(company, at(12, 1, 0))
    sync_live(company.purser)
    assert counted_usd(company, key) == {"2026-11": 3, "2026-12": 4}, "until usage tells when it was"
    sync_usage(company.purser)
    assert counted_usd(company, key) == {"2026-11": 7, "2026-12": 0}
    spend(company, key, 1)
    sync(company)
    assert counted_usd(company, key) == {"2026-11": 7, "2026-12": 1}
    assert_settled(company.books)


def test_a_month_begins_at_the_total_of_a_key_that_rests(company: Company) -> None:
    key = a_key(company)
    spend(company, key, 3)
    sync_live(company.purser)
    go_to(company, at(12, 2))
    sync_live(company.purser)
    assert counted_usd(company, key) == {"2026-11": 3, "2026-12": 0}
    spend(company, key, 2)
    sync_live(company.purser)
    assert counted_usd(company, key) == {"2026-11": 3, "2026-12": 2}


def test_a_sync_that_slept_over_two_month_ends_gives_each_month_its_own(company: Company) -> None:
    key = a_key(company)
    spend(company, key, 3)
    sync(company)
    for month, day, usd in ((11, 25, 1), (12, 10, 5), (1, 3, 2)):
        go_to(company, at(month, day).replace(year=2027 if month == 1 else 2026))
        spend(company, key, usd)
    sync(company)
    assert counted_usd(company, key) == {"2026-11": 4, "2026-12": 5, "2027-01": 2}
    assert_settled(company.books)


def test_what_the_gateways_own_month_says_tells_where_the_month_began(company: Company) -> None:
    """Nobody looked at the end of November, and the gateway dates no usage: its monthly window still knows."""
    key = held(company, what=wanted(50, None, kind=KeyKind.MEMBER))
    spend(company, key, 3)
    sync_live(company.purser)
    spend(company, key, 4)
    go_to(company, at(12, 2))
    spend(company, key, 5)
    company.gateway.change(key.handle or "", period_spent_micros=5 * USD)
    sync_live(company.purser)
    assert counted_usd(company, key) == {"2026-11": 7, "2026-12": 5}


def test_a_total_that_starts_again_with_each_month_is_counted_on(company: Company) -> None:
    """As old gateways tell it: what they call the total is the window's, however high it is when it is first read."""
    key = held(company, what=wanted(50, None, kind=KeyKind.MEMBER))
    for moment, told in ((at(11, 20), 9), (at(12, 2), 12), (at(12, 3), 15)):
        go_to(company, moment)
        tell_window(company, key, told)
        sync_live(company.purser)
    assert counted_usd(company, key) == {"2026-11": 9, "2026-12": 15}
    assert_settled(company.books)


def test_a_stopped_key_whose_new_month_tells_just_what_the_old_one_did_has_spent_it_again(company: Company) -> None:
    key = held(company, what=wanted(50, None, kind=KeyKind.MEMBER))
    tell_window(company, key, 9)
    sync_live(company.purser)
    list(turning_off.disable(company.purser, company.actor(ANA), turning_off.Target(key_id=key.id), "pause"))
    go_to(company, at(12, 2))
    tell_window(company, key, 9)
    sync_live(company.purser)
    assert counted_usd(company, key) == {"2026-11": 9, "2026-12": 9}


def test_what_an_old_gateway_tells_before_it_begins_its_month_belongs_to_the_one_before(company: Company) -> None:
    """It looks every ten minutes: until then it tells, and corrects, the old month."""
    key = held(company, what=wanted(50, None, kind=KeyKind.MEMBER))
    december = at(12, 1, 0)
    tell = ((at(11, 30, 23), 40, 11), (december.replace(minute=2), 39, 11), (december.replace(minute=6), 41, 11))
    for moment, told, month in (*tell, (december.replace(minute=11), 1, 12)):
        go_to(company, moment)
        tell_window(company, key, told, month)
        sync_live(company.purser)
    assert counted_usd(company, key) == {"2026-11": 41, "2026-12": 1}
    assert_settled(company.books)


def test_a_lifetime_corrected_before_the_gateway_begins_its_month_is_not_charged_again(company: Company) -> None:
    key = held(company, what=wanted(400, None, kind=KeyKind.MEMBER))
    december = at(12, 1, 0)
    tell = ((at(11, 30, 23), 400, 400, 12), (december.replace(minute=1), 399, 399, 12))
    for moment, total, in_month, resets in (*tell, (december.replace(minute=11), 399, 0, 1)):
        go_to(company, moment)
        company.gateway.change(
            key.handle or "",
            spent_micros=total * USD,
            period_spent_micros=in_month * USD,
            resets_at=datetime(2026 + (resets == 1), resets, 1, tzinfo=UTC),
        )
        sync_live(company.purser)
        assert counted_usd(company, key).get("2026-12", 0) == 0
    assert counted_usd(company, key) == {"2026-11": 399, "2026-12": 0}


def test_proving_a_key_off_counts_a_total_that_starts_again_as_reading_it_does(company: Company) -> None:
    key = held(company, what=wanted(50, None, kind=KeyKind.MEMBER))
    tell_window(company, key, 9)
    sync_live(company.purser)
    go_to(company, at(12, 2))
    tell_window(company, key, 12)
    list(turning_off.disable(company.purser, company.actor(ANA), turning_off.Target(key_id=key.id), "leak"))
    company.perform()
    assert counted_usd(company, key) == {"2026-11": 9, "2026-12": 12}


def test_what_a_deleted_key_spent_stays_and_its_late_usage_counts(company: Company) -> None:
    key = a_key(company)
    spend(company, key, 3)
    sync(company)
    company.gateway.change(key.handle or "", deleted=True, enabled=False)
    company.gateway.measure(key.handle or "", "mock-gpt", at(11, 20), cost_micros=2 * USD, requests=1)
    company.clock.advance(days=1)
    sync(company)
    assert counted_usd(company, key) == {"2026-11": 5}


def test_usage_of_keys_that_the_books_do_not_know_is_left_out(company: Company) -> None:
    company.gateway.measure("somebody-elses", "mock-gpt", at(11, 20), cost_micros=9 * USD, requests=1)
    sync(company)
    with company.books.reading() as session:
        assert usage.telling(session, company.gateway.name, date(2026, 11, 20)) == 0


def test_requests_without_a_price_are_counted_as_such_unless_the_model_is_free(company: Company) -> None:
    key = a_key(company)
    for model in ("mock-gpt", "house-model"):
        measured = {"input_tokens": 100, "requests": 12, "unpriced_requests": 12}
        company.gateway.measure(key.handle or "", model, at(11, 20), **measured)
    object.__setattr__(company.purser, "policy", Policy(free_models=("house-model",)))
    sync(company)
    with company.books.reading() as session:
        month = readings.spent(session, key.id, "2026-11")
        team = budgets.state(session, Layer.TEAM, key.team_id, "search", company.clock.at)
        models = usage.unpriced_models(session, [key.id], at(11, 1, 0), at(12, 1, 0))
    assert month is not None
    assert (month.micros, month.unpriced_requests) == (0, 12)
    assert team is not None
    assert team.unpriced_requests == 12
    assert models == [("mock-gpt", 12)]


def test_a_gateway_that_was_down_for_a_day_is_read_on_from_where_it_was(company: Company) -> None:
    key = a_key(company)
    spend(company, key, 3)
    sync(company)
    read_at = mark(company, What.LIVE).read_at
    company.clock.advance(days=1)
    for _ in range(3):
        company.gateway.mishaps.add("list_keys", Mishap.DOWN)
        company.gateway.mishaps.add("usage", Mishap.DOWN)
        with pytest.raises(GatewayError):
            sync_live(company.purser)
        with pytest.raises(GatewayError):
            sync_usage(company.purser)
        company.clock.advance(minutes=10)
    assert mark(company, What.LIVE).read_at == read_at, "figures are as old as they are"
    assert mark(company, What.LIVE).error
    assert counted_usd(company, key) == {"2026-11": 3}
    spend(company, key, 2)
    sync(company)
    assert mark(company, What.LIVE).error is None
    assert counted_usd(company, key) == {"2026-11": 5}


def test_another_gateway_is_read_while_one_is_down(company: Company) -> None:
    other = Gateway(Clock(company.clock.at))
    other.name = "second"
    company.purser.gateways["second"] = other  # type: ignore[index]
    company.gateway.mishaps.add("list_keys", Mishap.DOWN)
    with pytest.raises(GatewayError):
        sync_live(company.purser)
    with company.books.reading() as session:
        fresh = {one.gateway: one for one in syncs.freshness(session)}
    assert fresh["second"].read_at is not None
    assert fresh["memory"].read_at is None
    assert fresh["memory"].error


def test_a_reading_that_began_earlier_and_ends_later_changes_nothing(company: Company) -> None:
    """Two replicas: the slow one holds a list from before the key spent."""
    key = a_key(company)
    spend(company, key, 2)
    company.clock.advance(seconds=1)

    class Slow:
        """Hands out its list only when another replica has read a newer one."""

        def __getattr__(self, name: str) -> object:
            return getattr(company.gateway, name)

        def list_keys(self) -> list[KeyRecord]:
            listed = company.gateway.list_keys()
            spend(company, key, 3)
            company.clock.advance(seconds=60)
            sync_live(company.purser)
            return listed

    sync_live(replace(company.purser, gateways={"memory": Slow()}))  # type: ignore[dict-item]
    assert counted_usd(company, key) == {"2026-11": 5}


def test_keys_that_neither_spend_nor_change_are_not_written_again(company: Company) -> None:
    key = a_key(company)
    spend(company, key, 2)
    sync_live(company.purser)
    before = read_at(company, key)
    company.clock.advance(minutes=1)
    sync_live(company.purser)
    assert read_at(company, key) == before
    with company.books.reading() as session:
        found = readings.spent(session, key.id, "2026-11")
    assert found is not None
    assert found.read_at == mark(company, What.LIVE).read_at, "and yet the figure is as fresh as the last reading"


def test_a_sync_killed_between_two_days_goes_on_where_it_was(company: Company) -> None:
    key = a_key(company)
    for day in (18, 19, 20):
        company.gateway.measure(key.handle or "", "mock-gpt", at(11, day), cost_micros=USD, requests=1)

    class Dying:
        """A gateway under whose answer the process is killed."""

        def __getattr__(self, name: str) -> object:
            return getattr(company.gateway, name)

        def usage(self, since: date, until: date) -> Iterator[Usage]:
            yield from company.gateway.usage(since, until)
            if until == date(2026, 11, 19):
                raise Killed

    with pytest.raises(Killed):
        sync_usage(replace(company.purser, gateways={"memory": Dying()}))  # type: ignore[dict-item]
    assert mark(company, What.USAGE).through == "2026-11-18"
    assert mark(company, What.USAGE).read_at is None
    sync_usage(company.purser)
    assert mark(company, What.USAGE).through == "2026-11-20"
    assert counted_usd(company, key) == {"2026-11": 3}
    assert_settled(company.books)


@pytest.mark.parametrize(
    ("moment", "first"),
    [
        (at(11, 20, 12), date(2026, 10, 1)),
        (at(11, 20, 13), date(2026, 11, 17)),
        (at(11, 21, 0), date(2026, 10, 17)),
        (at(11, 21, 1), date(2026, 11, 18)),
    ],
)
def test_usage_is_asked_for_as_far_back_as_it_may_change(company: Company, moment: datetime, first: date) -> None:
    """First the previous month, then three days, and 35 days once a day."""
    asked: list[date] = []
    real = company.gateway.usage

    def usage_(since: date, until: date) -> Iterator[Usage]:
        asked.append(since)
        return real(since, until)

    company.gateway.usage = usage_  # type: ignore[method-assign]
    for each in (at(11, 20, 12), at(11, 20, 13), at(11, 21, 0), at(11, 21, 1)):
        if each > moment:
            break
        asked.clear()
        go_to(company, each)
        sync_usage(company.purser)
    assert (asked[0], asked[-1]) == (first, moment.date())


def test_a_key_with_a_daily_cap_is_charged_by_the_day_as_well(company: Company) -> None:
    key = a_key(company)
    with company.books.transaction() as session:
        change = keys.Change(daily_cap_micros=10 * USD)
        assert keys.move(session, key.id, KeyState.LIVE, KeyState.LIVE, change)
    spend(company, key, 3)
    sync_live(company.purser)
    go_to(company, at(11, 21, 0))
    spend(company, key, 2, at(11, 20, 23))
    sync_live(company.purser)
    assert counted(company.books, key.id, days=True) == {"2026-11-20": 3 * USD, "2026-11-21": 2 * USD}
    sync_usage(company.purser)
    assert counted(company.books, key.id, days=True) == {"2026-11-20": 5 * USD, "2026-11-21": 0}
    assert counted_usd(company, key) == {"2026-11": 5}
    assert_settled(company.books)


def test_what_the_gateway_says_as_a_key_goes_off_counts_at_once(company: Company) -> None:
    key = a_key(company)
    spend(company, key, 7)
    assert not isinstance(
        turning_off.give_back(company.purser, company.actor(ANA), turning_off.Target(key.label)), Refused
    )
    assert counted_usd(company, key) == {"2026-11": 7}
