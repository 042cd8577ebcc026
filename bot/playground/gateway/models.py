"""The models the fake gateway offers: what they answer and cost. A real test proxy has the same two.

Prices are floats in US dollars because LiteLLM's are: its rounding noise is part of what is imitated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_OVERHEAD_TOKENS = 7
_REPLY_TOKENS = 20


@dataclass(frozen=True, slots=True)
class Model:
    """A model that answers the same thing every time."""

    name: str
    upstream: str
    usd_per_prompt_token: float
    usd_per_completion_token: float
    reply: str
    most_tokens: int = 16_384


MODELS = (
    Model("mock-gpt", "openai/gpt-4o-mini", 1.5e-07, 6e-07, "hello from the mock model"),
    Model("mock-expensive", "openai/gpt-4o", 0.001, 0.001, "one two three four five six seven eight nine ten"),
)

MORE_MODELS = (
    *MODELS,
    Model("mock-large", "openai/gpt-4.1", 2e-06, 8e-06, "a longer hello from a larger mock model"),
    Model("mock-preview", "openai/mock-preview", 0.0, 0.0, "hello from a model that nobody has priced"),
)
"""What a playground offers. The last one is in no price list: LiteLLM meters its tokens and counts $0."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call used and cost, in US dollars."""

    prompt_tokens: int
    completion_tokens: int
    cost: float
    cached_tokens: int = 0
    """The part of the prompt that was read from a cache; it costs the same here."""


def usage_of(model: Model, messages: Iterable[object]) -> Usage:
    """Meter a call: about a token a word, and as many as LiteLLM's mock counts for its reply."""
    words = sum(len(_text(message).split()) for message in messages)
    prompt = _OVERHEAD_TOKENS + max(1, words)
    cost = prompt * model.usd_per_prompt_token + _REPLY_TOKENS * model.usd_per_completion_token
    return Usage(prompt, _REPLY_TOKENS, cost)


def _text(message: object) -> str:
    """The words of a chat message, whether a string or a list of parts."""
    content: Any = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")
