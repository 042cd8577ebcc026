"""`/ai-budget`: what is left, asking for more, and, for owners, setting a budget.

Whom or what a limit is of comes as a word: a team, a project's name, a person's id, a key's label. Which limit that
is, and who may change it, is the services' to judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.services.raising import AskRaise
from bot.services.setting import BudgetSetting
from bot.services.words import KeyWord, PersonWord, ProjectWord, TeamWord
from bot.slack.grammar.terms import Reader, bare, is_amount
from bot.slack.grammar.text import (
    HELP_WORDS,
    Help,
    Mistake,
    Slip,
    is_secret,
    is_surely_label,
    label,
    name,
    needed_reason,
    not_a_person,
    person,
    quote,
    split,
    unwrapped,
)

SHOW = "/ai-budget"
RAISE = "/ai-budget raise $200 team until 15 December launch week"
RAISE_DAY = "/ai-budget raise $5/day ci-7kq2 for 7d larger test runs"
SET = "/ai-budget set project reranker $300"
QUEUE = "/ai-budget queue"
WHAT_FOR = "Say in a few words what it is for."

TargetWord = TeamWord | ProjectWord | PersonWord | KeyWord


@dataclass(frozen=True, slots=True)
class ShowBudgets:
    """Every limit that binds the caller."""


@dataclass(frozen=True, slots=True)
class ShowQueue:
    """What waits for the caller's word."""


@dataclass(frozen=True, slots=True)
class OpenRaiseForm:
    """`raise` without more: a form helps."""


BudgetCommand = ShowBudgets | ShowQueue | OpenRaiseForm | AskRaise | BudgetSetting | Help | Mistake


def parse(text: str, now: datetime) -> BudgetCommand:
    """Read what follows `/ai-budget`. Never raises."""
    tokens = split(text)
    if not tokens:
        return ShowBudgets()
    word = tokens[0].lower()
    if word in HELP_WORDS:
        return Help()
    try:
        if word == "raise":
            return _raise(tokens[1:], now) if len(tokens) > 1 else OpenRaiseForm()
        return _READERS[word](tokens[1:]) if word in _READERS else _unknown(tokens[0])
    except Slip as slip:
        return slip.mistake


def _unknown(word: str) -> Mistake:
    return Mistake(f"There is raise, set and queue, but not {quote(word)}.", RAISE)


def _raise(tokens: list[str], now: datetime) -> AskRaise:
    """`[to] $200 [limit] [until day | for 7d] reason`, all but the reason in any order."""
    typed, target, to = Reader(tokens, RAISE), _Target(RAISE), False
    if typed.project:
        target.take(ProjectWord(typed.project))
    while typed.left:
        if typed.left[0].lower() in {"to", "by"} and _money_next(typed):
            to, typed.left = typed.left[0].lower() == "to", typed.left[1:]
        taken = typed.take_until(now) or typed.take_time() or typed.take_daily()
        if not taken and not typed.take_amount(plain=typed.cap_micros is None) and not target.read(typed):
            break
    daily = typed.daily_micros is not None
    micros = typed.daily_micros or typed.cap_micros
    if micros is None:
        raise _no_amount(typed)
    if daily and typed.cap_micros is not None:
        raise Slip("One limit at a time: a cap per day or a cap a month.", RAISE_DAY)
    if daily and not isinstance(target.found, KeyWord):
        raise Slip("Only an automation key has a cap per day: name it by its label.", RAISE_DAY)
    if typed.models is not None:
        raise Slip("A raise is about money only: leave out models=.", RAISE)
    said = needed_reason(tuple(typed.left), WHAT_FOR, RAISE)
    return AskRaise(micros, said, to=to, daily=daily, target=target.found, ends_at=_end(typed, now))


def _money_next(typed: Reader) -> bool:
    after = typed.left[1] if len(typed.left) > 1 else ""
    return is_amount(after, plain=True) or after.lower().endswith("/day")


def _end(typed: Reader, now: datetime) -> datetime | None:
    if typed.duration_seconds is None:
        return typed.ends_at
    if typed.ends_at is not None:
        raise Slip("Say for how long, or until when, not both.", RAISE)
    return now + timedelta(seconds=typed.duration_seconds)


def _no_amount(typed: Reader) -> Slip:
    if any(map(is_secret, typed.left)):
        return Slip("That looks like a key. A raise needs its label. If it leaked, turn it off now.", RAISE)
    if any(is_amount(token, plain=False) for token in typed.left):
        return Slip("The amount comes first, then what it is for.", RAISE)
    return Slip("Say by how much.", RAISE)


class _Target:
    """The one limit that a line names."""

    def __init__(self, example: str) -> None:
        self.example = example
        self.found: TargetWord | None = None

    def read(self, typed: Reader) -> bool:
        """Take a limit off the front of the line; whether there was one."""
        skip = 1 if len(typed.left) > 1 and typed.left[0].lower() in {"for", "of"} else 0
        ahead = typed.left[skip : skip + 2]
        if not ahead:
            return False
        word = ahead[0].lower()
        if word == "team":
            return self._took(TeamWord(), typed, skip + 1)
        if word in {"project", "key"}:
            if len(ahead) < 2:
                raise Slip(f"Say which {word}.", self.example)
            named = name(ahead[1], self.example) if word == "project" else label(ahead[1], self.example)
            return self._took(ProjectWord(named) if word == "project" else KeyWord(named), typed, skip + 2)
        if ahead[0].startswith(("<@", "<!", "@")):
            found = person(ahead[0])
            if found is None:
                raise not_a_person(bare(ahead[0]), self.example)
            return self._took(PersonWord(found), typed, skip + 1)
        plain = unwrapped(ahead[0])
        if is_surely_label(plain) and not ahead[0].startswith(("'", '"')):
            return self._took(KeyWord(plain.lower()), typed, skip + 1)
        return False

    def take(self, word: TargetWord) -> None:
        """This is the limit. Raises `Slip` for a second one."""
        if self.found is not None:
            raise Slip("One limit at a time. Put a reason that starts with one in quotes.", self.example)
        self.found = word

    def _took(self, word: TargetWord, typed: Reader, length: int) -> bool:
        self.take(word)
        typed.left = typed.left[length:]
        return True


def _set(tokens: list[str]) -> BudgetSetting:
    """`team|project NAME|@user $300 [hard|soft]`, in any order."""
    typed, target, hard = Reader(tokens, SET), _Target(SET), None
    while typed.left:
        word = typed.ahead.lower()
        if word in {"hard", "soft"}:
            if hard is not None:
                raise Slip("A budget is hard or soft, not both.", SET)
            hard, typed.left = word == "hard", typed.left[1:]
        elif not typed.take_amount(plain=typed.cap_micros is None) and not target.read(typed):
            raise _no_setting(typed.left[0])
    if target.found is None:
        raise Slip("Say whose budget: team, project NAME or @name.", SET)
    if isinstance(target.found, KeyWord):
        raise Slip("A key's cap is not set but raised.", "/ai-budget raise $20 ana-7kq2 until 15 December more runs")
    if typed.cap_micros is None:
        raise Slip("Say how much a month.", SET)
    return BudgetSetting(target.found, typed.cap_micros, hard)


def _no_setting(token: str) -> Slip:
    if token.lower().endswith("/day"):
        return Slip("Budgets are per month. An automation key's day is raised.", RAISE_DAY)
    return Slip(f"Team, project NAME or @name, an amount, hard or soft; not {quote(token)}.", SET)


def _queue(tokens: list[str]) -> BudgetCommand:
    if tokens:
        raise Slip("`queue` shows what waits for you and takes nothing else.", QUEUE)
    return ShowQueue()


_READERS: dict[str, Callable[[list[str]], BudgetCommand]] = {"set": _set, "queue": _queue}
