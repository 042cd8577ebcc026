"""Project and automation keys, budgets and raises, as people type them: the good, the odd and the wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.keys import KeyKind
from bot.domain.money import MAX_MICROS, MICROS_PER_CENT, show
from bot.domain.periods import DAY_SECONDS
from bot.services.raising import AskRaise
from bot.services.setting import BudgetSetting
from bot.services.words import KeyWord, PersonWord, ProjectWord, TeamWord
from bot.slack.grammar import key
from bot.slack.grammar.budget import OpenRaiseForm, ShowBudgets, ShowQueue
from bot.slack.grammar.key import AskTyped
from bot.slack.grammar.reply import ApproveReply
from bot.slack.grammar.text import Help, Mistake
from tests.slack.typing import NOW, PARSERS, SECRET, ai_budget, parse_example, reply

USD = 1_000_000
DAY = DAY_SECONDS
DEC_16 = datetime(2026, 12, 16, tzinfo=UTC)
OMAR = "<@U0OMAR|omar de la cruz>"


def project(name: str, cap: int, reason: str, **more: Any) -> AskTyped:
    return AskTyped(KeyKind.PROJECT, cap * USD, None, more.pop("models", ()), reason, name=name, **more)


def automation(cap: int, daily: int, reason: str = "nightly run", **more: Any) -> AskTyped:
    facts: dict[str, Any] = {"name": "nightly-evals", "lead_id": "U0OMAR", "daily_cap_micros": daily * USD} | more
    return AskTyped(KeyKind.AUTOMATION, cap * USD, None, facts.pop("models", ()), reason, **facts)


GOOD_KEYS: list[tuple[str, AskTyped]] = [
    ("project search $500 serve search", project("search", 500, "serve search")),
    ("project $500 search serve search", project("search", 500, "serve search")),
    ("PROJECT Search 500 serve search", project("search", 500, "serve search")),
    ("project search $500/month serve search", project("search", 500, "serve search")),
    (f"project search $500 {OMAR} serve search", project("search", 500, "serve search", lead_id="U0OMAR")),
    (f"project {OMAR}, search, $500, serve search", project("search", 500, "serve search", lead_id="U0OMAR")),
    ("project search $500 models=gpt-4o serve it", project("search", 500, "serve it", models=("gpt-4o",))),
    ("project search $500 serve 7d of logs", project("search", 500, "serve 7d of logs")),
    (f"automation nightly-evals $200 $10/day {OMAR} nightly run", automation(200, 10)),
    (f"automation {OMAR} $10/day $200 nightly-evals nightly run", automation(200, 10)),
    (f"automation $200 nightly-evals 10/day {OMAR} nightly run", automation(200, 10)),
    (f"automation nightly-evals 200 10/day {OMAR} nightly run", automation(200, 10)),
    (f"automation nightly-evals $200 $10 a day {OMAR} nightly run", automation(200, 10)),
    (f"automation nightly-evals $10 per day, $200, {OMAR}, nightly run", automation(200, 10)),
    (f"automation nightly-evals $10 /day $200 {OMAR} nightly run", automation(200, 10)),
    (f"automation `Nightly-Evals` $200/mo $10/DAY {OMAR} nightly run", automation(200, 10)),
    (
        "automation nightly-evals $200 $10/day project=search nightly run",
        automation(200, 10, project="search", lead_id=None),
    ),
    (
        f'automation nightly-evals $200 $10/day {OMAR} "$5 per run"',
        automation(200, 10, "$5 per run"),
    ),
    ("$25 7d project=search try it", AskTyped(KeyKind.TEMPORARY, 25 * USD, 7 * DAY, (), "try it", project="search")),
    ("$25 7d try it project=Search", AskTyped(KeyKind.TEMPORARY, 25 * USD, 7 * DAY, (), "try it", project="search")),
    ('$25 7d "project=x" is why', AskTyped(KeyKind.TEMPORARY, 25 * USD, 7 * DAY, (), '"project=x" is why')),
    ("$25 a day at the lab", AskTyped(KeyKind.TEMPORARY, 25 * USD, None, (), "a day at the lab")),
    ("$25 7d <@U1|ana maria> asked", AskTyped(KeyKind.TEMPORARY, 25 * USD, 7 * DAY, (), "@ana maria asked")),
]


def ask(dollars: int, reason: str = "launch week", **more: Any) -> AskRaise:
    return AskRaise(dollars * USD, reason, **more)


GOOD_BUDGETS: list[tuple[str, object]] = [
    ("", ShowBudgets()),
    (" \u200b ", ShowBudgets()),
    ("help", Help()),
    ("queue", ShowQueue()),
    ("raise", OpenRaiseForm()),
    ("raise $200 launch week", ask(200)),
    ("raise 200 launch week", ask(200)),
    ("raise by $200 launch week", ask(200)),
    ("raise $200 team launch week", ask(200, target=TeamWord())),
    ("raise $200 for team launch week", ask(200, target=TeamWord())),
    ("raise team $200 launch week", ask(200, target=TeamWord())),
    ("raise $200 project Search launch week", ask(200, target=ProjectWord("search"))),
    ("raise $200 project=search launch week", ask(200, target=ProjectWord("search"))),
    (f"raise $200 {OMAR} launch week", ask(200, target=PersonWord("U0OMAR"))),
    (f"raise for {OMAR}, $200, launch week", ask(200, target=PersonWord("U0OMAR"))),
    ("raise $200 ana-7kq2 launch week", ask(200, target=KeyWord("ana-7kq2"))),
    ("raise $200 of `ANA-7KQ2` launch week", ask(200, target=KeyWord("ana-7kq2"))),
    ("raise $200 ana-nmmy launch week", ask(200, target=KeyWord("ana-nmmy"))),
    ('raise $200 "fine-tune for launch"', ask(200, "fine-tune for launch")),
    ("raise $200 key ana-abcd launch week", ask(200, target=KeyWord("ana-abcd"))),
    ("raise $200 re-ranking needs it", ask(200, "re-ranking needs it")),
    ("raise to $700 launch week", ask(700, to=True)),
    ("raise team to 700 launch week", ask(700, to=True, target=TeamWord())),
    ("raise $5/day ci-7kq2 launch week", ask(5, daily=True, target=KeyWord("ci-7kq2"))),
    ("raise to $15 a day ci-7kq2 launch week", ask(15, to=True, daily=True, target=KeyWord("ci-7kq2"))),
    ("raise $200 until 2026-12-15 launch week", ask(200, ends_at=DEC_16)),
    ("raise until 2026-12-15 $200 team launch week", ask(200, ends_at=DEC_16, target=TeamWord())),
    ("raise $200 2026-12-15 launch week", ask(200, ends_at=DEC_16)),
    ("raise $200 until 15 December launch week", ask(200, ends_at=DEC_16)),
    ("raise $200 until 15 Dec, launch week", ask(200, ends_at=DEC_16)),
    ("raise $200 till December 15th launch week", ask(200, ends_at=DEC_16)),
    ("raise $200 until 15. Dec. 2026 launch week", ask(200, ends_at=DEC_16)),
    ("raise $200 until 3 January launch week", ask(200, ends_at=datetime(2027, 1, 4, tzinfo=UTC))),
    ("raise $200 until 20 November launch week", ask(200, ends_at=datetime(2026, 11, 21, tzinfo=UTC))),
    ("raise $200 until 31 December launch week", ask(200, ends_at=datetime(2027, 1, 1, tzinfo=UTC))),
    ("raise $200 for 7d launch week", ask(200, ends_at=NOW + timedelta(days=7))),
    ("raise $200 2 weeks launch week", ask(200, ends_at=NOW + timedelta(days=14))),
    ('raise $200 "until 2026-12-15 at least"', ask(200, "until 2026-12-15 at least")),
    ("raise $200 <!channel> said so launch", Mistake("Groups and whole channels don't work here: name people one by "
     "one.", "/ai-budget raise $200 team until 15 December launch week")),
    ("set team $700", BudgetSetting(TeamWord(), 700 * USD)),
    ("set $700 team", BudgetSetting(TeamWord(), 700 * USD)),
    ("set team 700/month hard", BudgetSetting(TeamWord(), 700 * USD, hard=True)),
    ("set project search soft $300", BudgetSetting(ProjectWord("search"), 300 * USD, hard=False)),
    (f"set {OMAR} $100", BudgetSetting(PersonWord("U0OMAR"), 100 * USD)),
]  # fmt: skip

GOOD_REPLIES: list[tuple[str, ApproveReply]] = [
    ("approve $100 until 2026-12-15", ApproveReply(100 * USD, ends_at=DEC_16)),
    ("approve until 15 December", ApproveReply(ends_at=DEC_16)),
    ("approve 2026-12-15 $100", ApproveReply(100 * USD, ends_at=DEC_16)),
    ("approve $100 for 7d", ApproveReply(100 * USD, 7 * DAY)),
    ("approve $200 $10/day", ApproveReply(200 * USD, daily_cap_micros=10 * USD)),
    ("approve $10 a day", ApproveReply(daily_cap_micros=10 * USD)),
]

AMOUNTS = "Amounts look like $25 or $12.50."
NAMES = "Names have 1 to 40 of a-z, 0-9 and hyphens inside."
WHAT_FOR = "Say in a few words what it is for."
DATES = "Dates look like 2026-12-15 or 15 December."
NAMED_KEY = "That looks like a key, and a name is needed here. If it leaked, turn it off now."
NOTHING = "Nothing was decided. Write `approve` alone, or with a cap and a time."

BAD: list[tuple[str, str, str]] = [
    ("/ai-key", "project", "Say which project the key is for."),
    ("/ai-key", "project $500", "Say which project the key is for."),
    ("/ai-key", "project search", "Say how much a month."),
    ("/ai-key", "project search serve it", "Say how much a month."),
    ("/ai-key", "project search serve it for $500", "Name and amounts come first, then what it is for."),
    ("/ai-key", "project search $500", WHAT_FOR),
    ("/ai-key", "project se@rch $500 serve it", NAMES),
    ("/ai-key", f"project {'x' * 41} $500 serve it", NAMES),
    ("/ai-key", f"project {SECRET} $500 serve it", NAMED_KEY),
    ("/ai-key", "project search $-5 serve it", "An amount must be more than $0."),
    ("/ai-key", "project search $500 7d serve it", "A project key has no end date: its cap starts again each month."),
    ("/ai-key", "project search $500 $5/day serve it", "Only automation keys have a cap per day."),
    ("/ai-key", "project search $500 project=x serve it", ("A project key belongs to the project it names: leave out "
     "`project=`.")),
    ("/ai-key", "project search $500 $600 serve it", ("There are two amounts. Put a reason that starts with one in "
     "quotes.")),
    ("/ai-key", "project search $500 <@U1|ana> <@U2|ben> serve", ("There are two people. Put a reason that starts with "
     "one in quotes.")),
    ("/ai-key", "project search $500 @nobody serve it", ("Slack did not recognise “@nobody”. Pick the person from the "
     "list that appears after @.")),
    ("/ai-key", "automation", "Say what the key is called."),
    ("/ai-key", f"automation $200 $10/day {OMAR}", "Say what the key is called."),
    ("/ai-key", f"automation nightly $10/day {OMAR} run", "Say how much a month."),
    ("/ai-key", f"automation nightly $200 {OMAR} run it", ("An automation key has a cap per day as well, such as "
     "$10/day.")),
    ("/ai-key", "automation nightly $200 $10/day run it", "Name the lead with @, who answers for the key."),
    ("/ai-key", f"automation nightly $200 $10/day {OMAR}", WHAT_FOR),
    ("/ai-key", f"automation nightly $200 $300/day {OMAR} run", "The cap per day is larger than the cap a month."),
    ("/ai-key", f"automation nightly $200 $10/day $9/day {OMAR} run", ("There are two amounts per day. Put a reason "
     "that starts with one in quotes.")),
    ("/ai-key", f"automation nightly $200 $10/day 7d {OMAR} run", ("An automation key has no end date: its cap starts "
     "again each month.")),
    ("/ai-key", f"automation nightly $200 $0/day {OMAR} run", "An amount must be more than $0."),
    ("/ai-key", f"automation nightly $200 €10/day {OMAR} run", "Amounts are in US dollars, such as $25."),
    ("/ai-key", f"automation {SECRET} $200 $10/day {OMAR} run", NAMED_KEY),
    ("/ai-key", "automation nightly $200 $10/day <!subteam^S1|@leads> run", ("Groups and whole channels don't work "
     "here: name people one by one.")),
    ("/ai-key", "$25 7d project= try it", "Say which project, as in project=reranker."),
    ("/ai-key", "$25 7d project=a_b try it", NAMES),
    ("/ai-key", f"$25 7d project={SECRET} try it", NAMED_KEY),
    ("/ai-key", "member $50 project=search", "A member key is for a person's daily work, not for a project."),
    ("/ai-budget", "show", "There is raise, set and queue, but not “show”."),
    ("/ai-budget", "$200", "There is raise, set and queue, but not “$200”."),
    ("/ai-budget", SECRET, "There is raise, set and queue, but not that."),
    ("/ai-budget", "queue all", "`queue` shows what waits for you and takes nothing else."),
    ("/ai-budget", "raise team", "Say by how much."),
    ("/ai-budget", "raise please", "Say by how much."),
    ("/ai-budget", "raise more for us, about $200", "The amount comes first, then what it is for."),
    ("/ai-budget", f"raise {SECRET}", "That looks like a key. A raise needs its label. If it leaked, turn it off now."),
    ("/ai-budget", "raise $200", WHAT_FOR),
    ("/ai-budget", "raise $200 team", WHAT_FOR),
    ("/ai-budget", "raise $200 team :tada:", WHAT_FOR),
    ("/ai-budget", "raise $0 launch week", "An amount must be more than $0."),
    ("/ai-budget", "raise $2e2 launch week", AMOUNTS),
    ("/ai-budget", "raise to $1000001 launch week", "The most is $1,000,000."),
    ("/ai-budget", "raise $200 $300 launch week", ("There are two amounts. Put a reason that starts with one in "
     "quotes.")),
    ("/ai-budget", "raise $200 $5/day ci-7kq2 launch", "One limit at a time: a cap per day or a cap a month."),
    ("/ai-budget", "raise $5/day launch week", "Only an automation key has a cap per day: name it by its label."),
    ("/ai-budget", "raise $5/day team launch week", "Only an automation key has a cap per day: name it by its label."),
    ("/ai-budget", "raise $200 team project search go", ("One limit at a time. Put a reason that starts with one in "
     "quotes.")),
    ("/ai-budget", "raise $200 project", "Say which project."),
    ("/ai-budget", "raise $200 key", "Say which key."),
    ("/ai-budget", "raise $200 key everything now", "Labels look like ana-7kq2; `/ai-key list` shows yours."),
    ("/ai-budget", f"raise $200 project {SECRET} now", NAMED_KEY),
    ("/ai-budget", "raise $200 @ghost launch week", ("Slack did not recognise “@ghost”. Pick the person from the list "
     "that appears after @.")),
    ("/ai-budget", "raise $200 until soon launch week", DATES),
    ("/ai-budget", "raise $200 until", DATES),
    ("/ai-budget", "raise $200 until 2026-02-30 launch", DATES),
    ("/ai-budget", "raise $200 until 31 November launch", DATES),
    ("/ai-budget", "raise $200 until 15 Frimaire launch", DATES),
    ("/ai-budget", "raise $200 until 15/12/2026 launch", DATES),
    ("/ai-budget", "raise $200 until 2026-11-19 launch", "That day is over."),
    ("/ai-budget", "raise $200 until 9999-12-31 launch", "That is more than a year off."),
    ("/ai-budget", "raise $200 for 400d launch week", "That is longer than a year."),
    ("/ai-budget", "raise $200 for 7d until 15 December for it", "Say for how long, or until when, not both."),
    ("/ai-budget", "raise $200 until 15 December until 16 December go", ("There are two end dates. Put a reason that "
     "starts with one in quotes.")),
    ("/ai-budget", "raise $200 until 2026-12-15 18:00 go", ("It ends with a day, at 00:00 UTC of the next one: leave "
     "out the time of day.")),
    ("/ai-budget", "raise $200 models=gpt-4o launch week", "A raise is about money only: leave out models=."),
    ("/ai-budget", "raise $200 " + "x" * 501, "A reason has at most 500 characters; this one has 501."),
    ("/ai-budget", "set", "Say whose budget: team, project NAME or @name."),
    ("/ai-budget", "set $700", "Say whose budget: team, project NAME or @name."),
    ("/ai-budget", "set team", "Say how much a month."),
    ("/ai-budget", "set team $700 firm", "Team, project NAME or @name, an amount, hard or soft; not “firm”."),
    ("/ai-budget", f"set team $700 {SECRET}", "Team, project NAME or @name, an amount, hard or soft; not that."),
    ("/ai-budget", "set team $700 hard soft", "A budget is hard or soft, not both."),
    ("/ai-budget", "set team $10/day", AMOUNTS),
    ("/ai-budget", "set team 10/day", "Budgets are per month. An automation key's day is raised."),
    ("/ai-budget", "set ana-7kq2 $20", "A key's cap is not set but raised."),
    ("/ai-budget", "set <!channel> $20", "Groups and whole channels don't work here: name people one by one."),
    ("/ai-budget", "set project search $-5", "An amount must be more than $0."),
    ("/ai-team", "policy please", "`policy` shows what is allowed here and takes nothing else."),
    ("reply", "approve $100 until", DATES),
    ("reply", "approve $100 until whenever", DATES),
    ("reply", "approve $100 until 2026-11-01", "That day is over."),
    ("reply", "approve $100 project=search", NOTHING),
    ("reply", "approve $100 7d until 15 December", "Nothing was decided. Say how long, or until when, not both."),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "meant"), GOOD_KEYS)
def test_a_project_or_automation_key_is_asked_for_in_any_sensible_order(typed: str, meant: AskTyped) -> None:
    assert key.parse(typed) == meant


@pytest.mark.parametrize(("typed", "meant"), GOOD_BUDGETS)
def test_ai_budget_means_what_it_says(typed: str, meant: object) -> None:
    assert ai_budget(typed) == meant


@pytest.mark.parametrize(("typed", "meant"), GOOD_REPLIES)
def test_a_reply_may_change_the_end_and_the_cap_per_day(typed: str, meant: ApproveReply) -> None:
    assert reply(typed) == meant


@pytest.mark.parametrize(("command", "typed", "told"), BAD, ids=range(len(BAD)))
def test_malformed_input_gets_one_line_and_an_example_that_works(command: str, typed: str, told: str) -> None:
    answer = PARSERS[command](typed)
    assert isinstance(answer, Mistake)
    assert answer.text == told
    assert "\n" not in answer.text
    assert not isinstance(parse_example(answer.example), Mistake | Help | None)


@given(order=st.permutations(["nightly-evals", "$200", "$10/day", OMAR]))
def test_an_automation_keys_terms_come_in_any_order(order: list[str]) -> None:
    assert key.parse(" ".join(["automation", *order, "nightly run"])) == automation(200, 10)


@given(order=st.permutations(["$200", "project search", "until 15 December"]))
def test_a_raises_terms_come_in_any_order(order: list[str]) -> None:
    meant = ask(200, target=ProjectWord("search"), ends_at=DEC_16)
    assert ai_budget(" ".join(["raise", *order, "launch week"])) == meant


@given(cents=st.integers(1, MAX_MICROS // MICROS_PER_CENT), ahead=st.integers(0, 365))
def test_shown_amounts_and_days_read_back(cents: int, ahead: int) -> None:
    last = NOW.date() + timedelta(days=ahead)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    cap = cents * MICROS_PER_CENT
    for day in (f"{last:%Y-%m-%d}", f"{last:%-d %B %Y}", f"{last:%B %-d %Y}"):
        assert ai_budget(f"raise {show(cap)} until {day} launch") == AskRaise(cap, "launch", ends_at=end)


@given(ahead=st.integers(0, 364))
def test_a_day_without_a_year_is_the_next_such_day(ahead: int) -> None:
    last = NOW.date() + timedelta(days=ahead)
    read = ai_budget(f"raise $5 until {last:%-d %B} launch")
    assert isinstance(read, AskRaise)
    assert read.ends_at is not None
    assert read.ends_at.date() == last + timedelta(days=1)
