"""One alert per threshold, limit and period: many readings by two replicas, around each line, with restarts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import Occasion
from bot.domain.periods import month_end
from bot.jobs.schedule import JOBS
from bot.services import setting
from bot.services.context import Purser
from bot.services.worker import perform_next
from storage import alerts
from tests.company import ANA, BEN, Company
from tests.fakes import Ids, MortalBooks
from tests.simulation import checking
from tests.simulation.firm import SEARCH, Firm, automation, monthly, production

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
LINES = ((49, 51), (79, 81), (99, 101))
THRESHOLDS = (50, 80, 100)
ROUNDS = 500 if NIGHTLY else 150
"""In each, both replicas read and look at the same time: a thousand readings nightly."""
RESTART_EVERY = 25
OF_A_KEY = (Layer.KEY, Layer.AUTOMATION)
Threshold = tuple[Layer, str, str, int]
"""A limit's layer, subject and period, and the percentage."""


class Numbered(Ids):
    """Ids that no other replica gives."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def new(self, noun: str) -> str:
        return f"{super().new(noun)}_{self.number}"


class Replicas:
    """Two Pursers over one database, which die and start again."""

    def __init__(self, firm: Firm, url: str) -> None:
        self.firm, self.url = firm, url
        self.started = 0
        self.running: list[Purser] = []
        self.pool = ThreadPoolExecutor(2)
        self.restart()

    def restart(self) -> None:
        for purser in self.running:
            purser.books.close()
        self.running = []
        for _ in range(2):
            self.started += 1
            self.running.append(replace(self.firm.purser, books=MortalBooks(self.url), ids=Numbered(self.started)))

    def all_at_once(self) -> None:
        """One reading and look by each, with what follows."""
        list(self.pool.map(_look, self.running))

    def stop(self) -> None:
        self.pool.shutdown()
        for purser in self.running:
            purser.books.close()


def _look(purser: Purser) -> None:
    guard = next(job for job in JOBS if job.name == "guard")
    guard.run(purser)
    while perform_next(purser):
        pass


@pytest.fixture
def replicas(migrated_url: str) -> Iterator[Replicas]:
    """Two replicas of a firm in which all limits are reached together: $100 in all."""
    firm = Firm(MortalBooks(migrated_url))
    firm.found(SEARCH, "search", 150, ANA, BEN)
    firm.start_project(SEARCH, "reranker", 60, BEN)
    firm.key(ANA, SEARCH, monthly(30))
    firm.key(ANA, SEARCH, production(50, "reranker"))
    firm.key(BEN, SEARCH, automation(20, 20, "nightly", BEN))
    firm.set_budget(SEARCH, setting.PersonWord(ANA.id), 30)
    firm.set_budget(SEARCH, setting.ProjectWord("reranker"), 50)
    firm.set_budget(SEARCH, setting.TeamWord(), 100)
    firm.perform()
    both = Replicas(firm, migrated_url)
    yield both
    both.stop()
    firm.books.close()


@pytest.mark.slow
@pytest.mark.timeout(3600 if NIGHTLY else 180)
def test_exactly_one_alert_however_often_two_replicas_read(replicas: Replicas) -> None:
    firm = replicas.firm
    periods = []
    for _ in range(2):
        start = {key.id: firm.gateway.held[key.handle or ""].spent_micros for key in firm.keys}
        periods += [f"{firm.clock.at:%Y-%m}", f"{firm.clock.at:%Y-%m-%d}"]
        for number in range(ROUNDS // 2):
            if number % RESTART_EVERY == 0:
                replicas.restart()
            line = LINES[number * len(LINES) // (ROUNDS // 2)]
            for key in firm.keys:
                spent = start[key.id] + key.cap_micros * firm.random.choice(line) // 100
                firm.gateway.change(key.handle or "", spent_micros=spent)
            replicas.all_at_once()
            firm.clock.advance(seconds=firm.random.choice((1, 5, 61)))
        firm.clock.at = month_end(firm.clock.at) + timedelta(minutes=1)
    wanted, said = set(expected(firm, periods)), told(firm)
    assert set(said.values()) == {1}
    assert written_down(firm, periods) == wanted
    # Who reads that a wider limit stops their key reads there of its own cap as well.
    elsewhere = {one for one in wanted if one[0] in OF_A_KEY and one[-1] == 100}
    assert wanted - elsewhere <= set(said) <= wanted
    assert {layer for layer, *_ in said} == set(Layer)
    checking.each_threshold_was_told_once(firm)


def told(company: Company) -> Counter[Threshold]:
    """How often each threshold was told, by the place where that happened most often."""
    by_place = Counter(
        ((alert.limit.layer, alert.limit.subject_id, alert.limit.period, alert.threshold), said.where)
        for said in company.notifier.messages
        if said.notice.occasion is Occasion.LIMIT and (alert := said.notice.alert) is not None
    )
    most = Counter[Threshold]()
    for (threshold, _), count in by_place.items():
        most[threshold] = max(most[threshold], count)
    return most


def written_down(firm: Firm, periods: list[str]) -> set[Threshold]:
    """Every threshold that the books say was passed."""
    with firm.books.reading() as session:
        return {
            (layer, subject, period, alert.threshold)
            for layer, subject in firm.steps
            for period in periods
            for alert in alerts.of_limit(session, (layer, subject, period))
        }


def expected(firm: Firm, periods: list[str]) -> list[Threshold]:
    return [
        (layer, subject, period, threshold)
        for layer, subject in firm.steps
        for period in periods
        for threshold in THRESHOLDS
        if (layer is Layer.AUTOMATION) == (len(period) == len("2026-11-21"))
    ]
