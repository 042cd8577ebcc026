"""What a failed call to Slack means: for good, for now, or unknown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

from slack_sdk.errors import SlackApiError, SlackClientError

from bot.services.ports import DeliveryError, FailureKind

_TRANSIENT = frozenset({"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"})
_UNKNOWN = frozenset({"internal_error", "fatal_error", "request_timeout"})
# From docs.slack.dev/reference/methods: anything else says that the same call will fail again.


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn what the Slack client raises into `DeliveryError`, with no payload in its message."""
    try:
        yield
    except SlackApiError as refused:
        raise _meaning(doing, refused) from None
    except (OSError, HTTPException, SlackClientError) as lost:
        message = f"Slack did not answer while {doing} ({type(lost).__name__})"
        raise DeliveryError(FailureKind.UNKNOWN, message) from None


def _meaning(doing: str, refused: SlackApiError) -> DeliveryError:
    response = refused.response
    status = getattr(response, "status_code", 200)
    code = str(response.get("error", "")) if hasattr(response, "get") else ""
    headers = getattr(response, "headers", {}) or {}
    if status == 429 or code in _TRANSIENT:
        after = headers.get("Retry-After") or headers.get("retry-after")
        seconds = float(after) if after and str(after).isdigit() else None
        text = f"Slack asked to slow down while {doing}"
        return DeliveryError(FailureKind.TRANSIENT, text, retry_after_seconds=seconds)
    if status >= 500 or code in _UNKNOWN:
        return DeliveryError(FailureKind.UNKNOWN, f"Slack failed while {doing} ({code or status})")
    return DeliveryError(FailureKind.PERMANENT, f"Slack refused {doing}: {code or status}")
