"""A review of a team's keys: its one message, written anew as it goes on, and every key in its thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.domain.confirming import (
    PAGE_KEYS,
    Answer,
    Asked,
    Entry,
    Place,
    ReviewFacts,
    ReviewNotice,
    ReviewState,
    Standing,
    pages,
)
from bot.domain.facts import KeyFacts
from bot.domain.keys import KeyState
from bot.domain.money import show
from bot.slack.views import actions as act
from bot.slack.views import phrases as say
from bot.slack.views.base import (
    Block,
    Message,
    actions,
    button,
    clip,
    code,
    confirm,
    context,
    divider,
    fit,
    join,
    mention,
    mentions,
    message,
    moment,
    section,
    stack,
)
from bot.slack.views.confirming import answer_line, disable_button
from bot.slack.views.figures import counted, day
from bot.slack.views.limits import as_of

LISTED = 30
CALLED = 10
_LINE_CHARS = 2500


def review(notice: ReviewNotice, now: datetime) -> Message:
    """One message of a review, as it stands at this moment."""
    return _PLACES[notice.place](notice, now)


# --- the one message ---


def _message(notice: ReviewNotice, _now: datetime) -> Message:
    facts = notice.facts
    told = [_title(facts), standing(facts), *([_asks(facts)] if _is_open(facts) else [_ended(facts)])]
    by = f"Started by {mention(facts.review.started_by)} {moment(facts.review.started_at)}."
    return message(" ".join(told[:2]), section(stack(told)), context(by), actions(_call_off(facts)))


def _title(facts: ReviewFacts) -> str:
    whose = f"*Review of team {clip(facts.team.name, 80)}'s keys:* {counted(len(facts.keys), 'key')}"
    if _is_open(facts):
        return f"{whose}, until {moment(facts.review.due_at)}."
    if facts.called_off_by is not None:
        return f"{whose}. Called off by {mention(facts.called_off_by)}."
    return f"{whose}. It is over."


def standing(facts: ReviewFacts) -> str:
    """`5 of 12 answered: 4 kept, 1 turned off. 7 wait.`"""
    waiting = len(facts.answered(None))
    counts = [(len(facts.answered(answer)), words) for answer, words in _COUNTED.items()]
    said = join([f"{count} {words.format(them=_them(count))}" for count, words in counts if count])
    done = len(facts.keys) - waiting
    head = f"{done} of {len(facts.keys)} answered{f': {said}' if said else ''}."
    return f"{head} {waiting} {'waits' if waiting == 1 else 'wait'}." if waiting else head


_COUNTED = {
    Answer.KEPT: "kept",
    Answer.OFF: "turned off by people",
    Answer.SILENT: "turned off as nobody confirmed {them}",
    Answer.MOOT: "no longer in question",
}


def _asks(facts: ReviewFacts) -> str:
    return (
        f"{mentions(facts.owner_ids, CALLED)}: press *Keep* or *Disable now* for each key in the thread. Nobody "
        "confirms a key of their own while another owner could. What nobody confirms in time is turned off; before "
        "that, owners and holders are told."
    )


def _ended(facts: ReviewFacts) -> str:
    silent = facts.answered(Answer.SILENT)
    if not silent:
        return "Nothing was turned off for want of an answer."
    unproven = sum(one.state is KeyState.DISABLING for one in silent)
    proven = sum(one.state is KeyState.DISABLED for one in silent)
    restored = len(silent) - unproven - proven
    which = "the key" if len(silent) == 1 else f"{proven} of {len(silent)} keys"
    said = [
        f"The gateway's record says off for {which} that nobody confirmed." if proven else "",
        _unproven(unproven) if unproven else "",
        f"Restored since: {restored}." if restored else "",
        f"The thread has which {'it is' if len(silent) == 1 else 'they are'}.",
    ]
    return " ".join(filter(None, said))


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _unproven(count: int) -> str:
    return f"*NOT confirmed off yet:* {count}. Purser keeps trying and calls an owner if it can't."


def _call_off(facts: ReviewFacts) -> Block | None:
    if not _is_open(facts):
        return None
    sure = confirm("Call this review off?", "What was confirmed stands. No key is turned off for it.", "Call off")
    return button("Call off", act.CALL_OFF_REVIEW, facts.review.id, confirm=sure)


def _is_open(facts: ReviewFacts) -> bool:
    return facts.review.state is ReviewState.OPEN


# --- the keys, in the thread ---


def _page(notice: ReviewNotice, _now: datetime) -> Message:
    facts, first = notice.facts, notice.page * PAGE_KEYS + 1
    last = first + len(notice.entries) - 1
    named = f"Key {first}" if first == last else f"Keys {first} to {last}"
    title = f"*{named} of {len(facts.keys)}*, oldest first (page {notice.page + 1} of {pages(facts.keys)})"
    blocks: list[Block] = []
    for entry in notice.entries:
        blocks += [section(_entry(entry, facts.review.started_at)), *_entry_end(facts, entry)]
    return message(title, section(title), blocks)


def _entry(entry: Entry, started_at: datetime) -> str:
    key = entry.key.key
    lead = f" · led by {mention(key.lead_id)}" if key.lead_id and key.lead_id != key.holder_id else ""
    project = f" · project {clip(entry.key.project_name, 40)}" if entry.key.project_name else ""
    cap = say.cap(key.cap_micros, key.kind, key.daily_cap_micros)
    head = f"*{code(key.label)}* of {mention(key.holder_id)}{lead} · {key.kind}{project} · {cap}"
    age = (started_at - (key.revealed_at or key.created_at)).days
    facts = [_month(entry), _used(entry), f"{counted(age, 'day')} old" if age > 0 else "new today"]
    return fit(f"{head}\n{' · '.join(facts)}", _LINE_CHARS)


def _month(entry: Entry) -> str:
    if entry.month_micros is None:
        return "this month's spend not read yet"
    return f"{show(entry.month_micros)} this month ({as_of(entry.key.read_at, 'not read again since')})"


def _used(entry: Entry) -> str:
    if entry.last_used is not None:
        return f"last used {day(entry.last_used, year=True)}"
    return "never used" if entry.use_known else "use not known"


def _entry_end(facts: ReviewFacts, entry: Entry) -> list[Block]:
    one = Asked(entry.key, entry.question, entry.last_used)
    if entry.question.answer is not None:
        return context(_answer(entry, one))
    if not _is_open(facts):
        return []
    stopped = (
        context("Stopped by a limit at this moment; it comes back by itself.") if say.is_stopped(one.key.key) else []
    )
    keep = button("Keep", act.KEEP_REVIEWED, entry.question.id)
    return [*stopped, *actions(keep, disable_button(one, act.DISABLE_REVIEWED, entry.question.id))]


def _answer(entry: Entry, one: Asked) -> str:
    if entry.question.answer is Answer.MOOT and entry.key.key.state is KeyState.LIVE:
        return "Not confirmed, and not turned off: the review was called off, or it waits to be taken over."
    return answer_line(entry.question, one)


# --- before the end, and after it ---


def _notice(notice: ReviewNotice, _now: datetime) -> Message:
    facts = notice.facts
    waiting = facts.answered(None)
    if not _is_open(facts):
        said = "The review has ended, so this asks nothing of anybody any more."
        return message(said)
    if not waiting:
        return message("All keys are answered for by now.")
    are = "key is" if len(waiting) == 1 else "keys are"
    title = (
        f"*{len(waiting)} {are} turned off {moment(facts.review.due_at)}* unless an owner confirms "
        f"{_them(len(waiting))}: {mentions(facts.owner_ids, CALLED)}."
    )
    return message(title, section(stack([title, _listed(waiting)])), context("Their holders have been told as well."))


def _summary(notice: ReviewNotice, _now: datetime) -> Message:
    facts = notice.facts
    told = [
        "*The review is over.*" if facts.called_off_by is None else f"*Called off by {_by(facts)}.*",
        standing(facts),
    ]
    silent = facts.answered(Answer.SILENT)
    blocks: list[Block] = [section(stack(told))]
    if silent:
        how = "An owner can turn one on again: *Restore*, in the thread of its card."
        blocks += [
            divider(),
            section(stack([f"Turned off, as nobody confirmed {_them(len(silent))}:", _listed(silent)])),
            *context(how),
        ]
    return message(" ".join(told), blocks)


def _by(facts: ReviewFacts) -> str:
    return mention(facts.called_off_by or "")


def _listed(some: Sequence[Standing]) -> str:
    lines = [f"• {code(one.label)} of {mention(one.holder_id)}{_proof(one)}" for one in some[:LISTED]]
    more = len(some) - LISTED
    return stack([*lines, f"…and {more} more" if more > 0 else ""], 2800)


def _proof(one: Standing) -> str:
    if one.question.answer is not Answer.SILENT:
        return ""
    match one.state:
        case KeyState.DISABLED:
            return ": recorded off"
        case KeyState.DISABLING:
            return ": *NOT confirmed off yet*"
        case _:
            return ": restored since"


_PLACES: Mapping[Place, Callable[[ReviewNotice, datetime], Message]] = {
    Place.MESSAGE: _message,
    Place.PAGE: _page,
    Place.NOTICE: _notice,
    Place.SUMMARY: _summary,
}


# --- answers that one person reads ---


def begun(facts: ReviewFacts, *, is_new: bool, may_end: bool = True) -> Message:
    """To who typed `/ai-team review`: that it began, or how the one stands that is open, with Call off if they may."""
    if is_new:
        return message(
            f"*The review has begun.* Its message comes to <#{facts.team.channel_id}>, with every key in its thread: "
            f"{counted(len(facts.keys), 'key')}, until {moment(facts.review.due_at)}."
        )
    place = "" if facts.review.ts is None else f" Its message stands in <#{facts.review.channel_id}>."
    told = stack([_title(facts), f"{standing(facts)}{place}"])
    return message(told, section(told), actions(_call_off(facts) if may_end else None))


def confirmed(facts: KeyFacts) -> Message:
    """To who pressed Keep in a review."""
    return message(f"*{code(facts.key.label)} is confirmed.* Purser does not call it old for 30 days.")


def answered_already(facts: KeyFacts, answer: Answer, by: str) -> Message:
    """To who pressed a button of a key that was answered for before."""
    label = code(facts.key.label)
    if answer is Answer.KEPT:
        return message(f"{label} was confirmed already, by {mention(by)}.")
    if facts.key.state is KeyState.LIVE:
        return message(f"{label} works, and the review does not ask about it any more.")
    return message(f"{label} was answered for already. {say.key_state(facts.key)}")


def called_off(facts: ReviewFacts) -> Message:
    """To who called a review off, or came when it was over."""
    return message(f"{_title(facts)} {standing(facts)}")
