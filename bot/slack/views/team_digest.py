"""When a team's weekly digest comes: what `/ai-team digest` shows and answers."""

from __future__ import annotations

from bot.domain.digest_times import Timing, clock_time
from bot.slack.views.base import Message, clip, code, message, moment


def timing(facts: Timing) -> Message:
    """When it comes, in the team's time and the reader's, and how an owner changes that."""
    team = facts.team
    if facts.next_at is None:
        return message(
            f"Team {code(team.name)} gets no weekly digest. An owner turns it on with `/ai-team digest on`; what was "
            "spent is always there with `/ai-usage`."
        )
    zone = clip(team.time_zone, 60)
    late = ""
    if facts.clock != clock_time(team.digest_minutes or 0):
        chosen = clock_time(team.digest_minutes or 0)
        late = f" {chosen} there is before the week is over in UTC, so it comes as soon as it is."
    last = " Last week's comes in a few minutes." if facts.is_coming else ""
    return message(
        f"*The weekly digest of team {code(team.name)} comes on Mondays at {facts.clock}, {zone} time.* "
        f"The next one: {moment(facts.next_at)} your time.{late}{last} Owners change that with "
        "`/ai-team digest 09:00 Europe/Berlin`, or `off`."
    )
