"""Who may do what: the whole table of authority, and whom to ask."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.people import (
    BARRIER_TEXT,
    Askable,
    Authority,
    Barrier,
    Role,
    Team,
    handle_from,
    is_key_name,
    is_team_name,
    who_to_ask,
)
from tests.domain.kit import member

TEAM = Team("team_1", "search", "C0SEARCH", owner_ids=("U0OMAR", "U0OLGA"), member_ids=("U0ANA", "U0BEN"))
AUTHORITY = Authority("T0HOME", frozenset({"U0BOSS", "U0OLGA"}))
STRANGE: list[tuple[dict[str, Any], Barrier]] = [
    ({"workspace_id": "T0ELSE"}, Barrier.FOREIGN_WORKSPACE),
    ({"is_bot": True}, Barrier.BOT),
    ({"is_departed": True}, Barrier.DEPARTED),
    ({"workspace_id": "T0ELSE", "is_bot": True, "is_departed": True}, Barrier.FOREIGN_WORKSPACE),
]
IDS = st.sampled_from(["U0ANA", "U0BEN", "U0OMAR", "U0OLGA", "U0BOSS", "U0FAY"])


@pytest.mark.parametrize(("fields", "barrier"), STRANGE)
def test_strangers_can_do_nothing_even_as_owners(fields: dict[str, Any], barrier: Barrier) -> None:
    stranger = member(id="U0OLGA", **fields)
    assert AUTHORITY.stranger(stranger) is barrier
    assert AUTHORITY.barrier_to_ask(stranger, TEAM) is barrier
    assert AUTHORITY.barrier_to_own(stranger, TEAM) is barrier
    assert AUTHORITY.barrier_to_decide(stranger, TEAM, "U0ANA") is barrier
    assert AUTHORITY.barrier_to_found_team(stranger) is barrier


@pytest.mark.parametrize(
    ("who", "everything", "each_key"),
    [("U0ANA", False, False), ("U0OMAR", False, True), ("U0OLGA", True, True), ("U0BOSS", True, True),
     ("U0FAY", True, True), ("U0GUS", False, False)],
)  # fmt: skip
def test_owners_see_each_key_and_finance_sees_everything_and_decides_nothing(
    who: str, everything: bool, each_key: bool
) -> None:
    authority = Authority("T0HOME", AUTHORITY.workspace_owner_ids, frozenset({"U0FAY"}))
    person = member(id=who)
    assert authority.sees_everything(person) is everything
    assert authority.sees_keys_of(person, TEAM) is each_key
    assert authority.owns(person, TEAM) is AUTHORITY.owns(person, TEAM)
    assert authority.barrier_to_decide(person, TEAM, "U0ZED") is AUTHORITY.barrier_to_decide(person, TEAM, "U0ZED")


def test_an_owner_who_became_a_guest_sees_no_keys_of_others() -> None:
    assert not AUTHORITY.sees_keys_of(member(id="U0OMAR", is_guest=True), TEAM)


def test_anybody_looks_at_a_team_but_strangers_and_guests_from_outside() -> None:
    assert AUTHORITY.barrier_to_look(member(id="U0FAY"), TEAM) is None
    assert AUTHORITY.barrier_to_look(member(id="U0ANA", is_guest=True), TEAM) is None
    assert AUTHORITY.barrier_to_look(member(id="U0OMAR", is_guest=True), TEAM) is None
    assert AUTHORITY.barrier_to_look(member(id="U0GUS", is_guest=True), TEAM) is Barrier.GUEST_OUTSIDE
    finance = Authority("T0HOME", frozenset(), frozenset({"U0GUS"}))
    assert finance.barrier_to_look(member(id="U0GUS", is_guest=True), TEAM) is None
    for fields, barrier in STRANGE:
        assert AUTHORITY.barrier_to_look(member(id="U0OLGA", **fields), TEAM) is barrier


NOT_IN, NOT_OWNER, OWN = Barrier.NOT_IN_TEAM, Barrier.NOT_OWNER, Barrier.OWN_REQUEST


@pytest.mark.parametrize(
    ("who", "ask", "own", "decide_anas", "found"),
    [
        ("U0ANA", None, NOT_OWNER, NOT_OWNER, NOT_OWNER),
        ("U0BEN", None, NOT_OWNER, NOT_OWNER, NOT_OWNER),
        ("U0OMAR", None, None, None, NOT_OWNER),
        ("U0OLGA", None, None, None, None),
        ("U0BOSS", None, None, None, None),
        ("U0FAY", NOT_IN, NOT_OWNER, NOT_OWNER, NOT_OWNER),
    ],
)
def test_the_table_of_authority(
    who: str, ask: Barrier | None, own: Barrier | None, decide_anas: Barrier | None, found: Barrier | None
) -> None:
    person = member(id=who)
    assert AUTHORITY.stranger(person) is None
    assert AUTHORITY.barrier_to_ask(person, TEAM) is ask
    assert AUTHORITY.barrier_to_own(person, TEAM) is own
    assert AUTHORITY.barrier_to_decide(person, TEAM, "U0ANA") is decide_anas
    assert AUTHORITY.barrier_to_found_team(person) is found
    assert AUTHORITY.owns(person, TEAM) is (own is None)


def test_guests_hold_keys_and_decide_nothing() -> None:
    guest = member(id="U0BEN", is_guest=True)
    assert AUTHORITY.barrier_to_ask(guest, TEAM) is None
    owning = member(id="U0OLGA", is_guest=True)
    assert AUTHORITY.barrier_to_own(owning, TEAM) is Barrier.GUEST
    assert AUTHORITY.barrier_to_decide(owning, TEAM, "U0ANA") is Barrier.GUEST
    assert AUTHORITY.barrier_to_found_team(owning) is Barrier.GUEST


@given(who=IDS, guest=st.booleans(), bot=st.booleans(), departed=st.booleans(), home=st.booleans())
def test_named_no_path_leads_to_deciding_ones_own(who: str, guest: bool, bot: bool, departed: bool, home: bool) -> None:
    person = member(
        id=who, is_guest=guest, is_bot=bot, is_departed=departed, workspace_id="T0HOME" if home else "T0ELSE"
    )
    assert AUTHORITY.barrier_to_decide(person, TEAM, requester_id=who) is not None


def test_an_owner_meets_the_ban_on_their_own_request() -> None:
    assert AUTHORITY.barrier_to_decide(member(id="U0OMAR"), TEAM, "U0OMAR") is OWN


def test_every_barrier_has_a_sentence() -> None:
    assert set(BARRIER_TEXT) == set(Barrier)
    assert all(text.endswith(".") and text[0].isupper() for text in BARRIER_TEXT.values())


def test_roles_in_a_team() -> None:
    assert TEAM.role_of("U0OMAR") is Role.OWNER
    assert TEAM.role_of("U0ANA") is Role.MEMBER
    assert TEAM.role_of("U0BOSS") is Role.NONE
    assert Team("t", "n", "c", owner_ids=("U0ANA",), member_ids=("U0ANA",)).role_of("U0ANA") is Role.OWNER


@pytest.mark.parametrize(
    ("requester", "able", "first", "then"),
    [
        ("U0ANA", {"U0OMAR", "U0OLGA", "U0BOSS"}, ("U0OMAR", "U0OLGA"), ("U0BOSS",)),
        ("U0OMAR", {"U0OMAR", "U0OLGA", "U0BOSS"}, ("U0OLGA",), ("U0BOSS",)),
        ("U0ANA", {"U0BOSS", "U0OMAR"}, ("U0OMAR",), ("U0BOSS",)),
        ("U0ANA", {"U0BOSS"}, ("U0BOSS",), ()),
        ("U0BOSS", {"U0BOSS"}, (), ()),
        ("U0ANA", set(), (), ()),
        ("U0ANA", {"U0OLGA"}, ("U0OLGA",), ()),
    ],
)
def test_who_is_asked_first_and_then(
    requester: str, able: set[str], first: tuple[str, ...], then: tuple[str, ...]
) -> None:
    assert who_to_ask(TEAM, AUTHORITY, requester, Askable(able)) == (first, then)


def test_a_team_without_owners_asks_the_workspaces_in_a_fixed_order() -> None:
    team = Team("team_2", "ads", "C0ADS")
    assert who_to_ask(team, AUTHORITY, "U0ANA", Askable({"U0OLGA", "U0BOSS"})) == (("U0BOSS", "U0OLGA"), ())


@given(requester=IDS, able=st.sets(IDS))
def test_nobody_is_asked_twice_nor_about_their_own(requester: str, able: set[str]) -> None:
    first, then = who_to_ask(TEAM, AUTHORITY, requester, Askable(able))
    asked = first + then
    assert len(asked) == len(set(asked))
    assert set(asked) <= able - {requester}
    assert set(asked) == (able - {requester}) & {*TEAM.owner_ids, *AUTHORITY.workspace_owner_ids}


QUIET = ("U0OMAR", "U0QUI")
EVERYBODY = {"U0OMAR", "U0OLGA", "U0BOSS", "U0QUI", "U0BEN"}


@pytest.mark.parametrize(
    ("able", "needed", "first", "then"),
    [
        (EVERYBODY, 1, ("U0OLGA",), ("U0BOSS",)),
        (EVERYBODY - {"U0OLGA"}, 1, ("U0BOSS",), ()),
        (EVERYBODY, 2, ("U0OLGA",), ("U0BOSS",)),
        (EVERYBODY - {"U0OLGA"}, 2, ("U0BOSS", "U0OMAR", "U0QUI"), ()),
        ({"U0OMAR", "U0QUI"}, 1, ("U0OMAR", "U0QUI"), ()),
        ({"U0QUI"}, 1, ("U0QUI",), ()),
        (set(), 1, (), ()),
    ],
)
def test_quiet_people_are_asked_only_where_the_others_are_not_enough(
    able: set[str], needed: int, first: tuple[str, ...], then: tuple[str, ...]
) -> None:
    askable = Askable(able - {"U0BEN"}, QUIET, needed=needed)
    assert who_to_ask(TEAM, AUTHORITY, "U0ANA", askable) == (first, then)


@pytest.mark.parametrize(
    ("requester", "quiet", "first", "then"),
    [
        ("U0ANA", (), ("U0BEN",), ("U0OMAR", "U0OLGA")),
        ("U0BEN", (), ("U0OMAR", "U0OLGA"), ("U0BOSS",)),
        ("U0ANA", ("U0BEN",), ("U0OMAR", "U0OLGA"), ("U0BOSS",)),
    ],
)
def test_a_lead_who_may_agree_is_asked_before_the_owners(
    requester: str, quiet: tuple[str, ...], first: tuple[str, ...], then: tuple[str, ...]
) -> None:
    askable = Askable(EVERYBODY - {"U0QUI"}, quiet, lead_id="U0BEN")
    assert who_to_ask(TEAM, AUTHORITY, requester, askable) == (first, then)


def test_a_lead_who_owns_the_team_is_asked_once() -> None:
    askable = Askable(EVERYBODY, lead_id="U0OMAR")
    assert who_to_ask(TEAM, AUTHORITY, "U0ANA", askable) == (("U0OMAR",), ("U0OLGA",))


@given(
    requester=IDS,
    able=st.sets(IDS),
    quiet=st.lists(IDS, max_size=2, unique=True).map(tuple),
    lead=st.none() | IDS,
    needed=st.integers(0, 2),
)
def test_whoever_is_asked_is_able_and_quiet_people_only_in_need(
    requester: str, able: set[str], quiet: tuple[str, ...], lead: str | None, needed: int
) -> None:
    first, then = who_to_ask(TEAM, AUTHORITY, requester, Askable(able, quiet, lead, needed))
    asked = first + then
    assert len(asked) == len(set(asked))
    assert set(asked) <= able - {requester}
    loud = able - {requester} - set(quiet)
    if {*asked} & {*quiet}:
        assert len(loud & {*TEAM.owner_ids, *AUTHORITY.workspace_owner_ids, lead}) < needed
    if loud & {*TEAM.owner_ids, *AUTHORITY.workspace_owner_ids}:
        assert asked or needed == 0


@pytest.mark.parametrize(
    ("who", "barrier"),
    [
        ("U0QUI", None),
        ("U0BEN", None),
        ("U0FAY", NOT_OWNER),
        ("U0ANA", OWN),
        ("U0OMAR", None),
        ("U0OLGA", Barrier.OWN_BUDGET),
    ],
)
def test_who_decides_beside_the_owners_and_who_never_about_their_own(who: str, barrier: Barrier | None) -> None:
    also = ("U0QUI", "U0BEN", "U0ANA")
    assert AUTHORITY.barrier_to_decide(member(id=who), TEAM, "U0ANA", also=also, concerns="U0OLGA") is barrier


def test_no_guest_decides_quietly() -> None:
    guest = member(id="U0QUI", is_guest=True)
    assert AUTHORITY.barrier_to_decide(guest, TEAM, "U0ANA", also=("U0QUI",)) is Barrier.GUEST


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("ana", "ana"),
        ("Ana María", "ana-mar-a"),
        ("  Ana.B  ", "ana-b"),
        ("Ünal", "nal"),
        ("a" * 40, "a" * 16),
        ("abcdefghijklmno pqr", "abcdefghijklmno"),
        ("王", "member"),
        ("", "member"),
        ("---", "member"),
        ("x9", "x9"),
        (" " + "a" * 20, "a" * 16),
        ("sk", "member"),  # a label must not look like a secret
        ("SK Prod", "member"),
        ("skye", "skye"),
        ("ana-sk", "ana-sk"),
    ],
)
def test_handles_from_names(name: str, handle: str) -> None:
    assert handle_from(name) == handle


@given(st.text(max_size=60))
def test_every_name_gives_a_handle_that_can_be_typed(name: str) -> None:
    handle = handle_from(name)
    assert is_team_name(handle)
    assert len(handle) <= 16


@pytest.mark.parametrize("name", ["a", "7", "search", "data-platform", "a-1", "x" * 40])
def test_names_a_team_may_have(name: str) -> None:
    assert is_team_name(name)


@pytest.mark.parametrize("name", ["", "-a", "a-", "Search", "a b", "x" * 41, "a_b", "a\n", "é"])
def test_names_a_team_may_not_have(name: str) -> None:
    assert not is_team_name(name)


@pytest.mark.parametrize(
    ("name", "good"),
    [("nightly-evals", True), ("x" * 24, True), ("x" * 25, False), ("sk-evals", False), ("a--b", False), ("A", False)],
)
def test_names_an_automation_key_may_have(name: str, good: bool) -> None:
    assert is_key_name(name) is good
