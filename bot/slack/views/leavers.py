"""What people read because somebody left: a request that closed, a yes that counts no more, a team without an owner."""

from __future__ import annotations

from bot.domain.facts import Notice, Occasion, RequestFacts
from bot.domain.requests import Purpose
from bot.slack.views import phrases as say
from bot.slack.views.base import clip, code, mention, mentions


def closed(facts: RequestFacts) -> str:
    """That a request ended because somebody left, and that nothing became of it."""
    request = facts.request
    kept = "No key was made." if request.purpose is Purpose.ISSUE else "Nothing was changed."
    return f"Closed: {mention(facts.left_id)} has left. {kept}"


def approver_left(notice: Notice, facts: RequestFacts) -> str:
    """In the thread: whose yes counts no more, and who is asked now."""
    needed = facts.request.approvals_needed - len(say.approvers(facts.request))
    more = "One owner has" if needed == 1 else f"{needed} owners have"
    who = mention(notice.actor_id or "")
    asked = f" Asked {mentions(facts.asked_ids)}." if facts.asked_ids else ""
    return f"{who} has left, so what they approved counts no more. {more} to agree.{asked}"


def why_asked(notice: Notice) -> str:
    """How "Ana asks for a key" goes on, to somebody who was not asked at first."""
    if notice.occasion is Occasion.ASKED_INSTEAD:
        return f". {mention(notice.actor_id or '')}, who was asked, has left, so you are asked now."
    return ", and nobody has answered yet, so you are asked too."


def ownerless(notice: Notice) -> str:
    """To the workspace's owners: a team's last owner left."""
    name, channel_id = (*notice.others, "", "")[:2]
    return (
        f"*Team {code(clip(name, 80))} has no owner any more:* {mention(notice.actor_id or '')} has left. Until it has "
        f"one, its requests come to you. Make somebody its owner: type `/ai-team owner @name` in <#{channel_id}>."
    )
