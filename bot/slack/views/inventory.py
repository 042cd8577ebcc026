"""The inventory as people read it: what there is, what deserves a look, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.inventory import (
    Adopted,
    Flag,
    GatewayEntry,
    Inventory,
    KeyEntry,
    TurnedOff,
    UnknownKey,
    why_not_adopted,
    why_not_disabled,
)
from bot.domain.keys import PERSONAL_KINDS, KeyState
from bot.domain.money import show
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
    join,
    mention,
    message,
    moment,
    section,
    stack,
)
from bot.slack.views.limits import as_of

_GATEWAYS = 4
_MODELS_CHARS = 300
FLAG_WORDS = {
    Flag.NO_HOLDER: "with a holder or lead who is not there any more",
    Flag.NO_LEAD: "without a lead",
    Flag.ALL_MODELS: "for every model",
    Flag.NO_END: "without an end",
    Flag.PAST_ROTATION: "past rotation",
    Flag.UNUSED: "unused for long",
    Flag.CAP_DIFFERS: "with a cap that the gateway does not have yet",
}
_FLAGS = {
    Flag.NO_HOLDER: "*nobody there*",
    Flag.NO_LEAD: "*no lead*",
    Flag.ALL_MODELS: "every model",
    Flag.NO_END: "no end",
    Flag.PAST_ROTATION: "past rotation",
    Flag.UNUSED: "unused",
    Flag.CAP_DIFFERS: "*cap not set yet*",
}
_STATES = {
    KeyState.LIVE: "on",
    KeyState.DISABLING: "being turned off",
    KeyState.DISABLED: "off",
    KeyState.RESTORING: "coming back",
}


def inventory(facts: Inventory) -> Message:
    """One page."""
    whose = f" of {'teams' if ',' in facts.of else 'team'} {clip(facts.of, 200)}" if facts.of else ""
    working = _keys(facts.working) if facts.working else "no keys"
    teams = "" if facts.of else f" in {facts.teams:,} {'team' if facts.teams == 1 else 'teams'}"
    head = f"*Inventory{whose}*: {working} in use{teams}. Budgets: {show(facts.budget_micros)} a month."
    page = f"Page {facts.page} of {facts.pages}." if facts.pages > 1 else ""
    return message(
        head,
        section(head),
        *(section(_gateway(one)) for one in facts.gateways[:_GATEWAYS]),
        context(_more(len(facts.gateways) - _GATEWAYS)),
        _worth(facts),
        _list("Oldest", facts.oldest),
        _list("Widest caps", facts.widest),
        _nobodys(facts.nobodys),
        _unknown(facts),
        context(page),
        actions(*_turning(facts)),
    )


def adopted(done: Adopted) -> Message:
    """What an owner reads who has adopted a key."""
    key = done.key
    said = (
        f"*{code(done.name)} is {code(key.label)} now*: {mention(key.holder_id)} holds it, with "
        f"{say.cap(key.cap_micros, key.kind, key.daily_cap_micros)}, {say.ends(key)}."
    )
    then = (
        f"{code(key.gateway)} has its caps, and they were read back. Its holder and the team's channel have been told."
        if done.is_done
        else f"{code(key.gateway)} could not be told its caps yet. Purser keeps trying, and calls owners if it can't."
    )
    return message(said, section(stack([said, then])))


def turned_off(done: TurnedOff) -> Message:
    """What an owner reads who turned off a key that Purser did not make."""
    name, gateway = code(done.unknown.name), code(done.unknown.gateway)
    if done.proof is None:
        said = f"*{name} is NOT confirmed off yet.* It may still work. Purser keeps trying, and tells you when it is."
    else:
        said = f"*{name} is off at {gateway}*: its own record says so."
    return message(said, section(said))


def exporting() -> Message:
    """Said while the file is being written."""
    return message("The inventory is on its way to you as a CSV file, by direct message.")


def _more(count: int) -> str:
    return f"…and {count:,} more {'gateway' if count == 1 else 'gateways'}." if count > 0 else ""


def _gateway(one: GatewayEntry) -> str:
    where = f" {code(one.base_url)}" if one.base_url else " (not set up any more)"
    kinds = join([f"{count:,} {kind}" for kind, count in one.by_kind])
    states = ", ".join(f"{count:,} {_STATES.get(state, state)}" for state, count in one.by_state)
    people = f"{one.holders:,} {'person' if one.holders == 1 else 'people'}"
    projects = f", {one.projects:,} {'project' if one.projects == 1 else 'projects'}" if one.projects else ""
    monthly = f"{show(one.monthly_micros)} a month" if one.monthly_micros else ""
    total = f"{show(one.total_micros)} in total for temporary keys" if one.total_micros else ""
    caps = ", and ".join(filter(None, (monthly, total)))
    working = f"{_keys(one.working)} in use: {kinds}. {people}{projects}." if one.working else "No keys in use."
    return stack(
        [
            f"*{code(one.name)}*{where}, spend {as_of(one.read_at, 'not read yet')}",
            working,
            f"Caps: {caps}." if one.working and caps else "",
            f"Ever handed out: {states}." if states else "Nothing was handed out there yet.",
        ]
    )


def _worth(facts: Inventory) -> list[Block]:
    """How many deserve a look, by why."""
    lines = [f"• {count:,} {FLAG_WORDS[flag]}" for flag, count in facts.flagged]
    return [section(stack(["*Worth a look*", *lines]))] if lines else []


def _list(title: str, some: Sequence[KeyEntry]) -> list[Block]:
    return [section(stack([f"*{title}*", *map(_line, some)]))] if some else []


def _line(one: KeyEntry) -> str:
    flags = ", ".join(_FLAGS[flag] for flag in one.flags)
    team = f"team {clip(one.team, NAME_CHARS)}{f', project {clip(one.project, NAME_CHARS)}' if one.project else ''}"
    cap = say.cap(one.cap_micros, one.kind, one.daily_cap_micros)
    return (
        f"{code(one.label)} of {mention(one.holder_id)}: {one.kind} key of {team}, {cap}, "
        f"since {one.since:%Y-%m-%d}{f'; {flags}' if flags else ''}"
    )


def _nobodys(some: Sequence[KeyEntry]) -> list[Block]:
    """Keys that nobody who is there holds or leads, each with what to do."""
    if not some:
        return []
    lines = [f"• {_line(one)}\n   {_what_to_do(one)}" for one in some]
    return [section(stack(["*Whose holder or lead is not there any more*", *lines]))]


def _what_to_do(one: KeyEntry) -> str:
    label = clip(one.label, NAME_CHARS)
    if one.kind in PERSONAL_KINDS:
        return f"It was theirs alone: `/ai-disable {label}`."
    return f"`/ai-team handover {label} @ben` in the team's channel, or `/ai-disable {label}`."


def _unknown(facts: Inventory) -> list[Block]:
    if not facts.sees_unknown:
        return []
    if not facts.unknown_count:
        return [section("*Keys that Purser did not make*: none.")]
    blocks = [section(f"*Keys that Purser did not make*: {facts.unknown_count:,}")]
    for one in facts.unknown:
        blocks.append(section(_stranger(one)))
        if facts.may_decide:
            blocks += actions(_adopt_button(one), _off_button(one))
    return blocks


def _stranger(one: UnknownKey) -> str:
    seen = one.seen
    cap = f"cap {show(seen.cap_micros)}" if seen.cap_micros is not None else "*no cap*"
    ends = f", ends {moment(seen.expires_at)}" if seen.expires_at else ", no end"
    said = (
        f"{code(one.name)} at {code(one.gateway)}: {cap}{ends}, models: {fit(say.models(seen.models), _MODELS_CHARS)}; "
        f"spent {show(seen.spent_micros)} (as of {moment(one.seen_at)}), found {one.found_at:%Y-%m-%d}."
    )
    if one.is_going_off:
        return f"{said} {say.NOT_CONFIRMED}"
    if seen.installation:
        return f"{said} Another Purser installation answers for it: {code(seen.installation)}."
    return said if seen.is_on else f"{said} It is off at the gateway."


def _adopt_button(one: UnknownKey) -> Block | None:
    return button("Adopt", act.ADOPT, one.id, "primary") if why_not_adopted(one) is None else None


def _off_button(one: UnknownKey) -> Block | None:
    if why_not_disabled(one) is not None or not one.seen.is_on:
        return None
    text = f"{clip(one.name, NAME_CHARS)} stops working at once, for everything that uses it. Purser cannot restore it."
    asked = confirm("Turn this key off?", text, "Disable now") | {"style": "danger"}
    return button("Disable now", act.DISABLE_UNKNOWN, one.id, "danger", asked)


def _turning(facts: Inventory) -> list[Block | None]:
    page = facts.page
    return [
        button("Previous", act.INVENTORY_PREVIOUS, f"page-{page - 1}") if page > 1 else None,
        button("Next", act.INVENTORY_NEXT, f"page-{page + 1}") if page < facts.pages else None,
        button("Export CSV", act.INVENTORY_EXPORT, f"page-{page}"),
    ]


def _keys(count: int) -> str:
    return f"{count:,} {'key' if count == 1 else 'keys'}"
