"""Questions whether keys are still needed: what is pressed in direct messages about them, and reviews."""

from __future__ import annotations

from bot.domain.requests import Because, Refused
from bot.services import confirming, keeping, reviewing, rotating
from bot.services.facts import key_now
from bot.services.question_effects import asked_now
from bot.services.turning_off import Target
from bot.slack import keys
from bot.slack.incoming import Incoming, Stop, allowed
from bot.slack.views import confirming as views
from bot.slack.views import keys as key_views
from bot.slack.views import reviews
from bot.slack.views.base import Message
from bot.slack.views.requests import receipt

_UNKNOWN = Refused(Because.NOT_FOUND, "Purser does not know this key any more.")


def keep(event: Incoming) -> None:
    """Keep, in a message that asks whether keys are needed."""
    event.answer(key_views.kept(allowed(keeping.keep(event.purser, event.actor(fresh=True), event.value))))
    _show(event)


def give_back(event: Incoming) -> None:
    """Give back, in such a message."""
    keys.give_back(event)
    _show(event)


def disable_now(event: Incoming) -> None:
    """Disable now, in such a message; it asked for confirmation already."""
    keys.disable_now(event)
    _show(event)


def rotate(event: Incoming) -> None:
    """Rotate, in a message about keys whose rotation is due."""
    facts = key_now(event.purser, event.value)
    if facts is None:
        raise Stop(_UNKNOWN)
    outcome = allowed(rotating.rotate(event.purser, event.actor(), facts.key.label))
    event.answer(receipt(outcome, event.purser.now()))


def review(event: Incoming) -> Message:
    """`/ai-team review`: begins one, or says how the open one stands."""
    begun = allowed(reviewing.review(event.purser, event.actor(fresh=True), event.channel_id))
    return reviews.begun(begun.facts, is_new=begun.is_new, may_end=begun.may_end)


def keep_reviewed(event: Incoming) -> None:
    """Keep, in a review: an owner confirms the key."""
    done = allowed(reviewing.confirm(event.purser, event.actor(fresh=True), event.value))
    said = reviews.answered_already(done.key, done.answer, done.by) if done.already else reviews.confirmed(done.key)
    event.answer(said)


def disable_reviewed(event: Incoming) -> None:
    """Disable now, in a review; it asked for confirmation already."""
    key_id = reviewing.key_of(event.purser, event.value)
    if key_id is None:
        raise Stop(_UNKNOWN)
    keys.disable(event, Target(key_id=key_id), "not needed, said in a review")
    confirming.settle(event.purser, (event.value,))


def call_off(event: Incoming) -> None:
    """Call off, which ends a review without turning anything off."""
    facts = allowed(reviewing.call_off(event.purser, event.actor(fresh=True), event.value))
    event.answer(reviews.called_off(facts))


def _show(event: Incoming) -> None:
    """Let the message that was pressed say what is true of all its keys by now."""
    found = views.asked_in(event.body.get("message") or {})
    if found is not None:
        part, ids = found
        confirming.settle(event.purser, ids)
        notice = asked_now(event.purser, part, event.user_id, ids)
        event.rewrite(views.asked(notice, event.purser.now()))
