"""Accounts that a leaver has at gateways beside their keys: found, and taken away without harm to anybody's key.

For gateways where people have accounts (`Gateway.members`); of others nothing is said. Deleting an account there may
delete its keys, those as well that others work with or that a Restore would bring back. So keys that Purser made are
moved off it first, and an account with any other key on it stays: whose keys those are is for people to decide, and
each is named. What was found and done stands in the ledger, in the order of these actions:

- `seat.none`: there is no account.
- `seat.removing`: it is about to be taken away. Written down before the call, so that a lost answer is no riddle.
- `seat.removed`: it is gone.
- `seat.kept`: it stays, and why. It is looked at again every hour.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.evidence import SEAT_KEPT as KEPT
from bot.domain.evidence import SEAT_NONE as NONE
from bot.domain.evidence import SEAT_REMOVED as REMOVED
from bot.domain.evidence import SEAT_REMOVING as REMOVING
from bot.domain.leavers import Account
from bot.domain.offboarding import Departure, DepartureState
from bot.domain.people import Member
from bot.gateways.base import FailureKind, Gateway, GatewayError, KeyRecord, Members, Seat
from bot.services.context import Purser, Subjects, effect, record
from bot.services.failpoints import Failpoint
from storage import departures, keys, ledger, outbox
from storage.engine import Session
from storage.outbox import Claimed

SEAT = "gateway.seat"
_MOST_NAMED = 20
"""Keys that one line of the ledger names."""


def ask(session: Session, purser: Purser, departure: Departure, once: str = "left") -> None:
    """Have the leaver's accounts taken away, within the transaction that notices the departure."""
    for gateway in purser.gateways.values():
        if gateway.members is None:
            continue
        effect(
            session,
            purser.now(),
            stream=f"seat:{departure.id}:{gateway.name}",
            name=SEAT,
            payload={"departure_id": departure.id, "gateway": gateway.name},
            once=f"{departure.id}:{gateway.name}:{once}",
        )


def look_again(purser: Purser) -> None:
    """Ask again for accounts that stayed, for what kept them may be gone. A job step; repeated for ever."""
    for departure in _kept(purser):
        with purser.deciding() as session:
            waiting = outbox.pending(session, effect=SEAT)
            if not any(row.stream.startswith(f"seat:{departure.id}:") for row in waiting):
                ask(session, purser, departure, once=f"again:{ledger.head(session).seq}")


def _kept(purser: Purser) -> list[Departure]:
    """Departures that stand, of whose accounts it was said last that one stays."""
    with purser.books.reading() as session:
        people = {row.member_id for row in ledger.entries(session, action=KEPT) if row.member_id}
        found = [departures.open_of(session, member_id) for member_id in sorted(people)]
        return [one for one in found if one is not None and _stays(session, one)]


def _stays(session: Session, departure: Departure) -> bool:
    kinds = (NONE, REMOVING, REMOVED, KEPT)
    said = [row for kind in kinds for row in ledger.entries(session, member_id=departure.member_id, action=kind)]
    of_this = sorted((row for row in said if row.at >= departure.noticed_at), key=lambda row: row.seq)
    return KEPT in {row.reason.partition(";")[0]: row.action for row in of_this}.values()


def take_away(purser: Purser, row: Claimed) -> None:
    """Perform the effect. Idempotent; may be killed anywhere. Raises `GatewayError` and `DeliveryError`."""
    with purser.books.reading() as session:
        departure = departures.get(session, row.payload["departure_id"])
    gateway = purser.gateways.get(row.payload["gateway"])
    if departure is None or gateway is None or gateway.members is None or departure.state is not DepartureState.OPEN:
        return
    account = purser.directory.account(departure.member_id) or Account(Member(departure.member_id, "", "", ""))
    work = _Work(purser, departure, gateway, gateway.members)
    found = gateway.members.seats(departure.member_id, account.email)
    certain = found if account.is_email_confirmed else [seat for seat in found if seat.id == departure.member_id]
    for seat in certain:
        _one(work, seat)
    for seat in found:
        if seat not in certain:
            work.say(KEPT, seat.id, "found by an address that Slack has not verified, so a person has to decide")
    work.close_lost({seat.id for seat in found})
    if not found:
        work.none(sees_addresses=bool(account.email))


def failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """The effect was given up: the account may still be there, and is looked for again in an hour."""
    departure = departures.get(session, row.payload["departure_id"])
    if departure is not None:
        reason = f"{row.payload['gateway']}: any account; it could not be taken away: {error[:200]}"
        on = Subjects(member_id=departure.member_id)
        record(session, purser.now(), actor="purser", action=KEPT, about=on, once=f"dead:{row.id}", reason=reason)


def _one(work: _Work, seat: Seat) -> None:
    """Move what Purser made off one account, and take it away unless another key is on it."""
    if others := [key for key in work.members.keys(seat.id) if not work.move_off(key)]:
        work.say(KEPT, seat.id, _named(others), once=",".join(sorted(key.handle[:12] for key in others)))
        return
    work.say(REMOVING, seat.id, seat.role)
    try:
        work.members.remove(seat.id)
    except GatewayError as refused:
        if refused.kind is not FailureKind.PERMANENT:
            raise
        work.say(KEPT, seat.id, refused.message[:200], once=refused.message[:80])
        return
    work.purser.failpoint(Failpoint.AFTER_SEAT_REMOVED)
    work.say(REMOVED, seat.id, seat.role)


def _named(others: list[KeyRecord]) -> str:
    """What keeps an account: keys that the books do not know, and whether they work."""
    shown = [f"{key.alias or key.handle[:12]} ({'works' if key.enabled else 'off'})" for key in others[:_MOST_NAMED]]
    more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
    what = "a key is" if len(others) == 1 else f"{len(others)} keys are"
    return f"{what} on it that Purser did not make: {', '.join(shown)}{more}"


@dataclass(frozen=True, slots=True)
class _Work:
    """One departure at one gateway."""

    purser: Purser
    departure: Departure
    gateway: Gateway
    members: Members

    def move_off(self, seen: KeyRecord) -> bool:
        """Let a key of ours belong to who holds it by now, or to nobody; False for a key that is not ours."""
        with self.purser.books.reading() as session:
            key = keys.with_handle(session, self.gateway.name, seen.handle)
        if key is None:
            return False
        self.gateway.set_holder(seen.handle, "" if key.holder_id == self.departure.member_id else key.holder_id)
        return True

    def say(self, action: str, seat_id: str, more: str = "", once: str = "") -> None:
        """Write down what is true of an account, unless that stands there already."""
        reason = f"{self.gateway.name}: {seat_id}" + (f"; {more}" if more else "")
        named = f"{self.departure.id}:{self.gateway.name}:{seat_id}" + (f":{once}" if once else "")
        with self.purser.deciding() as session:
            if ledger.entries(session, idempotency_key=f"{action}:{named}"):
                return
            on = Subjects(member_id=self.departure.member_id)
            record(session, self.purser.now(), actor="purser", action=action, about=on, once=named, reason=reason)

    def none(self, *, sees_addresses: bool) -> None:
        """There is no account, and there never was one that was taken away."""
        if not self._begun():
            how = "" if sees_addresses else "under their Slack id; Slack tells Purser no address of theirs"
            self.say(NONE, "no account", how)

    def close_lost(self, there: set[str]) -> None:
        """An account that was about to be taken away is not there any more: the answer was lost, and it is gone."""
        for seat_id in self._begun() - there:
            self.say(REMOVED, seat_id)

    def _begun(self) -> set[str]:
        start = f"{REMOVING}:{self.departure.id}:{self.gateway.name}:"
        with self.purser.books.reading() as session:
            said = ledger.entries(session, member_id=self.departure.member_id, action=REMOVING)
        return {row.idempotency_key.removeprefix(start) for row in said if row.idempotency_key.startswith(start)}
