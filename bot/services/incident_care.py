"""What people do about an incident: acknowledge, snooze, assign, explain, close with a cause, open again."""

from __future__ import annotations

from bot.domain.incident_facts import IncidentFacts
from bot.domain.incidents import Cause
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser

_NOT_YET = Refused(Because.NOT_FOUND, "Purser does not know this incident.")


def acknowledge(purser: Purser, actor: Actor, incident_id: str) -> IncidentFacts | Refused:
    """Somebody looks after it: no more reminders go to everybody. Owners, the project's lead and the holder may."""
    del purser, actor, incident_id
    return _NOT_YET


def snooze(purser: Purser, actor: Actor, incident_id: str, seconds: int) -> IncidentFacts | Refused:
    """No reminders for so long: an hour or a day (`SNOOZES_SECONDS`). Owners and the project's lead may."""
    del purser, actor, incident_id, seconds
    return _NOT_YET


def assign(purser: Purser, actor: Actor, incident_id: str, member_id: str) -> IncidentFacts | Refused:
    """Have somebody of its team, or an owner, look after it. Owners and the project's lead may."""
    del purser, actor, incident_id, member_id
    return _NOT_YET


def close(purser: Purser, actor: Actor, incident_id: str, cause: Cause, words: str = "") -> IncidentFacts | Refused:
    """It is over, and what was behind it. Owners and the project's lead may; not the holder of the key."""
    del purser, actor, incident_id, cause, words
    return _NOT_YET


def reopen(purser: Purser, actor: Actor, incident_id: str, words: str = "") -> IncidentFacts | Refused:
    """It is not over after all. Whoever may close it may."""
    del purser, actor, incident_id, words
    return _NOT_YET


def explained(purser: Purser, actor: Actor, place: tuple[str, str], text: str) -> IncidentFacts | None:
    """Take a reply in an incident's thread into its timeline; None where `place` is no incident's thread.

    `place` is the channel's id and the thread's timestamp. Only what holder, lead and owners say is taken in.
    """
    del purser, actor, place, text
    return None
