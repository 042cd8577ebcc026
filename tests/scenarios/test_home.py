"""The Home tab: what waits for me, my requests, my week, my keys, my budgets, my teams. It stays true by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bot.playground.slack.model import View
from tests.scenarios.desk import Desk, buttons

T = TypeVar("T")
WITHIN_SECONDS = 6.0
"""How soon an open Home tab shows what changed."""
DIGEST_BUTTONS = {"Send me a weekly digest", "Stop my weekly digest"}


def pressable(view: View) -> list[str]:
    """The buttons of a Home tab, but for the one about the weekly digest, which is always there."""
    return [label for label in buttons(view) if label not in DIGEST_BUTTONS]


def shown_at_home(desk: Desk, person: str) -> list[str]:
    """The buttons of the Home tab as it stands, without opening it again."""
    return pressable(stands(desk, person))


def stands(desk: Desk, person: str) -> View:
    """The Home tab as it stands, without opening it again."""
    view = desk.who(person).home()
    assert view is not None
    return view


def soon(desk: Desk, look: Callable[[], T | None]) -> T:
    """Wait until it is so, for some seconds at most."""
    return desk.sees(look, WITHIN_SECONDS)


def says_soon(desk: Desk, person: str, words: str) -> str:
    """Wait until somebody's open Home tab says so by itself."""
    return soon(desk, lambda: said if words in (said := desk.text(stands(desk, person))) else None)


def test_home_shows_each_person_their_own(desk: Desk) -> None:
    label, secret = desk.key()
    desk.ask("$30 2d a second trial", "ben")

    ana = desk.text(desk.home("ana"))
    assert f"`{label}`" in ana
    assert "Live until" in ana
    assert secret not in ana
    assert "My requests\nNone." in ana
    assert "Waiting for me" not in ana
    assert "Team *search*: $475 left, of $500 a month" in ana

    ben = desk.text(desk.home("ben"))
    assert "A temporary key ($30 in total, 2 days)* in team search" in ben
    assert label not in ben
    assert "My keys\nNone yet." in ben

    omar = desk.text(desk.home("omar"))
    assert "@ben asks for a temporary key ($30 in total, 2 days)" in omar
    assert "“a second trial”" in omar
    assert "No budget binds you here." in desk.text(desk.home("fay"))


def test_its_buttons_work(desk: Desk) -> None:
    card = desk.ask()
    olga = desk.home("olga")
    assert pressable(olga) == ["Approve", "Approve with changes", "Deny"]
    desk.clicks("olga", "Approve", olga)
    desk.card_says(card, "Approved by @olga")
    desk.settle()
    assert "Nothing. Requests you can decide appear here." in desk.text(desk.home("olga"))

    ana = desk.home("ana")
    assert pressable(ana) == ["Reveal key"]
    desk.clicks("ana", "Reveal key", ana)
    desk.modal("ana", "is yours")
    desk.settle()
    desk.who("ana").close()
    ana = desk.home("ana")
    assert pressable(ana) == ["Extend", "Give back"]
    desk.clicks("ana", "Extend", ana)
    form = desk.modal("ana", "Extend a key")
    assert desk.who("ana").submit(form, {"time": "2d"}).ok
    desk.settle()
    desk.who("ana").close()

    ana = desk.home("ana")
    assert pressable(ana) == ["Cancel", "Extend", "Give back"]
    desk.clicks("ana", "Cancel", ana)
    desk.card_says(desk.office.cards()[-1], "Cancelled by @ana")
    desk.sees(lambda: shown_at_home(desk, "ana") == ["Extend", "Give back"])
    desk.clicks("ana", "Give back", ana)
    desk.card_says(card, "Given back by @ana")
    desk.sees(lambda: shown_at_home(desk, "ana") == [])
    desk.settle()
    assert pressable(desk.home("ana")) == []


def test_denying_and_changing_from_home(desk: Desk) -> None:
    card, other = desk.ask(), desk.ask("$30 2d a second trial", "ben")
    omar = desk.office.slack.as_seen(desk.home("omar"))
    desk.clicks("omar", "Deny", omar)
    assert desk.who("omar").submit(desk.modal("omar", "Why not?"), {"reason": "not this month"}).ok
    desk.card_says(card, "Denied by @omar")
    desk.clicks("omar", "Approve with changes", omar, 1)
    assert desk.who("omar").submit(desk.modal("omar", "instead"), {"cap": "$10"}).ok
    desk.card_says(other, "Approved by @omar")
    # An old Home tab is no danger: the answer comes as a direct message.
    desk.clicks("omar", "Approve", omar)
    desk.dm("omar", "Already denied by @omar.")


def test_home_shows_the_budgets_of_my_teams_my_own_and_of_projects_i_lead(desk: Desk) -> None:
    desk.types("olga", "/ai-team project reranker $200 @ben")
    desk.types("olga", "/ai-budget set @ben $50")
    ben = desk.text(desk.home("ben"))
    for words in ("Team *search*: $500 left", "Member @ben: $50 left", "Project *reranker*: $200 left"):
        assert words in ben
    ana = desk.text(desk.home("ana"))
    assert "reranker" not in ana
    assert "@ben" not in ana


def test_outsiders_get_no_home(desk: Desk) -> None:
    desk.who("eve").opens_home()
    desk.settle()
    assert desk.who("eve").home() is None


# --- while it is open ---


def test_omar_approves_in_the_channel_and_anas_open_home_shows_reveal_key(desk: Desk) -> None:
    card = desk.ask()
    assert pressable(desk.home("ana")) == ["Cancel"]
    desk.clicks("omar", "Approve", card)
    soon(desk, lambda: shown_at_home(desk, "ana") == ["Reveal key"] or None)
    desk.clicks("ana", "Reveal key", stands(desk, "ana"))
    desk.modal("ana", "is yours")


def test_a_key_that_the_on_call_turns_off_shows_as_off_at_its_holders_open_home(desk: Desk) -> None:
    label, _ = desk.key()
    assert "Live until" in desk.text(desk.home("ana"))
    desk.types("ben", f"/ai-disable {label} found in a log")
    said = says_soon(desk, "ana", ": turned off.")
    assert "Live until" not in said
    assert shown_at_home(desk, "ana") == []


def test_what_waits_for_an_owner_comes_and_goes_while_they_look(desk: Desk) -> None:
    assert "Nothing. Requests you can decide appear here." in desk.text(desk.home("omar"))
    card = desk.ask()
    soon(desk, lambda: "Approve" in shown_at_home(desk, "omar") or None)
    assert "*1 request* waits for a decision." in desk.text(stands(desk, "omar"))
    desk.clicks("olga", "Deny", card)
    assert desk.who("olga").submit(desk.modal("olga", "Why not?"), {"reason": "not this month"}).ok
    soon(desk, lambda: shown_at_home(desk, "omar") == [] or None)


def test_an_open_home_shows_what_is_spent_as_it_is_read(desk: Desk) -> None:
    _, secret = desk.key()
    desk.home("ana")
    assert desk.spends(secret, 2).is_success
    desk.watch()
    says_soon(desk, "ana", "spent $2 of $25 in total")


def test_a_restart_stops_no_home_from_being_kept_true(desk: Desk) -> None:
    card = desk.ask()
    desk.home("ana")
    desk.clicks("omar", "Approve", card)
    desk.card_says(card, "Approved by @omar")
    desk.bot.stop()
    desk.bot = desk.office.open()
    soon(desk, lambda: shown_at_home(desk, "ana") == ["Reveal key"] or None)


def test_an_owner_sees_the_team_at_a_glance(desk: Desk) -> None:
    desk.key()
    olga = desk.text(desk.home("olga"))
    assert "My team" in olga
    assert "Team `search`:* spent $0 of $500 a month" in olga
    assert "promised to keys $25, *$475 left*" in olga
    assert "My team" not in desk.text(desk.home("ben"))


def test_a_weekly_digest_of_ones_own_is_a_button_away_and_back(desk: Desk) -> None:
    home = desk.home("ana")
    assert "Your own week on Mondays" in desk.text(home)
    desk.clicks("ana", "Send me a weekly digest", home)
    says_soon(desk, "ana", "On Mondays you get a digest")
    desk.clicks("ana", "Stop my weekly digest", stands(desk, "ana"))
    says_soon(desk, "ana", "Your own week on Mondays")


def test_what_another_process_has_put_there_unnoticed_is_replaced_by_what_is_so(desk: Desk) -> None:
    card = desk.ask()
    desk.home("ana")
    older = {"type": "home", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "An older tab."}}]}
    desk.bot.running.bolt.client.views_publish(user_id="U0ANA", view=older)
    assert desk.text(stands(desk, "ana")) == "An older tab."
    desk.clicks("omar", "Approve", card)
    soon(desk, lambda: shown_at_home(desk, "ana") == ["Reveal key"] or None)
