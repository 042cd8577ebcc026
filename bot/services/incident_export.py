"""An incident's timeline as a Markdown file, for whoever writes about it afterwards. Never a secret in it.

The file is written row by row, however long the timeline is, from what the books say when it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.domain.incident_facts import Change, IncidentFacts, Line, Since, What
from bot.domain.incident_lines import ASSIGNED, CAUSE_WORDS, EXPORTED, KIND_WORDS, LEFT, what_happened, without_secrets
from bot.domain.incidents import Deed, Evidence
from bot.domain.money import show
from bot.domain.people import handle_from
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser, effect, take_in
from bot.services.incident_facts import gather, line_of
from bot.services.incident_rights import refused
from bot.services.incidents import FILE, about_incident, note, stream_of
from bot.services.ports import FileToSend, Sending
from storage import incidents, people
from storage.engine import Session
from storage.outbox import Claimed

TEXT = "The timeline of this incident, for whoever writes about it:"
Names = Callable[[str], str]
_CHANGE_WORDS = {
    What.APPROVED: "approved",
    What.RAISED: "raised",
    What.EXTENDED: "given more time",
    What.BUDGET_SET: "budget set",
    What.CAP_PUT_BACK: "cap put back after it was changed at the gateway",
    What.ROTATED: "minted in the place of",
    What.RESTORED: "restored",
    What.NEW_MODEL: "a model it had not used before:",
}


def export(purser: Purser, actor: Actor, incident_id: str) -> IncidentFacts | Refused:
    """Have the timeline posted as a file in the incident's thread, or sent to who asks where there is none.

    Whoever may acknowledge it may.
    """
    now = purser.now()
    with purser.deciding() as session:
        take_in(session, actor)
        incident = incidents.get(session, incident_id)
        if incident is None:
            return Refused(Because.NOT_FOUND, "Purser does not know this incident.")
        if no := refused(session, purser, actor, incident, Deed.EXPORT):
            return no
        about = about_incident(session, incident)
        seq = note(session, now, incident, action=EXPORTED, by=actor.id, about=about)
        payload = {"incident_id": incident.id, "member_id": actor.id}
        once = f"{incident.id}:{seq}"
        effect(session, now, stream=stream_of(incident.id), name=FILE, payload=payload, once=once)
    with purser.books.reading() as session:
        facts = gather(session, purser, incident_id)
    assert facts is not None, incident_id
    return facts


def send(purser: Purser, row: Claimed) -> None:
    """Write the file as the books are now, and post it once. Raises `DeliveryError`."""
    with TemporaryDirectory(prefix="purser-") as folder:
        path = Path(folder) / "incident.md"
        with purser.books.reading() as session:
            facts = gather(session, purser, row.payload["incident_id"])
            if facts is None:
                return
            with path.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(f"{line}\n" for line in lines(session, facts, purser.now()))
        incident = facts.incident
        named = f"purser-incident-{handle_from(facts.name, 40)}-{incident.opened_at:%Y-%m-%d}.md"
        whole = FileToSend(named, f"Incident of {facts.name}, {incident.opened_at:%Y-%m-%d}", path)
        sending = Sending(id=f"outbox-{row.id}", maybe_sent=row.outcome_unknown)
        where = incident.channel_id if incident.ts is not None and incident.channel_id else row.payload["member_id"]
        purser.notifier.send_file(where, whole, TEXT, sending, thread_ts=incident.ts)


def lines(session: Session, facts: IncidentFacts, now: datetime) -> Iterator[str]:
    """The file, line by line: what it was, what it came to, what had been changed, and all that happened."""
    known: dict[str, str] = {}

    def name(member_id: str) -> str:
        if member_id not in known:
            person = people.member(session, member_id)
            known[member_id] = "Purser" if member_id == "purser" else member_id if person is None else person.name
        return plain(known[member_id])

    yield f"# Incident: {plain(facts.name)}"
    yield ""
    yield from (f"- {said}" for said in _summary(facts, name, now))
    if facts.changes:
        yield from ("", "## Changed in the seven days before, and since", "")
        yield from (f"- {_change(one, name)}" for one in facts.changes)
    if facts.incident.evidence.hours:
        yield from ("", "## Spend by hour before it was noticed", "", "| hour (UTC) | spent |", "|---|---:|")
        yield from (f"| {hour:%Y-%m-%d %H:%M} | {show(micros)} |" for hour, micros in facts.incident.evidence.hours)
    yield from ("", "## Timeline (UTC)", "", "| when | who | what | ledger |", "|---|---|---|---:|")
    for row in incidents.timeline(session, facts.incident):
        yield _row(line_of(row), name)


def _row(line: Line, name: Names) -> str:
    said = what_happened(line, name)
    if line.action not in (ASSIGNED, LEFT):  # which hold a name, made plain already
        said = plain(said)
    return f"| {line.at:%Y-%m-%d %H:%M:%S} | {name(line.actor)} | {said} | {line.seq} |"


def _summary(facts: IncidentFacts, name: Names, now: datetime) -> Iterator[str]:
    incident = facts.incident
    yield f"What: {'; '.join(KIND_WORDS[kind] for kind in facts.kinds)}"
    yield from _evidence(incident.evidence, name)
    if facts.team is not None:
        yield f"Team: {plain(facts.team.name)}"
    if facts.project is not None:
        yield f"Project: {plain(facts.project.name)}, led by {name(facts.project.lead_id)}"
    if facts.holder_id is not None:
        yield f"Holder: {name(facts.holder_id)}"
    if facts.lead_id is not None:
        yield f"Answers for it: {name(facts.lead_id)}"
    if facts.approved_by and facts.approved_at is not None:
        agreed = " and ".join(map(name, facts.approved_by))
        yield f"Last agreed to by: {agreed} on {_at(facts.approved_at)}"
    yield f"Opened: {_at(incident.opened_at)} by {name(incident.opened_by)}"
    if facts.again or facts.reopened:
        yield f"Noticed again: {_times(facts.again)}; opened again: {_times(facts.reopened)}"
    if incident.assignee_id is not None:
        yield f"Looked after by: {name(incident.assignee_id)}"
    yield from _spent("Spent since it was opened", facts.since_opened)
    yield from _spent("Spent since the key was off", facts.since_off)
    if incident.closed_at is not None and incident.cause is not None:
        took = int((incident.closed_at - incident.opened_at).total_seconds()) // 60
        by = name(incident.closed_by or "purser")
        yield f"Closed: {_at(incident.closed_at)} by {by}, after {took} minutes; cause: {CAUSE_WORDS[incident.cause]}"
    else:
        yield f"Still open when this was written, {_at(now)}"


def _evidence(seen: Evidence, name: Names) -> Iterator[str]:
    if seen.found is not None:
        posted = f", posted by {name(seen.author_id)}" if seen.author_id else ""
        yield f"Found: {seen.found}{f' in {plain(seen.where, is_link=True)}' if seen.where else ''}{posted}"
    if seen.rule:
        yield f"Rule: {plain(seen.rule)}; seen: {_seen(seen)}"
    if seen.note:
        yield plain(without_secrets(seen.note))


def _times(number: int) -> str:
    return "1 time" if number == 1 else f"{number} times"


def _seen(seen: Evidence) -> str:
    """How much: requests of a loop, money otherwise; in what time, what is usual, and from where on it is abnormal."""
    within = f" in {seen.window_seconds // 60} minutes" if seen.window_seconds else ""
    if seen.seen_count and not seen.seen_micros:
        usual = f"; usual: {seen.usual_count:,}, from {seen.compared} earlier days" if seen.compared else ""
        return f"{seen.seen_count:,} requests failed or were tried again{within}{usual}"
    usual = f"; usual: {show(seen.usual_micros)}, from {seen.compared} earlier times" if seen.compared else ""
    limit = f"; abnormal from {show(seen.limit_micros)}" if seen.limit_micros else ""
    return f"{show(seen.seen_micros)}{within}{usual}{limit}"


def _spent(said: str, since: Since | None) -> Iterator[str]:
    if since is not None:
        fresh = "never told in full" if since.read_at is None else f"as read on {_at(since.read_at)}"
        late = "; it may be spend of before that was told late" if since.may_be_late else ""
        yield f"{said}: {show(since.micros)}, {fresh}{late}"


def _change(one: Change, name: Names) -> str:
    by = "" if one.by is None else f" by {name(one.by)}"
    money = "" if one.micros is None else f", {show(one.micros)}"
    detail = f" {plain(one.detail)}" if one.detail else ""
    return f"{_at(one.at)}: {_CHANGE_WORDS[one.what]}{detail}{by}{money}"


def _at(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~&@-])")


def plain(text: str, *, is_link: bool = False) -> str:
    """Text that Markdown shows as it is: no markup, no table's end, no link or mention comes of what people wrote."""
    flat = "".join(letter if letter.isprintable() else " " for letter in text)
    if is_link and re.fullmatch(r"https://[\w./?=&%#~:-]+", flat):
        return f"<{flat}>"
    return _MARKUP.sub(r"\\\1", flat)
