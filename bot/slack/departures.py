"""The message about somebody who left, as people deal with it in Slack; and who holds and leads what, typed."""

from __future__ import annotations

from bot.domain.leaving_facts import Ref
from bot.domain.requests import Because, Refused
from bot.services import giving, handing_over, leaving_back
from bot.slack.grammar import offboarding as grammar
from bot.slack.incoming import Incoming, Stop, allowed
from bot.slack.patience import told_if_slow
from bot.slack.views import answers
from bot.slack.views import handing as views
from bot.slack.views.base import Message


def take_over(event: Incoming) -> None:
    """Take over: whoever pressed it answers for the key, or for all that wait."""
    ref = _ref(event)
    done = handing_over.take_over(event.purser, event.actor(fresh=True), ref.departure_id, ref.team_id, ref.key_id)
    event.answer(views.taken(allowed(done)))


def disable_waiting(event: Incoming) -> None:
    """Disable now, on a button that asked for confirmation already: what waits goes off."""
    ref, actor = _ref(event), event.actor(fresh=True)
    with told_if_slow(event, answers.turning_off()):
        done = handing_over.disable_waiting(event.purser, actor, ref.departure_id, ref.team_id, ref.key_id)
    event.answer(views.disabled(allowed(done)))


def restore(event: Incoming) -> None:
    """Restore, on a button that asked for confirmation already: it was wrong that somebody left."""
    with told_if_slow(event, views.putting_back()):
        done = allowed(leaving_back.restore(event.purser, event.actor(fresh=True), event.value))
    told = views.put_back(
        done.departure.member_id,
        keys=done.keys,
        stays=[(one.key, one.why) for one in done.stays],
        taken_by=done.taken,
        teams=[team.name for team in done.teams],
        projects=done.projects,
        others=[team.name for team in done.others],
    )
    event.answer(told)


def hand_over(event: Incoming, typed: grammar.HandOver) -> Message:
    """`/ai-team handover LABEL @name`."""
    done = giving.hand_over(event.purser, event.actor(fresh=True), typed.label, typed.user_id)
    return views.handed(allowed(done))


def change_lead(event: Incoming, typed: grammar.ChangeLead) -> Message:
    """`/ai-team lead NAME @name`."""
    actor = event.actor(fresh=True)
    done = giving.change_lead(event.purser, actor, event.channel_id, typed.project, typed.user_id)
    return views.led(allowed(done))


def _ref(event: Incoming) -> Ref:
    """What the button is about. Raises `Stop` for a value that no version of Purser wrote."""
    ref = Ref.of(event.value)
    if ref is None:
        raise Stop(Refused(Because.NOT_FOUND, "Purser does not know this button any more."))
    return ref
