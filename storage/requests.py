"""Requests and owners' words on them. State changes are compare-and-set: one caller of two wins."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from bot.domain.budgets import Layer
from bot.domain.keys import KeyKind
from bot.domain.requests import ALLOWED_MOVES, Approval, Purpose, Request, RequestState, Target, Terms, Verdict
from storage.tables import ApprovalRow, RequestRow


def add(session: Session, new: Request) -> None:
    """Write down a new request."""
    row = RequestRow(
        id=new.id,
        purpose=new.purpose,
        kind=new.kind,
        gateway=new.gateway,
        team_id=new.team_id,
        project_id=new.project_id,
        requester_id=new.requester_id,
        asked_cap_micros=new.asked.cap_micros,
        asked_duration_seconds=new.asked.duration_seconds,
        asked_models=list(new.asked.models),
        asked_daily_cap_micros=new.asked.daily_cap_micros,
        asked_ends_at=new.asked.ends_at,
        cap_micros=new.terms.cap_micros,
        duration_seconds=new.terms.duration_seconds,
        models=list(new.terms.models),
        daily_cap_micros=new.terms.daily_cap_micros,
        ends_at=new.terms.ends_at,
        name=new.name,
        lead_id=new.lead_id,
        target_layer=None if new.target is None else str(new.target.layer),
        target_id=None if new.target is None else new.target.subject_id,
        reason=new.reason,
        extends_key_id=new.extends_key_id,
        state=new.state,
        rule=new.rule,
        approvals_needed=new.approvals_needed,
        created_at=new.created_at,
        deadline_at=new.deadline_at,
        decided_at=new.decided_at,
        channel_id=new.channel_id,
    )
    session.add(row)
    session.flush()


def get(session: Session, request_id: str) -> Request | None:
    """The request with every word said on it, or None."""
    row = session.get(RequestRow, request_id)
    return _one(session, row)


def by_card(session: Session, channel_id: str, card_ts: str) -> Request | None:
    """The request whose card stands at this place in Slack, or None."""
    query = select(RequestRow).where(RequestRow.channel_id == channel_id, RequestRow.card_ts == card_ts)
    row = session.exec(query).first()
    return _one(session, row)


def in_state(session: Session, *states: RequestState) -> list[Request]:
    """Requests in any of these states, oldest first."""
    return _many(session, col(RequestRow.state).in_(states))


def of_requester(session: Session, member_id: str, *states: RequestState) -> list[Request]:
    """What this person asked for and that is in any of these states, oldest first."""
    return _many(session, RequestRow.requester_id == member_id, col(RequestRow.state).in_(states))


def led_by(session: Session, member_id: str, *states: RequestState) -> list[Request]:
    """Requests in any of these states whose key this person would answer for, oldest first."""
    return _many(session, RequestRow.lead_id == member_id, col(RequestRow.state).in_(states))


def agreed_by(session: Session, owner_id: str, *states: RequestState) -> list[Request]:
    """Requests in any of these states on which this person's yes stands, oldest first."""
    said = select(ApprovalRow.id).where(
        ApprovalRow.request_id == RequestRow.id,
        ApprovalRow.owner_id == owner_id,
        ApprovalRow.verdict == Verdict.APPROVE,
        col(ApprovalRow.stands),
    )
    return _many(session, col(RequestRow.state).in_(states), said.exists())


def granted_by_rule(session: Session, member_id: str, rule: str, since: datetime) -> int:
    """The caps, in micro-USD, of what this rule granted the person since then. What lapsed unclaimed was given back."""
    query = select(func.coalesce(func.sum(RequestRow.cap_micros), 0)).where(
        RequestRow.requester_id == member_id,
        RequestRow.rule == rule,
        col(RequestRow.state).in_((RequestState.APPROVED, RequestState.FULFILLED)),
        col(RequestRow.decided_at) >= since,
    )
    return int(session.exec(query).one())


def extensions_of(session: Session, key_id: str, *states: RequestState) -> list[Request]:
    """Asks for more time on this key that are in any of these states, oldest first."""
    of_key = (RequestRow.extends_key_id == key_id, RequestRow.purpose == Purpose.EXTEND)
    return _many(session, *of_key, col(RequestRow.state).in_(states))


def rotations_of(session: Session, key_id: str, *states: RequestState) -> list[Request]:
    """Asks for a new key in the place of this one that are in any of these states, oldest first."""
    of_key = (RequestRow.extends_key_id == key_id, RequestRow.purpose == Purpose.ROTATE)
    return _many(session, *of_key, col(RequestRow.state).in_(states))


def raises_of(session: Session, target: Target, *states: RequestState) -> list[Request]:
    """Asks for a raise of this limit that are in any of these states, oldest first."""
    limit = (RequestRow.target_layer == str(target.layer), RequestRow.target_id == target.subject_id)
    return _many(session, RequestRow.purpose == Purpose.RAISE, *limit, col(RequestRow.state).in_(states))


def ended(session: Session, before: datetime, *states: RequestState) -> list[Request]:
    """Requests in any of these states whose deadline is over by then, oldest first."""
    return _many(session, col(RequestRow.state).in_(states), col(RequestRow.deadline_at) <= before)


@dataclass(frozen=True, slots=True)
class Change:
    """Columns to set together with a state. None leaves a column as it is."""

    terms: Terms | None = None
    rule: str | None = None
    approvals_needed: int | None = None
    created_at: datetime | None = None
    deadline_at: datetime | None = None
    decided_at: datetime | None = None


_NO_CHANGE = Change()


def move(session: Session, request_id: str, frm: RequestState, to: RequestState, change: Change = _NO_CHANGE) -> bool:
    """Move the request from one state to another, or change it where it stands; False when it was not there.

    Raises ValueError for a move that the domain does not know.
    """
    if to is not frm and to not in ALLOWED_MOVES[frm]:
        msg = f"a request does not go from {frm} to {to}"
        raise ValueError(msg)
    values: dict[str, Any] = {
        name: value
        for name in ("rule", "approvals_needed", "created_at", "deadline_at", "decided_at")
        if (value := getattr(change, name)) is not None
    }
    if change.terms is not None:
        values |= {
            "cap_micros": change.terms.cap_micros,
            "duration_seconds": change.terms.duration_seconds,
            "models": list(change.terms.models),
            "daily_cap_micros": change.terms.daily_cap_micros,
            "ends_at": change.terms.ends_at,
        }
    return _set(session, request_id, frm, {"state": str(to), **values})


def follow(session: Session, request_id: str, from_key_id: str, to_key_id: str) -> None:
    """Let what was asked for a key be for the one in its place."""
    here = col(RequestRow.id) == request_id
    for column in (RequestRow.extends_key_id, RequestRow.target_id):
        session.exec(
            update(RequestRow)
            .where(here, column == from_key_id)  # type: ignore[arg-type]
            .values({column: to_key_id})
            .execution_options(synchronize_session=False)
        )
    session.expire_all()


def set_card(session: Session, request_id: str, channel_id: str, card_ts: str) -> None:
    """Write down where the request's card stands."""
    session.exec(
        update(RequestRow)
        .where(col(RequestRow.id) == request_id)
        .values(channel_id=channel_id, card_ts=card_ts)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def mark_nudged(session: Session, request_id: str, column: str, now: datetime) -> bool:
    """Note once that owners were reminded (`reminded_at`) or others asked (`escalated_at`); else False."""
    marker = getattr(RequestRow, column)
    done = session.exec(
        update(RequestRow)
        .where(col(RequestRow.id) == request_id, col(RequestRow.state) == RequestState.WAITING, marker.is_(None))
        .values({column: now})
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def say(session: Session, approval_id: str, request_id: str, word: Approval) -> None:
    """Write down an owner's word; a later word of the same owner replaces the earlier one."""
    query = select(ApprovalRow).where(ApprovalRow.request_id == request_id, ApprovalRow.owner_id == word.owner_id)
    row = session.exec(query).first() or ApprovalRow(
        id=approval_id, request_id=request_id, owner_id=word.owner_id, verdict=word.verdict, at=word.at
    )
    row.verdict = str(word.verdict)
    row.note = word.note
    row.stands = word.stands
    row.at = word.at
    session.add(row)
    session.flush()


def unsay(session: Session, request_id: str, owner_id: str) -> None:
    """What this owner said of the request no longer stands."""
    session.exec(
        update(ApprovalRow)
        .where(col(ApprovalRow.request_id) == request_id, col(ApprovalRow.owner_id) == owner_id)
        .values(stands=False)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def set_lead(session: Session, request_id: str, lead_id: str) -> None:
    """Let somebody else answer for the key that a request leads to."""
    session.exec(
        update(RequestRow)
        .where(col(RequestRow.id) == request_id)
        .values(lead_id=lead_id)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def unsay_all(session: Session, request_id: str) -> None:
    """Earlier words no longer stand, because the terms they were given for changed."""
    session.exec(
        update(ApprovalRow)
        .where(col(ApprovalRow.request_id) == request_id)
        .values(stands=False)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def _many(session: Session, *where: Any) -> list[Request]:  # noqa: ANN401 - SQLAlchemy's column expressions
    query = select(RequestRow).where(*where).order_by(col(RequestRow.created_at), RequestRow.id)
    rows = session.exec(query).all()
    words = _words(session, [row.id for row in rows])
    return [_request(row, words[row.id]) for row in rows]


def _one(session: Session, row: RequestRow | None) -> Request | None:
    return None if row is None else _request(row, _words(session, [row.id])[row.id])


def _set(session: Session, request_id: str, frm: RequestState, values: dict[str, Any]) -> bool:
    done = session.exec(
        update(RequestRow)
        .where(col(RequestRow.id) == request_id, col(RequestRow.state) == frm)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def _request(row: RequestRow, words: tuple[Approval, ...]) -> Request:
    return Request(
        id=row.id,
        purpose=Purpose(row.purpose),
        kind=None if row.kind is None else KeyKind(row.kind),
        gateway=row.gateway,
        team_id=row.team_id,
        project_id=row.project_id,
        requester_id=row.requester_id,
        asked=Terms(
            row.asked_cap_micros,
            row.asked_duration_seconds,
            tuple(row.asked_models),
            row.asked_daily_cap_micros,
            row.asked_ends_at,
        ),
        terms=Terms(row.cap_micros, row.duration_seconds, tuple(row.models), row.daily_cap_micros, row.ends_at),
        reason=row.reason,
        state=RequestState(row.state),
        rule=row.rule,
        approvals_needed=row.approvals_needed,
        created_at=row.created_at,
        deadline_at=row.deadline_at,
        channel_id=row.channel_id,
        extends_key_id=row.extends_key_id,
        reminded_at=row.reminded_at,
        escalated_at=row.escalated_at,
        decided_at=row.decided_at,
        card_ts=row.card_ts,
        approvals=words,
        name=row.name,
        lead_id=row.lead_id,
        target=None if row.target_layer is None else Target(Layer(row.target_layer), row.target_id or ""),
    )


def _words(session: Session, request_ids: Collection[str]) -> dict[str, tuple[Approval, ...]]:
    """Every word said on these requests, in the order they were said, in one query for all."""
    found: dict[str, list[Approval]] = {request_id: [] for request_id in request_ids}
    if found:
        query = select(ApprovalRow).where(col(ApprovalRow.request_id).in_(found)).order_by(col(ApprovalRow.at))
        for row in session.exec(query):
            word = Approval(row.owner_id, Verdict(row.verdict), row.note, row.stands, row.at)
            found[row.request_id].append(word)
    return {request_id: tuple(words) for request_id, words in found.items()}
