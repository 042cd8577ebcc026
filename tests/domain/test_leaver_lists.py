"""Lists of leavers as people and systems write them: tables and JSON, and what is wrong with each line."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.leaver_lists import Unreadable, read
from bot.domain.leavers import Line

AT = datetime(2026, 11, 18, tzinfo=UTC)


def one(text: str) -> Line:
    (line,) = read(text).lines
    return line


# --- tables ---


@pytest.mark.parametrize(
    "text",
    [
        "slack_id,email,left_at,note\nU012AB3CD,ana@example.com,2026-11-18,contract ended\n",
        "\ufeffslack_id,email,left_at,note\r\nU012AB3CD,ana@example.com,2026-11-18,contract ended\r\n",
        "Note;Left At;E-Mail;Slack ID\ncontract ended;2026-11-18;ana@example.com;U012AB3CD\n",
        "Work email\tMember ID\tLeaving date\tReason\nana@example.com\tu012ab3cd\t2026-11-18\tcontract ended\n",
        'slack_id,email,left_at,note\n"<@U012AB3CD|ana>", ana@example.com ,2026-11-18T00:00Z,"contract  ended"\n',
        "slack_id,email,left_at,note\n\n@U012AB3CD,mailto:ana@example.com,2026-11-18 01:00+01:00,contract ended\n\n",
    ],
)
def test_columns_come_in_any_order_and_common_spelling(text: str) -> None:
    line = one(text)
    assert (line.slack_id, line.email, line.left_at, line.note, line.wrong) == (
        "U012AB3CD", "ana@example.com", AT, "contract ended", "",
    )  # fmt: skip


def test_a_line_knows_where_it_stands_also_after_cells_of_several_lines() -> None:
    found = read('slack_id,note\nU012AB3CD,"two\nlines"\n\nU045EF6GH,\n').lines
    assert [(line.number, line.slack_id) for line in found] == [(3, "U012AB3CD"), (5, "U045EF6GH")]


def test_a_last_day_is_worked_to_its_end_and_a_day_of_leaving_is_not() -> None:
    assert one("email,last day\na@x.org,2026-11-17\n").left_at == AT
    assert one("email,left_at\na@x.org,2026-11-17\n").left_at == datetime(2026, 11, 17, tzinfo=UTC)


def test_columns_that_mean_nothing_are_named() -> None:
    assert read("email,Department,cost centre\na@x.org,R&D,7\n").ignored == ("Department", "cost centre")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (",,", "names nobody"),
        ("12345,,", "Slack id is none"),
        (",ana at example.com,", "address is none"),
        (",ana@example.com,18.11.2026", "day is none"),
        (",ana@example.com,11/18/2026", "day is none"),
        (",ana@example.com,2026-13-01", "day is none"),
        (",ana@example.com,0001-01-01T00:00+23:00", "day is none"),
        (",ana@example.com,2026-11-18,one,too many", "it has 5 cells"),
    ],
)
def test_a_line_that_cannot_be_read_is_kept_with_why(row: str, why: str) -> None:
    found = read(f"slack_id,email,left_at\nU012AB3CD,,\n{row}\n").lines
    if row == ",,":
        assert len(found) == 1, "a row of nothing is no line"
        return
    assert found[0].wrong == ""
    assert (found[1].number, why in found[1].wrong) == (3, True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("\ufeff \n", "empty"),
        ("name,department\nAna,R&D\n", "name the columns"),
        ("email,mail\na@x.org,b@x.org\n", "say the same"),
        ('slack_id\n"U012', "line of a table"),
        ("{no json", "begins like JSON"),
        ('{"Resources": 7}', "no list"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(text)


# --- JSON ---

SCIM = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "id": "2819c223-7f76-453a",
    "externalId": "701984",
    "userName": "ana@example.com",
    "emails": [{"value": "private@example.org"}, {"value": "ana@example.com", "primary": True}],
    "active": False,
}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(SCIM),
        json.dumps([SCIM]),
        json.dumps({"schemas": [], "totalResults": 1, "Resources": [SCIM]}, indent=2),
        json.dumps(SCIM | {"active": "False"}),
        json.dumps({"userName": "ana@example.com", "active": False}),
        json.dumps({"emails": [{"value": "ana@example.com"}], "userName": "adl", "active": False}),
        json.dumps({"email": "ana@example.com"}),
    ],
)
def test_scim_in_all_its_wrappings_names_the_primary_address(text: str) -> None:
    line = one(text)
    assert (line.email, line.slack_id, line.is_active, line.wrong) == ("ana@example.com", "", False, "")


def test_slacks_own_scim_ids_count_and_ids_of_other_books_do_not() -> None:
    assert one(json.dumps(SCIM | {"id": "U012AB3CD"})).slack_id == "U012AB3CD"
    assert one(json.dumps(SCIM | {"externalId": "W012AB3CD"})).slack_id == "W012AB3CD"
    assert one(json.dumps(SCIM | {"externalId": "U1234"})).slack_id == ""


def test_json_lines_are_read_one_by_one() -> None:
    ours = json.dumps({"slack_id": "U012AB3CD", "left_at": "2026-11-18", "note": "x"})
    found = read(f"{ours}\nnothing\n\n{json.dumps(SCIM)}\n").lines
    assert [(line.number, line.slack_id or line.email, line.wrong) for line in found] == [
        (1, "U012AB3CD", ""),
        (2, "", "it is no JSON"),
        (4, "ana@example.com", ""),
    ]
    assert found[0].left_at == AT


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (SCIM | {"emails": [{"value": "a@x.org"}, {"value": "b@x.org"}]}, "several addresses"),
        ({"userName": "ana@example.com"}, "does not say `active`"),
        ({"userName": "ana", "active": False}, "names nobody"),
        (["ana"], "no JSON object"),
        ({"slack_id": 7}, "names nobody"),
        ({"slack_id": "U012AB3CD", "left_at": 1796083200}, "day is none"),
        ({"slack_id": "U012AB3CD", "lastDay": {"year": 2027}}, "day is none"),
        ({"slack_id": "U012AB3CD", "left": False}, "day is none"),
        ({"email": "a@x.org", "workEmail": "b@x.org"}, "says two things about `email`"),
        ({"slack_id": "U012AB3CD", "memberId": "U045EF6GH"}, "says two things about `slack_id`"),
        ({"slack_id": "U012AB3CD", "left_at": "2026-11-18", "leavingDate": "2027-11-18"}, "two things about `left_at`"),
        ({"email": "a@x.org", "isActive": "perhaps"}, "does not say `active`"),
        ({"email": "a\x1b[2J@x.org"}, "address is none"),
    ],
)
def test_an_entry_that_cannot_be_read_is_kept_with_why(entry: object, why: str) -> None:
    assert why in one(json.dumps([entry])).wrong


def test_whoever_is_active_is_read_as_such() -> None:
    assert one(json.dumps(SCIM | {"active": True})).is_active
    assert one(json.dumps({"email": "ana@example.com", "is_active": True})).is_active


def test_a_table_of_everybody_may_say_who_is_active_and_nobody_leaves_by_that() -> None:
    found = read("E-Mail;Active\nana@example.com;TRUE\nben@example.com;false\neve@example.com;\n").lines
    assert [(line.email, line.is_active) for line in found[:2]] == [
        ("ana@example.com", True),
        ("ben@example.com", False),
    ]
    assert "does not say `active`" in found[2].wrong


def test_one_thing_said_in_several_spellings_or_once_empty_is_one_thing() -> None:
    line = one(json.dumps({"email": "", "mail": "ana@example.com", "workEmail": "Ana@Example.com", "left_at": None}))
    assert (line.email.lower(), line.left_at, line.wrong) == ("ana@example.com", None, "")


def test_text_that_no_database_or_terminal_takes_is_made_harmless() -> None:
    line = one('{"slack_id": "U012AB3CD", "note": "half a \\ud83d smile\\u0000\\u001b[2J"}')
    assert (line.wrong, line.note.isprintable(), line.note.encode()) == ("", True, b"half a ? smile [2J")


def test_a_page_of_a_longer_list_says_which_entries_it_lacks() -> None:
    page = {"totalResults": 250, "startIndex": 1, "itemsPerPage": 1, "Resources": [SCIM]}
    found = read(json.dumps(page)).lines
    assert (found[0].email, found[0].wrong) == ("ana@example.com", "")
    assert found[1].wrong == "entries 2 to 250 are not in this page: ask for them with `startIndex=2` as well"
    assert len(read(json.dumps(page | {"startIndex": 250})).lines) == 1
    assert len(read(json.dumps(page | {"totalResults": "many"})).lines) == 1


# --- properties ---


@given(st.text(max_size=200))
def test_whatever_is_given_is_read_or_refused_in_words(text: str) -> None:
    try:
        found = read(text)
    except Unreadable:
        return
    numbers = [line.number for line in found.lines]
    assert numbers == sorted(set(numbers))


CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=30)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_a_table_that_a_spreadsheet_wrote_is_read_row_by_row(rows: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["email", "note"])
    writer.writerows(rows)
    found = read(out.getvalue()).lines
    assert len(found) == sum(any(cell.strip() for cell in row) for row in rows)
    assert all(line.wrong or "@" in line.email for line in found)
