"""`purser offboard`: reads a list of leavers, shows what each line comes to, and has it acted on.

Exit codes: 0 all done, 1 some lines were not acted on, 2 the list cannot be read, 3 owners were asked first.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.domain.leaver_lists import LeaverList, Unreadable, read
from bot.domain.leavers import SETTLED, Match, Reading
from bot.domain.offboarding import Trip
from bot.services import feeding
from bot.services.context import Purser
from bot.services.feeding import End, Fed, Plan
from bot.services.ports import DeliveryError

DONE, SOME_NOT, UNREADABLE, ASKED = 0, 1, 2, 3
MOST_BYTES = 32 * 1024 * 1024
MOST_SHOWN = 200
"""So many lines that need nothing are shown one by one; of more, there are counts alone."""

_SAID = {
    Reading.LEAVES: "leaves",
    Reading.IS_GONE: "has left already",
    Reading.ACTIVE: "still here",
    Reading.TWICE: "named before",
    Reading.UNDONE: "undone before",
    Reading.TOO_EARLY: "not yet",
    Reading.NOBODY: "nobody found",
    Reading.SEVERAL: "several people",
    Reading.BOT: "a bot",
    Reading.UNVERIFIED: "not verified",
    Reading.DISAGREES: "in doubt",
    Reading.ELSEWHERE: "not ours",
    Reading.NO_EMAILS: "no addresses",
    Reading.UNREADABLE: "unreadable",
}
_TRIPS = {
    Trip.PEOPLE: "That is more people than a list may touch by itself",
    Trip.KEYS: "That is more keys than a list may touch by itself",
}


def load(source: str) -> LeaverList:
    """Read the list from a file, or from standard input for `-`. Raises `Unreadable`."""
    try:
        raw = sys.stdin.buffer.read(MOST_BYTES + 1) if source == "-" else _bytes(Path(source))
    except OSError as wrong:
        raise Unreadable(f"{source} cannot be read: {wrong.strerror or wrong}.") from None
    if len(raw) > MOST_BYTES:
        raise Unreadable(f"The list is larger than {MOST_BYTES // (1024 * 1024)} MB. Split it.")
    try:
        return read(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("The list is not in UTF-8. Save it again as CSV UTF-8.") from None


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def run(purser: Purser, listed: LeaverList, source: str, console: Console, *, dry_run: bool) -> int:
    """Show what the list comes to and act on it, unless this only looks. Gives the exit code.

    When Slack does not tell who people are, nothing is changed.
    """
    if not dry_run:
        feeding.resume(purser)
    try:
        plan = feeding.look(purser, listed.lines)
    except DeliveryError as failed:
        console.print(f"Slack did not tell who these people are: {failed.message}. Nothing was changed.", markup=False)
        return SOME_NOT
    _show(plan, listed, console)
    if dry_run:
        console.print(_would(plan), markup=False)
        return ASKED if plan.trip is not None and plan.leavers else _code(plan)
    fed = feeding.feed(purser, plan, "standard input" if source == "-" else Path(source).name)
    console.print(_did(plan, fed), markup=False)
    if fed.end in (End.ASKED, End.WAITS, End.HELD_UP):
        return ASKED
    return SOME_NOT if fed.failed or fed.end in (End.GOES_ON, End.BUSY) else _code(plan)


def _code(plan: Plan) -> int:
    return DONE if all(one.reading in SETTLED for one in plan.matches) else SOME_NOT


def _show(plan: Plan, listed: LeaverList, console: Console) -> None:
    if listed.ignored:
        console.print(f"Columns that are not read: {', '.join(listed.ignored)}.", markup=False)
    shown = _shown(plan.matches)
    if shown:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading, is_number in (("line", True), ("who", False), ("what", False), ("why", False)):
            table.add_column(heading, justify="right" if is_number else "left", overflow="fold")
        for one in shown:
            table.add_row(str(one.line.number), Text(_who(one)), Text(_SAID[one.reading]), Text(_why(one)))
        console.print(table)
    if len(shown) < len(plan.matches):
        console.print(f"Lines that need nothing: {len(plan.matches) - len(shown):,}, not shown.", markup=False)
    counts = Counter(one.reading for one in plan.matches)
    told = ", ".join(f"{counts[reading]:,} {_SAID[reading]}" for reading in Reading if counts[reading])
    lines = "1 line" if len(plan.matches) == 1 else f"{len(plan.matches):,} lines"
    console.print(f"{lines}: {told or 'nobody named'}.", markup=False)


def _shown(matches: Iterable[Match]) -> list[Match]:
    """Every line that leads to something or needs a look; the rest as long as there is not much of it."""
    every = list(matches)
    calm = SETTLED - {Reading.LEAVES}
    if sum(one.reading in calm for one in every) <= MOST_SHOWN:
        return every
    return [one for one in every if one.reading not in calm]


def _who(one: Match) -> str:
    if one.account is not None:
        return f"{one.account.person.name} ({one.account.id})"
    return " ".join(filter(None, [one.line.slack_id, one.line.email])) or "?"


def _why(one: Match) -> str:
    return one.why or one.line.note


def _touched(plan: Plan) -> str:
    leavers, keys = len(plan.leavers), plan.off + plan.handed
    people = "1 person leaves" if leavers == 1 else f"{leavers:,} people leave"
    if not keys:
        return f"{people}; none of their keys works"
    off = "1 key goes off" if plan.off == 1 else f"{plan.off:,} keys go off"
    waits = "1 waits to be taken over" if plan.handed == 1 else f"{plan.handed:,} wait to be taken over"
    return f"{people}; {off}, {waits}"


def _would(plan: Plan) -> str:
    if not plan.leavers:
        return "Nothing would be done. This only looked: nothing was changed."
    if plan.trip is None:
        return f"{_touched(plan)}. This only looked: nothing was changed."
    return f"{_touched(plan)}. {_trip(plan)}: two owners would be asked first. This only looked: nothing was changed."


def _trip(plan: Plan) -> str:
    reach = plan.reach
    counts = (
        f"{reach.gone} of {reach.people} people, {reach.touched} of {reach.keys} keys; {plan.fuse_percent} % may be"
    )
    return f"{_TRIPS.get(plan.trip or Trip.PEOPLE, _TRIPS[Trip.PEOPLE])} ({counts})"


def _did(plan: Plan, fed: Fed) -> str:
    match fed.end:
        case End.NOTHING:
            return "Nothing had to be done."
        case End.ASKED:
            return f"{_trip(plan)}, so two owners are asked in Slack. Nothing is done until they agree."
        case End.WAITS:
            return "This list waits for two owners already: they were asked in Slack. Nothing was done."
        case End.HELD_UP:
            return (
                "Another list waits for two owners, and names people whom this one does not. Owners have to agree to it"
                " or call it off in Slack; then give this list again. Nothing was done."
            )
        case End.GOES_ON:
            return f"{_touched(plan)}. The running bot goes on with it."
        case End.BUSY:
            return (
                "Another list is being acted on just now. Give this one again in a minute. Nothing was done about it."
            )
        case End.DONE:
            failed = f" For {fed.failed} of them it could not be done: give the list again." if fed.failed else ""
            return f"{_touched(plan)}. The running bot turns keys off and tells people.{failed}"
