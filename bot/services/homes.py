"""Home tabs: what each shows, and that it goes on being true while somebody looks at it.

Slack keeps showing what was published last. So a tab is published when it is opened, after a button in it was pressed,
and by the job `homes` whenever the books have moved on and what it shows differs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.domain.budgets import Budget, Layer
from bot.domain.digests import Week
from bot.domain.homes import HomeFacts, Shown, TeamGlance
from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.people import Member, Role, Team
from bot.domain.reports import Extent, Grouping, Question, Report, Scope
from bot.domain.requests import Refused, Request, RequestState, Target
from bot.services.context import Purser
from bot.services.facts import HELD, asked_of, key_facts, request_facts
from bot.services.keeping import old_keys
from bot.services.limits import limit, name_of
from bot.services.ports import DeliveryError, FailureKind
from bot.services.reporting import report_of
from storage import homes, incidents, keys, people, requests
from storage.engine import Session
from storage.usage_reports import team_names

log = structlog.get_logger(__name__)

OPEN_SECONDS = 3600
"""How long a tab is taken to be looked at after it was opened, or a button in it was pressed."""
LOOKS = 25
"""How many tabs one pass compares with the books."""
PUBLISHES = 5
"""How many of them it publishes; Slack takes about 100 a minute."""
PASS_SECONDS = 1.0
"""How long it goes on: with the pause between passes, tabs take a third of one processor at most."""
TRIES = 3
LOST_SECONDS = 10
"""How long a tab is left alone after Slack did not answer."""
SLOW_SECONDS = 30
"""How long all are, when Slack asks to slow down and does not say for how long."""
WAITING = 10
"""How many requests that wait for a person are worked out in full."""
KEYS = 10
"""How many of a person's keys are; those that are off stay theirs for good."""
TEAMS = 5
"""How many teams an owner sees at a glance."""


# --- what it shows ---


def home_facts(purser: Purser, member: Member) -> HomeFacts:
    """What a person's Home tab shows now."""
    with purser.books.reading() as session:
        return _facts(session, purser, member, purser.now())


def _facts(session: Session, purser: Purser, member: Member, now: datetime) -> HomeFacts:
    """Their keys and requests, what waits for their word, the budgets they share, this week, and teams they own."""
    held = keys.of_holder(session, member.id, HELD)
    mine = requests.of_requester(session, member.id, RequestState.WAITING, RequestState.APPROVED)
    open_requests = requests.in_state(session, RequestState.WAITING)
    waiting = _waiting_for(session, purser, member, open_requests)
    owned = _owned(session, purser, member)
    return HomeFacts(
        member=member,
        keys=tuple(key_facts(session, key, now) for key in _by_interest(held)[:KEYS]),
        keys_left_out=max(0, len(held) - KEYS),
        requests=tuple(request_facts(session, purser, request, now) for request in mine),
        waiting_for_me=tuple(request_facts(session, purser, request, now) for request in waiting[:WAITING]),
        waiting_left_out=max(0, len(waiting) - WAITING),
        budgets=tuple(_budgets(session, purser, member)),
        is_owner=bool(owned) or member.id in purser.authority.workspace_owner_ids,
        week=_week(session, purser, member, (Scope(Extent.MEMBER, member.id), Grouping.KEY), now) if held else None,
        teams=tuple(_glance(session, purser, member, team, open_requests, now) for team in owned[:TEAMS]),
        teams_left_out=max(0, _how_many(session, purser, member, owned) - TEAMS),
        wants_digest=people.wants_digest(session, member.id),
    )


def _by_interest(held: list[Key]) -> list[Key]:
    """Keys that can be used or may be again without anybody's word, oldest first; then the others, newest first."""
    on: list[Key] = []
    off: list[Key] = []
    for key in held:
        (off if key.state is KeyState.DISABLED and key.off_cause is not OffCause.BUDGET else on).append(key)
    return on + sorted(off, key=lambda key: key.off_at or key.created_at, reverse=True)


def _waiting_for(session: Session, purser: Purser, member: Member, waiting: list[Request]) -> list[Request]:
    """Those that the person is asked to decide. Whoever decides nothing anywhere costs nothing, however many wait."""
    teams = people.teams_of(session, member.id)
    owned = {team.id for team in teams if team.role_of(member.id) is Role.OWNER}
    led = {one.id for team in teams for one in people.projects_of(session, team.id) if one.lead_id == member.id}
    is_above = member.id in purser.authority.workspace_owner_ids or member.id in purser.policy.quiet_approvers
    return [
        request
        for request in waiting
        if (is_above or request.team_id in owned or request.project_id in led)
        and all(word.owner_id != member.id for word in request.approvals if word.stands)
        and member.id in asked_of(session, purser, request)
    ]


def _budgets(session: Session, purser: Purser, member: Member) -> Iterable[Budget]:
    """Those of the person's teams, their own, and those of the projects they lead."""
    teams = people.teams_of(session, member.id)
    targets = [Target(Layer.TEAM, team.id) for team in teams] + [Target(Layer.MEMBER, member.id)]
    led = [one for team in teams for one in people.projects_of(session, team.id) if one.lead_id == member.id]
    targets += [Target(Layer.PROJECT, project.id) for project in led]
    states = (limit(session, purser, target, name_of(session, target)) for target in targets)
    return (state for state in states if state is not None)


def _owned(session: Session, purser: Purser, member: Member) -> list[Team]:
    """Teams that the person, no guest, owns, by name; for an owner of the workspace some others come after those."""
    may_own = () if member.is_guest else people.teams_of(session, member.id)
    own = [team for team in may_own if team.role_of(member.id) is Role.OWNER]
    if member.id not in purser.authority.workspace_owner_ids:
        return own
    known = {team.id for team in own}
    others = sorted((name, team_id) for team_id, name in team_names(session).items() if team_id not in known)
    return own + [team for _, team_id in others[:TEAMS] if (team := people.team(session, team_id)) is not None]


def _how_many(session: Session, purser: Purser, member: Member, owned: list[Team]) -> int:
    """How many teams the person owns in all."""
    return people.count_teams(session) if member.id in purser.authority.workspace_owner_ids else len(owned)


def _glance(
    session: Session, purser: Purser, member: Member, team: Team, waiting: list[Request], now: datetime
) -> TeamGlance:
    target = Target(Layer.TEAM, team.id)
    return TeamGlance(
        team=team,
        budget=limit(session, purser, target, team.name),
        week=_week(session, purser, member, (Scope(Extent.TEAM, team.id), Grouping.MEMBER), now),
        waiting=sum(request.team_id == team.id for request in waiting),
        old_keys=tuple(old_keys(session, purser, team.id, now)),
        incidents=len(incidents.unclosed(session, team.id)),
    )


def _week(
    session: Session, purser: Purser, member: Member, asked: tuple[Scope, Grouping], now: datetime
) -> Report | None:
    """This week from Monday on, as far as the person may see it."""
    scope, by = asked
    found = report_of(session, purser, Question(scope, Week.of(now.date()).span, by), viewer=member, at=now)
    return None if isinstance(found, Refused) else found


# --- that it stands there ---


def show(purser: Purser, member: Member) -> None:
    """The person is looking: publish their Home tab as of now, and keep it up from here on. Raises `DeliveryError`."""
    with purser.books.transaction() as session:
        homes.opened(session, member.id, purser.now())
    _publish(purser, member, afresh=True)


def keep_up(purser: Purser) -> None:
    """Publish anew what people are looking at and what the books have moved on from; never more than a little at once.

    What did not fit into this pass is first in the next one. Slack's refusals end nothing: a tab that Slack does not
    take is left as it is until the books move on again.
    """
    now = purser.now()
    with purser.books.reading() as session:
        mark = homes.mark(session)
        due = homes.due(session, mark, now - timedelta(seconds=OPEN_SECONDS), now, LOOKS)
    published = 0
    for member_id in due:
        if published >= PUBLISHES or purser.now() - now > timedelta(seconds=PASS_SECONDS):
            break
        try:
            published += _look(purser, member_id, mark)
        except DeliveryError as failed:
            log.warning("a Home tab stays as it was", member_id=member_id, error=failed.message)
            _leave(purser, member_id, mark, failed)
            if failed.kind is FailureKind.TRANSIENT:
                break


def _look(purser: Purser, member_id: str, mark: str) -> bool:
    """Compare one tab with the books; whether it was published anew."""
    with purser.books.reading() as session:
        member = people.member(session, member_id)
    if member is not None and purser.authority.stranger(member) is None:
        return _publish(purser, member)
    with purser.books.transaction() as session:
        homes.looked(session, member_id, mark, purser.now())
    return False


def _leave(purser: Purser, member_id: str, mark: str, failed: DeliveryError) -> None:
    """Slack did not take it: for good, not just now (then it takes none), or nobody knows."""
    now = purser.now()
    with purser.books.transaction() as session:
        match failed.kind:
            case FailureKind.PERMANENT:
                homes.looked(session, member_id, mark, now)
            case FailureKind.TRANSIENT:
                homes.postpone(session, now + timedelta(seconds=failed.retry_after_seconds or SLOW_SECONDS))
            case FailureKind.UNKNOWN:
                homes.postpone(session, now + timedelta(seconds=LOST_SECONDS), member_id)


def _publish(purser: Purser, member: Member, *, afresh: bool = False) -> bool:
    """Let the tab show what is so now, unless it does (`afresh`: even so). Whether anything was published.

    The facts are read after what stands there is known, and Slack takes them only in the place of that. So no older
    tab is put over a newer one: who was overtaken reads again.
    """
    over: Shown | None = None
    for _ in range(TRIES):
        now = purser.now()
        with purser.books.reading() as session:
            mark = homes.mark(session)
            standing = homes.standing(session, member.id)
            facts = _facts(session, purser, member, now)
        # Whoever was faster may not have written down yet what stands there; theirs is older than what was just read.
        expected = Shown() if standing == over else replace(standing, fingerprint="") if afresh else standing
        over = standing
        shown = purser.notifier.publish_home(member.id, facts, now, expected)
        if shown is None:
            continue
        with purser.books.transaction() as session:
            if shown == expected:
                homes.looked(session, member.id, mark, now)
            else:
                homes.published(session, member.id, shown, expected, mark, now)
        return shown != expected
    return False
