"""`purser offboard`: a list of leavers on the command line, as a process of its own beside the running bot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import kit
from tests.scenarios.desk import Desk
from tests.scenarios.test_leaving import told_of

ROOT = Path(__file__).parent.parent.parent


def purser(desk: Desk, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """The command line as an operator runs it, beside the running bot; wide enough not to fold lines."""
    settings = {name.upper(): value for name, value in desk.office.settings().items()}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "bot", *arguments],
        cwd=desk.office.tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "200", **settings},
        capture_output=True,
        text=True,
        input=given,
        check=False,
        timeout=50,
    )


def offboard(desk: Desk, text: str, *more: str) -> tuple[int, str]:
    """The list in a file: exit code, and what was printed."""
    path = desk.office.tmp_path / "leavers.csv"
    path.write_text(text, encoding="utf-8")
    done = purser(desk, "offboard", "--from", str(path), *more)
    desk.settle()
    return done.returncode, f"{done.stdout}{done.stderr}"


def left(desk: Desk) -> list[str]:
    return [row.member_id or "" for row in kit.rows(desk.office, action="member.left")]


def test_a_list_turns_a_leavers_key_off_within_seconds_and_keeps_them_out(desk: Desk) -> None:
    label, secret = desk.key()
    code, said = offboard(desk, "Note;E-Mail;left at\ncontract ended;ANA@example.com;2026-11-18\n")
    assert (code, "1 person leaves; 1 key goes off" in said) == (0, True), said
    desk.sees(lambda: desk.office.chat(secret).status_code == 401)
    told = desk.text(told_of(desk, "@ana"))
    assert "list of leavers" in told
    assert "line 2 of leavers.csv: contract ended" in told
    assert label in told
    assert "deactivated" in desk.types("ana", "/ai-key $5 1d one more try")


def test_looking_first_changes_nothing(desk: Desk) -> None:
    _, secret = desk.key()
    code, said = offboard(desk, "slack_id\nU0ANA\n", "--dry-run")
    assert code == 0
    assert "This only looked: nothing was changed." in said
    assert desk.office.chat(secret).status_code == 200
    assert left(desk) == []


def test_lines_in_doubt_are_listed_with_number_and_reason_and_the_rest_is_done(desk: Desk) -> None:
    desk.slack.add_user("twin")
    users = desk.slack.world.state.users
    users["U0TWIN"].email = "ben@example.com"
    users["U0GUS"].is_email_confirmed = False
    text = (
        "slack_id,email,left_at\n"
        "U0ANA,ana@example.com,\n"  # 2
        ",ben@example.com,\n"  # 3: two accounts
        ",gus@example.com,\n"  # 4: not verified
        ",nobody@example.com,\n"  # 5
        "U0FAY,omar@example.com,\n"  # 6: two people
        "USLACKBOT,,\n"  # 7
        "U0EVE,,\n"  # 8: another workspace
        "U0FAY,,2999-01-01\n"  # 9: not yet
        "17,,\n"  # 10
        "U0ANA,,\n"  # 11: again
    )
    code, said = offboard(desk, text)
    assert code == 1
    shown = (line.split(maxsplit=1) for line in said.splitlines() if " lines: " not in line)
    lines = {int(words[0]): words[1] for words in shown if words and words[0].isdigit()}
    reasons = {
        3: "2 accounts have this address: U0BEN, U0TWIN",
        4: "not verified",
        5: "nobody in Slack",
        6: "belongs to U0OMAR",
        7: "a bot",
        8: "another Slack workspace",
        9: "2999-01-01",
        10: "Slack id is none",
        11: "the same person as line 2",
    }
    assert {number: why for number, why in reasons.items() if why not in lines[number]} == {}
    assert left(desk) == ["U0ANA"]


def test_without_the_scope_for_addresses_it_says_exactly_that(desk: Desk) -> None:
    desk.slack.world.scopes -= {"users:read.email"}
    code, said = offboard(desk, "email\nana@example.com\n")
    assert (code, "users:read.email" in said) == (1, True), said
    assert offboard(desk, "slack_id,email\nU0ANA,ana@example.com\n")[0] == 0
    assert left(desk) == ["U0ANA"]


def test_scim_comes_from_standard_input(desk: Desk) -> None:
    gone = {"userName": "ana@example.com", "emails": [{"value": "ana@example.com", "primary": True}], "active": False}
    here = {"userName": "ben@example.com", "active": True}
    done = purser(desk, "offboard", "--from", "-", given=json.dumps({"Resources": [gone, here]}))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 leaves, 1 still here" in done.stdout
    assert left(desk) == ["U0ANA"]


def test_the_same_list_twice_does_nothing_twice(desk: Desk) -> None:
    offboard(desk, "slack_id\nU0ANA\n")
    code, said = offboard(desk, "slack_id\nU0ANA\n")
    assert (code, "has left already" in said, "Nothing had to be done." in said) == (0, True, True), said
    assert left(desk) == ["U0ANA"]


@pytest.mark.parametrize(
    ("text", "why"), [("name\nAna\n", "name the columns"), ("", "empty"), ("{oops", "begins like JSON")]
)
def test_a_list_that_cannot_be_read_ends_with_2(desk: Desk, text: str, why: str) -> None:
    code, said = offboard(desk, text)
    assert (code, why in said, "Traceback" in said) == (2, True, False), said


def test_a_list_that_would_touch_too_much_ends_with_3_and_two_owners_let_it_go_on(desk: Desk) -> None:
    names = [f"new{number:02}" for number in range(6)]
    for name in names:
        desk.slack.add_user(name)
        desk.slack.invite("search", name)
    desk.types("olga", f"/ai-team invite {' '.join(f'@{name}' for name in names)}")
    text = "slack_id\n" + "".join(f"U0{name.upper()}\n" for name in names)
    code, said = offboard(desk, text)
    assert (code, "two owners are asked in Slack" in said) == (3, True), said
    assert left(desk) == []
    assert offboard(desk, text)[0] == 3
    for owner in ("olga", "omar"):
        asked = desk.dm(owner, "stopped and asks you")
        desk.presses_in(owner, "Agree", asked)
    desk.office.clock.advance(seconds=61)
    desk.sees(lambda: len(left(desk)) == 6)
    assert offboard(desk, text)[0] == 0


def test_a_leavers_account_at_the_gateway_goes_and_the_key_that_works_on_stays(desk: Desk) -> None:
    _, secret = desk.key()
    desk.gateway.state.users["ana-sso"] = {"user_id": "ana-sso", "user_email": "Ana@example.com", "user_role": None}
    offboard(desk, "slack_id\nU0ANA\n")
    desk.sees(lambda: "ana-sso" not in desk.gateway.state.users)
    assert [key.blocked for key in desk.gateway.keys] == [True]
    assert desk.office.chat(secret).status_code == 401
