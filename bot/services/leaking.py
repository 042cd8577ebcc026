"""A secret that others may know: whose it is, and what is written down about it in the deciding transaction.

Below `turning_off`, which turns such keys off whoever found them. The secret itself is compared and dropped.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain

from bot.domain import leaks
from bot.domain.budgets import Layer
from bot.domain.incidents import Evidence, Found, IncidentKind
from bot.domain.keys import UNSHOWN, Key, KeyState, OffCause, fingerprint
from bot.gateways.base import Gateway
from bot.services.context import Purser, Subjects, record
from bot.services.incidents import Opening, open_incident
from storage import incidents, key_secrets, keys, ledger, runs
from storage.engine import Session

PURSER = "purser"


@dataclass(frozen=True, slots=True)
class Source:
    """How and where a secret was found. Never the secret itself."""

    found: Found
    where: str = ""
    """A link to the message, alert or commit, or a file's name; empty when it is not known."""
    channel_id: str = ""
    """The Slack channel it was found in, if any."""
    author_id: str = ""
    """Who posted it there, by Slack user id, if anybody did."""
    by: str = PURSER
    """Who found it: a Slack user id, or `purser`."""
    sighting: str = ""
    """Names this one finding, such as the message: what is found there again is not written down again."""

    @property
    def evidence(self) -> Evidence:
        """As an incident keeps it."""
        return Evidence(found=self.found, where=self.where, channel_id=self.channel_id, author_id=self.author_id)


def managed_with(purser: Purser, secret: str) -> Gateway | None:
    """The gateway that Purser itself uses this secret for, if it is no member's key at all."""
    return next((one for one in purser.gateways.values() if one.is_own_credential(secret)), None)


def key_of(session: Session, purser: Purser, secret: str) -> Key | None:
    """The key whose secret this is, or None."""
    return keys_of(session, purser, [secret]).get(secret)


def keys_of(session: Session, purser: Purser, secrets: Collection[str]) -> dict[str, Key]:
    """The keys whose secrets these are, by secret: by its fingerprint, or by the handle that it has at a gateway."""
    prints = {fingerprint(secret, purser.pepper): secret for secret in secrets}
    handles = {
        (gateway.name, handle): secret
        for gateway in purser.gateways.values()
        for secret in secrets
        if (handle := gateway.handle_of(secret)) is not None
    }
    found: dict[str, Key] = {}
    for key in key_secrets.known(session, prints, {handle for _, handle in handles}):
        secret = prints.get(key.fingerprint or "") or handles.get((key.gateway, key.handle or ""))
        if secret is not None:
            found[secret] = key
    return found


def within(session: Session, purser: Purser, pasted: str) -> str:
    """The secret that a key of ours, or a gateway itself, has and that stands in what was pasted; else all of it."""
    readings = dict.fromkeys((pasted, *(one.secret for one in chain(leaks.candidates(pasted), leaks.words(pasted)))))
    if (own := next((one for one in readings if managed_with(purser, one)), None)) is not None:
        return own
    known = keys_of(session, purser, readings)
    return next((one for one in readings if one in known), pasted)


def mark_leaked(session: Session, purser: Purser, key: Key, source: Source) -> bool:
    """Write down, before it is decided that the key goes off, that its secret is known to others.

    Such a secret never works again. An incident is opened when the key could be used up to now, and added to when
    one about it is open. A key that was off already needs nobody: it is only noted. False when it was written down
    already that it stands there.
    """
    now = purser.now()
    about = Subjects(key.team_id, key.project_id, key.holder_id, key.id, key.request_id)
    if source.sighting and not runs.first_sight(session, f"leak:{key.id}:{source.sighting}", now):
        return False
    if key.state in UNSHOWN or key.state in (KeyState.DISCARDING, KeyState.DISCARDED):
        return True
    if key.leaked_at is None:
        keys.move(session, key.id, key.state, key.state, keys.Change(leaked_at=now))
    if could_be_used(key) or incidents.open_about(session, Layer.KEY, key.id) is not None:
        opening = Opening(
            IncidentKind.LEAK, Layer.KEY, key.id, key.team_id, by=source.by, evidence=source.evidence, about=about
        )
        open_incident(session, purser, opening)
        return True
    once = f"{key.id}:{ledger.head(session).seq}"
    record(session, now, actor=source.by, action="key.leaked", about=about, once=once, reason=source.where)
    return True


def could_be_used(key: Key) -> bool:
    """Whether the key works, may still work, or would have come back by itself."""
    if key.state in (KeyState.LIVE, KeyState.RESTORING, KeyState.DISABLING):
        return True
    return key.state is KeyState.DISABLED and key.off_cause is OffCause.BUDGET


def credential_found(session: Session, purser: Purser, gateway: Gateway, source: Source) -> None:
    """Somebody found what Purser manages a gateway with. Only people can change that one.

    The incident calls the workspace's owners directly: when it is opened, and each time it is found again.
    """
    opening = Opening(IncidentKind.CREDENTIAL, None, gateway.name, None, by=source.by, evidence=source.evidence)
    open_incident(session, purser, opening)
