"""One example of every block and element that the fake Slack accepts, as a bot would send it."""

from __future__ import annotations

from typing import Any

Node = dict[str, Any]

PICTURE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='320' height='160'%3E%3Cdefs%3E"
    "%3ClinearGradient id='g' x2='1' y2='1'%3E%3Cstop stop-color='%232563b8'/%3E%3Cstop offset='1' stop-color="
    "'%230f7f72'/%3E%3C/linearGradient%3E%3C/defs%3E%3Crect width='320' height='160' fill='url(%23g)'/%3E"
    "%3Ccircle cx='250' cy='50' r='26' fill='%23ffffff' opacity='.8'/%3E%3C/svg%3E"
)


def plain(text: str) -> Node:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Node:
    return {"type": "mrkdwn", "text": text}


def option(name: str, about: str = "") -> Node:
    made: Node = {"text": plain(name), "value": name.lower()}
    return made | {"description": plain(about)} if about else made


def raw(*cells: str | float) -> list[Node]:
    return [
        {"type": "raw_text", "text": cell}
        if isinstance(cell, str)
        else {"type": "raw_number", "value": cell, "text": f"${cell:,.2f}"}
        for cell in cells
    ]


def run(text: str, **style: bool) -> Node:
    return {"type": "text", "text": text, "style": style} if style else {"type": "text", "text": text}


def line(*parts: Node) -> Node:
    return {"type": "rich_text_section", "elements": list(parts)}


CONFIRM = {
    "title": plain("Give this key back?"),
    "text": plain("It stops working at once."),
    "confirm": plain("Give back"),
    "deny": plain("Cancel"),
}
FRUIT = [option("Apple"), option("Banana", "Yellow, and long"), option("Cherry")]

ELEMENTS: dict[str, Node] = {
    "button": {"text": plain("Approve"), "value": "req-1", "style": "primary"},
    "static_select": {"placeholder": plain("Pick a fruit"), "options": FRUIT, "initial_option": FRUIT[1]},
    "external_select": {"placeholder": plain("Find a team"), "min_query_length": 1},
    "users_select": {"placeholder": plain("Pick a person"), "initial_user": "U0ANA"},
    "conversations_select": {"placeholder": plain("Pick a conversation"), "filter": {"include": ["public"]}},
    "channels_select": {"placeholder": plain("Pick a channel"), "initial_channel": "C0SEARCH"},
    "multi_static_select": {
        "placeholder": plain("Pick models"),
        "option_groups": [
            {"label": plain("Large"), "options": [option("gpt-4o"), option("sonnet")]},
            {"label": plain("Small"), "options": [option("gpt-4o-mini"), option("haiku")]},
        ],
        "initial_options": [option("sonnet")],
        "max_selected_items": 3,
    },
    "multi_external_select": {"placeholder": plain("Find teams"), "initial_options": [option("Search")]},
    "multi_users_select": {"placeholder": plain("Pick people"), "initial_users": ["U0OMAR", "U0OLGA"]},
    "multi_conversations_select": {"placeholder": plain("Pick places"), "initial_conversations": ["C0OPS"]},
    "multi_channels_select": {"placeholder": plain("Pick channels"), "initial_channels": ["C0GENERAL"]},
    "overflow": {"options": [option("Edit"), option("Delete", "For everybody")]},
    "datepicker": {"initial_date": "2026-11-27", "placeholder": plain("Pick a day")},
    "timepicker": {"initial_time": "09:30", "placeholder": plain("Pick a time")},
    "datetimepicker": {"initial_date_time": 1_795_631_100},
    "checkboxes": {"options": FRUIT, "initial_options": [FRUIT[0]]},
    "radio_buttons": {"options": FRUIT, "initial_option": FRUIT[2]},
    "plain_text_input": {"placeholder": plain("$25"), "max_length": 40, "multiline": False},
    "email_text_input": {"placeholder": plain("ana@example.com")},
    "url_text_input": {"initial_value": "https://example.com/a"},
    "number_input": {"is_decimal_allowed": False, "initial_value": "25", "min_value": "1", "max_value": "99"},
    "rich_text_input": {"placeholder": plain("Say more")},
    "file_input": {"filetypes": ["csv"], "max_files": 1},
    "image": {"image_url": PICTURE, "alt_text": "A blue picture"},
}
NOT_ACTIONS = {
    "plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input",
}  # fmt: skip
NOT_INPUTS = {"button", "overflow", "image"}


def element(kind: str) -> Node:
    made = {"type": kind, **ELEMENTS[kind]}
    return made if kind == "image" else made | {"action_id": f"act_{kind}"}


def in_form(kind: str, **more: Any) -> Node:
    label = plain(kind.replace("_", " ").capitalize())
    return {"type": "input", "block_id": f"form_{kind}", "label": label, "element": element(kind), **more}


def in_actions(kind: str) -> Node:
    return {"type": "actions", "block_id": f"row_{kind}", "elements": [element(kind)]}


WEEKS = ["26 Oct", "2 Nov", "9 Nov", "16 Nov", "23 Nov"]


def chart(kind: str, title: str, **series: list[float]) -> Node:
    rows = [
        {"name": name, "data": [{"label": w, "value": v} for w, v in zip(WEEKS, values, strict=True)]}
        for name, values in series.items()
    ]
    axes = {"categories": WEEKS, "x_label": "Week of", "y_label": "US dollars"}
    return {"type": "data_visualization", "title": title, "chart": {"type": kind, "series": rows, "axis_config": axes}}


SPEND = {"search": [120.0, 180, 150, 240, 310], "ads": [90.0, 60, 110, 95, 130], "ops": [30.0, 32, 28, 45, 41]}
BUTTONS = [
    element("button"),
    {"type": "button", "text": plain("Approve with changes"), "action_id": "change", "value": "req-1"},
    {"type": "button", "text": plain("Deny"), "action_id": "deny", "style": "danger", "confirm": CONFIRM},
    {"type": "button", "text": plain("Read the policy"), "action_id": "read", "url": "https://example.com/policy"},
]
CARD: Node = {
    "type": "card",
    "block_id": "card",
    "hero_image": {"type": "image", "image_url": PICTURE, "alt_text": "Hills"},
    "icon": {"type": "image", "image_url": PICTURE, "alt_text": "The team"},
    "title": mrkdwn("Team *search*"),
    "subtitle": mrkdwn("Owned by <@U0OMAR>"),
    "body": mrkdwn("$320 left of $500 this month."),
    "actions": [{"type": "button", "text": plain("Ask for a key"), "action_id": "ask", "value": "search"}],
}

BLOCKS: dict[str, list[Node]] = {
    "section": [
        {
            "type": "section",
            "text": mrkdwn("*<@U0ANA> asks for a temporary key*\nWaiting for an owner. Unanswered, it expires today."),
            "accessory": {"type": "button", "text": plain("Open"), "action_id": "open"},
        },
        {
            "type": "section",
            "fields": [
                mrkdwn("*Team*\nsearch"),
                mrkdwn("*Cap*\n$25 in total"),
                mrkdwn("*Models*\n`gpt-4o` and `haiku`"),
            ],
        },
        {"type": "section", "text": mrkdwn("A picture at the side."), "accessory": element("image")},
    ],
    "divider": [{"type": "divider"}],
    "header": [{"type": "header", "text": plain("My keys :key:"), "level": 2}],
    "context": [
        {"type": "context", "elements": [element("image"), mrkdwn("Rule `one-owner`: an owner has to *agree*.")]}
    ],
    "actions": [{"type": "actions", "block_id": "buttons", "elements": [*BUTTONS, element("overflow")]}],
    "input": [in_form("plain_text_input", optional=True, hint=plain("In total for a temporary key."))],
    "image": [
        {"type": "image", "image_url": PICTURE, "alt_text": "Hills", "title": plain("The view from here")},
        {"type": "image", "slack_file": {"id": "F0PICTURE"}, "alt_text": "A file of Slack's"},
        {"type": "image", "image_url": "https://elsewhere.example/x.png", "alt_text": "From elsewhere"},
    ],
    "markdown": [
        {
            "type": "markdown",
            "text": "# Report\nSome **bold**, *italic*, ~~old~~ and `code`.\n\n## List\n- one\n  - nested\n- [x] done\n"
            "\n1. first\n2. [second](https://example.com)\n\n> said\n\n---\n\n```\nmake test\n```\n\n"
            "| Team | Spent |\n|---|--:|\n| search | $310 |\n| ads | $130 |",
        }
    ],
    "rich_text": [
        {
            "type": "rich_text",
            "elements": [
                line(
                    run("bold", bold=True),
                    run(" italic", italic=True),
                    run(" strike", strike=True),
                    run(" code", code=True),
                    run(" under ", underline=True),
                    {"type": "link", "url": "https://example.com", "text": "a link"},
                    run(" "),
                    {"type": "user", "user_id": "U0ANA"},
                    run(" "),
                    {"type": "usergroup", "usergroup_id": "S0OWNERS"},
                    run(" "),
                    {"type": "channel", "channel_id": "C0SEARCH"},
                    run(" "),
                    {"type": "emoji", "name": "tada"},
                    run(" "),
                    {"type": "broadcast", "range": "here"},
                    run(" "),
                    {"type": "date", "timestamp": 1_795_631_100, "format": "{date_short} {time}", "fallback": "then"},
                    run(" "),
                    {"type": "color", "value": "#2563b8"},
                    run(" "),
                    {"type": "team", "team_id": "T0PLAY"},
                ),
                {"type": "rich_text_list", "style": "bullet", "elements": [line(run("one")), line(run("two"))]},
                {"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": [line(run("in two"))]},
                {"type": "rich_text_quote", "elements": [run("Somebody said this")]},
                {"type": "rich_text_preformatted", "elements": [run("sk-example-0123456789")]},
            ],
        }
    ],
    "table": [
        {
            "type": "table",
            "column_settings": [{"is_wrapped": True}, {"align": "right"}, {"align": "center"}],
            "rows": [
                raw("Team", "Spent", "Owner"),
                [
                    *raw("search", 310.5),
                    {"type": "rich_text", "elements": [line({"type": "user", "user_id": "U0OMAR"})]},
                ],
                [*raw("ads", 130.0), {"type": "rich_text", "elements": [line(run("nobody", italic=True))]}],
            ],
        }
    ],
    "data_table": [
        {
            "type": "data_table",
            "caption": "Spend by team",
            "page_size": 3,
            "row_header_column_index": 0,
            "rows": [
                raw("Team", "Spent", "Kind"),
                raw("search", 310.5, "temporary"),
                raw("ads", 130.0, "member"),
                raw("ops", 41.0, "member"),
                raw("labs", 1200.25, "temporary"),
            ],
        }
    ],
    "data_visualization": [
        chart("line", "Spend by week", **SPEND),
        chart("bar", "Spend by week, in bars", **SPEND),
        chart("area", "Spend by week, in areas", **{name: SPEND[name] for name in ("search", "ads")}),
        {
            "type": "data_visualization",
            "title": "Where it went",
            "chart": {
                "type": "pie",
                "segments": [
                    {"label": "search", "value": 310},
                    {"label": "ads", "value": 130},
                    {"label": "ops", "value": 41},
                    {"label": "labs", "value": 12},
                ],
            },
        },
    ],
    "alert": [
        {"type": "alert", "level": level, "text": mrkdwn(f"This is *{level}*, said calmly.")}
        for level in ("default", "info", "warning", "error", "success")
    ],
    "card": [CARD],
    "carousel": [
        {
            "type": "carousel",
            "elements": [CARD | {"block_id": f"card-{n}", "title": mrkdwn(f"Card {n}")} for n in range(1, 5)],
        }
    ],
    "container": [
        {
            "type": "container",
            "title": plain("The week in numbers"),
            "subtitle": mrkdwn("16 to 22 November"),
            "icon": {"type": "image", "image_url": PICTURE, "alt_text": "A chart"},
            "is_collapsible": True,
            "child_blocks": [{"type": "section", "text": mrkdwn("*search* spent $310.50.")}],
        },
        {
            "type": "container",
            "rich_text_title": {"type": "rich_text", "elements": [line(run("Always open", bold=True))]},
            "has_header_divider": True,
            "width": "narrow",
            "child_blocks": [{"type": "section", "text": mrkdwn("Nothing to fold.")}],
        },
    ],
}
