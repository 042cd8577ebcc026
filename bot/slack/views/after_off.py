"""What is told of a key that spent money after it was off, and of who turns off too many keys of others."""
# ruff: noqa: ARG001 - tellers take the same facts as their neighbours in the tables of `thread` and `direct`

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.domain.facts import KeyFacts, Notice, Occasion
from bot.slack.views import phrases as say
from bot.slack.views.base import Message, clip, code, mention, message, section

# --- in the card's thread ---


def _spent_after_off(notice: Notice, facts: KeyFacts) -> str:
    return (
        f"*{code(facts.key.label)} is NOT off: it spent {clip(notice.note, 40)} after the gateway had recorded it as "
        "off.* Purser deletes it at the gateway now; the owners have been told."
    )


def _deleted(notice: Notice, facts: KeyFacts) -> str:
    return f"{code(facts.key.label)}: {say.DELETED}. It can never come back; its holder can ask for a new one."


# --- to the workspace's owners ---


def others_limit(notice: Notice) -> str:
    who = mention(notice.actor_id) if notice.actor_id else "Somebody"
    return (
        f"{who} has turned off {clip(notice.note, 10)} keys of others within a day and wanted to turn off more, which "
        "Purser refused. Helping, or mischief? Have a look at which: owners can restore keys with *Restore*. You are "
        "told once a day."
    )


# --- to owners of the team, and to the holder ---


def _spent_to_owner(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    key = facts.key
    return _tell(
        f"*NOT off: {_whose(facts)} spent {clip(notice.note, 40)} after the gateway had recorded it as off.* "
        f"So the gateway {code(key.gateway)} does not keep it off, and Purser deletes it there now; it can never come "
        f"back.\n*Do this now:* look at {code(key.alias)} in the gateway, and at who still uses the key. Purser tells "
        "you here when its record says deleted."
    )


def _deleted_to_owner(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    return _tell(f"*{_whose(facts)}:* {say.DELETED}. It can never come back; its holder can ask for a new one.")


def _deleted_to_holder(notice: Notice, facts: KeyFacts, now: datetime) -> Message:
    return _tell(
        f"*Your key {code(facts.key.label)} is deleted.* {say.key_state(facts.key)}\n"
        "Need one again? Ask with `/ai-key`."
    )


def _whose(facts: KeyFacts) -> str:
    return f"{code(facts.key.label)} of {mention(facts.key.holder_id)} (team {clip(facts.team_name, 80)})"


def _tell(text: str) -> Message:
    return message(text, section(text))


LINES: dict[Occasion, Callable[[Notice, KeyFacts], str]] = {
    Occasion.SPENT_AFTER_OFF: _spent_after_off,
    Occasion.KEY_DELETED: _deleted,
}
TO_OWNERS: dict[Occasion, Callable[[Notice, KeyFacts, datetime], Message]] = {
    Occasion.SPENT_AFTER_OFF: _spent_to_owner,
    Occasion.KEY_DELETED: _deleted_to_owner,
}
TO_HOLDERS: dict[Occasion, Callable[[Notice, KeyFacts, datetime], Message]] = {
    Occasion.KEY_DELETED: _deleted_to_holder,
}
