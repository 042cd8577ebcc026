"""What people are told: the facts that services gather and screens show, and the occasions for telling.

Plain frozen values, so that a screen is a pure function of what was true at one moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.budgets import Budget
from bot.domain.keys import ExpiryWarning, Key, Proof
from bot.domain.people import Project, Team
from bot.domain.policy import Policy
from bot.domain.requests import Request


@dataclass(frozen=True, slots=True)
class GatewayFacts:
    """What people need to know of the gateway a key lives in."""

    name: str
    base_url: str
    limits: tuple[str, ...] = ()
    """One sentence for each promise it cannot keep; empty when it enforces everything that was agreed."""
    models: tuple[str, ...] = ()
    """Models it offers, when known."""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A key with what the books know about its use. Amounts are micro-USD."""

    key: Key
    team_name: str
    spent_micros: int | None = None
    """Lifetime spend (this month's for a monthly cap) as last read; None when it was never read."""
    read_at: datetime | None = None
    channel_id: str | None = None
    """Where its request's card stands."""
    card_ts: str | None = None
    project_name: str = ""
    """Empty for a key of no project."""
    today_micros: int | None = None
    """What a key with a daily cap has spent in this UTC day; None when that was never read."""
    replaces: str = ""
    """The label of the key it was minted in the place of; empty for none."""
    replaced_by: str = ""
    """The label of the key that was minted in its place; empty for none."""


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """A request with everything its card, receipt and direct messages show."""

    request: Request
    team: Team
    gateway: GatewayFacts
    project: Project | None = None
    budgets: tuple[Budget, ...] = ()
    """The layers it would be charged to, as they stand now, without this request."""
    asked_ids: tuple[str, ...] = ()
    """Owners who have been asked, by Slack user id; empty when nobody can be asked."""
    rule_text: str = ""
    """The named rule's sentence: why these people are asked, or why nobody was."""
    key: KeyFacts | None = None
    """The key it led to, or the key it wants extended."""
    raised: Budget | None = None
    """The limit that a raise is of, as it stands now, without this raise."""
    old: KeyFacts | None = None
    """The key that a rotation replaces."""
    left_id: str = ""
    """Who left, where that is why it was closed, by Slack user id."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """What the reveal modal shows, once. The only value that carries a secret towards a screen."""

    key: Key
    gateway: GatewayFacts
    secret: str = field(repr=False)
    replaces: str = ""
    """The label of the key whose place it takes; empty for none."""
    overlap_seconds: int | None = None
    """How long that one goes on working; None for not at all."""


@dataclass(frozen=True, slots=True)
class Off:
    """The outcome of turning a key off: who, why, and how far it is proven."""

    key: KeyFacts
    proof: Proof | None
    """None: decided, and not confirmed yet. Purser keeps trying."""
    already: bool = False
    """True when it was off, or being turned off, before this was asked."""
    probe_accepted: bool = False
    """True when the pasted secret still worked after the gateway recorded it as off."""
    disable_lag_seconds: int = 0
    """How long the gateway may still accept a key after recording it as off."""


class Occasion(StrEnum):
    """Why something is posted. Each is a message of its own in a thread or a direct message."""

    # in the card's thread
    NEEDS_ONE_MORE = "needs_one_more"
    APPROVED = "approved"
    DENIED = "denied"
    CANCELLED = "cancelled"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    REQUEST_EXPIRED = "request_expired"
    REVEALED = "revealed"
    LAPSED = "lapsed"
    APPROVER_LEFT = "approver_left"
    """Somebody who had agreed left before the request was decided: their yes counts no more."""
    ASKED_INSTEAD = "asked_instead"
    """To somebody who is asked because another who was has left."""
    TEAM_OWNERLESS = "team_ownerless"
    """A team's last owner left: to the workspace's owners; `Notice.others` are its name and channel."""
    # about a key: in its thread, and directly to its holder
    EXTENDED = "extended"
    EXTENSION_CLOSED = "extension_closed"
    """The key went off before anybody decided about more time for it."""
    EXPIRY_WARNING = "expiry_warning"
    KEY_EXPIRED = "key_expired"
    KEY_DISABLED = "key_disabled"
    KEY_RETURNED = "key_returned"
    KEY_ROTATED = "key_rotated"
    """Another key has taken its place, and the time in which both worked is over."""
    KEY_RESTORED = "key_restored"
    KEY_HANDED = "key_handed"
    """Somebody else holds or leads it from now on; `Notice.others` are who, and which of it, `note` is whose it was."""
    PROJECT_LED = "project_led"
    """To somebody: an owner made them the lead of a project; `Notice.others` are its name and its team's."""
    KEY_WITHDRAWN = "key_withdrawn"
    """Minted, but never surely shown: deleted; the holder may reveal again."""
    OFF_UNPROVEN = "off_unproven"
    SPENT_AFTER_OFF = "spent_after_off"
    """A key that was proven off spent money: it is being deleted at its gateway. In its thread, and to owners."""
    KEY_DELETED = "key_deleted"
    """That is done, and it can never come back."""
    GROUP_OFF = "group_off"
    """Everything of a person or project was turned off; `Notice.keys` are those that concern the reader."""
    GROUP_UNPROVEN = "group_unproven"
    """Some of those keys could not be confirmed off; Purser keeps trying."""
    EFFECT_FAILED = "effect_failed"
    """Something agreed could not be done outside, and Purser gave up trying."""
    # about limits: `Notice.alert` or `Notice.keys`
    LIMIT = "limit"
    """A limit has come to a threshold, or was reached. In the team's channel, or to the people it binds."""
    KEYS_STOPPED = "keys_stopped"
    """To a holder: these keys of theirs were stopped because a limit was reached."""
    BACK_LATE = "back_late"
    """A key has room again under the limit that stopped it and could not be turned on yet; Purser keeps trying."""
    KEYS_BACK = "keys_back"
    """To a holder: these keys, stopped by a limit, work again."""
    BUDGET_SET = "budget_set"
    """To a person: an owner set their budget; `Notice.budget_set` says from what to what."""
    RAISED = "raised"
    """A raise was approved and stands; to who asked, and in the card's thread."""
    RAISE_ENDED = "raise_ended"
    """In the card's thread, and to who asked: the raise is over, and the limit is what it was."""
    CUT_ENDED = "cut_ended"
    """In the card's thread, and to its holder: the cap of a restored key is what it was before the incident."""
    MONTH_TURNED = "month_turned"
    """In the team's channel: a new month began."""
    # to the workspace's owners
    UNKNOWN_KEYS = "unknown_keys"
    """Keys at a gateway (`Notice.note`) that Purser did not make; `others` are their names, as for the next."""
    UNKNOWN_BACK = "unknown_back"
    """Such keys, turned off before, that work again."""
    UNKNOWN_OFF = "unknown_off"
    """To who wanted such a key off: it is, late."""
    UNKNOWN_UNPROVEN = "unknown_unproven"
    """Such a key could not be turned off yet; `others` are its name and its gateway's, `note` what went wrong."""
    ADOPTED = "adopted"
    """Somebody made a key of Purser's of one that it had not made. To its holder, and in the card's thread."""
    CAP_RESTORED = "cap_restored"
    CAP_UNPROVEN = "cap_unproven"
    """A key's cap could not be set at the gateway as agreed; Purser keeps trying. In its thread, and to owners."""
    KEY_GONE = "key_gone"
    FOUND_ON = "found_on"
    """A key that had been turned off worked again at the gateway, and was turned off again."""
    # about keys found in messages: `Notice.keys`, and in `Notice.others` the providers of foreign ones
    SECRETS_FOUND = "secrets_found"
    """To who wrote the message: what stands in it, and what to do. `Notice.note` is a link to it."""
    SECRETS_STAND_HERE = "secrets_stand_here"
    """In the thread of the message."""
    WATCH_ON = "watch_on"
    """In a channel: from now on its messages are looked through for keys."""
    WATCH_OFF = "watch_off"
    OTHERS_LIMIT = "others_limit"
    """Somebody came to the limit of how many keys of others one person may turn off."""
    SECRET_UNREAD = "secret_unread"  # noqa: S105 - an occasion
    """A code host told of a secret that Purser could not look at; `others` has the alert's page."""
    SECRET_UNRESOLVED = "secret_unresolved"  # noqa: S105
    """A key that a code host found is off, but the alert there could not be resolved."""


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """A limit at a threshold: what its message shows, at this moment."""

    id: str
    limit: Budget
    """As it stands now."""
    threshold: int
    """50, 80 or 100 percent."""
    team: Team | None
    """The team it concerns; None for a person's budget."""
    told_micros: int
    """What was spent when the threshold was passed."""
    limit_micros: int
    """How high the limit stood then."""
    at: datetime
    asked_ids: tuple[str, ...] = ()
    """The people who can act, by Slack user id."""
    stopped: tuple[KeyFacts, ...] = ()
    """Keys this limit has stopped and that are not back, with how far that is proven."""
    back: int = 0
    """How many of the keys it had stopped work again."""
    others: tuple[Budget, ...] = ()
    """Other limits that have stopped keys under this one, the first few, widest first."""
    snoozed_until: datetime | None = None
    snoozed_by: str | None = None
    polled_seconds: int = 0
    """How often spend is looked at: the limit can be passed by what is spent in that time."""


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """A team's turn of the month."""

    team: Team
    ended: str
    """The month that ended, such as `2026-11`."""
    closed: tuple[Budget, ...]
    """Its limits as that month left them, the team's first."""
    opened: tuple[Budget, ...]
    """The same limits in the new month."""
    back: tuple[KeyFacts, ...] = ()
    """Keys that a limit had stopped and that come back."""
    raises_ended: tuple[Budget, ...] = ()
    """Limits of which a raise ended with the month; `raised_micros` is what ended."""
    may_rise: bool = False
    """Whether the gateway has told no spend since the month ended, so what the old month shows may still rise."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh the figures of one gateway are."""

    gateway: str
    read_at: datetime | None
    """When it last told all its spend; None when it never did."""
    error: str = ""
    """Why the newest try failed; empty when it did not."""


@dataclass(frozen=True, slots=True)
class BudgetFacts:
    """Every limit that binds a person, as `/ai-budget` shows them: budgets first, then their keys."""

    member_id: str
    limits: tuple[Budget, ...]
    freshness: tuple[Freshness, ...] = ()
    unpriced: tuple[tuple[str, int], ...] = ()
    """Models without a price that were used in this month, with the number of requests."""
    poll_seconds: int = 60


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """What is allowed here, as `/ai-team policy` shows it."""

    policy: Policy
    team: Team | None = None


@dataclass(frozen=True, slots=True)
class RaiseFormFacts:
    """What the form for a raise offers: the limits the person could ask for, with the one preselected."""

    limits: tuple[Budget, ...]
    chosen: Budget | None
    ends_at: datetime
    """The end that is proposed."""
    teams: tuple[Team, ...] = ()
    """Teams whose owners could decide about a person's budget: the asker chooses where there are several."""


@dataclass(frozen=True, slots=True)
class SetFacts:
    """A person's budget that an owner has set. Amounts are micro-USD a month; raises come on top."""

    limit: Budget
    """As it stands now."""
    micros: int
    was_micros: int | None
    """None when they had none."""
    team_name: str = ""
    """The owner's team, which is not always the one that the person works in."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to post: why, and the facts it shows. Those that do not apply are None or empty."""

    occasion: Occasion
    actor_id: str | None = None
    request: RequestFacts | None = None
    key: KeyFacts | None = None
    warning: ExpiryWarning | None = None
    note: str = ""
    """An owner's words, a reason for disabling, or what went wrong; as typed, to be escaped when shown."""
    others: tuple[str, ...] = ()
    """Further plain facts: aliases of unknown keys."""
    alert: AlertFacts | None = None
    keys: tuple[KeyFacts, ...] = ()
    """Several keys that one thing happened to."""
    month: MonthFacts | None = None
    budget_set: SetFacts | None = None


@dataclass(frozen=True, slots=True)
class FormFacts:
    """What the request form offers: the asker's teams, the gateway's models and policy's defaults."""

    teams: tuple[Team, ...]
    gateway: GatewayFacts
    default_seconds: int
    longest_seconds: int
    team_id: str | None = None
    """The team preselected: that of the channel the form was opened in."""
    projects: tuple[Project, ...] = ()
    """Projects of those teams."""


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """A team with its projects and budgets, as `/ai-team` shows it."""

    team: Team
    projects: tuple[Project, ...] = ()
    budgets: tuple[Budget, ...] = ()
