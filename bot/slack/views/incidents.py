"""An incident's one message, written anew as it goes on: what, whose, how much, what is done, what to do now.

It is short; details go to its thread (`incident_steps`). The same is said directly to owners where there is no channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.budgets import Layer
from bot.domain.charts import Chart, Look, Series, Unit
from bot.domain.incident_facts import IncidentFacts, IncidentNotice, Part
from bot.domain.incidents import Evidence, IncidentKind, IncidentState
from bot.domain.keys import KeyState
from bot.domain.money import show
from bot.domain.periods import HOUR_SECONDS
from bot.slack.views import actions as act
from bot.slack.views import incident_lines as lines
from bot.slack.views import incident_steps as steps
from bot.slack.views import incident_words as words
from bot.slack.views import phrases as say
from bot.slack.views.base import (
    Block,
    Message,
    actions,
    button,
    chart_here,
    clip,
    code,
    context,
    mention,
    mentions,
    message,
    moment,
    section,
    sentence,
    stack,
)
from bot.slack.views.figures import counted, in_cents

HOURS_SHOWN = 24
FEWEST_HOURS = 8
LISTED = 10
CALLED = 4
QUOTED_CHARS = 400
_CHART = 0


def incident(notice: IncidentNotice, now: datetime) -> Message:
    """An incident's one message, as it stands at this moment."""
    facts = notice.facts
    is_closed = facts.incident.state is IncidentState.CLOSED
    title = f"*{_title(facts)}.*"
    told = [title, words.abnormal(facts), words.whose(facts)]
    chart = None if is_closed else _chart(facts)
    standing = [words.stands(facts), _explained(facts), words.closed(facts) if is_closed else ""]
    return message(
        " ".join(filter(None, [sentence(notice.why, words.NOTE_CHARS), title, *told[1:2], standing[0]])),
        section(stack([sentence(notice.why, words.NOTE_CHARS), *told])),
        [chart_here(_CHART)] if chart else [],
        section(stack([*standing, "" if is_closed else _next(facts)])),
        context(_care(facts, now)),
        actions(*_buttons(facts, now)),
        charts=(chart,) if chart else (),
    )


def step(notice: IncidentNotice, _now: datetime) -> Message:
    """What is written in its thread."""
    return steps.step(notice)


def direct(notice: IncidentNotice, now: datetime, member_id: str) -> Message:
    """What one person is told directly: all of it, where there is no channel; else what concerns them."""
    if notice.part is Part.EXPLAIN:
        return steps.explain(notice.facts, now, member_id)
    if notice.line is None:
        return incident(notice, now)
    told = lines.line_of(notice)
    which = f"*{_title(notice.facts)}.*"
    channel = notice.facts.incident.channel_id
    place = f"Its thread is in <#{channel}>." if channel and channel.startswith(("C", "G")) else ""
    return message(
        f"{which} {told}",
        section(stack([sentence(notice.why, words.NOTE_CHARS), which, told, place])),
        actions(*_buttons(notice.facts, now)),
    )


def listed(found: Sequence[IncidentFacts], team_name: str, now: datetime) -> Message:
    """The answer to `/ai-team incidents`: those that are open, oldest first, each with what can be done."""
    if not found:
        return message(f"No incident is open in team {code(team_name)}.")
    title = f"*{counted(len(found), 'open incident')} of team {code(team_name)}*"
    blocks: list[Block] = [section(title)]
    for facts in found[:LISTED]:
        opened = f"Opened {moment(facts.incident.opened_at)}. {_care(facts, now)}"
        blocks.append(section(stack([f"*{_title(facts)}.*", words.stands(facts), opened], 1000)))
        blocks += actions(*_buttons(facts, now))
    more = len(found) - LISTED
    return message(title, blocks, context(f"…and {more} more" if more > 0 else ""))


def answered(facts: IncidentFacts) -> Message:
    """To who pressed a button: what the incident's message says to everybody now."""
    state = words.closed(facts) if facts.incident.state is IncidentState.CLOSED else _looked_after(facts)
    return message(f"{words.subject(facts)}: {state[:1].lower()}{state[1:]} The thread says so to everybody.")


def exporting(facts: IncidentFacts) -> Message:
    """The answer to Export timeline."""
    return message(f"The timeline of {words.subject(facts)} comes as a Markdown file in the incident's thread.")


# --- its parts ---


def _title(facts: IncidentFacts) -> str:
    told = words.headline(facts)
    return f"Closed. {told}" if facts.incident.state is IncidentState.CLOSED else told


def _explained(facts: IncidentFacts) -> str:
    """What was answered last when it was asked what is going on."""
    if not facts.explanations:
        return ""
    said = facts.explanations[-1]
    return f"{words.person(said.actor)} says: {say.quoted(said.reason, QUOTED_CHARS)}"


def _next(facts: IncidentFacts) -> str:
    """What to do now, in a sentence or two, and who should."""
    assignee = facts.incident.assignee_id if facts.incident.state is IncidentState.ACKNOWLEDGED else None
    able = (assignee,) if assignee else facts.able_ids
    called = f"{mentions(able, most=CALLED)}: " if able else ""
    to_do = _to_do(facts)
    return f"*Now:* {called}{to_do if called else say.capital(to_do)}"


def _to_do(facts: IncidentFacts) -> str:
    kind, key = facts.incident.kind, facts.key.key if facts.key else None
    if kind is IncidentKind.CREDENTIAL:
        return (
            f"change it at {words.subject(facts)} first, then in Purser's settings, and start Purser again. Until "
            "then whoever has it can do there what Purser can."
        )
    if key is None:
        return f"look which keys it comes from, {code(_usage(facts))}, and turn off what nobody can explain."
    if key.state is KeyState.DISABLING:
        return "nothing to press; until it says off here, take the key out of whatever uses it."
    if key.state is KeyState.LIVE and words.restored(facts):
        return "*Disable now* stops it again. *Close incident* once you know what was behind it."
    if key.state is KeyState.LIVE and facts.explanations:
        return "*Disable now* stops this key and nothing else. Was that the cause? Then *Close incident*."
    if key.state is KeyState.LIVE:
        asked = f" {mentions(facts.asked_ids)} {'was' if len(facts.asked_ids) == 1 else 'were'} asked what it is doing."
        return f"*Disable now* stops this key and nothing else.{asked if facts.asked_ids else ''}"
    if key.deleted_at is not None:
        return f"close it once the cause is known; {mention(key.holder_id)} can ask for a new key with `/ai-key`."
    if key.leaked_at is not None:
        return f"find out how it got out; *Restore* lets {mention(key.holder_id)} reveal a new secret."
    return "find out what is behind it (see the thread), then *Restore* it with a budget of its own."


def _usage(facts: IncidentFacts) -> str:
    incident = facts.incident
    named = facts.name.removeprefix(f"{incident.layer} ")
    who = {Layer.TEAM: "team", Layer.PROJECT: f"project {named}"}.get(incident.layer or Layer.KEY, f"@{named}")
    return f"/ai-usage {who} today by key"


def _looked_after(facts: IncidentFacts) -> str:
    if facts.incident.state is IncidentState.OPEN:
        return "Nobody looks after it yet."
    assignee = facts.incident.assignee_id
    return f"{mention(assignee)} looks after it." if assignee else "Somebody looks after it."


def _care(facts: IncidentFacts, now: datetime) -> str:
    """Who looks after it, and whether reminders are quiet."""
    told = facts.incident
    if told.state is IncidentState.CLOSED:
        return "Should it happen again, it is opened again."
    quiet = told.snoozed_until is not None and told.snoozed_until > now
    until = f" No reminders until {moment(told.snoozed_until)}." if quiet and told.snoozed_until else ""
    return f"{_looked_after(facts)}{until}"


def _buttons(facts: IncidentFacts, now: datetime) -> list[Block | None]:
    """What can be done now; each press is judged by who presses."""
    told = facts.incident
    if told.state is IncidentState.CLOSED:
        key = say.restore_button(facts.key.key, now) if facts.key else None
        return [key, button("Reopen", act.REOPEN_INCIDENT, told.id), steps.export_button(facts)]
    is_quiet = told.snoozed_until is not None and told.snoozed_until > now
    of_key = (say.disable_button(facts.key.key) or say.restore_button(facts.key.key, now)) if facts.key else None
    is_open = told.state is IncidentState.OPEN
    return [
        of_key,
        button("Acknowledge", act.ACKNOWLEDGE, told.id, "" if of_key else "primary") if is_open else None,
        None if is_quiet else button("Snooze", act.SNOOZE_INCIDENT, told.id),
        button("Assign", act.ASSIGN_INCIDENT, told.id),
        steps.close_button(facts),
    ]


# --- the chart ---


def _chart(facts: IncidentFacts) -> Chart | None:
    """What was spent hour by hour before it was noticed, with the line from which on it is abnormal."""
    seen = facts.incident.evidence
    hours = _hours(seen)
    if len(hours) < 2 or not any(micros for _, micros in hours):
        return None
    spent = in_cents([micros for _, micros in hours])
    names = [f"{at:%H:%M}" if number else f"{at:%-d %b %H:%M}" for number, (at, _) in enumerate(hours)]
    top = max(range(len(hours)), key=lambda number: spent[number])
    limit = (seen.limit_micros or None) if seen.window_seconds == HOUR_SECONDS else None
    from_on = f" From {show(limit)} on an hour is abnormal." if limit else ""
    return Chart(
        title=clip(f"By hour (UTC), {facts.name}", 50),
        look=Look.COLUMNS,
        unit=Unit.MONEY,
        categories=tuple(names),
        series=(Series("spent", spent),),
        alt=(
            f"What was spent in each of {counted(len(hours), 'hour')} up to {hours[-1][0]:%H:%M} UTC: most in the hour "
            f"from {hours[top][0]:%-d %B %H:%M}, {show(spent[top])}; in all {show(sum(spent))}.{from_on}"
        ),
        limit=limit,
        limit_name="abnormal from here" if limit else "",
    )


def _hours(seen: Evidence) -> tuple[tuple[datetime, int], ...]:
    """The newest hours; of those before anything was spent, a few."""
    hours = seen.hours[-HOURS_SHOWN:]
    empty = next((number for number, (_, micros) in enumerate(hours) if micros), 0)
    return hours[max(0, min(empty, len(hours) - FEWEST_HOURS)) :]
