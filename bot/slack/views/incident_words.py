"""How incidents read, in the same words on every screen: what is abnormal, against what is usual, and how it stands.

Each function gives finished mrkdwn of a few sentences, or nothing where there is nothing to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.budgets import Layer
from bot.domain.incident_facts import Change, IncidentFacts, Since, What
from bot.domain.incident_lines import CAUSE_WORDS
from bot.domain.incidents import Cause, Evidence, Found, IncidentKind, IncidentState
from bot.domain.keys import Key, KeyState, OffCause, Proof
from bot.domain.money import show, show_beside
from bot.domain.periods import show_duration
from bot.domain.spikes import Rule
from bot.slack.views import limits
from bot.slack.views import phrases as say
from bot.slack.views.base import NAME_CHARS, clip, code, join, mention, moment
from bot.slack.views.figures import counted

PURSER = "purser"
WHERE_CHARS = 300
NOTE_CHARS = 400
NOT_YET = "*NOT yet off:* the gateway has not confirmed it, so it may still spend. Purser keeps trying."
TIMES_FROM = 2
"""From so many times as much on, it is said how many times."""
_LINK = re.compile(r"https://[\w.-]+(?::\d+)?(?:/[\w./~%+:@#?=&;,-]*)?")

KINDS = {
    IncidentKind.LEAK: "leak",
    IncidentKind.SPIKE: "spike",
    IncidentKind.LOOP: "loop",
    IncidentKind.AFTER_OFF: "spend after off",
    IncidentKind.CREDENTIAL: "leaked credential",
}


def person(member_id: str) -> str:
    """Somebody by mention; Purser by its name."""
    return "Purser" if member_id == PURSER else mention(member_id)


def subject(facts: IncidentFacts) -> str:
    """What it is about: `ana-7kq2`, @ana, project `reranker`."""
    incident = facts.incident
    match incident.layer:
        case Layer.MEMBER:
            return mention(incident.subject_id)
        case Layer.TEAM | Layer.PROJECT:
            return f"{incident.layer} {code(facts.name.removeprefix(f'{incident.layer} '))}"
        case _:
            return code(facts.name)


def headline(facts: IncidentFacts) -> str:
    """What is wrong, in one sentence without a mark at its end."""
    about = subject(facts)
    match facts.incident.kind:
        case IncidentKind.LEAK:
            return f"Leak: the secret of {about} was found where others can read it"
        case IncidentKind.SPIKE:
            much = (
                "a large share of its cap at once"
                if facts.incident.evidence.rule == Rule.SHARE
                else "far more than usual"
            )
            return f"Spike: {about} spends {much}"
        case IncidentKind.LOOP:
            return f"Loop: requests of {about} fail, over and over"
        case IncidentKind.AFTER_OFF:
            return f"Not off: {about} spent money after it was proven off"
        case IncidentKind.CREDENTIAL:
            return f"Leak: the credential that Purser manages {about} with was found where others can read it"


def abnormal(facts: IncidentFacts) -> str:
    """What is abnormal, how much against what is usual, and since when; of a leak, where it was found."""
    incident = facts.incident
    seen = _of_its_life(incident.evidence, facts)
    if incident.kind in (IncidentKind.LEAK, IncidentKind.CREDENTIAL):
        found = found_where(seen, incident.opened_by)
        return " ".join(filter(None, (found, clip(seen.note, NOTE_CHARS), _also(facts))))
    if incident.kind is IncidentKind.AFTER_OFF:
        said = [f"*{show(seen.seen_micros)}* was spent after that." if seen.seen_micros else ""]
    elif incident.kind is IncidentKind.LOOP:
        said = [_failing(seen), f"That cost {show(seen.seen_micros)}." if seen.seen_micros else ""]
    else:
        said = [_spending(seen)]
    return " ".join(filter(None, (*said, clip(seen.note, NOTE_CHARS), _also(facts))))


def _of_its_life(seen: Evidence, facts: IncidentFacts) -> Evidence:
    """Counted from whole hours on, but never from before the key was there."""
    revealed = facts.key.key.revealed_at if facts.key else None
    return replace(seen, since=max(seen.since, revealed)) if seen.since and revealed else seen


def _spending(seen: Evidence) -> str:
    """`*$12.40 since 14:00*; usual is $0.80 (the median of 6 earlier times), so this is 15 times as much.`"""
    spent = f"*{show_beside(seen.seen_micros, seen.usual_micros)}{_within(seen)}*"
    if not seen.compared:
        counts = f"; from {show(seen.limit_micros)} on it counts as abnormal" if seen.limit_micros else ""
        return f"{spent}{'' if seen.note else counts}."
    usual = f"{spent}; usual is {show_beside(seen.usual_micros, seen.seen_micros)}"
    many = seen.seen_micros // seen.usual_micros if seen.usual_micros > 0 else 0
    so_many = f", so this is {many:,} times as much" if many >= TIMES_FROM else ""
    return f"{usual} (the median of {counted(seen.compared, 'earlier time')}){so_many}."


def _within(seen: Evidence) -> str:
    """Since when it is counted; the hours that are compared are whole hours of the clock."""
    if seen.since:
        return f" since {moment(seen.since)}"
    return f" in {show_duration(seen.window_seconds)}" if seen.window_seconds else ""


def _failing(seen: Evidence) -> str:
    were = "failed or was tried again" if seen.seen_count == 1 else "failed or were tried again"
    usual = f"; usual is {seen.usual_count:,}" if seen.compared else ""
    return f"*{counted(seen.seen_count, 'request')} {were}{_within(seen)}*{usual}."


def _also(facts: IncidentFacts) -> str:
    """What else was noticed about it while it was open."""
    more = [KINDS[kind] for kind in facts.kinds if kind is not facts.incident.kind]
    also = f"Also noticed: {join(list(dict.fromkeys(more)))}." if more else ""
    again = f"It was noticed {counted(facts.again, 'time')} more." if facts.again else ""
    return " ".join(filter(None, (also, again)))


def found_where(seen: Evidence, by: str) -> str:
    """How a secret was found, and where it stands."""
    author = f" by {mention(seen.author_id)}" if seen.author_id else ""
    is_message = seen.found in (Found.WATCHED, Found.REPORTED)
    channel = f" in <#{seen.channel_id}>" if re.fullmatch(r"[CGD][A-Z0-9]{1,20}", seen.channel_id) else ""
    place = where(seen.where) if _is_link(seen.where) or not is_message else ""
    match seen.found:
        case Found.WATCHED:
            return f"It was posted{author}{channel}{f' ({place})' if place else ''}."
        case Found.GITHUB:
            return f"GitHub's secret scanning found it{f': {place}' if place else ''}."
        case Found.SCANNED:
            return f"`purser scan` found it{f' in {place}' if place else ''}."
        case Found.REPORTED:
            message = f" It stands in a message{author}{channel}." if author or channel else ""
            return f"Reported by {person(by)}.{message}{f' {say.capital(place)}.' if place else ''}"
        case None:
            return ""


def where(place: str) -> str:
    """A link where it is surely one, else the place as a name; never what it does not say."""
    if _is_link(place):
        return f"<{place.replace('&', '&amp;')}|look at it there>"
    return code(place, WHERE_CHARS) if place.strip() else ""


def _is_link(place: str) -> bool:
    return len(place) <= WHERE_CHARS and _LINK.fullmatch(place) is not None


def whose(facts: IncidentFacts) -> str:
    """Whose it is: holder, kind, team, project and who answers for it."""
    team = f" in team {code(facts.team.name)}" if facts.team else ""
    named = f", project {code(facts.project.name)}" if facts.project else ""
    lead = f", led by {mention(facts.lead_id)}" if facts.lead_id and facts.lead_id != facts.holder_id else ""
    if facts.key is None:
        return f"*Whose:*{team.removeprefix(' in')}{named}{lead}." if team or named or lead else ""
    key = facts.key.key
    article = "an" if key.kind[:1] in "aeiou" else "a"
    return f"*Whose:* {mention(key.holder_id)}, {article} {key.kind} key{team}{named}{lead}."


# --- how it stands ---


def stands(facts: IncidentFacts) -> str:
    """The truth of the moment about the key: works, not yet off, off and how far proven, restored."""
    if facts.key is None:
        return _since_opened(facts)
    key = facts.key.key
    match key.state:
        case KeyState.DISABLING:
            return f"{NOT_YET} {off_by(key)} {_since_opened(facts)}".rstrip()
        case KeyState.DISABLED:
            return " ".join(filter(None, (f"*Off.* {off_by(key)}", say.proof(key.proof, key.proven_at), _after(facts))))
        case KeyState.RESTORING:
            return "*Being restored;* not confirmed to work again yet."
        case KeyState.LIVE:
            return f"{_works(facts)} {_since_opened(facts)}".rstrip()
        case _:
            return say.key_state(key)


def off_by(key: Key) -> str:
    """Who turned it off, when and why."""
    when = f" {moment(key.off_at)}" if key.off_at else ""
    if key.off_cause is OffCause.ROTATED:
        return f"Another key took its place{when}."
    if key.off_by == PURSER and key.off_cause is OffCause.DISABLED:
        return f"Purser stopped it at once{when}{own_reason(key.off_reason or '')}"
    return say.off_cause(key)


def own_reason(reason: str) -> str:
    """Purser's own reason, to end a sentence with: `: its secret stood in a message.`"""
    said = clip(reason, NOTE_CHARS).rstrip(".")
    return f": {said}." if said else "."


def _works(facts: IncidentFacts) -> str:
    back = restored(facts)
    if back is None:
        return "*The key works.*" if facts.incident.state is IncidentState.CLOSED else "*It still works.*"
    budget = f" with {show(back.micros)}" if back.micros is not None else " with what was left of its cap"
    until = f" {clip(back.detail, NAME_CHARS)}" if back.detail else ""
    by = f" by {person(back.by)}" if back.by else ""
    return f"*It works again:* restored{by} {moment(back.at)}{budget}{until}."


def restored(facts: IncidentFacts) -> Change | None:
    """How it was restored since this was opened, or None."""
    back = last(facts.changes, What.RESTORED)
    return None if back is None or back.at < facts.incident.opened_at else back


def last(changes: Sequence[Change], what: What) -> Change | None:
    """The newest change of this kind, or None."""
    return next((one for one in reversed(changes) if one.what is what), None)


def _after(facts: IncidentFacts) -> str:
    """What was spent since it was off, and whether it is gone at the gateway by now."""
    key = facts.key.key if facts.key else None
    gone = (
        f"*Deleted at the gateway* {moment(key.deleted_at)}, so it cannot come back." if key and key.deleted_at else ""
    )
    new = "Its secret is known to others, so it never works again." if key and key.leaked_at and not gone else ""
    is_said = key is not None and key.proof in (Proof.QUIET, Proof.PROBED_QUIET) and not _micros(facts.since_off)
    spent = "" if is_said else _spent_since(facts.since_off, "since it was proven off")
    return " ".join(filter(None, (spent, gone, new)))


def _micros(since: Since | None) -> int:
    return 0 if since is None else since.micros


def _since_opened(facts: IncidentFacts) -> str:
    if facts.incident.state is IncidentState.CLOSED:
        return ""
    since = facts.since_opened
    is_from_then = since is None or since.since >= facts.incident.opened_at
    return _spent_since(since, "since this was opened" if is_from_then or since is None else _from(since))


def _from(since: Since) -> str:
    """Counted in whole hours: from before it was opened."""
    return f"since {moment(since.since)}"


def _spent_since(since: Since | None, words: str) -> str:
    if since is None or (not since.micros and (since.read_at is None or since.read_at <= since.since)):
        return ""  # nobody has looked since
    spent = f"*{show(since.micros)}*" if since.micros else "Nothing"
    late = ", which may be of before and told late" if since.micros and since.may_be_late else ""
    return f"{spent} was spent {words}{late} ({limits.as_of(since.read_at, 'not read since')})."


def closed(facts: IncidentFacts) -> str:
    """Who closed it, when, with which cause."""
    incident, line = facts.incident, facts.closing
    by = f" by {person(incident.closed_by)}" if incident.closed_by else ""
    when = f" {moment(incident.closed_at)}" if incident.closed_at else ""
    known = line.reason if line else str(incident.cause or "")
    return f"*Closed*{by}{when}: {cause_said(known)}" if known else f"*Closed*{by}{when}."


def cause_said(reason: str) -> str:
    """`A retry loop. “the client had no backoff”.` from a row that closes: its cause, and somebody's words."""
    given, _, rest = reason.partition(": ")
    cause = CAUSE_WORDS[Cause(given)] if given in set(Cause) else clip(given, NAME_CHARS)
    said = f" {say.quoted(rest)}." if rest.strip() else ""
    return f"{cause}.{said}"
