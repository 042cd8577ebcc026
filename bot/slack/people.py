"""The Home tab, and what Slack says about people."""

from __future__ import annotations

from bot.services.facts import home_facts
from bot.services.people import take_note
from bot.slack.incoming import Incoming
from bot.slack.notifier import member_from
from bot.slack.views.home import home


def home_opened(event: Incoming) -> None:
    """Show the Home tab as of now; the event also fires for the Messages tab, which needs nothing."""
    if event.event.get("tab") == "home":
        show_home(event)


def show_home(event: Incoming) -> None:
    """Draw the person's Home tab as of now."""
    facts = home_facts(event.purser, event.actor().member)
    event.client.views_publish(user_id=event.user_id, view=home(facts, event.purser.now()))


def user_changed(event: Incoming) -> None:
    """Somebody was deactivated, became a guest, or changed their name."""
    user = event.event.get("user")
    if isinstance(user, dict):
        take_note(event.purser, member_from(user))
