"""Limits that fill up: told once at each threshold, keys stopped with proof, and back by themselves."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.policy import Policy
from tests.scenarios.desk import Desk, Opener, buttons

ALERT = ["Raise", "Disable now", "Snooze"]
TEAM = "The budget of team `search`"


def spent(
    desk: Desk, dollars: float, line: str = "$500 20d evaluate rerankers", person: str = "ana"
) -> tuple[str, str]:
    """A key that has spent so much, and Purser has seen it: its label and secret."""
    label, secret = desk.key(line, person)
    assert desk.spends(secret, dollars).status_code == 200
    desk.watch()
    return label, secret


def next_month(desk: Desk) -> timedelta:
    """How long until one minute after the month has turned."""
    first = (desk.at().replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)
    return first - desk.at() + timedelta(minutes=1)


def turn_the_month(desk: Desk) -> None:
    desk.watch(seconds=next_month(desk).total_seconds())


def test_thresholds_are_told_once_each_to_those_who_can_act(desk_each_way: Desk) -> None:
    desk = desk_each_way
    _, secret = spent(desk, 260)
    half = desk.posted(f"{TEAM} has reached 50 percent: $260 of $500 a month is spent")
    said = desk.text(half)
    assert "@olga and @omar: press *Raise*" in said
    assert "Spend is looked at every minute" in said
    assert buttons(half) == ALERT
    desk.spends(secret, 150)
    desk.watch()
    desk.posted(f"{TEAM} has reached 80 percent: $410 of $500 a month is spent")
    for _ in range(3):
        desk.watch()
    assert (desk.count("50 percent"), desk.count("80 percent"), desk.count("is used up:")) == (1, 1, 0)


def test_a_threshold_passed_together_with_a_higher_one_is_not_told(desk: Desk) -> None:
    spent(desk, 450)
    desk.posted("80 percent")
    assert desk.count("50 percent") == 0


def test_an_alert_whose_reply_was_lost_is_posted_once_and_still_updated(desk: Desk) -> None:
    _, secret = desk.key("$500 20d evaluate rerankers")
    desk.spends(secret, 260)
    desk.slack.fault("reply_lost", "chat.postMessage")
    desk.watch()
    for _ in range(3):
        desk.office.clock.advance(seconds=30)
        desk.settle()
    assert desk.count("has reached 50 percent") == 1
    alert = desk.posted("has reached 50 percent")
    desk.presses("omar", "Snooze", alert)
    desk.card_says(alert, "Snoozed by @omar")


def test_the_buttons_of_an_alert_work(desk_each_way: Desk) -> None:
    desk = desk_each_way
    big, big_secret = spent(desk, 240, "$250 20d evaluate rerankers")
    small, _ = spent(desk, 20, "$100 20d evaluate embeddings", "ben")
    alert = desk.posted("50 percent")

    said = desk.presses("omar", "Snooze", alert)
    assert "Early warnings about the budget of team `search` are quiet until" in said
    desk.card_says(alert, "Snoozed by @omar")
    assert buttons(desk.now(alert)) == ["Raise", "Disable now"]

    desk.clicks("omar", "Raise", desk.now(alert))
    form = desk.modal("omar", "Ask for a raise")
    assert "(Team search: " in desk.text(form)  # the alert's limit is chosen
    assert desk.who("omar").submit(form, {"cap": "$300", "reason": "launch week"}).ok
    desk.modal("omar", "Request sent")
    desk.who("omar").close()

    desk.clicks("ben", "Disable now", desk.now(alert))  # anybody may
    form = desk.modal("ben", "Turn a key off")
    assert f"({big}: Temporary, $240 spent)" in desk.text(form)  # the biggest spender first
    assert small in str(form.content)
    assert desk.who("ben").submit(form, {"Why?": "a runaway loop"}).ok
    desk.dm("ben", f"`{big}` of @ana is turned off")
    assert desk.office.chat(big_secret).status_code == 401


def test_a_snoozed_limit_is_quiet_until_it_is_used_up(desk: Desk) -> None:
    _, secret = spent(desk, 260)
    desk.presses("omar", "Snooze", desk.posted("50 percent"))
    desk.spends(secret, 150)
    desk.watch()
    assert desk.count("80 percent") == 0
    desk.spends(secret, 95)
    desk.watch()
    desk.posted("is used up")


def test_a_used_up_team_stops_its_keys_with_proof_and_a_raise_brings_them_back(desk_each_way: Desk) -> None:
    desk = desk_each_way
    label, secret = desk.key("$300 20d evaluate rerankers")
    other, other_secret = desk.key("automation nightly-evals $200 $50/day @omar nightly evaluation", "ben")
    desk.types("olga", "/ai-budget set team $291")
    desk.spends(secret, 290)
    desk.spends(other_secret, 4.5)  # too little to be a spike
    desk.watch()

    alert = desk.posted(f"{TEAM} is used up: $294.50 of $291 a month is spent")
    said = desk.sees(lambda: text if (text := desk.text(desk.now(alert))).count("recorded off") == 2 else None)
    assert "That is $3.50 past the limit." in said
    assert "*Stopped because of that:* 2 keys." in said
    assert said.index(other) < said.index(label)  # automation first
    assert "the keys come back by themselves on" in said
    for one in (secret, other_secret):
        assert desk.office.chat(one).status_code == 401
    told = desk.text(desk.dm("ana", "was stopped"))
    assert label in told
    assert buttons(desk.dm("ana", "was stopped")) == ["Raise"]
    listed = desk.types("ana", "/ai-key list")
    assert "1 stopped by a limit" in listed
    assert "team search reached its budget" in listed
    assert "It comes back by itself on" in listed
    assert "It comes back by itself on" in desk.text(desk.home("ana"))

    desk.clicks("ana", "Raise", desk.receipt("ana"))  # the list of keys offers it too
    assert "(Team search: " in desk.text(desk.modal("ana", "Ask for a raise"))
    desk.who("ana").close()
    desk.clicks("ana", "Raise", desk.dm("ana", "was stopped"))
    form = desk.modal("ana", "Ask for a raise")
    assert "(Team search: " in desk.text(form)
    assert desk.who("ana").submit(form, {"cap": "$300", "reason": "launch week"}).ok
    desk.modal("ana", "Request sent")
    desk.who("ana").close()
    card = desk.posted("asks for $300 more a month")
    desk.clicks("omar", "Approve", card)
    desk.card_says(card, "Approved by @omar")
    desk.watch()
    for one in (secret, other_secret):
        assert desk.office.chat(one).status_code == 200
    desk.dm("ana", f"`{label}` works again")
    desk.dm("ben", f"`{other}` works again")
    said = desk.sees(lambda: text if "2 keys work again" in (text := desk.text(desk.now(alert))) else None)
    assert "there is room again" in said
    assert len([text for text in desk.dms("ana") if "was stopped" in text]) == 1
    assert len([text for text in desk.dms("ana") if "works again" in text]) == 1


def test_the_month_turns_keys_come_back_and_each_team_is_told_once(desk_each_way: Desk) -> None:
    desk = desk_each_way
    label, secret = desk.key("member $500")
    desk.gateway.habits.accepts_over_caps = True
    desk.spends(secret, 501)
    desk.watch()
    desk.posted("is used up")
    assert desk.office.chat(secret).status_code == 401
    month = f"{desk.at():%B}"
    turn_the_month(desk)
    said = desk.text(desk.posted("A new month has begun for team `search`"))
    assert f"spent $501 of $500 in {month}, 100 percent" in said
    assert f"`{label}`" in said
    desk.watch()
    assert desk.office.chat(secret).status_code == 200
    desk.watch()
    assert desk.count("A new month has begun") == 1
    assert "less than 1 percent spent" in desk.types("ben", "/ai-budget")


def test_an_approved_key_cannot_be_revealed_while_a_limit_above_it_is_used_up(desk: Desk) -> None:
    dm = desk.office.approve(desk.ask("$100 7d a larger trial", "ben"), asker="ben")
    desk.types("olga", "/ai-budget set team $200")
    _, secret = desk.key("$100 20d evaluate rerankers")
    desk.spends(secret, 60)
    desk.types("olga", "/ai-budget set team $50")
    desk.watch()
    desk.posted("is used up")
    said = desk.presses("ben", "Reveal key", dm)
    assert said.startswith("Team search's budget of $50 is used up, so no key can be used under it.")
    assert "`/ai-budget raise" in said
    assert len(desk.gateway.keys) == 1


def test_a_soft_budget_only_tells(desk: Desk) -> None:
    desk.types("omar", "/ai-budget set team $500 soft")
    _, secret = desk.key("$500 20d evaluate rerankers")
    desk.spends(secret, 499)
    desk.gateway.habits.accepts_over_caps = True
    desk.types("omar", "/ai-budget set team $400")
    desk.watch()
    said = desk.text(desk.posted("is used up"))
    assert "It is soft, so no key was stopped." in said
    assert desk.office.chat(secret).status_code == 200


def test_a_key_that_is_used_up_is_told_to_its_holder_and_to_nobody_else(desk: Desk) -> None:
    label, secret = spent(desk, 16.5, "$20 20d evaluate rerankers")
    told = desk.dm("ana", f"The cap of `{label}` has reached 80 percent: $16.50 of $20 in total is spent")
    assert buttons(told) == ALERT
    assert "@" not in desk.text(told)
    desk.spends(secret, 4)
    desk.watch()
    stopped = desk.text(desk.dm("ana", f"The cap of `{label}` is used up: $20.50 of $20 in total is spent"))
    assert "recorded off" in stopped
    assert "The key comes back as soon as a raise is approved: press *Raise*." in stopped
    assert desk.count("percent") + desk.count("is used up:") == 0


def test_a_personal_budget_stops_only_that_persons_keys(opened: Opener) -> None:
    with opened(Policy(member_budget_micros=30_000_000)) as desk:
        _, mine = desk.key("$20 20d evaluate rerankers")
        _, others = desk.key("$20 20d evaluate rerankers", "ben")
        desk.gateway.habits.accepts_over_caps = True
        desk.spends(mine, 19)
        desk.watch()
        desk.types("olga", "/ai-budget set @ana $18")
        desk.watch()
        desk.dm("ana", "Your personal budget is used up: $19 of $18 a month is spent")
        assert desk.office.chat(mine).status_code == 401
        assert desk.office.chat(others).status_code == 200


def test_what_people_turned_off_does_not_come_back_by_itself(desk: Desk) -> None:
    label, secret = desk.key("member $500")
    desk.gateway.habits.accepts_over_caps = True
    desk.spends(secret, 501)
    desk.watch()
    desk.posted("is used up")
    desk.types("ana", f"/ai-key return {label}")
    desk.settle()
    turn_the_month(desk)
    desk.watch()
    assert desk.office.chat(secret).status_code == 401


def test_a_cap_raised_behind_our_back_is_put_back_and_reported(desk: Desk) -> None:
    label, _ = desk.key("$20 20d evaluate rerankers")
    with desk.gateway.state.settled():
        for key in desk.gateway.state.keys.values():
            key.max_budget = 9000.0
    desk.pass_time(minutes=11)
    said = desk.text(desk.dm("olga", f"The cap of `{label}`"))
    assert "Purser set it back to $20." in said
    desk.sees(lambda: desk.gateway.live_keys()[0].max_budget == 20.0)
