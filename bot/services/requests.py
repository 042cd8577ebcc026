"""Asking: drafts, sending, cancelling. An ask either changes nothing or is fully on its way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.deciding import Asking, Decision, Rule, decide
from bot.domain.facts import FormFacts, KeyFacts, Occasion, RequestFacts
from bot.domain.keys import Key, KeyKind, can_be_extended, can_be_raised
from bot.domain.people import Team
from bot.domain.periods import week_start
from bot.domain.policy import KindPolicy
from bot.domain.requests import Ask, Because, Purpose, Refused, Request, RequestState, Terms
from bot.gateways.base import Gateway
from bot.services.context import Actor, Purser, changed, record, take_in
from bot.services.deciders import lead_who_agrees, standing
from bot.services.duplicates import already_waiting, held_already, in_the_way, same_waiting
from bot.services.facts import gateway_facts, key_facts, known_models, offered_models, request_facts, team_or_raise
from bot.services.limits import binding_limits
from bot.services.people import refused_by
from bot.services.resolving import Meant, as_wanted, resolve
from bot.services.sending import needed, new_request, send
from bot.services.sharing import successor
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
        projects = tuple(project for team in teams for project in people.projects_of(session, team.id))
    if not teams:
        return nowhere_to_ask(here)
    gateway = purser.default_gateway
    temporary = purser.policy.kinds.get(KeyKind.TEMPORARY, KindPolicy())
    preselected = here if here is not None and here in teams else teams[0]
    return FormFacts(
        teams=teams,
        gateway=gateway_facts(gateway, known_models(purser, gateway)),
        default_seconds=temporary.default_seconds or 0,
        longest_seconds=temporary.longest_seconds or 0,
        team_id=preselected.id,
        projects=projects,
    )


def ask(purser: Purser, actor: Actor, place: Place, wanted: Ask, *, draft: bool = False) -> Outcome:
    """Ask for a key. `draft` only writes it down for its author to look at.

    Refused, it changes nothing. The same delivery from Slack asks once.
    """
    now = purser.now()
    gateway = purser.default_gateway
    offered: tuple[str, ...] = ()
    if wanted.terms.models and not draft:  # a form only offers what there is, and must answer at once
        offered = offered_models(purser, gateway, now)
    with purser.deciding() as session:
        take_in(session, actor)
        team = team_for(session, place, actor)
        if isinstance(team, Refused):
            return team
        meant = resolve(session, purser, team, wanted)
        if isinstance(meant, Refused):
            return meant
        decision = _judge(session, purser, actor, meant, gateway, offered)
        if isinstance(decision, Refused):
            return decision
        if refused := in_the_way(session, purser, actor, meant, gateway.name):
            return refused
        request = new_request(purser, actor, meant, gateway.name)
        requests.add(session, request)
        changed(session, now)
        if (held := held_already(session, actor, meant, gateway.name)) is not None:
            return Duplicate(request_facts(session, purser, request, now), key_facts(session, held, now))
        if draft:
            request = replace(request, rule=decision.rule, approvals_needed=needed(decision))
            return Drafted(request_facts(session, purser, request, now))
        return Sent(send(session, purser, actor, request, decision))


def send_draft(purser: Purser, actor: Actor, request_id: str) -> Outcome:
    """Send a draft as it stands: from the form's preview, or a new key in spite of the one held."""
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        draft = _own_draft(session, actor, request_id, now)
        if isinstance(draft, Refused):
            return draft
        meant = resolve(session, purser, team_or_raise(session, draft.team_id), as_wanted(session, draft))
        if isinstance(meant, Refused):
            return meant
        decision = _judge(session, purser, actor, meant, purser.gateways[draft.gateway])
        if isinstance(decision, Refused):
            return decision
        if refused := in_the_way(session, purser, actor, meant, draft.gateway):
            return refused
        return Sent(send(session, purser, actor, draft, decision))


def extend_instead(purser: Purser, actor: Actor, request_id: str) -> Outcome:
    """Turn a draft for a new key into an ask for more time on the key already held."""
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        draft = _own_draft(session, actor, request_id, now)
        if isinstance(draft, Refused):
            return draft
        meant = Meant(as_wanted(session, draft), team_or_raise(session, draft.team_id))
        held = held_already(session, actor, meant, draft.gateway)
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
    if (heir := successor(session, key)) is not None:
        text = f"`{heir.label}` has taken the place of `{key.label}`. Extend that one: "
        return Refused(Because.WRONG_STATE, f"{text}`/ai-key extend {heir.label} 7d`.")
    if not can_be_extended(key):
        why = "does not end by itself" if can_be_raised(key) else "is not in use any more"
        return Refused(Because.WRONG_STATE, f"`{key.label}` {why}, so there is nothing to extend.")
    kind = purser.policy.kinds.get(key.kind)
    terms = Terms(key.cap_micros, seconds or (None if kind is None else kind.default_seconds), key.models)
    wanted = Ask(key.kind, terms, reason, Purpose.EXTEND, key.id)
    project = None if key.project_id is None else people.project(session, key.project_id)
    meant = Meant(wanted, team_or_raise(session, key.team_id), project)
    decision = _judge(session, purser, actor, meant, purser.gateways[key.gateway])
    if isinstance(decision, Refused):
        return decision
    if (same := same_waiting(session, actor, meant)) is not None:
        return already_waiting(same)
    request = new_request(purser, actor, meant, key.gateway)
    requests.add(session, request)
    return Sent(send(session, purser, actor, request, decision))


def _judge(
    session: Session, purser: Purser, actor: Actor, meant: Meant, gateway: Gateway, offered: tuple[str, ...] = ()
) -> Decision:
    if not gateway.capabilities.can_mint:
        return Refused(Because.GATEWAY_CANNOT, f"{gateway.name} cannot make keys, so Purser cannot hand any out.")
    team, project, now = meant.team, meant.project, purser.now()
    if barrier := purser.authority.barrier_to_ask(actor.member, team):
        return refused_by(barrier)
    budgets = binding_limits(session, purser, team, project, actor.id, meant.ask.kind)
    asking = Asking(
        team=team.name,
        gateway=gateway.name,
        standing=standing(session, purser, actor.member, team),
        granted_micros=requests.granted_by_rule(session, actor.id, Rule.SMALL_ASK, week_start(now)),
        has_lead=lead_who_agrees(session, purser, team, project) not in (None, actor.id),
        offered=offered,
        model_groups=gateway.capabilities.model_groups,
    )
    return decide(meant.ask, purser.policy, budgets, asking)


def team_for(session: Session, place: Place, actor: Actor) -> Team | Refused:
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
        return nowhere_to_ask(here)
    channels = " or ".join(f"<#{team.channel_id}>" for team in mine)
    return Refused(
        Because.WRONG_STATE,
        f"You are in several teams. Type it in the channel of the one that pays: {channels}.",
    )


def nowhere_to_ask(here: Team | None) -> Refused:
    """What somebody reads who is in no team that could be charged."""
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
