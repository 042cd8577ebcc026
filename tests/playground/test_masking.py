"""What the journal shows: no secret but in the one view that shows a new key, however deep or escaped it lies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.slack.masking import masked, masked_entry

SECRET = "sk-MfPin_U3bg5axf8SejwowQ"
secrets = st.from_regex(r"sk-[A-Za-z0-9_-]{22}", fullmatch=True)
plain = st.text(max_size=20).map(lambda text: text.replace("sk-", ""))
places: st.SearchStrategy[Any] = st.recursive(
    st.just(SECRET) | plain | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain, inner, max_size=3) | inner.map(json.dumps),
    max_leaves=12,
)


def entry(direction: str, method: str, body: dict, answer: dict | None = None) -> dict:
    return {"seq": 1, "direction": direction, "method": method, "body": body, "status": 200, "answer": answer or {}}


@given(secrets)
def test_a_secret_keeps_its_kind_and_its_last_four_characters(secret: str) -> None:
    assert masked(f"look: {secret}.") == f"look: sk-…{secret[-4:]}."
    assert masked(["x", {"y": secret}]) == ["x", {"y": f"sk-…{secret[-4:]}"}]


@given(places)
def test_no_secret_is_left_wherever_it_lies(value: Any) -> None:
    assert SECRET not in json.dumps(masked(value), ensure_ascii=False)
    assert SECRET not in json.dumps(masked(json.dumps(value)))


@pytest.mark.parametrize("before", ["\n", "“", "\t", '"', "`", "<", "é", "=", "Bearer "])
def test_a_secret_is_found_in_text_that_is_json_itself(before: str) -> None:
    text = json.dumps({"text": f"{before}{SECRET}"})
    assert SECRET not in masked(text)
    assert json.loads(masked(text)) == {"text": f"{before}sk-…{SECRET[-4:]}"}


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("xoxb-playground-0000-purser", "xoxb-…rser"),
        ("xapp-playground-0000-purser", "xapp-…rser"),
        ("sk-master-1234", "sk-…1234"),
    ],
)
def test_tokens_are_masked_as_well(token: str, shown: str) -> None:
    assert masked(f"Authorization: Bearer {token}") == f"Authorization: Bearer {shown}"


@pytest.mark.parametrize("text", ["risk-assessment-of-all", "task-force-alpha-1", "sk-…wowQ", "ask sk-", "sk-abc"])
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize("method", ["views.open", "views.push", "views.update"])
@pytest.mark.parametrize("as_text", [True, False])
def test_the_view_that_shows_a_key_keeps_it_and_its_echo_does_not(method: str, as_text: bool) -> None:
    view = {"type": "modal", "blocks": [{"text": f"{SECRET}\nsk-master-1234 xoxb-12345678-abc"}]}
    sent = {"view": json.dumps(view) if as_text else view, "token": "xoxb-12345678-abc", "trigger_id": SECRET}
    shown = masked_entry(entry("in", method, sent, {"ok": True, "view": view}), {"sk-master-1234"})
    assert SECRET in json.dumps(shown["body"]["view"])
    assert "master" not in json.dumps(shown)
    assert "xoxb-12" not in json.dumps(shown)
    assert SECRET not in json.dumps([shown["answer"], shown["body"]["trigger_id"]])


def test_the_same_view_in_any_other_entry_is_masked() -> None:
    view = {"type": "modal", "blocks": [{"text": SECRET}]}
    for other in (
        entry("out", "block_actions", {"view": view}),
        entry("out", "views.open", {"view": view}),
        entry("in", "views.publish", {"view": view}),
        entry("in", "chat.postMessage", {"view": view}),
    ):
        assert SECRET not in json.dumps(masked_entry(other))
