"""The evidence of one departure: what the leaver held, what was done when by whom, and what proves it.

Plain frozen values, gathered from the books at one moment. What the money figures mean is decided here; nothing here
is worked out from what Slack or a gateway says now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.keys import Key, KeyState, Proof
from bot.domain.offboarding import Departure, DepartureState, LeftKey, LeftProject, LeftTeam, Outcome, Source
from bot.domain.people import Member

SEAT_NONE, SEAT_REMOVING, SEAT_REMOVED, SEAT_KEPT = "seat.none", "seat.removing", "seat.removed", "seat.kept"
"""What the ledger says of accounts at gateways: none; about to be taken away; taken away; stays."""

FACTS = {
    "departure": "Somebody left: when it was noticed, by whom, and how it ended.",
    "role": "What they were in a team.",
    "project": "A project they led, and who leads it since.",
    "key": "A key they held or led, and what became of it.",
    "request": "A request of theirs that was closed.",
    "proof": "When a key was proven off, how, and how long that took.",
    "spend_total": "All that a key has ever spent.",
    "spend_late": "Of it, what its gateway told after the key was proven off and that was spent before.",
    "spend_before": "Of it, what was spent between their leaving and its being noticed, in whole hours.",
    "spend_after": "Of it, what was spent after the key was off.",
    "account": "An account at a gateway, or that there is none.",
    "step": "A row of the ledger: what was done.",
}
"""Every kind of fact, and what it says."""


_NEVER_SHOWN = frozenset({KeyState.DISCARDING, KeyState.DISCARDED})


def went_off(left: LeftKey, key: Key) -> bool:
    """Whether a departure turned the key off, or it waited to be taken over and is off, or going off, instead."""
    if left.outcome is Outcome.ENDED:
        return key.state in (KeyState.DISABLING, KeyState.DISABLED)
    return left.outcome in (Outcome.OFF, Outcome.STOPPED)


@dataclass(frozen=True, slots=True)
class Spend:
    """What a key has spent, in micro-USD, as far as its gateway has told."""

    total_micros: int
    read_at: datetime | None
    """When its gateway last told all its spend; None when it never did."""
    after_micros: int | None = None
    """Spent after it was off; None as long as late figures may still come in."""
    late_micros: int = 0
    """Told after it was proven off, and spent before."""
    before_micros: int | None = None
    """Spent between their leaving and its being noticed, in whole hours; None where no such hour is known."""


@dataclass(frozen=True, slots=True)
class KeyEvidence:
    """One key they held or led."""

    left: LeftKey
    key: Key
    team: str
    project: str
    spend: Spend
    proven_at: datetime | None = None
    """When it was first proven off after they left."""
    seconds: int | None = None
    """From noticing that they left until then."""
    proof: Proof | None = None
    """How far off is proven by now; None while it is not off because of this."""
    was_restored: bool = False
    """Whether it worked again before the same person left once more: what it is now belongs to that departure."""

    @property
    def is_back(self) -> bool:
        """Whether it works again, or did until they left once more."""
        return self.was_restored or self.key.state in (KeyState.LIVE, KeyState.RESTORING)

    @property
    def must_be_off(self) -> bool:
        """Whether their leaving turned it off, or somebody did while it waited to be taken over."""
        return went_off(self.left, self.key)


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the ledger that belongs to the departure."""

    seq: int
    at: datetime
    actor: str
    """A Slack user id, or `purser`."""
    action: str
    subject: str
    """What it is about: a key's label, a team's or project's name, or empty."""
    reason: str
    amount_micros: int | None = None


@dataclass(frozen=True, slots=True)
class TeamEvidence:
    """What they were in one team."""

    left: LeftTeam
    name: str


@dataclass(frozen=True, slots=True)
class ProjectEvidence:
    """A project they led."""

    left: LeftProject
    name: str
    team: str


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of accounts of theirs at one gateway."""

    gateway: str
    at: datetime
    action: str
    """One of `SEAT_NONE`, `SEAT_REMOVING`, `SEAT_REMOVED`, `SEAT_KEPT`."""
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it, as the books stood at `at`."""

    departure: Departure
    person: Member
    at: datetime
    teams: tuple[TeamEvidence, ...] = ()
    projects: tuple[ProjectEvidence, ...] = ()
    keys: tuple[KeyEvidence, ...] = ()
    closed: tuple[Step, ...] = ()
    """Requests of theirs that were closed."""
    steps: tuple[Step, ...] = ()
    """Everything that was done, in order."""
    others: tuple[Departure, ...] = ()
    """Other times at which the same person left, newest first."""

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The last that was said of each account at a gateway."""
        said = {step.reason.partition(";")[0]: step for step in self.steps if step.action.startswith("seat.")}
        return tuple(_account(step) for step in said.values())

    @property
    def open_handovers(self) -> int:
        """Keys that still wait for somebody."""
        return sum(one.left.outcome is Outcome.WAITING for one in self.keys)

    @property
    def went_off(self) -> tuple[KeyEvidence, ...]:
        """Keys that their leaving turned off, or that were while they waited to be taken over."""
        return tuple(one for one in self.keys if one.must_be_off)

    @property
    def unproven(self) -> tuple[KeyEvidence, ...]:
        """Those that are not proven off by now, and were not put back either."""
        off = (one for one in self.went_off if not one.is_back)
        return tuple(one for one in off if one.proof is None and one.key.state is KeyState.DISABLING)

    @property
    def spent_after_micros(self) -> int | None:
        """What all keys that went off have spent since; None as long as late figures of one may still come in."""
        off = [one for one in self.went_off if not one.is_back and one.key.state not in _NEVER_SHOWN]
        known = [one.spend.after_micros for one in off]
        total = sum(micros or 0 for micros in known)
        return total if total or None not in known else None

    @property
    def slowest_seconds(self) -> int | None:
        """From noticing that they left to the last proof; None while one is missing, or nothing had to be proven."""
        proven = [one.seconds for one in self.went_off if one.left.outcome is Outcome.OFF]
        known = [seconds for seconds in proven if seconds is not None]
        return max(known) if known and len(known) == len(proven) else None

    @property
    def is_restored(self) -> bool:
        """Whether it was wrong, and somebody undid it."""
        return self.departure.state is DepartureState.UNDONE

    @property
    def can_be_undone(self) -> bool:
        """Whether Restore makes sense: they are back in Slack, or a list keeps them out, and nobody undid it."""
        by_a_list = self.departure.source is Source.FEED or any(one.action == "member.kept_out" for one in self.steps)
        state = self.departure.state
        return state is DepartureState.RETURNED or (state is DepartureState.OPEN and by_a_list)


@dataclass(frozen=True, slots=True)
class LeftLately:
    """One line of the list of who left lately."""

    departure: Departure
    name: str
    off: int
    """Keys that went off, and are."""
    unproven: int
    """Those of them that are not proven off yet."""
    waiting: int
    """Keys that wait for somebody to take them over."""
    back: int = 0
    """Keys that went off and work again."""


def _account(step: Step) -> Account:
    where, _, detail = step.reason.partition(";")
    gateway, _, subject = where.partition(":")
    return Account(gateway.strip(), step.at, step.action, subject.strip(), detail.strip())
