"""How many keys of others one person may turn off by naming them: enough to help, too few to do mischief.

Never counted: one's own keys, keys whose secret was found, and keys of a team one owns or of a project one leads. Who
comes to the limit is refused and told who can; the workspace's owners hear of it once a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.facts import Occasion
from bot.domain.keys import Key
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS, day_of
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser
from bot.services.telling import Telling, tell_people
from storage import offs, people
from storage.engine import Session

DAY_HOURS = 3
"""In a day a person may turn off as many as in so many hours: one who comes back every hour is stopped too."""
_NAMED = 3


def refused(session: Session, purser: Purser, actor: Actor, wanted: Iterable[Key]) -> Refused | None:
    """Why this person may not turn these keys off by naming them, or None. Judged in the deciding transaction."""
    strangers = [key for key in wanted if key.holder_id != actor.id and not _answers(session, purser, actor, key)]
    if not strangers:
        return None
    now = purser.now()
    most = purser.policy.others_keys_per_hour
    day = [one for one in _lately(session, actor, now) if not _answers(session, purser, actor, one)]
    hour = [one for one in day if one.at > now - timedelta(seconds=HOUR_SECONDS)]
    if len(hour) + len(strangers) <= most and len(day) + len(strangers) <= most * DAY_HOURS:
        return None
    if hour:
        telling = Telling(Occasion.OTHERS_LIMIT, actor.id, note=str(len(day)))
        owners = sorted(purser.authority.workspace_owner_ids - {actor.id})
        tell_people(session, now, telling, owners, once=f"{actor.id}:{day_of(now)}")
    return Refused(Because.NOT_ALLOWED, _text(session, purser, strangers, len(hour), len(day)))


class _OfTeam(Protocol):
    """Anything that says which team, project and lead a key has."""

    @property
    def team_id(self) -> str: ...
    @property
    def project_id(self) -> str | None: ...
    @property
    def lead_id(self) -> str | None: ...


def _answers(session: Session, purser: Purser, actor: Actor, key: _OfTeam) -> bool:
    """Whether this person answers for the key: as an owner of its team, or as its or its project's lead."""
    team = people.team(session, key.team_id)
    if team is not None and purser.authority.barrier_to_own(actor.member, team) is None:
        return True
    project = None if key.project_id is None else people.project(session, key.project_id)
    return actor.id in (key.lead_id, None if project is None else project.lead_id)


def _lately(session: Session, actor: Actor, now: datetime) -> list[offs.TurnedOff]:
    return offs.by_person(session, actor.id, now - timedelta(seconds=DAY_SECONDS))


def _text(session: Session, purser: Purser, strangers: Sequence[Key], hour: int, day: int) -> str:
    most = purser.policy.others_keys_per_hour
    what = (
        f"`{strangers[0].label}` stays as it is" if len(strangers) == 1 else f"{len(strangers)} keys stay as they are"
    )
    others = "key of somebody else" if len(strangers) == 1 else "keys of others"
    asked = f"that would be {len(strangers)} {others}" if not hour and not day else f"you have turned off {day} of late"
    limit = f"at most {most} keys of others an hour, and {most * DAY_HOURS} a day, are turned off by naming them"
    able = _who_can(session, purser, strangers)
    return (
        f"{what}: {asked}, and {limit}. {able} can do it now; please tell them. "
        "If you have the key itself, paste it: a pasted key is always turned off."
    )


def _who_can(session: Session, purser: Purser, strangers: Sequence[Key]) -> str:
    """`<@omar> and <@olga>, who own team search,` or the workspace's owners where a team has none."""
    team_ids = list(dict.fromkeys(key.team_id for key in strangers))
    said = []
    for team in (people.team(session, team_id) for team_id in team_ids[:_NAMED]):
        if team is not None:
            owners = team.owner_ids or tuple(sorted(purser.authority.workspace_owner_ids))
            named = " and ".join(f"<@{owner}>" for owner in owners[:_NAMED])
            said.append(f"{named} (team {team.name})")
    more = " and the owners of the other teams" if len(team_ids) > _NAMED else ""
    return f"{', '.join(said)}{more}"
