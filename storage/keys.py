"""Keys as minted, from alias to end. State changes are compare-and-set."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, update
from sqlmodel import Session, col, select

from bot.domain.budgets import Layer, Stop
from bot.domain.keys import ALLOWED_MOVES, PERSONAL_KINDS, Key, KeyKind, KeyState, OffCause, Proof
from storage.tables import KeyRow


def add(session: Session, new: Key) -> None:
    """Write down a key that is about to be minted."""
    row = KeyRow(
        id=new.id,
        label=new.label,
        alias=new.alias,
        request_id=new.request_id,
        gateway=new.gateway,
        kind=new.kind,
        team_id=new.team_id,
        project_id=new.project_id,
        holder_id=new.holder_id,
        cap_micros=new.cap_micros,
        cap_period=new.cap_period,
        daily_cap_micros=new.daily_cap_micros,
        lead_id=new.lead_id,
        models=list(new.models),
        state=new.state,
        created_at=new.created_at,
        mint_lease_until=new.mint_lease_until,
        expires_at=new.expires_at,
        replaces_id=new.replaces_id,
    )
    session.add(row)
    session.flush()


def get(session: Session, key_id: str) -> Key | None:
    """The key, or None."""
    row = session.get(KeyRow, key_id)
    return None if row is None else _key(row)


def labelled(session: Session, label: str) -> Key | None:
    """The key of this label, or None."""
    return _one(session, KeyRow.label == label)


def fingerprinted(session: Session, fingerprint: str) -> Key | None:
    """The key whose secret has this fingerprint, or None."""
    return _one(session, KeyRow.fingerprint == fingerprint)


def with_handle(session: Session, gateway: str, handle: str) -> Key | None:
    """The key that this gateway knows by this handle, or None."""
    return _one(session, KeyRow.gateway == gateway, KeyRow.handle == handle)


def of_request(session: Session, request_id: str) -> list[Key]:
    """Every key ever minted for the request, oldest first: at most one of them is not discarded."""
    return _many(session, KeyRow.request_id == request_id)


def of_holder(session: Session, member_id: str, states: Collection[KeyState]) -> list[Key]:
    """The person's keys in any of these states, oldest first."""
    return _many(session, KeyRow.holder_id == member_id, col(KeyRow.state).in_(states))


def of_person(session: Session, member_id: str, states: Collection[KeyState]) -> list[Key]:
    """Keys in any of these states that the person holds or answers for, oldest first."""
    theirs = or_(col(KeyRow.holder_id) == member_id, col(KeyRow.lead_id) == member_id)
    return _many(session, theirs, col(KeyRow.state).in_(states))


def in_state(session: Session, *states: KeyState) -> list[Key]:
    """Keys in any of these states, oldest first."""
    return _many(session, col(KeyRow.state).in_(states))


def replacing(session: Session, key_id: str) -> list[Key]:
    """Keys that were shown to somebody in the place of this one, oldest first."""
    unshown = (KeyState.MINTING, KeyState.MINTED, KeyState.DISCARDING, KeyState.DISCARDED)
    return _many(session, KeyRow.replaces_id == key_id, col(KeyRow.state).not_in(unshown))


def retiring(session: Session, now: datetime) -> list[Key]:
    """Keys that another has taken the place of and whose last moment has come, those off for good left out."""
    works = col(KeyRow.state).in_((KeyState.LIVE, KeyState.RESTORING))
    stopped = and_(col(KeyRow.off_cause) == OffCause.BUDGET, col(KeyRow.state).in_(_GOING_OR_OFF))
    return _many(session, col(KeyRow.retires_at) <= now, or_(works, stopped))


def ending(session: Session, before: datetime) -> list[Key]:
    """Live keys whose time is over before then, oldest first."""
    return _many(session, KeyRow.state == KeyState.LIVE, col(KeyRow.expires_at) <= before)


def under(session: Session, layer: Layer, subject_id: str, states: Collection[KeyState]) -> list[Key]:
    """Keys in any of these states that a limit counts, oldest first."""
    subject = {
        Layer.TEAM: KeyRow.team_id,
        Layer.PROJECT: KeyRow.project_id,
        Layer.MEMBER: KeyRow.holder_id,
        Layer.KEY: KeyRow.id,
        Layer.AUTOMATION: KeyRow.id,
    }[layer]
    where = [subject == subject_id, col(KeyRow.state).in_(states)]
    if layer is Layer.MEMBER:
        where.append(col(KeyRow.kind).in_(PERSONAL_KINDS))
    if layer is Layer.AUTOMATION:
        where.append(col(KeyRow.daily_cap_micros).is_not(None))
    return _many(session, *where)


def at_gateway(session: Session, gateway: str) -> list[Key]:
    """Every key of this gateway whose handle is known, dead or alive, oldest first."""
    return _many(session, KeyRow.gateway == gateway, col(KeyRow.handle).is_not(None))


def label_taken(session: Session, label: str) -> bool:
    """Whether any key, dead or alive, carries this label."""
    return labelled(session, label) is not None


@dataclass(frozen=True, slots=True)
class Change:
    """Columns to set together with a state. None leaves a column as it is."""

    handle: str | None = None
    fingerprint: str | None = None
    minted_at: datetime | None = None
    revealed_at: datetime | None = None
    expires_at: datetime | None = None
    off_at: datetime | None = None
    off_by: str | None = None
    off_cause: OffCause | None = None
    off_reason: str | None = None
    proof: Proof | None = None
    proven_at: datetime | None = None
    stop: Stop | None = None
    """The limit that stops it. A key that goes off for another reason forgets this."""
    cap_micros: int | None = None
    daily_cap_micros: int | None = None
    retires_at: datetime | None = None
    leaked_at: datetime | None = None
    rest_micros: int | None = None
    rest_at: datetime | None = None
    deleted_at: datetime | None = None


_NO_CHANGE = Change()
_GOING_OR_OFF = (KeyState.DISABLING, KeyState.DISABLED)
_STOP_COLUMNS = ("stop_layer", "stop_subject_id", "stop_period", "stop_limit_micros")
_PROOF_COLUMNS = ("proof", "proven_at", "rest_micros", "rest_at")
_OFF_COLUMNS = ("off_at", "off_by", "off_cause", "off_reason", *_PROOF_COLUMNS, *_STOP_COLUMNS)
_EXPIRY_COLUMNS = ("warned_day_at", "warned_hour_at")


def move(session: Session, key_id: str, frm: KeyState, to: KeyState, change: Change = _NO_CHANGE) -> bool:
    """Move the key from one state to another, or change it where it stands; False when it was not there.

    Going live forgets how it had been off; a new expiry forgets the warnings about the old one. Raises
    ValueError for a move that the domain does not know.
    """
    if to is not frm and to not in ALLOWED_MOVES[frm]:
        msg = f"a key does not go from {frm} to {to}"
        raise ValueError(msg)
    values: dict[str, Any] = {
        name: value
        for name in Change.__dataclass_fields__
        if name != "stop" and (value := getattr(change, name)) is not None
    }
    if change.off_cause is not None:
        values |= _stop_columns(change.stop)
    if to is KeyState.DISABLING:
        values |= dict.fromkeys(_PROOF_COLUMNS)
    if to is KeyState.LIVE and frm is KeyState.RESTORING:
        values |= dict.fromkeys(_OFF_COLUMNS)
    if change.expires_at is not None:
        values |= dict.fromkeys(_EXPIRY_COLUMNS)
    done = session.exec(
        update(KeyRow)
        .where(col(KeyRow.id) == key_id, col(KeyRow.state) == frm)
        .values(state=str(to), **values)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def _stop_columns(stop: Stop | None) -> dict[str, Any]:
    if stop is None:
        return dict.fromkeys(_STOP_COLUMNS)
    return dict(zip(_STOP_COLUMNS, (str(stop.layer), stop.subject_id, stop.period, stop.limit_micros), strict=True))


def mark_warned(session: Session, key_id: str, column: str, now: datetime) -> bool:
    """Note once that the holder was warned (`warned_day_at`, `warned_hour_at`); False if it was noted."""
    marker = getattr(KeyRow, column)
    done = session.exec(
        update(KeyRow)
        .where(col(KeyRow.id) == key_id, col(KeyRow.state) == KeyState.LIVE, marker.is_(None))
        .values({column: now})
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def stay(session: Session, key_id: str) -> bool:
    """Let a key no longer go off because another has taken its place; False when it was not to."""
    done = session.exec(
        update(KeyRow)
        .where(col(KeyRow.id) == key_id, col(KeyRow.retires_at).is_not(None))
        .values(retires_at=None)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def keep(session: Session, key_id: str, until: datetime, *states: KeyState) -> bool:
    """Do not call the key old until then; False, and nothing changes, when it is in none of these states."""
    done = session.exec(
        update(KeyRow)
        .where(col(KeyRow.id) == key_id, col(KeyRow.state).in_(states))
        .values(kept_until=until)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def _one(session: Session, *where: Any) -> Key | None:  # noqa: ANN401 - SQLAlchemy's column expressions
    row = session.exec(select(KeyRow).where(*where)).first()
    return None if row is None else _key(row)


def _many(session: Session, *where: Any) -> list[Key]:  # noqa: ANN401 - SQLAlchemy's column expressions
    query = select(KeyRow).where(*where).order_by(col(KeyRow.created_at), KeyRow.id)
    return [_key(row) for row in session.exec(query).all()]


def _key(row: KeyRow) -> Key:
    return Key(
        id=row.id,
        label=row.label,
        alias=row.alias,
        request_id=row.request_id,
        gateway=row.gateway,
        kind=KeyKind(row.kind),
        team_id=row.team_id,
        project_id=row.project_id,
        holder_id=row.holder_id,
        cap_micros=row.cap_micros,
        cap_period=row.cap_period,
        models=tuple(row.models),
        state=KeyState(row.state),
        handle=row.handle,
        fingerprint=row.fingerprint,
        created_at=row.created_at,
        mint_lease_until=row.mint_lease_until,
        minted_at=row.minted_at,
        revealed_at=row.revealed_at,
        expires_at=row.expires_at,
        warned_day_at=row.warned_day_at,
        warned_hour_at=row.warned_hour_at,
        off_at=row.off_at,
        off_by=row.off_by,
        off_cause=None if row.off_cause is None else OffCause(row.off_cause),
        off_reason=row.off_reason,
        proof=None if row.proof is None else Proof(row.proof),
        proven_at=row.proven_at,
        daily_cap_micros=row.daily_cap_micros,
        lead_id=row.lead_id,
        stop=_stop(row),
        kept_until=row.kept_until,
        replaces_id=row.replaces_id,
        retires_at=row.retires_at,
        leaked_at=row.leaked_at,
        rest_micros=row.rest_micros,
        rest_at=row.rest_at,
        deleted_at=row.deleted_at,
    )


def _stop(row: KeyRow) -> Stop | None:
    if row.stop_layer is None or row.stop_limit_micros is None:
        return None
    return Stop(Layer(row.stop_layer), row.stop_subject_id or "", row.stop_period or "", row.stop_limit_micros)
