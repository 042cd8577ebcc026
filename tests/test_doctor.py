"""`purser doctor` finds each thing that is wrong, over real HTTP, and says what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.doctor import SCOPES, Finding, examine
from bot.domain.people import Role, Team
from bot.settings import load
from storage import outbox, people
from tests.fakes import NOON
from tests.office import MANIFEST, Office
from tests.storage.kit import drop_triggers, run

Break = Callable[[Office], None]


@pytest.fixture
def office(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Office]:
    """Everything is well: the app is in #search, which a team calls home."""
    shutil.copyfile(migrated_sqlite, tmp_path / "purser.db")
    with furnished(f"sqlite:///{tmp_path / 'purser.db'}", tmp_path) as office:
        yield office


@contextmanager
def furnished(database_url: str, tmp_path: Path) -> Iterator[Office]:
    with Office(database_url, tmp_path) as office:
        office.slack.invite_bot("search")
        books = office.books()
        with books.transaction() as session:
            team = Team("team_1", "search", "C0SEARCH")
            people.add_team(session, team, "U0OLGA", NOON)
            people.set_role(session, team.id, "U0OLGA", Role.OWNER, NOON)
        books.close()
        yield office


def examined(office: Office) -> list[Finding]:
    values: dict[str, Any] = dict(office.settings())
    return examine(load(http=False, any_mode=True, **values))


def failing(office: Office) -> dict[str, Finding]:
    return {finding.what: finding for finding in examined(office) if not finding.ok}


def test_all_is_well(migrated_url: str, tmp_path: Path) -> None:
    with furnished(migrated_url, tmp_path) as office:
        assert_all_is_well(office)


def assert_all_is_well(office: Office) -> None:
    findings = examined(office)
    assert [finding for finding in findings if not finding.ok] == []
    assert {finding.what for finding in findings} >= {
        "Settings",
        "Slack bot token",
        "Slack scopes",
        "Slack app token",
        "Owner U0OLGA",
        "Database",
        "Clock against the database",
        "Ledger",
        "Dead letters",
        "Outbox",
        "Channel of team search",
        "Gateway litellm",
        "Minting at litellm",
        "Address members are told",
        "Clock against Slack",
    }
    assert office.slack.violations == []


def test_seen_once_no_test_key_stays_behind(office: Office) -> None:
    examined(office)
    assert len(office.gateway.keys) == 1
    assert office.gateway.live_keys() == []


def test_every_scope_has_a_reason_and_is_asked_for_by_the_manifest() -> None:
    assert set(SCOPES) == set(MANIFEST["oauth_config"]["scopes"]["bot"])
    assert all(why.startswith("to ") for why in SCOPES.values())


def lose_scopes(office: Office) -> None:
    office.slack.scopes.difference_update({"im:write", "groups:history"})


def wrong_token(office: Office) -> None:
    office.environment["slack_bot_token"] = "xoxb-another"


def wrong_app_token(office: Office) -> None:
    office.environment["slack_app_token"] = "xapp-another"


def silent_slack(office: Office) -> None:
    office.environment["slack_api_url"] = "http://127.0.0.1:9/api/"


def unknown_owner(office: Office) -> None:
    office.environment["purser_owners"] = "U0OLGA, U0NOBODY"


def guest_owner(office: Office) -> None:
    office.environment["purser_owners"] = "U0GUS"


def bot_owner(office: Office) -> None:
    office.environment["purser_owners"] = "USLACKBOT"


def departed_owner(office: Office) -> None:
    office.slack.deactivate("olga")


def foreign_owner(office: Office) -> None:
    office.environment["purser_owners"] = "U0EVE"


def departed_finance(office: Office) -> None:
    office.slack.deactivate("fay")


def unknown_finance(office: Office) -> None:
    office.environment["purser_finance"] = "U0NOBODY"


def not_invited(office: Office) -> None:
    office.slack.kick("search", "purser")


def archived(office: Office) -> None:
    office.slack.archive("search")


def no_database(office: Office) -> None:
    office.environment["database_url"] = f"sqlite:///{office.tmp_path}/not/there/purser.db"


def empty_database(office: Office) -> None:
    office.environment["database_url"] = f"sqlite:///{office.tmp_path}/new.db"


def tampered_ledger(office: Office) -> None:
    books = office.books()
    drop_triggers(books)
    columns = "seq, at, actor, action, idempotency_key, inputs_hash, prev_hash, hash, reason"
    row = f"INSERT INTO ledger ({columns}) VALUES (1, :at, 'x', 'x', 'x', 'x', 'x', 'x', '')"
    run(books, row, at=NOON.replace(tzinfo=None).isoformat(" "))
    books.close()


def dead_letter(office: Office) -> None:
    books = office.books()
    with books.transaction() as session:
        outbox.add(session, stream="s", effect="slack.card", payload={}, unique_key="k", now=NOON)
        claimed = outbox.claim(session, now=NOON, lease_seconds=30, lease="me")
        assert claimed is not None
        outbox.bury(session, claimed, now=NOON, error="is_archived")
    books.close()


def stuck_outbox(office: Office) -> None:
    books = office.books()
    then = office.clock.now() - timedelta(hours=2)
    with books.transaction() as session:
        outbox.add(session, stream="s", effect="slack.card", payload={}, unique_key="k", now=then)
    books.close()


def no_gateway(office: Office) -> None:
    office.environment["litellm_base_url"] = "http://127.0.0.1:9"


def wrong_master_key(office: Office) -> None:
    office.environment["litellm_master_key"] = "sk-another"


def may_not_mint(office: Office) -> None:
    office.gateway.faults.add("error", times=None, route="/key/generate", status=403)


def may_not_delete(office: Office) -> None:
    office.gateway.faults.add("error", times=None, route="/key/delete", status=403)


def clock_ahead(office: Office) -> None:
    office.clock.advance(seconds=90)


@pytest.mark.parametrize(
    ("broken", "what", "found", "remedy"),
    [
        (wrong_token, "Slack bot token", "invalid_auth", "SLACK_BOT_TOKEN"),
        (silent_slack, "Slack bot token", "no answer from http://127.0.0.1:9/api/", "network"),
        (lose_scopes, "Slack scopes", "groups:history to read", "reinstall the app"),
        (lose_scopes, "Slack scopes", "im:write to write", "reinstall the app"),
        (wrong_app_token, "Slack app token", "invalid_auth", "connections:write"),
        (unknown_owner, "Owner U0NOBODY", "nobody", "Copy member ID"),
        (guest_owner, "Owner U0GUS", "is a guest", "somebody else"),
        (bot_owner, "Owner USLACKBOT", "is a bot", "somebody else"),
        (departed_owner, "Owner U0OLGA", "is deactivated", "somebody else"),
        (foreign_owner, "Owner U0EVE", "another workspace", "somebody else"),
        (departed_finance, "Finance U0FAY", "is deactivated", "somebody else in PURSER_FINANCE"),
        (unknown_finance, "Finance U0NOBODY", "nobody", "Correct PURSER_FINANCE"),
        (not_invited, "Channel of team search", "not in #search", "/invite @purser"),
        (archived, "Channel of team search", "archived", "Unarchive"),
        (no_database, "Database", "", "DATABASE_URL"),
        (empty_database, "Database", "empty", "purser migrate"),
        (tampered_ledger, "Ledger", "Row 1 is wrong", "purser ledger verify"),
        (dead_letter, "Dead letters", "slack.card since 2026-11-20 12:00: is_archived", "by hand"),
        (stuck_outbox, "Outbox", "1 waiting, the oldest for 2 hours", "purser serve"),
        (no_gateway, "Gateway litellm", "LITELLM_BASE_URL", "cannot mint"),
        (wrong_master_key, "Gateway litellm", "LITELLM_MASTER_KEY", "cannot mint"),
        (may_not_mint, "Minting at litellm", "refused", "LITELLM_MASTER_KEY"),
        (may_not_delete, "Minting at litellm", "may be left behind as purser-doctor-", "Delete purser-doctor-"),
        (clock_ahead, "Clock against Slack", "seconds ahead", "NTP"),
        (clock_ahead, "Clock against the database", "seconds ahead", "NTP"),
    ],
)
def test_each_failure_is_found_with_what_to_do(
    office: Office, broken: Break, what: str, found: str, remedy: str
) -> None:
    broken(office)
    findings = failing(office)
    assert what in findings, findings
    assert found in findings[what].found
    assert remedy in findings[what].remedy


def test_an_address_members_are_told_that_does_not_answer_is_only_remarked(office: Office) -> None:
    office.environment["litellm_public_url"] = "http://127.0.0.1:9"
    assert failing(office) == {}
    assert any("does not answer from here" in finding.found for finding in examined(office))


@pytest.mark.parametrize("broken", [wrong_token, wrong_app_token, no_gateway, wrong_master_key, may_not_delete])
def test_seen_once_no_finding_holds_a_secret(office: Office, broken: Break) -> None:
    broken(office)
    said = str(examined(office))
    settings = office.settings()
    for name in ("slack_bot_token", "slack_app_token", "litellm_master_key", "purser_pepper", "slack_signing_secret"):
        assert settings[name] not in said, name
    assert "sk-" not in said
