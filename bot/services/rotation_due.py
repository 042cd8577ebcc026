"""Rotation that is due: each holder is told once of a key that should be replaced, with the way to do it.

Nothing is stopped for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from bot.domain import aging
from bot.domain.confirming import Part, Why
from bot.domain.keys import KeyState
from bot.domain.people import Team
from bot.services.confirming import MOST_ASKED
from bot.services.context import Purser, record
from bot.services.keeping import still_here
from bot.services.proving import about
from bot.services.questions import tell
from storage import confirmations, held_keys, keys, people
from storage.engine import Session
from storage.held_keys import HeldKey

ROTATION = "rotation.due"
"""The ledger's word for a key whose holder was told."""


def tell_rotation(purser: Purser) -> None:
    """Tell each holder once of a key that should be replaced by a new one, with the way to do it."""
    now = purser.now()
    with purser.books.reading() as session:
        due = [one for team in people.all_teams(session) for one in _rotation_due(session, purser, team, now)]
    of_holder: dict[str, list[HeldKey]] = defaultdict(list)
    for key in due:
        of_holder[key.holder_id].append(key)
    for holder_id, theirs in of_holder.items():
        with purser.deciding() as session:
            _tell_rotation(session, purser, holder_id, theirs[:MOST_ASKED])


def _rotation_due(session: Session, purser: Purser, team: Team, now: datetime) -> list[HeldKey]:
    """Keys that should be replaced by now, and whose holders were not told of it."""
    held = held_keys.of_team(session, team.id, (KeyState.LIVE,))
    due = [key for key in held if _is_past_rotation(purser, key, now)]
    told = confirmations.written(session, [_rotation(purser, key) for key in due])
    here = still_here(session, purser, team) if due else set()
    asked = confirmations.asked_about(session, [key.id for key in due], Why.UNUSED)
    return [k for k in due if k.holder_id in here and k.id not in asked and _rotation(purser, k) not in told]


def _is_past_rotation(purser: Purser, key: HeldKey, now: datetime) -> bool:
    due = aging.rotation_due(key, purser.policy)
    return due is not None and due <= now and not aging.is_kept(key, now)


def _rotation(purser: Purser, key: HeldKey) -> str:
    """The ledger's name for it: one per key and due date."""
    due = aging.rotation_due(key, purser.policy)
    return f"{ROTATION}:{key.id}:{due:%Y-%m-%d}"


def _tell_rotation(session: Session, purser: Purser, holder_id: str, due: Sequence[HeldKey]) -> None:
    now = purser.now()
    told = confirmations.written(session, [_rotation(purser, key) for key in due])
    new = [key for key in due if _rotation(purser, key) not in told]
    for seen in new:
        key = keys.get(session, seen.id)
        assert key is not None, seen.id
        once = _rotation(purser, seen).removeprefix(f"{ROTATION}:")
        record(session, now, actor="purser", action=ROTATION, about=about(key), once=once)
    if new:
        tell(session, now, Part.ROTATION, holder_id, [key.id for key in new], once=_rotation(purser, new[0]))
