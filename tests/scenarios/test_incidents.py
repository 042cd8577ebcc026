"""An incident from the first line to the last, as people live through it in Slack: told, looked after, closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.budgets import Layer
from bot.domain.incidents import Evidence, Incident, IncidentKind
from bot.domain.policy import Policy
from bot.playground.gateway.faults import FaultKind
from bot.playground.slack.faults import Fault
from bot.playground.slack.faults import FaultKind as SlackFault
from bot.playground.slack.model import Message
from bot.services.incident_times import watch_incidents
from bot.services.incidents import Opening, open_incident
from bot.services.proving import about
from storage import keys
from tests.scenarios.desk import Desk, Opener, buttons

USD = 1_000_000
NO_BACKOFF = "the client had no backoff"


def notice(desk: Desk, label: str, kind: IncidentKind = IncidentKind.SPIKE, **seen: Any) -> Incident:
    """Something abnormal is noticed about a key, as a job notices it."""
    now = desk.at()
    hours = tuple((now.replace(minute=0) - timedelta(hours=24 - n), n * 20_000) for n in range(24))
    facts: dict[str, Any] = {
        "rule": "hour", "since": now - timedelta(minutes=20), "window_seconds": 3600, "seen_micros": 12_400_000,
        "usual_micros": 800_000, "limit_micros": 5 * USD, "compared": 6, "hours": hours,
    }  # fmt: skip
    purser = desk.bot.running.purser
    with purser.deciding() as session:
        key = keys.labelled(session, label)
        assert key is not None
        evidence = Evidence(**(facts | seen))
        opening = Opening(kind, Layer.KEY, key.id, key.team_id, evidence=evidence, about=about(key))
        opened = open_incident(session, purser, opening)
    desk.settle()
    return opened


def spiking(desk: Desk, line: str = "$25 7d evaluate rerankers") -> tuple[str, str, Message]:
    """A key that ran away, and the message about it."""
    label, secret = desk.key(line)
    desk.spends(secret, 12.4)
    desk.watch()
    notice(desk, label)
    return label, secret, desk.posted(f"Spike: `{label}`")


def files(desk: Desk) -> str:
    """The text of the newest file that Purser sent."""
    return list(desk.slack.state.files.values())[-1].content.decode("utf-8")


def closes(desk: Desk, person: str, message: Message, cause: str = "A retry loop", words: str = "") -> None:
    """Press Close incident and fill its form in."""
    desk.clicks(person, "Close incident", desk.now(message))
    form = desk.modal(person, "What was behind it?")
    given = {"What was behind it?": cause} | ({"In a few words, for whoever reads it later": words} if words else {})
    assert desk.who(person).submit(form, given).ok
    desk.settle()


def test_a_spike_is_told_looked_after_stopped_explained_closed_and_exported(desk_on_each: Desk) -> None:
    desk = desk_on_each
    label, secret, told = spiking(desk)

    said = desk.text(told)
    assert "*$12.40 since " in said
    assert "; usual is $0.80 (the median of 6 earlier times), so this is 15 times as much." in said
    assert "*Whose:* @ana, a temporary key in team `search`" in said
    assert "*It still works.*" in said
    assert "Nobody looks after it yet." in said
    assert buttons(told) == ["Disable now", "Acknowledge", "Snooze", "Assign", "Close incident"]
    whose, causes = desk.thread(told)[:2]
    assert "*Agreed to by* @omar" in whose
    assert "@ana: what is it doing?" in whose
    for cause in ("Retry loop", "Model change", "Prompt size", "Leaked", "Expected"):
        assert f"*{cause}:*" in causes
    asked = desk.dm("ana", "*What is it doing?*")
    assert buttons(asked) == ["Disable now"]

    stale = desk.slack.as_seen(told)
    assert "@omar looks after it" in desk.presses("omar", "Acknowledge", told)
    assert "looks after it already" in desk.presses("olga", "Acknowledge", stale)
    desk.card_says(told, "@omar looks after it.")
    assert "Acknowledge" not in buttons(desk.now(told))

    desk.presses("omar", "Disable now", desk.now(told))
    desk.settle()
    assert desk.office.chat(secret).status_code == 401
    desk.card_says(told, "*Off.* Turned off by @omar")
    assert "*Recorded off:*" in desk.text(desk.now(told))
    desk.thread_says(told, "@omar turned the key off")
    desk.thread_says(told, "*Off is proven:*")

    desk.replies("ana", told, NO_BACKOFF)
    desk.settle()
    desk.card_says(told, f"@ana says: “{NO_BACKOFF}”")

    desk.clicks("olga", "Restore", desk.now(told))
    form = desk.modal("olga", "It works again as soon as the gateway says so.")
    assert desk.who("olga").submit(form, {"It may spend, in US dollars": "$10"}).ok
    desk.settle()
    assert desk.office.chat(secret).status_code == 200
    again = desk.card_says(told, "*It works again:* restored by @olga")
    assert "with $10 until" in again
    desk.thread_says(told, "@olga restored the key with $10 until")
    desk.thread_says(told, "*It works again:* the gateway's own record, read again, says so.")

    closes(desk, "omar", told, words="fixed in 1.4")
    desk.card_says(told, "a retry loop. “fixed in 1.4”")
    desk.thread_says(told, "Closed by @omar: a retry loop.")
    assert "Close incident" not in buttons(desk.now(told))

    assert "comes as a Markdown file" in desk.presses("omar", "Export timeline", desk.now(told))
    desk.settle()
    written = files(desk)
    assert label.replace("-", "\\-") in written
    for line in ("acknowledged it", "turned the key off", NO_BACKOFF, "closed it: a retry loop"):
        assert line in written
    assert secret not in written
    assert "a retry loop. “fixed in 1.4”" in desk.text(desk.now(told))


def test_each_step_stands_in_the_thread_once_and_in_order(desk: Desk) -> None:
    label, _, told = spiking(desk)
    desk.presses("omar", "Acknowledge", told)
    desk.presses("fay", "Disable now", desk.now(told))
    desk.settle()
    desk.types("ben", f"/ai-disable {label} once more")
    desk.settle()
    thread = desk.thread(told)
    starts = [
        "*Whose:*",
        "*What is behind it?*",
        "@omar looks after it.",
        "@fay turned the key off",
        "*Off is proven:*",
    ]
    assert [next((one for one in starts if said.startswith(one)), said) for said in thread] == starts


def test_nobody_closes_an_incident_about_their_own_key_and_outsiders_do_nothing(desk: Desk) -> None:
    _, _, told = spiking(desk)
    for label in ("Close incident", "Snooze", "Assign"):
        assert "Only owners of the team and the lead" in desk.presses("ana", label, told)
    assert "looks after it" in desk.presses("ana", "Acknowledge", told)
    assert "Only owners of the team" in desk.presses("ben", "Reopen", _closed(desk, told))
    desk.card_says(told, "Closed. Spike:")


def _closed(desk: Desk, told: Message) -> Message:
    closes(desk, "olga", told)
    desk.card_says(told, "Closed. Spike:")
    return desk.now(told)


def test_a_snoozed_incident_is_brought_up_again_and_one_that_nobody_acknowledges_too(opened: Opener) -> None:
    with opened(Policy(remind_incident_seconds=7200)) as desk:
        _, _, told = spiking(desk)
        desk.clicks("omar", "Snooze", told)
        form = desk.modal("omar", "No reminders about")
        assert desk.who("omar").submit(form, {"For how long": "1 hour"}).ok
        desk.settle()
        desk.card_says(told, "No reminders until")
        assert "Snooze" not in buttons(desk.now(told))
        desk.thread_says(told, "@omar snoozed it: no reminders until")
        remind(desk, minutes=50)
        assert not [said for said in desk.thread(told) if "the snooze is over" in said]
        remind(desk, minutes=11)
        desk.thread_says(told, "the snooze is over. *It still works.*")
        remind(desk, minutes=125)
        reminder = desk.thread_says(told, "nobody looks after this yet")
        assert "@olga" in reminder
        assert "[Acknowledge]" in reminder


def remind(desk: Desk, **by: float) -> None:
    """Time passes, and the job that reminds has run."""
    desk.office.clock.advance(**by)
    watch_incidents(desk.bot.running.purser)
    desk.settle()


def test_somebody_else_is_asked_to_look_after_it(desk: Desk) -> None:
    _, _, told = spiking(desk)
    desk.clicks("omar", "Assign", told)
    form = desk.modal("omar", "Who looks after it")
    assert desk.who("omar").submit(form, {"Who looks after it": desk.who("eve").id}).ok
    assert "is not in this team" in desk.text(desk.modal("omar", "not in this team"))
    desk.who("omar").close(everything=True)

    desk.clicks("omar", "Assign", desk.now(told))
    form = desk.modal("omar", "Who looks after it")
    assert desk.who("omar").submit(form, {"Who looks after it": desk.who("ben").id}).ok
    desk.settle()
    desk.card_says(told, "@ben looks after it.")
    desk.thread_says(told, "@omar asked @ben to look after it.")


def test_while_the_gateway_is_down_everybody_reads_not_yet_off(desk: Desk) -> None:
    _, secret, told = spiking(desk)
    desk.gateway.faults.add(FaultKind.DOWN)
    desk.clicks("omar", "Disable now", told)
    said = desk.card_says(told, "*NOT yet off:*")
    assert "Turned off by @omar" in said
    assert "*Off.*" not in said
    desk.gateway.faults.clear()
    desk.office.clock.advance(minutes=10)
    desk.settle()
    desk.card_says(told, "*Off.*")
    assert desk.office.chat(secret).status_code == 401


def test_what_happens_again_opens_it_again_in_the_same_thread(desk: Desk) -> None:
    label, _, told = spiking(desk)
    closes(desk, "omar", told)
    desk.card_says(told, "Closed. Spike:")
    desk.office.clock.advance(hours=2)
    notice(desk, label)
    desk.card_says(told, "Nobody looks after it yet.")
    assert "Closed" not in desk.text(desk.now(told))
    desk.thread_says(told, "*Opened again*")
    assert desk.count(f"Spike: `{label}`") == 1


def test_open_incidents_are_listed(desk: Desk) -> None:
    assert "No incident is open in team `search`" in desk.types("ben", "/ai-team incidents")
    label, _, told = spiking(desk)
    said = desk.types("ben", "/ai-team incidents")
    assert "1 open incident of team `search`" in said
    assert f"Spike: `{label}` spends far more than usual" in said
    desk.types("omar", "/ai-team incidents")
    assert "@omar looks after it" in desk.presses("omar", "Acknowledge", desk.receipt("omar"))
    closes(desk, "omar", told)
    assert "No incident is open" in desk.types("ben", "/ai-team incidents")


def test_replies_of_others_and_in_other_threads_are_no_explanations(desk: Desk) -> None:
    _, _, told = spiking(desk)
    desk.replies("ben", told, "lunch?")
    elsewhere = desk.who("ana").says("search", "who is in today?")
    desk.replies("ana", elsewhere, "me")
    desk.settle()
    assert "says:" not in desk.text(desk.now(told))


def test_a_secret_in_an_explanation_is_kept_nowhere(desk: Desk) -> None:
    _, secret, told = spiking(desk)
    desk.replies("ana", told, f"it ran with {secret} in CI")
    desk.settle()
    said = desk.card_says(told, "@ana says:")
    assert secret not in said
    with desk.bot.running.purser.books.reading() as session:
        assert secret not in str(session.connection().exec_driver_sql("SELECT reason FROM ledger").all())


def test_a_leak_in_a_public_channel_from_the_post_to_a_new_secret(desk: Desk) -> None:
    label, secret = desk.key()
    desk.types("omar", "/ai-team watch on")
    posted = desk.who("ben").says("search", f"it worked with OPENAI_API_KEY={secret} yesterday")
    desk.settle()
    assert desk.office.chat(secret).status_code == 401
    told = desk.posted(f"Leak: the secret of `{label}`")
    said = desk.card_says(told, "*Off.*")
    assert "It was posted by @ben in #search" in said
    assert "never works again" in said
    assert [one.split("*")[1] for one in desk.thread(told)[:2]] == ["Whose:", "What is left to do."]
    assert "@ana and @ben: how did it get there?" in desk.thread(told)[0]
    for everybody in (*desk.thread(told), *desk.thread(posted), said, *desk.dms("ana"), *desk.dms("omar")):
        assert secret not in everybody

    desk.clicks("omar", "Restore", desk.now(told))
    form = desk.modal("omar", "never works again")
    assert desk.who("omar").submit(form, {}).ok
    desk.settle()
    dm = desk.dm("ana", "[Reveal key]")
    fresh = desk.office.reveal(desk.slack.as_seen(dm))
    desk.who("ana").close()
    desk.settle()
    assert fresh != secret
    assert desk.office.chat(fresh).status_code == 200
    assert desk.office.chat(secret).status_code == 401
    closes(desk, "omar", told, "The key had leaked", "Ben took it out")
    desk.card_says(told, "the key had leaked. “Ben took it out”")


def test_an_incident_goes_on_across_a_restart(desk: Desk) -> None:
    label, secret = desk.key()
    desk.slack.world.faults.add(Fault(SlackFault.RATE_LIMITED, method="chat.postMessage", times=None))
    with pytest.raises(AssertionError):
        notice(desk, label)
    desk.bot.stop()
    desk.slack.world.faults.clear()
    desk.office.clock.advance(minutes=10)  # before it starts: no lease ends while somebody is posting
    again = Desk(desk.office, desk.office.open())
    again.settle()
    told = again.posted(f"Spike: `{label}`")
    assert again.count(f"Spike: `{label}`") == 1
    assert [said.split("*")[1] for said in again.thread(told)[:2]] == ["Whose:", "What is behind it?"]
    again.presses("omar", "Disable now", told)
    again.settle()
    again.card_says(told, "*Off.* Turned off by @omar")
    assert desk.office.chat(secret).status_code == 401


def test_owners_see_in_their_home_tab_that_something_is_open(desk: Desk) -> None:
    _, _, told = spiking(desk)
    assert "*1 incident* is open: #search" in desk.text(desk.home("omar"))
    closes(desk, "omar", told)
    assert "incident" not in desk.text(desk.home("omar"))
