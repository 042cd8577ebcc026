"""The state as JSON and back, so that a playground survives a restart. Tickets, sockets and the journal do
not.
"""

import base64
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from bot.playground.slack.model import JSON, Channel, ChannelKind, Message, StoredFile, Team, User, View
from bot.playground.slack.state import State

FORMAT = 1


def dump(state: State) -> JSON:
    """Everything the workspace remembers."""
    with state.lock:
        return {
            "format": FORMAT,
            "seq": state.seq,
            "counter": state.counter,
            "last_ts": str(state.last_ts),
            "teams": [asdict(t) for t in state.teams.values()],
            "users": [asdict(u) for u in state.users.values()],
            "channels": [asdict(c) for c in state.channels.values()],
            "ephemerals": {user: [asdict(m) for m in ms] for user, ms in state.ephemerals.items()},
            "modals": {user: [asdict(v) for v in vs] for user, vs in state.modals.items()},
            "homes": {user: asdict(v) for user, v in state.homes.items()},
            "files": [_file(f) for f in state.files.values()],
            "last_read": state.last_read,
        }


def load(state: State, saved: JSON) -> None:
    """Replace what the workspace remembers by what was dumped; ValueError for another format."""
    if saved.get("format") != FORMAT:
        raise ValueError(f"the saved workspace has format {saved.get('format')}, not {FORMAT}")
    with state.lock:
        state.counter = saved["counter"]
        state.last_ts = Decimal(saved["last_ts"])
        state.teams = {t["id"]: Team(**t) for t in saved["teams"]}
        state.users = {u["id"]: User(**u) for u in saved["users"]}
        state.channels = {c["id"]: _channel(c) for c in saved["channels"]}
        state.ephemerals = {user: [Message(**m) for m in ms] for user, ms in saved["ephemerals"].items()}
        state.modals = {user: [View(**v) for v in vs] for user, vs in saved["modals"].items()}
        state.homes = {user: View(**v) for user, v in saved["homes"].items()}
        state.files = {f["id"]: StoredFile(**f | {"content": _bytes(f["content"])}) for f in saved["files"]}
        state.last_read = saved["last_read"]
        state.seq = saved["seq"]
        state.touch()


def _channel(saved: dict[str, Any]) -> Channel:
    messages = [Message(**m) for m in saved["messages"]]
    return Channel(**saved | {"kind": ChannelKind(saved["kind"]), "messages": messages})


def _file(stored: StoredFile) -> JSON:
    return asdict(stored) | {"content": base64.b64encode(stored.content).decode()}


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
