"""Links to messages. Slack is asked for one; what those of one workspace have in common is remembered."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock
from weakref import WeakKeyDictionary

from slack_sdk import WebClient

from bot.services.ports import DeliveryError
from bot.slack.errors import translated

_workspaces: WeakKeyDictionary[WebClient, str] = WeakKeyDictionary()
_lock = Lock()


def link_to(client: WebClient, channel_id: str, ts: str, thread_ts: str) -> str:
    """A link to a message; empty when Slack does not say where its workspace is. At most one call per client."""
    with _lock:
        workspace = _workspaces.get(client, "")
    if not workspace:
        with suppress(DeliveryError), translated("asking for a link"):
            found = client.chat_getPermalink(channel=channel_id, message_ts=ts)
            workspace = str(found.get("permalink") or "").partition("/archives/")[0]
        if not workspace:
            return ""
        with _lock:
            _workspaces[client] = workspace
    link = f"{workspace}/archives/{channel_id}/p{ts.replace('.', '')}"
    return link if thread_ts in ("", ts) else f"{link}?thread_ts={thread_ts}&cid={channel_id}"
