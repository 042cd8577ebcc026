"""The usage policy: nobody's key is made before they agreed to its version of today. The ledger remembers who did."""

from __future__ import annotations

from bot.domain.policy import UsagePolicy
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser, Subjects, record, take_in
from storage import ledger
from storage.engine import Session

AGREED = "usage_policy.agreed"
NOT_YET = Refused(
    Because.NOT_AGREED,
    "Before your key is made, read the usage policy and agree to it: press Reveal key and it is shown.",
)
CHANGED = Refused(
    Because.NOT_AGREED,
    "The usage policy was changed while you read it. Press Reveal key again: it shows how it reads now.",
)


def unread(session: Session, purser: Purser, member_id: str) -> UsagePolicy | None:
    """The usage policy, if this person has yet to agree to it as it is now."""
    policy = purser.policy.usage_policy
    if policy is None:
        return None
    once = f"{AGREED}:{_once(member_id, policy.version)}"
    return None if ledger.entries(session, idempotency_key=once) else policy


def agree(purser: Purser, actor: Actor, version: str) -> Refused | None:
    """Write down that this person agreed to that version, once; refused when it is not the one of today.

    Raises `Repeated` when the same form is delivered again.
    """
    policy, now = purser.policy.usage_policy, purser.now()
    if policy is None:
        return None
    if version != policy.version:
        return CHANGED
    with purser.deciding() as session:
        take_in(session, actor)
        if unread(session, purser, actor.id) is not None:
            record(
                session,
                now,
                actor=actor.id,
                action=AGREED,
                about=Subjects(member_id=actor.id),
                once=_once(actor.id, version),
                reason=f"version {version}",
            )
    return None


def _once(member_id: str, version: str) -> str:
    return f"{member_id}:{version}"
