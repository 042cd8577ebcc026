"""Deciding: an owner's approve or deny, and what follows. Of two words at once, the first one counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.allowing import end_refused
from bot.domain.deciding import Agreed, OneMore, Rule, judge_approval, lead_refused
from bot.domain.facts import Occasion, RequestFacts
from bot.domain.keys import can_be_raised, extended_expiry
from bot.domain.people import Team
from bot.domain.policy import Who
from bot.domain.requests import Approval, Because, Purpose, Refused, Request, RequestState, Terms, Verdict
from bot.services import extending, raised
from bot.services.changing import Changes, changed_terms
from bot.services.context import Actor, Purser, record, take_in
from bot.services.deciders import barrier_to_decide, decider
from bot.services.facts import gateway_facts, known_models, offered_models, request_facts, team_or_raise
from bot.services.failpoints import Failpoint
from bot.services.limits import asking_of_raise, charged_by, raised_by
from bot.services.refusing import refused_by
from bot.services.resolving import lead_gone
from bot.services.subjects import subjects
from bot.services.telling import Telling, refresh_card, tell_people, tell_thread
from storage import keys, people, requests
from storage.engine import Session

__all__ = [
    "AlreadyDecided",
    "Changes",
    "Decided",
    "Outcome",
    "approve",
    "approved",
    "deny",
    "open_for",
]


@dataclass(frozen=True, slots=True)
class Decided:
    """This word decided the request, or counted towards it."""

    facts: RequestFacts


@dataclass(frozen=True, slots=True)
class AlreadyDecided:
    """Somebody, or time, was faster, or this owner has agreed before. Not an error: the facts say who and what."""

    facts: RequestFacts


Outcome = Decided | AlreadyDecided | Refused


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
    offered = purser.policy.models
    if changes.models:
        offered = offered_models(purser, purser.default_gateway, now)
    with purser.deciding() as session:
        take_in(session, actor)
        found = _decidable(session, purser, actor, request_id, now)
        if not isinstance(found, tuple):
            return found
        request, team = _with_standing_words(session, purser, *found)
        terms = changed_terms(request, changes, now, purser.policy.models)
        if isinstance(terms, Refused):
            return terms
        judged = _pointless(session, purser, request, team, terms) or _judge(
            session, purser, actor, request, terms, offered
        )
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


def _judge(
    session: Session, purser: Purser, actor: Actor, request: Request, terms: Terms, offered: tuple[str, ...]
) -> Agreed | OneMore | Refused:
    team = team_or_raise(session, request.team_id)
    project = None if request.project_id is None else people.project(session, request.project_id)
    who = decider(session, purser, actor, team, request)
    asking = replace(
        asking_of_raise(session, request.target, raised_by(session, purser, request)),
        team=team.name,
        gateway=request.gateway,
        standing=Who.LEADS if who.is_only_lead else Who.OWNERS,
        offered=offered,
        model_groups=purser.gateways[request.gateway].capabilities.model_groups,
    )
    budgets = charged_by(session, purser, request, team, project)
    return judge_approval(request, who, terms, purser.policy, budgets, asking)


def deny(purser: Purser, actor: Actor, request_id: str, reason: str) -> Outcome:
    """An owner's no, with the reason the requester reads. One no is enough."""
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        found = _decidable(session, purser, actor, request_id, now)
        if not isinstance(found, tuple):
            return found
        request, team = found
        if decider(session, purser, actor, team, request).is_only_lead and (
            refused := lead_refused(request, request.terms.cap_micros, purser.policy)
        ):
            return refused
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


def approved(session: Session, purser: Purser, request_id: str, by: str | None, now: datetime) -> None:
    """What follows an approval, whoever gave it: the requester is told, or the extension or raise is made."""
    request = requests.get(session, request_id)
    assert request is not None
    telling = Telling(Occasion.APPROVED, by, request.id, request.extends_key_id)
    if not raised.stands_at_once(request):  # what does is told in one line: approved, and raised
        tell_thread(session, now, telling, once=request.id)
    match request.purpose:
        case Purpose.ISSUE | Purpose.ROTATE:
            tell_people(session, now, telling, (request.requester_id,), once=request.id)
        case Purpose.RAISE:
            raised.applied(session, purser, request, by, now)
        case Purpose.EXTEND:
            _extend(session, request, now)


def _extend(session: Session, request: Request, now: datetime) -> None:
    key = keys.get(session, request.extends_key_id or "")
    assert key is not None
    assert request.terms.duration_seconds is not None
    until = extended_expiry(key, request.terms.duration_seconds, now)
    extending.wanted(session, now, extending.Extension(request.id, key.id, until), once=request.id)


def _decidable(
    session: Session, purser: Purser, actor: Actor, request_id: str, now: datetime
) -> tuple[Request, Team] | AlreadyDecided | Refused:
    request = requests.get(session, request_id)
    if request is None or request.state is RequestState.DRAFT:
        return Refused(Because.NOT_FOUND, "Purser does not know this request.")
    team = team_or_raise(session, request.team_id)
    if barrier := barrier_to_decide(session, purser, actor.member, team, request):
        return refused_by(barrier)
    if request.state is not RequestState.WAITING:
        return AlreadyDecided(request_facts(session, purser, request, now))
    if now >= request.deadline_at:
        return Refused(Because.TOO_LATE, "Nobody decided in time, so this request has ended. It can be asked anew.")
    return request, team


def _with_standing_words(session: Session, purser: Purser, request: Request, team: Team) -> tuple[Request, Team]:
    """The request without the words of people who could no longer say them: authority is looked up now."""
    able = {
        person.id
        for person in people.members(session, (word.owner_id for word in request.approvals))
        if barrier_to_decide(session, purser, person, team, request) is None
    }
    words = tuple(word for word in request.approvals if word.owner_id in able)
    return replace(request, approvals=words), team


def _pointless(session: Session, purser: Purser, request: Request, team: Team, terms: Terms) -> Refused | None:
    """Why agreeing would lead to nothing: people, the key or the time it is for are gone."""
    return (
        _requester_gone(session, purser, request, team)
        or _lead_gone(session, purser, request, team)
        or _key_gone(session, request)
        or (end_refused(terms.ends_at, purser.now()) if request.purpose is Purpose.RAISE else None)
    )


def _requester_gone(session: Session, purser: Purser, request: Request, team: Team) -> Refused | None:
    """Whether the requester has left the workspace or the team since asking."""
    requester = people.member(session, request.requester_id)
    if requester is None or purser.authority.barrier_to_ask(requester, team) is None:
        return None
    left = "has left the workspace" if requester.is_departed else f"is not in team {team.name} any more"
    lost = "nobody needs this raise" if request.purpose is Purpose.RAISE else "nobody could use this key"
    return Refused(Because.NOT_ALLOWED, f"<@{requester.id}> {left}, so {lost}. Deny it instead.")


def _lead_gone(session: Session, purser: Purser, request: Request, team: Team) -> Refused | None:
    """Whether the one who was to answer for the key has left the workspace or the team since it was asked for."""
    if request.lead_id is None or not lead_gone(session, purser, team, request.lead_id):
        return None
    text = f"<@{request.lead_id}> is not in team {team.name} any more, so nobody would answer for this key. Deny it."
    return Refused(Because.WRONG_LEAD, text)


def _key_gone(session: Session, request: Request) -> Refused | None:
    """Whether the key to be extended or raised is off. One that a limit stopped is worth more money, or time."""
    key = None if request.extends_key_id is None else keys.get(session, request.extends_key_id)
    if key is None or can_be_raised(key):
        return None
    what = "raise" if request.purpose is Purpose.RAISE else "extend"
    text = f"`{key.label}` is not in use any more, so there is nothing to {what}. Deny it instead."
    return Refused(Because.WRONG_STATE, text)


def _has_agreed(request: Request, actor: Actor) -> bool:
    return any(word.owner_id == actor.id for word in request.standing(Verdict.APPROVE))


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
        deadline_at=judged.terms.ends_at or now + timedelta(seconds=purser.policy.claim_within_seconds),
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
    approved(session, purser, request.id, actor.id, now)


def _say_yes(session: Session, request: Request, actor: Actor, terms: Terms, now: datetime) -> None:
    note = "" if terms == request.terms else "with changes"
    word = Approval(actor.id, Verdict.APPROVE, note, stands=True, at=now)
    requests.say(session, f"{request.id}:{actor.id}", request.id, word)


def _facts_now(session: Session, purser: Purser, request_id: str, now: datetime) -> RequestFacts:
    request = requests.get(session, request_id)
    assert request is not None
    return request_facts(session, purser, request, now)
