"""Usage of the commands: the hints Slack shows while typing, and what `help` answers."""

from __future__ import annotations

from bot.slack.views.base import Message, message, section

KEY = "/ai-key"
BUDGET = "/ai-budget"
TEAM = "/ai-team"
DISABLE = "/ai-disable"
USAGE = "/ai-usage"

USAGE_HINTS: dict[str, str] = {
    KEY: (
        "$25 7d what it is for | member $50 | project NAME $500 what for | automation NAME $200 $10/day @lead what for "
        "| list | extend LABEL 7d | rotate LABEL | return LABEL | help"
    ),
    BUDGET: (
        "raise $200 [team, project NAME, @name or LABEL] until 15 December what for | set team $500 | queue | help"
    ),
    TEAM: (
        "create NAME $500 | invite @name | remove @name | owner @name | project NAME $200 @lead | "
        "lead NAME @name | digest 09:00 Europe/Berlin | expect | incidents | watch on | inventory | review | "
        "handover LABEL @name | left @name | sweep | policy | help"
    ),
    DISABLE: "KEY or LABEL, and a reason | @name | project NAME | help",
    USAGE: (
        "team 7d by model | project NAME month | key LABEL by day | all by team | @name | export team 90d | digest on "
        "| help"
    ),
}
"""By command, without angle brackets; the app's manifest has the same."""

DESCRIPTIONS: dict[str, str] = {
    KEY: "Ask for an AI key; see, extend, rotate or give back yours",
    BUDGET: "What is left of every budget and cap; ask for more",
    TEAM: "Set up this channel's team: people, projects, budgets",
    DISABLE: "Turn a key off now. Anybody may",
    USAGE: "What was used: yours, your team's, by model, member or day",
}

_KEY = """*Ask for an AI key, and manage yours*
• `/ai-key` opens a form.
• `/ai-key $25 7d evaluate rerankers` asks for a temporary key: $25 in total, for 7 days after you reveal it.
• `/ai-key $25 evaluate rerankers` the same, for the usual time.
• `/ai-key $25 7d models=gpt-4o,gpt-4o-mini evaluate rerankers` only for these models.
• `/ai-key member $50` asks for your own key for daily work: $50 a month.
• `/ai-key project search $500 serve search` asks for a key for a project in production: $500 a month.
• `/ai-key automation nightly-evals $200 $10/day @omar nightly evaluation` asks for a key for CI or scripts: $200 a \
month and $10 a day, with a lead who answers for it.
• `/ai-key $25 7d project=search try prompts` charges a key to a project as well.
• `/ai-key list` shows your keys, what they have spent and when they end.
• `/ai-key extend ana-7kq2 7d almost done` asks for more time.
• `/ai-key rotate ana-7kq2` gets a new key in its place; `rotate ana-7kq2 3d` or `now` says how long both work.
• `/ai-key return ana-7kq2` gives a key back early.
Amounts are US dollars: `$25`, `$12.50`; a plain `25` works when it comes first. Times are `36h`, `7d` or `2w`. \
Say in a few words what it is for. Nobody approves their own request."""

_TEAM = """*Set up the team that lives in this channel*
• `/ai-team` shows the team, its people, projects and budgets.
• `/ai-team create search $500` makes this channel the home of team `search`, with $500 a month. \
Owners of the workspace in Purser can do this.
• `/ai-team invite @ana @ben` lets people ask for keys.
• `/ai-team remove @ben` stops that; keys that are out keep working until they end or are turned off.
• `/ai-team owner @omar` lets somebody decide about requests.
• `/ai-team project reranker $200 @ana` adds a project with a monthly budget and a lead.
• `/ai-team lead reranker @ben` lets somebody else lead a project; `/ai-team handover ci-7kq2 @ben` gives them a \
project or automation key.
• `/ai-team digest 09:00 Europe/Berlin` chooses when on Monday the weekly digest comes; `digest off` stops it, \
`digest` shows when it comes.
• `/ai-team expect project reranker until 15 December launch week` says that more will be spent, so that nobody is \
called about it; also `expect team until ...`, `expect end project reranker`, `expect list`.
• `/ai-team incidents` shows what went wrong with keys and is not closed yet: spikes, loops, leaks.
• `/ai-team watch on`, in any channel with Purser in it, has messages there looked through for keys: one that Purser \
handed out is turned off at once. `watch off` ends it, `watch` shows how it stands. Everybody there is told.
• `/ai-team inventory` shows which keys there are, the oldest and widest first, and keys that Purser did not make.
• `/ai-team review` asks the owners to confirm each of the team's keys; what nobody confirms is turned off in the end.
• `/ai-team left` shows who left and what they held, `left @ana` one person's evidence sheet.
• `/ai-team sweep` shows what a look through everybody in Slack would turn off now.
• `/ai-team policy` shows what is allowed here, and who has to agree to what.
Names have 1 to 40 of a-z, 0-9 and hyphens. Budgets start again on the 1st of each month, 00:00 UTC."""

_BUDGET = """*What is left, and asking for more*
• `/ai-budget` shows every limit that binds you: budget, spent, promised, left, when it resets, how fresh that is.
• `/ai-budget raise $200 until 15 December launch week` asks for more of what binds you; `raise` alone opens a form.
• `/ai-budget raise to $700 team until 2026-12-15 launch week` says what the limit should be.
• `/ai-budget raise $50 project search for 7d backfill`, `raise $20 @ana ...`, `raise $20 ana-7kq2 ...` raise a \
project's, a person's, a key's limit.
• `/ai-budget raise $5/day ci-7kq2 for 7d larger test runs` raises an automation key's cap per day.
• `/ai-budget queue` shows what waits for your word.
• `/ai-budget set team $700`, `set project search $300 soft`, `set @ana $50` set a monthly budget; for owners. A hard \
budget stops its keys when it is used up, a soft one only tells.
A raise is decided in the thread, like a key. It falls back by itself after its last day, or at the end of this month \
if you name none. Nothing that was spent is ever reset. Nobody decides their own."""

_DISABLE = """*Turn a key off, now*
• `/ai-disable ana-7kq2 posted in a public repo` turns off the key with this label.
• `/ai-disable sk-... found in a log` turns off the key you paste. It is recognised by its fingerprint; \
Purser neither stores nor repeats it.
• `/ai-disable @ana left the company`, `/ai-disable project search runs wild` list every key of a person or a project, \
and ask once before they stop.
Anybody may do this: when in doubt, do it. You are told how far "off" is proven. Its holder and the owners \
are told, and an owner can restore it. Keys of others have a limit per hour, unless you have the key itself, own \
the team or lead the project. A key in a message: *Report leaked key* in that message's menu."""

_USAGE = """*What was used, and by whom*
• `/ai-usage` shows your own last 30 days, by key.
• `/ai-usage team 7d by model` shows this channel's team; `team search` another one. Anybody may look at a team.
• `/ai-usage project reranker month` shows a project since the 1st.
• `/ai-usage key ana-7kq2 by day` shows one key; `@ana` one person: for themselves, owners and finance.
• `/ai-usage all 2026-10 by team` shows all teams in a month: for workspace owners and finance.
• `/ai-usage export team 90d` sends you a CSV file with the exact figures.
• `/ai-usage digest on` sends you a digest of your own every Monday; `digest off` stops it.
Words come in any order. Days: `7d`, `30d`, `90d`, any number up to `366d`, `today`, `week`, `last week`, `month`, \
`last month`, or a month such as `2026-10`. Split by model, member, project, key or day; all teams also by team.
Only you see the answer, until you press *Post to channel*. Days are UTC days; today counts, but is not compared."""

_TEXTS = {KEY: _KEY, BUDGET: _BUDGET, TEAM: _TEAM, DISABLE: _DISABLE, USAGE: _USAGE}


def help_for(command: str) -> Message:
    """How a command is used, with examples; for an unknown one, which there are."""
    text = _TEXTS.get(command)
    if text is None:
        return message(
            "Purser knows `/ai-key`, `/ai-budget`, `/ai-usage`, `/ai-team` and `/ai-disable`. Type one of them with "
            "`help`."
        )
    return message(f"How to use {command}", section(text))
