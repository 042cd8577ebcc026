"""Everything of a person or project turned off at once: the form that asks once, the outcome, what others are told.

Keys are listed under how far "off" is proven, those that are not off first, so that forty read as well as four.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.domain.budgets import Layer
from bot.domain.facts import KeyFacts, Notice
from bot.domain.groups import Group, GroupFacts, GroupOff, proof_of
from bot.domain.keys import UNSHOWN, Key, Proof
from bot.domain.money import show
from bot.domain.periods import show_duration
from bot.slack.views import actions as act
from bot.slack.views import inputs
from bot.slack.views import phrases as say
from bot.slack.views.base import (
    REASON_CHARS,
    Block,
    Message,
    View,
    clip,
    code,
    context,
    join,
    mention,
    message,
    modal,
    section,
    stack,
)

LISTED = 100
"""Keys that a form or an answer names; of more, it says how many there are."""
_PER_SECTION = 20
_ALIASES = 10

# --- the form ---


def group_form(facts: GroupFacts, reason: str = "") -> View:
    """Lists what will stop, and asks once."""
    count = len(facts.keys)
    opening = f"*{_of(facts.group, facts.project_name, facts.team_name)}: {_keys(count)} will stop working at once.*"
    total = sum(facts.today_micros.values())
    spent = ""
    if facts.today_micros:
        most = "" if len(facts.today_micros) == count else f" by the {len(facts.today_micros)} whose spend you may see"
        spent = f" {show(total)} was spent today (UTC){most}."
    blocks: list[Block] = [section(f"{opening}{spent} Only owners can restore them.")]
    lines = [_line(one, facts.today_micros.get(one.key.id)) for one in facts.keys[:LISTED]]
    blocks += _sections(lines)
    more = f"…and {count - LISTED} more." if count > LISTED else ""
    blocks += context(more, *_left_out(facts))
    why = inputs.reason("Why?", optional=True)
    if reason:
        why["element"]["initial_value"] = reason[:REASON_CHARS]
    return modal(act.DISABLE_FORM, "Turn keys off", [*blocks, why], facts.group.id, "Disable now")


def _line(facts: KeyFacts, today_micros: int | None) -> str:
    key = facts.key
    parts = [str(key.kind), mention(key.holder_id)]
    if facts.project_name:
        parts.append(f"project {code(facts.project_name, 40)}")
    if today_micros is not None:
        parts.append(f"{show(today_micros)} today")
    if key.state in UNSHOWN:
        parts.append("being made")
    elif say.is_stopped(key):
        parts.append("stopped by a limit; will not come back by itself")
    return f"• {code(key.label)} · {' · '.join(parts)}"


def _left_out(facts: GroupFacts) -> list[str]:
    said = []
    if facts.off:
        said.append(f"Off already and not touched: {_keys(facts.off)}.")
    if facts.unrevealed:
        one = facts.unrevealed == 1
        what = "1 approved key that nobody has revealed" if one else f"{facts.unrevealed} approved keys not revealed"
        said.append(f"Not stopped: {what}, which can still be made. Nothing is spent before that.")
    return said


# --- the outcome ---


def group_off(outcome: GroupOff) -> Message:
    """The answer: how far each key is proven off, and what to do about those that are not."""
    name = _of(outcome.group, outcome.project_name, outcome.team_name)
    keys = [one.key for one in outcome.keys]
    if not keys:
        return message(f"{name}: there is no key left to turn off.")
    not_off = [key for key in keys if proof_of(key) is None]
    if len(keys) == outcome.already:
        opening = f"*{name}: all was off, or being turned off, already.* {_keys(len(keys))}."
    elif not_off:
        opening = f"*{name}: {len(keys) - len(not_off)} of {_keys(len(keys))} off, {len(not_off)} NOT yet off.*"
    else:
        opening = f"*{name}: {_keys(len(keys))} turned off.*"
    already = f" {outcome.already} of them somebody else had turned off a moment before." if outcome.already else ""
    already = "" if len(keys) == outcome.already else already
    lag = outcome.disable_lag_seconds
    wait = f"The gateway may accept them for up to {show_duration(lag)} more. " if lag and not not_off else ""
    told = f"{wait}Their holders and the owners of their teams are told. A mistake? An owner can press *Restore*."
    return message(opening, section(f"{opening}{already}"), _by_proof(keys), context(_do_this(not_off) or told))


def told(notice: Notice) -> Message:
    """What holders, leads, owners and the project's channel read: of the keys that concern them, as they are now."""
    group, project, team = (*notice.others, "", "", "")[:3]
    found = Group.of(group)
    name = "Several keys" if found is None else _of(found, project, team)
    keys = [one.key for one in notice.keys]
    not_off = [key for key in keys if proof_of(key) is None]
    who = mention(notice.actor_id) if notice.actor_id else "Somebody"
    head = f"*{who} turned off {_lower(name)}:* {_keys(len(keys))}{say.because(notice.note)}"
    if not_off:
        head = f"{head} *{len(not_off)} NOT yet off.*"
    hint = "Calls with them fail. A mistake? An owner can restore each with *Restore* on its card."
    return message(head, section(head), _by_proof(keys), context(_do_this(not_off) or hint))


def _by_proof(keys: Sequence[Key]) -> list[Block]:
    """Keys under how far "off" is proven: not off first. Whose each is, where they are of several people."""
    several = len({key.holder_id for key in keys}) > 1
    blocks: list[Block] = []
    room = LISTED
    for proof, title in _TITLES:
        some = [key for key in keys if proof_of(key) is proof]
        if not some or room <= 0:
            continue
        names = [f"{code(key.label)}{f' ({mention(key.holder_id)})' if several else ''}" for key in some[:room]]
        more = f" and {len(some) - room} more" if len(some) > room else ""
        room -= len(some)
        parts = [names[first : first + _PER_SECTION] for first in range(0, len(names), _PER_SECTION)]
        for number, part in enumerate(parts):
            lead = f"*{title}* ({len(some)}): " if number == 0 else ""
            blocks.append(section(f"{lead}{', '.join(part)}{more if number == len(parts) - 1 else ''}"))
    return blocks


_TITLES: tuple[tuple[Proof | None, str], ...] = (
    (None, "NOT confirmed off yet; they may still work. Purser keeps trying, and their owners are called"),
    (Proof.RECORDED, "Recorded off: the gateway's own record, read again, says off"),
    (Proof.PROBED, "Probed: a call with the key was refused"),
    (Proof.QUIET, "Quiet: recorded off, and nothing was spent since"),
    (Proof.PROBED_QUIET, "Probed and quiet: a call was refused, and nothing was spent since"),
)


def _do_this(not_off: Sequence[Key]) -> str:
    """What people can do where Purser cannot; nothing when all are off."""
    if not not_off:
        return ""
    named = [code(key.alias) for key in not_off[:_ALIASES]]
    more = f" and {len(not_off) - _ALIASES} more" if len(not_off) > _ALIASES else ""
    where = join([code(name) for name in sorted({key.gateway for key in not_off})])
    return (
        f"*Do this now:* whoever administers the gateway {where} blocks or deletes {', '.join(named)}{more} there. "
        "Whoever uses one of them: please stop, and remove it where it is set up. Purser keeps retrying."
    )


def _of(group: Group, project: str, team: str) -> str:
    if group.layer is Layer.MEMBER:
        return f"Everything of {mention(group.subject_id)}"
    of_team = f" of team {clip(team, 80)}" if team else ""
    return f"Everything of project {code(project or 'unknown')}{of_team}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _keys(count: int) -> str:
    return "1 key" if count == 1 else f"{count} keys"


def _sections(lines: Iterable[str]) -> list[Block]:
    every = list(lines)
    parts = [every[first : first + _PER_SECTION] for first in range(0, len(every), _PER_SECTION)]
    return [section(stack(part)) for part in parts]
