"""A company whose keys spend and whose gateway may say anything, the truth beside it, and what must hold in the end."""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine

from bot.domain.budgets import Budget, Layer
from bot.domain.keys import PERSONAL_KINDS, Key, KeyState
from bot.domain.people import Member
from bot.domain.periods import month_end
from bot.domain.policy import Policy
from bot.domain.requests import Purpose, Request, RequestState, Target
from bot.services import (
    auditing,
    expiry,
    guarding,
    limits,
    minting,
    month,
    posting,
    raised,
    reconcile,
    syncing,
    teams,
)
from storage import keys as key_rows
from storage import ledger
from storage import requests as request_rows
from tests.company import BEN, OLGA, Company
from tests.fakes import MortalBooks
from tests.properties.plain import PlainLimits
from tests.services.kit import CHANNEL, USD, found_team

POLICY = Policy(two_owners_from_micros=400 * USD, member_budget_micros=120 * USD)
DAY = timedelta(days=1)


class SpendingWorld(RuleBasedStateMachine):
    """Runs the real services over real books; `open_books` gives each run books of its own."""

    open_books: ClassVar[Callable[[], MortalBooks]]

    def __init__(self) -> None:
        super().__init__()
        self.company = Company(type(self).open_books(), POLICY)
        self.company.gateway.caps_hold = False
        found_team(self.company, monthly_usd=300)
        project = teams.NewProject("reranker", 150 * USD, BEN.id)
        assert isinstance(teams.add_project(self.company.purser, self.actor(OLGA), CHANNEL, project), teams.TeamChanged)
        syncing.sync_usage(self.company.purser)  # as at every start: from here on no day is skipped
        self.truth: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
        """What each key truly spent, by handle: when, and how much."""
        self.guarded = False
        """Whether the last step was a whole pass of the guard that nothing disturbed."""

    def teardown(self) -> None:
        """Whatever happened: once the gateway tells the truth, the books know it, and nothing else."""
        try:
            self.settled()
        finally:
            self.company.books.close()

    def spend(self, handle: str, micros: int, *, seen_live: bool, seen_dated: bool) -> None:
        gateway, now = self.company.gateway, self.company.clock.now()
        self.truth[handle].append((now, micros))
        if seen_live:
            gateway.change(handle, spent_micros=self.total(handle))
        if seen_dated:
            gateway.measure(handle, "mock-gpt", now, requests=1, tasks=1, cost_micros=micros)
        self.guarded = False

    def tell_the_truth(self) -> None:
        """From now on, both counts are what was spent."""
        gateway = self.company.gateway
        gateway.measured.clear()
        for handle, calls in self.truth.items():
            gateway.change(handle, spent_micros=self.total(handle))
            for at, micros in calls:
                gateway.measure(handle, "mock-gpt", at, requests=1, tasks=1, cost_micros=micros)
        self.guarded = False

    def it_was_stopped_for_a_true_reason(self, key: Key) -> None:
        assert key.stop is not None
        assert key.off_reason, key
        plain = self.plain()
        limit = (key.stop.layer, key.stop.subject_id)
        assert limit in plain.over(key), (limit, plain.over(key))
        assert plain.budget(*limit) == key.stop.limit_micros
        assert plain.spent(*limit) >= key.stop.limit_micros, (limit, plain.spent(*limit))
        assert plain.is_hard(*limit)

    def no_charged_limit_is_below_zero(self, request: Request) -> None:
        plain = self.plain()
        if request.purpose is Purpose.EXTEND:
            return
        charged = [(Layer.TEAM, request.team_id)]
        if request.purpose is Purpose.RAISE and request.extends_key_id is None:
            return
        if request.project_id is not None:
            charged.append((Layer.PROJECT, request.project_id))
        if request.kind in PERSONAL_KINDS:
            charged.append((Layer.MEMBER, request.requester_id))
        for layer, subject in charged:
            assert plain.headroom(layer, subject) >= 0, (layer, subject)

    # --- what holds once the gateway tells the truth ---

    def settled(self) -> None:
        """No faults any more, and every job has run: the books hold what was spent, each month with its own."""
        company = self.company
        company.settle()
        self.tell_the_truth()
        for moment in (company.clock.at + DAY, month_end(company.clock.at) + 5 * DAY):
            company.clock.at = moment
            syncing.sync_live(company.purser)
            syncing.sync_usage(company.purser)
        expiry.pass_time(company.purser)
        raised.end_raises(company.purser)
        month.turn_month(company.purser)
        guarding.guard(company.purser)
        posting.post_days(company.purser)
        company.settle()
        reconcile.reconcile(company.purser)
        company.settle()
        self.what_was_spent_is_in_the_books_once()
        report = auditing.verify(company.books)
        assert report.ok, report.lines
        on = {seen.handle: seen for seen in company.gateway.on()}
        for key in self.keys(KeyState.LIVE):
            assert on[key.handle or ""].cap_micros == key.cap_micros, "a cap differs from what was agreed"

    def what_was_spent_is_in_the_books_once(self) -> None:
        plain = self.plain()
        for key in self.keys(*KeyState):
            assert plain.spent_ever(key) == self.total(key.handle or ""), (key.label, self.truth[key.handle or ""])
        with self.company.books.reading() as session:
            posted = Counter[str]()
            for action in ("key.spend", "key.adjust"):
                for row in ledger.entries(session, action=action):
                    posted[row.key_id or ""] += row.amount_micros or 0
        for key in self.keys(*KeyState):
            assert posted[key.id] == self.total(key.handle or ""), (key.label, "months are settled, so all is posted")

    # --- helpers ---

    @contextlib.contextmanager
    def step(self) -> Any:
        """A crash ends this process; another starts when every lease of it has ended."""
        self.guarded = False
        with self.company.crashing(down_seconds=minting.LEASE_SECONDS + 1):
            yield

    def actor(self, who: Member) -> Any:
        return self.company.actor(who)

    def total(self, handle: str) -> int:
        return sum(micros for _, micros in self.truth[handle])

    def plain(self) -> PlainLimits:
        return PlainLimits(self.company.books, self.company.clock.now(), POLICY)

    def limit(self, layer: Layer, subject: str) -> Budget:
        """As Purser says it stands."""
        with self.company.books.reading() as session:
            stands = limits.limit(session, self.company.purser, Target(layer, subject), "")
        assert stands is not None, (layer, subject)
        return stands

    def requests(self, *states: RequestState) -> list[Request]:
        with self.company.books.reading() as session:
            return request_rows.in_state(session, *states)

    def keys(self, *states: KeyState) -> list[Key]:
        with self.company.books.reading() as session:
            return key_rows.in_state(session, *states)

    def member(self, member_id: str) -> Member:
        return self.company.directory.everybody[member_id]

    @staticmethod
    def pick(found: list[Any], index: int) -> Any:
        return found[index % len(found)]
