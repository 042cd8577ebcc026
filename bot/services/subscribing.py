"""Who gets a weekly digest of their own: whoever asked for it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.services.context import Actor, Purser, Subjects, record, take_in
from storage import people


@dataclass(frozen=True, slots=True)
class Subscribed:
    """Whether somebody gets a digest of their own from now on."""

    wanted: bool
    was: bool


def want_digest(purser: Purser, actor: Actor, *, wanted: bool) -> Subscribed:
    """Send this person a digest of their own every Monday from now on, or no more. Asking again changes nothing."""
    with purser.deciding() as session:
        take_in(session, actor)
        if not people.want_digest(session, actor.id, wanted=wanted):
            return Subscribed(wanted, wanted)
        action = "digest.wanted" if wanted else "digest.declined"
        about = Subjects(member_id=actor.id)
        record(session, purser.now(), actor=actor.id, action=action, about=about, once=actor.delivery)
    return Subscribed(wanted, not wanted)
