"""LiteLLM's words: key rows, durations, money and error bodies, turned into ours and back.

Pure functions over decoded JSON; no I/O, no clock. Facts as answered by LiteLLM 1.106 and 1.109.

A cap per day beside the other one is an entry of `budget_limits`; LiteLLM 1.106 has it without a licence:
- It refuses with 422 `budget_exceeded` once the day's money is gone, before any spend is recorded; `max_budget`
  holds beside it. /v1/models stays open. Calls within one moment are not reserved against it: of 16 at once 2 went
  through, where `max_budget` lets 1.
- /key/update changes or removes it (`[]`) without forgetting what the day has spent, and leaves it alone where it is
  not named. Given to a key that had none, it counts what the key spent that day before. Taken away and given again
  within a day, it does not count what was spent in between.
- /key/info and /key/list show it with its end, /key/info also what the day has spent.
- Windows, days and months alike, start again when a job next wakes: up to ten minutes after their end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from bot.domain import money
from bot.gateways.base import CapPeriod, FailureKind, GatewayError, KeyRecord, KeySpec

TAGS = "purser"
"""The entry of a key's `metadata` that is ours. The top-level `tags` of LiteLLM need a licence."""

_DURATIONS = {CapPeriod.TOTAL: None, CapPeriod.DAY: "1d", CapPeriod.MONTH: "1mo"}
# LiteLLM snaps windows to the calendar: 24h is a day, and 30d ends on the first of the month.
_PERIODS = {None: CapPeriod.TOTAL, "1d": CapPeriod.DAY, "24h": CapPeriod.DAY, "1mo": CapPeriod.MONTH}
_PERIODS["30d"] = CapPeriod.MONTH

_RESET_LAG = timedelta(minutes=15)
"""Windows start again up to 605 seconds late; after this it is not a matter of waiting."""

_SECRET = re.compile(r"sk-[A-Za-z0-9_\-.…]{4,}")
_ADDRESS = re.compile(r"\w+://\S+")
_LONGEST_EXPLANATION = 200


class Window(BaseModel):
    """One entry of `budget_limits`: a cap beside `max_budget`, with a rhythm and an end of its own."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    budget_duration: str
    max_budget: Decimal
    reset_at: datetime | None = None

    @field_validator("reset_at")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        """Times are UTC, with or without saying so."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    @property
    def is_daily(self) -> bool:
        """Whether it is a cap per day."""
        return _PERIODS.get(self.budget_duration) is CapPeriod.DAY

    def as_sent(self) -> dict[str, object]:
        """As LiteLLM wants it; it works out the end itself."""
        return {"budget_duration": self.budget_duration, "max_budget": float(self.max_budget)}


_WINDOW = {"budget_duration", "max_budget"}


class KeyRow(BaseModel):
    """One key as /key/info, /key/list, /key/block and /key/update show it. Unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    token: str | None = None
    key_alias: str | None = None
    user_id: str | None = None
    blocked: bool | None = None
    status: str | None = None
    spend: Decimal = Decimal(0)
    total_spend: Decimal | None = None
    max_budget: Decimal | None = None
    budget_duration: str | None = None
    budget_reset_at: datetime | None = None
    budget_limits: list[Window] = []
    expires: datetime | None = None
    models: list[str] = []
    metadata: dict[str, Any] = {}

    @field_validator("models", "metadata", "spend", mode="before")
    @classmethod
    def _absent(cls, value: object, info: ValidationInfo) -> object:
        """Read null as nothing."""
        return cls.model_fields[str(info.field_name)].default if value is None else value

    @field_validator("budget_limits", mode="before")
    @classmethod
    def _windows(cls, value: object) -> object:
        """Windows of a shape that LiteLLM 1.106 does not have are no caps that we know."""
        if not isinstance(value, list):
            return []
        return [window for window in value if isinstance(window, Mapping) and window.keys() >= _WINDOW]

    @field_validator("expires", "budget_reset_at")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        """Times are UTC, with or without saying so; a mint shows microseconds, the record milliseconds."""
        if value is None:
            return None
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return value.replace(microsecond=value.microsecond // 1000 * 1000)

    @property
    def daily_cap_micros(self) -> int | None:
        """The smallest of its caps per day beside `max_budget`; None without one."""
        return min(
            (money.from_usd(window.max_budget) for window in self.budget_limits if window.is_daily), default=None
        )


def key_row(body: object) -> KeyRow:
    """Read one key. Raises `PERMANENT` when it is not one, without quoting it."""
    try:
        return KeyRow.model_validate(body)
    except ValidationError as error:
        fields = ", ".join(sorted({str(e["loc"][0]) if e["loc"] else "body" for e in error.errors()}))
        msg = f"litellm answered with a key that cannot be read ({fields})"
        raise GatewayError(FailureKind.PERMANENT, msg) from None


def record(row: KeyRow, handle: str, now: datetime) -> KeyRecord:
    """Say in our words what the gateway's row says.

    /key/info carries a status; rows of /key/list do not, so there expiry is judged by `now`. `spend` starts
    again with each window; `total_spend` is the lifetime. Old versions have none: there `spend` is the lifetime of a
    key whose budget never starts again, and of any other only what the window counts.
    """
    deleted = row.status == "deleted"
    lapsed = row.status == "expired" if row.status else row.expires is not None and row.expires <= now
    lifetime = row.spend if row.total_spend is None else row.total_spend
    tags = row.metadata.get(TAGS)
    return KeyRecord(
        handle=handle,
        alias=row.key_alias,
        enabled=not (row.blocked or deleted or lapsed or row.status == "revoked"),
        deleted=deleted,
        cap_micros=None if row.max_budget is None else money.from_usd(row.max_budget),
        cap_period=_PERIODS.get(row.budget_duration, CapPeriod.OTHER),
        spent_micros=money.from_usd(lifetime),
        expires_at=row.expires,
        models=tuple(row.models),
        tags={k: str(v) for k, v in tags.items()} if isinstance(tags, Mapping) else {},
        period_spent_micros=money.from_usd(row.spend),
        resets_at=row.budget_reset_at,
        daily_cap_micros=row.daily_cap_micros,
        holder=row.user_id or "",
        is_lifetime=row.total_spend is not None or row.budget_reset_at is None,
    )


def usd(micros: int) -> float:
    """Micro-USD as the JSON number LiteLLM wants.

    The only float of money: JSON has no other number, and up to 15 digits its text is the exact decimal.
    """
    return float(money.to_usd(micros))


def budget_duration(period: CapPeriod) -> str | None:
    """The window for a cap; None for a cap that never starts again. Raises `PERMANENT` for `OTHER`."""
    try:
        return _DURATIONS[period]
    except KeyError:
        raise GatewayError(FailureKind.PERMANENT, f"litellm has no cap per {period}") from None


def daily_window(micros: int) -> dict[str, object]:
    """The entry of `budget_limits` for a cap per UTC day."""
    return {"budget_duration": _DURATIONS[CapPeriod.DAY], "max_budget": usd(micros)}


def cap_change(row: KeyRow, cap_micros: int, period: CapPeriod, daily_cap_micros: int | None) -> dict[str, object]:
    """What to send for other caps, and no more: naming a window moves its end to the next one.

    LiteLLM starts a window again some minutes after its end. Were the end moved in these minutes, the spend of
    the old window would count in the new one.
    """
    change: dict[str, object] = {"max_budget": usd(cap_micros)}
    if _PERIODS.get(row.budget_duration, CapPeriod.OTHER) is not period:
        change["budget_duration"] = budget_duration(period)
    if row.daily_cap_micros != daily_cap_micros:
        others = [window.as_sent() for window in row.budget_limits if not window.is_daily]
        change["budget_limits"] = others + ([] if daily_cap_micros is None else [daily_window(daily_cap_micros)])
    return change


def starts_again_soon(row: KeyRow, now: datetime) -> bool:
    """Whether a day has ended and LiteLLM, which looks every ten minutes, has not yet started the next."""
    ends = [window.reset_at for window in row.budget_limits if window.is_daily and window.reset_at is not None]
    return any(now - _RESET_LAG < end <= now for end in ends)


def lifetime(expires_at: datetime, now: datetime) -> str:
    """The `duration` until a moment, in whole seconds and never beyond it; a moment gone by is `0s`.

    LiteLLM counts durations from when it hears them, and refuses fractions and negative ones.
    """
    return f"{max(0, (expires_at - now) // timedelta(seconds=1))}s"


def mint_body(spec: KeySpec, now: datetime) -> dict[str, object]:
    """Only keys for calling models: `llm_api` keeps a member's key off the management routes."""
    body: dict[str, object] = {
        "key_alias": spec.alias,
        "user_id": spec.holder,
        "max_budget": usd(spec.cap_micros),
        "models": list(spec.models),
        "metadata": {TAGS: spec.tags},
        "key_type": "llm_api",
    }
    window = budget_duration(spec.cap_period)
    if window is not None:
        body["budget_duration"] = window
    if spec.daily_cap_micros is not None:
        body["budget_limits"] = [daily_window(spec.daily_cap_micros)]
    if spec.expires_at is not None:
        body["duration"] = lifetime(spec.expires_at, now)
    return body


def deviations(spec: KeySpec, row: KeyRow) -> list[str]:
    """Which agreed limits the made key lacks. (`duration` comes back null even when it was honoured.)"""
    wrong = []
    if row.max_budget is None or money.from_usd(row.max_budget) != spec.cap_micros:
        wrong.append("cap")
    if row.budget_duration != budget_duration(spec.cap_period):
        wrong.append("cap period")
    if row.daily_cap_micros != spec.daily_cap_micros:
        wrong.append("daily cap")
    if spec.expires_at is not None and row.expires is None:
        wrong.append("expiry")
    if spec.models and set(row.models) != set(spec.models):
        wrong.append("choice of models")
    return wrong


def error_type(body: object) -> str | None:
    """LiteLLM's own word for a refusal (`error.type`); None for bodies of other shapes.

    Match this and not the status: being over budget was 400, then 429, and is 422 now.
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    kind = error.get("type") if isinstance(error, Mapping) else None
    return kind if isinstance(kind, str) else None


def is_litellm_error(body: object) -> bool:
    """Whether a refusal came from LiteLLM rather than from something that stands before it."""
    return error_type(body) is not None


def explain(_status: int, body: object) -> str:
    """Why it refused, from any of its three error bodies, without keys or addresses and not too long."""
    said = _said(body)
    said = _ADDRESS.sub("(address)", _SECRET.sub("sk-…", said))
    said = " ".join(said.split())
    return said if len(said) <= _LONGEST_EXPLANATION else said[: _LONGEST_EXPLANATION - 1] + "…"


def _said(body: object) -> str:
    """The message in `{"error": {"message"}}`, `{"detail": {"error"}}` or `{"detail": [{"loc", "msg"}]}`."""
    if not isinstance(body, Mapping):
        return ""
    error = body.get("error", body.get("detail"))
    match error:
        case {"message": str(text)} | {"error": str(text)} | str(text):
            # A wrapped error arrives as the text of a Python dict: "{'error': 'No keys found'}".
            wrapped = re.fullmatch(r"\{'error': (['\"])(.*)\1\}", text, re.DOTALL)
            return wrapped[2] if wrapped else text
        case [{"loc": [*where], "msg": str(text)}, *_]:
            return f"{'.'.join(str(part) for part in where)}: {text}"
        case _:
            return ""
