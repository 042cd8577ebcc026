"""One mint: the key as it is written down before the gateway is called, and what is believed afterwards."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.keys import Key, KeyKind, KeyState, alias_for, label_for
from bot.domain.people import NAME_CHARS, Member, handle_from
from bot.domain.requests import Purpose, Request
from bot.gateways.base import CapPeriod, FailureKind, Gateway, GatewayError, Issued, KeySpec
from bot.services.context import Purser
from bot.services.failpoints import Failpoint
from storage import keys
from storage.engine import Session

LEASE_SECONDS = 60
"""How long one click may take from minting to showing before its key counts as lost."""


def new_key(session: Session, purser: Purser, holder: Member, request: Request) -> Key:
    """The key to write down before minting it: on a label nobody had, ending its agreed time from now.

    A project's or automation's key is called after it, any other after its holder. One in the place of an old key
    gets that one's end instead.
    """
    assert request.kind is not None, request.id
    now = purser.now()
    begins = handle_from(request.name, NAME_CHARS) if request.name else holder.handle
    label = label_for(begins, purser.ids.suffix())
    while keys.label_taken(session, label):
        label = label_for(begins, purser.ids.suffix())
    seconds = None if request.purpose is Purpose.ROTATE else request.terms.duration_seconds
    period = CapPeriod.TOTAL if request.kind is KeyKind.TEMPORARY else CapPeriod.MONTH
    return Key(
        id=purser.ids.new("key"),
        label=label,
        alias=alias_for(label),
        request_id=request.id,
        gateway=request.gateway,
        kind=request.kind,
        team_id=request.team_id,
        project_id=request.project_id,
        holder_id=holder.id,
        cap_micros=request.terms.cap_micros,
        cap_period=period,
        models=request.terms.models or purser.policy.models,
        state=KeyState.MINTING,
        created_at=now,
        mint_lease_until=now + timedelta(seconds=LEASE_SECONDS),
        expires_at=None if seconds is None else now + timedelta(seconds=seconds),
        daily_cap_micros=request.terms.daily_cap_micros,
        lead_id=request.lead_id,
    )


def mint(purser: Purser, key: Key) -> Issued:
    """Have the gateway mint it, and check its own record before believing it.

    Raises `GatewayError`: a transient one says that surely nothing was made.
    """
    gateway = purser.gateways[key.gateway]
    issued = gateway.issue(
        KeySpec(
            alias=key.alias,
            holder=key.holder_id,
            cap_micros=key.cap_micros,
            cap_period=CapPeriod(key.cap_period),
            expires_at=key.expires_at,
            models=key.models,
            daily_cap_micros=key.daily_cap_micros if gateway.capabilities.daily_cap else None,
            tags={"installation": purser.installation, "key": key.id, "request": key.request_id},
        )
    )
    purser.failpoint(Failpoint.AFTER_GATEWAY_MINTED)
    try:
        _check_record(gateway, key, issued)
    except GatewayError as failed:
        if failed.kind is FailureKind.TRANSIENT:
            raise GatewayError(FailureKind.UNKNOWN, failed.message) from failed
        raise
    return issued


def _check_record(gateway: Gateway, key: Key, issued: Issued) -> None:
    seen = gateway.find(issued.handle)
    if seen is None or not seen.enabled:
        raise GatewayError(FailureKind.UNKNOWN, f"{gateway.name} made the key, but its record does not show it")
    if gateway.capabilities.cap_scope == "key" and seen.cap_micros != key.cap_micros:
        raise GatewayError(FailureKind.PERMANENT, f"{gateway.name} did not set the cap that was agreed")
    if gateway.capabilities.daily_cap and seen.daily_cap_micros != key.daily_cap_micros:
        raise GatewayError(FailureKind.PERMANENT, f"{gateway.name} did not set the cap per day that was agreed")
    if set(seen.models) != set(key.models):
        raise GatewayError(FailureKind.PERMANENT, f"{gateway.name} did not set the models that were agreed")
