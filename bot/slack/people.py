"""The Home tab, and what Slack says about people."""

from __future__ import annotations

import structlog

from bot.services.facts import home_facts
from bot.services.people import take_note
from bot.services.ports import DeliveryError
from bot.slack.errors import translated
from bot.slack.incoming import Incoming, only_showing
from bot.slack.notifier import member_from
from bot.slack.views.home import home

log = structlog.get_logger(__name__)


def home_opened(event: Incoming) -> None:
    """Show the Home tab as of now; the event also fires for the Messages tab, which needs nothing."""
    if event.event.get("tab") == "home":
        with only_showing("your Home tab as of now"):
            _publish_home(event)


def redraw_home(event: Incoming) -> None:
    """Show what became of a button in the Home tab; should Slack not take it, the tab says how old it is."""
    try:
        with translated("drawing the Home tab again"):
            _publish_home(event)
    except DeliveryError as failed:
        log.warning("a Home tab stays as it was", error=failed.message)


def _publish_home(event: Incoming) -> None:
    facts = home_facts(event.purser, event.actor().member)
    event.client.views_publish(user_id=event.user_id, view=home(facts, event.purser.now()))


def user_changed(event: Incoming) -> None:
    """Somebody was deactivated, became a guest, or changed their name."""
    user = event.event.get("user")
    if isinstance(user, dict):
        take_note(event.purser, member_from(user))
