"""Sweeps in the books: one worker at a time, each page once, and counts that the database makes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from bot.domain.keys import KeyKind, KeyState
from bot.domain.offboarding import Verdict
from bot.domain.people import Member
from bot.domain.sweeps import BACK, Found, Listing, SweepState
from storage import people, sweep_people, sweeps
from storage.sweep_people import Touched
from tests.storage.kit import NOON, after, at_once
from tests.storage.spending import a_key, found_team, put

if TYPE_CHECKING:
    from storage.engine import Books

HOME = "T0HOME"
ANA, BEN, EVE = (Member(f"U0{name.upper()}", HOME, name, name) for name in ("ana", "ben", "eve"))


@pytest.fixture
def swept(books: Books) -> Books:
    """Books with a sweep that has just begun, and three people."""
    with books.transaction() as session:
        for one in (ANA, BEN, EVE):
            people.save_member(session, one, NOON)
        sweeps.begin(session, "sweep_1", Listing.SLACK, "purser", NOON)
    return books


def test_one_sweep_of_a_source_runs_at_a_time(swept: Books) -> None:
    with pytest.raises(IntegrityError), swept.transaction() as session:
        sweeps.begin(session, "sweep_2", Listing.SLACK, "purser", after(1))
    with swept.transaction() as session:
        sweeps.begin(session, "sweep_3", Listing.FEED, "U0ANA", after(1))
        assert sweeps.move(session, "sweep_1", SweepState.READING, SweepState.DONE, finished_at=after(2))
        sweeps.begin(session, "sweep_4", Listing.SLACK, "purser", after(3))
        assert [
            one.id for one in (sweeps.running(session, Listing.SLACK), sweeps.oldest(session, Listing.SLACK)) if one
        ] == [
            "sweep_4",
            "sweep_1",
        ]


def test_of_two_who_want_to_work_on_it_one_may(swept: Books) -> None:
    def take(number: int) -> bool:
        with swept.transaction() as session:
            return sweeps.take(session, "sweep_1", f"lease-{number}", NOON, after(60))

    assert sorted(at_once(2, take)) == [False, True]


def test_a_lease_that_ran_out_is_free_and_its_holder_has_lost_it(swept: Books) -> None:
    with swept.transaction() as session:
        assert sweeps.take(session, "sweep_1", "first", NOON, after(60))
        assert not sweeps.take(session, "sweep_1", "second", after(59), after(120))
        assert sweeps.take(session, "sweep_1", "second", after(60), after(120))
        begun = sweeps.get(session, "sweep_1")
        assert begun is not None
        assert not sweeps.turn_page(session, begun, "first", "next", 2, after(120))
        assert not sweeps.keep(session, "sweep_1", "first", None)
        assert not sweeps.read_anew(session, "sweep_1", "first", "why")


def test_a_page_is_turned_once(swept: Books) -> None:
    with swept.transaction() as session:
        sweeps.take(session, "sweep_1", "mine", NOON, after(60))
        begun = sweeps.get(session, "sweep_1")
        assert begun is not None
        assert sweeps.turn_page(session, begun, "mine", "next", 2, after(60))
        assert not sweeps.turn_page(session, begun, "mine", "next", 2, after(60))
        turned = sweeps.get(session, "sweep_1")
        assert turned == replace(begun, cursor="next", pages=1, listed=2, leased_until=after(60))


def test_a_page_that_leads_to_itself_is_not_taken_twice(swept: Books) -> None:
    with swept.transaction() as session:
        sweeps.take(session, "sweep_1", "mine", NOON, after(60))
        begun = sweeps.get(session, "sweep_1")
        assert begun is not None
        assert sweeps.turn_page(session, begun, "mine", "", 2, after(60))
        assert not sweeps.turn_page(session, begun, "mine", "", 2, after(60))


def test_the_newer_finding_counts_and_a_repeated_one_changes_nothing(swept: Books) -> None:
    gone, here = Found(ANA.id, Verdict.GONE), Found(ANA.id, Verdict.PRESENT)
    with swept.transaction() as session:
        for found in ([here], [here, gone], [gone]):
            sweep_people.add(session, "sweep_1", found)
        assert sweep_people.verdicts(session, "sweep_1") == {Verdict.GONE: 1}
        sweep_people.add(session, "sweep_1", [here])
        assert sweep_people.verdicts(session, "sweep_1") == {Verdict.PRESENT: 1}


def test_whoever_is_known_and_was_not_found_is_unlisted(swept: Books) -> None:
    with swept.transaction() as session:
        people.save_member(session, replace(EVE, workspace_id="T0ELSE"), NOON)
        sweep_people.add(session, "sweep_1", [Found(ANA.id, Verdict.PRESENT)])
        assert sweep_people.unlisted(session, "sweep_1", HOME, 10) == [BEN.id]
        sweep_people.miss_unlisted(session, "sweep_1", HOME)
        assert sweep_people.unlisted(session, "sweep_1", HOME, 10) == []
        assert sweep_people.verdicts(session, "sweep_1") == {Verdict.PRESENT: 1, Verdict.MISSING: 1}


def test_who_was_missing_before_is_not_missing_anew(swept: Books) -> None:
    with swept.transaction() as session:
        sweep_people.add(session, "sweep_1", [Found(ANA.id, Verdict.MISSING)])
        sweeps.move(session, "sweep_1", SweepState.READING, SweepState.DONE)
        sweeps.begin(session, "sweep_2", Listing.SLACK, "purser", after(60))
        sweep_people.add(session, "sweep_2", [Found(ANA.id, Verdict.MISSING), Found(BEN.id, Verdict.MISSING)])
        assert sweep_people.missing_anew(session, "sweep_2", "sweep_1") == 1
        assert sweep_people.were_missing(session, "sweep_1", [ANA.id, BEN.id]) == {ANA.id}


def test_only_working_keys_of_those_who_are_gone_are_touched_each_once(swept: Books) -> None:
    with swept.transaction() as session:
        found_team(session)
        put(session, a_key("1", kind=KeyKind.MEMBER, holder_id=ANA.id))
        put(session, a_key("2", kind=KeyKind.PROJECT, holder_id=BEN.id, lead_id=ANA.id))
        put(session, a_key("3", kind=KeyKind.AUTOMATION, holder_id=ANA.id, lead_id=ANA.id))
        put(session, a_key("4", kind=KeyKind.MEMBER, holder_id=ANA.id, state=KeyState.DISABLED))
        put(session, a_key("5", kind=KeyKind.MEMBER, holder_id=BEN.id))
        sweep_people.add(session, "sweep_1", [Found(ANA.id, Verdict.GONE), Found(BEN.id, Verdict.PRESENT)])
        assert sweep_people.touched(session, "sweep_1") == Touched(off=1, handed=2)
        assert sweep_people.touched_of(session, [ANA.id, EVE.id]) == Touched(off=1, handed=2)
        assert sweep_people.working_keys(session) == 4


def test_what_is_to_be_done_comes_in_order_once_and_failures_twice(swept: Books) -> None:
    found = [Found(EVE.id, Verdict.PRESENT, BACK), Found(BEN.id, Verdict.GONE, "line 7"), Found(ANA.id, Verdict.GONE)]
    with swept.transaction() as session:
        sweep_people.add(session, "sweep_1", found)
        to_do = sweep_people.undone(session, "sweep_1", 10)
        assert [(one.member_id, one.note) for one in to_do] == [(ANA.id, ""), (BEN.id, "line 7"), (EVE.id, BACK)]
        assert sweep_people.settle(session, "sweep_1", ANA.id, after(1))
        assert not sweep_people.settle(session, "sweep_1", ANA.id, after(2))
        sweep_people.mark_failed(session, "sweep_1", to_do[:2])
        assert [one.member_id for one in sweep_people.undone(session, "sweep_1", 10)] == [BEN.id, EVE.id]
        sweep_people.mark_failed(session, "sweep_1", sweep_people.undone(session, "sweep_1", 1))
        assert [one.member_id for one in sweep_people.undone(session, "sweep_1", 10)] == [EVE.id]
        outcome = sweep_people.outcome(session, "sweep_1")
        assert (outcome.done, outcome.spared, outcome.failed, outcome.back) == (1, 0, 1, 1)


def test_reading_anew_forgets_what_was_found(swept: Books) -> None:
    with swept.transaction() as session:
        sweeps.take(session, "sweep_1", "mine", NOON, after(60))
        sweep_people.add(session, "sweep_1", [Found(ANA.id, Verdict.GONE)])
        assert sweeps.read_anew(session, "sweep_1", "mine", "forgotten")
        assert sweep_people.verdicts(session, "sweep_1") == {}
        found = sweeps.get(session, "sweep_1")
        assert found is not None
        assert (found.pages, found.listed, found.why) == (0, 0, "forgotten")
