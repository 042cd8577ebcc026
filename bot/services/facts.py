"""Gathers the facts that screens show. Reads only; decides nothing."""

from __future__ import annotations

from datetime import datetime

from bot.domain.budgets import Budget, Layer
from bot.domain.deciding import Rule, rule_text
from bot.domain.facts import GatewayFacts, HomeFacts, KeyFacts, RequestFacts, TeamFacts
from bot.domain.keys import SPENDING, Key, KeyState
from bot.domain.people import Member, Project, Team, who_to_ask
from bot.domain.periods import month_of
from bot.domain.requests import Purpose, Request, RequestState
from bot.gateways.base import Gateway
from bot.services.context import Purser
from storage import budgets, keys, people, requests
from storage.engine import Session

HELD = SPENDING | {KeyState.DISABLED}
"""States of keys that have been shown to somebody."""


def gateway_facts(gateway: Gateway, models: tuple[str, ...] = ()) -> GatewayFacts:
    """What people need to know of a gateway."""
    return GatewayFacts(gateway.name, gateway.public_url, gateway.capabilities.limits, models)


def known_models(purser: Purser, gateway: Gateway) -> tuple[str, ...]:
    """As `offered_models`, from memory: for forms, which have to open within three seconds."""
    return purser.policy.models or purser.catalog.known(gateway)


def offered_models(purser: Purser, gateway: Gateway, now: datetime) -> tuple[str, ...]:
    """The models people may have: those policy names, else those the gateway offers; empty when not known."""
    return purser.policy.models or purser.catalog.models(gateway, now)


def team_or_raise(session: Session, team_id: str) -> Team:
    """The team a row refers to; the books hold no row of a team that is not there."""
    team = people.team(session, team_id)
    assert team is not None, team_id
    return team


def able_owners(session: Session, purser: Purser, team: Team) -> set[str]:
    """Owners of the team and workspace who could decide: still here, no guests. Unmet ones count as able."""
    ids = {*team.owner_ids, *purser.authority.workspace_owner_ids}
    unable = {
        person.id
        for person in people.members(session, ids)
        if person.is_guest or purser.authority.stranger(person) is not None
    }
    return ids - unable


def owners_to_ask(session: Session, purser: Purser, request: Request) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whom to ask about a request, first and then, by Slack user id."""
    team = team_or_raise(session, request.team_id)
    return who_to_ask(team, purser.authority, request.requester_id, able_owners(session, purser, team))


def charged_budgets(
    session: Session,
    request_team: Team,
    project: Project | None,
    member_id: str,
    now: datetime,
    without_request: str | None = None,
) -> tuple[Budget, ...]:
    """Every budget a key of this team, project and member is charged to, as it stands, widest first."""
    subjects = [(Layer.TEAM, request_team.id, request_team.name)]
    if project is not None:
        subjects.append((Layer.PROJECT, project.id, project.name))
    subjects.append((Layer.MEMBER, member_id, f"<@{member_id}>"))
    states = (
        budgets.state(session, layer, subject, name, now, without_request=without_request)
        for layer, subject, name in subjects
    )
    return tuple(state for state in states if state is not None)


def key_facts(session: Session, key: Key, now: datetime) -> KeyFacts:
    """A key with what is known of its use: lifetime spend, or this month's under a monthly cap."""
    team = people.team(session, key.team_id)
    request = requests.get(session, key.request_id)
    monthly = key.cap_period != "total"
    reading = keys.reading(session, key.id, month_of(now) if monthly else None)
    spent = None if reading is None else (reading.in_month_micros if monthly else reading.spent_micros)
    return KeyFacts(
        key=key,
        team_name="" if team is None else team.name,
        spent_micros=spent,
        read_at=None if reading is None else reading.read_at,
        channel_id=None if request is None else request.channel_id,
        card_ts=None if request is None else request.card_ts,
    )


def key_of(session: Session, request: Request) -> Key | None:
    """The key a request led to and that somebody was shown, or the key it wants extended."""
    if request.extends_key_id is not None and request.purpose is Purpose.EXTEND:
        return keys.get(session, request.extends_key_id)
    held = [key for key in keys.of_request(session, request.id) if key.state in HELD]
    return held[-1] if held else None


def request_facts(session: Session, purser: Purser, request: Request, now: datetime) -> RequestFacts:
    """A request with everything its card, receipt and messages show."""
    team = team_or_raise(session, request.team_id)
    project = None if request.project_id is None else people.project(session, request.project_id)
    first, then = who_to_ask(team, purser.authority, request.requester_id, able_owners(session, purser, team))
    all_at_once = request.escalated_at is not None or len(first) < request.approvals_needed
    key = key_of(session, request)
    gateway = purser.gateways.get(request.gateway)
    charged = charged_budgets(session, team, project, request.requester_id, now, without_request=request.id)
    return RequestFacts(
        request=request,
        team=team,
        gateway=GatewayFacts(request.gateway, "") if gateway is None else gateway_facts(gateway),
        project=project,
        budgets=charged if request.purpose is Purpose.ISSUE else (),
        asked_ids=first + (then if all_at_once else ()),
        rule_text=rule_text(Rule(request.rule), purser.policy) if request.rule else "",
        key=None if key is None else key_facts(session, key, now),
    )


def team_facts(session: Session, team: Team, now: datetime) -> TeamFacts:
    """A team with its projects and their budgets."""
    projects = tuple(people.projects_of(session, team.id))
    layers = [(Layer.TEAM, team.id, team.name), *((Layer.PROJECT, each.id, each.name) for each in projects)]
    states = (budgets.state(session, layer, subject, name, now) for layer, subject, name in layers)
    return TeamFacts(team, projects, tuple(state for state in states if state is not None))


def home_facts(purser: Purser, member: Member) -> HomeFacts:
    """What a person's Home tab shows: their keys, their requests, and what waits for their word."""
    now = purser.now()
    with purser.books.reading() as session:
        held = keys.of_holder(session, member.id, HELD)
        mine = requests.of_requester(session, member.id, RequestState.WAITING, RequestState.APPROVED)
        waiting = [
            facts
            for request in requests.in_state(session, RequestState.WAITING)
            if member.id in (facts := request_facts(session, purser, request, now)).asked_ids
            and all(word.owner_id != member.id for word in request.approvals if word.stands)
        ]
        teams = people.teams_of(session, member.id)
        states = (budgets.state(session, Layer.TEAM, team.id, team.name, now) for team in teams)
        owns = any(purser.authority.owns(member, team) for team in teams)
        return HomeFacts(
            member=member,
            keys=tuple(key_facts(session, key, now) for key in held),
            requests=tuple(request_facts(session, purser, request, now) for request in mine),
            waiting_for_me=tuple(waiting),
            budgets=tuple(state for state in states if state is not None),
            is_owner=owns or member.id in purser.authority.workspace_owner_ids,
        )


def request_at(purser: Purser, channel_id: str, card_ts: str) -> str | None:
    """The id of the request whose card stands at this place in Slack, or None."""
    with purser.books.reading() as session:
        request = requests.by_card(session, channel_id, card_ts)
        return None if request is None else request.id


def keys_of(purser: Purser, member_id: str) -> list[KeyFacts]:
    """The person's keys that still matter: on, being turned on or off, or off and restorable, oldest first."""
    now = purser.now()
    with purser.books.reading() as session:
        return [key_facts(session, key, now) for key in keys.of_holder(session, member_id, HELD)]


def key_now(purser: Purser, key_id: str) -> KeyFacts | None:
    """The key as it stands, for the form behind a button."""
    with purser.books.reading() as session:
        key = keys.get(session, key_id)
        return None if key is None else key_facts(session, key, purser.now())


def request_now(purser: Purser, request_id: str) -> RequestFacts | None:
    """The request as it stands."""
    now = purser.now()
    with purser.books.reading() as session:
        request = requests.get(session, request_id)
        return None if request is None else request_facts(session, purser, request, now)
