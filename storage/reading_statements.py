"""The statements of `storage.readings`: plain SQL that both databases read the same way.

Periods of a key form two chains, told apart by the length of their names: months (7) and days (10).
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import String, bindparam, text

from storage.columns import UtcDateTime


def _statement(sql: str, *, keys: bool = False, moments: tuple[str, ...] = (), reads: tuple[str, ...] = ()) -> Any:  # noqa: ANN401 - a statement of SQLAlchemy's
    """Text with its parameters typed: `keys` is a list, `moments` go in as times, `reads` come out as such."""
    made = text(sql).bindparams(*(bindparam(name, type_=UtcDateTime()) for name in moments))
    if keys:
        made = made.bindparams(bindparam("keys", expanding=True, type_=String()))
    return made.columns(**{name: UtcDateTime() for name in reads}) if reads else made


ROWS: Final = _statement(
    """
    SELECT key_id, before_micros, lifetime_micros, usage_micros, spent_micros, read_at
    FROM readings WHERE period = :period AND key_id IN :keys
    """,
    keys=True,
    reads=("read_at",),
)
ANY_LATER: Final = text("SELECT 1 FROM readings WHERE period >= :after AND length(period) = :grain LIMIT 1")
FOLLOWED: Final = _statement(
    """
    SELECT DISTINCT key_id FROM readings
    WHERE key_id IN :keys AND period > :period AND length(period) = :grain
    """,
    keys=True,
)
DAILY: Final = _statement("SELECT id FROM keys WHERE daily_cap_micros IS NOT NULL AND id IN :keys", keys=True)
# What is known of all months before one: the newest live total, and what they are charged.
BEFORE_MONTH: Final = _statement(
    """
    SELECT r.key_id, r.lifetime_micros, r.before_micros + r.spent_micros AS charged_micros
    FROM readings r
    WHERE r.key_id IN :keys AND r.period = (
      SELECT max(o.period) FROM readings o
      WHERE o.key_id = r.key_id AND o.period < :month AND length(o.period) = 7)
    """,
    keys=True,
)
KNOWN: Final = text(
    """
    SELECT k.id, k.handle, k.cap_period, k.daily_cap_micros IS NOT NULL AS is_daily,
           (k.state IN ('live', 'disabling', 'restoring')
            OR (k.state = 'disabled' AND k.off_cause = 'budget')) AS is_in_play,
           m.lifetime_micros IS NOT NULL AS has_month, d.lifetime_micros IS NOT NULL AS has_day,
           coalesce(m.lifetime_micros, (
             SELECT o.lifetime_micros FROM readings o WHERE o.key_id = k.id AND length(o.period) = 7
             ORDER BY o.period DESC LIMIT 1)) AS lifetime_micros
    FROM keys k
    LEFT JOIN readings m ON m.key_id = k.id AND m.period = :month
    LEFT JOIN readings d ON d.key_id = k.id AND d.period = :day
    WHERE k.gateway = :gateway AND k.handle IS NOT NULL
    """
)
SPENT: Final = _statement(
    """
    SELECT r.spent_micros AS micros, r.lifetime_micros, r.unpriced_requests, r.read_at, s.read_at AS synced_at
    FROM readings r JOIN keys k ON k.id = r.key_id
    LEFT JOIN syncs s ON s.gateway = k.gateway AND s.what = 'live'
    WHERE r.key_id = :key AND r.period = :period
    """,
    reads=("read_at", "synced_at"),
)
# Without a reading before it, all that was ever spent is what stands before the newest month, and in it.
SPENT_EVER: Final = _statement(
    """
    SELECT r.before_micros + r.spent_micros AS micros, r.lifetime_micros, r.read_at, s.read_at AS synced_at,
           (SELECT CAST(sum(o.unpriced_requests) AS INTEGER) FROM readings o
            WHERE o.key_id = r.key_id AND length(o.period) = 7) AS unpriced_requests
    FROM readings r JOIN keys k ON k.id = r.key_id
    LEFT JOIN syncs s ON s.gateway = k.gateway AND s.what = 'live'
    WHERE r.key_id = :key AND length(r.period) = 7
    ORDER BY r.period DESC LIMIT 1
    """,
    reads=("read_at", "synced_at"),
)
OPEN: Final = _statement(
    """
    WITH wanted AS MATERIALIZED (
      SELECT DISTINCT w.key_id, w.period,
        (SELECT max(o.period) FROM readings o
         WHERE o.key_id = w.key_id AND o.period < w.period AND length(o.period) = length(w.period)) AS earlier,
        (SELECT min(o.period) FROM readings o
         WHERE o.key_id = w.key_id AND o.period > w.period AND length(o.period) = length(w.period)) AS later
      FROM wanted_periods w
      WHERE EXISTS (SELECT 1 FROM keys k WHERE k.id = w.key_id)
        AND NOT EXISTS (SELECT 1 FROM readings r WHERE r.key_id = w.key_id AND r.period = w.period)
    )
    INSERT INTO readings (key_id, period, before_micros, lifetime_micros, usage_micros, spent_micros,
                          undated_micros, unpriced_requests, read_at)
    SELECT w.key_id, w.period, coalesce(p.before_micros + p.spent_micros, f.before_micros, 0),
           coalesce(p.lifetime_micros, f.before_micros, 0), 0, 0,
           coalesce(p.undated_micros, 0), 0, coalesce(p.read_at, :never)
    FROM wanted w
    LEFT JOIN readings p ON p.key_id = w.key_id AND p.period = w.earlier
    LEFT JOIN readings f ON f.key_id = w.key_id AND f.period = w.later
    """,
    moments=("never",),
)
TOLD: Final = _statement(
    """
    UPDATE readings
    SET lifetime_micros = :total, undated_micros = undated_micros + :spent - spent_micros, spent_micros = :spent,
        read_at = :at
    WHERE key_id = :key AND period = :period
    """,
    moments=("at",),
)
# Periods in which no total was told yet go on from the one that was told before them.
CARRY: Final = _statement(
    """
    UPDATE readings SET lifetime_micros = :total, read_at = :at
    WHERE key_id = :key AND period > :period AND length(period) = :grain AND read_at <= :at
    """,
    moments=("at",),
)
# From the period before the first that changed, if there is one, to the end of the chain.
CHAINS: Final = text(
    """
    WITH starts AS MATERIALIZED (
      SELECT u.key_id, u.grain, u.since, coalesce((
        SELECT o.period FROM readings o
        WHERE o.key_id = u.key_id AND o.period < u.since AND length(o.period) = u.grain
        ORDER BY o.period DESC LIMIT 1), u.since) AS first
      FROM unsettled u
    )
    SELECT r.key_id, s.since, r.period, r.before_micros, r.lifetime_micros, r.usage_micros, r.spent_micros,
           r.undated_micros
    FROM starts s CROSS JOIN readings r  -- in this order, says SQLite's manual; PostgreSQL chooses
    WHERE r.key_id = s.key_id AND r.period >= s.first AND length(r.period) = s.grain
    ORDER BY r.key_id, s.grain, r.period
    """
)
SETTLED: Final = text(
    """
    UPDATE readings SET before_micros = :before_micros, spent_micros = :spent_micros, undated_micros = :undated_micros
    WHERE key_id = :key AND period = :period
    """
)
