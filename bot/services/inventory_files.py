"""The inventory as a table: a file for who asks in Slack, and lines for whoever writes them somewhere.

Written when it is sent, as the books are then, and only as far as the person may see it then. A cell is written as
in `bot.domain.usage_csv`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.domain.facts import Occasion
from bot.domain.inventory import KeyEntry, UnknownKey
from bot.domain.requests import Refused
from bot.domain.usage_csv import cells, usd
from bot.services.context import Actor, Purser, changed, effect, take_in
from bot.services.inventory import looking_at, seen_by
from bot.services.ports import DeliveryError, FailureKind, FileToSend, Sending
from bot.services.telling import Telling, tell_people
from storage import inventory, people, unknown_keys
from storage.engine import Session
from storage.inventory import Looking
from storage.outbox import Claimed

FILE = "slack.inventory_file"
AT_ONCE = 500
HEADING = (
    "gateway,team,project,key,kind,state,holder_id,holder_name,lead_id,lead_name,cap_micros,cap_usd,cap_period,"
    "daily_cap_micros,since,ends,look\n"
)
UNKNOWN = "unknown"
"""What stands for the kind of keys that Purser did not make."""


def export(purser: Purser, actor: Actor, channel_id: str) -> Refused | None:
    """Send the asker the whole inventory that they see in this channel, as a file by direct message."""
    with purser.books.reading() as session:
        scope = seen_by(session, purser, actor.member, channel_id)
    if isinstance(scope, Refused):
        return scope
    with purser.deciding() as session:
        take_in(session, actor)
        now = purser.now()
        changed(session, now)
        payload = {"member_id": actor.id, "channel_id": channel_id}
        effect(session, now, stream=f"file:{actor.id}", name=FILE, payload=payload, once=actor.delivery)
    return None


def send(purser: Purser, row: Claimed) -> None:
    """Write and send it. Raises `DeliveryError`, for good when the person may not see it any more."""
    member_id, channel_id = row.payload["member_id"], row.payload["channel_id"]
    with TemporaryDirectory(prefix="purser-") as folder:
        path = Path(folder) / "inventory.csv"
        with purser.books.reading() as session:
            person = people.member(session, member_id)
            if person is None:
                raise DeliveryError(FailureKind.PERMANENT, "Purser does not know this person any more")
            scope = seen_by(session, purser, person, channel_id)
            if isinstance(scope, Refused):
                raise DeliveryError(FailureKind.PERMANENT, scope.text)
            with path.open("w", encoding="utf-8", newline="") as file:
                count = sum(1 for line in lines(session, looking_at(session, purser, scope)) if file.write(line)) - 1
        day = f"{purser.now():%Y-%m-%d}"
        whole = FileToSend(f"purser-inventory-{day}.csv", "Inventory of keys", path)
        text = f"*The inventory of {day} (UTC)*: {count:,} {'key' if count == 1 else 'keys'}, one a line."
        purser.notifier.send_file(member_id, whole, text, Sending(f"outbox-{row.id}", row.outcome_unknown))


def failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """The file could not be sent: who waits for it is told why."""
    telling = Telling(Occasion.EFFECT_FAILED, note=f"the inventory could not be sent to you as a file: {error}")
    tell_people(session, purser.now(), telling, (row.payload["member_id"],), once=f"file:{row.id}")


def everything(purser: Purser, session: Session) -> Iterator[str]:
    """All lines there are, for who runs Purser."""
    return lines(session, looking_at(session, purser, None))


def lines(session: Session, looking: Looking) -> Iterator[str]:
    """The heading, then a line for each key that was ever shown to somebody, by label; then what nobody answers for.

    Streams: any size.
    """
    yield HEADING
    names: dict[str, str] = {}
    for entry in inventory.every(session, looking, at_once=AT_ONCE):
        yield _line(entry, _named(session, names, entry.holder_id), _named(session, names, entry.lead_id or ""))
    if looking.team_ids is None:
        offset = 0
        while some := unknown_keys.open_ones(session, limit=AT_ONCE, offset=offset):
            yield from map(_unknown_line, some)
            offset += len(some)


def _named(session: Session, names: dict[str, str], member_id: str) -> str:
    """What a person is called, looked up once."""
    if member_id and member_id not in names:
        person = people.member(session, member_id)
        names[member_id] = "" if person is None else person.name
    return names.get(member_id, "")


def _line(entry: KeyEntry, holder: str, lead: str) -> str:
    daily = "" if entry.daily_cap_micros is None else str(entry.daily_cap_micros)
    ends = "" if entry.expires_at is None else entry.expires_at.isoformat()
    who = (entry.holder_id, holder, entry.lead_id or "", lead)
    what = (entry.gateway, entry.team, entry.project, entry.label, str(entry.kind), str(entry.state))
    caps = (str(entry.cap_micros), usd(entry.cap_micros), entry.cap_period, daily)
    return cells((*what, *who, *caps, entry.since.isoformat(), ends, " ".join(entry.flags))) + "\n"


def _unknown_line(one: UnknownKey) -> str:
    seen = one.seen
    cap = ("", "") if seen.cap_micros is None else (str(seen.cap_micros), usd(seen.cap_micros))
    daily = "" if seen.daily_cap_micros is None else str(seen.daily_cap_micros)
    ends = "" if seen.expires_at is None else seen.expires_at.isoformat()
    state = "live" if seen.is_on else "disabled"
    look = f"installation {seen.installation}" if seen.installation else ""
    what = (one.gateway, "", "", one.name, UNKNOWN, state, "", "", "", "")
    return cells((*what, *cap, seen.cap_period, daily, one.found_at.isoformat(), ends, look)) + "\n"
