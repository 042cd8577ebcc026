"""Keys at gateways that these books did not make: as last seen, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, and_, bindparam, func, insert, update
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from bot.domain.inventory import Stranger, UnknownKey, UnknownState
from storage.leaving_tables import UnknownKeyRow

_CHUNK: Final = 500
_TABLE: Any = UnknownKeyRow.__table__  # type: ignore[attr-defined]
# Rows and not objects: a gateway may hold very many.
_OF_GATEWAY: Final = core_select(
    *(_TABLE.c[name] for name in ("handle", "state", "alias", "cap_micros", "spent_micros", "record", "decided_by"))
).where(_TABLE.c.gateway == bindparam("gateway"))


class Noted(NamedTuple):
    """What a look at a gateway found that was not known before."""

    new: tuple[Stranger, ...] = ()
    """Never seen before."""
    back: tuple[Stranger, ...] = ()
    """Turned off here, off or gone since, and working again."""


def see(
    session: Session, gateway: str, found: Iterable[Stranger], now: datetime, unsure: Collection[str] = ()
) -> Noted:
    """Write down what a gateway holds that the books do not know: all of it, as its list has it.

    What was open and is not there any more is gone, unless it is `unsure` whether it is, or it is being turned off:
    then whoever does that finds out. What is found again is open again. Adopted keys stay as they are.
    """
    there = {row.handle: row for row in session.connection().execute(_OF_GATEWAY, {"gateway": gateway})}
    seen = {one.handle: one for one in found}
    new = tuple(one for handle, one in seen.items() if handle not in there)
    changed = [
        {"b_handle": handle, "b_state": to, **_values(one)}
        for handle, one in seen.items()
        if (row := there.get(handle)) is not None and (to := _state_after(row, one)) is not None
    ]
    again = [one["b_handle"] for one in changed if one["b_state"] != there[one["b_handle"]].state]
    back = tuple(seen[handle] for handle in again if there[handle].decided_by is not None and seen[handle].is_on)
    stays = {*seen, *unsure, *(handle for handle, row in there.items() if row.decided_by is not None)}
    gone = [handle for handle, row in there.items() if row.state == UnknownState.OPEN and handle not in stays]
    _add(session, gateway, new, now)
    _change(session, gateway, changed)
    _set(session, gateway, again, {"decided_by": None, "decided_at": None})
    _set(session, gateway, gone, {"state": str(UnknownState.GONE)})
    _set(session, gateway, [handle for handle in seen if handle in there], {"seen_at": now})
    session.expire_all()
    return Noted(new, back)


def _state_after(row: Row[Any], one: Stranger) -> str | None:
    """The state of a key that was found at its gateway; None when there is nothing to write down."""
    was_decided = row.state == UnknownState.DISABLED or (row.state == UnknownState.GONE and row.decided_by is not None)
    if (was_decided and one.is_on) or (row.state == UnknownState.GONE and not was_decided):
        return str(UnknownState.OPEN)
    is_news = row.state != UnknownState.ADOPTED and _values(one) != _kept(row)
    return str(row.state) if is_news else None


def get(session: Session, gateway: str, handle: str) -> UnknownKey | None:
    """The key, or None."""
    row = session.get(UnknownKeyRow, (gateway, handle))
    return None if row is None else _unknown(row)


def turned_off(session: Session, gateway: str) -> set[str]:
    """The handles of those that were turned off, and are off or gone."""
    query = select(UnknownKeyRow.handle).where(
        UnknownKeyRow.gateway == gateway,
        col(UnknownKeyRow.state).in_((UnknownState.DISABLED, UnknownState.GONE)),
        col(UnknownKeyRow.decided_by).is_not(None),
    )
    return set(session.exec(query))


def unanswered(session: Session, gateway: str) -> set[str]:
    """The handles of those that nobody has decided about."""
    query = select(UnknownKeyRow.handle).where(
        UnknownKeyRow.gateway == gateway,
        UnknownKeyRow.state == UnknownState.OPEN,
        col(UnknownKeyRow.decided_by).is_(None),
    )
    return set(session.exec(query))


def open_ones(session: Session, *, limit: int, offset: int = 0) -> list[UnknownKey]:
    """Keys that nobody has answered for, those that work first, then those with the widest cap (none at all first)."""
    no_cap = col(UnknownKeyRow.cap_micros).is_(None)
    query = (
        select(UnknownKeyRow)
        .where(UnknownKeyRow.state == UnknownState.OPEN)
        .order_by(no_cap.desc(), col(UnknownKeyRow.cap_micros).desc(), UnknownKeyRow.gateway, UnknownKeyRow.handle)
        .limit(limit)
        .offset(offset)
    )
    return [_unknown(row) for row in session.exec(query)]


def count_open(session: Session) -> int:
    """How many there are of them."""
    return int(session.exec(select(func.count()).where(UnknownKeyRow.state == UnknownState.OPEN)).one())


def adopt(session: Session, unknown: UnknownKey, key_id: str, by: str, now: datetime) -> bool:
    """It is a key of ours from now on; False when somebody decided about it already."""
    values = {"state": str(UnknownState.ADOPTED), "key_id": key_id, "decided_by": by, "decided_at": now}
    return _decide(session, unknown, {**values, "spent_micros": unknown.seen.spent_micros})


def turn_off(session: Session, unknown: UnknownKey, by: str, now: datetime) -> bool:
    """It was decided that it goes off; False when somebody decided about it already."""
    return _decide(session, unknown, {"decided_by": by, "decided_at": now})


def is_off(session: Session, gateway: str, handle: str, state: UnknownState) -> bool:
    """What was decided to go off is off, or gone; False when that was written down already."""
    done = session.exec(
        update(UnknownKeyRow)
        .where(*_here(gateway, handle), col(UnknownKeyRow.state) == UnknownState.OPEN)
        .where(col(UnknownKeyRow.decided_by).is_not(None))
        .values(state=str(state))
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def baselines(session: Session) -> dict[str, int]:
    """What adopted keys had spent before, by the keys' ids, in micro-USD: none of it is charged to anybody."""
    query = select(UnknownKeyRow.key_id, UnknownKeyRow.spent_micros).where(
        UnknownKeyRow.state == UnknownState.ADOPTED, UnknownKeyRow.spent_micros > 0
    )
    return {key_id: micros for key_id, micros in session.exec(query) if key_id is not None}


def lower_baseline(session: Session, key_id: str, micros: int) -> None:
    """The gateway has forgotten some of what an adopted key had spent before; what it tells now stands instead."""
    session.exec(
        update(UnknownKeyRow)
        .where(col(UnknownKeyRow.state) == UnknownState.ADOPTED, col(UnknownKeyRow.key_id) == key_id)
        .where(col(UnknownKeyRow.spent_micros) > micros)
        .values(spent_micros=micros)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def _decide(session: Session, unknown: UnknownKey, values: dict[str, Any]) -> bool:
    done = session.exec(
        update(UnknownKeyRow)
        .where(*_here(unknown.gateway, unknown.seen.handle), col(UnknownKeyRow.decided_by).is_(None))
        .where(col(UnknownKeyRow.state) == UnknownState.OPEN)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def _here(gateway: str, handle: str) -> tuple[Any, Any]:
    return col(UnknownKeyRow.gateway) == gateway, col(UnknownKeyRow.handle) == handle


def _add(session: Session, gateway: str, new: Sequence[Stranger], now: datetime) -> None:
    moments = {"state": str(UnknownState.OPEN), "found_at": now, "seen_at": now}
    for chunk in _chunks(new):
        rows = [{"gateway": gateway, "handle": one.handle, **_values(one), **moments} for one in chunk]
        session.execute(insert(_TABLE), rows)


def _change(session: Session, gateway: str, changed: Sequence[dict[str, Any]]) -> None:
    here = and_(_TABLE.c.gateway == gateway, _TABLE.c.handle == bindparam("b_handle"))
    statement = update(_TABLE).where(here).values(state=bindparam("b_state"))
    for chunk in _chunks(changed):
        session.connection().execute(statement, [dict(one) for one in chunk])


def _set(session: Session, gateway: str, handles: Sequence[str], values: dict[str, Any]) -> None:
    for chunk in _chunks(handles):
        session.exec(
            update(UnknownKeyRow)
            .where(col(UnknownKeyRow.gateway) == gateway, col(UnknownKeyRow.handle).in_(chunk))
            .values(**values)
            .execution_options(synchronize_session=False)
        )


def _values(one: Stranger) -> dict[str, Any]:
    record = {
        "is_on": one.is_on,
        "cap_period": one.cap_period,
        "daily_cap_micros": one.daily_cap_micros,
        "expires_at": None if one.expires_at is None else one.expires_at.isoformat(),
        "models": list(one.models),
        "installation": one.installation,
    }
    amounts = {"cap_micros": one.cap_micros, "spent_micros": one.spent_micros}
    return {"alias": one.alias, **amounts, "record": record}


def _kept(row: Row[Any]) -> dict[str, Any]:
    amounts = {"cap_micros": row.cap_micros, "spent_micros": row.spent_micros}
    return {"alias": row.alias, **amounts, "record": row.record}


def _unknown(row: UnknownKeyRow) -> UnknownKey:
    record = row.record
    ends = record.get("expires_at")
    return UnknownKey(
        gateway=row.gateway,
        seen=Stranger(
            handle=row.handle,
            alias=row.alias,
            is_on=bool(record.get("is_on", True)),
            cap_micros=row.cap_micros,
            cap_period=str(record.get("cap_period", "")),
            daily_cap_micros=record.get("daily_cap_micros"),
            spent_micros=row.spent_micros,
            expires_at=None if ends is None else datetime.fromisoformat(ends),
            models=tuple(record.get("models", ())),
            installation=str(record.get("installation", "")),
        ),
        state=UnknownState(row.state),
        found_at=row.found_at,
        seen_at=row.seen_at,
        key_id=row.key_id,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )


def _chunks(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    each = iter(items)
    while chunk := list(islice(each, _CHUNK)):
        yield chunk
