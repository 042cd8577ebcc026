"""Everything of a person or project turned off at once: typed, shown what will stop, asked once."""

from __future__ import annotations

from bot.domain.budgets import Layer
from bot.domain.groups import Group
from bot.services import groups
from bot.slack.grammar.disable import DisablePerson, DisableProject
from bot.slack.grammar.text import redacted
from bot.slack.incoming import Incoming, allowed
from bot.slack.patience import told_if_slow
from bot.slack.views import answers
from bot.slack.views import groups as views
from bot.slack.views.base import View


def form_for(event: Incoming, typed: DisablePerson | DisableProject) -> View:
    """The form that lists what will stop. Raises `Stop` where there is nothing to stop, or this person may not."""
    actor = event.actor()
    word = Group(Layer.MEMBER, typed.member_id) if isinstance(typed, DisablePerson) else typed.name
    group = allowed(groups.find(event.purser, actor, event.channel_id, word))
    return views.group_form(allowed(groups.look(event.purser, actor, group)), typed.reason)


def disable_group(event: Incoming, group: Group, reason: str) -> None:
    """That form, sent: every key goes off; the outcome comes as a direct message."""
    with told_if_slow(event, answers.turning_off()):
        outcome = groups.disable(event.purser, event.actor(), group, redacted(reason))
    event.answer(views.group_off(allowed(outcome)))
