"""Slack slow, failing, or silent about what it did: everything is posted once, and nobody is left guessing."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bot.domain.keys import KeyState
from storage import outbox
from tests.faults import kit
from tests.office import Office

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def attempts(office: Office, method: str) -> int:
    return len(office.slack.calls(method))


def hurry(office: Office, seconds: float = 5) -> None:
    """Let a pause between two tries pass."""
    time.sleep(0.2)
    office.clock.advance(seconds=seconds)


class TestPostedOnce:
    @pytest.mark.parametrize("kind", ["reply_lost", "cut", "server_error"])
    @pytest.mark.parametrize("stage", ["card", "direct"])
    def test_a_post_whose_reply_was_lost(self, office: Office, kind: str, stage: str) -> None:
        if stage == "card":
            office.slack.fault(kind, "chat.postMessage")
            assert office.slack.person("ana").command("/ai-key $25 7d evaluate", channel="search").ok
            office.sees(lambda: attempts(office, "chat.postMessage") == 1)
            hurry(office)
            card = office.card()
            office.approve(card)
        else:
            card = office.ask()
            kit.settle(office)
            office.slack.fault(kind, "chat.postMessage", times=2)  # the direct message and the thread's line
            office.slack.person("omar").click("Approve", in_=card)
            office.sees(lambda: attempts(office, "chat.postMessage") == 3)
            hurry(office)
            office.sees(lambda: kit.reveal_dms(office, "ana") or None)
        kit.settle(office)
        assert len(office.cards()) == 1
        assert len(kit.reveal_dms(office, "ana")) == 1
        assert len(office.slack.channel("search").replies(card)) == 1

    def test_doubt_outlives_a_slow_down(self, office: Office) -> None:
        """The reply is lost, then Slack asks to slow down: what may be posted is still looked for first."""
        office.slack.fault("reply_lost", "chat.postMessage")
        office.slack.fault("rate_limited", "conversations.history", retry_after_seconds=2)
        assert office.slack.person("ana").command("/ai-key $25 7d evaluate", channel="search").ok
        for _ in range(3):
            hurry(office)
            time.sleep(1.1)
        kit.settle(office)
        assert len(office.cards()) == 1

    def test_retry_after_is_honoured(self, office: Office) -> None:
        office.slack.fault("rate_limited", "chat.postMessage", retry_after_seconds=30)
        assert office.slack.person("ana").command("/ai-key $25 7d evaluate", channel="search").ok
        office.reads("ana", "$25", where="search")
        office.sees(lambda: attempts(office, "chat.postMessage") == 1)
        hurry(office, 25)
        time.sleep(1.5)
        assert attempts(office, "chat.postMessage") == 1, "Slack had asked for 30 seconds"
        office.clock.advance(seconds=6)
        office.card()


class TestReveal:
    @pytest.mark.parametrize("kind", ["refuse", "server_error", "cut", "reply_lost"])
    def test_a_key_not_surely_shown_is_withdrawn_and_the_next_click_mints_anew(self, office: Office, kind: str) -> None:
        dm = office.approve(office.ask())
        office.slack.fault(kind, "views.update", times=2 if kind in ("cut", "reply_lost") else 1)
        ana = office.slack.person("ana")
        assert ana.click("Reveal key", in_=dm).ok
        office.sees(lambda: "do not use it" in office.text(ana.modal()) or None)
        assert kit.live(office, "ana") == []
        seen = kit.shown_secrets(office)
        assert office.chat(seen[-1]).status_code == 401
        secret = office.reveal(dm)
        assert secret not in seen
        assert office.chat(secret).status_code == 200
        assert len(kit.live(office, "ana")) == 1

    def test_a_window_closed_too_early_withdraws_the_key_and_says_so(self, office: Office) -> None:
        dm = office.approve(office.ask())
        office.gateway.faults.add("latency", route="/key/generate", seconds=0.6)
        ana = office.slack.person("ana")
        assert ana.click("Reveal key", in_=dm).ok
        office.sees(ana.modal)
        ana.close()
        office.sees(lambda: any("do not use it" in office.text(m) for m in ana.ephemerals()) or None)
        assert kit.live(office, "ana") == []
        assert office.chat(office.reveal(dm)).status_code == 200

    def test_an_expired_trigger_makes_no_key_and_says_so(self, office: Office) -> None:
        dm = office.approve(office.ask())
        office.slack.fault("refuse", "views.open", error="expired_trigger_id")
        ana = office.slack.person("ana")
        assert ana.click("Reveal key", in_=dm).ok
        office.sees(lambda: any("nothing was made" in office.text(m) for m in ana.ephemerals()) or None)
        assert office.gateway.keys == []
        assert office.chat(office.reveal(dm)).status_code == 200


class TestTold:
    def test_a_dead_response_url_does_not_swallow_the_answer(self, office: Office) -> None:
        class Forgetful(dict[str, Any]):
            def get(self, key: str, default: Any = None) -> Any:
                return default

        office.slack.world.tickets._urls = Forgetful()
        assert office.slack.person("ana").command("/ai-key $25 7d evaluate", channel="search").ok
        office.reads("ana", "$25", where="search")
        office.card()

    def test_an_archived_channel_is_told_to_the_one_who_asked(self, office: Office) -> None:
        office.slack.archive("search")
        dm_of = office.slack.person("ana")
        assert dm_of.command("/ai-key $25 7d evaluate", channel="dm").ok
        office.reads("ana", "could not be posted")
        office.reads("omar", "could not be posted")
        office.slack.archive("search", archived=False)
        revive(office)

    def test_a_channel_without_the_bot_is_told_to_the_one_who_asked(self, office: Office) -> None:
        office.slack.kick("search", "purser")
        assert office.slack.person("ana").command("/ai-key $25 7d evaluate", channel="search").ok
        office.reads("ana", "could not be posted")
        office.slack.invite_bot("search")
        revive(office)

    def test_people_are_believed_as_last_seen_while_slack_does_not_answer(self, office: Office) -> None:
        card = office.ask()
        office.slack.fault("server_error", "users.info", times=20)
        office.slack.person("omar").click("Approve", in_=card)
        office.sees(lambda: kit.reveal_dms(office, "ana") or None)


def revive(office: Office) -> None:
    """Whoever runs Purser repairs it and has the dead letters tried again."""
    kit.settle(office)
    now = office.clock.now()
    with office.glasses.transaction() as session:
        for letter in outbox.dead(session):
            assert outbox.revive(session, letter.id, now=now)
    office.card()


def test_slack_away_for_a_while_delays_and_loses_nothing(office: Office) -> None:
    office.slack.fault("server_error", "chat.postMessage", times=4)
    assert office.slack.person("ana").command("/ai-key $25 7d evaluate", channel="search").ok
    for number in range(4):
        office.sees(lambda number=number: attempts(office, "chat.postMessage") > number)  # type: ignore[misc]
        hurry(office, 2.0**number)
    secret = office.reveal(office.approve(office.card()))
    assert office.chat(secret).status_code == 200
    assert kit.keys_of(office, "ana", KeyState.LIVE)


class TestShowing:
    """What only shows something says that nothing was changed when Slack does not take it."""

    @pytest.mark.parametrize(("kind", "why"), [("rate_limited", "asks Purser to slow down"), ("cut", "did not answer")])
    @pytest.mark.parametrize("command", ["/ai-key", "/ai-disable"])
    def test_a_form_typed_for_that_does_not_open(self, office: Office, command: str, kind: str, why: str) -> None:
        office.slack.fault(kind, "views.open", times=9)
        ana = office.slack.person("ana")
        assert ana.command(command, channel="search").ok
        said = office.text(office.reads("ana", "could not show the form", where="search"))
        assert f"Slack {why}" in said
        assert "Nothing was changed; please try again in a minute." in said
        assert "went through" not in said
        office.slack.world.faults.clear()
        assert ana.command(command, channel="search").ok
        office.sees(ana.modal)

    @pytest.mark.parametrize("button", ["Approve with changes", "Deny"])
    def test_a_form_behind_a_button_that_does_not_open(self, office: Office, button: str) -> None:
        card = office.ask()
        office.slack.fault("rate_limited", "views.open", times=9)
        assert office.slack.person("omar").click(button, in_=card).ok
        assert "Nothing was changed" in office.text(office.reads("omar", "could not show the form", where="search"))

    def test_a_home_tab_that_is_not_taken(self, office: Office) -> None:
        office.slack.fault("rate_limited", "views.publish", times=9)
        ana = office.slack.person("ana")
        ana.opens_home()
        (said,) = office.sees(lambda: ana.ephemerals("dm"))
        assert office.text(said).startswith("Purser could not show your Home tab")
        assert "Nothing was changed" in office.text(said)

    def test_what_was_done_on_home_is_not_doubted_when_it_cannot_be_drawn_again(self, office: Office) -> None:
        card, olga = office.ask(), office.slack.person("olga")
        olga.opens_home()
        home = office.sees(olga.home)
        office.slack.fault("rate_limited", "views.publish", times=9)
        assert olga.click("Approve", in_=home).ok
        office.sees(lambda: "Approved by @olga" in office.text(card) or None)
        kit.settle(office)
        office.sees(lambda: attempts(office, "views.publish") > 1)
        assert not [said for said in map(office.text, olga.dms()) if "went wrong" in said]
