"""Once: a double click, two approvers, a retried event, two replicas. One decision, one key, one message.

The same races run on PostgreSQL between two processes, which Slack serves in turn, and on SQLite between the
threads of one. Every other round holds the writers' turn until all who race stand in line for it.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from functools import partial

import pytest

from bot.domain.keys import KeyState
from bot.domain.requests import RequestState
from bot.playground.slack.model import Message
from tests.faults import kit
from tests.office import Office

pytestmark = [
    pytest.mark.crash,
    pytest.mark.xdist_group("replicas"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
ROUNDS = range(3)
NAMES = [f"mia{number}" for number in range(60)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Two processes on one PostgreSQL, or one on SQLite; with a team of many members."""
    folder = tmp_path_factory.mktemp("replicas")
    on_sqlite = request.param == "sqlite"
    if on_sqlite:
        url = kit.sqlite_url(folder, request.getfixturevalue("migrated_sqlite"))
    else:
        server = request.getfixturevalue("postgres_server")
        name = f"replicas_{folder.name.replace('-', '_')}_{time.time_ns()}"
        url = server.create(name, template=request.getfixturevalue("migrated_template"))
    with Office(url, folder, mode="socket") as office:
        office.spawn()
        if not on_sqlite:
            office.spawn()
            office.slack.wait_for(lambda: office.slack.connected() == 2, 20)
        for name in NAMES:
            office.slack.add_user(name)
            office.slack.invite("search", name)
        office.found_team(monthly="$5000")
        for some in (NAMES[:20], NAMES[20:40], NAMES[40:]):
            invite(office, some)
        office.fresh = itertools.count()  # type: ignore[attr-defined]
        yield office
    if not on_sqlite:
        server.drop(name)


def invite(office: Office, names: list[str]) -> None:
    olga = office.slack.person("olga")
    before = len(olga.ephemerals("search"))
    assert olga.command(f"/ai-team invite {' '.join(f'@{name}' for name in names)}", channel="search").ok
    office.sees(lambda: len(olga.ephemerals("search")) > before or None)


@pytest.fixture
def asker(office: Office) -> Iterator[str]:
    """Somebody of the team who holds nothing yet; afterwards, all must be well."""
    yield NAMES[next(office.fresh)]  # type: ignore[attr-defined]
    kit.assert_all_is_well(office)


@pytest.fixture(params=ROUNDS)
def round_number(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def decisions(office: Office, person: str) -> list[str]:
    """What the ledger says was decided about this person's request."""
    request_id = kit.request_of(office, person).id
    decided = ("request.approved", "request.denied", "request.cancelled", "request.expired")
    return [row.action for row in kit.rows(office, request_id=request_id) if row.action in decided]


def assert_approved_once(office: Office, asker: str) -> str:
    """One decision, one row, one direct message; returns who decided."""
    request = kit.request_of(office, asker)
    assert request.state is RequestState.APPROVED
    approved = kit.rows(office, request_id=request.id, action="request.approved")
    assert len(approved) == 1
    kit.settle(office)
    assert len(kit.reveal_dms(office, asker)) == 1
    return approved[0].actor


class TestOneDecision:
    def test_two_owners_approve_at_once(self, office: Office, asker: str, round_number: int) -> None:
        card = office.ask("$5 7d race", asker)
        heard = {owner: len(kit.whispered(office, owner, "Already approved by")) for owner in ("omar", "olga")}
        omar, olga = office.slack.person("omar"), office.slack.person("olga")
        replies = kit.race(
            office,
            lambda: omar.click("Approve", in_=card),
            lambda: olga.click("Approve", in_=card),
            round_number=round_number,
        )
        assert all(reply.ok for reply in replies)
        office.sees(lambda: kit.reveal_dms(office, asker) or None)
        winner = assert_approved_once(office, asker)
        first, second = ("omar", "olga") if winner == omar.id else ("olga", "omar")
        office.sees(lambda: len(kit.whispered(office, second, "Already approved by")) == heard[second] + 1)
        assert f"<@{winner}>" in raw(kit.whispered(office, second, "Already approved by")[-1])
        assert len(kit.whispered(office, first, "Already approved by")) == heard[first]

    def test_one_owner_clicks_twice(self, office: Office, asker: str, round_number: int) -> None:
        card = office.ask("$5 7d race", asker)
        omar = office.slack.person("omar")
        click = partial(omar.click, "Approve", in_=card)
        kit.race(office, click, click, round_number=round_number)
        office.sees(lambda: kit.reveal_dms(office, asker) or None)
        assert assert_approved_once(office, asker) == omar.id

    def test_an_event_is_delivered_three_times(self, office: Office, asker: str) -> None:
        card = office.ask("$5 7d race", asker)
        kit.settle(office)  # a reply that comes within the milliseconds before the card is written down is not heard
        heard = len(kit.whispered(office, "omar", "Already approved"))
        office.slack.settle()
        office.slack.fault("duplicate", "message", copies=3)
        office.slack.person("omar").reply(card, "approve")
        office.sees(lambda: kit.reveal_dms(office, asker) or None)
        office.slack.settle()
        time.sleep(0.3)
        assert_approved_once(office, asker)
        assert len(kit.whispered(office, "omar", "Already approved")) == heard, "a redelivery is no second word"

    def test_a_click_is_delivered_three_times(self, office: Office, asker: str) -> None:
        card = office.ask("$5 7d race", asker)
        office.slack.fault("duplicate", "block_actions", copies=3)
        office.slack.person("olga").click("Approve", in_=card)
        office.sees(lambda: kit.reveal_dms(office, asker) or None)
        assert_approved_once(office, asker)

    def test_a_command_is_delivered_three_times(self, office: Office, asker: str) -> None:
        before = len(office.cards())
        office.slack.fault("duplicate", "/ai-key", copies=3)
        assert office.slack.person(asker).command("/ai-key $5 7d race", channel="search").ok
        office.sees(lambda: len(office.cards()) > before or None)
        kit.settle(office)
        time.sleep(0.3)
        assert len(office.cards()) == before + 1

    def test_approve_against_deny(self, office: Office, asker: str, round_number: int) -> None:
        card = office.ask("$5 7d race", asker)
        omar, olga = office.slack.person("omar"), office.slack.person("olga")
        kit.settle(office)
        kit.race(
            office,
            lambda: omar.click("Approve", in_=card),
            lambda: olga.reply(card, "deny not this month"),
            round_number=round_number,
        )
        office.sees(lambda: decisions(office, asker) or None)
        if decisions(office, asker) == ["request.approved"]:
            office.sees(lambda: "Already approved by" in said_last(office, "olga") or None)
        else:
            office.sees(lambda: "Already denied by" in said_last(office, "omar") or None)
        assert len(decisions(office, asker)) == 1
        kit.settle(office)
        approved = decisions(office, asker) == ["request.approved"]
        assert len(kit.reveal_dms(office, asker)) == int(approved)
        assert len(kit.told(office, asker, "was not approved")) == int(not approved)

    def test_approve_against_cancel(self, office: Office, asker: str, round_number: int) -> None:
        card = office.ask("$5 7d race", asker)
        person, omar = office.slack.person(asker), office.slack.person("omar")
        receipt = office.sees(
            lambda: next(m for m in reversed(person.ephemerals("search")) if "Cancel" in str(m.blocks))
        )
        kit.race(
            office,
            lambda: omar.click("Approve", in_=card),
            lambda: person.click("Cancel", in_=receipt),
            round_number=round_number,
        )
        office.sees(lambda: decisions(office, asker) or None)
        if decisions(office, asker) == ["request.approved"]:
            office.sees(lambda: "Too late to cancel" in said_last(office, asker) or None)
        else:
            office.sees(lambda: "Already cancelled by" in said_last(office, "omar") or None)
        kit.settle(office)
        assert len(decisions(office, asker)) == 1
        assert len(kit.reveal_dms(office, asker)) == int(decisions(office, asker) == ["request.approved"])


class TestOneKey:
    def test_two_reveals_at_once(self, office: Office, asker: str, round_number: int) -> None:
        dm = office.approve(office.ask("$5 7d race", asker), asker=asker)
        person = office.slack.person(asker)
        shown = len(kit.shown_secrets(office))
        click = partial(person.click, "Reveal key", in_=dm)
        kit.race(office, click, click, round_number=round_number)
        office.sees(lambda: kit.request_of(office, asker).state is RequestState.FULFILLED or None)
        kit.settle(office)
        office.sees(lambda: all("Making" not in office.text(view) for view in person.modals()) or None)
        assert len(kit.live(office, asker)) == 1
        assert len(kit.shown_secrets(office)) == shown + 1
        assert len(kit.rows(office, request_id=kit.request_of(office, asker).id, action="key.revealed")) == 1

    @pytest.mark.parametrize("seconds", [0.0, 0.15, 0.3, 0.45])
    def test_reveal_against_disable(self, office: Office, asker: str, seconds: float) -> None:
        """Somebody turns the key off while it is being made: whatever comes first, no key is left working."""
        dm = office.approve(office.ask("$5 7d race", asker), asker=asker)
        office.gateway.faults.add("latency", route="/key/generate", seconds=0.4)
        office.slack.person(asker).click("Reveal key", in_=dm)
        key = office.sees(lambda: kit.keys_of(office, asker)[-1])
        time.sleep(seconds)
        assert office.slack.person("ben").command(f"/ai-disable {key.label} looks odd", channel="search").ok
        ended = (KeyState.DISABLED, KeyState.DISCARDED)
        office.sees(lambda: all(key.state in ended for key in kit.keys_of(office, asker)) or None)
        kit.settle(office)
        office.sees(lambda: not kit.live(office, asker))
        time.sleep(0.5)  # a mint still on its way would arrive now
        assert kit.live(office, asker) == []

    def test_reveal_again_after_it_was_turned_off_in_the_making(self, office: Office, asker: str) -> None:
        dm = office.approve(office.ask("$5 7d race", asker), asker=asker)
        office.gateway.faults.add("latency", route="/key/generate", seconds=2)
        person = office.slack.person(asker)
        person.click("Reveal key", in_=dm)
        key = office.sees(lambda: kit.keys_of(office, asker)[-1])
        assert office.slack.person("ben").command(f"/ai-disable {key.label}", channel="search").ok
        office.sees(lambda: "turned off while it was being made" in office.text(person.modal()) or None)
        secret = office.reveal(dm, asker)
        assert office.chat(secret).status_code == 200
        assert len(kit.live(office, asker)) == 1

    def test_two_people_disable_at_once(self, office: Office, asker: str, round_number: int) -> None:
        office.key("$5 7d race", asker)
        key = kit.keys_of(office, asker, KeyState.LIVE)[-1]
        ben, fay = office.slack.person("ben"), office.slack.person("fay")
        kit.race(
            office,
            lambda: ben.command(f"/ai-disable {key.label} one", channel="search"),
            lambda: fay.command(f"/ai-disable {key.label} two", channel="search"),
            round_number=round_number,
        )
        office.sees(lambda: kit.keys_of(office, asker, KeyState.DISABLED) or None)
        kit.settle(office)
        assert len(kit.rows(office, key_id=key.id, action="key.disabled")) == 1
        assert len(kit.told(office, asker, f"Your key `{key.label}` is off")) == 1
        assert kit.live(office, asker) == []


def raw(message: Message) -> str:
    """The message with mentions as Slack has them."""
    return f"{message.text} {message.blocks}"


def said_last(office: Office, person: str) -> str:
    """The newest message that only this person sees."""
    seen = office.slack.person(person).ephemerals("search")
    return office.text(seen[-1]) if seen else ""
