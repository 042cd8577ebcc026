"""Every figure of a digest is what plain Python makes of the gateway's own rows; parts add up, months stay apart."""

from __future__ import annotations

import csv
import io
import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta

import pytest

from bot.domain import digest_csv
from bot.domain.digests import Figures, Rank, Why
from bot.domain.keys import Key
from bot.domain.people import Team
from bot.domain.usage import NOTHING, Totals, Usage, total
from bot.services.digest_figures import figures
from bot.services.reconcile import reconcile
from bot.services.turning_off import Target, give_back
from storage import people
from tests.company import ANA, BEN, OMAR, Company
from tests.fakes import Mishap
from tests.services.digest_kit import W47, W48, W49, begin, look, spend
from tests.services.kit import CHANNEL, USD, add_project, automation_wanted, held, project_wanted, wanted
from tests.services.raises_kit import on, read_live, read_usage

MODELS = ("mock-gpt", "mock-large", "mock-preview")


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


def worked_out(company: Company, week: object = W48) -> Figures:
    with company.books.reading() as session:
        team = people.team(session, "team_1")
        assert isinstance(team, Team)
        return figures(session, company.purser, team, week)  # type: ignore[arg-type]


def measured(company: Company, keys: Iterable[Key], seed: int = 7, days: int = 24) -> None:
    """Weeks of usage that a gateway could tell, odd amounts and requests without a price among it."""
    dice = random.Random(seed)
    for key in keys:
        assert key.handle is not None
        for number in range(days):
            for model in dice.sample(MODELS, dice.randrange(len(MODELS) + 1)):
                at = on("2026-11-16") + timedelta(days=number, hours=dice.randrange(24))
                requests = dice.randrange(1, 400)
                price = 0 if model == "mock-preview" else dice.randrange(5_000_000)
                counts = {name: dice.randrange(requests) for name in ("failures", "retries", "tasks")}
                tokens = {"input_tokens": dice.randrange(10**6), "output_tokens": dice.randrange(10**5)}
                without = requests if not price else 0
                company.gateway.measure(
                    key.handle,
                    model,
                    at,
                    requests=requests,
                    cost_micros=price,
                    unpriced_requests=without,
                    **counts,
                    **tokens,
                )


def by(company: Company, week: object, of: Callable[[Usage], str]) -> dict[str, Totals]:
    """The gateway's own rows of the week, summed one by one."""
    sums: dict[str, Totals] = defaultdict(Totals)
    for row in company.gateway.measured.values():
        if row.hour.date() in week.span:  # type: ignore[attr-defined]
            sums[of(row)] = sums[of(row)].plus(Totals(*row[3:]))
    return {part: totals for part, totals in sums.items() if totals != NOTHING}


def ranked(ranks: Iterable[Rank]) -> tuple[dict[str, Totals], dict[str, Totals]]:
    found = list(ranks)
    now = {rank.id: rank.totals for rank in found if rank.totals != NOTHING}
    return now, {rank.id: rank.before for rank in found if rank.before != NOTHING}


@pytest.mark.parametrize("week", [W48, W49], ids=lambda week: week.name)
def test_every_sum_is_that_of_the_raw_rows_and_parts_add_up(company: Company, week: object) -> None:
    project = add_project(company, lead=BEN)
    keys = [begin(company), held(company, BEN, wanted(20)), held(company, what=project_wanted(30))]
    keys.append(held(company, what=automation_wanted(40)))
    measured(company, keys)
    company.clock.at = on("2026-12-11 12:00")
    read_usage(company)
    found, before = worked_out(company, week), week.moved(-1)  # type: ignore[attr-defined]
    key = {key.handle: key for key in keys}
    people_of: dict[str | None, str] = {one.handle: one.lead_id or one.holder_id for one in keys}
    assert found.totals == total(by(company, week, lambda row: "").values())
    assert found.before == total(by(company, before, lambda row: "").values())
    parts: list[tuple[tuple[Rank, ...], Callable[[Usage], str]]] = [
        (found.members, lambda row: people_of[row.handle]),
        (found.models, lambda row: row.model),
        (found.projects, lambda row: key[row.handle].project_id or ""),
    ]
    for ranks, of in parts:
        assert ranked(ranks) == (by(company, week, of), by(company, before, of))
        assert total(rank.totals for rank in ranks) == found.totals
        costs = [rank.totals.cost_micros for rank in ranks]
        assert costs == sorted(costs, reverse=True)
    assert {rank.id: rank.name for rank in found.projects} == {"": "", project: "reranker"}
    days = by(company, week, lambda row: row.hour.date().isoformat())
    assert found.days == tuple(days.get(day.isoformat(), NOTHING) for day in week.span.each())  # type: ignore[attr-defined]
    assert found.weekend_micros == found.days[5].cost_micros + found.days[6].cost_micros
    moved = found.totals.cost_micros - found.before.cost_micros
    assert sum(cause.micros for cause in found.causes) == moved
    unpriced = by(company, week, lambda row: row.model)
    assert dict(found.unpriced) == {
        model: totals.unpriced_requests for model, totals in unpriced.items() if totals.unpriced_requests
    }


def test_a_week_in_which_the_month_turns_is_charged_to_the_month_in_which_it_ended(company: Company) -> None:
    """Week 49 begins on Monday, 30 November."""
    key = begin(company)
    spend(company, key, 40, "2026-11-21 12:00")
    spend(company, key, 2, "2026-11-30 12:00")
    spend(company, key, 3, "2026-12-01 00:00")
    spend(company, key, 5, "2026-12-06 23:59")
    company.clock.at = on("2026-12-07 09:00")
    read_usage(company)
    found = worked_out(company, W49)
    assert found.totals.cost_micros == 10 * USD
    assert (found.month_micros, found.budget_micros) == (8 * USD, 500 * USD)
    assert found.days[0].cost_micros == 2 * USD


def test_where_the_month_ended_with_the_week_nothing_is_foretold(company: Company) -> None:
    """31 January 2027 is a Sunday."""
    key = begin(company)
    for day in range(4, 32):
        spend(company, key, 2, f"2027-01-{day:02d} 12:00")
    company.clock.at = on("2027-02-01 09:00")
    read_usage(company)
    last, before = worked_out(company, W47.moved(10)), worked_out(company, W47.moved(9))
    assert (last.week.name, last.month_micros, last.forecast) == ("2027-W04", 56 * USD, None)
    assert before.forecast is not None
    assert before.forecast.low_micros <= before.forecast.likely_micros <= before.forecast.high_micros


def test_people_with_a_key_and_those_of_them_who_used_it(company: Company) -> None:
    key = begin(company)
    ben = held(company, BEN, wanted(20))
    add_project(company, lead=OMAR)
    led = held(company, what=project_wanted(30))
    spend(company, key, 1, "2026-11-24 12:00")
    spend(company, led, 1, "2026-11-22 12:00")
    company.clock.at = on("2026-11-23 00:00")
    give_back(company.purser, company.actor(BEN), Target(label=ben.label))
    company.perform()
    company.clock.at = on("2026-11-30 09:00")
    read_usage(company)
    assert (worked_out(company, W47).holders, worked_out(company, W47).active_holders) == (3, 1)
    week = worked_out(company, W48)
    assert (week.holders, week.active_holders) == (3, 1), (
        "Ben's was on in its first moment, what Omar leads all the time"
    )


def test_what_a_key_costs_that_was_first_used_in_the_week_is_told_apart(company: Company) -> None:
    key = begin(company)
    spend(company, key, 4, "2026-11-20 15:00")
    spend(company, key, 4, "2026-11-24 15:00")
    spend(company, held(company, BEN, wanted(20)), 6, "2026-11-25 15:00")
    company.clock.at = on("2026-11-30 09:00")
    read_usage(company)
    assert [(cause.why, cause.micros, cause.points) for cause in worked_out(company).causes] == [
        (Why.NEW_KEYS, 6 * USD, 150)
    ]


def test_what_live_totals_know_and_no_usage_dates_stands_beside(company: Company) -> None:
    key = begin(company)
    spend(company, key, 4, "2026-11-24 15:00")
    company.clock.at = on("2026-11-25 12:00")
    read_live(company)
    company.clock.at = on("2026-11-30 09:00")
    found = worked_out(company)
    assert (found.totals.cost_micros, found.undated_micros) == (0, 4 * USD)
    read_usage(company)
    found = worked_out(company)
    assert (found.totals.cost_micros, found.undated_micros) == (4 * USD, 0)


def test_what_went_wrong_in_the_week_is_told_once_and_of_this_team(company: Company) -> None:
    key = begin(company)
    company.clock.at = on("2026-11-24 12:00")
    assert key.handle is not None
    company.gateway.change(key.handle, cap_micros=999 * USD)
    reconcile(company.purser)
    company.notifier.mishaps.add("reply", Mishap.REFUSED)
    company.perform()
    company.clock.at = on("2026-11-30 09:00")
    read_usage(company)
    troubles = worked_out(company, W48).troubles
    assert troubles.drift == (f"the cap of `{key.label}` was changed at the gateway and put back",)
    assert troubles.dead_letters == 1
    assert worked_out(company, W47).troubles.drift == ()
    company.clock.at = on("2026-12-07 09:00")
    assert (worked_out(company, W49).troubles.drift, worked_out(company, W49).troubles.dead_letters) == ((), 0)


def test_what_happened_again_and_again_is_one_sentence_with_how_often(company: Company) -> None:
    key = begin(company)
    assert key.handle is not None
    for hour in (9, 10, 11):
        company.clock.at = on(f"2026-11-24 {hour:02d}:00")
        company.gateway.change(key.handle, cap_micros=999 * USD)
        reconcile(company.purser)
        company.perform()
    drift = worked_out(company, W48).troubles.drift
    assert drift == (f"the cap of `{key.label}` was changed at the gateway and put back, 3 times",)


def test_what_purser_gave_up_on_belongs_to_the_week_in_which_it_did(company: Company) -> None:
    """Made to be done on Sunday, given up on Monday, after the digest of the week before."""
    key = begin(company)
    company.clock.at = on("2026-11-29 23:00")
    assert key.handle is not None
    company.gateway.change(key.handle, cap_micros=999 * USD)
    reconcile(company.purser)
    company.clock.at = on("2026-11-30 10:00")
    company.notifier.mishaps.add("reply", Mishap.DOWN)
    company.perform()
    company.clock.at = on("2026-11-30 10:30")
    company.notifier.mishaps.add("reply", Mishap.REFUSED)
    company.perform()
    assert worked_out(company, W48).troubles.dead_letters == 0
    company.clock.at = on("2026-12-07 09:00")
    assert worked_out(company, W49).troubles.dead_letters == 1


def test_the_attached_table_adds_up_to_what_was_told_and_names_no_key(company: Company) -> None:
    key = begin(company)
    keys = [key, held(company, BEN, wanted(20))]
    measured(company, keys)
    look(company, "2026-11-30 09:00")
    (file,) = company.notifier.files
    assert (file.name, file.where) == ("purser-digest-search-2026-W48.csv", CHANNEL)
    table = file.content.decode()
    assert all(one.label not in table for one in keys)
    rows = list(csv.DictReader(io.StringIO(table)))
    assert tuple(rows[0]) == digest_csv.COLUMNS
    found = worked_out(company, W48)
    for week, whole in (("2026-W48", found.totals), ("2026-W47", found.before)):
        for part in ("week", "day", "member", "model"):
            mine = [row for row in rows if (row["week"], row["by"]) == (week, part)]
            for name in Totals._fields:
                assert sum(int(row[name]) for row in mine) == getattr(whole, name), (week, part, name)
    assert {row["name"] for row in rows if row["by"] == "member"} == {"Ana", "Ben"}
    assert all(row["cost_usd"] == f"{int(row['cost_micros']) / 10**6:.6f}" for row in rows)
    assert {row["id"] for row in rows if row["by"] == "day"} >= {str(date(2026, 11, 16)), str(date(2026, 11, 29))}
    assert ANA.id in {row["id"] for row in rows}
