"""The books locked, cut off or restarted in the middle of a story: acknowledged, told the truth, converged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.domain.keys import KeyState
from bot.domain.requests import RequestState
from storage.engine import BUSY_TIMEOUT_SECONDS
from tests.faults import kit
from tests.office import Office

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture
def on_postgres(migrated_postgres_url: str, tmp_path: Path) -> Iterator[Office]:
    with Office(migrated_postgres_url, tmp_path) as office:
        office.open()
        office.found_team()
        yield office
        kit.assert_all_is_well(office)


@contextmanager
def server_away(office: Office) -> Iterator[None]:
    """The database server restarts: every connection is gone, and nobody gets in until the block ends."""
    name = make_url(office.database_url).database
    with kit.admin(office.database_url, "postgres") as connection:
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        try:
            hang_up(office)
            yield
        finally:
            connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


def hang_up(office: Office) -> None:
    """Cut every connection to the books, in the middle of whatever it does."""
    name = make_url(office.database_url).database
    with kit.admin(office.database_url, "postgres") as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


def start_again(office: Office, patience_seconds: float = BUSY_TIMEOUT_SECONDS) -> None:
    """Purser with another patience for a lock."""
    office.bots[-1].stop()
    office.busy_timeout_seconds = patience_seconds
    office.open()


def quietly_hang_up(office: Office) -> None:
    kit.settle(office)
    hang_up(office)


class TestLocked:
    """Somebody else holds the SQLite file: a backup, a careless shell."""

    def test_a_decision_waits_for_its_turn_and_the_acknowledgement_does_not(self, office: Office) -> None:
        card = office.ask()
        kit.settle(office)
        with kit.pen_held(office.database_url):
            reply = office.slack.person("omar").click("Approve", in_=card)
            command = office.slack.person("ben").command("/ai-key $5 1d quick look", channel="search")
            time.sleep(2)
            assert kit.request_of(office, "ana").state is RequestState.WAITING
        assert reply.ok
        assert command.ok
        assert max(reply.ack_ms, command.ack_ms) < 1000
        office.sees(lambda: kit.reveal_dms(office, "ana") or None)
        office.sees(lambda: len(office.cards()) == 2 or None)

    def test_locked_for_too_long_changes_nothing_and_says_so(self, office: Office) -> None:
        card = office.ask()
        kit.settle(office)
        start_again(office, patience_seconds=0.5)
        omar = office.slack.person("omar")
        with kit.pen_held(office.database_url):
            assert omar.click("Approve", in_=card).ok
            told = office.reads("omar", "Nothing was changed", where="search")
            assert "try again" in office.text(told)
        assert kit.request_of(office, "ana").state is RequestState.WAITING
        start_again(office)
        assert omar.click("Approve", in_=card).ok
        office.sees(lambda: kit.reveal_dms(office, "ana") or None)

    def test_a_key_that_cannot_be_written_down_is_never_left_working(self, office: Office) -> None:
        """The lock falls between the gateway's yes and the books': what was minted must go."""
        dm = office.approve(office.ask())
        kit.settle(office)
        start_again(office, patience_seconds=0.5)
        office.gateway.faults.add("latency", route="/key/generate", seconds=0.5)
        ana = office.slack.person("ana")
        assert ana.click("Reveal key", in_=dm).ok
        office.sees(lambda: kit.keys_of(office, "ana", KeyState.MINTING) or None)
        with kit.pen_held(office.database_url):
            office.sees(lambda: "do not use it" in office.text(ana.modal()) or None)
            assert len(kit.live(office, "ana")) == 1, "nobody could be told to delete it yet"
            assert kit.shown_secrets(office) == []
        start_again(office)
        office.clock.advance(seconds=61)
        office.sees(lambda: not kit.live(office, "ana"))
        kit.settle(office)
        assert office.chat(office.reveal(dm)).status_code == 200


class TestServerGone:
    def test_connections_cut_between_two_steps_are_not_noticed_by_anybody(self, on_postgres: Office) -> None:
        office = on_postgres
        quietly_hang_up(office)
        card = office.ask()
        quietly_hang_up(office)
        dm = office.approve(card)
        quietly_hang_up(office)
        secret = office.reveal(dm)
        office.sees(lambda: kit.keys_of(office, "ana", KeyState.LIVE) or None)
        quietly_hang_up(office)
        label = kit.keys_of(office, "ana")[-1].label
        assert office.slack.person("ben").command(f"/ai-disable {label}", channel="search").ok
        office.sees(lambda: kit.keys_of(office, "ana", KeyState.DISABLED) or None)
        assert office.chat(secret).status_code == 401

    def test_a_restart_in_mid_approval_says_nothing_was_changed(self, on_postgres: Office) -> None:
        office = on_postgres
        card = office.ask()
        kit.settle(office)
        omar = office.slack.person("omar")
        with server_away(office):
            reply = omar.click("Approve", in_=card)
            assert reply.ok
            assert reply.ack_ms < 1000
            office.reads("omar", "Nothing was changed", where="search")
            command = office.slack.person("ben").command("/ai-key $5 1d quick look", channel="search")
            assert command.ok
            office.reads("ben", "Nothing was changed", where="search")
        assert kit.request_of(office, "ana").state is RequestState.WAITING
        assert omar.click("Approve", in_=card).ok
        office.sees(lambda: kit.reveal_dms(office, "ana") or None)

    def test_a_form_sent_meanwhile_says_so_in_its_place(self, on_postgres: Office) -> None:
        office = on_postgres
        card = office.ask()
        kit.settle(office)
        omar = office.slack.person("omar")
        assert omar.click("Deny", in_=card).ok
        office.sees(omar.modal)
        with server_away(office):
            omar.submit(answers={"Why not?": "not this month"})
            office.sees(lambda: "Nothing was changed" in office.text(omar.modal()) or None)
        assert kit.request_of(office, "ana").state is RequestState.WAITING

    def test_a_restart_while_a_key_is_made_leaves_none_unheld(self, on_postgres: Office) -> None:
        office = on_postgres
        dm = office.approve(office.ask())
        kit.settle(office)
        office.gateway.faults.add("latency", route="/key/generate", seconds=0.6)
        ana = office.slack.person("ana")
        assert ana.click("Reveal key", in_=dm).ok
        office.sees(ana.modal)
        time.sleep(0.2)
        with server_away(office):
            office.sees(lambda: "do not use it" in office.text(ana.modal()) or None)
        assert kit.shown_secrets(office) == []
        office.clock.advance(seconds=61)
        office.sees(lambda: not kit.live(office, "ana"))
        kit.settle(office)
        assert office.chat(office.reveal(dm)).status_code == 200
        assert len(kit.live(office, "ana")) == 1

    def test_a_restart_after_the_decision_to_disable_still_turns_it_off(self, on_postgres: Office) -> None:
        office = on_postgres
        secret = office.key()
        kit.settle(office)
        label = kit.keys_of(office, "ana")[-1].label
        office.gateway.faults.add("latency", route="/key/block", seconds=0.6)
        ben = office.slack.person("ben")
        assert ben.command(f"/ai-disable {label} odd", channel="search").ok
        office.sees(lambda: kit.keys_of(office, "ana", KeyState.DISABLING) or None)
        with server_away(office):
            office.reads("ben", "may or may not have been written down", where="search")
        office.clock.advance(seconds=31)
        office.sees(lambda: kit.keys_of(office, "ana", KeyState.DISABLED) or None)
        assert office.chat(secret).status_code == 401
