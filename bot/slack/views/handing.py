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
    """To who took keys over: that they hold them now, and how to get a secret they can read."""
    labels = [one.key.label for one in done.keys]
    first, one = labels[0], len(labels) == 1
    off = [facts.key for facts in done.keys if not goes_off(facts.key)]
    works = (
        f"{'It works' if one else 'They work'} on as before."
        if not off
        else f"{codes(off)} stays off until an owner restores it."
    )
    each = "" if one else ", and so on for each"
    return message(
        stack(
            [
                f"*You answer for {listed(labels)} now.* {works}",
                f"The secret is not shown again: `/ai-key rotate {_plain(first)}` gives you a new one{each}.",
                _leads_too(done),
                f"In usage by member, {'all it has' if one else 'all they have'} spent counts to you from now on.",
                _not_yours(done.refused, them="taken over"),
            ]
        )
    )


def disabled(done: Handed) -> Message:
    """To who turned keys off: how far each is proven off."""
    keys = [one.key for one in done.keys]
    said = [proofs(keys), _not_yours(done.refused, them="turned off")]
    return message(stack(["*Turned off, as nobody has to take over:*", *said]))


def handed(done: Handed) -> Message:
    """To who gave a key to somebody."""
    label = code(done.keys[0].key.label)
    return message(
        f"{mention(done.to_id)} answers for {label} from now on and is told. It works on as before. The secret is not "
        f"shown again: `/ai-key rotate {_plain(done.keys[0].key.label)}` gives them a new one."
    )


def led(done: Handed) -> Message:
    """To who let somebody else lead a project."""
    keys = f" They answer for its {counted(len(done.keys), 'project key')} as well." if done.keys else ""
    return message(f"{mention(done.to_id)} leads project {listed(done.project_names)} from now on and is told.{keys}")


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


def _leads_too(done: Handed) -> str:
    names = [code(name, 60) for name in done.project_names]
    return f"You lead {noun(names, 'project')} {join(names)} now as well." if names else ""


def _not_yours(labels: Sequence[str], *, them: str) -> str:
    return f"Not {them}, as they are not yours to decide about: {listed(labels)}." if labels else ""


def _plain(label: str) -> str:
    """A label within code style, where it may end nothing."""
    return clip(label.replace("`", ""), 80)
