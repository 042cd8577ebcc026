"""Which models gateways offer, asked now and then. Not knowing is an answer: an empty tuple."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime, timedelta

from bot.gateways.base import Gateway, GatewayError

FRESH_SECONDS = 300


class Catalog:
    """Remembers each gateway's models. A job refreshes it, so that nobody with a form to open has to wait."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._lock = threading.Lock()
        self._known: dict[str, tuple[datetime, tuple[str, ...]]] = {}

    def known(self, gateway: Gateway) -> tuple[str, ...]:
        """The model names the gateway last told, in its order; empty when it never did. Calls nobody."""
        with self._lock:
            _, models = self._known.get(gateway.name, (None, ()))
        return models

    def models(self, gateway: Gateway, now: datetime) -> tuple[str, ...]:
        """The gateway's model names, asked for when what is known is five minutes old."""
        with self._lock:
            at, models = self._known.get(gateway.name, (None, ()))
        if at is not None and now - at < timedelta(seconds=FRESH_SECONDS):
            return models
        return self.refresh(gateway, now)

    def refresh(self, gateway: Gateway, now: datetime) -> tuple[str, ...]:
        """Ask the gateway now; while it does not answer, what it last told stands."""
        models = self.known(gateway)
        with suppress(GatewayError):
            models = tuple(gateway.models())
        with self._lock:
            self._known[gateway.name] = (now, models)
        return models
