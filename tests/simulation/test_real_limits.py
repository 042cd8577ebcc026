"""A member's budget over three keys of a real LiteLLM, each under its own cap: stopped together, and back together."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from bot.domain.policy import Policy
from tests.office import Office, chat, eventually

if TYPE_CHECKING:
    from tests.conftest import RealLiteLLM

pytestmark = [pytest.mark.litellm, pytest.mark.xdist_group("litellm"), pytest.mark.timeout(240)]
EXPENSIVE = "mock-expensive"
PATIENCE_SECONDS = 90
"""LiteLLM writes spend down every quarter of a minute or so; a poll and a cache come on top."""


def test_three_keys_under_their_own_caps_stop_at_their_holders_budget_and_come_back_with_a_raise(
    migrated_url: str, tmp_path: Path, litellm: RealLiteLLM
) -> None:
    with Office(migrated_url, tmp_path, policy=Policy(poll_seconds=2)) as office:
        office.environment = {"litellm_base_url": litellm.base_url, "litellm_master_key": litellm.master_key}
        office.open()
        office.found_team()
        secrets = three_keys(office)
        olga, ana = office.slack.person("olga"), office.slack.person("ana")
        assert olga.command("/ai-budget set @ana $0.05", channel="search").ok
        assert [chat(litellm.base_url, secret).status_code for secret in secrets] == [200, 200, 200]

        for secret in secrets:  # some 3 cents each: no key comes near its own cap of $5
            assert chat(litellm.base_url, secret, EXPENSIVE).status_code == 200
        started = time.monotonic()
        eventually(lambda: all(is_refused(litellm, secret) for secret in secrets), PATIENCE_SECONDS)
        print(f"from the last call to all three refused: {time.monotonic() - started:.1f} s")
        office.reads("ana", "Stopped because of that:* 3 keys")
        spent = [spend_of(litellm, secret) for secret in secrets]
        assert all(0 < micros < 1 for micros in spent), spent
        assert sum(spent) > 0.05

        until = datetime.now(UTC) + timedelta(days=3)
        before = len(office.cards())
        assert ana.command(f"/ai-budget raise $20 @ana until {until:%Y-%m-%d} go on", channel="search").ok
        office.sees(lambda: len(office.cards()) > before or None)
        assert office.slack.person("omar").click("Approve", in_=office.cards()[-1]).ok
        eventually(lambda: all(works(litellm, secret) for secret in secrets), PATIENCE_SECONDS)
        office.reads("ana", "work again")
        after = [spend_of(litellm, secret) for secret in secrets]
        assert all(now >= then for now, then in zip(after, spent, strict=True)), "what was spent was reset"
        office.assert_nothing_odd()


def three_keys(office: Office) -> list[str]:
    """Ana's member key and two temporary ones, all asked for before any is revealed."""
    lines = ("member $5 daily work", "$5 7d evaluate rerankers", "$5 7d label a sample")
    cards = [office.ask(line) for line in lines]
    return [reveal(office, card) for card in cards]


def reveal(office: Office, card: object) -> str:
    secret = office.reveal(office.approve(card))  # type: ignore[arg-type]
    office.slack.person("ana").close()
    return secret


def works(litellm: RealLiteLLM, secret: str) -> bool:
    return chat(litellm.base_url, secret).status_code == 200


def is_refused(litellm: RealLiteLLM, secret: str) -> bool:
    return chat(litellm.base_url, secret).status_code == 401


def spend_of(litellm: RealLiteLLM, secret: str) -> float:
    """What LiteLLM's own record says a key has spent, in dollars."""
    headers = {"Authorization": f"Bearer {litellm.master_key}"}
    url = f"{litellm.base_url}/key/info"
    reply = httpx.get(url, params={"key": secret}, headers=headers, timeout=15, trust_env=False)
    return float(reply.raise_for_status().json()["info"]["spend"])
