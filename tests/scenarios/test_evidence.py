"""`/ai-team left` and `purser evidence`: what was done when somebody left, for owners and auditors; over the wire."""

from __future__ import annotations

import csv
import io

from tests.scenarios.desk import Desk
from tests.scenarios.test_leaving import leaves
from tests.scenarios.test_offboarding_feed import purser


def test_an_owner_reads_what_was_done_and_gets_it_as_a_file(desk: Desk) -> None:
    label, _ = desk.key()
    leaves(desk, "ana")
    said = desk.types("omar", "/ai-team left @ana")
    assert "every key of theirs was proven off" in said
    assert f"`{label}` (temporary, held): turned off at once" in said
    assert "member of team `search`" in said
    assert "member left" in said
    sheet = desk.who("omar").ephemerals("search")[-1]
    assert "comes to you as a CSV file" in desk.presses("omar", "Export CSV", sheet)
    message = desk.dm("omar", "purser-evidence-ana-")
    (file,) = [one for one in desk.slack.world.state.files.values() if one.id in str(message.text)]
    rows = list(csv.DictReader(io.StringIO(file.content.decode(), newline="")))
    assert {"departure", "role", "key", "proof", "spend_total", "step"} <= {row["fact"] for row in rows}
    assert {row["member_id"] for row in rows} == {"U0ANA"}


def test_the_list_shows_who_left_and_what_is_open(desk: Desk) -> None:
    assert "Nobody left in the last 90 days" in desk.types("olga", "/ai-team left")
    desk.key()
    leaves(desk, "ana")
    said = desk.types("olga", "/ai-team left")
    assert "1 person left in the last 90 days" in said
    assert "1 key off" in said
    assert "Nothing is open." in said


def test_finance_sees_it_and_members_are_told_who_does(desk: Desk) -> None:
    desk.key()
    leaves(desk, "ana")
    assert "proven off" in desk.types("fay", "/ai-team left @ana")
    for line in ("/ai-team left @ana", "/ai-team left"):
        assert "owners" in desk.types("ben", line)


def test_of_somebody_who_is_here_there_is_nothing(desk: Desk) -> None:
    assert "no time at which that person left" in desk.types("olga", "/ai-team left @ben")


def test_auditors_write_it_from_the_command_line(desk: Desk) -> None:
    label, _ = desk.key()
    leaves(desk, "ana")
    to = desk.office.tmp_path / "evidence.csv"
    done = purser(desk, "evidence", "--since", "2026-01-01", "--to", str(to))
    assert (done.returncode, done.stdout) == (0, "")
    rows = list(csv.DictReader(io.StringIO(to.read_text(encoding="utf-8"), newline="")))
    assert [row["value"] for row in rows if row["fact"] == "key" and row["subject"] == label] == ["off"]
    one = purser(desk, "evidence", "@U0ANA")
    assert one.stdout == to.read_text(encoding="utf-8")
    assert "knows of no departure" in purser(desk, "evidence", "@U0BEN").stderr
    assert purser(desk, "evidence").returncode == 2
    assert purser(desk, "evidence", "--since", "yesterday").returncode == 2
