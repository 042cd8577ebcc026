"""Asking for a key: in one line and by form, which team pays, and what the receipt says."""

from __future__ import annotations

from bot.domain.keys import KeyKind
from bot.domain.money import MICROS_PER_USD
from bot.domain.periods import DAY_SECONDS
from bot.domain.policy import KindPolicy, Policy
from tests.scenarios.desk import Desk, Opener, buttons


def test_the_receipt_says_what_was_asked_of_whom_what_is_left_and_what_the_gateway_cannot_do(desk: Desk) -> None:
    said = desk.types("ana", "/ai-key $25 7d models=mock-gpt evaluate rerankers")

    assert "a temporary key ($25 in total, 7 days)" in said
    assert "Asked @olga and @omar" in said
    assert "“evaluate rerankers”" in said
    assert "`mock-gpt`" in said
    assert "$500 left now, $475 after this, of $500 a month" in said
    assert "00:00 UTC" in said  # when the budget starts again
    assert "The call that crosses" in said  # what the gateway does not enforce is said before approval
    assert "`one-owner`" in said
    assert "it expires" in said
    assert buttons(desk.receipt()) == ["Cancel"]


def test_a_cancelled_request_reads_so_everywhere_and_cannot_be_approved(desk: Desk) -> None:
    card = desk.ask()
    stale = desk.slack.as_seen(card)
    receipt = desk.receipt()
    desk.clicks("ana", "Cancel", receipt)
    desk.settle()

    assert "Cancelled: a temporary key" in desk.text(receipt)
    assert "Cancelled by @ana" in desk.text(card)
    assert buttons(card) == []
    assert "Cancelled by the requester" in desk.thread(card)[-1]
    assert desk.presses("omar", "Approve", stale) == "Already cancelled by @ana."
    assert desk.presses("omar", "Deny", stale) == "Already cancelled by @ana."
    # Nothing is promised any more, so the whole budget can be asked for.
    assert "$0 after this" in desk.types("ana", "/ai-key $500 7d a bigger try")


def test_cancelling_too_late_says_so(desk: Desk) -> None:
    card = desk.ask()
    receipt = desk.slack.as_seen(desk.receipt())
    desk.office.approve(card)
    assert "approved already" in desk.presses("ana", "Cancel", receipt)
    desk.office.reveal(desk.who("ana").dms()[-1])


def test_a_member_key_has_a_monthly_cap_no_end_and_is_one_per_person(desk: Desk) -> None:
    card = desk.ask("member $50", "ben")
    assert "$50 a month" in desk.text(card)
    assert "no end date" in desk.text(card)
    assert "asked for this already" in desk.types("ben", "/ai-key member $60")

    secret = desk.office.reveal(desk.office.approve(card, asker="ben"), "ben")
    desk.who("ben").close()
    desk.settle()
    assert desk.office.chat(secret).status_code == 200
    (key,) = desk.gateway.live_keys()
    assert (key.max_budget, key.expires) == (50.0, None)
    assert key.budget_duration  # the gateway starts the cap again each month
    assert f"You hold `{desk.label()}` already" in desk.types("ben", "/ai-key member $60")
    # A temporary key is another matter.
    assert "a temporary key ($5" in desk.types("ben", "/ai-key $5 1d a short trial")


def test_the_channel_decides_which_team_pays(desk: Desk) -> None:
    assert "You are not in this team" in desk.types("fay", "/ai-key $5 1d reading logs")
    assert "You are in no team yet" in desk.types("fay", "/ai-key $5 1d reading logs", "general")
    # Ana's only team pays wherever she asks, and its channel gets the card.
    assert "*search*" in desk.types("ana", "/ai-key $5 1d reading logs", "general")
    assert "reading logs" in desk.text(desk.office.card("search"))

    desk.slack.invite_bot("general")
    desk.types("olga", "/ai-team create data $100", "general")
    desk.types("olga", "/ai-team invite @ana", "general")
    said = desk.types("ana", "/ai-key $6 1d reading logs", "dm")
    assert "You are in several teams" in said
    assert "#search" in said
    assert "#general" in said
    assert "*data*" in desk.types("ana", "/ai-key $6 1d reading logs", "general")
    desk.sees(lambda: desk.office.cards("general"))


def test_the_form_shows_errors_beside_its_inputs_then_a_preview_then_sends(desk: Desk) -> None:
    ben = desk.who("ben")
    assert ben.command("/ai-key", channel="search").ok
    form = desk.modal("ben", "Ask for a key")
    wrong = ben.submit(form, {"Cap in US dollars": "lots", "Time": "soon", "What is it for?": "x"})
    assert wrong.errors == {
        "cap": "Amounts look like $25 or $12.50.",
        "time": "Times look like 7d, 36h or 2w.",
        "reason": "Say in a few words what it is for.",
    }
    wrong = ben.submit(form, {"cap": "$501", "time": "31d", "reason": "try it out"})
    assert wrong.errors == {"time": "The longest time for a temporary key is 30 days."}
    wrong = ben.submit(form, {"time": "2d"})
    assert "Only $500 is left" in wrong.errors["cap"]

    assert ben.submit(form, {"cap": "$30", "Models": ["mock-gpt"]}).ok
    preview = desk.modal("ben", "Check your request")
    shown = desk.text(preview)
    assert "a temporary key ($30 in total, 2 days)" in shown
    assert "This will ask @olga and @omar. One of them has to agree." in shown
    assert "$500 left now, $470 after this" in shown
    assert "`mock-gpt`" in shown
    assert desk.office.cards() == []  # nothing was sent yet

    assert ben.submit(preview).ok
    sent = desk.modal("ben", "Request sent")
    assert "Asked @olga and @omar" in desk.text(sent)
    assert "try it out" in desk.text(desk.office.card())
    desk.clicks("ben", "Cancel", sent)
    desk.card_says(desk.office.card(), "Cancelled by @ben")
    desk.modal("ben", "Cancelled: a temporary key")


def test_the_form_asks_for_the_team_where_there_is_a_choice_and_for_no_time_of_a_member_key(desk: Desk) -> None:
    desk.slack.invite_bot("general")
    desk.types("olga", "/ai-team create data $100", "general")
    desk.types("olga", "/ai-team invite @ben", "general")
    ben = desk.who("ben")
    ben.command("/ai-key", channel="general")
    form = desk.modal("ben", "Ask for a key")
    assert "Team: (data)" in desk.text(form)  # the channel's team is chosen already
    assert ben.submit(form, {"team": "search", "kind": "member", "cap": "$40", "reason": "daily work"}).ok
    shown = desk.text(desk.modal("ben", "Check your request"))
    assert "a member key ($40 a month)* in team `search`" in shown
    assert "no end date" in shown
    assert ben.submit().ok
    assert "a member key" in desk.text(desk.office.card("search"))
    assert desk.types("fay", "/ai-key") == (
        "You are not in team search. Ask one of its owners to type `/ai-team invite @you` here."
    )


def test_a_small_ask_is_approved_by_the_rule_that_the_card_names(opened: Opener) -> None:
    policy = Policy(auto_approve_micros=20 * MICROS_PER_USD, auto_approve_seconds=2 * DAY_SECONDS)
    rule = "`small-ask` (temporary keys of up to $20 for up to 2 days need no owner, up to $20 a person and week)"
    with opened(policy) as desk:
        card = desk.ask("$20 2d a quick look")
        desk.card_says(card, f"Approved by the rule {rule}")
        assert "Approve" not in buttons(desk.now(card))
        dm = desk.dm("ana", "You can have your key")
        secret = desk.office.reveal(dm)
        desk.settle()
        assert desk.office.chat(secret).status_code == 200
        assert rule in desk.text(card)
        desk.who("ana").close()

        for line in ("$20.01 2d a quick look", "$20 49h a quick look", "member $5"):
            card = desk.ask(line, "ben")
            assert "Waiting for an owner" in desk.text(card), line
        assert "Nobody needs to be asked" not in desk.text(card)


def test_limits_of_policy_are_said_in_one_line(opened: Opener) -> None:
    kinds = {KeyKind.TEMPORARY: KindPolicy(50 * MICROS_PER_USD, 3 * DAY_SECONDS, 5 * DAY_SECONDS)}
    with opened(Policy(kinds=kinds, models=("mock-gpt",))) as desk:
        assert "The largest cap for a temporary key is $50" in desk.types("ana", "/ai-key $51 1d a try")
        assert "The longest time for a temporary key is 5 days." in desk.types("ana", "/ai-key $5 6d a try")
        assert "Member keys are not offered here." in desk.types("ana", "/ai-key member $5")
        said = desk.types("ana", "/ai-key $5 1d models=mock-expensive a try")
        assert said == "`mock-expensive` is not offered. There is: `mock-gpt`. Rule `offered-models`."
        assert "($5 in total, 3 days)" in desk.types("ana", "/ai-key $5 the usual time")


def test_the_sole_owner_is_told_what_to_do_when_nobody_can_agree(desk: Desk) -> None:
    desk.types("olga", "/ai-team remove @omar")
    said = desk.types("olga", "/ai-key $5 1d my own trial")
    assert "Nobody can be asked" in said
    assert "`/ai-team owner @name`" in said
    card = desk.office.card()
    assert "Nobody approves their own request" in desk.presses("olga", "Approve", card)

    desk.types("olga", "/ai-team owner @ben")
    desk.clicks("ben", "Approve", card)
    desk.card_says(card, "Approved by @ben")


def test_the_same_ask_twice_is_one_request(desk_on_each: Desk) -> None:
    desk = desk_on_each
    card = desk.ask("$25 7d evaluate rerankers")
    again = desk.types("ana", "/ai-key $25 7d evaluate rerankers")
    assert "You have asked for this already" in again
    assert len(desk.office.cards()) == 1
    desk.office.approve(card)
    assert "press *Reveal key*" in desk.types("ana", "/ai-key $25 7d evaluate rerankers")
    # Another reason is another request.
    desk.ask("$25 7d evaluate embeddings")
