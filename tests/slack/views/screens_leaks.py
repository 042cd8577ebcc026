"""Every screen about keys found in messages, for a world."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.facts import KeyFacts, Notice, Occasion
from bot.domain.keys import OffCause, Proof
from bot.domain.leaks import PROVIDERS, Foreign
from bot.slack.views import leaks
from bot.slack.views.base import Message, moment
from bot.slack.views.direct import direct
from bot.slack.views.thread import thread
from tests.slack.views import kit
from tests.slack.views.kit import ANA, NOW, OMAR, World

LINK = "https://example.slack.com/archives/C0SEARCH/p1700000000000100?thread_ts=1700000000.000000&cid=C0SEARCH"
EVERY_PROVIDER = tuple(f"foreign:{provider.name}" for provider in PROVIDERS)


def _leaked(facts: KeyFacts, at: datetime | None = None) -> KeyFacts:
    """A key whose secret was found at this moment, or else when it went off."""
    return replace(facts, key=replace(facts.key, leaked_at=at or facts.key.off_at))


def every_about_leaks(world: World) -> dict[str, Message]:
    off = [_leaked(kit.off_key(world, OffCause.DISABLED, Proof.PROBED, number=n)) for n in range(world.many)]
    before = _leaked(kit.off_key(world, OffCause.DISABLED, Proof.PROBED), NOW)
    not_yet = kit.off_key(world, OffCause.DISABLED, None)
    returned = kit.off_key(world, OffCause.RETURNED, off_by=ANA)
    notices = {
        "one": Notice(Occasion.SECRETS_FOUND, "purser", keys=tuple(off[:1]), note=LINK),
        "off_before": Notice(Occasion.SECRETS_FOUND, "purser", keys=(before,), note=LINK),
        "too_many": Notice(Occasion.SECRETS_FOUND, "purser", keys=tuple(off[:1]) * 12, note=LINK),
        "many": Notice(Occasion.SECRETS_FOUND, "purser", keys=(not_yet, *off, returned), note=LINK),
        "reported": Notice(Occasion.SECRETS_FOUND, OMAR, keys=(returned,)),
        "foreign": Notice(Occasion.SECRETS_FOUND, "purser", others=("foreign:OpenAI",), note=LINK),
        "every_foreign": Notice(Occasion.SECRETS_FOUND, "purser", others=EVERY_PROVIDER, note=LINK),
        "credential": Notice(Occasion.SECRETS_FOUND, "purser", others=("own:litellm",), note=LINK),
    }
    here = {
        "one": Notice(Occasion.SECRETS_STAND_HERE, keys=tuple(off[:1])),
        "many": Notice(Occasion.SECRETS_STAND_HERE, keys=(not_yet, *off), others=("foreign:Groq",)),
        "foreign": Notice(Occasion.SECRETS_STAND_HERE, others=("foreign:LiteLLM",)),
    }
    groq = Foreign("Groq", "https://console.groq.com/keys", 3)
    return {
        **{f"leak_author_{name}": direct(notice, NOW) for name, notice in notices.items()},
        **{f"leak_thread_{name}": thread(notice, NOW) for name, notice in here.items()},
        "leak_watch_on": thread(Notice(Occasion.WATCH_ON, OMAR), NOW),
        "leak_watch_off": thread(Notice(Occasion.WATCH_OFF, OMAR), NOW),
        "leak_report_nothing": leaks.nothing_found(is_whole=True),
        "leak_report_nothing_outside": leaks.nothing_found(is_whole=False),
        "leak_report_others": leaks.only_others(("litellm",), (groq, groq)),
        "leak_state_on": leaks.watch_state(is_on=True, set_by=OMAR, since=moment(NOW)),
        "leak_state_off": leaks.watch_state(is_on=False),
        "leak_state_outside": leaks.watch_state(is_on=True, is_inside=False),
    }
