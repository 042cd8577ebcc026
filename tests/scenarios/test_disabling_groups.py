"""Everything of a person or project turned off at once: what is listed, asked once, done, proven and told."""

from __future__ import annotations

from bot.domain.policy import Policy
from bot.playground.gateway.faults import FaultKind
from bot.playground.slack.model import View
from tests.scenarios.desk import Desk, Opener

RECORDED = "*Recorded off: the gateway's own record, read again, says off*"


def form(desk: Desk, person: str, line: str, channel: str = "search") -> View:
    """Type it; the form that lists what will stop."""
    reply = desk.who(person).command(line, channel=channel)
    assert reply.ok, reply
    return desk.modal(person, "will stop working at once")


def turns_off(desk: Desk, person: str, line: str, channel: str = "search") -> str:
    """Type it, send the form; the outcome, as the direct message says it."""
    before = len(desk.dms(person))
    assert desk.who(person).submit(form(desk, person, line, channel), {}).ok
    return desk.sees(lambda: next((said for said in desk.dms(person)[before:] if "Everything of" in said), None))


def project(desk: Desk, name: str = "reranker", monthly: str = "$300") -> None:
    desk.types("olga", f"/ai-team project {name} {monthly} @ben")


def project_key(desk: Desk, person: str = "ana", what: str = "reranker $50 serve search") -> tuple[str, str]:
    return desk.key(f"project {what}", person)


def some_key(desk: Desk, number: int, person: str = "ana") -> tuple[str, str]:
    """One of several keys that the same person holds."""
    return desk.key(f"automation job-{number} $5 $1/day @omar nightly work", person)


def names(desk: Desk, person: str, key: str) -> None:
    """Turn off one key, which nothing keeps this person from."""
    before = sum("is turned off" in said for said in desk.ephemerals(person))
    assert desk.who(person).command(f"/ai-disable {key}", channel="search").ok
    desk.sees(lambda: sum("is turned off" in said for said in desk.ephemerals(person)) > before, timeout=20)


def works(desk: Desk, secret: str) -> bool:
    return desk.office.chat(secret).status_code == 200


def test_a_project_is_listed_asked_about_once_and_proven_key_by_key(desk_on_each: Desk) -> None:
    desk = desk_on_each
    project(desk)
    first, secret = project_key(desk)
    second, other = project_key(desk, "ben", "reranker $60 rank results")
    mine, kept = desk.key()
    desk.spends(secret, 3)
    desk.watch()

    shown = desk.text(form(desk, "omar", "/ai-disable project reranker it runs wild"))
    assert "Everything of project `reranker` of team search: 2 keys will stop working at once." in shown
    assert "$3 was spent today" in shown
    assert shown.index(first) < shown.index(second)  # the biggest spender first
    assert f"`{first}` · project · @ana" in shown
    assert "$3 today" in shown
    assert f"`{second}` · project · @ben" in shown
    assert mine not in shown
    assert works(desk, secret)
    assert works(desk, other)

    assert desk.who("omar").submit(desk.who("omar").modal(), {}).ok
    said = desk.text(desk.dm("omar", "Everything of project"))
    assert "Everything of project `reranker` of team search: 2 keys turned off." in said
    assert f"{RECORDED} (2): `{first}` (@ana), `{second}` (@ben)" in said
    assert "may accept them for up to 1 minute more" in said
    assert not works(desk, secret)
    assert not works(desk, other)
    assert works(desk, kept)
    desk.settle()
    assert "@omar turned off everything of project `reranker`" in desk.text(desk.posted("turned off everything"))
    assert f"`{first}`" in desk.text(desk.dm("ana", "turned off everything"))
    assert second not in desk.text(desk.dm("ana", "turned off everything"))  # Ana holds the other one
    (ben,) = [said for said in desk.dms("ben") if "turned off everything" in said]
    assert first in ben  # Ben leads the project
    assert second in ben
    assert [said for said in desk.dms("omar") if "turned off everything" in said] == []


def test_a_departed_persons_keys_go_together_and_each_card_says_so(desk: Desk) -> None:
    labels = [some_key(desk, number)[0] for number in range(2)]
    desk.slack.state.users["U0ANA"].deleted = True
    said = turns_off(desk, "omar", "/ai-disable @ana left the company")
    assert "Everything of @ana: 2 keys turned off." in said
    assert all(f"`{label}`" in said for label in labels)
    desk.settle()
    for card in desk.office.cards()[-2:]:
        assert "Turned off by @omar" in desk.text(card)
        assert "“left the company”" in desk.text(card)
        assert "Recorded off" in desk.thread(card)[-1]
    (told,) = [one for one in desk.dms("olga") if "turned off everything" in one]
    assert all(f"`{label}`" in told for label in labels)
    assert desk.gateway.live_keys() == []


def test_who_holds_nothing_is_said_and_changes_nothing(desk: Desk) -> None:
    assert "@ben holds no key that works, so there is nothing to turn off." in desk.types("ana", "/ai-disable @ben")
    label, _ = desk.key()
    desk.types("ana", f"/ai-key return {label}")
    assert "nothing to turn off. 1 is off already." in desk.types("omar", "/ai-disable @ana")
    project(desk)
    answer = "Project reranker of team search has no key that works"
    assert answer in desk.types("omar", "/ai-disable project reranker")
    assert "No project is called that." in desk.types("omar", "/ai-disable project nowhere")
    assert desk.who("omar").modal() is None


def test_a_project_of_the_same_name_in_another_team_goes_on_working(desk: Desk) -> None:
    project(desk)
    _, here = project_key(desk)
    desk.office.found_team("general", "$400")
    desk.types("olga", "/ai-team project reranker $200 @ben", "general")
    before = len(desk.office.cards("general"))
    desk.who("ana").command("/ai-key project reranker $40 other things", channel="general")
    card = desk.sees(lambda: desk.office.cards("general")[-1] if len(desk.office.cards("general")) > before else None)
    there = desk.office.reveal(desk.office.approve(card))
    desk.settle()
    desk.who("ana").close()

    shown = desk.text(form(desk, "omar", "/ai-disable project reranker", "general"))
    assert "of team general: 1 key" in shown
    desk.who("omar").close()
    said = turns_off(desk, "omar", "/ai-disable project search/reranker wrong model", "general")
    assert "of team search: 1 key turned off" in said
    assert not works(desk, here)
    assert works(desk, there)
    assert "No team called nowhere" in desk.types("omar", "/ai-disable project nowhere/reranker")


def test_thirty_keys_stay_readable_and_are_told_in_one_message_each(desk: Desk) -> None:
    labels = [some_key(desk, number)[0] for number in range(30)]
    shown = desk.text(form(desk, "olga", "/ai-disable @ana"))
    assert all(f"`{label}`" in shown for label in labels)
    assert desk.who("olga").submit(desk.who("olga").modal(), {}).ok
    said = desk.text(desk.dm("olga", "Everything of @ana: 30 keys turned off."))
    assert all(f"`{label}`" in said for label in labels)
    assert f"{RECORDED} (30):" in said
    assert desk.gateway.live_keys() == []
    desk.office.clock.advance(seconds=10)
    desk.sees(lambda: any("turned off everything" in one for one in desk.dms("omar")), timeout=60)
    desk.settle()
    for person in ("ana", "omar"):
        (told,) = [one for one in desk.dms(person) if "turned off everything" in one]
        assert all(f"`{label}`" in told for label in labels)


def test_a_key_that_a_limit_stopped_does_not_come_back_by_itself(desk: Desk) -> None:
    label, secret = desk.key("$2 7d evaluate rerankers")
    desk.gateway.habits.accepts_over_caps = True
    desk.spends(secret, 3)
    desk.watch()
    assert "Stopped" in desk.text(desk.now(desk.office.cards()[0]))
    shown = desk.text(form(desk, "omar", "/ai-disable @ana"))
    assert f"`{label}`" in shown
    assert "stopped by a limit; will not come back by itself" in shown
    assert desk.who("omar").submit(desk.who("omar").modal(), {}).ok
    desk.dm("omar", "Everything of @ana: 1 key turned off.")
    desk.settle()
    assert "Turned off by @omar" in desk.text(desk.now(desk.office.cards()[0]))
    desk.pass_time(days=31)
    desk.watch()
    assert not works(desk, secret)


def test_the_form_sent_twice_or_by_two_people_decides_once(desk: Desk) -> None:
    label, _ = desk.key()
    first = form(desk, "omar", "/ai-disable @ana leaving")
    second = form(desk, "olga", "/ai-disable @ana leaving too")
    assert desk.who("omar").submit(first, {}).ok
    assert desk.who("olga").submit(second, {}).ok
    said = [desk.text(desk.dm(person, "Everything of @ana")) for person in ("omar", "olga")]
    desk.settle()
    assert sum("1 key turned off." in one for one in said) == 1
    assert sum("was off, or being turned off, already" in one for one in said) == 1
    card = desk.text(desk.now(desk.office.cards()[0]))
    assert card.count("Turned off by") == 1
    assert len([one for one in desk.dms("ana") if "is off" in one or "turned off everything" in one]) == 1
    assert label in card


def test_a_gateway_that_goes_down_in_the_middle_is_said_everywhere_until_all_is_proven(desk: Desk) -> None:
    project(desk)
    keys = [project_key(desk, person) for person in ("ana", "ben", "olga")]
    cards = desk.office.cards()[-3:]
    desk.gateway.faults.add(FaultKind.ERROR, times=None, route="/key/block", status=503)
    before = len(desk.dms("omar"))
    desk.who("omar").command("/ai-disable project reranker runs wild", channel="search")
    assert desk.who("omar").submit(desk.modal("omar", "will stop"), {}).ok
    said = desk.sees(lambda: next((one for one in desk.dms("omar")[before:] if "NOT yet off" in one), None), timeout=20)
    assert "0 of 3 keys off, 3 NOT yet off" in said
    assert "NOT confirmed off yet; they may still work" in said
    for card in cards:
        desk.card_says(card, "NOT confirmed off yet")
        desk.thread_says(card, "is NOT confirmed off")
    desk.office.clock.advance(seconds=5)
    called = desk.sees(lambda: next((one for one in desk.dms("olga") if "NOT yet off" in one), None))
    assert "Do this now:" in called
    assert all(f"`purser-{label}`" in called for label, _ in keys)
    assert "NOT yet off" in desk.text(desk.posted("NOT yet off"))
    assert len([one for one in desk.dms("olga") if "NOT" in one]) == 1  # one message, not one for each key
    assert all(works(desk, secret) for _, secret in keys)

    desk.gateway.faults.clear()
    desk.office.clock.advance(seconds=400)
    desk.bot.running.purser.wake()
    told = desk.sees(lambda: next((one for one in desk.dms("omar") if f"{RECORDED} (3)" in one), None), timeout=20)
    assert "turned off everything of project `reranker`" in told
    desk.settle()
    assert not any(works(desk, secret) for _, secret in keys)
    assert "NOT" not in desk.text(desk.posted("turned off everything"))
    for card in cards:
        assert "Recorded off" in desk.text(desk.now(card))


def test_a_guest_lists_nobodys_keys_but_their_own_and_an_outsider_nothing(desk: Desk) -> None:
    desk.key()
    said = desk.types("gus", "/ai-disable @ana")
    assert "Guests turn off keys one by one, or all of their own." in said
    assert "@gus holds no key that works" in desk.types("gus", "/ai-disable @gus")
    reply = desk.who("eve").command("/ai-disable @ana", channel="search")
    assert not reply.ok or "only serves people of its own Slack workspace" in desk.ephemerals("eve")[-1]
    assert len(desk.gateway.live_keys()) == 1


def test_members_do_not_read_what_single_keys_of_others_spend(desk: Desk) -> None:
    label, secret = desk.key()
    desk.spends(secret, 3)
    desk.watch()
    shown = desk.text(form(desk, "ben", "/ai-disable @ana"))
    assert f"`{label}` · temporary · @ana" in shown
    assert "$3" not in shown
    desk.who("ben").close()
    assert "$3 today" in desk.text(form(desk, "ana", "/ai-disable @ana"))


def test_naming_keys_of_others_has_a_limit_and_the_refusal_says_who_can(opened: Opener) -> None:
    with opened(Policy(others_keys_per_hour=2)) as desk:
        keys = [some_key(desk, number) for number in range(5)]
        said = desk.types("ben", "/ai-disable @ana for fun")
        assert "5 keys stay as they are: that would be 5 keys of others" in said
        assert "@omar" in said
        assert "paste it: a pasted key is always turned off" in said
        for label, _ in keys[:2]:
            names(desk, "ben", label)
        third, secret = keys[2]
        said = desk.types("ben", f"/ai-disable {third}")
        assert f"`{third}` stays as it is: you have turned off 2 of late" in said
        assert "at most 2 keys of others an hour, and 6 a day" in said
        assert works(desk, secret)
        told = desk.text(desk.dm("olga", "keys of others within a day"))
        assert "@ben has turned off 2" in told
        assert "stays as it is" in desk.types("ben", f"/ai-disable {third}")
        desk.settle()
        assert len([one for one in desk.dms("olga") if "keys of others within a day" in one]) == 1

        names(desk, "ben", secret)  # a pasted key always is
        names(desk, "gus", keys[3][0])  # somebody else may still help
        mine, _ = desk.key("$20 7d of my own", "ben")
        names(desk, "ben", mine)
        assert "Everything of @ana: 1 key turned off." in turns_off(desk, "omar", "/ai-disable @ana")


def test_mischief_over_many_hours_comes_to_an_end_too(opened: Opener) -> None:
    with opened(Policy(others_keys_per_hour=1)) as desk:
        keys = [some_key(desk, number) for number in range(5)]
        for label, _ in keys[:3]:
            names(desk, "ben", label)
            assert "stays as it is" in desk.types("ben", f"/ai-disable {keys[4][0]}")
            desk.pass_time(minutes=61)
        said = desk.types("ben", f"/ai-disable {keys[3][0]}")
        assert "stays as it is" in said
        assert "and 3 a day" in said
        desk.pass_time(hours=24)
        names(desk, "ben", keys[3][0])


def test_a_lead_is_not_limited_in_their_project_and_an_owner_of_one_team_is_in_another(opened: Opener) -> None:
    with opened(Policy(others_keys_per_hour=1)) as desk:
        project(desk)
        for person in ("ana", "olga"):
            project_key(desk, person)
        said = turns_off(desk, "ben", "/ai-disable project reranker mine to stop")
        assert "2 keys turned off." in said
        desk.settle()
        keys = [some_key(desk, number) for number in range(2)]
        desk.office.found_team("general", "$400")
        desk.types("olga", "/ai-team owner @fay", "general")
        assert "2 keys stay as they are" in desk.types("fay", "/ai-disable @ana")
        assert all(works(desk, secret) for _, secret in keys)


def test_the_bare_form_takes_a_project_and_asks_before_anything_stops(desk: Desk) -> None:
    project(desk)
    _, secret = project_key(desk)
    desk.who("omar").command("/ai-disable", channel="search")
    bare = desk.modal("omar", "Turn a key off")
    assert desk.who("omar").submit(bare, {"Key or label": "project search/reranker", "Why?": "runs wild"}).ok
    asked = desk.modal("omar", "will stop working at once")
    assert works(desk, secret)
    assert desk.who("omar").submit(asked, {}).ok
    desk.dm("omar", "1 key turned off.")
    assert not works(desk, secret)
    desk.settle()
    assert "“runs wild”" in desk.text(desk.now(desk.office.cards()[0]))
