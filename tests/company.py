"""A Purser over real books with fake surroundings, and the people around it. Olga is the workspace's owner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bot.domain.facts import Revealed
from bot.domain.people import Authority, Member
from bot.domain.policy import Policy
from bot.domain.requests import Refused
from bot.services.context import Actor, Purser
from bot.services.effects import EFFECTS
from bot.services.people import Freshness, identify
from bot.services.ports import DeliveryError
from bot.services.worker import perform_next
from tests.fakes import Clock, Crash, Directory, Gateway, Ids, Life, Mishap, MortalBooks, Notifier

WORKSPACE = "T0HOME"
PEPPER = b"pepper-for-tests-only-0123456789"
INSTALLATION = "0123456789abcdef"


def person(name: str, **fields: bool | str) -> Member:
    """Somebody of our workspace: `ana` is `U0ANA`."""
    values = {"workspace_id": WORKSPACE, "handle": name, "name": name.capitalize(), **fields}
    return Member(id=f"U0{name.upper()}", **values)  # type: ignore[arg-type]


OLGA, OMAR, ANA, BEN = person("olga"), person("omar"), person("ana"), person("ben")
GUS, ROBO, EVE = person("gus", is_guest=True), person("robo", is_bot=True), person("eve", workspace_id="T0ELSE")
EVERYBODY = (OLGA, OMAR, ANA, BEN, GUS, ROBO, EVE)


class Company:
    """A Purser over real books with fake surroundings. Olga is the workspace's owner."""

    def __init__(self, books: MortalBooks, policy: Policy | None = None) -> None:
        self.life = books.life = Life()
        self.books = books
        self.clock = Clock()
        self.ids = Ids()
        self.gateway = Gateway(self.clock, self.life)
        self.notifier = Notifier()
        self.directory = Directory(*EVERYBODY)
        self.shown: list[Revealed] = []
        self.show_fails: Mishap | None = None
        self._deliveries = 0
        self.purser = Purser(
            books=books,
            clock=self.clock,
            ids=self.ids,
            policy=policy or Policy(),
            authority=Authority(WORKSPACE, frozenset({OLGA.id})),
            gateways={self.gateway.name: self.gateway},
            notifier=self.notifier,
            directory=self.directory,
            pepper=PEPPER,
            installation=INSTALLATION,
            effects=EFFECTS,
            failpoint=self.life.failpoint,
        )

    def actor(self, who: Member, delivery: str | None = None) -> Actor:
        """Somebody doing something: with a delivery of its own, unless one is given."""
        self._deliveries += 1
        named = delivery or f"delivery-{self._deliveries}"
        met = identify(self.purser, who.id, who.workspace_id, named, Freshness.NOW)
        return Actor(self.directory.everybody[who.id], named) if isinstance(met, Refused) else met

    def show(self, revealed: Revealed) -> None:
        """Put a key before its requester, as the reveal modal does."""
        mishap, self.show_fails = self.show_fails, None
        if mishap in (None, Mishap.LOST):
            self.shown.append(revealed)
        if mishap is not None:
            raise DeliveryError(mishap.kind, f"the modal: {mishap}")

    @contextmanager
    def crashing(self, at: str | None = None, *, down_seconds: float = 0) -> Iterator[None]:
        """The process may die within, and surely does at the failpoint `at`; afterwards another one starts."""
        if at is not None:
            self.life.armed = at
        try:
            yield
        except Crash:
            self.clock.advance(seconds=down_seconds)
        else:
            assert at is None, f"{at} was never reached"
        self.life.is_over = False

    def perform(self, most: int = 500) -> int:
        """Perform whatever in the outbox is due now, until nothing is."""
        done = 0
        while done < most and perform_next(self.purser):
            done += 1
        return done

    def settle(self) -> None:
        """Let time pass until every effect has been performed or given up, with nothing going wrong any more."""
        self.gateway.mishaps.clear()
        self.notifier.mishaps.clear()
        self.gateway.probes.clear()
        self.life.armed = None
        for _ in range(6):
            self.perform()
            self.clock.advance(seconds=301)
        assert self.perform() == 0, "effects keep coming"

    def occasions(self) -> Mapping[str, list[str]]:
        """Everything that was said, by place."""
        return {where: self.notifier.occasions(where) for where in {said.where for said in self.notifier.messages}}
