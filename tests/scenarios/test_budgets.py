"""`/ai-budget`: what is left of every limit and how fresh that is; setting budgets; what waits."""

from __future__ import annotations

from bot.domain.policy import Policy
from tests.scenarios.desk import Desk, Opener, buttons


def test_the_screen_shows_every_limit_before_and_after_spend(desk_each_way: Desk) -> None:
    desk = desk_each_way
    said = desk.types("ana", "/ai-budget")
    assert "*Team search*: *$500 left* of $500 a month" in said
    assert "`[----------]` 0 percent spent: $0 of $500 a month" in said
    assert "Hard: its keys are stopped when it is used up." in said
    assert "00:00 UTC" in said

    label, secret = desk.key("$100 7d evaluate rerankers")
    assert desk.spends(secret, 75).status_code == 200
    desk.watch()
    said = desk.types("ana", "/ai-budget")
    assert "*Team search*: *$400 left* of $500 a month" in said
    assert "`[#---------]` 15 percent spent: $75 of $500 a month, as of" in said
    assert "Promised to keys: $25." in said
    assert f"*Key {label}*: *$25 left* of $100 in total" in said
    assert "75 percent spent: $75 of $100 in total" in said
    assert "Spend is looked at every minute" in said
    assert "spent $75 of $100 in total" in desk.types("ana", "/ai-key list")
    assert "15 percent spent" in desk.text(desk.home("ana"))


def test_an_owner_sets_budgets_hard_and_soft_and_nobody_their_own(desk: Desk) -> None:
    desk.types("olga", "/ai-team project reranker $300 @ben")
    said = desk.types("omar", "/ai-budget set team $700")
    assert "The budget of team `search` is $700 a month now*; it was $500." in said
    said = desk.types("omar", "/ai-budget set project reranker $200 soft")
    assert "The budget of project `reranker` is $200 a month now*; it was $300. Soft:" in said
    said = desk.types("omar", "/ai-budget set @ana $50")
    assert "The personal budget of @ana is $50 a month now*; it had none before." in said
    assert "*Member @ana*: *$50 left* of $50 a month" in desk.types("ana", "/ai-budget")
    assert "Only $50 is left" in desk.types("ana", "/ai-key $60 7d evaluate rerankers")
    assert "of $700 a month" in desk.types("omar", "/ai-team")

    assert "own" in desk.types("omar", "/ai-budget set @omar $900")
    assert "Only owners" in desk.types("ana", "/ai-budget set team $900")


def test_the_queue_shows_what_waits_for_me_and_its_buttons_work(desk: Desk) -> None:
    assert "Nothing waits for you." in desk.types("omar", "/ai-budget queue")
    card = desk.ask()
    assert "1 request waits for you" in desk.types("omar", "/ai-budget queue")
    shown = desk.receipt("omar")
    assert buttons(shown) == ["Approve", "Approve with changes", "Deny"]
    desk.clicks("omar", "Approve", desk.slack.as_seen(shown))
    desk.card_says(card, "Approved by @omar")
    assert "Nothing waits for you." in desk.types("omar", "/ai-budget queue")


def test_a_gateway_that_is_down_is_said_with_its_age(desk: Desk) -> None:
    _, secret = desk.key("$100 7d evaluate rerankers")
    desk.spends(secret, 10)
    desk.watch()
    assert "Old figures" not in desk.types("ana", "/ai-budget")
    desk.gateway.habits.is_down = True
    desk.office.clock.advance(minutes=10)
    said = desk.types("ana", "/ai-budget")
    assert "*Old figures:* the gateway `litellm` does not tell its spend." in said
    assert "10 minutes old" in said
    desk.gateway.habits.is_down = False
    desk.watch()
    assert "Old figures" not in desk.types("ana", "/ai-budget")


def test_help_and_odd_callers(desk: Desk) -> None:
    assert "What is left, and asking for more" in desk.types("ana", "/ai-budget help")
    assert "You are not in team search" in desk.types("fay", "/ai-budget")


def test_two_asks_for_the_last_dollar_are_not_both_approved(desk_on_each: Desk) -> None:
    desk = desk_on_each
    desk.office.approve(desk.ask("$499 1d nearly all"))
    first, second = desk.ask("$1 1d the last one"), desk.ask("$1 1d the last one", "ben")
    desk.office.approve(first)
    assert "Only $0 is left" in desk.presses("omar", "Approve", second)


def test_two_members_of_a_team_each_have_the_budget_that_policy_gives(opened: Opener) -> None:
    with opened(Policy(member_budget_micros=40_000_000)) as desk:
        said = desk.types("ana", "/ai-key $30 7d evaluate rerankers")
        assert "The lowest headroom binds: @ana, with $40 left." in said
        desk.office.approve(desk.office.card())
        assert "Only $10 is left" in desk.types("ana", "/ai-key $20 7d evaluate embeddings")
        assert "$40 left now, $20 after this" in desk.types("ben", "/ai-key $20 7d evaluate embeddings")
