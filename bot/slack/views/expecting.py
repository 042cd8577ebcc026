"""What is expected of a team and its projects: what `/ai-team expect` shows and answers."""

from __future__ import annotations

from bot.domain.expecting import Expecting, Standing
from bot.slack.views.base import REASON_CHARS, Message, clip, code, mention, message, reset_moment, stack

MEANS = (
    "Until then nobody is called when its keys spend more than usual, unless it is five times as far above as a spike "
    "is. Budgets, caps and leaks are watched as always."
)
HOW = "Owners say so with `/ai-team expect project reranker until 15 December launch week`, or `expect team until ...`."


def shown(facts: Expecting) -> Message:
    """All that is expected now."""
    if not facts.standing:
        return message(f"No more than usual is expected of team {code(facts.team.name)} and its projects. {HOW}")
    lines = [f"• {_line(one)}" for one in facts.standing]
    end = "`/ai-team expect end project NAME`, or `expect end team`, ends it."
    return message(stack([f"*More is expected in team {code(facts.team.name)}*", *lines, end]))


def expected(facts: Expecting) -> Message:
    """It is expected from now on."""
    assert facts.changed is not None
    return message(f"More is expected of {_line(facts.changed)}. {MEANS}")


def ended(facts: Expecting) -> Message:
    """It is not any more."""
    assert facts.changed is not None
    return message(f"No more than usual is expected of {_of(facts.changed)} from now on: a spike calls people again.")


def _line(one: Standing) -> str:
    ends = reset_moment(one.expected.ends_at)
    return (
        f"{_of(one)} until {ends} (said by {mention(one.expected.set_by)}): {clip(one.expected.reason, REASON_CHARS)}"
    )


def _of(one: Standing) -> str:
    return f"{one.expected.layer} {code(one.name)}"
