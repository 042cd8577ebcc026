"""Questions whether keys are still needed, and their answers. An answer is given once: compare-and-set."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.domain.confirming import Answer, Question, Why
from bot.domain.requests import Purpose
from storage.leaving_tables import ConfirmationRow
from storage.tables import LedgerRow, OutboxRow, RequestRow

_AT_ONCE = 500


def add(session: Session, new: Question) -> None:
    """Write down a question. Raises `IntegrityError` when one about its key is open already."""
    row = ConfirmationRow(
        id=new.id,
        key_id=new.key_id,
        why=str(new.why),
        review_id=new.review_id,
        asked_at=new.asked_at,
        due_at=new.due_at,
    )
    session.add(row)
    session.flush()


def get(session: Session, question_id: str) -> Question | None:
    """The question, or None."""
    row = session.get(ConfirmationRow, question_id)
    return None if row is None else _question(row)


def some(session: Session, question_ids: Collection[str]) -> list[Question]:
    """Those of these questions that there are, oldest first."""
    return [one for ids in _chunks(question_ids) for one in _many(session, col(ConfirmationRow.id).in_(ids))]


def open_about(session: Session, key_id: str) -> Question | None:
    """The question about this key that nobody has answered, or None."""
    found = _many(session, ConfirmationRow.key_id == key_id, col(ConfirmationRow.answer).is_(None))
    return found[0] if found else None


def open_ones(session: Session, why: Why) -> list[Question]:
    """Every question of this kind that nobody has answered, oldest first."""
    return _many(session, ConfirmationRow.why == str(why), col(ConfirmationRow.answer).is_(None))


def asked_about(session: Session, key_ids: Collection[str], *whys: Why) -> set[str]:
    """Those of these keys about which a question of these kinds is open."""
    is_open = (col(ConfirmationRow.answer).is_(None), col(ConfirmationRow.why).in_([str(why) for why in whys]))
    found: set[str] = set()
    for ids in _chunks(key_ids):
        query = select(ConfirmationRow.key_id).where(col(ConfirmationRow.key_id).in_(ids), *is_open)
        found.update(session.exec(query))
    return found


def last_about(session: Session, key_id: str, why: Why) -> Question | None:
    """The newest question of this kind about the key, answered or not, or None."""
    found = _many(session, ConfirmationRow.key_id == key_id, ConfirmationRow.why == str(why))
    return found[-1] if found else None


def of_review(session: Session, review_id: str) -> list[Question]:
    """The questions of a review, in the order in which they are asked."""
    query = select(ConfirmationRow).where(ConfirmationRow.review_id == review_id).order_by(ConfirmationRow.id)
    return [_question(row) for row in session.exec(query)]


def answer(session: Session, question_id: str, given: Answer, by: str, at: datetime) -> bool:
    """Write down the answer; False, and nothing changes, when there is one already."""
    return _change(session, question_id, answer=str(given), answered_by=by, answered_at=at)


def move(session: Session, question: Question, due_at: datetime, noticed_at: datetime | None) -> bool:
    """Write down a notice, or that it goes on for longer; False when it is not as the caller last saw it."""
    as_seen = (col(ConfirmationRow.due_at) == question.due_at,)
    return _change(session, question.id, *as_seen, due_at=due_at, noticed_at=noticed_at)


def asked_more_by(session: Session, key_id: str, since: datetime) -> str | None:
    """Who has asked since then for more time or money of this key, or for a new one in its place; None for nobody."""
    purposes = (str(Purpose.EXTEND), str(Purpose.RAISE), str(Purpose.ROTATE))
    about = (RequestRow.extends_key_id == key_id, col(RequestRow.purpose).in_(purposes))
    query = select(RequestRow.requester_id).where(*about, col(RequestRow.created_at) >= since)
    return session.exec(query.order_by(col(RequestRow.created_at)).limit(1)).first()


class Sent(NamedTuple):
    """A message about a question, as it stands."""

    done_at: datetime | None
    """When it was sent, or given up; None while it waits."""
    is_dead: bool
    """Whether it was given up."""


def sent(session: Session, question_id: str, effect: str, member_ids: Sequence[str], since: datetime) -> list[Sent]:
    """The messages about this question that were written to any of these people since then."""
    to = [f"questions:{member_id}" for member_id in member_ids]
    where = (col(OutboxRow.stream).in_(to), OutboxRow.effect == effect, col(OutboxRow.created_at) >= since)
    query = select(OutboxRow.payload, OutboxRow.state, OutboxRow.done_at).where(*where)
    found = session.exec(query.order_by(col(OutboxRow.id)))
    return [Sent(done_at, state == "dead") for payload, state, done_at in found if question_id in payload["ids"]]


def written(session: Session, idempotency_keys: Collection[str]) -> set[str]:
    """Those of these idempotency keys that a row of the ledger has."""
    found: set[str] = set()
    for names in _chunks(idempotency_keys):
        found.update(session.exec(select(LedgerRow.idempotency_key).where(col(LedgerRow.idempotency_key).in_(names))))
    return found


def _change(session: Session, question_id: str, *where: Any, **columns: Any) -> bool:  # noqa: ANN401
    done = session.exec(
        update(ConfirmationRow)
        .where(col(ConfirmationRow.id) == question_id, col(ConfirmationRow.answer).is_(None), *where)
        .values(**columns)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return done.rowcount == 1


def _many(session: Session, *where: Any) -> list[Question]:  # noqa: ANN401 - SQLAlchemy's column expressions
    query = select(ConfirmationRow).where(*where).order_by(col(ConfirmationRow.asked_at), ConfirmationRow.id)
    return [_question(row) for row in session.exec(query)]


def _chunks(ids: Collection[str]) -> Iterator[list[str]]:
    every = sorted(ids)
    return (every[start : start + _AT_ONCE] for start in range(0, len(every), _AT_ONCE))


def _question(row: ConfirmationRow) -> Question:
    return Question(
        id=row.id,
        key_id=row.key_id,
        why=Why(row.why),
        asked_at=row.asked_at,
        due_at=row.due_at,
        review_id=row.review_id,
        noticed_at=row.noticed_at,
        answer=None if row.answer is None else Answer(row.answer),
        answered_by=row.answered_by,
        answered_at=row.answered_at,
    )
