"""Keys counted and listed for the inventory: counts by GROUP BY, lists by LIMIT, so that any number of keys will do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, String, bindparam, text
from sqlmodel import Session

from bot.domain.inventory import Flag, KeyEntry
from bot.domain.keys import SPENDING, KeyKind, KeyState
from bot.domain.periods import day_of
from storage.columns import UtcDateTime

HELD: Final = SPENDING | {KeyState.DISABLED}
_LED: Final = (KeyKind.PROJECT, KeyKind.AUTOMATION)


class Order(StrEnum):
    """Which keys come first."""

    OLDEST = "oldest"
    WIDEST = "widest"
    NOBODYS = "nobodys"
    """Only keys whose holder or lead is not there any more, by label."""
    LABEL = "label"
    """Every key that was ever shown to anybody, by label."""


@dataclass(frozen=True, slots=True)
class Looking:
    """Which keys are looked at, and what makes one of them deserve a look."""

    team_ids: tuple[str, ...] | None
    """None for every team."""
    now: datetime
    unused_seconds: int
    rotate_seconds: Mapping[KeyKind, int]
    """After how long each kind is to be rotated; kinds without are left out."""
    owner_ids: Collection[str]
    """Workspace owners, who belong to every team."""
    model_groups: Collection[str]
    """Names that stand for more than one model."""
    cap_effect: str
    """What the outbox calls telling a gateway a cap."""
    telling_use: Collection[str]
    """Gateways of which it is known up to these days what their keys are used for: of no others a key is unused."""


class Count(NamedTuple):
    """Keys of one gateway, kind and state. Amounts are micro-USD."""

    gateway: str
    kind: KeyKind
    state: KeyState
    keys: int
    monthly_micros: int
    total_micros: int


class Spread(NamedTuple):
    """How many people hold keys that work at a gateway, and how many projects have such."""

    holders: int
    projects: int


def counts(session: Session, looking: Looking) -> list[Count]:
    """How many keys there are that were shown to somebody, by gateway, kind and state."""
    sql = f"""
        SELECT k.gateway, k.kind, k.state, count(*) AS keys,
               CAST(sum(CASE WHEN k.cap_period <> 'total' THEN k.cap_micros ELSE 0 END) AS BIGINT) AS monthly,
               CAST(sum(CASE WHEN k.cap_period = 'total' THEN k.cap_micros ELSE 0 END) AS BIGINT) AS total
        FROM keys k WHERE {_where(looking, HELD)} GROUP BY k.gateway, k.kind, k.state
    """  # noqa: S608 - made of our own words
    rows = session.execute(text(sql), _scope(looking))
    return [
        Count(row.gateway, KeyKind(row.kind), KeyState(row.state), row.keys, row.monthly, row.total) for row in rows
    ]


def spreads(session: Session, looking: Looking) -> dict[str, Spread]:
    """People and projects with keys that work, by gateway."""
    sql = f"""
        SELECT k.gateway, count(DISTINCT k.holder_id) AS holders, count(DISTINCT k.project_id) AS projects
        FROM keys k WHERE {_where(looking, SPENDING)} GROUP BY k.gateway
    """  # noqa: S608
    return {row.gateway: Spread(row.holders, row.projects) for row in session.execute(text(sql), _scope(looking))}


def budgets(session: Session, looking: Looking) -> tuple[int, int]:
    """How many teams there are, and their monthly budgets together, in micro-USD."""
    where = "" if looking.team_ids is None else f"WHERE t.id IN ({_names('team', looking.team_ids)})"
    sql = f"""
        SELECT count(*) AS teams, CAST(coalesce(sum(b.monthly_micros), 0) AS BIGINT) AS micros
        FROM teams t LEFT JOIN budgets b ON b.layer = 'team' AND b.subject_id = t.id {where}
    """  # noqa: S608
    row = session.execute(text(sql), _scope(looking)).one()
    return int(row.teams), int(row.micros)


def flagged(session: Session, looking: Looking) -> dict[Flag, int]:
    """How many of the keys that work deserve a look, by why."""
    flags = _flags(looking)
    sums = ", ".join(f"CAST(sum(CASE WHEN {when} THEN 1 ELSE 0 END) AS BIGINT) AS {flag}" for flag, when in flags)
    sql = f"SELECT {sums} FROM keys k {_PEOPLE} WHERE {_where(looking, SPENDING)}"  # noqa: S608
    row = session.execute(_typed(sql), _asked(looking)).one()
    return {flag: int(getattr(row, flag) or 0) for flag, _ in flags}


def listed(session: Session, looking: Looking, order: Order, *, limit: int, offset: int = 0) -> list[KeyEntry]:
    """Some of the keys, in this order, each with why it deserves a look."""
    found = session.execute(_listing(looking, order), _asked(looking) | {"limit": limit, "offset": offset})
    return [_entry(row) for row in found]


def every(session: Session, looking: Looking, *, at_once: int = 500) -> Iterator[KeyEntry]:
    """Every key that was shown to somebody, by label, a few hundred at a time in memory."""
    after, statement = "", _listing(looking, Order.LABEL)
    while True:
        rows = session.execute(statement, _asked(looking) | {"after": after, "limit": at_once, "offset": 0}).all()
        yield from map(_entry, rows)
        if len(rows) < at_once:
            return
        after = rows[-1].label


_PEOPLE: Final = """
    LEFT JOIN members h ON h.id = k.holder_id
    LEFT JOIN memberships mh ON mh.team_id = k.team_id AND mh.member_id = k.holder_id AND mh.role <> 'removed'
    LEFT JOIN members l ON l.id = k.lead_id
    LEFT JOIN memberships ml ON ml.team_id = k.team_id AND ml.member_id = k.lead_id AND ml.role <> 'removed'
"""
_ORDERS: Final = {
    Order.OLDEST: "k.revealed_at, k.id",
    Order.WIDEST: "k.cap_micros DESC, k.id",
    Order.NOBODYS: "k.label",
    Order.LABEL: "k.label",
}


def _listing(looking: Looking, order: Order) -> Any:  # noqa: ANN401 - a statement of SQLAlchemy's
    """Keys are chosen first, and looked at closely only then."""
    flags = ", ".join(f"CASE WHEN {when} THEN 1 ELSE 0 END AS {flag}" for flag, when in _flags(looking))
    where, people = _where(looking, SPENDING), ""
    if order is Order.NOBODYS:
        where, people = f"{where} AND ({_no_holder(looking)})", _PEOPLE
    if order is Order.LABEL:  # said so that the index of labels is used, and not that of states
        where = f"{_where(looking, set(KeyState) - HELD, 'NOT IN')} AND k.label > :after"
    sql = f"""
        SELECT k.id, k.label, k.kind, k.state, k.gateway, t.name AS team, coalesce(p.name, '') AS project,
               k.holder_id, k.lead_id, k.cap_micros, k.cap_period, k.daily_cap_micros, k.revealed_at, k.expires_at,
               k.created_at, {flags}
        FROM (
          SELECT k.* FROM keys k {people} WHERE {where} ORDER BY {_ORDERS[order]} LIMIT :limit OFFSET :offset
        ) AS k
        JOIN teams t ON t.id = k.team_id LEFT JOIN projects p ON p.id = k.project_id {_PEOPLE}
        ORDER BY {_ORDERS[order]}
    """  # noqa: S608
    moments = {name: UtcDateTime() for name in ("revealed_at", "expires_at", "created_at")}
    return _typed(sql).columns(**moments)


def _entry(row: Row[Any]) -> KeyEntry:
    return KeyEntry(
        id=row.id,
        label=row.label,
        kind=KeyKind(row.kind),
        state=KeyState(row.state),
        gateway=row.gateway,
        team=row.team,
        project=row.project,
        holder_id=row.holder_id,
        lead_id=row.lead_id,
        cap_micros=row.cap_micros,
        cap_period=row.cap_period,
        daily_cap_micros=row.daily_cap_micros,
        since=row.revealed_at or row.created_at,
        expires_at=row.expires_at,
        flags=tuple(flag for flag in Flag if getattr(row, flag)),
    )


def _flags(looking: Looking) -> list[tuple[Flag, str]]:
    """Each reason for a look, and when there is one."""
    is_kept = "(k.kept_until IS NOT NULL AND k.kept_until > :now)"
    due = " OR ".join(f"(k.kind = '{kind}' AND k.revealed_at <= :rotate_{kind})" for kind in looking.rotate_seconds)
    groups = "".join(f" OR {_MODELS} LIKE :group_{number}" for number, _ in enumerate(looking.model_groups))
    led = ", ".join(f"'{kind}'" for kind in _LED)
    is_known = f"k.gateway IN ({_names('known', tuple(looking.telling_use))})"
    return [
        (Flag.NO_HOLDER, _no_holder(looking)),
        (Flag.NO_LEAD, f"k.kind IN ({led}) AND k.lead_id IS NULL"),
        (Flag.ALL_MODELS, f"{_MODELS} = '[]' OR {_MODELS} LIKE '%*%'{groups}"),
        (Flag.NO_END, "k.expires_at IS NULL"),
        (Flag.PAST_ROTATION, f"({due or '1 = 0'}) AND k.retires_at IS NULL AND NOT {is_kept}"),
        (Flag.UNUSED, f"k.revealed_at <= :unused AND {is_known} AND NOT {is_kept} AND {_UNUSED}"),
        (Flag.CAP_DIFFERS, _CAP_DIFFERS),
    ]


_MODELS: Final = "CAST(k.models AS TEXT)"
_UNUSED: Final = """
    NOT EXISTS (SELECT 1 FROM usage_days u WHERE u.key_id = k.id AND u.day >= :unused_day AND u.requests > 0)
    AND NOT EXISTS (SELECT 1 FROM live_hours v WHERE v.key_id = k.id AND v.hour >= :unused_since)
"""
_CAP_DIFFERS: Final = """
    k.id IN (SELECT substr(o.stream, 5) FROM outbox o WHERE o.state = 'waiting' AND o.effect = :cap_effect)
"""


def _no_holder(looking: Looking) -> str:
    """Whether its holder may have no key of the team any more, or its lead cannot answer for one."""
    owners = _names("owner", tuple(looking.owner_ids))
    return f"""
        h.id IS NULL OR h.is_departed OR h.has_left OR (mh.member_id IS NULL AND k.holder_id NOT IN ({owners}))
        OR (k.lead_id IS NOT NULL AND (
            (ml.member_id IS NULL AND k.lead_id NOT IN ({owners})) OR coalesce(l.is_departed OR l.has_left, false)
        ))
    """


def _where(looking: Looking, states: Collection[KeyState], how: str = "IN") -> str:
    words = ", ".join(f"'{state}'" for state in sorted(states))
    team = "" if looking.team_ids is None else f" AND k.team_id IN ({_names('team', looking.team_ids)})"
    return f"k.state {how} ({words}){team}"


def _names(what: str, values: Collection[str]) -> str:
    """Parameters for a list of values; one that equals nothing where there are none."""
    return ", ".join(f":{what}_{number}" for number, _ in enumerate(values)) or "''"


def _scope(looking: Looking) -> dict[str, Any]:
    return {f"team_{number}": team_id for number, team_id in enumerate(looking.team_ids or ())}


def _asked(looking: Looking) -> dict[str, Any]:
    unused = looking.now - timedelta(seconds=looking.unused_seconds)
    rotated = {f"rotate_{kind}": looking.now - timedelta(seconds=each) for kind, each in looking.rotate_seconds.items()}
    return {
        **_scope(looking),
        **rotated,
        **{f"owner_{number}": owner for number, owner in enumerate(looking.owner_ids)},
        **{f"known_{number}": name for number, name in enumerate(looking.telling_use)},
        **{f"group_{number}": f'%"{name}"%' for number, name in enumerate(looking.model_groups)},
        "now": looking.now,
        "unused": unused,
        "unused_day": day_of(unused),
        "unused_since": unused.replace(hour=0, minute=0, second=0, microsecond=0),
        "cap_effect": looking.cap_effect,
    }


def _typed(sql: str) -> Any:  # noqa: ANN401 - a statement of SQLAlchemy's
    moments = ("now", "unused", "unused_since", *(f"rotate_{kind}" for kind in KeyKind))
    made = [bindparam(name, type_=UtcDateTime()) for name in moments if f":{name}" in sql]
    return text(sql).bindparams(*made, *([bindparam("after", type_=String())] if ":after" in sql else []))
