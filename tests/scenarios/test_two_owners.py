"""From the threshold on, two owners have to agree to the same terms."""

from __future__ import annotations

import pytest

from bot.domain.policy import Policy
from bot.playground.slack.model import Message
from tests.scenarios.desk import Desk, Opener


@pytest.fixture
def big(desk_on_each: Desk) -> Desk:
    """A desk whose team has money enough to cross the default threshold of $1,000."""
    desk = desk_on_each
    desk.slack.invite_bot("general")
    desk.types("olga", "/ai-team create data $9000", "general")
    desk.types("olga", "/ai-team owner @omar @fay", "general")
    desk.types("olga", "/ai-team invite @ana", "general")
    return desk


def ask(desk: Desk, line: str) -> Message:
    desk.types("ana", f"/ai-key {line}", "general")
    desk.settle()
    return desk.office.cards("general")[-1]


def change(desk: Desk, owner: str, card: Message, **terms: str) -> None:
    desk.clicks(owner, "Approve with changes", card)
    form = desk.modal(owner, "You approve this instead")
    assert desk.who(owner).submit(form, terms).ok
    desk.settle()


def test_two_owners_agree_and_the_same_owner_counts_once(big: Desk) -> None:
    card = ask(big, "$1000 7d a big evaluation")
    stale = big.slack.as_seen(card)
    assert "from $1,000 on, two owners have to agree" in big.text(card)
    big.clicks("omar", "Approve", card)
    big.card_says(card, "Approved by @omar: 1 of 2, one more owner has to agree. Asked @olga and @fay.")
    assert "1 of 2" in big.thread_says(card, "One more owner has to agree")

    said = big.presses("omar", "Approve", card)
    assert "1 of 2, one more owner has to agree" in said
    assert len(big.thread(card)) == 1
    assert big.dms("ana") == []

    big.clicks("olga", "Approve", card)
    big.card_says(card, "Approved by @omar and @olga.")
    big.dm("ana", "Approved by @omar and @olga.")
    # Whoever is late reads both names.
    assert big.presses("fay", "Deny", stale) == "Already approved by @omar and @olga."


def test_changed_terms_void_the_earlier_yes(big: Desk) -> None:
    card = ask(big, "$1000 7d a big evaluation")
    big.clicks("omar", "Approve", card)
    big.card_says(card, "1 of 2")
    change(big, "olga", card, cap="$1100")
    big.card_says(card, "Approved by @olga: 1 of 2")
    assert "What @omar approved was something else and counts no more." in big.thread(card)[-1]
    assert "$1,100 in total" in big.text(card)
    big.clicks("omar", "Approve", card)
    big.card_says(card, "Approved by @olga and @omar.")
    assert "Asked for was a temporary key ($1,000 in total, 7 days)" in big.text(big.dm("ana", "You can have"))


def test_below_the_threshold_one_owner_is_enough(big: Desk) -> None:
    card = ask(big, "$1000 7d a big evaluation")
    big.clicks("omar", "Approve", card)
    big.card_says(card, "1 of 2")
    change(big, "olga", card, cap="$999.99")
    big.card_says(card, "Approved by @olga. Waiting for @ana")
    assert "Approved by" not in big.text(ask(big, "$999.99 1d another evaluation"))


def test_raising_over_the_threshold_needs_a_second_owner(big: Desk) -> None:
    card = ask(big, "$10 7d a small evaluation")
    big.replies("omar", card, "approve $1000")
    big.card_says(card, "Approved by @omar: 1 of 2")
    big.replies("fay", card, "approve")
    big.card_says(card, "Approved by @omar and @fay.")


def test_one_no_is_enough(opened: Opener) -> None:
    with opened(Policy(two_owners_from_micros=100_000_000)) as desk:
        card = desk.ask("$100 1d evaluate rerankers")
        desk.clicks("omar", "Approve", card)
        desk.card_says(card, "1 of 2")
        desk.replies("olga", card, "deny too much")
        desk.card_says(card, "Denied by @olga: “too much”")
