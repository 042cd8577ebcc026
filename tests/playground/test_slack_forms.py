"""Forms, menus and screens as a person uses them: by label and in words; and what Slack's own client refuses."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.playground.slack import FakeSlack, NotInSlack
from tests.playground.slack_bots import (
    MANIFEST,
    actions,
    button,
    modal,
    new_app,
    over_http,
    section,
    text_input,
)


def plain(text: str) -> dict:
    return {"type": "plain_text", "text": text}


def options(*labels: str) -> list[dict]:
    return [{"text": plain(label), "value": label.lower()} for label in labels]


def asking(label: str, block_id: str, element: dict, **more: object) -> dict:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": {"action_id": "x", **element},
        **more,
    }


FORM = modal(
    asking("Kind", "kind", {"type": "static_select", "options": options("Member", "Project")}),
    asking("Models", "models", {"type": "checkboxes", "options": options("GPT", "Claude", "Mistral")}, optional=True),
    asking("Lead", "lead", {"type": "users_select"}, optional=True),
    asking("Until", "until", {"type": "datepicker", "initial_date": "2026-12-15"}),
    asking("Days", "days", {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "30"}),
    asking("Reason", "reason", {"type": "plain_text_input", "max_length": 10}, optional=True),
    asking("Project", "project", {"type": "external_select", "min_query_length": 1}, optional=True),
    notify_on_close=True,
)


@pytest.fixture
def sent() -> list[dict]:
    return []


@pytest.fixture
def slack(sent: list[dict]) -> Iterator[FakeSlack]:
    with FakeSlack(MANIFEST) as fake:
        fake.invite_bot("search")
        app = new_app(fake)

        @app.view("form")
        def form(ack: Any, body: dict) -> None:
            ack()
            sent.append(body)

        @app.view_closed("form")
        def closed(ack: Any, body: dict) -> None:
            ack()
            sent.append(body)

        @app.options("x")
        def suggest(ack: Any, body: dict) -> None:
            found = [o for o in options("Search", "Ranking") if body["value"] in o["text"]["text"].lower()]
            ack(options=found)

        @app.action("pick")
        def pick(ack: Any, body: dict) -> None:
            ack()
            sent.append(body)

        @app.shortcut("anywhere")
        def anywhere(ack: Any, body: dict, client: WebClient) -> None:
            ack()
            client.views_open(trigger_id=body["trigger_id"], view=FORM)

        with over_http(fake, app):
            yield fake
        assert fake.violations == []


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url)


def test_a_form_is_filled_by_label_in_words(slack: FakeSlack, sent: list[dict]) -> None:
    ana = slack.person("ana")
    assert "Kind" in ana.shortcut("anywhere").answer()
    (project,) = ana.options("Project", "sea", in_=ana.fill(None, {}))
    answers = {"Kind": "Project", "Models": ["GPT", "mistral"], "Lead": "U0BEN", "Days": 7, "Project": project}
    assert ana.submit(answers=answers).ok
    values = {block: action["x"] for block, action in sent[0]["view"]["state"]["values"].items()}
    assert values["kind"] == {"type": "static_select", "selected_option": options("Project")[0]}
    assert [o["value"] for o in values["models"]["selected_options"]] == ["gpt", "mistral"]
    assert values["lead"]["selected_user"] == "U0BEN"
    assert values["until"]["selected_date"] == "2026-12-15"
    assert values["days"] == {"type": "number_input", "value": "7"}
    assert values["reason"] == {"type": "plain_text_input", "value": None}
    assert values["project"]["selected_option"]["value"] == "search"
    assert ana.modal() is None


@pytest.mark.parametrize(
    ("answers", "block_id", "complaint"),
    [
        ({}, "kind", "required"),
        ({"Kind": "Member", "Days": "many"}, "days", "valid number"),
        ({"Kind": "Member", "Days": "1.5"}, "days", "valid number"),
        ({"Kind": "Member", "Days": "31"}, "days", "less than or equal to 30"),
        ({"Kind": "Member", "Days": "0"}, "days", "greater than or equal to 1"),
        ({"Kind": "Member", "Days": "7", "Reason": "much too long"}, "reason", "at most 10"),
    ],
)
def test_slack_refuses_by_itself(
    slack: FakeSlack, sent: list[dict], answers: dict, block_id: str, complaint: str
) -> None:
    ana = slack.person("ana")
    ana.shortcut("anywhere").answer()
    reply = ana.submit(answers=answers)
    assert reply.status == 0
    assert complaint in reply.errors[block_id]
    assert sent == []


def test_a_day_is_chosen_changed_and_taken_back(slack: FakeSlack, sent: list[dict]) -> None:
    ana = slack.person("ana")
    ana.shortcut("anywhere").answer()
    assert "required" in ana.submit(answers={"Kind": "Member", "Days": "7", "Until": None}).errors["until"]
    assert ana.submit(answers={"Until": "2026-12-31"}).ok
    assert sent[0]["view"]["state"]["values"]["until"]["x"] == {"type": "datepicker", "selected_date": "2026-12-31"}


@pytest.mark.parametrize("day", ["2026-02-30", "tomorrow", "31.12.2026", 1_798_675_200])
def test_no_calendar_gives_what_is_no_day(slack: FakeSlack, day: object) -> None:
    ana = slack.person("ana")
    ana.shortcut("anywhere").answer()
    with pytest.raises(NotInSlack, match="must be a date as YYYY-MM-DD"):
        ana.fill(None, {"Until": day})


def test_what_is_not_on_the_form_cannot_be_filled(slack: FakeSlack) -> None:
    ana = slack.person("ana")
    with pytest.raises(NotInSlack, match="no modal open"):
        ana.submit()
    ana.shortcut("anywhere").answer()
    with pytest.raises(NotInSlack, match=r"no input labelled 'Cap'; there are .*'Kind'"):
        ana.submit(answers={"Cap": "1"})
    with pytest.raises(NotInSlack, match=r"no option 'Gold'; there are .*'Member', 'Project'"):
        ana.submit(answers={"Kind": "Gold"})
    view = ana.modal()
    with pytest.raises(NotInSlack, match="doesn't see this view"):
        slack.person("ben").submit(view)
    assert ana.close().ok
    with pytest.raises(NotInSlack, match="closed"):
        ana.submit(view)


def test_closing_everything_says_so_for_each_view(slack: FakeSlack, sent: list[dict], client: WebClient) -> None:
    ana = slack.person("ana")
    ana.shortcut("anywhere").answer()
    top = ana.fill(None, {})
    client.views_push(trigger_id=slack.world.tickets.trigger(ana.id, top.id), view=FORM)
    ana.close(top, everything=True)
    assert [(b["type"], b["is_cleared"]) for b in sent] == [("view_closed", True)] * 2
    assert ana.modals() == []


def test_a_view_is_updated_by_its_external_id(slack: FakeSlack, client: WebClient) -> None:
    view = modal(text_input("Cap", "cap"), external_id="request-7")
    client.views_open(trigger_id=slack.world.tickets.trigger("U0ANA"), view=view)
    new = modal(section("done"), submit=None, external_id="request-7")
    client.views_update(external_id="request-7", view=new)
    assert "done" in slack.text_of(slack.person("ana").modal())


def test_a_menu_in_a_message_tells_the_bot_what_was_picked(
    slack: FakeSlack, sent: list[dict], client: WebClient
) -> None:
    menu = {"type": "static_select", "action_id": "pick", "placeholder": plain("Cap"), "options": options("$5", "$9")}
    more = {"type": "overflow", "action_id": "pick", "options": options("Mute", "Pin")}
    blocks = [actions(menu), section("More") | {"accessory": more}]
    client.chat_postMessage(channel="C0SEARCH", text="x", blocks=blocks)
    message = slack.channel("search").messages[0]
    assert slack.person("ana").choose("Cap", "$9", in_=message).ok
    assert slack.person("ben").choose("...", "Pin", in_=message).ok
    assert [b["actions"][0]["selected_option"]["value"] for b in sent] == ["$9", "pin"]
    assert sent[0]["state"]["values"]["buttons"]["pick"]["selected_option"]["value"] == "$9"
    assert sent[1]["state"]["values"]["buttons"]["pick"]["selected_option"] is None, "Ben picked nothing there"


def test_a_stale_screen_can_still_be_pressed(slack: FakeSlack, sent: list[dict], client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0SEARCH", text="x", blocks=[actions(button("Go", "pick"))])["ts"]
    message = slack.channel("search").messages[0]
    stale = slack.as_seen(message)
    client.chat_update(channel="C0SEARCH", ts=ts, text="decided", blocks=[])
    with pytest.raises(NotInSlack, match="no button"):
        slack.person("ana").click("Go", in_=message)
    assert slack.person("ana").click("Go", in_=stale).ok
    assert sent[0]["message"]["text"] == "decided"


def test_people_outside_a_channel_neither_see_nor_press(slack: FakeSlack, client: WebClient) -> None:
    slack.invite_bot("ops-private")
    client.chat_postMessage(channel="C0OPS", text="x", blocks=[actions(button("Go", "pick"))])
    message = slack.channel("ops-private").messages[0]
    with pytest.raises(NotInSlack, match="doesn't see"):
        slack.person("ana").click("Go", in_=message)
    with pytest.raises(NotInSlack, match="not in #ops-private"):
        slack.person("ana").says("ops-private", "hi")
    client.chat_postEphemeral(channel="C0OPS", user="U0FAY", text="x", blocks=[actions(button("Go", "pick"))])
    with pytest.raises(NotInSlack, match="doesn't see"):
        slack.person("omar").click("Go", in_=slack.person("fay").ephemerals()[0])


def test_typing_invite_brings_the_bot_in(slack: FakeSlack) -> None:
    assert "U0PURSER" not in slack.channel("general").members
    slack.person("ana").command("/invite @purser", channel="general")
    assert "U0PURSER" in slack.channel("general").members


def test_text_is_read_as_people_read_it(slack: FakeSlack, client: WebClient) -> None:
    blocks = [
        section("<@U0ANA> in <#C0SEARCH> &lt;!channel&gt; until <!date^1795910400^{date_short} {time}|later>"),
        section("<https://example.com|docs>"),
        actions(button("Approve", "a"), button("Deny", "d")),
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_preformatted",
                    "elements": [{"type": "text", "text": "sk-1 <raw> &amp;"}],
                }
            ],
        },
    ]
    client.chat_postMessage(channel="C0SEARCH", text="fallback", blocks=blocks)
    assert slack.text_of(slack.channel("search").messages[0]).splitlines() == [
        "@ana in #search <!channel> until Nov 29, 2026 00:00",
        "docs",
        "[Approve] [Deny]",
        "sk-1 <raw> &amp;",
    ]


def test_waiting_in_vain_tells_what_was_on_the_screens(slack: FakeSlack) -> None:
    slack.person("ana").says("search", "hello?")
    with pytest.raises(AssertionError, match=r"#search .* U0ANA: 'hello\?'"):
        slack.wait_for(lambda: slack.channel("search").messages[7], timeout=0.05)
