"""Incidents in plain Python: lists and ifs, as one would explain them, to hold the real ones against."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GOES_ON = ("spike", "loop")


@dataclass
class Plain:
    """One incident."""

    key: str
    kind: str
    opened_at: datetime
    seen: int
    state: str = "open"
    assignee: str | None = None
    snoozed_until: datetime | None = None
    quiet_since: datetime | None = None
    closed_at: datetime | None = None
    cause: str | None = None
    rows: list[tuple[str, str, datetime]] = field(default_factory=list)
    """Everything written down for it: what, a detail, when. What becomes of the key is not in here."""

    def write(self, what: str, detail: str, now: datetime) -> None:
        self.rows.append((what, detail, now))

    def reopen(self, detail: str, now: datetime) -> None:
        self.state, self.cause, self.closed_at = "open", None, None
        self.assignee, self.snoozed_until, self.quiet_since = None, None, now
        self.write("reopened", detail, now)


@dataclass
class People:
    """Who is what, about one key."""

    holder: str
    lead: str | None
    owners: tuple[str, ...]

    def may(self, who: str, deed: str) -> bool:
        if who == self.holder and deed in ("acknowledge", "export"):
            return True
        answering = {*self.owners, self.lead}
        return who in answering and (who != self.holder or answering <= {self.holder, None})


class PlainBooks:
    """All incidents, in the order in which they were opened."""

    def __init__(self) -> None:
        self.all: list[Plain] = []

    def open_about(self, key: str) -> Plain | None:
        return next((one for one in self.all if one.key == key and one.state != "closed"), None)

    def notice(self, key: str, kind: str, seen: int, began: datetime, now: datetime) -> Plain:
        """What becomes of something that is noticed."""
        found = self.open_about(key)
        if found is not None:
            self._again(found, kind, now)
            return found
        last = next((one for one in reversed(self.all) if one.key == key), None)
        if last is not None and last.closed_at is not None:
            ago = now - last.closed_at
            if kind == "after_off" and ago <= 30 * DAY:
                last.reopen(kind, now)
                return last
            if kind == last.kind and kind != "after_off" and ago <= DAY:
                if kind in GOES_ON and (
                    began <= last.closed_at or (last.cause == "expected" and seen <= 2 * last.seen)
                ):
                    return last
                last.seen = seen
                last.reopen(kind, now)
                return last
        new = Plain(key, kind, now, seen)
        new.write("opened", kind, now)
        self.all.append(new)
        return new

    def _again(self, one: Plain, kind: str, now: datetime) -> None:
        noticed = ("opened", "again", "reopened")
        lately = now - (DAY if one.state == "acknowledged" else HOUR)
        if kind in GOES_ON and any(what in noticed and detail == kind and at > lately for what, detail, at in one.rows):
            return
        one.write("again", kind, now)
        if kind != one.kind and kind not in GOES_ON:
            one.state, one.assignee, one.snoozed_until, one.quiet_since = "open", None, None, now

    def remind(self, now: datetime, every: timedelta) -> None:
        """Everybody who is due is reminded."""
        for one in self.all:
            why = self._due(one, now, every)
            if why is not None:
                one.write("reminded", why, now)
                one.quiet_since, one.snoozed_until = now, None

    @staticmethod
    def _due(one: Plain, now: datetime, every: timedelta) -> str | None:
        if one.state == "closed":
            return None
        if one.snoozed_until is not None:
            return "snooze_over" if one.snoozed_until <= now else None
        quiet = now - (one.quiet_since or one.opened_at)
        if one.state == "open":
            return "unacknowledged" if quiet >= every else None
        return "still_open" if quiet >= DAY else None
