"""Choosing a key to turn off: those under the limit of an alert, the biggest spender first. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.facts import AlertFacts, KeyFacts
from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.requests import Because, Refused
from bot.services.alerting import alert_facts
from bot.services.context import Purser
from bot.services.facts import key_facts
from storage import alerts, keys, readings
from storage.alerts import Alert
from storage.engine import Session

_STATES = frozenset({KeyState.LIVE, KeyState.RESTORING, KeyState.DISABLED})


@dataclass(frozen=True, slots=True)
class UnderLimit:
    """An alert, and the keys under its limit with what each spent in its period, the most first."""

    alert: AlertFacts
    keys: tuple[KeyFacts, ...]


def under_limit(purser: Purser, alert_id: str) -> UnderLimit | Refused:
    """The keys that work under an alert's limit, and those that it or another limit has stopped for now."""
    now = purser.now()
    with purser.books.reading() as session:
        alert = alerts.get(session, alert_id)
        if alert is None:
            return Refused(Because.NOT_FOUND, "Purser does not know this message's limit any more.")
        found = [key for key in keys.under(session, alert.layer, alert.subject_id, _STATES) if _may_work(key)]
        facts = [replace(key_facts(session, key, now), spent_micros=_spent(session, key, alert)) for key in found]
        facts.sort(key=lambda one: (-(one.spent_micros or 0), one.key.label))
        return UnderLimit(alert_facts(session, purser, alert, now), tuple(facts))


def _may_work(key: Key) -> bool:
    """Whether it works now, or would again by itself."""
    return key.state is not KeyState.DISABLED or key.off_cause is OffCause.BUDGET


def _spent(session: Session, key: Key, alert: Alert) -> int | None:
    spent = readings.spent(session, key.id, alert.period)
    return None if spent is None else spent.micros
