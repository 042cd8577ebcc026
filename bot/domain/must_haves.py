"""What an ask of each kind must have, and what it must not: each refusal says what to type instead."""

from __future__ import annotations

from bot.domain.keys import KeyKind
from bot.domain.money import MICROS_PER_CENT, show
from bot.domain.people import NAME_CHARS, is_key_name, is_team_name
from bot.domain.policy import KindPolicy
from bot.domain.requests import Ask, Because, Refused
from bot.domain.rules import Rule


def example(kind: KeyKind, name: str = "", cap_micros: int | None = None, daily_micros: int | None = None) -> str:
    """A whole command that asks for such a key, with as much of what was typed as is right."""
    cap = "$200" if cap_micros is None else show(cap_micros)
    match kind:
        case KeyKind.PROJECT:
            return f"`/ai-key project {name if is_team_name(name) else 'search'} {cap} what it is for`"
        case KeyKind.AUTOMATION:
            day = show(
                daily_micros
                or max(MICROS_PER_CENT, (cap_micros or 200_000_000) // 20 // MICROS_PER_CENT * MICROS_PER_CENT)
            )
            return f"`/ai-key automation {name if is_key_name(name) else 'nightly-evals'} {cap} {day}/day @lead reason`"
        case KeyKind.MEMBER:
            return f"`/ai-key member {cap}`"
        case KeyKind.TEMPORARY:
            return f"`/ai-key {cap} 7d what it is for`"


def lacking(ask: Ask, limits: KindPolicy) -> Refused | None:
    """What an ask for a new key lacks, or has and should not; None when it is as its kind must be."""
    return _wrong_time(ask, limits) or _wrong_name(ask) or _wrong_lead(ask) or _wrong_day(ask, limits)


def _typed(ask: Ask, *, with_day: bool = True) -> str:
    assert ask.kind is not None
    return example(ask.kind, ask.name, ask.terms.cap_micros, ask.terms.daily_cap_micros if with_day else None)


def _refused(because: Because, text: str, rule: Rule = Rule.MUST_HAVES) -> Refused:
    return Refused(because, text, rule)


def _wrong_time(ask: Ask, limits: KindPolicy) -> Refused | None:
    if limits.default_seconds is not None or ask.terms.duration_seconds is None:
        return None
    article = "An" if ask.kind is KeyKind.AUTOMATION else "A"
    text = f"{article} {ask.kind} key does not end by itself. Leave out the time: {_typed(ask)}."
    return _refused(Because.TIME_TOO_LONG, text)


def _wrong_name(ask: Ask) -> Refused | None:
    if ask.kind is KeyKind.PROJECT and not (ask.name or ask.project):
        return _refused(Because.WRONG_NAME, f"Say which project the key is for: {_typed(ask)}.")
    if ask.kind is KeyKind.AUTOMATION and not is_key_name(ask.name):
        text = (
            f"An automation key needs a name of 1 to {NAME_CHARS} of a-z, 0-9 and hyphens, which its label starts "
            f"with: {_typed(ask)}."
        )
        return _refused(Because.WRONG_NAME, text)
    return None


def _wrong_lead(ask: Ask) -> Refused | None:
    if ask.lead_id is not None or ask.kind not in (KeyKind.PROJECT, KeyKind.AUTOMATION):
        return None
    article = "An" if ask.kind is KeyKind.AUTOMATION else "A"
    typed = _typed(ask).replace(" what it is for", " @lead what it is for")
    text = f"{article} {ask.kind} key needs a lead, who answers for it: {typed}."
    return _refused(Because.WRONG_LEAD, text)


def _wrong_day(ask: Ask, limits: KindPolicy) -> Refused | None:
    day, cap = ask.terms.daily_cap_micros, ask.terms.cap_micros
    if ask.kind is not KeyKind.AUTOMATION:
        if day is None:
            return None
        text = f"Only automation keys have a cap per day. Leave it out: {_typed(ask)}."
        return _refused(Because.WRONG_DAILY_CAP, text)
    if day is None:
        return _refused(Because.WRONG_DAILY_CAP, f"An automation key needs a cap per day as well: {_typed(ask)}.")
    if day > cap:
        text = f"{show(day)} a day is more than {show(cap)} a month: {_typed(ask, with_day=False)}."
        return _refused(Because.WRONG_DAILY_CAP, text)
    most = limits.largest_daily_cap_micros
    if most is not None and day > most:
        text = f"The largest cap per day for an automation key is {show(most)}."
        return _refused(Because.WRONG_DAILY_CAP, text, Rule.LARGEST_DAILY_CAP)
    return None
