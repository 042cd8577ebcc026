"""Which models gateways offer, asked now and then. Not knowing is an answer: an empty tuple."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from bot.gateways.base import Gateway, GatewayError

FRESH_SECONDS = 300


class Catalog:
    """Remembers each gateway's models for five minutes, and the last known ones while it does not answer."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._lock = threading.Lock()
        self._known: dict[str, tuple[datetime, tuple[str, ...]]] = {}

    def models(self, gateway: Gateway, now: datetime) -> tuple[str, ...]:
        """The gateway's model names, sorted; empty when it has never answered."""
        with self._lock:
            known = self._known.get(gateway.name)
        if known is not None and now - known[0] < timedelta(seconds=FRESH_SECONDS):
            return known[1]
        try:
            models = tuple(sorted(gateway.models()))
        except GatewayError:
            models = () if known is None else known[1]
        with self._lock:
            self._known[gateway.name] = (now, models)
        return models
