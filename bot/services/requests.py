"""Asking: drafts, sending, cancelling. An ask either changes nothing or is fully on its way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.deciding import AutoApproved, Decision, NeedsOwners, Rule, decide
from bot.domain.facts import FormFacts, KeyFacts, Occasion, RequestFacts
from bot.domain.keys import Key, KeyKind, KeyState
from bot.domain.people import Team
from bot.domain.requests import Ask, Because, Purpose, Refused, Request, RequestState, Terms
from bot.services.approvals import approved
from bot.services.context import Actor, Purser, changed, record, take_in
from bot.services.duplicates import already_waiting, held_already, in_the_way, same_waiting
from bot.services.facts import (
    charged_budgets,
    gateway_facts,
    key_facts,
    known_models,
    offered_models,
    request_facts,
    team_or_raise,
)
from bot.services.people import refused_by
from bot.services.subjects import subjects
from bot.services.telling import Telling, refresh_card, tell_thread
from storage import keys, people, requests
from storage.engine import Session


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was asked: the channel, and the team when the asker named one."""

    channel_id: str
    team_id: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The request is made: waiting for owners, or approved by a rule."""

    facts: RequestFacts


@dataclass(frozen=True, slots=True)
class Drafted:
    """Written down as a draft, to be looked at before it is sent."""

    facts: RequestFacts


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The asker holds such a key already. The ask is kept as a draft, in case a new key is meant."""

    facts: RequestFacts
    holds: KeyFacts


Outcome = Sent | Drafted | Duplicate | Refused


def form(purser: Purser, actor: Actor, channel_id: str) -> FormFacts | Refused:
    """What the request form offers this person, opened in this channel."""
    with purser.books.reading() as session:
        here = people.team_in_channel(session, channel_id)
        teams = tuple(people.teams_of(session, actor.id))
    if here is not None and here not in teams and purser.authority.owns(actor.member, here):
        teams = (here, *teams)
    if not teams:
        return _nowhere_to_ask(here)
    gateway = purser.default_gateway
    temporary = purser.policy.kinds[KeyKind.TEMPORARY]
    preselected = here if here is not None and here in teams else teams[0]
    return FormFacts(
        teams=teams,
        gateway=gateway_facts(gateway, known_models(purser, gateway)),
        default_seconds=temporary.default_seconds or 0,
        longest_seconds=temporary.longest_seconds or 0,
        team_id=preselected.id,
    )


def ask(purser: Purser, actor: Actor, place: Place, wanted: Ask, *, draft: bool = False) -> Outcome:
    """Ask for a key. `draft` only writes it down for its author to look at.

    Refused, it changes nothing. The same delivery from Slack asks once.
    """
    now = purser.now()
    wanted = _with_defaults(purser, wanted)
    offered: tuple[str, ...] = ()
    if wanted.terms.models and not draft:  # a form only offers what there is, and must answer at once
        offered = offered_models(purser, purser.default_gateway, now)
    with purser.deciding() as session:
        take_in(session, actor)
        team = _team_for(session, place, actor)
        if isinstance(team, Refused):
            return team
        decision = _judge(session, purser, actor, team, wanted, offered)
        if isinstance(decision, Refused):
            return decision
        if refused := in_the_way(session, actor, team, wanted):
            return refused
        request = _new(purser, actor, team, wanted)
        requests.add(session, request)
        changed(session, now)
        if (held := held_already(session, actor, team.id, wanted.kind)) is not None:
            return Duplicate(request_facts(session, purser, request, now), key_facts(session, held, now))
        if draft:
            request = replace(request, rule=decision.rule, approvals_needed=_needed(decision))
            return Drafted(request_facts(session, purser, request, now))
        return _send(session, purser, actor, request, decision)


def send_draft(purser: Purser, actor: Actor, request_id: str) -> Outcome:
    """Send a draft as it stands: from the form's preview, or a new key in spite of the one held."""
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        draft = _own_draft(session, actor, request_id, now)
        if isinstance(draft, Refused):
            return draft
        team = team_or_raise(session, draft.team_id)
        wanted = Ask(draft.kind, draft.terms, draft.reason)
        decision = _judge(session, purser, actor, team, wanted, ())
        if isinstance(decision, Refused):
            return decision
        if refused := in_the_way(session, actor, team, wanted):
            return refused
        return _send(session, purser, actor, draft, decision)


def extend_instead(purser: Purser, actor: Actor, request_id: str) -> Outcome:
    """Turn a draft for a new key into an ask for more time on the key already held."""
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        draft = _own_draft(session, actor, request_id, now)
        if isinstance(draft, Refused):
            return draft
        held = held_already(session, actor, draft.team_id, draft.kind)
        if held is None:
            return Refused(Because.WRONG_STATE, "You no longer hold such a key. Ask again with `/ai-key`.")
        outcome = _extend(session, purser, actor, held, draft.terms.duration_seconds, draft.reason)
        if isinstance(outcome, Sent):
            requests.move(session, draft.id, RequestState.DRAFT, RequestState.CANCELLED)
        return outcome


def extend(purser: Purser, actor: Actor, label: str, seconds: int | None, reason: str) -> Outcome:
    """Ask for more time on a key the asker holds. Owners decide, as for a new key; no new money is asked for."""
    with purser.deciding() as session:
        take_in(session, actor)
        key = keys.labelled(session, label)
        if key is None or key.holder_id != actor.id:
            return Refused(Because.NOT_FOUND, f"You hold no key `{label}`. `/ai-key list` shows those you do.")
        return _extend(session, purser, actor, key, seconds, reason)


def cancel(purser: Purser, actor: Actor, request_id: str) -> RequestFacts | Refused:
    """Take back one's own request before it was decided, or a draft."""
    now = purser.now()
    with purser.deciding() as session:
        request = requests.get(session, request_id)
        if request is None or request.requester_id != actor.id:
            return Refused(Because.NOT_ALLOWED, "Only the person who asked can cancel a request.")
        if request.state is RequestState.DRAFT:
            requests.move(session, request.id, RequestState.DRAFT, RequestState.CANCELLED)
            return request_facts(session, purser, replace(request, state=RequestState.CANCELLED), now)
        if request.state is RequestState.CANCELLED:
            return request_facts(session, purser, request, now)
        if not requests.move(session, request.id, RequestState.WAITING, RequestState.CANCELLED):
            return Refused(Because.WRONG_STATE, f"Too late to cancel: the request is {request.state} already.")
        about = subjects(request)
        seq = record(session, now, actor=actor.id, action="request.cancelled", about=about, once=request.id)
        refresh_card(session, now, request.id, seq)
        tell_thread(session, now, Telling(Occasion.CANCELLED, actor.id, request.id), once=request.id)
        return request_facts(session, purser, replace(request, state=RequestState.CANCELLED), now)


def _extend(session: Session, purser: Purser, actor: Actor, key: Key, seconds: int | None, reason: str) -> Outcome:
    if key.state is not KeyState.LIVE or key.expires_at is None:
        why = "does not end by itself" if key.state is KeyState.LIVE else "is not in use any more"
        return Refused(Because.WRONG_STATE, f"`{key.label}` {why}, so there is nothing to extend.")
    terms = Terms(key.cap_micros, seconds, key.models)
    wanted = _with_defaults(purser, Ask(key.kind, terms, reason, Purpose.EXTEND, key.id))
    team = team_or_raise(session, key.team_id)
    decision = _judge(session, purser, actor, team, wanted, ())
    if isinstance(decision, Refused):
        return decision
    if (same := same_waiting(session, actor, team, wanted)) is not None:
        return already_waiting(same)
    request = _new(purser, actor, team, wanted)
    requests.add(session, request)
    return _send(session, purser, actor, request, decision)


def _send(
    session: Session, purser: Purser, actor: Actor, request: Request, decision: AutoApproved | NeedsOwners
) -> Sent:
    now = purser.now()
    auto = isinstance(decision, AutoApproved)
    wait = purser.policy.claim_within_seconds if auto else purser.policy.give_up_after_seconds
    change = requests.Change(
        rule=decision.rule,
        approvals_needed=_needed(decision),
        created_at=now,
        deadline_at=now + timedelta(seconds=wait),
        decided_at=now if auto else None,
    )
    to = RequestState.APPROVED if auto else RequestState.WAITING
    moved = requests.move(session, request.id, RequestState.DRAFT, to, change)
    assert moved, request.id
    about = subjects(request, amount_micros=request.terms.cap_micros)
    seq = record(
        session,
        now,
        actor=actor.id,
        action="request.made",
        about=about,
        once=request.id,
        reason=request.reason,
    )
    refresh_card(session, now, request.id, seq)
    if auto:
        by = f"rule:{decision.rule}"
        record(session, now, actor=by, action="request.approved", about=about, once=request.id)
        approved(session, request.id, None, now)
    sent = requests.get(session, request.id)
    assert sent is not None
    return Sent(request_facts(session, purser, sent, now))


def _needed(decision: AutoApproved | NeedsOwners) -> int:
    return 0 if isinstance(decision, AutoApproved) else decision.count


def _new(purser: Purser, actor: Actor, team: Team, wanted: Ask) -> Request:
    now = purser.now()
    return Request(
        id=purser.ids.new("req"),
        purpose=wanted.purpose,
        kind=wanted.kind,
        gateway=purser.default_gateway.name,
        team_id=team.id,
        project_id=None,
        requester_id=actor.id,
        asked=wanted.terms,
        terms=wanted.terms,
        reason=wanted.reason,
        state=RequestState.DRAFT,
        rule="",
        approvals_needed=0,
        created_at=now,
        deadline_at=now + timedelta(seconds=purser.policy.draft_seconds),
        channel_id=team.channel_id,
        extends_key_id=wanted.extends_key_id,
    )


def _with_defaults(purser: Purser, wanted: Ask) -> Ask:
    limits = None if wanted.kind is None else purser.policy.kinds.get(wanted.kind)
    if wanted.terms.duration_seconds is not None or limits is None:
        return wanted
    return replace(wanted, terms=replace(wanted.terms, duration_seconds=limits.default_seconds))


def _judge(
    session: Session, purser: Purser, actor: Actor, team: Team, wanted: Ask, offered: tuple[str, ...]
) -> Decision:
    gateway = purser.default_gateway
    if not gateway.capabilities.can_mint:
        return Refused(Because.GATEWAY_CANNOT, f"{gateway.name} cannot make keys, so Purser cannot hand any out.")
    if barrier := purser.authority.barrier_to_ask(actor.member, team):
        return refused_by(barrier)
    budgets = charged_budgets(session, team, None, actor.id, purser.now())
    small = requests.promised_by_rule(session, actor.id, Rule.SMALL_ASK)
    return decide(wanted, purser.policy, budgets, offered, small)


def _team_for(session: Session, place: Place, actor: Actor) -> Team | Refused:
    """The team an ask is charged to: the one named, else the channel's, else the asker's only one."""
    here = people.team_in_channel(session, place.channel_id)
    if place.team_id is not None:
        named = people.team(session, place.team_id)
        return named or Refused(Because.NOT_FOUND, "That team is not there any more.")
    if here is not None:
        return here
    mine = people.teams_of(session, actor.id)
    if len(mine) == 1:
        return mine[0]
    if not mine:
        return _nowhere_to_ask(here)
    channels = " or ".join(f"<#{team.channel_id}>" for team in mine)
    return Refused(
        Because.WRONG_STATE,
        f"You are in several teams. Type it in the channel of the one that pays: {channels}.",
    )


def _nowhere_to_ask(here: Team | None) -> Refused:
    if here is not None:
        text = f"You are not in team {here.name}. Ask one of its owners to type `/ai-team invite @you` here."
        return Refused(Because.NOT_ALLOWED, text)
    text = "You are in no team yet. Ask a team's owner to type `/ai-team invite @you` in its channel."
    return Refused(Because.NOT_ALLOWED, text)


def _own_draft(session: Session, actor: Actor, request_id: str, now: datetime) -> Request | Refused:
    draft = requests.get(session, request_id)
    if draft is None or draft.requester_id != actor.id:
        return Refused(Because.NOT_ALLOWED, "Only the person who wrote this can send it.")
    if draft.state is not RequestState.DRAFT:
        said = "cancelled" if draft.state is RequestState.CANCELLED else "sent"
        return Refused(Because.WRONG_STATE, f"This was {said} already.")
    if now >= draft.deadline_at:
        return Refused(Because.TOO_LATE, "This was left open too long. Ask again with `/ai-key`.")
    return draft
