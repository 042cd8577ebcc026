"""Direct messages about keys: whether they are still needed, that they are off, that they should be replaced.

Each key's block carries the question's id, so that the message is drawn anew as a whole once somebody answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.domain.confirming import Answer, Asked, AskedNotice, Part, Question
from bot.domain.keys import PERSONAL_KINDS, KeyState
from bot.slack.views import actions as act
from bot.slack.views import phrases as say
from bot.slack.views.base import (
    NAME_CHARS,
    Block,
    Message,
    actions,
    button,
    clip,
    code,
    confirm,
    context,
    fit,
    mention,
    message,
    moment,
    section,
)
from bot.slack.views.figures import counted, day

_BLOCK = "keys"
_LINE_CHARS = 2500


def asked(notice: AskedNotice, now: datetime) -> Message:
    """One direct message about one or more keys."""
    title, end = _WORDS[notice.part](notice)
    blocks: list[Block] = []
    for one in notice.keys:
        named = one.question.id if one.question else one.key.key.id
        blocks.append(section(_line(notice, one)) | {"block_id": f"{_BLOCK}:{notice.part}:{named}"})
        blocks += _below(notice, one, now)
    names = ", ".join(code(one.key.key.label) for one in notice.keys[:5])
    return message(f"{title} {names}", section(title), blocks, context(end))


def asked_in(shown: Mapping[str, Any]) -> tuple[Part, tuple[str, ...]] | None:
    """What a message, as Slack tells it, is, and the ids of its questions; None when it is no such message."""
    named = [str(block.get("block_id") or "").split(":", 2) for block in shown.get("blocks") or []]
    ours = [name for name in named if name[0] == _BLOCK and len(name) == 3 and name[1] in set(Part)]
    return (Part(ours[0][1]), tuple(name[2] for name in ours)) if ours else None


# --- what the message says ---


def _asking(notice: AskedNotice) -> tuple[str, str]:
    many = len(notice.keys) != 1
    title = f"*Still needed?* Nobody seems to use {'these keys' if many else 'this key'} any more."
    return title, (
        f"What nobody answers for is turned off {_due(notice)}. Using a key answers as well. An owner can restore what "
        "is turned off."
    )


def _reminding(notice: AskedNotice) -> tuple[str, str]:
    waits = sum(one.question is not None and one.question.answer is None for one in notice.keys)
    if not waits:
        return f"*Thank you: {'it is' if len(notice.keys) == 1 else 'all are'} answered.*", ""
    title = f"*{counted(waits, 'key')} about to be turned off,* as nobody uses {'it' if waits == 1 else 'them'}."
    return title, "Keep what is still needed. Otherwise there is nothing to do. An owner can restore it later."


def _stopped(notice: AskedNotice) -> tuple[str, str]:
    keys = counted(len(notice.keys), "key")
    title = f"*{keys} turned off:* nobody had used {_them(notice)}, and nobody answered whether {_they(notice)} needed."
    unproven = sum(one.key.key.state is KeyState.DISABLING for one in notice.keys)
    return (
        f"{title} *NOT confirmed off yet:* {unproven}." if unproven else title,
        "Still needed? *Restore*, pressed by an owner of the team, turns a key on again.",
    )


def _noticed(notice: AskedNotice) -> tuple[str, str]:
    title = f"*{counted(len(notice.keys), 'key')} of yours may be turned off.* No owner of the team has confirmed "
    place = f" in <#{notice.channel_id}>" if notice.channel_id else ""
    return f"{title}{_them(notice)} yet.", (
        f"Owners review the team's keys{place}. What nobody confirms is turned off {_due(notice)}. Still needed? Tell "
        "an owner."
    )


def _rotation(notice: AskedNotice) -> tuple[str, str]:
    title = f"*Time for a new key.* {'These have' if len(notice.keys) != 1 else 'This one has'} been in use for long."
    return title, (
        "*Rotate* lets you reveal a new key on the same terms; both work while you change over. Nothing is turned off "
        "if you wait."
    )


def _due(notice: AskedNotice) -> str:
    due = [one.question.due_at for one in notice.keys if one.question is not None]
    return moment(min(due)) if due else "soon"


def _them(notice: AskedNotice) -> str:
    return "it" if len(notice.keys) == 1 else "them"


def _they(notice: AskedNotice) -> str:
    return "it is" if len(notice.keys) == 1 else "they are"


_WORDS: Mapping[Part, Callable[[AskedNotice], tuple[str, str]]] = {
    Part.ASKED: _asking,
    Part.REMINDED: _reminding,
    Part.STOPPED: _stopped,
    Part.NOTICED: _noticed,
    Part.ROTATION: _rotation,
}


# --- what it says of each key ---


def _line(notice: AskedNotice, one: Asked) -> str:
    key = one.key.key
    whose = "" if key.holder_id == notice.member_id else f" of {mention(key.holder_id)}"
    cap = say.cap(key.cap_micros, key.kind, key.daily_cap_micros)
    head = f"*{code(key.label)}*{whose} · {key.kind} · team {clip(one.key.team_name, 40)} · {cap}"
    return fit(f"{head}\n{_why(notice, one)}", _LINE_CHARS)


def _why(notice: AskedNotice, one: Asked) -> str:
    if notice.part is Part.STOPPED:
        return say.key_state(one.key.key)
    if notice.part is Part.ROTATION:
        return "" if one.due_at is None else f"Due for rotation since {day(one.due_at.date(), year=True)}."
    return f"{last_used(one)}{_off_then(one) if notice.part is Part.REMINDED else ''}"


def last_used(one: Asked) -> str:
    """When the key was used last."""
    if one.last_used is not None:
        return f"Last used {day(one.last_used, year=True)}."
    since = one.key.key.revealed_at
    return f"Never used since it was revealed{f' {day(since.date(), year=True)}' if since else ''}."


def _off_then(one: Asked) -> str:
    """When it goes off, while nobody has answered."""
    waits = one.question is not None and one.question.answer is None
    return f" Off {moment(one.question.due_at)} unless kept." if one.question and waits else ""


def _below(notice: AskedNotice, one: Asked, now: datetime) -> list[Block]:
    """The buttons that apply, or what was answered."""
    key = one.key.key
    match notice.part:
        case Part.STOPPED:
            return actions(say.restore_button(key, now))
        case Part.ROTATION:
            return actions(button("Rotate", act.ROTATE, key.id))
        case _ if one.question is not None and one.question.answer is not None:
            return context(answer_line(one.question, one))
    keep = None if notice.part is Part.NOTICED else button("Keep", act.KEEP_ASKED, key.id)
    return actions(keep, _end_button(notice, one))


def _end_button(notice: AskedNotice, one: Asked) -> Block | None:
    """Give back, for a key of one's own; Disable now, for one that others depend on."""
    key = one.key.key
    if key.state is not KeyState.LIVE:
        return None
    if key.kind in PERSONAL_KINDS and key.holder_id == notice.member_id:
        text = f"{clip(key.label, NAME_CHARS)} stops working at once. This can't be undone; you can ask for a new key."
        return button(
            "Give back", act.GIVE_BACK_ASKED, key.id, confirm=confirm("Give this key back?", text, "Give back")
        )
    return disable_button(one, act.DISABLE_ASKED, key.id)


def disable_button(one: Asked, action_id: str, value: str) -> Block:
    """Disable now, which asks first."""
    text = (
        f"{clip(one.key.key.label, NAME_CHARS)} stops working at once, for everything that uses it. Only an owner can "
        "restore it."
    )
    sure = confirm("Turn this key off?", text, "Disable now") | {"style": "danger"}
    return button("Disable now", action_id, value, "danger", sure)


def answer_line(question: Question, one: Asked) -> str:
    """What became of a question, as it stands now."""
    key = one.key.key
    if say.is_off(key) or key.state is KeyState.DISABLING:
        return say.key_state(key)
    by = question.answered_by or "purser"
    if question.answer is Answer.KEPT:
        return f"Kept by {mention(by)}."
    if question.answer is Answer.SILENT:
        return "It was turned off, as nobody answered, and works again since."
    return "There is nothing left to answer: it was used, or is asked about elsewhere."
