"""One key gets another holder or lead, within the transaction that decides it. Judges nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.facts import Occasion
from bot.domain.keys import Key
from bot.domain.leaving_facts import HandedWhy
from bot.services import departed, holders
from bot.services.context import Purser, Subjects, record
from bot.services.incidents import touched
from bot.services.telling import Telling, refresh_card, tell_people, tell_thread
from storage import handing, ledger, people
from storage.engine import Session


@dataclass(frozen=True, slots=True)
class Hands:
    """Who holds and leads a key from now on, why, and who decided it, by Slack user id."""

    holder_id: str
    lead_id: str | None
    why: HandedWhy
    by: str


def give(session: Session, now: datetime, key: Key, hands: Hands) -> bool:
    """Let a key change hands; False, and nothing changes, when it has meanwhile or nothing would.

    The ledger's row is about the person whom its spend counted to until then. Its gateway is told of a new holder,
    the thread of its card of all, and whoever has it from now on when another decided it.
    """
    if (hands.holder_id, hands.lead_id) == (key.holder_id, key.lead_id):
        return False
    if not handing.give(session, key, holder_id=hands.holder_id, lead_id=hands.lead_id):
        return False
    holds, leads = hands.holder_id != key.holder_id, hands.lead_id != key.lead_id
    what = "holder and lead" if holds and leads else "holder" if holds else "lead"
    whose = (key.holder_id if holds else key.lead_id) or key.holder_id
    to = hands.holder_id if holds else hands.lead_id or hands.holder_id
    about = Subjects(key.team_id, key.project_id, key.lead_id or key.holder_id, key.id, key.request_id)
    once = f"{key.id}:{ledger.head(session).seq}"
    reason = f"{what}: <@{to}> instead of <@{whose}>"
    seq = record(session, now, actor=hands.by, action=f"key.{hands.why}", about=about, once=once, reason=reason)
    if holds:
        holders.wanted(session, now, key.id, once=str(seq))
    touched(session, now, key.id)
    departed.touched(session, now, key.id)
    refresh_card(session, now, key.request_id, seq)
    telling = Telling(Occasion.KEY_HANDED, hands.by, key.request_id, key.id, note=whose, others=(to, what))
    tell_thread(session, now, telling, once=once)
    if hands.why is HandedWhy.GIVEN:
        told = [one for one in (to, whose) if one != hands.by and people.is_here(session, one)]
        tell_people(session, now, telling, told, once=once)
    return True


def is_here(session: Session, purser: Purser, member_id: str) -> bool:
    """Whether somebody is still in the workspace. People whom Purser never met count as here."""
    person = people.member(session, member_id)
    return person is None or purser.authority.stranger(person) is None
