"""The Home tab: what waits for me, my requests, the teams I own, this week, my keys, my budgets.

Slack keeps what is published there, so it never holds a secret.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from itertools import islice

from bot.domain.budgets import Budget, Layer
from bot.domain.digests import OldKey
from bot.domain.facts import RequestFacts
from bot.domain.homes import HomeFacts, TeamGlance
from bot.domain.money import show
from bot.domain.requests import Purpose, RequestState
from bot.slack.views import actions as act
from bot.slack.views import limits
from bot.slack.views import phrases as say
from bot.slack.views.base import (
    Block,
    View,
    actions,
    button,
    clip,
    code,
    context,
    divider,
    header,
    moment,
    section,
    stack,
)
from bot.slack.views.budgets import waiting_item
from bot.slack.views.figures import counted
from bot.slack.views.keys import key_line, key_lines
from bot.slack.views.old_keys import old_key_blocks
from bot.slack.views.standing import status
from bot.slack.views.weeks import key_week, team_week

WAITING_SHOWN = 8
REQUESTS_SHOWN = 6
KEYS_SHOWN = 10
BUDGETS_SHOWN = 8
OLD_KEYS_SHOWN = 4
FRESH_SECONDS = 600
"""What differs only in how fresh it is, by less than this, is the same."""


def home(facts: HomeFacts, now: datetime) -> View:
    """A person's Home tab, at this moment; at most 95 of the 100 blocks Slack allows."""
    blocks = [*_waiting(facts), *_requests(facts), *_teams(facts), *_week(facts), *_keys(facts), *_budgets(facts)]
    blocks += _digest(facts)
    blocks += context(f"As of {moment(now)}. For an hour after you open this tab, it keeps itself up to date.")
    return {"type": "home", "blocks": blocks}


_AS_OF = re.compile(r"([Aa]s of <!date\^)(\d+)\^[^>]*>")


def fingerprint(view: View) -> str:
    """A hash of what a Home tab shows, the same for views that differ only in how fresh they are, by minutes."""

    def coarse(found: re.Match[str]) -> str:
        return f"{found[1]}{int(found[2]) // FRESH_SECONDS}>"

    drawn = _AS_OF.sub(coarse, json.dumps(view, sort_keys=True, ensure_ascii=False))
    return hashlib.sha256(drawn.encode()).hexdigest()[:32]


def _waiting(facts: HomeFacts) -> list[Block]:
    if not facts.waiting_for_me:
        quiet = [
            header("Waiting for me"),
            section("Nothing. Requests you can decide appear here."),
            divider(),
        ]
        return quiet if facts.is_owner else []
    blocks: list[Block] = [header("Waiting for me")]
    for one in facts.waiting_for_me[:WAITING_SHOWN]:
        blocks += waiting_item(one)
    more = len(facts.waiting_for_me[WAITING_SHOWN:]) + facts.waiting_left_out
    return [*blocks, *_more(more), divider()]


def _requests(facts: HomeFacts) -> list[Block]:
    blocks: list[Block] = [header("My requests")]
    if not facts.requests:
        blocks.append(section("None. Ask for a key with `/ai-key`, or `/ai-key $25 7d what it is for`."))
    for one in facts.requests[:REQUESTS_SHOWN]:
        blocks.append(section(f"*{say.capital(say.ask(one))}* in team {clip(one.team.name, 80)}\n{status(one)}"))
        blocks += actions(_request_button(one))
    return [*blocks, *_more(len(facts.requests) - REQUESTS_SHOWN), divider()]


def _request_button(one: RequestFacts) -> Block | None:
    request = one.request
    if request.state is RequestState.WAITING:
        return say.cancel_button(request)
    if request.state is RequestState.APPROVED and request.purpose in (Purpose.ISSUE, Purpose.ROTATE):
        return say.reveal_button(request)
    return None


def _week(facts: HomeFacts) -> list[Block]:
    if facts.week is None:
        return []
    return [header("My keys this week"), section(stack(key_week(facts.week))), divider()]


def _keys(facts: HomeFacts) -> list[Block]:
    keys = sorted(facts.keys, key=lambda one: say.is_off(one.key))
    blocks: list[Block] = [header("My keys")]
    if not keys:
        blocks.append(section("None yet."))
    shown = keys[:KEYS_SHOWN]
    for one in shown:
        if not say.is_off(one.key):
            blocks.append(section(key_line(one)))
            blocks += actions(say.extend_button(one.key), say.give_back_button(one.key), say.raise_button(one.key))
    if off := [one for one in shown if say.is_off(one.key)]:
        blocks.append(section(key_lines(off)))
    return [*blocks, *_more(len(keys[KEYS_SHOWN:]) + facts.keys_left_out), divider()]


def _budgets(facts: HomeFacts) -> list[Block]:
    """Those that are not told with a team of theirs."""
    told = {team.team.id for team in facts.teams}
    budgets = [one for one in facts.budgets if one.layer is not Layer.TEAM or one.subject_id not in told]
    if not budgets and told:
        return []
    blocks: list[Block] = [header("My budgets")]
    blocks += [section(_budget(one)) for one in budgets[:BUDGETS_SHOWN]]
    if not budgets:
        blocks.append(section("No budget binds you here."))
    more = _more(len(budgets) - BUDGETS_SHOWN)
    hint = context("`/ai-budget` shows more, `/ai-budget raise` asks for more.")
    return [*blocks, *more, *hint, divider()]


def _budget(limit: Budget) -> str:
    return f"{limits.line(limit)}\n{limits.bar(limit)} ({limits.as_of(limit.read_at, 'not read yet')})"


def _teams(facts: HomeFacts) -> list[Block]:
    if not facts.teams:
        return []
    blocks: list[Block] = [header("My team" if len(facts.teams) == 1 else "My teams")]
    blocks += [section(stack(_glance(team))) for team in facts.teams]
    old = [key for team in facts.teams for key in team.old_keys]
    for key in islice(old, OLD_KEYS_SHOWN):
        blocks += old_key_blocks(key)
    lines = (_hidden(old), f"…and {counted(facts.teams_left_out, 'more team')}" if facts.teams_left_out else "")
    return [*blocks, *context(*lines), divider()]


def _glance(one: TeamGlance) -> list[str]:
    """A team in a few lines: its budget, its week, what waits, how many keys are old."""
    name = code(one.team.name)
    if one.budget is None:
        head = f"*Team {name}* has no budget."
    else:
        limit = one.budget
        spent = f"spent {limits.spent_of(limit)} ({limits.as_of(limit.read_at, 'not read yet')})"
        promised = f", promised to keys {show(limit.committed_micros)}" if limit.committed_micros else ""
        head = f"*Team {name}:* {spent}{promised}, *{limits.left(limit)}*.\n{limits.bar(limit)}"
    waits = f"*{counted(one.waiting, 'request')}* {'waits' if one.waiting == 1 else 'wait'} for a decision."
    are = "is" if len(one.old_keys) == 1 else "are"
    old = f"*{counted(len(one.old_keys), 'key')}* {are} old: unused, past rotation, or without a holder."
    week = [] if one.week is None else team_week(one.week)
    return [head, *_incidents(one), *week, waits if one.waiting else "", old if one.old_keys else ""]


def _incidents(one: TeamGlance) -> list[str]:
    if not one.incidents:
        return []
    are = "is" if one.incidents == 1 else "are"
    where = f"<#{one.team.channel_id}>, or `/ai-team incidents` there"
    return [f"*{counted(one.incidents, 'incident')}* {are} open: {where}."]


def _hidden(old: list[OldKey]) -> str:
    more = len(old) - OLD_KEYS_SHOWN
    return f"…and {counted(more, 'more old key')}; the Monday digest lists them all." if more > 0 else ""


def _digest(facts: HomeFacts) -> list[Block]:
    """Whether a digest of one's own comes by direct message, and the button that changes it."""
    if facts.wants_digest:
        text = "On Mondays you get a digest of your own keys and budgets by direct message."
        return [section(text, button("Stop my weekly digest", act.DIGEST_OFF, facts.member.id))]
    text = "Your own week on Mondays, by direct message: your keys, your budgets, what moved."
    return [section(text, button("Send me a weekly digest", act.DIGEST_ON, facts.member.id))]


def _more(count: int) -> list[Block]:
    return context(f"…and {count} more") if count > 0 else []
