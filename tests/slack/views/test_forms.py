"""Forms and their readers: what is filled in comes back, and what is wrong is said at its field."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.keys import KeyKind
from bot.domain.periods import DAY_SECONDS
from bot.slack.views import forms, inputs
from bot.slack.views.forms import ChangesInput, DenyInput, DisableInput, ExtendInput
from bot.slack.views.request_form import RequestInput, read_request_form, request_form
from tests.slack.views import kit
from tests.slack.views.kit import EVERYDAY, SECRET, USD

MEMBERS_OF_A_PAYLOAD = (
    "state", "values", "cap", "time", "kind", "models", "reason", "key", "value", "selected_option",
    "selected_options", "private_metadata",
)  # fmt: skip


def filled(view: dict[str, Any], **typed: Any) -> dict[str, Any]:
    """The view as Slack sends it back: what was filled in beforehand, and over it what somebody typed or chose."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element, name = block["element"], block["block_id"]
        match element["type"]:
            case "plain_text_input":
                held = {"value": typed.get(name, element.get("initial_value"))}
            case "multi_static_select":
                chosen = [one for one in element["options"] if one["value"] in typed.get(name, ())]
                held = {"selected_options": chosen if name in typed else element.get("initial_options", [])}
            case "users_select":
                held = {"selected_user": typed.get(name)}
            case "datepicker":
                held = {"selected_date": typed.get(name, element.get("initial_date"))}
            case _:
                chosen = [one for one in element["options"] if one["value"] == typed.get(name)]
                held = {"selected_option": chosen[0] if chosen else element.get("initial_option")}
        values[name] = {element["action_id"]: held | {"type": element["type"]}}
    return copy.deepcopy(view) | {"state": {"values": values}}


def test_a_filled_in_form_is_read_as_typed() -> None:
    view = filled(request_form(kit.form(EVERYDAY)), cap="$25", reason=" evaluate\nrerankers ", models=("gpt-4o",))
    assert read_request_form(view) == RequestInput(
        "team-1", KeyKind.TEMPORARY, 25 * USD, 7 * DAY_SECONDS, ("gpt-4o",), "evaluate rerankers"
    )


def test_a_member_key_has_no_time_and_needs_no_reason() -> None:
    view = filled(request_form(kit.form(EVERYDAY)), kind="member", cap="50", time="nonsense")
    assert read_request_form(view) == RequestInput("team-1", KeyKind.MEMBER, 50 * USD, None, (), "")


def test_the_chosen_team_counts() -> None:
    view = filled(request_form(kit.form(EVERYDAY, teams=3)), team="team-3", cap="$5", reason="try it")
    read = read_request_form(view)
    assert isinstance(read, RequestInput)
    assert read.team_id == "team-3"


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"cap": "$-5"}, {"cap": "An amount must be more than $0."}),
        ({"cap": "NaN"}, {"cap": "Amounts look like $25 or $12.50."}),
        ({"cap": None}, {"cap": "Amounts look like $25 or $12.50."}),
        ({"time": "0d"}, {"time": "A time must be more than zero."}),
        ({"time": ""}, {"time": "Times look like 7d, 36h or 2w."}),
        ({"reason": " a "}, {"reason": "Say in a few words what it is for."}),
        ({"reason": "x" * 501}, {"reason": "At most 500 characters, please."}),
    ],
)
def test_what_is_wrong_is_said_at_its_field(typed: dict[str, Any], errors: dict[str, str]) -> None:
    view = filled(request_form(kit.form(EVERYDAY)), **({"cap": "$25", "reason": "evaluate"} | typed))
    assert read_request_form(view) == errors


def test_an_owners_changes_start_from_what_was_asked() -> None:
    view = forms.changes_form(kit.facts(EVERYDAY, kit.request(EVERYDAY)))
    untouched = forms.read_changes_form(filled(view))
    assert untouched == ChangesInput("req-1", 25 * USD, 7 * DAY_SECONDS, EVERYDAY.models)
    changed = forms.read_changes_form(filled(view, cap="$20", time="3d", models=()))
    assert changed == ChangesInput("req-1", 20 * USD, 3 * DAY_SECONDS, ())


def test_changing_an_extension_changes_only_its_time() -> None:
    view = forms.changes_form(kit.facts(EVERYDAY, kit.extend(EVERYDAY), kit.key(EVERYDAY)))
    assert forms.read_changes_form(filled(view, time="2d")) == ChangesInput("req-1", None, 2 * DAY_SECONDS, None)


def test_models_are_chosen_one_by_one_and_never_cut() -> None:
    names = [str(number) for number in range(120)]
    (block,) = inputs.models(["small", "openai/*"], ["small"])
    assert [one["value"] for one in block["element"]["options"]] == ["small"]
    assert inputs.models(names, names) == [], "a form that cannot hold what was agreed leaves it alone"


def test_a_denial_needs_a_reason() -> None:
    view = forms.deny_form(kit.facts(EVERYDAY, kit.request(EVERYDAY)))
    assert forms.read_deny_form(filled(view, reason="no")) == {"reason": "Say in a few words why not."}
    assert forms.read_deny_form(filled(view, reason="too much")) == DenyInput("req-1", "too much")


def test_extending_needs_a_time_only() -> None:
    view = forms.extend_form(kit.key(EVERYDAY), 30 * DAY_SECONDS)
    assert forms.read_extend_form(filled(view)) == {"time": "Times look like 7d, 36h or 2w."}
    assert forms.read_extend_form(filled(view, time="36h")) == ExtendInput("key-1", 36 * 3600, "")


def test_a_key_pasted_into_the_form_is_not_echoed() -> None:
    read = forms.read_disable_form(filled(forms.disable_form(), key=SECRET, reason="leaked"))
    assert isinstance(read, DisableInput)
    assert (read.key_id, read.typed, read.reason) == (None, SECRET, "leaked")
    assert SECRET not in repr(read)
    known = forms.read_disable_form(filled(forms.disable_form(kit.key(EVERYDAY))))
    assert known == DisableInput("key-1", "", "")
    assert forms.read_disable_form(filled(forms.disable_form())) == {"key": "Type the key's label, or paste the key."}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS_OF_A_PAYLOAD), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(junk=JUNK, name=st.sampled_from(["cap", "time", "kind", "models", "reason", "key"]))
def test_forged_payloads_read_as_mistakes_not_as_crashes(junk: object, name: str) -> None:
    view = {"private_metadata": junk, "state": {"values": {name: {name: junk}}}}
    assert isinstance(read_request_form(view), dict)
    assert isinstance(forms.read_deny_form(view), dict | forms.DenyInput)
    assert isinstance(forms.read_extend_form(view), dict | forms.ExtendInput)
    forms.read_changes_form(view)
    forms.read_disable_form(view)
