"""The fake gateway's memory: keys, calls, who may do what and what it costs. Thread-safe; knows no HTTP.

Times come from the clock it is given, so moving that clock expires keys, ends windows and writes spend.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from threading import RLock
from typing import Any

from bot.playground.gateway import durations, errors, windows
from bot.playground.gateway.habits import Habits
from bot.playground.gateway.keys import StoredKey, from_json, hash_of, to_json
from bot.playground.gateway.models import MODELS, Model, Usage


@dataclass(frozen=True, slots=True)
class Charge:
    """Calls as the spend log has them: mostly one. `cost` is US dollars; a refused call costs nothing.

    Several alike are one charge from `at` on, spread evenly over `seconds`; tokens and cost are of all together.
    """

    request_id: str
    at: datetime
    token: str
    model: str
    model_group: str
    prompt_tokens: int
    completion_tokens: int
    cost: float
    ok: bool
    calls: int = 1
    seconds: float = 0.0
    cached_tokens: int = 0


MASTER = "master"
_CACHED_FROM_TOKENS = 1024
Sleep = Callable[[float], None]


@dataclass(slots=True)
class State:
    """Everything the gateway knows."""

    clock: Callable[[], datetime]
    master_key: str = field(repr=False)
    habits: Habits = field(default_factory=Habits)
    offered: tuple[Model, ...] = MODELS
    sleep: Sleep = time.sleep
    new_secret: Callable[[], str] = field(default=lambda: f"sk-{secrets.token_urlsafe(16)}", repr=False)
    keys: dict[str, StoredKey] = field(default_factory=dict)
    deleted: list[StoredKey] = field(default_factory=list)
    users: dict[str, dict[str, str | None]] = field(default_factory=dict)
    """Accounts of people, by user id; a key's `user_id` needs none."""
    charges: list[Charge] = field(default_factory=list)
    """Every call; only ever added to."""
    by_day: dict[date, list[Charge]] = field(default_factory=dict)
    indexed: int = 0
    prompts: set[tuple[str, str, int]] = field(default_factory=set)
    lock: RLock = field(default_factory=RLock, repr=False)

    @contextmanager
    def settled(self) -> Iterator[datetime]:
        """Hold the lock with all that time alone does already done; gives the time."""
        with self.lock:
            now = self.clock()
            for key in self.keys.values():
                self._flush(key, now)
                self._renew(key, now)
            for key in self.deleted:
                self._flush(key, now)
            yield now

    def _flush(self, key: StoredKey, now: datetime) -> None:
        """Write the spend that is old enough."""
        delay = timedelta(seconds=self.habits.flush_seconds)
        due = [cost for at, cost in key.pending if at + delay <= now]
        if due:
            key.pending = [(at, cost) for at, cost in key.pending if at + delay > now]
            key.spend += sum(due)
            key.total_spend += sum(due)
            key.last_active = key.updated_at = now

    def _renew(self, key: StoredKey, now: datetime) -> None:
        """Start a new budget window where one has ended."""
        lag = timedelta(seconds=self.habits.reset_lag_seconds)
        windows.renew(key, now, lag)
        if key.budget_duration and key.budget_reset_at and key.budget_reset_at + lag <= now:
            key.spend = 0.0
            key.budget_reset_at = durations.window_end(key.budget_duration, now)

    def find(self, given: object) -> StoredKey | None:
        """A key by hash or by secret."""
        if not isinstance(given, str):
            return None
        return self.keys.get(hash_of(given) if given.startswith("sk-") else given)

    def find_deleted(self, given: str) -> StoredKey | None:
        """The latest deleted key of that hash or secret."""
        token = hash_of(given) if given.startswith("sk-") else given
        return next((key for key in reversed(self.deleted) if key.token == token), None)

    def caller(self, authorization: str | None, path: str) -> StoredKey | str:
        """Who is calling: `MASTER` or a key that works. Raises `Refused` as LiteLLM does, in its order."""
        secret = (authorization or "").removeprefix("Bearer ").strip()
        if not secret:
            raise errors.no_key()
        if secret == self.master_key:
            return MASTER
        if not secret.startswith("sk-"):
            raise errors.not_a_virtual_key(secret)
        token = hash_of(secret)
        with self.settled() as now:
            key = self.keys.get(token)
            if key is None:
                raise errors.unknown_key(secret, token)
            if key.blocked and not self._still_cached(key, now):
                raise errors.blocked()
            if key.expires is not None and key.expires <= now:
                raise errors.expired(token, key.expires, now)
            _check_route(key, path)
            if not key.blocked:
                key.cached_at = now
            return key

    def _still_cached(self, key: StoredKey, now: datetime) -> bool:
        if key.cached_at is None or key.blocked_at is None:
            return False
        return now < key.blocked_at + timedelta(seconds=self.habits.block_lag_seconds)

    def check_budget(self, key: StoredKey, spent: float | None = None, *, of_windows: bool = True) -> None:
        """Refuse a key without money left, in all or in one of its windows. Call with the lock held."""
        if self.habits.accepts_over_caps:
            return
        spent = key.live_spend if spent is None else spent
        failure = windows.exhausted(key) if of_windows else None
        if key.max_budget is not None and spent >= key.max_budget:
            label = f"{key.key_alias or 'key'} ({key.key_name})"
            failure = errors.over_budget(label, spent, key.max_budget)
        if failure is not None:
            failure.status = self.habits.budget_status
            raise failure

    def reserve(self, key: StoredKey, model: Model) -> float:
        """Admit a call and set its estimated cost aside, shrunk to what is left, so a burst cannot overshoot."""
        with self.settled():
            self.check_budget(key, key.live_spend + key.reserved)
            estimate = model.most_tokens * model.usd_per_completion_token
            if key.max_budget is not None:
                estimate = max(0.0, min(estimate, key.max_budget - key.live_spend - key.reserved))
            key.reserved += estimate
            return estimate

    def charge(self, key: StoredKey, model: Model, usage: Usage, reserved: float) -> None:
        """Replace the reservation by what the call cost."""
        with self.settled() as now:
            key.reserved = max(0.0, key.reserved - reserved)
            key.pending.append((now, usage.cost))
            windows.charge(key, usage.cost)
            self._log(key.token, model.upstream, model.name, now, usage)
            self._flush(key, now)

    def with_cache(self, key: StoredKey, model: Model, messages: object, usage: Usage) -> Usage:
        """A long prompt that the key sent to the model before is read from the cache."""
        if usage.prompt_tokens < _CACHED_FROM_TOKENS:
            return usage
        prompt = (key.token, model.name, hash(repr(messages)))
        with self.lock:
            known = prompt in self.prompts
            self.prompts.add(prompt)
        return replace(usage, cached_tokens=usage.prompt_tokens) if known else usage

    def note_refusal(self, token: str, model_name: str) -> None:
        """Refused calls are in the log and in daily activity too, also those of keys that do not work."""
        with self.lock:
            named = {model.name: model.upstream for model in self.offered}
            self._log(token, named.get(model_name, model_name), model_name, self.clock(), None)

    def _log(self, token: str, model: str, group: str, at: datetime, usage: Usage | None) -> None:
        spent = usage or Usage(0, 0, 0.0)
        request_id = f"req-{len(self.charges) + 1:08d}"
        charge = Charge(
            request_id,
            at,
            token,
            model,
            group,
            spent.prompt_tokens,
            spent.completion_tokens,
            spent.cost,
            usage is not None,
            cached_tokens=spent.cached_tokens,
        )
        self.charges.append(charge)

    def calls_of(self, token: str) -> list[tuple[datetime, float]]:
        """When a key was used, and what each time cost in US dollars."""
        return [(charge.at, charge.cost) for charge in self.charges if charge.token == token and charge.ok]

    def written_charges(self) -> list[Charge]:
        """The calls old enough to be in the spend log."""
        with self.lock:
            return [charge for charge in self.charges if charge.at <= self._newest_written()]

    def written_on(self, first: date, last: date) -> list[Charge]:
        """The calls of some UTC days that are old enough to be in daily activity."""
        with self.lock:
            while self.indexed < len(self.charges):
                charge = self.charges[self.indexed]
                self.by_day.setdefault(charge.at.astimezone(UTC).date(), []).append(charge)
                self.indexed += 1
            newest = self._newest_written()
            days = sorted(day for day in self.by_day if first <= day <= last)
            return [charge for day in days for charge in self.by_day[day] if charge.at <= newest]

    def _newest_written(self) -> datetime:
        return self.clock() - timedelta(seconds=self.habits.flush_seconds)

    def owner_of(self, token: str) -> StoredKey | None:
        """The key of a charge, deleted or not."""
        return self.keys.get(token) or self.find_deleted(token)

    def seen(self) -> list[StoredKey]:
        """Copies of all keys there are, deleted ones last."""
        with self.settled():
            return [replace(key) for key in (*self.keys.values(), *self.deleted)]

    def really_spent(self) -> dict[str, int]:
        """What each key was charged in its life, in micro-USD by its hash; whatever is told of it."""
        return {key.token: round(key.lifetime_spend * 1_000_000) for key in self.seen()}

    def dump(self) -> dict[str, Any]:
        """Everything as JSON-able data, without a secret: LiteLLM stores hashes too."""
        with self.settled():
            return {
                "keys": [to_json(key) for key in self.keys.values()],
                "deleted": [to_json(key) for key in self.deleted],
                "users": list(self.users.values()),
                "charges": [_charge_to_json(charge) for charge in self.charges],
            }

    def load(self, saved: dict[str, Any]) -> None:
        """Replace everything by what `dump` gave."""
        with self.lock:
            self.keys = {row["token"]: from_json(row) for row in saved["keys"]}
            self.deleted = [from_json(row) for row in saved["deleted"]]
            self.users = {row["user_id"]: row for row in saved.get("users", [])}
            self.charges = [Charge(**{**row, "at": datetime.fromisoformat(row["at"])}) for row in saved["charges"]]
            self.by_day, self.indexed = {}, 0


def _charge_to_json(charge: Charge) -> dict[str, Any]:
    return {name: getattr(charge, name) for name in Charge.__slots__} | {"at": charge.at.isoformat()}


_MANAGEMENT = ("/key/", "/user/", "/spend/")


def _check_route(key: StoredKey, path: str) -> None:
    """What a member's key may call: nothing of management."""
    management = path.startswith(_MANAGEMENT)
    if key.allowed_routes == ["llm_api_routes"] and management:
        raise errors.route_not_allowed(key.allowed_routes, path)
    if key.allowed_routes == ["management_routes"] and not management:
        raise errors.route_not_allowed(key.allowed_routes, path)
    if management:
        raise errors.admins_only(path)
