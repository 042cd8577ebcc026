"""What people read of sweeps: what one would do, why one stopped and asks, and how it ended."""

from __future__ import annotations

from bot.domain.offboarding import Trip
from bot.domain.sweeps import AGREEING, Impact, Listing, Moment, Preview, SweepFacts, SweepNotice, SweepState
from bot.slack.views import actions as act
from bot.slack.views.base import (
    Block,
    Message,
    actions,
    button,
    clip,
    confirm,
    join,
    mention,
    mentions,
    message,
    moment,
    section,
    stack,
)

LOOKING = "Looking through everybody in Slack. In a large workspace this takes a few minutes; the result follows here."
_WHY = {
    Trip.WORKSPACE: "Slack listed people under another workspace, so the list says nothing about this one.",
    Trip.SHORT: "The list came back short: people whom Purser knows are neither in it nor found by their id.",
    Trip.PEOPLE: "It would off-board more than {percent} % of all people.",
    Trip.KEYS: "It would touch more than {percent} % of all keys.",
}
_STATE = {
    SweepState.READING: "is still reading",
    SweepState.ACTING: "is at work",
    SweepState.PAUSED: "waits for two owners",
    SweepState.DONE: "was done",
    SweepState.CALLED_OFF: "was called off",
    SweepState.REPLACED: "gave way to a newer one, as nobody had decided",
    SweepState.FAILED: "was given up",
}


def looking() -> Message:
    """At once, while everybody is looked through."""
    return message(LOOKING)


# --- /ai-team sweep ---


def preview(found: Preview) -> Message:
    """What a sweep would do now, how the last one ended, and what waits for owners."""
    lines = preview_lines(found)
    blocks = [section(stack(lines))]
    if found.pending is None:
        return message("\n".join(lines), blocks)
    waits = _waits(found.pending)
    buttons = _buttons(found.pending) if found.may_decide else []
    return message("\n".join([*lines, waits]), blocks, section(waits), buttons)


def preview_lines(found: Preview) -> list[str]:
    """The same as lines, without what waits."""
    reach = found.impact.reach
    lines = [
        "*What a sweep would do now.* Looking changed nothing.",
        f"• Slack lists {_count(found.listed, 'person', 'people')}; Purser knows {reach.people} of its own as present.",
        f"• {_gone(found.impact)}",
        *_others(found.impact),
        f"• {_verdict(found)}",
    ]
    if not found.is_on:
        lines.append("Daily sweeps are switched off in the policy (`sweeps`), so nothing of this happens by itself.")
    elif found.last is None:
        lines.append("No sweep has ended here yet.")
    return [*lines, *([_last(found.last)] if found.last else [])]


def _verdict(found: Preview) -> str:
    if found.trip is None:
        share = f"{found.fuse_percent} %"
        return f"It would go on by itself: it stays within {share} of people and of keys, and the list is whole."
    return f"*It would stop and ask two owners.* {_why(found.trip, found.fuse_percent)}"


def _last(last: SweepFacts) -> str:
    ended = last.sweep.finished_at or last.sweep.started_at
    said = f"The last sweep {_STATE[last.sweep.state]} {moment(ended)}"
    if last.sweep.state is SweepState.DONE:
        return f"{said}: {_done(last)}"
    why = f": {clip(last.sweep.why, 300)}" if last.sweep.state is SweepState.FAILED and last.sweep.why else ""
    return f"{said}{why}."


def ended(told: SweepFacts) -> str:
    """How a sweep ended, as one sentence."""
    if told.sweep.state is SweepState.DONE:
        return f"The sweep is done: {_done(told)}"
    return f"The sweep {_STATE[told.sweep.state]}{f': {clip(told.sweep.why, 300)}' if told.sweep.why else ''}."


# --- to owners ---


def direct(notice: SweepNotice) -> Message:
    """To one owner: a sweep stopped, somebody decided about it, it ended, or none came to its end."""
    told, by = notice.facts, mention(notice.actor_id or "")
    match notice.moment:
        case Moment.PAUSED:
            return stopped(told)
        case Moment.AGREED:
            return decided(told) if told.sweep.state is SweepState.PAUSED else message(_goes_on(told, by))
        case Moment.CALLED_OFF:
            return message(f"*{by} called the sweep off* that had stopped and asked. Nothing it found was changed.")
        case Moment.DONE:
            return message(f"*The sweep is done:* {_done(told)}")
        case Moment.REPLACED:
            text = "Nobody decided about the sweep that had stopped and asked, so a newer one has taken its place."
            return message(f"*{text}* Its buttons do nothing any more; should the new one stop as well, it asks anew.")
        case Moment.LATE:
            return message(_late(told))


def stopped(told: SweepFacts) -> Message:
    """A sweep stopped: why, what it found, and what can be done."""
    return _asking("*A sweep stopped and asks you before it turns anything off.*", told)


def decided(told: SweepFacts) -> Message:
    """What stands in the place of the buttons once somebody has decided, and what the others read."""
    agreed = mentions(told.sweep.agreed)
    match told.sweep.state:
        case SweepState.PAUSED:
            return _asking(f"*{agreed} agreed to the sweep that stopped; one more owner has to.*", told)
        case SweepState.CALLED_OFF:
            return message("*The sweep was called off.* Nothing it found was changed.")
        case _:
            return message(_goes_on(told, agreed))


def _asking(opening: str, told: SweepFacts) -> Message:
    lines = [opening, *_found(told), _asked(told)]
    return message("\n".join(lines), section(stack(lines)), _buttons(told))


def _found(told: SweepFacts) -> list[str]:
    trip = told.sweep.trip
    where = "Slack's list of people" if told.sweep.listing is Listing.SLACK else "A list of leavers"
    return [
        f"• Why: {_why(trip, told.fuse_percent) if trip else 'it waits for owners.'}",
        f"• {where} was read {moment(told.sweep.started_at)}. People known here: {told.impact.reach.people}.",
        f"• {_gone(told.impact)}",
        *_others(told.impact),
    ]


def _asked(told: SweepFacts) -> str:
    few = len(told.asked_ids) < AGREEING
    if few:
        return (
            "Two different owners have to agree, and only one is here: name another in `PURSER_OWNERS`, or make one "
            "with `/ai-team owner @user`."
        )
    asked = f"Two different owners have to *Agree*; one can *Call off*. Asked: {mentions(told.asked_ids)}."
    if told.sweep.listing is Listing.FEED:
        return asked
    return (
        f"{asked} Before anybody is off-boarded, Slack is asked about them again, and who is here stays untouched. "
        "A newer sweep comes in a day."
    )


def _waits(told: SweepFacts) -> str:
    agreed = f" {mentions(told.sweep.agreed)} agreed already." if told.sweep.agreed else ""
    head = f"*A sweep of {moment(told.sweep.started_at)} waits for two owners.*{agreed}"
    return stack([head, *_found(told), _asked(told)])


def _goes_on(told: SweepFacts, who: str) -> str:
    count = _count(told.impact.reach.gone, "person", "people")
    return f"*Agreed by {who}: the sweep goes on.* It off-boards {count} within minutes, and you are told how it ended."


def _late(told: SweepFacts) -> str:
    why = f" What went wrong last: {clip(told.sweep.why, 300)}." if told.sweep.why and told.sweep.trip is None else ""
    return (
        f"*For more than a day no sweep has come to its end.*{why} Somebody who left unnoticed keeps their keys until "
        "one does. Purser keeps trying; `purser doctor` tells what Slack refuses."
    )


def _buttons(told: SweepFacts) -> list[Block]:
    people = _count(told.impact.reach.gone, "person", "people")
    sure = confirm("Agree to this sweep?", f"With a second owner's word, {people} are off-boarded.", "Agree")
    return actions(
        button("Agree", act.AGREE_SWEEP, told.sweep.id, "danger", sure),
        button("Call off", act.CALL_OFF_SWEEP, told.sweep.id),
    )


# --- words ---


def _why(trip: Trip, percent: int) -> str:
    return _WHY[trip].format(percent=percent)


def _gone(impact: Impact) -> str:
    reach = impact.reach
    if not reach.gone:
        return "Nobody whom Purser knows is gone."
    more = reach.gone - len(impact.gone)
    named = ", ".join(mention(one) for one in impact.gone) + (f" and {more} more" if more > 0 else "")
    keys = [
        *([f"{_count(impact.off, 'key', 'keys')} of their own would go off"] if impact.off else []),
        *([f"{_count(impact.handed, 'key', 'keys')} would wait for somebody to take over"] if impact.handed else []),
    ]
    of_all = f" ({impact.off + impact.handed} of {reach.keys} that work)" if keys else ""
    return f"Gone: {reach.gone} of {reach.people}: {named}. {join(keys) or 'They hold no key that works'}{of_all}."


def _others(impact: Impact) -> list[str]:
    reach = impact.reach
    return [
        *([f"• Missing: {reach.missing}. Slack knows nothing of them; they stay untouched."] if reach.missing else []),
        *([f"• Under another workspace: {reach.elsewhere}. They stay untouched."] if reach.elsewhere else []),
        *([f"• Back: {impact.back}. Nothing comes back by that: owners restore."] if impact.back else []),
    ]


def _done(told: SweepFacts) -> str:
    nobody = "nobody was off-boarded" if told.failed else "nobody had left"
    said = [f"{_count(told.done, 'person was', 'people were')} off-boarded" if told.done else nobody]
    if told.spared:
        said.append(f"{told.spared} here again and left alone")
    if told.failed:
        said.append(f"for {told.failed} it failed, which the next sweep tries again")
    return f"{'; '.join(said)}."


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
