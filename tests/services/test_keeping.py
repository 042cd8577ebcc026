"""Old keys of a team, and who may keep one: then it is not called old for thirty days."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.aging import KEEP_SECONDS, Kept
from bot.domain.digests import Age, OldKey
from bot.domain.keys import Key, KeyKind, KeyState
from bot.domain.people import Member, Role
from bot.domain.periods import DAY_SECONDS
from bot.domain.requests import Because, Refused
from bot.services import keeping, teams, turning_off
from bot.services.context import Repeated
from bot.services.syncing import sync_live, sync_usage
from bot.services.turning_off import Target
from storage import ledger, people
from tests.company import ANA, BEN, EVE, GUS, OLGA, OMAR, Company
from tests.services.kit import CHANNEL, automation_wanted, choose, held, key, refusal, wanted

LONG = 31


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    """Both databases: what is old is read from several tables."""
    return company_anywhere


def member_key(company: Company, who: Member = ANA) -> Key:
    return held(company, who, wanted(50, None, kind=KeyKind.MEMBER))


def old(company: Company) -> tuple[OldKey, ...]:
    """As of now, with usage just read."""
    sync_usage(company.purser)
    with company.books.reading() as session:
        return keeping.old_keys(session, company.purser, _team_id(company), company.clock.now())


def _team_id(company: Company) -> str:
    with company.books.reading() as session:
        (team,) = people.all_teams(session)
    return team.id


def why(company: Company) -> dict[str, tuple[Age, ...]]:
    return {one.label: one.ages for one in old(company)}


def keep(company: Company, who: Member, made: Key, *, delivery: str | None = None) -> Kept | Refused:
    return keeping.keep(company.purser, company.actor(who, delivery), made.id)


def test_a_key_nobody_uses_is_old_after_thirty_days(company: Company) -> None:
    made = member_key(company)
    company.clock.advance(days=29)
    assert why(company) == {}
    company.clock.advance(days=1)
    assert why(company) == {made.label: (Age.UNUSED,)}
    (one,) = old(company)
    assert (one.key_id, one.holder_id, one.since) == (made.id, ANA.id, made.revealed_at)


def test_a_key_that_is_used_is_not(company: Company) -> None:
    made = member_key(company)
    assert made.handle is not None
    for _ in range(4):
        company.clock.advance(days=15)
        company.gateway.measure(made.handle, "mock-gpt", company.clock.now(), requests=1)
        sync_usage(company.purser)
    assert why(company) == {}


def test_what_live_totals_saw_counts_as_use_before_usage_is_dated(company: Company) -> None:
    made = member_key(company)
    assert made.handle is not None
    company.clock.advance(days=LONG - 1)
    sync_live(company.purser)
    company.clock.advance(minutes=1)
    company.gateway.change(made.handle, spent_micros=1_000)
    sync_live(company.purser)
    company.clock.advance(days=1)
    assert why(company) == {}


def test_where_usage_was_not_read_lately_no_key_is_called_unused(company: Company) -> None:
    member_key(company)
    company.clock.advance(days=LONG)
    assert list(why(company).values()) == [(Age.UNUSED,)]
    company.clock.advance(seconds=keeping.FRESH_SECONDS)
    with company.books.reading() as session:
        assert keeping.old_keys(session, company.purser, _team_id(company), company.clock.now()) == ()


def test_a_key_past_its_rotation_is_old_even_when_it_is_used(company: Company) -> None:
    made = member_key(company)
    assert made.handle is not None
    company.clock.advance(days=91)
    company.gateway.measure(made.handle, "mock-gpt", company.clock.now(), requests=1)
    assert why(company) == {made.label: (Age.PAST_ROTATION,)}


def test_a_key_is_without_a_holder_when_they_left_the_team_or_slack(company: Company) -> None:
    hers, his = member_key(company), held(company, BEN, wanted(50, None, kind=KeyKind.MEMBER))
    teams.remove(company.purser, company.actor(OLGA), CHANNEL, (BEN.id,))
    assert why(company) == {his.label: (Age.NO_HOLDER,)}
    company.directory.change(ANA.id, is_departed=True)
    with company.books.transaction() as session:
        people.save_member(session, company.directory.everybody[ANA.id], company.clock.now())
    assert why(company) == {hers.label: (Age.NO_HOLDER,), his.label: (Age.NO_HOLDER,)}


def test_a_workspace_owner_holds_keys_in_teams_they_are_not_in(company: Company) -> None:
    made = held(company, OLGA, wanted(50, None, kind=KeyKind.MEMBER))
    with company.books.transaction() as session:
        people.set_role(session, made.team_id, OLGA.id, Role.NONE, company.clock.now())
    assert why(company) == {}


def test_keys_that_are_off_are_not_old(company: Company) -> None:
    made = member_key(company)
    company.clock.advance(days=LONG)
    assert list(why(company)) == [made.label]
    next(turning_off.disable(company.purser, company.actor(OMAR), Target(key_id=made.id), ""))
    assert why(company) == {}


def test_those_unused_longest_come_first(company: Company) -> None:
    first = member_key(company)
    company.clock.advance(days=3)
    second = held(company, BEN, wanted(50, None, kind=KeyKind.MEMBER))
    company.clock.advance(days=LONG)
    assert [one.label for one in old(company)] == [first.label, second.label]


def test_the_installation_says_what_old_means(company: Company) -> None:
    made = member_key(company)
    company.clock.advance(days=8)
    assert why(company) == {}
    choose(company, unused_seconds=7 * DAY_SECONDS)
    assert why(company) == {made.label: (Age.UNUSED,)}


# --- Keep ---


@pytest.mark.parametrize("who", [ANA, OMAR, OLGA])
def test_its_holder_and_owners_keep_a_key_for_thirty_days(company: Company, who: Member) -> None:
    made = member_key(company)
    company.clock.advance(days=LONG)
    kept = keep(company, who, made)
    assert isinstance(kept, Kept)
    assert kept.until - company.clock.now() < timedelta(seconds=KEEP_SECONDS)
    assert why(company) == {}
    company.clock.at = kept.until - timedelta(seconds=1)
    assert why(company) == {}
    company.clock.at = kept.until
    assert why(company) == {made.label: (Age.UNUSED,)}


def test_its_lead_keeps_an_automation_key(company: Company) -> None:
    made = held(company, ANA, automation_wanted(lead=BEN))
    assert isinstance(keep(company, BEN, made), Kept)


@pytest.mark.parametrize("who", [BEN, GUS, EVE])
def test_nobody_else_keeps_it(company: Company, who: Member) -> None:
    made = member_key(company)
    no = refusal(keep(company, who, made))
    assert no.because is Because.NOT_ALLOWED
    assert key(company, made.id).kept_until is None


def test_who_held_it_and_left_the_team_does_not_keep_it(company: Company) -> None:
    made = held(company, BEN, wanted(50, None, kind=KeyKind.MEMBER))
    teams.remove(company.purser, company.actor(OLGA), CHANNEL, (BEN.id,))
    no = refusal(keep(company, BEN, made))
    assert no.text == f"Only the holder of `{made.label}`, its lead and owners of team search can keep it."


def test_keeping_is_in_the_ledger_with_who_and_until_when(company: Company) -> None:
    made = member_key(company)
    kept = keep(company, OMAR, made)
    assert isinstance(kept, Kept)
    with company.books.reading() as session:
        (row,) = [row for row in ledger.stream(session) if row.action == "key.kept"]
    assert (row.actor, row.key_id, row.member_id) == (OMAR.id, made.id, ANA.id)
    assert row.reason == f"until {kept.until:%Y-%m-%d %H:%M} UTC"


def test_kept_twice_on_a_day_is_kept_once_and_later_for_longer(company: Company) -> None:
    made = member_key(company)
    first = keep(company, OMAR, made)
    company.clock.advance(hours=2)
    again = keep(company, ANA, made)
    assert isinstance(first, Kept)
    assert isinstance(again, Kept)
    assert (first.already, again.already, again.until) == (False, True, first.until)
    company.clock.advance(days=5)
    later = keep(company, ANA, made)
    assert isinstance(later, Kept)
    assert later.until > first.until
    with company.books.reading() as session:
        assert sum(row.action == "key.kept" for row in ledger.stream(session)) == 2


def test_the_same_click_delivered_again_changes_nothing(company: Company) -> None:
    made = member_key(company)
    keep(company, OMAR, made, delivery="action:1")
    with pytest.raises(Repeated):
        keep(company, OMAR, made, delivery="action:1")


def test_a_key_that_is_off_by_now_is_not_kept(company: Company) -> None:
    made = member_key(company)
    next(turning_off.disable(company.purser, company.actor(OMAR), Target(key_id=made.id), ""))
    assert key(company, made.id).state is KeyState.DISABLED
    no = refusal(keep(company, ANA, made))
    assert (no.because, no.text) == (
        Because.WRONG_STATE,
        f"`{made.label}` is not in use any more, so there is nothing to keep.",
    )
    assert refusal(keeping.keep(company.purser, company.actor(ANA), "key_none")).because is Because.NOT_FOUND


def test_keeping_changes_nothing_else_of_the_key(company: Company) -> None:
    made = member_key(company)
    keep(company, ANA, made)
    after = key(company, made.id)
    assert after.kept_until is not None
    assert replace(after, kept_until=None) == made
