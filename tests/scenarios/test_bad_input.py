"""Malformed commands: each gets its one line, and changes nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from tests.scenarios.desk import Desk, at_desk

AMOUNTS = "Amounts look like $25 or $12.50. Try `/ai-key $25 7d evaluate rerankers`."
MORE_THAN_ZERO = "An amount must be more than $0."
CENTS = "cents"
COMES_FIRST = "An amount comes first"
TIMES = "Times look like 7d, 36h or 2w."
TWO_TIMES = "There are two times."
TWO_AMOUNTS = "There are two amounts."
WHAT_FOR = "Say in a few words what it is for."
LABELS = "Labels look like ana-7kq2; `/ai-key list` shows yours."
NAMES = "Names have 1 to 40 of a-z, 0-9 and hyphens inside."
NO_SUCH = (
    "There is create, invite, remove, owner, project, lead, digest, expect, watch, incidents, inventory, review, "
    "handover, left, sweep and policy, but not"
)
LOOKS_LIKE_KEY = "That looks like a key."
NOT_MADE_HERE = "Purser did not hand out this key"

TABLE = [
    # amounts
    ("ana", "/ai-key $-5 7d a trial", MORE_THAN_ZERO),
    ("ana", "/ai-key -$5 7d a trial", MORE_THAN_ZERO),
    ("ana", "/ai-key $0 7d a trial", MORE_THAN_ZERO),
    ("ana", "/ai-key $0.00 7d a trial", MORE_THAN_ZERO),
    ("ana", "/ai-key $1e9 7d a trial", AMOUNTS),
    ("ana", "/ai-key 1e9 7d a trial", AMOUNTS),
    ("ana", "/ai-key NaN 7d a trial", AMOUNTS),
    ("ana", "/ai-key $NaN 7d a trial", AMOUNTS),
    ("ana", "/ai-key inf 7d a trial", AMOUNTS),
    ("ana", "/ai-key $0.0000001 7d a trial", CENTS),
    ("ana", "/ai-key $25.001 7d a trial", CENTS),
    ("ana", "/ai-key $1,00 7d a trial", AMOUNTS),
    ("ana", "/ai-key $25k 7d a trial", AMOUNTS),
    ("ana", "/ai-key €25 7d a trial", "Amounts are in US dollars, such as $25."),
    ("ana", "/ai-key 25£ 7d a trial", "Amounts are in US dollars, such as $25."),
    ("ana", "/ai-key $1,000,000.01 7d a trial", "The most is $1,000,000."),
    ("ana", f"/ai-key ${'9' * 400} 7d a trial", "The most is $1,000,000."),
    ("ana", "/ai-key $٢٥ 7d a trial", AMOUNTS),
    ("ana", "/ai-key $25 $30 7d a trial", TWO_AMOUNTS),
    ("ana", "/ai-key twenty 7d a trial", COMES_FIRST),
    ("ana", "/ai-key $ 7d a trial", AMOUNTS),
    ("ana", "/ai-key 7d a trial", "Say how much it may spend."),
    ("ana", "/ai-key a trial for $25", "Amount and time come first, then what it is for."),
    ("ana", "/ai-key member", "Say how much it may spend."),
    ("ana", "/ai-key member lots", COMES_FIRST),
    ("ana", "/ai-key member $50 7d daily work", "A member key has no end date"),
    ("ana", "/ai-key $499999 7d a trial", "Only $475 is left in team search's budget of $500"),
    # times
    ("ana", "/ai-key $25 0h a trial", "A time must be more than zero."),
    ("ana", "/ai-key $25 -7d a trial", TIMES),
    ("ana", "/ai-key $25 1.5d a trial", TIMES),
    ("ana", "/ai-key $25 7 a trial", "a time has a unit, such as 7d or 36h"),
    ("ana", "/ai-key $25 7d 8d a trial", TWO_TIMES),
    ("ana", "/ai-key $25 5s a trial", TIMES),
    ("ana", "/ai-key $25 2mo a trial", TIMES),
    ("ana", "/ai-key $25 367d a trial", "That is longer than a year."),
    ("ana", "/ai-key $25 31d a trial", "The longest time for a temporary key is 30 days."),
    ("ana", "/ai-key $25 9999999999d a trial", TIMES),
    # reasons and models
    ("ana", "/ai-key $25 7d", WHAT_FOR),
    ("ana", "/ai-key $25 7d x", WHAT_FOR),
    ("ana", "/ai-key $25 7d :rocket: :tada:", WHAT_FOR),
    ("ana", "/ai-key $25 7d 🚀🚀🚀🚀", WHAT_FOR),
    ("ana", f"/ai-key $25 7d {'long ' * 2000}", "A reason has at most 500 characters; this one has 9999."),
    ("ana", f"/ai-key {'x' * 10_000}", f"{COMES_FIRST}, and that is none."),
    ("ana", "/ai-key $25 7d models= a trial", "Models are named with commas and no spaces"),
    ("ana", "/ai-key $25 7d models=<!channel> a trial", "Models are named with commas and no spaces"),
    ("ana", "/ai-key $25 7d models=gpt-none a trial", "`gpt-none` is not offered. There is: `mock-expensive`"),
    # words that are none, and things that ping or hide
    ("ana", "/ai-key <!channel> $25 7d", "Amount and time come first"),
    ("ana", "/ai-key @ben $25 7d for ben", "Amount and time come first"),
    ("ana", "/ai-key \u202e52$ 7d a trial", AMOUNTS),
    ("ana", "/ai-key \u200f$-5\u200e 7d a trial", MORE_THAN_ZERO),
    ("ana", "/ai-key \u202eevil\u202c", f"{COMES_FIRST}, and “evil” is none."),
    ("ana", "/ai-key \x00$-5\x007d a trial", MORE_THAN_ZERO),
    ("ana", "/ai-key $25\u00a07d\u00a0\u200b", WHAT_FOR),
    ("ana", "/ai-key 🚀", f"{COMES_FIRST}, and that is none."),
    ("ana", "/ai-key '; DROP TABLE requests; --", COMES_FIRST),
    ("ana", "/ai-key rotate ana-7kq2", "You hold no key `ana-7kq2`."),
    ("ana", "/ai-key rotate", "Say which key gets a new one in its place."),
    ("ana", "/ai-key rotate ana-7kq2 8d", "Two keys work for one for at most 7 days."),
    ("ana", "/ai-key rotate ana-7kq2 soon", "After the label comes how long the old key works on"),
    ("ana", "/ai-key rotate {secret}", "key"),
    ("ana", "/ai-key project search $500", WHAT_FOR),
    ("ana", "/ai-key project search $50 serve it", "search"),
    ("ana", "/ai-key automation nightly $200 $10/day a trial", "Name the lead with @, who answers for the key."),
    ("ana", "/ai-key automation nightly $200 @omar a trial", "An automation key has a cap per day as well"),
    ("ana", "/ai-key automation nightly $200 $60/day @omar a trial", "day"),
    ("ana", "/ai-key automation nightly $200 $10/day @fay a trial", "@fay"),
    ("ana", "/ai-key automation {secret} $200 $10/day @omar a trial", "That looks like a key, and a name is needed"),
    ("ana", "/ai-key $25 7d project=none a trial", "Team search has no projects yet."),
    # budgets
    ("ana", "/ai-budget show", "There is raise, set and queue, but not “show”."),
    ("ana", "/ai-budget {secret}", "There is raise, set and queue, but not that."),
    ("ana", "/ai-budget raise a lot", "Say by how much."),
    ("ana", "/ai-budget raise $0 a trial", MORE_THAN_ZERO),
    ("ana", "/ai-budget raise $200", WHAT_FOR),
    ("ana", "/ai-budget raise $200 until someday a trial", "Dates look like 2026-12-15 or 15 December."),
    ("ana", "/ai-budget raise $200 until 2020-01-01 a trial", "That day is over."),
    ("ana", "/ai-budget raise to $400 team a trial", "$500"),
    ("ana", "/ai-budget raise $200 project none a trial", "Team search has no projects yet."),
    ("ana", "/ai-budget raise $200 zed-9999 a trial", "zed-9999"),
    ("ana", "/ai-budget raise $5/day {label} a trial", "day"),
    ("ana", "/ai-budget set team $900", "Only owners of the team can do this."),
    ("omar", "/ai-budget set team lots", "Team, project NAME or @name, an amount, hard or soft; not “lots”."),
    ("omar", "/ai-budget set {label} $20", "A key's cap is not set but raised."),
    ("omar", "/ai-budget set project none $20", "Team search has no projects yet."),
    ("omar", "/ai-team policy now", "`policy` shows what is allowed here"),
    ("ana", "/ai-key sk-abcdefgh12345678901234", LOOKS_LIKE_KEY),
    ("ana", "/ai-key list everything", "`list` shows your own keys and takes nothing else."),
    # labels
    ("ana", "/ai-key return", "Say which key you give back."),
    ("ana", "/ai-key return everything", LABELS),
    ("ana", "/ai-key return zed-9999", "You hold no such key."),
    ("ben", "/ai-key return {label}", "is not yours to give back"),
    ("ana", "/ai-key return {label} please", "One key at a time"),
    ("ana", "/ai-key return {secret}", LOOKS_LIKE_KEY),
    ("ana", "/ai-key extend", "Say which key, and how much longer."),
    ("ana", "/ai-key extend {label}", "Say how much longer, right after the label."),
    ("ana", "/ai-key extend {label} 0d", "A time must be more than zero."),
    ("ana", "/ai-key extend {label} 31d", "The longest extension for a temporary key is 30 days."),
    ("ben", "/ai-key extend {label} 7d", "You hold no key `{label}`."),
    # teams
    ("olga", "/ai-team create", "A name is needed, and a monthly budget."),
    ("olga", "/ai-team create data", "Say how much may be spent a month."),
    ("olga", "/ai-team create data $-5", MORE_THAN_ZERO),
    ("olga", "/ai-team create data NaN", "Amounts look like $25 or $12.50."),
    ("olga", "/ai-team create <!channel> $5", NAMES),
    ("olga", f"/ai-team create {'d' * 41} $5", NAMES),
    ("olga", "/ai-team create däta $5", NAMES),
    ("olga", "/ai-team create data $5 more words", "A team has a name and a monthly budget, nothing else."),
    ("omar", "/ai-team invite", "Say whom, with @."),
    ("omar", "/ai-team invite ben", "People are named with @"),
    ("omar", "/ai-team invite @nobody", "Slack did not recognise “@nobody”."),
    ("omar", "/ai-team invite <!channel>", "People are named with @; “<!channel>” is no person."),
    ("omar", "/ai-team project reranker $200", "Name the lead"),
    ("omar", "/ai-team project reranker $200 @ana @ben", "A project has one lead."),
    ("omar", "/ai-team project reranker $501 @ana", "The team's own budget is $500 a month"),
    ("omar", "/ai-team project reranker $200 @fay", "@fay is not in the team."),
    ("ana", "/ai-team project search $5 @ana", "Only owners of the team can do this."),
    ("omar", "/ai-team destroy", f"{NO_SUCH} “destroy”."),
    ("omar", "/ai-team 🚀", f"{NO_SUCH} that."),
    # usage
    ("ana", "/ai-usage team by colour", "Usage is split by model, member, project, key, day or team, not by “colour”."),
    ("ana", "/ai-usage 0d", "The shortest span is one day."),
    ("ana", "/ai-usage 400d", "The longest span is 366 days."),
    ("ana", "/ai-usage team October", "Months look like 2026-10."),
    ("ana", "/ai-usage 2999-01", "That month is still to come."),
    ("ana", "/ai-usage team nosuch", "No team is called that. There is: `/ai-usage team search`."),
    ("ana", "/ai-usage project nosuch", "No project is called that."),
    ("ana", "/ai-usage key zed-9999", "No key is called that."),
    ("ana", "/ai-usage {secret}", LOOKS_LIKE_KEY),
    ("ana", "/ai-usage export {secret}", LOOKS_LIKE_KEY),
    ("ben", "/ai-usage {label}", "`{label}` is @ana's."),
    ("ben", "/ai-usage @ana", "What @ana uses is seen by @ana, owners of a team they are in"),
    ("ana", "/ai-usage all", "All teams together are seen by workspace owners and finance."),
    ("ana", "/ai-usage digest weekly", "A weekly digest of your own is turned on or off."),
    # turning off
    ("ana", "/ai-disable ...", "Say which key."),
    ("ana", "/ai-disable zed-9999", "No key is called `zed-9999`."),
    ("ana", "/ai-disable leak", "Start with the key's label, or paste the whole key."),
    ("ana", "/ai-disable @ben", "holds no key that works, so there is nothing to turn off"),
    ("ana", "/ai-disable project search", "No project is called that"),
    ("ana", "/ai-disable sk-doesNotExist1234567890", NOT_MADE_HERE),
    ("ana", f"/ai-disable sk-{'a1B' * 3000}", NOT_MADE_HERE),
    ("eve", "/ai-key $25 7d a trial", "is not a valid command"),
]

CHANGES_BY_ITSELF = ("runs", "readings", "syncs", "usage", "usage_days", "usage_models", "watched")
"""Tables in which the jobs write that run by the clock."""


@dataclass
class World:
    desk: Desk
    label: str
    secret: str

    def state(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of every table."""
        with self.desk.bot.running.purser.books.reading() as session:
            names = session.execute(sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"))
            tables = [name for (name,) in names if name not in CHANGES_BY_ITSELF]
            return {
                name: sorted((tuple(row) for row in session.execute(sql(f'SELECT * FROM "{name}"'))), key=repr)
                for name in tables
            }


@pytest.fixture(scope="module")
def world(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One office for the whole table, with a key in use, a request, and everybody met."""
    folder = tmp_path_factory.mktemp("office")
    database = folder / "purser.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    with at_desk(f"sqlite:///{database}", folder) as desk:
        label, secret = desk.key()
        for person in ("ana", "ben", "omar", "olga", "fay"):
            desk.types(person, "/ai-key list")
        desk.settle()
        yield World(desk, label, secret)


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 60
    assert len({line for _, line, _ in TABLE}) == len(TABLE)


@pytest.mark.xdist_group("bad input")
@pytest.mark.parametrize(("person", "line", "answer"), TABLE, ids=[f"{n}" for n in range(len(TABLE))])
def test_malformed_input_gets_its_one_line_and_changes_nothing(
    world: World, person: str, line: str, answer: str
) -> None:
    desk = world.desk
    before, cards, keys = world.state(), len(desk.office.cards()), desk.gateway.keys
    typed = line.replace("{label}", world.label).replace("{secret}", world.secret)
    who = desk.who(person)
    seen = len(who.ephemerals())
    reply = who.command(typed, channel="search")
    assert reply.ok or person == "eve"
    said = desk.text(desk.sees(lambda: who.ephemerals()[seen]))

    assert answer.replace("{label}", world.label) in said
    assert "\n" not in said
    assert len(said) < 400
    assert world.secret not in said
    desk.settle()
    assert world.state() == before
    assert len(desk.office.cards()) == cards
    assert desk.gateway.keys == keys
    assert len(who.ephemerals()) == seen + 1
