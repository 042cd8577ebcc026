"""Every limit worked out again, by hand and row by row, from what people decided and what each key has spent.

Slow and simple on purpose: a second opinion on `storage.budgets`, sharing nothing with it but the tables.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from sqlmodel import select

from bot.domain.budgets import Layer
from bot.domain.keys import PERSONAL_KINDS, Key, KeyKind, KeyState, OffCause
from bot.domain.policy import Policy
from bot.domain.requests import Purpose, Request, RequestState
from storage import keys, ledger, requests
from storage.engine import Books
from storage.money_tables import ReadingRow, UsageRow

MONTH_CHARS = len("2026-11")
MAY_SPEND = (KeyState.LIVE, KeyState.DISABLING, KeyState.RESTORING)


class PlainLimits:
    """The limits at one moment. Amounts are micro-USD."""

    def __init__(self, books: Books, now: datetime, policy: Policy) -> None:
        self.now = now.astimezone(UTC)
        self.month, self.day = f"{self.now:%Y-%m}", f"{self.now:%Y-%m-%d}"
        self.policy = policy
        with books.reading() as session:
            self.keys = keys.in_state(session, *KeyState)
            self.requests = requests.in_state(session, *RequestState)
            self.rows = [
                *ledger.entries(session, action="team.created"),
                *ledger.entries(session, action="project.created"),
                *ledger.entries(session, action="budget.set"),
            ]
            rows = session.exec(select(ReadingRow).order_by(ReadingRow.period)).all()
            self.readings = {(row.key_id, row.period): row.spent_micros for row in rows}
            self.totals = {row.key_id: row.lifetime_micros for row in rows if len(row.period) == MONTH_CHARS}
            self.usage = Counter[str]()
            for used in session.exec(select(UsageRow)):
                self.usage[used.key_id] += used.cost_micros

    def over(self, key: Key) -> list[tuple[Layer, str]]:
        """Every limit the key is under."""
        found = [(Layer.TEAM, key.team_id), (Layer.KEY, key.id)]
        if key.project_id is not None:
            found.append((Layer.PROJECT, key.project_id))
        if key.kind in PERSONAL_KINDS:
            found.append((Layer.MEMBER, key.holder_id))
        if key.daily_cap_micros is not None:
            found.append((Layer.AUTOMATION, key.id))
        return found

    def budget(self, layer: Layer, subject: str) -> int:
        """What was set last, and every raise that was agreed to and has not ended."""
        raises = [
            request.terms.cap_micros
            for request in self.requests
            if request.purpose is Purpose.RAISE
            and request.state in (RequestState.APPROVED, RequestState.FULFILLED)
            and request.target is not None
            and (request.target.layer, request.target.subject_id) == (layer, subject)
            and request.terms.ends_at is not None
            and self.now < request.terms.ends_at
        ]
        if layer in (Layer.KEY, Layer.AUTOMATION):
            key = next(key for key in self.keys if key.id == subject)
            return (key.daily_cap_micros or 0) if layer is Layer.AUTOMATION else key.cap_micros
        return self._base(layer, subject) + sum(raises)

    def is_hard(self, layer: Layer, subject: str) -> bool:
        """Whether it stops keys, by what was said last of it."""
        hard = self.policy.hard_budgets
        for row in self.rows:
            if row.action == "budget.set" and self._is_of(row, layer, subject):
                hard = "(soft)" not in row.reason.rpartition(" to ")[2]
        return hard

    def spent(self, layer: Layer, subject: str) -> int:
        """What every key under it has spent in its period."""
        under = [key for key in self.keys if (layer, subject) in self.over(key)]
        if layer is Layer.AUTOMATION:
            return sum(self.readings.get((key.id, self.day), 0) for key in under)
        if layer is Layer.KEY:
            return sum(self._used(key) for key in under)
        return sum(self.readings.get((key.id, self.month), 0) for key in under)

    def left(self, layer: Layer, subject: str) -> int:
        """What of it is not spent."""
        return self.budget(layer, subject) - self.spent(layer, subject)

    def headroom(self, layer: Layer, subject: str) -> int:
        """What of it is neither spent nor promised."""
        promised = sum(
            max(0, key.cap_micros - self._used(key))
            for key in self.keys
            if (layer, subject) in self.over(key) and self._comes_or_is(key)
        )
        unclaimed = sum(
            request.terms.cap_micros
            for request in self.requests
            if request.purpose is Purpose.ISSUE
            and request.state is RequestState.APPROVED
            and (layer, subject) in self._charged(request)
        )
        return self.left(layer, subject) - promised - unclaimed

    def spent_ever(self, key: Key) -> int:
        """What the key has spent in all its months."""
        return sum(
            spent
            for (key_id, period), spent in self.readings.items()
            if key_id == key.id and len(period) == MONTH_CHARS
        )

    def greater_count(self, key: Key) -> int:
        """What its newest live total says, or all of its usage, whichever is more."""
        return max(self.totals.get(key.id, 0), self.usage[key.id])

    def _comes_or_is(self, key: Key) -> bool:
        back = key.state is KeyState.DISABLED and key.off_cause is OffCause.BUDGET
        return key.state in MAY_SPEND or back

    def _used(self, key: Key) -> int:
        """What counts against its cap: all of it for a temporary key, this month's for the others."""
        if key.kind is not KeyKind.TEMPORARY:
            return self.readings.get((key.id, self.month), 0)
        return self.spent_ever(key)

    def _charged(self, request: Request) -> list[tuple[Layer, str]]:
        found = [(Layer.TEAM, request.team_id)]
        if request.project_id is not None:
            found.append((Layer.PROJECT, request.project_id))
        if request.kind in PERSONAL_KINDS:
            found.append((Layer.MEMBER, request.requester_id))
        return found

    def _base(self, layer: Layer, subject: str) -> int:
        amount = self.policy.member_budget_micros or 0 if layer is Layer.MEMBER else 0
        for row in self.rows:
            if self._is_of(row, layer, subject):
                amount = row.amount_micros or 0
        return amount

    def _is_of(self, row: ledger.Recorded, layer: Layer, subject: str) -> bool:
        """Whether a ledger row founds or sets this limit: the narrowest thing it names."""
        if layer is Layer.PROJECT:
            return row.project_id == subject
        if layer is Layer.MEMBER:
            return row.action == "budget.set" and row.project_id is None and row.member_id == subject
        is_teams_own = row.action == "team.created" or (row.action == "budget.set" and row.member_id is None)
        return layer is Layer.TEAM and row.team_id == subject and row.project_id is None and is_teams_own
