"""The bricks of the grammar: typed text made plain, secrets told from labels, amounts, times and reasons read.

Nothing here repeats a word back that could be a secret, and a reason never carries one further.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain import money
from bot.domain.periods import DAY_SECONDS, BadDuration, parse_duration

REASON_MIN_CHARS = 3
REASON_MAX_CHARS = 500
LONGEST_SECONDS = 366 * DAY_SECONDS
MODELS_MOST = 50
MODEL_CHARS = 150


@dataclass(frozen=True, slots=True)
class Mistake:
    """One line saying what was wrong, and an example that would have been right. Nothing was changed."""

    text: str
    example: str


@dataclass(frozen=True, slots=True)
class Help:
    """Usage was asked for."""


class Slip(ValueError):
    """Reading stops here; the entry points turn it into the `Mistake` it carries."""

    def __init__(self, text: str, example: str) -> None:
        super().__init__(text)
        self.mistake = Mistake(text, example)


HELP_WORDS = frozenset({"help", "?", "-h", "--help", "—help"})

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'"})
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def tidy(text: str) -> str:
    """One line of visible characters: control and direction marks gone, any space one space, straight quotes."""
    return " ".join(_CONTROL.sub(" ", _UNSEEN.sub("", text)).translate(_QUOTES).split())


_SLACK = re.compile(r"<(?:(@)[UW]\w*|(#)C\w*|(!)\w+(?:\^\w+)?|(https?://|mailto:)[^|<>]*)(?:\|([^<>]*))?>")


def _spoken(found: re.Match[str]) -> str:
    """A mention or link as plain words that notify nobody."""
    named = found[5] or ""
    if found[4]:
        return found[0][1:].split("|")[0].rstrip(">").removeprefix("mailto:")
    if found[3]:
        return f"@{found[0][2:].split('|')[0].split('^')[0].rstrip('>')}" if not named else f"@{named.lstrip('@')}"
    return f"{found[1] or found[2]}{named or found[0][2:-1]}"


def words(text: str) -> str:
    """Tidied text as its author sees it: mentions and links as words, entities as the characters they stand for."""
    plain = _SLACK.sub(_spoken, text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


# --- secrets and labels ---

_LABEL = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*-[a-z0-9]{3,8}")
LABEL_MAX_CHARS = 30
_WRAPPERS = "`'\"<>*()[]{},;:."
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*[=:]\s*(?=\S)")
_SECRETISH = re.compile(r"[A-Za-z0-9_\-]{20,}")


def unwrapped(token: str) -> str:
    """A pasted word without what surrounds it: backticks, quotes, brackets, `NAME=`, `Bearer`."""
    bare = token.replace("&lt;", "").replace("&gt;", "").strip(_WRAPPERS)
    if assigned := _ASSIGNED.match(bare):
        bare = bare[assigned.end() :].strip(_WRAPPERS)
    return bare


def is_label(token: str) -> bool:
    """Whether a word has the shape of a key's label, such as `ana-7kq2`, in whatever case."""
    folded = token.lower()
    return (
        len(token) <= LABEL_MAX_CHARS
        and not folded.startswith("sk-")
        and token.isascii()
        and _LABEL.fullmatch(folded) is not None
    )


def is_secret(token: str) -> bool:
    """Whether a word may be a key: `sk-…`, or long and made of letters and digits as only machines write."""
    bare = unwrapped(token)
    if bare.lower().startswith("sk-") and len(bare) > 5:
        return True
    found = _SECRETISH.search(bare)
    if found is None or is_label(bare):
        return False
    run = found[0]
    kinds = [any(map(test, run)) for test in (str.isdigit, str.islower, str.isupper)]
    return kinds[0] and (kinds[1] or kinds[2]) and (len(run) >= 32 or all(kinds))


def may_be_secret(token: str) -> bool:
    """As `is_secret`, but wary: used where repeating or keeping the word could give a secret away."""
    return is_secret(token) or "sk-" in token.lower() or len(token) > 15


def redacted(text: str) -> str:
    """The text with every word that looks like a key replaced."""
    return " ".join("[key]" if is_secret(word) and not _is_word(word) else word for word in text.split(" "))


def _is_word(token: str) -> bool:
    """`sk-learn` and the like: short, and no digit in it."""
    return len(token) < 16 and not any(map(str.isdigit, token))


def quote(token: str) -> str:
    """A typed word fit to be repeated, or `that` when it is long, odd or could be a secret."""
    plain = words(token)
    if may_be_secret(plain) or not plain.isascii() or not plain.isprintable():
        return "that"
    return f"“{plain}”"


def label(token: str, example: str) -> str:
    """A key's label. Raises `Slip`, which never repeats the word."""
    bare = unwrapped(token)
    if is_label(bare):
        return bare.lower()
    if is_secret(bare):
        raise Slip(
            "That looks like a key. Here its label is needed, such as ana-7kq2; `/ai-key list` shows yours.", example
        )
    raise Slip("Labels look like ana-7kq2; `/ai-key list` shows yours.", example)


# --- amounts, times, models ---

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


@dataclass(frozen=True, slots=True)
class Typed:
    """Terms as far as they were typed, None where they were not, and the words that follow them."""

    cap_micros: int | None
    duration_seconds: int | None
    models: tuple[str, ...] | None
    rest: tuple[str, ...]


def amount(token: str, example: str) -> int:
    """An amount in micro-USD; `/month` and `/mo` may follow. Raises `Slip`."""
    if _OTHER_CURRENCY.search(token):
        raise Slip("Amounts are in US dollars, such as $25.", example)
    try:
        return money.parse(re.sub(r"/(?:month|mo)$", "", token, flags=re.IGNORECASE))
    except money.BadAmount as problem:
        raise Slip(f"{_capital(str(problem))}.", example) from None


def duration(text: str, example: str) -> int:
    """A time in seconds, at most a year. Raises `Slip`."""
    try:
        seconds = parse_duration(text)
    except BadDuration as problem:
        raise Slip(f"{_capital(str(problem))}.", example) from None
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


def terms(tokens: list[str], example: str) -> Typed:
    """Amount, time and models in any order; a plain number is an amount only as the first word.

    Reading stops at the first other word. Raises `Slip` for what is meant as one of them but is not, and for two
    of a kind.
    """
    models, left = _take_models(tokens, example)
    cap: int | None = None
    seconds: int | None = None
    first = True
    while left:
        if left[0].lower() == "for" and span(left[1:]):
            left = left[1:]
        ahead = [_bare(word) for word in left[:2]]
        if length := span(ahead):
            if seconds is not None:
                raise Slip("There are two times. Put a reason that starts with one in quotes.", example)
            seconds, left = duration(" ".join(ahead[:length]), example), left[length:]
        elif is_amount(ahead[0], plain=first):
            if cap is not None:
                raise Slip("There are two amounts. Put a reason that starts with one in quotes.", example)
            cap, left = amount(ahead[0], example), left[1:]
        else:
            break
        first = False
    if cap is not None and seconds is None and left and re.fullmatch(r"\d{1,4}", left[0]):
        raise Slip(f"Say what {quote(left[0])} is: a time has a unit, such as 7d or 36h.", example)
    return Typed(cap, seconds, models, tuple(left))


def _bare(word: str) -> str:
    """A word without a comma after it or quotes around it; one that only begins a quotation stays as it is."""
    bare = word.rstrip(",;") or word
    quoted = len(bare) > 2 and bare[0] == bare[-1] and bare[0] in "\"'`"
    return bare[1:-1] if quoted else bare


def _take_models(tokens: list[str], example: str) -> tuple[tuple[str, ...] | None, list[str]]:
    """The one `models=a,b` among unquoted words, and the other words."""
    left = list(tokens)
    at = next((i for i, word in enumerate(left) if re.match(r"models?=", word, re.IGNORECASE)), None)
    opened = next((i for i, word in enumerate(left) if word.startswith('"')), len(left))
    if at is None or at > opened:
        return None, left
    given = left.pop(at).partition("=")[2]
    while given.endswith(",") and at < len(left):
        given += left.pop(at)
    names = tuple(dict.fromkeys(name.strip("`\"'") for name in given.split(",") if name))
    good = all(len(name) <= MODEL_CHARS and _MODEL.fullmatch(name) for name in names)
    if not names or not good or len(names) > MODELS_MOST:
        raise Slip("Models are named with commas and no spaces, as in models=gpt-4o,gpt-4o-mini.", example)
    return names, left


# --- reasons ---

_EMOJI_CODE = re.compile(r":[a-z0-9_+\-]+:", re.IGNORECASE)


def reason(text: str) -> str:
    """Somebody's words, made plain and free of secrets. Outer quotes go."""
    said = redacted(words(tidy(text)))
    if len(said) > 1 and said[0] == said[-1] and said[0] in "\"'":
        said = said[1:-1].strip()
    return said


def needed_reason(tokens: tuple[str, ...], ask: str, example: str) -> str:
    """A reason that says something: three letters or digits at least, and not too long. Raises `Slip`."""
    said = optional_reason(tokens, example)
    if sum(map(str.isalnum, _EMOJI_CODE.sub("", said))) < REASON_MIN_CHARS:
        raise Slip(ask, example)
    return said


def optional_reason(tokens: tuple[str, ...], example: str) -> str:
    """A reason or nothing. Raises `Slip` when it is too long."""
    said = reason(" ".join(tokens))
    if len(said) > REASON_MAX_CHARS:
        raise Slip(f"A reason has at most {REASON_MAX_CHARS} characters; this one has {len(said)}.", example)
    return said


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
