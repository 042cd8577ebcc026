"""Agree and Call off: what owners decide about a sweep that stopped. Two different owners let it go on; one ends it."""

from __future__ import annotations

from bot.domain.people import BARRIER_TEXT, Barrier
from bot.domain.requests import Because, Refused
from bot.domain.sweeps import AGREEING, Moment, Sweep, SweepFacts, SweepState
from bot.services.context import Actor, Purser, Subjects, record, take_in
from bot.services.sweeping_facts import deciding_ids, facts, tell
from storage import sweep_people, sweeps
from storage.engine import Session

_ENDED = {
    SweepState.READING: "This sweep is still reading.",
    SweepState.ACTING: "This sweep goes on already: two owners have agreed.",
    SweepState.DONE: "This sweep is done already.",
    SweepState.CALLED_OFF: "This sweep was called off. `/ai-team sweep` shows how things are now.",
    SweepState.REPLACED: "A newer sweep has taken the place of this one. `/ai-team sweep` shows how things are now.",
    SweepState.FAILED: "This sweep was given up. `/ai-team sweep` shows how things are now.",
}


def agree(purser: Purser, actor: Actor, sweep_id: str) -> SweepFacts | Refused:
    """Let a sweep that stopped go on, as far as this person can: the second owner's word starts it within a minute."""
    with purser.deciding() as session:
        take_in(session, actor)
        found = _waiting(session, purser, actor, sweep_id)
        if isinstance(found, Refused):
            return found
        if actor.id in found.agreed:
            text = "You have agreed already. It takes two owners, so somebody else has to agree as well."
            return Refused(Because.WRONG_STATE, text)
        agreed = (*found.agreed, actor.id)
        count = len(set(agreed).intersection(deciding_ids(session, purser)))  # who may not any more does not count
        to = SweepState.ACTING if count >= AGREEING else SweepState.PAUSED
        sweeps.move(session, found.id, SweepState.PAUSED, to, agreed=list(agreed))
        _write(session, purser, actor, found, "agreed", once=f"{found.id}:{actor.id}")
        return _told(session, purser, actor, found, Moment.AGREED)


def call_off(purser: Purser, actor: Actor, sweep_id: str) -> SweepFacts | Refused:
    """End a sweep that stopped: nothing it found is acted on."""
    with purser.deciding() as session:
        take_in(session, actor)
        found = _waiting(session, purser, actor, sweep_id)
        if isinstance(found, Refused):
            return found
        sweeps.move(session, found.id, SweepState.PAUSED, SweepState.CALLED_OFF, finished_at=purser.now())
        _write(session, purser, actor, found, "called_off", once=found.id)
        told = _told(session, purser, actor, found, Moment.CALLED_OFF)
        sweep_people.forget_present(session, found.id)
        return told


def _waiting(session: Session, purser: Purser, actor: Actor, sweep_id: str) -> Sweep | Refused:
    """The sweep, if it waits for owners and this person is one of them."""
    found = sweeps.get(session, sweep_id)
    if found is None:
        return Refused(Because.NOT_FOUND, "Purser does not know this sweep any more.")
    if actor.member.is_guest:
        return Refused(Because.NOT_ALLOWED, BARRIER_TEXT[Barrier.GUEST])
    if barrier := purser.authority.stranger(actor.member):
        return Refused(Because.NOT_ALLOWED, BARRIER_TEXT[barrier])
    if actor.id not in deciding_ids(session, purser):
        text = "Only owners of the workspace decide about a sweep, and team owners where there are too few of them."
        return Refused(Because.NOT_ALLOWED, text)
    if found.state is not SweepState.PAUSED:
        return Refused(Because.WRONG_STATE, _ENDED[found.state])
    return found


def _told(session: Session, purser: Purser, actor: Actor, found: Sweep, moment: Moment) -> SweepFacts:
    """Tell everybody who was asked, except who did it: they see it in the place of the buttons."""
    after = sweeps.get(session, found.id)
    assert after is not None, found.id
    told = facts(session, purser, after)
    others = (one for one in told.asked_ids if one != actor.id)
    tell(session, purser.now(), found.id, moment, others, by=actor.id)
    return told


def _write(session: Session, purser: Purser, actor: Actor, found: Sweep, what: str, *, once: str) -> None:
    record(session, purser.now(), actor=actor.id, action=f"sweep.{what}", about=Subjects(), once=once, reason=found.why)
