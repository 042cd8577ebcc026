"""How the playground speaks on a terminal: steps, what is typed, what is on a screen. Reads the same without colour.

Fits 80 columns; where output is not a terminal it is plain text. Lines made to be copied are never wrapped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

WIDEST = 88
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")
_BUTTON = re.compile(r"\[[A-Z][^\]\n]*\]")
_CODE = re.compile(r"`[^`\n]+`")
_LABEL = re.compile(r"\*([^*\n]+)\*")


class Terminal:
    """Writes to standard output, or to the console given."""

    def __init__(self, console: Console | None = None) -> None:
        """Colour and width are the terminal's, up to a line length that is easy to read."""
        self.console = console or Console(highlight=False, soft_wrap=False)
        self.console.width = min(self.console.width, WIDEST)

    def title(self, text: str, *under: str) -> None:
        """The first lines."""
        self.console.print(Text(text, style="bold"))
        for line in under:
            self.console.print(marked(line))

    def step(self, number: int, what: str) -> None:
        """A new step of the story."""
        self.headline(f"{number}. {what}")

    def headline(self, what: str) -> None:
        """A new part that is no step."""
        self.console.print()
        self.console.print(Rule(Text(what, style="bold"), align="left", characters="─", style="dim"))

    def pairs(self, *pairs: tuple[str, str]) -> None:
        """Names and what they stand for."""
        self.console.print(_columns(list(pairs)))

    def note(self, text: str) -> None:
        """The narrator."""
        self.console.print(marked(text))

    def typed(self, who: str, where: str, line: str) -> None:
        """What somebody types."""
        self._does(who, f"in {where}", "types", Text(line, style="bold cyan"))

    def pressed(self, who: str, where: str, label: str) -> None:
        """What somebody presses."""
        self._does(who, f"on {where}", "presses", Text(f"[{label}]", style="bold cyan"))

    def _does(self, who: str, where: str, verb: str, what: Text) -> None:
        self.console.print()
        self.console.print(Text.assemble((who, "bold"), f" {where} {verb}  ", what))

    def screen(self, seen_by: str, text: str) -> None:
        """What somebody sees, as the fake Slack renders it."""
        body = Table.grid(expand=True)
        for row in _rows(text):
            body.add_row(row)
        self.console.print(Panel(body, title=Text(seen_by, style="italic"), title_align="left", border_style="dim"))

    def took(self, *measured: tuple[float, str]) -> None:
        """Honest times, in seconds."""
        self.console.print(Text("; ".join(f"{seconds:.2f} s {what}" for seconds, what in measured), style="dim"))

    def copy(self, line: str) -> None:
        """A line to be copied into a shell: whole, however long."""
        self.console.print(Text(line, style="cyan"), soft_wrap=True)

    def blank(self) -> None:
        self.console.print()


def marked(line: str) -> Text:
    """A line with Slack's *bold* as bold, and buttons and code picked out; readable when none of it shows."""
    plain, spans, end = "", [], 0
    for found in _BOLD.finditer(line):
        plain += line[end : found.start()]
        spans.append((len(plain), len(plain) + len(found[1])))
        plain += found[1]
        end = found.end()
    text = Text(plain + line[end:])
    for first, last in spans:
        text.stylize("bold", first, last)
    for found in _BUTTON.finditer(text.plain):
        text.stylize("bold", *found.span())
    for found in _CODE.finditer(text.plain):
        text.stylize("cyan", *found.span())
    return text


def _rows(text: str) -> Iterator[Text | Table]:
    """Lines, and two columns where a line is but a label of the next."""
    lines = text.splitlines()
    fields: list[tuple[str, str]] = []
    at = 0
    while at < len(lines):
        label = _LABEL.fullmatch(lines[at])
        value = lines[at + 1] if at + 1 < len(lines) else ""
        if label and value and at > 0 and not _LABEL.fullmatch(value):
            fields.append((label[1], value))
            at += 2
            continue
        if fields:
            yield _columns(fields)
            fields = []
        yield marked(lines[at])
        at += 1
    if fields:
        yield _columns(fields)


def _columns(fields: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for label, value in fields:
        table.add_row(Text(label, style="bold"), marked(value))
    return table


def masked(secret: str) -> str:
    """A key with its middle left out."""
    return f"{secret[:7]}…{secret[-4:]}"
