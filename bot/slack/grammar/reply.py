"""Replies in a request's thread: an owner's word, typed. People also talk there, so all else is left alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.slack.grammar.text import Mistake, Slip, needed_reason, terms, tidy

APPROVE = "approve $20 3d"
DENY = "deny too much for a trial"


@dataclass(frozen=True, slots=True)
class ApproveReply:
    """Yes. None means: as asked."""

    cap_micros: int | None = None
    duration_seconds: int | None = None
    models: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class DenyReply:
    """No, and why."""

    reason: str


_ADDRESSED = re.compile(r"^(?:<@[UW]\w+(?:\|[^<>]*)?>[,:]?\s*)+")


def parse(text: str) -> ApproveReply | DenyReply | Mistake | None:
    """Read a reply; None when it is not for Purser. Never raises.

    `approve` followed by anything but terms decides nothing: "approve when legal agrees" is not a yes.
    """
    tokens = _ADDRESSED.sub("", tidy(text)).split()
    word = tokens[0].strip("`*_.,!:").lower() if tokens else ""
    if "?" in (tokens[0] if tokens else ""):
        return None
    try:
        if word == "approve":
            return _approve([token.strip("`") for token in tokens[1:]])
        if word == "deny":
            return DenyReply(needed_reason(tuple(tokens[1:]), "Say in a few words why not.", DENY))
    except Slip as slip:
        return slip.mistake
    return None


def _approve(tokens: list[str]) -> ApproveReply:
    typed = terms(tokens, APPROVE)
    if typed.rest:
        raise Slip("Nothing was decided. Write `approve` alone, or with a cap and a time.", APPROVE)
    return ApproveReply(typed.cap_micros, typed.duration_seconds, typed.models)
