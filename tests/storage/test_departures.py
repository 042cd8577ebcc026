"""Who left, what waits because of it, and who answers for what since: written once, changed by one of two."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from bot.domain.keys import Key, KeyKind, KeyState
from bot.domain.offboarding import (
    Departure,
    DepartureState,
    LeftKey,
    LeftProject,
    LeftTeam,
    Outcome,
    Source,
    Was,
)
from bot.domain.people import Member, Project, Role, Team
from bot.domain.requests import Approval, Purpose, Request, RequestState, Terms, Verdict
from storage import departures, keys, people, requests
from tests.storage.kit import NOON, after

if TYPE_CHECKING:
    from storage.engine import Books, Session

ANA, BEN, OLGA = "U_ANA", "U_BEN", "U_OLGA"
LATER = after(60)


def left(number: int, member_id: str = ANA, **others: object) -> Departure:
    made = Departure(f"d{number}", member_id, Source.EVENT, after(number), "purser", "line 3", NOON)
    return replace(made, **others)  # type: ignore[arg-type]


def found(session: Session) -> None:
    """Two teams, a project, a key of Ana's in each team, and a departure."""
    for number in (1, 2):
        people.add_team(session, Team(f"t{number}", f"team-{number}", f"C{number}"), OLGA, NOON)
        terms = Terms(1_000_000, None)
        request = Request(
            f"r{number}", Purpose.ISSUE, KeyKind.PROJECT, "litellm", f"t{number}", None, ANA, terms, terms, "work",
            RequestState.WAITING, "one-owner", 2, NOON, LATER, f"C{number}",
        )  # fmt: skip
        requests.add(session, request)
        key = Key(
            f"k{number}", f"ana-{number}", f"purser-ana-{number}", f"r{number}", "litellm", KeyKind.PROJECT,
            f"t{number}", None, ANA, 1_000_000, "month", (), KeyState.LIVE, NOON, lead_id=BEN,
        )  # fmt: skip
        keys.add(session, key)
    people.add_project(session, Project("p1", "t1", "reranker", ANA), NOON)
    departures.add(session, left(1))
    for number in (1, 2):
        departures.add_team(session, LeftTeam("d1", f"t{number}", Role.MEMBER, due_at=after(number)))


def test_what_is_written_down_of_a_departure_is_read_back(books: Books) -> None:
    with books.transaction() as session:
        found(session)
        departures.add_project(session, LeftProject("d1", "p1", OLGA, NOON))
        departures.add_key(session, LeftKey("d1", "k1", "t1", Was.HOLDER, Outcome.OFF))
    with books.reading() as session:
        assert departures.get(session, "d1") == left(1)
        assert departures.get(session, "d9") is None
        assert departures.open_of(session, ANA) == left(1)
        assert departures.open_among(session, [ANA, BEN]) == {ANA}
        assert departures.teams(session, "d1") == [
            LeftTeam("d1", "t1", Role.MEMBER, due_at=after(1)),
            LeftTeam("d1", "t2", Role.MEMBER, due_at=after(2)),
        ]
        assert departures.projects(session, "d1") == [LeftProject("d1", "p1", OLGA, NOON)]
        assert departures.keys_of(session, "d1") == [LeftKey("d1", "k1", "t1", Was.HOLDER, Outcome.OFF)]
        assert departures.of_key(session, "k1") == departures.keys_of(session, "d1")
        assert departures.key_of(session, "d1", "k2") is None
        assert departures.team(session, "d1", "t9") is None


def test_once_a_person_leaves_once_at_a_time(books: Books) -> None:
    with books.transaction() as session:
        departures.add(session, left(1))
    with pytest.raises(IntegrityError), books.transaction() as session:
        departures.add(session, left(2))
    with books.transaction() as session:
        assert departures.end(session, "d1", DepartureState.RETURNED, "purser", LATER)
        assert not departures.end(session, "d1", DepartureState.RETURNED, "purser", LATER)
        departures.add(session, left(2))
    with books.reading() as session:
        assert [one.id for one in departures.recent(session, 5)] == ["d2", "d1"]
        assert [one.id for one in departures.recent(session, 5, since=after(2))] == ["d2"]
        assert [one.id for one in departures.recent(session, 1)] == ["d2"]
        latest, ended = departures.latest_of(session, ANA), departures.get(session, "d1")
    assert latest == left(2)
    assert ended == left(1, state=DepartureState.RETURNED, ended_at=LATER, ended_by="purser")


def test_a_returned_departure_can_still_be_undone_and_an_undone_one_is_over(books: Books) -> None:
    with books.transaction() as session:
        departures.add(session, left(1))
        assert departures.end(session, "d1", DepartureState.RETURNED, "purser", NOON)
        assert departures.end(session, "d1", DepartureState.UNDONE, OLGA, LATER)
        assert not departures.end(session, "d1", DepartureState.UNDONE, BEN, LATER)
        assert not departures.end(session, "d1", DepartureState.RETURNED, "purser", LATER)
        assert departures.open_of(session, ANA) is None


def test_once_a_key_that_waits_is_settled_by_one(books: Books) -> None:
    with books.transaction() as session:
        found(session)
        departures.add_key(session, LeftKey("d1", "k1", "t1", Was.BOTH, Outcome.WAITING))
        assert departures.waiting_for(session, "k1") == LeftKey("d1", "k1", "t1", Was.BOTH, Outcome.WAITING)
        assert departures.waiting_among(session, ["k1", "k2"]) == {"k1"}
        assert [one.key_id for one in departures.waiting_in(session, "d1", "t1")] == ["k1"]
        assert departures.waiting_in(session, "d1", "t2") == []
        assert departures.settle_key(session, "d1", "k1", Outcome.TAKEN, BEN, LATER)
        assert not departures.settle_key(session, "d1", "k1", Outcome.STOPPED, None, LATER)
        assert departures.waiting_for(session, "k1") is None
        assert departures.key_of(session, "d1", "k1") == LeftKey("d1", "k1", "t1", Was.BOTH, Outcome.TAKEN, BEN, LATER)


def test_a_key_waits_because_of_one_departure_at_a_time(books: Books) -> None:
    with books.transaction() as session:
        found(session)
        departures.add(session, left(2, BEN))
        departures.add_key(session, LeftKey("d1", "k1", "t1", Was.HOLDER, Outcome.WAITING))
    with pytest.raises(IntegrityError), books.transaction() as session:
        departures.add_key(session, LeftKey("d2", "k1", "t1", Was.LEAD, Outcome.WAITING))


def test_once_a_message_a_reminder_and_a_restore_are_each_noted_once(books: Books) -> None:
    with books.transaction() as session:
        found(session)
        assert departures.set_message(session, "d1", "t1", "C1", "1.1")
        assert not departures.set_message(session, "d1", "t1", "C1", "2.2")
        assert departures.mark_reminded(session, "d1", "t1", NOON)
        assert not departures.mark_reminded(session, "d1", "t1", LATER)
        assert departures.mark_restored(session, "d1", "t1", OLGA, NOON)
        assert not departures.mark_restored(session, "d1", "t1", BEN, LATER)
        one, other = departures.teams(session, "d1")
    assert (one.channel_id, one.ts, one.reminded_at, one.restored_at, one.restored_by) == (
        "C1", "1.1", NOON, NOON, OLGA,
    )  # fmt: skip
    assert other == LeftTeam("d1", "t2", Role.MEMBER, due_at=after(2))


def test_teams_in_which_something_waits_are_found_the_earliest_due_first(books: Books) -> None:
    with books.transaction() as session:
        found(session)
        assert [one.team_id for one in departures.teams_waiting(session)] == ["t1", "t2"]
        assert departures.clear_due(session, "d1", "t1")
        assert not departures.clear_due(session, "d1", "t1")
        assert [one.team_id for one in departures.teams_waiting(session)] == ["t2"]
        assert departures.set_due(session, "d1", "t1", LATER)
        assert not departures.set_due(session, "d1", "t1", NOON)
        assert [one.team_id for one in departures.teams_waiting(session)] == ["t2", "t1"]


def test_a_project_goes_from_one_lead_to_another_once(books: Books) -> None:
    with books.transaction() as session:
        found(session)
        departures.add_project(session, LeftProject("d1", "p1"))
        assert [project.id for project in people.projects_led(session, ANA)] == ["p1"]
        assert people.set_lead(session, "p1", ANA, OLGA)
        assert not people.set_lead(session, "p1", ANA, BEN)
        departures.move_project(session, "d1", "p1", OLGA, LATER)
        assert people.projects_led(session, ANA) == []
        assert departures.projects(session, "d1") == [LeftProject("d1", "p1", OLGA, LATER)]


def test_what_slack_says_and_what_a_feed_says_each_keep_a_person_out(books: Books) -> None:
    with books.transaction() as session:
        people.save_member(session, Member(ANA, "T", "ana", "Ana"), NOON)
        assert people.is_here(session, ANA)
        assert people.is_here(session, "U_NOBODY")
        for setting in (people.set_departed, people.set_left):
            name = "departed" if setting is people.set_departed else "left"
            assert setting(session, ANA, **{name: True})
            assert not setting(session, ANA, **{name: True})
            assert not people.is_here(session, ANA)
            assert setting(session, ANA, **{name: False})
            assert not setting(session, "U_NOBODY", **{name: True})
        people.set_left(session, ANA, left=True)
        people.save_member(session, Member(ANA, "T", "ana", "Ana"), NOON)
        person = people.member(session, ANA)
        assert people.has_left(session, ANA)
    assert person is not None
    assert person.is_departed


def test_keys_and_requests_of_somebody_are_those_they_hold_and_lead(books: Books) -> None:
    with books.transaction() as session:
        found(session)
        assert [key.id for key in keys.of_person(session, ANA, [KeyState.LIVE])] == ["k1", "k2"]
        assert [key.id for key in keys.of_person(session, BEN, [KeyState.LIVE])] == ["k1", "k2"]
        assert keys.of_person(session, BEN, [KeyState.DISABLED]) == []
        requests.set_lead(session, "r1", BEN)
        assert [one.id for one in requests.led_by(session, BEN, RequestState.WAITING)] == ["r1"]


def test_a_yes_that_no_longer_stands_is_one_that_was_never_counted(books: Books) -> None:
    with books.transaction() as session:
        found(session)
        for request_id, owner in (("r1", BEN), ("r1", OLGA), ("r2", BEN)):
            word = Approval(owner, Verdict.APPROVE, "", stands=True, at=NOON)
            requests.say(session, f"{request_id}:{owner}", request_id, word)
        assert [one.id for one in requests.agreed_by(session, BEN, RequestState.WAITING)] == ["r1", "r2"]
        requests.unsay(session, "r1", BEN)
        assert [one.id for one in requests.agreed_by(session, BEN, RequestState.WAITING)] == ["r2"]
        stands = requests.get(session, "r1")
    assert stands is not None
    assert [word.owner_id for word in stands.standing(Verdict.APPROVE)] == [OLGA]


def test_whose_leaving_closed_something_is_found_by_the_moment(books: Books) -> None:
    with books.transaction() as session:
        departures.add(session, left(1))
        assert departures.closing(session, [ANA, BEN], after(1)) == ANA
        assert departures.closing(session, [ANA], after(1) + timedelta(microseconds=1)) is None
        assert departures.closing(session, [BEN], after(1)) is None


def test_people_are_asked_for_however_many_they_are(books: Books) -> None:
    """More than a query takes on either database."""
    many = [ANA, BEN, *(f"U{number:06}" for number in range(70_000))]
    with books.transaction() as session:
        people.save_member(session, Member(ANA, "T0HOME", "ana", "Ana"), NOON)
        departures.add(session, left(1, state=DepartureState.RETURNED))
        departures.add(session, left(2))
        departures.add(session, left(3, BEN, state=DepartureState.UNDONE))
        assert [one.id for one in people.members(session, many)] == [ANA]
        assert departures.open_among(session, many) == {ANA}
        assert sorted(one.id for one in departures.newest_among(session, many)) == ["d2", "d3"]
