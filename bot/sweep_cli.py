"""What `purser sweep` prints: a look that changes nothing, or a sweep from beginning to end."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.domain.requests import Refused
from bot.domain.sweeps import SweepState
from bot.services import sweeping, sweeping_looking
from bot.services.context import Purser
from bot.services.ports import DeliveryError
from bot.services.sweeping_facts import facts
from bot.slack.views import sweeps as views
from storage import people

_DONE, _NOT_DONE = 0, 1
_MENTION = re.compile(r"<@(\w+)>")


def run(purser: Purser, say: Callable[[str], None], *, dry_run: bool) -> int:
    """Sweep, or only look. The exit code: 1 when it could not be done, or stopped and asks."""
    if dry_run:
        return _look(purser, say)
    try:
        swept = sweeping.run_now(purser)
    except DeliveryError as failed:
        say(f"{failed.message}. The running bot goes on with this sweep by itself.")
        return _NOT_DONE
    if swept is None:
        say("A sweep is running already. `purser sweep --dry-run` shows what one would do.")
        return _NOT_DONE
    with purser.books.reading() as session:
        told = facts(session, purser, swept)
    if swept.state is SweepState.PAUSED:
        say(_named(purser, views.stopped(told).text))
        say("The owners are asked in Slack.")
        return _NOT_DONE
    say(views.ended(told))
    return _DONE if swept.state is SweepState.DONE else _NOT_DONE


def _look(purser: Purser, say: Callable[[str], None]) -> int:
    found = sweeping_looking.look(purser)
    if isinstance(found, Refused):
        say(found.text)
        return _NOT_DONE
    say(_named(purser, views.preview(found).text))
    return _DONE


def _named(purser: Purser, text: str) -> str:
    """The text with people's names in the place of Slack's mentions."""
    with purser.books.reading() as session:
        known = {one.id: one.name or one.handle for one in people.members(session, _MENTION.findall(text))}
    return _MENTION.sub(lambda found: f"{known[found[1]]} ({found[1]})" if found[1] in known else found[1], text)
