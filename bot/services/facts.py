"""Gathers the facts that screens show. Reads only; decides nothing."""

from __future__ import annotations

from datetime import datetime

from bot.domain.budgets import TOTAL, Layer
from bot.domain.deciding import Rule, rule_text
from bot.domain.facts import GatewayFacts, KeyFacts, RequestFacts, TeamFacts
from bot.domain.keys import SPENDING, Key, KeyKind, KeyState
from bot.domain.people import Team
from bot.domain.periods import day_of, month_of
from bot.domain.requests import Purpose, Request, RequestState, Target
from bot.gateways.base import Gateway
from bot.services.context import Purser
from bot.services.deciders import owners_to_ask
from bot.services.limits import charged_by, limit, raised_by
from storage import departures, keys, people, readings, requests
from storage.engine import Session

NO_DAILY_CAP = "The gateway has no cap per day; Purser counts the day itself and stops the key when it is used up."
HELD = SPENDING | {KeyState.DISABLED}
"""States of keys that have been shown to somebody."""


def gateway_facts(gateway: Gateway, models: tuple[str, ...] = (), kind: KeyKind | None = None) -> GatewayFacts:
    """What people need to know of a gateway; of one that a key of this kind lives in."""
    limits = gateway.capabilities.limits
    if kind is KeyKind.AUTOMATION and not gateway.capabilities.daily_cap:
        limits = (*limits, NO_DAILY_CAP)
    return GatewayFacts(gateway.name, gateway.public_url, limits, models)


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


def key_facts(session: Session, key: Key, now: datetime) -> KeyFacts:
    """A key with what is known of its use: lifetime spend, or this month's under a monthly cap, and today's."""
    team = people.team(session, key.team_id)
    project = None if key.project_id is None else people.project(session, key.project_id)
    request = requests.get(session, key.request_id)
    spent = readings.spent(session, key.id, TOTAL if key.cap_period == TOTAL else month_of(now))
    today = None if key.daily_cap_micros is None else readings.spent(session, key.id, day_of(now))
    before = None if key.replaces_id is None else keys.get(session, key.replaces_id)
    after = keys.replacing(session, key.id)
    return KeyFacts(
        key=key,
        team_name="" if team is None else team.name,
        spent_micros=None if spent is None else spent.micros,
        read_at=None if spent is None else spent.read_at,
        channel_id=None if request is None else request.channel_id,
        card_ts=None if request is None else request.card_ts,
        project_name="" if project is None else project.name,
        today_micros=None if today is None else today.micros,
        replaces="" if before is None else before.label,
        replaced_by=after[-1].label if after else "",
    )


def key_of(session: Session, request: Request) -> Key | None:
    """The key a request led to and that somebody was shown, or the key it wants extended or raised.

    Of a rotation it is the new key, once it was shown.
    """
    if request.extends_key_id is not None and request.purpose is not Purpose.ROTATE:
        return keys.get(session, request.extends_key_id)
    held = [key for key in keys.of_request(session, request.id) if key.state in HELD]
    return held[-1] if held else None


def asked_of(session: Session, purser: Purser, request: Request, team: Team | None = None) -> tuple[str, ...]:
    """Who is asked to decide a request at this moment, by Slack user id."""
    first, then = owners_to_ask(session, purser, request, team)
    all_at_once = request.escalated_at is not None or len(first) < request.approvals_needed
    return first + (then if all_at_once else ())


def request_facts(session: Session, purser: Purser, request: Request, now: datetime) -> RequestFacts:
    """A request with everything its card, receipt and messages show."""
    team = team_or_raise(session, request.team_id)
    project = None if request.project_id is None else people.project(session, request.project_id)
    key = key_of(session, request)
    old = keys.get(session, request.extends_key_id or "") if request.purpose is Purpose.ROTATE else None
    gateway = purser.gateways.get(request.gateway)
    return RequestFacts(
        request=request,
        team=team,
        gateway=GatewayFacts(request.gateway, "") if gateway is None else gateway_facts(gateway, kind=request.kind),
        project=project,
        budgets=charged_by(session, purser, request, team, project),
        asked_ids=asked_of(session, purser, request, team),
        rule_text=rule_text(Rule(request.rule), purser.policy) if request.rule else "",
        key=None if key is None else key_facts(session, key, now),
        raised=raised_by(session, purser, request),
        old=None if old is None else key_facts(session, old, now),
        left_id=_closed_as_left(session, request),
    )


def _closed_as_left(session: Session, request: Request) -> str:
    """Whose leaving closed the request: its requester's, or that of the person whose budget it was to raise."""
    if request.state is not RequestState.CANCELLED or request.decided_at is None:
        return ""
    concerned = {request.requester_id, *(() if request.target is None else (request.target.subject_id,))}
    return departures.closing(session, concerned, request.decided_at) or ""


def team_facts(session: Session, purser: Purser, team: Team) -> TeamFacts:
    """A team with its projects and their budgets."""
    projects = tuple(people.projects_of(session, team.id))
    layers = [(Layer.TEAM, team.id, team.name), *((Layer.PROJECT, each.id, each.name) for each in projects)]
    states = (limit(session, purser, Target(layer, subject), name) for layer, subject, name in layers)
    return TeamFacts(team, projects, tuple(state for state in states if state is not None))


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
