"""What the app's manifest promises Slack: commands, shortcuts, events, scopes, and whether they fit
together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.slack.model import JSON

# The scope an event needs before Slack delivers it (docs.slack.dev/reference/events); others need none.
EVENT_SCOPES: Mapping[str, str] = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "app_mention": "app_mentions:read",
    "user_change": "users:read",
    "team_join": "users:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "channel_archive": "channels:read",
    "channel_unarchive": "channels:read",
    "channel_rename": "channels:read",
    "reaction_added": "reactions:read",
}


@dataclass(frozen=True)
class Command:
    name: str
    description: str
    usage_hint: str
    should_escape: bool


@dataclass(frozen=True)
class Shortcut:
    name: str
    callback_id: str
    kind: str


class Manifest:
    """Reads a manifest given as a dictionary; an absent part means the feature is off, as in Slack."""

    def __init__(self, raw: Mapping[str, Any] | None) -> None:
        self.raw: JSON = dict(raw or {})
        features = self.raw.get("features", {})
        settings = self.raw.get("settings", {})
        self.commands = {
            c["command"]: Command(
                c["command"], c.get("description", ""), c.get("usage_hint", ""), bool(c.get("should_escape"))
            )
            for c in features.get("slash_commands", [])
        }
        self.shortcuts = {
            s["callback_id"]: Shortcut(s["name"], s["callback_id"], s["type"]) for s in features.get("shortcuts", [])
        }
        home = features.get("app_home", {})
        self.home_enabled = bool(home.get("home_tab_enabled"))
        self.messages_tab_enabled = bool(home.get("messages_tab_enabled", True))
        self.messages_tab_read_only = bool(home.get("messages_tab_read_only_enabled", False))
        self.events = frozenset(settings.get("event_subscriptions", {}).get("bot_events", []))
        self.interactive = bool(settings.get("interactivity", {}).get("is_enabled"))
        scopes = self.raw.get("oauth_config", {}).get("scopes", {})
        self.scopes = frozenset([*scopes.get("bot", []), *scopes.get("bot_optional", [])])

    def problems(self) -> list[str]:
        """What Slack would refuse, or what would never be delivered, at installation."""
        found = []
        if (self.commands or self.shortcuts) and "commands" not in self.scopes:
            found.append("manifest: commands or shortcuts without the scope commands")
        for event in sorted(self.events):
            needed = EVENT_SCOPES.get(event)
            if needed is not None and needed not in self.scopes:
                found.append(f"manifest: event {event} without the scope {needed}")
        if self.shortcuts and not self.interactive:
            found.append("manifest: shortcuts without interactivity")
        return found
