"""`/ai-budget`, raises, and the buttons of a limit's message, as people use them in Slack."""

from __future__ import annotations

from typing import assert_never

from bot.services import budgets, raising, snoozing
from bot.services.choosing import under_limit
from bot.services.raising import AskRaise
from bot.services.requests import Place
from bot.services.setting import BudgetSetting, set_budget
from bot.slack import requests as asking
from bot.slack.grammar import budget as grammar
from bot.slack.grammar.text import Help, Mistake, redacted
from bot.slack.guard import Response, with_errors
from bot.slack.incoming import Incoming, allowed
from bot.slack.views import answers, raise_forms
from bot.slack.views import budgets as views
from bot.slack.views.base import Message
from bot.slack.views.help import help_for


def budget_command(event: Incoming) -> None:
    """`/ai-budget` in all its forms."""
    typed = grammar.parse(event.text, event.purser.now())
    match typed:
        case grammar.OpenRaiseForm():
            open_raise(event)
        case AskRaise():
            outcome = raising.ask_raise(event.purser, event.actor(), Place(event.channel_id), typed)
            event.answer(asking.asked(outcome, event.purser.now()))
        case _:
            event.answer(_answer(event, typed))


def _answer(
    event: Incoming, typed: grammar.ShowBudgets | grammar.ShowQueue | BudgetSetting | Help | Mistake
) -> Message:
    match typed:
        case grammar.ShowBudgets():
            facts = allowed(budgets.show(event.purser, event.actor(), event.channel_id))
            return views.budgets(facts, event.purser.now())
        case grammar.ShowQueue():
            return views.queue(budgets.queue(event.purser, event.actor(fresh=True)))
        case BudgetSetting():
            done = allowed(set_budget(event.purser, event.actor(fresh=True), event.channel_id, typed))
            return views.budget_set(done.limit, done.monthly_micros, done.was_micros, done.remarks)
        case Help():
            return help_for("/ai-budget")
        case Mistake():
            return answers.mistake(typed.text, typed.example)
        case _:
            assert_never(typed)


def open_raise(event: Incoming) -> None:
    """Raise: on a button, of the limit it stands for; typed bare, of what binds the person."""
    facts = allowed(raising.raise_form(event.purser, event.actor(), event.channel_id, event.value))
    event.open_form(raise_forms.raise_form(facts, event.channel_id))


def submit_raise(event: Incoming) -> Response:
    """A raise is asked for like a key: owners decide."""
    read = raise_forms.read_raise_form(event.view)
    if isinstance(read, dict):
        return with_errors(read)
    wanted = AskRaise(read.micros, redacted(read.reason), target=read.target, ends_at=read.ends_at)
    outcome = raising.ask_raise(event.purser, event.actor(), Place(read.channel_id, read.team_id), wanted)
    return asking.form_answer(event, outcome)


def snooze(event: Incoming) -> None:
    """Snooze: no early warnings of this limit for a day."""
    facts = allowed(snoozing.snooze(event.purser, event.actor(fresh=True), event.value))
    event.answer(views.snoozed(facts))


def open_disable_under(event: Incoming) -> None:
    """Disable now, under a limit: which of its keys, the biggest spender first."""
    event.actor()
    found = allowed(under_limit(event.purser, event.value))
    event.open_form(raise_forms.disable_under_form(found.alert, found.keys))
