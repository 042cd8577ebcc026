"""Usage row by row, for an export: streamed in a settled order, so that a million rows need no more memory than one.

The driver's rows are handed out as they are: making values of the domain of each would take longer than reading them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any, Final

from sqlalchemy import Row, String, bindparam, text
from sqlmodel import Session

from bot.domain.spans import Span
from bot.domain.usage import Totals
from storage import usage_report_statements as reports
from storage.columns import UtcDateTime
from storage.usage_reports import Chosen

FETCHED_ROWS: Final = 2_000
"""How many rows are in memory at once."""
SORTED_KEYS: Final = 1_000
"""How many keys' rows are put in order at once: all at once would take long before the first one comes."""
HOUR_CHARS: Final = len("2026-11-21 14")
DAY_CHARS: Final = len("2026-11-21")
_COUNTS: Final = ", ".join(f"u.{name}" for name in Totals._fields)
_SUMS: Final = ", ".join(f"CAST(sum(u.{name}) AS BIGINT)" for name in Totals._fields)
# A row that a gateway tells no more stays, with zeros.
_TELLS: Final = f"({' OR '.join(f'u.{name} <> 0' for name in Totals._fields)})"


def rows(session: Session, chosen: Chosen, span: Span, shown: Sequence[str] | None = None) -> Iterator[Sequence[Any]]:
    """Usage of the chosen keys, or those of them that are `shown`: lists of rows, in order of labels, then of hours.

    A row is the key's id, the hour as `2026-11-21 14` in UTC, the model, and the counts in the order of `Totals`. The
    order of labels is the database's own.
    """
    asked = _asked(chosen, span)
    if shown is not None:
        asked["shown"] = list(shown)
    labels = [row.label for row in session.execute(_labels(frozenset(asked)), asked)]
    for start in range(0, len(labels), SORTED_KEYS):
        some = labels[start : start + SORTED_KEYS]
        asked |= {"first": some[0], "last": some[-1]}
        yield from _streamed(session, _rows(frozenset(asked)), asked)


def sums(
    session: Session, chosen: Chosen, span: Span, left_out: Sequence[str], *, by_hour: bool
) -> Iterator[Sequence[Any]]:
    """Usage of the chosen keys but those left out, added up over keys, by hour or day: such rows without a key's id."""
    asked = {**_asked(chosen, span), "left_out": list(left_out)}
    return _streamed(session, _sums(frozenset(asked), HOUR_CHARS if by_hour else DAY_CHARS), asked)


def count(session: Session, chosen: Chosen, span: Span, *, most: int) -> int:
    """How many rows there are, counted up to `most` and one more."""
    asked = _asked(chosen, span)
    return int(session.execute(_count(frozenset(asked)), {**asked, "most": most + 1}).scalar_one())


def _streamed(session: Session, statement: Any, asked: dict[str, Any]) -> Iterator[Sequence[Row[Any]]]:  # noqa: ANN401
    found = session.execute(statement, asked, execution_options={"yield_per": FETCHED_ROWS})
    try:
        yield from found.partitions(FETCHED_ROWS)
    finally:
        found.close()


def _asked(chosen: Chosen, span: Span) -> dict[str, Any]:
    given = {name: value for name, value in asdict(chosen).items() if value is not None}
    return {**given, "since": span.begins_at, "until": span.ends_at}


def _keys(asked: frozenset[str]) -> str:
    return str(reports.keys(asked & set(Chosen.__dataclass_fields__)).text)


def _from(asked: frozenset[str]) -> str:
    return f"""
        FROM ({_keys(asked)}) k CROSS JOIN usage u
        WHERE u.key_id = k.id AND u.hour >= :since AND u.hour < :until AND {_TELLS}
    """


@cache
def _labels(asked: frozenset[str]) -> Any:  # noqa: ANN401 - a statement of SQLAlchemy's
    only = "WHERE k.id IN :shown" if "shown" in asked else ""
    return _typed(f"SELECT k.label FROM ({_keys(asked)}) k {only} ORDER BY k.label")  # noqa: S608


@cache
def _rows(asked: frozenset[str]) -> Any:  # noqa: ANN401
    only = "AND k.id IN :shown" if "shown" in asked else ""
    return _typed(
        f"""
        SELECT k.id, substr(CAST(u.hour AS TEXT), 1, {HOUR_CHARS}), u.model, {_COUNTS}
        {_from(asked)} AND k.label BETWEEN :first AND :last {only}
        ORDER BY k.label, u.hour
        """
    )


@cache
def _sums(asked: frozenset[str], chars: int) -> Any:  # noqa: ANN401
    return _typed(
        f"""
        SELECT '', substr(CAST(u.hour AS TEXT), 1, {chars}), u.model, {_SUMS}
        {_from(asked)} AND k.id NOT IN :left_out GROUP BY 2, 3 ORDER BY 2
        """
    )


@cache
def _count(asked: frozenset[str]) -> Any:  # noqa: ANN401
    return _typed(f"SELECT count(*) FROM (SELECT 1 {_from(asked)} LIMIT :most) found")  # noqa: S608


def _typed(sql: str) -> Any:  # noqa: ANN401
    moments = [bindparam(name, type_=UtcDateTime()) for name in ("since", "until") if f":{name}" in sql]
    lists = [
        bindparam(name, expanding=True, type_=String())
        for name in ("team_ids", "key_ids", "shown", "left_out")
        if f":{name}" in sql
    ]
    return text(sql).bindparams(*moments, *lists)
