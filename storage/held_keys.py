"""A team's keys with when each was last used: so much of each as tells whether it is old, of thousands at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, String, TextualSelect, bindparam, text
from sqlmodel import Session

from bot.domain.keys import KeyKind, KeyState
from storage.columns import UtcDateTime


class HeldKey(NamedTuple):
    """One key."""

    id: str
    label: str
    kind: KeyKind
    state: KeyState
    gateway: str
    holder_id: str
    lead_id: str | None
    revealed_at: datetime | None
    kept_until: datetime | None
    retires_at: datetime | None
    last_used: date | None
    """The last UTC day on which it was used, by dated usage, or by its live total that was seen to grow."""


_HELD: Final = """
        SELECT k.id, k.label, k.kind, k.state, k.gateway, k.holder_id, k.lead_id, k.revealed_at, k.kept_until,
               k.retires_at,
               (SELECT u.day FROM usage_days u WHERE u.key_id = k.id AND u.requests > 0
                ORDER BY u.day DESC LIMIT 1) AS used,
               (SELECT max(h.hour) FROM live_hours h WHERE h.key_id = k.id) AS seen
        FROM keys k WHERE
        """


def _held(where: str, several: str) -> TextualSelect:
    return (
        text(f"{_HELD} {where}")
        .bindparams(bindparam(several, expanding=True, type_=String()))
        .columns(revealed_at=UtcDateTime(), kept_until=UtcDateTime(), retires_at=UtcDateTime(), seen=UtcDateTime())
    )


_OF_TEAM: Final = _held("k.team_id = :team_id AND k.state IN :states", "states")
_SOME: Final = _held("k.id IN :ids", "ids")
_AT_ONCE: Final = 500


def of_team(session: Session, team_id: str, states: Collection[KeyState]) -> list[HeldKey]:
    """The team's keys in these states, in no order."""
    return _read(session.execute(_OF_TEAM, {"team_id": team_id, "states": sorted(states)}))


def some(session: Session, key_ids: Collection[str]) -> dict[str, HeldKey]:
    """These keys by their id, whatever became of them."""
    ids = sorted(key_ids)
    parts = (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
    return {key.id: key for part in parts for key in _read(session.execute(_SOME, {"ids": part}))}


def _read(found: Iterable[Row[Any]]) -> list[HeldKey]:
    return [
        HeldKey(
            id=row.id,
            label=row.label,
            kind=KeyKind(row.kind),
            state=KeyState(row.state),
            gateway=row.gateway,
            holder_id=row.holder_id,
            lead_id=row.lead_id,
            revealed_at=row.revealed_at,
            kept_until=row.kept_until,
            retires_at=row.retires_at,
            last_used=_later(row.used, row.seen),
        )
        for row in found
    ]


def _later(used: str | None, seen: datetime | None) -> date | None:
    days = [date.fromisoformat(used)] if used is not None else []
    return max([*days, seen.date()] if seen is not None else days, default=None)
