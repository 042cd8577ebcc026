"""Post to channel: an answer about usage that one person asked for, shown to everybody in a channel, once.

What is posted is what that person may see at that moment. Whoever may no longer see it posts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.facts import Occasion
from bot.domain.reports import Asked, Extent, Grouping, PostedUsage, Report
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser, effect
from bot.services.ports import DeliveryError, FailureKind, Sending
from bot.services.reporting import again
from bot.services.telling import Telling, tell_people
from storage import outbox, people, runs
from storage.engine import Session
from storage.outbox import Claimed

USAGE = "slack.usage"
"""The effect that posts it."""


@dataclass(frozen=True, slots=True)
class Posting:
    """What became of pressing Post to channel."""

    channel_id: str
    already: bool
    """Whether this page was posted there before."""


def post_usage(purser: Purser, actor: Actor, asked_id: str, channel_id: str) -> Posting | Refused:
    """Post the page that this person was shown in the channel where they asked; once, however often it is pressed."""
    found = again(purser, actor, asked_id)
    if isinstance(found, Refused):
        return found
    if not _is_in(purser, channel_id):
        text = f"Purser is not in <#{channel_id}>, so it cannot post there. Type `/invite @Purser` and press it again."
        return Refused(Because.NOT_FOUND, text)
    asked, _ = found
    once = f"{asked.member_id}:{asked.at.isoformat()}:{asked.page}:{channel_id}"
    with purser.deciding() as session:
        now = purser.now()
        is_new = runs.first_sight(session, f"{USAGE}:{once}", now)
        if is_new:
            payload = {"asked_id": asked.id, "channel_id": channel_id, "member_id": actor.id}
            effect(session, now, stream=f"channel:{channel_id}", name=USAGE, payload=payload, once=once)
        is_on_its_way = is_new or _tried_again(session, once, now)
    return Posting(channel_id, already=not is_on_its_way)


def _tried_again(session: Session, once: str, now: datetime) -> bool:
    """Whether it was pressed before and could not be posted: then it is tried again."""
    given_up = [letter.id for letter in outbox.dead(session) if letter.unique_key == f"{USAGE}:{once}"]
    return any(outbox.revive(session, effect_id, now=now) for effect_id in given_up)


def send(purser: Purser, row: Claimed) -> None:
    """Post it. Raises `DeliveryError`, for good when it was asked over a day ago or may not be seen any more."""
    with purser.books.reading() as session:
        member = people.member(session, row.payload["member_id"])
    if member is None:
        raise DeliveryError(FailureKind.PERMANENT, "Purser does not know this person any more")
    found = again(purser, Actor(member, ""), row.payload["asked_id"])
    if isinstance(found, Refused):
        raise DeliveryError(FailureKind.PERMANENT, found.text)
    asked, report = found
    posted = PostedUsage(report, asked, _names(purser, asked, report))
    sending = Sending(id=f"outbox-{row.id}", maybe_sent=row.outcome_unknown)
    purser.notifier.post_usage(row.payload["channel_id"], posted, purser.now(), sending)


def failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """It could not be posted: who pressed the button is told."""
    person, channel = row.payload["member_id"], row.payload["channel_id"]
    note = f"the usage you wanted to share could not be posted in <#{channel}>: {error}"
    told = Telling(Occasion.EFFECT_FAILED, note=note)
    tell_people(session, purser.now(), told, (person,), once=f"usage:{row.id}:{row.lease}")


def _is_in(purser: Purser, channel_id: str) -> bool:
    """Whether Purser can post there; when Slack does not say, posting will show."""
    try:
        return purser.directory.is_member_of(channel_id)
    except DeliveryError:
        return True


def _names(purser: Purser, asked: Asked, report: Report) -> tuple[tuple[str, str], ...]:
    """What the people in it are called: a list for everybody calls on nobody."""
    ids = {part.id for part in report.parts if part.id} if asked.question.by is Grouping.MEMBER else set()
    if asked.question.scope.extent is Extent.MEMBER:
        ids.add(asked.question.scope.subject_id)
    with purser.books.reading() as session:
        return tuple((person.id, person.name) for person in people.members(session, ids))
