"""Usage: what a gateway measured of one key and one model in one hour, or in one day where it tells no hours."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Usage(NamedTuple):
    """Measured facts, as a gateway tells them now; it may tell others later, and those replace these.

    A tuple, because a sync handles very many of them. Money is micro-USD.
    """

    handle: str
    """The gateway's own id of the key."""
    model: str
    hour: datetime
    """When the span began, aware UTC: a full hour, or 00:00 where the gateway only tells days."""
    requests: int
    """All of them, failed ones as well."""
    failures: int
    retries: int
    tasks: int
    """Pieces of work that requests belonged to; as many as requests that worked, where a gateway does not tell."""
    input_tokens: int
    cached_tokens: int
    """The part of the input tokens that was read from a cache."""
    output_tokens: int
    cost_micros: int
    unpriced_requests: int
    """Requests that used tokens and cost nothing, because the gateway has no price for the model."""
