"""Requests of somebody who leaves: their own close, those they would decide pass to others, their yes counts no more.

Within the transaction that notices the departure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.domain.budgets import Layer
from bot.domain.facts import Occasion
from bot.domain.offboarding import Departure
from bot.domain.people import Member, Role
from bot.domain.requests import Purpose, Request, RequestState, Target
from bot.services.context import Purser, record
from bot.services.facts import asked_of as asked_now
from bot.services.subjects import subjects
from bot.services.telling import Telling, refresh_card, tell_people, tell_thread
from storage import people, requests
from storage.engine import Session

UNDECIDED = (RequestState.DRAFT, RequestState.WAITING, RequestState.APPROVED)


def asked_of(session: Session, purser: Purser, leaver: Member) -> Mapping[str, tuple[str, ...]]:
    """Who is asked now about each request that somebody who is about to leave might decide, by request id."""
    owned = {team.id for team in people.teams_of(session, leaver.id) if team.role_of(leaver.id) is Role.OWNER}
    led = {project.id for project in people.projects_led(session, leaver.id)}
    everywhere = leaver.id in purser.authority.workspace_owner_ids or leaver.id in purser.policy.quiet_approvers
    if not (owned or led or everywhere):
        return {}
    return {
        request.id: asked_now(session, purser, request)
        for request in requests.in_state(session, RequestState.WAITING)
        if everywhere or request.team_id in owned or request.project_id in led
    }


def close_all(session: Session, purser: Purser, departure: Departure, why: str) -> None:
    """What the leaver asked for closes: drafts, what waits for a word, and what was agreed and nobody has revealed.

    More time or money that was agreed is on its way to the gateway already; where its key goes off, it lapses with it.
    A raise of the leaver's own budget that somebody else asked for closes as well.
    """
    for request in requests.of_requester(session, departure.member_id, *UNDECIDED):
        is_on_its_way = request.state is RequestState.APPROVED and request.purpose in (Purpose.EXTEND, Purpose.RAISE)
        if not is_on_its_way:
            _close(session, departure, request, why)
    for request in requests.raises_of(session, Target(Layer.MEMBER, departure.member_id), RequestState.WAITING):
        _close(session, departure, request, why)
    _move_leads(session, purser, departure, why)


def pass_on(
    session: Session, purser: Purser, departure: Departure, why: str, before: Mapping[str, Sequence[str]]
) -> None:
    """What waited for the leaver's word waits for others: its card says so, and who is asked now is told.

    What the leaver agreed to and still waits for another owner is agreed to by one owner less.
    """
    now, changed = departure.noticed_at, set()
    for request in requests.agreed_by(session, departure.member_id, RequestState.WAITING):
        requests.unsay(session, request.id, departure.member_id)
        reason = f"{why}, so what they approved no longer counts"
        once = f"{request.id}:{departure.id}"
        actor = departure.noticed_by
        record(session, now, actor=actor, action="request.unsaid", about=subjects(request), once=once, reason=reason)
        telling = Telling(Occasion.APPROVER_LEFT, departure.member_id, request.id)
        tell_thread(session, now, telling, once=once)
        changed.add(request.id)
    for request_id, asked in before.items():
        waiting = requests.get(session, request_id)
        if waiting is None or waiting.state is not RequestState.WAITING:
            continue
        after = asked_now(session, purser, waiting)
        if tuple(after) == tuple(asked):
            continue
        changed.add(request_id)
        telling = Telling(Occasion.ASKED_INSTEAD, departure.member_id, request_id)
        fresh = [owner for owner in after if owner not in asked]
        tell_people(session, now, telling, fresh, once=f"{request_id}:{departure.id}")
    for request_id in sorted(changed):
        refresh_card(session, now, request_id, f"left:{departure.id}")


def able(session: Session, purser: Purser, member_ids: Iterable[str]) -> tuple[str, ...]:
    """Those of these owners who are here and no guests, in this order. People Purser has not met count as here."""
    wanted = tuple(dict.fromkeys(member_ids))
    unable = {
        person.id
        for person in people.members(session, wanted)
        if person.is_guest or purser.authority.stranger(person) is not None
    }
    return tuple(one for one in wanted if one not in unable)


def _close(session: Session, departure: Departure, request: Request, why: str) -> None:
    """Close one request. Who asked for it and is still here is told; nobody has to decide about it any more."""
    now = departure.noticed_at
    change = requests.Change(decided_at=now)
    if not requests.move(session, request.id, request.state, RequestState.CANCELLED, change):
        return
    if request.state is RequestState.DRAFT:
        return
    actor, about = departure.noticed_by, subjects(request)
    seq = record(session, now, actor=actor, action="request.cancelled", about=about, once=request.id, reason=why)
    refresh_card(session, now, request.id, seq)
    telling = Telling(Occasion.CANCELLED, None, request.id, request.extends_key_id)
    tell_thread(session, now, telling, once=request.id)
    if request.requester_id != departure.member_id:
        tell_people(session, now, telling, (request.requester_id,), once=request.id)


def _move_leads(session: Session, purser: Purser, departure: Departure, why: str) -> None:
    """Of keys that others asked for and that the leaver was to answer for, the project's lead or an owner does."""
    now = departure.noticed_at
    for request in requests.led_by(session, departure.member_id, *UNDECIDED):
        team = people.team(session, request.team_id)
        project = None if request.project_id is None else people.project(session, request.project_id)
        owners = () if team is None else (*team.owner_ids, *sorted(purser.authority.workspace_owner_ids))
        named = (() if project is None else (project.lead_id,)) + owners
        heir = next(iter(able(session, purser, [one for one in named if one != departure.member_id])), None)
        if heir is None:
            continue
        requests.set_lead(session, request.id, heir)
        reason = f"{why}; <@{heir}> answers for the key instead"
        once = f"{request.id}:{departure.id}"
        actor, about = departure.noticed_by, subjects(request)
        seq = record(session, now, actor=actor, action="request.led", about=about, once=once, reason=reason)
        refresh_card(session, now, request.id, seq)
