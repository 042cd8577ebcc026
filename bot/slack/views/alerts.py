"""A limit at a threshold: what happened, what it means, what was stopped and how far that is proven, how to go on.

The message in a channel is written anew as proofs and returns come in. To one person the same is said directly.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.budgets import Budget, Layer
from bot.domain.facts import AlertFacts, KeyFacts
from bot.domain.guard import REACHED, stop_rank
from bot.domain.keys import KeyKind, KeyState
from bot.domain.money import show, show_beside
from bot.slack.views import actions as act
from bot.slack.views import limits
from bot.slack.views import phrases as say
from bot.slack.views.base import (
    Block,
    Message,
    actions,
    button,
    code,
    context,
    join,
    mention,
    mentions,
    message,
    moment,
    reset_moment,
    section,
    stack,
)

KEYS_SHOWN = 12
OTHERS_SHOWN = 3
ASKED_SHOWN = 10
_IN_CHANNEL = (Layer.TEAM, Layer.PROJECT)
_OF_ONE_KEY = (Layer.KEY, Layer.AUTOMATION)


def alert(facts: AlertFacts, now: datetime, *, own: bool = False) -> Message:
    """A limit at a threshold. `own` words it for the person whose own budget it is."""
    headline = _headline(facts, own=own)
    meaning = _meaning(facts, own=own)
    return message(
        f"{headline} {' '.join(meaning)}",
        section(stack([f"*{headline}*", *meaning, _stopped(facts), _now(facts)])),
        section(stack(_how_to_go_on(facts, now))),
        context(_bound(facts), _snoozed(facts, now)),
        [] if _is_over(facts, now) else actions(*_buttons(facts, now)),
    )


def stopped(keys: tuple[KeyFacts, ...], facts: AlertFacts | None) -> Message:
    """To a holder: these keys of theirs were stopped, why, and what brings them back."""
    names = _names(keys) or "a key"
    few = len(keys) < 2
    head = f"*Your key{'' if few else 's'} {names} {'was' if few else 'were'} stopped.*"
    why = f"{say.capital(limits.whole(facts.limit))} is used up: {_told(facts)}." if facts else ""
    back = limits.comes_back(keys[0].key.stop if keys else None)
    if not few:
        back = back.replace("It comes back by itself", "They come back by themselves").replace("It comes", "They come")
    lines = [f"{head} Calls with {'it' if few else 'them'} fail. {why}".rstrip(), back, *_proofs(keys)]
    lines.append("Needed sooner? Press *Raise* to ask for more of this limit; the owners decide.")
    press = button("Raise", act.RAISE, facts.id) if facts else (say.raise_button(keys[0].key) if keys else None)
    return message(lines[0], section(stack(lines)), actions(press))


def back(keys: tuple[KeyFacts, ...], note: str) -> Message:
    """To a holder: these keys, which a limit had stopped, work again."""
    names = _names(keys) or "A key of yours"
    few = len(keys) < 2
    why = f" {say.capital(note)}." if note.strip() else ""
    return message(
        f"*{names} {'works' if few else 'work'} again.*{why} Nothing has to be changed where "
        f"{'it is' if few else 'they are'} set up."
    )


def _names(keys: tuple[KeyFacts, ...]) -> str:
    shown = [code(one.key.label) for one in keys[:KEYS_SHOWN]]
    more = len(keys) - KEYS_SHOWN
    return join([*shown, f"{more} more"] if more > 0 else shown)


def _headline(facts: AlertFacts, *, own: bool) -> str:
    what = say.capital("your personal budget" if own else limits.whole(facts.limit))
    if facts.threshold >= REACHED:
        return f"{what} is used up: {_told(facts)}."
    return f"{what} has reached {facts.threshold} percent: {_told(facts)}."


def _told(facts: AlertFacts) -> str:
    """What was spent, of how much, when the threshold was passed."""
    spent = show_beside(facts.told_micros, facts.limit_micros)
    of = f"{show(facts.limit_micros)} {limits.per(facts.limit)}"
    return f"{spent} of {of} is spent ({limits.as_of(facts.at, '')})"


def _meaning(facts: AlertFacts, *, own: bool) -> list[str]:
    if facts.threshold < REACHED:
        left = show(max(0, facts.limit_micros - facts.told_micros))
        return [f"{left} of it is not spent yet. {_what_then(facts.limit, own=own)}"]
    over = facts.told_micros - facts.limit_micros
    past = f"That is {show(over)} past the limit." if over > 0 else "Nothing was spent past the limit."
    return [past] if facts.limit.hard else [f"{past} It is soft, so no key was stopped."]


def _what_then(limit: Budget, *, own: bool) -> str:
    if not limit.hard:
        return "It is soft: when it is used up, people are told, and no key is stopped."
    if limit.layer in _OF_ONE_KEY:
        return "When it is used up, the key is stopped."
    if limit.layer is Layer.MEMBER:
        return f"When it is used up, {'your' if own else 'their'} temporary and member keys are stopped."
    return "When it is used up, its keys are stopped, automation keys first."


def _stopped(facts: AlertFacts) -> str:
    if facts.threshold < REACHED or not facts.limit.hard:
        return ""
    again = f"{facts.back} {'key works' if facts.back == 1 else 'keys work'} again." if facts.back else ""
    if not facts.stopped:
        said = " ".join(filter(None, [again, _by_others(facts)]))
        return said or "No key is stopped by it: none under it is in use."
    one = len(facts.stopped) == 1
    head = f"*Stopped because of that:* {len(facts.stopped)} {'key' if one else 'keys'}. {again}".rstrip()
    return stack([head, *_proofs(facts.stopped), _by_others(facts)])


def _by_others(facts: AlertFacts) -> str:
    """Which other limits have stopped keys under this one, and what that means for a raise."""
    if not facts.others:
        return ""
    shown = [limits.whole(one) for one in facts.others[:OTHERS_SHOWN]]
    by = join([*shown, "others"] if len(facts.others) > OTHERS_SHOWN else shown)
    if facts.limit.layer in _OF_ONE_KEY:
        return f"The key is stopped already, by {by}. Both have to have room before it comes back."
    which = "More of its keys are stopped" if facts.stopped else "Its keys are stopped already"
    return f"{which}, by {by}. Those come back when that has room as well."


def _proofs(keys: tuple[KeyFacts, ...]) -> list[str]:
    in_order = sorted(keys, key=lambda one: stop_rank(one.key.kind))
    shown = [f"• {code(one.key.label)} ({_whose(one)}): {_proof(one)}{_own_cap(one)}" for one in in_order[:KEYS_SHOWN]]
    more = len(keys) - KEYS_SHOWN
    return [*shown, f"…and {more} more"] if more > 0 else shown


def _whose(facts: KeyFacts) -> str:
    key = facts.key
    if key.kind in (KeyKind.PROJECT, KeyKind.AUTOMATION) and key.lead_id:
        return f"{key.kind}, led by {mention(key.lead_id)}"
    return f"{key.kind}, held by {mention(key.holder_id)}"


def _proof(facts: KeyFacts) -> str:
    key = facts.key
    if key.state is not KeyState.DISABLED or key.proof is None:
        return "*NOT confirmed off yet*, Purser keeps trying"
    return say.proof_short(key.proof, key.proven_at)


def _own_cap(facts: KeyFacts) -> str:
    """That a key, stopped by a wider limit, has used up its own as well, so that it needs more of both."""
    key = facts.key
    if key.stop is None or key.stop.layer in _OF_ONE_KEY:
        return ""
    for spent, cap, what in (
        (facts.spent_micros, key.cap_micros, "cap"),
        (facts.today_micros, key.daily_cap_micros, "cap per day"),
    ):
        if spent is not None and cap is not None and spent >= cap:
            figures = f"{show_beside(spent, cap)} of {show(cap)}"
            return f". Its own {what} is used up as well ({figures}) and has to have room before it comes back"
    return ""


def _now(facts: AlertFacts) -> str:
    """How the limit stands now, where that is not what was told."""
    limit = facts.limit
    same = (limit.spent_micros, limit.budget_micros) == (facts.told_micros, facts.limit_micros)
    if same:
        return ""
    over = f", {show(limit.over_micros)} past the limit" if limit.over_micros else ""
    age = limits.as_of(limit.read_at, "not read yet")
    return f"*Now:* spent {limits.spent_of(limit)}{over} ({age}). {limits.raised(limit)}".rstrip()


def _how_to_go_on(facts: AlertFacts, now: datetime) -> list[str]:
    if _is_over(facts, now):
        return [say.capital(_over(facts, now))]
    in_channel = facts.limit.layer in _IN_CHANNEL
    who = f"{mentions(facts.asked_ids, most=ASKED_SHOWN)}: " if facts.asked_ids and in_channel else ""
    what = "the key" if facts.limit.layer in _OF_ONE_KEY else "one of the keys under it"
    quiet = "" if _is_snoozed(facts, now) else " *Snooze* keeps this limit's early warnings quiet for 24 hours."
    way_on = _way_on(facts)
    return [
        f"{who}{way_on}" if who else say.capital(way_on),
        f"*Disable now* turns off {what} and leaves it off.{quiet}",
    ]


def _is_over(facts: AlertFacts, now: datetime) -> bool:
    """Whether there is nothing to do any more: its period is over, or a used-up limit has room and stops no key."""
    return _has_ended(facts, now) or (
        facts.threshold >= REACHED and facts.limit.hard and not facts.limit.is_reached and not facts.stopped
    )


def _has_ended(facts: AlertFacts, now: datetime) -> bool:
    return facts.limit.resets_at is not None and facts.limit.resets_at <= now


def _over(facts: AlertFacts, now: datetime) -> str:
    if not _has_ended(facts, now):
        return "since then there is room again, so there is nothing to do."
    back = " Its keys come back by themselves." if facts.stopped else ""
    return f"that {limits.per(facts.limit).removeprefix('a ')} is over.{back}"


def _way_on(facts: AlertFacts) -> str:
    limit = facts.limit
    if facts.threshold < REACHED or not limit.hard:
        return "press *Raise* to ask for more until a day."
    starts = reset_moment(limit.resets_at) if limit.resets_at else ""
    if not facts.stopped:
        again = f"it starts again on {starts}. " if starts else ""
        return f"{again}Press *Raise* to ask for more before that." if starts else "press *Raise* to ask for more."
    few = len(facts.stopped) == 1
    back = "the key comes back" if few else "the keys come back"
    by_itself = f" by {'itself' if few else 'themselves'} on {starts}, or" if starts else ""
    return f"{back}{by_itself} as soon as a raise is approved: press *Raise*."


def _bound(facts: AlertFacts) -> str:
    return (
        f"Spend is looked at every {limits.every(facts.polled_seconds or 60)}, "
        "so a limit can be passed by what is spent in that time, and while the gateway acts on it."
    )


def _is_snoozed(facts: AlertFacts, now: datetime) -> bool:
    return facts.snoozed_until is not None and facts.snoozed_until > now


def _snoozed(facts: AlertFacts, now: datetime) -> str:
    if not _is_snoozed(facts, now) or facts.snoozed_until is None:
        return ""
    by = f" by {mention(facts.snoozed_by)}" if facts.snoozed_by else ""
    return f"Snoozed{by} until {moment(facts.snoozed_until)}: until then only reaching the limit is told."


def _buttons(facts: AlertFacts, now: datetime) -> list[Block | None]:
    return [
        button("Raise", act.RAISE, facts.id, "primary"),
        button("Disable now", act.DISABLE_UNDER, facts.id, "danger"),
        None if _is_snoozed(facts, now) else button("Snooze", act.SNOOZE, facts.id),
    ]
