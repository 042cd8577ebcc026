"""Messages in another place or with more to say: in a modal, or followed by remarks."""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack.views import actions as act
from bot.slack.views.base import Message, View, clip, message, modal, section, sentence


def message_modal(title: str, said: Message) -> View:
    """The message's own blocks, buttons and all, under a title of at most 24 characters."""
    return modal(act.NOTICE_MODAL, clip(title, 24), said.blocks)


def with_remarks(said: Message | None, remarks: Sequence[str]) -> Message:
    """The message, or none when nothing was changed, and then a line for each remark."""
    lines = [sentence(remark) for remark in remarks]
    if said is None:
        text = "\n".join([*lines, "Nothing was changed."])
        return message(text, section(text))
    return Message("\n".join([said.text, *lines]), [*said.blocks, *(section(line) for line in lines)])
