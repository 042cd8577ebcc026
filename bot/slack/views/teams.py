"""What a team looks like, and the answers to changing one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.budgets import Layer
from bot.domain.digest_times import clock_time
from bot.domain.facts import TeamFacts
from bot.domain.money import show
from bot.domain.people import Project, Team
from bot.slack.views import limits
from bot.slack.views.base import (
    Message,
    clip,
    code,
    context,
    mention,
    mentions,
    message,
    moment,
    section,
    stack,
)


def team(facts: TeamFacts, now: datetime) -> Message:
    """A team with its people, projects and budgets."""
    one = facts.team
    owners = mentions(one.owner_ids, most=20) or "nobody yet; name one with `/ai-team owner @name`"
    members = mentions(one.member_ids, most=20) or "nobody yet; add people with `/ai-team invite @name`"
    projects = [f"{code(project.name)}, led by {mention(project.lead_id)}" for project in facts.projects]
    budgets = [limits.line(budget) for budget in facts.budgets]
    return message(
        f"Team {code(one.name)}: {_count(len(one.owner_ids), 'owner')}, {_count(len(one.member_ids), 'member')}, "
        f"{_count(len(facts.projects), 'project')}.",
        section(f"*Team {code(one.name)}* in <#{one.channel_id}>\n*Owners:* {owners}\n*Members:* {members}"),
        section(stack(["*Projects*", *projects])) if projects else [],
        section(stack(["*Budgets*", *budgets])) if budgets else section("*Budgets*\nNone is set yet."),
        context(f"As of {moment(now)}. Members ask for keys with `/ai-key`. {_digest(one)}"),
    )


def created(facts: TeamFacts) -> Message:
    """The answer to `/ai-team create`."""
    amounts = [show(budget.budget_micros) for budget in facts.budgets if budget.layer is Layer.TEAM]
    money = f", with {amounts[0]} a month" if amounts else ""
    text = (
        f"*Team {code(facts.team.name)} lives in this channel now*{money}. Its owners: "
        f"{mentions(facts.team.owner_ids, most=20)}.\n"
        "Next: `/ai-team invite @ana @ben` adds members, who then ask for keys with `/ai-key`."
    )
    return message(text)


def invited(one: Team, member_ids: Sequence[str]) -> Message:
    """Who can ask for keys from now on."""
    return message(
        f"Added to team {code(one.name)}: {mentions(member_ids, most=20)}. They can ask for keys with `/ai-key`."
    )


def removed(one: Team, member_ids: Sequence[str]) -> Message:
    """Who cannot ask any more; keys they hold are another matter, and that is said."""
    return message(
        f"Removed from team {code(one.name)}: {mentions(member_ids, most=20)}. They can't ask for keys here any "
        "more. Keys they hold keep working until they end; turn one off with `/ai-disable LABEL`."
    )


def owners_added(one: Team, member_ids: Sequence[str]) -> Message:
    """Who decides about requests from now on."""
    return message(f"{mentions(member_ids, most=20)} can now decide about requests of team {code(one.name)}.")


def project_created(one: Team, project: Project, monthly_micros: int) -> Message:
    """The answer to `/ai-team project`."""
    return message(
        f"Project {code(project.name)} of team {code(one.name)} has {show(monthly_micros)} a month and is led by "
        f"{mention(project.lead_id)}."
    )


def _digest(one: Team) -> str:
    if one.digest_minutes is None:
        return "No weekly digest comes here; `/ai-team digest on` changes that."
    at = f"{clock_time(one.digest_minutes)} {clip(one.time_zone, 60)}"
    return f"The weekly digest comes on Mondays at {at} time; `/ai-team digest` changes that."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
