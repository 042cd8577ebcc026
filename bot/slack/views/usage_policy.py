"""What people agree to before their first key: the window that shows it, and its reader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.policy import UsagePolicy
from bot.slack.views import actions as act
from bot.slack.views.base import SECTION_CHARS, Block, View, clip, context, modal, section


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
    address = clip(policy.url.replace("|", "%7C"), 500)
    more = [f"<{address}|All of it>."] if policy.url else []
    version = f"Version {clip(policy.version, 60)}."
    small = f"{version} That you agreed is written down; you are asked again when it changes."
    return modal(act.AGREEMENT_FORM, "Usage policy", [*blocks, *context(*more, small)], json.dumps(about), "I agree")


def _sections(text: str) -> list[Block]:
    """All of it, its lines as they are."""
    parts = [""]
    for line in text.splitlines():
        said = clip(line, SECTION_CHARS)
        if len(parts[-1]) + len(said) < SECTION_CHARS:
            parts[-1] += f"\n{said}"
        else:
            parts.append(said)
    return [section(part.strip("\n")) for part in parts if part.strip()]


def read_agreement_form(view: Mapping[str, Any]) -> Agreement:
    """What was agreed to."""
    return Agreement(**json.loads(str(view.get("private_metadata") or "{}")))
