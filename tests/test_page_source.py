"""The playground's page keeps its house rules: small files, nothing dead, nothing that runs text, no other host.

What the page does is shown in tests/browser; here only its source is read.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "bot/playground/page/static"
SCRIPTS = {path.relative_to(STATIC).as_posix(): path.read_text(encoding="utf-8") for path in STATIC.rglob("*.js")}
STYLES = {path.relative_to(STATIC).as_posix(): path.read_text(encoding="utf-8") for path in STATIC.rglob("*.css")}
TOKENS = "css/tokens.css"
ENTRY = "js/main.js"
MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 50

COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`\\])//[^\n]*", re.DOTALL)
IMPORT = re.compile(r"^import\s+(?:\{([^}]*)\}|\*\s+as\s+(\w+))\s+from\s+\"([^\"]+)\";", re.MULTILINE)
EXPORT = re.compile(r"^export\s+(?:async\s+)?(?:function\*?|const|let|class)\s+(\w+)", re.MULTILINE)
FUNCTION = re.compile(r"^( *)(?:export )?(?:static )?(?:async )?(?:function\*? \w+|\w+)\(.*\) \{$|^( *).*=> \{$")
RUNS_TEXT = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write(?:ln)?|eval\(|new Function|DOMParser"
    r"|setAttribute\(\"style\"|createContextualFragment|export default)"
)
OTHER_HOST = re.compile(r"https?://(?!www\.w3\.org/|127\.0\.0\.1)[\w]")
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\(")
COLOUR_WORD = re.compile(
    r"(?:color|background|border|outline|fill|stroke|shadow)[\w-]*:[^;]*\b(white|black|red|green|blue|gr[ae]y|orange|yellow|purple)\b"
)
EMOJI_NAME = re.compile(r"(?<![\w:/]):([a-z][a-z0-9_+-]+):(?![\w:])")


def without_comments(source: str) -> str:
    """The source with comments blanked out, lines kept."""
    return COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), source)


def lines_with(pattern: re.Pattern[str], source: str) -> list[str]:
    """Where something stands outside of comments, as `line: what`."""
    lines = without_comments(source).splitlines()
    return [f"{number}: {found[0]}" for number, line in enumerate(lines, 1) for found in pattern.finditer(line)]


def too_long(source: str) -> list[str]:
    """Files over 350 lines, and functions over 50: from an opening line to the brace under its first column."""
    lines = source.splitlines()
    found = [f"1: the file has {len(lines)} lines"] if len(lines) > MAX_FILE_LINES else []
    for start, line in enumerate(lines):
        opening = FUNCTION.match(line)
        if opening is None or re.match(r" *(if|for|while|switch|catch)\b", line):
            continue
        margin = opening[1] if opening[1] is not None else opening[2]
        ends = (at for at in range(start + 1, len(lines)) if lines[at].startswith(f"{margin}}}"))
        length = next(ends, start) - start + 1
        if length > MAX_FUNCTION_LINES:
            found.append(f"{start + 1}: a function of {length} lines")
    return found


def imports(name: str, source: str) -> list[tuple[str, list[str]]]:
    """What a script imports: (file, names). `import * as x` imports what is used of x."""
    found = []
    bare = IMPORT.sub("", without_comments(source))
    for named, star, target in IMPORT.findall(without_comments(source)):
        path = (STATIC / name).parent.joinpath(target).resolve().relative_to(STATIC.resolve()).as_posix()
        wanted = [part.split(" as ")[0].strip() for part in named.split(",") if part.strip()]
        found.append((path, wanted or re.findall(rf"\b{star}\.(\w+)", bare)))
    return found


def offenders(rule: Callable[[str], list[str]], files: dict[str, str], apart_from: Iterable[str] = ()) -> str:
    """What a rule says of each file, one a line; nothing when all keep it."""
    found = [f"{name}:{line}" for name, source in files.items() if name not in apart_from for line in rule(source)]
    return "\n".join(sorted(found))


class Outline(HTMLParser):
    """The start tags of a document, and the text inside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in {"script", "style"}:
            self.inline += data.strip()


INDEX = Outline((STATIC / "index.html").read_text(encoding="utf-8"))


def referenced() -> set[str]:
    """The files index.html names, relative to the static folder."""
    found = [props.get("src") or props.get("href") or "" for _, props in INDEX.tags]
    return {link.removeprefix("/static/") for link in found if link}


def test_files_and_functions_stay_small() -> None:
    assert not offenders(too_long, SCRIPTS)
    assert not offenders(too_long, STYLES)


def test_every_import_is_of_something_that_is_exported() -> None:
    missing = [
        f"{name}: {wanted} of {target}"
        for name, source in SCRIPTS.items()
        for target, names in imports(name, source)
        for wanted in names
        if wanted not in EXPORT.findall(SCRIPTS.get(target, ""))
    ]
    assert missing == []


def test_everything_imported_is_used() -> None:
    unused = []
    for name, source in SCRIPTS.items():
        bare = IMPORT.sub("", without_comments(source))
        for named, star, _ in IMPORT.findall(without_comments(source)):
            words = [part.split(" as ")[-1].strip() for part in named.split(",") if part.strip()] or [star]
            unused += [f"{name}: {word}" for word in words if not re.search(rf"\b{word}\b", bare)]
    assert unused == []


def test_everything_exported_is_imported_somewhere() -> None:
    used = {
        (target, word) for name, source in SCRIPTS.items() for target, names in imports(name, source) for word in names
    }
    dead = [
        f"{name}: {word}"
        for name, source in SCRIPTS.items()
        for word in EXPORT.findall(source)
        if (name, word) not in used
    ]
    assert dead == []


def test_every_file_is_reached_from_the_page() -> None:
    reached, todo = set(referenced()), [ENTRY]
    while todo:
        name = todo.pop()
        fresh = {target for target, _ in imports(name, SCRIPTS.get(name, ""))} - reached
        reached |= fresh
        todo += fresh
    there = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()}
    assert sorted(there - reached - {"index.html"}) == []
    assert sorted(name for name in reached if name not in there and name != "/") == []


def test_no_text_is_ever_run_or_parsed_as_markup() -> None:
    assert not offenders(lambda source: lines_with(RUNS_TEXT, source), SCRIPTS)


def test_the_page_names_no_other_host() -> None:
    for files in (SCRIPTS, STYLES, {"index.html": (STATIC / "index.html").read_text(encoding="utf-8")}):
        assert not offenders(lambda source: lines_with(OTHER_HOST, source), files)


def test_only_the_tokens_name_colours() -> None:
    assert not offenders(lambda source: lines_with(COLOUR, source), STYLES, apart_from=[TOKENS])
    assert not offenders(lambda source: lines_with(COLOUR_WORD, source), STYLES, apart_from=[TOKENS])
    quoted = re.compile(r"[\"'`]#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?[\"'`]|\brgba?\(|\bhsla?\(")
    assert not offenders(lambda source: lines_with(quoted, source), SCRIPTS)


def test_every_variable_of_the_styles_is_set_somewhere() -> None:
    everything = "\n".join([*STYLES.values(), *SCRIPTS.values()])
    known = set(re.findall(r"(--[\w-]+)\"?\s*[:,]", everything))
    used = {name for source in STYLES.values() for name in re.findall(r"var\((--[\w-]+)", source)}
    assert sorted(used - known) == []


def test_every_icon_is_drawn_and_every_drawing_used() -> None:
    drawn = set(re.findall(r"^  \"?([\w-]+)\"?: \[", SCRIPTS["js/dom.js"].partition("const ICONS")[2], re.MULTILINE))
    everything = "\n".join(SCRIPTS.values())
    chosen_by = re.compile(r"[!=]==\s*\"[\w-]+\"")
    asked = {
        word
        for call in re.findall(r"\bicon\(([^()]*)\)", chosen_by.sub("", everything))
        for word in re.findall(r"\"([\w-]+)\"", call)
    }
    assert sorted(asked - drawn) == []
    assert sorted(name for name in drawn if f'"{name}"' not in everything) == []


def test_the_document_has_no_script_or_style_of_its_own() -> None:
    assert INDEX.inline == ""
    assert [tag for tag, props in INDEX.tags if tag == "style" or "style" in props] == []
    assert [tag for tag, props in INDEX.tags if any(name.startswith("on") for name in props)] == []


def test_every_emoji_that_purser_sends_is_known_to_the_page() -> None:
    emitted = set()
    for path in (ROOT / "tests/slack/views/snapshots").glob("*.json"):
        emitted |= emoji_names(path.read_text(encoding="utf-8"))
    assert sorted(name for name in emitted if not knows_emoji(name)) == []
    assert knows_emoji("white_check_mark")
    assert not knows_emoji("no_such_emoji")


def emoji_names(text: str) -> set[str]:
    """What is written like an emoji: `:name:`, alone."""
    return set(EMOJI_NAME.findall(text))


def knows_emoji(name: str) -> bool:
    """Whether the page's map has it."""
    return re.search(rf"(?<![\w+-]){re.escape(name)} [^\w\s]", SCRIPTS["js/text/emoji.js"]) is not None


SEEDED: list[tuple[Callable[[str], list[str]], str, str]] = [
    (too_long, "x();\n" * 351, "x();\n" * 350),
    (too_long, "function f() {\n" + "  x();\n" * 49 + "}\n", "function f() {\n" + "  x();\n" * 48 + "}\n"),
    (too_long, "class A {\n  f(a) {\n" + "    x();\n" * 49 + "  }\n}", "if (a) {\n" + "  x();\n" * 60 + "}\n"),
    (too_long, "on(() => {\n" + "  x();\n" * 49 + "});\n", "on(() => {\n" + "  x();\n" * 40 + "});\n"),
    (lambda source: lines_with(RUNS_TEXT, source), "a.innerHTML = b;", "/* never innerHTML */ a.textContent = b;"),
    (lambda source: lines_with(RUNS_TEXT, source), "eval(a)", "retrieval(a)"),
    (
        lambda source: lines_with(OTHER_HOST, source),
        'get("https://cdn.example.com/x.js")',
        'NS = "http://www.w3.org/2000/svg"; // http://example.com',
    ),
    (lambda source: lines_with(COLOUR, source), "a { color: #fff; }", "a { color: var(--ink); /* #fff */ }"),
    (
        lambda source: lines_with(COLOUR, source),
        "a { color: rgb(0 0 0); }",
        "a { color: color-mix(in srgb, var(--a), var(--b)); }",
    ),
    (lambda source: lines_with(COLOUR_WORD, source), "a { border: 1px solid white; }", "a { white-space: nowrap; }"),
    (lambda source: sorted(emoji_names(source)), "all set :tada:", "at 10:30:15, https://x:y:z"),
]


@pytest.mark.parametrize(("rule", "bad", "good"), SEEDED)
def test_each_rule_catches_what_it_should(rule: Callable[[str], list[str]], bad: str, good: str) -> None:
    assert len(rule(bad)) == 1
    assert rule(good) == []
