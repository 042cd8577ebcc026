"""What people read about keys that Purser did not make: that there are some, that one is off, that one was adopted."""

from __future__ import annotations

from bot.domain.facts import Notice, Occasion, RequestFacts
from bot.slack.views import phrases as say
from bot.slack.views.base import NAME_CHARS, clip, code, join, mention, mentions, stack

_SHOWN = 10


def thread_line(facts: RequestFacts) -> str:
    """In the card's thread: what became of it, and what does not count."""
    return (
        f"Adopted by {mentions(say.approvers(facts.request))} as {say.label(facts)}, with its secret as it was. What "
        "it had spent before counts neither in budgets nor against its cap."
    )


def told(notice: Notice, facts: RequestFacts) -> str:
    """To who holds it from now on, and to who leads it."""
    request = facts.request
    who = mention(notice.actor_id) if notice.actor_id else "An owner"
    lead = f", {mention(request.lead_id)} answers for it" if request.lead_id else ""
    until = f" It works {say.ends(facts.key.key)}." if facts.key else ""
    off = f"`/ai-disable {clip(facts.key.key.label, NAME_CHARS)}` turns it off at once." if facts.key else ""
    opening = (
        f"*{who} adopted a key that was at {code(facts.gateway.name)} already*, {code(notice.note)}: it is "
        f"{say.label(facts)} now, {say.ask(facts)} of team {code(facts.team.name)}."
    )
    stays = (
        "Nothing changes for what uses it: its secret stays the same, and Purser has never seen it. What it had "
        "spent before counts neither in budgets nor against its cap."
    )
    return stack(
        [
            opening,
            f"{mention(request.requester_id)} holds it{lead}.{until}",
            f"For: {say.quoted(request.reason)}" if request.reason.strip() else "",
            stays,
            f"Nobody you know? {off}" if off else "",
        ]
    )


def unknown_line(notice: Notice) -> str | None:
    """About keys that Purser did not make, to the workspace's owners; None for any other notice."""
    match notice.occasion:
        case Occasion.UNKNOWN_KEYS:
            return _found(notice)
        case Occasion.UNKNOWN_BACK:
            return _back(notice)
        case Occasion.UNKNOWN_OFF:
            return f"{_names(notice)} is *off at {code(notice.note)}*: its own record says so."
        case Occasion.UNKNOWN_UNPROVEN:
            return _unproven(notice)
        case _:
            return None


def _found(notice: Notice) -> str:
    one = len(notice.others) == 1
    what, them = ("a key", "it") if one else (f"{len(notice.others)} keys", "them")
    return (
        f"*The gateway{_where(notice)} holds {what} that Purser did not make:* {_names(notice)}.\n"
        f"Nothing was changed. `/ai-team inventory` lists {them}, with *Adopt* for what somebody answers for and "
        f"*Disable now* for what nobody knows. You are told once."
    )


def _back(notice: Notice) -> str:
    one = len(notice.others) == 1
    was, them = ("A key was turned off and works", "it") if one else ("Keys were turned off and work", "them")
    return (
        f"*{was} again at the gateway{_where(notice)}:* {_names(notice)}. Purser did not do that.\n"
        f"`/ai-team inventory` lists {them} again, with *Disable now*. Check who else administers the gateway."
    )


def _unproven(notice: Notice) -> str:
    name, gateway = (*notice.others, "", "")[:2]
    why = f" What went wrong: {say.quoted(notice.note)}." if notice.note.strip() else ""
    return (
        f"*{code(name)} is NOT confirmed off.* It may still work.{why}\n"
        f"*Do this now:* block or delete {code(name)} in the gateway {code(gateway)}. Purser keeps trying."
    )


def _names(notice: Notice) -> str:
    shown = [code(name) for name in notice.others[:_SHOWN]]
    if len(notice.others) > _SHOWN:
        shown.append(f"{len(notice.others) - _SHOWN} more")
    return join(shown)


def _where(notice: Notice) -> str:
    return f" {code(notice.note)}" if notice.note.strip() else ""
