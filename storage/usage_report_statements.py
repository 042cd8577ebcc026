"""The statements of `storage.usage_reports`: plain SQL that both databases read the same way."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import String, bindparam, text

from bot.domain.keys import PERSONAL_KINDS
from bot.domain.usage import Totals
from storage.columns import UtcDateTime

_PERSONAL: Final = ", ".join(f"'{kind}'" for kind in sorted(PERSONAL_KINDS))
COUNTS_TO: Final = f"CASE WHEN k.kind IN ({_PERSONAL}) THEN k.holder_id ELSE coalesce(k.lead_id, k.holder_id) END"
"""Who a key counts to."""
_NARROWED: Final = {
    "team_ids": "k.team_id IN :team_ids",
    "project_id": "k.project_id = :project_id",
    "member_id": f"(k.holder_id = :member_id OR k.lead_id = :member_id) AND {COUNTS_TO} = :member_id",
    "key_ids": "k.id IN :key_ids",
}
_BY: Final = {
    "key_id": "u.key_id",
    "model": "u.model",
    "hour": "u.hour",
    "member": COUNTS_TO,
    "project": "coalesce(k.project_id, '')",
    "team": "k.team_id",
}
_LISTS: Final = ("team_ids", "key_ids")
_SPAN: Final = "u.hour >= :since AND u.hour < :until"


def _typed(sql: str, **reads: UtcDateTime) -> Any:  # noqa: ANN401 - a statement of SQLAlchemy's
    moments = [bindparam(name, type_=UtcDateTime()) for name in ("since", "until") if f":{name}" in sql]
    lists = [bindparam(name, expanding=True, type_=String()) for name in _LISTS if f":{name}" in sql]
    made = text(sql).bindparams(*moments, *lists)
    return made.columns(**reads) if reads else made


def _where(narrow: frozenset[str], *more: str) -> str:
    conditions = [*(_NARROWED[name] for name in sorted(narrow)), *more]
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


@cache
def keys(narrow: frozenset[str]) -> Any:  # noqa: ANN401
    """Keys, in the order of `storage.usage_reports.KeyOf`."""
    columns = "k.id, k.label, k.kind, k.gateway, k.team_id, k.project_id, k.holder_id, k.lead_id"
    return _typed(f"SELECT {columns}, {COUNTS_TO} AS counts_to FROM keys k {_where(narrow)}")  # noqa: S608


@cache
def gateways(narrow: frozenset[str]) -> Any:  # noqa: ANN401
    """Where keys live."""
    return _typed(f"SELECT DISTINCT k.gateway FROM keys k {_where(narrow)} ORDER BY k.gateway")  # noqa: S608


@cache
def sums(narrow: frozenset[str], by: tuple[str, ...]) -> Any:  # noqa: ANN401
    """The counts of `Totals`, in its order, after what they are grouped by."""
    named = "".join(f"{_BY[name]} AS {name}, " for name in by)
    counts = ", ".join(f"CAST(sum(u.{name}) AS BIGINT) AS {name}" for name in Totals._fields)
    group = f"GROUP BY {', '.join(_BY[name] for name in by)}" if by else ""
    reads = {"hour": UtcDateTime()} if "hour" in by else {}
    return _typed(
        f"""
        SELECT {named}{counts} FROM keys k CROSS JOIN usage u
        {_where(narrow, "u.key_id = k.id", _SPAN)} {group}
        """,  # noqa: S608
        **reads,
    )


@cache
def unpriced(narrow: frozenset[str]) -> Any:  # noqa: ANN401
    """Models without a price, and how many requests."""
    where = _where(narrow, "u.key_id = k.id", "u.unpriced_requests > 0", _SPAN)
    return _typed(
        f"""
        SELECT u.model, CAST(sum(u.unpriced_requests) AS BIGINT) AS requests
        FROM keys k JOIN usage u ON u.key_id = k.id {where} GROUP BY u.model ORDER BY 2 DESC, 1
        """  # noqa: S608
    )


@cache
def undated(narrow: frozenset[str]) -> Any:  # noqa: ANN401
    """What no usage dates yet."""
    where = _where(narrow, "r.key_id = k.id", "r.period = :month")
    return _typed(
        f"SELECT CAST(coalesce(sum(r.undated_micros), 0) AS BIGINT) FROM keys k CROSS JOIN readings r {where}"  # noqa: S608
    )


@cache
def ends(*, first: bool) -> Any:  # noqa: ANN401
    """The first or last hour in which each key was used."""
    order = "ASC" if first else "DESC"
    return _typed(
        f"""
        SELECT k.id, (SELECT u.hour FROM usage u WHERE u.key_id = k.id AND u.requests > 0
                      ORDER BY u.hour {order} LIMIT 1) AS hour
        FROM keys k WHERE k.id IN :key_ids
        """,  # noqa: S608
        hour=UtcDateTime(),
    )
