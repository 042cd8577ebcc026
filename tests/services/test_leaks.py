"""Keys in texts: which are ours is certain, each is turned off once however many find it, and no secret is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text as sql

from bot.domain.facts import Off
from bot.domain.incidents import Found
from bot.domain.keys import Key, KeyState, OffCause, Proof, fingerprint
from bot.domain.requests import Because, Refused
from bot.services import found, leaks, scanning, turning_off, watching
from bot.services.context import Repeated
from bot.services.found import Heard
from bot.services.housekeeping import tidy
from bot.services.leaking import Source
from bot.services.leaks import Seen
from bot.services.turning_off import Target
from storage import incidents
from tests.company import ANA, BEN, GUS, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.kit import CHANNEL, held, key

LINK = "https://example.slack.com/archives/C0SEARCH/p17"
WATCHED = Source(Found.WATCHED, LINK, CHANNEL, BEN.id, sighting="C0SEARCH:17.1")
CREDENTIAL = "sk-memory-master"
FOREIGN = f"gsk_{'Ab3' * 17}x"


def secret_of(company: Company) -> str:
    return company.shown[-1].secret


def heard(ts: str = "17.1", delivery: str = "event:1", **more: object) -> Heard:
    return replace(Heard(CHANNEL, ts, ts, BEN.id, delivery, LINK), **more)  # type: ignore[arg-type]


def post(company: Company, text: str, message: Heard | None = None, by: str = "purser") -> list[Off]:
    """What becomes of a message that is looked through."""
    how = Found.WATCHED if by == "purser" else Found.REPORTED
    return list(found.act_on(company.purser, message or heard(), leaks.look(company.purser, [text]), how, by))


def stop(company: Company, secret: str, source: Source) -> Off | Refused:
    """What is true in the end of a secret that was found."""
    *_, last = turning_off.stop_leaked(company.purser, secret, source)
    return last


def now(company: Company, made: Key) -> Key:
    return key(company, made.id)


def actions(company: Company) -> list[str]:
    with company.books.reading() as session:
        return list(session.execute(sql("SELECT action FROM ledger ORDER BY seq")).scalars())


# --- looking ---


def test_nothing_is_found_in_ordinary_words(company: Company) -> None:
    held(company)
    assert not leaks.look(company.purser, ["", "hello there", "sk-learn"])
    assert leaks.look(company.purser, []) == Seen()


def test_our_keys_are_found_with_their_place_and_each_once(company: Company) -> None:
    made, secret = held(company), secret_of(company)
    seen = leaks.look(company.purser, ["nothing", f"first\nKEY={secret}", secret])
    assert [(one.key_id, one.text, one.line) for one in seen.keys] == [(made.id, 1, 2)]
    assert seen.foreign == ()
    assert secret not in repr(seen)


def test_a_key_that_differs_in_one_character_is_none_of_ours(company: Company) -> None:
    held(company)
    secret = secret_of(company)
    for wrong in (secret[:-1], f"{secret}x", secret.swapcase(), f"{secret[:9]}~{secret[10:]}"):
        assert leaks.look(company.purser, [wrong]).keys == ()


def test_foreign_keys_are_found_beside_ours_which_are_none(company: Company) -> None:
    made = held(company)
    seen = leaks.look(company.purser, [f"{secret_of(company)} {FOREIGN}"])
    assert [one.key_id for one in seen.keys] == [made.id]
    assert [(index, one.provider) for index, one in seen.foreign] == [(0, "Groq")]


@pytest.mark.parametrize("unseen", ["\u200b", "\u2011"])
def test_a_key_that_is_ours_is_not_called_a_foreign_one_too_whatever_was_put_into_it(
    company: Company, unseen: str
) -> None:
    held(company)
    secret = "sk-Ab3dEf_h-JkLmN0pQrStU9"
    with company.books.transaction() as session:
        print_of = fingerprint(secret, company.purser.pepper)
        session.execute(sql("UPDATE keys SET fingerprint = :found"), {"found": print_of})
    written = secret.replace("-", unseen, 1) if unseen == "\u2011" else f"{secret[:9]}{unseen}{secret[9:]}"
    seen = leaks.look(company.purser, ["*", f"here: {written} and {FOREIGN}"])
    assert [one.secret for one in seen.keys] == [secret]
    assert [one.provider for _, one in seen.foreign] == ["Groq"]
    (mine, other) = scanning.known(company.purser).find(f"here: {written} and {FOREIGN}")
    assert (mine.secret, other.foreign and other.foreign.provider) == (secret, "Groq")


def test_what_a_gateway_is_managed_with_is_found_and_is_neither_a_key_nor_foreign(company: Company) -> None:
    seen = leaks.look(company.purser, [f"see\npassword={CREDENTIAL} there"])
    assert [(one.gateway, one.line) for one in seen.own] == [("memory", 2)]
    assert (seen.keys, seen.foreign) == ((), ())
    assert CREDENTIAL not in repr(seen)


# --- stopping ---


def test_a_found_key_is_off_proven_leaked_and_an_incident_in_one_decision(company_anywhere: Company) -> None:
    company = company_anywhere
    made = held(company)
    off = stop(company, secret_of(company), WATCHED)
    assert isinstance(off, Off)
    assert off.proof is Proof.PROBED
    stands = now(company, made)
    assert (stands.state, stands.off_cause, stands.off_by) == (KeyState.DISABLED, OffCause.DISABLED, "purser")
    assert stands.leaked_at is not None
    with company.books.reading() as session:
        (incident,) = incidents.unclosed(session)
    assert (incident.kind, incident.key_id) == ("leak", made.id)
    assert (incident.evidence.where, incident.evidence.author_id) == (LINK, BEN.id)
    assert actions(company).count("key.disabled") == 1


@pytest.mark.parametrize("how", list(Found))
def test_found_again_it_adds_a_line_and_decides_nothing_anew(company: Company, how: Found) -> None:
    made = held(company)
    stop(company, secret_of(company), WATCHED)
    off = stop(company, secret_of(company), Source(how, "elsewhere"))
    assert isinstance(off, Off)
    assert off.already
    assert actions(company).count("key.disabled") == 1
    assert actions(company).count("incident.opened") == 1
    assert actions(company).count("incident.again") == 1
    assert now(company, made).state is KeyState.DISABLED


def test_found_again_at_the_same_place_it_adds_nothing(company: Company) -> None:
    held(company)
    stop(company, secret_of(company), WATCHED)
    stop(company, secret_of(company), WATCHED)
    assert actions(company).count("incident.again") == 0


def test_found_again_while_the_gateway_lies_that_it_is_off_it_is_turned_off_again(company: Company) -> None:
    made = held(company)
    stop(company, secret_of(company), WATCHED)
    company.gateway.enable(now(company, made).handle or "")
    stop(company, secret_of(company), Source(Found.GITHUB, "again"))
    assert company.gateway.on() == []
    assert "key.found_on" in actions(company)


def test_a_key_given_back_long_ago_opens_no_incident_and_still_counts_as_leaked(company: Company) -> None:
    made = held(company)
    turning_off.give_back(company.purser, company.actor(ANA), Target(label=made.label))
    stop(company, secret_of(company), WATCHED)
    assert now(company, made).leaked_at is not None
    assert "incident.opened" not in actions(company)
    assert "key.leaked" in actions(company)


def test_an_unknown_key_and_the_gateways_own_are_refused_and_only_the_latter_calls_owners(company: Company) -> None:
    held(company)
    unknown = stop(company, "sk-never-minted-0123456789", WATCHED)
    assert isinstance(unknown, Refused)
    assert unknown.because is Because.NOT_FOUND
    own = stop(company, CREDENTIAL, WATCHED)
    assert isinstance(own, Refused)
    assert own.because is Because.NOT_ALLOWED
    with company.books.reading() as session:
        assert [(one.kind, one.subject_id) for one in incidents.unclosed(session)] == [("credential", "memory")]


@pytest.mark.parametrize("pasted", ["https://a.example/v1?key={}&x=1", "export KEY={};", '"api_key":"{}"', "{}_old"])
def test_a_pasted_key_is_found_in_whatever_it_is_glued_to(company: Company, pasted: str) -> None:
    made = held(company)
    target = Target(secret=pasted.format(secret_of(company)))
    *_, last = turning_off.disable(company.purser, company.actor(BEN), target, "")
    assert isinstance(last, Off)
    assert last.proof is Proof.PROBED
    assert now(company, made).state is KeyState.DISABLED
    *_, own = turning_off.disable(company.purser, company.actor(BEN), Target(secret=pasted.format(CREDENTIAL)), "")
    assert isinstance(own, Refused)
    assert own.because is Because.NOT_ALLOWED


def test_while_the_gateway_is_down_it_stays_decided_and_is_off_once_it_is_back(company: Company) -> None:
    made = held(company)
    company.gateway.mishaps.add("disable", *[Mishap.DOWN] * 60)
    off = stop(company, secret_of(company), WATCHED)
    assert isinstance(off, Off)
    assert off.proof is None
    company.settle()
    assert now(company, made).state is KeyState.DISABLED
    assert company.gateway.on() == []


# --- messages ---


def test_a_message_with_keys_tells_its_author_and_its_thread_once(company_anywhere: Company) -> None:
    company = company_anywhere
    held(company)
    (first, *_) = post(company, f"{secret_of(company)} and {FOREIGN}")
    assert first.proof is Proof.PROBED
    company.clock.advance(seconds=3)
    company.perform()
    assert company.notifier.occasions(f"direct:{BEN.id}").count("secrets_found") == 1
    assert company.notifier.occasions("thread:17.1") == ["secrets_stand_here"]
    with pytest.raises(Repeated):
        post(company, secret_of(company))
    post(company, secret_of(company), heard(delivery="event:2"))  # the same message, edited
    company.settle()
    assert company.notifier.occasions(f"direct:{BEN.id}").count("secrets_found") == 1
    assert company.notifier.occasions("thread:17.1") == ["secrets_stand_here"]


def test_who_reports_their_own_message_is_not_told_of_it_directly(company: Company) -> None:
    held(company)
    post(company, secret_of(company), by=BEN.id)
    company.settle()
    assert "secrets_found" not in company.notifier.occasions(f"direct:{BEN.id}")
    assert "secrets_stand_here" in company.notifier.occasions("thread:17.1")


def test_a_foreign_key_is_told_to_its_author_alone_and_to_the_thread_of_a_bots_message(company: Company) -> None:
    post(company, FOREIGN)
    post(company, FOREIGN, heard("18.1", "event:2", author_id="", is_by_person=False))
    company.settle()
    assert company.notifier.occasions(f"direct:{BEN.id}") == ["secrets_found"]
    assert company.notifier.occasions("thread:17.1") == []
    assert company.notifier.occasions("thread:18.1") == ["secrets_stand_here"]
    assert actions(company).count("foreign_key.found") == 2


def test_a_foreign_key_of_somebody_from_outside_is_told_to_the_thread_for_nobody_can_write_to_them(
    company: Company,
) -> None:
    post(company, FOREIGN, heard(author_id=""))
    company.settle()
    assert company.notifier.occasions("thread:17.1") == ["secrets_stand_here"]


def test_a_message_reported_long_after_it_was_seen_still_turns_its_key_off(company: Company) -> None:
    post(company, FOREIGN)
    company.clock.advance(seconds=36 * 86_400)
    tidy(company.purser)
    made = held(company)
    edited = f"{FOREIGN} {secret_of(company)}"
    post(company, edited, heard(delivery="click:1", link=f"{LINK}?thread_ts=17.1"), by=BEN.id)
    company.settle()
    assert now(company, made).state is KeyState.DISABLED
    assert actions(company).count("foreign_key.found") == 2


def test_a_thread_that_cannot_be_written_to_holds_up_nothing(company: Company) -> None:
    made = held(company)
    company.notifier.mishaps.add("post", Mishap.REFUSED)
    post(company, secret_of(company))
    company.clock.advance(seconds=3)
    company.perform()
    assert now(company, made).state is KeyState.DISABLED
    company.settle()
    assert company.notifier.occasions("thread:17.1") == []


def test_no_row_and_no_message_holds_what_was_posted(company: Company) -> None:
    held(company)
    secret = secret_of(company)
    post(company, f"{secret} {FOREIGN} {CREDENTIAL}")
    company.settle()
    with company.books.reading() as session:
        for table in ("ledger", "outbox", "incidents", "keys", "seen", "incident_lines"):
            rows = session.execute(sql(f"SELECT * FROM {table}")).all()
            assert not [row for row in rows if secret in str(row) or FOREIGN in str(row)], table
    assert secret not in repr(company.notifier.messages)


# --- the watch ---


def test_only_owners_turn_the_watch_on_and_off(company: Company) -> None:
    for somebody in (ANA, GUS):
        assert isinstance(watching.turn(company.purser, company.actor(somebody), CHANNEL, on=True), Refused)
    assert not watching.is_watched(company.purser, CHANNEL)
    state = watching.turn(company.purser, company.actor(OMAR), CHANNEL, on=True)
    assert isinstance(state, watching.Watch)
    assert (state.is_on, state.set_by) == (True, OMAR.id)
    assert watching.is_watched(company.purser, CHANNEL)
    watching.turn(company.purser, company.actor(OLGA), CHANNEL, on=False)
    assert not watching.is_watched(company.purser, CHANNEL)
    assert [one for one in actions(company) if one.startswith("watch.")] == ["watch.on", "watch.off"]


def test_turning_on_what_is_on_changes_and_announces_nothing(company: Company) -> None:
    for _ in range(2):
        watching.turn(company.purser, company.actor(OMAR), CHANNEL, on=True)
    company.perform()
    assert company.notifier.occasions(f"channel:{CHANNEL}").count("watch_on") == 1


def test_elsewhere_the_watch_takes_a_workspace_owner_and_purser_in_the_channel(company: Company) -> None:
    assert isinstance(watching.turn(company.purser, company.actor(OMAR), "C0OTHER", on=True), Refused)
    company.directory.not_in.add("C0OTHER")
    outside = watching.turn(company.purser, company.actor(OLGA), "C0OTHER", on=True)
    assert isinstance(outside, Refused)
    assert outside.because is Because.WRONG_STATE
    company.directory.not_in.clear()
    assert isinstance(watching.turn(company.purser, company.actor(OLGA), "C0OTHER", on=True), watching.Watch)
