"""The statements of `storage.usage_reports`: plain SQL that both databases read the same way."""

from __future__ import annotations

from collections.abc import Mapping
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
    "states": "k.state IN :states",
}
_OF_KEYS: Final = {"member": COUNTS_TO, "project": "coalesce(k.project_id, '')", "team": "k.team_id"}
"""What usage is grouped by that only its key knows."""
_OF_MODELS: Final = {
    "team_ids": "u.team_id IN :team_ids",
    "project_id": "u.project_id = :project_id AND u.team_id = (SELECT team_id FROM projects WHERE id = :project_id)",
}
"""How `usage_models`, which knows no keys, is narrowed."""
_IN_MODELS: Final = {"model": "u.model", "day": "u.day", "project": "u.project_id", "team": "u.team_id"}
_LISTS: Final = ("team_ids", "key_ids", "states")
_DAYS: Final = "u.day >= :first_day AND u.day < :end_day"
_HOURS: Final = "u.hour >= :since AND u.hour < :until"


def _typed(sql: str) -> Any:  # noqa: ANN401 - a statement of SQLAlchemy's
    moments = [bindparam(name, type_=UtcDateTime()) for name in ("since", "until") if f":{name}" in sql]
    lists = [bindparam(name, expanding=True, type_=String()) for name in _LISTS if f":{name}" in sql]
    return text(sql).bindparams(*moments, *lists)


def _where(narrow: frozenset[str], *more: str, known: Mapping[str, str] = _NARROWED) -> str:
    conditions = [*(known[name] for name in sorted(narrow)), *more]
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


def _in_models(narrow: frozenset[str], by: tuple[str, ...]) -> bool:
    """Whether `usage_models` has all that is asked for."""
    return narrow <= _OF_MODELS.keys() and set(by) <= _IN_MODELS.keys()


def _models(narrow: frozenset[str], *more: str) -> tuple[str, str]:
    """`usage_models`, team by team, as it is clustered: what to read from, and which of its rows."""
    if narrow:
        return "usage_models u", _where(narrow, _DAYS, *more, known=_OF_MODELS)
    return "teams t CROSS JOIN usage_models u", _where(narrow, "u.team_id = t.id", _DAYS, *more)


@cache
def sums(narrow: frozenset[str], by: tuple[str, ...]) -> Any:  # noqa: ANN401
    """The counts of `Totals`, in its order, after what they are grouped by, from the shortest table that knows it.

    Usage is clustered by key, so that few keys are read one after the other, whatever others used.
    """
    if _in_models(narrow, by):
        (source, where), groups = _models(narrow), _IN_MODELS
    elif "model" in by:
        source, where, groups = "keys k CROSS JOIN usage u", _where(narrow, "u.key_id = k.id", _HOURS), _IN_USAGE
    else:
        source, where, groups = "keys k CROSS JOIN usage_days u", _where(narrow, "u.key_id = k.id", _DAYS), _IN_DAYS
    named = "".join(f"{groups[name]} AS {name}, " for name in by)
    group = f"GROUP BY {', '.join(groups[name] for name in by)}" if by else ""
    return _typed(f"SELECT {named}{_COUNTS} FROM {source} {where} {group}")  # noqa: S608


_COUNTS: Final = ", ".join(f"CAST(sum(u.{name}) AS BIGINT) AS {name}" for name in Totals._fields)
_IN_USAGE: Final = {"key_id": "u.key_id", "model": "u.model"} | _OF_KEYS
_IN_DAYS: Final = {"key_id": "u.key_id", "day": "u.day"} | _OF_KEYS


@cache
def unpriced(narrow: frozenset[str]) -> Any:  # noqa: ANN401
    """Models without a price, and how many requests."""
    if _in_models(narrow, ("model",)):
        source, where = _models(narrow, "u.unpriced_requests > 0")
    else:
        source = "keys k CROSS JOIN usage u"
        where = _where(narrow, "u.key_id = k.id", _HOURS, "u.unpriced_requests > 0")
    return _typed(
        f"""
        SELECT u.model, CAST(sum(u.unpriced_requests) AS BIGINT) AS requests
        FROM {source} {where} GROUP BY u.model ORDER BY 2 DESC, 1
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
def first_use(narrow: frozenset[str]) -> Any:  # noqa: ANN401
    """The first day on which each key was used."""
    return _typed(
        f"""
        SELECT k.id, (SELECT u.day FROM usage_days u WHERE u.key_id = k.id AND u.requests > 0
                      ORDER BY u.day LIMIT 1) AS day
        FROM keys k {_where(narrow)}
        """  # noqa: S608
    )


TEAMS: Final = text("SELECT id, name FROM teams")
PROJECTS: Final = text("SELECT p.id, p.name, t.name AS team FROM projects p JOIN teams t ON t.id = p.team_id")
