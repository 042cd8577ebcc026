"""Who turned off whose keys lately, and what keys that are off have spent since: queries over rows of others."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sqlalchemy import String, bindparam, text
from sqlmodel import Session

from bot.domain.periods import month_of
from storage.columns import UtcDateTime

_CHUNK: Final = 500

# `actor <> 'purser'` lets the databases use the index of what people did.
_BY: Final = (
    text(
        """
        SELECT l.at, k.id AS key_id, k.team_id, k.project_id, k.lead_id
        FROM ledger l JOIN keys k ON k.id = l.key_id
        WHERE l.actor = :actor AND l.actor <> 'purser' AND l.at >= :since
          AND l.action IN ('key.disabled', 'key.withdrawn') AND k.holder_id <> :actor
          AND (k.leaked_at IS NULL OR k.leaked_at > l.at)
        ORDER BY l.at
        """
    )
    .bindparams(bindparam("since", type_=UtcDateTime()))
    .columns(at=UtcDateTime())
)
# All that a key has spent which was revealed today was spent today: its first reading tells no hour.
_TODAY: Final = text(
    """
    SELECT k.id AS key_id,
           coalesce(CASE WHEN k.revealed_at >= :since THEN (
             SELECT r.lifetime_micros FROM readings r WHERE r.key_id = k.id AND length(r.period) = 7
             ORDER BY r.period DESC LIMIT 1)
           ELSE (
             SELECT CAST(sum(h.spent_micros) AS BIGINT) FROM live_hours h WHERE h.key_id = k.id AND h.hour >= :since)
           END, 0) AS micros
    FROM keys k WHERE k.id IN :keys
    """
).bindparams(bindparam("keys", expanding=True, type_=String()), bindparam("since", type_=UtcDateTime()))
# Totals are told neither of keys that were deleted because they spent, nor of those that were found gone.
_UNRESTED: Final = (
    text(
        """
        SELECT k.id AS key_id, k.gateway, k.proven_at FROM keys k
        WHERE k.state = 'disabled' AND k.rest_at IS NULL AND k.proven_at IS NOT NULL AND k.deleted_at IS NULL
          AND k.off_cause <> 'drift'
        ORDER BY k.proven_at
        """
    )
    .bindparams()
    .columns(proven_at=UtcDateTime())
)
_RESTING: Final = (
    text(
        """
        SELECT k.id AS key_id, k.gateway, k.proven_at FROM keys k
        WHERE k.state = 'disabled' AND k.rest_at IS NOT NULL AND k.proof IN ('recorded', 'probed')
          AND k.deleted_at IS NULL
        ORDER BY k.proven_at
        """
    )
    .bindparams()
    .columns(proven_at=UtcDateTime())
)
_GROWN: Final = text(
    """
    SELECT DISTINCT k.id AS key_id FROM keys k JOIN readings r ON r.key_id = k.id
    WHERE k.state = 'disabled' AND k.rest_micros IS NOT NULL AND k.deleted_at IS NULL
      AND r.period IN (:month, :before) AND r.lifetime_micros > k.rest_micros
    """
)


class TurnedOff(NamedTuple):
    """A key of somebody else's that one person turned off, without having its secret."""

    at: datetime
    key_id: str
    team_id: str
    project_id: str | None
    lead_id: str | None


class Waiting(NamedTuple):
    """A key that is proven off and not known to be quiet yet."""

    key_id: str
    gateway: str
    proven_at: datetime


def by_person(session: Session, actor_id: str, since: datetime) -> list[TurnedOff]:
    """Keys of others that this person turned off from then on, oldest first; those whose secret was found left out."""
    rows = session.execute(_BY, {"actor": actor_id, "since": since})
    return [TurnedOff(row.at, row.key_id, row.team_id, row.project_id, row.lead_id) for row in rows]


def today(session: Session, key_ids: Iterable[str], now: datetime) -> dict[str, int]:
    """What live totals saw each of these keys spend in this UTC day, in micro-USD."""
    since = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    ids = sorted(key_ids)
    parts = (ids[first : first + _CHUNK] for first in range(0, len(ids), _CHUNK))
    return {
        row.key_id: int(row.micros) for part in parts for row in session.execute(_TODAY, {"keys": part, "since": since})
    }


def unrested(session: Session) -> list[Waiting]:
    """Keys proven off of which it is not yet known what they had spent by then; the longest proven first."""
    return [Waiting(row.key_id, row.gateway, row.proven_at) for row in session.execute(_UNRESTED)]


def resting(session: Session) -> list[Waiting]:
    """Keys of which that is known, and that are not called quiet yet; the longest proven first."""
    return [Waiting(row.key_id, row.gateway, row.proven_at) for row in session.execute(_RESTING)]


def grown(session: Session, now: datetime, before: datetime) -> list[str]:
    """Keys that are off and had spent more, by a total of the months of these moments, than where they came to rest."""
    asked = {"month": month_of(now), "before": month_of(before)}
    return [row.key_id for row in session.execute(_GROWN, asked)]
