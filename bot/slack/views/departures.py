"""The one message about somebody who left, written anew as it goes on, what follows in its thread, and the answers.

It says who left, what is off and how far that is proven, what waits for whom and until when, who leads what now, and
what was closed. It mentions those who are asked, and nobody else who has nothing to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.groups import is_going_off
from bot.domain.keys import KeyState
from bot.domain.leaving_facts import DepartureFacts, DepartureNotice, LeavingPart, LeftKeyFacts, Ref
from bot.domain.offboarding import DepartureState, Outcome, Source, Was
from bot.domain.people import Role
from bot.domain.periods import show_duration
from bot.slack.views import actions as act
from bot.slack.views import departure_words as words
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
    mention,
    mentions,
    message,
    moment,
    section,
    sentence,
    stack,
)
from bot.slack.views.figures import counted

ROWS = 15
"""Keys with a row of their own; of more, the rest is named, and the buttons below take all of them."""
CALLED = 5
NOTE_CHARS = 300
WHY_CHARS = 400


def departure(notice: DepartureNotice, now: datetime) -> Message:
    """A team's message about a departure, as it stands at this moment."""
    facts = notice.facts
    title, why = f"*{_title(facts)}*", sentence(notice.why, WHY_CHARS)
    waits = _waits(facts)
    return message(
        " ".join(filter(None, [why, title, waits or _off(facts) or _settled(facts, now) or _role(facts)])),
        section(stack([why, title, _known(facts), _back(facts)])),
        _if_said(_off(facts)),
        _waiting(facts, waits),
        _if_said(_settled(facts, now)),
        _stopped(facts),
        _if_said(stack([_projects(facts), _closed(facts), _role(facts)])),
        context(_small_print(facts)),
        actions(_restore(facts)),
    )


def step(notice: DepartureNotice, _now: datetime) -> Message:
    """What is written in its thread: reminders, and that something was stopped."""
    facts = notice.facts
    if notice.part is LeavingPart.STOPPED:
        return message(_was_stopped(facts, notice.key_ids))
    return message(_reminder(facts, is_last=notice.part is LeavingPart.LAST_REMINDER))


def direct(notice: DepartureNotice, now: datetime) -> Message:
    """The same to one person, where the channel does not take it."""
    if notice.part is LeavingPart.MESSAGE:
        return departure(notice, now)
    told = step(notice, now)
    return message(told.text, section(stack([sentence(notice.why, WHY_CHARS)])) if notice.why else [], told.blocks)


# --- who left, and how that is known ---


def _title(facts: DepartureFacts) -> str:
    who = f"{clip(facts.name, 80)} ({mention(facts.departure.member_id)})" if facts.name.strip() else ""
    return f"{who or mention(facts.departure.member_id)} left."


def _known(facts: DepartureFacts) -> str:
    told = facts.departure
    at = moment(told.noticed_at)
    when = f": gone since {told.left_at:%-d %B %Y}" if told.left_at else ""
    note = f" {say.quoted(told.note, NOTE_CHARS)}" if told.note.strip() else ""
    match told.source:
        case Source.EVENT:
            return f"Slack said so {at}: the account is deactivated."
        case Source.SWEEP:
            return f"Noticed {at}, when Purser looked through everybody in Slack: the account is deactivated."
        case Source.FEED:
            by = f" from {mention(told.noticed_by)}" if told.noticed_by.startswith(("U", "W")) else ""
            return f"A list of leavers{by} said so {at}{when}.{note}"


def _back(facts: DepartureFacts) -> str:
    told = facts.departure
    if told.state is DepartureState.OPEN:
        return ""
    at = f" {moment(told.ended_at)}" if told.ended_at else ""
    if told.state is DepartureState.UNDONE and facts.left.restored_at is not None:
        by = f" by {mention(facts.left.restored_by)}" if facts.left.restored_by else ""
        return f"*That was wrong, and was undone{by}* {moment(facts.left.restored_at)}."
    if told.state is DepartureState.UNDONE:
        return f"That was undone{at} elsewhere; an owner of this team can restore what was theirs here."
    return f"*They are back in Slack*{at}. Nothing comes back by that; an owner can press *Restore*."


# --- keys ---


def _off(facts: DepartureFacts) -> str:
    """Their own keys, which went off at once, and how far that is proven."""
    theirs = [one.key.key for one in facts.keys if one.left.outcome is Outcome.OFF]
    back = [key for key in theirs if key.state in (KeyState.LIVE, KeyState.RESTORING)]
    off = [key for key in theirs if key not in back]
    done = "being turned off" if any(is_going_off(key) for key in off) else "turned off"
    lines = [f"*{counted(len(off), 'key')} of their own {words.are(off, done)}.* {words.proofs(off)}" if off else ""]
    if back:
        lines.append(f"Works again: {words.codes(back)}.")
    return stack(lines)


def _waits(facts: DepartureFacts) -> str:
    """What waits, who is asked, and what happens otherwise."""
    waiting = facts.waiting
    if not waiting:
        return ""
    one = len(waiting) == 1
    what = "1 key works on and waits" if one else f"{len(waiting)} keys work on and wait"
    asked = facts.asked_ids
    them = "it" if one else "them"
    who = (
        f"{mentions(asked, most=CALLED)}: please take {them} over, or turn {them} off."
        if asked
        else "Nobody can be asked: owners of the workspace in Purser name an owner here with `/ai-team owner @name`."
    )
    due = f" What nobody takes over by {moment(facts.left.due_at)} is stopped." if facts.left.due_at else ""
    return f"*{what} for somebody to answer for {them}.* {who}{due}"


def _waiting(facts: DepartureFacts, waits: str) -> list[Block]:
    waiting = facts.waiting
    if not waiting:
        return []
    several = len(waiting) > 1
    blocks: list[Block] = [section(waits)]
    for one in waiting[:ROWS]:
        row = button("Take over", act.TAKE_OVER, _ref(facts, one)) if several else None
        blocks.append(section(_row(one, facts), row))
    if more := waiting[ROWS:]:
        blocks.append(section(f"And {words.codes([one.key.key for one in more])}."))
    if several:
        blocks += context(f"The buttons below are for all {len(waiting)} at once. `/ai-disable LABEL` turns off one.")
    all_ = Ref(facts.departure.id, facts.team.id).id if several else _ref(facts, waiting[0])
    take = button("Take over", act.TAKE_OVER, all_, "primary")
    return blocks + actions(take, _disable_button(waiting, all_))


def _disable_button(waiting: Sequence[LeftKeyFacts], value: str) -> Block:
    what = clip(waiting[0].key.key.label, 80) if len(waiting) == 1 else f"All {len(waiting)} keys that wait"
    verb, it = ("stops", "it") if len(waiting) == 1 else ("stop", "them")
    text = f"{what} {verb} working at once, for everything that uses {it}. Only an owner can restore {it}."
    asked = confirm("Turn off what waits?", text, "Disable now") | {"style": "danger"}
    return button("Disable now", act.DISABLE_WAITING, value, "danger", asked)


def _row(one: LeftKeyFacts, facts: DepartureFacts) -> str:
    key = one.key.key
    parts = [str(key.kind)]
    if one.key.project_name:
        parts.append(f"project {code(one.key.project_name, 40)}")
    parts.append(_WAS[one.left.was])
    if len({asked.asked_ids for asked in facts.waiting}) > 1 and one.asked_ids:
        parts.append(f"asked: {mentions(one.asked_ids, most=2)}")
    stopped = " Stopped by a limit for now." if say.is_stopped(key) else ""
    return f"• {code(key.label)} · {' · '.join(parts)}\n{say.capital(say.spent(one.key))}.{stopped}"


_WAS = {Was.HOLDER: "they held it", Was.LEAD: "they led it", Was.BOTH: "they held and led it"}


def _settled(facts: DepartureFacts, now: datetime) -> str:
    """What became of keys that waited, but those that were stopped."""
    lines = []
    taken_over = [one for one in facts.keys if one.left.outcome is Outcome.TAKEN]
    for by in dict.fromkeys(one.left.by for one in taken_over):
        some = [one for one in taken_over if one.left.by == by]
        when = max((one.left.at for one in some if one.left.at is not None), default=now)
        lines.append(f"{mention(by or '')} took over {words.codes([one.key.key for one in some])} ({moment(when)}).")
    ended = [one.key.key for one in facts.keys if one.left.outcome is Outcome.ENDED]
    for key in ended[: words.NAMED]:
        works = key.state in (KeyState.LIVE, KeyState.RESTORING)
        lines.append(f"{code(key.label)} waits no more. {'' if works else say.key_state(key)}")
    return stack([*lines, f"…and {len(ended) - words.NAMED} more" if len(ended) > words.NAMED else ""])


def _stopped(facts: DepartureFacts) -> list[Block]:
    """What nobody took over in time: off, with its proof, and who can still take it."""
    stopped = [one for one in facts.keys if one.left.outcome is Outcome.STOPPED]
    if not stopped:
        return []
    off = [one for one in stopped if one.key.key.state not in (KeyState.LIVE, KeyState.RESTORING)]
    span = show_duration(facts.take_over_seconds)
    lead = f"*Stopped, as nobody took over within {span}:* {words.proofs([one.key.key for one in off])}" if off else ""
    again = [one.key.key for one in stopped if one not in off]
    blocks = _if_said(stack([lead, f"Works again: {words.codes(again)}." if again else ""]))
    for one in [one for one in stopped if one.can_be_taken][:ROWS]:
        text = f"• {code(one.key.key.label)} · still wanted? Take it over, then an owner restores it on its card."
        blocks.append(section(text, button("Take over", act.TAKE_OVER, _ref(facts, one))))
    return blocks


def _was_stopped(facts: DepartureFacts, key_ids: Sequence[str]) -> str:
    some = [one for one in facts.keys if not key_ids or one.left.key_id in key_ids]
    keys = [one.key.key for one in some]
    asked = tuple(dict.fromkeys(person for one in some for person in one.asked_ids))
    who = f"{mentions(asked, most=CALLED)}: " if asked else ""
    going = any(is_going_off(key) for key in keys)
    state = (
        "is being stopped" if going and len(keys) == 1 else "are being stopped" if going else words.are(keys, "stopped")
    )
    return (
        f"{who}{words.codes(keys)} {state}: nobody took over within {show_duration(facts.take_over_seconds)} after "
        f"{words.name(facts)} left. Still wanted? Press *Take over* above; then an owner can restore what is off."
    )


def _reminder(facts: DepartureFacts, *, is_last: bool) -> str:
    waiting = [one.key.key for one in facts.waiting]
    if not waiting:
        return f"Nothing of what {words.name(facts)} left behind waits any more."
    who = f"{mentions(facts.asked_ids, most=CALLED)}: " if facts.asked_ids else ""
    due = f" {moment(facts.left.due_at)}" if facts.left.due_at else ""
    wait, stops = ("waits", "it is stopped") if len(waiting) == 1 else ("wait", "they are stopped")
    return (
        f"{'*Last reminder.* ' if is_last else ''}{who}{words.codes(waiting)} still {wait} for somebody since "
        f"{words.name(facts)} left. Press *Take over* or *Disable now* above; otherwise {stops}{due}."
    )


# --- the rest ---


def _projects(facts: DepartureFacts) -> str:
    said = []
    for one in facts.projects:
        lead = one.project.lead_id
        name = code(one.project.name, 60)
        if lead == facts.departure.member_id:
            said.append(f"{name} has no lead who is here")
        else:
            said.append(f"{name} is led by {mention(lead)} now")
    return (
        f"*Projects they led:* {', '.join(said[: words.NAMED])}. Another lead: `/ai-team lead NAME @name`."
        if said
        else ""
    )


def _closed(facts: DepartureFacts) -> str:
    count = len(facts.closed)
    return f"*Closed:* {counted(count, 'request')} of theirs that nobody has to decide about any more." if count else ""


def _role(facts: DepartureFacts) -> str:
    if facts.left.role is not Role.OWNER or facts.left.restored_at is not None:
        return ""
    if facts.team.owner_ids:
        return f"They owned team {code(facts.team.name)}. Its other owners decide from now on."
    return (
        f"They were the last owner of team {code(facts.team.name)}. Owners of the workspace in Purser decide until "
        "there is one again: `/ai-team owner @name`."
    )


def _small_print(facts: DepartureFacts) -> str:
    if facts.waiting:
        return "Who takes a key over does not see its secret; `/ai-key rotate LABEL` gives them a new one."
    return ""


def _restore(facts: DepartureFacts) -> Block | None:
    return restore_button(facts.departure.id) if facts.can_be_undone else None


def restore_button(departure_id: str) -> Block:
    """Restore, which asks once."""
    text = (
        "What this took away in teams that you own comes back: the role, leads, and keys as far as budgets allow. "
        "What somebody took over stays theirs."
    )
    asked = confirm("Was it wrong that they left?", text, "Restore")
    return button("Restore", act.RESTORE_LEFT, departure_id, confirm=asked)


def _ref(facts: DepartureFacts, one: LeftKeyFacts) -> str:
    return Ref(facts.departure.id, facts.team.id, one.left.key_id).id


def _if_said(text: str) -> list[Block]:
    return [section(text)] if text else []
