"""What went wrong in a week as far as a digest tells of it: dead letters, keys that changed elsewhere, old figures."""

from __future__ import annotations

from collections import Counter

from bot.domain.digests import Troubles, Week
from bot.domain.people import Team
from bot.services.context import Purser
from bot.services.freshness import freshness
from storage import keys, ledger, outbox, requests, usage_reports
from storage.engine import Session
from storage.ledger import Recorded
from storage.outbox import Listed
from storage.usage_reports import Chosen

_DRIFT = {
    "key.cap_restored": "the cap of `{label}` was changed at the gateway and put back",
    "key.drift": "`{label}` was found off or gone at the gateway",
    "key.found_on": "`{label}` was off, worked again at the gateway, and was turned off",
    "gateway.unknown_key": "the gateway holds a key that Purser did not make: {reason}",
}
"""What the ledger calls a difference between books and gateway, and how a digest tells of it."""


def team_troubles(session: Session, purser: Purser, team: Team, week: Week) -> Troubles:
    """What the team should know of its week."""
    since, until = week.span.begins_at, week.span.ends_at
    dead = [letter for letter in outbox.dead(session) if since <= letter.next_try_at < until]  # when it was given up
    return Troubles(
        dead_letters=sum(1 for letter in dead if _team_of(session, letter) in (team.id, team.channel_id)),
        drift=drift(session, week, team.id),
        stale=stale(session, purser, week, usage_reports.of_team(team.id)),
    )


def all_troubles(session: Session, purser: Purser, week: Week) -> Troubles:
    """What those who run Purser should know: dead letters of any age, for they stay until somebody looks at them."""
    late = stale(session, purser, week, usage_reports.EVERYTHING)
    return Troubles(len(outbox.dead(session)), drift(session, week), late)


def drift(session: Session, week: Week, team_id: str | None = None) -> tuple[str, ...]:
    """What the books and the gateways disagreed on in the week, oldest first; of one team, or of all.

    What happened again and again is one sentence, with how often.
    """
    since, until = week.span.begins_at, week.span.ends_at
    rows = [row for action in _DRIFT for row in ledger.entries(session, action=action, team_id=team_id)]
    found = sorted((row for row in rows if since <= row.at < until), key=lambda row: row.seq)
    said = Counter(_told(session, row) for row in found)
    return tuple(text if times == 1 else f"{text}, {times} times" for text, times in said.items())


def stale(session: Session, purser: Purser, week: Week, chosen: Chosen) -> tuple[str, ...]:
    """Gateways of these keys that have not told all of the week's usage."""
    found = []
    for one in freshness(session, purser, chosen):
        gateway, at = purser.gateways.get(one.gateway), one.read_at
        if gateway is not None and not gateway.capabilities.usage_per_key:
            found.append(f"{one.gateway} tells no usage by key, so none of its usage is in these figures")
        elif at is None:
            found.append(f"{one.gateway} has never told its usage, so this week may still rise")
        elif at < week.span.ends_at:
            found.append(f"{one.gateway} last told its usage at {at:%Y-%m-%d %H:%M} UTC, so this week may still rise")
    return tuple(found)


def _told(session: Session, row: Recorded) -> str:
    key = None if row.key_id is None else keys.get(session, row.key_id)
    return _DRIFT[row.action].format(label="?" if key is None else key.label, reason=row.reason)


def _team_of(session: Session, letter: Listed) -> str | None:
    """The team that an effect concerns, by its id or its channel; None for what concerns none, or a person."""
    about = letter.payload
    if about.get("key_id") and (key := keys.get(session, about["key_id"])) is not None:
        return key.team_id
    if about.get("request_id") and (request := requests.get(session, about["request_id"])) is not None:
        return request.team_id
    return about.get("team_id") or about.get("channel_id")
