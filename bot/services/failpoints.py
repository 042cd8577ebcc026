"""Where the process can be killed by a test: every point between two things that must both happen.

ONE list. A point is named here or it does not exist: an unknown name stops the start, and the crash tests kill
Purser at each of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Failpoint(StrEnum):
    """Points between two steps of a use case, in the order of the main path."""

    AFTER_CARD_POSTED = "after-card-posted"
    """Slack has the card; where it stands is not written down."""
    AFTER_DECISION_COMMIT = "after-decision-commit"
    AFTER_MINT_INTENT = "after-mint-intent"
    """The alias is written down; the gateway has not been called."""
    AFTER_GATEWAY_MINTED = "after-gateway-minted"
    AFTER_RECORDED_BEFORE_SHOWN = "after-recorded-before-shown"
    AFTER_SHOWN_BEFORE_LIVE = "after-shown-before-live"
    AFTER_DISABLE_COMMIT = "after-disable-commit"
    AFTER_GATEWAY_DISABLED = "after-gateway-disabled"
    """The gateway said yes; nothing is proven or written down."""
    AFTER_LEFT_COMMIT = "after-left-commit"
    """All that follows from somebody's leaving is decided; no gateway has been called, and nobody was told."""
    AFTER_SWEEP_PAGE = "after-sweep-page"
    """A page of people is written down; nothing is decided about any of them."""
    AFTER_SWEEP_PERSON = "after-sweep-person"
    """What follows for one person is decided; that the sweep has done so is not written down."""
    AFTER_SEAT_REMOVED = "after-seat-removed"
    """A leaver's account at a gateway is gone; that it is gone is not written down."""
    AFTER_STOP_COMMIT = "after-stop-commit"
    """Keys under a reached limit are decided to be stopped; no gateway has been called."""
    AFTER_ALERT_POSTED = "after-alert-posted"
    """Slack has the message about a limit; where it stands is not written down."""
    AFTER_DIGEST_POSTED = "after-digest-posted"
    """Slack has a digest's message; where it stands is not written down."""
    AFTER_INCIDENT_POSTED = "after-incident-posted"
    """Slack has an incident's message; where it stands is not written down."""
    AFTER_DEPARTURE_POSTED = "after-departure-posted"
    """Slack has the message about somebody who left; where it stands is not written down."""
    AFTER_REVIEW_POSTED = "after-review-posted"
    """Slack has the message of a review; where it stands is not written down."""
    AFTER_ADOPTED = "after-adopted"
    """A key that was there already is one of Purser's by the books; the gateway has not been told."""
    AFTER_SPEND_FORGOTTEN = "after-spend-forgotten"
    """The gateway counts an adopted key's spend anew; nothing else there shows that it is adopted."""
    AFTER_GATEWAY_ENABLED = "after-gateway-enabled"
    """The gateway said yes; that the key works again is not written down."""


class Around(StrEnum):
    """Points around the performing of any effect, named `POINT:EFFECT`."""

    BEFORE = "before-effect"
    """Claimed, not performed."""
    AFTER = "after-effect"
    """Performed, not written down as done."""
    RECORDED = "after-recorded"

    def of(self, effect: str) -> str:
        """The point's name for this effect."""
        return f"{self}:{effect}"


def all_failpoints(effects: Iterable[str]) -> tuple[str, ...]:
    """Every name there is, given the names of all effects."""
    return (*Failpoint, *(point.of(effect) for effect in effects for point in Around))
