"""The nouns of the fake workspace and how each looks on Slack's wire. Plain values: no rules, no clock, no
I/O.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

JSON = dict[str, Any]

TEAM_ID = "T0PURSER"
OTHER_TEAM_ID = "T0ELSEWHERE"
APP_ID = "A0PURSER"
BOT_ID = "B0PURSER"
BOT_USER_ID = "U0PURSER"
SLACKBOT_ID = "USLACKBOT"


class ChannelKind(StrEnum):
    PUBLIC = "public_channel"
    PRIVATE = "private_channel"
    IM = "im"


@dataclass
class Team:
    id: str
    name: str
    domain: str


@dataclass
class User:
    """A person or bot; `name` is the handle that people type after @."""

    id: str
    name: str
    display_name: str
    real_name: str
    email: str
    tz: str = "Etc/UTC"
    tz_offset_seconds: int = 0
    team_id: str = TEAM_ID
    title: str = ""
    is_admin: bool = False
    is_owner: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_bot: bool = False
    deleted: bool = False
    updated: int = 0
    is_email_confirmed: bool = True

    def wire(self, *, with_email: bool = True) -> JSON:
        """As `users.info` and `user_change` show it; the address only to who may read it."""
        profile: JSON = {
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.display_name,
            "display_name_normalized": self.display_name,
            "title": self.title,
            "team": self.team_id,
        }
        if with_email and self.email and not self.is_bot:
            profile["email"] = self.email
        shown: JSON = {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "deleted": self.deleted,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": self.updated,
            "profile": profile,
        }
        if self.deleted:
            return shown  # Slack strips the rest from deactivated users
        if "email" in profile:
            shown["is_email_confirmed"] = self.is_email_confirmed
        return shown | {
            "real_name": self.real_name,
            "tz": self.tz,
            "tz_label": self.tz,
            "tz_offset": self.tz_offset_seconds,
            "is_admin": self.is_admin,
            "is_owner": self.is_owner,
            "is_primary_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
        }


@dataclass
class Message:
    """A message in history, or an ephemeral one (`to` names its only reader)."""

    ts: str
    channel: str
    user: str
    text: str = ""
    blocks: list[JSON] = field(default_factory=list)
    attachments: list[JSON] = field(default_factory=list)
    bot_id: str | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    edited_ts: str | None = None
    metadata: JSON | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    subtype: str | None = None
    to: str | None = None
    seq: int = 0

    @property
    def is_ephemeral(self) -> bool:
        return self.to is not None

    @property
    def in_thread(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass
class Channel:
    id: str
    name: str
    kind: ChannelKind = ChannelKind.PUBLIC
    members: list[str] = field(default_factory=list)
    creator: str = ""
    created: int = 0
    archived: bool = False
    topic: str = ""
    purpose: str = ""
    shared_with: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def find(self, ts: str) -> Message | None:
        return next((m for m in self.messages if m.ts == ts), None)

    def thread(self, ts: str) -> list[Message]:
        """The parent and its replies, oldest first."""
        return [m for m in self.messages if ts in (m.ts, m.thread_ts)]

    def wire(self, *, seen_by: str) -> JSON:
        """As `conversations.info` shows it to one user."""
        if self.kind is ChannelKind.IM:
            other = next((m for m in self.members if m != seen_by), seen_by)
            return {
                "id": self.id,
                "is_im": True,
                "user": other,
                "created": self.created,
                "is_archived": False,
            }
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": self.kind is ChannelKind.PUBLIC,
            "is_group": False,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.kind is ChannelKind.PRIVATE,
            "is_archived": self.archived,
            "is_general": self.name == "general",
            "is_member": seen_by in self.members,
            "is_shared": bool(self.shared_with),
            "is_ext_shared": bool(self.shared_with),
            "shared_team_ids": [TEAM_ID, *self.shared_with],
            "creator": self.creator,
            "created": self.created,
            "num_members": len(self.members),
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": self.purpose, "creator": "", "last_set": 0},
        }


@dataclass
class View:
    """A modal or a Home tab that somebody sees. `content` is what the app sent, with ids filled in."""

    id: str
    kind: str
    user: str
    content: JSON
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    values: dict[str, dict[str, JSON]] = field(default_factory=dict)
    seq: int = 0
    notice: str = ""

    def wire(self) -> JSON:
        """As `views.open` answers and `view_submission` carries it."""
        content = self.content
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "type": self.kind,
            "blocks": content.get("blocks", []),
            "private_metadata": content.get("private_metadata", ""),
            "callback_id": content.get("callback_id", ""),
            "external_id": content.get("external_id", ""),
            "state": {"values": self.values},
            "hash": self.hash,
            "title": content.get("title"),
            "submit": content.get("submit"),
            "close": content.get("close"),
            "clear_on_close": content.get("clear_on_close", False),
            "notify_on_close": content.get("notify_on_close", False),
            "previous_view_id": self.previous_view_id,
            "root_view_id": self.root_view_id,
            "app_id": APP_ID,
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
        }


@dataclass
class StoredFile:
    id: str
    name: str
    title: str
    user: str
    length: int
    content: bytes = b""
    mimetype: str = "application/octet-stream"
    channels: list[str] = field(default_factory=list)
    created: int = 0
    uploaded: bool = False
    complete: bool = False

    def permalink(self, base_url: str) -> str:
        """Where people find the file; whoever may see it and posts this shares it."""
        return f"{base_url}/files/{self.user}/{self.id}/{self.name}"

    def wire(self, base_url: str) -> JSON:
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title,
            "mimetype": self.mimetype,
            "size": self.length,
            "user": self.user,
            "created": self.created,
            "mode": "hosted",
            "is_external": False,
            "channels": self.channels,
            "url_private": f"{base_url}/files/{self.id}/{self.name}",
            "url_private_download": f"{base_url}/files/{self.id}/download/{self.name}",
            "permalink": self.permalink(base_url),
        }
