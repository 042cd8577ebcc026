"""Budgets as a state machine: asks, approvals, raises, spend, lies, turns of the month and crashes, in whatever order.

Beside the books stands a plain model: what was truly spent, and each limit worked out again by hand from what people
decided. What must hold after each step, and what must hold once the gateway tells the truth again, stands here and
nowhere else.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from bot.domain.budgets import BUDGETED, Layer
from bot.domain.facts import Occasion
from bot.domain.keys import KeyKind, KeyState, OffCause
from bot.domain.people import Member
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS, month_end
from bot.domain.requests import Ask, Request, RequestState, Terms
from bot.gateways.base import GatewayError
from bot.services import (
    approvals,
    auditing,
    expiry,
    guarding,
    month,
    posting,
    raised,
    raising,
    reconcile,
    requests,
    revealing,
    setting,
    syncing,
    turning_off,
)
from bot.services.approvals import Changes, Decided
from bot.services.context import Purser
from bot.services.requests import Place
from bot.services.turning_off import Target
from tests.company import ANA, BEN, OLGA, OMAR
from tests.fakes import Mishap
from tests.properties.spending_world import DAY, SpendingWorld
from tests.services.kit import CHANNEL, USD

ASKERS = st.sampled_from([ANA, BEN, OMAR])
OWNERS = st.sampled_from([OMAR, OLGA])
PICK = st.integers(0, 11)
SPENDS = st.sampled_from([1, 333_333, 3 * USD, 30 * USD, 90 * USD])
NEAR = st.sampled_from([45, 79, 99, 100, 130])
AMOUNTS = st.sampled_from([5 * USD, 60 * USD, 200 * USD])
FAILPOINTS = ("after-", "before-effect:", "after-effect:", "after-recorded:")


class Spending(SpendingWorld):
    """What people do, what keys do, what goes wrong and what time brings; and what holds after each of it."""

    @initialize(kinds=st.lists(st.tuples(ASKERS, st.sampled_from(KeyKind), AMOUNTS), min_size=2, max_size=5))
    def some_have_keys(self, kinds: list[tuple[Member, KeyKind, int]]) -> None:
        for who, kind, cap in kinds:
            self.get_a_key(who, kind, cap)

    # --- what people do ---

    @rule(who=ASKERS, kind=st.sampled_from(KeyKind), cap=AMOUNTS, only_ask=st.booleans())
    def get_a_key(self, who: Member, kind: KeyKind, cap: int, only_ask: bool = False) -> None:
        """The whole way, as far as it goes."""
        before = {request.id for request in self.requests(*RequestState)}
        self.ask(who, kind, cap)
        if only_ask:
            return
        self.agree_to_new(before)
        for request in self.requests(RequestState.APPROVED):
            if request.id not in before:
                self.reveal_it(request)

    def agree_to_new(self, before: set[str]) -> None:
        for request in self.requests(RequestState.WAITING):
            if request.id not in before:
                for owner in (OLGA, OMAR):
                    self.approve_it(owner, request.id, None)

    def ask(self, who: Member, kind: KeyKind, cap: int) -> None:
        seconds = 7 * DAY_SECONDS if kind is KeyKind.TEMPORARY else None
        daily = min(cap, 20 * USD) if kind is KeyKind.AUTOMATION else None
        terms = Terms(cap, seconds, daily_cap_micros=daily)
        name = {KeyKind.PROJECT: "reranker", KeyKind.AUTOMATION: "nightly"}.get(kind, "")
        lead = BEN.id if kind is KeyKind.AUTOMATION else None
        wanted = Ask(kind, terms, f"for {kind}", name=name, lead_id=lead)
        with self.step():
            outcome = requests.ask(self.company.purser, self.actor(who), Place(CHANNEL), wanted)
            if isinstance(outcome, requests.Duplicate):
                requests.send_draft(self.company.purser, self.actor(who), outcome.facts.request.id)

    @rule(who=ASKERS, of=st.sampled_from([*Layer]), pick=PICK, micros=AMOUNTS, days=PICK, agreed=st.booleans())
    def ask_for_more(self, who: Member, of: Layer, pick: int, micros: int, days: int, agreed: bool) -> None:
        keys = self.keys(KeyState.LIVE, KeyState.DISABLED)
        words: dict[Layer, raising.RaiseWord] = {
            Layer.TEAM: raising.TeamWord(),
            Layer.PROJECT: raising.ProjectWord("reranker"),
            Layer.MEMBER: raising.PersonWord(who.id),
        }
        if of in words:
            self.ask_raise(who, words[of], micros, days, agreed=agreed)
        elif keys:
            key = self.pick(keys, pick)
            word = raising.KeyWord(key.label)
            self.ask_raise(self.member(key.holder_id), word, micros, days, agreed=agreed, daily=of is Layer.AUTOMATION)

    def ask_raise(
        self,
        who: Member,
        target: raising.RaiseWord,
        micros: int,
        days: int,
        *,
        agreed: bool,
        daily: bool = False,
    ) -> None:
        now = self.company.clock.now()
        before = {request.id for request in self.requests(*RequestState)}
        ends = month_end(now) if days == 0 else now.replace(microsecond=0) + days * 5 * DAY
        wanted = raising.AskRaise(micros, "more to do", daily=daily, target=target, ends_at=ends)
        with self.step():
            raising.ask_raise(self.company.purser, self.actor(who), Place(CHANNEL), wanted)
        if agreed:
            self.agree_to_new(before)

    @precondition(lambda self: self.requests(RequestState.WAITING))
    @rule(who=OWNERS, pick=PICK, cap=st.none() | AMOUNTS, agrees=st.sampled_from([True, True, True, False]))
    def decide(self, who: Member, pick: int, cap: int | None, agrees: bool) -> None:
        request = self.pick(self.requests(RequestState.WAITING), pick)
        if agrees:
            self.approve_it(who, request.id, cap)
            return
        with self.step():
            approvals.deny(self.company.purser, self.actor(who), request.id, "too much")

    def approve_it(self, who: Member, request_id: str, cap: int | None) -> None:
        with self.step():
            outcome = approvals.approve(self.company.purser, self.actor(who), request_id, Changes(cap_micros=cap))
            if isinstance(outcome, Decided):
                assert who.id != outcome.facts.request.requester_id, "somebody agreed to their own"
                if outcome.facts.request.state is not RequestState.WAITING:
                    self.no_charged_limit_is_below_zero(outcome.facts.request)

    @precondition(lambda self: self.requests(RequestState.APPROVED))
    @rule(pick=PICK)
    def reveal(self, pick: int) -> None:
        self.reveal_it(self.pick(self.requests(RequestState.APPROVED), pick))

    def reveal_it(self, request: Request) -> None:
        with self.step():
            actor = self.actor(self.member(request.requester_id))
            revealing.reveal(self.company.purser, actor, request.id, self.company.show)

    @rule(
        word=st.sampled_from(["team", "project", "member"]),
        micros=st.sampled_from([40 * USD, 150 * USD, 300 * USD]),
        hard=st.none() | st.booleans(),
    )
    def set_budget(self, word: str, micros: int, hard: bool | None) -> None:
        target: dict[str, setting.TeamWord | setting.ProjectWord | setting.PersonWord] = {
            "team": setting.TeamWord(),
            "project": setting.ProjectWord("reranker"),
            "member": setting.PersonWord(ANA.id),
        }
        wanted = setting.BudgetSetting(target[word], micros, hard)
        with self.step():
            setting.set_budget(self.company.purser, self.actor(OLGA), CHANNEL, wanted)

    @precondition(lambda self: self.keys(KeyState.LIVE, KeyState.DISABLED))
    @rule(pick=PICK)
    def disable(self, pick: int) -> None:
        key = self.pick(self.keys(KeyState.LIVE, KeyState.DISABLED), pick)
        with self.step():
            list(turning_off.disable(self.company.purser, self.actor(OMAR), Target(label=key.label), "leaked"))

    # --- what keys do ---

    @precondition(lambda self: self.company.gateway.on())
    @rule(pick=PICK, percent=NEAR, guarded=st.booleans())
    def use_up(self, pick: int, percent: int, guarded: bool) -> None:
        """Spend takes a limit to somewhere near its line, and the guard looks."""
        plain, on = self.plain(), {seen.handle for seen in self.company.gateway.on()}
        limits = [(key, limit) for key in self.keys(KeyState.LIVE) if key.handle in on for limit in plain.over(key)]
        if not limits:
            return
        key, limit = self.pick(limits, pick)
        micros = plain.budget(*limit) * percent // 100 - plain.spent(*limit)
        if micros > 0:
            self.spend(key.handle or "", micros, seen_live=True, seen_dated=True)
        if guarded:
            self.guard()

    @precondition(lambda self: self.company.gateway.on())
    @rule(pick=PICK, percent=NEAR)
    def use_up_a_little_later(self, pick: int, percent: int) -> None:
        self.pass_time(MINUTE_SECONDS)
        self.use_up(pick, percent, guarded=True)

    @precondition(lambda self: self.company.gateway.on())
    @rule(pick=PICK, micros=SPENDS, seen_live=st.booleans(), seen_dated=st.booleans())
    def use(self, pick: int, micros: int, seen_live: bool, seen_dated: bool) -> None:
        """A call goes through, whatever its cap; the gateway may be late to tell of it, in either count."""
        seen = self.pick(self.company.gateway.on(), pick)
        self.spend(seen.handle, micros, seen_live=seen_live, seen_dated=seen_dated)

    @precondition(lambda self: self.company.gateway.measured)
    @rule(pick=PICK, how=st.sampled_from(["total", "day", "cap"]), percent=st.sampled_from([0, 50, 90, 200]))
    def gateway_lies(self, pick: int, how: str, percent: int) -> None:
        """Less than before, or calls counted twice, live or dated; or somebody there changed a cap."""
        gateway = self.company.gateway
        handle = self.pick(sorted(gateway.held), pick)
        if how == "total":
            gateway.change(handle, spent_micros=self.total(handle) * percent // 100)
        elif how == "cap":
            gateway.change(handle, cap_micros=10_000 * USD)
        else:
            which = self.pick(sorted(gateway.measured), pick)
            row = gateway.measured[which]
            gateway.measured[which] = row._replace(cost_micros=row.cost_micros * percent // 100)
        self.guarded = False

    @rule()
    def gateway_tells_the_truth(self) -> None:
        self.tell_the_truth()

    @rule(
        method=st.sampled_from(["list_keys", "usage", "disable", "enable", "set_cap", "find", "*"]),
        mishap=st.sampled_from(Mishap),
        crash=st.none() | st.sampled_from(FAILPOINTS),
    )
    def trouble_is_coming(self, method: str, mishap: Mishap, crash: str | None) -> None:
        if crash is None:
            self.company.gateway.mishaps.add(method, mishap)
        else:
            self.company.life.armed = crash

    # --- what time and jobs do ---

    @rule(seconds=st.none() | st.sampled_from([MINUTE_SECONDS, HOUR_SECONDS, DAY_SECONDS, 5 * DAY_SECONDS]))
    def pass_time(self, seconds: int | None) -> None:
        """Some time goes by, or the rest of the month."""
        clock = self.company.clock
        clock.at = month_end(clock.at) if seconds is None else clock.at + timedelta(seconds=seconds)
        with self.step():
            expiry.pass_time(self.company.purser)

    @rule()
    def guard(self) -> None:
        """One pass of the job: what the gateway tells now, raises that end, the month, and every limit."""
        quiet = not self.company.gateway.mishaps.coming and self.company.life.armed is None
        before = {key.id for key in self.keys(*KeyState) if key.off_cause is OffCause.BUDGET}
        with self.step(), contextlib.suppress(GatewayError):
            syncing.sync_live(self.company.purser)
            raised.end_raises(self.company.purser)
            month.turn_month(self.company.purser)
            guarding.guard(self.company.purser)
        for key in self.keys(*KeyState):
            if key.off_cause is OffCause.BUDGET and key.id not in before:
                self.it_was_stopped_for_a_true_reason(key)
        if quiet:
            self.company.perform()
            self.guarded = not self.company.gateway.mishaps.coming

    @rule(job=st.sampled_from([syncing.sync_usage, posting.post_days, reconcile.reconcile, None]))
    def other_job(self, job: Callable[[Purser], None] | None) -> None:
        with self.step(), contextlib.suppress(GatewayError):
            if job is None:
                self.company.perform()
            else:
                job(self.company.purser)

    # --- what always holds ---

    @invariant()
    def the_ledger_verifies(self) -> None:
        report = auditing.verify(self.company.books)
        assert report.ok, report.lines

    @invariant()
    def every_limit_stands_as_worked_out_by_hand(self) -> None:
        plain = self.plain()
        for layer, subject in sorted({limit for key in self.keys(*KeyState) for limit in plain.over(key)}):
            stands = self.limit(layer, subject)
            assert (stands.budget_micros, stands.spent_micros) == (
                plain.budget(layer, subject),
                plain.spent(layer, subject),
            ), (layer, subject)
            if layer in BUDGETED:
                assert stands.headroom_micros == plain.headroom(layer, subject), (layer, subject)

    @invariant()
    def a_key_is_charged_the_greater_of_both_counts(self) -> None:
        """Late, corrected or told twice: what counts is what the newest total or all usage says, never both."""
        plain = self.plain()
        for key in self.keys(*KeyState):
            assert plain.spent_ever(key) == plain.greater_count(key), key.label

    @invariant()
    def each_threshold_is_told_once(self) -> None:
        told = Counter(
            (message.where, alert.limit.layer, alert.limit.subject_id, alert.limit.period, alert.threshold)
            for message in self.company.notifier.messages
            if message.notice.occasion is Occasion.LIMIT and (alert := message.notice.alert) is not None
        )
        assert [one for one, count in told.items() if count > 1] == []

    @invariant()
    def after_a_pass_no_key_works_under_a_limit_that_is_reached(self) -> None:
        if not self.guarded:
            return
        plain = self.plain()
        for key in self.keys(KeyState.LIVE):
            reached = [limit for limit in plain.over(key) if plain.is_hard(*limit) and plain.left(*limit) <= 0]
            assert reached == [], (key.label, reached)

    @invariant()
    def a_key_off_for_the_budget_says_which(self) -> None:
        for key in self.keys(KeyState.DISABLING, KeyState.DISABLED):
            assert (key.off_cause is OffCause.BUDGET) == (key.stop is not None), key
