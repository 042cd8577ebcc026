"""The policy file: whatever is wrong in it is said at once, one readable line each, with the place."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from bot import policy_file
from bot.domain.keys import KeyKind
from bot.domain.money import MICROS_PER_USD
from bot.domain.periods import DAY_SECONDS, HOUR_SECONDS
from bot.domain.policy import AskRule, KindPolicy, Policy, UsagePolicy, Who

EXAMPLE = Path(__file__).parent.parent / "policy.example.toml"
USD = MICROS_PER_USD


def read(folder: Path, text: str) -> tuple[Policy, list[str]]:
    file = folder / "policy.toml"
    file.write_text(text, encoding="utf-8")
    return policy_file.read(str(file))


def policy(folder: Path, text: str) -> Policy:
    found, wrong = read(folder, text)
    assert wrong == []
    return found


def wrong(folder: Path, text: str) -> list[str]:
    return [line.removeprefix("PURSER_CONFIG: ") for line in read(folder, text)[1]]


EVERYTHING = '''
[keys.temporary]
largest_cap = "$50"
default_time = "2d"
longest_time = "14d"
overlap = "2h"
[keys.member]
largest_cap = 200
rotate_after = "30d"
overlap = "3h"
[keys.project]
largest_cap = "$2,000"
rotate_after = "60d"
overlap = "2d"
[keys.automation]
largest_cap = "$300"
largest_daily_cap = "$20"
rotate_after = "45d"
overlap = "3d"
[[ask]]
name = "opus-for-owners"
who = "owners"
models = ["claude-opus*"]
[[ask]]
name = "no-robots"
who = "nobody"
teams = ["search"]
kinds = ["automation", "project"]
gateways = ["litellm"]
[approval]
two_owners_from = "$100"
lead_up_to = "$40"
auto_approve_up_to = "$5.50"
auto_approve_time = "2d"
auto_approve_per_week = "$20"
quiet_approvers = ["U0FAY", "W0GIL"]
remind_after = "1h"
escalate_after = "2h"
give_up_after = "3h"
claim_within = "1d"
[budgets]
member = "$150"
hard = false
thresholds = [25, 75, 90]
[models]
offered = ["gpt-4o", "gpt-4o-mini"]
free = ["gpt-4o-mini"]
[sync]
every = "30s"
[digest]
unused_after = "14d"
[incidents]
spike_floor = "$2.50"
stop_automation = false
remind_after = "30m"
others_keys_per_hour = 3
[offboarding]
take_over_within = "10d"
remind_after = "3d"
sweep = false
fuse_percent = 2
[hygiene]
ask_unused = false
stop_unused_after = "9d"
review_within = "21d"
[usage_policy]
version = "2026-11"
text = """
No customer data.
No secrets.
"""
url = "https://intranet.example.com/ai"
'''


def test_a_policy_file_says_everything_there_is_to_say(tmp_path: Path) -> None:
    found = policy(tmp_path, EVERYTHING)
    assert found == Policy(
        kinds={
            KeyKind.TEMPORARY: KindPolicy(
                50 * USD, 2 * DAY_SECONDS, 14 * DAY_SECONDS, overlap_seconds=2 * HOUR_SECONDS
            ),
            KeyKind.MEMBER: KindPolicy(200 * USD, rotate_seconds=30 * DAY_SECONDS, overlap_seconds=3 * HOUR_SECONDS),
            KeyKind.PROJECT: KindPolicy(2000 * USD, rotate_seconds=60 * DAY_SECONDS, overlap_seconds=2 * DAY_SECONDS),
            KeyKind.AUTOMATION: KindPolicy(
                300 * USD,
                largest_daily_cap_micros=20 * USD,
                rotate_seconds=45 * DAY_SECONDS,
                overlap_seconds=3 * DAY_SECONDS,
            ),
        },
        ask_rules=(
            AskRule("opus-for-owners", Who.OWNERS, models=("claude-opus*",)),
            AskRule("no-robots", Who.NOBODY, ("search",), (KeyKind.AUTOMATION, KeyKind.PROJECT), ("litellm",)),
        ),
        two_owners_from_micros=100 * USD,
        lead_up_to_micros=40 * USD,
        auto_approve_micros=5_500_000,
        auto_approve_seconds=2 * DAY_SECONDS,
        auto_approve_per_week_micros=20 * USD,
        quiet_approvers=("U0FAY", "W0GIL"),
        remind_after_seconds=HOUR_SECONDS,
        escalate_after_seconds=2 * HOUR_SECONDS,
        give_up_after_seconds=3 * HOUR_SECONDS,
        claim_within_seconds=DAY_SECONDS,
        member_budget_micros=150 * USD,
        hard_budgets=False,
        thresholds=(25, 75, 90),
        models=("gpt-4o", "gpt-4o-mini"),
        free_models=("gpt-4o-mini",),
        poll_seconds=30,
        unused_seconds=14 * DAY_SECONDS,
        spike_floor_micros=2_500_000,
        stop_automation=False,
        remind_incident_seconds=1800,
        others_keys_per_hour=3,
        take_over_seconds=10 * DAY_SECONDS,
        remind_take_over_seconds=3 * DAY_SECONDS,
        sweeps=False,
        fuse_percent=2,
        asks_unused=False,
        stop_unused_seconds=9 * DAY_SECONDS,
        review_seconds=21 * DAY_SECONDS,
        usage_policy=UsagePolicy("2026-11", "No customer data.\nNo secrets.", "https://intranet.example.com/ai"),
    )
    untouched = {field.name for field in fields(Policy) if getattr(found, field.name) == getattr(Policy(), field.name)}
    assert untouched == {"draft_seconds"}, "the rest can be chosen"


def test_what_is_left_out_keeps_its_default(tmp_path: Path) -> None:
    assert policy(tmp_path, "") == Policy()
    some = policy(tmp_path, "[keys.temporary]\nlargest_cap = '$50'\n[budgets]\nmember = '$0'")
    kinds = Policy().kinds
    expected = replace(kinds[KeyKind.TEMPORARY], largest_cap_micros=50 * USD)
    assert some == replace(Policy(), kinds={**kinds, KeyKind.TEMPORARY: expected})


@pytest.mark.parametrize(("typed", "seconds"), [("10s", 10), ("60 seconds", 60), ("5m", 300), ("1h", 3600)])
def test_spend_is_read_every_ten_seconds_to_every_hour(tmp_path: Path, typed: str, seconds: int) -> None:
    assert policy(tmp_path, f"[sync]\nevery = '{typed}'").poll_seconds == seconds


APPROVAL = (
    "two_owners_from, lead_up_to, auto_approve_up_to, auto_approve_time, auto_approve_per_week, quiet_approvers, "
    "remind_after, escalate_after, give_up_after, claim_within"
)
TABLES = "keys, ask, approval, budgets, models, sync, digest, incidents, offboarding, hygiene, usage_policy"
OWNERS_RULE = "[[ask]]\nname = 'first'\nwho = 'owners'\n"
WRONG = [
    ("[approval]\nremind = '1h'", [f"approval.remind: there is no such setting; there is {APPROVAL}."]),
    ("[budget]\nx = 1", [f"budget: there is no such setting; there is {TABLES}."]),
    (
        "[keys.contractor]\nlargest_cap = '$1'",
        ["keys.contractor: there is no such kind of key; there is temporary, member, project, automation."],
    ),
    (
        "[keys.temporary]\nlongest = '7d'",
        [
            (
                "keys.temporary.longest: there is no such setting; "
                "there is largest_cap, default_time, longest_time, overlap."
            )
        ],
    ),
    (
        "[keys.member]\ndefault_time = '7d'",
        ["keys.member.default_time: member keys do not end by themselves, so they have no default_time."],
    ),
    (
        "[keys.temporary]\nrotate_after = '30d'",
        ["keys.temporary.rotate_after: temporary keys end by themselves, so they are not rotated."],
    ),
    (
        "[keys.automation]\nlongest_time = '7d'",
        ["keys.automation.longest_time: automation keys do not end by themselves, so they have no longest_time."],
    ),
    (
        "[keys.project]\nlargest_daily_cap = '$5'",
        ["keys.project.largest_daily_cap: only automation keys have a cap per day."],
    ),
    ("[keys.temporary]\nlargest_cap = '$-5'", ["keys.temporary.largest_cap: an amount must be more than $0."]),
    ("[keys.temporary]\nlargest_cap = '$0'", ["keys.temporary.largest_cap: an amount must be more than $0."]),
    ("[keys.temporary]\nlargest_cap = 'lots'", ["keys.temporary.largest_cap: amounts look like $25 or $12.50."]),
    (
        "[keys.temporary]\ndefault_time = '0d'\nlongest_time = 7",
        [
            "keys.temporary.default_time: a time must be more than zero.",
            "keys.temporary.longest_time: times look like 7d, 36h or 2w.",
        ],
    ),
    ("[approval]\ngive_up_after = '9999w'", ["approval.give_up_after: no time may be longer than 10 years."]),
    (
        "[approval]\nquiet_approvers = ['@ana']",
        ["approval.quiet_approvers[1]: must be Slack user ids such as \"U024BE7LH\"; '@ana' is not one."],
    ),
    ("[approval]\nquiet_approvers = 'U0ANA'", ['approval.quiet_approvers: must be a list, such as ["a", "b"].']),
    ("[keys]\nmember = 3", ["keys.member: must be a table."]),
    ("[models]\noffered = [1]", ["models.offered[1]: must be text in quotes."]),
    ("[budgets]\nhard = 'yes'", ["budgets.hard: must be true or false."]),
    (
        "[budgets]\nthresholds = [50, 101]",
        ["budgets.thresholds[2]: must be whole percents from 1 to 100, such as 80; 101 is not one."],
    ),
    ("[sync]\nevery = '9s'", ["sync.every: must be from 10s to 1h, such as 60s or 5m; '9s' is not."]),
    ("[sync]\nevery = '2h'", ["sync.every: must be from 10s to 1h, such as 60s or 5m; '2h' is not."]),
    ("ask = 1", ["ask: must be tables, each under [[ask]]."]),
    (
        "[[ask]]\nwho = 'boss'",
        ["ask[1].name: is missing.", "ask[1].who: there is members, leads, owners, nobody; 'boss' is none of them."],
    ),
    (
        OWNERS_RULE + "kinds = ['robot']\nmodel = 'x'",
        [
            "ask[1].kinds[1]: there is temporary, member, project, automation; 'robot' is none of them.",
            "ask[1].model: there is no such setting; there is name, who, teams, kinds, gateways, models.",
        ],
    ),
    (
        "[[ask]]\nname = 'No Opus'\nwho = 'owners'",
        ["ask[1].name: must be 1 to 40 of a-z, 0-9 and inner hyphens, such as \"no-opus\"; 'No Opus' is not."],
    ),
]
CONTRADICTIONS = [
    ("[keys.temporary]\ndefault_time = '31d'", ["keys.temporary.default_time is longer than longest_time, 30 days."]),
    (
        "[keys.automation]\nlargest_daily_cap = '$501'",
        ["keys.automation.largest_daily_cap is more than largest_cap, $500 a month."],
    ),
    ("[approval]\nremind_after = '2d'", ["approval needs remind_after < escalate_after < give_up_after."]),
    ("[approval]\nescalate_after = '72h'", ["approval needs remind_after < escalate_after < give_up_after."]),
    (
        "[approval]\nauto_approve_up_to = '$1000'",
        ["approval.auto_approve_up_to must be below two_owners_from, $1,000."],
    ),
    ("[approval]\nlead_up_to = '$1000'", ["approval.lead_up_to must be below two_owners_from, $1,000."]),
    (
        "[approval]\nauto_approve_per_week = '$5'",
        ["approval.auto_approve_per_week has no effect without auto_approve_up_to."],
    ),
    (
        "[approval]\nauto_approve_up_to = '$10'\nauto_approve_per_week = '$5'",
        ["approval.auto_approve_per_week must not be below auto_approve_up_to, $10."],
    ),
    (
        "[keys.temporary]\nlongest_time = '7d'\n[approval]\nauto_approve_up_to = '$10'\nauto_approve_time = '8d'",
        ["approval.auto_approve_time is longer than keys.temporary.longest_time, 7 days."],
    ),
    (
        OWNERS_RULE + "models = ['a']\n" + OWNERS_RULE,
        ["ask[2].name: there is a rule first already; names are given once."],
    ),
    (
        "[[ask]]\nname = 'one-owner'\nwho = 'owners'",
        ["ask[1].name: one-owner is a rule of Purser's own; choose another name."],
    ),
    (
        OWNERS_RULE + "kinds = ['member', 'project']\n[[ask]]\nname = 'late'\nwho = 'leads'\nkinds = ['project']",
        ["ask[2]: late never decides, because first before it decides all it is about."],
    ),
    (
        "[budgets]\nthresholds = [80, 50]",
        ["budgets.thresholds must rise, each once, such as [50, 80]; [80, 50] does not."],
    ),
    (
        "[budgets]\nthresholds = [50, 50]",
        ["budgets.thresholds must rise, each once, such as [50, 80]; [50, 50] does not."],
    ),
    (
        "[digest]\nunused_after = '12h'",
        ["digest.unused_after must be at least 1 day: usage may only be dated by the day."],
    ),
    (
        "[usage_policy]\nversion = '2'",
        ["usage_policy: needs both a version and a text; leave both empty to ask nobody."],
    ),
    (
        "[usage_policy]\nversion = '2'\ntext = 'be kind'\nurl = 'intranet'",
        ["usage_policy: url must be a web address, such as https://intranet.example.com/ai."],
    ),
    ("[models]\noffered = ['a']\nfree = ['b']", ["models.free: b is not in models.offered."]),
    (
        "[models]\noffered = ['a/*']",
        ["models.offered: a/* is no single model; name each one, for rules look at each by its name."],
    ),
]


@pytest.mark.parametrize(("text", "lines"), WRONG + CONTRADICTIONS)
def test_each_wrong_policy_has_its_line(tmp_path: Path, text: str, lines: list[str]) -> None:
    assert wrong(tmp_path, text) == lines


def test_every_contradiction_is_said_at_once(tmp_path: Path) -> None:
    text = "[approval]\nremind_after = '2d'\nlead_up_to = '$1000'\n[budgets]\nthresholds = [80, 50]"
    assert [line.split(" ")[0] for line in wrong(tmp_path, text)] == [
        "approval",
        "approval.lead_up_to",
        "budgets.thresholds",
    ]


def test_a_narrow_rule_before_a_wide_one_is_no_contradiction(tmp_path: Path) -> None:
    narrow = "[[ask]]\nname = 'narrow'\nwho = 'owners'\nkinds = ['automation']\nmodels = ['o1*']\n"
    wide = "[[ask]]\nname = 'wide'\nwho = 'leads'\nkinds = ['automation']\n"
    assert [rule.name for rule in policy(tmp_path, narrow + wide).ask_rules] == ["narrow", "wide"]
    assert wrong(tmp_path, wide + narrow) == [
        "ask[2]: narrow never decides, because wide before it decides all it is about."
    ]


def test_a_policy_that_is_no_toml_says_where(tmp_path: Path) -> None:
    (line,) = wrong(tmp_path, "[approval\n")
    assert line.startswith(f"{tmp_path / 'policy.toml'} is not TOML: ")
    assert "line 1" in line
    (tmp_path / "policy.toml").write_bytes(b"\xff\xfe")
    (line,) = policy_file.read(str(tmp_path / "policy.toml"))[1]
    assert "is not TOML: " in line


def test_the_example_holds_every_setting_at_its_default() -> None:
    assert policy_file.read(str(EXAMPLE)) == (Policy(), [])
    text = EXAMPLE.read_text(encoding="utf-8")
    shown = _leaves(tomllib.loads(text))
    assert shown == {name for name in _known(policy_file._PolicyFile) if name != "ask"}


def test_the_rules_that_the_example_shows_are_right(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    at = lines.index("# [[ask]]")
    example = "\n".join(
        line.removeprefix("# ") for line in lines[at : lines.index("[approval]")] if line.startswith("# ")
    )
    rules = policy(tmp_path, example).ask_rules
    assert len(rules) == 2
    given = {field.name for field in fields(AskRule) for rule in rules if getattr(rule, field.name)}
    assert given == {field.name for field in fields(AskRule)}, "every part of a rule is shown"


def _leaves(table: dict[str, Any], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for name, value in table.items():
        found |= _leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}"}
    return found


def _known(model: type[BaseModel], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for name, field in model.model_fields.items():
        inner = field.annotation
        is_table = isinstance(inner, type) and not get_args(inner) and issubclass(inner, BaseModel)
        found |= _known(inner, f"{prefix}{name}.") if is_table else {f"{prefix}{name}"}  # type: ignore[arg-type]
    return found
