"""Words that the message about somebody who left and the answers to it share: labels, proofs, names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.domain.groups import proof_of
from bot.domain.keys import Key
from bot.domain.leaving_facts import DepartureFacts
from bot.slack.views import phrases as say
from bot.slack.views.base import clip, code, join, mention

NAMED = 20
"""Labels in one sentence."""


def proofs(keys: Sequence[Key]) -> str:
    """Keys by how far "off" is proven, what is not confirmed first."""
    open_ = [key for key in keys if proof_of(key) is None]
    lines = [f"{codes(open_)}: {say.NOT_CONFIRMED}"] if open_ else []
    for proof in dict.fromkeys(proof_of(key) for key in keys):
        some = [key for key in keys if proof is not None and proof_of(key) is proof]
        if some and proof is not None:
            lines.append(
                f"{codes(some)}: {say.proof_short(proof, max(filter(None, map(_proven, some)), default=None))}."
            )
    return " ".join(lines)


def _proven(key: Key) -> datetime | None:
    return key.proven_at


def name(facts: DepartureFacts) -> str:
    """What the leaver is called."""
    return clip(facts.name, 80) or mention(facts.departure.member_id)


def codes(keys: Iterable[Key]) -> str:
    """The labels of keys, as far as they fit a sentence."""
    return listed([key.label for key in keys])


def listed(labels: Sequence[str]) -> str:
    """`a`, `b` and 3 more."""
    shown = [code(label) for label in labels[:NAMED]]
    return join([*shown, f"{len(labels) - NAMED} more"] if len(labels) > NAMED else shown)


def noun(some: Sequence[object], one: str) -> str:
    """`team` or `teams`."""
    return one if len(some) == 1 else f"{one}s"


def are(keys: Sequence[Key], done: str = "") -> str:
    """`is stopped` or `are stopped`."""
    return f"{'is' if len(keys) == 1 else 'are'} {done}".strip()
