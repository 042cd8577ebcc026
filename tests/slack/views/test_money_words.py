"""What screens about limits say is what is so: bars, figures, ages, proofs, ends, and who reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.budgets import TOTAL, Layer, Stop
from bot.domain.facts import Notice, Occasion
from bot.domain.keys import KeyKind, OffCause
from bot.domain.periods import month_end
from bot.domain.requests import RequestState, Target
from bot.slack.views import alerts, budgets, direct, home, keys, limits, raise_forms, request_form, requests, thread
from bot.slack.views.raise_forms import RaiseInput
from bot.slack.views.request_form import RequestInput
from tests.slack.views import kit, kit_money
from tests.slack.views.kit import ANA, APPROVED_BY_OMAR, EVERYDAY, NOW, OMAR, USD
from tests.slack.views.kit_money import DEC, ENDS
from tests.slack.views.test_forms import JUNK, filled
from tests.slack.views.test_truth import labels, said

MICROS = st.integers(0, 10_000 * USD)


@given(spent=MICROS, budget=st.integers(1, 10_000 * USD))
def test_a_bar_is_full_only_when_the_limit_is_reached_and_says_percent_in_words(spent: int, budget: int) -> None:
    limit = kit_money.limit(EVERYDAY, spent_micros=spent, budget_micros=budget)
    bar = limits.bar(limit)
    assert bar.isascii()
    assert (bar.count("#"), bar.count("#") + bar.count("-")) == (min(10, spent * 10 // budget), 10)
    assert (bar.count("#") == 10) == limit.is_reached
    assert ("`[----------]` 0 percent" in bar) == (spent == 0)
    assert bar.endswith("percent spent")


def test_a_tiny_cap_overspent_does_not_read_as_if_rounded_oddly() -> None:
    limit = kit_money.limit(EVERYDAY, Layer.KEY, period=TOTAL, budget_micros=10_000, spent_micros=35_000)
    assert limits.spent_of(limit) == "$0.035 of $0.01 in total"
    holds = kit.key(EVERYDAY, cap_micros=10_000, spent_micros=35_000)
    assert "spent $0.035 of $0.01 in total" in said(keys.key_list([holds], NOW))


def test_nearly_reached_does_not_read_as_reached() -> None:
    limit = kit_money.limit(EVERYDAY, spent_micros=499_999_999)
    assert limits.spent_of(limit) == "$499.999999 of $500 a month"
    assert "99 percent spent" in limits.bar(limit)


@given(at=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_what_brings_a_key_back_is_the_end_of_the_period_that_stopped_it(at: datetime) -> None:
    stop = Stop(Layer.TEAM, "team-1", f"{at:%Y-%m}", USD)
    assert f"on {month_end(at):%-d %B} 00:00 UTC" in limits.comes_back(stop)
    tomorrow = at + timedelta(days=1)
    day = replace(stop, layer=Layer.AUTOMATION, period=f"{at:%Y-%m-%d}")
    assert f"on {tomorrow:%-d %B} 00:00 UTC" in limits.comes_back(day)


@pytest.mark.parametrize("period", [TOTAL, "", "2026-xx", "nonsense"])
def test_a_cap_in_total_comes_back_only_with_a_raise(period: str) -> None:
    assert limits.comes_back(Stop(Layer.KEY, "key-1", period, USD)) == "It comes back with a raise."


def test_a_raise_ends_with_a_whole_day_or_at_a_moment() -> None:
    assert limits.through(ENDS) == "through 15 December 2026 (UTC)"
    assert limits.through(ENDS - timedelta(hours=1)) == "until 2026-12-15 23:00 UTC"


def test_of_several_limits_the_one_that_binds_is_named_and_of_one_none() -> None:
    shown = said(requests.card(kit.facts(EVERYDAY, kit.request(EVERYDAY)), NOW))
    assert f"The lowest headroom binds: <@{ANA}>, with $87.66 left." in shown
    alone = kit.facts(EVERYDAY, kit.request(EVERYDAY), budgets=kit.budgets(EVERYDAY)[:1])
    assert "lowest" not in said(requests.card(alone, NOW))


def test_honest_old_figures_unpriced_models_and_silent_gateways_are_called_out() -> None:
    shown = said(budgets.budgets(kit_money.stale(EVERYDAY), NOW))
    assert "*Old figures:* the gateway `litellm` does not tell its spend. Figures are 23 minutes old" in shown
    assert "*No figures:* the gateway `openrouter` has never told its spend. What went wrong: refused" in shown
    assert "*Unpriced:* 2 requests to `1-gpt-4o` have no price, so they are in no figure." in shown
    fresh = said(budgets.budgets(kit_money.budget_facts(EVERYDAY), NOW))
    assert "Old figures" not in fresh
    assert "minutes old" not in fresh


def test_long_lists_of_limits_are_cut_and_say_so() -> None:
    many = tuple(kit_money.limit(EVERYDAY, Layer.KEY, subject_id=f"key-{n}") for n in range(33))
    assert "…and 13 more" in said(budgets.budgets(kit_money.budget_facts(EVERYDAY, limits=many), NOW))


@pytest.mark.parametrize("threshold", [50, 80, 100])
@pytest.mark.parametrize("layer", list(Layer))
def test_an_alert_says_what_happened_how_to_go_on_and_what_bounds_it(threshold: int, layer: Layer) -> None:
    one = kit_money.alert(EVERYDAY, threshold, layer)
    shown = alerts.alert(one, NOW)
    told = said(shown)
    assert ("is used up" if threshold == 100 else f"has reached {threshold} percent") in told
    assert "Spend is looked at every minute" in told
    assert labels(shown) == ["Raise", "Disable now", "Snooze"]
    assert (f"<@{OMAR}>" in told) == (layer in (Layer.TEAM, Layer.PROJECT))  # written to one person, it names nobody


def test_off_is_proven_the_alert_says_of_each_key_how_far() -> None:
    told = said(alerts.alert(kit_money.reached(EVERYDAY), NOW))
    assert "`ana-7kq2` (automation, led by <@U0OMAR>): recorded off (" in told
    assert "`x-ana-7kq2` (automation, led by <@U0OMAR>): *NOT confirmed off yet*" in told


def test_the_alert_lists_automation_first() -> None:
    first, second = kit_money.reached(EVERYDAY).stopped
    personal = replace(first, key=replace(first.key, kind=KeyKind.MEMBER, label="mine-1"))
    told = said(alerts.alert(kit_money.reached(EVERYDAY, stopped=(personal, second)), NOW))
    assert told.index("x-ana-7kq2") < told.index("mine-1")


def test_once_reached_the_alert_goes_on_telling_the_truth() -> None:
    roomy = kit_money.limit(EVERYDAY, budget_micros=700 * USD, spent_micros=503 * USD)
    after = said(alerts.alert(kit_money.reached(EVERYDAY, stopped=(), back=2, limit=roomy), NOW))
    assert "is used up: $503 of $500 a month" in after  # what happened stays
    assert "*Now:* spent $503 of $700 a month" in after
    assert "2 keys work again." in after
    assert "there is room again" in after


@pytest.mark.parametrize("layer", list(Layer))
def test_an_alert_whose_keys_another_limit_stopped_says_which(layer: Layer) -> None:
    wider = kit_money.limit(EVERYDAY)
    told = said(alerts.alert(kit_money.alert(EVERYDAY, 100, layer, others=(wider,)), NOW))
    assert "stopped already, by the budget of team `search`" in told
    assert "none under it is in use" not in told
    assert "none under it is in use" in said(alerts.alert(kit_money.alert(EVERYDAY, 100, layer), NOW))


def test_a_stopped_key_that_needs_more_of_its_own_cap_as_well_says_so() -> None:
    stopped = kit_money.stopped_key(EVERYDAY)
    used_up = replace(stopped, spent_micros=203 * USD)
    tells = "Its own cap is used up as well ($203 of $200)"
    assert tells in said(alerts.stopped((used_up,), kit_money.alert(EVERYDAY, 100)))
    assert "Its own cap" not in said(alerts.stopped((stopped,), kit_money.alert(EVERYDAY, 100)))
    day = replace(stopped, today_micros=10 * USD)
    assert "Its own cap per day is used up as well ($10 of $10)" in said(alerts.stopped((day,), None))


@pytest.mark.parametrize(("number", "ends"), [(1, "`ana-1`"), (12, "and `ana-12`"), (15, "`ana-12` and 3 more")])
def test_of_many_keys_some_are_named_and_the_others_counted(number: int, ends: str) -> None:
    one = kit_money.stopped_key(EVERYDAY)
    some = tuple(replace(one, key=replace(one.key, label=f"ana-{n + 1}")) for n in range(number))
    assert f"{ends}{' works' if number == 1 else ' work'} again." in alerts.back(some, "").text.replace("*", "")
    assert f"{ends}{' was' if number == 1 else ' were'} stopped." in alerts.stopped(some, None).text.replace("*", "")


def test_a_key_that_is_late_in_coming_back_is_not_called_given_up() -> None:
    notice = Notice(Occasion.BACK_LATE, key=kit_money.stopped_key(EVERYDAY), note="no answer")
    for shown in (thread.thread(notice, NOW), direct.direct(notice, NOW), direct.direct(notice, NOW, for_owner=True)):
        assert "keeps trying" in said(shown)
        assert "no answer" in said(shown)
        assert "gave up" not in said(shown)


def test_an_alert_that_is_snoozed_says_by_whom_and_does_not_offer_it_again() -> None:
    snoozed = kit_money.alert(EVERYDAY, 80, snoozed_until=NOW + timedelta(hours=1), snoozed_by=OMAR)
    shown = alerts.alert(snoozed, NOW)
    assert f"Snoozed by <@{OMAR}> until" in said(shown)
    assert labels(shown) == ["Raise", "Disable now"]
    assert "Snooze" in labels(alerts.alert(snoozed, NOW + timedelta(hours=2)))


def test_somebody_elses_budget_is_not_called_yours() -> None:
    notice = Notice(Occasion.LIMIT, alert=kit_money.alert(EVERYDAY, 80, Layer.MEMBER))
    assert "Your personal budget" in said(direct.direct(notice, NOW))
    assert f"The personal budget of <@{ANA}>" in said(direct.direct(notice, NOW, for_owner=True))


def test_a_stopped_key_says_what_brings_it_back_wherever_it_is_shown() -> None:
    one = kit_money.stopped_key(EVERYDAY)
    words = (
        "team search reached its budget: $503.20 of $500 in November. It comes back by itself on 1 December 00:00 UTC"
    )
    card = requests.card(kit.facts(EVERYDAY, kit_money.automation(EVERYDAY, RequestState.FULFILLED), one), NOW)
    listed = keys.key_list([one], NOW)
    tab = home.home(replace(kit.home_facts(EVERYDAY), keys=(one,)), NOW)
    for shown in (said(card), said(listed), repr(tab["blocks"])):
        assert words in shown
        assert "Recorded off" in shown
    assert labels(card) == labels(listed) == ["Raise"]  # an owner's Restore would only be undone again
    assert "1 stopped by a limit" in said(listed)


def test_honest_a_key_being_stopped_is_not_called_off() -> None:
    assert "NOT confirmed off yet" in said(keys.key_list([kit_money.stopped_key(EVERYDAY, None)], NOW))


@pytest.mark.parametrize("layer", list(Layer))
def test_a_raise_says_of_what_by_how_much_and_until_when(layer: Layer) -> None:
    asked = kit_money.asked_raise(EVERYDAY, target=Target(layer, "x"))
    shown = said(requests.card(kit_money.raise_facts(EVERYDAY, asked, layer), NOW))
    assert "asks for $200 more" in shown
    assert "$500, then $700" in shown
    assert "through 15 December 2026 (UTC), then it falls back by itself" in shown


def test_a_card_does_not_call_a_raise_that_is_over_still_standing() -> None:
    stands = kit_money.asked_raise(EVERYDAY, RequestState.FULFILLED, **APPROVED_BY_OMAR)
    facts = kit_money.raise_facts(EVERYDAY, stands)
    assert "is $700 a month through 15 December 2026 (UTC)" in said(requests.card(facts, NOW))
    after = said(requests.card(facts, ENDS))
    assert "It stood through 15 December 2026 (UTC) and is over." in after
    assert "The budget of team `search` is $500 a month again." in after


def test_the_end_of_a_raise_says_when_more_than_the_limit_is_spent() -> None:
    stands = kit_money.asked_raise(EVERYDAY, RequestState.FULFILLED)
    over = kit_money.raise_facts(EVERYDAY, stands, raised=kit_money.limit(EVERYDAY, spent_micros=612 * USD))
    told = said(thread.thread(Notice(Occasion.RAISE_ENDED, request=over), NOW))
    assert "Nothing that was spent is reset." in told
    assert "$612 of $500 a month" in told
    assert "Its keys are stopped" in told


# --- forms ---


def test_a_raise_form_is_read_as_filled_in() -> None:
    view = filled(raise_forms.raise_form(kit_money.raise_form(EVERYDAY), "C0SEARCH"), cap="$200", reason="launch week")
    assert raise_forms.read_raise_form(view) == RaiseInput(
        "C0SEARCH", Target(Layer.TEAM, "team-1"), 200 * USD, DEC, "launch week"
    )
    other = filled(view, limit="automation:automation-1", until="2026-12-15", cap="$5", reason="larger runs")
    assert raise_forms.read_raise_form(other) == RaiseInput(
        "C0SEARCH", Target(Layer.AUTOMATION, "automation-1"), 5 * USD, ENDS, "larger runs"
    )


def test_the_form_for_a_personal_budget_says_which_team_decides_and_leaves_a_choice_of_several() -> None:
    facts = replace(kit_money.raise_form(EVERYDAY), chosen=kit_money.limit(EVERYDAY, Layer.MEMBER))
    team = kit.team(EVERYDAY)
    typed = {"cap": "$20", "reason": "launch week"}
    own = Target(Layer.MEMBER, ANA)
    for there_are in ((team,), (team, replace(team, id="team-2", name="other"))):
        view = raise_forms.raise_form(replace(facts, teams=there_are), "D0ANA")
        options = view["blocks"][0]["element"]["options"]
        mine = [one["text"]["text"] for one in options if one["value"].startswith("member:")]
        decided = [text.partition(": ")[0].removeprefix("Personal budget") for text in mine]
        assert decided == ([""] if len(there_are) == 1 else [", decided by team search", ", decided by team other"])
        read = raise_forms.read_raise_form(filled(view, **typed))
        assert read == RaiseInput("D0ANA", own, 20 * USD, DEC, "launch week", team.id)
    other = raise_forms.read_raise_form(filled(view, limit=f"member:{ANA}:team-2", **typed))
    assert isinstance(other, RaiseInput)
    assert (other.target, other.team_id) == (own, "team-2")


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"cap": "$0"}, {"cap": "An amount must be more than $0."}),
        ({"until": None}, {"until": "Choose the last day it stands."}),
        ({"until": "9999-12-31"}, {"until": "Choose the last day it stands."}),
        ({"until": "soon"}, {"until": "Choose the last day it stands."}),
        ({"reason": "x"}, {"reason": "Say in a few words what it is for."}),
    ],
)
def test_what_is_wrong_in_a_raise_form_is_said_at_its_field(typed: dict[str, Any], errors: dict[str, str]) -> None:
    good = {"cap": "$200", "reason": "launch week"}
    view = filled(raise_forms.raise_form(kit_money.raise_form(EVERYDAY), "C0SEARCH"), **(good | typed))
    assert raise_forms.read_raise_form(view) == errors


def offered() -> dict[str, Any]:
    return request_form.request_form(replace(kit.form(EVERYDAY), projects=kit.projects(EVERYDAY)))


def test_each_kind_is_read_with_what_it_must_have() -> None:
    project = filled(offered(), kind="project", cap="$500", project="search", lead=OMAR, reason="serve search")
    assert request_form.read_request_form(project) == RequestInput(
        "team-1", KeyKind.PROJECT, 500 * USD, None, (), "serve search", "search", lead_id=OMAR
    )
    automation = {"kind": "automation", "cap": "$200", "daily_cap": "$10/day", "name": "Nightly", "reason": "nightly"}
    view = filled(offered(), **automation, project="search")
    assert request_form.read_request_form(view) == RequestInput(
        "team-1", KeyKind.AUTOMATION, 200 * USD, None, (), "nightly", "nightly", "search", 10 * USD
    )
    temporary = filled(offered(), cap="$25", project="search", reason="try it", lead=OMAR)
    read = request_form.read_request_form(temporary)
    assert isinstance(read, RequestInput)
    assert (read.project, read.name, read.lead_id) == ("search", "", None)


@pytest.mark.parametrize(
    ("kind", "typed", "wrong"),
    [
        ("automation", {}, {"daily_cap", "name", "lead"}),
        ("automation", {"name": "a b", "daily_cap": "lots", "lead": OMAR}, {"daily_cap", "name"}),
        ("project", {}, {"project"}),
        ("project", {"project": "search", "daily_cap": "$1"}, {"daily_cap"}),
        ("member", {"project": "search"}, {"project"}),
        ("temporary", {"daily_cap": "$1"}, {"daily_cap"}),
    ],
)
def test_what_a_kind_lacks_is_said_at_its_field(kind: str, typed: dict[str, Any], wrong: set[str]) -> None:
    read = request_form.read_request_form(filled(offered(), kind=kind, cap="$25", reason="try it out", **typed))
    assert isinstance(read, dict)
    assert set(read) == wrong


def test_the_biggest_spender_is_chosen_already() -> None:
    under = [kit.key(EVERYDAY, number=1, label="big-1"), kit.key(EVERYDAY, number=2, label="small-1")]
    view = raise_forms.disable_under_form(kit_money.alert(EVERYDAY, 80), under)
    assert view["blocks"][1]["element"]["initial_option"]["value"] == "key-1"


@given(junk=JUNK, name=st.sampled_from(["cap", "until", "limit", "reason"]))
def test_forged_raise_forms_read_as_mistakes_not_as_crashes(junk: object, name: str) -> None:
    view = {"private_metadata": junk, "state": {"values": {name: {name: junk}}}}
    assert isinstance(raise_forms.read_raise_form(view), dict)


@pytest.mark.parametrize(
    ("layer", "changes", "command"),
    [
        (Layer.TEAM, {}, "`/ai-budget raise $200 team what it is for`"),
        (Layer.PROJECT, {"name": "reranker"}, "`/ai-budget raise $200 project reranker what it is for`"),
        (Layer.MEMBER, {}, "`/ai-budget raise $200` with what it is for"),
        (Layer.MEMBER, {"subject_id": OMAR}, f"`/ai-budget raise $200` <@{OMAR}> with what it is for"),
        (Layer.KEY, {}, "`/ai-budget raise $200 ana-7kq2 what it is for`"),
        (Layer.AUTOMATION, {}, "`/ai-budget raise $200/day ana-7kq2 what it is for`"),
    ],
)
def test_a_raise_that_ended_is_asked_for_again_of_the_same_limit(
    layer: Layer, changes: dict[str, Any], command: str
) -> None:
    facts = kit_money.raise_facts(EVERYDAY, kit_money.asked_raise(EVERYDAY, RequestState.FULFILLED), layer)
    facts = replace(facts, raised=kit_money.limit(EVERYDAY, layer, **changes))
    ended = direct.direct(Notice(Occasion.RAISE_ENDED, request=facts), NOW)
    assert f"Still needed? {command} asks again." in said(ended)
    expired = direct.direct(Notice(Occasion.REQUEST_EXPIRED, request=facts), NOW)
    assert f"To ask again: {command}" in said(expired)


def test_more_money_for_a_key_that_is_off_is_not_offered_again() -> None:
    off = kit.off_key(EVERYDAY, OffCause.DISABLED)
    asked = kit_money.asked_raise(EVERYDAY, RequestState.FULFILLED)
    facts = kit_money.raise_facts(EVERYDAY, asked, Layer.KEY, key=off)
    for occasion in (Occasion.RAISE_ENDED, Occasion.REQUEST_EXPIRED):
        words = said(direct.direct(Notice(occasion, request=facts), NOW))
        assert "/ai-budget raise" not in words
        assert "Still needed" not in words
        assert "ask again" not in words
