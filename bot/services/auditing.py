"""Checks the books: the hash chain, and every figure that can be derived from it a second time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.keys import SPENDING, KeyState
from bot.domain.requests import RequestState
from bot.services import incident_audit, recounting
from storage import keys, ledger, requests
from storage.engine import Books, Session
from storage.ledger import Anchor, Check, Difference

REQUEST_ENDS = {
    "request.approved": {RequestState.APPROVED, RequestState.FULFILLED, RequestState.LAPSED},
    "request.denied": {RequestState.DENIED},
    "request.cancelled": {RequestState.CANCELLED},
    "request.expired": {RequestState.EXPIRED},
    "request.lapsed": {RequestState.LAPSED},
}
"""What a request's newest deciding ledger row allows its state to be."""


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict as lines for the terminal."""

    ok: bool
    lines: tuple[str, ...]


def verify(books: Books, anchors: Iterable[str] = ()) -> Report:
    """Verify everything. Anchors are `SEQ:HASH`, heads of the chain noted down earlier.

    Raises ValueError for an anchor of another shape.
    """
    noted = [_anchor(text) for text in anchors]
    with books.reading() as session:
        verdict = ledger.verify(session, checks=CHECKS, anchors=noted)
    lines = [
        f"{found.check}, {found.subject}: expected {found.expected}, is {found.found}." for found in verdict.differences
    ]
    if verdict.broken is not None:
        broken = verdict.broken
        lines.insert(
            0, f"Row {broken.seq} is wrong: {broken.fault} (expected {broken.expected}, found {broken.found})."
        )
    if verdict.ok:
        lines.append(f"The ledger is whole: {verdict.count} rows, and the books agree with it.")
    lines.append(f"Head: {verdict.head.seq}:{verdict.head.hash}")
    return Report(verdict.ok, tuple(lines))


def _anchor(text: str) -> Anchor:
    seq, _, seal = text.partition(":")
    if not seq.isdigit() or len(seal) != 64:
        msg = f"{text!r} is not SEQ:HASH, as `purser ledger verify` prints it"
        raise ValueError(msg)
    return Anchor(int(seq), seal)


_HELD_SINCE = ("key.revealed", "key.adopted")
"""What the ledger calls a key that somebody can use from then on."""


def _requests_agree(session: Session) -> Iterable[Difference]:
    """Each request's state is the one its newest deciding ledger row says, and none is without rows."""
    newest: dict[str, str] = {}
    with_rows: set[str] = set()
    for row in ledger.stream(session):
        if row.request_id is not None and row.action.startswith("request."):
            with_rows.add(row.request_id)
            if row.action in REQUEST_ENDS:
                newest[row.request_id] = row.action
    for request in requests.in_state(session, *(set(RequestState) - {RequestState.DRAFT})):
        if request.id not in with_rows:
            if request.state is not RequestState.CANCELLED:  # a draft that was let go never was a request
                yield Difference("requests", request.id, "ledger rows", "none")
            continue
        allowed = REQUEST_ENDS.get(newest.get(request.id, ""), {RequestState.WAITING})
        if request.state not in allowed:
            yield Difference("requests", request.id, " or ".join(sorted(allowed)), request.state)


def _one_key_each(session: Session) -> Iterable[Difference]:
    """No request has two keys that can be used, and each such key was revealed or adopted in the ledger."""
    per_request: dict[str, int] = defaultdict(int)
    revealed = {row.key_id for action in _HELD_SINCE for row in ledger.entries(session, action=action)}
    for key in keys.in_state(session, *SPENDING, KeyState.DISABLED):
        per_request[key.request_id] += 1
        if key.id not in revealed:
            yield Difference("keys", key.label, "a key.revealed or key.adopted row", "none")
    for request_id, count in per_request.items():
        if count > 1:
            yield Difference("keys", request_id, "at most 1 key", str(count))


CHECKS = (
    Check("requests", _requests_agree),
    Check("keys", _one_key_each),
    Check("incidents", incident_audit.differences),
    *recounting.CHECKS,
)
