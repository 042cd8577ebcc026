"""GitHub finds a key in code: its webhook is answered, the key goes off with proof, and the alert is resolved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.playground.gateway.faults import FaultKind
from bot.services.auditing import verify
from storage import ledger
from tests.github import SECRET, TOKEN, FakeGitHub
from tests.office import Office
from tests.scenarios.desk import Desk


class Place(NamedTuple):
    """A desk, a make-believe GitHub, and the address of Purser's webhook."""

    desk: Desk
    github: FakeGitHub
    url: str


def opened(url: str, tmp_path: Path, github: FakeGitHub, **environment: str) -> Iterator[Place]:
    with Office(url, tmp_path) as office:
        told = {
            "github_webhook_secret": SECRET,
            "github_token": TOKEN,
            "github_api_url": github.api_url,
        }
        office.environment = {name: value for name, value in (told | environment).items() if value}
        bot = office.open()
        office.found_team()
        assert bot.server is not None
        desk = Desk(office, bot)
        yield Place(desk, github, f"http://127.0.0.1:{bot.server.port}/webhooks/github")
        desk.settle()
        office.assert_nothing_odd()
        report = verify(bot.running.purser.books)
        assert report.ok, report.lines


@pytest.fixture
def place(migrated_url: str, tmp_path: Path) -> Iterator[Place]:
    with FakeGitHub() as github:
        yield from opened(migrated_url, tmp_path, github)


@pytest.fixture
def without_token(sqlite_url: str, tmp_path: Path) -> Iterator[Place]:
    with FakeGitHub() as github:
        yield from opened(sqlite_url, tmp_path, github, github_token="")


def written(desk: Desk, action: str) -> list[str]:
    with desk.bot.running.purser.books.reading() as session:
        return [row.reason for row in ledger.entries(session) if row.action == action]


def test_a_key_found_in_code_is_off_and_its_alert_resolved(place: Place) -> None:
    desk, github, url = place
    label, secret = desk.key()
    card = desk.office.card()
    alert = github.finds(secret)
    answer = github.delivers(url, alert)
    assert (answer.status_code, answer.json()) == (202, {"status": "Taken in."})
    desk.sees(lambda: alert.state == "resolved" or None)
    assert alert.resolution == "revoked"
    assert label in str(alert.comment)
    assert "off at" in str(alert.comment)
    assert desk.office.chat(secret).status_code == 401
    desk.settle()
    assert "GitHub found it in acme/search" in desk.text(desk.now(card))
    assert any(f"`{label}`" in said for said in desk.dms("ana"))
    assert len(written(desk, "incident.opened")) == 1
    assert written(desk, "secret.resolved") == ["acme/search#1 resolved as revoked"]


def test_what_is_delivered_again_or_found_elsewhere_too_is_one_decision(place: Place) -> None:
    desk, github, url = place
    _, secret = desk.key()
    alert, elsewhere = github.finds(secret), github.finds(secret, "acme/fork")
    first = github.delivers(url, alert, delivery="72d3162e-0001")
    again = github.delivers(url, alert, delivery="72d3162e-0001")
    github.delivers(url, elsewhere, "publicly_leaked")
    assert (first.status_code, again.status_code) == (202, 200)
    desk.sees(lambda: {alert.state, elsewhere.state} == {"resolved"} or None)
    desk.settle()
    assert len(written(desk, "key.disabled")) == 1
    assert len(written(desk, "incident.opened")) == 1
    assert sorted(written(desk, "secret.reported")) == ["acme/fork#2 publicly_leaked", "acme/search#1 created"]


def test_a_delivery_that_was_not_signed_with_the_secret_changes_nothing(place: Place) -> None:
    desk, github, url = place
    _, secret = desk.key()
    answer = github.delivers(url, github.finds(secret), secret="guessed")
    assert answer.status_code == 401
    desk.settle()
    assert desk.office.chat(secret).status_code == 200
    assert github.calls == []
    assert written(desk, "secret.reported") == []


def test_what_is_no_key_of_ours_is_left_to_github(place: Place) -> None:
    desk, github, url = place
    _, secret = desk.key()
    alert = github.finds("sk-" + "proj-0123456789abcdef" * 3)
    assert github.delivers(url, alert).status_code == 202
    desk.settle()
    assert alert.state == "open"
    assert desk.office.chat(secret).status_code == 200
    assert desk.dms("olga") == []


def test_the_alert_is_resolved_only_once_the_key_is_proven_off(place: Place) -> None:
    desk, github, url = place
    label, secret = desk.key()
    card = desk.office.card()
    desk.gateway.faults.add(FaultKind.ERROR, times=None)
    alert = github.finds(secret)
    github.delivers(url, alert)
    desk.sees(lambda: github.calls or None)
    desk.thread_says(card, f"`{label}` is NOT confirmed off")
    assert alert.state == "open"
    desk.gateway.faults.clear()
    desk.office.clock.advance(minutes=10)
    desk.sees(lambda: alert.state == "resolved" or None, timeout=20)
    assert label in str(alert.comment)


def test_a_github_that_does_not_answer_is_asked_again(place: Place) -> None:
    desk, github, url = place
    _, secret = desk.key()
    github.failing = 6
    alert = github.finds(secret)
    assert github.delivers(url, alert).status_code == 202
    desk.sees(lambda: alert.state == "resolved" or None, timeout=20)
    assert desk.office.chat(secret).status_code == 401


def test_an_alert_that_cannot_be_resolved_is_said_to_the_owners_and_the_key_is_off(place: Place) -> None:
    desk, github, url = place
    label, secret = desk.key()
    github.refuses_resolving = True
    alert = github.finds(secret)
    github.delivers(url, alert)
    said = desk.text(desk.dm("olga", "could not be resolved"))
    assert f"`{label}` is off" in said
    assert "acme/search#1" in said
    assert desk.office.chat(secret).status_code == 401


def test_without_a_token_the_owners_are_asked_to_look(without_token: Place) -> None:
    desk, github, url = without_token
    _, secret = desk.key()
    alert = github.finds(secret)
    assert github.delivers(url, alert).status_code == 202
    said = desk.text(desk.dm("olga", "GitHub found LiteLLM key in acme/search#1"))
    assert alert.html_url in said
    assert "GITHUB_TOKEN is not set" in said
    assert "/ai-disable" in said
    assert desk.office.chat(secret).status_code == 200
