"""Project and automation keys: asked for in one line and by form, decided, revealed, listed."""

from __future__ import annotations

from bot.domain.keys import KeyKind
from bot.domain.money import MICROS_PER_USD
from bot.domain.policy import AskRule, Policy, Who
from tests.scenarios.desk import Desk, Opener, buttons

AUTOMATION = "automation nightly-evals $200 $10/day @omar nightly evaluation"


def with_project(desk: Desk, name: str = "reranker", lead: str = "@ben") -> None:
    desk.types("olga", f"/ai-team project {name} $300 {lead}")


def test_a_project_key_is_charged_to_project_and_team_and_names_its_lead(desk_each_way: Desk) -> None:
    desk = desk_each_way
    with_project(desk)
    receipt = desk.types("ana", "/ai-key project reranker $200 serve search")
    assert "a project key for `reranker` ($200 a month)" in receipt
    assert "Project *reranker*: $300 left now, $100 after this, of $300 a month." in receipt
    assert "Team *search*: $500 left now, $300 after this" in receipt
    assert "The lowest headroom binds: project `reranker`, with $300 left." in receipt
    assert "Member" not in receipt  # it is nobody's own

    card = desk.office.card()
    said = desk.text(card)
    assert "@ana asks for a project key for `reranker`" in said
    assert "@ben" in said  # the lead
    assert "no end date" in said
    secret = desk.office.reveal(desk.office.approve(card))
    desk.settle()
    assert desk.office.chat(secret).status_code == 200
    (key,) = desk.gateway.live_keys()
    assert (key.max_budget, key.expires) == (200.0, None)
    desk.who("ana").close()
    assert "project · team search" in desk.types("ana", "/ai-key list")
    said = desk.types("ana", "/ai-key project reranker $150 more")
    assert said.startswith("Only $100 is left in project reranker's budget") or "Only $100 is left in reranker" in said


def test_an_automation_key_has_a_cap_per_day_that_the_gateway_enforces(desk_each_way: Desk) -> None:
    desk = desk_each_way
    card = desk.ask(AUTOMATION)
    said = desk.text(card)
    assert "an automation key `nightly-evals`" in said
    assert "$200 a month, $10 a day" in said
    assert "@omar" in said
    secret = desk.office.reveal(desk.office.approve(card, "olga"))
    desk.settle()
    shown = desk.modal("ana", "is yours")
    assert "$200 a month, $10 a day" in desk.text(shown)
    desk.who("ana").close()
    assert desk.spends(secret, 9.99).status_code == 200
    assert desk.spends(secret, 1).status_code == 200  # the call that crosses the line
    assert desk.spends(secret, 1).status_code in (400, 422, 429)
    listed = desk.types("ana", "/ai-key list")
    assert "automation · team search" in listed


def test_an_owner_changes_both_caps_in_the_thread(desk: Desk) -> None:
    card = desk.ask(AUTOMATION)
    desk.replies("olga", card, "approve $100 $5/day")
    changed = "Asked for was an automation key `nightly-evals` ($200 a month, $10 a day)."
    assert changed in desk.card_says(card, "Approved by @olga")
    assert "$100 a month, $5 a day" in desk.text(card)


def test_an_owner_changes_both_caps_in_the_form(desk: Desk) -> None:
    card = desk.ask(AUTOMATION)
    desk.clicks("olga", "Approve with changes", card)
    form = desk.modal("olga", "You approve this instead")
    olga = desk.who("olga")
    assert olga.submit(form, {"Cap per day": "lots"}).errors == {"daily_cap": "Amounts look like $25 or $12.50."}
    assert olga.submit(form, {"Cap per day": "$4"}).ok
    assert "$200 a month, $4 a day" in desk.card_says(card, "Approved by @olga")


def test_the_form_offers_all_four_kinds_and_says_which_needs_what(desk_each_way: Desk) -> None:
    desk = desk_each_way
    with_project(desk)
    ana = desk.who("ana")
    ana.command("/ai-key", channel="search")
    form = desk.modal("ana", "Ask for a key")
    said = desk.text(form)
    for hint in ("Automation keys need one as well", "A project key needs one", "Who answers for it"):
        assert hint in said
    wrong = ana.submit(form, {"kind": "automation", "cap": "$200", "reason": "nightly evaluation"})
    assert wrong.errors == {
        "daily_cap": "An automation key needs a cap per day, such as $10.",
        "name": "Give it a name: 1 to 40 of a-z, 0-9 and hyphens inside.",
        "lead": "Choose who answers for it, or a project.",
    }
    wrong = ana.submit(form, {"kind": "temporary", "cap": "$5", "Cap per day": "$1", "reason": "a try"})
    assert wrong.errors == {"daily_cap": "Only automation keys have a cap per day. Leave this empty."}
    wrong = ana.submit(form, {"kind": "project", "cap": "$5", "Cap per day": "", "reason": "a try"})
    assert "Choose the project" in wrong.errors["project"]

    filled = {"kind": "automation", "cap": "$200", "Cap per day": "$10", "Name": "nightly-evals", "Project": "reranker"}
    assert ana.submit(form, {**filled, "What is it for?": "nightly evaluation"}).ok
    preview = desk.modal("ana", "Check your request")
    said = desk.text(preview)
    assert "an automation key `nightly-evals` ($200 a month, $10 a day)" in said
    assert "The lowest headroom binds: project `reranker`" in said
    assert ana.submit(preview).ok
    card = desk.office.card()
    assert "@ben" in desk.text(card)  # the project's lead answers for it
    desk.office.reveal(desk.office.approve(card))


def test_the_form_asks_for_a_project_key(desk: Desk) -> None:
    with_project(desk)
    ben = desk.who("ben")
    ben.command("/ai-key", channel="search")
    form = desk.modal("ben", "Ask for a key")
    omar = desk.who("omar").id
    filled = {"kind": "project", "cap": "$50", "Project": "reranker", "Lead": omar, "What is it for?": "serve search"}
    assert ben.submit(form, filled).ok
    assert "a project key for `reranker` ($50 a month)" in desk.text(desk.modal("ben", "Check your request"))
    assert ben.submit().ok
    assert "@omar" in desk.text(desk.office.card())


def test_a_temporary_key_may_be_charged_to_a_project_too(desk: Desk) -> None:
    with_project(desk)
    said = desk.types("ana", "/ai-key $25 7d project=reranker try prompts")
    assert "Project *reranker*: $300 left now, $275 after this" in said
    assert "a temporary key ($25 in total, 7 days)" in said


def test_a_lead_alone_agrees_up_to_an_amount_that_policy_names(opened: Opener) -> None:
    with opened(Policy(lead_up_to_micros=100 * MICROS_PER_USD)) as desk:
        with_project(desk)
        small = desk.ask("project reranker $50 serve search")
        assert "`project-lead`" in desk.text(small)
        desk.clicks("ben", "Approve", small)
        desk.card_says(small, "Approved by @ben")
        large = desk.ask("project reranker $150 serve more", "ana")
        assert "An owner has to decide this." in desk.presses("ben", "Approve", large)
        assert "Waiting for an owner" in desk.text(large)


def test_a_rule_of_the_installation_refuses_by_its_name(opened: Opener) -> None:
    rule = AskRule("no-automation-for-members", Who.OWNERS, kinds=(KeyKind.AUTOMATION,))
    with opened(Policy(ask_rules=(rule,))) as desk:
        assert "`no-automation-for-members`" in desk.types("ana", f"/ai-key {AUTOMATION}")
        assert "`no-automation-for-members`" in desk.types("ana", "/ai-team policy")
        assert buttons(desk.ask("automation nightly $20 $1/day @omar a try", "olga"))


def test_the_policy_is_shown_in_sentences_with_the_names_of_its_rules(desk: Desk) -> None:
    said = desk.types("ana", "/ai-team policy")
    for words in (
        "What is allowed in team `search`",
        "at most $500 a month (`largest-cap`), at most $50 a day (`largest-daily-cap`)",
        "at most 30 days (`longest-time`)",
        "`team-members`: everybody in the team may ask.",
        "`two-owners`: from $1,000 on, two owners have to agree.",
        "People are told at 50, 80 and 100 percent.",
    ):
        assert words in said
