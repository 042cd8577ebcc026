"""Effects to perform outside, written down in the transaction that decided them.

Owns their order within a stream, who holds which for how long, and how each ended. Knows nothing of what the
effects do, nor of when a failed one should be tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final, NamedTuple, TypedDict, Unpack

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    RowMapping,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlmodel import Session, SQLModel

from storage import tables

_outbox: Final = SQLModel.metadata.tables[str(tables.OutboxRow.__tablename__)]
_row: Final = _outbox.c
_NOW: Final[Any] = bindparam("now")
_ERROR_CHARACTERS: Final = 2000


class State(StrEnum):
    """How an effect stands. Only a waiting one is ever performed."""

    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Claimed:
    """An effect that is ours to perform until the lease ends.

    `attempts` counts this one. `outcome_unknown`: an earlier attempt may have been performed, so look before
    doing it again.
    """

    id: int
    stream: str
    effect: str
    payload: Mapping[str, Any]
    attempts: int
    outcome_unknown: bool
    lease: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """An effect as it stands, to look at."""

    id: int
    stream: str
    effect: str
    payload: Mapping[str, Any]
    unique_key: str
    state: State
    attempts: int
    created_at: datetime
    next_try_at: datetime
    leased_until: datetime | None
    outcome_unknown: bool
    last_error: str | None


class Backlog(NamedTuple):
    """How many effects are behind, and for how many seconds the one that waits longest."""

    effects: int
    oldest_age_seconds: float


class Wanted(TypedDict):
    """What `add` is told of an effect."""

    stream: str
    effect: str
    payload: Mapping[str, Any]
    unique_key: str


def add(session: Session, *, now: datetime, not_before: datetime | None = None, **wanted: Unpack[Wanted]) -> int:
    """Write down an effect and return its id; a `unique_key` seen before writes nothing: the earlier id.

    Effects of one stream are performed in the order they were added: one that waits for `not_before`, or for
    another try, holds up those behind it.
    """
    earlier = session.execute(select(_row.id).where(_row.unique_key == wanted["unique_key"])).scalar()
    if earlier is not None:
        return int(earlier)
    values = {
        **wanted,
        "payload": dict(wanted["payload"]),
        "state": State.WAITING,
        "attempts": 0,
        "created_at": now,
        "next_try_at": not_before or now,
        "outcome_unknown": False,
    }
    return int(session.execute(insert(_outbox).values(values).returning(_row.id)).scalar_one())


def claim(
    session: Session, *, now: datetime, lease_seconds: float, lease: str, only_id: int | None = None
) -> Claimed | None:
    """Take the oldest effect that is due and first in its stream, or none; with `only_id` that one or none.

    `lease` names the holder and should be new for each claim. A lease that ended may be taken over: its
    holder may have performed the effect, so `outcome_unknown` is then set.
    """
    row = session.execute(_claimable(one=only_id is not None), {"now": now, "only_id": only_id}).mappings().first()
    if row is None:
        return None
    claimed = Claimed(
        id=row["id"],
        stream=row["stream"],
        effect=row["effect"],
        payload=row["payload"],
        attempts=row["attempts"] + 1,
        outcome_unknown=row["outcome_unknown"] or row["lease"] is not None,
        lease=lease,
        created_at=row["created_at"],
    )
    taken = _change(
        session,
        and_(_row.id == claimed.id, _row.state == State.WAITING, _row.attempts == row["attempts"]),
        attempts=claimed.attempts,
        outcome_unknown=claimed.outcome_unknown,
        lease=lease,
        leased_until=now + timedelta(seconds=lease_seconds),
    )
    return claimed if taken else None


def finish(session: Session, claimed: Claimed, *, now: datetime) -> bool:
    """Record that the effect was performed. False when the lease was lost: another holder has it, or had.

    An effect voided while it was being performed is recorded as done, which is what happened.
    """
    held = _is_held(claimed, State.WAITING, State.VOID)
    return _end(session, held, state=State.DONE, done_at=now, outcome_unknown=False, last_error=None)


def retry(
    session: Session,
    claimed: Claimed,
    *,
    now: datetime,
    error: str,
    next_try_at: datetime,
    outcome_unknown: bool,
) -> bool:
    """Give the effect back to be tried again at `next_try_at`. False when the lease is lost or it is void."""
    return _end(
        session,
        _is_held(claimed, State.WAITING),
        next_try_at=max(next_try_at, now),
        outcome_unknown=outcome_unknown,
        last_error=error[:_ERROR_CHARACTERS],
    ) or _let_go_of_void(session, claimed)


def bury(session: Session, claimed: Claimed, *, now: datetime, error: str) -> bool:
    """Give up on the effect: a dead letter, which no longer holds up its stream. False as in `retry`."""
    return _end(
        session,
        _is_held(claimed, State.WAITING),
        state=State.DEAD,
        done_at=now,
        last_error=error[:_ERROR_CHARACTERS],
    ) or _let_go_of_void(session, claimed)


def void(session: Session, *, now: datetime, stream: str | None = None, unique_key_prefix: str | None = None) -> int:
    """Withdraw effects no longer wanted: those waiting in `stream`, or whose unique key starts so, or both.

    Returns how many. One that is being performed right now is not tried again, and its stream waits until it
    is through. Raises `ValueError` when told neither.
    """
    if stream is None and not unique_key_prefix:
        raise ValueError("void needs a stream or the start of a unique key")
    unwanted = [_row.state == State.WAITING]
    if stream is not None:
        unwanted.append(_row.stream == stream)
    if unique_key_prefix:
        unwanted.append(_row.unique_key.startswith(unique_key_prefix, autoescape=True))
    return _changed(session, and_(*unwanted), state=State.VOID, done_at=now)


def revive(session: Session, effect_id: int, *, now: datetime) -> bool:
    """Try a dead letter again, from its first attempt. False when it is not dead."""
    dead_one = and_(_row.id == effect_id, _row.state == State.DEAD)
    return _change(session, dead_one, state=State.WAITING, attempts=0, next_try_at=now, done_at=None)


def pending(session: Session, *, stream: str | None = None, effect: str | None = None) -> list[Listed]:
    """The effects still to be performed, in the order they were added."""
    wanted = [_row.state == State.WAITING]
    if stream is not None:
        wanted.append(_row.stream == stream)
    if effect is not None:
        wanted.append(_row.effect == effect)
    return _list(session, and_(*wanted))


def dead(session: Session) -> list[Listed]:
    """The dead letters: effects that were given up."""
    return _list(session, _row.state == State.DEAD)


def next_due(session: Session, now: datetime) -> datetime | None:
    """When `claim` should next be asked, which may be past; none when nothing waits.

    An effect that another holds is due when its lease ends.
    """
    moments = [session.execute(query, {"now": now}).scalar() for query in _due_next()]
    return min((moment for moment in moments if moment is not None), default=None)


def backlog(session: Session, now: datetime) -> Backlog:
    """The effects that are behind: due, or failed and to be tried again."""
    since = case((_row.attempts == 0, _row.next_try_at), else_=_row.created_at)
    behind = and_(_row.state == State.WAITING, or_(_row.next_try_at <= now, _row.attempts > 0))
    count, oldest = session.execute(select(func.count(), func.min(since)).where(behind)).one()
    return Backlog(count, 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds()))


def prune(session: Session, before: datetime) -> int:
    """Forget effects done or withdrawn before then; dead letters stay. Returns how many.

    A forgotten `unique_key` may be used again: keep them for longer than anything is ever repeated.
    """
    over = delete(_outbox).where(_row.state.in_([State.DONE, State.VOID]), _row.done_at < before)
    return _rows(session.execute(over))


@cache
def _claimable(*, one: bool) -> Select[Any]:
    """What may be claimed at the moment `now`: anything, or `only_id`. Built once: that takes longer than asking."""
    free = or_(_row.leased_until.is_(None), _row.leased_until <= _NOW)
    query = select(_outbox).where(_row.state == State.WAITING, _row.next_try_at <= _NOW, free, _is_first_in_stream())
    if one:
        query = query.where(_row.id == bindparam("only_id"))
    return query.order_by(_row.id).limit(1)


@cache
def _due_next() -> tuple[Select[Any], Select[Any]]:
    """When the next waiting effect is due as seen at the moment `now`, and when a withdrawn one lets go of others."""
    later = case(
        (and_(_row.leased_until.is_not(None), _row.leased_until > _row.next_try_at), _row.leased_until),
        else_=_row.next_try_at,
    )
    waiting = select(func.min(later)).where(_row.state == State.WAITING, _is_first_in_stream())
    withdrawn = select(func.min(_row.leased_until)).where(
        _row.state == State.VOID, _row.leased_until > _NOW, _holds_up_others()
    )
    return waiting, withdrawn


def _is_first_in_stream() -> ColumnElement[bool]:
    """Nothing earlier of the stream still waits, or was withdrawn while it is being performed."""
    earlier = _outbox.alias("earlier")
    in_the_way = or_(
        earlier.c.state == State.WAITING, and_(earlier.c.state == State.VOID, earlier.c.leased_until > _NOW)
    )
    return ~(
        select(earlier.c.id)
        .where(
            earlier.c.stream == _row.stream,
            earlier.c.state.in_([State.WAITING, State.VOID]),
            earlier.c.id < _row.id,
            in_the_way,
        )
        .exists()
    )


def _holds_up_others() -> ColumnElement[bool]:
    later = _outbox.alias("later")
    behind = and_(later.c.stream == _row.stream, later.c.state == State.WAITING, later.c.id > _row.id)
    return select(later.c.id).where(behind).exists()


def _is_held(claimed: Claimed, *states: State) -> ColumnElement[bool]:
    return and_(
        _row.id == claimed.id,
        _row.state.in_(states),
        _row.lease == claimed.lease,
        _row.attempts == claimed.attempts,
    )


def _let_go_of_void(session: Session, claimed: Claimed) -> bool:
    """An effect voided meanwhile stays void, but need not hold up its stream any longer. Always False."""
    _end(session, _is_held(claimed, State.VOID))
    return False


def _end(session: Session, held: ColumnElement[bool], **values: object) -> bool:
    return _change(session, held, lease=None, leased_until=None, **values)


def _change(session: Session, expected: ColumnElement[bool], **values: object) -> bool:
    """Compare and set one row."""
    changed = _changed(session, expected, **values)
    assert changed <= 1
    return changed == 1


def _changed(session: Session, expected: ColumnElement[bool], **values: object) -> int:
    return _rows(session.execute(update(_outbox).where(expected).values(**values)))


def _rows(result: object) -> int:
    assert isinstance(result, CursorResult)
    return int(result.rowcount)


def _list(session: Session, wanted: ColumnElement[bool]) -> list[Listed]:
    rows = session.execute(select(_outbox).where(wanted).order_by(_row.id)).mappings()
    return [_listed(row) for row in rows]


def _listed(row: RowMapping) -> Listed:
    hidden = {"lease", "done_at", "state"}
    return Listed(**{name: value for name, value in row.items() if name not in hidden}, state=State(row["state"]))
