"""The Home tab, and what Slack says about people."""

from __future__ import annotations

import structlog

from bot.services.homes import show
from bot.services.people import take_note
from bot.services.ports import DeliveryError
from bot.services.subscribing import want_digest
from bot.slack.directory import member_from
from bot.slack.incoming import Incoming, only_showing

log = structlog.get_logger(__name__)


def home_opened(event: Incoming) -> None:
    """Show the Home tab as of now; the event also fires for the Messages tab, which needs nothing."""
    if event.event.get("tab") == "home":
        with only_showing("your Home tab as of now"):
            show(event.purser, event.actor().member)


def redraw_home(event: Incoming) -> None:
    """Show what became of a button in the Home tab; should Slack not take it, that is made up for soon."""
    try:
        show(event.purser, event.actor().member)
    except DeliveryError as failed:
        log.warning("a Home tab stays as it was", error=failed.message)


def digest_on(event: Incoming) -> None:
    """A weekly digest by direct message from now on: the Home tab says so."""
    want_digest(event.purser, event.actor(), wanted=True)


def digest_off(event: Incoming) -> None:
    """No weekly digest by direct message any more."""
    want_digest(event.purser, event.actor(), wanted=False)


def user_changed(event: Incoming) -> None:
    """Somebody was deactivated, became a guest, or changed their name."""
    user = event.event.get("user")
    if isinstance(user, dict):
        take_note(event.purser, member_from(user))
