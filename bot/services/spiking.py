"""Spikes: looks at what was just spent, and opens an incident about the one key that is abnormal."""

from __future__ import annotations

from bot.services.context import Purser


def watch_spikes(purser: Purser) -> None:
    """Look at what every key has spent lately, once per poll."""
    del purser
