"""What is true of an organisation, counted from what happened in it. Knows nothing of Purser's code, rules or books.

A person is here or not. A key has somebody who holds it, perhaps a lead, and one of four standings: it must work, it
must not, it may do either (what happened has not had time to be heard of), or it is of no more interest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

PERSONAL = ("temporary", "member")


class Standing(StrEnum):
    """Whether a key has to work."""

    MUST = "must work"
    MUST_NOT = "must not work"
    EITHER = "either"


@dataclass
class Person:
    """Somebody who is or was in the workspace."""

    id: str
    team: str
    is_owner: bool = False
    is_guest: bool = False
    is_here: bool = True
    is_hidden: bool = False
    """Whether Slack tells nothing of them any more, though they are there."""
    is_met: bool = False
    """Whether Purser has ever heard of them."""
    left: list[datetime] = field(default_factory=list)
    """Each time they left."""
    back: list[datetime] = field(default_factory=list)
    """Each time they came back."""
    heard: dict[datetime, datetime] = field(default_factory=dict)
    """When Purser must have known, by when they left."""
    shown: bool = False
    """Whether Purser may know, in whatever way, that they last left."""

    def was_here(self, at: datetime) -> bool:
        """Whether they were there at a moment."""
        return sum(moment <= at for moment in self.left) == sum(moment <= at for moment in self.back)


@dataclass
class Held:
    """A key that was handed out, and who answers for it."""

    id: str
    handle: str
    kind: str
    team: str
    holder: str
    made_at: datetime
    lead: str | None = None
    ends_at: datetime | None = None
    over: str = ""
    """Why it is off for good, or until somebody restores it; empty while nothing ended it."""
    over_at: datetime | None = None
    bereft: dict[str, datetime] = field(default_factory=dict)
    """Those who left and whose part nobody has taken over, and when they left."""
    restored_at: datetime | None = None

    @property
    def is_personal(self) -> bool:
        return self.kind in PERSONAL

    def answered_for_by(self, person_id: str) -> bool:
        return person_id in (self.holder, self.lead)


LEFT = "its holder left"


class Truth:
    """Everybody there ever was, every key there ever was."""

    def __init__(self, days_to_take_over: float) -> None:
        self.people: dict[str, Person] = {}
        self.keys: dict[str, Held] = {}
        self.patience = timedelta(days=days_to_take_over)
        self._of: dict[str, set[str]] = {}

    # --- what happens ---

    def joined(self, person: Person) -> None:
        self.people[person.id] = person

    def handed_out(self, key: Held) -> None:
        self.keys[key.id] = key
        for who in (key.holder, key.lead):
            if who is not None:
                self._of.setdefault(who, set()).add(key.id)

    def went(self, person_id: str, at: datetime) -> None:
        """Somebody is gone from the workspace, whoever has heard of it."""
        person = self.people[person_id]
        assert person.is_here, person
        person.is_here, person.shown = False, False
        person.left.append(at)
        for key in self.of(person_id):
            if key.over:
                continue
            if key.is_personal:
                self.ended(key, LEFT, at)
            else:
                key.bereft.setdefault(person_id, at)

    def came_back(self, person_id: str, at: datetime) -> None:
        """Somebody is in the workspace again. What they held is as it was, on or off."""
        person = self.people[person_id]
        assert not person.is_here, person
        person.is_here = True
        person.back.append(at)
        if not person.shown:
            self._never_noticed(person)

    def may_have_heard_of(self, person_id: str) -> None:
        """Something said that they left; whether that was enough is open."""
        self.people[person_id].shown = True

    def heard_of(self, person_id: str, at: datetime) -> None:
        """By now Purser must know that they last left."""
        person = self.people[person_id]
        person.shown = True
        person.heard.setdefault(person.left[-1], at)

    def ended(self, key: Held, why: str, at: datetime) -> None:
        key.over, key.over_at, key.restored_at = why, at, None
        key.bereft.clear()

    def taken_over(self, key: Held, holder: str, lead: str | None) -> None:
        """These answer for a key from now on; whoever left and still has a part in it is still to be replaced."""
        key.holder, key.lead = holder, lead
        key.bereft = {who: left for who, left in key.bereft.items() if key.answered_for_by(who)}
        for who in (holder, lead):
            if who is not None:
                self._of.setdefault(who, set()).add(key.id)

    def put_back(self, person_id: str, at: datetime) -> None:
        """It was wrong that somebody was out: what went off because of it works again."""
        left = self.people[person_id].left[-1]
        for key in self.of(person_id):
            if key.over == LEFT and key.over_at == left and (key.ends_at is None or key.ends_at > at):
                key.over, key.over_at, key.restored_at = "", None, at
            elif key.bereft.get(person_id) == left:
                del key.bereft[person_id]  # of others who left as well, time to take over begins anew
                key.restored_at = at

    def time_passed(self, now: datetime) -> None:
        """Keys whose time is over end."""
        for key in self.keys.values():
            if not key.over and key.ends_at is not None and key.ends_at <= now:
                self.ended(key, "its time was over", key.ends_at)

    def _never_noticed(self, person: Person) -> None:
        """They were away for so short that nobody saw it: nothing follows."""
        for key in self.of(person.id):
            if key.bereft.get(person.id) == person.left[-1]:
                del key.bereft[person.id]
            if key.over == LEFT and key.over_at == person.left[-1]:
                key.over, key.over_at = "", None

    # --- what follows ---

    def of(self, person_id: str) -> Iterator[Held]:
        """Keys that somebody answers for now, by id."""
        for key_id in sorted(self._of.get(person_id, ())):
            key = self.keys[key_id]
            if key.answered_for_by(person_id):
                yield key

    def here(self, team: str | None = None) -> list[Person]:
        return [one for one in self.people.values() if one.is_here and team in (None, one.team)]

    def gone(self) -> list[Person]:
        return [one for one in self.people.values() if not one.is_here]

    def last_stop(self, key: Held) -> datetime | None:
        """Before this moment a key that nobody took over must not be stopped; None while somebody answers for it."""
        return min(key.bereft.values()) + self.patience if key.bereft else None

    def standing(self, key: Held, now: datetime, grace: timedelta) -> Standing:
        """Whether a key has to work, given how long what happens may take to be heard of and done.

        A personal key of somebody who left must be off once they were heard of, and so much later. One that others
        depend on must go on until the policy's days are over, and must be off so long after that counted from when
        Purser heard.
        """
        if key.over:
            return Standing.MUST_NOT if self._is_surely_over(key, now, grace) else Standing.EITHER
        if not key.bereft:
            return Standing.EITHER if self._is_coming_back(key, now, grace) else Standing.MUST
        if now < min(key.bereft.values()) + self.patience:
            return Standing.EITHER if self._is_coming_back(key, now, grace) else Standing.MUST
        heard = [self._heard(who, left) for who, left in key.bereft.items()]
        known = [max(at, key.restored_at or at) for at in heard if at is not None]
        return Standing.MUST_NOT if known and now > min(known) + self.patience + grace else Standing.EITHER

    @staticmethod
    def _is_coming_back(key: Held, now: datetime, grace: timedelta) -> bool:
        return key.restored_at is not None and now < key.restored_at + grace

    def _is_surely_over(self, key: Held, now: datetime, grace: timedelta) -> bool:
        assert key.over_at is not None, key
        if key.over != LEFT:
            return now > key.over_at + grace
        heard = self._heard(key.holder, key.over_at)
        return heard is not None and now > heard + grace

    def _heard(self, person_id: str, left: datetime) -> datetime | None:
        return self.people[person_id].heard.get(left)


def label(keys: Iterable[Held]) -> list[str]:
    """Keys as a failing test shows them."""
    return [f"{key.id} {key.kind} of {key.holder}/{key.lead} over={key.over!r} bereft={key.bereft}" for key in keys]
