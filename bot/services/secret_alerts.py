"""Alerts about secrets from a code host: each is taken in once, its secret fetched, stopped if ours, and resolved.

The secret passes through memory from the host's answer to the fingerprint and the probe, and is written nowhere. An
alert is resolved only when the key is proven off.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.facts import Occasion
from bot.domain.incidents import Found
from bot.domain.keys import Key, KeyState
from bot.domain.requests import Refused
from bot.gateways.base import FailureKind, GatewayError
from bot.services.context import Effect, Purser, Subjects, effect, record
from bot.services.leaking import Source
from bot.services.telling import Telling, tell_people
from bot.services.turning_off import stop_leaked
from storage import keys, ledger, runs
from storage.engine import Session
from storage.outbox import Claimed

ALERT = "github.alert"
RESOLVE = "github.resolve"
ATTEMPTS = 300
"""A day of them: pauses grow to five minutes."""
NO_TOKEN = "GITHUB_TOKEN is not set, so Purser cannot look at the secret itself"  # noqa: S105 - a sentence


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one delivery says: its id, what happened, and which alert it is about."""

    id: str
    action: str
    repository: str
    """Owner and name, such as `octo/search`."""
    number: int
    url: str
    """The alert's page; empty when it has none that people may follow."""
    kind: str
    """What kind of secret the host says it is."""


def take(purser: Purser, delivery: Delivery) -> bool:
    """Write a delivery down, to be looked into at once; False, and nothing more happens, for one taken in before."""
    now = purser.now()
    with purser.deciding() as session:
        if not runs.first_sight(session, f"github:{delivery.id}", now):
            return False
        record(
            session,
            now,
            actor="purser",
            action="secret.reported",
            about=Subjects(),
            once=delivery.id,
            reason=f"{_named(delivery.repository, delivery.number)} {delivery.action}",
        )
        payload = {"repository": delivery.repository, "number": delivery.number, "url": delivery.url}
        payload |= {"kind": delivery.kind, "id": delivery.id}
        effect(session, now, stream=_stream(delivery), name=ALERT, payload=payload, once=delivery.id)
    return True


def _look(purser: Purser, row: Claimed) -> None:
    """Fetch the alert's secret, and stop the key if it is one of ours. Idempotent."""
    repository, number = str(row.payload["repository"]), int(row.payload["number"])
    where = str(row.payload["url"]) or f"https://github.com/{repository}"
    if purser.code_host is None:
        raise GatewayError(FailureKind.PERMANENT, NO_TOKEN)
    alert = purser.code_host.alert(repository, number)
    if alert is None or not alert.secret:
        return
    source = Source(Found.GITHUB, where=where, sighting=f"github:{row.payload['id']}")
    reason = f"GitHub found it in {repository}"
    # What follows the first outcome is trying the secret for as long as the gateway's caches take: longer than a lease.
    found = next(stop_leaked(purser, alert.secret, source, reason))
    key_id = None if isinstance(found, Refused) else found.key.key.id
    if key_id is not None and alert.is_open:
        _want_resolved(purser, row, key_id)


def _want_resolved(purser: Purser, row: Claimed, key_id: str) -> None:
    payload = {"repository": row.payload["repository"], "number": row.payload["number"], "key_id": key_id}
    now, stream = purser.now(), f"resolve:{_named(row.payload['repository'], row.payload['number'])}"
    with purser.deciding() as session:
        effect(session, now, stream=stream, name=RESOLVE, payload=payload, once=str(row.payload["id"]))


def _resolve(purser: Purser, row: Claimed) -> None:
    """Resolve the alert once the key is proven off. Raises `GatewayError` until then."""
    with purser.books.reading() as session:
        key = keys.get(session, row.payload["key_id"])
    if key is None or purser.code_host is None:
        return
    if (comment := _proven(key)) is None:
        raise GatewayError(FailureKind.TRANSIENT, f"{key.label} is not proven off yet")
    repository, number = str(row.payload["repository"]), int(row.payload["number"])
    purser.code_host.resolve(repository, number, comment)
    now = purser.now()
    with purser.deciding() as session:
        about = Subjects(team_id=key.team_id, project_id=key.project_id, member_id=key.holder_id, key_id=key.id)
        once = f"{key.id}:{row.id}"
        reason = f"{_named(repository, number)} resolved as revoked"
        if not ledger.entries(session, idempotency_key=f"secret.resolved:{once}"):
            record(session, now, actor="purser", action="secret.resolved", about=about, once=once, reason=reason)


def _proven(key: Key) -> str | None:
    """What the host is told of a key that is proven off; None of one that is not."""
    if key.state is KeyState.DISCARDED:
        return f"Purser deleted this key ({key.label}) before anybody used it."
    if key.state is not KeyState.DISABLED or key.proof is None or key.proven_at is None:
        return None
    return f"Purser turned this key off ({key.label}); {key.proof} off at {key.proven_at:%Y-%m-%d %H:%M:%S} UTC."


def _look_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """The alert could not be looked into: the workspace's owners have to."""
    name, kind = _named(row.payload["repository"], row.payload["number"]), str(row.payload["kind"])
    note = f"{kind or 'a secret'} in {name}: {error}"
    telling = Telling(Occasion.SECRET_UNREAD, None, note=note, others=(str(row.payload["url"]),))
    owners = sorted(purser.authority.workspace_owner_ids)
    tell_people(session, purser.now(), telling, owners, once=str(row.payload["id"]))


def _resolve_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """The key is dealt with; only the alert stands open."""
    now = purser.now()
    name = _named(row.payload["repository"], row.payload["number"])
    about = Subjects(key_id=row.payload["key_id"])
    record(session, now, actor="purser", action="secret.unresolved", about=about, once=str(row.id), reason=name)
    telling = Telling(Occasion.SECRET_UNRESOLVED, None, key_id=row.payload["key_id"], note=f"{name}: {error}")
    tell_people(session, now, telling, sorted(purser.authority.workspace_owner_ids), once=str(row.id))


def _stream(delivery: Delivery) -> str:
    """All that is done about one alert is done in order."""
    return f"github:{_named(delivery.repository, delivery.number)}"


def _named(repository: str, number: int) -> str:
    return f"{repository}#{number}"


SECRET_ALERT_EFFECTS: dict[str, Effect] = {
    ALERT: Effect(_look, attempts=ATTEMPTS, on_dead=_look_failed),
    RESOLVE: Effect(_resolve, attempts=ATTEMPTS, on_dead=_resolve_failed),
}
