"""The bricks of the grammar: typed text made plain, secrets told from labels, people and reasons read.

Nothing here repeats a word back that could be a secret, and a reason never carries one further.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain import leaks
from bot.domain.people import is_team_name

REASON_MIN_CHARS = 3
REASON_MAX_CHARS = 500


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


_NAMED_PERSON = re.compile(r"<@[UW][A-Z0-9]{1,20}\|[^<>]*>")


def split(text: str) -> list[str]:
    """The words of a typed line, tidied. A mention is one word, also when the person's name has spaces."""
    whole = _NAMED_PERSON.sub(lambda found: found[0].replace(" ", "\u00a0"), tidy(text))
    return whole.split(" ") if whole else []


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


_SUFFIX = re.compile(r".*-[2-9a-hjkmnp-z]{4}")


def is_surely_label(token: str) -> bool:
    """Whether a word among others is a label: it ends as Purser's do, or has a digit, as words with a hyphen do not."""
    return is_label(token) and (any(map(str.isdigit, token)) or _SUFFIX.fullmatch(token.lower()) is not None)


def is_secret(token: str) -> bool:
    """Whether a word may be a key: `sk-…`, of a provider's shape, or long and made of letters and digits at random."""
    bare = unwrapped(token)
    if (bare.lower().startswith("sk-") and len(bare) > 5) or next(leaks.foreign(bare), None) is not None:
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


# --- people and names ---

_PERSON = re.compile(r"<@([UW][A-Z0-9]{1,20})(?:\|[^<>]*)?>")


def person(token: str) -> str | None:
    """The Slack user id that a mention stands for, or None for any other word."""
    found = _PERSON.fullmatch(token.rstrip(",;") if not token.endswith("&gt;") else token.rstrip(","))
    return found[1] if found else None


def not_a_person(token: str, example: str) -> Slip:
    """Why a word that should name a person does not."""
    if token.startswith("<!"):
        return Slip("Groups and whole channels don't work here: name people one by one.", example)
    if token.startswith("@"):
        return Slip(
            f"Slack did not recognise {quote(token)}. Pick the person from the list that appears after @.", example
        )
    return Slip(f"People are named with @; {quote(token)} is no person.", example)


def name(token: str, example: str) -> str:
    """What a project or an automation key is called. Raises `Slip`, which never repeats the word."""
    bare = token.strip("`\"',")
    if is_secret(bare):
        raise Slip("That looks like a key, and a name is needed here. If it leaked, turn it off now.", example)
    if not is_team_name(bare.lower()):
        raise Slip("Names have 1 to 40 of a-z, 0-9 and hyphens inside.", example)
    return bare.lower()


def capital(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]
