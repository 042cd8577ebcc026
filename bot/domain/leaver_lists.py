"""Reads a list of people who left: a table (CSV) or SCIM-like JSON. The format is found by looking at it.

A line that cannot be read is kept, with what is wrong; a list that cannot be read at all is refused as a whole.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bot.domain.leavers import Line

MOST_LINES = 100_000
MOST_NOTE_CHARS = 200
_LONGEST_EMAIL = 254

_SLACK_ID = re.compile(r"[UW][A-Z0-9]{3,20}")
_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")
_ODD = re.compile(r"[^a-z0-9]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

SPELLINGS: Mapping[str, frozenset[str]] = {
    "slack_id": frozenset({"slackid", "slack", "slackuser", "slackuserid", "slackmember", "slackmemberid", "memberid"}),
    "email": frozenset({"email", "mail", "emailaddress", "mailaddress", "workemail", "companyemail", "slackemail"}),
    "left_at": frozenset({"leftat", "left", "lefton", "leavingdate", "leavedate", "departuredate", "deactivatedat"}),
    "last_day": frozenset({"lastday", "lastworkingday", "enddate", "terminationdate"}),
    "note": frozenset({"note", "notes", "comment", "remark", "reason"}),
    "active": frozenset({"active", "isactive"}),
}
"""Headings that are understood, in small letters and without what stands between. A last day is worked to its end."""

_NO_DAY = "its day is none: write it like 2026-11-20, or 2026-11-20T17:00Z"
_NOT_ACTIVE = "it does not say `active`: true or false"
_HEADINGS = "`slack_id` or `email`, and perhaps `left_at` and `note`"


class Unreadable(ValueError):
    """The list as a whole cannot be read; the text says why, and what it should look like."""


@dataclass(frozen=True, slots=True)
class LeaverList:
    """What was read."""

    lines: tuple[Line, ...]
    ignored: tuple[str, ...] = ()
    """Headings of columns that mean nothing here."""


def read(text: str) -> LeaverList:
    """Read a whole list. Raises `Unreadable`."""
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise Unreadable(f"The list is empty. A table has a line of headings: {_HEADINGS}.")
    found = _json(text) if text.lstrip()[0] in "[{" else _table(text)
    if len(found.lines) > MOST_LINES:
        raise Unreadable(f"The list has more than {MOST_LINES:,} lines. Split it.")
    return found


# --- tables ---


def _table(text: str) -> LeaverList:
    heading = text.lstrip("\r\n").splitlines()[0]
    delimiter = max(",;\t", key=heading.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    lines: list[Line] = []
    columns: dict[str, int] | None = None
    headings: list[str] = []
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if columns is None:
                headings, columns = row, _columns(row)
                continue
            lines.append(_row(rows.line_num, row, columns, len(headings)))
    except csv.Error as wrong:
        raise Unreadable(f"Line {rows.line_num} is no line of a table: {wrong}.") from None
    used = set((columns or {}).values())
    return LeaverList(tuple(lines), tuple(_text(name) for at, name in enumerate(headings) if at not in used))


def _columns(headings: list[str]) -> dict[str, int]:
    """Which column is what. Raises `Unreadable`."""
    found: dict[str, int] = {}
    for at, heading in enumerate(headings):
        meaning = next((name for name, known in SPELLINGS.items() if _plain(heading) in known), None)
        if meaning is None:
            continue
        if meaning in found:
            raise Unreadable(f"Two columns say the same: {headings[found[meaning]]!r} and {heading!r}. Keep one.")
        found[meaning] = at
    if "slack_id" not in found and "email" not in found:
        shown = ", ".join(_text(heading)[:40] for heading in headings[:10])
        raise Unreadable(f"The first line has to name the columns: {_HEADINGS}. It says: {shown}.")
    return found


def _row(number: int, row: list[str], columns: dict[str, int], width: int) -> Line:
    if len(row) > width:
        return Line(number, wrong=f"it has {len(row)} cells, and the first line {width}")

    def cell(name: str) -> str:
        at = columns.get(name)
        return "" if at is None or at >= len(row) else _text(row[at])

    if "active" in columns and (active := _active(cell("active"))) is not False:
        if active is None:
            return Line(number, wrong=_NOT_ACTIVE)
        return Line(number, slack_id=cell("slack_id"), email=cell("email"), is_active=True)
    return _line(number, cell("slack_id"), cell("email"), (cell("left_at"), cell("last_day")), cell("note"))


def _plain(heading: str) -> str:
    return _ODD.sub("", heading.strip().lower())


# --- JSON ---


def _json(text: str) -> LeaverList:
    try:
        whole = json.loads(text)
    except ValueError:
        return LeaverList(tuple(_json_lines(text)))
    except RecursionError:
        raise Unreadable("This JSON is no list of people.") from None
    missing: list[Line] = []
    if isinstance(whole, dict) and "Resources" in whole:
        missing = _not_in_page(whole)
        whole = whole["Resources"]
    elif isinstance(whole, dict):
        whole = [whole]
    if not isinstance(whole, list):
        raise Unreadable("The JSON has no list of people: `Resources` has to be one.")
    return LeaverList((*(_entry(number, entry) for number, entry in enumerate(whole, 1)), *missing))


def _not_in_page(page: Mapping[str, Any]) -> list[Line]:
    """What a SCIM response says of entries that it leaves to later pages, as a line that was not acted on."""
    listed, total, first = page["Resources"], page.get("totalResults"), page.get("startIndex", 1)
    if not isinstance(listed, list) or not isinstance(total, int) or not isinstance(first, int):
        return []
    after = first + len(listed)
    if total < after:
        return []
    which = f"entries {after} to {total} are" if total > after else f"entry {total} is"
    them = "them" if total > after else "it"
    wrong = f"{which} not in this page: ask for {them} with `startIndex={after}` as well"
    return [Line(len(listed) + 1, wrong=wrong)]


def _json_lines(text: str) -> Iterator[Line]:
    """One object a line. Raises `Unreadable` when no line is one: then it is something else."""
    read_any = False
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            lines.append(Line(number, wrong="it is no JSON"))
            continue
        read_any = True
        lines.append(_entry(number, entry))
    if not read_any:
        raise Unreadable("This begins like JSON and is none. It takes one object a line, a list, or a SCIM response.")
    yield from lines


def _entry(number: int, entry: object) -> Line:
    if not isinstance(entry, dict):
        return Line(number, wrong="it is no JSON object")
    fields = {_plain(str(name)): value for name, value in entry.items()}
    says = next((fields[name] for name in sorted(SPELLINGS["active"]) if name in fields), None)
    is_scim = not fields.keys().isdisjoint({"username", "emails", "schemas", *SPELLINGS["active"]})
    email, wrong = _email_of(fields)
    slack_id = _named(fields, "slack_id") or (_scim_id(fields) if is_scim else "")
    if is_scim and not wrong:
        active = _active(says)
        if active is None:
            wrong = _NOT_ACTIVE
        elif active:
            return Line(number, slack_id=slack_id, email=email, is_active=True)
    if wrong := wrong or _doubt(fields):
        return Line(number, wrong=wrong)
    ends = (_named(fields, "left_at"), _named(fields, "last_day"))
    return _line(number, slack_id, email, ends, _named(fields, "note"))


def _named(fields: Mapping[str, object], meaning: str) -> str:
    """What stands under any spelling of a heading; empty for nothing, and for what is no text."""
    return next(iter(_said(fields, meaning)), "")


def _said(fields: Mapping[str, object], meaning: str) -> list[str]:
    found = (fields[name] for name in sorted(SPELLINGS[meaning] & fields.keys()))
    return [text for value in found if isinstance(value, str) and (text := _text(value))]


def _doubt(fields: Mapping[str, object]) -> str:
    """Why an entry cannot be believed: it says two things where one is wanted, or has a day that is no text."""
    for meaning in ("slack_id", "email", "left_at", "last_day"):
        if len({text.casefold() for text in _said(fields, meaning)}) > 1:
            return f"it says two things about `{meaning}`"
    days = (fields[name] for name in (SPELLINGS["left_at"] | SPELLINGS["last_day"]) & fields.keys())
    return "" if all(day is None or isinstance(day, str) for day in days) else _NO_DAY


def _email_of(fields: Mapping[str, Any]) -> tuple[str, str]:
    """The address of an entry, and what is wrong with it: the primary one, or the only one."""
    if email := _named(fields, "email"):
        return email, ""
    name = fields.get("username")
    username = _text(name) if isinstance(name, str) and _EMAIL.fullmatch(_text(name)) else ""
    listed = fields.get("emails")
    several = listed if isinstance(listed, list) else []
    emails = [one for one in several if isinstance(one, dict) and isinstance(one.get("value"), str)]
    primary = [one for one in emails if one.get("primary") is True]
    chosen = {_text(one["value"]).casefold(): _text(one["value"]) for one in primary or emails}
    if len(chosen) > 1:
        return "", "it has several addresses, and does not say which is the primary one"
    return (next(iter(chosen.values())) if chosen else username), ""


def _scim_id(fields: Mapping[str, object]) -> str:
    """Slack's own SCIM entries have the Slack id as `id`; others may carry it as `externalId`.

    Only what is as long as Slack's ids are: a short number of somebody else's books may look like one.
    """
    for name in ("id", "externalid"):
        value = fields.get(name)
        if isinstance(value, str) and re.fullmatch(r"[UW][A-Z0-9]{8,20}", value.strip()):
            return value.strip()
    return ""


def _active(value: object) -> bool | None:
    """SCIM's `active`, which some senders write as text."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None


# --- both ---


def _line(number: int, slack_id: str, email: str, ends: tuple[str, str], note: str) -> Line:
    wrong = ""
    mentioned = _MENTION.fullmatch(slack_id)
    slack_id = (mentioned[1] if mentioned else slack_id.removeprefix("@")).upper()
    email = email.removeprefix("mailto:")
    if not slack_id and not email:
        wrong = "it names nobody: neither a Slack id nor an address"
    elif slack_id and _SLACK_ID.fullmatch(slack_id) is None:
        wrong = "its Slack id is none: they begin with U or W, such as U012AB3CD"
    elif email and (len(email) > _LONGEST_EMAIL or _EMAIL.fullmatch(email) is None):
        wrong = "its address is none"
    left_at = None
    try:
        left_at = _moment(ends[0]) or _moment(ends[1], is_last_day=True)
    except ValueError:
        wrong = wrong or _NO_DAY
    if wrong:
        return Line(number, wrong=wrong)
    return Line(number, slack_id, email, left_at, " ".join(note.split())[:MOST_NOTE_CHARS])


def _text(value: str) -> str:
    """Text that every terminal and database takes, without blanks around it."""
    return _CONTROLS.sub(" ", value).encode("utf-8", "replace").decode("utf-8").strip()


def _moment(text: str, *, is_last_day: bool = False) -> datetime | None:
    """A day or a moment in ISO 8601, UTC where it names no zone; None for nothing. Raises ValueError.

    A day stands for its beginning, and a last day for its end.
    """
    if not text:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = datetime.combine(date.fromisoformat(text), time(), UTC)
            return day + timedelta(days=1) if is_last_day else day
        if not re.match(r"\d{4}-\d{2}-\d{2}[T ]\d", text):
            raise ValueError(text)
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError as wrong:
        raise ValueError(text) from wrong
