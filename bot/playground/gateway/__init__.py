"""A fake LiteLLM proxy over real HTTP on loopback: mints, meters, enforces, misbehaves on request.

It answers as LiteLLM 1.106 was recorded to answer, quirks included, and knows nothing of Purser.
"""

from __future__ import annotations

from bot.playground.gateway.faults import Fault, FaultKind, Visit
from bot.playground.gateway.habits import Habits
from bot.playground.gateway.keys import StoredKey
from bot.playground.gateway.models import MODELS, Model
from bot.playground.gateway.server import FakeGateway

__all__ = ["MODELS", "FakeGateway", "Fault", "FaultKind", "Habits", "Model", "StoredKey", "Visit"]
