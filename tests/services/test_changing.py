"""Approve with changes: what each purpose can be changed in; what it has no term for decides nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.budgets import Layer
from bot.domain.keys import KeyKind
from bot.domain.requests import Purpose, Refused, Request, Target, Terms
from bot.services.changing import Changes, changed_terms
from tests.domain.kit import NOON, USD, after, request

DAY = 86_400


def issue(**others: Any) -> Request:
    terms = Terms(100 * USD, None, ("a",), 5 * USD)
    return request(kind=KeyKind.AUTOMATION, asked=terms, terms=terms, **others)


def extend() -> Request:
    return request(25, 7, purpose=Purpose.EXTEND, extends_key_id="key_1")


def more(layer: Layer) -> Request:
    terms = Terms(200 * USD, None, ends_at=after(days=10))
    return request(purpose=Purpose.RAISE, asked=terms, terms=terms, target=Target(layer, "x"))


GOOD = [
    (issue(), Changes(), issue().terms),
    (issue(), Changes(cap_micros=50 * USD, daily_cap_micros=2 * USD), Terms(50 * USD, None, ("a",), 2 * USD)),
    (issue(), Changes(models=()), Terms(100 * USD, None, (), 5 * USD)),
    (request(25, 7), Changes(duration_seconds=DAY), Terms(25 * USD, DAY)),
    (extend(), Changes(duration_seconds=DAY), Terms(25 * USD, DAY)),
    (extend(), Changes(25 * USD, DAY, ()), Terms(25 * USD, DAY)),
    (more(Layer.TEAM), Changes(50 * USD), Terms(50 * USD, None, ends_at=after(days=10))),
    (more(Layer.TEAM), Changes(ends_at=after(days=3)), Terms(200 * USD, None, ends_at=after(days=3))),
    (more(Layer.TEAM), Changes(duration_seconds=DAY), Terms(200 * USD, None, ends_at=after(days=1))),
    (more(Layer.AUTOMATION), Changes(daily_cap_micros=3 * USD), Terms(3 * USD, None, ends_at=after(days=10))),
]


@pytest.mark.parametrize(("asked", "changes", "terms"), GOOD)
def test_changes_are_made_to_what_there_is(asked: Request, changes: Changes, terms: Terms) -> None:
    assert changed_terms(asked, changes, NOON) == terms


NO_END = "A key ends some time after it is revealed. Say for how long: `approve 7d`."
NO_MODELS = "A raise is about money only, not models: `approve $100 until 2026-12-15`."
BAD = [
    (
        issue(),
        Changes(ends_at=after(days=3)),
        "A key ends some time after it is revealed. Say for how long: `approve 7d`.",
    ),
    (extend(), Changes(cap_micros=50 * USD), "This asks for more time only. Say for how long: `approve 7d`."),
    (extend(), Changes(models=("a",)), "This asks for more time only. Say for how long: `approve 7d`."),
    (extend(), Changes(ends_at=after(days=3)), "This asks for more time only. Say for how long: `approve 7d`."),
    (more(Layer.TEAM), Changes(daily_cap_micros=USD), "This is no raise of a day: `approve $100 until 2026-12-15`."),
    (
        more(Layer.KEY),
        Changes(models=("a",)),
        "A raise is about money only, not models: `approve $100 until 2026-12-15`.",
    ),
]


@pytest.mark.parametrize(("asked", "changes", "text"), BAD)
def test_what_cannot_be_changed_decides_nothing(asked: Request, changes: Changes, text: str) -> None:
    refused = changed_terms(asked, changes, NOON)
    assert isinstance(refused, Refused)
    assert refused.text == f"Nothing was decided. {text}"


def test_a_time_for_a_raise_counts_from_the_moment_of_agreeing() -> None:
    later = NOON + timedelta(hours=5)
    changed = changed_terms(more(Layer.TEAM), Changes(duration_seconds=3600), later)
    assert not isinstance(changed, Refused)
    assert changed.ends_at == later + timedelta(hours=1)
