"""Reading HTTP answers: bodies with exact decimals, and Retry-After. Pure functions; they know no provider."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import NoReturn

import httpx

UNREADABLE = object()
"""What `decoded` gives for a body that is not JSON."""


def decoded(response: httpx.Response) -> object:
    """The body as JSON with exact decimals; `UNREADABLE` when it is not JSON."""
    try:
        return response.json(parse_float=Decimal, parse_constant=_not_json)
    except (ValueError, RecursionError):
        return UNREADABLE


def _not_json(word: str) -> NoReturn:
    msg = f"{word} is not JSON"
    raise ValueError(msg)


def retry_after_seconds(value: str | None, now: Callable[[], datetime]) -> float | None:
    """Retry-After in seconds, from either of its forms (RFC 9110, 10.2.3); None when absent or nonsense."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:12]), 86_400))
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max(0.0, (at - now()).total_seconds()), 86_400.0)
