"""How the fake gateway is set up, and how it may lie. Every lie is off by default; all may be changed while it runs.

Lies are in what it tells, or in what it lets through. What was really charged, it always knows (`really_spent`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Habits:
    """How this LiteLLM is set up; all may be changed while it runs."""

    flush_seconds: float = 0.0
    """How late spend is told, in key records and daily activity alike (LiteLLM: 10). Enforcement never waits for it."""
    reset_lag_seconds: float = 0.0
    """How long after its end a budget window starts again (LiteLLM: up to 605)."""
    block_lag_seconds: float = 0.0
    """How long a key used lately is accepted after /key/block, as by another worker's cache (up to 60)."""
    race_seconds: float = 0.0
    """How long a mint takes between checking for a taken alias and inserting."""
    chat_seconds: float = 0.0
    """How long a model takes to answer; meanwhile its estimated cost is reserved."""
    blocks_only_in_words: bool = False
    """Answer /key/block as usual, and leave the key as it is."""
    deletes_only_in_words: bool = False
    """Answer /key/delete as usual, and keep the key."""
    accepts_over_caps: bool = False
    """Let calls through whatever the caps of their key say, and charge them."""
    tells_percent: float = 100.0
    """How much of spend and calls is told: less than before restates downward, 100 again is the recovery."""
    counts_twice: bool = False
    """Count each call twice in what is told, in key records and daily activity, and charge it once."""
    is_down: bool = False
    """Answer 503 to everything until switched off."""
    daily_page_rows: int = 0
    """The most rows on a page of daily activity, whatever is asked for, so that a day takes several; 0 for as asked."""
    budget_status: int = 422
    """What being over budget is answered with: 400 in 2024, 429 until 2026."""
