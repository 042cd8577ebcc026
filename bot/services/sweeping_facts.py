"""What a sweep found and would touch, who may decide about it, and what people are told of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.domain.offboarding import Reach, Verdict
from bot.domain.people import Authority
from bot.domain.sweeps import AGREEING, Impact, Moment, Sweep, SweepFacts, SweepState
from bot.services.context import Purser, effect
from bot.services.deciders import able_of, told_of
from storage import sweep_people, sweeps
from storage.engine import Session

SWEEP = "slack.sweep"
"""The effect that tells one person of a sweep."""
NAMES = 10
"""So many of those who are gone are named."""


def impact(session: Session, purser: Purser, sweep: Sweep) -> Impact:
    """What acting on the sweep would touch. Whoever was missing when owners let one pass does not count again."""
    counts = sweep_people.verdicts(session, sweep.id)
    before = sweeps.latest(session, sweep.listing, {SweepState.DONE})
    missing = counts.get(Verdict.MISSING, 0)
    if missing and before is not None and before.id != sweep.id:
        missing = sweep_people.missing_anew(session, sweep.id, before.id)
    touched = sweep_people.touched(session, sweep.id)
    reach = Reach(
        people=sweep_people.here(session, purser.authority.workspace_id),
        gone=counts.get(Verdict.GONE, 0),
        missing=missing,
        elsewhere=counts.get(Verdict.ELSEWHERE, 0),
        keys=sweep_people.working_keys(session),
        touched=touched.off + touched.handed,
    )
    back = sweep_people.outcome(session, sweep.id).back
    gone = sweep_people.first_gone(session, sweep.id, NAMES)
    return Impact(reach, gone, touched.off, touched.handed, back)


def facts(session: Session, purser: Purser, sweep: Sweep) -> SweepFacts:
    """The sweep as people read of it."""
    so_far = sweep_people.outcome(session, sweep.id)
    return SweepFacts(
        sweep=sweep,
        impact=impact(session, purser, sweep),
        asked_ids=told_of(session, purser, deciding_ids(session, purser)),
        fuse_percent=purser.policy.fuse_percent,
        done=so_far.done,
        spared=so_far.spared,
        failed=so_far.failed,
    )


def deciding_ids(session: Session, purser: Purser) -> tuple[str, ...]:
    """Who may decide about a sweep: the workspace's owners; where fewer than two of them are here, teams' as well."""
    owners = able_of(session, purser, _owners(purser.authority))
    return (
        owners if len(owners) >= AGREEING else able_of(session, purser, (*owners, *sweep_people.team_owners(session)))
    )


def may_look(session: Session, purser: Purser, member_id: str) -> bool:
    """Whether this person may see what a sweep would do: any owner, and finance."""
    everybody = (*_owners(purser.authority), *purser.authority.finance_ids, *sweep_people.team_owners(session))
    return member_id in able_of(session, purser, everybody)


def tell(
    session: Session,
    now: datetime,
    sweep_id: str,
    moment: Moment,
    people: Iterable[str],
    *,
    by: str | None = None,
) -> None:
    """Tell these people directly, each once for every moment and who caused it."""
    for person in dict.fromkeys(people):
        payload = {"sweep_id": sweep_id, "member_id": person, "moment": str(moment), "by": by}
        once = f"{sweep_id}:{moment}:{by or ''}:{person}"
        effect(session, now, stream=f"direct:{person}", name=SWEEP, payload=payload, once=once)


def _owners(authority: Authority) -> tuple[str, ...]:
    return tuple(sorted(authority.workspace_owner_ids))
