"""Keys that nobody seems to need any more, or that are past their time, each with what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.digests import Age, OldKey
from bot.slack.views import actions as act
from bot.slack.views.base import NAME_CHARS, Block, actions, button, clip, code, confirm, mention, section
from bot.slack.views.figures import counted, day


def old_key_blocks(old: OldKey) -> list[Block]:
    """The key with why it is called old, and the two things to do: turn it off, or say that it is needed."""
    what = f"{clip(old.label, NAME_CHARS)} stops working at once, for everything that uses it."
    asked = confirm("Turn this key off?", f"{what} Only an owner can restore it.", "Disable now") | {"style": "danger"}
    return [
        section(old_key_line(old)),
        *actions(
            button("Disable now", act.DISABLE_NOW, old.key_id, "danger", asked),
            button("Keep", act.KEEP, old.key_id),
        ),
    ]


def old_key_line(old: OldKey) -> str:
    """`ana-7kq2` of @ana, who has left the team: unused since 12 October 2026, and past its rotation."""
    left = ", who has left the team" if Age.NO_HOLDER in old.ages else ""
    return f"{code(old.label)} of {mention(old.holder_id)}{left}: {_why(old)}."


def _why(old: OldKey) -> str:
    since = day(old.since.date(), year=True)
    if Age.UNUSED in old.ages:
        late = ", and past its rotation" if Age.PAST_ROTATION in old.ages else ""
        return f"unused since {since}{late}"
    if Age.NO_HOLDER in old.ages:
        late = "past its rotation, and " if Age.PAST_ROTATION in old.ages else ""
        return f"{late}no use was seen after {since}"
    return f"due for rotation since {since}"


def old_keys_count(old: Sequence[OldKey]) -> str:
    """`3 old keys`."""
    return counted(len(old), "old key")
