"""Replies in a request's thread: an owner's word, typed. People also talk there, so all else is left alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from bot.slack.grammar.terms import Reader, read_terms
from bot.slack.grammar.text import Mistake, Slip, needed_reason, tidy

APPROVE = "approve $20 3d"
DENY = "deny too much for a trial"


@dataclass(frozen=True, slots=True)
class ApproveReply:
    """Yes. None means: as asked. An end date is that of a raise; a cap per day that of an automation key."""

    cap_micros: int | None = None
    duration_seconds: int | None = None
    models: tuple[str, ...] | None = None
    daily_cap_micros: int | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DenyReply:
    """No, and why."""

    reason: str


_ADDRESSED = re.compile(r"^(?:<@[UW]\w+(?:\|[^<>]*)?>[,:]?\s*)+")


def parse(text: str, now: datetime) -> ApproveReply | DenyReply | Mistake | None:
    """Read a reply; None when it is not for Purser. Never raises.

    `approve` followed by anything but terms decides nothing: "approve when legal agrees" is not a yes.
    """
    tokens = _ADDRESSED.sub("", tidy(text)).split()
    word = tokens[0].strip("`*_.,!:").lower() if tokens else ""
    if "?" in (tokens[0] if tokens else ""):
        return None
    try:
        if word == "approve":
            return _approve([token.strip("`") for token in tokens[1:]], now)
        if word == "deny":
            return DenyReply(needed_reason(tuple(tokens[1:]), "Say in a few words why not.", DENY))
    except Slip as slip:
        return slip.mistake
    return None


def _approve(tokens: list[str], now: datetime) -> ApproveReply:
    said = Reader([token for token in tokens if token], APPROVE)
    read_terms(said, now, daily=True)
    if said.left or said.project:
        raise Slip("Nothing was decided. Write `approve` alone, or with a cap and a time.", APPROVE)
    if said.ends_at is not None and said.duration_seconds is not None:
        raise Slip("Nothing was decided. Say how long, or until when, not both.", "approve $100 until 15 December")
    return ApproveReply(said.cap_micros, said.duration_seconds, said.models, said.daily_micros, said.ends_at)
