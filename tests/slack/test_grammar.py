"""What people type and what they are told: the good, the bad, and what no input may ever do."""
# ruff: noqa: RUF001 - digits of other scripts are the point

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.keys import KeyKind
from bot.domain.money import MAX_MICROS, MICROS_PER_CENT, show
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS, short_duration
from bot.slack.grammar import disable, key, team
from bot.slack.grammar.disable import DisableLabel, DisableSecret, OpenDisableForm
from bot.slack.grammar.key import AskTyped, ExtendKey, ListKeys, OpenForm, ReturnKey
from bot.slack.grammar.reply import ApproveReply, DenyReply
from bot.slack.grammar.team import (
    AddOwners,
    CreateProject,
    CreateTeam,
    Invite,
    Remove,
    ShowIncidents,
    ShowPolicy,
    ShowTeam,
)
from bot.slack.grammar.terms import LONGEST_SECONDS
from bot.slack.grammar.text import Help, Mistake, redacted
from tests.slack.typing import PARSERS, SECRET, parse_example, reply

USD = 1_000_000
DAY = DAY_SECONDS


def ask(
    cap: int, seconds: int | None = None, reason: str = "", models: tuple[str, ...] = (), kind: str = "temporary"
) -> AskTyped:
    return AskTyped(KeyKind(kind), cap * USD, seconds, models, reason)


GOOD_KEYS: list[tuple[str, Any]] = [
    ("", OpenForm()),
    ("  \t ", OpenForm()),
    ("$25 7d evaluate rerankers", ask(25, 7 * DAY, "evaluate rerankers")),
    ("7d $25 evaluate rerankers", ask(25, 7 * DAY, "evaluate rerankers")),
    ("25 7d evaluate rerankers", ask(25, 7 * DAY, "evaluate rerankers")),
    ("$25 evaluate rerankers", ask(25, None, "evaluate rerankers")),
    ("$25 24h evaluate rerankers", ask(25, 24 * HOUR_SECONDS, "evaluate rerankers")),
    ("$25 7 days evaluate", ask(25, 7 * DAY, "evaluate")),
    ("$25 for 3 days evaluate", ask(25, 3 * DAY, "evaluate")),
    ("$25, 2w, evaluate, then report", ask(25, 14 * DAY, "evaluate, then report")),
    ("“$25” 7d evaluate", ask(25, 7 * DAY, "evaluate")),
    ("$1,200 7D evaluate", ask(1200, 7 * DAY, "evaluate")),
    ("$25\u00a07d\u00a0evaluate", ask(25, 7 * DAY, "evaluate")),
    ("$25 7d \u202eevaluate\u200b it\x00", ask(25, 7 * DAY, "evaluate it")),
    ('$25 7d "$5 per run"', ask(25, 7 * DAY, "$5 per run")),
    ("$25 7d “evaluate rerankers”", ask(25, 7 * DAY, "evaluate rerankers")),
    ('$25 7d "models=x" is what I test', ask(25, 7 * DAY, '"models=x" is what I test')),
    ("$25 7d 3, 4 and 5 shots", ask(25, 7 * DAY, "3, 4 and 5 shots")),
    ("$25 7d <!channel> look at this", ask(25, 7 * DAY, "@channel look at this")),
    ("$25 7d <@U123|ana> asked for it", ask(25, 7 * DAY, "@ana asked for it")),
    ("$25 7d see <https://x.io/a|x.io/a>", ask(25, 7 * DAY, "see https://x.io/a")),
    ("$25 7d a &lt; b &amp;&amp; c &gt; d", ask(25, 7 * DAY, "a < b && c > d")),
    ("$25 7d &lt;!channel&gt; hello", ask(25, 7 * DAY, "<!channel> hello")),
    ("$25 7d try models=gpt-4o,gpt-4o-mini now", ask(25, 7 * DAY, "try now", ("gpt-4o", "gpt-4o-mini"))),
    ("$25 models=gpt-4o, gpt-4o-mini 7d try it", ask(25, 7 * DAY, "try it", ("gpt-4o", "gpt-4o-mini"))),
    ("Temporary $25 7d évaluer les modèles", ask(25, 7 * DAY, "évaluer les modèles")),
    ("$25 7d compare sk-learn with torch", ask(25, 7 * DAY, "compare sk-learn with torch")),
    (f"$25 7d my old key {SECRET} broke", ask(25, 7 * DAY, "my old key [key] broke")),
    ("member $50", ask(50, kind="member")),
    ("MEMBER 50 daily work", ask(50, reason="daily work", kind="member")),
    ("member $50/month", ask(50, kind="member")),
    ("list", ListKeys()),
    ("help", Help()),
    ("HELP me please", Help()),
    ("return ana-7kq2", ReturnKey("ana-7kq2")),
    ("return `ANA-7KQ2`", ReturnKey("ana-7kq2")),
    ("extend ana-7kq2 7d", ExtendKey("ana-7kq2", 7 * DAY, "")),
    ("extend ana-7kq2 36 hours nearly done", ExtendKey("ana-7kq2", 36 * HOUR_SECONDS, "nearly done")),
]

GOOD_DISABLES: list[tuple[str, Any]] = [
    ("", OpenDisableForm()),
    ("help", Help()),
    ("ana-7kq2 posted in a repo", DisableLabel("ana-7kq2", "posted in a repo")),
    ("`Ana-7KQ2`", DisableLabel("ana-7kq2", "")),
    (f"{SECRET} found in a log", DisableSecret(SECRET, "found in a log")),
    (f"`{SECRET}`", DisableSecret(SECRET, "")),
    (f"```{SECRET}```", DisableSecret(SECRET, "")),
    (f'"{SECRET}",', DisableSecret(SECRET, "")),
    (f"“{SECRET}”", DisableSecret(SECRET, "")),
    (f"<{SECRET}>", DisableSecret(SECRET, "")),
    (f"&lt;{SECRET}&gt;", DisableSecret(SECRET, "")),
    (f"Bearer {SECRET}", DisableSecret(SECRET, "")),
    (f"Authorization: Bearer {SECRET}", DisableSecret(SECRET, "")),
    (f"OPENAI_API_KEY={SECRET}", DisableSecret(SECRET, "")),
    (f"export OPENAI_API_KEY='{SECRET}'", DisableSecret(SECRET, "export")),
    (f"leaked {SECRET} in a gist", DisableSecret(SECRET, "leaked in a gist")),
    (f"<@U123|ana> posted {SECRET}", DisableSecret(SECRET, "@ana posted")),
    (f"public-repo {SECRET}", DisableSecret(SECRET, "public-repo")),
    (f"ana-7kq2 it is {SECRET}", DisableLabel("ana-7kq2", "it is [key]")),
    ("sk-1234", DisableSecret("sk-1234", "")),
    ("550e8400-e29b-41d4-a716-446655440000", DisableSecret("550e8400-e29b-41d4-a716-446655440000", "")),
    ("please turn off ana-7kq2", DisableLabel("ana-7kq2", "please turn off")),
    ("ana-7kq2 " + "x" * 600, DisableLabel("ana-7kq2", "x" * 499 + "…")),
]

GOOD_TEAMS: list[tuple[str, Any]] = [
    ("", ShowTeam()),
    ("help", Help()),
    ("create search $500", CreateTeam("search", 500 * USD)),
    ("create $500 Search", CreateTeam("search", 500 * USD)),
    ("create search 500/month", CreateTeam("search", 500 * USD)),
    ("invite <@U1|ana> <@W2>", Invite(("U1", "W2"))),
    ("invite <@U1|ana maria>, <@U2|ben> and <@U1|ana maria>", Invite(("U1", "U2"))),
    ("remove <@U1|ana>", Remove(("U1",))),
    ("OWNER <@U1|ana>", AddOwners(("U1",))),
    ("project re-ranker $200 <@U1|ana>", CreateProject("re-ranker", 200 * USD, "U1")),
    ("project <@U1|ana> $200 re-ranker", CreateProject("re-ranker", 200 * USD, "U1")),
    ("policy", ShowPolicy()),
    ("incidents", ShowIncidents()),
]

GOOD_REPLIES: list[tuple[str, Any]] = [
    ("approve", ApproveReply()),
    ("Approve.", ApproveReply()),
    ("`approve`", ApproveReply()),
    ("<@U0BOT> approve", ApproveReply()),
    ("approve $20 3d", ApproveReply(20 * USD, 3 * DAY)),
    ("approve 20", ApproveReply(20 * USD)),
    ("approve 3 days models=gpt-4o", ApproveReply(None, 3 * DAY, ("gpt-4o",))),
    ("deny too much for a trial", DenyReply("too much for a trial")),
    ("Deny: too much for a trial", DenyReply("too much for a trial")),
    ("", None),
    ("hello", None),
    ("approve? not sure", None),
    ("I approve of this", None),
    ("approved by legal?", None),
    ("denying this would be sad", None),
    (":+1:", None),
]

AMOUNTS = "Amounts look like $25 or $12.50."
TIMES = "Times look like 7d, 36h or 2w."
WHAT_FOR = "Say in a few words what it is for."
NAMES = "Names have 1 to 40 of a-z, 0-9 and hyphens inside."
MODELS = "Models are named with commas and no spaces, as in models=gpt-4o,gpt-4o-mini."

BAD: list[tuple[str, str, str]] = [
    ("/ai-key", "$-5 7d evaluate", "An amount must be more than $0."),
    ("/ai-key", "-$5 7d evaluate", "An amount must be more than $0."),
    ("/ai-key", "-5 7d evaluate", "An amount must be more than $0."),
    ("/ai-key", "$0 7d evaluate", "An amount must be more than $0."),
    ("/ai-key", "$0.00 7d evaluate", "An amount must be more than $0."),
    ("/ai-key", "$0.0000001 7d evaluate", "Amounts go down to whole cents."),
    ("/ai-key", "$1e9 7d evaluate", AMOUNTS),
    ("/ai-key", "1e9 7d evaluate", AMOUNTS),
    ("/ai-key", "NaN 7d evaluate", AMOUNTS),
    ("/ai-key", "$NaN 7d evaluate", AMOUNTS),
    ("/ai-key", "Infinity 7d evaluate", AMOUNTS),
    ("/ai-key", "$ 25 7d evaluate", AMOUNTS),
    ("/ai-key", "$25.5.5 7d evaluate", AMOUNTS),
    ("/ai-key", "$1,2 7d evaluate", AMOUNTS),
    ("/ai-key", "25usd 7d evaluate", AMOUNTS),
    ("/ai-key", "$２５ 7d evaluate", AMOUNTS),
    ("/ai-key", "２５ 7d evaluate", AMOUNTS),
    ("/ai-key", "$٢٥ 7d evaluate", AMOUNTS),
    ("/ai-key", "€25 7d evaluate", "Amounts are in US dollars, such as $25."),
    ("/ai-key", "25€ 7d evaluate", "Amounts are in US dollars, such as $25."),
    ("/ai-key", "$1000001 7d evaluate", "The most is $1,000,000."),
    ("/ai-key", "$" + "9" * 9999 + " 7d evaluate", "The most is $1,000,000."),
    ("/ai-key", "$25 $30 evaluate", "There are two amounts. Put a reason that starts with one in quotes."),
    ("/ai-key", "$25 7d 8d evaluate", "There are two times. Put a reason that starts with one in quotes."),
    ("/ai-key", "$25 0d evaluate", "A time must be more than zero."),
    ("/ai-key", "$25 0h evaluate", "A time must be more than zero."),
    ("/ai-key", "$25 -7d evaluate", TIMES),
    ("/ai-key", "$25 1.5d evaluate", TIMES),
    ("/ai-key", "$25 1 month evaluate", TIMES),
    ("/ai-key", "$25 2y evaluate", TIMES),
    ("/ai-key", "$25 ７d evaluate", TIMES),
    ("/ai-key", "$25 999999d evaluate", "That is longer than a year."),
    ("/ai-key", "$25 7 evaluate", "Say what “7” is: a time has a unit, such as 7d or 36h."),
    ("/ai-key", "$25 7d", WHAT_FOR),
    ("/ai-key", "$25", WHAT_FOR),
    ("/ai-key", "$25 7d ab", WHAT_FOR),
    ("/ai-key", "$25 7d ...", WHAT_FOR),
    ("/ai-key", "$25 7d :smile: :tada:", WHAT_FOR),
    ("/ai-key", '$25 7d ""', WHAT_FOR),
    ("/ai-key", "$25 7d \u200f\u202e", WHAT_FOR),
    ("/ai-key", "$25 7d " + "x" * 10_000, "A reason has at most 500 characters; this one has 10000."),
    ("/ai-key", "$25 7d evaluate models=", MODELS),
    ("/ai-key", "$25 7d evaluate models=<gpt>", MODELS),
    ("/ai-key", "7d evaluate rerankers", "Say how much it may spend."),
    ("/ai-key", "evaluate rerankers $25", "Amount and time come first, then what it is for."),
    ("/ai-key", "gimme a key", "An amount comes first, and “gimme” is none."),
    ("/ai-key", ":money_with_wings: 7d evaluate", "An amount comes first, and that is none."),
    ("/ai-key", "x" * 10_000, "An amount comes first, and that is none."),
    ("/ai-key", "<!channel>", "An amount comes first, and “@channel” is none."),
    ("/ai-key", SECRET, "That looks like a key. If it leaked, turn it off now."),
    ("/ai-key", "member", "Say how much it may spend."),
    ("/ai-key", "member $50 7d", "A member key has no end date: its cap starts again each month."),
    ("/ai-key", "rotate ana-7kq2 2h please", "After the label comes how long the old key works on, or nothing."),
    ("/ai-key", "rotate ana-7kq2 8d", "Two keys work for one for at most 7 days."),
    ("/ai-key", "list all", "`list` shows your own keys and takes nothing else."),
    ("/ai-key", "return", "Say which key you give back."),
    ("/ai-key", "return everything", "Labels look like ana-7kq2; `/ai-key list` shows yours."),
    ("/ai-key", "return ana-7kq2 ben-8xy2", "One key at a time, and nothing after its label."),
    (
        "/ai-key",
        f"return {SECRET}",
        "That looks like a key. Here its label is needed, such as ana-7kq2; `/ai-key list` shows yours.",
    ),
    ("/ai-key", "extend", "Say which key, and how much longer."),
    ("/ai-key", "extend ana-7kq2", "Say how much longer, right after the label."),
    ("/ai-key", "extend ana-7kq2 please 7d", "Say how much longer, right after the label."),
    ("/ai-key", "extend ana-7kq2 0d", "A time must be more than zero."),
    ("/ai-disable", "everything", "Start with the key's label, or paste the whole key."),
    ("/ai-disable", "my key is out", "Start with the key's label, or paste the whole key."),
    ("/ai-disable", "``", "Say which key."),
    ("/ai-disable", "Bearer", "Say which key."),
    ("/ai-disable", "@ana", "Slack did not recognise “@ana”. Pick the person from the list that appears after @."),
    ("/ai-disable", "<!channel> all of it", "Groups and whole channels don't work here: name people one by one."),
    ("/ai-disable", "project", "Say which project."),
    ("/ai-disable", "project Se_arch", "Names have 1 to 40 of a-z, 0-9 and hyphens inside."),
    (
        "/ai-team",
        "frob",
        (
            "There is create, invite, remove, owner, project, lead, digest, expect, watch, incidents, inventory, "
            "review, handover, left, sweep and policy, but not “frob”."
        ),
    ),
    (
        "/ai-team",
        SECRET,
        (
            "There is create, invite, remove, owner, project, lead, digest, expect, watch, incidents, inventory, "
            "review, handover, left, sweep and policy, but not that."
        ),
    ),
    ("/ai-team", "incidents all", "`incidents` shows those that are open and takes nothing else."),
    ("/ai-team", "sweep now", "`sweep` shows what a sweep would turn off, and takes nothing else."),
    ("/ai-team", "left ana", "People are named with @; “ana” is no person."),
    ("/ai-team", "left @U0ANA <@U0BEN>", "Name one person who left, or nobody."),
    ("/ai-team", "handover ci-7kq2", "Say which key, by its label, and who gets it."),
    ("/ai-team", "handover <@U0BEN>", "Say which key, by its label, and who gets it."),
    ("/ai-team", "lead reranker", "Say which project, and who leads it from now on."),
    ("/ai-team", "lead Se_arch <@U0BEN>", "“se_arch” is no project's name."),
    ("/ai-team", "review all", "`review` asks this team's owners to confirm its keys, and takes nothing else."),
    ("/ai-team", "inventory keys", "`inventory` shows what there is, and takes nothing else."),
    ("/ai-team", "create", "A name is needed, and a monthly budget."),
    ("/ai-team", "create $500", "A name is needed, and a monthly budget."),
    ("/ai-team", "create search", "Say how much may be spent a month."),
    ("/ai-team", "create search lots", AMOUNTS),
    ("/ai-team", "create se@rch $500", NAMES),
    ("/ai-team", "create 搜索 $500", NAMES),
    ("/ai-team", f"create {'x' * 41} $500", NAMES),
    ("/ai-team", "create <#C1|search> $500", NAMES),
    ("/ai-team", "create search $500 now", "A team has a name and a monthly budget, nothing else."),
    ("/ai-team", "invite", "Say whom, with @."),
    (
        "/ai-team",
        "invite @ana",
        "Slack did not recognise “@ana”. Pick the person from the list that appears after @.",
    ),
    ("/ai-team", "invite ana", "People are named with @; “ana” is no person."),
    ("/ai-team", "invite <!channel>", "Groups and whole channels don't work here: name people one by one."),
    (
        "/ai-team",
        "owner <!subteam^S1|@leads>",
        "Groups and whole channels don't work here: name people one by one.",
    ),
    ("/ai-team", "remove " + " ".join(f"<@U{n}>" for n in range(51)), "At most 50 people at a time."),
    ("/ai-team", "project reranker $200", "Name the lead, who answers for the project's keys."),
    ("/ai-team", "project reranker <@U1|ana>", "Say how much may be spent a month."),
    ("/ai-team", "project reranker $200 <@U1|ana> <@U2|ben>", "A project has one lead."),
    ("/ai-team", "project reranker $-2 <@U1|ana>", "An amount must be more than $0."),
    ("reply", "approve when legal agrees", "Nothing was decided. Write `approve` alone, or with a cap and a time."),
    ("reply", "approve $0", "An amount must be more than $0."),
    ("reply", "approve 0d", "A time must be more than zero."),
    ("reply", "deny", "Say in a few words why not."),
    ("reply", "deny :no:", "Say in a few words why not."),
    ("reply", "deny " + "x" * 501, "A reason has at most 500 characters; this one has 501."),
]


@pytest.mark.parametrize(("typed", "meant"), GOOD_KEYS)
def test_ai_key_means_what_it_says(typed: str, meant: object) -> None:
    assert key.parse(typed) == meant


@pytest.mark.parametrize(("typed", "meant"), GOOD_DISABLES)
def test_ai_disable_finds_the_key_in_whatever_was_pasted(typed: str, meant: object) -> None:
    assert disable.parse(typed) == meant


@pytest.mark.parametrize(("typed", "meant"), GOOD_TEAMS)
def test_ai_team_means_what_it_says(typed: str, meant: object) -> None:
    assert team.parse(typed) == meant


@pytest.mark.parametrize(("typed", "meant"), GOOD_REPLIES)
def test_replies_decide_only_when_they_clearly_do(typed: str, meant: object) -> None:
    assert reply(typed) == meant


@pytest.mark.parametrize(("command", "typed", "told"), BAD, ids=range(len(BAD)))
def test_malformed_input_gets_one_line_and_an_example_that_works(command: str, typed: str, told: str) -> None:
    answer = PARSERS[command](typed)
    assert isinstance(answer, Mistake)
    assert answer.text == told
    assert "\n" not in answer.text
    assert len(answer.text) < 200
    assert not isinstance(parse_example(answer.example), Mistake | Help | None)


def test_at_least_sixty_malformed_commands_are_known() -> None:
    assert len({(command, typed) for command, typed, _ in BAD}) >= 60


PIECES = st.sampled_from(
    ["$25", "7d", "24h", "member", "return", "extend", "create", "invite", "approve", "deny", "models=a,b", "models=",
     "raise", "set", "queue", "automation", "nightly", "$10/day", "a day", "until", "2026-12-15", "15 December", "team",
     "to", "hard", "project=", "project=x",
     "ana-7kq2", "<@U1|ana>", "<!channel>", '"', "`", "&lt;", ",", "for", "project", "\u00a0", "\x00", "\u202e",
     "$", "-", "٣"]
)  # fmt: skip
TYPED = st.lists(PIECES | st.text(max_size=12), max_size=8).map(" ".join) | st.text(max_size=200)
SECRETS = st.text("abcdefXYZ0123456789_-", min_size=20, max_size=60).map(lambda body: f"sk-{body}9")


@given(command=st.sampled_from(sorted(PARSERS)), typed=TYPED)
@example(command="/ai-key", typed="models=")
@example(command="/ai-team", typed="create")
@example(command="/ai-budget", typed="raise until 9999-12-31")
def test_no_input_raises(command: str, typed: str) -> None:
    PARSERS[command](typed)


@given(command=st.sampled_from(sorted(PARSERS)), before=TYPED, secret=SECRETS, after=TYPED)
def test_a_secret_is_never_repeated_or_kept_in_a_reason(command: str, before: str, secret: str, after: str) -> None:
    read = PARSERS[command](f"{before} {secret} {after}")
    assert secret not in repr(read)


@given(secret=SECRETS, wrap=st.sampled_from(["{}", "`{}`", '"{}"', "Bearer {}", "<{}>", "KEY={}", "“{}”", "({})."]))
def test_a_pasted_secret_is_recovered_exactly(secret: str, wrap: str) -> None:
    read = disable.parse(wrap.format(secret))
    assert isinstance(read, DisableSecret)
    assert read.secret == secret


@given(
    cents=st.integers(1, MAX_MICROS // MICROS_PER_CENT),
    hours=st.integers(1, LONGEST_SECONDS // HOUR_SECONDS),
    swap=st.booleans(),
)
def test_shown_amounts_and_times_read_back(cents: int, hours: int, swap: bool) -> None:
    cap, seconds = cents * MICROS_PER_CENT, hours * HOUR_SECONDS
    shown = [show(cap), short_duration(seconds)]
    read = key.parse(" ".join([*(reversed(shown) if swap else shown), "evaluate it"]))
    assert read == AskTyped(KeyKind.TEMPORARY, cap, seconds, (), "evaluate it")


@given(said=st.text("abc déf12,.!?", min_size=10, max_size=60).filter(lambda text: text.strip()[:1].isalpha()))
def test_plain_reasons_are_kept_as_typed(said: str) -> None:
    read = key.parse(f"$25 7d because {said}")
    assert isinstance(read, AskTyped)
    assert read.reason == " ".join(f"because {said}".split())


def test_redaction_leaves_ordinary_words_alone() -> None:
    said = "compare text-embedding-3-large, sk-learn and claude-sonnet-4-20250514 on MTEB"
    assert redacted(said) == said
