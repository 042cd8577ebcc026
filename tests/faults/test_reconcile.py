"""The gateway and the books compared both ways: orphans go, strangers are reported once, drift is mended."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any, cast

import httpx
import pytest

from bot.domain.keys import KeyState
from bot.domain.periods import month_end, month_of
from bot.gateways.base import Gateway, GatewayError, KeyRecord
from bot.services.context import Purser
from bot.services.reconcile import reconcile
from bot.services.syncing import sync_live
from storage import readings
from tests.faults import kit
from tests.faults.test_gateway_faults import mint_behind_our_back
from tests.office import Bot, Office

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def purser(office: Office) -> Purser:
    bot = office.bots[-1]
    assert isinstance(bot, Bot)
    return bot.running.purser


def compare(office: Office) -> None:
    """What the job does every ten minutes."""
    reconcile(purser(office))


def administer(office: Office, path: str, **change: Any) -> None:
    """Somebody with the master key changes something without Purser."""
    done = httpx.post(
        f"{office.gateway.base_url}{path}",
        headers={"Authorization": f"Bearer {office.gateway.master_key}"},
        json=change,
        trust_env=False,
    )
    assert done.status_code == 200, done.text


def handle(office: Office) -> str:
    return kit.keys_of(office, "ana")[-1].handle or ""


def spent_this_month(office: Office) -> int:
    """What Ana's newest key is charged in the month that it is, in micro-USD."""
    with office.glasses.reading() as session:
        read = readings.spent(session, kit.keys_of(office, "ana")[-1].id, month_of(office.clock.now()))
    return 0 if read is None else read.micros


def test_an_orphan_that_arrives_after_everything_was_cleared_is_deleted(office: Office) -> None:
    """The mint's reply is lost and the gateway carries it out late, when there was nothing to delete yet."""
    secret = office.key()
    ours = kit.live(office, "ana")[0]
    tags = {**ours.metadata["purser"], "key": kit.keys_of(office, "ana")[-1].id}
    mint_behind_our_back(office, "purser-late", user_id=ours.user_id, metadata={"purser": tags})
    assert len(kit.live(office, "ana")) == 2
    compare(office)
    assert [key.token for key in kit.live(office, "ana")] == [ours.token]
    assert office.chat(secret).status_code == 200
    office.gateway.state.deleted.clear()  # it was live beside hers until now, as gateways go


def test_a_key_withdrawn_that_comes_back_is_deleted(office: Office) -> None:
    """As from a backup of the gateway's database."""
    dm = office.approve(office.ask())
    office.slack.fault("refuse", "views.update", error="not_found")
    ana = office.slack.person("ana")
    ana.click("Reveal key", in_=dm)
    office.sees(lambda: kit.keys_of(office, "ana", KeyState.DISCARDED) or None)
    with office.gateway.state.lock:
        back = office.gateway.state.deleted.pop()
        back.deleted_at = None
        office.gateway.state.keys[back.token] = back
    assert len(office.gateway.live_keys()) == 1
    compare(office)
    assert office.gateway.live_keys() == []


def test_an_unknown_key_is_reported_exactly_once_and_left_alone(office: Office) -> None:
    mint_behind_our_back(office, "somebodys-own")
    for _ in range(3):
        compare(office)
        kit.settle(office)
    assert len(kit.told(office, "olga", "did not make")) == 1
    assert "somebodys-own" in office.text(kit.told(office, "olga", "did not make")[0])
    assert len(office.gateway.live_keys()) == 1
    office.gateway.state.keys.clear()


@pytest.mark.parametrize("cap", [250.0, None, 1.0])
def test_a_cap_changed_behind_our_back_is_put_back_and_reported(office: Office, cap: float | None) -> None:
    office.key()
    administer(office, "/key/update", key=handle(office), max_budget=cap)
    for _ in range(2):
        compare(office)
        kit.settle(office)
    assert kit.live(office, "ana")[0].max_budget == 25.0
    assert len(kit.told(office, "olga", "without Purser")) == 1


def test_a_cap_that_somebody_keeps_changing_is_put_back_again_and_each_change_is_reported(office: Office) -> None:
    office.key()
    for count, cap in enumerate([250.0, None, 1.0], start=1):
        administer(office, "/key/update", key=handle(office), max_budget=cap)
        for _ in range(2):
            compare(office)
            kit.settle(office)
        assert kit.live(office, "ana")[0].max_budget == 25.0
        assert len(kit.told(office, "olga", "without Purser")) == count


@pytest.mark.parametrize("path", ["/key/delete", "/key/block"])
def test_a_live_key_ended_behind_our_back_is_written_down_and_told(office: Office, path: str) -> None:
    office.key()
    body = {"keys": [handle(office)]} if path.endswith("delete") else {"key": handle(office)}
    administer(office, path, **body)
    for _ in range(2):
        compare(office)
        kit.settle(office)
    assert kit.keys_of(office, "ana", KeyState.DISABLED)
    assert len(kit.told(office, "ana", "found off or gone")) == 1
    assert "off" in office.text(office.card()).lower()


def test_a_key_turned_on_behind_our_back_is_turned_off_again(office: Office) -> None:
    secret = office.key()
    label = kit.keys_of(office, "ana")[-1].label
    assert office.slack.person("ben").command(f"/ai-disable {label} odd", channel="search").ok
    office.sees(lambda: kit.keys_of(office, "ana", KeyState.DISABLED) or None)
    administer(office, "/key/unblock", key=handle(office))
    assert office.chat(secret).status_code == 200
    compare(office)
    office.sees(lambda: office.chat(secret).status_code == 401 or None)
    kit.settle(office)
    assert kit.keys_of(office, "ana", KeyState.DISABLED)


def test_a_list_older_than_the_keys_end_is_not_believed(office: Office) -> None:
    """The list is read, then the key is turned off, then the list is compared: nobody turned it on again."""
    office.key()
    kit.settle(office)
    key = kit.keys_of(office, "ana")[-1]
    real = purser(office).gateways["litellm"]

    class Dawdling:
        """Hands out a list only when the key on it has been turned off meanwhile."""

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def list_keys(self) -> list[KeyRecord]:
            listed = real.list_keys()
            assert office.slack.person("ben").command(f"/ai-disable {key.label} odd", channel="search").ok
            office.sees(lambda: kit.keys_of(office, "ana", KeyState.DISABLED) or None)
            return listed

    reconcile(replace(purser(office), gateways={"litellm": cast("Gateway", Dawdling())}))
    kit.settle(office)
    assert len(kit.rows(office, key_id=key.id, action="key.disabled")) == 1
    assert len(kit.told(office, "ana", f"Your key `{key.label}` is off")) == 1


def test_comparing_while_keys_are_made_harms_none(office: Office) -> None:
    dm = office.approve(office.ask())
    stop = threading.Event()

    def keep_comparing() -> None:
        while not stop.is_set():
            compare(office)

    busy = threading.Thread(target=keep_comparing)
    busy.start()
    try:
        office.gateway.faults.add("latency", route="/key/generate", seconds=0.3)
        office.gateway.faults.add("latency", route="/key/info", seconds=0.3)
        secret = office.reveal(dm)
        office.sees(lambda: kit.keys_of(office, "ana", KeyState.LIVE) or None)
        time.sleep(0.5)
    finally:
        stop.set()
        busy.join(15)
    kit.settle(office)
    assert office.chat(secret).status_code == 200
    assert not kit.told(office, "olga", "did not make")
    assert not kit.told(office, "ana", "found off or gone")


def test_a_gateway_that_cannot_be_listed_changes_nothing(office: Office) -> None:
    secret = office.key()
    office.gateway.faults.add("error", route="/key/list", times=None, status=400)
    with pytest.raises(GatewayError):
        compare(office)
    assert office.chat(secret).status_code == 200
    assert kit.keys_of(office, "ana", KeyState.LIVE)


def test_what_a_temporary_key_spent_is_charged_to_the_month_in_which_it_spent_it(office: Office) -> None:
    """Its cap is for its whole life, so the gateway's figure never starts again: neither while it lives nor after."""
    office.chat(office.key("$25 30d spend and rest"), "mock-expensive")
    sync_live(purser(office))
    assert spent_this_month(office) > 0
    ends = month_end(office.clock.now())
    office.clock.advance(seconds=(ends - office.clock.now()).total_seconds() + 60)
    sync_live(purser(office))
    assert spent_this_month(office) == 0
    office.slack.person("ana").command(f"/ai-key return {kit.keys_of(office, 'ana')[-1].label}", channel="search")
    office.sees(lambda: kit.keys_of(office, "ana", KeyState.DISABLED) or None)
    sync_live(purser(office))
    assert spent_this_month(office) == 0
