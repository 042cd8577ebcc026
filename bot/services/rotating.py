"""Rotation: a new key in the place of one that is held, on the same terms; the old one goes off after an overlap.

The new key is revealed like any other. From that moment on both work until the overlap is over, and share what was
agreed (`sharing`). A rotation that is never revealed changes nothing. A secret that others may know never works again:
for such a key, and for nothing else that is off, a new one is minted in its place.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from bot.domain import guard
from bot.domain.budgets import Layer
from bot.domain.deciding import AutoApproved, Rule, within_headroom
from bot.domain.facts import RequestFacts
from bot.domain.keys import Key, KeyKind, OffCause, went_off_leaked
from bot.domain.periods import DAY_SECONDS, show_duration
from bot.domain.policy import KindPolicy
from bot.domain.requests import Approval, Ask, Because, Purpose, Refused, Request, RequestState, Target, Terms, Verdict
from bot.services import caps, departed, extending, holding, sharing
from bot.services.approvals import approved
from bot.services.context import Actor, Purser, record, take_in
from bot.services.facts import HELD, team_or_raise
from bot.services.incidents import touched
from bot.services.limits import binding_limits, charged_for, own_limits, still_reached
from bot.services.proving import about
from bot.services.refusing import refused_by
from bot.services.resolving import Meant
from bot.services.sending import new_request, send
from bot.services.subjects import subjects
from bot.services.telling import refresh_card
from bot.services.turning_off import start
from storage import cuts, keys, ledger, people, requests
from storage.engine import Session

LONGEST_SECONDS = 7 * DAY_SECONDS
"""How long two keys may work for one at most."""


def rotate(purser: Purser, actor: Actor, label: str, overlap_seconds: int | None = None) -> RequestFacts | Refused:
    """Ask for a new key in the place of one's own; nobody has to agree, for it is no more time and no more money.

    `overlap_seconds` is how long the old one goes on working once the new one is revealed: None for what policy
    says, 0 for not at all.
    """
    with purser.deciding() as session:
        take_in(session, actor)
        key = keys.labelled(session, label)
        if key is None or key.holder_id != actor.id or key.state not in HELD:
            return Refused(Because.NOT_FOUND, f"You hold no key `{label}`. `/ai-key list` shows those you do.")
        team = team_or_raise(session, key.team_id)
        if barrier := purser.authority.barrier_to_ask(actor.member, team):
            return refused_by(barrier)
        if refused := _waiting_already(session, key) or _refused(session, purser, key):
            return refused
        overlap = _overlap(purser, key, overlap_seconds)
        if overlap > LONGEST_SECONDS:
            text = f"Two keys work for one for at most {show_duration(LONGEST_SECONDS)}: `/ai-key rotate {label} 3d`."
            return Refused(Because.TIME_TOO_LONG, text)
        request = new_request(purser, actor, _meant(session, key, overlap), key.gateway)
        requests.add(session, request)
        return send(session, purser, actor, request, AutoApproved(Rule.SAME_TERMS))


def replace_leaked(session: Session, purser: Purser, actor: Actor, key: Key) -> Request | Refused:
    """An owner lets the holder of a leaked key have a new one in its place, in the transaction that decides it."""
    now, approved_already = purser.now(), requests.rotations_of(session, key.id, RequestState.APPROVED)
    # One that nobody but an owner could agree to by now, as the key was turned off before it leaked, is no answer.
    void = [one for one in approved_already if _off(key, now, is_owners=one.rule == Rule.ONE_OWNER)]
    waiting = None if void else _waiting_already(session, key, whose=f"<@{key.holder_id}>")
    if refused := waiting or _refused(session, purser, key, is_owners=True):
        return refused
    for one in void:
        extending.lapse(session, one.id, f"an owner decided about {key.label} since", now)
    holder = people.member(session, key.holder_id)
    assert holder is not None, key.holder_id
    draft = new_request(purser, replace(actor, member=holder), _meant(session, key, 0), key.gateway)
    requests.add(session, draft)
    until = now + timedelta(seconds=purser.policy.claim_within_seconds)
    change = requests.Change(
        rule=Rule.ONE_OWNER, approvals_needed=1, created_at=now, deadline_at=until, decided_at=now
    )  # fmt: skip
    moved = requests.move(session, draft.id, RequestState.DRAFT, RequestState.APPROVED, change)
    assert moved, draft.id
    word = Approval(actor.id, Verdict.APPROVE, "", stands=True, at=now)
    requests.say(session, f"{draft.id}:{actor.id}", draft.id, word)
    on = subjects(draft, amount_micros=draft.terms.cap_micros)
    seq = record(session, now, actor=actor.id, action="request.made", about=on, once=draft.id)
    record(session, now, actor=actor.id, action="request.approved", about=on, once=draft.id, reason=Rule.ONE_OWNER)
    refresh_card(session, now, draft.id, seq)
    approved(session, purser, draft.id, actor.id, now)
    found = requests.get(session, draft.id)
    assert found is not None
    return found


def refused_at_reveal(session: Session, purser: Purser, request: Request) -> Refused | None:
    """Why the new key cannot be made now, or ever: what became of the old one decides."""
    key = keys.get(session, request.extends_key_id or "")
    if key is None:
        return Refused(Because.NOT_FOUND, "Purser does not know the key that this one would replace.")
    return _refused(session, purser, key, is_owners=request.rule == Rule.ONE_OWNER)


def in_place_of(session: Session, old: Key, new: Key, now: datetime) -> Key:
    """Write down a new key that takes the place of an old one: to its end, and with its part of what is left."""
    part, less = sharing.first_caps(session, old, replace(new, replaces_id=old.id, expires_at=old.expires_at), now)
    keys.add(session, part)
    for one in less:
        cuts.add(session, one)
    return part


def took_over(session: Session, purser: Purser, new: Key) -> int | None:
    """The new key was shown, in this transaction: from now on both work, or the old one goes off at once.

    Returns the outbox id that turns the old one off, where that is at once. What was asked for the old key and is not
    decided yet is for the new one.
    """
    request, old = requests.get(session, new.request_id), keys.get(session, new.replaces_id or "")
    if request is None or old is None:
        return None
    now, outbox_id, until = purser.now(), None, ""
    _follow(session, old, new, now)
    departed.follow(session, now, old, new)
    if caps.works(old):
        seconds = request.terms.duration_seconds
        if seconds is None or old.leaked_at is not None:
            outbox_id = start(session, now, old, new.holder_id, OffCause.ROTATED, _why(new))
        else:
            retires_at = now + timedelta(seconds=seconds)
            keys.move(session, old.id, old.state, old.state, keys.Change(retires_at=retires_at))
            until = f", works until {retires_at:%Y-%m-%d %H:%M} UTC"
    reason = f"by {new.label}{until}"
    seq = record(
        session, now, actor=new.holder_id, action="key.replaced", about=about(old), once=new.id, reason=reason
    )  # fmt: skip
    refresh_card(session, now, old.request_id, seq)
    touched(session, now, old.id)
    sharing.settle(session, now, new)
    return outbox_id


def retire(purser: Purser) -> None:
    """Turn off every key whose overlap is over, each in a transaction of its own.

    One whose successor is off goes on working, as if it had none: nobody is left with no key because a new one was
    lost. Should that one be restored, `came_back` ends it.
    """
    now = purser.now()
    with purser.books.reading() as session:
        over = keys.retiring(session, now)
    for seen in over:
        with purser.deciding() as session:
            key = keys.get(session, seen.id)
            if key is None or not caps.works(key):
                continue
            heir = sharing.successor(session, key)
            if heir is not None:
                start(session, now, key, "purser", OffCause.ROTATED, _why(heir))
            elif keys.stay(session, key.id):
                once = f"{key.id}:{ledger.head(session).seq}"
                seq = record(session, now, actor="purser", action="key.stays", about=about(key), once=once)
                refresh_card(session, now, key.request_id, seq)
                touched(session, now, key.id)


def came_back(session: Session, new: Key, now: datetime) -> None:
    """A key is restored, in this transaction: the one it took the place of, and that worked on, goes off soon."""
    old = keys.get(session, new.replaces_id or "")
    if old is not None and caps.works(old) and old.retires_at is None:
        keys.move(session, old.id, old.state, old.state, keys.Change(retires_at=now))


def _why(new: Key) -> str:
    return f"{new.label} has taken its place"


def _overlap(purser: Purser, key: Key, wanted: int | None) -> int:
    """For how long both keys work; 0 when the old one is off, or leaked."""
    if not caps.works(key) or key.leaked_at is not None:
        return 0
    return purser.policy.kinds.get(key.kind, KindPolicy()).overlap_seconds if wanted is None else wanted


def _meant(session: Session, key: Key, overlap_seconds: int) -> Meant:
    request = requests.get(session, key.request_id)
    assert request is not None, key.request_id
    daily = None if key.daily_cap_micros is None else caps.agreed(session, key, Layer.AUTOMATION)
    cap = caps.agreed(session, key, Layer.KEY)
    terms = Terms(cap, overlap_seconds or None, key.models, daily)
    wanted = Ask(key.kind, terms, "", Purpose.ROTATE, key.id, name=request.name, lead_id=key.lead_id)
    project = None if key.project_id is None else people.project(session, key.project_id)
    return Meant(wanted, team_or_raise(session, key.team_id), project)


def _waiting_already(session: Session, key: Key, whose: str = "") -> Refused | None:
    if not requests.rotations_of(session, key.id, RequestState.APPROVED):
        return None
    if whose:
        text = f"{whose} can reveal a new key in the place of `{key.label}` already, in Purser's direct message."
        return Refused(Because.WRONG_STATE, text)
    text = f"A new key in the place of `{key.label}` waits for you: press *Reveal key* in Purser's direct message."
    return Refused(Because.WRONG_STATE, text)


def _refused(session: Session, purser: Purser, key: Key, *, is_owners: bool = False) -> Refused | None:
    """Why no new key is made in the place of this one: at this moment, or at all. `is_owners`: one agreed to it."""
    return (
        _replaced(session, key)
        or _off(key, purser.now(), is_owners=is_owners)
        or _before_it(session, key)
        or _being_extended(session, key)
        or _second(session, key)
        or _no_room(session, purser, key)
    )


def _replaced(session: Session, key: Key) -> Refused | None:
    heir = sharing.successor(session, key)
    if heir is not None:
        until = f" `{key.label}` works until {_moment(key.retires_at)}." if caps.works(key) else ""
        text = f"`{heir.label}` has taken the place of `{key.label}` already.{until} To replace that one: "
        return Refused(Because.WRONG_STATE, f"{text}`/ai-key rotate {heir.label}`.")
    if key.off_cause is OffCause.ROTATED:
        text = f"`{key.label}` was replaced by another key, and that one is off. Ask for a new key with `/ai-key`."
        return Refused(Because.WRONG_STATE, text)
    return None


def _off(key: Key, now: datetime, *, is_owners: bool) -> Refused | None:
    """Whether it is off for another reason than its leak. Whoever leaks it after that brings nothing back by it."""
    if key.off_cause is OffCause.RETURNED:
        text = f"`{key.label}` was given back. Ask for a new key with `/ai-key`."
        return Refused(Because.WRONG_STATE, text)
    if key.off_cause is OffCause.EXPIRED or (key.expires_at is not None and key.expires_at <= now):
        text = f"`{key.label}`'s time is over, and a new key gets no more of it. Ask for a new one with `/ai-key`."
        return Refused(Because.WRONG_STATE, text)
    if caps.works(key) or went_off_leaked(key) or (is_owners and key.leaked_at is not None):
        return None
    by = "was found off or gone at the gateway" if key.off_cause is OffCause.DRIFT else "was turned off"
    text = f"`{key.label}` {by}. An owner can restore it; a new key in its place would undo that."
    return Refused(Because.WRONG_STATE, text)


def _before_it(session: Session, key: Key) -> Refused | None:
    """Whether the key that this one replaces still works beside it: three at once are one too many."""
    before = keys.get(session, key.replaces_id or "")
    if before is None or not caps.works(before) or not caps.works(key):
        return None
    text = (
        f"`{before.label}` still works beside `{key.label}`, until {_moment(before.retires_at)}. Rotate it after that, "
        f"or give the old one back first: `/ai-key return {before.label}`."
    )
    return Refused(Because.WRONG_STATE, text)


def _being_extended(session: Session, key: Key) -> Refused | None:
    if not requests.extensions_of(session, key.id, RequestState.APPROVED):
        return None
    text = f"More time for `{key.label}` is being set at the gateway just now. Try again in a minute."
    return Refused(Because.BUSY, text)


def _second(session: Session, key: Key) -> Refused | None:
    """Whether the holder has another member key by now."""
    if key.kind is not KeyKind.MEMBER:
        return None
    family = {one.id for one in sharing.family(session, key)}
    held = holding.member_keys(session, key.holder_id, key.gateway)
    other = next((one for one in held if one.id not in family), None)
    if other is None:
        return None
    text = f"<@{key.holder_id}> holds `{other.label}` by now, and member keys are one per person."
    return Refused(Because.WRONG_STATE, text)


def _no_room(session: Session, purser: Purser, key: Key) -> Refused | None:
    """Whether a limit is used up, or there is no room for a key whose promise ended when it went off."""
    now = purser.now()
    above = (one for one in charged_for(session, purser, key) if guard.stops(one))
    own = (one for one in own_limits(session, purser, key) if not sharing.left(session, key, now, one.layer))
    if (reached := next(chain(above, own), None)) is not None:
        return Refused(Because.NO_HEADROOM, still_reached(key, reached, "cannot be replaced now", "Then rotate it."))
    if caps.works(key):
        return None
    team = team_or_raise(session, key.team_id)
    project = None if key.project_id is None else people.project(session, key.project_id)
    claimed = requests.rotations_of(session, key.id, RequestState.APPROVED)
    budgets = binding_limits(
        session, purser, team, project, key.holder_id, key.kind, without_request=claimed[0].id if claimed else None
    )
    return within_headroom(sharing.left(session, key, now), budgets)


def _follow(session: Session, old: Key, new: Key, now: datetime) -> None:
    """Let what waits for an owner's word about the old key be about the new one."""
    waiting = requests.extensions_of(session, old.id, RequestState.WAITING)
    for layer in (Layer.KEY, Layer.AUTOMATION):
        waiting += requests.raises_of(session, Target(layer, old.id), RequestState.WAITING)
    for request in waiting:
        requests.follow(session, request.id, old.id, new.id)
        on = subjects(replace(request, extends_key_id=new.id))
        seq = record(
            session, now, actor="purser", action="request.followed", about=on, once=f"{request.id}:{new.id}",
            reason=f"from {old.label} to {new.label}",
        )  # fmt: skip
        refresh_card(session, now, request.id, seq)


def _moment(at: datetime | None) -> str:
    return "then" if at is None else f"{at:%-d %B, %H:%M} UTC"
