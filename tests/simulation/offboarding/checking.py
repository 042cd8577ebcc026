"""What must be true of an organisation: on every day, in a calm hour, and at the end."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from bot.domain.keys import Key, KeyState
from bot.domain.leaving_facts import LeavingPart
from bot.domain.requests import RequestState
from bot.services import auditing
from storage import departures, keys, ledger, outbox, people, requests
from tests.simulation.offboarding.organisation import Organisation
from tests.simulation.offboarding.truth import Held, Standing, label

SURELY_HEARD = timedelta(hours=31)
"""By then a look has found out that somebody left: a day, and some hours in which owners were asked."""
GRACE = timedelta(hours=26)
"""How long after its time a key may work on, with all that fails in between."""


def nobody_lost_what_they_need(org: Organisation) -> None:
    """Every key works that has to: of people who are here, restored, taken over, or still to be taken over."""
    now = org.clock.at
    org.truth.time_passed(now)
    lost = [
        key
        for key in org.truth.keys.values()
        if org.truth.standing(key, now, GRACE) is Standing.MUST and not org.gateway.works(key.handle)
    ]
    org.must(not lost, f"{len(lost)} keys are off that must work: {label(lost[:5])} {_as_kept(org, lost[:5])}")


def nobody_who_left_has_a_key(org: Organisation) -> None:
    """In a calm hour: no personal key of a leaver works, nor one that nobody took over in time; and the books agree."""
    now = org.clock.at
    on = [key for key in org.truth.keys.values() if org.gateway.works(key.handle)]
    of_leavers = [key for key in on if key.is_personal and left_before(org, key.holder, now - SURELY_HEARD)]
    org.must(not of_leavers, f"people left and their keys work: {label(of_leavers)} {_as_kept(org, of_leavers)}")
    wrongly = [key for key in on if org.truth.standing(key, now, GRACE) is Standing.MUST_NOT]
    org.must(not wrongly, f"{len(wrongly)} keys work that must not: {label(wrongly[:5])} {_as_kept(org, wrongly[:5])}")
    for key in org.truth.keys.values():
        kept = _kept(org, key)
        org.must((kept.state is KeyState.LIVE) == org.gateway.works(key.handle), f"{kept} {label([key])}")
        org.must(kept.state is KeyState.LIVE or kept.proof is not None, f"off without proof: {kept}")
        if kept.state is KeyState.LIVE and not key.bereft:
            org.must((kept.holder_id, kept.lead_id) == (key.holder, key.lead), f"{kept} is of others: {label([key])}")
            record = org.gateway.held[key.handle].holder
            org.must(record in ("", key.holder), f"the gateway calls {record} the holder: {label([key])}")


def left_before(org: Organisation, person_id: str, at: datetime) -> bool:
    person = org.truth.people[person_id]
    return not person.is_here and person.is_met and person.left[-1] < at


def nobody_who_left_has_a_say(org: Organisation) -> None:
    """In a calm hour: who left is in no team, leads nothing and asks for nothing."""
    gone = {one.id for one in org.truth.gone() if left_before(org, one.id, org.clock.at - SURELY_HEARD)}
    with org.books.reading() as session:
        for team in people.all_teams(session):
            org.must(not gone & {*team.owner_ids, *team.member_ids}, f"{team} has people who left")
            led = {project.lead_id for project in people.projects_of(session, team.id)}
            org.must(not gone & led, f"projects of {team.name} are led by {gone & led}")
        open_ones = requests.in_state(session, RequestState.DRAFT, RequestState.WAITING, RequestState.APPROVED)
    theirs = [
        request for request in open_ones if request.requester_id in gone and request.state is not RequestState.DRAFT
    ]
    org.must(not theirs, f"people left, and what they asked for waits: {theirs[:3]}")


def nobody_decided_after_they_left(org: Organisation) -> None:
    """Nothing in the ledger was done by somebody who was not there at that moment."""
    with org.books.reading() as session:
        for row in ledger.stream(session):
            person = org.truth.people.get(row.actor)
            if person is not None and row.action != "key.revealed":
                org.must(person.was_here(row.at), f"{person} had left: {row}")


def each_leave_was_noticed_once(org: Organisation) -> int:
    """One departure for each leave that was heard of, one row of the ledger each, one message in each team concerned.

    Returns how many there were.
    """
    with org.books.reading() as session:
        every = departures.recent(session)
        rows = Counter(row.idempotency_key for row in ledger.entries(session, action="member.left"))
        concerned = {one.id: departures.teams(session, one.id) for one in every}
        left = {one.id: departures.keys_of(session, one.id) for one in every}
    org.must(len(rows) == len(every), f"{len(every)} departures, {len(rows)} rows")
    noticed = Counter(one.member_id for one in every)
    for person in org.truth.people.values():
        count = noticed.pop(person.id, 0)
        if person.is_met:
            org.must(len(person.heard) <= count <= len(person.left), f"{count} departures of {person}")
    org.must(not any(noticed.values()), f"departures of nobody: {noticed}")
    posted, stopped = Counter(_departure_posts(org)), Counter(_told_of_stops(org))
    twice = [where for where, count in (posted + stopped).items() if count > 1]
    org.must(not twice, f"told twice: {twice}")
    for departure_id, teams in concerned.items():
        for one in teams:
            waited = any(key.team_id == one.team_id for key in left[departure_id])
            org.must(posted[departure_id, one.team_id] or not waited, f"nobody was told of {one}: {left[departure_id]}")
    return len(every)


def _departure_posts(org: Organisation) -> list[tuple[Any, ...]]:
    """Every message about somebody's leaving that stands in a team's channel, by departure and team."""
    return [
        (said.notice.facts.departure.id, said.notice.facts.team.id)
        for said in org.channels.departures
        if said.where.startswith("channel:")
    ]


def _told_of_stops(org: Organisation) -> list[tuple[Any, ...]]:
    """Every line that says that nobody took keys over in time, by departure, team and keys."""
    return [
        (said.notice.facts.departure.id, said.notice.facts.team.id, said.notice.key_ids)
        for said in org.channels.departures
        if said.where.startswith("thread:") and said.notice.part is LeavingPart.STOPPED
    ]


def the_books_are_whole(org: Organisation) -> None:
    report = auditing.verify(org.books)
    org.must(report.ok, report.lines)
    with org.books.reading() as session:
        dead = outbox.dead(session)
    org.must(not dead, f"given up: {dead[:3]}")


def the_fuse_did_its_work(org: Organisation) -> None:
    """Each cause has stopped a look at least once; that none did without cause was seen to on the day."""
    causes = set(org.figures.trips)
    org.must({"people", "keys", "short", "workspace"} <= causes, f"the year tried only {causes}")


def _kept(org: Organisation, key: Held) -> Key:
    with org.books.reading() as session:
        found = keys.get(session, key.id)
    assert found is not None
    return found


def _as_kept(org: Organisation, some: list[Held]) -> list[str]:
    """What the books say of keys, for a failing test."""
    told = []
    with org.books.reading() as session:
        for key in some:
            kept = keys.get(session, key.id)
            assert kept is not None
            left = departures.of_key(session, key.id)
            told.append(f"{kept.state} {kept.off_cause} {kept.off_reason} off={kept.off_at} {left}")
    return told
