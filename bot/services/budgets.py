"""What `/ai-budget` shows: every limit that binds a person, and what waits for their word. Reads only."""

from __future__ import annotations

from bot.domain.budgets import Layer
from bot.domain.deciding import lead_refused
from bot.domain.facts import BudgetFacts, RequestFacts
from bot.domain.people import Team
from bot.domain.periods import month_end, month_start
from bot.domain.requests import Refused, Request, RequestState, Verdict
from bot.services.context import Actor, Purser
from bot.services.deciders import barrier_to_decide, decider
from bot.services.facts import HELD, request_facts, team_or_raise
from bot.services.requests import nowhere_to_ask
from bot.services.targets import bound_by
from storage import keys, people, requests, syncs, usage
from storage.engine import Session


def show(purser: Purser, actor: Actor, channel_id: str) -> BudgetFacts | Refused:
    """Every limit that binds this person, the channel's team first: budgets, then their keys."""
    now = purser.now()
    with purser.books.reading() as session:
        here = people.team_in_channel(session, channel_id)
        teams = _teams(session, purser, actor, here)
        limits = tuple(stands for _, stands in bound_by(session, purser, actor, teams))
        if not teams and not limits:
            return nowhere_to_ask(here)
        used = {key.id for team in teams for key in keys.under(session, Layer.TEAM, team.id, HELD)}
        unpriced = usage.unpriced_models(session, used, month_start(now), month_end(now))
        return BudgetFacts(
            member_id=actor.id,
            limits=limits,
            freshness=tuple(syncs.freshness(session)),
            unpriced=tuple(unpriced),
            poll_seconds=purser.policy.poll_seconds,
        )


def queue(purser: Purser, actor: Actor) -> tuple[RequestFacts, ...]:
    """Requests that wait for this person's word, oldest first: all they may decide and have not agreed to."""
    now = purser.now()
    with purser.books.reading() as session:
        return tuple(
            request_facts(session, purser, request, now)
            for request in requests.in_state(session, RequestState.WAITING)
            if _waits_for(session, purser, actor, request)
        )


def _waits_for(session: Session, purser: Purser, actor: Actor, request: Request) -> bool:
    if any(word.owner_id == actor.id for word in request.standing(Verdict.APPROVE)):
        return False
    team = team_or_raise(session, request.team_id)
    if barrier_to_decide(session, purser, actor.member, team, request) is not None:
        return False
    is_only_lead = decider(session, purser, actor, team, request).is_only_lead
    return not is_only_lead or lead_refused(request, request.terms.cap_micros, purser.policy) is None


def _teams(session: Session, purser: Purser, actor: Actor, here: Team | None) -> list[Team]:
    """The person's teams, that of the channel first; an owner of the workspace sees that one wherever they are."""
    mine = people.teams_of(session, actor.id)
    if here is not None and (here in mine or purser.authority.owns(actor.member, here)):
        return [here, *(team for team in mine if team.id != here.id)]
    return mine
