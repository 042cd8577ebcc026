"""Keys that share one cap as a state machine: spend, rotations, raises, cuts and time, in whatever order.

Beside the books stands a plain model: what was truly spent, and what was agreed, by hand. Together the keys of a family
never have more than was agreed, beyond a cent each; and what one of them leaves is another's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bot.domain.budgets import Layer
from bot.domain.cuts import CutWhy, Window
from bot.domain.facts import RequestFacts
from bot.domain.keys import Key, KeyKind, KeyState
from bot.domain.periods import month_of
from bot.domain.requests import Refused, Target
from bot.services import auditing, caps, cuts, expiry, restoring, revealing, rotating, sharing, turning_off
from bot.services.guarding import guard
from bot.services.raised import end_raises
from bot.services.revealing import Shown
from bot.services.syncing import sync_live
from bot.services.turning_off import Target as Named
from storage import budgets, keys
from storage import cuts as cut_rows
from tests.company import ANA, OMAR, Company
from tests.fakes import Mishap, MortalBooks
from tests.services.kit import USD, found_team, held, wanted
from tests.services.raises_kit import agreed_raise

CENT = 10_000
PICK = st.integers(0, 5)
AMOUNTS = st.sampled_from([1, 400_000, 3 * USD, 11 * USD, 60 * USD])


class Sharing(RuleBasedStateMachine):
    """One key of Ana's, and whatever takes its place."""

    open_books: Callable[[], MortalBooks]

    def __init__(self) -> None:
        super().__init__()
        self.company = Company(self.open_books())
        found_team(self.company, 5000)
        self.company.gateway.caps_hold = False  # the machine holds them, by the month as a gateway does
        self.spent: dict[tuple[str, str], int] = {}
        """What each key truly spent, by its id and period."""
        self.raises: list[tuple[int, datetime]] = []
        self.cuts: list[tuple[int, datetime]] = []
        self.base = 0
        self.kind = KeyKind.TEMPORARY
        self.late = False
        """Whether a gateway has not taken a cap yet."""

    def teardown(self) -> None:
        self.company.books.close()

    @initialize(kind=st.sampled_from([KeyKind.TEMPORARY, KeyKind.MEMBER]), usd=st.sampled_from([5, 40]))
    def ana_has_a_key(self, kind: KeyKind, usd: int) -> None:
        self.kind, self.base = kind, usd * USD
        held(self.company, what=wanted(usd, 30 if kind is KeyKind.TEMPORARY else None, kind=kind))

    # --- what happens ---

    @rule(pick=PICK, micros=AMOUNTS)
    def spend(self, pick: int, micros: int) -> None:
        """A key spends as far as its cap at the gateway lets it."""
        on = [key for key in self.family() if self.is_on(key)]
        if not on:
            return
        key = on[pick % len(on)]
        cap = self.company.gateway.held[key.handle or ""].cap_micros or 0
        before = self.total()
        gone = max(0, min(micros, cap - self.used(key)))
        self.company.gateway.spend(key.handle or "", gone)
        self.spent[key.id, self.period()] = self.used(key) + gone
        if gone and not self.late:
            unread = sum(self.used(one) - self.read(one) for one in self.family() if not caps.works(one))
            assert self.total() <= max(before, self.agreed() + unread + CENT * len(on)), (self.total(), self.agreed())

    @rule()
    def poll(self) -> None:
        self.company.settle() if self.late else self.company.perform()
        self.late = False
        sync_live(self.company.purser)
        self.ends()
        sharing.share(self.company.purser)
        guard(self.company.purser)
        self.company.perform()
        self.check()

    @rule(overlap=st.sampled_from([0, 3600, 2 * 86_400]))
    def rotate(self, overlap: int) -> None:
        newest = self.family()[-1]
        asked = rotating.rotate(self.company.purser, self.company.actor(ANA), newest.label, overlap)
        if isinstance(asked, Refused):
            return
        self.reveal(asked)

    def reveal(self, asked: RequestFacts) -> None:
        purser = self.company.purser
        shown = revealing.reveal(purser, self.company.actor(ANA), asked.request.id, self.company.show)
        assert isinstance(shown, (Shown, Refused))
        self.company.perform()

    @rule(hours=st.sampled_from([1, 30, 200]))
    def wait(self, hours: int) -> None:
        self.company.clock.advance(seconds=hours * 3600)
        sync_live(self.company.purser)
        self.ends()
        expiry.pass_time(self.company.purser)
        self.company.perform()
        self.poll()

    @rule(usd=st.sampled_from([1, 30]), hours=st.sampled_from([2, 100]), pick=PICK)
    def raise_it(self, usd: int, hours: int, pick: int) -> None:
        able = [key for key in self.family() if caps.works(key)]
        if not able:
            return
        ends_at = self.company.clock.now() + timedelta(hours=hours)
        agreed_raise(self.company, Target(Layer.KEY, able[pick % len(able)].id), usd, ends_at)
        self.raises.append((usd * USD, ends_at))

    @rule(pick=PICK, leaked=st.booleans())
    def turn_off(self, pick: int, leaked: bool) -> None:
        able = [key for key in self.family() if caps.works(key)]
        if not able:
            return
        key = able[pick % len(able)]
        if leaked:
            with self.company.purser.deciding() as session:
                keys.move(session, key.id, key.state, key.state, keys.Change(leaked_at=self.company.clock.now()))
        list(turning_off.disable(self.company.purser, self.company.actor(OMAR), Named(key_id=key.id), "odd"))
        self.company.perform()

    @precondition(lambda self: self.kind is KeyKind.TEMPORARY)
    @rule(pick=PICK, usd=st.sampled_from([1, 9]), hours=st.sampled_from([1, 24]))
    def restore(self, pick: int, usd: int, hours: int) -> None:
        """An owner lets a key work again, with less for a time."""
        self.poll()
        off = [key for key in self.family() if key.state is KeyState.DISABLED and not caps.works(key)]
        if not off:
            return
        key, now = off[pick % len(off)], self.company.clock.now()
        left = self.agreed() - self.total()
        window = Window(usd * USD, hours * 3600)
        outcome = restoring.restore(self.company.purser, self.company.actor(OMAR), key.id, window)
        if isinstance(outcome, Refused):
            return
        with self.company.books.reading() as session:
            stands = cut_rows.standing(session, key.id)
            newest = [one.micros for one in stands if one.why is CutWhy.RESTORED]
        if newest:
            self.cuts = [(newest[-1], now + timedelta(seconds=window.seconds))]
            assert self.agreed() - self.total() <= max(window.micros, left - newest[-1]) + CENT
        self.company.perform()
        if isinstance(outcome, RequestFacts):
            self.reveal(outcome)

    @rule()
    def a_cap_is_late(self) -> None:
        self.company.gateway.mishaps.add("set_cap", Mishap.DOWN)
        self.late = True

    # --- the plain model ---

    def ends(self) -> None:
        end_raises(self.company.purser)
        cuts.end_cuts(self.company.purser)
        now = self.company.clock.now()
        self.raises = [one for one in self.raises if one[1] > now]
        self.cuts = [one for one in self.cuts if one[1] > now]

    def agreed(self) -> int:
        return self.base + sum(micros for micros, _ in self.raises) - sum(micros for micros, _ in self.cuts)

    def period(self) -> str:
        return "total" if self.kind is KeyKind.TEMPORARY else month_of(self.company.clock.now())

    def used(self, key: Key) -> int:
        return self.spent.get((key.id, self.period()), 0)

    def total(self) -> int:
        return sum(self.used(key) for key in self.family())

    def read(self, key: Key) -> int:
        with self.company.books.reading() as session:
            return caps.used(session, key, Layer.KEY, self.company.clock.now())

    def family(self) -> list[Key]:
        with self.company.books.reading() as session:
            states = frozenset(KeyState) - {KeyState.MINTING, KeyState.MINTED}
            held_ = keys.of_holder(session, ANA.id, states - {KeyState.DISCARDING, KeyState.DISCARDED})
        return sorted(held_, key=lambda key: (key.created_at, key.id))

    def is_on(self, key: Key) -> bool:
        seen = self.company.gateway.held.get(key.handle or "")
        return seen is not None and seen.enabled and not seen.deleted

    def check(self) -> None:
        """After a poll that everything has followed from."""
        some, agreed = self.family(), self.agreed()
        working = [key for key in some if caps.works(key)]
        for key in working:
            assert self.company.gateway.held[key.handle or ""].cap_micros == key.cap_micros
            assert key.cap_micros >= CENT
        gone = sum(self.used(key) for key in some if not caps.works(key))
        together = sum(max(key.cap_micros, self.used(key)) for key in working) + gone
        assert together <= max(agreed, self.total()) + CENT * len(working), (together, agreed)
        if len(working) == 1 and agreed - gone > CENT:
            assert working[0].cap_micros == agreed - gone, (working[0].cap_micros, agreed, gone)
        now = self.company.clock.now()
        with self.company.books.reading() as session:
            team = budgets.state(session, Layer.TEAM, "team_1", "search", now)
        assert team is not None
        assert team.committed_micros <= max(0, agreed - self.total()) + CENT * len(working)
        assert auditing.verify(self.company.books).ok
