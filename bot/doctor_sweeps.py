"""What `purser doctor` says of the daily sweep: when the last one ended, what one waits for, what keeps them away."""

from __future__ import annotations

from datetime import datetime

from bot.domain.sweeps import ENDED, Listing, SweepState, is_late
from storage import sweeps
from storage.engine import Books


def daily_sweep(books: Books, now: datetime, *, is_wanted: bool) -> tuple[bool, str, str]:
    """Whether all is well, how it is, and what to do where it is not."""
    if not is_wanted:
        return True, "switched off in the policy: who leaves unheard keeps their keys", ""
    with books.reading() as session:
        latest = sweeps.latest(session, Listing.SLACK)
        ended, first = sweeps.latest(session, Listing.SLACK, ENDED), sweeps.oldest(session, Listing.SLACK)
    if latest is None:
        return True, "none yet; the first comes soon after somebody uses Purser", ""
    if is_late(ended, first, latest, now):
        last = "never" if ended is None else f"{ended.started_at:%Y-%m-%d %H:%M} UTC"
        remedy = "Is `purser serve` running? Slack must list people to it (users:read); `purser sweep` tries at once."
        return False, f"the last whole one began {last}. {latest.why}".rstrip(". "), remedy
    if latest.state is SweepState.PAUSED:
        remedy = "Owners decide with Agree or Call off in their direct messages, or after `/ai-team sweep`."
        return False, f"the one of {latest.started_at:%Y-%m-%d %H:%M} UTC stopped and waits for two owners", remedy
    return True, f"the last one began {latest.started_at:%Y-%m-%d %H:%M} UTC ({latest.state})", ""
