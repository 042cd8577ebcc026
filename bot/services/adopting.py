"""Adopting: a key that Purser did not make becomes one of Purser's, with a holder, a kind and caps like any other.

One decision: the books have it as live from then on, and the gateway is told afterwards (`settle`), however often it
takes. What it had spent before counts neither in budgets nor against its caps: not in the books
(`storage.unknown_keys.baselines`), and not at the gateway, whose count of it starts anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.allowing import ANY
from bot.domain.deciding import Asking, NeedsOwners, Rule, decide
from bot.domain.facts import Occasion
from bot.domain.inventory import Adopted, AdoptFacts, UnknownKey, why_not_adopted
from bot.domain.keys import Key, KeyKind, KeyState
from bot.domain.money import show
from bot.domain.people import BARRIER_TEXT, Barrier, Member
from bot.domain.policy import KindPolicy
from bot.domain.requests import Approval, Ask, Because, Purpose, Refused, Request, RequestState, Verdict
from bot.gateways.base import FailureKind, Gateway, GatewayError
from bot.services import capping, holding, unknown
from bot.services.context import Actor, Purser, effect, record, take_in
from bot.services.deciders import standing
from bot.services.failpoints import Failpoint
from bot.services.limits import binding_limits
from bot.services.minting import new_key
from bot.services.people import meet
from bot.services.proving import about
from bot.services.resolving import Meant, resolve
from bot.services.sending import new_request
from bot.services.subjects import subjects
from bot.services.telling import Telling, key_stream, refresh_card, tell_people, tell_thread
from bot.services.worker import decided_already, perform_now
from storage import keys, outbox, people, requests, runs, unknown_keys
from storage.engine import Session

ADOPT = "gateway.adopt"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a key is to become: whose, in which team, and the ask that its terms would have been asked by."""

    unknown_id: str
    team_id: str
    holder_id: str
    ask: Ask


def form(purser: Purser, actor: Actor, unknown_id: str) -> AdoptFacts | Refused:
    """What the form offers behind Adopt. Workspace owners only. Changes nothing."""
    with purser.books.reading() as session:
        found = _adoptable(session, purser, actor, unknown_id)
        if isinstance(found, Refused):
            return found
        teams = tuple(people.all_teams(session))
        projects = tuple(project for team in teams for project in people.projects_of(session, team.id))
    if not teams:
        text = "There is no team yet that could pay for it. Create one first: `/ai-team create search $500`."
        return Refused(Because.NOT_FOUND, text)
    temporary = purser.policy.kinds.get(KeyKind.TEMPORARY, KindPolicy())
    return AdoptFacts(
        unknown=found,
        teams=teams,
        projects=projects,
        default_seconds=temporary.default_seconds or 0,
        longest_seconds=temporary.longest_seconds or 0,
        two_owners_from_micros=purser.policy.two_owners_from_micros,
    )


def check(purser: Purser, actor: Actor, wanted: Wanted) -> Refused | None:
    """Why this cannot be adopted so, from the books alone; None when it can. Only notes that this was looked at."""
    with purser.books.transaction() as session:
        holder = people.member(session, wanted.holder_id)
        found = _adoptable(session, purser, actor, wanted.unknown_id)
        if isinstance(found, Refused):
            return found
        if holder is not None:  # else Slack is asked who that is when it is adopted
            judged = _judge(session, purser, actor, wanted, found, holder)
            if isinstance(judged, Refused):
                return judged
        runs.first_sight(session, _checked(actor), purser.now())
    return None


def was_checked(purser: Purser, actor: Actor) -> bool:
    """Whether the form was taken in: if not, the person read beside its inputs what is wrong."""
    with purser.books.reading() as session:
        return runs.was_seen(session, _checked(actor))


def _checked(actor: Actor) -> str:
    return f"{ADOPT}:{actor.delivery}"


def adopt(purser: Purser, actor: Actor, wanted: Wanted) -> Adopted | Refused:
    """Make it a key of Purser's. Of several who do so at once, one does; the others read who was faster.

    Refused, it changes nothing. The gateway is asked first what the key has spent until now.
    """
    met = {person.id: person for person in meet(purser, (wanted.holder_id, wanted.ask.lead_id or wanted.holder_id))}
    holder = met.get(wanted.holder_id)
    if holder is None:
        return Refused(Because.NOT_FOUND, f"Slack does not tell who `{wanted.holder_id}` is. Nothing was changed.")
    now, fresh = purser.now(), _look(purser, wanted.unknown_id)
    if isinstance(fresh, Refused):
        return fresh
    with purser.deciding() as session:
        take_in(session, actor)
        found = _adoptable(session, purser, actor, wanted.unknown_id)
        if isinstance(found, Refused):
            return found
        found = replace(found, seen=fresh.seen)
        if (why_not := why_not_adopted(found)) is not None:
            return Refused(Because.WRONG_STATE, why_not)
        holder = people.member(session, holder.id) or holder  # who may have left while the gateway was asked
        meant = _judge(session, purser, actor, wanted, found, holder)
        if isinstance(meant, Refused):
            return meant
        request = _agreed(session, purser, actor, holder, meant, found)
        key = _made(session, purser, holder, request, found, now)
        if not unknown_keys.adopt(session, found, key.id, actor.id, now):
            raise AssertionError(wanted.unknown_id)
        outbox_id = _tell(session, actor, key, found, now)
    purser.failpoint(Failpoint.AFTER_ADOPTED)
    with decided_already():
        perform_now(purser, outbox_id, _stream(key.id))
        with purser.books.reading() as session:
            waiting = outbox.pending(session, stream=key_stream(key.id), effect=capping.CAP)
        for row in waiting:
            perform_now(purser, row.id, key_stream(key.id))
        with purser.books.reading() as session:
            is_done = not is_settling(session, key.id) and not capping.is_waiting(session, key.id)
    return Adopted(key, found.name, actor.id, is_done)


def is_settling(session: Session, key_id: str) -> bool:
    """Whether the gateway has not been told everything yet that was agreed when this key was adopted."""
    return bool(outbox.pending(session, stream=_stream(key_id)))


def settle(purser: Purser, key_id: str) -> None:
    """Let the gateway's record say what was agreed: our marks, its holder and end; then its caps (`capping`).

    What counts against its cap there starts at nothing, once, before our marks are set and the cap is. Idempotent. A
    key that is gone is left to `reconcile`. Raises `GatewayError`, also when the record does not show our marks.
    """
    with purser.books.reading() as session:
        key = keys.get(session, key_id)
    if key is None or key.handle is None:
        return
    gateway = purser.gateways[key.gateway]
    seen = gateway.find(key.handle)
    if seen is None or seen.deleted:
        return
    if seen.tags.get("key") != key.id:
        gateway.forget_spend(key.handle)
        purser.failpoint(Failpoint.AFTER_SPEND_FORGOTTEN)
        _lower_baseline(purser, gateway, key)
        gateway.set_tags(key.handle, {"installation": purser.installation, "key": key.id, "request": key.request_id})
    if seen.holder != key.holder_id:
        gateway.set_holder(key.handle, key.holder_id)
    if seen.expires_at != key.expires_at and gateway.capabilities.native_expiry:
        gateway.set_expiry(key.handle, key.expires_at)
    after = gateway.find(key.handle)
    if after is not None and not after.deleted and after.tags.get("key") != key.id:
        raise GatewayError(FailureKind.TRANSIENT, f"{gateway.name}'s record does not show that the key was adopted")
    with purser.deciding() as session:
        if not capping.is_waiting(session, key.id):
            capping.wanted(session, purser.now(), key.id, once="adopted")


def _lower_baseline(purser: Purser, gateway: Gateway, key: Key) -> None:
    """A gateway without a lifetime total has forgotten that as well: what it tells from now on is the key's own."""
    seen = gateway.find(key.handle or "")
    if seen is None:
        return
    with purser.deciding() as session:
        unknown_keys.lower_baseline(session, key.id, seen.spent_micros)


def _look(purser: Purser, unknown_id: str) -> UnknownKey | Refused:
    """The key as its gateway has it at this moment."""
    with purser.books.reading() as session:
        found = unknown.known(session, unknown_id)
    if isinstance(found, Refused):
        return found
    gateway = purser.gateways.get(found.gateway)
    if gateway is None:
        text = f"Purser is not set up for {found.gateway} any more, so it cannot adopt keys there."
        return Refused(Because.GATEWAY_CANNOT, text)
    try:
        seen = gateway.find(found.seen.handle)
    except GatewayError as failed:
        text = f"{gateway.name} does not answer just now, so nothing was adopted ({failed.message}). Try again later."
        return Refused(Because.BUSY, text)
    if seen is None or seen.deleted:
        text = f"`{found.name}` is not at {found.gateway} any more, so there is nothing to adopt."
        return Refused(Because.WRONG_STATE, text)
    return replace(found, seen=unknown.stranger(purser, seen))


def _adoptable(session: Session, purser: Purser, actor: Actor, unknown_id: str) -> UnknownKey | Refused:
    if (refused := unknown.barrier(purser, actor)) is not None:
        return refused
    found = unknown.known(session, unknown_id)
    if isinstance(found, Refused):
        return found
    why_not = why_not_adopted(found)
    return found if why_not is None else Refused(Because.WRONG_STATE, why_not)


def _judge(
    session: Session, purser: Purser, actor: Actor, wanted: Wanted, found: UnknownKey, holder: Member
) -> Meant | Refused:
    """Whether an ask by the holder for such a key would be agreed to, by one owner who is not the holder."""
    team = people.team(session, wanted.team_id)
    if team is None:
        return Refused(Because.NOT_FOUND, "That team is not there any more.")
    if holder.id == actor.id:
        text = "Nobody adopts a key for themselves alone. Let another workspace owner adopt it for you."
        return Refused(Because.NOT_ALLOWED, text)
    if (barrier := purser.authority.barrier_to_ask(holder, team)) is not None:
        return _not_holder(barrier, holder, team.name, team.channel_id)
    if (refused := _models_refused(purser, found)) is not None:
        return refused
    meant = resolve(session, purser, team, wanted.ask)
    if isinstance(meant, Refused):
        return meant
    models = _models(purser, found)
    meant = replace(meant, ask=replace(meant.ask, terms=replace(meant.ask.terms, models=models)))
    asking = Asking(team=team.name, gateway=found.gateway, standing=standing(session, purser, holder, team))
    limits = binding_limits(session, purser, team, meant.project, holder.id, meant.ask.kind)
    decision = decide(meant.ask, purser.policy, limits, asking)
    if isinstance(decision, Refused):
        return decision
    if isinstance(decision, NeedsOwners) and decision.count > 1:
        return _two_needed(purser)
    return _second(session, holder, meant, found.gateway) or meant


def _second(session: Session, holder: Member, meant: Meant, gateway: str) -> Refused | None:
    """Member keys are one per person and gateway: whether the holder has one, or is about to."""
    if meant.ask.kind is not KeyKind.MEMBER:
        return None
    text = "and member keys are one per person. Adopt it as another kind, or for somebody else."
    if held := holding.member_keys(session, holder.id, gateway):
        return Refused(Because.WRONG_STATE, f"<@{holder.id}> holds `{held[-1].label}` already, {text}")
    asked = requests.of_requester(session, holder.id, RequestState.WAITING, RequestState.APPROVED)
    if any(one.kind is KeyKind.MEMBER and one.purpose is Purpose.ISSUE for one in asked):
        return Refused(Because.WRONG_STATE, f"<@{holder.id}> has asked for a member key, {text}")
    return None


def _two_needed(purser: Purser) -> Refused:
    text = (
        f"From {show(purser.policy.two_owners_from_micros)} on two owners have to agree, and an adoption has one. "
        "Adopt it with a smaller cap; its holder then asks for more with `/ai-budget raise $500 LABEL reason`."
    )
    return Refused(Because.CAP_TOO_LARGE, text, Rule.TWO_OWNERS)


def _not_holder(barrier: Barrier, holder: Member, team: str, channel_id: str) -> Refused:
    if barrier is Barrier.NOT_IN_TEAM:
        text = f"<@{holder.id}> is not in team {team}. First type `/ai-team invite @name` in <#{channel_id}>."
        return Refused(Because.NOT_ALLOWED, text)
    return Refused(Because.NOT_ALLOWED, f"<@{holder.id}> cannot hold a key. {BARRIER_TEXT[barrier]}")


def _models(purser: Purser, found: UnknownKey) -> tuple[str, ...]:
    """The models it may call, by name; empty for more than can be named."""
    groups = purser.gateways[found.gateway].capabilities.model_groups
    is_wide = any(ANY in model or model in groups for model in found.seen.models)
    return () if is_wide else found.seen.models


def _models_refused(purser: Purser, found: UnknownKey) -> Refused | None:
    """Whether it may call more than policy offers: Purser does not change which models a key may call."""
    offered = purser.policy.models
    if not offered or (_models(purser, found) and set(_models(purser, found)) <= set(offered)):
        return None
    may = f"`{found.seen.models[0]}` and others" if _models(purser, found) else "every model there is"
    text = (
        f"`{found.name}` may call {may}, and not all of that is offered here. Limit its models at {found.gateway} to "
        f"those that are, then adopt it: {', '.join(f'`{name}`' for name in offered[:20])}."
    )
    return Refused(Because.MODEL_NOT_OFFERED, text, Rule.OFFERED_MODELS)


def _agreed(session: Session, purser: Purser, actor: Actor, holder: Member, meant: Meant, found: UnknownKey) -> Request:
    """The request that it might have been asked for by, agreed to and done."""
    now = purser.now()
    draft = new_request(purser, replace(actor, member=holder), meant, found.gateway)
    requests.add(session, draft)
    change = requests.Change(rule=Rule.ADOPTED, approvals_needed=1, created_at=now, decided_at=now)
    for frm, to in ((RequestState.DRAFT, RequestState.APPROVED), (RequestState.APPROVED, RequestState.FULFILLED)):
        moved = requests.move(session, draft.id, frm, to, change)
        assert moved, draft.id
    word = Approval(actor.id, Verdict.APPROVE, "", stands=True, at=now)
    requests.say(session, f"{draft.id}:{actor.id}", draft.id, word)
    on = subjects(draft, amount_micros=draft.terms.cap_micros)
    record(session, now, actor=actor.id, action="request.made", about=on, once=draft.id, reason=draft.reason)
    record(session, now, actor=actor.id, action="request.approved", about=on, once=draft.id, reason=Rule.ADOPTED)
    agreed = requests.get(session, draft.id)
    assert agreed is not None
    return agreed


def _made(session: Session, purser: Purser, holder: Member, request: Request, found: UnknownKey, now: datetime) -> Key:
    """The key as the books have it from now on. It keeps the models it has, and a label of its own."""
    draft = new_key(session, purser, holder, request)
    seconds = request.terms.duration_seconds
    ends = None if seconds is None else now + timedelta(seconds=seconds)
    keys.add(session, replace(draft, models=found.seen.models, expires_at=ends, mint_lease_until=None))
    change = keys.Change(handle=found.seen.handle, minted_at=now)
    keys.move(session, draft.id, KeyState.MINTING, KeyState.MINTED, change)
    keys.move(session, draft.id, KeyState.MINTED, KeyState.LIVE, keys.Change(revealed_at=now))
    key = keys.get(session, draft.id)
    assert key is not None
    return key


def _tell(session: Session, actor: Actor, key: Key, found: UnknownKey, now: datetime) -> int:
    """Write down what was decided, let everybody know, and have the gateway told; the outbox id of the last."""
    on = about(key, amount_micros=key.cap_micros)
    seq = record(session, now, actor=actor.id, action="key.adopted", about=on, once=key.id, reason=found.name)
    refresh_card(session, now, key.request_id, seq)
    telling = Telling(Occasion.ADOPTED, actor.id, key.request_id, key.id, note=found.name)
    tell_thread(session, now, telling, once=key.id)
    tell_people(session, now, telling, (key.holder_id, key.lead_id), once=key.id)
    payload = {"key_id": key.id}
    return effect(session, now, stream=_stream(key.id), name=ADOPT, payload=payload, once=key.id)


def _stream(key_id: str) -> str:
    """Of its own: turning a key off takes back what waits in the key's stream, and this has to happen all the same."""
    return f"adopting:{key_id}"
