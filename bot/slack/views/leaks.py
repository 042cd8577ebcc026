"""What people read of keys that were found in messages, and of the leak watch. Never a secret, nor any part of one."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.facts import KeyFacts, Notice, Occasion
from bot.domain.keys import KeyState, OffCause, went_off_leaked
from bot.domain.leaks import REVOKE_URLS, Foreign
from bot.slack.views import phrases as say
from bot.slack.views.base import Message, clip, code, join, mention, message, section, stack

MOST_KEYS = 10


def line(notice: Notice) -> str | None:
    """What is said on these occasions; None on any other."""
    telling = _OF.get(notice.occasion)
    return None if telling is None else telling(notice)


def to_author(notice: Notice) -> str:
    """To who wrote the message: what stands in it, what became of it, what to do now."""
    has_link = notice.note.startswith(("https://", "http://"))
    where = f"<{clip(notice.note, 600)}|A message of yours>" if has_link else "A message of yours"
    opening = f"*{where} holds a key that others can read.*"
    if notice.actor_id and notice.actor_id != "purser":
        opening += f" {mention(notice.actor_id)} reported it."
    lines = [f"• {_state(facts)}" for facts in notice.keys[:MOST_KEYS]]
    lines += [f"• {text}" for text in _others(notice.others)]
    return stack([opening, *lines, *_more(notice), _what_next(notice)])


def _what_next(notice: Notice) -> str:
    held = [facts.key.label for facts in notice.keys if _is_rotated_next(facts)]
    again = f" A new secret on the same terms: {code(f'/ai-key rotate {held[0]}')}, by its holder." if held else ""
    return f"*Please delete the message now.* Purser cannot, and has kept nothing of it.{again}"


def _is_rotated_next(facts: KeyFacts) -> bool:
    """Whether its holder can have a new key in its place without asking anybody."""
    return facts.key.off_cause is OffCause.DISABLED and went_off_leaked(facts.key) and not facts.replaced_by


def in_thread(notice: Notice) -> str:
    """In the message's thread: that a key stood there, and whether it is off."""
    keys, others = notice.keys[:MOST_KEYS], _others(notice.others)
    what = "A key stands in this message." if len(keys) + len(others) == 1 else "Keys stand in this message."
    lines = [f"• {_state(facts)}" for facts in keys] + [f"• {text}" for text in others]
    return stack([f"*{what}*", *lines, *_more(notice), "Please delete the message; Purser has kept nothing of it."])


def _more(notice: Notice) -> list[str]:
    """How many keys are not listed."""
    more = len(notice.keys) - MOST_KEYS
    return [f"• and {more} more of Purser's"] if more > 0 else []


def _state(facts: KeyFacts) -> str:
    """One key: whose it is, and how far it is proven off."""
    key = facts.key
    whose = f"{code(key.label)} of {mention(key.holder_id)}"
    match key.state:
        case KeyState.DISABLED:
            return f"{whose} is *off* and never works again. {say.proof(key.proof, key.proven_at)}"
        case KeyState.DISABLING:
            return (
                f"{whose} is *NOT yet off*: the gateway has not confirmed it. Purser keeps trying and calls an owner."
            )
        case _:
            return f"{whose}: {say.key_state(key)}"


def _others(others: tuple[str, ...]) -> list[str]:
    said = []
    for one in others:
        kind, _, name = one.partition(":")
        if kind == "own":
            said.append(
                f"What Purser manages the gateway {code(name)} with. It still works: only people can change it, and "
                "the owners are being called."
            )
        else:
            said.append(foreign(name, REVOKE_URLS.get(name, "")))
    return said


def foreign(provider: str, revoke_url: str) -> str:
    """A key that is not ours: who can turn it off, and where."""
    name = clip(provider, 40)
    whose = f"of {name}" if revoke_url else f"of a {name} gateway"
    page = f"at <{revoke_url}|{name}'s page>" if revoke_url else "where it was made"
    return f"What looks like a key {whose}. Purser did not hand it out and cannot turn it off: revoke it {page}."


def watch_on(notice: Notice) -> str:
    """In the channel, when it begins to be watched."""
    who = mention(notice.actor_id or "")
    return (
        f"*Leak watch is on in this channel*, turned on by {who}. Purser now looks through messages here for keys: one "
        "that it handed out is turned off at once, and whoever posted it is told. Other words are not kept. "
        "`/ai-team watch off` ends it."
    )


def watch_off(notice: Notice) -> str:
    """In the channel, when it is watched no more."""
    return f"*Leak watch is off in this channel*, turned off by {mention(notice.actor_id or '')}."


_OF: dict[Occasion, Callable[[Notice], str]] = {
    Occasion.SECRETS_FOUND: to_author,
    Occasion.SECRETS_STAND_HERE: in_thread,
    Occasion.WATCH_ON: watch_on,
    Occasion.WATCH_OFF: watch_off,
}


# --- answers to who reports a message ---


def nothing_found(*, is_whole: bool) -> Message:
    """No key was found. `is_whole`: Purser could read all of the thread as well."""
    looked = "in this message and its thread" if is_whole else "in this message, and cannot read all of its thread"
    return message(
        f"Purser found no key that it knows {looked}. It cannot read pictures, nor files it was given no access to: "
        "paste the key into `/ai-disable`, or name its label there. Nothing of what you paste is kept."
    )


def only_others(own: tuple[str, ...], others: tuple[Foreign, ...]) -> Message:
    """What was found is not ours to turn off."""
    names = tuple(dict.fromkeys(one.provider for one in others))
    said = [f"• {text}" for text in _others((*(f"own:{one}" for one in own), *(f"foreign:{one}" for one in names)))]
    opening = f"*Found in this message: {'a key' if len(said) == 1 else 'keys'} that Purser cannot turn off.*"
    text = stack([opening, *said, "Who posted it is told, if they can be."])
    return message(text, section(text))


# --- /ai-team watch ---


def watch_state(*, is_on: bool, set_by: str = "", since: str = "", is_inside: bool = True) -> Message:
    """How it stands in this channel."""
    if not is_inside:
        return message("Purser is not in this channel, so it looks at nothing here. `/invite @Purser` changes that.")
    if not is_on:
        return message(
            "Leak watch is *off* here: Purser does not look at messages. `/ai-team watch on` lets it turn off, at "
            "once, any key of its own that somebody posts."
        )
    by = f" Turned on by {mention(set_by)} {since}." if set_by else ""
    return message(
        f"Leak watch is *on* here.{by} A key of Purser's that somebody posts is turned off at once; keys of "
        f"{join(['OpenAI', 'Anthropic', 'others'])} are pointed out to who posted them. No message is kept. "
        "`/ai-team watch off` ends it."
    )
