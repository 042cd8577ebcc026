"""Snoozing an alert: for a day nothing more is told of its limit, until it is reached."""

from __future__ import annotations

from datetime import timedelta

from bot.domain import guard
from bot.domain.facts import AlertFacts
from bot.domain.people import BARRIER_TEXT
from bot.domain.requests import Because, Refused
from bot.services.alerting import alert_facts, subjects_of, team_of, who_can_act
from bot.services.context import Actor, Purser, record, take_in
from bot.services.telling import IN_CHANNEL, refresh_alert
from storage import alerts, people
from storage.alerts import Alert
from storage.engine import Session


def snooze(purser: Purser, actor: Actor, alert_id: str) -> AlertFacts | Refused:
    """Say no more of this limit for a day, unless it is reached. For those who could act on it."""
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        alert = alerts.get(session, alert_id)
        if alert is None:
            return Refused(Because.NOT_FOUND, "Purser does not know this message's limit any more.")
        if refused := _refused(session, purser, actor, alert):
            return refused
        until = now + timedelta(seconds=guard.SNOOZE_SECONDS)
        alerts.snooze(session, alert.id, until, actor.id)
        about = subjects_of(session, alert.layer, alert.subject_id)
        once = f"{alert.id}:{actor.delivery}"
        reason = f"until {until:%Y-%m-%d %H:%M} UTC"
        seq = record(session, now, actor=actor.id, action="limit.snoozed", about=about, once=once, reason=reason)
        if alert.layer in IN_CHANNEL:
            refresh_alert(session, now, alert.id, once=str(seq), after_seconds=0)
        after = alerts.get(session, alert.id)
        assert after is not None
        return alert_facts(session, purser, after, now)


def _refused(session: Session, purser: Purser, actor: Actor, alert: Alert) -> Refused | None:
    """Owners, leads and the holder may: whoever is asked to act, or could."""
    if barrier := purser.authority.stranger(actor.member):
        return Refused(Because.NOT_ALLOWED, BARRIER_TEXT[barrier])
    if actor.id in who_can_act(session, purser, alert.layer, alert.subject_id):
        return None
    team = team_of(session, alert.layer, alert.subject_id)
    teams = people.teams_of(session, alert.subject_id) if team is None else [team]
    is_owner = actor.id in purser.authority.workspace_owner_ids
    if is_owner or any(purser.authority.owns(actor.member, one) for one in teams):
        return None
    return Refused(Because.NOT_ALLOWED, "Only owners, leads and the person it is about can snooze this.")
