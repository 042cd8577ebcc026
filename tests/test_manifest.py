"""manifest.yml asks Slack for exactly what Purser listens to and calls, and fits what Slack takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bot.doctor import OPTIONAL_SCOPES, SCOPES
from bot.playground.slack.manifest import EVENT_SCOPES, Manifest
from bot.playground.slack.model import ChannelKind
from bot.playground.slack.scopes import HISTORY, METHOD_SCOPES, READ
from bot.slack.routes import FORMS, ROUTES, Kind
from bot.slack.views.help import DESCRIPTIONS, USAGE_HINTS
from tests.office import MANIFEST, Office

ROOT = Path(__file__).parent.parent
METHOD = re.compile(r"client\.([a-z]+_[A-Za-z_]+)\(")
TEAM_CHANNELS = (ChannelKind.PUBLIC, ChannelKind.PRIVATE)
# What some methods need depends on where they are used: cards stand in teams' channels, messages go to people too.
BY_CHANNEL = {
    "conversations.info": {READ[kind] for kind in TEAM_CHANNELS},
    "conversations.history": {HISTORY[kind] for kind in (*TEAM_CHANNELS, ChannelKind.IM)},
    "conversations.replies": {HISTORY[kind] for kind in TEAM_CHANNELS},
}


def names(kind: Kind) -> list[str]:
    return [route.name for route in ROUTES if route.kind is kind]


def methods_in_code() -> set[str]:
    """The Web API methods that the code calls, by Slack's own names."""
    known = {method.replace(".", "_"): method for method in METHOD_SCOPES}
    code = [path for path in (ROOT / "bot").rglob("*.py") if "playground" not in path.parts]
    called = {name for path in code for name in METHOD.findall(path.read_text(encoding="utf-8"))}
    own = {"is_connected"}
    assert called - own <= set(known), "the fake Slack does not know these, so their scopes are unknown"
    return {known[name] for name in called - own}


def test_commands_equal_the_routes_and_their_help() -> None:
    commands = {each["command"]: each for each in MANIFEST["features"]["slash_commands"]}
    assert set(commands) == set(names(Kind.COMMAND)) == set(USAGE_HINTS) == set(DESCRIPTIONS)
    for name, command in commands.items():
        assert command["usage_hint"] == USAGE_HINTS[name]
        assert command["description"] == DESCRIPTIONS[name]
        assert command["should_escape"] is True, "people and channels arrive as ids only when escaped"


def test_shortcuts_equal_the_routes_and_fit_slacks_schema() -> None:
    shortcuts = MANIFEST["features"]["shortcuts"]
    assert [one["callback_id"] for one in shortcuts] == names(Kind.SHORTCUT)
    for shortcut in shortcuts:
        assert set(shortcut) == {"name", "type", "callback_id", "description"}
        assert shortcut["type"] == "message"
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150


def test_reading_files_and_addresses_are_the_scopes_that_can_be_left_out() -> None:
    assert MANIFEST["oauth_config"]["scopes"]["bot_optional"] == ["files:read", "users:read.email"]
    assert list(OPTIONAL_SCOPES) == MANIFEST["oauth_config"]["scopes"]["bot_optional"]


def test_events_equal_the_routes() -> None:
    events = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert {event.partition(".")[0] for event in events} == set(names(Kind.EVENT))
    assert {event for event in events if event.startswith("message.")} == {"message.channels", "message.groups"}
    assert ("app_home_opened" in events) is MANIFEST["features"]["app_home"]["home_tab_enabled"]


def test_buttons_and_forms_need_interactivity() -> None:
    assert names(Kind.ACTION)
    assert FORMS
    assert MANIFEST["settings"]["interactivity"] == {"is_enabled": True}


def test_no_two_routes_share_a_name() -> None:
    for kind in Kind:
        assert len(names(kind)) == len(set(names(kind)))


def test_scopes_are_exactly_those_that_methods_and_events_need() -> None:
    events = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    needed = {"commands"} | {EVENT_SCOPES[event] for event in events if event in EVENT_SCOPES}
    for method in methods_in_code():
        needed |= BY_CHANNEL.get(method, set(METHOD_SCOPES[method]))
    scopes = MANIFEST["oauth_config"]["scopes"]["bot"]
    assert len(scopes) == len(set(scopes))
    assert set(scopes) == needed == set(SCOPES)
    assert scopes == sorted(scopes)


def test_over_the_wire_no_other_method_is_called(tmp_path: Path) -> None:
    with Office(f"sqlite:///{tmp_path / 'purser.db'}", tmp_path) as office:
        office.open()
        office.found_team()
        office.key()
        assert office.slack.methods_called <= methods_in_code()
        assert office.slack.violations == []


def test_nothing_would_be_refused_or_never_delivered_at_installation() -> None:
    assert Manifest(MANIFEST).problems() == []


# --- Slack's own limits: manifest.schema.json of github.com/slackapi/manifest-schema ---

TOP = {"_metadata", "display_information", "features", "oauth_config", "settings"}
FEATURES = {"app_home", "bot_user", "shortcuts", "slash_commands", "unfurl_domains"}
SETTINGS = {
    "event_subscriptions",
    "interactivity",
    "org_deploy_enabled",
    "socket_mode_enabled",
    "token_rotation_enabled",
}


def test_it_fits_slacks_schema() -> None:
    display, features = MANIFEST["display_information"], MANIFEST["features"]
    assert set(MANIFEST) <= TOP
    assert set(features) <= FEATURES
    assert set(MANIFEST["settings"]) <= SETTINGS
    assert 1 <= len(display["name"]) <= 35
    assert len(display["description"]) <= 140
    assert 175 <= len(display["long_description"]) <= 4000
    assert re.fullmatch(r"#[0-9a-f]{6}", display["background_color"])
    assert re.fullmatch(r"[a-z0-9_.-]{1,80}", features["bot_user"]["display_name"])
    assert 1 <= len(features["slash_commands"]) <= 50
    assert len(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) <= 100
    assert len(MANIFEST["oauth_config"]["scopes"]["bot"]) <= 255


@pytest.mark.parametrize("command", MANIFEST["features"]["slash_commands"], ids=lambda each: each["command"])
def test_commands_fit_slacks_schema(command: dict[str, Any]) -> None:
    assert set(command) == {"command", "description", "usage_hint", "should_escape"}
    assert re.fullmatch(r"/[a-z0-9-]{1,31}", command["command"])
    assert 1 <= len(command["description"]) <= 2000
    assert 1 <= len(command["usage_hint"]) <= 1000


def test_socket_mode_names_no_address() -> None:
    assert MANIFEST["settings"]["socket_mode_enabled"] is True
    text = (ROOT / "manifest.yml").read_text(encoding="utf-8")
    assert "url" not in re.sub(r"#.*", "", text)
