"""A key as the fake gateway stores it, and how LiteLLM writes it on each route. Of a secret, the hash is kept.

Amounts are floats in US dollars, as LiteLLM's are: their noise (0.028013200000000002) is imitated too.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from bot.playground.gateway import shapes


def hash_of(secret: str) -> str:
    """LiteLLM's id of a key: the SHA-256 of its secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(slots=True)
class StoredKey:
    """One row of the key table. `spend` counts the window, `total_spend` all; `pending` is not written yet."""

    token: str
    key_name: str
    created_at: datetime
    updated_at: datetime
    key_alias: str | None = None
    user_id: str | None = None
    max_budget: float | None = None
    budget_duration: str | None = None
    budget_reset_at: datetime | None = None
    expires: datetime | None = None
    models: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    blocked: bool | None = None
    blocked_at: datetime | None = None
    cached_at: datetime | None = None
    allowed_routes: list[str] = field(default_factory=list)
    key_type: str = "default"
    spend: float = 0.0
    total_spend: float = 0.0
    pending: list[tuple[datetime, float]] = field(default_factory=list)
    reserved: float = 0.0
    budget_limits: list[dict[str, Any]] | None = None
    window_spend: dict[str, float] = field(default_factory=dict)
    """What counts in each of `budget_limits`, by duration; `window_ends` says until when."""
    window_ends: dict[str, str] = field(default_factory=dict)
    settings_updated_at: datetime | None = None
    last_active: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def live_spend(self) -> float:
        """What enforcement counts: everything in this window, written or not."""
        return self.spend + sum(cost for _, cost in self.pending)

    @property
    def lifetime_spend(self) -> float:
        """What was really charged, ever, whatever is told of it."""
        return self.total_spend + sum(cost for _, cost in self.pending)

    def works(self, now: datetime) -> bool:
        """Whether a call with it would be let in, but for money and models."""
        return not (self.deleted_at or self.blocked or (self.expires is not None and self.expires <= now))

    def status(self, now: datetime) -> str:
        """LiteLLM's word: `revoked` is blocked."""
        if self.deleted_at:
            return "deleted"
        if self.blocked:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "active"


def _instant(at: datetime | None, *, zone: str, precision: str = "milliseconds") -> str | None:
    if at is None:
        return None
    text = at.replace(tzinfo=None)
    if precision == "milliseconds":
        text = text.replace(microsecond=text.microsecond // 1000 * 1000)
    return text.isoformat(timespec="microseconds" if text.microsecond else "seconds") + zone


_PLAIN = (
    "key_name",
    "key_alias",
    "user_id",
    "max_budget",
    "budget_duration",
    "models",
    "metadata",
    "blocked",
    "allowed_routes",
    "key_type",
    "spend",
    "total_spend",
    "budget_limits",
)


def _row(key: StoredKey, zone: str) -> dict[str, Any]:
    """What all routes but mint show."""
    times = ("expires", "budget_reset_at", "created_at", "updated_at", "settings_updated_at", "last_active")
    row = {name: getattr(key, name) for name in _PLAIN}
    return row | {name: _instant(getattr(key, name), zone=zone) for name in times}


def as_info(key: StoredKey, now: datetime) -> dict[str, Any]:
    """The `info` of /key/info: no token, a status, times with an offset."""
    if key.deleted_at:
        gone = {"deleted_at": _instant(key.deleted_at, zone="+00:00"), "status": "deleted"}
        return shapes.TABLE | shapes.DELETED | _row(key, "+00:00") | gone
    row = shapes.INFO | _row(key, "+00:00") | {"status": key.status(now)}
    if key.budget_limits:
        spent = {window["budget_duration"]: window for window in key.budget_limits}
        row["budget_limits_usage"] = {name: {"current_spend": key.window_spend.get(name, 0.0)} for name in spent}
    return row


def as_updated(key: StoredKey, given: str) -> dict[str, Any]:
    """The answer of /key/update: the whole key, with what was sent as its name."""
    return shapes.INFO | _row(key, "+00:00") | {"key": given, "token": key.token}


def as_table(key: StoredKey) -> dict[str, Any]:
    """The answer of /key/block: the raw row."""
    return shapes.TABLE | _row(key, "Z") | {"token": key.token}


def as_unblocked(key: StoredKey) -> dict[str, Any]:
    """The answer of /key/unblock: another row than that of /key/block."""
    return shapes.INFO | _row(key, "Z") | {"token": key.token}


def as_listed(key: StoredKey) -> dict[str, Any]:
    """One object of /key/list: the raw row and everything it might have joined."""
    if key.deleted_at:
        gone = {"token": key.token, "deleted_at": _instant(key.deleted_at, zone="Z")}
        return shapes.TABLE | shapes.DELETED | _row(key, "Z") | gone
    return shapes.TABLE | shapes.LISTED | _row(key, "Z") | {"token": key.token}


def as_minted(key: StoredKey, secret: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The answer of /key/generate: `duration` comes back null even though it was honoured.

    It echoes what was asked, even where a secret of the caller's choice exists with other values.
    """
    echo: dict[str, Any] = {
        name: asked[name] for name in ("key_alias", "user_id", "models", "metadata") if name in asked
    }
    if asked.get("max_budget") is not None:
        echo["max_budget"] = float(asked["max_budget"])
    row = _row(key, "Z")
    for name in ("settings_updated_at", "last_active", "budget_reset_at", "total_spend"):
        del row[name]
    row["expires"] = _instant(key.expires, zone="Z", precision="microseconds")
    if key.budget_limits:
        limits = [window | {"reset_at": window["reset_at"].replace("+00:00", "Z")} for window in key.budget_limits]
        row["budget_limits"] = limits
    names = {"key": secret, "token": key.token, "token_id": key.token, "duration": None}
    return shapes.MINTED | row | echo | names


def to_json(key: StoredKey) -> dict[str, Any]:
    """A key for a file. Holds no secret."""
    return {name: _plain(value) for name, value in asdict(key).items() if name != "reserved"}


def _plain(value: Any) -> Any:  # noqa: ANN401 - any field's value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value


def from_json(saved: dict[str, Any]) -> StoredKey:
    """A key from a file."""
    known = {f.name for f in fields(StoredKey)}
    row = {name: value for name, value in saved.items() if name in known}
    for name in ("created_at", "updated_at", "budget_reset_at", "expires", "blocked_at", "cached_at"):
        row[name] = datetime.fromisoformat(row[name]) if row.get(name) else None
    for name in ("settings_updated_at", "last_active", "deleted_at"):
        row[name] = datetime.fromisoformat(row[name]) if row.get(name) else None
    row["pending"] = [(datetime.fromisoformat(at), cost) for at, cost in row.get("pending", [])]
    return StoredKey(**row)
