"""Digests of one's own for who asked, and the roll-up across teams for the workspace's owners: on their own Mondays."""

from __future__ import annotations

import pytest

from bot.domain.digests import Audience
from bot.domain.usage import total
from bot.services import turning_off
from bot.services.auditing import verify
from bot.services.digest_people import personal
from bot.services.subscribing import want_digest
from bot.services.syncing import sync_live
from bot.services.turning_off import Target
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.digest_kit import W47, begin, in_ledger, lives_in, look, of, second_team, spend, told, weeks_told
from tests.services.kit import USD, add_project, held, project_wanted, wanted
from tests.services.raises_kit import on

TO_ANA, TO_OLGA = f"direct:{ANA.id}", f"direct:{OLGA.id}"
FIRST = ("2026-W47", "posted")


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


def test_who_asked_gets_a_digest_of_their_own_on_their_own_monday(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    lives_in(company, ANA, "America/Los_Angeles")
    want_digest(company.purser, company.actor(ANA), wanted=True)
    look(company, "2026-11-23 16:59:59")
    assert told(company, TO_ANA) == []
    for moment in ("2026-11-23 17:00", "2026-11-23 17:01", "2026-11-25 12:00"):
        look(company, moment)
    assert weeks_told(company, TO_ANA) == [FIRST]
    assert told(company, TO_ANA)[0].next_at == on("2026-11-30 17:00")
    assert told(company, f"direct:{BEN.id}") == []


def test_it_tells_of_what_counts_to_them_and_nothing_else(company: Company) -> None:
    """Her own keys, and the project's key that she leads; not the one she asked for and Ben leads."""
    spend(company, begin(company), 3, "2026-11-20 15:00")
    add_project(company, lead=BEN)
    spend(company, held(company, BEN, wanted(20)), 7, "2026-11-20 16:00")
    spend(company, held(company, what=project_wanted(30)), 11, "2026-11-21 16:00")
    for person in (ANA, BEN):
        want_digest(company.purser, company.actor(person), wanted=True)
    look(company, "2026-11-23 09:00")
    (ana,), (ben,) = told(company, TO_ANA), told(company, f"direct:{BEN.id}")
    assert ana.digest.figures.totals.cost_micros == 3 * USD
    assert ben.digest.figures.totals.cost_micros == 18 * USD
    assert total(rank.totals for rank in ben.digest.figures.keys) == ben.digest.figures.totals
    assert len(ben.digest.figures.keys) == 2


def test_who_wants_none_any_more_or_has_left_gets_none(company: Company) -> None:
    begin(company)
    for person in (ANA, BEN):
        want_digest(company.purser, company.actor(person), wanted=True)
    want_digest(company.purser, company.actor(ANA), wanted=False)
    company.directory.change(BEN.id, is_departed=True)
    company.actor(BEN)
    look(company, "2026-11-23 09:00")
    assert (told(company, TO_ANA), told(company, f"direct:{BEN.id}")) == ([], [])


def test_one_that_came_too_late_is_left_out_without_a_word(company: Company) -> None:
    begin(company)
    want_digest(company.purser, company.actor(ANA), wanted=True)
    look(company, "2026-11-26 00:00")
    assert told(company, TO_ANA) == []
    assert of(company, W47, Audience.MEMBER, ANA.id) is None
    look(company, "2026-11-30 09:00")
    assert weeks_told(company, TO_ANA) == [("2026-W48", "posted")]


def test_the_owner_of_the_workspace_reads_all_teams_in_one(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    second_team(company)
    lives_in(company, OLGA, "Asia/Kolkata")
    look(company, "2026-11-23 03:29:59")
    assert told(company, TO_OLGA) == []
    look(company, "2026-11-23 03:30")
    look(company, "2026-11-23 09:00")
    (notice,) = told(company, TO_OLGA)
    figures = notice.digest.figures
    assert [(rank.name, rank.totals.cost_micros) for rank in figures.teams] == [("search", 3 * USD), ("data", 0)]
    assert total(rank.totals for rank in figures.teams) == figures.totals == total(figures.days)
    assert {course.name: course.budget_micros for course in figures.courses} == {"search": 500 * USD, "data": 300 * USD}
    assert told(company, f"direct:{OMAR.id}") == [], "he owns a team, not the workspace"


def test_of_a_single_team_there_is_nothing_to_roll_up(company: Company) -> None:
    begin(company)
    look(company, "2026-11-23 09:00")
    assert told(company, TO_OLGA) == []


def test_the_roll_up_says_of_a_team_what_its_digest_said(company: Company) -> None:
    key = begin(company)
    spend(company, key, 3, "2026-11-20 15:00")
    second_team(company)
    lives_in(company, OLGA, "America/Los_Angeles")
    look(company, "2026-11-23 09:00")
    spend(company, key, 5, "2026-11-21 15:00")  # told by the gateway after the team's digest was posted
    look(company, "2026-11-23 17:00")
    (notice,) = told(company, TO_OLGA)
    assert notice.digest.figures.teams[0].totals.cost_micros == 3 * USD


def test_each_is_written_down_once_and_the_ledger_agrees(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    second_team(company)
    want_digest(company.purser, company.actor(ANA), wanted=True)
    for _ in range(3):
        look(company, "2026-11-23 09:00")
    assert sorted((row.reason, row.member_id, row.amount_micros) for row in in_ledger(company)) == [
        ("member: $3", ANA.id, 3 * USD),
        ("owners: $3", OLGA.id, 3 * USD),
        ("team: $0", None, 0),
        ("team: $3", None, 3 * USD),
    ]
    assert verify(company.books).ok


@pytest.mark.parametrize("mishap", [Mishap.DOWN, Mishap.LOST])
def test_a_direct_message_whose_fate_is_unknown_is_sent_once(company: Company, mishap: Mishap) -> None:
    begin(company)
    want_digest(company.purser, company.actor(ANA), wanted=True)
    company.notifier.mishaps.add("direct_digest", mishap, mishap)
    look(company, "2026-11-23 09:00")
    company.settle()
    assert weeks_told(company, TO_ANA) == [FIRST]


def test_a_crash_while_it_is_sent_doubles_and_loses_nothing(company: Company) -> None:
    begin(company)
    want_digest(company.purser, company.actor(ANA), wanted=True)
    with company.crashing("after-effect:slack.digest_direct", down_seconds=31):
        look(company, "2026-11-23 09:00")
    company.settle()
    assert weeks_told(company, TO_ANA) == [FIRST]


def test_the_roll_up_calls_no_key_old_that_was_turned_off_since_its_team_was_told(company: Company) -> None:
    key = begin(company)
    second_team(company)
    lives_in(company, OLGA, "America/Los_Angeles")
    look(company, "2026-12-28 09:00")
    assert [old.key_id for old in told(company)[-1].digest.figures.old_keys] == [key.id]
    list(turning_off.disable(company.purser, company.actor(OMAR), Target(key_id=key.id), "not needed"))
    company.perform()
    look(company, "2026-12-28 17:00")
    assert told(company, TO_OLGA)[-1].digest.figures.old_keys == ()


def test_the_roll_up_is_as_old_as_what_teams_were_told(company: Company) -> None:
    spend(company, begin(company), 3, "2026-11-20 15:00")
    second_team(company)
    lives_in(company, OLGA, "America/Los_Angeles")
    look(company, "2026-11-23 09:00")
    look(company, "2026-11-23 17:00")
    (team,), (whole,) = told(company), told(company, TO_OLGA)
    assert whole.digest.at > team.digest.at
    assert whole.digest.figures.read_at == team.digest.figures.read_at


def test_what_no_usage_dates_stands_beside_ones_own_figures_too(company: Company) -> None:
    key = begin(company)
    spend(company, key, 5, "2026-11-21 10:00")
    company.clock.at = on("2026-11-21 11:00")
    sync_live(company.purser)
    with company.books.reading() as session:
        assert personal(session, company.purser, ANA.id, W47).undated_micros == 5 * USD
        assert personal(session, company.purser, BEN.id, W47).undated_micros == 0
