"""Reveal key: the usage policy first where there is one to agree to, then a window, and in it the key, once."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.facts import Revealed
from bot.domain.requests import Because, Refused
from bot.services import agreeing, revealing
from bot.services.context import Actor, BooksUnavailable
from bot.services.facts import request_now
from bot.services.ports import DeliveryError
from bot.slack.errors import translated
from bot.slack.incoming import Incoming, Stop
from bot.slack.views import keys as views
from bot.slack.views import usage_policy

BOOKS_LOST = Refused(
    Because.BUSY,
    "Purser lost its books while the key was being made, so none is shown, and whatever was made is withdrawn. "
    "Press Reveal key again in a minute.",
)


@dataclass(slots=True)
class _Window:
    """The modal of one click on Reveal key: opened while the key is made, then shows it or says why not."""

    event: Incoming
    request_id: str
    view_id: str | None = None

    def open(self) -> None:
        facts = request_now(self.event.purser, self.request_id)
        assert facts is not None
        with translated("opening a window"):
            self.view_id = self.event.open(views.minting_modal(facts))

    def show(self, revealed: Revealed) -> None:
        with translated("showing a key"):
            shown = views.revealed_modal(revealed, self.event.purser.now())
            self.event.client.views_update(view_id=self.view_id, view=shown)

    def explain(self, refused: Refused) -> None:
        """In the window, or as a message when there is none or the person has closed it."""
        if self.view_id is None:
            raise Stop(refused)
        try:
            with translated("saying why no key is shown"):
                view = views.reveal_failed_modal(refused.text)
                self.event.client.views_update(view_id=self.view_id, view=view)
        except DeliveryError:
            raise Stop(refused) from None


def reveal(event: Incoming) -> None:
    """Reveal key: a modal at once, then the key in it, once. Or first what has to be agreed to."""
    person, window = event.actor(), _Window(event, event.value)
    policy = event.purser.policy.usage_policy
    outcome = _made(window, person)
    if policy is not None and isinstance(outcome, Refused) and outcome.because is Because.NOT_AGREED:
        channel_id, ts = event.message_pressed
        event.open_form(usage_policy.agreement_form(policy, event.value, channel_id, ts))
    elif isinstance(outcome, Refused):
        window.explain(outcome)
    else:
        event.rewrite(views.was_revealed(outcome.key))


def agreed(event: Incoming) -> None:
    """I agree, once: it is written down, then a window opens as on Reveal key, and in it the key is shown."""
    agreement, person = usage_policy.read_agreement_form(event.view), event.actor()
    window = _Window(event, agreement.request_id)
    outcome = agreeing.agree(event.purser, person, agreement.version) or _made(window, person)
    if isinstance(outcome, Refused):
        window.explain(outcome)
    else:
        event.rewrite(views.was_revealed(outcome.key), (agreement.channel_id, agreement.ts))


def _made(window: _Window, person: Actor) -> revealing.Shown | Refused:
    try:
        return revealing.reveal(window.event.purser, person, window.request_id, window.show, window.open)
    except BooksUnavailable:
        if window.view_id is not None:
            window.explain(BOOKS_LOST)
        raise
