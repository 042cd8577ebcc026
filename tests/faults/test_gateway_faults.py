"""The gateway down, slow, silent or lying: one key at most, no key unheld, "off" only when proven."""

from __future__ import annotations

import time

import httpx
import pytest

from bot.domain.keys import KeyState
from bot.services import proving
from tests.faults import kit
from tests.office import Office

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def click_reveal(office: Office, dm: object) -> str:
    """Press the button and read what the window ends up saying."""
    ana = office.slack.person("ana")
    assert ana.click("Reveal key", in_=dm).ok  # type: ignore[arg-type]
    office.sees(lambda: "Making" not in office.text(ana.modal()) or None, 20)
    return office.text(ana.modal())


def calls(office: Office, path: str) -> int:
    return sum(visit.path == path for visit in office.gateway.journal)


class TestMint:
    def test_a_gateway_that_is_down_loses_nothing(self, office: Office) -> None:
        dm = office.approve(office.ask())
        office.gateway.stop()
        assert "does not answer" in click_reveal(office, dm)
        office.gateway.start()
        office.clock.advance(seconds=30)
        kit.settle(office)
        assert office.chat(office.reveal(dm)).status_code == 200

    @pytest.mark.parametrize("kind", ["reply_lost", "cut", "error"])
    def test_a_mint_in_doubt_is_undone_and_made_anew_in_one_click(self, office: Office, kind: str) -> None:
        dm = office.approve(office.ask())
        office.gateway.faults.add(kind, route="/key/generate")
        assert office.chat(office.reveal(dm)).status_code == 200
        assert len(kit.live(office, "ana")) == 1
        assert len(office.gateway.keys) == (2 if kind == "reply_lost" else 1)

    def test_a_mint_in_doubt_that_cannot_be_undone_yet_makes_no_second_key(self, office: Office) -> None:
        dm = office.approve(office.ask())
        office.gateway.faults.add("reply_lost", route="/key/generate")
        office.gateway.faults.add("error", route="/key/list", times=None)
        said = click_reveal(office, dm)
        assert "no second key is made" in said
        assert calls(office, "/key/generate") == 1
        ana = office.slack.person("ana")
        before = len(ana.ephemerals())
        ana.click("Reveal key", in_=dm)
        office.sees(lambda: len(ana.ephemerals()) > before or None)
        assert calls(office, "/key/generate") == 1
        office.gateway.faults.clear()
        office.clock.advance(seconds=30)
        kit.settle(office)
        assert kit.live(office, "ana") == []
        assert office.chat(office.reveal(dm)).status_code == 200

    @pytest.mark.parametrize("seconds", [1, 120])
    def test_asked_to_slow_down(self, office: Office, seconds: int) -> None:
        dm = office.approve(office.ask())
        office.gateway.faults.add("rate_limited", route="/key/generate", seconds=seconds)
        assert "press Reveal key again" in click_reveal(office, dm)
        kit.settle(office)
        assert office.chat(office.reveal(dm)).status_code == 200

    def test_a_delete_whose_reply_is_lost_is_repeated(self, office: Office) -> None:
        dm = office.approve(office.ask())
        office.slack.fault("refuse", "views.update", error="not_found")
        office.gateway.faults.add("reply_lost", route="/key/delete")
        assert "do not use it" in click_reveal(office, dm)
        kit.settle(office)
        assert kit.live(office, "ana") == []

    def test_a_gateway_that_deletes_in_words_only_gets_no_second_key(self, office: Office) -> None:
        dm = office.approve(office.ask())
        office.slack.fault("refuse", "views.update", error="not_found")
        office.gateway.habits.deletes_only_in_words = True
        said = click_reveal(office, dm)
        assert "is being withdrawn" in said
        assert len(office.gateway.live_keys()) == 1
        ana = office.slack.person("ana")
        ana.click("Reveal key", in_=dm)
        office.sees(lambda: any("no second key is made" in office.text(m) for m in ana.ephemerals()) or None)
        assert len(office.gateway.live_keys()) == 1
        office.gateway.habits.deletes_only_in_words = False
        office.clock.advance(seconds=30)
        kit.settle(office)
        assert office.gateway.live_keys() == []
        assert office.chat(office.reveal(dm)).status_code == 200

    def test_an_alias_taken_by_somebody_else_costs_nothing_and_harms_nobody(self, office: Office) -> None:
        """Another installation on the same gateway may draw the same label: its key is not ours to delete."""
        dm = office.approve(office.ask())
        office.gateway.faults.add("latency", route="/key/generate", seconds=0.6)
        ana = office.slack.person("ana")
        assert ana.click("Reveal key", in_=dm).ok
        alias = office.sees(lambda: kit.keys_of(office, "ana")[-1].alias)
        time.sleep(0.2)
        theirs = mint_behind_our_back(office, alias, user_id="somebody-else")
        office.sees(lambda: kit.keys_of(office, "ana", KeyState.LIVE) or None)
        kit.settle(office)
        assert office.chat(theirs).status_code == 200
        assert len(kit.live(office, "ana")) == 1
        office.gateway.state.keys.clear()  # nothing of ours: forget it before the last look
        office.gateway.state.deleted.clear()


class TestSlow:
    def test_acknowledgements_do_not_wait_for_a_slow_gateway(self, office: Office) -> None:
        office.gateway.faults.add("latency", times=None, seconds=2)
        ana, omar = office.slack.person("ana"), office.slack.person("omar")
        replies = [ana.command("/ai-key $25 7d evaluate", channel="search"), ana.command("/ai-key", channel="search")]
        card = office.card()
        replies.append(omar.click("Approve", in_=card))
        dm = office.sees(lambda: kit.reveal_dms(office, "ana")[0])
        replies.append(ana.click("Reveal key", in_=dm))
        office.sees(lambda: kit.keys_of(office, "ana", KeyState.LIVE) or None, 15)
        label = kit.keys_of(office, "ana")[-1].label
        replies.append(omar.command(f"/ai-disable {label}", channel="search"))
        office.sees(lambda: kit.keys_of(office, "ana", KeyState.DISABLED) or None, 15)
        office.reads("omar", "Recorded off", where="search")
        assert all(reply.ok for reply in replies)
        assert max(reply.ack_ms for reply in replies) < 1000
        assert kit.live(office, "ana") == []


class TestOff:
    @pytest.mark.parametrize("kind", ["reply_lost", "cut", "error", "rate_limited"])
    @pytest.mark.parametrize("route", ["/key/block", "/key/info"])
    def test_one_failure_on_the_way_to_off(self, office: Office, kind: str, route: str) -> None:
        secret = office.key()
        label = kit.keys_of(office, "ana")[-1].label
        office.gateway.faults.add(kind, route=route, seconds=1 if kind == "rate_limited" else 0)
        assert office.slack.person("ben").command(f"/ai-disable {label} odd", channel="search").ok
        office.clock.advance(seconds=3)
        office.reads("ana", f"Your key `{label}` is off")
        kit.settle(office)
        assert kit.keys_of(office, "ana", KeyState.DISABLED)
        assert office.chat(secret).status_code == 401
        assert len(kit.told(office, "ana", f"Your key `{label}` is off")) == 1

    def test_not_confirmed_is_said_while_the_gateway_is_down_and_owners_are_called(self, office: Office) -> None:
        secret = office.key()
        label = kit.keys_of(office, "ana")[-1].label
        office.gateway.stop()
        assert office.slack.person("ben").command(f"/ai-disable {label} odd", channel="search").ok
        answer = office.sees(lambda: kit.whispered(office, "ben", "NOT confirmed")[0], 20)
        assert "is turned off" not in office.text(answer)
        assert kit.keys_of(office, "ana", KeyState.DISABLING)
        for _ in range(2):
            office.clock.advance(seconds=5)
            time.sleep(1.5)
        office.sees(lambda: kit.told(office, "omar", "NOT confirmed off") or None, 25)
        office.gateway.start()
        assert office.chat(secret).status_code == 200, "and that was the truth"
        office.clock.advance(seconds=60)
        office.sees(lambda: kit.keys_of(office, "ana", KeyState.DISABLED) or None, 15)
        office.reads("omar", "Turned off")
        kit.settle(office)
        assert office.chat(secret).status_code == 401
        assert len(kit.told(office, "omar", "NOT confirmed off")) == 1

    def test_a_lying_gateway_is_not_believed(self, office: Office) -> None:
        """It answers 200 to the block, and its record stays as it was."""
        secret = office.key()
        label = kit.keys_of(office, "ana")[-1].label
        office.gateway.habits.blocks_only_in_words = True
        assert office.slack.person("ben").command(f"/ai-disable {label} odd", channel="search").ok
        office.sees(lambda: kit.whispered(office, "ben", "NOT confirmed")[0])
        for _ in range(2):
            office.clock.advance(seconds=5)
            time.sleep(1.2)
        office.sees(lambda: kit.told(office, "olga", "NOT confirmed off") or None)
        assert not kit.told(office, "ana", "recorded")
        assert "off" in office.text(office.card()).lower()
        assert "NOT confirmed" in office.text(office.card())
        office.gateway.habits.blocks_only_in_words = False
        office.clock.advance(seconds=60)
        office.sees(lambda: kit.keys_of(office, "ana", KeyState.DISABLED) or None)
        office.reads("ana", "Calls with it fail")
        kit.settle(office)
        assert office.chat(secret).status_code == 401

    def test_a_cache_that_still_lets_the_key_in_is_waited_for(self, office: Office) -> None:
        secret = office.key()
        assert office.chat(secret).status_code == 200
        office.gateway.habits.block_lag_seconds = 40
        assert office.slack.person("ben").command(f"/ai-disable {secret} leaked", channel="search").ok
        answer = office.sees(lambda: kit.whispered(office, "ben", "NOT off yet")[0])
        assert secret not in office.text(answer)
        assert office.chat(secret).status_code == 200, "and that was the truth"
        office.clock.advance(seconds=45)
        office.sees(lambda: kit.whispered(office, "ben", "refused") or None, 15)
        assert office.chat(secret).status_code == 401
        assert not kit.told(office, "omar", "NOT confirmed off")

    def test_a_key_that_stays_accepted_calls_the_owners(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(proving, "PROBE_PAUSES_SECONDS", (0.1, 0.5, 0.1))
        secret = office.key()
        assert office.chat(secret).status_code == 200
        office.gateway.habits.block_lag_seconds = 4000
        assert office.slack.person("ben").command(f"/ai-disable {secret} leaked", channel="search").ok
        told = office.sees(lambda: kit.told(office, "omar", "NOT confirmed off")[0])
        assert "still works" in office.text(told)
        office.sees(lambda: kit.told(office, "olga", "NOT confirmed off"))
        assert secret not in office.text(told)


def mint_behind_our_back(office: Office, alias: str, **more: object) -> str:
    """Somebody with the master key makes a key without Purser; returns its secret."""
    minted = httpx.post(
        f"{office.gateway.base_url}/key/generate",
        headers={"Authorization": f"Bearer {office.gateway.master_key}"},
        json={"key_alias": alias, **more},
        trust_env=False,
    )
    assert minted.status_code == 200, minted.text
    return str(minted.json()["key"])
