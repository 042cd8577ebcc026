"""The Home tab: what waits for me, my requests, my keys, my budgets.

Slack keeps what is published there, so it never holds a secret.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.budgets import Budget
from bot.domain.facts import HomeFacts, RequestFacts
from bot.domain.requests import Purpose, RequestState
from bot.slack.views import limits
from bot.slack.views import phrases as say
from bot.slack.views.base import (
    Block,
    View,
    actions,
    clip,
    context,
    divider,
    header,
    moment,
    section,
)
from bot.slack.views.budgets import waiting_item
from bot.slack.views.keys import key_line, key_lines
from bot.slack.views.standing import status

WAITING_SHOWN = 10
REQUESTS_SHOWN = 10
KEYS_SHOWN = 15
BUDGETS_SHOWN = 12


def home(facts: HomeFacts, now: datetime) -> View:
    """A person's Home tab, at this moment; at most 83 of the 100 blocks Slack allows."""
    blocks = [*_waiting(facts), *_requests(facts), *_keys(facts), *_budgets(facts)]
    blocks += context(f"As of {moment(now)}. Opening this tab reads it again.")
    return {"type": "home", "blocks": blocks}


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
    return [*blocks, *_more(len(facts.waiting_for_me) - WAITING_SHOWN), divider()]


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
    if request.state is RequestState.APPROVED and request.purpose is Purpose.ISSUE:
        return say.reveal_button(request)
    return None


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
    return [*blocks, *_more(len(keys) - KEYS_SHOWN), divider()]


def _budgets(facts: HomeFacts) -> list[Block]:
    blocks: list[Block] = [header("My budgets")]
    blocks += [section(_budget(one)) for one in facts.budgets[:BUDGETS_SHOWN]]
    if not facts.budgets:
        blocks.append(section("No budget binds you here."))
    more = _more(len(facts.budgets) - BUDGETS_SHOWN)
    return [*blocks, *more, *context("`/ai-budget` shows more, `/ai-budget raise` asks for more.")]


def _budget(limit: Budget) -> str:
    return f"{limits.line(limit)}\n{limits.bar(limit)} ({limits.as_of(limit.read_at, 'not read yet')})"


def _more(count: int) -> list[Block]:
    return context(f"…and {count} more") if count > 0 else []
