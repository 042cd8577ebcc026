"""The strict check knows Slack's limits: what is exactly at a limit passes, what is one over does not."""

from copy import deepcopy

import pytest

from bot.playground.slack import check_message, check_view
from tests.playground.slack_bots import actions, button, modal, section, text_input

HEADER = {"type": "header", "text": {"type": "plain_text", "text": "h" * 150}}
OPTION = {"text": {"type": "plain_text", "text": "o" * 75}, "value": "v" * 150}


def select(count: int) -> dict:
    options = [{"text": {"type": "plain_text", "text": f"o{n}"}, "value": str(n)} for n in range(count)]
    return {"type": "static_select", "action_id": "s", "options": options}


def context(count: int) -> dict:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * count}


def table(rows: int, columns: int = 2) -> dict:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows}


def chart(kind: str, series: int = 1, categories: int = 1, **over: object) -> dict:
    labels = [f"{number:0>20}" for number in range(categories)]
    rows = [
        {"name": f"{number:s>20}", "data": [{"label": label, "value": 1.5} for label in labels]}
        for number in range(series)
    ]
    made = {"type": kind, "series": rows, "axis_config": {"categories": labels, "y_label": "USD"}} | over
    return {"type": "data_visualization", "title": "t" * 50, "chart": made}


def with_series(row: dict, times: int = 1) -> dict:
    made = chart("bar")
    made["chart"]["series"] = [row] * times
    return made


FINE = [
    section("x" * 3000),
    HEADER,
    context(10),
    actions(*[button("b" * 75, f"a{n}", value="v" * 2000) for n in range(25)]),
    actions(select(100)),
    table(100, 20),
    {"type": "markdown", "text": "x" * 12_000},
    {"type": "section", "fields": [{"type": "mrkdwn", "text": "f"}] * 10},
    {"type": "divider"},
    {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "sk-1"}]}],
    },
    {"type": "image", "image_url": "https://example.com/x.png", "alt_text": "a chart"},
    chart("bar", series=6, categories=20),
    {
        "type": "data_visualization",
        "title": "Spend",
        "chart": {"type": "pie", "segments": [{"label": "a", "value": 1}]},
    },
    {"type": "image", "slack_file": {"id": "F0123ABCD"}, "alt_text": "a chart"},
    actions({"type": "datepicker", "action_id": "d", "initial_date": "2028-02-29"}),
    actions({"type": "timepicker", "action_id": "t", "initial_time": "23:59"}),
    actions({"type": "datetimepicker", "action_id": "m", "initial_date_time": 1_795_631_100}),
]


@pytest.mark.parametrize("block", FINE, ids=[f"{number}-{block['type']}" for number, block in enumerate(FINE)])
def test_at_the_limit_is_fine(block: dict) -> None:
    assert check_message([block], "text") == []


TOO_MUCH = [
    (section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    (section(""), "must be more than 0 characters"),
    ({"type": "section"}, "text or fields"),
    ({"type": "header", "text": {"type": "plain_text", "text": "h" * 151}}, "less than 151"),
    ({"type": "header", "text": {"type": "mrkdwn", "text": "h"}}, "must be plain_text"),
    (context(11), "no more than 10 items"),
    (actions(*[button("b", f"a{n}") for n in range(26)]), "no more than 25 items"),
    (actions(), "at least 1 item"),
    (actions(button("b" * 76, "a")), "less than 76"),
    (actions(button("b", "a", value="v" * 2001)), "less than 2001"),
    (actions(button("b", "a", style="blue")), "primary or danger"),
    (actions(button("b", "a"), button("c", "a")), "action_id already exists"),
    (actions(button("b", "a", colour="red")), "invalid additional property: colour"),
    (actions({"type": "spinner", "action_id": "a"}), "unsupported type: spinner"),
    (actions(select(101)), "no more than 100 items"),
    (actions(select(0)), "at least 1 item"),
    (actions({"type": "static_select", "action_id": "s", "options": [OPTION, OPTION]}), "must be unique"),
    (
        actions(select(2) | {"initial_option": OPTION}),
        "exactly one of the options",
    ),
    (table(101), "no more than 100 items"),
    (table(1, 21), "no more than 20 items"),
    ({"type": "markdown", "text": "x" * 12_001}, "less than 12001"),
    ({"type": "alert", "text": {"type": "plain_text", "text": "!"}}, "unsupported type in a message: alert"),
    ({"type": "gizmo"}, "unsupported type: gizmo"),
    ({"type": "section", "text": {"type": "html", "text": "x"}}, "plain_text or mrkdwn"),
    (section("x") | {"block_id": "b" * 256}, "less than 256"),
    (section("x") | {"color": "red"}, "invalid additional property: color"),
    ({"type": "section", "fields": [{"type": "mrkdwn", "text": "f"}] * 11}, "no more than 10 items"),
    (
        actions(button("b", "a", confirm={"title": {"type": "plain_text", "text": "t" * 101}})),
        "less than 101",
    ),
    ({"type": "rich_text", "elements": [{"type": "paragraph"}]}, "unsupported type: paragraph"),
    ({"type": "image", "image_url": "https://example.com/x.png"}, "must be a string"),
    ({"type": "image", "alt_text": "x"}, "either image_url or slack_file"),
    (
        {"type": "image", "alt_text": "x", "image_url": "https://x", "slack_file": {"id": "F0123ABCD"}},
        "either image_url",
    ),
    ({"type": "image", "alt_text": "x", "slack_file": {"id": "f-1"}}, "must match regex pattern"),
    ({"type": "image", "alt_text": "x", "slack_file": {}}, "either id or url"),
    ({"type": "image", "alt_text": "x", "slack_file": {"id": "F0123ABCD", "url": "https://x"}}, "either id or url"),
    (chart("bar", series=7), "no more than 6 items"),
    (chart("bar", categories=21), "no more than 20 items"),
    (chart("bar", series=0), "at least 1 item"),
    (chart("line", axis_config={"categories": ["other"]}), "labels must match the categories"),
    (chart("line", axis_config={"categories": ["c" * 21]}), "less than 21"),
    (chart("area", series_names=1), "invalid additional property: series_names"),
    (with_series({"name": "a", "data": [{"label": f"{0:0>20}", "value": None}]}), "must be a number"),
    (with_series({"name": "a", "data": [{"label": f"{0:0>20}", "value": 1}]}, 2), "name already exists"),
    (
        {
            "type": "data_visualization",
            "title": "x",
            "chart": {"type": "pie", "segments": [{"label": "a", "value": 0}]},
        },
        "more than 0",
    ),
    *(
        (actions({"type": "datepicker", "action_id": "d", "initial_date": day}), f"YYYY-MM-DD [json-pointer:{at}date]")
        for at in ["/blocks/0/elements/0/initial_"]
        for day in (
            "2026-02-29",
            "2026-11-1",
            "15 December",
            "20261215",
            "2026-11-21T00:00:00",
            "２０２６-12-15",  # noqa: RUF001 - digits that are not ASCII
            "",
            20_261_215,
        )
    ),
    (actions({"type": "datepicker", "action_id": "d", "min_date": "2026-11-21"}), "invalid additional property"),
    (actions({"type": "timepicker", "action_id": "t", "initial_time": "24:00"}), "must be a time as HH:MM"),
    (actions({"type": "datetimepicker", "action_id": "m", "initial_date_time": 1_795_631_100_000}), "of 10 digits"),
]


@pytest.mark.parametrize(
    ("block", "complaint"), TOO_MUCH, ids=[f"{number}-{c}" for number, (_, c) in enumerate(TOO_MUCH)]
)
def test_over_the_limit_is_refused(block: dict, complaint: str) -> None:
    problems = check_message([block], "text")
    assert problems
    assert any(complaint in p for p in problems), problems
    assert all("[json-pointer:/blocks/0" in p for p in problems)


def test_messages_hold_fifty_blocks_and_thirteen_thousand_characters() -> None:
    assert check_message([{"type": "divider"}] * 50, "x") == []
    assert check_message([{"type": "divider"}] * 51, "x") == ["no more than 50 items allowed [json-pointer:/blocks]"]
    assert check_message([section("x" * 2640)] * 5, "x") == []
    assert check_message([section("x" * 2641)] * 5, "x")[0].startswith("msg_blocks_too_long")
    assert check_message([], "x" * 40_001)[0].startswith("msg_too_long")


def test_the_same_block_id_twice_is_refused() -> None:
    blocks = [section("a") | {"block_id": "same"}, section("b") | {"block_id": "same"}]
    assert check_message(blocks, "x") == ["block_id already exists: same [json-pointer:/blocks/1/block_id]"]


def test_one_table_in_a_message() -> None:
    assert check_message([table(1), table(1)], "x") == ["only one table allowed [json-pointer:/blocks]"]


def test_a_view_at_its_limits_is_fine() -> None:
    view = modal(
        text_input("Cap", "cap"),
        {"type": "alert", "text": {"type": "mrkdwn", "text": "careful"}, "level": "warning"},
        *[{"type": "divider"}] * 98,
        title={"type": "plain_text", "text": "t" * 24},
        private_metadata="m" * 3000,
    )
    assert check_view(view) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"title": {"type": "plain_text", "text": "t" * 25}}, "less than 25 characters [json-pointer:/view/title"),
        ({"submit": {"type": "plain_text", "text": "t" * 25}}, "[json-pointer:/view/submit"),
        ({"close": {"type": "plain_text", "text": "t" * 25}}, "[json-pointer:/view/close"),
        ({"title": {"type": "mrkdwn", "text": "t"}}, "must be plain_text"),
        ({"private_metadata": "m" * 3001}, "less than 3001"),
        ({"callback_id": "m" * 256}, "less than 256"),
        ({"blocks": [{"type": "divider"}] * 101}, "no more than 100 items"),
        ({"blocks": [table(1)]}, "unsupported type in a modal: table"),
        ({"colour": "red"}, "invalid additional property"),
        ({"type": "window"}, "unsupported type: window"),
    ],
)
def test_a_view_over_its_limits_is_refused(change: dict, complaint: str) -> None:
    problems = check_view(modal(text_input("Cap", "cap")) | change)
    assert any(complaint in p for p in problems), problems


def test_a_form_without_submit_and_too_big_a_view_are_refused() -> None:
    problems = check_view(modal(text_input("Cap", "cap"), submit=None))
    assert problems == ["missing required field: submit, because there is an input [json-pointer:/view]"]
    assert any(p.startswith("view_too_large") for p in check_view(modal(*[section("é" * 3000)] * 60)))


def test_a_home_tab_has_no_title_and_no_alert() -> None:
    assert check_view({"type": "home", "blocks": [section("x")]}) == []
    assert check_view(modal(section("x")) | {"type": "home"})
    alert = {"type": "alert", "text": {"type": "plain_text", "text": "!"}}
    assert check_view({"type": "home", "blocks": [alert]})


def test_the_check_changes_nothing() -> None:
    view = modal(text_input("Cap", "cap"), *[b for b in FINE if b["type"] in ("section", "header")])
    before = deepcopy(view)
    check_view(view)
    assert view == before
