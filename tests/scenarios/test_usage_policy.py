"""The usage policy, over the wire: read and agreed to in the window of the first key, and never asked about again."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.policy import Policy, UsagePolicy
from bot.services.agreeing import AGREED
from storage import ledger
from tests.office import secret_in
from tests.scenarios.desk import Desk, Opener

TEXT = "No customer data in prompts.\nNo keys in code <or> chat."
POLICY = replace(Policy(), usage_policy=UsagePolicy("2026-11", TEXT, "https://intranet.example.com/ai?a=1&b=2"))


def agree(desk: Desk, person: str) -> str:
    """Press I agree; the secret that the same window then shows."""
    form = desk.modal(person, "Please read this before you get a key")
    assert desk.who(person).submit(form, {}).ok
    return desk.sees(lambda: secret_in(str(view.content)) if (view := desk.who(person).modal()) else None)


def test_the_first_key_is_made_once_its_holder_agreed_and_the_next_without_asking(opened: Opener) -> None:
    with opened(POLICY) as desk:
        dm = desk.office.approve(desk.ask())
        desk.clicks("ana", "Reveal key", dm)
        form = desk.modal("ana", "Please read this before you get a key")
        said = desk.text(form)
        assert "No customer data in prompts." in said
        assert "No keys in code" in said
        assert "https://intranet.example.com/ai?a=1" in str(form.content)
        assert "Version 2026-11." in said
        assert desk.gateway.keys == [], "nothing is made before"
        secret = agree(desk, "ana")
        assert desk.office.chat(secret).status_code == 200
        desk.sees(lambda: "was revealed" in desk.text(desk.now(dm)) or None)
        desk.who("ana").close()

        assert desk.office.chat(desk.office.key("member $20")).status_code == 200
        books = desk.office.books()
        with books.reading() as session:
            assert [row.member_id for row in ledger.entries(session, action=AGREED)] == ["U0ANA"]
        books.close()
        assert "agrees to the usage policy, version `2026-11`" in desk.types("ana", "/ai-team policy")


def test_who_does_not_agree_has_no_key_and_can_still_change_their_mind(opened: Opener) -> None:
    with opened(POLICY) as desk:
        dm = desk.office.approve(desk.ask())
        desk.clicks("ana", "Reveal key", dm)
        desk.modal("ana", "Please read this before you get a key")
        desk.who("ana").close()
        assert desk.gateway.keys == []
        desk.clicks("ana", "Reveal key", dm)
        assert desk.office.chat(agree(desk, "ana")).status_code == 200
        assert len(desk.gateway.keys) == 1


def test_an_agreement_delivered_twice_makes_one_key_and_leaves_it_on_the_screen(opened: Opener) -> None:
    with opened(POLICY) as desk:
        dm = desk.office.approve(desk.ask())
        desk.clicks("ana", "Reveal key", dm)
        desk.modal("ana", "Please read this before you get a key")
        desk.slack.fault("duplicate", "view_submission", copies=3)
        secret = agree(desk, "ana")
        desk.settle()
        assert secret in desk.text(desk.who("ana").modal())
        assert len(desk.gateway.keys) == 1


def test_the_window_with_the_key_is_open_before_anything_is_made(opened: Opener) -> None:
    with opened(POLICY) as desk:
        dm = desk.office.approve(desk.ask())
        desk.clicks("ana", "Reveal key", dm)
        form = desk.modal("ana", "Please read this before you get a key")
        desk.slack.fault("refuse", "views.open", error="trigger_expired")
        assert desk.who("ana").submit(form, {}).ok
        desk.dm("ana", "Slack did not open the window in time, so nothing was made")
        assert desk.gateway.keys == []
        desk.clicks("ana", "Reveal key", dm)  # agreed already
        desk.sees(lambda: secret_in(str(view.content)) if (view := desk.who("ana").modal()) else None)
