"""What a ledger row about a request is about."""

from __future__ import annotations

from bot.domain.requests import Request
from bot.services.context import Subjects


def subjects(request: Request, *, amount_micros: int | None = None) -> Subjects:
    """The team, project, people, key and request that a row about this request names."""
    return Subjects(
        team_id=request.team_id,
        project_id=request.project_id,
        member_id=request.requester_id,
        key_id=request.extends_key_id,
        request_id=request.id,
        amount_micros=amount_micros,
    )
