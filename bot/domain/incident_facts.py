"""What people see of an incident: the facts its message, its thread and its export show, as of one moment.

Plain frozen values, so that a screen is a pure function of them. Amounts are micro-USD.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.facts import KeyFacts
from bot.domain.incidents import Incident, IncidentKind
from bot.domain.people import Project, Team


@dataclass(frozen=True, slots=True)
class Line:
    """One row of an incident's timeline, as the ledger has it."""

    seq: int
    at: datetime
    actor: str
    """A Slack user id, or `purser`."""
    action: str
    """The ledger's word, such as `incident.acknowledged` or `key.proven_off`."""
    reason: str = ""
    """As somebody typed it, or the ledger's own detail; to be escaped when shown. Never a secret."""
    amount_micros: int | None = None


class What(StrEnum):
    """What was changed about an incident's subject shortly before."""

    APPROVED = "approved"
    """It was agreed to in the first place."""
    RAISED = "raised"
    EXTENDED = "extended"
    BUDGET_SET = "budget_set"
    CAP_PUT_BACK = "cap_put_back"
    """Somebody had changed its cap at the gateway; Purser put it back."""
    ROTATED = "rotated"
    RESTORED = "restored"
    NEW_MODEL = "new_model"
    """A model that it had not used before."""


@dataclass(frozen=True, slots=True)
class Change:
    """One recent change."""

    what: What
    at: datetime
    by: str | None = None
    """A Slack user id, `purser`, or None where nobody in particular did it."""
    micros: int | None = None
    """What was agreed or set, where money was."""
    detail: str = ""
    """A model's or key's name, or somebody's words; to be escaped when shown."""


@dataclass(frozen=True, slots=True)
class Since:
    """What was spent since a moment."""

    micros: int
    since: datetime
    read_at: datetime | None
    """How fresh that is; None when the gateway never told all its spend."""
    may_be_late: bool = False
    """Whether it may still be spend of before that the gateway told late."""


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """An incident with everything its message, thread and export show."""

    incident: Incident
    name: str
    """What it is about: a key's label, `team search`, `project reranker`, a person's or a gateway's name."""
    kinds: tuple[IncidentKind, ...] = ()
    """Everything that was noticed, what opened it first."""
    key: KeyFacts | None = None
    """The one key it is about, if it is about one."""
    team: Team | None = None
    project: Project | None = None
    holder_id: str | None = None
    lead_id: str | None = None
    """Who answers for the key, or leads the project."""
    approved_by: tuple[str, ...] = ()
    """Who agreed last to the key or to more money for it, by Slack user id; `purser` when a rule did."""
    approved_at: datetime | None = None
    rule: str = ""
    """The named rule that agreed, where one did."""
    changes: tuple[Change, ...] = ()
    """What was changed in the last seven days before it was opened, and since, oldest first."""
    since_opened: Since | None = None
    """What was spent since it was opened; None when that is not known."""
    since_off: Since | None = None
    """What was spent since its key was proven off; None while it is not off."""
    explanations: tuple[Line, ...] = ()
    """What the holder, the lead and owners replied in its thread, oldest first."""
    asked_ids: tuple[str, ...] = ()
    """Holder and lead: who is asked to explain, by Slack user id."""
    able_ids: tuple[str, ...] = ()
    """Owners who can be told: whom reminders mention, by Slack user id."""
    again: int = 0
    """How often more was noticed while it was open."""
    reopened: int = 0
    """How often it was opened again after it had been closed."""
    last_line: Line | None = None
    """The newest row of its timeline."""
    closing: Line | None = None
    """The row that closed it last."""


class Part(StrEnum):
    """Which part of an incident's telling a message is."""

    MESSAGE = "message"
    """The one message: what is abnormal, and Disable now."""
    CONTEXT = "context"
    """In the thread: holder, project, last owner, recent changes; and whoever is asked to explain."""
    CHECKLIST = "checklist"
    """In the thread: the possible causes, to be gone through."""
    LINE = "line"
    """In the thread, or directly: one thing that happened."""
    EXPLAIN = "explain"
    """Directly, to holder and lead: they are asked to explain."""


@dataclass(frozen=True, slots=True)
class IncidentNotice:
    """One message about an incident."""

    facts: IncidentFacts
    part: Part
    line: Line | None = None
    """What happened; with Part.LINE only."""
    why: str = ""
    """Why it comes directly and not in a channel, when it does; to be escaped when shown."""
