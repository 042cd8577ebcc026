"""Whom a line of a list means: one person or nobody, and never a guess."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.leavers import SETTLED, Account, Known, Line, Match, Reading, folded, match_all, wanted
from bot.domain.people import Member

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOME = "T0HOME"
DAY = timedelta(days=1)


def account(name: str, email: str = "", *, confirmed: bool = True, **fields: bool | str) -> Account:
    person = Member(**{"id": f"U0{name.upper()}", "workspace_id": HOME, "handle": name, "name": name, **fields})  # type: ignore[arg-type]
    return Account(person, email, confirmed and bool(email))


ANA = account("ana", "Ana@Example.com")
BEN = account("ben", "ben@example.com")
CI = account("ci", "ci@example.com", is_bot=True)
EVE = account("eve", "eve@example.com", workspace_id="T0ELSE")
DAN = account("dan", "dan@example.com", confirmed=False)


def known(*accounts: Account, gone: frozenset[str] = frozenset(), tells: bool = True) -> Known:
    return Known(HOME, accounts, gone, {}, tells_emails=tells)


def match(line: Line, whom: Known | None = None) -> Match:
    (found,) = match_all([line], whom or known(ANA, BEN, CI, EVE, DAN), NOW)
    return found


def test_a_slack_id_means_its_account() -> None:
    found = match(Line(2, slack_id="U0ANA"))
    assert (found.reading, found.account) == (Reading.LEAVES, ANA)


@pytest.mark.parametrize(
    "stays",
    [
        Line(9, email="ANA@example.com", is_active=True),
        Line(1, slack_id="U0ANA", is_active=True),
        Line(9, email="ana@example.com", left_at=NOW + DAY),
        Line(1, slack_id="U0ANA", left_at=NOW + DAY),
    ],
)
@pytest.mark.parametrize("leaves", [Line(2, slack_id="U0ANA"), Line(2, email="ana@example.com", left_at=NOW - DAY)])
def test_whoever_another_line_says_is_still_here_is_not_guessed_to_have_left(leaves: Line, stays: Line) -> None:
    """An account that was closed and a new one for the same person, or a contract that was made longer."""
    found = {one.line.number: one for one in match_all([*sorted([leaves, stays], key=_number)], known(ANA, BEN), NOW)}
    doubt = found[2]
    assert (doubt.reading, doubt.account) == (Reading.DISAGREES, None)
    assert f"line {stays.number} says" in doubt.why


def test_whoever_is_gone_and_here_by_the_same_list_is_not_kept_out_by_it() -> None:
    lines = [Line(2, slack_id="U0ANA", email="ana@example.com"), Line(3, email="ana@example.com", is_active=True)]
    quiet = known(account("ana"), gone=frozenset({"U0ANA"}), tells=False)
    assert [one.reading for one in match_all(lines, quiet, NOW)] == [Reading.DISAGREES, Reading.ACTIVE]


def test_what_another_line_says_of_others_is_no_doubt() -> None:
    stays = [Line(3, email="ben@example.com", is_active=True), Line(4, is_active=True)]
    first, *_ = match_all([Line(2, slack_id="U0ANA"), *stays], known(ANA, BEN), NOW)
    assert first.reading is Reading.LEAVES


def _number(line: Line) -> int:
    return line.number


@pytest.mark.parametrize("email", ["ana@example.com", "ANA@EXAMPLE.COM", "Ana@Example.com"])
def test_a_verified_address_means_its_account_whatever_its_capitals(email: str) -> None:
    found = match(Line(2, email=email))
    assert (found.reading, found.account) == (Reading.LEAVES, ANA)


@pytest.mark.parametrize(
    ("line", "reading", "why"),
    [
        (Line(2, slack_id="U0NOBODY"), Reading.NOBODY, "U0NOBODY"),
        (Line(2, email="nobody@example.com"), Reading.NOBODY, "nobody in Slack"),
        (Line(2, slack_id="U0CI"), Reading.BOT, "a bot"),
        (Line(2, email="ci@example.com"), Reading.BOT, "a bot"),
        (Line(2, slack_id="U0EVE"), Reading.ELSEWHERE, "another Slack workspace"),
        (Line(2, email="dan@example.com"), Reading.UNVERIFIED, "not verified"),
        (Line(2, slack_id="U0ANA", email="ben@example.com"), Reading.DISAGREES, "belongs to U0BEN"),
        (Line(2, slack_id="U0ANA", email="other@example.com"), Reading.DISAGREES, "another address"),
        (Line(2, wrong="it is no JSON"), Reading.UNREADABLE, "no JSON"),
    ],
)
def test_what_is_in_doubt_means_nobody_and_says_why(line: Line, reading: Reading, why: str) -> None:
    found = match(line)
    assert (found.reading, found.account) == (reading, None)
    assert why in found.why


def test_an_address_of_two_accounts_means_nobody_and_names_both() -> None:
    again = account("ana2", "ana@example.com")
    found = match(Line(2, email="ana@example.com"), known(ANA, again))
    assert (found.reading, found.account) == (Reading.SEVERAL, None)
    assert "U0ANA, U0ANA2" in found.why


def test_without_addresses_an_id_still_counts_and_an_address_alone_says_which_scope_is_missing() -> None:
    blind = known(replace(ANA, email="", is_email_confirmed=False), tells=False)
    assert match(Line(2, slack_id="U0ANA", email="ana@example.com"), blind).reading is Reading.LEAVES
    found = match(Line(3, email="ana@example.com"), blind)
    assert found.reading is Reading.NO_EMAILS
    assert "users:read.email" in found.why


def test_an_id_and_the_unverified_address_of_the_same_account_agree() -> None:
    assert match(Line(2, slack_id="U0DAN", email="dan@example.com")).reading is Reading.LEAVES


def test_whoever_leaves_later_does_not_leave_yet() -> None:
    assert match(Line(2, slack_id="U0ANA", left_at=NOW + timedelta(seconds=1))).reading is Reading.TOO_EARLY
    assert match(Line(2, slack_id="U0ANA", left_at=NOW)).reading is Reading.LEAVES


def test_whoever_left_already_is_said_to_have() -> None:
    found = match(Line(2, slack_id="U0ANA"), known(ANA, gone=frozenset({"U0ANA"})))
    assert (found.reading, found.account) == (Reading.IS_GONE, ANA)


def test_whoever_the_list_calls_active_stays() -> None:
    assert match(Line(2, slack_id="U0ANA", is_active=True)).reading is Reading.ACTIVE


def test_the_same_person_on_two_lines_leaves_once_and_the_second_names_the_first() -> None:
    lines = [Line(2, slack_id="U0ANA"), Line(3, slack_id="U0BEN"), Line(5, email="ana@example.com")]
    found = match_all(lines, known(ANA, BEN), NOW)
    assert [one.reading for one in found] == [Reading.LEAVES, Reading.LEAVES, Reading.TWICE]
    assert "line 2" in found[2].why


def test_what_an_owner_undid_is_not_done_again_unless_they_left_later() -> None:
    undone = Known(HOME, [ANA], frozenset(), {"U0ANA": NOW - DAY}, tells_emails=True)
    assert match(Line(2, slack_id="U0ANA"), undone).reading is Reading.UNDONE
    assert match(Line(2, slack_id="U0ANA", left_at=NOW - DAY), undone).reading is Reading.UNDONE
    assert match(Line(2, slack_id="U0ANA", left_at=NOW), undone).reading is Reading.LEAVES


def test_only_who_is_named_is_wanted_of_slack() -> None:
    lines = [Line(2, slack_id="U0ANA", email="Ana@Example.com"), Line(3, slack_id="U0X", wrong="no")]
    assert wanted(lines) == (frozenset({"U0ANA"}), frozenset({"ana@example.com"}))


# --- properties ---

NAMES = st.sampled_from(["ana", "ben", "cy", "dan"])
EMAILS = st.sampled_from(["", "a@x.org", "A@X.org", "b@x.org", "c@x.org"])


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    name = draw(NAMES)
    email = draw(EMAILS)
    confirmed = draw(st.booleans()) and bool(email)
    return account(
        name,
        email,
        confirmed=confirmed,
        is_bot=draw(st.booleans()),
        workspace_id=draw(st.sampled_from([HOME, "T0ELSE"])),
    )


@st.composite
def lines(draw: st.DrawFn) -> Line:
    left_at = draw(st.sampled_from([None, NOW - DAY, NOW, NOW + DAY]))
    slack_id = draw(st.sampled_from(["", "U0ANA", "U0BEN", "U0CY", "U0DAN", "U0NOBODY"]))
    wrong = draw(st.sampled_from(["", "", "", "odd"]))
    return Line(draw(st.integers(1, 9)), slack_id, draw(EMAILS), left_at, is_active=draw(st.booleans()), wrong=wrong)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Line], Known]:
    listed = draw(st.lists(lines(), max_size=8))
    numbered = [replace(line, number=number) for number, line in enumerate(listed, 2)]
    every = {one.id: one for one in draw(st.lists(accounts(), max_size=5))}
    gone = frozenset(draw(st.sets(st.sampled_from(["U0ANA", "U0BEN"]))))
    return numbered, Known(HOME, every.values(), gone, {}, tells_emails=draw(st.booleans()))


@given(worlds())
def test_every_line_is_told_of_once_and_whoever_leaves_is_one_named_person(world: tuple[list[Line], Known]) -> None:
    listed, book = world
    found = match_all(listed, book, NOW)
    assert [one.line for one in found] == listed
    leaving = [one for one in found if one.reading is Reading.LEAVES]
    assert len({one.account.id for one in leaving if one.account}) == len(leaving), "nobody leaves by two lines"
    for one in leaving:
        assert one.account is not None
        by_id = one.line.slack_id == one.account.id
        by_email = bool(one.line.email) and folded(one.line.email) == folded(one.account.email)
        assert by_id or (not one.line.slack_id and by_email and one.account.is_email_confirmed)
        assert not one.account.person.is_bot
        assert one.account.person.workspace_id == HOME
        assert one.line.left_at is None or one.line.left_at <= NOW
        assert not one.line.is_active
        assert one.account.id not in book.gone


@given(worlds())
def test_whatever_is_not_settled_says_why(world: tuple[list[Line], Known]) -> None:
    for one in match_all(*world, NOW):
        assert one.reading in SETTLED or one.why
        assert one.account is not None or one.reading not in SETTLED - {Reading.ACTIVE}


@given(worlds(), EMAILS.filter(bool))
def test_another_account_with_the_same_address_never_lets_anybody_else_leave(
    world: tuple[list[Line], Known], email: str
) -> None:
    """More people in Slack may make an address ambiguous. They never make it mean another person who was there."""
    listed, book = world
    before = {one.account.id for one in match_all(listed, book, NOW) if one.reading is Reading.LEAVES and one.account}
    more = Known(HOME, [*book.accounts, account("zed", email)], book.gone, {}, tells_emails=book.tells_emails)
    after = {one.account.id for one in match_all(listed, more, NOW) if one.reading is Reading.LEAVES and one.account}
    assert after - {"U0ZED"} <= before
