"""What a barrier says to the person who met it."""

from __future__ import annotations

from bot.domain.people import BARRIER_TEXT, Barrier
from bot.domain.requests import Because, Refused


def refused_by(barrier: Barrier) -> Refused:
    """The refusal that a barrier stands for."""
    return Refused(Because.NOT_ALLOWED, BARRIER_TEXT[barrier])
