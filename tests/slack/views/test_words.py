"""What single screens say, word for word, where a newcomer stumbled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.budgets import Layer
from bot.domain.facts import Notice, Occasion
from bot.domain.keys import OffCause
from bot.domain.periods import DAY_SECONDS
from bot.domain.requests import RequestState, Terms
from bot.slack.views import alerts, direct, home, keys, limits, requests, thread
from bot.slack.views.base import moment
from tests.slack.views import kit, kit_money
from tests.slack.views.kit import APPROVED_BY_OMAR, EVERYDAY, NOW, USD


def texts(blocks: list[dict[str, Any]]) -> list[str]:
    """What the sections and the small print say."""
    found = [block["text"]["text"] for block in blocks if block["type"] == "section" and "text" in block]
    return found + [one["text"] for block in blocks if block["type"] == "context" for one in block["elements"]]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(10, "10 seconds"), (60, "minute"), (90, "90 seconds"), (300, "5 minutes"), (3600, "hour")]
)
def test_how_often_spend_is_looked_at_is_said_exactly(seconds: int, shown: str) -> None:
    assert limits.every(seconds) == shown


@pytest.mark.parametrize(("days", "shown"), [(1, "1 day"), (7, "7 days")])
def test_a_key_to_reveal_names_its_time_in_the_singular_and_the_plural(days: int, shown: str) -> None:
    terms = Terms(25 * USD, days * DAY_SECONDS)
    granted = kit.request(EVERYDAY, RequestState.APPROVED, terms=terms, asked=terms, **APPROVED_BY_OMAR)
    told = direct.direct(Notice(Occasion.APPROVED, request=kit.facts(EVERYDAY, granted)), NOW)
    assert f"Its time of {shown} starts then." in told.text


def test_an_ask_for_more_time_says_when_the_key_ends_without_it() -> None:
    holds = kit.key(EVERYDAY)
    assert holds.key.expires_at is not None
    card = requests.card(kit.facts(EVERYDAY, kit.extend(EVERYDAY), holds), NOW)
    assert f"*Without more time*\\nworks until {moment(holds.key.expires_at)}" in repr(card.blocks)


def test_the_thread_names_who_can_reveal() -> None:
    granted = kit.request(EVERYDAY, RequestState.APPROVED, **APPROVED_BY_OMAR)
    said = thread.line(Notice(Occasion.APPROVED, request=kit.facts(EVERYDAY, granted)))
    assert "<@U0ANA> can reveal the key from a direct message" in said


def test_a_request_without_a_reason_leaves_no_blank_line_on_home() -> None:
    bare = kit.facts(EVERYDAY, kit.request(EVERYDAY, reason=""))
    blocks = home.home(replace(kit.home_facts(EVERYDAY), keys=(), waiting_for_me=(bare,)), NOW)["blocks"]
    assert all("\n\n" not in said for said in texts(blocks))


def test_home_tells_its_age_in_the_readers_own_zone() -> None:
    blocks = home.home(kit.home_facts(EVERYDAY), NOW)["blocks"]
    assert texts(blocks)[-1] == f"As of {moment(NOW)}. For an hour after you open this tab, it keeps itself up to date."


def test_keys_that_are_off_stand_apart() -> None:
    off = [kit.off_key(EVERYDAY, OffCause.RETURNED, label=label) for label in ("ana-1", "ana-2", "ana-3")]
    apart = "given back.\n\n*`ana-2`*"
    assert any(apart in said for said in texts(keys.key_list(off, NOW).blocks or []))
    blocks = home.home(replace(kit.home_facts(EVERYDAY), keys=tuple(off)), NOW)["blocks"]
    assert any(apart in said for said in texts(blocks))


@pytest.mark.parametrize(
    ("layer", "said"), [(Layer.TEAM, "That month is over."), (Layer.AUTOMATION, "That day is over.")]
)
def test_a_limit_whose_period_is_over_asks_nobody_to_do_anything(layer: Layer, said: str) -> None:
    facts = kit_money.alert(EVERYDAY, 100, layer)
    assert facts.limit.resets_at is not None
    shown = alerts.alert(facts, facts.limit.resets_at)
    assert said in texts(shown.blocks)
    assert "Raise" not in repr(shown.blocks)
