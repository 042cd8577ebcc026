"""Alerts: writing down that a limit passed a threshold, telling it once, and the facts its message shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain import guard
from bot.domain.budgets import TOTAL, Budget, Layer
from bot.domain.facts import AlertFacts, KeyFacts
from bot.domain.keys import PERSONAL_KINDS, Key, KeyKind
from bot.domain.money import show_beside
from bot.domain.people import Team
from bot.domain.periods import day_end, month_end
from bot.domain.requests import Target
from bot.services.context import Purser, Subjects, record
from bot.services.deciders import told_of
from bot.services.facts import key_facts
from bot.services.limits import limit as limit_now
from bot.services.limits import name_of
from bot.services.telling import IN_CHANNEL, refresh_alert, tell_limit
from storage import alerts, budgets, keys, people, watched
from storage.alerts import Alert
from storage.engine import Session

OTHERS_TOLD = 4
"""Other limits that a message is told of, and shows some of."""
SHOWN_IN_FULL = 20
"""Stopped keys of which a message tells all there is to tell; of the rest it tells that they were stopped."""


def announce(session: Session, purser: Purser, limit: Budget, now: datetime) -> str | None:
    """Write down and tell what is due of a limit, in the transaction that read it as it stands.

    Returns the id of the alert that says it is reached, or None when it is not.
    """
    ref = (limit.layer, limit.subject_id, limit.period)
    known = {alert.threshold: alert for alert in alerts.of_limit(session, ref)}
    stops_keys = guard.stops(limit) and watched.is_any_under(
        session, limit.layer, limit.subject_id, _kinds(limit.layer)
    )
    due = guard.due(
        limit,
        purser.policy.thresholds,
        {percent: alert.limit_micros for percent, alert in known.items()},
        is_snoozed=any((alert.snoozed_until or now) > now for alert in known.values()),
        stops_keys=stops_keys,
    )
    if due is None:
        return known[guard.REACHED].id if limit.is_reached else None
    for percent in due.overtaken:
        _write_down(session, purser, limit, percent, now, told=False)
    if due.tell is None:
        return known[guard.REACHED].id if limit.is_reached else None
    if due.again:
        alert_id = known[due.tell].id
        alerts.tell_again(session, known[due.tell], now, limit.spent_micros, limit.budget_micros)
        _record(session, limit, due.tell, now)
    else:
        alert_id = _write_down(session, purser, limit, due.tell, now, told=True)
    _tell(session, limit, alert_id, now)
    return alert_id if due.tell == guard.REACHED else None


def alert_now(purser: Purser, alert_id: str) -> AlertFacts | None:
    """The alert as it stands at this moment, or None when there is no such alert."""
    now = purser.now()
    with purser.books.reading() as session:
        alert = alerts.get(session, alert_id)
        return None if alert is None else alert_facts(session, purser, alert, now)


def alert_facts(session: Session, purser: Purser, alert: Alert, now: datetime) -> AlertFacts:
    """What an alert's message shows."""
    team = team_of(session, alert.layer, alert.subject_id)
    ref = (alert.layer, alert.subject_id, alert.period)
    stopped = watched.stopped_by(session, ref) if alert.threshold >= guard.REACHED else []
    return AlertFacts(
        id=alert.id,
        limit=_limit_of(session, purser, alert, now),
        threshold=alert.threshold,
        team=team,
        told_micros=alert.spent_micros,
        limit_micros=alert.limit_micros,
        at=alert.at,
        asked_ids=who_can_act(session, purser, alert.layer, alert.subject_id),
        stopped=stopped_facts(session, stopped, now),
        back=alerts.back(session, alert.id) if alert.threshold >= guard.REACHED else 0,
        others=_others(session, purser, alert) if alert.threshold >= guard.REACHED else (),
        snoozed_until=alert.snoozed_until,
        snoozed_by=alert.snoozed_by,
        polled_seconds=purser.policy.poll_seconds,
    )


def _others(session: Session, purser: Purser, alert: Alert) -> tuple[Budget, ...]:
    """Other limits that have stopped keys under the alert's, as they stand."""
    found = watched.stopped_by_others(session, alert.layer, alert.subject_id, _kinds(alert.layer))
    in_order = sorted(found, key=lambda one: (guard.WIDEST_FIRST.index(one[0]), one[1]))
    targets = [Target(*one) for one in in_order[:OTHERS_TOLD]]
    states = (limit_now(session, purser, target, name_of(session, target)) for target in targets)
    return tuple(state for state in states if state is not None)


def stopped_facts(session: Session, key_ids: list[str], now: datetime) -> tuple[KeyFacts, ...]:
    """Stopped keys, the first of them with everything there is to know."""
    found = [key for key_id in key_ids if (key := keys.get(session, key_id)) is not None]
    first = [key_facts(session, key, now) for key in found[:SHOWN_IN_FULL]]
    return (*first, *(KeyFacts(key, "") for key in found[SHOWN_IN_FULL:]))


def team_of(session: Session, layer: Layer, subject_id: str) -> Team | None:
    """The team that a limit belongs to; None for a person's budget."""
    match layer:
        case Layer.TEAM:
            return people.team(session, subject_id)
        case Layer.PROJECT:
            project = people.project(session, subject_id)
            return None if project is None else people.team(session, project.team_id)
        case Layer.MEMBER:
            return None
        case Layer.KEY | Layer.AUTOMATION:
            key = keys.get(session, subject_id)
            return None if key is None else people.team(session, key.team_id)


def who_can_act(session: Session, purser: Purser, layer: Layer, subject_id: str) -> tuple[str, ...]:
    """The people a limit's alert is for, by Slack user id: those it is mentioned to, or who are told directly."""
    if layer not in IN_CHANNEL:
        return _bound(session, layer, subject_id)
    team = team_of(session, layer, subject_id)
    if team is None:
        return ()
    everywhere = sorted(purser.authority.workspace_owner_ids)
    owners = told_of(session, purser, team.owner_ids) or told_of(session, purser, everywhere)
    project = people.project(session, subject_id) if layer is Layer.PROJECT else None
    return _once(*owners, None if project is None else project.lead_id)


def _bound(session: Session, layer: Layer, subject_id: str) -> tuple[str, ...]:
    """Whom a person's or key's limit binds: the holder first, then who answers for the key."""
    if layer is Layer.MEMBER:
        return (subject_id,)
    key = keys.get(session, subject_id)
    return () if key is None else _once(key.holder_id, key.lead_id)


def subjects_of(session: Session, layer: Layer, subject_id: str, amount_micros: int | None = None) -> Subjects:
    """What a ledger row about a limit is about."""
    match layer:
        case Layer.TEAM:
            return Subjects(team_id=subject_id, amount_micros=amount_micros)
        case Layer.PROJECT:
            team = team_of(session, layer, subject_id)
            return Subjects(None if team is None else team.id, subject_id, amount_micros=amount_micros)
        case Layer.MEMBER:
            return Subjects(member_id=subject_id, amount_micros=amount_micros)
        case Layer.KEY | Layer.AUTOMATION:
            key = keys.get(session, subject_id)
            assert key is not None, subject_id
            return _about(key, amount_micros)


def _about(key: Key, amount_micros: int | None) -> Subjects:
    return Subjects(key.team_id, key.project_id, key.holder_id, key.id, key.request_id, amount_micros)


def _kinds(layer: Layer) -> frozenset[KeyKind]:
    """Kinds of key that a limit of this layer is over."""
    personal = PERSONAL_KINDS if layer is Layer.MEMBER else frozenset(KeyKind)
    return frozenset({KeyKind.AUTOMATION}) if layer is Layer.AUTOMATION else personal


def _once(*person_ids: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(person for person in person_ids if person))


def _write_down(session: Session, purser: Purser, limit: Budget, percent: int, now: datetime, *, told: bool) -> str:
    new = Alert(
        id=purser.ids.new("alert"),
        layer=limit.layer,
        subject_id=limit.subject_id,
        period=limit.period,
        threshold=percent,
        at=now,
        spent_micros=limit.spent_micros,
        limit_micros=limit.budget_micros,
        told=told,
    )
    alerts.add(session, new)
    _record(session, limit, percent, now)
    return new.id


def _record(session: Session, limit: Budget, percent: int, now: datetime) -> None:
    once = f"{limit.layer}:{limit.subject_id}:{limit.period}:{percent}:{limit.budget_micros}"
    about = subjects_of(session, limit.layer, limit.subject_id, limit.spent_micros)
    reason = f"{percent}% of {show_beside(limit.budget_micros, limit.spent_micros)} ({limit.layer} {limit.period})"
    record(session, now, actor="purser", action="limit.passed", about=about, once=once, reason=reason)


def _tell(session: Session, limit: Budget, alert_id: str, now: datetime) -> None:
    """In the team's channel, or to the people it binds."""
    if limit.layer in IN_CHANNEL:
        figures = figures_of(limit)
        refresh_alert(session, now, alert_id, once=f"told:{limit.budget_micros}", figures=figures)
        return
    tell_limit(
        session,
        now,
        alert_id,
        _bound(session, limit.layer, limit.subject_id),
        once=str(limit.budget_micros),
    )


def figures_of(limit: Budget) -> str:
    """The figures that an alert's message shows, to know when they have changed."""
    return f"{limit.spent_micros}/{limit.budget_micros}"


def _limit_of(session: Session, purser: Purser, alert: Alert, now: datetime) -> Budget:
    """The alert's limit as it stands, or as its period left it."""
    name = name_of(session, Target(alert.layer, alert.subject_id))
    at = min(now, _last_moment(alert.period, now))
    policy = purser.policy
    state = budgets.state(
        session,
        alert.layer,
        alert.subject_id,
        name,
        at,
        default_micros=policy.member_budget_micros,
        default_hard=policy.hard_budgets,
    )
    left = Budget(alert.layer, alert.subject_id, name, alert.limit_micros, alert.spent_micros, 0, None)
    return state or left


def _last_moment(period: str, now: datetime) -> datetime:
    if period == TOTAL:
        return now
    start = datetime.fromisoformat(period if len(period) > 7 else f"{period}-01").replace(tzinfo=UTC)
    return (day_end(start) if len(period) > 7 else month_end(start)) - timedelta(microseconds=1)
