"""Everything of a person or a project turned off at once: what that would stop, the one decision, who is told.

Decided in one transaction, so that a crash leaves no half of it; performed and proven key by key, as for any key.
People are told of all their keys together: once the last is proven, and before that only if some take long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain import guard
from bot.domain.budgets import Layer
from bot.domain.facts import Occasion
from bot.domain.groups import Group, GroupFacts, GroupOff, goes_off, is_going_off
from bot.domain.keys import UNSHOWN, Key, KeyState, OffCause
from bot.domain.people import Project, Team
from bot.domain.reports import Extent
from bot.domain.requests import Because, Purpose, Refused, RequestState
from bot.services import others
from bot.services.context import Actor, Purser, Subjects, record, take_in
from bot.services.facts import HELD, key_facts, team_or_raise
from bot.services.failpoints import Failpoint
from bot.services.proving import owners_of
from bot.services.sights import meant
from bot.services.telling import CHANNEL, DIRECT, Telling, key_stream, refresh_card
from bot.services.turning_off import discard, start
from bot.services.worker import decided_already, perform_now
from storage import keys, offs, outbox, people, requests
from storage.engine import Session

PATIENCE_SECONDS = 10.0
"""How long whoever turns a group off waits for the outcome of all of it."""
UNPROVEN_SECONDS = 3.0
UNPROVEN_PER_KEY_SECONDS = 0.1
"""People are told that some keys are not off yet after so long, and so much longer for each key."""
_EVER = frozenset({*UNSHOWN, *HELD})


def find(purser: Purser, actor: Actor, channel_id: str, word: Group | str) -> Group | Refused:
    """The group that was typed: a person, or the project of this name.

    A project of the channel's team first, then of one's own teams, then of any. `TEAM/NAME` says which.
    """
    if isinstance(word, Group):
        return word
    with purser.books.reading() as session:
        team_name, _, name = word.rpartition("/")
        if team_name:
            team = people.team_named(session, team_name)
            found = [] if team is None else [one for one in people.projects_of(session, team.id) if one.name == name]
            text = f"No team called {team_name} has a project {name}."
            return Group(Layer.PROJECT, found[0].id) if found else Refused(Because.WRONG_NAME, text)
        scope = meant(session, purser, actor.member, channel_id, Extent.PROJECT, name)
        return scope if isinstance(scope, Refused) else Group(Layer.PROJECT, scope.subject_id)


def look(purser: Purser, actor: Actor, group: Group) -> GroupFacts | Refused:
    """What turning this group off would stop, and what not. Refused where there is nothing to stop, or nobody may."""
    now = purser.now()
    with purser.books.reading() as session:
        if refused := _barrier(session, actor, group):
            return refused
        every = _keys(session, group)
        wanted = _in_order(session, [key for key in every if goes_off(key)], now)
        off = sum(key.state is KeyState.DISABLED and not goes_off(key) for key in every)
        if not wanted:
            return Refused(Because.NOT_FOUND, _nothing(session, group, off))
    with purser.deciding() as session:  # a refusal may have to be told
        if refused := others.refused(session, purser, actor, wanted):
            return refused
    with purser.books.reading() as session:
        project, team = _project(session, group)
        seen = [key.id for key in wanted if _may_see(session, purser, actor, key)]
        spent = offs.today(session, seen, now)
        return GroupFacts(
            group,
            "" if project is None else project.name,
            "" if team is None else team.name,
            tuple(key_facts(session, key, now) for key in wanted),
            {key_id: spent.get(key_id, 0) for key_id in seen},
            off,
            _unrevealed(session, group),
        )


def disable(purser: Purser, actor: Actor, group: Group, reason: str) -> GroupOff | Refused:
    """Turn off every key of the group that works now, or would come back by itself.

    Whatever became a key of it since the form was shown goes as well. Keys that somebody else turned off a moment
    before are told with the rest. Waits some seconds for the gateways; what is not proven by then goes on.
    """
    with purser.deciding() as session:
        take_in(session, actor)
        if refused := _barrier(session, actor, group):
            return refused
        now = purser.now()
        every = _keys(session, group)
        wanted = _in_order(session, [key for key in every if goes_off(key)], now)
        if not wanted:
            gone = tuple(key.id for key in every if key.state in (KeyState.DISABLED, KeyState.DISABLING))
            return _outcome(session, purser, group, gone, len(gone))
        if refused := others.refused(session, purser, actor, wanted):
            return refused
        before = tuple(key.id for key in every if key not in wanted and key.state is KeyState.DISABLING)
        rows = _decide(session, purser, actor, group, wanted, reason=reason, now=now)
    purser.failpoint(Failpoint.AFTER_DISABLE_COMMIT)
    with decided_already():
        _perform(purser, rows)
        with purser.books.reading() as session:
            return _outcome(session, purser, group, (*(key_id for key_id, _ in rows), *before), len(before))


def settled(purser: Purser, group_id: str, key_id: str, *, late: bool) -> None:
    """Tell people once the last key of a group is proven off. `late`: whoever decided it no longer waited for it."""
    group = Group.of(group_id)
    now = purser.now()
    with purser.deciding() as session:
        key = keys.get(session, key_id)
        if group is None or key is None or key.off_at is None or key.off_by is None:
            return
        together = [one for one in _keys(session, group) if (one.off_at, one.off_by) == (key.off_at, key.off_by)]
        if any(is_going_off(one) for one in together):
            return
        _tell(session, purser, now, group, together, Occasion.GROUP_OFF, but=None if late else key.off_by)


def _decide(  # noqa: PLR0913 - what a decision about several keys says
    session: Session,
    purser: Purser,
    actor: Actor,
    group: Group,
    wanted: Sequence[Key],
    *,
    reason: str,
    now: datetime,
) -> list[tuple[str, int]]:
    """Decide that these keys go off; gives each with the outbox row that does it."""
    project, team = _project(session, group)
    person = group.subject_id if group.layer is Layer.MEMBER else None
    about = Subjects(None if team is None else team.id, None if project is None else project.id, person)
    record(session, now, actor=actor.id, action="group.disabled", about=about, once=actor.delivery, reason=reason)
    rows, stopped = [], []
    for key in wanted:
        if key.state in UNSHOWN:
            row = discard(session, now, key, actor.id, reason)
        else:
            row = start(session, now, key, actor.id, OffCause.DISABLED, reason, group=group.id)
            stopped.append(key)
        if row is not None:
            rows.append((key.id, row))
    for key in stopped:
        refresh_card(session, now, key.request_id, f"group:{key.id}:{now.isoformat()}")
    after = [one for key in stopped if (one := keys.get(session, key.id)) is not None]
    _tell(session, purser, now, group, after, Occasion.GROUP_UNPROVEN, but=actor.id)
    return rows


def _perform(purser: Purser, rows: Iterable[tuple[str, int]]) -> None:
    until = purser.now() + timedelta(seconds=PATIENCE_SECONDS)
    for key_id, outbox_id in rows:
        left = (until - purser.now()).total_seconds()
        if left <= 0:
            return
        perform_now(purser, outbox_id, key_stream(key_id), patience_seconds=left)


def _outcome(session: Session, purser: Purser, group: Group, key_ids: Sequence[str], already: int) -> GroupOff:
    now = purser.now()
    project, team = _project(session, group)
    found = [one for key_id in key_ids if (one := keys.get(session, key_id)) is not None]
    lags = [purser.gateways[name].capabilities.disable_lag_seconds for name in {key.gateway for key in found}]
    return GroupOff(
        group,
        "" if project is None else project.name,
        "" if team is None else team.name,
        tuple(key_facts(session, key, now) for key in found),
        already,
        max(lags, default=0),
    )


def _tell(  # noqa: PLR0913 - what is told, of what, to all but whom
    session: Session,
    purser: Purser,
    now: datetime,
    group: Group,
    together: Sequence[Key],
    occasion: Occasion,
    *,
    but: str | None,
) -> None:
    """Tell everybody concerned of those keys that concern them, in one message each, and the project's channel."""
    if not together:
        return
    first, later = together[0], occasion is Occasion.GROUP_UNPROVEN
    once = f"{group.id}:{first.off_by}:{first.off_at and first.off_at.isoformat()}"
    project, team = _project(session, group)
    what = (group.id, "" if project is None else project.name, "" if team is None else team.name)
    wait = timedelta(seconds=UNPROVEN_SECONDS + UNPROVEN_PER_KEY_SECONDS * len(together) if later else 0)
    places = [
        (DIRECT, person, {"member_id": person}, theirs)
        for person, theirs in _audience(session, purser, together).items()
        if person != but
    ]
    for channel_id, theirs in _channels(session, group, together, unproven=later).items():
        places.append((CHANNEL, channel_id, {"channel_id": channel_id}, theirs))
    for name, where, address, theirs in places:
        key_ids = tuple(key.id for key in theirs)
        telling = Telling(occasion, first.off_by, note=first.off_reason or "", others=what, key_ids=key_ids)
        outbox.add(
            session,
            stream=f"{occasion}:{once}:{where}",
            effect=name,
            payload={**address, **telling.payload()},
            unique_key=f"{name}:{occasion}:{once}:{where}",
            now=now,
            not_before=now + wait,
        )


def _audience(session: Session, purser: Purser, together: Iterable[Key]) -> Mapping[str, list[Key]]:
    """Who has to know of which of these keys: holders, leads, and owners of their teams."""
    found: dict[str, list[Key]] = defaultdict(list)
    for key in together:
        concerned = (key.holder_id, key.lead_id, *owners_of(session, purser, key))
        for person in dict.fromkeys(one for one in concerned if one is not None):
            found[person].append(key)
    return found


def _channels(session: Session, group: Group, together: Iterable[Key], *, unproven: bool) -> Mapping[str, list[Key]]:
    """Channels that are told of which of these keys: a project's always, others of what is not off yet."""
    found: dict[str, list[Key]] = defaultdict(list)
    if group.layer is Layer.PROJECT or unproven:
        for key in together:
            found[team_or_raise(session, key.team_id).channel_id].append(key)
    return found


def _keys(session: Session, group: Group) -> list[Key]:
    """All keys of the group that are not deleted or forgotten, oldest first."""
    if group.layer is Layer.MEMBER:
        return keys.of_holder(session, group.subject_id, _EVER)
    return keys.under(session, Layer.PROJECT, group.subject_id, _EVER)


def _in_order(session: Session, wanted: Iterable[Key], now: datetime) -> list[Key]:
    """The biggest spender of today first, and automation before the rest."""
    some = list(wanted)
    spent = offs.today(session, [key.id for key in some], now)
    return sorted(some, key=lambda key: (-spent.get(key.id, 0), guard.stop_rank(key.kind), key.created_at, key.id))


def _project(session: Session, group: Group) -> tuple[Project | None, Team | None]:
    project = people.project(session, group.subject_id) if group.layer is Layer.PROJECT else None
    return project, None if project is None else people.team(session, project.team_id)


def _barrier(session: Session, actor: Actor, group: Group) -> Refused | None:
    """Guests turn off everything of nobody but themselves: they are not shown what teams have."""
    if group.layer is Layer.PROJECT and people.project(session, group.subject_id) is None:
        return Refused(Because.NOT_FOUND, "This project is not there any more.")
    if not actor.member.is_guest or group == Group(Layer.MEMBER, actor.id):
        return None
    text = (
        "Guests turn off keys one by one, or all of their own. `/ai-disable LABEL` or `/ai-disable` with the key "
        "itself works at once, whoever's it is."
    )
    return Refused(Because.NOT_ALLOWED, text)


def _may_see(session: Session, purser: Purser, actor: Actor, key: Key) -> bool:
    """Whether this person may read what this one key spends."""
    team = people.team(session, key.team_id)
    is_theirs = actor.id in (key.holder_id, key.lead_id)
    return is_theirs or (team is not None and purser.authority.sees_keys_of(actor.member, team))


def _unrevealed(session: Session, group: Group) -> int:
    """Approved requests of the group that nobody has revealed the key of."""
    if group.layer is Layer.MEMBER:
        found = requests.of_requester(session, group.subject_id, RequestState.APPROVED)
    else:
        approved = requests.in_state(session, RequestState.APPROVED)
        found = [one for one in approved if one.project_id == group.subject_id]
    return sum(one.purpose is Purpose.ISSUE for one in found)


def _nothing(session: Session, group: Group, off: int) -> str:
    project, team = _project(session, group)
    whose = f"<@{group.subject_id}> holds" if project is None else f"Project {project.name}"
    rest = "" if team is None else f" of team {team.name} has"
    gone = f" {off} {'is' if off == 1 else 'are'} off already." if off else ""
    return f"{whose}{rest} no key that works, so there is nothing to turn off.{gone}"
