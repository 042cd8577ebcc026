"""`purser scan`: looks through files, directories and standard input for keys, and says where they stand.

Nothing it prints, returns or raises holds a secret. Files of any size are read in parts.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bot.domain import leaks
from bot.domain.facts import Off
from bot.domain.incidents import Found
from bot.domain.keys import Proof
from bot.domain.requests import Refused
from bot.services.context import Purser
from bot.services.leaking import Source
from bot.services.scanning import Finding, Known, known
from bot.services.turning_off import stop_leaked

NOTHING, FOUND, UNREAD = 0, 1, 2
"""Exit codes."""
PART_CHARS = 1 << 20
OVERLAP_CHARS = 512
"""Longer than any key: of a line that is cut, so much is read twice."""
HEAD_BYTES = 8192
SKIPPED = frozenset({".git", ".hg", ".svn", ".venv", "node_modules", "__pycache__"})
"""Directories that are not looked into when one above them is named."""
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_FILE_OF_DIFF = re.compile(r"\+\+\+ (?:b/)?(?P<name>[^\t\n]+)")
_PART_OF_DIFF = re.compile(r"@@ -\d+(?:,\d+)? \+(?P<line>\d+)(?:,\d+)? @@")

Say = Callable[[str], None]


class Part(NamedTuple):
    """Some of a text, and which line of it comes first, counted from 1."""

    text: str
    first_line: int


@dataclass
class Tally:
    """What was looked at and found so far."""

    files: int = 0
    skipped: int = 0
    usable: int = 0
    off: int = 0
    unread: int = 0

    @property
    def exit_code(self) -> int:
        """Something usable was found; something could not be read; or neither."""
        return FOUND if self.usable else UNREAD if self.unread else NOTHING


def scan(purser: Purser, paths: Iterable[str], say: Say, *, disable: bool = False) -> int:
    """Look through everything named and say what was found, a line each; returns the exit code.

    `-` is standard input. With `disable`, keys of ours that are found are turned off, and how far that is proven is
    said. Raises `BooksUnavailable`.
    """
    tally, seen, named = Tally(), known(purser), set[str]()
    for path in paths:
        if path == "-":
            with open(sys.stdin.fileno(), "rb", closefd=False) as content:
                _look(purser, seen, "standard input", content, tally, say, disable=disable)
            continue
        for file in _files(Path(path), tally, lambda line: say(shown(seen, line)[0])):
            name, found = shown(seen, str(file))
            for finding in found:
                if (what := _what(finding)) not in named:
                    named.add(what)
                    say(f"{name}, in its name: {_said(purser, finding, name, tally, disable=disable)}")
            try:
                with file.open("rb") as content:
                    _look(purser, seen, name, content, tally, say, disable=disable)
            except OSError as wrong:
                tally.unread += 1
                say(f"{name}: could not be read: {wrong.strerror}")
    say(_summary(tally))
    return tally.exit_code


def shown(seen: Known, name: str) -> tuple[str, list[Finding]]:
    """A file's name as it may be said and written down, and the keys that stand in it."""
    found = list(seen.find(name))
    for finding in found:
        name = leaks.plain(name).replace(finding.secret, "[key]") if finding.secret else leaks.without_foreign(name)
    return name, found


def _files(path: Path, tally: Tally, say: Say) -> Iterator[Path]:
    """The file, or every file below the directory in a fixed order; links are not followed."""
    if not path.is_dir():
        if not path.exists():
            tally.unread += 1
            say(_no_such(str(path)))
            return
        yield path
        return
    for folder, inner, names in os.walk(path, onerror=lambda wrong: _unread(wrong, tally, say)):
        inner[:] = sorted(name for name in inner if name not in SKIPPED)
        yield from (file for name in sorted(names) if (file := Path(folder) / name).is_file() and not file.is_symlink())


def _no_such(path: str) -> str:
    """A path that is not there. One that may be a key is not repeated."""
    if "/" in path or next(leaks.candidates(path), None) is None:
        return f"{path}: there is no such file"
    return "There is no file of that name. A key is never typed as an argument: pipe it, as in `purser scan -`."


def _unread(wrong: OSError, tally: Tally, say: Say) -> None:
    tally.unread += 1
    say(f"{wrong.filename}: could not be read: {wrong.strerror}")


def _look(  # noqa: PLR0913 - one text, what is known, and where it is counted and said
    purser: Purser, seen: Known, name: str, content: io.BufferedReader, tally: Tally, say: Say, *, disable: bool
) -> None:
    encoding = _encoding(content.peek(HEAD_BYTES)[:HEAD_BYTES])
    if encoding is None:
        tally.skipped += 1
        return
    tally.files += 1
    told: set[tuple[str, int]] = set()
    places = _Places(name, seen)
    text = io.TextIOWrapper(content, encoding=encoding, errors="replace")
    try:
        for part in parts(text):
            at = places.of(part)
            for finding in seen.find(part.text):
                where = at(finding.line)
                if (once := (_what(finding), part.first_line + finding.line)) not in told:
                    told.add(once)
                    say(f"{where}: {_said(purser, finding, where, tally, disable=disable)}")
    finally:
        text.detach()  # whoever opened it closes it


def _encoding(head: bytes) -> str | None:
    """How to read a text that begins so; None for what is no text."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    return None if b"\0" in head else "utf-8"


def parts(text: io.TextIOBase) -> Iterator[Part]:
    """A text of any size in parts that end with a line; a line that is too long for that is cut, with an overlap."""
    first, held = 1, ""
    while more := text.read(PART_CHARS):
        held += more
        end = held.rfind("\n") + 1
        if end:
            yield Part(held[:end], first)
            first += held.count("\n", 0, end)
            held = held[end:]
        elif len(held) >= PART_CHARS:
            yield Part(held, first)
            held = held[-OVERLAP_CHARS:]
    if held:
        yield Part(held, first)


class _Places:
    """Names the place of a line: in a diff, by the file and line that it is of."""

    def __init__(self, name: str, seen: Known) -> None:
        self._name, self._seen = name, seen
        self._file: str | None = None
        self._next = 0

    def of(self, part: Part) -> Callable[[int], str]:
        """Names lines of this part, counted from 1. Parts have to come in order."""
        lines = part.text.split("\n")
        if self._file is None and not any(_FILE_OF_DIFF.match(line) for line in lines):
            return lambda line: f"{self._name}:{part.first_line + line - 1}"
        named = [self._place(line, part.first_line + number) for number, line in enumerate(lines)]
        return lambda line: named[line - 1]

    def _place(self, line: str, number: int) -> str:
        if (found := _FILE_OF_DIFF.match(line)) is not None:
            self._file, _ = shown(self._seen, found["name"])
        elif (begun := _PART_OF_DIFF.match(line)) is not None:
            self._next = int(begun["line"])
        elif self._file is not None and self._next and line[:1] in {"+", " "}:
            self._next += 1
            return f"{self._file}:{self._next - 1}"
        elif self._file is not None and self._next and line[:1] == "-":
            return f"{self._file} (removed line)"
        return f"{self._name}:{number}"


def _what(finding: Finding) -> str:
    if finding.key is not None:
        return finding.key.id
    return finding.gateway or (finding.foreign.provider if finding.foreign else "")


def _said(purser: Purser, finding: Finding, where: str, tally: Tally, *, disable: bool) -> str:
    if finding.gateway is not None:
        tally.usable += 1
        return (
            f"what Purser manages {finding.gateway} with. Change it there and in Purser's settings now; "
            "Purser cannot turn it off."
        )
    if finding.foreign is not None:
        tally.usable += 1
        page = f" at {finding.foreign.revoke_url}" if finding.foreign.revoke_url else " where it was made"
        return f"a key for {finding.foreign.provider}, not one of Purser's. Revoke it{page}."
    assert finding.key is not None
    if disable:
        return _stopped(purser, finding, where, tally)
    if finding.is_off:
        tally.off += 1
        return f"key {finding.key.label}, which is off already."
    tally.usable += 1
    return f"key {finding.key.label}, which may be in use. Turn it off: purser scan --disable, or /ai-disable in Slack."


def _stopped(purser: Purser, finding: Finding, where: str, tally: Tally) -> str:
    """Turn it off and say how far that is proven."""
    assert finding.key is not None
    label, last = finding.key.label, None
    source = Source(Found.SCANNED, where=where, sighting=f"scan:{where}")
    for last in stop_leaked(purser, finding.secret, source, "found by purser scan"):
        if isinstance(last, Off) and last.proof is Proof.PROBED:
            break
    if not isinstance(last, Off) or last.proof is None or last.probe_accepted:
        tally.usable += 1
        why = last.text if isinstance(last, Refused) else "the gateway has not confirmed it"
        return f"key {label} is NOT confirmed off: {why}. Purser keeps trying, and tells the owners."
    tally.off += 1
    already = " already" if last.already else ""
    probed = ", and a call with it was refused" if last.proof is Proof.PROBED else ""
    return f"key {label} is off{already}: the gateway's own record says so{probed}."


def _summary(tally: Tally) -> str:
    looked = f"Looked through {tally.files} {'file' if tally.files == 1 else 'files'}"
    skipped = f", skipped {tally.skipped} that are no text" if tally.skipped else ""
    unread = f", could not read {tally.unread}" if tally.unread else ""
    found = f"{tally.usable} found that may be used" if tally.usable else "nothing found that may be used"
    off = f", {tally.off} found that {'is' if tally.off == 1 else 'are'} off" if tally.off else ""
    return f"{looked}{skipped}{unread}: {found}{off}."
