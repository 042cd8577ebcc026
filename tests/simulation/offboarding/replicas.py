"""Two Pursers on the same books. Either may die at any step of what it does; the other goes on, and it starts again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from bot.domain.people import Authority
from bot.domain.policy import Policy
from bot.gateways.base import GatewayError
from bot.services.context import Purser
from bot.services.effects import EFFECTS
from bot.services.ports import DeliveryError
from bot.services.worker import perform_next
from storage.engine import BooksUnavailable
from tests.company import INSTALLATION, PEPPER, WORKSPACE
from tests.fakes import Crash, Life, MortalBooks
from tests.simulation.offboarding.outside import Channels, FlakyGateway, SharedClock, SharedIds, Slack

TROUBLE = (GatewayError, DeliveryError, BooksUnavailable)
"""What the edges log and leave to the next slot."""


class CountedLife(Life):
    """A process that dies at the so-manieth step from now: each transaction, look and failpoint is one."""

    steps_left: int | None = None

    def go_on(self) -> None:
        if self.steps_left is not None:
            self.steps_left -= 1
            if self.steps_left < 0:
                self.steps_left, self.is_over = None, True
        super().go_on()


@dataclass
class Surroundings:
    """What both share."""

    clock: SharedClock
    ids: SharedIds
    slack: Slack
    channels: Channels
    gateway: FlakyGateway


class Replica:
    """One process of Purser."""

    def __init__(self, url: str, around: Surroundings, policy: Policy, owners: frozenset[str]) -> None:
        self.books = MortalBooks(url, busy_timeout_seconds=60)
        self.life = self.books.life = CountedLife()
        self.purser = Purser(
            books=self.books,
            clock=around.clock,
            ids=around.ids,
            policy=policy,
            authority=Authority(WORKSPACE, owners),
            gateways={around.gateway.name: around.gateway},
            notifier=around.channels,
            directory=around.slack,
            pepper=PEPPER,
            installation=INSTALLATION,
            effects=EFFECTS,
            failpoint=self.life.failpoint,
        )

    @property
    def is_up(self) -> bool:
        return not self.life.is_over

    def start_again(self) -> None:
        self.life.is_over, self.life.steps_left = False, None

    def does(self, work: Callable[[Purser], object]) -> bool:
        """Whether the work came to its end: not when this process died of it, or what it needs was away."""
        try:
            work(self.purser)
        except Crash:
            return False
        except TROUBLE:
            return False
        return True

    def perform(self) -> None:
        """Do what is due in the outbox, as long as this process lives."""
        with suppress(Crash, BooksUnavailable):
            while perform_next(self.purser):
                pass


def at_once(*works: Callable[[], object]) -> None:
    """Do these at the same time, each on a thread of its own; raises what any of them raises."""
    raised: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as problem:
            raised.append(problem)

    threads = [threading.Thread(target=guarded, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert not any(thread.is_alive() for thread in threads), "the two wait for each other"
    if raised:
        raise raised[0]
