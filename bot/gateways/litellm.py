"""The LiteLLM adapter: keys in a company's own LiteLLM proxy, over its management API.

It decides how each promise of the gateway protocol is kept there and what is not believed: an echo of a
request is no proof, only the re-read record is. It must not know who asked, why, or what anyone may spend.
How caps per day work there is told in `litellm_wire`.
"""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime
from threading import Lock

from bot.domain import money
from bot.domain.usage import Usage
from bot.gateways import litellm_health, litellm_usage
from bot.gateways import litellm_wire as wire
from bot.gateways.base import (
    AliasTaken,
    Capabilities,
    CapPeriod,
    CapScope,
    FailureKind,
    GatewayError,
    Health,
    Issued,
    KeyRecord,
    KeySpec,
    Probe,
)
from bot.gateways.http import CallFailed, Dialect, Http, Patience, Surroundings
from bot.gateways.litellm_members import LiteLLMMembers

NAME = "litellm"
PAGE_SIZE = 100
"""The most /key/list gives at once; it answers 422 to more, and gives 10 when not asked."""
MAX_PAGES = 10_000
_STRIPES = 64

CAPABILITIES = Capabilities(
    can_mint=True,
    cap_scope=CapScope.KEY,
    cap_periods=frozenset({CapPeriod.TOTAL, CapPeriod.DAY, CapPeriod.MONTH}),
    reversible_disable=True,
    native_expiry=True,
    usage_per_key=True,
    usage_lag_seconds=15,
    disable_lag_seconds=60,
    daily_cap=True,
    model_groups=("all-proxy-models", "all-team-models", "no-default-models"),
    limits=(
        "The call that crosses a cap still goes through, and so may others made within the same moment.",
        "With several LiteLLM workers a key may still work for up to a minute after it was turned off.",
        "Spend shows up some seconds after a call.",
        "A cap per day or month starts again up to ten minutes late.",
    ),
)


class LiteLLM:
    """`Gateway` for one LiteLLM proxy. Thread-safe. Handles are LiteLLM's own: the SHA-256 of the secret."""

    def __init__(
        self,
        base_url: str,
        master_key: str,
        public_url: str,
        *,
        now: Callable[[], datetime],
        patience: Patience | None = None,
        around: Surroundings | None = None,
    ) -> None:
        """`base_url` is what Purser calls (no `/v1`), `public_url` what members are told."""
        self.name = NAME
        self.public_url = public_url
        self.capabilities = CAPABILITIES
        self._now = now
        self._master_key = master_key
        self._own_handle = _sha256(master_key)
        # The same alias always meets the same lock: LiteLLM checks for a taken alias and then inserts.
        self._stripes = tuple(Lock() for _ in range(_STRIPES))
        self._http = Http(
            Dialect(NAME, wire.explain, {"litellm-changed-by": "purser"}),
            base_url,
            master_key,
            patience=patience,
            around=around or Surroundings(now=now),
        )
        self.members = LiteLLMMembers(self._http, self._listed)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    # --- minting ---

    def issue(self, spec: KeySpec) -> Issued:
        """See `Gateway.issue`. Raises `AliasTaken` when the alias is in use.

        The reply is checked against what was asked: a key without the agreed limits is deleted again.
        """
        now = self._now()
        _refuse_negative(spec.cap_micros, spec.daily_cap_micros)
        if spec.expires_at is not None and spec.expires_at <= now:
            raise GatewayError(FailureKind.PERMANENT, "the key would have expired before it was made")
        body = wire.mint_body(spec, now)
        with self._stripes[zlib.crc32(spec.alias.encode()) % _STRIPES]:
            try:
                reply = self._http.once("/key/generate", body)
            except CallFailed as failure:
                if _is_alias_taken(failure):
                    raise AliasTaken(spec.alias, f"{NAME} already has a key called {spec.alias}") from None
                raise
        return self._checked(spec, reply.body)

    def _checked(self, spec: KeySpec, body: object) -> Issued:
        """Believe a mint only as far as its reply proves it."""
        secret = body.get("key") if isinstance(body, dict) else None
        if not isinstance(body, dict) or not isinstance(secret, str) or not secret.startswith("sk-"):
            raise GatewayError(FailureKind.UNKNOWN, f"{NAME} answered a mint without a key")
        handle = _sha256(secret)
        if body.get("token_id", handle) != handle:
            raise GatewayError(FailureKind.UNKNOWN, f"{NAME} answered a mint with another key's id")
        try:
            row = wire.key_row({k: v for k, v in body.items() if k not in {"key", "token"}})
            wrong = wire.deviations(spec, row)
            if wrong:
                self.delete(handle)
        except GatewayError as error:
            # Whatever kind this was, a key has been made.
            raise GatewayError(FailureKind.UNKNOWN, f"after a mint, {error.message}") from None
        if wrong:
            msg = f"{NAME} made a key with another {' and '.join(wrong)} than asked; it was deleted again"
            raise GatewayError(FailureKind.PERMANENT, msg)
        return Issued(handle=handle, secret=secret, expires_at=row.expires)

    # --- changing ---

    def set_cap(self, handle: str, cap_micros: int, cap_period: CapPeriod, daily_cap_micros: int | None = None) -> None:
        """See `Gateway.set_cap`. A total cap made monthly counts all spend so far as this month's.

        `TRANSIENT` for another cap per day in the minutes between the end of a day and LiteLLM starting the next.
        """
        _refuse_negative(cap_micros, daily_cap_micros)
        wire.budget_duration(cap_period)
        self._refuse_own(handle)
        before = self._row(handle)
        if before is None or before.status == "deleted":
            raise _no_such_key()
        change = wire.cap_change(before, cap_micros, cap_period, daily_cap_micros)
        if "budget_limits" in change and wire.starts_again_soon(before, self._now()):
            msg = f"{NAME} is about to start a new day for this key: its daily cap can be changed in some minutes"
            raise GatewayError(FailureKind.TRANSIENT, msg)
        row = self._update(handle, change)
        kept = None if row.max_budget is None else money.from_usd(row.max_budget)
        if (kept, row.daily_cap_micros) != (cap_micros, daily_cap_micros):
            raise GatewayError(FailureKind.PERMANENT, f"{NAME} kept another cap than the one it was given")

    def forget_spend(self, handle: str) -> None:
        """See `Gateway.forget_spend`: from the next call on. Old versions without `total_spend` forget that as well."""
        self._update(handle, {"spend": 0})

    def set_expiry(self, handle: str, expires_at: datetime | None) -> None:
        """See `Gateway.set_expiry`. A moment that has gone by stops the key now."""
        duration = "-1" if expires_at is None else wire.lifetime(expires_at, self._now())
        self._update(handle, {"duration": duration})

    def set_tags(self, handle: str, tags: dict[str, str]) -> None:
        """See `Gateway.set_tags`. LiteLLM replaces all metadata, so the rest is read and written back."""
        row = self._row(handle)
        if row is None:
            raise _no_such_key()
        self._update(handle, {"metadata": {**row.metadata, wire.TAGS: tags}})

    def set_holder(self, handle: str, holder: str) -> None:
        """See `Gateway.set_holder`: `user_id`, whose usage counts to whoever it was at the time."""
        self._update(handle, {"user_id": holder})

    def _update(self, handle: str, change: dict[str, object]) -> wire.KeyRow:
        self._refuse_own(handle)
        try:
            return wire.key_row(self._http.repeat("/key/update", {"key": handle, **change}).body)
        except CallFailed as failure:
            if failure.status == 404:
                raise _no_such_key() from None
            raise

    def disable(self, handle: str) -> None:
        """See `Gateway.disable`. The answer alone proves nothing: `find` and `probe` do."""
        self._refuse_own(handle)
        try:
            self._http.repeat("/key/block", {"key": handle})
        except CallFailed as failure:
            if failure.status != 404:
                raise

    def enable(self, handle: str) -> None:
        """See `Gateway.enable`."""
        self._refuse_own(handle)
        try:
            self._http.repeat("/key/unblock", {"key": handle})
        except CallFailed as failure:
            if failure.status == 404:
                raise _no_such_key() from None
            raise

    def delete(self, handle: str) -> None:
        """See `Gateway.delete`. LiteLLM lists as deleted whatever it was sent: only re-reading counts."""
        self._refuse_own(handle)
        try:
            self._http.repeat("/key/delete", {"keys": [handle]})
        except CallFailed as failure:
            if failure.status != 404:
                raise
        record = self.find(handle)
        if record is not None and not record.deleted:
            msg = f"{NAME} said the key was deleted, but still has it"
            raise GatewayError(FailureKind.TRANSIENT, msg)

    # --- looking ---

    def find(self, handle: str) -> KeyRecord | None:
        """See `Gateway.find`. Deleted keys stay readable, marked so; what Purser manages with is not found."""
        row = None if handle == self._own_handle else self._row(handle)
        return None if row is None else wire.record(row, handle, self._now())

    def _row(self, handle: str) -> wire.KeyRow | None:
        """Read by hash, never by secret: query strings land in access logs."""
        try:
            body = self._http.read("/key/info", {"key": handle}).body
        except CallFailed as failure:
            if failure.status == 404:
                return None
            raise
        return wire.key_row(body.get("info") if isinstance(body, dict) else body)

    def find_alias(self, alias: str) -> list[KeyRecord]:
        """See `Gateway.find_alias`. LiteLLM's own filter only narrows: what it gives is compared again."""
        return [found for found in self._listed({"key_alias": alias}) if found.alias == alias]

    def list_keys(self) -> list[KeyRecord]:
        """See `Gateway.list_keys`. Oldest first, so that a key made meanwhile cannot hide another.

        A key deleted meanwhile can: `find` tells whether one is gone. Sessions of LiteLLM's own page are not listed.
        """
        return list(self._listed({}))

    def _listed(self, wanted: dict[str, str]) -> Iterator[KeyRecord]:
        seen: set[str] = set()
        for page in range(1, MAX_PAGES):
            params: dict[str, str | int] = {
                **wanted,
                "page": page,
                "size": PAGE_SIZE,
                "return_full_object": "true",
                "sort_by": "created_at",
                "sort_order": "asc",
            }
            body = self._http.read("/key/list", params).body
            if not isinstance(body, dict) or not isinstance(body.get("keys"), list):
                raise GatewayError(FailureKind.PERMANENT, f"{NAME} answered a list that cannot be read")
            for item in body["keys"]:
                row = wire.key_row(item)
                if row.token and row.token not in seen and row.token != self._own_handle:
                    seen.add(row.token)
                    yield wire.record(row, row.token, self._now())
            if page >= int(body.get("total_pages") or 0):
                return

    def usage(self, since: date, until: date) -> Iterator[Usage]:
        """See `Gateway.usage`. Days, no hours; no retries; tasks are calls that were answered."""

        def page(day: date, number: int) -> object:
            params: dict[str, str | int] = {
                "start_date": day.isoformat(),
                "end_date": day.isoformat(),
                "page": number,
                "page_size": litellm_usage.PAGE_SIZE,
            }
            return self._http.read("/user/daily/activity", params).body

        return litellm_usage.told(page, since, until)

    def handle_of(self, secret: str) -> str | None:
        """See `Gateway.handle_of`: the SHA-256 of the secret; None for Purser's own credential."""
        return None if self.is_own_credential(secret) else _sha256(secret)

    def is_own_credential(self, secret: str) -> bool:
        """See `Gateway.is_own_credential`: the master key."""
        return hmac.compare_digest(secret.encode(), self._master_key.encode())

    def probe(self, secret: str) -> Probe:
        """See `Gateway.probe`. Asks for the list of models, which is free.

        LiteLLM answers 401 to a blocked, expired, deleted or unknown key. Out of money is 422 and checked
        only after that; 403 means a live key of another kind (management keys may not list models).
        """
        if self.is_own_credential(secret):
            raise _own_credential()
        if not secret or not all("!" <= letter <= "~" for letter in secret):
            return Probe.UNREACHABLE  # cannot be sent as it is, so it proves nothing
        try:
            self._http.read("/v1/models", bearer=secret)
        except CallFailed as failure:
            if failure.status == 401 and wire.is_litellm_error(failure.body):
                return Probe.REFUSED
            out_of_money = wire.error_type(failure.body) == "budget_exceeded"
            return Probe.ACCEPTED if out_of_money or failure.status == 403 else Probe.UNREACHABLE
        return Probe.ACCEPTED

    def models(self) -> list[str]:
        """See `Gateway.models`."""
        body = self._http.read("/v1/models").body
        rows = body.get("data") if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise GatewayError(FailureKind.PERMANENT, f"{NAME} answered a list of models that cannot be read")
        return list(dict.fromkeys(str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row))

    def ping(self) -> Health:
        """See `Gateway.ping`."""
        return litellm_health.ping(self._http)

    def _refuse_own(self, handle: str) -> None:
        if handle == self._own_handle:
            raise _own_credential()


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _is_alias_taken(failure: CallFailed) -> bool:
    return failure.status == 400 and "already exists" in wire.explain(400, failure.body)


def _refuse_negative(*caps_micros: int | None) -> None:
    """LiteLLM itself takes a negative cap per day."""
    if any(cap is not None and cap < 0 for cap in caps_micros):
        raise GatewayError(FailureKind.PERMANENT, "a cap cannot be negative")


def _own_credential() -> GatewayError:
    return GatewayError(FailureKind.PERMANENT, "that is Purser's own key to the gateway, not a member's")


def _no_such_key() -> GatewayError:
    return GatewayError(FailureKind.PERMANENT, f"{NAME} has no such key any more")
