"""Reviews of a team's keys: started, noticed, ended; and how each of their keys stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.domain.confirming import Review, ReviewState, Standing
from bot.domain.keys import KeyState
from storage import confirmations
from storage.leaving_tables import ConfirmationRow, ReviewRow
from storage.tables import KeyRow, OutboxRow

_LOOK_BACK = 400
"""So many of a review's newest effects, and two for each of its messages, tell what its messages show."""


def add(session: Session, new: Review) -> None:
    """Write down a review that begins. Raises `IntegrityError` when one of its team is open already."""
    row = ReviewRow(
        id=new.id,
        team_id=new.team_id,
        state=str(new.state),
        started_by=new.started_by,
        started_at=new.started_at,
        due_at=new.due_at,
    )
    session.add(row)
    session.flush()


def get(session: Session, review_id: str) -> Review | None:
    """The review, or None."""
    row = session.get(ReviewRow, review_id)
    return None if row is None else _review(row)


def open_of(session: Session, team_id: str) -> Review | None:
    """The team's review that has not ended, or None."""
    found = _many(session, ReviewRow.team_id == team_id, ReviewRow.state == str(ReviewState.OPEN))
    return found[0] if found else None


def open_ones(session: Session) -> list[Review]:
    """Every review that has not ended, oldest first."""
    return _many(session, ReviewRow.state == str(ReviewState.OPEN))


def ended_since(session: Session, since: datetime) -> list[Review]:
    """Reviews that ended after that moment, oldest first."""
    return _many(session, col(ReviewRow.ended_at) > since)


def set_message(session: Session, review_id: str, channel_id: str, ts: str) -> bool:
    """Write down where its message stands; False when that is known already."""
    return _change(session, review_id, col(ReviewRow.ts).is_(None), channel_id=channel_id, ts=ts)


def notice(session: Session, review: Review, due_at: datetime, at: datetime) -> bool:
    """People are told what would go off: from now on it is due then. False when somebody was faster."""
    is_open = (col(ReviewRow.state) == str(ReviewState.OPEN), col(ReviewRow.noticed_at).is_(None))
    return _change(session, review.id, *is_open, due_at=due_at, noticed_at=at)


def move(session: Session, review: Review, due_at: datetime, noticed_at: datetime) -> bool:
    """It goes on for longer; False when it is not as the caller last saw it."""
    as_seen = (col(ReviewRow.state) == str(ReviewState.OPEN), col(ReviewRow.due_at) == review.due_at)
    return _change(session, review.id, *as_seen, due_at=due_at, noticed_at=noticed_at)


def end(session: Session, review_id: str, at: datetime) -> bool:
    """It is over; False when it was already."""
    is_open = col(ReviewRow.state) == str(ReviewState.OPEN)
    return _change(session, review_id, is_open, state=str(ReviewState.DONE), ended_at=at)


def standings(session: Session, review_id: str) -> tuple[Standing, ...]:
    """How each of its keys stands, in the order in which they are asked for."""
    query: Any = (
        select(KeyRow.id, KeyRow.label, KeyRow.holder_id, KeyRow.state)
        .add_columns(col(KeyRow.lead_id))
        .join(ConfirmationRow, col(ConfirmationRow.key_id) == col(KeyRow.id))
        .where(col(ConfirmationRow.review_id) == review_id)
    )
    of_key = {
        key_id: (label, holder, KeyState(state), lead) for key_id, label, holder, state, lead in session.exec(query)
    }
    return tuple(Standing(one, *of_key[one.key_id]) for one in confirmations.of_review(session, review_id))


def shown(session: Session, stream: str, messages: int) -> dict[str, str]:
    """What each of so many messages of a review was last written down to show, as far as its newest effects tell."""
    query = select(OutboxRow.payload).where(OutboxRow.stream == stream)
    found: dict[str, str] = {}
    for payload in session.exec(query.order_by(col(OutboxRow.id).desc()).limit(_LOOK_BACK + 2 * messages)):
        found.setdefault(payload["part"], payload["figures"])
    return found


def stood_at(session: Session, stream: str, part: str) -> datetime | None:
    """When this message of a review was first put there; None when it never was."""
    query = select(OutboxRow.payload, OutboxRow.done_at).where(OutboxRow.stream == stream, OutboxRow.state == "done")
    found = session.exec(query.order_by(col(OutboxRow.id)))
    return next((done_at for payload, done_at in found if payload["part"] == part), None)


def _change(session: Session, review_id: str, *where: Any, **columns: Any) -> bool:  # noqa: ANN401
    done = session.exec(
        update(ReviewRow)
        .where(col(ReviewRow.id) == review_id, *where)
        .values(**columns)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def _many(session: Session, *where: Any) -> list[Review]:  # noqa: ANN401 - SQLAlchemy's column expressions
    query = select(ReviewRow).where(*where).order_by(col(ReviewRow.started_at), ReviewRow.id)
    return [_review(row) for row in session.exec(query)]


def _review(row: ReviewRow) -> Review:
    return Review(
        id=row.id,
        team_id=row.team_id,
        started_by=row.started_by,
        started_at=row.started_at,
        due_at=row.due_at,
        state=ReviewState(row.state),
        noticed_at=row.noticed_at,
        channel_id=row.channel_id,
        ts=row.ts,
        ended_at=row.ended_at,
    )
