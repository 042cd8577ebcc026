"""`--scenario weeks`: begins a fresh playground twelve weeks ago, lives them, and says what there is then."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from bot.playground.books import Glance
from bot.playground.clock import PlayClock
from bot.playground.folder import Folder, Trouble
from bot.playground.slack import FakeSlack
from bot.playground.terminal import Terminal
from bot.playground.town import Town
from bot.playground.weeks.days import DAYS, WEEKS
from bot.playground.weeks.live import Weeks, populate
from bot.playground.weeks.plan import Plan, make_plan
from bot.playground.weeks.who import SQUADS

SAVED_WITH_WEEKS = (1, 5, 9)
"""Weeks at whose beginning the outer world is kept, should somebody pull the plug."""

UNREAD = timedelta(days=2)
"""What is older than this, everybody has read."""


def begin(folder: Folder) -> Plan:
    """Set the clock of this folder back to where the weeks begin. Raises `Trouble` when there is something in it."""
    if folder.is_used:
        raise Trouble(
            f"{folder.path} has a playground's data in it, and twelve weeks can only be lived from the beginning. "
            "Start clean with --reset, or choose another folder with --data DIR."
        )
    plan = make_plan((datetime.now(UTC) - timedelta(days=DAYS)).date())
    PlayClock(folder.clock_file).begin(plan.days.midnight)
    return plan


def play(town: Town, plan: Plan, out: Terminal) -> None:
    """Live all twelve weeks up to now. The town is up. Raises `StoryFailed`."""
    began = time.monotonic()
    glance = Glance(town.folder.books)

    def tell(week: int) -> None:
        first = plan.days.midnight + timedelta(weeks=week - 1)
        text = f"Week {week} of {WEEKS}"
        town.progress = {"text": text, "share": round(week / WEEKS, 4)}
        town.slack.state.touch()
        out.note(f"{text}, from {first:%-d %B}")
        if week in SAVED_WITH_WEEKS:
            town.save()

    try:
        populate(town.slack)
        weeks = Weeks(town.slack, town.gateway, town.clock, glance, plan, tell)
        with town.mover.taken():
            weeks.live()
        _catch_up_on_reading(town.slack, town.clock.now() - UNREAD)
    finally:
        glance.close()
        town.progress = None
        town.slack.state.touch()
    _say_what_there_is(town, plan, weeks, out)
    out.took((time.monotonic() - began, "for twelve weeks"))


def _catch_up_on_reading(slack: FakeSlack, until: datetime) -> None:
    """Everybody has read what is older than `until`, and has closed Slack since, which ends ephemeral messages."""
    state = slack.state
    with state.lock:
        for channel in state.channels.values():
            read = [message.ts for message in channel.messages if float(message.ts) < until.timestamp()]
            for person in channel.members if read else ():
                state.last_read.setdefault(person, {})[channel.id] = read[-1]
        for person, messages in state.ephemerals.items():
            state.ephemerals[person] = [message for message in messages if float(message.ts) >= until.timestamp()]


def _say_what_there_is(town: Town, plan: Plan, weeks: Weeks, out: Terminal) -> None:
    now = town.clock.now()
    people = [user for user in town.slack.state.users.values() if not user.is_bot and user.name != "slackbot"]
    keys = town.gateway.keys
    live = sum(key.works(now) for key in keys)
    projects = [project.name for squad in SQUADS for project in squad.projects]
    out.headline(f"From {plan.days.midnight:%-d %B} to {now:%-d %B}")
    out.pairs(
        ("People", str(len(people))),
        ("Teams", ", ".join(f"#{squad.name}" for squad in SQUADS)),
        ("Projects", ", ".join(projects)),
        ("Requests", str(len(plan.wishes))),
        ("Keys", f"{len(keys)}: {live} live, {len(keys) - live} ended"),
        ("Spend", f"${weeks.spent.usd:,.2f} for {weeks.spent.answered:,} calls; {weeks.spent.refused:,} more failed"),
    )
