"""Incidents: what went wrong with a key, or with several together, and what became of it until it is closed.

The rule behind them: find the one abnormal key, stop only that one, find who and what is behind it, mend that, and
let it work again with a budget of its own. What counts as abnormal is decided in `spikes`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.budgets import Layer
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS


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
    """What was abnormal, as it was seen when the incident was opened, or opened again. Amounts are micro-USD.

    Never a secret.

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


REOPEN_SECONDS = DAY_SECONDS
"""What happens again within so long of closing is the same incident."""
AFTER_OFF_SECONDS = 30 * DAY_SECONDS
"""As long for a key that spends although it is off: that belongs to what it was turned off for."""
SNOOZES_SECONDS = (HOUR_SECONDS, DAY_SECONDS)
STILL_OPEN_SECONDS = DAY_SECONDS
"""How often whoever looks after an incident is reminded that it is not closed."""
OF_AMOUNTS = frozenset({IncidentKind.SPIKE, IncidentKind.LOOP})
"""Kinds that go on for as long as nothing is done, so that every look notices them again."""


class Follows(StrEnum):
    """What something that was noticed is to the last closed incident about the same subject."""

    NEW = "new"
    AGAIN = "again"
    """The same incident, which is opened again."""
    SETTLED = "settled"
    """What it was closed about: nobody is called."""


def follows(last: Incident | None, kind: IncidentKind, evidence: Evidence, now: datetime) -> Follows:
    """Whether what was noticed is a new incident, the last one again, or what the last one was closed about.

    Settled is what began before that was closed, and what was closed as expected unless it comes to twice as much.
    """
    if last is None or last.closed_at is None:
        return Follows.NEW
    ago = (now - last.closed_at).total_seconds()
    if kind is IncidentKind.AFTER_OFF:
        return Follows.AGAIN if ago <= AFTER_OFF_SECONDS else Follows.NEW
    if kind is not last.kind or ago > REOPEN_SECONDS:
        return Follows.NEW
    if kind in OF_AMOUNTS:
        began = evidence.since or now - timedelta(seconds=evidence.window_seconds)
        if began <= last.closed_at or (last.cause is Cause.EXPECTED and not _is_twice(evidence, last.evidence)):
            return Follows.SETTLED
    return Follows.AGAIN


def _is_twice(seen: Evidence, before: Evidence) -> bool:
    return seen.seen_micros > 2 * before.seen_micros or (
        before.seen_count > 0 and seen.seen_count > 2 * before.seen_count
    )


def calls_again(incident: Incident, kind: IncidentKind) -> bool:
    """Whether something else that is noticed while it is open needs people anew, snoozed or acknowledged as it is."""
    return kind is not incident.kind and kind not in OF_AMOUNTS


class Reminder(StrEnum):
    """Why an incident is brought up again."""

    UNACKNOWLEDGED = "unacknowledged"
    """Nobody has said that they look after it."""
    SNOOZE_OVER = "snooze_over"
    STILL_OPEN = "still_open"
    """Somebody looks after it, and it is not closed."""


def reminder_due(incident: Incident, now: datetime, every_seconds: int) -> Reminder | None:
    """The reminder to give now, or None. `reminded_at` is when people were last reminded, or somebody last acted."""
    if incident.state is IncidentState.CLOSED:
        return None
    if incident.snoozed_until is not None:
        return Reminder.SNOOZE_OVER if incident.snoozed_until <= now else None
    quiet_seconds = (now - (incident.reminded_at or incident.opened_at)).total_seconds()
    if incident.state is IncidentState.OPEN:
        return Reminder.UNACKNOWLEDGED if quiet_seconds >= every_seconds else None
    return Reminder.STILL_OPEN if quiet_seconds >= STILL_OPEN_SECONDS else None


class Deed(StrEnum):
    """What somebody does about an incident."""

    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    ASSIGN = "assign"
    CLOSE = "close"
    REOPEN = "reopen"
    EXPORT = "export"


OF_HOLDERS = frozenset({Deed.ACKNOWLEDGE, Deed.EXPORT})
"""What the holder of the key may do, who is a party to it; all else is for those who answer for the key."""
