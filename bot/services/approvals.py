"""Deciding: an owner's approve or deny, and what follows. Of two words at once, the first one counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.deciding import Agreed, OneMore, Rule, judge_approval
from bot.domain.facts import Occasion, RequestFacts
from bot.domain.keys import KeyState, extended_expiry
from bot.domain.people import Team
from bot.domain.requests import Approval, Because, Purpose, Refused, Request, RequestState, Terms, Verdict
from bot.services.context import Actor, Purser, effect, record, take_in
from bot.services.facts import (
    charged_budgets,
    gateway_facts,
    known_models,
    offered_models,
    request_facts,
    team_or_raise,
)
from bot.services.failpoints import Failpoint
from bot.services.people import refused_by
from bot.services.subjects import subjects
from bot.services.telling import Telling, key_stream, refresh_card, tell_people, tell_thread
from storage import keys, people, requests
from storage.engine import Session

EXTEND = "gateway.extend"


@dataclass(frozen=True, slots=True)
class Decided:
    """This word decided the request, or counted towards it."""

    facts: RequestFacts


@dataclass(frozen=True, slots=True)
class AlreadyDecided:
    """Somebody, or time, was faster, or this owner has agreed before. Not an error: the facts say who and what."""

    facts: RequestFacts


Outcome = Decided | AlreadyDecided | Refused


@dataclass(frozen=True, slots=True)
class Changes:
    """What an owner wants changed before agreeing; None leaves a term as it was asked."""

    cap_micros: int | None = None
    duration_seconds: int | None = None
    models: tuple[str, ...] | None = None
    daily_cap_micros: int | None = None
    ends_at: datetime | None = None
    """When a raise falls back."""

    def applied_to(self, terms: Terms) -> Terms:
        """The terms with the changes made."""
        return Terms(
            terms.cap_micros if self.cap_micros is None else self.cap_micros,
            terms.duration_seconds if self.duration_seconds is None else self.duration_seconds,
            terms.models if self.models is None else self.models,
            terms.daily_cap_micros if self.daily_cap_micros is None else self.daily_cap_micros,
            terms.ends_at if self.ends_at is None else self.ends_at,
        )


_NO_CHANGES = Changes()


def open_for(purser: Purser, actor: Actor, request_id: str) -> RequestFacts | AlreadyDecided | Refused:
    """The request, if this person could decide it now: for the forms behind the buttons. Changes nothing."""
    now = purser.now()
    with purser.books.reading() as session:
        found = _decidable(session, purser, actor, request_id, now)
        if not isinstance(found, tuple):
            return found
        facts = request_facts(session, purser, found[0], now)
    gateway = purser.gateways[facts.request.gateway]
    return replace(facts, gateway=gateway_facts(gateway, known_models(purser, gateway)))


def approve(purser: Purser, actor: Actor, request_id: str, changes: Changes = _NO_CHANGES) -> Outcome:
    """An owner's yes. Authority, headroom and the request's state are looked up now, in one transaction."""
    now = purser.now()
    models = purser.policy.models
    if changes.models:
        models = offered_models(purser, purser.default_gateway, now)
    with purser.deciding() as session:
        take_in(session, actor)
        found = _decidable(session, purser, actor, request_id, now)
        if not isinstance(found, tuple):
            return found
        request, team = _with_standing_words(session, purser, *found)
        if pointless := _cannot_use(session, purser, request, team) or _nothing_to_extend(session, request):
            return pointless
        terms = changes.applied_to(request.terms)
        project = None if request.project_id is None else people.project(session, request.project_id)
        budgets = charged_budgets(session, team, project, request.requester_id, now)
        judged = judge_approval(request, actor.id, terms, purser.policy, budgets, models)
        match judged:
            case Refused():
                return judged
            case OneMore() if judged.terms == request.terms and _has_agreed(request, actor):
                return AlreadyDecided(request_facts(session, purser, request, now))
            case OneMore():
                _count(session, request, actor, judged, now)
            case Agreed():
                _agree(session, purser, request, actor, judged, now)
        outcome = Decided(_facts_now(session, purser, request.id, now))
    purser.failpoint(Failpoint.AFTER_DECISION_COMMIT)
    return outcome


def deny(purser: Purser, actor: Actor, request_id: str, reason: str) -> Outcome:
    """An owner's no, with the reason the requester reads. One no is enough."""
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        found = _decidable(session, purser, actor, request_id, now)
        if not isinstance(found, tuple):
            return found
        request, _ = found
        word = Approval(actor.id, Verdict.DENY, reason, stands=True, at=now)
        requests.say(session, f"{request.id}:{actor.id}", request.id, word)
        change = requests.Change(decided_at=now)
        moved = requests.move(session, request.id, RequestState.WAITING, RequestState.DENIED, change)
        assert moved, request.id
        about = subjects(request)
        seq = record(session, now, actor=actor.id, action="request.denied", about=about, once=request.id, reason=reason)
        refresh_card(session, now, request.id, seq)
        telling = Telling(Occasion.DENIED, actor.id, request.id, request.extends_key_id, note=reason)
        tell_thread(session, now, telling, once=request.id)
        tell_people(session, now, telling, (request.requester_id,), once=request.id)
        return Decided(_facts_now(session, purser, request.id, now))


def approved(session: Session, request_id: str, by: str | None, now: datetime) -> None:
    """What follows an approval, whoever gave it: the requester is told, or the extension is made."""
    request = requests.get(session, request_id)
    assert request is not None
    telling = Telling(Occasion.APPROVED, by, request.id, request.extends_key_id)
    tell_thread(session, now, telling, once=request.id)
    if request.purpose is Purpose.ISSUE:
        tell_people(session, now, telling, (request.requester_id,), once=request.id)
        return
    key = keys.get(session, request.extends_key_id or "")
    assert key is not None
    assert request.terms.duration_seconds is not None
    until = extended_expiry(key, request.terms.duration_seconds, now)
    payload = {"request_id": request.id, "key_id": key.id, "expires_at": until.isoformat()}
    effect(session, now, stream=key_stream(key.id), name=EXTEND, payload=payload, once=request.id)


def _decidable(
    session: Session, purser: Purser, actor: Actor, request_id: str, now: datetime
) -> tuple[Request, Team] | AlreadyDecided | Refused:
    request = requests.get(session, request_id)
    if request is None or request.state is RequestState.DRAFT:
        return Refused(Because.NOT_FOUND, "Purser does not know this request.")
    team = team_or_raise(session, request.team_id)
    if barrier := purser.authority.barrier_to_decide(actor.member, team, request.requester_id):
        return refused_by(barrier)
    if request.state is not RequestState.WAITING:
        return AlreadyDecided(request_facts(session, purser, request, now))
    if now >= request.deadline_at:
        return Refused(Because.TOO_LATE, "Nobody decided in time, so this request has ended. It can be asked anew.")
    return request, team


def _with_standing_words(session: Session, purser: Purser, request: Request, team: Team) -> tuple[Request, Team]:
    """The request without the words of people who could no longer say them: authority is looked up now."""
    owners = {
        person.id
        for person in people.members(session, (word.owner_id for word in request.approvals))
        if purser.authority.barrier_to_own(person, team) is None
    }
    words = tuple(word for word in request.approvals if word.owner_id in owners)
    return replace(request, approvals=words), team


def _cannot_use(session: Session, purser: Purser, request: Request, team: Team) -> Refused | None:
    """Whether the requester has left the workspace or the team since asking."""
    requester = people.member(session, request.requester_id)
    if requester is None or purser.authority.barrier_to_ask(requester, team) is None:
        return None
    left = "has left the workspace" if requester.is_departed else f"is not in team {team.name} any more"
    text = f"<@{requester.id}> {left}, so nobody could use this key. Deny it instead."
    return Refused(Because.NOT_ALLOWED, text)


def _has_agreed(request: Request, actor: Actor) -> bool:
    return any(word.owner_id == actor.id for word in request.standing(Verdict.APPROVE))


def _nothing_to_extend(session: Session, request: Request) -> Refused | None:
    key = keys.get(session, request.extends_key_id or "")
    if request.purpose is not Purpose.EXTEND or key is None or key.state is KeyState.LIVE:
        return None
    text = f"`{key.label}` is not in use any more, so there is nothing to extend. Deny it instead."
    return Refused(Because.WRONG_STATE, text)


def _count(session: Session, request: Request, actor: Actor, judged: OneMore, now: datetime) -> None:
    """One yes of several: write it down and ask for the others."""
    if judged.terms != request.terms:
        requests.unsay_all(session, request.id)
    change = requests.Change(terms=judged.terms, rule=judged.rule, approvals_needed=judged.needed)
    moved = requests.move(session, request.id, RequestState.WAITING, RequestState.WAITING, change)
    assert moved, request.id
    once = f"{request.id}:{actor.delivery}"
    _say_yes(session, request, actor, judged.terms, now)
    about = subjects(request, amount_micros=judged.terms.cap_micros)
    seq = record(session, now, actor=actor.id, action="request.seconded", about=about, once=once)
    refresh_card(session, now, request.id, seq)
    tell_thread(session, now, Telling(Occasion.NEEDS_ONE_MORE, actor.id, request.id), once=once)


def _agree(session: Session, purser: Purser, request: Request, actor: Actor, judged: Agreed, now: datetime) -> None:
    if judged.terms != request.terms:
        requests.unsay_all(session, request.id)
    change = requests.Change(
        terms=judged.terms,
        rule=judged.rule,
        approvals_needed=2 if judged.rule is Rule.TWO_OWNERS else 1,
        deadline_at=now + timedelta(seconds=purser.policy.claim_within_seconds),
        decided_at=now,
    )
    moved = requests.move(session, request.id, RequestState.WAITING, RequestState.APPROVED, change)
    assert moved, request.id
    _say_yes(session, request, actor, judged.terms, now)
    about = subjects(request, amount_micros=judged.terms.cap_micros)
    seq = record(
        session,
        now,
        actor=actor.id,
        action="request.approved",
        about=about,
        once=request.id,
        reason=judged.rule,
    )
    refresh_card(session, now, request.id, seq)
    approved(session, request.id, actor.id, now)


def _say_yes(session: Session, request: Request, actor: Actor, terms: Terms, now: datetime) -> None:
    note = "" if terms == request.terms else "with changes"
    word = Approval(actor.id, Verdict.APPROVE, note, stands=True, at=now)
    requests.say(session, f"{request.id}:{actor.id}", request.id, word)


def _facts_now(session: Session, purser: Purser, request_id: str, now: datetime) -> RequestFacts:
    request = requests.get(session, request_id)
    assert request is not None
    return request_facts(session, purser, request, now)
