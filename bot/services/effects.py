"""Every effect there is: what an outbox row's name means, how it is done, and who is told when it cannot be.

All are idempotent: gateway calls by handle or alias, Slack posts by their outbox id.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.facts import Notice, Occasion
from bot.services import capping, extending, proving, restoring
from bot.services.approvals import EXTEND
from bot.services.context import Effect, Purser
from bot.services.facts import key_facts, request_facts, request_now
from bot.services.failpoints import Failpoint
from bot.services.ports import Sending
from bot.services.telling import CARD, DIRECT, THREAD, Telling, tell_people, tell_thread
from storage import keys, requests
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
    people = (request.requester_id, *request_facts(session, purser, request, now).asked_ids)
    tell_people(session, now, telling, people, once=f"card:{request.id}")


def _reply(purser: Purser, row: Claimed) -> None:
    now = purser.now()
    telling = Telling.from_payload(dict(row.payload))
    notice = _notice(purser, telling, now)
    # Without a card there is no thread; those concerned are told directly as well.
    if notice.request is not None and notice.request.request.card_ts is not None:
        purser.notifier.reply(notice.request, notice, now, _sending(row))


def _direct(purser: Purser, row: Claimed) -> None:
    now = purser.now()
    notice = _notice(purser, Telling.from_payload(dict(row.payload)), now)
    purser.notifier.direct(row.payload["member_id"], notice, now, _sending(row))


def _direct_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """A direct message could not be sent. Only the one with Reveal key is waited for: the thread says so."""
    telling = Telling.from_payload(dict(row.payload))
    if telling.occasion is Occasion.APPROVED and telling.request_id is not None:
        person = row.payload["member_id"]
        note = f"<@{person}> could not be written to ({error}); Purser's Home tab has Reveal key as well"
        failed = Telling(Occasion.EFFECT_FAILED, None, telling.request_id, note=note)
        tell_thread(session, purser.now(), failed, once=f"direct:{row.id}")


def _notice(purser: Purser, telling: Telling, now: datetime) -> Notice:
    with purser.books.reading() as session:
        request = None if telling.request_id is None else requests.get(session, telling.request_id)
        key = None if telling.key_id is None else keys.get(session, telling.key_id)
        return Notice(
            occasion=telling.occasion,
            actor_id=telling.actor_id,
            request=None if request is None else request_facts(session, purser, request, now),
            key=None if key is None else key_facts(session, key, now),
            warning=telling.warning,
            note=telling.note,
            others=telling.others,
        )


def _sending(row: Claimed) -> Sending:
    return Sending(id=f"outbox-{row.id}", maybe_sent=row.outcome_unknown)


def _disable(purser: Purser, row: Claimed) -> None:
    proving.disable_at_gateway(purser, row.payload["key_id"], first_try=row.attempts == 1)


def _disable_failing(purser: Purser, row: Claimed, error: str) -> None:
    proving.tell_unproven(purser, row.payload["key_id"], error)


def _delete(purser: Purser, row: Claimed) -> None:
    proving.delete_at_gateway(purser, row.payload["key_id"])


def _enable(purser: Purser, row: Claimed) -> None:
    restoring.enable_at_gateway(purser, row.payload["key_id"], row.payload["by"], once=str(row.id))


def _enable_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    telling = Telling(Occasion.EFFECT_FAILED, row.payload["by"], note=error)
    restoring.give_up(session, purser, row.payload["key_id"], telling, once=str(row.id))


def _extend(purser: Purser, row: Claimed) -> None:
    until = datetime.fromisoformat(row.payload["expires_at"])
    extending.extend_at_gateway(purser, row.payload["request_id"], row.payload["key_id"], until)


def _extend_failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    extending.lapse(session, row.payload["request_id"], error, purser.now())


def _cap(purser: Purser, row: Claimed) -> None:
    capping.cap_at_gateway(purser, row.payload["key_id"])


def _cap_failing(purser: Purser, row: Claimed, error: str) -> None:
    capping.tell_failing(purser, row.payload["key_id"], row.id, error)


EFFECTS: dict[str, Effect] = {
    CARD: Effect(_post_card, attempts=50, on_dead=_card_failed),
    THREAD: Effect(_reply, attempts=50),
    DIRECT: Effect(_direct, attempts=50, on_dead=_direct_failed),
    proving.DISABLE: Effect(_disable, attempts=ALWAYS, stubborn=True, on_failing=_disable_failing),
    proving.DELETE: Effect(_delete, attempts=ALWAYS, stubborn=True),
    restoring.ENABLE: Effect(_enable, attempts=20, on_dead=_enable_failed),
    EXTEND: Effect(_extend, attempts=20, on_dead=_extend_failed),
    capping.CAP: Effect(_cap, attempts=ALWAYS, stubborn=True, on_failing=_cap_failing),
}
