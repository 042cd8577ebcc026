"""Amounts, times, models and projects as they are typed into one line, in whatever order.

A `Reader` takes terms off the front of a line, one at a time; what it leaves is the reason.
"""

from __future__ import annotations

import re
from datetime import datetime

from bot.domain import money
from bot.domain.periods import DAY_SECONDS, BadDuration, parse_duration
from bot.slack.grammar import dates
from bot.slack.grammar.text import Slip, capital, name, not_a_person, person, quote

LONGEST_SECONDS = 366 * DAY_SECONDS
MODELS_MOST = 50
MODEL_CHARS = 150
TWO_OF_A_KIND = "Put a reason that starts with one in quotes."

_LONGEST_TERM = 40
"""No amount or time is written with more characters; patterns never see longer words."""
_CURRENCY = re.compile(r"[-+]?[$€£¥₹₿]\S*|[-+]?[\d.,]+[$€£¥₹₿]")
_OTHER_CURRENCY = re.compile(r"[€£¥₹₿]")
_NUMBER = re.compile(r"[-+]?[\d.,]*\d[\d.,]*(?:e[-+]?\d+)?(?:k|m|usd)?|[-+]?(?:nan|inf|infinity)", re.IGNORECASE)
_UNITS = r"mins?|minutes?|hours?|hrs?|days?|weeks?|months?|years?|secs?|seconds?"
_SPAN = re.compile(rf"[-+]?[\d.,]*\d[\d.,]*(?:[mhdwys]|mo|{_UNITS})", re.IGNORECASE)
_SPAN_UNIT = re.compile(_UNITS, re.IGNORECASE)
_SPAN_NUMBER = re.compile(r"[-+]?[\d.,]*\d")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+*\-]*")
_A_MONTH = re.compile(r"/(?:month|mo)$", re.IGNORECASE)
_A_DAY = re.compile(r"/(?:day|d)$", re.IGNORECASE)
_PER_DAY = (("/day",), ("/d",), ("a", "day"), ("per", "day"), ("daily",))


def amount(token: str, example: str) -> int:
    """An amount in micro-USD; `/month` and `/mo` may follow. Raises `Slip`."""
    if _OTHER_CURRENCY.search(token):
        raise Slip("Amounts are in US dollars, such as $25.", example)
    try:
        return money.parse(_A_MONTH.sub("", token))
    except money.BadAmount as problem:
        raise Slip(f"{capital(str(problem))}.", example) from None


def duration(text: str, example: str) -> int:
    """A time in seconds, at most a year. Raises `Slip`."""
    try:
        seconds = parse_duration(text)
    except BadDuration as problem:
        raise Slip(f"{capital(str(problem))}.", example) from None
    if seconds > LONGEST_SECONDS:
        raise Slip("That is longer than a year.", example)
    return seconds


def is_amount(token: str, *, plain: bool) -> bool:
    """Whether a word is meant as money: it has a currency sign, or is a number where `plain` ones count."""
    if len(token) > _LONGEST_TERM:
        return token[:1] in "$€£¥₹₿"
    return bool(_CURRENCY.fullmatch(token)) or (plain and _NUMBER.fullmatch(token) is not None)


def span(tokens: list[str]) -> int:
    """How many of the first words are meant as a time: `7d` one, `7 days` two, else none."""
    if any(len(token) > _LONGEST_TERM for token in tokens[:2]):
        return 1 if len(tokens[0]) <= _LONGEST_TERM and _SPAN.fullmatch(tokens[0]) else 0
    if tokens and _SPAN.fullmatch(tokens[0]):
        return 1
    two = len(tokens) > 1 and _SPAN_NUMBER.fullmatch(tokens[0]) and _SPAN_UNIT.fullmatch(tokens[1])
    return 2 if two else 0


class Reader:
    """Takes terms off the front of a line. Each `take_` says whether it took one, and raises `Slip` for a second."""

    def __init__(self, tokens: list[str], example: str) -> None:
        """Read these words; a `Slip` shows the example."""
        self.example = example
        self.models, left = _take_models(tokens, example)
        self.project, self.left = _take_project(left, example)
        self.cap_micros: int | None = None
        self.daily_micros: int | None = None
        self.duration_seconds: int | None = None
        self.ends_at: datetime | None = None
        self.person_id: str | None = None

    @property
    def ahead(self) -> str:
        """The next word, without a comma after it or quotes around it."""
        return bare(self.left[0]) if self.left else ""

    def take_time(self) -> bool:
        """`7d`, `7 days`, `for 7 days`."""
        skip = 1 if len(self.left) > 1 and self.left[0].lower() == "for" else 0
        ahead = [bare(word) for word in self.left[skip : skip + 2]]
        length = span(ahead)
        if length:
            self._only_one(self.duration_seconds, "times")
            self.duration_seconds = duration(" ".join(ahead[:length]), self.example)
            self.left = self.left[skip + length :]
        return length > 0

    def take_amount(self, *, plain: bool) -> bool:
        """`$25`, `$25/month`; a plain `25` where those count."""
        if not is_amount(_A_MONTH.sub("", self.ahead), plain=plain):
            return False
        self._only_one(self.cap_micros, "amounts")
        self.cap_micros = amount(self.ahead, self.example)
        self.left = self.left[1:]
        return True

    def take_daily(self) -> bool:
        """`$10/day`, `$10 a day`, `10/day`."""
        token, length = _A_DAY.sub("", self.ahead), 1
        if token == self.ahead:
            after = [bare(word).lower() for word in self.left[1:3]]
            words = next((words for words in _PER_DAY if tuple(after[: len(words)]) == words), ())
            length = 1 + len(words) if words else 0
        if not length or not is_amount(token, plain=True):
            return False
        self._only_one(self.daily_micros, "amounts per day")
        self.daily_micros = amount(token, self.example)
        self.left = self.left[length:]
        return True

    def take_until(self, now: datetime) -> bool:
        """`until 2026-12-15`, `until 15 December`: through that day."""
        found = dates.until([bare(word) for word in self.left[:5]], now, self.example)
        if found is None:
            return False
        self._only_one(self.ends_at, "end dates")
        self.ends_at, length = found
        self.left = self.left[length:]
        return True

    def take_person(self) -> bool:
        """`@omar`, as Slack hands mentions over."""
        if not self.left or not self.left[0].startswith(("<@", "<!", "@")):
            return False
        found = person(self.left[0])
        if found is None:
            raise not_a_person(bare(self.left[0]), self.example)
        self._only_one(self.person_id, "people")
        self.person_id, self.left = found, self.left[1:]
        return True

    def _only_one(self, held: object | None, what: str) -> None:
        if held is not None:
            raise Slip(f"There are two {what}. {TWO_OF_A_KIND}", self.example)


def read_terms(reader: Reader, now: datetime | None = None, *, daily: bool = False) -> None:
    """Amounts and times in any order, and with `now` an end date; a plain number is an amount only as first word.

    Reading stops at the first other word. Raises `Slip` for what is meant as one of them but is not.
    """
    first = True
    while reader.left and (
        (now is not None and reader.take_until(now))
        or reader.take_time()
        or (daily and reader.take_daily())
        or reader.take_amount(plain=first)
    ):
        first = False
    if reader.cap_micros is not None and reader.duration_seconds is None and re.fullmatch(r"\d{1,4}", reader.ahead):
        what = quote(reader.left[0])
        raise Slip(f"Say what {what} is: a time has a unit, such as 7d or 36h.", reader.example)


def bare(word: str) -> str:
    """A word without a comma after it or quotes around it; one that only begins a quotation stays as it is."""
    plain = word.rstrip(",;") or word
    quoted = len(plain) > 2 and plain[0] == plain[-1] and plain[0] in "\"'`"
    return plain[1:-1] if quoted else plain


def _assigned(tokens: list[str], pattern: str) -> int | None:
    """Where the first unquoted `name=` stands, or None."""
    at = next((i for i, word in enumerate(tokens) if re.match(pattern, word, re.IGNORECASE)), None)
    opened = next((i for i, word in enumerate(tokens) if word.startswith('"')), len(tokens))
    return None if at is None or at > opened else at


def _take_models(tokens: list[str], example: str) -> tuple[tuple[str, ...] | None, list[str]]:
    """The one `models=a,b` among unquoted words, and the other words."""
    left = list(tokens)
    at = _assigned(left, r"models?=")
    if at is None:
        return None, left
    given = left.pop(at).partition("=")[2]
    while given.endswith(",") and at < len(left):
        given += left.pop(at)
    names = tuple(dict.fromkeys(one.strip("`\"'") for one in given.split(",") if one))
    good = all(len(one) <= MODEL_CHARS and _MODEL.fullmatch(one) for one in names)
    if not names or not good or len(names) > MODELS_MOST:
        raise Slip("Models are named with commas and no spaces, as in models=gpt-4o,gpt-4o-mini.", example)
    return names, left


def _take_project(tokens: list[str], example: str) -> tuple[str, list[str]]:
    """The one `project=NAME` among unquoted words, or nothing, and the other words."""
    left = list(tokens)
    at = _assigned(left, r"project=")
    if at is None:
        return "", left
    given = left.pop(at).partition("=")[2]
    if not given.strip("`\"',"):
        raise Slip("Say which project, as in project=reranker.", example)
    return name(given, example), left
