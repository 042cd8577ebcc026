"""`purser playground` as a visitor has it: the story to its end, on from where it stopped, nothing left running."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from tests.playground.visitors import Playground, command, environment, eventually, heard, running, unused_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


def once(data: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(data, "--once", "--port", str(unused_port()), *options),
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_the_story_is_told_to_its_end_in_plain_text_and_can_be_told_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    told = once(data)
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stderr == ""
    at = 0
    for words in (
        "Olga in #search types  /ai-team create search $500",
        "Ana in #search types  /ai-key $25 7d evaluate rerankers",
        "[Approve] [Approve with changes] [Deny]",
        "Omar on the card presses  [Approve]",
        "You can have your key. Approved by @omar.",
        "it is shown only this once",
        "200 “hello from the mock model”",
        "/ai-disable sk-",
        "Probed: a call with the pasted key was refused",
        "401 “",
        "The ledger is whole:",
    ):
        at = told.stdout.find(words, at)
        assert at >= 0, f"{words!r} is not told in its turn:\n{told.stdout}"
    assert "\x1b" not in told.stdout
    assert [line for line in told.stdout.splitlines() if len(line) > 80] == []
    times = [float(found) for found in re.findall(r"(\d+\.\d\d) s ", told.stdout)]
    assert len(times) >= 8
    secret = re.search(r"sk-[\w-]{16,}", told.stdout)
    assert secret is not None
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    kept = [path for path in data.iterdir() if stat.S_IMODE(path.stat().st_mode) == 0o600]
    assert {path.name for path in kept} >= {"purser.db", "pepper", "world.json", "bot.log"}
    assert [path.name for path in data.iterdir() if secret[0].encode() in path.read_bytes()] == []

    again = once(data)
    assert again.returncode == 0, again.stdout
    assert "#search is a team already" in again.stdout
    assert ledger_rows(again.stdout) > ledger_rows(told.stdout)


def ledger_rows(text: str) -> int:
    found = re.search(r"whole: (\d+) rows", text)
    assert found is not None
    return int(found[1])


def test_a_second_start_goes_on_where_the_first_stopped_and_a_reset_starts_clean(tmp_path: Path) -> None:
    data, port = tmp_path / "data", unused_port()
    with Playground(data, port=port) as playground:
        secret = playground.key()
        playground.post("message", {"as": "fay", "channel": "general", "text": "hello, books"})
        before = playground.post("clock", advance_seconds=3600)
        bot = playground.get("bot")["pid"]
        assert playground.stop() == 0
        assert not running(bot)
    with Playground(data, port=port) as playground:
        assert not any("Olga" in line for line in playground.said)
        assert "hello, books" in playground.screen("ben")
        assert playground.get("clock")["moved_seconds"] == before["moved_seconds"]
        assert playground.post("chat", key=secret)["status"] == 200
        line = f"/ai-disable {secret} found in a log"
        playground.post("command", {"as": "fay", "channel": "search", "text": line})
        playground.reads("fay", "refused")  # recognised: the pepper is the same
        assert playground.post("chat", key=secret)["status"] == 401
        assert playground.stop(signal.SIGINT) == 0
    pepper = (data / "pepper").read_text(encoding="ascii")
    with Playground(data, "--reset", port=port) as playground:
        assert "hello, books" not in playground.screen("ben")
        assert playground.get("clock")["moved_seconds"] == 0
        playground.stop()
    assert (data / "pepper").read_text(encoding="ascii") != pepper


def test_a_bot_that_dies_is_started_again_and_the_visitor_told(tmp_path: Path) -> None:
    with Playground(tmp_path / "data", port=unused_port()) as playground:
        dead = playground.get("bot")["pid"]
        os.kill(dead, signal.SIGKILL)
        playground.says("The bot ended (by SIGKILL); starting it again.")
        eventually(lambda: (bot := playground.get("bot"))["pid"] not in (0, dead) and bot["connected"], 30)
        assert playground.key().startswith("sk-")
        playground.stop()


def test_the_bot_ends_with_the_playground_however_that_ends(tmp_path: Path) -> None:
    with Playground(tmp_path / "data", port=unused_port()) as playground:
        bot = playground.get("bot")["pid"]
        assert running(bot)
        playground.stop(signal.SIGKILL)
        eventually(lambda: not running(bot), 20)


def test_stopped_in_the_middle_of_the_story_it_leaves_nothing(tmp_path: Path) -> None:
    process = heard(tmp_path / "data", "--story", "--port", str(unused_port()))
    assert process.stdout is not None
    with process.stdout as said:
        next(line for line in said if line.startswith("1. Olga"))
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        process.send_signal(signal.SIGTERM)
        rest = said.read()
    assert process.wait(40) == 0
    assert "Stopping." in rest
    assert children
    assert not any(running(int(child)) for child in children)


def test_unused_ports_are_left_alone(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with Playground(tmp_path / "data", port=port) as playground:
            assert not playground.page.endswith(f":{port}")
            assert playground.get("bot")["connected"]
            playground.stop()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_it_stays_up_after_the_story_and_every_line_to_copy_works_in_a_shell(tmp_path: Path) -> None:
    with Playground(tmp_path / "data", "--story", port=unused_port()) as playground:
        text = "\n".join(playground.said)
        assert text.index("The ledger is whole:") < text.index(f"Open {playground.page} in a browser")
        commands = re.findall(r"^curl (?:.*\\\n)*.*", text, re.MULTILINE)
        commands = [line.replace("\\\n", " ") for line in commands]
        assert len(commands) == 3
        answers = []
        for line in commands:
            done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True, timeout=30)
            answers.append(done.stdout)
        assert "hello from the mock model" in answers[0]
        assert '"ok":true' in answers[1]
        assert "(only you see this)" in answers[2]
        playground.stop()


def test_the_page_is_named_first_and_nothing_happens_that_nobody_asked_for(tmp_path: Path) -> None:
    with Playground(tmp_path / "data", port=unused_port()) as playground:
        told = [line for line in playground.said if line]
        assert told[1].startswith("The real bot")
        assert (
            next(line for line in told if "http" in line)
            == f"Open {playground.page} in a browser: you can be anybody there."
        )
        assert "sk-" not in "\n".join(told)
        assert len(told) <= 20
        assert playground.get("gateway/keys")["keys"] == []
        playground.stop()


@pytest.mark.parametrize("asked", [[], ["--no-open"]])
def test_the_page_opens_by_itself_in_a_browser_that_cannot_take_the_terminal(tmp_path: Path, asked: list[str]) -> None:
    opener, seen = tmp_path / "bin" / "xdg-open", tmp_path / "seen"
    opener.parent.mkdir()
    opener.write_text(
        f'#!/bin/sh\n{{ echo "$1"; tty; ls -l /dev/tty </dev/tty; }} >{seen}.new 2>&1; mv {seen}.new {seen}\n',
        encoding="utf-8",
    )
    opener.chmod(0o700)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(tmp_path / "data", "--port", str(unused_port()), *asked),
        env=environment(TERM="xterm", DISPLAY=":99", PATH=f"{opener.parent}:{os.environ['PATH']}"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    told = b""
    while b"ARGS=--reset" not in told:
        told += os.read(ours, 4096)
    if not asked:
        eventually(seen.exists)
        said = seen.read_text(encoding="utf-8")
        assert re.match(r"http://127\.0\.0\.1:\d+\n", said)
        assert "not a tty" in said
        assert "No such device" in said
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == 0
    os.close(ours)
    assert seen.exists() == (not asked)
