"""The main path once more, with a real LiteLLM proxy in the gateway's place."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from bot.services.syncing import sync_usage
from tests.office import Office, chat, eventually, secret_in

if TYPE_CHECKING:
    from tests.conftest import RealLiteLLM

pytestmark = [pytest.mark.litellm, pytest.mark.xdist_group("litellm"), pytest.mark.timeout(120)]


def test_the_revealed_key_really_works_is_really_capped_and_is_really_off(
    migrated_url: str, tmp_path: Path, litellm: RealLiteLLM
) -> None:
    with Office(migrated_url, tmp_path) as office:
        office.environment = {"litellm_base_url": litellm.base_url, "litellm_master_key": litellm.master_key}
        office.open()
        office.found_team()
        # A cap that one call of the expensive model (some 3 cents) goes past.
        secret = office.key("$0.02 7d see the cap hold")

        first = chat(litellm.base_url, secret, "mock-gpt")
        assert first.status_code == 200, first.text
        assert first.json()["choices"][0]["message"]["content"] == "hello from the mock model"

        chat(litellm.base_url, secret, "mock-expensive")

        def stopped() -> httpx.Response | None:
            reply = chat(litellm.base_url, secret, "mock-expensive")
            return None if reply.status_code == 200 else reply

        refused = eventually(stopped)
        assert refused.json()["error"]["type"] == "budget_exceeded"

        omar = office.slack.person("omar")
        started = time.monotonic()
        assert omar.command(f"/ai-disable {secret} seen in a log", channel="search").ok
        office.reads("omar", "refused", where="search")
        proven_seconds = time.monotonic() - started
        assert chat(litellm.base_url, secret).status_code == 401
        print(f"disable to proof: {proven_seconds:.2f} s")
        office.assert_nothing_odd()


def test_a_restored_key_works_again_and_an_expired_one_does_not(
    migrated_url: str, tmp_path: Path, litellm: RealLiteLLM
) -> None:
    with Office(migrated_url, tmp_path) as office:
        office.environment = {"litellm_base_url": litellm.base_url, "litellm_master_key": litellm.master_key}
        office.open()
        office.found_team()
        secret = office.key("$5 7d restore me")
        found = re.search(r"ana-\w{4}", office.text(office.card()))
        assert found is not None
        label = found[0]
        ana, omar = office.slack.person("ana"), office.slack.person("omar")

        ana.command(f"/ai-disable {label} just to see", channel="search")
        told = office.reads("omar", label)
        eventually(lambda: chat(litellm.base_url, secret).status_code == 401)

        assert omar.click("Restore", in_=told).ok
        assert omar.submit(office.sees(omar.modal)).ok
        eventually(lambda: chat(litellm.base_url, secret).status_code == 200)

        office.clock.advance(days=8)  # Purser's clock and Slack's; LiteLLM's own goes on
        office.reads("ana", "is over")
        eventually(lambda: chat(litellm.base_url, secret).status_code == 401)
        office.assert_nothing_odd()


def test_the_modal_shows_what_members_need(migrated_url: str, tmp_path: Path, litellm: RealLiteLLM) -> None:
    with Office(migrated_url, tmp_path) as office:
        office.environment = {
            "litellm_base_url": litellm.base_url,
            "litellm_master_key": litellm.master_key,
            "litellm_public_url": "https://ai.example.com",
        }
        office.open()
        office.found_team()
        dm = office.approve(office.ask("$5 7d models=mock-gpt read the modal"))
        ana = office.slack.person("ana")
        assert ana.click("Reveal key", in_=dm).ok
        view = office.sees(lambda: ana.modal() if secret_in(str(ana.modal())) else None)
        text = office.text(view)
        assert "https://ai.example.com" in text
        assert "mock-gpt" in text
        assert "mock-expensive" not in text
        secret = secret_in(str(view.content))
        assert secret is not None
        assert chat(litellm.base_url, secret, "mock-expensive").status_code == 403


def test_usage_is_what_the_proxy_counted(migrated_url: str, tmp_path: Path, litellm: RealLiteLLM) -> None:
    with Office(migrated_url, tmp_path) as office:
        office.environment = {"litellm_base_url": litellm.base_url, "litellm_master_key": litellm.master_key}
        bot = office.open()
        office.found_team()
        secret = office.key("$5 7d see what is used")
        for model in ("mock-gpt", "mock-gpt", "mock-expensive"):
            assert chat(litellm.base_url, secret, model).status_code == 200

        def told() -> str | None:
            """The proxy writes usage down some seconds after the calls."""
            sync_usage(bot.running.purser)
            ana = office.slack.person("ana")
            before = len(ana.ephemerals("search"))
            ana.command("/ai-usage me 7d by model", channel="search")
            office.sees(lambda: len(ana.ephemerals("search")) > before)
            said = office.text(ana.ephemerals("search")[-1])
            return said if "3 requests, none failed" in said else None

        said = eventually(told, timeout=100)
        assert "`mock-expensive`, 1 request" in said
        assert "`mock-gpt`, 2 requests" in said
        office.assert_nothing_odd()
