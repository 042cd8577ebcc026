"""What happens in a year: who joins, leaves, comes back, moves and is merged; what fails; and what people do about it.

All of it is drawn from the organisation's seed and put on its agenda before the year begins.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain.keys import KeyKind
from tests.simulation.offboarding.deeds import Deeds
from tests.simulation.offboarding.listing import AGREE, CALL_OFF, NOTHING, Great, Looks
from tests.simulation.offboarding.organisation import BEGIN, WORKSPACE_OWNERS, Organisation
from tests.simulation.offboarding.outside import FlakyGateway, Listing, Slack
from tests.simulation.offboarding.truth import Person

DAY = timedelta(days=1)
YEAR_DAYS = 365
CHANCE_FAILS_OF_THOUSAND = 40
"""How often a call fails by chance, between the outages."""


class Year:
    """The plan of a year, for an organisation of any size."""

    def __init__(self, org: Organisation, deeds: Deeds, looks: Looks, days: int) -> None:
        self.org, self.deeds, self.looks, self.days = org, deeds, looks, days
        self.truth, self.random = org.truth, org.random

    def plan(self) -> None:
        """Put everything on the agenda."""
        for in_a_year, at_least, act in (
            (0.12, 4, self._somebody_leaves),
            (0.12, 2, self._somebody_joins),
            (0.03, 3, self._a_mistake),
            (0.05, 3, self._a_transfer),
            (0.06, 3, self._a_new_name),
            (0.015, 2, self._a_merger),
            (0.3, 4, self._a_trial),
            (0.05, 3, self._a_key_given_back),
        ):
            share = in_a_year * self.days / YEAR_DAYS
            self._often(max(at_least, round(share * self.org.size.people)), act)
        self._guests_end()
        self._outages()
        self._backups()
        self._great_days()

    # --- single people ---

    def _somebody_leaves(self) -> None:
        person = self._anybody()
        if person is None:
            return
        self.leaves(person.id)
        if self.random.random() < 0.15:
            self.org.after(lambda: self._comes_back(person), days=self.random.uniform(1, 60))

    def leaves(self, person_id: str, *, is_lost: bool | None = None) -> None:
        """Somebody leaves, and what they left is looked after or not."""
        self.org.goes(person_id, is_lost=is_lost)
        self.org.after(lambda: self.deeds.clicks_too_late(person_id), hours=self.random.uniform(0.01, 200))
        kind = self.random.random()
        if kind < 0.45:
            self._pressing(person_id, all_at_once=True, is_race=kind < 0.08)
        elif kind < 0.6:
            for _ in range(3):
                self._pressing(person_id, all_at_once=False, is_race=kind < 0.48)
        elif kind < 0.7:
            self.org.after(lambda: self.deeds.disables(person_id), hours=self.random.uniform(1, 160))
            self._pressing(person_id, all_at_once=True, is_race=False)

    def _pressing(self, leaver_id: str, *, all_at_once: bool, is_race: bool) -> None:
        def press() -> None:
            if not self.org.slack.down:
                self.deeds.takes_over(leaver_id, all_at_once=all_at_once, is_race=is_race)

        self.org.after(press, hours=self.random.uniform(0.1, 190))

    def _comes_back(self, person: Person) -> None:
        """In Slack again; some days later they are in a team again and ask for what they need anew."""
        if person.is_here:
            return
        self.org.returns(person.id)
        self.org.after(lambda: self.deeds.is_invited(person), days=2)
        self.org.after(lambda: self.deeds.gets_a_key(person.id, KeyKind.MEMBER), days=3)

    def _somebody_joins(self) -> None:
        person = self.org.newcomer(self.random.choice(list(self.org.team_channels)))
        self.org.after(lambda: self.deeds.is_invited(person), hours=2)
        self.org.after(lambda: self.deeds.gets_a_key(person.id, KeyKind.MEMBER), hours=5)

    def _a_mistake(self) -> None:
        """The wrong account is deactivated, and activated again; mostly an owner presses Restore then."""
        person = self._anybody()
        if person is None:
            return
        is_late = self.random.random() < 0.25
        self.org.goes(person.id, is_lost=False if is_late else None, is_late=is_late)
        is_put_right = self.random.random() < 0.7

        def back() -> None:
            if person.is_here:
                return
            self.org.returns(person.id)
            if is_put_right:
                self.org.after(lambda: self.deeds.restores(person.id), hours=self.random.uniform(2, 20))

        self.org.after(back, hours=0.2 if is_late else self.random.choice((0.1, 0.3, 2, 5, 30, 50)))

    def _a_transfer(self) -> None:
        person = self._anybody()
        others = [team for team in self.org.team_channels if person is not None and team != person.team]
        if person is not None and not person.is_owner and others:
            self.deeds.moves(person, self.random.choice(others))

    def _a_new_name(self) -> None:
        person = self._anybody()
        if person is not None:
            self.org.is_renamed(person.id, f"Renamed {self.random.randrange(10_000)}")

    def _a_merger(self) -> None:
        """One person had two accounts: the old one is deactivated, and the new one takes over what others need."""
        old = self._anybody()
        if old is None:
            return
        new = self.org.newcomer(old.team)
        self.deeds.is_invited(new)
        self.org.goes(old.id)
        self._pressing(old.id, all_at_once=True, is_race=False)
        self.org.after(lambda: self.deeds.gets_a_key(new.id, KeyKind.MEMBER), hours=6)

    def _a_trial(self) -> None:
        """A temporary key is asked for; now and then nobody answers, or the one who asked leaves meanwhile."""
        person = self._anybody()
        if person is None:
            return
        if self.random.random() < 0.75:
            self.deeds.gets_a_key(person.id)
            return
        self.deeds.asks(person.id)
        if self.random.random() < 0.3:
            self.org.after(lambda: self._leaves_if_here(person), hours=self.random.uniform(0.5, 60))

    def _leaves_if_here(self, person: Person) -> None:
        if person.is_here:
            self.leaves(person.id)

    def _a_key_given_back(self) -> None:
        self.deeds.gives_back(self.random.choice(list(self.truth.keys.values())))

    def _guests_end(self) -> None:
        """Guests have a last day, on which Slack deactivates them."""
        for person in list(self.truth.people.values()):
            if person.is_guest:
                self.org.at(self._moment(), lambda one=person: self._leaves_if_here(one))  # type: ignore[misc]

    # --- what fails ---

    def _outages(self) -> None:
        self.org.gateway.fails_of_thousand = self.org.channels.fails_of_thousand = CHANCE_FAILS_OF_THOUSAND
        for _ in range(max(4, self.days // 45)):
            at, hours = self._moment(), self.random.uniform(0.2, 3)
            self._down(self.org.slack, at, hours)
            self._down(self.org.gateway, self._moment(), self.random.uniform(0.2, 5))

    def _down(self, what: Slack | FlakyGateway, at: datetime, hours: float) -> None:
        def change(*, down: bool) -> None:
            what.down = down and not self.org.is_calm

        self.org.at(at, lambda: change(down=True))
        self.org.at(at + timedelta(hours=hours), lambda: change(down=False))

    def _backups(self) -> None:
        """Twice the gateway is put back as it was, and keys of people who left work again until that is noticed."""
        for at in (BEGIN + self.days * DAY * 0.35, BEGIN + self.days * DAY * 0.75):
            self.org.at(at, self._a_backup)

    def _a_backup(self) -> None:
        off = [key.handle for key in self.truth.keys.values() if key.over and key.handle in self.org.gateway.off_at]
        self.org.gateway.from_a_backup(off[-5:])

    # --- days on which very many leave, or the list of people is wrong ---

    def _great_days(self) -> None:
        many = max(5, self.org.size.people * 5 // 100)
        step = self.days / 14
        plan: list[tuple[Callable[[], Listing | None], str]] = [
            (lambda: self._many_leave(many - 2, is_lost=True), AGREE),
            (lambda: self._many_leave(many + 4, is_lost=True), AGREE),
            (lambda: self._many_leave(many + 4, is_lost=False), AGREE),
            (self._operators_leave, AGREE),
            (lambda: self._all_by_mistake(many + 6), CALL_OFF),
            (lambda: Listing(left_out=frozenset(self._some(4))), AGREE),
            (self._short, CALL_OFF),
            (lambda: Listing(foreign=frozenset(self.org.slack.members)), CALL_OFF),
            (lambda: Listing(foreign=frozenset(self._some(3))), AGREE),
            (lambda: self._many_leave(many + 4, is_lost=True), NOTHING),
            (self._are_hidden, AGREE),
            (lambda: self._all_by_mistake(many + 6), AGREE),
            (lambda: self._many_leave(many - 3, is_lost=True), AGREE),
        ]
        self.looks.greats += [Great(round(step * number), *one) for number, one in enumerate(plan, 1)]
        for day in range(3, self.days, 11):
            listing = Listing(is_repeating=True, breaks=self.random.randrange(4), is_forgetful=day % 2 == 0)
            self.looks.greats.append(Great(day, lambda listing=listing: listing))  # type: ignore[misc]
        self.looks.greats.sort(key=lambda one: one.day)

    def _many_leave(self, count: int, *, is_lost: bool) -> None:
        for person_id in self._some(count):
            self.leaves(person_id, is_lost=is_lost)

    def _operators_leave(self) -> None:
        """A handful of people who answer for very many keys."""
        for who in self.org.operators:
            if self.truth.people[who].is_here:
                self.leaves(who, is_lost=True)

    def _all_by_mistake(self, count: int) -> None:
        """Somebody deactivates a whole list of people who work here, which is put right some hours later."""
        for who in self._some(count):
            self.org.goes(who, is_lost=True)
            self.org.after(lambda who=who: self.org.returns(who), hours=0.4)  # type: ignore[misc]

    def _short(self) -> Listing:
        """The list lacks people, and Slack does not find them by name either."""
        some = frozenset(self._some(4))
        return Listing(left_out=some, unknown=some)

    def _are_hidden(self) -> None:
        """From now on Slack tells nothing of two people, in no way: owners say that this is right."""
        for who in self._some(2):
            self.org.slack.hidden.add(who)
            self.truth.people[who].is_hidden = True

    # --- chance ---

    def _often(self, times: int, act: Callable[[], None]) -> None:
        for _ in range(times):
            self.org.at(self._moment(), act)

    def _moment(self) -> datetime:
        return BEGIN + timedelta(days=self.random.uniform(0.5, self.days - 20))

    def _anybody(self) -> Person | None:
        there = self._there()
        return self.random.choice(there) if there else None

    def _some(self, count: int) -> list[str]:
        """So many people who are there and whom Purser knows, no operators."""
        there = [one for one in self._there() if one.id not in self.org.operators]
        return [one.id for one in self.random.sample(there, min(count, len(there)))]

    def _there(self) -> list[Person]:
        """Everybody to whom something may happen."""
        known = [one for one in self.truth.here() if one.is_met and not one.is_hidden]
        return [one for one in known if one.id not in WORKSPACE_OWNERS]
