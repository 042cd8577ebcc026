"""The statements of `storage.budgets`: each sums one layer, over one subject or over all at once."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import bindparam, text

from bot.domain.budgets import Layer
from bot.domain.keys import PERSONAL_KINDS, SPENDING, KeyState, OffCause
from bot.domain.requests import Purpose, RequestState
from storage.columns import UtcDateTime


def _words(values: frozenset[Any]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


IN_PLAY: Final = (
    f"(k.state IN ({_words(SPENDING)}) OR (k.state = '{KeyState.DISABLED}' AND k.off_cause = '{OffCause.BUDGET}'))"
)
"""Keys that may spend, or were stopped by a limit and come back by themselves."""
_SUBJECT: Final = {
    Layer.TEAM: ("k.team_id", "q.team_id", ""),
    Layer.PROJECT: ("k.project_id", "q.project_id", ""),
    Layer.MEMBER: ("k.holder_id", "q.requester_id", f"kind IN ({_words(PERSONAL_KINDS)})"),
}
"""What names a layer's subject, of keys and of requests, and which of them it is charged for."""
# What counts against a key's cap. A total goes on from the newest month that was read.
_USED: Final = """
    CASE WHEN k.cap_period <> 'total' THEN coalesce(m.spent_micros, 0)
         WHEN m.key_id IS NOT NULL THEN m.before_micros + m.spent_micros
         ELSE coalesce((SELECT o.before_micros + o.spent_micros FROM readings o
                        WHERE o.key_id = k.id AND o.period < :month AND length(o.period) = 7
                        ORDER BY o.period DESC LIMIT 1), 0) END
"""
_READ: Final = """
    LEFT JOIN readings m ON m.key_id = k.id AND m.period = :month
    LEFT JOIN syncs s ON s.gateway = k.gateway AND s.what = 'live'
"""


def _typed(sql: str, *reads: str) -> Any:  # noqa: ANN401 - a statement of SQLAlchemy's
    moments = [bindparam("now", type_=UtcDateTime())] if ":now" in sql else []
    made = text(sql).bindparams(*moments)
    return made.columns(**{name: UtcDateTime() for name in reads}) if reads else made


@cache
def month(layer: Layer, *, one: bool) -> Any:  # noqa: ANN401
    """A layer's month, by subject: of the one that is named, or of all that have a key in play."""
    sums, unclaimed, raised = _sums(layer, one=one), _unclaimed(layer, one=one), _raised(layer, one=one)
    here = "(SELECT CAST(:subject AS TEXT) AS subject) AS here LEFT JOIN" if one else ""
    on = "ON c.subject = here.subject" if one else ""
    subject = "here.subject" if one else "c.subject"
    return _typed(
        f"""
        SELECT {subject} AS subject, b.monthly_micros, b.hard, coalesce(c.spent, 0) AS spent, c.read_at, r.until,
               coalesce(c.unpriced, 0) AS unpriced, coalesce(r.micros, 0) AS raised,
               coalesce(c.promised, 0) + coalesce(q.promised, 0) AS promised
        FROM {here} ({sums}) AS c {on}
        LEFT JOIN ({unclaimed}) AS q ON q.subject = {subject}
        LEFT JOIN ({raised}) AS r ON r.subject = {subject}
        LEFT JOIN budgets b ON b.layer = '{layer}' AND b.subject_id = {subject}
        """,  # noqa: S608
        "read_at",
        "until",
    )


def _sums(layer: Layer, *, one: bool) -> str:
    """What keys spent in the month and may still spend."""
    subject, _, charged = _SUBJECT[layer]
    where = [f"k.{charged}"] if charged else []
    where.append(f"{subject} = :subject" if one else f"{subject} IS NOT NULL")
    having = "" if one else "HAVING max(k.in_play) = 1"
    return f"""
        SELECT k.subject, CAST(sum(k.spent) AS BIGINT) AS spent, CAST(sum(k.unpriced) AS BIGINT) AS unpriced,
               CAST(sum(CASE WHEN k.in_play = 1 AND k.request_id <> :without AND k.cap_micros > k.used
                             THEN k.cap_micros - k.used ELSE 0 END) AS BIGINT) AS promised,
               coalesce(min(CASE WHEN k.in_play = 1 THEN k.read_at END), min(k.read_at)) AS read_at
        FROM (
          SELECT {subject} AS subject, k.request_id, k.cap_micros, s.read_at,
                 coalesce(m.spent_micros, 0) AS spent, coalesce(m.unpriced_requests, 0) AS unpriced,
                 CASE WHEN {IN_PLAY} THEN 1 ELSE 0 END AS in_play,
                 CASE WHEN {IN_PLAY} THEN {_USED} ELSE 0 END AS used
          FROM keys k {_READ}
          WHERE {" AND ".join(where)} AND (m.key_id IS NOT NULL OR {IN_PLAY})
        ) AS k
        GROUP BY k.subject {having}
    """  # noqa: S608


def _unclaimed(layer: Layer, *, one: bool) -> str:
    """Promised to approved requests whose key has not been revealed yet.

    Of a key in the place of one that leaked, what that one has left; in the place of one that works, nothing, for
    the old one's promise is that of both.
    """
    _, subject, charged = _SUBJECT[layer]
    where = [f"q.state = '{RequestState.APPROVED}'", "q.id <> :without"]
    where += [f"q.{charged}"] if charged else []
    where.append(f"{subject} = :subject" if one else f"{subject} IS NOT NULL")
    issued = " AND ".join([*where, f"q.purpose = '{Purpose.ISSUE}'"])
    leaked = [f"q.purpose = '{Purpose.ROTATE}'", "k.leaked_at IS NOT NULL", f"NOT {IN_PLAY}"]
    return f"""
        SELECT p.subject, CAST(sum(p.micros) AS BIGINT) AS promised FROM (
          SELECT {subject} AS subject, q.cap_micros AS micros FROM requests q WHERE {issued}
          UNION ALL
          SELECT {subject} AS subject, CASE WHEN q.cap_micros > ({_USED}) THEN q.cap_micros - ({_USED}) ELSE 0 END
          FROM requests q JOIN keys k ON k.id = q.extends_key_id {_READ}
          WHERE {" AND ".join([*where, *leaked])}
        ) AS p GROUP BY p.subject
    """  # noqa: S608


def _raised(layer: Layer, *, one: bool) -> str:
    """By how much limits stand higher now, and until when.

    What raises add to a key is in its cap, and stays there until their end has been dealt with.
    """
    stands = "r.ends_at > :now" if layer in _SUBJECT else "r.ended_at IS NULL"
    where = f"r.layer = '{layer}' AND r.starts_at <= :now AND {stands}" + (
        " AND r.subject_id = :subject" if one else ""
    )
    return f"""
        SELECT r.subject_id AS subject, CAST(sum(r.micros) AS BIGINT) AS micros, min(r.ends_at) AS until
        FROM raises r WHERE {where} GROUP BY r.subject_id
    """  # noqa: S608


NAMES: Final = {
    Layer.TEAM: text("SELECT id AS subject, name FROM teams"),
    Layer.PROJECT: text("SELECT id AS subject, name FROM projects"),
}


@cache
def caps(*, one: bool) -> Any:  # noqa: ANN401
    """Each key in play, or the one that is named, with what it spent of its cap and of its day."""
    where = "k.id = :subject" if one else IN_PLAY
    return _typed(
        f"""
        SELECT k.id, k.label, k.cap_micros, k.cap_period, k.daily_cap_micros, s.read_at,
               {_USED} AS used, coalesce(d.spent_micros, 0) AS today,
               coalesce(d.unpriced_requests, 0) AS unpriced_today,
               CASE WHEN k.cap_period <> 'total' THEN coalesce(m.unpriced_requests, 0)
                    ELSE coalesce((SELECT CAST(sum(o.unpriced_requests) AS BIGINT) FROM readings o
                                   WHERE o.key_id = k.id AND length(o.period) = 7), 0) END AS unpriced,
               coalesce(rc.micros, 0) AS raised, rc.until, coalesce(rd.micros, 0) AS raised_today,
               rd.until AS until_today
        FROM keys k {_READ}
        LEFT JOIN readings d ON d.key_id = k.id AND d.period = :day
        LEFT JOIN ({_raised(Layer.KEY, one=one)}) AS rc ON rc.subject = k.id
        LEFT JOIN ({_raised(Layer.AUTOMATION, one=one)}) AS rd ON rd.subject = k.id
        WHERE {where}
        """,  # noqa: S608
        "read_at",
        "until",
        "until_today",
    )
