"""LiteLLM's internal users: how a person's account there is found, and how it is taken away.

Facts as answered by LiteLLM 1.106:
- /user/list compares parts of ids and addresses, small letters and capitals alike: what it gives is compared again.
- /user/delete deletes every key whose `user_id` is the user's, with its record: /key/info answers 404 afterwards. Keys
  of somebody else, and of nobody (`user_id` empty), work on. So an account goes only once no key is left on it.
- A second deletion is a 404. A key's `user_id` needs no user of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.gateways.base import FailureKind, GatewayError, KeyRecord, Seat
from bot.gateways.http import CallFailed, Http

PAGE_SIZE = 100
"""The most /user/list gives at once; it answers 422 to more."""
MAX_PAGES = 1_000
OWN = "default_user_id"
"""The account that the master key itself acts as."""


class UserRow(BaseModel):
    """One user as /user/list shows it. Unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    user_id: str
    user_email: str | None = None
    user_role: str | None = None


class LiteLLMMembers:
    """`Members` of one LiteLLM proxy. Thread-safe."""

    def __init__(self, http: Http, listed: Callable[[dict[str, str]], Iterable[KeyRecord]]) -> None:
        """`listed` gives the keys that pass a filter of /key/list."""
        self._http = http
        self._keys = listed

    def seats(self, member_id: str, email: str) -> list[Seat]:
        """See `Members.seats`. Capitals make no difference in an address."""
        found = [row for row in _listed(self._http, {"user_ids": member_id}) if row.user_id == member_id]
        if wanted := email.strip().casefold():
            known = {row.user_id for row in found}
            same = [row for row in _listed(self._http, {"user_email": email.strip()}) if _address(row) == wanted]
            found += [row for row in same if row.user_id not in known]
        return [Seat(row.user_id, row.user_role or "") for row in found]

    def keys(self, seat_id: str) -> list[KeyRecord]:
        """See `Members.keys`. What somebody is logged in with is no key here, and goes with the account."""
        return [key for key in self._keys({"user_id": seat_id}) if key.holder == seat_id]

    def remove(self, seat_id: str) -> None:
        """See `Members.remove`. A key made between the last look and the deletion would go with the account."""
        if seat_id == OWN:
            raise GatewayError(FailureKind.PERMANENT, "that is the account of litellm's own administrator")
        if keys := self.keys(seat_id):
            there = "a key is" if len(keys) == 1 else f"{len(keys)} keys are"
            raise GatewayError(FailureKind.PERMANENT, f"{there} still on that account, and would go with it")
        try:
            self._http.repeat("/user/delete", {"user_ids": [seat_id]})
        except CallFailed as failure:
            if failure.status != 404:
                raise
        if any(row.user_id == seat_id for row in _listed(self._http, {"user_ids": seat_id})):
            raise GatewayError(FailureKind.TRANSIENT, "litellm said the account was deleted, but still has it")


def _address(row: UserRow) -> str:
    return (row.user_email or "").strip().casefold()


def _listed(http: Http, wanted: dict[str, str]) -> Iterator[UserRow]:
    for page in range(1, MAX_PAGES):
        params: dict[str, str | int] = {**wanted, "page": page, "page_size": PAGE_SIZE}
        body = http.read("/user/list", params).body
        if not isinstance(body, dict) or not isinstance(body.get("users"), list):
            raise GatewayError(FailureKind.PERMANENT, "litellm answered a list of users that cannot be read")
        for item in body["users"]:
            try:
                yield UserRow.model_validate(item)
            except ValidationError:
                msg = "litellm answered with a user that cannot be read"
                raise GatewayError(FailureKind.PERMANENT, msg) from None
        if page >= int(body.get("total_pages") or 0):
            return
