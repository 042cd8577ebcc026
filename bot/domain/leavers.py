"""A list of people who left, from outside Slack: whom each of its lines means, and what it cannot say.

A line means one person or nobody. Whatever is in doubt is listed for a person to look at, and never guessed.
`leaver_lists` reads the list itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.people import Member


@dataclass(frozen=True, slots=True)
class Line:
    """What one line of a list says."""

    number: int
    """Where it stands: the line of the file, or the entry of a JSON list, counted from 1."""
    slack_id: str = ""
    email: str = ""
    left_at: datetime | None = None
    note: str = ""
    is_active: bool = False
    """A list of everybody says so of those who are still here."""
    wrong: str = ""
    """Why it cannot be read; empty when it can."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account in Slack, as far as a list could mean it."""

    person: Member
    email: str = field(default="", repr=False)
    is_email_confirmed: bool = False
    """Whether Slack itself has verified the address."""

    @property
    def id(self) -> str:
        """The Slack user id."""
        return self.person.id


class Reading(StrEnum):
    """What a line comes to."""

    LEAVES = "leaves"
    """It means one person, who is still here as far as Purser knows."""
    IS_GONE = "is_gone"
    """It means one person, of whom Purser knows already."""
    ACTIVE = "active"
    """It says that somebody is still here."""
    TWICE = "twice"
    """An earlier line means the same person."""
    UNDONE = "undone"
    """A list said so before, and an owner undid it."""
    TOO_EARLY = "too_early"
    NOBODY = "nobody"
    SEVERAL = "several"
    BOT = "bot"
    UNVERIFIED = "unverified"
    DISAGREES = "disagrees"
    ELSEWHERE = "elsewhere"
    NO_EMAILS = "no_emails"
    UNREADABLE = "unreadable"


SETTLED = frozenset({Reading.LEAVES, Reading.IS_GONE, Reading.ACTIVE, Reading.TWICE})
"""All other lines are not acted on, and somebody has to look at them."""

SCOPE = "users:read.email"
"""What the Slack app needs to see addresses."""


@dataclass(frozen=True, slots=True)
class Match:
    """What became of one line: whom it means, if it means anybody, and why not."""

    line: Line
    reading: Reading
    account: Account | None = None
    """The one person; None unless the line leaves no doubt."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What Slack and the books know of whom a list may mean."""

    workspace_id: str
    accounts: Iterable[Account]
    gone: Collection[str]
    """People of whom there is nothing new in that they left, by Slack user id."""
    undone: Mapping[str, datetime]
    """When a list last said of people that they left, where an owner undid just that."""
    tells_emails: bool
    """Whether Slack tells Purser addresses at all."""
    back: Mapping[str, datetime] = field(default_factory=dict)
    """Since when people are back, or their leaving was undone, of whom the books know no later leaving."""


def match_all(lines: Iterable[Line], known: Known, now: datetime) -> list[Match]:
    """Whom each line means. Nobody is meant by two lines: the second says which was the first.

    Somebody of whom another line says that they are still here, or leave later, does not leave: which is right is not
    guessed.
    """
    book = _Book(known)
    each = [_match(line, book, now) for line in lines]
    stay = _who_stays(each)
    first: dict[str, int] = {}
    return [_beside_others(found, stay, first) for found in each]


def _beside_others(found: Match, stay: Mapping[str, str], first: dict[str, int]) -> Match:
    """What becomes of a line beside all others. `first` remembers which line named somebody first."""
    line, account = found.line, found.account
    if account is None or found.reading not in {Reading.LEAVES, Reading.IS_GONE}:
        return found
    if doubt := _doubt(line, account, stay):
        return Match(line, Reading.DISAGREES, why=doubt)
    earlier = first.setdefault(account.id, line.number)
    if earlier == line.number:
        return found
    return Match(line, Reading.TWICE, account, f"the same person as line {earlier}")


def _who_stays(matches: Iterable[Match]) -> dict[str, str]:
    """Slack ids and addresses of whom lines say that they are still here, or leave later; and what they say."""
    stay: dict[str, str] = {}
    for one in matches:
        number, names = one.line.number, [one.line.slack_id.upper(), folded(one.line.email)]
        if one.reading is Reading.ACTIVE:
            stay |= {name: f"line {number} says that this person is still here" for name in names if name}
        elif one.reading is Reading.TOO_EARLY and one.account is not None:
            stay[one.account.id] = f"line {number} says that this person leaves later"
    return stay


def _doubt(line: Line, account: Account, stay: Mapping[str, str]) -> str:
    """Why this person may not have left, by what other lines say; empty where none says so."""
    names = (account.id, folded(account.email), folded(line.email))
    return next((stay[name] for name in names if name in stay), "")


def wanted(lines: Iterable[Line]) -> tuple[frozenset[str], frozenset[str]]:
    """Slack ids and addresses of those who left by a list: no more of Slack's people are kept or asked for."""
    readable = [line for line in lines if not line.wrong and not line.is_active]
    return (
        frozenset(line.slack_id for line in readable if line.slack_id),
        frozenset(folded(line.email) for line in readable if line.email),
    )


def folded(email: str) -> str:
    """An address as it is compared: upper and lower case are the same."""
    return email.strip().casefold()


class _Book:
    """Accounts by id and by address."""

    def __init__(self, known: Known) -> None:
        self.workspace_id = known.workspace_id
        self.gone = frozenset(known.gone)
        self.undone = dict(known.undone)
        self.back = dict(known.back)
        self.tells_emails = known.tells_emails
        self.by_id: dict[str, Account] = {account.id: account for account in known.accounts}
        by_email: dict[str, list[Account]] = {}
        for account in self.by_id.values():
            if account.email:
                by_email.setdefault(folded(account.email), []).append(account)
        self.by_email: Mapping[str, list[Account]] = by_email


def _match(line: Line, book: _Book, now: datetime) -> Match:
    if line.wrong:
        return Match(line, Reading.UNREADABLE, why=line.wrong)
    if line.is_active:
        return Match(line, Reading.ACTIVE, why="still here, says the list")
    found = _by_id(line, book) if line.slack_id else _by_email(line, book)
    account = found.account
    if account is None:
        return found
    if line.slack_id and line.email and (doubt := _disagreement(line, account, book)):
        return Match(line, Reading.DISAGREES, why=doubt)
    if account.person.is_bot:
        return Match(line, Reading.BOT, why=f"{account.id} is a bot, and no person")
    if account.person.workspace_id != book.workspace_id:
        return Match(line, Reading.ELSEWHERE, why=f"{account.id} belongs to another Slack workspace")
    if line.left_at is not None and line.left_at > now:
        return Match(line, Reading.TOO_EARLY, account, f"leaves on {line.left_at:%Y-%m-%d %H:%M} UTC: not yet")
    if (past := _told_before(line, account, book)) is not None:
        return past
    if account.id in book.gone:
        return Match(line, Reading.IS_GONE, account, "known to have left already")
    return Match(line, Reading.LEAVES, account)


def _told_before(line: Line, account: Account, book: _Book) -> Match | None:
    """What a line comes to that tells of a leaving which is over by now; None for any other."""
    undone_at = book.undone.get(account.id)
    if undone_at is not None and (line.left_at is None or line.left_at <= undone_at):
        why = f"a list said so on {undone_at:%Y-%m-%d}, and an owner undid it. A later day of leaving counts anew"
        return Match(line, Reading.UNDONE, account, why)
    back_at = book.back.get(account.id)
    if back_at is not None and line.left_at is not None and line.left_at < back_at:
        why = f"{account.id} left before, and is back since {back_at:%Y-%m-%d}. A later day of leaving counts anew"
        return Match(line, Reading.DISAGREES, why=why)
    return None


def _by_id(line: Line, book: _Book) -> Match:
    account = book.by_id.get(line.slack_id)
    if account is None:
        return Match(line, Reading.NOBODY, why=f"Slack knows nobody with the id {line.slack_id}")
    return Match(line, Reading.LEAVES, account)


def _by_email(line: Line, book: _Book) -> Match:
    if not book.tells_emails:
        why = f"Slack does not tell Purser addresses: give its app the scope {SCOPE}, or say the Slack id"
        return Match(line, Reading.NO_EMAILS, why=why)
    found = book.by_email.get(folded(line.email), [])
    if not found:
        return Match(line, Reading.NOBODY, why="nobody in Slack has this address")
    if len(found) > 1:
        ids = ", ".join(sorted(account.id for account in found))
        return Match(line, Reading.SEVERAL, why=f"{len(found)} accounts have this address: {ids}. Say the Slack id")
    [account] = found
    if not account.is_email_confirmed:
        why = f"Slack has not verified that this address belongs to {account.id}. Say the Slack id"
        return Match(line, Reading.UNVERIFIED, why=why)
    return Match(line, Reading.LEAVES, account)


def _disagreement(line: Line, account: Account, book: _Book) -> str:
    """Why id and address of a line do not mean one person; empty when they may. Without addresses, the id counts."""
    others = [one.id for one in book.by_email.get(folded(line.email), []) if one.id != account.id]
    if others:
        return f"the id is {account.id}, and the address belongs to {', '.join(sorted(others))}"
    if account.email and folded(account.email) != folded(line.email):
        return f"{account.id} has another address in Slack"
    return ""
