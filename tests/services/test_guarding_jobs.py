"""The watch over limits runs as often as policy says, and one step that fails keeps no other from running."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.keys import KeyState
from bot.domain.policy import Policy
from bot.gateways.base import GatewayError
from bot.jobs.runner import Runner
from bot.jobs.schedule import JOBS, Job
from bot.services.context import Purser
from storage import runs
from tests.company import Company
from tests.fakes import Mishap
from tests.services.guard_kit import add_key, is_stopped, now, poll, settle, spend, sync

WATCH = next(job for job in JOBS if job.name == "guard")


def test_a_gateway_that_cannot_be_read_keeps_no_limit_from_being_held(company: Company) -> None:
    key = add_key(company)
    spend(company, key, 510)
    sync(company)
    company.gateway.mishaps.add("list_keys", Mishap.DOWN)
    with pytest.raises(GatewayError):
        WATCH.run(company.purser)
    settle(company)
    assert is_stopped(company, key)


def test_every_step_is_done_and_the_last_failure_is_raised_with_those_before_it(company: Company) -> None:
    done: list[str] = []

    def failing(name: str) -> Job:
        def first(_: Purser) -> None:
            done.append(name)
            raise LookupError(name)

        def second(_: Purser) -> None:
            done.append(f"{name} again")
            raise ValueError(name)

        return Job(name, 60, (first, second, lambda _: done.append("last")))

    with pytest.raises(ValueError, match="one") as raised:
        failing("one").run(company.purser)
    assert done == ["one", "one again", "last"]
    assert isinstance(raised.value.__context__, LookupError)


def test_limits_are_looked_at_as_often_as_policy_says(company: Company) -> None:
    runner = Runner(replace(company.purser, policy=Policy(poll_seconds=20)))
    slots = set()
    for _ in range(6):
        runner.look(WATCH)
        with company.books.reading() as session:
            slots.add(runs.latest(session, "guard"))
        company.clock.advance(seconds=10)
    assert len(slots) == 3


def test_the_whole_watch_reads_stops_and_brings_back(company: Company) -> None:
    key = add_key(company, days=None)
    spend(company, key, 510)
    WATCH.run(company.purser)
    settle(company)
    assert is_stopped(company, key)
    company.clock.advance(days=12)
    WATCH.run(company.purser)
    settle(company)
    assert now(company, key).state is KeyState.LIVE
    poll(company)
    assert now(company, key).state is KeyState.LIVE
