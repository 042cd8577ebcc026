"""Keys that changed hands: what who did it reads, what stands in the card's thread, and what Restore put back."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.facts import KeyFacts, Notice, Occasion
from bot.domain.groups import goes_off
from bot.domain.keys import Key, KeyState
from bot.domain.leaving_facts import Handed
from bot.slack.views.base import Message, clip, code, join, mention, message, sentence, stack
from bot.slack.views.departure_words import codes, listed, noun, proofs
from bot.slack.views.figures import counted

REASON_CHARS = 300


def taken(done: Handed) -> Message:
    """To who took keys over: that they answer for them now, and how to get a secret they can read."""
    off = [facts.key for facts in done.keys if not goes_off(facts.key)]
    works = "It works on as before." if len(done.keys) == 1 else "They work on as before."
    stays = f"{codes(off)} {'stays' if len(off) == 1 else 'stay'} off until an owner restores it."
    held = [one.key for one in done.keys if one.key.holder_id == done.to_id]
    led = [one.key for one in done.keys if one.key.holder_id != done.to_id]
    lines = [
        f"*You answer for {codes([one.key for one in done.keys])} now.* {stays if off else works}",
        _secret(held),
        f"You lead {codes(led)}; who holds {'it' if len(led) == 1 else 'them'} stays the same." if led else "",
        _leads_too(done),
        _counts(done),
        _not_yours(done.refused, them="taken over"),
    ]
    return message(stack(lines))


def disabled(done: Handed) -> Message:
    """To who turned keys off: how far each is proven off."""
    keys = [one.key for one in done.keys]
    said = [proofs(keys), _not_yours(done.refused, them="turned off")]
    return message(stack(["*Turned off, as nobody has to take over:*", *said]))


def handed(done: Handed) -> Message:
    """To who gave a key to somebody."""
    key = done.keys[0].key
    works = "It works on as before." if goes_off(key) else "It is off, and stays so until an owner restores it."
    if done.is_own:
        return message(stack([f"*You answer for {code(key.label)} now.* {works}", _secret([key]), _counts(done)]))
    secret = f"The secret is not shown again: `/ai-key rotate {_plain(key.label)}` gives them a new one."
    told = f"{mention(done.to_id)} answers for {code(key.label)} from now on and is told. {works} {secret}"
    return message(stack([told, _counts(done)]))


def led(done: Handed) -> Message:
    """To who let somebody else lead a project."""
    they = "You lead" if done.is_own else f"{mention(done.to_id)} leads"
    also = "You answer" if done.is_own else "They answer"
    keys = f" {also} for its {counted(len(done.keys), 'project key')} as well." if done.keys else ""
    told = "" if done.is_own else " and is told"
    return message(stack([f"{they} project {listed(done.project_names)} from now on{told}.{keys}", _counts(done)]))


def putting_back() -> Message:
    """To who pressed Restore, while gateways are asked."""
    return message("Restoring what this took away…")


def put_back(  # noqa: PLR0913 - what was put back, and what was not
    member_id: str,
    *,
    keys: Sequence[KeyFacts],
    stays: Sequence[tuple[Key, str]],
    taken_by: Sequence[tuple[str, str]],
    teams: Sequence[str],
    projects: Sequence[str],
    others: Sequence[str],
) -> Message:
    """To who pressed Restore: what is as it was, what is not, and why."""
    on = [one.key for one in keys if one.key.state is KeyState.LIVE]
    coming = [one.key for one in keys if one.key.state is not KeyState.LIVE]
    who = mention(member_id)
    named = [code(name) for name in teams]
    lines = [
        f"*Restored what {who} had.*",
        f"In {noun(named, 'team')} {join(named)} again." if named else "",
        f"Leads {listed(projects)} again." if projects else "",
        f"Works again: {codes(on)}." if on else "",
        f"Being turned on, not confirmed yet: {codes(coming)}." if coming else "",
        *(f"{code(label)} stays with {mention(by)}, who took it over." for label, by in taken_by),
        *(f"{code(key.label)} stays off. {sentence(why, REASON_CHARS)}" for key, why in stays),
        f"Owners of {join([code(name) for name in others])} have to restore what was theirs there." if others else "",
    ]
    return message(stack(lines))


def line(notice: Notice) -> str | None:
    """That a key or a project is somebody else's from now on; None for anything else. In threads and directly."""
    if notice.occasion is Occasion.PROJECT_LED:
        project, team = (*notice.others, "", "")[:2]
        return f"{_by(notice)} made you the lead of project {code(project, 60)} of team {code(team, 60)}."
    if notice.occasion is not Occasion.KEY_HANDED or notice.key is None:
        return None
    label, to, what = code(notice.key.key.label), *(*notice.others, "", "")[:2]
    whose = mention(notice.note)
    if notice.actor_id == to:
        return f"{mention(to)} took over {label}, whose {_what(what)} was {whose}. It works on as before."
    return (
        f"{_by(notice)} gave {label} to {mention(to)}, who is its {_what(what)} now instead of {whose}. It works on as "
        f"before. The secret is not shown again: its holder gets a new one with `/ai-key rotate {_plain(label)}`."
    )


def _by(notice: Notice) -> str:
    return mention(notice.actor_id) if notice.actor_id else "Somebody"


def _what(words: str) -> str:
    return words if words in ("holder", "lead", "holder and lead") else "holder"


def _secret(held: Sequence[Key]) -> str:
    if not held:
        return ""
    each = "" if len(held) == 1 else ", and so on for each"
    return f"The secret is not shown again: `/ai-key rotate {_plain(held[0].label)}` gives you a new one{each}."


def _counts(done: Handed) -> str:
    """That usage by member follows who answers for a key, also what was used before."""
    if not done.counted:
        return ""
    who = "you" if done.is_own else mention(done.to_id)
    return f"In usage by member, {listed(done.counted)} counts to {who} from now on, with what was spent before."


def _leads_too(done: Handed) -> str:
    names = [code(name, 60) for name in done.project_names]
    return f"You lead {noun(names, 'project')} {join(names)} now as well." if names else ""


def _not_yours(labels: Sequence[str], *, them: str) -> str:
    return f"Not {them}, as they are not yours to decide about: {listed(labels)}." if labels else ""


def _plain(label: str) -> str:
    """A label within code style, where it may end nothing."""
    return clip(label.replace("`", ""), 80)
