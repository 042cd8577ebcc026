"""What the playground refuses before anything starts, its folder, its clock, its story that fails, its terminal."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from bot.playground.browser import may_open
from bot.playground.cast import Cast, StoryFailed
from bot.playground.clock import PlayClock
from bot.playground.folder import Folder, Trouble
from bot.playground.process import BotProcess
from bot.playground.run import main
from bot.playground.slack import FakeSlack
from bot.playground.slack.world import BOT_TOKEN
from bot.playground.terminal import Terminal, masked
from bot.playground.town import read_manifest


def terminal(width: int = 80) -> tuple[Terminal, io.StringIO]:
    written = io.StringIO()
    return Terminal(Console(file=written, width=width, highlight=False)), written


def refusal(*args: str, **environment: str) -> str:
    """Start it, see that it does not, and read why."""
    out, written = terminal()
    assert main(args, environment, out) == 2
    return " ".join(written.getvalue().split())


# --- refusals ---


def test_a_real_token_keeps_it_from_starting(tmp_path: Path) -> None:
    data = tmp_path / "data"
    said = refusal("--data", str(data), SLACK_BOT_TOKEN="xoxb-1234-somebody-real")
    assert said.startswith("SLACK_BOT_TOKEN is set to a token that the playground did not make.")
    assert "somebody-real" not in said
    assert not data.exists()
    assert refusal("--data", str(data), SLACK_APP_TOKEN="xapp-1-real").startswith("SLACK_APP_TOKEN")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::"])
def test_an_address_that_others_reach_is_refused(tmp_path: Path, host: str) -> None:
    said = refusal("--data", str(tmp_path / "data"), "--host", host, SLACK_BOT_TOKEN=BOT_TOKEN)
    assert f"listens on 127.0.0.1 only, not on {host}" in said


def test_a_folder_with_other_things_in_it_is_left_alone_even_by_a_reset(tmp_path: Path) -> None:
    (tmp_path / "purser.db").write_text("somebody's books", encoding="utf-8")
    assert "has other things in it" in refusal("--data", str(tmp_path), "--reset")
    assert (tmp_path / "purser.db").read_text(encoding="utf-8") == "somebody's books"


def test_a_reset_removes_only_what_a_playground_made(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    folder.open()
    folder.save({"slack": {}})
    folder.close()
    (folder.path / "notes.txt").write_text("mine", encoding="utf-8")
    folder.open(reset=True)
    assert folder.saved() is None
    assert (folder.path / "notes.txt").exists()
    folder.close()


def test_two_playgrounds_do_not_share_a_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    folder.open()
    assert "A playground is already running on" in refusal("--data", str(folder.path))
    folder.close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "cannot be used: Not a directory" in refusal("--data", str(tmp_path / "file" / "data"))


@pytest.mark.parametrize("content", ["{", '{"format": 99}', "[]"])
def test_a_saved_world_that_cannot_be_read_names_the_way_out(tmp_path: Path, content: str) -> None:
    folder = Folder(tmp_path / "data")
    folder.open()
    (folder.path / "world.json").write_text(content, encoding="utf-8")
    with pytest.raises(Trouble, match="--reset"):
        folder.saved()
    folder.close()


def test_a_manifest_that_is_not_there_or_not_one_is_said(tmp_path: Path) -> None:
    assert "cannot be read" in refusal("--data", str(tmp_path / "data"), "--manifest", str(tmp_path / "none.yml"))
    (tmp_path / "list.yml").write_text("- a\n- b\n", encoding="utf-8")
    assert "is not a manifest" in refusal("--data", str(tmp_path / "data"), "--manifest", str(tmp_path / "list.yml"))


# --- the browser ---


@pytest.mark.parametrize(
    ("environment", "platform", "in_terminal", "opens"),
    [
        ({"DISPLAY": ":0"}, "linux", True, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True, True),
        ({}, "darwin", True, True),
        ({}, "linux", True, False),
        ({"DISPLAY": ""}, "linux", True, False),
        ({"DISPLAY": ":0"}, "linux", False, False),
        ({"DISPLAY": ":0", "CI": "true"}, "linux", True, False),
        ({"CI": "1"}, "darwin", True, False),
    ],
)
def test_a_browser_opens_only_for_somebody_at_a_screen(
    environment: dict[str, str], platform: str, in_terminal: bool, opens: bool
) -> None:
    assert may_open(environment, platform, in_terminal=in_terminal) is opens


# --- the folder and the clock ---


def test_what_is_saved_is_found_again_with_the_same_pepper(tmp_path: Path) -> None:
    first, second = Folder(tmp_path / "data"), Folder(tmp_path / "data")
    first.open()
    pepper = first.pepper()
    first.save({"slack": {"seq": 7}})
    first.close()
    second.open()
    assert second.pepper() == pepper
    assert len(pepper) >= 32
    assert (second.saved() or {})["slack"] == {"seq": 7}
    second.close()


def test_the_clock_moves_on_and_stays_moved(tmp_path: Path) -> None:
    clock = PlayClock(tmp_path / "clock")
    clock.advance(3600)
    clock.advance(60.5)
    again = PlayClock(tmp_path / "clock")
    assert again.moved_seconds == 3660.5
    assert again.now() - datetime.now(UTC) > timedelta(seconds=3600)
    for step in (-1, 401 * 86_400, float("nan")):
        with pytest.raises(ValueError, match="time only moves on"):
            clock.advance(step)
    assert float((tmp_path / "clock").read_text(encoding="ascii")) == 3660.5


# --- a story that fails ---


def test_a_step_that_does_not_happen_is_named() -> None:
    with FakeSlack(read_manifest()) as slack:
        cast = Cast(slack, "http://127.0.0.1:9", patience_seconds=0.2)
        with pytest.raises(StoryFailed, match=r"Ana types /ai-key: \w+"):
            cast.types("ana", "/ai-key $25 7d evaluate rerankers")
        with pytest.raises(StoryFailed, match=r"the tide comes in: it did not happen within 0\.2 s"):
            cast.until("the tide comes in", lambda: None)
        with pytest.raises(StoryFailed, match="the gateway was called and did not answer: ConnectError"):
            cast.calls("sk-nothing")


def test_a_bot_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    bot = BotProcess(tmp_path, tmp_path / "bot.log", lambda: False)
    bot.configure({"SLACK_BOT_TOKEN": "nonsense"})
    with pytest.raises(Trouble, match=r"stopped at once(.|\n)*must start with xoxb-"):
        bot.start(print)
    bot.stop()
    assert not bot.alive


# --- the terminal ---


def test_screens_fit_and_read_without_colour() -> None:
    out, written = terminal(80)
    out.screen(
        "only Ana sees", "*Title* of it\n*Cap*\n$25 in total\n*For:* “x*y” \\\n[Approve] `ana-7kq2` " + "long " * 40
    )
    lines = written.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "\x1b" not in written.getvalue()
    assert "only Ana sees" in lines[0]
    assert "Title of it" in lines[1]
    assert "Cap  $25 in total" in lines[2]
    assert "x*y" in lines[3]
    assert "[Approve] `ana-7kq2`" in lines[4]


def test_lines_to_copy_are_never_broken() -> None:
    out, written = terminal(40)
    line = "curl -s http://127.0.0.1:4311/v1/chat/completions -d '" + json.dumps({"a": ["b"] * 20}) + "'"
    out.copy(line)
    assert written.getvalue() == line + "\n"


def test_markup_in_what_people_write_is_not_obeyed() -> None:
    out, written = terminal()
    out.screen("all", "[red]not red[/red] [Approve]")
    out.note("[bold]as it is[/bold]")
    assert "[red]not red[/red] [Approve]" in written.getvalue()
    assert "[bold]as it is[/bold]" in written.getvalue()


def test_a_masked_key_keeps_its_ends_only() -> None:
    assert masked("sk-MfPin_U3bg5axf8SejwowQ") == "sk-MfPi…wowQ"
