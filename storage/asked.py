"""Questions about usage, kept for a day: what a page's buttons mean, long after they were posted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sqlalchemy import delete
from sqlmodel import Session, col

from bot.domain.periods import DAY_SECONDS
from bot.domain.reports import Asked, Extent, Grouping, Question, Scope
from bot.domain.spans import Span
from storage.tables import AskedRow

KEPT_SECONDS: Final = DAY_SECONDS


def keep(session: Session, asked: Asked) -> None:
    """Write a question down, and forget those that are older than a day."""
    old = col(AskedRow.at) < asked.at - timedelta(seconds=KEPT_SECONDS)
    session.exec(delete(AskedRow).where(old).execution_options(synchronize_session=False))
    session.add(AskedRow(id=asked.id, member_id=asked.member_id, question=_plain(asked), at=asked.at))
    session.flush()


def get(session: Session, asked_id: str) -> Asked | None:
    """The question, or None when it was forgotten or never asked."""
    row = session.get(AskedRow, asked_id)
    return None if row is None else _asked(row)


def _plain(asked: Asked) -> dict[str, object]:
    question = asked.question
    return {
        "extent": str(question.scope.extent),
        "subject": question.scope.subject_id,
        "since": question.span.since.isoformat(),
        "until": question.span.until.isoformat(),
        "of_month": question.span.of_month,
        "by": str(question.by),
        "page": asked.page,
    }


def _asked(row: AskedRow) -> Asked:
    kept = row.question
    scope = Scope(Extent(kept["extent"]), kept["subject"])
    since, until = (date.fromisoformat(kept[end]) for end in ("since", "until"))
    span = Span(since, until, of_month=kept["of_month"])
    return Asked(row.id, row.member_id, Question(scope, span, Grouping(kept["by"])), row.at, kept["page"])
