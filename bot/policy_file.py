"""The policy file: what an installation allows, who may ask, who has to agree. TOML, named by `PURSER_CONFIG`.

Everything wrong with it is found at once, one line each with the place and what would be right. What is left out keeps
the default in `bot.domain.policy`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    StrictBool,
    StringConstraints,
    ValidationError,
    model_validator,
)

from bot.domain.contradictions import contradictions
from bot.domain.keys import KeyKind
from bot.domain.policy import AskRule, KindPolicy, Policy, UsagePolicy
from bot.policy_values import Count, Kind, Percent, Person, Poll, RuleName, Standing, Time, Usd, UsdOrNone

USAGE_POLICY_CHARS = 2_500
"""What fits into one window in Slack; the rest belongs behind `url`."""


def read(path: str | None) -> tuple[Policy, list[str]]:
    """The policy in this file and what is wrong with it, a line each; without a file, the default."""
    if path is None:
        return Policy(), []
    try:
        found = _PolicyFile.model_validate(tomllib.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as unread:
        return Policy(), [f"PURSER_CONFIG: {path} cannot be read: {unread.strerror}."]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        return Policy(), [f"PURSER_CONFIG: {path} is not TOML: {wrong}."]
    except ValidationError as wrong:
        return Policy(), [_line(error) for error in wrong.errors(include_url=False)]
    policy = _merged(found)
    return policy, [f"PURSER_CONFIG: {line}" for line in contradictions(policy)]


# --- tables ---


class _Strict(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


class _Capped(_Strict):
    largest_cap: Usd | None = None


class _Temporary(_Capped):
    default_time: Time | None = None
    longest_time: Time | None = None
    overlap: Time | None = None


class _Lasting(_Capped):
    rotate_after: Time | None = None
    overlap: Time | None = None


class _Automation(_Lasting):
    largest_daily_cap: Usd | None = None


class _Keys(_Strict):
    temporary: _Temporary = _Temporary()
    member: _Lasting = _Lasting()
    project: _Lasting = _Lasting()
    automation: _Automation = _Automation()


class _Ask(_Strict):
    name: RuleName
    who: Standing
    teams: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    gateways: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


class _Approval(_Strict):
    two_owners_from: Usd | None = None
    lead_up_to: UsdOrNone | None = None
    auto_approve_up_to: UsdOrNone | None = None
    auto_approve_time: Time | None = None
    auto_approve_per_week: UsdOrNone | None = None
    quiet_approvers: tuple[Person, ...] | None = None
    remind_after: Time | None = None
    escalate_after: Time | None = None
    give_up_after: Time | None = None
    claim_within: Time | None = None


class _Budgets(_Strict):
    member: UsdOrNone | None = None
    hard: StrictBool | None = None
    thresholds: tuple[Percent, ...] | None = None


class _Models(_Strict):
    offered: tuple[str, ...] = ()
    free: tuple[str, ...] = ()


class _Sync(_Strict):
    every: Poll | None = None


class _Digest(_Strict):
    unused_after: Time | None = None


class _Incidents(_Strict):
    spike_floor: Usd | None = None
    stop_automation: StrictBool | None = None
    remind_after: Time | None = None
    others_keys_per_hour: Count | None = None


class _Offboarding(_Strict):
    take_over_within: Time | None = None
    remind_after: Time | None = None
    sweep: StrictBool | None = None
    fuse_percent: Percent | None = None


class _Hygiene(_Strict):
    ask_unused: StrictBool | None = None
    stop_unused_after: Time | None = None
    review_within: Time | None = None


class _UsagePolicy(_Strict):
    version: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=USAGE_POLICY_CHARS)] = ""
    url: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.version) != bool(self.text):
            msg = "needs both a version and a text; leave both empty to ask nobody"
            raise ValueError(msg)
        if self.url and not self.url.startswith(("https://", "http://")):
            msg = "url must be a web address, such as https://intranet.example.com/ai"
            raise ValueError(msg)
        return self


class _PolicyFile(_Strict):
    keys: _Keys = _Keys()
    ask: tuple[_Ask, ...] = ()
    approval: _Approval = _Approval()
    budgets: _Budgets = _Budgets()
    models: _Models = _Models()
    sync: _Sync = _Sync()
    digest: _Digest = _Digest()
    incidents: _Incidents = _Incidents()
    offboarding: _Offboarding = _Offboarding()
    hygiene: _Hygiene = _Hygiene()
    usage_policy: _UsagePolicy = _UsagePolicy()


# --- what was read ---

_WANTED = {
    "string_type": "must be text in quotes",
    "tuple_type": 'must be a list, such as ["a", "b"]',
    "bool_type": "must be true or false",
    "model_type": "must be a table",
    "missing": "is missing",
}
_NO_TIMES = {"member", "project", "automation"}


def _line(error: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    *above, last = (str(part) for part in error["loc"])
    where = re.sub(r"\.(\d+)", lambda found: f"[{int(found[1]) + 1}]", ".".join((*above, last)))
    if error["type"] == "extra_forbidden":
        return f"PURSER_CONFIG: {where}: {_why_unknown(above, last)}."
    if where == "ask":
        return f"PURSER_CONFIG: {where}: must be tables, each under [[ask]]."
    said = _WANTED.get(error["type"], str(error["msg"]).removeprefix("Value error, "))
    return f"PURSER_CONFIG: {where}: {said}."


def _why_unknown(above: list[str], last: str) -> str:
    if above == ["keys"]:
        return f"there is no such kind of key; there is {', '.join(KeyKind)}"
    if above[:1] == ["keys"] and above[1] in _NO_TIMES and last in _Temporary.model_fields:
        return f"{above[1]} keys do not end by themselves, so they have no {last}"
    if above == ["keys", "temporary"] and last in _Lasting.model_fields:
        return "temporary keys end by themselves, so they are not rotated"
    if above[:1] == ["keys"] and last in _Automation.model_fields:
        return "only automation keys have a cap per day"
    model: type[BaseModel] = _PolicyFile
    for part in above:
        inner = _Ask if part == "ask" else model.model_fields[part].annotation if not part.isdigit() else model
        assert isinstance(inner, type)
        model = inner
    return f"there is no such setting; there is {', '.join(model.model_fields)}"


def _merged(found: _PolicyFile) -> Policy:
    base, approval = Policy(), found.approval
    given = {
        "two_owners_from_micros": approval.two_owners_from,
        "lead_up_to_micros": approval.lead_up_to,
        "auto_approve_micros": approval.auto_approve_up_to,
        "auto_approve_seconds": approval.auto_approve_time,
        "auto_approve_per_week_micros": approval.auto_approve_per_week,
        "quiet_approvers": approval.quiet_approvers,
        "remind_after_seconds": approval.remind_after,
        "escalate_after_seconds": approval.escalate_after,
        "give_up_after_seconds": approval.give_up_after,
        "claim_within_seconds": approval.claim_within,
        "hard_budgets": found.budgets.hard,
        "thresholds": found.budgets.thresholds,
        "poll_seconds": found.sync.every,
        "unused_seconds": found.digest.unused_after,
        "spike_floor_micros": found.incidents.spike_floor,
        "stop_automation": found.incidents.stop_automation,
        "remind_incident_seconds": found.incidents.remind_after,
        "others_keys_per_hour": found.incidents.others_keys_per_hour,
        "take_over_seconds": found.offboarding.take_over_within,
        "remind_take_over_seconds": found.offboarding.remind_after,
        "sweeps": found.offboarding.sweep,
        "fuse_percent": found.offboarding.fuse_percent,
        "asks_unused": found.hygiene.ask_unused,
        "stop_unused_seconds": found.hygiene.stop_unused_after,
        "review_seconds": found.hygiene.review_within,
    }
    tables = {KeyKind(name): getattr(found.keys, name) for name in _Keys.model_fields}
    kinds = {kind: _kind(base.kinds[kind], table) for kind, table in tables.items()}
    return replace(
        base,
        kinds=kinds,
        ask_rules=tuple(AskRule(**dict(rule)) for rule in found.ask),
        models=found.models.offered,
        free_models=found.models.free,
        member_budget_micros=found.budgets.member or None,
        usage_policy=UsagePolicy(**found.usage_policy.model_dump()) if found.usage_policy.version else None,
        **_chosen(given),
    )


def _kind(base: KindPolicy, table: _Capped) -> KindPolicy:
    given = {
        "largest_cap_micros": table.largest_cap,
        "default_seconds": getattr(table, "default_time", None),
        "longest_seconds": getattr(table, "longest_time", None),
        "largest_daily_cap_micros": getattr(table, "largest_daily_cap", None),
        "rotate_seconds": getattr(table, "rotate_after", None),
        "overlap_seconds": getattr(table, "overlap", None),
    }
    return replace(base, **_chosen(given))


def _chosen(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}
