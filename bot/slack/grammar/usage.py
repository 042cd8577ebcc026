"""`/ai-usage`: whose usage, of which days, split by what; words in any order.

Who a name stands for, and who may see it, is the services' to judge. A corrected example keeps what was understood.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from bot.domain.reports import Extent, Grouping
from bot.services.reporting import Wanted
from bot.slack.grammar import spans
from bot.slack.grammar.terms import bare
from bot.slack.grammar.text import (
    HELP_WORDS,
    Help,
    Mistake,
    Slip,
    is_secret,
    is_surely_label,
    label,
    name,
    not_a_person,
    person,
    quote,
    split,
    unwrapped,
)

COMMAND = "/ai-usage"
EXAMPLE = "/ai-usage team 30d by model"
DIGEST = "/ai-usage digest on"
WAYS = "model, member, project, key, day or team"

_WAYS = {
    "model": Grouping.MODEL, "models": Grouping.MODEL,
    "member": Grouping.MEMBER, "members": Grouping.MEMBER, "person": Grouping.MEMBER, "people": Grouping.MEMBER,
    "user": Grouping.MEMBER, "users": Grouping.MEMBER,
    "project": Grouping.PROJECT, "projects": Grouping.PROJECT,
    "key": Grouping.KEY, "keys": Grouping.KEY,
    "day": Grouping.DAY, "days": Grouping.DAY, "date": Grouping.DAY,
    "team": Grouping.TEAM, "teams": Grouping.TEAM,
}  # fmt: skip
_MINE = frozenset({"me", "my", "mine", "myself"})
_ALL = frozenset({"all", "everything", "everybody", "everyone"})
_NAMED = {"team": Extent.TEAM, "project": Extent.PROJECT, "key": Extent.KEY}
_BY = frozenset({"by", "per"})
_EXPORT = frozenset({"export", "csv"})
_FILLERS = frozenset({"for", "of", "in", "from", "the", "and", "usage", "show"})


@dataclass(frozen=True, slots=True)
class ShowUsage:
    """Answer this."""

    wanted: Wanted


@dataclass(frozen=True, slots=True)
class ExportUsage:
    """The same as a file."""

    wanted: Wanted


@dataclass(frozen=True, slots=True)
class SetDigest:
    """A weekly digest of one's own, or none."""

    on: bool


UsageCommand = ShowUsage | ExportUsage | SetDigest | Help | Mistake


def parse(text: str, now: datetime) -> UsageCommand:
    """Read what follows `/ai-usage`. Never raises."""
    tokens = [word for word in map(bare, split(text)) if word]
    first = tokens[0].lower() if tokens else ""
    if first in HELP_WORDS:
        return Help()
    try:
        if first == "digest":
            return _digest(tokens[1:])
        return _Line(tokens, now.astimezone(UTC).date()).read()
    except Slip as slip:
        return slip.mistake


def _digest(words: list[str]) -> SetDigest:
    said = words[0].lower() if words else ""
    if len(words) != 1 or said not in {"on", "off"}:
        raise Slip("A weekly digest of your own is turned on or off.", DIGEST)
    return SetDigest(said == "on")


class _Line:
    """The words of one question, taken off the front one by one."""

    def __init__(self, tokens: list[str], today: date) -> None:
        self.left = tokens
        self.today = today
        self.scope: tuple[Extent, str] | None = None
        self.scope_said = ""
        self.span: spans.Typed | None = None
        self.by: Grouping | None = None
        self.export = False

    def read(self) -> ShowUsage | ExportUsage:
        """Every word means something, or is a slip."""
        while self.left:
            if not (self._filler() or self._by() or self._span() or self._scope()):
                raise self._unknown(self.left[0])
        extent, named = self.scope or (Extent.MEMBER, "")
        if self.by is Grouping.TEAM and extent is not Extent.ALL:
            raise Slip("`by team` splits what all teams use: it goes with all.", f"{COMMAND} all by team")
        span = self.span or spans.read([spans.DEFAULT], self.today, self._with_span)
        assert span is not None
        wanted = Wanted(extent, span.span, named, self.by)
        return ExportUsage(wanted) if self.export else ShowUsage(wanted)

    def _filler(self) -> bool:
        word = self.left[0].lower()
        if word in _EXPORT:
            self.export = True
        elif word not in _FILLERS:
            return False
        self.left = self.left[1:]
        return True

    def _by(self) -> bool:
        """`by model`."""
        if self.left[0].lower() not in _BY:
            return False
        if len(self.left) < 2:
            raise Slip(f"Say by what: {WAYS}.", self._with_by("model"))
        way = _WAYS.get(self.left[1].lower())
        if way is None:
            raise Slip(f"Usage is split by {WAYS}, not by {quote(self.left[1])}.", self._with_by("model"))
        if self.by is not None:
            raise Slip("It is split by one thing at a time.", self._with_by(self.by))
        self.by, self.left = way, self.left[2:]
        return True

    def _span(self) -> bool:
        word = self.left[0]
        if is_surely_label(word) and not spans.is_one(word):
            return False
        found = spans.read(self.left, self.today, self._with_span)
        if found is None:
            return False
        if self.span is not None:
            raise Slip("One span at a time.", self._with_span(self.span.shortest))
        self.span, self.left = found, self.left[found.words :]
        return True

    def _scope(self) -> bool:
        word = self.left[0]
        folded, _, given = word.partition("=")
        folded = folded.lower()
        if folded in _MINE | _ALL:
            return self._took(Extent.MEMBER if folded in _MINE else Extent.ALL, "", "" if folded in _MINE else "all")
        if folded in _NAMED:
            return self._take_named(_NAMED[folded], given)
        if word.startswith(("<@", "<!", "@")):
            found = person(word)
            if found is None:
                raise not_a_person(word, self._with_scope("@ana"))
            return self._took(Extent.MEMBER, found, "@ana")
        if is_surely_label(plain := unwrapped(word)):
            return self._took(Extent.KEY, plain.lower(), f"key {plain.lower()}")
        return False

    def _take_named(self, extent: Extent, given: str) -> bool:
        """`team`, `team NAME`, `project NAME`, `key LABEL`; a name that reads like another word as `team=week`."""
        if not given and len(self.left) > 1 and (extent is not Extent.TEAM or not self._means_more(self.left[1])):
            self.left = self.left[1:]
            given = self.left[0]
        if not given:
            if extent is Extent.TEAM:
                return self._took(extent, "", "team")
            what = "its label, as `/ai-key list` shows it" if extent is Extent.KEY else "its name"
            raise Slip(f"Say which {extent}: {what}.", self._with_scope(_EXAMPLES[extent]))
        example = self._with_scope(_EXAMPLES[extent])
        named = label(given, example) if extent is Extent.KEY else name(given, example)
        return self._took(extent, named, f"{extent} {named}")

    def _means_more(self, word: str) -> bool:
        """Whether a word after `team` means something else than the team's name."""
        folded = word.lower().partition("=")[0]
        known = _MINE | _ALL | _BY | _EXPORT | _FILLERS | _NAMED.keys()
        return folded in known or word.startswith(("<", "@")) or spans.is_meant(word)

    def _took(self, extent: Extent, named: str, said: str) -> bool:
        if self.scope is not None:
            raise Slip("One person, team, project or key at a time.", self._with_scope(self.scope_said))
        self.scope, self.scope_said, self.left = (extent, named), said, self.left[1:]
        return True

    def _unknown(self, word: str) -> Slip:
        if is_secret(word):
            return Slip("That looks like a key. A key is named by its label here. If it leaked, turn it off now.",
                        self._with_scope("key ana-7kq2"))  # fmt: skip
        if (way := _WAYS.get(word.lower())) is not None:
            return Slip(f"Say `by {way}` to split it.", self._with_by(way))
        return Slip(
            f"Say whose usage, of which days, and by what it is split; {quote(word)} is none of these.", self._example()
        )

    def _with_span(self, span: str) -> str:
        return self._example(span=span)

    def _with_by(self, way: str) -> str:
        return self._example(by=way)

    def _with_scope(self, scope: str) -> str:
        return self._example(scope=scope)

    def _example(self, scope: str = "", span: str = "", by: str = "") -> str:
        """What was understood so far, with this put right; the usual example when that would be nothing."""
        said = [
            scope or self.scope_said,
            span or (self.span.shortest if self.span else ""),
            f"by {by or self.by}" if by or self.by else "",
        ]
        return " ".join([COMMAND, *filter(None, said)]) if any(said) else EXAMPLE


_EXAMPLES = {Extent.TEAM: "team", Extent.PROJECT: "project search", Extent.KEY: "key ana-7kq2"}
