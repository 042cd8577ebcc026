"""The command that asks for the same again, for those whose request or raise came to an end."""

from __future__ import annotations

from bot.domain.budgets import Layer
from bot.domain.facts import RequestFacts
from bot.domain.keys import KeyKind, can_be_raised
from bot.domain.money import show
from bot.domain.periods import short_duration
from bot.domain.requests import Purpose
from bot.slack.views.base import NAME_CHARS, clip, mention


def retype(facts: RequestFacts) -> str:
    """The command that asks for the same again; nothing for a raise of what cannot be raised any more."""
    request = facts.request
    terms = request.asked
    if request.purpose is Purpose.RAISE:
        return _raise(facts)
    span = f" {short_duration(terms.duration_seconds)}" if terms.duration_seconds else ""
    word = "" if request.kind is KeyKind.TEMPORARY else f"{request.kind} "
    named = facts.project.name if facts.project and request.kind is KeyKind.PROJECT else request.name
    name = f"{clip(named.replace('`', ''), NAME_CHARS)} " if named else ""
    day = f" {show(terms.daily_cap_micros)}/day @lead" if terms.daily_cap_micros else ""
    return f"`/ai-key {word}{name}{show(terms.cap_micros)}{day}{span} what it is for`"


def _raise(facts: RequestFacts) -> str:
    """Whose limit it is has to be typed: without, another one could be meant."""
    request, limit = facts.request, facts.raised
    key = facts.key.key if facts.key else None
    if limit is None or (key is not None and not can_be_raised(key)):
        return ""
    amount, named = show(request.asked.cap_micros), clip(limit.name.replace("`", ""), NAME_CHARS)
    match limit.layer:
        case Layer.MEMBER:
            whose = "" if limit.subject_id == request.requester_id else f" {mention(limit.subject_id)}"
            return f"`/ai-budget raise {amount}`{whose} with what it is for"
        case Layer.TEAM:
            what = f"{amount} team"
        case Layer.PROJECT:
            what = f"{amount} project {named}"
        case Layer.KEY:
            what = f"{amount} {named}"
        case Layer.AUTOMATION:
            what = f"{amount}/day {named}"
    return f"`/ai-budget raise {what} what it is for`"
