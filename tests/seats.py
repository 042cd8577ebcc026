"""Accounts of people at a gateway in memory: taking one away takes its keys away, as the real ones do."""

from __future__ import annotations

from bot.gateways.base import FailureKind, GatewayError, KeyRecord, Seat
from tests.fakes import Gateway


class MemoryMembers:
    """`Members` of a gateway in memory. Mishaps are the gateway's: `seats`, `seat_keys`, `remove_seat`."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.people: dict[str, str] = {}
        """Addresses by account id."""

    def seats(self, member_id: str, email: str) -> list[Seat]:
        self.gateway._apply("seats", lambda: None)
        return [
            Seat(seat_id, "user")
            for seat_id, address in self.people.items()
            if seat_id == member_id or (email and address.casefold() == email.casefold())
        ]

    def keys(self, seat_id: str) -> list[KeyRecord]:
        self.gateway._apply("seat_keys", lambda: None)
        return [key for key in self.gateway._all() if key.holder == seat_id and not key.deleted]

    def remove(self, seat_id: str) -> None:
        if any(key.holder == seat_id and not key.deleted for key in self.gateway._all()):
            raise GatewayError(FailureKind.PERMANENT, "a key is still on that account, and would go with it")

        def take() -> None:
            self.people.pop(seat_id, None)

        self.gateway._apply("remove_seat", take)
