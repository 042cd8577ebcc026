"""Whether somebody may still hold a key: in its team, and with no second member key beside it. Reads only."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.keys import SPENDING, Key, KeyKind, KeyState, OffCause
from bot.services.context import Purser
from storage import departures, keys, people
from storage.engine import Session
from storage.watched import Watched

AT_ONCE = 500
"""People that are looked up in one query."""

Holding = tuple[str, str]
"""A team's id, and the Slack user id of somebody who holds a key of it."""


def gone(session: Session, purser: Purser, holdings: Iterable[Holding]) -> set[Holding]:
    """Those of these whose holder may have no key of the team any more: out of the team, or of the workspace."""
    wanted = set(holdings)
    teams = {team_id: people.team(session, team_id) for team_id in {team_id for team_id, _ in wanted}}
    ids = sorted({holder_id for _, holder_id in wanted})
    parts = (ids[first : first + AT_ONCE] for first in range(0, len(ids), AT_ONCE))
    holders = {person.id: person for part in parts for person in people.members(session, part)}
    return {
        (team_id, holder_id)
        for team_id, holder_id in wanted
        if (team := teams[team_id]) is None
        or (holder := holders.get(holder_id)) is None
        or purser.authority.barrier_to_ask(holder, team) is not None
    }


def orphaned(session: Session, purser: Purser, stopped: Iterable[Watched]) -> set[str]:
    """Those of these keys, by id, that nobody may hold any more. One that waits to be taken over is not."""
    some = list(stopped)
    lost_to = gone(session, purser, ((key.team_id, key.holder_id) for key in some))
    found = {key.id for key in some if (key.team_id, key.holder_id) in lost_to}
    return found - departures.waiting_among(session, found)


def lost(session: Session, purser: Purser, key: Key) -> str | None:
    """Why a key that a limit stopped has nobody to come back to, as a sentence goes on; None when it has.

    One that waits to be taken over goes on as before until then.
    """
    if gone(session, purser, [(key.team_id, key.holder_id)]) and departures.waiting_for(session, key.id) is None:
        holder, team = people.member(session, key.holder_id), people.team(session, key.team_id)
        if team is None or holder is None or holder.is_departed:
            return "its holder has left the workspace"
        return f"its holder is not in team {team.name} any more"
    if (other := held_instead(session, key)) is not None:
        return f"its holder has {other.label} by now, and member keys are one per person"
    return None


def member_keys(session: Session, holder_id: str, gateway: str) -> list[Key]:
    """A person's member keys at this gateway that work, or that a limit stopped and that come back; oldest first."""
    return [
        key
        for key in keys.of_holder(session, holder_id, SPENDING | {KeyState.DISABLED})
        if key.kind is KeyKind.MEMBER
        and key.gateway == gateway
        and (key.state in SPENDING or key.off_cause is OffCause.BUDGET)
    ]


def is_second(session: Session, key_id: str) -> bool:
    """Whether another member key of the holder's keeps this one, which a limit stopped, from coming back."""
    key = keys.get(session, key_id)
    return key is not None and held_instead(session, key) is not None


def held_instead(session: Session, key: Key) -> Key | None:
    """The member key that keeps this one, which a limit stopped, from coming back beside it.

    One that works; of several that are stopped the oldest is the one that comes back.
    """
    if key.kind is not KeyKind.MEMBER:
        return None
    # A key and the one in its place count as one, for as long as both work.
    held = member_keys(session, key.holder_id, key.gateway)
    others = [one for one in held if one.id not in (key.id, key.replaces_id) and one.replaces_id != key.id]
    working = (one for one in others if one.state in (KeyState.LIVE, KeyState.RESTORING))
    stopped = (one for one in others if one.off_cause is OffCause.BUDGET)
    before = (one for one in stopped if (one.created_at, one.id) < (key.created_at, key.id))
    return next(working, None) or next(before, None)
