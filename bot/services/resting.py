"""Proof that lasts: a key that is off is watched for ever, and deleted at its gateway should it spend money again.

After a key is proven off, three times follow one another:
- *late*: its gateway may still accept calls (`disable_lag_seconds`) and tells spend late (`usage_lag_seconds`). What is
  told in this time was not spent after "off". The first full reading begun after it says what the key had spent.
- *running*: ten minutes in which calls that were accepted in time may still end and be charged. Growth up to the
  policy's floor for spikes is theirs; more than that is not.
- *quiet*: from ten minutes without growth on. Any growth from then on is money spent after "off".

So a gateway that goes on accepting a key is found within one poll, ten minutes or the floor, whichever comes first.
Calls no gateway: what is decided is performed by the outbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.budgets import TOTAL, Layer
from bot.domain.facts import Occasion
from bot.domain.incidents import Evidence, IncidentKind
from bot.domain.keys import Key, KeyState, OffCause, Proof
from bot.domain.money import show
from bot.domain.periods import DAY_SECONDS, MINUTE_SECONDS
from bot.services.context import Purser, effect, record
from bot.services.incidents import Opening, open_incident, touched
from bot.services.proving import about, owners_of
from bot.services.telling import Telling, key_stream, refresh_card, refresh_stop, tell_people, tell_thread
from storage import keys, ledger, offs, readings, syncs
from storage.engine import Session
from storage.offs import Waiting

REMOVE = "gateway.remove"
RUNNING_SECONDS = 10 * MINUTE_SECONDS
"""How long a call that was accepted in time may run: the longest that clients wait by default."""
QUIET_SECONDS = 10 * MINUTE_SECONDS
"""How long nothing may be spent before a key is called quiet."""
AT_ONCE = 50
"""Keys that are decided about in one transaction."""
WHY = "it spent money after it was off"


def rest(purser: Purser) -> None:
    """Look at every key that is off, after live totals were read: note where it came to rest, call it quiet, or act.

    May be killed anywhere, run by two replicas at once, and repeated for ever.
    """
    now = purser.now()
    with purser.books.reading() as session:
        read = {one.gateway: one.read_at for one in syncs.all_of(session, syncs.What.LIVE) if one.read_at is not None}
        grown = offs.grown(session, now, now - timedelta(seconds=DAY_SECONDS))
        waiting = [one for one in offs.unrested(session) if _is_read(purser, read, one)]
        resting = [one for one in offs.resting(session) if _is_read(purser, read, one, RUNNING_SECONDS)]
    for some in _parts(grown):
        with purser.deciding() as session:
            for key_id in some:
                _look(session, purser, key_id)
    for some in _parts([one.key_id for one in waiting]):
        with purser.deciding() as session:
            for key_id in some:
                _come_to_rest(session, purser, key_id)
    for some in _parts([one.key_id for one in resting]):
        with purser.deciding() as session:
            for key_id in some:
                _call_quiet(session, purser, key_id)


def spent_after(session: Session, purser: Purser, key: Key, total_micros: int) -> bool:
    """Decide within a transaction what follows from a newer total of a key that is off; whether it spent after that.

    An incident opens, and the key is to be deleted at its gateway, never to come back. Everybody reads that it is not
    off until that is done.
    """
    if key.state is not KeyState.DISABLED or key.rest_micros is None or total_micros <= key.rest_micros:
        return False
    now, grown = purser.now(), total_micros - key.rest_micros
    if grown <= purser.policy.spike_floor_micros and _may_be_running(purser, key):
        return False
    subjects = about(key, amount_micros=grown)
    once = f"{key.id}:{ledger.head(session).seq}"
    record(session, now, actor="purser", action="key.spent_after_off", about=subjects, once=once, reason=show(grown))
    open_incident(session, purser, _opening(key, grown, total_micros))
    touched(session, now, key.id)
    change = keys.Change()
    if key.off_cause is OffCause.BUDGET:  # it does not come back with the next month
        change = keys.Change(off_at=key.off_at, off_by="purser", off_cause=OffCause.DISABLED, off_reason=WHY)
    if not keys.move(session, key.id, KeyState.DISABLED, KeyState.DISABLING, change):
        return False
    refresh_stop(session, now, key.stop)
    refresh_card(session, now, key.request_id, f"spent:{once}")
    telling = Telling(Occasion.SPENT_AFTER_OFF, None, key.request_id, key.id, note=show(grown))
    tell_thread(session, now, telling, once=once)
    tell_people(session, now, telling, owners_of(session, purser, key), once=once)
    effect(session, now, stream=key_stream(key.id), name=REMOVE, payload={"key_id": key.id}, once=once)
    return True


def _may_be_running(purser: Purser, key: Key) -> bool:
    """Whether calls that were accepted in time may still be charged: what they cost is not noted yet."""
    return key.proof in _THEN and key.rest_at is not None and key.rest_at < _until(purser, key, RUNNING_SECONDS)


def delete_at_gateway(purser: Purser, key_id: str) -> None:
    """Delete a key that spent after it was off, for good, and believe only what the gateway's record says.

    Idempotent. Raises `GatewayError`.
    """
    with purser.books.reading() as session:
        key = keys.get(session, key_id)
    if key is None or key.state is not KeyState.DISABLING or key.handle is None:
        return
    gateway = purser.gateways[key.gateway]
    gateway.delete(key.handle)
    now = purser.now()
    with purser.deciding() as session:
        change = keys.Change(proof=Proof.RECORDED, proven_at=now, deleted_at=now)
        if not keys.move(session, key.id, KeyState.DISABLING, KeyState.DISABLED, change):
            return
        once = f"{key.id}:{now.isoformat()}"
        seq = record(session, now, actor="purser", action="key.removed", about=about(key), once=once, reason=WHY)
        touched(session, now, key.id)
        refresh_card(session, now, key.request_id, seq)
        telling = Telling(Occasion.KEY_DELETED, None, key.request_id, key.id, note=WHY)
        tell_thread(session, now, telling, once=once)
        concerned = (key.holder_id, key.lead_id, *owners_of(session, purser, key))
        tell_people(session, now, telling, concerned, once=once)


def _opening(key: Key, grown: int, total: int) -> Opening:
    evidence = Evidence(
        rule="spent-after-off",
        since=key.rest_at,
        seen_micros=grown,
        limit_micros=0,
        note=f"Its total was {show(key.rest_micros or 0)} when it had come to rest, and is {show(total)} now.",
    )
    return Opening(
        IncidentKind.AFTER_OFF, Layer.KEY, key.id, key.team_id, evidence=evidence, about=about(key, amount_micros=grown)
    )


def _look(session: Session, purser: Purser, key_id: str) -> None:
    key, total = _now(session, key_id)
    if key is not None and total is not None:
        spent_after(session, purser, key, total)


def _come_to_rest(session: Session, purser: Purser, key_id: str) -> None:
    """Note what it had spent, now that all late figures are in."""
    key, total = _now(session, key_id)
    read_at = None if key is None else _read_at(session, key)
    if key is None or key.state is not KeyState.DISABLED or key.rest_at is not None or read_at is None:
        return
    if key.proven_at is not None and read_at >= _until(purser, key):
        change = keys.Change(rest_micros=total or 0, rest_at=read_at)
        keys.move(session, key.id, KeyState.DISABLED, KeyState.DISABLED, change)


def _call_quiet(session: Session, purser: Purser, key_id: str) -> None:
    """Nothing was spent for long enough: say so. What running calls cost is noted first, and waited after once more."""
    key, total = _now(session, key_id)
    read_at = None if key is None else _read_at(session, key)
    if key is None or read_at is None or key.rest_at is None or key.rest_micros is None:
        return
    if key.state is not KeyState.DISABLED or key.proof not in _THEN or read_at < _until(purser, key, RUNNING_SECONDS):
        return
    now, once = purser.now(), f"{key.id}:{ledger.head(session).seq}"
    if total is not None and total > key.rest_micros:
        if _may_be_running(purser, key):
            late = about(key, amount_micros=total - key.rest_micros)
            record(session, now, actor="purser", action="key.late_spend", about=late, once=once)
            change = keys.Change(rest_micros=total, rest_at=read_at)
            keys.move(session, key.id, KeyState.DISABLED, KeyState.DISABLED, change)
        return
    if (read_at - key.rest_at).total_seconds() < QUIET_SECONDS:
        return
    was_proven = key.proven_at
    change = keys.Change(proof=_THEN[key.proof], proven_at=now)
    if keys.move(session, key.id, KeyState.DISABLED, KeyState.DISABLED, change):
        seq = record(session, now, actor="purser", action="key.quiet", about=about(key), once=once)
        touched(session, now, key.id)
        if was_proven is not None and (now - was_proven).total_seconds() < DAY_SECONDS:  # nobody looks at older cards
            refresh_card(session, now, key.request_id, seq)


_THEN = {Proof.RECORDED: Proof.QUIET, Proof.PROBED: Proof.PROBED_QUIET}


def _now(session: Session, key_id: str) -> tuple[Key | None, int | None]:
    """The key, and the newest live total of it."""
    spent = readings.spent(session, key_id, TOTAL)
    return keys.get(session, key_id), None if spent is None else spent.lifetime_micros


def _read_at(session: Session, key: Key) -> datetime | None:
    mark = syncs.of(session, key.gateway, syncs.What.LIVE)
    return None if mark is None else mark.read_at


def _until(purser: Purser, key: Key, more_seconds: int = 0) -> datetime:
    """When late figures about the key must be in; with `more_seconds`, so much after that."""
    assert key.proven_at is not None
    return key.proven_at + timedelta(seconds=_lags(purser, key.gateway) + more_seconds)


def _lags(purser: Purser, gateway: str) -> int:
    known = purser.gateways.get(gateway)
    return 0 if known is None else known.capabilities.disable_lag_seconds + known.capabilities.usage_lag_seconds


def _is_read(purser: Purser, read: Mapping[str, datetime], one: Waiting, more_seconds: int = 0) -> bool:
    """Whether its gateway told all totals after late figures about it must have been in, or so much later."""
    read_at, seconds = read.get(one.gateway), _lags(purser, one.gateway) + more_seconds
    return read_at is not None and read_at >= one.proven_at + timedelta(seconds=seconds)


def _parts(whole: Sequence[str]) -> Iterator[Sequence[str]]:
    return (whole[first : first + AT_ONCE] for first in range(0, len(whole), AT_ONCE))
