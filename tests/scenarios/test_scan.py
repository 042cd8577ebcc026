"""`purser scan`, as it is typed: which keys stand in files, diffs and logs, and turning them off with proof."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from bot import scanning
from bot.playground.gateway.faults import FaultKind
from bot.scanning import OVERLAP_CHARS, PART_CHARS
from tests.scenarios.desk import Desk
from tests.test_cli import purser

OPENAI = "sk-proj-" + "a1B2" * 10 + "T3BlbkFJ" + "c3D4" * 10


class Told(list[str]):
    """What was printed, and the exit code."""

    code = -1


def scan(desk: Desk, *paths: object, disable: bool = False) -> Told:
    told = Told()
    told.code = scanning.scan(desk.bot.running.purser, [str(path) for path in paths], told.append, disable=disable)
    return told


def test_a_key_in_a_file_is_named_by_its_label_and_place_and_fails_a_build(desk: Desk, tmp_path: Path) -> None:
    label, secret = desk.key()
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(f"import os\n\nKEY = '{secret}'\n", encoding="utf-8")
    told = scan(desk, tmp_path / "src")
    assert told.code == 1
    assert told[0].startswith(f"{tmp_path}/src/app.py:3: key {label}, which may be in use.")
    assert told[-1] == "Looked through 1 file: 1 found that may be used."
    assert secret not in "\n".join(told)
    assert desk.office.chat(secret).status_code == 200


def test_with_disable_it_is_off_with_proof_and_then_fails_nothing(desk_on_each: Desk, tmp_path: Path) -> None:
    desk = desk_on_each
    label, secret = desk.key()
    card = desk.office.card()
    log = tmp_path / "build.log"
    log.write_text(f"Authorization: Bearer {secret}\n", encoding="utf-8")
    told = scan(desk, log, disable=True)
    assert told.code == 0
    assert told[0] == f"{log}:1: key {label} is off: the gateway's own record says so, and a call with it was refused."
    assert desk.office.chat(secret).status_code == 401
    desk.settle()
    assert "found by purser scan" in desk.text(desk.now(card))
    again = scan(desk, log)
    assert (again.code, again[0]) == (0, f"{log}:1: key {label}, which is off already.")


def test_a_gateway_that_does_not_answer_is_said_and_fails_the_build(desk: Desk, tmp_path: Path) -> None:
    label, secret = desk.key()
    log = tmp_path / "build.log"
    log.write_text(secret, encoding="utf-8")
    desk.gateway.faults.add(FaultKind.ERROR, times=None)
    told = scan(desk, log, disable=True)
    assert told.code == 1
    assert f"key {label} is NOT confirmed off" in told[0]
    desk.gateway.faults.clear()
    desk.office.clock.advance(minutes=10)
    desk.sees(lambda: desk.office.chat(secret).status_code == 401 or None, timeout=20)


def test_a_diff_names_the_file_and_line_that_a_key_came_into(desk: Desk, tmp_path: Path) -> None:
    label, secret = desk.key()
    diff = tmp_path / "change.diff"
    diff.write_text(
        "diff --git a/conf.py b/conf.py\n--- a/conf.py\n+++ b/conf.py\n@@ -10,2 +10,3 @@ def f():\n"
        f" one = 1\n+KEY = '{secret}'\n two = 2\n@@ -40,1 +41,0 @@\n-OLD = '{secret}x'\n",
        encoding="utf-8",
    )
    told = scan(desk, diff)
    assert told[0].startswith(f"conf.py:11: key {label}")


def test_keys_of_others_are_named_by_provider_with_the_page_that_revokes_them(desk: Desk, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(f"OPENAI_API_KEY={OPENAI}\n{desk.gateway.master_key}\n", encoding="utf-8")
    told = scan(desk, log)
    assert told.code == 1
    assert f"{log}:1: a key for OpenAI, not one of Purser's. Revoke it at https://platform.openai.com" in told[0]
    assert f"{log}:2: what Purser manages litellm with." in told[1]
    assert OPENAI not in str(told)
    assert desk.gateway.master_key not in str(told)


def test_what_cannot_be_looked_at_is_said_and_is_no_all_clear(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\0\0")
    (tmp_path / "notes.txt").write_text("nothing here\n", encoding="utf-16")
    assert scan(desk, tmp_path)[-1].startswith("Looked through")
    told = scan(desk, tmp_path / "picture.png", tmp_path / "notes.txt", tmp_path / "gone")
    assert told.code == 2
    assert told[0] == f"{tmp_path}/gone: there is no such file"
    assert (
        told[-1]
        == "Looked through 1 file, skipped 1 that are no text, could not read 1: nothing found that may be used."
    )


def test_a_key_typed_as_an_argument_is_not_repeated(desk: Desk) -> None:
    _, secret = desk.key()
    told = scan(desk, secret)
    assert told.code == 2
    assert secret not in str(told)
    assert "never typed as an argument" in told[0]


def test_a_file_that_is_called_like_a_key_is_found_and_its_name_is_neither_said_nor_kept(
    desk: Desk, tmp_path: Path
) -> None:
    label, secret = desk.key()
    (tmp_path / f"{secret}.txt").write_text("nothing in here\n", encoding="utf-8")
    diff = tmp_path / "a.diff"
    diff.write_text(f"+++ b/keys/{secret}\n@@ -0,0 +1 @@\n+{OPENAI}\n", encoding="utf-8")
    told = scan(desk, tmp_path, disable=True)
    desk.settle()
    assert sum(f"key {label} is off" in line for line in told) == 2
    assert any(line.startswith("keys/[key]:1: a key for OpenAI") for line in told)
    assert secret not in "\n".join(told)
    with desk.bot.running.purser.books.reading() as session:
        for table in ("ledger", "outbox", "incidents", "incident_lines", "seen"):
            rows = session.execute(sql(f"SELECT * FROM {table}")).all()
            assert not [row for row in rows if secret in str(row)], table


@pytest.mark.parametrize("secret", ["sk-Ab3dEf_h-JkLmN0pQrStU9"])
def test_a_file_that_is_called_like_a_foreign_key_is_said_without_it(desk: Desk, tmp_path: Path, secret: str) -> None:
    (tmp_path / secret).write_text("nothing in here\n", encoding="utf-8")
    told = scan(desk, tmp_path)
    assert told.code == 1
    assert "a key for LiteLLM" in told[0]
    assert secret not in "\n".join(told)


@pytest.mark.parametrize("at", [0, PART_CHARS - 5, PART_CHARS + 700, 3 * PART_CHARS - 12])
def test_a_key_is_found_wherever_it_stands_in_a_line_of_any_length(desk: Desk, tmp_path: Path, at: int) -> None:
    label, secret = desk.key()
    log = tmp_path / "log"
    log.write_text(f"{' ' * at} {secret} {' ' * (3 * PART_CHARS)}\nend", encoding="utf-8")
    told = scan(desk, log)
    assert [line for line in told if label in line] == [told[0]]
    assert told[0].startswith(f"{log}:1: ")


def test_on_the_command_line_standard_input_is_looked_through(desk: Desk, tmp_path: Path) -> None:
    """A process of its own, without Slack: only the books, the pepper and the gateway's settings are used."""
    label, secret = desk.key()
    told = {name.upper(): value for name, value in desk.office.settings().items()} | {
        "SLACK_API_URL": "http://127.0.0.1:9"
    }
    done = purser("scan", "-", cwd=tmp_path, stdin=f"one\n{secret}\n", **told)
    assert done.returncode == 1
    assert f"standard input:2: key {label}, which may be in use." in done.stdout
    assert secret not in done.stdout + done.stderr
    clean = purser("scan", "-", cwd=tmp_path, stdin="nothing to see", **told)
    assert (clean.returncode, clean.stdout) == (0, "Looked through 1 file: nothing found that may be used.\n")


def test_parts_have_every_line_once_and_say_which_comes_first() -> None:
    text = "".join(f"line {number}\n" for number in range(300_000))
    parts = list(scanning.parts(io.StringIO(text)))
    assert len(parts) > 2
    assert "".join(part.text for part in parts) == text
    for part in parts:
        found = re.match(r"line (\d+)\n", part.text)
        assert found is not None
        assert int(found[1]) == part.first_line - 1
    assert OVERLAP_CHARS < PART_CHARS
