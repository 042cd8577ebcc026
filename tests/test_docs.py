"""README says what is there, all of it, and nothing that is not."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from bot.cli import app
from bot.settings import Settings
from bot.slack.routes import ROUTES, Kind
from bot.slack.views import help as usage

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST_CELL = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
CELLS = FIRST_CELL.findall(README)
COMMANDS = sorted(route.name for route in ROUTES if route.kind is Kind.COMMAND)
ASKED_FOR_BY_MEANS = {"help"}
"""Said in one sentence for all commands."""


def forms(lines: list[str]) -> set[tuple[str, str]]:
    """Each command with the word that says what it does; no word for what is typed bare or starts with a value."""
    found = set()
    for line in lines:
        command, _, rest = line.partition(" ")
        word = rest.split(" ")[0]
        found.add((command, word if word.isalpha() and word.islower() else ""))
    return found


def test_every_slash_command_is_in_the_readme_and_the_other_way_round() -> None:
    shown = [cell for cell in CELLS if cell.startswith("/")]
    assert sorted({cell.split(" ")[0] for cell in shown}) == COMMANDS
    explained = [line for command in COMMANDS for line in re.findall(rf"`({command}[^`]*)`", usage._TEXTS[command])]
    assert forms(shown) == forms(explained)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_form_of_a_command_is_in_its_usage_hint(command: str) -> None:
    explained = forms(re.findall(rf"`({command}[^`]*)`", usage._TEXTS[command]))
    words = {word for _, word in explained if word} | ASKED_FOR_BY_MEANS
    hinted = {part.strip().split(" ")[0] for part in usage.USAGE_HINTS[command].split("|")}
    assert words <= hinted
    assert {word for word in hinted if word.isalpha() and word.islower()} == words


def test_every_setting_is_in_the_readme_and_the_other_way_round() -> None:
    shown = [cell for cell in CELLS if re.fullmatch(r"[A-Z][A-Z0-9_]+", cell)]
    assert sorted(shown) == sorted(name.upper() for name in Settings.model_fields)


def test_the_readmes_defaults_are_the_settings_defaults() -> None:
    for name, default in re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \| `([^`]+)` \|", README, re.MULTILINE):
        assert str(Settings.model_fields[name.lower()].default) == default, name


def test_every_command_line_command_is_in_the_readme_and_the_other_way_round() -> None:
    shown = {cell.split(" ")[1] for cell in CELLS if cell.startswith("purser ")}
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert shown == set(commands)


def test_the_readmes_policy_is_the_examples() -> None:
    blocks = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", README, re.DOTALL)]
    example = tomllib.loads((ROOT / "policy.example.toml").read_text(encoding="utf-8"))
    assert example in blocks


def test_every_file_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", README)
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert missing == []


def test_every_make_target_the_readme_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert named >= {"playground", "test"}
    assert [name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []
