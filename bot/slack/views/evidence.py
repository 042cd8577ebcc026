"""What people read of a departure afterwards: the evidence sheet of one person, and who left lately.

For owners and auditors: exact, in order, with what proves it and how fresh each figure is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.domain.evidence import (
    SEAT_KEPT,
    SEAT_NONE,
    SEAT_REMOVED,
    Account,
    Evidence,
    KeyEvidence,
    LeftLately,
    Step,
)
from bot.domain.keys import KeyState
from bot.domain.money import show
from bot.domain.offboarding import DepartureState, Outcome, Source, Was
from bot.domain.people import Role
from bot.domain.periods import MINUTE_SECONDS, show_duration
from bot.slack.views import actions as act
from bot.slack.views import phrases as say
from bot.slack.views.base import (
    Block,
    Message,
    actions,
    button,
    clip,
    code,
    context,
    join,
    mention,
    mentions,
    message,
    moment,
    section,
    sentence,
    stack,
)
from bot.slack.views.departures import restore_button
from bot.slack.views.figures import counted

KEYS_SHOWN = 25
STEPS_SHOWN = 30
LISTED = 40
REASON_CHARS = 160
_SOURCE = {
    Source.EVENT: "Slack said so at once",
    Source.SWEEP: "found when everybody in Slack was looked through",
    Source.FEED: "a list of leavers said so",
}
_WAS = {Was.HOLDER: "held", Was.LEAD: "led", Was.BOTH: "held and led"}


def sheet(told: Evidence) -> Message:
    """Everything about one departure, as far as the reader may see it."""
    title = f"*What was done when {_who(told)} left.*"
    return message(
        f"{title} {_verdict(told)}",
        section(stack([title, _noticed(told), _ended(told), f"*{_verdict(told)}*"])),
        _part("They were", _roles(told)),
        _part(f"{counted(len(told.keys), 'key')} they held or led", _keys(told), len(told.keys) > 0),
        _part("Spend after they were off", _spend(told), bool(told.went_off)),
        _part("Requests of theirs that were closed", [_step(step) for step in told.closed]),
        _part("Accounts at gateways", [_account(one) for one in told.accounts]),
        _part("What was done, in order (ledger)", _steps(told.steps)),
        context(_others(told), f"As the books are {moment(told.at)}. The CSV holds every fact and every row."),
        actions(
            button("Export CSV", act.EVIDENCE_CSV, told.departure.id),
            restore_button(told.departure.id) if told.can_be_undone else None,
        ),
    )


def lately(found: Sequence[LeftLately], days: int, most: int = 200) -> Message:
    """Who left lately, newest first, and what is still open. Of more than `most`, only so many are counted."""
    if not found:
        return message(f"Nobody left in the last {days} days, as far as your teams are concerned.")
    is_cut, found = len(found) > most, found[:most]
    waiting, unproven = sum(one.waiting for one in found), sum(one.unproven for one in found)
    left = "1 person" if len(found) == 1 else f"{len(found)} people"
    title = f"*{left} left in the last {days} days.* {_open(waiting, unproven)}"
    if is_cut:
        title = f"*More than {left} left in the last {days} days.* Of the newest {most:,}: {_open(waiting, unproven)}"
    lines = [_line(one) for one in found[:LISTED]]
    more = [f"…and {len(found) - LISTED} more"] if len(found) > LISTED else []
    hint = "`/ai-team left @name` shows what they held, what was done, and what proves it."
    hint += " `purser evidence --since DAY` writes down all of them." if is_cut else ""
    return message(title, section(title), section(stack([*lines, *more])), context(hint))


def sending(told: Evidence) -> Message:
    """The answer to Export CSV."""
    return message(
        f"The evidence of {mention(told.person.id)}'s leaving comes to you as a CSV file, by direct message."
    )


# --- the list ---


def _line(one: LeftLately) -> str:
    told = one.departure
    parts = [f"{counted(one.off, 'key')} off"] if one.off else []
    if one.back:
        parts.append(f"{counted(one.back, 'key')} on again")
    parts = parts or ["no key of their own"]
    if one.unproven:
        parts.append(f"*{one.unproven} NOT confirmed off yet*")
    if one.waiting:
        parts.append(f"*{one.waiting} {'waits' if one.waiting == 1 else 'wait'} to be taken over*")
    if told.state is DepartureState.RETURNED:
        parts.append("is back")
    if told.state is DepartureState.UNDONE:
        parts.append("was wrong, and undone")
    who = f"{clip(one.name, 60)} ({mention(told.member_id)})" if one.name.strip() else mention(told.member_id)
    return f"• {who}, {moment(told.noticed_at)}: {', '.join(parts)}"


def _open(waiting: int, unproven: int) -> str:
    parts = []
    if unproven:
        parts.append(f"{counted(unproven, 'key')} {'is' if unproven == 1 else 'are'} NOT confirmed off yet")
    if waiting:
        parts.append(f"{counted(waiting, 'key')} {'waits' if waiting == 1 else 'wait'} to be taken over")
    return f"{say.capital(join(parts))}." if parts else "Nothing is open."


# --- the sheet ---


def _who(told: Evidence) -> str:
    name = clip(told.person.name, 80)
    return f"{name} ({mention(told.person.id)})" if name else mention(told.person.id)


def _noticed(told: Evidence) -> str:
    left = told.departure
    by = f" from {mention(left.noticed_by)}" if left.noticed_by != "purser" else ""
    when = f" It says that they left {moment(left.left_at)}." if left.left_at is not None else ""
    note = f" {say.quoted(left.note, REASON_CHARS)}" if left.note.strip() else ""
    return f"Noticed {moment(left.noticed_at)}: {_SOURCE[left.source]}{by}.{when}{note}"


def _ended(told: Evidence) -> str:
    left = told.departure
    restored = [one for one in told.teams if one.left.restored_at is not None and one.left.restored_by is not None]
    who = f" by {mentions(sorted({one.left.restored_by or '' for one in restored}))}" if restored else ""
    at = f" {moment(left.ended_at)}" if left.ended_at is not None else ""
    if left.state is DepartureState.UNDONE:
        return f"It was wrong, and was undone{who}{at}."
    if left.state is DepartureState.RETURNED:
        again = f" What was theirs was restored{who}." if who else ""
        return f"They are back in Slack{f', since{at}' if at else ''}. Nothing came back by that.{again}"
    return ""


def _verdict(told: Evidence) -> str:
    """Whether all is well, in one sentence, and what is not."""
    if told.is_restored:
        return "This was undone, so keys of theirs may work again."
    wrong = []
    if told.unproven:
        wrong.append(f"{counted(len(told.unproven), 'key')} NOT confirmed off yet")
    if told.open_handovers:
        one = told.open_handovers == 1
        wrong.append(f"{counted(told.open_handovers, 'key')} {'waits' if one else 'wait'} to be taken over")
    spent = told.spent_after_micros
    if spent:
        wrong.append(f"{show(spent)} spent after being off")
    kept = sum(one.action == SEAT_KEPT for one in told.accounts)
    if kept:
        wrong.append(f"{counted(kept, 'account')} at a gateway {'stays' if kept == 1 else 'stay'}")
    if wrong:
        return f"Still open: {join(wrong)}."
    if not told.went_off:
        return "Nothing is open; no key had to be turned off."
    slowest = told.slowest_seconds
    took = "" if slowest is None else f", the last within {_took(slowest) if slowest else 'a second'}"
    figures = ", and nothing was spent after that" if spent == 0 else ", and late figures may still come in"
    back = sum(one.is_back for one in told.went_off)
    figures = figures if back < len(told.went_off) else ""
    again = f" {counted(back, 'key')} {'works' if back == 1 else 'work'} again since, restored by an owner."
    return f"Nothing is open: every key of theirs was proven off{took}{figures}.{again if back else ''}"


def _roles(told: Evidence) -> list[str]:
    lines = []
    for one in told.teams:
        if one.left.role is Role.NONE:
            continue
        what = "an owner" if one.left.role is Role.OWNER else "a member"
        lines.append(f"• {what} of team {code(one.name)}")
    for project in told.projects:
        heir = project.left.moved_to
        since = f"{mention(heir)} leads it since" if heir else "nobody leads it since"
        lines.append(f"• lead of project {code(project.name)} in team {code(project.team)}; {since}")
    return lines


def _keys(told: Evidence) -> list[str]:
    lines = [f"• {_key(one)}" for one in told.keys[:KEYS_SHOWN]]
    return [*lines, *([f"…and {len(told.keys) - KEYS_SHOWN} more"] if len(told.keys) > KEYS_SHOWN else [])]


def _key(one: KeyEvidence) -> str:
    what = f"{code(one.key.label)} ({one.key.kind}, {_WAS[one.left.was]})"
    match one.left.outcome:
        case Outcome.OFF | Outcome.STOPPED:
            how = "turned off at once" if one.left.outcome is Outcome.OFF else "stopped, as nobody took it over"
            return f"{what}: {how}; {_proof(one)}"
        case Outcome.WAITING:
            return f"{what}: works on, and waits to be taken over"
        case Outcome.TAKEN:
            at = f" {moment(one.left.at)}" if one.left.at is not None else ""
            return f"{what}: handed over to {mention(one.left.by or '')}{at}"
        case Outcome.ENDED:
            proof = f"; {_proof(one)}" if one.must_be_off else ""
            return f"{what}: was turned off, ran out or was replaced meanwhile{proof}"


def _proof(one: KeyEvidence) -> str:
    if one.key.state in (KeyState.LIVE, KeyState.RESTORING):
        return "works again since it was restored"
    if one.key.state is KeyState.DISCARDING or one.key.state is KeyState.DISCARDED:
        return "given up before anybody saw it"
    if one.proof is None:
        return f"*{say.NOT_CONFIRMED}*"
    after = f", {_took(one.seconds)} after it was noticed" if one.seconds is not None else ""
    first = f"; first proven {moment(one.proven_at)}{after}" if one.proven_at is not None else ""
    return f"{say.proof_short(one.proof, one.key.proven_at)}{first}"


def _took(seconds: int) -> str:
    """To the second while it was short."""
    if seconds < 1:
        return "less than a second"
    return counted(seconds, "second") if seconds < MINUTE_SECONDS else show_duration(seconds)


def _spend(told: Evidence) -> list[str]:
    return [f"• {_figure(one)}" for one in told.went_off[:KEYS_SHOWN]]


def _figure(one: KeyEvidence) -> str:
    spend, label = one.spend, code(one.key.label)
    fresh = (
        f"as its gateway told {moment(spend.read_at)}" if spend.read_at is not None else "its gateway told nothing yet"
    )
    before = ""
    if spend.before_micros is not None:
        before = f" Between their leaving and its being noticed: {show(spend.before_micros)}, in whole hours."
    if one.key.state not in (KeyState.DISABLED, KeyState.DISABLING):
        return f"{label}: not off now; {show(spend.total_micros)} in all, {fresh}.{before}"
    if spend.after_micros is None:
        return f"{label}: not known yet, for late figures may still come in; {fresh}.{before}"
    late = f" {show(spend.late_micros)} told later belongs to before." if spend.late_micros else ""
    bold = "*" if spend.after_micros else ""
    return f"{label}: {bold}{show(spend.after_micros)}{bold}, {fresh}.{late}{before}"


def _account(one: Account) -> str:
    detail = f": {clip(one.detail, 600)}" if one.detail else ""
    at, gateway = moment(one.at), clip(one.gateway, 40)
    if one.action == SEAT_NONE:
        return f"• {gateway}: none found {at}{detail}"
    if one.action == SEAT_REMOVED:
        return f"• {gateway}: {code(one.subject)} was taken away {at}. Restore does not bring it back."
    if one.action == SEAT_KEPT:
        return f"• {gateway}: *{code(one.subject)} stays*{detail}. Purser looks again every hour."
    return f"• {gateway}: {code(one.subject)} is being taken away"


def _steps(steps: Sequence[Step]) -> list[str]:
    shown = [_step(step) for step in steps[:STEPS_SHOWN]]
    return [*shown, *([f"…and {len(steps) - STEPS_SHOWN} more, in the CSV"] if len(steps) > STEPS_SHOWN else [])]


_NAMING = frozenset({"key.taken_over", "key.handed_over", "key.led", "project.led", "request.led"})
"""What the ledger has in Purser's own words with people in it; other reasons may be typed, and mention nobody."""


def _step(step: Step) -> str:
    who = "Purser" if step.actor == "purser" else mention(step.actor)
    what = step.action.replace("_", " ").replace(".", " ", 1)
    about = f" {code(step.subject)}" if step.subject else ""
    money = f" ({show(step.amount_micros)})" if step.amount_micros else ""
    shown = sentence if step.action in _NAMING else clip
    why = f": {shown(step.reason, REASON_CHARS)}" if step.reason.strip() else ""
    return f"• {moment(step.at)} {who}: {what}{about}{money}{why} (#{step.seq})"


def _others(told: Evidence) -> str:
    if not told.others:
        return ""
    times = join([moment(one.noticed_at) for one in told.others[:5]])
    return f"They also left before or since: {times}. This is the newest time."


def _part(title: str, lines: Iterable[str], is_worth: bool = True) -> list[Block]:  # noqa: FBT001, FBT002 - one call each
    wanted = list(lines) if is_worth else []
    return [section(stack([f"*{title}*", *wanted]))] if wanted else []
