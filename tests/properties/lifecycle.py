"""The life of requests and keys as a state machine: people, time and a faulty world, in whatever order.

What must hold after each step, and what must hold once everything has settled, stands here and nowhere else.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.facts import Occasion
from bot.domain.keys import SPENDING, Key, KeyKind, KeyState
from bot.domain.people import Member
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS
from bot.domain.policy import Policy
from bot.domain.requests import Ask, Refused, Request, RequestState, Terms, Verdict
from bot.gateways.base import GatewayError
from bot.services import approvals, auditing, expiry, minting, reconcile, requests, restoring, revealing, turning_off
from bot.services.approvals import Changes, Decided
from bot.services.context import Repeated
from bot.services.requests import Place
from bot.services.revealing import Shown
from bot.services.turning_off import Target
from storage import keys as key_rows
from storage import ledger, outbox
from storage import requests as request_rows
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import Mishap, MortalBooks
from tests.services.kit import CHANNEL, USD, found_team, headroom

POLICY = Policy(two_owners_from_micros=150 * USD, auto_approve_micros=5 * USD)
ASKERS = st.sampled_from([ANA, BEN, OMAR])
OWNERS = st.sampled_from([OMAR, OLGA])
ANYBODY = st.sampled_from([ANA, BEN, OMAR, OLGA])
CAPS = st.sampled_from([3 * USD, 40 * USD, 120 * USD, 200 * USD])
PICK = st.integers(0, 5)
ONCE_PER_REQUEST = frozenset(
    {
        Occasion.APPROVED,
        Occasion.DENIED,
        Occasion.CANCELLED,
        Occasion.REMINDER,
        Occasion.ESCALATION,
        Occasion.REQUEST_EXPIRED,
        Occasion.REVEALED,
        Occasion.LAPSED,
        Occasion.EXTENDED,
        Occasion.EXTENSION_CLOSED,
    }
)
FAILPOINTS = (
    "after-decision-commit",
    "after-mint-intent",
    "after-gateway-minted",
    "after-recorded-before-shown",
    "after-shown-before-live",
    "after-disable-commit",
    "after-gateway-disabled",
    "after-card-posted",
    "before-effect:",
    "after-effect:",
    "after-recorded:",
)


class Lifecycle(RuleBasedStateMachine):
    """Runs the real services over real books; `open_books` gives each run books of its own."""

    open_books: ClassVar[Callable[[], MortalBooks]]

    def __init__(self) -> None:
        super().__init__()
        self.company = Company(type(self).open_books(), POLICY)
        found_team(self.company)

    def teardown(self) -> None:
        """Whatever happened: once the world behaves again, books and gateway agree."""
        try:
            self.settled()
        finally:
            self.company.books.close()

    # --- what people do ---

    @rule(who=ASKERS, cap=CAPS, days=st.sampled_from([1, 7]), reason=st.sampled_from(["evaluate", "trial"]))
    def ask(self, who: Member, cap: int, days: int, reason: str) -> None:
        wanted = Ask(KeyKind.TEMPORARY, Terms(cap, days * DAY_SECONDS), reason)
        with self.possibly_crashing():
            outcome = requests.ask(self.company.purser, self.company.actor(who), Place(CHANNEL), wanted)
            if isinstance(outcome, requests.Duplicate):
                requests.send_draft(self.company.purser, self.company.actor(who), outcome.facts.request.id)

    @rule(who=ASKERS)
    def ask_for_member_key(self, who: Member) -> None:
        wanted = Ask(KeyKind.MEMBER, Terms(50 * USD, None), "daily work")
        with self.possibly_crashing():
            requests.ask(self.company.purser, self.company.actor(who), Place(CHANNEL), wanted)

    @precondition(lambda self: self.requests(RequestState.WAITING))
    @rule(who=ANYBODY, pick=PICK, cap=st.none() | CAPS, twice=st.booleans())
    def approve(self, who: Member, pick: int, cap: int | None, twice: bool) -> None:
        request = self.pick(self.requests(RequestState.WAITING), pick)
        changes = Changes(cap_micros=cap)
        actor = self.company.actor(who)
        with self.possibly_crashing():
            outcome = approvals.approve(self.company.purser, actor, request.id, changes)
            if isinstance(outcome, Decided):
                assert who.id in (OMAR.id, OLGA.id)
                assert who.id != request.requester_id
                assert headroom(self.company) >= 0, "an approval took more than there was"
            if twice:  # the same click, delivered again
                with contextlib.suppress(Repeated):
                    again = approvals.approve(self.company.purser, actor, request.id, changes)
                    assert not isinstance(again, Decided)

    @precondition(lambda self: self.requests(RequestState.WAITING))
    @rule(who=OWNERS, pick=PICK)
    def deny(self, who: Member, pick: int) -> None:
        request = self.pick(self.requests(RequestState.WAITING), pick)
        with self.possibly_crashing():
            approvals.deny(self.company.purser, self.company.actor(who), request.id, "too much for a trial")

    @precondition(lambda self: self.requests(RequestState.WAITING))
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        request = self.pick(self.requests(RequestState.WAITING), pick)
        requests.cancel(self.company.purser, self.company.actor(self.member(request.requester_id)), request.id)

    @precondition(lambda self: self.requests(RequestState.APPROVED, RequestState.FULFILLED))
    @rule(pick=PICK, show_fails=st.none() | st.sampled_from([Mishap.DOWN, Mishap.LOST]))
    def reveal(self, pick: int, show_fails: Mishap | None) -> None:
        request = self.pick(self.requests(RequestState.APPROVED, RequestState.FULFILLED), pick)
        shown_before = len(self.company.shown)
        self.company.show_fails = show_fails
        actor = self.company.actor(self.member(request.requester_id))
        with self.possibly_crashing():
            outcome = revealing.reveal(self.company.purser, actor, request.id, self.company.show)
            if isinstance(outcome, Shown):
                assert request.state is RequestState.APPROVED, "a fulfilled request was revealed again"
                assert len(self.company.shown) == shown_before + 1
                assert self.company.shown[-1].key.cap_micros == request.terms.cap_micros
        self.company.show_fails = None

    @precondition(lambda self: self.keys(*KeyState))
    @rule(who=ANYBODY, pick=PICK, pasted=st.booleans())
    def disable(self, who: Member, pick: int, pasted: bool) -> None:
        key = self.pick(self.keys(*KeyState), pick)
        secrets = [shown.secret for shown in self.company.shown if shown.key.id == key.id]
        target = Target(secret=secrets[0]) if pasted and secrets else Target(label=key.label)
        with self.possibly_crashing():
            list(turning_off.disable(self.company.purser, self.company.actor(who), target, "leaked"))

    @precondition(lambda self: self.keys(KeyState.LIVE))
    @rule(pick=PICK)
    def give_back(self, pick: int) -> None:
        key = self.pick(self.keys(KeyState.LIVE), pick)
        with self.possibly_crashing():
            actor = self.company.actor(self.member(key.holder_id))
            turning_off.give_back(self.company.purser, actor, Target(key_id=key.id))

    @precondition(lambda self: self.keys(KeyState.DISABLED, KeyState.DISABLING))
    @rule(who=ANYBODY, pick=PICK)
    def restore(self, who: Member, pick: int) -> None:
        key = self.pick(self.keys(KeyState.DISABLED, KeyState.DISABLING), pick)
        with self.possibly_crashing():
            restored = restoring.restore(self.company.purser, self.company.actor(who), key.id)
            if not isinstance(restored, Refused):
                assert who.id in (OMAR.id, OLGA.id)
                assert headroom(self.company) >= 0, "a restore took more than there was"

    @precondition(lambda self: self.keys(KeyState.LIVE))
    @rule(pick=PICK, days=st.sampled_from([1, 7]))
    def extend(self, pick: int, days: int) -> None:
        key = self.pick(self.keys(KeyState.LIVE), pick)
        with self.possibly_crashing():
            actor = self.company.actor(self.member(key.holder_id))
            requests.extend(self.company.purser, actor, key.label, days * DAY_SECONDS, "almost done")

    @precondition(lambda self: self.keys(KeyState.LIVE))
    @rule(pick=PICK, micros=st.sampled_from([1, 10 * USD, 500 * USD]))
    def use(self, pick: int, micros: int) -> None:
        key = self.pick(self.keys(KeyState.LIVE), pick)
        if key.handle in {seen.handle for seen in self.company.gateway.on()}:
            self.company.gateway.spend(key.handle or "", micros)

    # --- what time and jobs do ---

    @rule(seconds=st.sampled_from([1, 61, HOUR_SECONDS, 5 * HOUR_SECONDS, DAY_SECONDS, 4 * DAY_SECONDS]))
    def pass_time(self, seconds: int) -> None:
        self.company.clock.advance(seconds=seconds)
        with self.possibly_crashing():
            expiry.pass_time(self.company.purser)

    @rule()
    def perform(self) -> None:
        with self.possibly_crashing():
            self.company.perform()

    @rule()
    def reconcile(self) -> None:
        with self.possibly_crashing(), contextlib.suppress(GatewayError):
            reconcile.reconcile(self.company.purser)

    # --- what the world does ---

    @rule(
        method=st.sampled_from(["issue", "disable", "enable", "delete", "find", "find_alias", "set_expiry", "*"]),
        mishaps=st.lists(st.sampled_from(Mishap), min_size=1, max_size=4),
    )
    def gateway_misbehaves(self, method: str, mishaps: list[Mishap]) -> None:
        self.company.gateway.mishaps.add(method, *mishaps)

    @rule(
        method=st.sampled_from(["post_card", "update_card", "reply", "direct", "*"]),
        mishap=st.sampled_from([Mishap.DOWN, Mishap.LOST]),
    )
    def slack_misbehaves(self, method: str, mishap: Mishap) -> None:
        self.company.notifier.mishaps.add(method, mishap)

    @rule(at=st.sampled_from(FAILPOINTS))
    def crash_is_coming(self, at: str) -> None:
        self.company.life.armed = at

    @precondition(lambda self: self.company.gateway.on())
    @rule(pick=PICK, how=st.sampled_from(["cap raised", "turned off", "deleted"]))
    def meddle_at_gateway(self, pick: int, how: str) -> None:
        seen = self.pick(self.company.gateway.on(), pick)
        changes: dict[str, dict[str, object]] = {
            "cap raised": {"cap_micros": 10_000 * USD},
            "turned off": {"enabled": False},
            "deleted": {"enabled": False, "deleted": True},
        }
        self.company.gateway.change(seen.handle, **changes[how])

    @precondition(lambda self: self.keys(KeyState.DISABLED))
    @rule(pick=PICK)
    def turned_on_at_gateway(self, pick: int) -> None:
        key = self.pick(self.keys(KeyState.DISABLED), pick)
        seen = self.company.gateway.held[key.handle or ""]
        if not seen.deleted:
            self.company.gateway.change(seen.handle, enabled=True)

    # --- what always holds ---

    @invariant()
    def never_two_live_keys_for_one_request(self) -> None:
        per_request = Counter(seen.tags["request"] for seen in self.company.gateway.on())
        assert [found for found in per_request.items() if found[1] > 1] == []

    @invariant()
    def once_no_message_comes_twice(self) -> None:
        said = self.company.notifier.messages
        assert _repeated(message.sending_id for message in said) == []
        assert _repeated(sending_id for sending_id, _ in self.company.notifier.card_posts) == []
        assert _repeated(request_id for _, request_id in self.company.notifier.card_posts) == []
        once = [
            (message.where, message.notice.occasion, message.notice.request.request.id)
            for message in said
            if message.notice.occasion in ONCE_PER_REQUEST and message.notice.request is not None
        ]
        assert _repeated(once) == []

    @invariant()
    def named_nobody_approved_their_own(self) -> None:
        for request in self.requests(*RequestState):
            words = request.standing(Verdict.APPROVE)
            assert request.requester_id not in {word.owner_id for word in words}
            if request.state in (RequestState.APPROVED, RequestState.FULFILLED) and request.rule != "small-ask":
                needed = 2 if request.terms.cap_micros >= POLICY.two_owners_from_micros else 1
                assert len(words) >= needed, request

    @invariant()
    def books_verify(self) -> None:
        report = auditing.verify(self.company.books)
        assert report.ok, report.lines

    @invariant()
    def a_live_key_was_shown_to_its_holder(self) -> None:
        shown = {revealed.key.id for revealed in self.company.shown}
        for key in self.keys(*SPENDING):
            assert key.id in shown, key

    # --- what holds once everything has settled ---

    def settled(self) -> None:
        """No faults any more, jobs have run: nothing is in between, and gateway and books say the same."""
        company = self.company
        company.settle()
        expiry.pass_time(company.purser)
        reconcile.reconcile(company.purser)
        company.settle()
        expiry.pass_time(company.purser)
        company.settle()
        on = {seen.handle: seen for seen in company.gateway.on()}
        live = self.keys(KeyState.LIVE)
        in_between = set(KeyState) - {KeyState.LIVE, KeyState.DISABLED, KeyState.DISCARDED}
        assert self.keys(*in_between) == [], self.unperformed()
        assert set(on) == {key.handle for key in live}, "gateway and books disagree on which keys work"
        for key in live:
            assert on[key.handle or ""].cap_micros == key.cap_micros
        assert len(company.notifier.card_posts) == self.requests_made()
        self.never_two_live_keys_for_one_request()
        self.once_no_message_comes_twice()
        self.books_verify()

    # --- helpers ---

    def possibly_crashing(self) -> contextlib.AbstractContextManager[None]:
        """A crash ends this process; another starts when every lease of it has ended."""
        return self.company.crashing(down_seconds=minting.LEASE_SECONDS + 1)

    def requests(self, *states: RequestState) -> list[Request]:
        with self.company.books.reading() as session:
            return request_rows.in_state(session, *states)

    def keys(self, *states: KeyState) -> list[Key]:
        with self.company.books.reading() as session:
            return key_rows.in_state(session, *states)

    def unperformed(self) -> list[outbox.Listed]:
        """What still waits or was given up, for a failed run."""
        with self.company.books.reading() as session:
            return [*outbox.pending(session), *outbox.dead(session)]

    def requests_made(self) -> int:
        with self.company.books.reading() as session:
            return len(ledger.entries(session, action="request.made"))

    def member(self, member_id: str) -> Member:
        return self.company.directory.everybody[member_id]

    @staticmethod
    def pick(found: list[Any], index: int) -> Any:
        return found[index % len(found)]


def _repeated(things: Any) -> list[Any]:
    return [thing for thing, count in Counter(things).items() if count > 1]
