"""What the installation allows, who may ask, who must agree, and when people are told: limits, thresholds, times.

Amounts are micro-USD, times are seconds. Values come from `PURSER_CONFIG`; these are the defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from bot.domain.keys import KeyKind
from bot.domain.money import MAX_MICROS, MICROS_PER_USD
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS


@dataclass(frozen=True, slots=True)
class KindPolicy:
    """Limits of one kind of key. Time limits are None for kinds that do not end by themselves."""

    largest_cap_micros: int = MAX_MICROS
    default_seconds: int | None = None
    longest_seconds: int | None = None
    largest_daily_cap_micros: int | None = None
    """For kinds that must have a cap per day; None for the others."""
    rotate_seconds: int | None = None
    """How long after its reveal a key should be replaced by a new one; None for kinds that end by themselves."""
    overlap_seconds: int = HOUR_SECONDS
    """How long a key goes on working beside the one that takes its place."""


_ROTATE_SECONDS = 90 * DAY_SECONDS
_KINDS = {
    KeyKind.TEMPORARY: KindPolicy(default_seconds=7 * DAY_SECONDS, longest_seconds=30 * DAY_SECONDS),
    KeyKind.MEMBER: KindPolicy(rotate_seconds=_ROTATE_SECONDS),
    KeyKind.PROJECT: KindPolicy(rotate_seconds=_ROTATE_SECONDS, overlap_seconds=DAY_SECONDS),
    KeyKind.AUTOMATION: KindPolicy(
        500 * MICROS_PER_USD,
        largest_daily_cap_micros=50 * MICROS_PER_USD,
        rotate_seconds=_ROTATE_SECONDS,
        overlap_seconds=DAY_SECONDS,
    ),
}


class Who(StrEnum):
    """Whom a rule lets ask."""

    MEMBERS = "members"
    """Everybody in the team."""
    LEADS = "leads"
    """The leads of the team's projects, and its owners."""
    OWNERS = "owners"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class AskRule:
    """Who may ask for what. The first rule that fits decides; an empty tuple fits everything.

    `models` are patterns such as `gpt-4o*`. Each model asked for is decided by the first rule that fits it, so that
    no permissive rule about one model lets another one through.
    """

    name: str
    who: Who
    teams: tuple[str, ...] = ()
    """Names of teams."""
    kinds: tuple[KeyKind, ...] = ()
    gateways: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    def covers(self, team: str, kind: KeyKind, gateway: str) -> bool:
        """Whether this rule speaks of such keys, whatever their models."""
        return (
            (not self.teams or team in self.teams)
            and (not self.kinds or kind in self.kinds)
            and (not self.gateways or gateway in self.gateways)
        )

    def names(self, model: str) -> bool:
        """Whether this rule speaks of this model; one without models speaks of all."""
        return not self.models or any(fnmatchcase(model, pattern) for pattern in self.models)

    def lets(self, who: Who) -> bool:
        """Whether it lets somebody of this standing ask: owners may what leads may, and leads what members may."""
        return _STANDINGS.index(who) >= _STANDINGS.index(self.who)


_STANDINGS = (Who.MEMBERS, Who.LEADS, Who.OWNERS, Who.NOBODY)
ANYBODY = AskRule("team-members", Who.MEMBERS)
"""What holds where no rule of the installation fits: everybody may ask in a team they are in."""


@dataclass(frozen=True, slots=True)
class UsagePolicy:
    """What everybody agrees to before their first key is made, and again when its version changes."""

    version: str
    text: str
    url: str = ""
    """Where all of it can be read; empty where the text is all of it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules an installation has chosen."""

    kinds: Mapping[KeyKind, KindPolicy] = field(default_factory=lambda: dict(_KINDS))
    ask_rules: tuple[AskRule, ...] = ()
    two_owners_from_micros: int = 1000 * MICROS_PER_USD
    lead_up_to_micros: int = 0
    """A project's lead alone may agree to keys of the project up to this cap; 0 leaves all to owners."""
    quiet_approvers: tuple[str, ...] = ()
    """People, by Slack user id, who may decide in every team and are not mentioned or written to about it."""
    auto_approve_micros: int = 0
    """Temporary keys of up to this cap need no owner; 0 turns the rule off."""
    auto_approve_seconds: int = 7 * DAY_SECONDS
    auto_approve_per_week_micros: int = 0
    """What that rule may grant one person per week (from Monday 00:00 UTC); 0 means as much as one such key."""
    models: tuple[str, ...] = ()
    """Models people may ask for; empty leaves it to the gateway."""
    free_models: tuple[str, ...] = ()
    """Models that rightly cost nothing, and so are not called unpriced."""
    member_budget_micros: int | None = None
    """What each person may spend a month where no owner has set it; None for no such limit."""
    hard_budgets: bool = True
    """Whether a budget that is used up stops its keys, where nobody said otherwise."""
    thresholds: tuple[int, ...] = (50, 80)
    """Percent of a limit at which people are told, lowest first; 100 is always among them."""
    poll_seconds: int = MINUTE_SECONDS
    """How often live spend is read and every limit is looked at."""
    remind_after_seconds: int = 4 * HOUR_SECONDS
    escalate_after_seconds: int = 24 * HOUR_SECONDS
    give_up_after_seconds: int = 72 * HOUR_SECONDS
    claim_within_seconds: int = 72 * HOUR_SECONDS
    unused_seconds: int = 30 * DAY_SECONDS
    """How long a key may go unused before the digest calls it old."""
    spike_floor_micros: int = 5 * MICROS_PER_USD
    """No spend below this, above what is usual, is called a spike."""
    stop_automation: bool = True
    """Whether an automation key that spikes is stopped at once; all others wait for a person."""
    remind_incident_seconds: int = 2 * HOUR_SECONDS
    """An open incident that nobody has acknowledged is brought up again this often."""
    others_keys_per_hour: int = 10
    """So many keys of others one person may turn off in an hour by naming them; owners may turn off more."""
    take_over_seconds: int = 7 * DAY_SECONDS
    """How long a project or automation key works on without the person who held or led it, until it is stopped."""
    remind_take_over_seconds: int = 2 * DAY_SECONDS
    """How often people are reminded that such a key waits for somebody."""
    sweeps: bool = True
    """Whether everybody is looked through once a day for people who left."""
    fuse_percent: int = 5
    """A sweep that would touch more than this percentage of people or of keys stops and asks two owners."""
    asks_unused: bool = True
    """Whether people are asked about keys that nobody has used for `unused_seconds`."""
    stop_unused_seconds: int = 7 * DAY_SECONDS
    """How long such a question may go unanswered before the key is turned off."""
    review_seconds: int = 14 * DAY_SECONDS
    """How long a team's owners have to confirm its keys in a review."""
    usage_policy: UsagePolicy | None = None
    """None asks nobody to agree to anything."""
    draft_seconds: int = HOUR_SECONDS
    """How long a form or an "Extend instead?" question stays open."""

    def rules_for(self, team: str, kind: KeyKind, gateway: str, models: tuple[str, ...]) -> tuple[AskRule, ...]:
        """The rules that decide who may ask for this; all of them have to let the asker.

        An ask without models is one for all of them: every rule that could decide about one of them has a say.
        """
        fitting = [rule for rule in (*self.ask_rules, ANYBODY) if rule.covers(team, kind, gateway)]
        if models:
            return tuple(dict.fromkeys(next(rule for rule in fitting if rule.names(model)) for model in models))
        last = next(place for place, rule in enumerate(fitting) if not rule.models)
        return tuple(fitting[: last + 1])

    @property
    def small_asks_per_week_micros(self) -> int:
        """What may be granted to one person per week without an owner."""
        return max(self.auto_approve_per_week_micros, self.auto_approve_micros)
