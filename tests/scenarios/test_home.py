"""The Home tab: what waits for me, my requests, my keys, my budgets; and its buttons work."""

from __future__ import annotations

from tests.scenarios.desk import Desk, buttons


def shown_at_home(desk: Desk, person: str) -> list[str]:
    """The buttons of the Home tab as it stands, without opening it again."""
    view = desk.who(person).home()
    assert view is not None
    return buttons(view)


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
    assert buttons(olga) == ["Approve", "Approve with changes", "Deny"]
    desk.clicks("olga", "Approve", olga)
    desk.card_says(card, "Approved by @olga")
    desk.settle()
    assert "Nothing. Requests you can decide appear here." in desk.text(desk.home("olga"))

    ana = desk.home("ana")
    assert buttons(ana) == ["Reveal key"]
    desk.clicks("ana", "Reveal key", ana)
    desk.modal("ana", "is yours")
    desk.settle()
    desk.who("ana").close()
    ana = desk.home("ana")
    assert buttons(ana) == ["Extend", "Give back"]
    desk.clicks("ana", "Extend", ana)
    form = desk.modal("ana", "Extend a key")
    assert desk.who("ana").submit(form, {"time": "2d"}).ok
    desk.settle()
    desk.who("ana").close()

    ana = desk.home("ana")
    assert buttons(ana) == ["Cancel", "Extend", "Give back"]
    desk.clicks("ana", "Cancel", ana)
    desk.card_says(desk.office.cards()[-1], "Cancelled by @ana")
    desk.sees(lambda: shown_at_home(desk, "ana") == ["Extend", "Give back"])
    desk.clicks("ana", "Give back", ana)
    desk.card_says(card, "Given back by @ana")
    desk.sees(lambda: shown_at_home(desk, "ana") == [])
    desk.settle()
    assert buttons(desk.home("ana")) == []


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
