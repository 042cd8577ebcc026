"""Who is speaking: turns a signed Slack user id into a person, by asking Slack or else the books."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from bot.domain.people import Member
from bot.domain.requests import Because, Refused
from bot.services import leaving
from bot.services.context import Actor, Purser
from bot.services.ports import DeliveryError
from bot.services.refusing import refused_by
from storage import people

__all__ = ["Freshness", "identify", "meet", "refused_by", "take_note"]

FRESH_SECONDS = 300
"""How long what Slack said of a person is believed for anything but a decision."""


class Freshness(StrEnum):
    """How new what is known of a person has to be."""

    NOW = "now"
    """Ask Slack: for decisions on a click."""
    RECENT = "recent"
    """What Slack said in the last five minutes will do."""
    KNOWN = "known"
    """What the books say will do, if they say anything: for forms, which must be acknowledged at once."""


def identify(purser: Purser, user_id: str, workspace_id: str, delivery: str, freshness: Freshness) -> Actor | Refused:
    """The person behind a signed user id, unless they may use nothing at all.

    When Slack does not answer, what it last said counts. A workspace id in the payload that is not ours refuses
    whatever the books say.
    """
    person = _known(purser, user_id, freshness)
    if person is None:
        return Refused(Because.NOT_FOUND, "Slack does not tell Purser who you are just now. Please try again.")
    if workspace_id and workspace_id != purser.authority.workspace_id:
        person = Member(person.id, workspace_id, person.handle, person.name)
    if barrier := purser.authority.stranger(person):
        return refused_by(barrier)
    return Actor(person, delivery)


def meet(purser: Purser, user_ids: tuple[str, ...]) -> list[Member]:
    """These people, asking Slack about those whom Purser has not seen lately; unknown ids are left out."""
    found = (_known(purser, user_id, Freshness.RECENT) for user_id in user_ids)
    return [person for person in found if person is not None]


def take_note(purser: Purser, person: Member) -> None:
    """Slack says something new about a person: if Purser has met them, write it down and act on it.

    Whoever was deactivated has left, a guest whose time is over as well; whoever is active again is back. Events come
    late and in any order, so Slack is asked how things are now before anybody leaves or returns; while it does not
    answer, what came counts.
    """
    with purser.books.reading() as session:
        stored = people.member(session, person.id)
    if stored is not None:
        asked_at, is_news = purser.now(), stored.is_departed != person.is_departed
        answer = _as_of_now(purser, person.id) if is_news else None
        leaving.learned(purser, answer or person, None if answer is None else asked_at)


def _as_of_now(purser: Purser, user_id: str) -> Member | None:
    """What Slack says of somebody who is asked for; None while it says nothing."""
    try:
        return purser.directory.lookup(user_id)
    except DeliveryError:
        return None


def _known(purser: Purser, user_id: str, freshness: Freshness) -> Member | None:
    now = purser.now()
    with purser.books.reading() as session:
        stored = people.member(session, user_id)
        seen_at = people.seen_at(session, user_id)
    recently = seen_at is not None and now - seen_at < timedelta(seconds=FRESH_SECONDS)
    if stored and (freshness is Freshness.KNOWN or (freshness is Freshness.RECENT and recently)):
        return stored
    try:
        person = purser.directory.lookup(user_id)
    except DeliveryError:
        return stored
    if person is None:  # Slack answered: there is no such person
        return None if stored is None else replace(stored, is_departed=True)
    if stored != person or freshness is not Freshness.NOW:
        return leaving.learned(purser, person, asked_at=now)
    return stored
