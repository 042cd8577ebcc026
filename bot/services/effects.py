"""Every effect there is: what an outbox row's name means, how it is done, and who is told when it cannot be.

All are idempotent: gateway calls by handle or alias, Slack posts by their outbox id.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.budgets import Layer
from bot.domain.facts import KeyFacts, Notice, Occasion, SetFacts
from bot.domain.groups import is_going_off
from bot.domain.requests import Target
from bot.services import (
    adopting,
    capping,
    evidence,
    export_files,
    exporting,
    extending,
    groups,
    inventory_files,
    proving,
    raised,
    resting,
    restoring,
    returning,
    seats,
    unknown,
    usage_posts,
)
from bot.services.alerting import alert_facts, stopped_facts, team_of, who_can_act
from bot.services.batches import RESUME, Batch
from bot.services.context import Effect, Purser
from bot.services.departure_effects import DEPARTURE_EFFECTS
from bot.services.digest_effects import DIGEST_EFFECTS
from bot.services.facts import key_facts, request_facts, request_now
from bot.services.failpoints import Failpoint
from bot.services.holders import HOLDER_EFFECTS
from bot.services.incident_effects import INCIDENT_EFFECTS
from bot.services.leak_warnings import LEAK_EFFECTS
from bot.services.limits import limit
from bot.services.month import month_facts
from bot.services.ports import Sending
from bot.services.question_effects import QUESTION_EFFECTS
from bot.services.secret_alerts import SECRET_ALERT_EFFECTS
from bot.services.sweeping_effects import SWEEP_EFFECTS
from bot.services.telling import (
    ALERT,
    CARD,
    CHANNEL,
    DIRECT,
    THREAD,
    Telling,
    tell_limit,
    tell_people,
    tell_thread,
)
from storage import alerts, keys, people, requests, watched
from storage.alerts import Alert
from storage.engine import Session
from storage.outbox import Claimed

ALWAYS = 1_000_000
"""Attempts of an effect that has to happen in the end; pauses grow to five minutes."""


def _post_card(purser: Purser, row: Claimed) -> None:
    facts = request_now(purser, row.payload["request_id"])
    if facts is None:
        return
    now = purser.now()
    if facts.request.card_ts is not None:
        purser.notifier.update_card(facts, now)
        return
    posted = purser.notifier.post_card(facts, now, _sending(row))
    purser.failpoint(Failpoint.AFTER_CARD_POSTED)
    with purser.books.transaction() as session:
        requests.set_card(session, facts.request.id, posted.channel_id, posted.ts)


def _card_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """The card could not be posted: the requester must not wait for owners who never saw it."""
    now = purser.now()
    request = requests.get(session, row.payload["request_id"])
    if request is None or request.card_ts is not None:
        return
    note = f"the request could not be posted in <#{request.channel_id}>: {error}"
    telling = Telling(Occasion.EFFECT_FAILED, None, request.id, note=note)
    concerned = (request.requester_id, *request_facts(session, purser, request, now).asked_ids)
    tell_people(session, now, telling, concerned, once=f"card:{request.id}")


def _reply(purser: Purser, row: Claimed) -> None:
    now = purser.now()
    telling = Telling.from_payload(dict(row.payload))
    notice = _notice(purser, telling, now)
    # Without a card there is no thread; those concerned are told directly as well.
    if notice.request is not None and notice.request.request.card_ts is not None:
        purser.notifier.reply(notice.request, notice, now, _sending(row))


def _direct(purser: Purser, row: Claimed) -> None:
    now = purser.now()
    telling, person = Telling.from_payload(dict(row.payload)), row.payload["member_id"]
    with purser.books.reading() as session:
        if not people.is_here(session, person):
            return  # nobody writes to an account that is closed
    notice = _notice(purser, telling, now, person)
    if telling.occasion in (Occasion.KEYS_STOPPED, Occasion.KEYS_BACK) and not notice.keys:
        return  # by now somebody turned them all off, or they work again
    if telling.occasion is Occasion.GROUP_UNPROVEN and not any(is_going_off(one.key) for one in notice.keys):
        return  # all of them are proven off by now, which is told as well
    purser.notifier.direct(person, notice, now, _sending(row))


def _direct_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """A direct message could not be sent. Only the one with Reveal key is waited for: the thread says so."""
    telling = Telling.from_payload(dict(row.payload))
    if telling.occasion is Occasion.APPROVED and telling.request_id is not None:
        person = row.payload["member_id"]
        note = f"<@{person}> could not be written to ({error}); Purser's Home tab has Reveal key as well"
        failed = Telling(Occasion.EFFECT_FAILED, None, telling.request_id, note=note)
        tell_thread(session, purser.now(), failed, once=f"direct:{row.id}")


def _notice(purser: Purser, telling: Telling, now: datetime, holder_id: str | None = None) -> Notice:
    """What there is to tell at this moment. `holder_id` is who reads it, where it is about keys of theirs."""
    with purser.books.reading() as session:
        request = None if telling.request_id is None else requests.get(session, telling.request_id)
        key = None if telling.key_id is None else keys.get(session, telling.key_id)
        alert = None if telling.alert_id is None else alerts.get(session, telling.alert_id)
        turned = telling.team_id is not None and telling.month is not None
        return Notice(
            occasion=telling.occasion,
            actor_id=telling.actor_id,
            request=None if request is None else request_facts(session, purser, request, now),
            key=None if key is None else key_facts(session, key, now),
            warning=telling.warning,
            note=telling.note,
            others=telling.others,
            alert=None if alert is None else alert_facts(session, purser, alert, now),
            keys=_keys_of(session, telling, alert, holder_id, now),
            month=month_facts(session, purser, telling.team_id or "", telling.month or "", telling.key_ids, now)
            if turned
            else None,
            budget_set=_set_facts(session, purser, telling, holder_id),
        )


def _set_facts(session: Session, purser: Purser, telling: Telling, person: str | None) -> SetFacts | None:
    """What an owner made of this person's budget, and how it stands by now."""
    if telling.set_from_to is None or person is None:
        return None
    stands = limit(session, purser, Target(Layer.MEMBER, person), f"<@{person}>")
    team = None if telling.team_id is None else people.team(session, telling.team_id)
    was, micros = telling.set_from_to
    return None if stands is None else SetFacts(stands, micros, was, "" if team is None else team.name)


def _keys_of(
    session: Session, telling: Telling, alert: Alert | None, holder_id: str | None, now: datetime
) -> tuple[KeyFacts, ...]:
    """The keys that one thing happened to: those named, or those of the holder that a limit has stopped since."""
    if telling.since is None or alert is None:
        return stopped_facts(session, list(telling.key_ids), now)
    ref = (alert.layer, alert.subject_id, alert.period)
    return stopped_facts(session, watched.stopped_by(session, ref, holder_id, telling.since), now)


def _post_alert(purser: Purser, row: Claimed) -> None:
    """Post an alert's message, or let the one that stands tell the truth again."""
    now = purser.now()
    with purser.books.reading() as session:
        alert = alerts.get(session, row.payload["alert_id"])
        team = None if alert is None else team_of(session, alert.layer, alert.subject_id)
    if alert is None or team is None:
        return
    notice = _notice(purser, Telling(Occasion.LIMIT, alert_id=alert.id), now)
    if alert.channel_id is not None and alert.ts is not None:
        purser.notifier.update(alert.channel_id, alert.ts, notice, now)
        return
    sending = _sending(row)
    posted = purser.notifier.post(team.channel_id, notice, now, sending)
    purser.failpoint(Failpoint.AFTER_ALERT_POSTED)
    with purser.books.transaction() as session:
        alerts.set_message(session, alert.id, posted.channel_id, posted.ts)
    if sending.maybe_sent:  # what stands there may be what was true at the first try
        purser.notifier.update(posted.channel_id, posted.ts, notice, now)


def _alert_failed(purser: Purser, session: Session, row: Claimed, _error: str) -> None:
    """The message could not be posted in the channel: those who can act are told directly."""
    alert = alerts.get(session, row.payload["alert_id"])
    if alert is not None and alert.ts is None:
        able = who_can_act(session, purser, alert.layer, alert.subject_id)
        tell_limit(session, purser.now(), alert.id, able, once=f"channel:{alert.limit_micros}")


def _post_in_channel(purser: Purser, row: Claimed) -> None:
    now = purser.now()
    notice = _notice(purser, Telling.from_payload(dict(row.payload)), now)
    if notice.occasion is Occasion.GROUP_UNPROVEN and not any(is_going_off(one.key) for one in notice.keys):
        return
    purser.notifier.post(row.payload["channel_id"], notice, now, _sending(row))


def _sending(row: Claimed) -> Sending:
    return Sending(id=f"outbox-{row.id}", maybe_sent=row.outcome_unknown)


def _disable(purser: Purser, row: Claimed) -> None:
    key_id, group = row.payload["key_id"], row.payload.get("group", "")
    proving.disable_at_gateway(purser, key_id, first_try=row.attempts == 1, together=bool(group))
    if group:
        groups.settled(purser, group, key_id, late=row.attempts > 1)


def _disable_failing(purser: Purser, row: Claimed, error: str) -> None:
    proving.tell_unproven(purser, row.payload["key_id"], error, together=bool(row.payload.get("group")))


def _delete(purser: Purser, row: Claimed) -> None:
    proving.delete_at_gateway(purser, row.payload["key_id"])


def _remove(purser: Purser, row: Claimed) -> None:
    resting.delete_at_gateway(purser, row.payload["key_id"])


def _enable(purser: Purser, row: Claimed) -> None:
    restoring.enable_at_gateway(purser, row.payload["key_id"], row.payload["by"], once=str(row.id))


def _enable_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    telling = Telling(Occasion.EFFECT_FAILED, row.payload["by"], note=error)
    restoring.give_up(session, purser, row.payload["key_id"], telling, once=str(row.id))


def _resume(purser: Purser, row: Claimed) -> None:
    batch, once = Batch.of(row.payload), str(row.id)
    returning.resume_at_gateway(purser, row.payload["key_id"], batch, once, attempts=row.attempts)


def _resume_failing(purser: Purser, row: Claimed, error: str) -> None:
    returning.tell_late(purser, row.payload["key_id"], Batch.of(row.payload), error)


def _extend(purser: Purser, row: Claimed) -> None:
    until = datetime.fromisoformat(row.payload["expires_at"])
    extending.extend_at_gateway(purser, row.payload["request_id"], row.payload["key_id"], until)


def _extend_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    extending.lapse(session, row.payload["request_id"], error, purser.now())


def _cap(purser: Purser, row: Claimed) -> None:
    if not capping.cap_at_gateway(purser, row.payload["key_id"]):
        raised.key_gone(purser, row.payload["key_id"])


def _cap_failing(purser: Purser, row: Claimed, error: str) -> None:
    capping.tell_failing(purser, row.payload["key_id"], row.id, error)


def _adopt(purser: Purser, row: Claimed) -> None:
    adopting.settle(purser, row.payload["key_id"])


EFFECTS: dict[str, Effect] = {
    CARD: Effect(_post_card, attempts=50, on_dead=_card_failed),
    THREAD: Effect(_reply, attempts=50),
    DIRECT: Effect(_direct, attempts=50, on_dead=_direct_failed),
    proving.DISABLE: Effect(_disable, attempts=ALWAYS, stubborn=True, on_failing=_disable_failing),
    proving.DELETE: Effect(_delete, attempts=ALWAYS, stubborn=True),
    resting.REMOVE: Effect(_remove, attempts=ALWAYS, stubborn=True, on_failing=_disable_failing),
    ALERT: Effect(_post_alert, attempts=50, on_dead=_alert_failed),
    CHANNEL: Effect(_post_in_channel, attempts=50),
    usage_posts.USAGE: Effect(usage_posts.send, attempts=50, on_dead=usage_posts.failed),
    exporting.FILE: Effect(export_files.send, attempts=50, on_dead=export_files.failed),
    restoring.ENABLE: Effect(_enable, attempts=20, on_dead=_enable_failed),
    RESUME: Effect(_resume, attempts=ALWAYS, stubborn=True, on_failing=_resume_failing),
    extending.EXTEND: Effect(_extend, attempts=20, on_dead=_extend_failed),
    capping.CAP: Effect(_cap, attempts=ALWAYS, stubborn=True, on_failing=_cap_failing),
    evidence.FILE: Effect(evidence.send, attempts=50, on_dead=evidence.failed),
    seats.SEAT: Effect(seats.take_away, attempts=50, on_dead=seats.failed),
    adopting.ADOPT: Effect(_adopt, attempts=ALWAYS, stubborn=True, on_failing=_cap_failing),
    inventory_files.FILE: Effect(inventory_files.send, attempts=50, on_dead=inventory_files.failed),
    unknown.TURN_OFF: Effect(unknown.off_at_gateway, attempts=ALWAYS, stubborn=True, on_failing=unknown.tell_failing),
    **DEPARTURE_EFFECTS,
    **HOLDER_EFFECTS,
    **DIGEST_EFFECTS,
    **INCIDENT_EFFECTS,
    **LEAK_EFFECTS,
    **QUESTION_EFFECTS,
    **SECRET_ALERT_EFFECTS,
    **SWEEP_EFFECTS,
}
