"""The thread of an incident: whose it is and what changed lately, what may be behind it; and what is asked directly.

Whoever is asked to explain is mentioned once; everything else mentions only who did something.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.budgets import Layer
from bot.domain.incident_facts import Change, IncidentFacts, IncidentNotice, Part, What
from bot.domain.incidents import IncidentKind, IncidentState
from bot.domain.keys import KeyState
from bot.domain.money import show
from bot.slack.views import actions as act
from bot.slack.views import incident_lines as lines
from bot.slack.views import incident_words as words
from bot.slack.views import phrases as say
from bot.slack.views.base import (
    NAME_CHARS,
    Block,
    Message,
    actions,
    button,
    clip,
    code,
    mention,
    mentions,
    message,
    moment,
    section,
    stack,
)

CHANGES_SHOWN = 8
EXPECTED_DAYS = 7
"""For how long more is expected, in the example."""
DETAIL_CHARS = 200


def step(notice: IncidentNotice) -> Message:
    """One message of the thread."""
    facts = notice.facts
    match notice.part:
        case Part.CONTEXT:
            return _context(facts)
        case Part.CHECKLIST:
            return _checklist(facts)
        case _:
            said = lines.line_of(notice)
            return message(said, section(said), actions(*_line_buttons(notice)))


def close_button(facts: IncidentFacts) -> Block | None:
    """Close incident, which asks for the cause."""
    if facts.incident.state is IncidentState.CLOSED:
        return None
    return button("Close incident", act.CLOSE_INCIDENT, facts.incident.id)


def export_button(facts: IncidentFacts) -> Block:
    """Export timeline, as a file in the thread."""
    return button("Export timeline", act.EXPORT_INCIDENT, facts.incident.id)


# --- whose it is ---


def _context(facts: IncidentFacts) -> Message:
    """Holder, project, who agreed last, what changed lately; and the question to those who should know."""
    told = [
        words.whose(facts) or f"*About:* {words.subject(facts)}.",
        _agreed(facts),
        f"*Spend:* {say.spent(facts.key)}." if facts.key else "",
        *_changes(facts),
        _question(facts),
    ]
    return message(stack(told), section(stack(told)))


def _agreed(facts: IncidentFacts) -> str:
    when = f" {moment(facts.approved_at)}" if facts.approved_at else ""
    owners = [one for one in facts.approved_by if one != words.PURSER]
    if owners:
        return f"*Agreed to by* {mentions(owners)}{when}."
    return f"*Agreed to by* the rule {code(facts.rule)}{when}." if facts.rule else ""


def _changes(facts: IncidentFacts) -> list[str]:
    """The newest changes, oldest first."""
    if facts.incident.layer is None:
        return []
    changes = [one for one in facts.changes if not (one.what is What.APPROVED and one.at == facts.approved_at)]
    if not changes:
        return ["*Changed lately:* nothing else in the seven days before."]
    shown = changes[-CHANGES_SHOWN:]
    more = len(changes) - len(shown)
    head = f"*Changed lately* (and {more} times before):" if more > 0 else "*Changed lately:*"
    return [head, *(f"• {moment(one.at)}: {change(one)}" for one in shown)]


def change(one: Change) -> str:
    """One recent change, as it stands after its moment."""
    by = f" by {words.person(one.by)}" if one.by else ""
    amount = f" {show(one.micros)}" if one.micros is not None else ""
    detail = clip(one.detail, DETAIL_CHARS)
    match one.what:
        case What.APPROVED:
            return f"agreed to{by}{f', with{amount}' if amount else ''}"
        case What.RAISED:
            return f"{_limit(one)}raised{f' by{amount}' if amount else ''}{by.replace(' by ', ', agreed to by ')}"
        case What.EXTENDED:
            return f"given more time{by}"
        case What.BUDGET_SET:
            return f"{_limit(one)}set{f' to{amount}' if amount else ''}{by}"
        case What.CAP_PUT_BACK:
            return "its cap had been changed at the gateway; Purser put it back"
        case What.ROTATED:
            return f"rotated{by}{f', in the place of {code(one.detail)}' if detail else ''}"
        case What.RESTORED:
            return f"restored{by}{f' with{amount}' if amount else ''}{f' {detail}' if detail else ''}"
        case What.NEW_MODEL:
            return f"the model {code(one.detail)} was used for the first time"


def _limit(one: Change) -> str:
    """Whose budget it was: its detail begins with that."""
    whose = one.detail.partition(":")[0]
    return f"budget of the {whose} " if whose in set(Layer) - {Layer.KEY, Layer.AUTOMATION} else "its cap "


def _question(facts: IncidentFacts) -> str:
    is_leak, author = facts.incident.kind is IncidentKind.LEAK, facts.incident.evidence.author_id
    asked = tuple(dict.fromkeys((*facts.asked_ids, *([author] if is_leak and author else []))))
    what = "how did it get there?" if is_leak else "what is it doing?"
    return f"{mentions(asked)}: {what} Please answer here; a line is enough." if asked else ""


# --- what may be behind it ---


def _checklist(facts: IncidentFacts) -> Message:
    told = _OF_KIND.get(facts.incident.kind, _of_spend)(facts)
    return message(told[0], section(stack(told)), actions(close_button(facts), export_button(facts)))


def _of_leak(facts: IncidentFacts) -> list[str]:
    key = facts.key.key if facts.key else None
    label = code(key.label) if key else words.subject(facts)
    new = (
        f"• *A new secret:* *Restore* lets {mention(key.holder_id)} reveal one; {label} itself stays off."
        if key
        else ""
    )
    return [
        "*What is left to do.* When it is done, press *Close incident*.",
        "• *Where it stands:* take it out. An edited message keeps its history, and so does a commit.",
        "• *Who used it:* look at what was spent since it stood there. What nobody can explain was somebody else's.",
        new,
        "• *Next time:* secrets belong in a secret store. `purser scan` finds keys before they are committed.",
    ]


def _of_credential(facts: IncidentFacts) -> list[str]:
    gateway = words.subject(facts)
    return [
        "*What is left to do.* When it is done, press *Close incident*.",
        f"• *Change it:* at {gateway} first, then in Purser's settings; start Purser again. `purser doctor` tells.",
        "• *Where it stands:* take it out. An edited message keeps its history, and so does a commit.",
        f"• *Who used it:* look which keys were made at {gateway} since; Purser tells of those that are not its own.",
    ]


def _of_spend(facts: IncidentFacts) -> list[str]:
    """The causes to go through, each with what is known about it here."""
    named = facts.key.key.label if facts.key else ""
    usage = f"`/ai-usage key {clip(named, NAME_CHARS)} 7d by model`" if named else "`/ai-usage team 7d by model`"
    new = words.last(facts.changes, What.NEW_MODEL)
    model = f" *{code(new.detail)} was used for the first time* {moment(new.at)}." if new else f" {usage} shows them."
    seen = facts.incident.evidence
    failed = (
        f" *{seen.seen_count:,} requests failed or were tried again.*"
        if facts.incident.kind is IncidentKind.LOOP
        else ""
    )
    off = f" `/ai-key rotate {clip(named, NAME_CHARS)} now` gives its holder a new secret." if named else ""
    return [
        "*What is behind it?* When you know, press *Close incident*.",
        f"• *Retry loop:* the same call fails and is made again.{failed}",
        f"• *Model change:* a dearer model than before.{model}",
        "• *Prompt size:* prompts or answers have grown, or a whole history is sent each time.",
        f"• *Leaked:* somebody else spends it. Turn it off.{off}",
        f"• *Expected:* a launch, a batch. {_expect(facts)} keeps the next one quiet.",
    ]


def _expect(facts: IncidentFacts) -> str:
    named = facts.project.name if facts.project else ""
    what = f"project {clip(named, NAME_CHARS)}" if named else "team"
    until = facts.incident.opened_at + timedelta(days=EXPECTED_DAYS)
    return f"`/ai-team expect {what} until {until:%Y-%m-%d} launch week`"


_OF_KIND = {IncidentKind.LEAK: _of_leak, IncidentKind.CREDENTIAL: _of_credential}


# --- directly, to holder and lead ---


def explain(facts: IncidentFacts, _now: datetime, member_id: str) -> Message:
    """What is abnormal about a key of yours, and the question what it is doing."""
    incident, key = facts.incident, facts.key.key if facts.key else None
    own = key is not None and key.holder_id == member_id
    about = "" if key is None else " It is your key." if own else f" {mention(key.holder_id)} holds it."
    is_leak = incident.kind is IncidentKind.LEAK
    question = "How did it get there" if is_leak else "What is it doing"
    place = f" in the thread of the incident in <#{incident.channel_id}>" if incident.channel_id else " to an owner"
    told = [
        f"*{words.headline(facts)}.*{about}",
        words.abnormal(facts),
        words.stands(facts),
        f"*{question}?* Please answer{place}; a line is enough.",
        _own_way_out(facts),
    ]
    disable = say.disable_button(key) if key else None
    return message(" ".join(told[:2]), section(stack(told)), actions(disable))


def _own_way_out(facts: IncidentFacts) -> str:
    key = facts.key.key if facts.key else None
    if key is None or key.state is not KeyState.LIVE:
        return ""
    return "Not meant to happen, or not sure? *Disable now* stops it. An owner can restore it."


def _line_buttons(notice: IncidentNotice) -> list[Block | None]:
    """A reminder can be answered where it stands."""
    facts = notice.facts
    action = notice.line.action if notice.line else ""
    if facts.incident.state is IncidentState.CLOSED:
        return []
    if action == "incident.reminded":
        disable = say.disable_button(facts.key.key) if facts.key else None
        is_open = facts.incident.state is IncidentState.OPEN
        return [disable, button("Acknowledge", act.ACKNOWLEDGE, facts.incident.id) if is_open else None]
    return []
