"""Incidents as they are seen in Slack: the one message, what follows in its thread, and what comes directly."""

from __future__ import annotations

from datetime import datetime

from bot.domain.incident_facts import IncidentNotice
from bot.slack.views.base import Message, clip, message, section


def incident(notice: IncidentNotice, _now: datetime) -> Message:
    """An incident's one message."""
    text = f"Incident: {notice.facts.incident.kind} of {clip(notice.facts.name, 80)}"
    return message(text, section(text))


def step(notice: IncidentNotice, _now: datetime) -> Message:
    """What is written in its thread."""
    said = notice.part if notice.line is None else notice.line.action
    return message(str(said), section(clip(str(said), 200)))


def direct(notice: IncidentNotice, now: datetime, _member_id: str) -> Message:
    """What one person is told directly."""
    return incident(notice, now) if notice.line is None else step(notice, now)
