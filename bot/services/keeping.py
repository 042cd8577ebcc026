"""Old keys of a team, and Keep: somebody says that a key is needed, so that it is not called old for a while.

That answers an open question about it as well (`questions`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain import aging
from bot.domain.aging import KEEP_SECONDS, Keeping, Kept
from bot.domain.digests import OldKey
from bot.domain.keys import Key
from bot.domain.people import BARRIER_TEXT, Role, Team
from bot.domain.periods import DAY_SECONDS
from bot.domain.requests import Because, Refused
from bot.services import questions
from bot.services.context import Actor, Purser, record, take_in
from bot.services.facts import key_facts, team_or_raise
from bot.services.proving import about
from storage import held_keys, keys, ledger, people, syncs
from storage.engine import Session
from storage.syncs import What

KEPT = "key.kept"
"""The ledger's word for it."""
FRESH_SECONDS = 2 * DAY_SECONDS
"""Usage read longer ago than this does not show that a key is unused."""


def old_keys(session: Session, purser: Purser, team_id: str, now: datetime) -> tuple[OldKey, ...]:
    """The team's keys that are old at this moment: those unused longest first."""
    held = held_keys.of_team(session, team_id, aging.IN_USE)
    here = still_here(session, purser, team_or_raise(session, team_id))
    told = {name: tells_use(session, purser, name, now) for name in {key.gateway for key in held}}
    aged = (aging.old_key(key, key.last_used, here, purser.policy, now, use_known=told[key.gateway]) for key in held)
    return tuple(sorted(filter(None, aged), key=lambda old: (old.since, old.label)))


def keep(purser: Purser, actor: Actor, key_id: str) -> Kept | Refused:
    """Do not call the key old for 30 days. Its holder, its lead and owners of its team may say so."""
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        key = keys.get(session, key_id)
        if key is None:
            return Refused(Because.NOT_FOUND, "Purser does not know this key any more.")
        if refused := _refused(session, purser, actor, key):
            return refused
        if key.state not in aging.IN_USE:
            return Refused(Because.WRONG_STATE, f"`{key.label}` is not in use any more, so there is nothing to keep.")
        questions.kept(session, purser, actor, key)
        until = now + timedelta(seconds=KEEP_SECONDS)
        if key.kept_until is not None and until - key.kept_until < timedelta(days=1):
            return Kept(key_facts(session, key, now), key.kept_until, already=True)
        keys.keep(session, key.id, until, *aging.IN_USE)
        reason = f"until {until:%Y-%m-%d %H:%M} UTC"
        once = f"{key.id}:{actor.delivery}"
        record(session, now, actor=actor.id, action=KEPT, about=about(key), once=once, reason=reason)
        after = keys.get(session, key.id)
        assert after is not None
        return Kept(key_facts(session, after, now), until)


def kept_now(purser: Purser, key_ids: Iterable[str]) -> dict[str, Keeping]:
    """Those of these keys that are kept now, and by whom."""
    now = purser.now()
    with purser.books.reading() as session:
        found = [key for key_id in key_ids if (key := keys.get(session, key_id)) is not None]
        return {
            key.id: Keeping(ledger.entries(session, key_id=key.id, action=KEPT)[-1].actor, key.kept_until)
            for key in found
            if key.kept_until is not None and aging.is_kept(key, now)
        }


def _refused(session: Session, purser: Purser, actor: Actor, key: Key) -> Refused | None:
    if barrier := purser.authority.stranger(actor.member):
        return Refused(Because.NOT_ALLOWED, BARRIER_TEXT[barrier])
    team = team_or_raise(session, key.team_id)
    is_theirs = actor.id in (key.holder_id, key.lead_id) and team.role_of(actor.id) is not Role.NONE
    if is_theirs or purser.authority.barrier_to_own(actor.member, team) is None:
        return None
    text = f"Only the holder of `{key.label}`, its lead and owners of team {team.name} can keep it."
    return Refused(Because.NOT_ALLOWED, text)


def still_here(session: Session, purser: Purser, team: Team) -> set[str]:
    """Who can answer for keys of the team: its people and the workspace's owners, unless they have left Slack."""
    belong = {*team.owner_ids, *team.member_ids, *purser.authority.workspace_owner_ids}
    return belong - {person.id for person in people.members(session, belong) if purser.authority.stranger(person)}


def tells_use(session: Session, purser: Purser, name: str, now: datetime) -> bool:
    """Whether usage of this gateway's keys is known up to these days."""
    gateway = purser.gateways.get(name)
    if gateway is None or not gateway.capabilities.usage_per_key:
        return False
    mark = syncs.of(session, name, What.USAGE)
    return mark is not None and mark.read_at is not None and (now - mark.read_at).total_seconds() < FRESH_SECONDS
