"""A list of leavers is acted on as a sweep is: once, within the fuse, and whatever happens on the way."""

from __future__ import annotations

import pytest

from bot.domain.keys import KeyState, OffCause
from bot.domain.leavers import Line, Reading
from bot.domain.offboarding import DepartureState, Source, Trip
from bot.domain.people import Member
from bot.domain.sweeps import Listing
from bot.services import feeding, leaving, sweeping, sweeping_deciding
from bot.services.failpoints import Failpoint
from bot.services.feeding import End, Fed, Plan
from bot.services.ports import DeliveryError
from bot.services.sweeping_facts import SWEEP
from storage import departures, outbox, people, sweeps
from tests.company import ANA, BEN, OLGA, OMAR, ROBO, Company, person
from tests.services.guard_kit import add_key, now, settle
from tests.services.kit import automation_wanted, held
from tests.services.leaving_kit import activate, deactivate, latest, rows, state, works_at_gateway

NAME = "leavers.csv"


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    return company_anywhere


def given(company: Company, *lines: Line) -> Fed:
    """The list, as the command line has it acted on."""
    feeding.resume(company.purser)
    fed = feeding.feed(company.purser, feeding.look(company.purser, lines), NAME)
    settle(company)
    return fed


def looked(company: Company, *lines: Line) -> Plan:
    return feeding.look(company.purser, lines)


def crowd(company: Company, count: int) -> list[Member]:
    """So many people more, whom Slack and Purser know as present."""
    everybody = [person(f"p{number:02}") for number in range(count)]
    company.directory.everybody |= {one.id: one for one in everybody}
    with company.books.transaction() as session:
        for one in everybody:
            people.save_member(session, one, company.clock.now())
    return everybody


def listed(*who: Member) -> list[Line]:
    return [Line(number, slack_id=one.id) for number, one in enumerate(who, 2)]


def leavers(company: Company) -> list[str]:
    """Everybody whose departure stands."""
    with company.books.reading() as session:
        return sorted(one.member_id for one in departures.recent(session, 100) if one.state is DepartureState.OPEN)


def agree(company: Company, *owners: Member) -> None:
    with company.books.reading() as session:
        waiting = sweeps.running(session, Listing.FEED)
    assert waiting is not None
    for owner in owners:
        did = sweeping_deciding.agree(company.purser, company.actor(owner), waiting.id)
        assert not hasattr(did, "because"), did


# --- what it does ---


def test_whoever_the_list_names_leaves_with_proof_and_the_line_is_kept(company: Company) -> None:
    own, shared = add_key(company, usd=20), held(company, ANA, automation_wanted())
    fed = given(company, Line(3, slack_id=ANA.id, note="contract ended"))
    assert fed == Fed(End.DONE, done=1)
    after = now(company, own)
    assert (after.state, after.off_cause) == (KeyState.DISABLED, OffCause.LEFT)
    assert works_at_gateway(company, shared)
    departure = latest(company, ANA)
    assert (departure.source, departure.note) == (Source.FEED, "line 3 of leavers.csv: contract ended")


def test_a_verified_address_names_somebody_as_well(company: Company) -> None:
    company.directory.emails = {ANA.id: "Ana@Example.com", BEN.id: "ben@example.com"}
    given(company, Line(2, email="ana@example.com"))
    assert leavers(company) == [ANA.id]


def test_whoever_left_by_a_list_stays_out_although_slack_has_them_active(company: Company) -> None:
    given(company, *listed(ANA))
    activate(company, ANA)
    assert leavers(company) == [ANA.id]
    with company.books.reading() as session:
        found = people.member(session, ANA.id)
    assert found is not None
    assert found.is_departed


def test_somebody_whom_purser_never_met_is_kept_out_as_well(company: Company) -> None:
    stranger = person("zoe")
    company.directory.everybody[stranger.id] = stranger
    assert given(company, *listed(stranger)).end is End.DONE
    assert leavers(company) == [stranger.id]
    assert company.actor(stranger).member == stranger, "who may use nothing is no member that Purser knows"


def test_an_account_that_is_closed_and_was_never_known_needs_nothing(company: Company) -> None:
    gone = person("zoe", is_departed=True)
    company.directory.everybody[gone.id] = gone
    plan = looked(company, *listed(gone))
    assert [one.reading for one in plan.matches] == [Reading.IS_GONE]
    assert given(company, *listed(gone)).end is End.NOTHING
    assert leavers(company) == []


def test_whom_slack_had_named_before_is_kept_out_from_now_on(company: Company) -> None:
    deactivate(company, ANA)
    assert given(company, *listed(ANA)).end is End.NOTHING
    activate(company, ANA)
    assert leavers(company) == [ANA.id]
    assert len(rows(company, "member.kept_out")) == 1


def test_nobody_else_is_touched_by_lines_that_are_in_doubt(company: Company) -> None:
    key = add_key(company)
    company.directory.emails = {ANA.id: "same@example.com", BEN.id: "same@example.com"}
    doubtful = (Line(2, email="same@example.com"), Line(3, slack_id=ROBO.id), Line(4, slack_id="U0NOBODY"))
    assert given(company, *doubtful).end is End.NOTHING
    assert leavers(company) == []
    assert now(company, key).state is KeyState.LIVE


def test_slack_is_not_asked_about_those_of_whom_a_list_says_that_they_are_here(company: Company) -> None:
    company.directory.looked_up.clear()
    plan = looked(company, Line(1, slack_id=ANA.id, email="ana@x.example", is_active=True), Line(2, slack_id=BEN.id))
    assert [one.reading for one in plan.matches] == [Reading.ACTIVE, Reading.LEAVES]
    assert (company.directory.looked_up, company.directory.pages_read) == ([BEN.id], [])


def test_looking_changes_nothing(company: Company) -> None:
    add_key(company, usd=20)
    held(company, ANA, automation_wanted())
    plan = looked(company, *listed(ANA, BEN))
    assert (len(plan.leavers), plan.off, plan.handed, plan.trip) == (2, 1, 1, None)
    assert leavers(company) == []
    with company.books.reading() as session:
        assert sweeps.latest(session, Listing.FEED) is None


def test_a_slack_that_does_not_answer_changes_nothing(company: Company) -> None:
    company.directory.down = True
    with pytest.raises(DeliveryError):
        looked(company, *listed(ANA))
    assert leavers(company) == []


def test_a_slack_that_asks_to_slow_down_is_waited_for(company: Company) -> None:
    company.directory.emails = {ANA.id: "ana@example.com"}
    company.directory.limited_seconds = [20.0]
    assert len(looked(company, Line(2, email="ana@example.com")).leavers) == 1


def test_people_are_found_on_every_page(company: Company) -> None:
    company.directory.page_people = 2
    company.directory.emails = {OMAR.id: "omar@example.com", ANA.id: "ana@example.com"}
    assert len(looked(company, Line(2, email="omar@example.com"), Line(3, email="ana@example.com")).leavers) == 2


# --- the same list again ---


def test_the_same_list_again_changes_nothing(company: Company) -> None:
    add_key(company)
    given(company, *listed(ANA))
    head = len(rows(company, "member.left"))
    assert given(company, *listed(ANA)).end is End.NOTHING
    assert len(rows(company, "member.left")) == head == 1


@pytest.mark.parametrize("failpoint", [Failpoint.AFTER_LEFT_COMMIT, Failpoint.AFTER_SWEEP_PERSON])
def test_after_a_crash_midway_the_same_list_goes_on_and_does_nothing_twice(
    company: Company, failpoint: Failpoint
) -> None:
    keys = [add_key(company, who) for who in (ANA, BEN)]
    with company.crashing(failpoint, down_seconds=300):
        given(company, *listed(ANA, BEN))
    given(company, *listed(ANA, BEN))
    assert leavers(company) == [ANA.id, BEN.id]
    assert len(rows(company, "member.left")) == 2
    assert all(now(company, key).state is KeyState.DISABLED for key in keys)


def test_a_list_that_was_written_down_and_never_judged_is_judged_by_the_next_run(company: Company) -> None:
    plan = looked(company, *listed(ANA))
    begun = feeding._begin(company.purser, {ANA.id: plan.leavers[0]}, NAME)
    assert begun is not None
    assert given(company, *listed(BEN)).end is End.DONE
    assert leavers(company) == [ANA.id, BEN.id]


def test_a_list_given_while_another_is_acted_on_is_not_said_to_be_done(company: Company) -> None:
    first, second = looked(company, *listed(ANA)), looked(company, *listed(BEN))
    assert feeding._begin(company.purser, {ANA.id: first.leavers[0]}, NAME) is not None
    assert feeding.feed(company.purser, second, NAME).end is End.BUSY
    assert feeding.feed(company.purser, first, NAME).end is End.GOES_ON
    assert leavers(company) == []
    assert given(company, *listed(BEN)).end is End.DONE


def test_what_an_owner_undid_is_not_done_again_by_the_same_list(company: Company) -> None:
    given(company, *listed(ANA))
    did = leaving.restore(company.purser, company.actor(OLGA), latest(company, ANA).id)
    assert not hasattr(did, "because"), did
    settle(company)
    plan = looked(company, *listed(ANA))
    assert [one.reading for one in plan.matches] == [Reading.UNDONE]
    assert given(company, *listed(ANA)).end is End.NOTHING
    assert state(company, latest(company, ANA)) is DepartureState.UNDONE


def test_a_list_of_a_whole_year_does_not_turn_off_who_left_and_was_hired_again(company: Company) -> None:
    deactivate(company, ANA)
    left_at = company.clock.now()
    company.clock.advance(days=30)
    activate(company, ANA)
    key = add_key(company)
    company.clock.advance(days=2)
    plan = looked(company, Line(2, slack_id=ANA.id, left_at=left_at))
    assert [(one.reading, "is back since 2026-12-20" in one.why) for one in plan.matches] == [(Reading.DISAGREES, True)]
    assert given(company, Line(2, slack_id=ANA.id, left_at=left_at)).end is End.NOTHING
    assert now(company, key).state is KeyState.LIVE
    assert given(company, Line(2, slack_id=ANA.id, left_at=company.clock.now())).end is End.DONE
    assert now(company, key).state is KeyState.DISABLED


# --- the fuse ---


def test_a_list_that_would_touch_too_much_waits_for_two_owners(company: Company) -> None:
    many = crowd(company, 6)
    plan = looked(company, *listed(*many))
    assert plan.trip is Trip.PEOPLE
    assert given(company, *listed(*many)).end is End.ASKED
    assert leavers(company) == []
    agree(company, OLGA)
    sweeping.sweep(company.purser)
    assert leavers(company) == []


def test_the_running_bot_acts_once_two_owners_agreed(company: Company) -> None:
    many = crowd(company, 6)
    given(company, *listed(*many))
    agree(company, OLGA, OMAR)
    for _ in range(3):
        sweeping.sweep(company.purser)
        company.clock.advance(seconds=60)
    settle(company)
    assert leavers(company) == sorted(one.id for one in many)


def test_the_same_list_given_while_it_waits_asks_nobody_again(company: Company) -> None:
    many = crowd(company, 6)
    given(company, *listed(*many))
    asked = rows(company, "sweep.paused")
    assert given(company, *listed(*many)).end is End.WAITS
    assert given(company, *listed(*many[:3])).end is End.WAITS
    assert rows(company, "sweep.paused") == asked


def test_a_longer_list_takes_the_place_of_one_that_waits(company: Company) -> None:
    many = crowd(company, 8)
    given(company, *listed(*many[:6]))
    assert given(company, *listed(*many)).end is End.ASKED
    assert len(rows(company, "sweep.replaced")) == 1
    assert leavers(company) == []


def test_a_list_that_names_nobody_new_is_no_list_that_waits(company: Company) -> None:
    deactivate(company, ANA)
    given(company, *listed(*crowd(company, 6)))
    assert given(company, *listed(ANA)).end is End.NOTHING
    assert len(rows(company, "member.kept_out")) == 1


def test_a_list_that_would_forget_somebody_who_waits_is_held_up(company: Company) -> None:
    many = crowd(company, 6)
    given(company, *listed(*many))
    assert given(company, *listed(ANA)).end is End.HELD_UP
    assert leavers(company) == []


def test_owners_are_asked_each_once(company: Company) -> None:
    given(company, *listed(*crowd(company, 6)))
    with company.books.reading() as session:
        assert outbox.pending(session, effect=SWEEP) == []
        assert outbox.dead(session) == []
