"""What people agree to before their first key: the window that shows it, and its reader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from bot.domain.policy import UsagePolicy
from bot.slack.views import actions as act
from bot.slack.views.base import CONTEXT_CHARS, SECTION_CHARS, Block, View, clip, context, modal, section

WRAPPED_CHARS = 500
"""A line is shown in pieces of so many characters, which fit into a section however many of them are escaped."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Which version somebody agreed to, for which request, and where the message stands whose button they pressed."""

    version: str
    request_id: str
    channel_id: str
    ts: str


def agreement_form(policy: UsagePolicy, request_id: str, channel_id: str, ts: str) -> View:
    """All of the policy, with **I agree**; the key is made right after that."""
    about = {"version": policy.version, "request_id": request_id, "channel_id": channel_id, "ts": ts}
    blocks: list[Block] = [
        section("*Please read this before you get a key.* Your key is made as soon as you agree."),
        *_sections(policy.text),
    ]
    address = clip(policy.url.replace("|", "%7C"), CONTEXT_CHARS // 2)
    more = [f"<{address}|All of it>."] if policy.url else []
    version = f"Version {clip(policy.version, 60)}."
    small = f"{version} That you agreed is written down; you are asked again when it changes."
    return modal(act.AGREEMENT_FORM, "Usage policy", [*blocks, *context(*more, small)], json.dumps(about), "I agree")


def _sections(text: str) -> list[Block]:
    """All of it, indented as it is; what is too long for one section goes on in the next."""
    parts = [""]
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()))
        for said in [clip(piece, SECTION_CHARS) for piece in wrap(line, WRAPPED_CHARS)] or [""]:
            if len(parts[-1]) + len(indent) + len(said) >= SECTION_CHARS:
                parts.append("")
            parts[-1] += f"{indent}{said}\n"
    return [section(part.strip("\n")) for part in parts if part.strip()]


def read_agreement_form(view: Mapping[str, Any]) -> Agreement:
    """What was agreed to."""
    return Agreement(**json.loads(str(view.get("private_metadata") or "{}")))
