"""Keys found in a message: turned off at once, and told to those whom the message concerns.

All that is found in one message is decided in one transaction, with what is told: who wrote it reads directly what to
do, and its thread says that a key stood there, never which characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.facts import Occasion, Off
from bot.domain.incidents import Found
from bot.domain.keys import UNSHOWN, Key, OffCause
from bot.services.context import Purser, Repeated, Subjects, record
from bot.services.failpoints import Failpoint
from bot.services.leak_warnings import Place, warn_thread
from bot.services.leaking import PURSER, Source, could_be_used, credential_found, mark_leaked
from bot.services.leaks import Match, Seen
from bot.services.proving import Pasted, confirm_off, outcome, try_secret
from bot.services.telling import DIRECT, Telling, key_stream
from bot.services.turning_off import discard, start
from bot.services.worker import decided_already, perform_now
from storage import keys, outbox, runs
from storage.engine import Session

SETTLE = timedelta(seconds=2)
"""How long what was found is given to be proven off before it is told."""
OWN, FOREIGN = "own", "foreign"
"""What `Telling.others` begins with: a gateway's own credential, a provider's key; after a colon, which."""

_REASONS = {
    Found.WATCHED: "its secret stood in a message",
    Found.REPORTED: "its secret stood in a message that was reported",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """A message in Slack, without its words."""

    channel_id: str
    ts: str
    thread_ts: str
    """The message whose thread it belongs to: itself when it is in none."""
    author_id: str
    """Empty when nobody of this workspace wrote it."""
    delivery: str
    """The id of what told of it, which is the same when Slack tells again."""
    link: str = ""
    is_by_person: bool = True
    """False for a bot's message. Where there is nobody to write to, the thread is told of foreign keys too."""

    @property
    def sighting(self) -> str:
        """Names the message, however often it is edited or told of."""
        return f"{self.channel_id}:{self.ts}"


def act_on(purser: Purser, heard: Heard, seen: Seen, found: Found, by: str = PURSER) -> Iterator[Off]:
    """Turn off all of ours that stands in a message, and tell its author and its thread. Once per delivery.

    Yields what is true of each key, then again of each whatever more is found out about it. Raises `Repeated`.
    """
    source = Source(found, heard.link, heard.channel_id, heard.author_id, by, heard.sighting)
    decided = _decide(purser, heard, seen, source)
    purser.failpoint(Failpoint.AFTER_DISABLE_COMMIT)
    with decided_already():
        for one in decided:
            if one.outbox_id is not None:
                perform_now(purser, one.outbox_id, key_stream(one.match.key_id))
            elif one.already:
                confirm_off(purser, one.match.key_id)
        tried = [try_secret(purser, one.pasted(heard.delivery), one.match.secret) for one in decided]
        for one, truth in zip(decided, tried, strict=True):
            yield next(truth, outcome(purser, one.match.key_id, already=one.already))
        for truth in tried:
            yield from truth


@dataclass(frozen=True, slots=True)
class _Decided:
    match: Match
    outbox_id: int | None
    already: bool

    def pasted(self, delivery: str) -> Pasted:
        return Pasted(f"{delivery}:{self.match.key_id}", self.match.key_id, self.already)


def _decide(purser: Purser, heard: Heard, seen: Seen, source: Source) -> list[_Decided]:
    with purser.deciding() as session:
        if not runs.first_sight(session, heard.delivery, purser.now()):
            raise Repeated(heard.delivery)
        others = _note_others(session, purser, heard, seen, source)
        decided, new, usable = [], [], []
        for match in seen.keys:
            key = keys.get(session, match.key_id)
            if key is None:
                continue
            if mark_leaked(session, purser, key, source):
                new.append(key.id)
                usable += [key.id] if could_be_used(key) else []
            decided.append(_Decided(match, *_off(session, purser.now(), key, source)))
        now = purser.now()
        found = Telling(Occasion.SECRETS_FOUND, source.by, note=heard.link, key_ids=tuple(new), others=tuple(others))
        is_reachable = heard.is_by_person and bool(heard.author_id)
        if is_reachable and heard.author_id != source.by and (new or others):
            _tell_author(session, now, heard, found)
        unowned = () if is_reachable else tuple(one for one in others if one.startswith(FOREIGN))
        if usable or unowned:
            here = Telling(Occasion.SECRETS_STAND_HERE, source.by, key_ids=tuple(usable), others=unowned)
            warn_thread(session, now + SETTLE, Place(heard.channel_id, heard.thread_ts), here, once=heard.delivery)
        return decided


def _note_others(session: Session, purser: Purser, heard: Heard, seen: Seen, source: Source) -> list[str]:
    """What else stands in the message for the first time, and is nobody's key of ours; the owners are called about
    what Purser manages a gateway with.
    """
    now, noted = purser.now(), []
    for gateway in sorted({one.gateway for one in seen.own}):
        named = f"{OWN}:{gateway}"
        if runs.first_sight(session, f"leak:{named}:{heard.sighting}", now):
            credential_found(session, purser, purser.gateways[gateway], source)
            noted.append(named)
    for provider in sorted({one.provider for _, one in seen.foreign}):
        named = f"{FOREIGN}:{provider}"
        if runs.first_sight(session, f"leak:{named}:{heard.sighting}", now):
            once = f"{heard.delivery}:{provider}"
            about = Subjects(member_id=heard.author_id or None)
            said = f"{provider}: {heard.link}" if heard.link else provider
            record(session, now, actor=source.by, action="foreign_key.found", about=about, once=once, reason=said)
            noted.append(named)
    return noted


def _tell_author(session: Session, now: datetime, heard: Heard, telling: Telling) -> None:
    outbox.add(
        session,
        stream=f"direct:{heard.author_id}:{heard.sighting}",
        effect=DIRECT,
        payload={"member_id": heard.author_id, **telling.payload()},
        unique_key=f"{DIRECT}:{telling.occasion}:{heard.delivery}:{heard.author_id}",
        now=now,
        not_before=now + SETTLE,
    )


def _off(session: Session, now: datetime, key: Key, source: Source) -> tuple[int | None, bool]:
    """Decide that it goes off: the outbox row that does it, and whether it was off already."""
    why = _REASONS.get(source.found, "its secret was found")
    if key.state in UNSHOWN:
        return discard(session, now, key, source.by, why), False
    outbox_id = start(session, now, key, source.by, OffCause.DISABLED, why)
    return outbox_id, outbox_id is None
