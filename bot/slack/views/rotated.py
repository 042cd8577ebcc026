"""What people read about keys that replace each other, and about caps that were lower for a time."""

from __future__ import annotations

from bot.domain.facts import KeyFacts, RequestFacts
from bot.domain.keys import KeyState
from bot.slack.views import phrases as say
from bot.slack.views import rotation
from bot.slack.views.base import Message, actions, code, message, moment, section, stack


def granted(facts: RequestFacts) -> Message:
    """To whoever holds a key that another is to take the place of."""
    old = f"{rotation.old_label(facts)} {rotation.overlap(facts)}."
    said = stack(
        [
            f"*You can have {say.ask(facts)}.* {say.approved_by(facts)}",
            "Press *Reveal key* when you are ready. The new key is made at that moment and shown once, only to you.",
            f"{old} {rotation.shared(facts)}".rstrip(),
            f"Not revealed by {moment(facts.request.deadline_at)}, it lapses, and nothing changes.",
        ]
    )
    return message(said, section(said), actions(say.reveal_button(facts.request)))


def gone(facts: KeyFacts) -> str:
    """A key is off because another has taken its place."""
    key, by = facts.key, f" by {code(facts.replaced_by)}" if facts.replaced_by else ""
    proof = say.proof(key.proof, key.proven_at) if key.state is KeyState.DISABLED else say.NOT_CONFIRMED
    return f"*{code(key.label)} is off*, as it was replaced{by}. {proof}"


def cut_ended(facts: KeyFacts) -> str:
    """The time for which a restored key had less to spend is over."""
    key = facts.key
    return (
        f"The time for which {code(key.label)} had less to spend is over: its cap is "
        f"{say.cap(key.cap_micros, key.kind, key.daily_cap_micros)} again. Nothing that was spent is reset."
    )
