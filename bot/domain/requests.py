"""Requests: what can be asked for, the states it goes through, and what an unanswered one needs next.

What policy and budgets say to a request is judged in `deciding`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.budgets import Layer
from bot.domain.keys import KeyKind
from bot.domain.policy import Policy


class Purpose(StrEnum):
    """What a request asks for."""

    ISSUE = "issue"
    EXTEND = "extend"
    RAISE = "raise"
    """More money for a limit until a moment: a budget, a key's cap or an automation key's day."""
    ROTATE = "rotate"
    """A new key in the place of one that is held (`extends_key_id`), on the same terms."""


class RequestState(StrEnum):
    """Where a request is in its life."""

    DRAFT = "draft"
    """Seen by its author only: a form's preview, or "Extend instead?"."""
    WAITING = "waiting"
    APPROVED = "approved"
    """Agreed; its key has not been revealed yet, or its extension not been made yet."""
    DENIED = "denied"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """Nobody decided in time."""
    FULFILLED = "fulfilled"
    LAPSED = "lapsed"
    """Approved, but not claimed in time."""


ALLOWED_MOVES: dict[RequestState, frozenset[RequestState]] = {
    RequestState.DRAFT: frozenset({RequestState.WAITING, RequestState.APPROVED, RequestState.CANCELLED}),
    RequestState.WAITING: frozenset(
        {RequestState.APPROVED, RequestState.DENIED, RequestState.CANCELLED, RequestState.EXPIRED}
    ),
    RequestState.APPROVED: frozenset({RequestState.FULFILLED, RequestState.LAPSED, RequestState.CANCELLED}),
    RequestState.DENIED: frozenset(),
    RequestState.CANCELLED: frozenset(),
    RequestState.EXPIRED: frozenset(),
    RequestState.FULFILLED: frozenset(),
    RequestState.LAPSED: frozenset(),
}


class Verdict(StrEnum):
    """An owner's word."""

    APPROVE = "approve"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Approval:
    """One owner's word on a request. One that does not stand was given for terms that changed since."""

    owner_id: str
    verdict: Verdict
    note: str
    stands: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked for or granted: cap in micro-USD, time in seconds (None: no end), models (empty: all).

    Of a raise, `cap_micros` is by how much the limit goes up, and `ends_at` when it falls back. Of a rotation,
    `duration_seconds` is how long the old key goes on working beside the new one (None: not at all).
    """

    cap_micros: int
    duration_seconds: int | None
    models: tuple[str, ...] = ()
    daily_cap_micros: int | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """The limit that a raise is of."""

    layer: Layer
    subject_id: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants, before anything is written down."""

    kind: KeyKind | None
    """None for a raise of a budget, which concerns no one key."""
    terms: Terms
    reason: str
    purpose: Purpose = Purpose.ISSUE
    extends_key_id: str | None = None
    """The key to be extended or replaced, or whose cap is to be raised."""
    name: str = ""
    """What a project or automation key is called: a project of the team, or any short name for automation."""
    project: str = ""
    """The name of the project it is charged to; empty for none, or for the one that `name` names."""
    lead_id: str | None = None
    """Who answers for it; None for the project's lead."""
    target: Target | None = None
    """What a raise is of."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the books know it. `asked` is what the requester wanted, `terms` what now stands."""

    id: str
    purpose: Purpose
    kind: KeyKind | None
    gateway: str
    team_id: str
    project_id: str | None
    requester_id: str
    asked: Terms
    terms: Terms
    reason: str
    state: RequestState
    rule: str
    approvals_needed: int
    created_at: datetime
    deadline_at: datetime
    channel_id: str
    extends_key_id: str | None = None
    reminded_at: datetime | None = None
    escalated_at: datetime | None = None
    decided_at: datetime | None = None
    card_ts: str | None = None
    approvals: tuple[Approval, ...] = field(default=())
    name: str = ""
    lead_id: str | None = None
    target: Target | None = None

    def standing(self, verdict: Verdict) -> tuple[Approval, ...]:
        """Words of this kind that still stand, in the order they were given."""
        return tuple(word for word in self.approvals if word.stands and word.verdict is verdict)

    @property
    def closed_with_its_key(self) -> bool:
        """Whether it ended by itself, undecided, because the key it wanted extended or raised went off.

        What its requester took back was cancelled without a moment of decision.
        """
        undecided = self.state is RequestState.CANCELLED and self.decided_at is not None
        return undecided and self.extends_key_id is not None


class Because(StrEnum):
    """Why an ask or a decision is refused."""

    CAP_TOO_LARGE = "cap_too_large"
    TIME_TOO_LONG = "time_too_long"
    NO_HEADROOM = "no_headroom"
    MODEL_NOT_OFFERED = "model_not_offered"
    KIND_NOT_OFFERED = "kind_not_offered"
    GATEWAY_CANNOT = "gateway_cannot"
    WRONG_NAME = "wrong_name"
    """What a project or automation key is called, or the project it is charged to."""
    WRONG_LEAD = "wrong_lead"
    WRONG_DAILY_CAP = "wrong_daily_cap"
    WRONG_LIMIT = "wrong_limit"
    """What is to be raised or set."""
    WRONG_END = "wrong_end"
    """When a raise falls back."""
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    WRONG_STATE = "wrong_state"
    TOO_LARGE = "too_large"
    """More than can be sent."""
    TOO_LATE = "too_late"
    NOT_AGREED = "not_agreed"
    """To the usage policy."""
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and why: `text` is one or two sentences that the person reads."""

    because: Because
    text: str
    rule: str = ""
    """The name of the rule that decided, where one did."""


class Nudge(StrEnum):
    """What an unanswered request needs next."""

    REMIND = "remind"
    ESCALATE = "escalate"
    EXPIRE = "expire"


def nudge_due(request: Request, policy: Policy, now: datetime) -> Nudge | None:
    """What to do about a waiting request at this moment, the most final thing first; None for nothing."""
    if request.state is not RequestState.WAITING:
        return None
    waited = (now - request.created_at).total_seconds()
    if now >= request.deadline_at:
        return Nudge.EXPIRE
    if waited >= policy.escalate_after_seconds and request.escalated_at is None:
        return Nudge.ESCALATE
    if waited >= policy.remind_after_seconds and request.reminded_at is None and request.escalated_at is None:
        return Nudge.REMIND
    return None
