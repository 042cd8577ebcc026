"""Incidents: what went wrong with a key, or with several together, and what became of it until it is closed.

The rule behind them: find the one abnormal key, stop only that one, find who and what is behind it, mend that, and
let it work again with a budget of its own. What counts as abnormal is decided in `spikes`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.budgets import Layer


class IncidentKind(StrEnum):
    """What was noticed."""

    LEAK = "leak"
    """The secret of a key was found where others can read it."""
    SPIKE = "spike"
    """More was spent than is usual."""
    LOOP = "loop"
    """More requests failed, or were tried again, than is usual."""
    AFTER_OFF = "after_off"
    """A key that was proven off spent money."""
    CREDENTIAL = "credential"
    """What Purser manages a gateway with was found where others can read it."""


class IncidentState(StrEnum):
    """Where an incident is in its life. A snooze is a moment beside it (`Incident.snoozed_until`)."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    """Somebody looks after it (`Incident.assignee_id`)."""
    CLOSED = "closed"


ALLOWED_MOVES: dict[IncidentState, frozenset[IncidentState]] = {
    IncidentState.OPEN: frozenset({IncidentState.ACKNOWLEDGED, IncidentState.CLOSED}),
    IncidentState.ACKNOWLEDGED: frozenset({IncidentState.OPEN, IncidentState.CLOSED}),
    IncidentState.CLOSED: frozenset({IncidentState.OPEN}),
}


class Cause(StrEnum):
    """What was behind it: the checklist that is gone through, and what an incident is closed with."""

    RETRY_LOOP = "retry_loop"
    MODEL_CHANGE = "model_change"
    PROMPT_SIZE = "prompt_size"
    LEAKED = "leaked"
    EXPECTED = "expected"
    """Nothing was wrong: this was meant to happen."""
    OTHER = "other"


class Found(StrEnum):
    """How a leak was noticed."""

    REPORTED = "reported"
    """Somebody pasted the key into a command or form of Purser's, or reported the message it stands in."""
    WATCHED = "watched"
    """In a message of a channel that Purser looks through."""
    GITHUB = "github"
    """By GitHub's secret scanning."""
    SCANNED = "scanned"
    """By `purser scan`."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was abnormal, as it was seen when the incident was opened. Amounts are micro-USD. Never a secret.

    Of a leak, how and where it was found; of a spike or loop, which rule, what was seen, and what is usual.
    """

    found: Found | None = None
    where: str = ""
    """A link to the message, alert or commit, or a file's name; empty when it is not known."""
    channel_id: str = ""
    """The Slack channel it was found in, if any."""
    author_id: str = ""
    """Who posted it there, by Slack user id, if anybody did."""
    rule: str = ""
    """The name of the rule in `spikes` that found it abnormal."""
    since: datetime | None = None
    """When what is abnormal began, as far as is known."""
    window_seconds: int = 0
    """How long the time is in which `seen_micros` were spent."""
    seen_micros: int = 0
    usual_micros: int = 0
    """The median of the times it is compared with."""
    limit_micros: int = 0
    """From what amount on it counts as abnormal."""
    compared: int = 0
    """How many earlier times it was compared with."""
    seen_count: int = 0
    """Failures and retries, of a loop; requests otherwise, where they are known."""
    usual_count: int = 0
    hours: tuple[tuple[datetime, int], ...] = ()
    """Hour by hour before it was noticed, oldest first: when the hour began, and what was spent in it."""
    note: str = ""
    """One more sentence, such as what a gateway said."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as the books know it."""

    id: str
    kind: IncidentKind
    layer: Layer | None
    """What it is about; None for a credential."""
    subject_id: str
    """The id of that key, member, project or team; the gateway's name for a credential."""
    team_id: str | None
    """In whose channel it is told; None where no team is concerned: then the workspace's owners are told directly."""
    state: IncidentState
    opened_at: datetime
    opened_by: str
    """A Slack user id, or `purser`."""
    opened_seq: int
    evidence: Evidence = field(default_factory=Evidence)
    closed_seq: int | None = None
    channel_id: str | None = None
    ts: str | None = None
    assignee_id: str | None = None
    snoozed_until: datetime | None = None
    reminded_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    cause: Cause | None = None

    @property
    def key_id(self) -> str | None:
        """The one key it is about, if it is about one."""
        return self.subject_id if self.layer is Layer.KEY else None


@dataclass(frozen=True, slots=True)
class Expected:
    """A time in which a subject is expected to spend more than usual."""

    id: str
    layer: Layer
    subject_id: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    set_by: str
    set_at: datetime
    ended_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether more is expected at this moment."""
        return self.starts_at <= at < self.ends_at and self.ended_at is None
