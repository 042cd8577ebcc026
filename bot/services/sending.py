"""A request on its way: written down as a draft, then sent, which a rule answers at once or owners later."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.deciding import AutoApproved, NeedsOwners
from bot.domain.facts import RequestFacts
from bot.domain.requests import Request, RequestState
from bot.services.approvals import approved
from bot.services.context import Actor, Purser, record
from bot.services.facts import request_facts
from bot.services.resolving import Meant
from bot.services.subjects import subjects
from bot.services.telling import refresh_card
from storage import requests
from storage.engine import Session


def new_request(purser: Purser, actor: Actor, meant: Meant, gateway: str) -> Request:
    """The draft of what was asked; nothing is written down yet."""
    now = purser.now()
    wanted = meant.ask
    return Request(
        id=purser.ids.new("req"),
        purpose=wanted.purpose,
        kind=wanted.kind,
        gateway=gateway,
        team_id=meant.team.id,
        project_id=None if meant.project is None else meant.project.id,
        requester_id=actor.id,
        asked=wanted.terms,
        terms=wanted.terms,
        reason=wanted.reason,
        state=RequestState.DRAFT,
        rule="",
        approvals_needed=0,
        created_at=now,
        deadline_at=now + timedelta(seconds=purser.policy.draft_seconds),
        channel_id=meant.team.channel_id,
        extends_key_id=wanted.extends_key_id,
        name=wanted.name,
        lead_id=wanted.lead_id,
        target=wanted.target,
    )


def send(
    session: Session, purser: Purser, actor: Actor, request: Request, decision: AutoApproved | NeedsOwners
) -> RequestFacts:
    """Send a draft that is written down: owners are asked by its card, or the rule that agreed is named on it."""
    now = purser.now()
    auto = isinstance(decision, AutoApproved)
    wait = purser.policy.claim_within_seconds if auto else purser.policy.give_up_after_seconds
    change = requests.Change(
        rule=decision.rule,
        approvals_needed=needed(decision),
        created_at=now,
        deadline_at=now + timedelta(seconds=wait),
        decided_at=now if auto else None,
    )
    to = RequestState.APPROVED if auto else RequestState.WAITING
    moved = requests.move(session, request.id, RequestState.DRAFT, to, change)
    assert moved, request.id
    about = subjects(request, amount_micros=request.terms.cap_micros)
    reason = request.reason
    seq = record(session, now, actor=actor.id, action="request.made", about=about, once=request.id, reason=reason)
    refresh_card(session, now, request.id, seq)
    if auto:
        by = f"rule:{decision.rule}"
        record(session, now, actor=by, action="request.approved", about=about, once=request.id)
        approved(session, purser, request.id, None, now)
    sent = requests.get(session, request.id)
    assert sent is not None
    return request_facts(session, purser, sent, now)


def needed(decision: AutoApproved | NeedsOwners) -> int:
    """How many people have to agree."""
    return 0 if isinstance(decision, AutoApproved) else decision.count
