"""The dry run: what a sweep would do now, told to those who may see it. It changes nothing."""

from __future__ import annotations

import pytest

from bot.domain.offboarding import Trip
from bot.domain.people import Member
from bot.domain.sweeps import Listing, Preview, SweepState
from bot.services import sweeping_looking
from bot.services.sweeping_reading import PAUSE_SECONDS
from storage import ledger, sweeps
from tests.company import ANA, BEN, GUS, OLGA, OMAR, Company
from tests.services import kit
from tests.services.sweep_kit import crowd, latest, leave, left, sweep


def look(company: Company, who: Member | None = OLGA) -> Preview:
    found = sweeping_looking.look(company.purser, None if who is None else company.actor(who))
    assert isinstance(found, Preview), found
    return found


def test_it_says_who_is_gone_and_what_becomes_of_their_keys(company_anywhere: Company) -> None:
    company = company_anywhere
    kit.held(company, ANA)
    kit.held(company, BEN, kit.automation_wanted(lead=ANA))
    leave(company, ANA)
    found = look(company)
    assert (found.impact.gone, found.impact.off, found.impact.handed) == ((ANA.id,), 1, 1)
    assert (found.trip, found.impact.reach.people, found.listed) == (None, 4, 7)


def test_it_finds_what_a_sweep_then_finds(company: Company) -> None:
    new = crowd(company, 30)
    leave(company, *new[:7])
    company.directory.unlisted = {new[0].id, new[9].id}
    company.directory.repeated = {new[1].id}
    company.directory.page_people = 4
    found = look(company)
    swept = sweep(company)
    assert swept.state is SweepState.PAUSED
    assert found.trip is swept.trip is Trip.PEOPLE
    assert found.impact == look(company).impact == company.notifier.sweeps[-1].notice.facts.impact


def test_it_changes_nothing(company: Company) -> None:
    key = kit.held(company, ANA)
    leave(company, ANA)
    company.actor(OLGA)
    with company.books.reading() as session:
        before = ledger.head(session)
    look(company)
    with company.books.reading() as session:
        assert ledger.head(session) == before
        assert sweeps.latest(session, Listing.SLACK) is None
    assert left(company) == []
    assert kit.key(company, key.id).off_at is None


def test_it_tells_of_the_last_sweep_and_of_the_one_that_waits(company: Company) -> None:
    assert (look(company).last, look(company).pending) == (None, None)
    sweep(company)
    assert (last := look(company).last) is not None
    assert last.sweep.id == latest(company).id
    leave(company, *crowd(company, 20)[:8])
    sweep(company)
    assert (pending := look(company).pending) is not None
    assert pending.sweep.id == latest(company).id
    assert (again := look(company).last) is not None
    assert again.sweep == last.sweep


def test_owners_may_decide_from_it_and_the_command_line_may_not(company: Company) -> None:
    assert (look(company, OLGA).may_decide, look(company, OMAR).may_decide) == (True, True)
    assert not look(company, None).may_decide


@pytest.mark.parametrize("who", [ANA, GUS], ids=lambda one: one.handle)
def test_others_are_told_who_may_see_it(company: Company, who: Member) -> None:
    told = kit.refusal(sweeping_looking.look(company.purser, company.actor(who)))
    assert "owner" in told.text.lower()
    assert company.directory.pages_read == []


def test_an_outage_is_a_sentence(company: Company) -> None:
    actor = company.actor(OLGA)
    company.directory.down = True
    told = kit.refusal(sweeping_looking.look(company.purser, actor))
    assert "Nothing was changed" in told.text


def test_it_reads_no_faster_than_slack_allows_and_waits_when_asked_to(company: Company) -> None:
    crowd(company, 40)
    company.directory.page_people = 1
    company.directory.limited_seconds = [30]
    actor, began = company.actor(OLGA), company.clock.now()
    sweeping_looking.look(company.purser, actor)
    assert (company.clock.now() - began).total_seconds() >= 30 + 3 * PAUSE_SECONDS


def test_a_lost_place_is_read_anew(company: Company) -> None:
    company.directory.page_people = 2
    company.directory.cursors_lost = 1
    leave(company, ANA)
    assert look(company).impact.gone == (ANA.id,)


def test_a_list_that_waits_is_shown_while_a_sweep_is_reading(company: Company) -> None:
    with company.purser.deciding() as session:
        waits = sweeps.begin(session, "feed", Listing.FEED, "purser", company.clock.now())
        sweeps.move(session, waits.id, SweepState.READING, SweepState.PAUSED, why=str(Trip.PEOPLE))
        sweeps.begin(session, "slack", Listing.SLACK, "purser", company.clock.now())
    found = look(company)
    assert found.pending is not None
    assert found.pending.sweep.id == waits.id
