"""Performs `slack.file`: writes the table that somebody asked for into a file, and sends it to them once."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from bot.domain.facts import Occasion
from bot.domain.people import handle_from
from bot.domain.reports import Extent
from bot.domain.requests import Refused
from bot.domain.usage_csv import Grain
from bot.services.context import Purser
from bot.services.exporting import Ordered, days, lines, written_at
from bot.services.freshness import freshness, oldest
from bot.services.ports import DeliveryError, FailureKind, FileToSend, Sending
from bot.services.sights import Sight, seen
from bot.services.telling import Telling, tell_people
from storage import keys, people, usage_reports
from storage.engine import Session
from storage.outbox import Claimed


def send(purser: Purser, row: Claimed) -> None:
    """Write it as the books are now, as far as the person may see them now, and send it.

    Raises `DeliveryError`, for good when they may not see it any more.
    """
    ordered = Ordered.from_payload(dict(row.payload))
    with TemporaryDirectory(prefix="purser-") as folder:
        path = Path(folder) / "usage.csv"
        with purser.books.reading() as session:
            if not people.is_here(session, ordered.member_id):
                return
            sight = _still_seen(session, purser, ordered)
            with path.open("w", encoding="utf-8", newline="") as file:
                made = lines(session, sight.chosen, ordered.span, grain=ordered.grain, is_open=sight.is_open)
                count = sum(1 for line in made if file.write(line)) - 1
            text = _text(session, purser, sight, ordered, count)
            whole = FileToSend(_name(session, sight, ordered), f"Usage of {_plainly(session, sight)}", path)
        sending = Sending(id=f"outbox-{row.id}", maybe_sent=row.outcome_unknown)
        purser.notifier.send_file(ordered.member_id, whole, text, sending)


def failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """The file could not be sent: who waits for it is told why."""
    ordered = Ordered.from_payload(dict(row.payload))
    note = f"the file with usage {days(ordered.span)} could not be sent to you: {error}"
    telling = Telling(Occasion.EFFECT_FAILED, note=note)
    tell_people(session, purser.now(), telling, (ordered.member_id,), once=f"file:{row.id}")


def _still_seen(session: Session, purser: Purser, ordered: Ordered) -> Sight:
    viewer = people.member(session, ordered.member_id)
    if viewer is None:
        raise DeliveryError(FailureKind.PERMANENT, "Purser does not know this person any more")
    sight = seen(session, purser, viewer, ordered.scope)
    if isinstance(sight, Refused):
        raise DeliveryError(FailureKind.PERMANENT, sight.text)
    return sight


def _text(session: Session, purser: Purser, sight: Sight, ordered: Ordered, count: int) -> str:
    """What the message says of the file: whose usage, of which days, how fresh, and what is not in it."""
    what = f"*Usage of {_called(sight)}* {days(ordered.span)}, by key, model and {ordered.grain}: {count:,} "
    said = [f"{what}{'line' if count == 1 else 'lines'}.", _freshness(session, purser, sight)]
    if not all(map(sight.is_open, usage_reports.chosen_keys(session, sight.chosen).values())):
        said.append("Keys that you may not see one by one are added up.")
    return " ".join(said)


def _freshness(session: Session, purser: Purser, sight: Sight) -> str:
    """The oldest of what the gateways concerned told last."""
    told = freshness(session, purser, sight.chosen)
    late = next((one.gateway for one in told if one.read_at is None), None)
    if late is not None:
        return f"The gateway {late} has not told all its usage yet."
    at = oldest(one.read_at for one in told)
    return "" if at is None else f"As the gateway told it by {written_at(at)}."


def _called(sight: Sight) -> str:
    """`team search`, `key ana-7kq2`, a mention, `all teams`."""
    if sight.scope.extent in (Extent.MEMBER, Extent.ALL):
        return sight.name
    return f"{sight.scope.extent} {sight.name}"


def _plainly(session: Session, sight: Sight) -> str:
    """As `_called`, for where a mention is not shown as one."""
    if sight.scope.extent is not Extent.MEMBER:
        return _called(sight)
    person = people.member(session, sight.scope.subject_id)
    return sight.scope.subject_id if person is None else person.name


def _name(session: Session, sight: Sight, ordered: Ordered) -> str:
    """What the file is called: `purser-usage-search-2026-11-01-to-2026-11-21.csv`."""
    match sight.scope.extent:
        case Extent.MEMBER:
            person = people.member(session, sight.scope.subject_id)
            whose = "member" if person is None else person.handle
        case Extent.KEY:
            key = keys.get(session, sight.scope.subject_id)
            whose = "key" if key is None else key.label
        case Extent.TEAM | Extent.PROJECT | Extent.ALL:
            whose = handle_from(sight.name, 40)
    by = "-by-hour" if ordered.grain is Grain.HOUR else ""
    return f"purser-usage-{whose}-{ordered.span.since.isoformat()}-to-{ordered.span.last.isoformat()}{by}.csv"
