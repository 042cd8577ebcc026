"""Twelve weeks lived for real, once: what is there afterwards, and that all of it is true."""

from __future__ import annotations

import io
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from rich.console import Console
from sqlalchemy import text

from bot.playground.folder import Folder
from bot.playground.gateway.keys import StoredKey
from bot.playground.slack.model import Message
from bot.playground.terminal import Terminal
from bot.playground.town import Town, read_manifest
from bot.playground.weeks import scenario
from storage.engine import Books
from tests.playground.visitors import command, environment, heard, running, unused_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
TEAMS = ("search", "platform", "data", "support")
ASKS = re.compile(r"^<@\w+> (asks for|wants) ")


@dataclass(frozen=True)
class Lived:
    """A town after its twelve weeks, and what was said in the terminal."""

    town: Town
    said: str

    def said_in(self, team: str) -> list[str]:
        """What Purser has said in a team's channel, but for cards, oldest first."""
        said = [message for message in self.town.slack.channel(team).messages if message.bot_id]
        return [self.text(message) for message in said if not ASKS.search(message.text)]

    def cards(self) -> list[Message]:
        """The cards of all teams: whoever asks for something."""
        slack = self.town.slack
        said = [message for team in TEAMS for message in slack.channel(team).messages if message.bot_id]
        return [message for message in said if ASKS.search(message.text)]

    def ledger(self) -> Counter[str]:
        """How often what was done."""
        return Counter(str(row["action"]) for row in self.town.auditor.look()["rows"])

    def text(self, message: Message) -> str:
        return self.town.slack.text_of(message)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = Folder(tmp_path_factory.mktemp("weeks") / "data")
    folder.open()
    written = io.StringIO()
    out = Terminal(Console(file=written, width=80))
    plan = scenario.begin(folder)
    town = Town(folder, read_manifest(), unused_port())
    try:
        town.start(out.note)
        scenario.play(town, plan, out)
        yield Lived(town, written.getvalue())
    finally:
        town.stop()
        folder.close()


def test_it_is_told_week_by_week_and_in_the_end_in_figures(lived: Lived) -> None:
    assert [int(week) for week in re.findall(r"^Week (\d+) of 12", lived.said, re.MULTILINE)] == list(range(1, 13))
    assert re.search(r"People +40\b", lived.said)
    assert re.search(r"Keys +120: \d+ live, \d+ ended", lived.said)
    took = re.search(r"([\d.]+) s for twelve weeks", lived.said)
    assert took is not None
    print(f"twelve weeks took {took[1]} s")
    assert lived.town.progress is None


def test_the_clock_shows_the_true_time(lived: Lived) -> None:
    assert lived.town.clock.moved_seconds == 0
    assert abs(lived.town.slack.state.clock() - datetime.now(UTC)) < timedelta(seconds=1)


def test_nothing_was_done_that_a_real_slack_would_refuse(lived: Lived) -> None:
    assert lived.town.slack.violations == []


def test_the_ledger_is_whole_and_spans_the_weeks(lived: Lived) -> None:
    checked = lived.town.bot.purser("ledger", "verify")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    rows = re.search(r"whole: (\d+) rows", checked.stdout)
    assert rows is not None
    assert int(rows[1]) > 700


def test_the_gateway_holds_every_key_and_they_were_made_over_the_weeks(lived: Lived) -> None:
    keys = lived.town.gateway.keys
    assert len(keys) == 120
    made = sorted(key.created_at for key in keys)
    assert made[-1] - made[0] > timedelta(days=70)
    ended = [key for key in keys if not key.works(datetime.now(UTC))]
    assert 50 < len(ended) < 110
    assert all(key.max_budget is not None and key.spend < key.max_budget + 0.2 for key in keys)


def test_every_card_tells_the_truth(lived: Lived) -> None:
    now = lived.town.clock.now()
    keys = {(key.key_alias or "").removeprefix("purser-"): key for key in lived.town.gateway.keys}
    told: dict[str, StoredKey] = {}
    for card in lived.cards():
        text = lived.text(card)
        found = re.search(r"Revealed as `?([a-z0-9-]+)`?\.", text)
        assert "Waiting for an owner" not in text, text
        if found is not None:
            key = told[found[1]] = keys[found[1]]
            assert ("Live" in text.splitlines()[1]) == key.works(now), text
    assert told.keys() == keys.keys()


def test_people_act_on_working_days_and_nothing_is_dated_ahead(lived: Lived) -> None:
    stamps = [datetime.fromtimestamp(float(card.ts), UTC) for card in lived.cards()]
    assert len(stamps) == 153
    assert max(stamps) < datetime.now(UTC)
    assert {stamp.weekday() for stamp in stamps} <= set(range(5))


def test_what_is_older_than_two_days_was_read(lived: Lived) -> None:
    state, old = lived.town.slack.state, datetime.now(UTC) - timedelta(days=2, hours=1)
    for channel in state.channels.values():
        before = [message.ts for message in channel.messages if float(message.ts) < old.timestamp()]
        for person in channel.members if before else ():
            assert state.last_read[person][channel.id] >= before[-1]
    assert all(float(message.ts) >= old.timestamp() for messages in state.ephemerals.values() for message in messages)


def test_what_was_spent_is_in_the_gateways_log_to_the_cent(lived: Lived) -> None:
    gateway = lived.town.gateway
    logged = sum(charge.cost for charge in gateway.state.charges)
    assert logged == pytest.approx(sum(key.total_spend for key in gateway.keys))
    assert logged > 1000
    assert any(not charge.ok and charge.calls > 1000 for charge in gateway.state.charges)


def test_keys_of_every_kind_were_asked_for(lived: Lived) -> None:
    cards = [lived.text(card) for card in lived.cards()]
    assert sum("asks for a project key for" in card for card in cards) == 6
    automation = [card for card in cards if "asks for an automation key" in card]
    assert len(automation) == 3
    assert all(re.search(r"\*Lead\*\n@\w+", card) and " a day" in card for card in automation)
    assert any("asks for a member key" in card for card in cards)


def test_raises_were_agreed_to_and_ended_by_themselves(lived: Lived) -> None:
    done = lived.ledger()
    assert (done["raise.started"], done["raise.ended"]) == (3, 3)
    raises = [lived.text(card) for card in lived.cards() if " more a " in card.text]
    assert len(raises) == 3
    assert all("Approved by @" in card for card in raises)


def test_a_team_reached_its_budget_and_came_back_with_the_month(lived: Lived) -> None:
    said = lived.said_in("support")
    (used_up,) = [words for words in said if "The budget of team `support` is used up: $" in words]
    assert "That month is over." in used_up
    assert re.search(r"\d+ keys work again\.", used_up)
    back = [words for words in said if "A new month has begun" in words and "Back:" in words]
    assert len(back) == 1
    assert said.index(used_up) < said.index(back[0])


def test_a_soft_budget_was_passed_and_stopped_no_key(lived: Lived) -> None:
    soft = [words for words in lived.said_in("data") if "It is soft, so no key was stopped." in words]
    assert soft
    assert all("forecasts" in words for words in soft)


def test_each_month_was_told_once_in_each_team(lived: Lived) -> None:
    done = lived.ledger()
    assert done["month.turned"] >= 8
    for team in TEAMS:
        turns = [words for words in lived.said_in(team) if "A new month has begun" in words]
        assert 1 <= len(turns) <= 3
        assert len(set(turns)) == len(turns)


def test_every_team_read_of_each_of_its_weeks_on_monday_once(lived: Lived) -> None:
    slack = lived.town.slack
    for team in TEAMS:
        told = [m for m in slack.channel(team).messages if m.bot_id and m.text.startswith(f"Team {team}, ")]
        stamps = [datetime.fromtimestamp(float(message.ts), UTC) for message in told]
        assert {(stamp.weekday(), stamp.hour) for stamp in stamps} == {(0, 9)}, stamps
        assert len({stamp.date() for stamp in stamps}) == len(stamps) >= 8
        weeks = (max(stamps) - min(stamps)) / timedelta(weeks=1)
        assert round(weeks) + 1 == len(stamps), "no Monday between was left out"
        assert all(slack.channel(team).replies(message) for message in told if "a quiet week" not in message.text)
    assert lived.ledger()["digest.skipped"] == 0


def test_the_workspaces_owner_read_of_all_teams_in_one(lived: Lived) -> None:
    told = [lived.text(message) for message in lived.town.slack.person("olga").dms()]
    rolled_up = [words for words in told if "All teams, " in words]
    assert len(rolled_up) >= 10
    assert len(set(rolled_up)) == len(rolled_up)
    assert all(team in rolled_up[-1] for team in TEAMS)


def test_the_books_say_of_every_key_what_the_gateway_charged(lived: Lived) -> None:
    books = Books(lived.town.folder.database_url)
    spent = "SELECT k.handle, SUM(r.spent_micros) FROM readings r JOIN keys k ON k.id = r.key_id WHERE {} GROUP BY 1"
    with books.reading() as session:
        months = {row[0]: row[1] for row in session.execute(text(spent.format("length(r.period) <> 10")))}
        dated = session.execute(text("SELECT SUM(cost_micros) FROM usage")).scalar()
        unpriced = session.execute(text("SELECT model, SUM(unpriced_requests) FROM usage GROUP BY 1")).all()
    books.close()
    really = lived.town.gateway.really_spent()
    assert months.keys() == really.keys()
    assert all(abs(really[handle] - months[handle]) <= 50 for handle in really), "micro-USD, of roundings"
    assert dated == pytest.approx(sum(really.values()), abs=1000)
    assert [model for model, requests in unpriced if requests] == ["mock-preview"]


def test_what_has_no_price_is_said(lived: Lived) -> None:
    raj = lived.town.slack.person("raj")
    before = len(raj.ephemerals("data"))
    assert raj.command("/ai-budget", channel="data").ok
    answer = lived.town.slack.wait_for(lambda: raj.ephemerals("data")[before])
    assert re.search(r"Unpriced:\*? \d[\d,]* requests to `mock-preview` have no price", lived.text(answer))


def test_it_goes_on_from_there_after_a_restart(lived: Lived) -> None:
    lived.town.save()
    saved = lived.town.folder.saved()
    assert saved is not None
    again = Town(lived.town.folder, read_manifest(), unused_port())
    assert again.resumed
    assert len(again.gateway.keys) == 120
    assert [m.ts for m in again.slack.channel("data").messages] == [
        m.ts for m in lived.town.slack.channel("data").messages
    ]


def test_a_folder_with_data_is_refused_with_what_to_do(lived: Lived, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("playground.lock", "world.json"):
        (tmp_path / "data" / name).write_text("{}", encoding="ascii")
    refused = subprocess.run(
        command(tmp_path / "data", "--scenario", "weeks"),
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode == 2
    assert "--reset" in refused.stdout
    assert "--data" in refused.stdout


def test_while_it_plays_the_clock_is_nobody_elses_and_interrupted_it_stops_cleanly(tmp_path: Path) -> None:
    port = unused_port()
    process = heard(tmp_path / "data", "--scenario", "weeks", "--port", str(port))
    assert process.stdout is not None
    with process.stdout as said:
        next(line for line in said if line.startswith("Week 2"))
        clock = httpx.post(f"http://127.0.0.1:{port}/_play/clock", json={"to": "hour"}, trust_env=False)
        assert "moving already" in clock.json()["error"]
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        process.send_signal(signal.SIGINT)
        rest = said.read()
    assert process.wait(60) == 0
    assert "Stopping." in rest
    assert children
    assert not any(running(int(child)) for child in children)
