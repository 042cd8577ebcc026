"""Evidence as a table for auditors: one fact a line, the same columns for every fact and for ever.

CSV as RFC 4180 has it, in UTF-8, each line ended by a line feed; times in ISO 8601, UTC. Amounts are exact. A cell
that a spreadsheet would take for a formula starts with an apostrophe.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.evidence import Evidence, KeyEvidence, Step
from bot.domain.keys import KeyState
from bot.domain.offboarding import Outcome
from bot.domain.usage_csv import Column, cells, usd

COLUMNS = (
    Column("departure", "The departure's id: a person who left twice has two."),
    Column("member_id", "Slack user id of who left."),
    Column("member_name", "That person's name in Slack, as Purser saw it last."),
    Column("fact", "What kind of fact the line is."),
    Column("at", "When it was so, or happened; for amounts, when the gateway last told all its spend."),
    Column("by", "Who did it: a Slack user id, or `purser`."),
    Column("subject", "What it is about: a key's label, a team, a project, a request, an account at a gateway."),
    Column("gateway", "Where the key or account is; else empty."),
    Column("team", "The team concerned; empty for none."),
    Column("value", "The fact in a word: a role, an outcome, a proof, an action of the ledger, `not known yet`."),
    Column("amount_micros", "Money in micro-USD, a millionth of a dollar: exact. Empty where there is none."),
    Column("amount_usd", "The same in US dollars with six decimals: exact as well."),
    Column("seconds", "How long it took, from noticing that they left."),
    Column("ledger", "The number of the ledger's row; empty where the fact is not one row."),
    Column("detail", "What else is known of it."),
)


@dataclass(frozen=True, slots=True)
class _Fact:
    """One line, but for whose departure it belongs to."""

    fact: str
    at: datetime | None = None
    by: str = ""
    subject: str = ""
    gateway: str = ""
    team: str = ""
    value: str = ""
    micros: int | None = None
    seconds: int | None = None
    seq: int | None = None
    detail: str = ""


def heading() -> str:
    """The first line."""
    return ",".join(column.name for column in COLUMNS) + "\n"


def lines(evidence: Evidence) -> Iterator[str]:
    """The lines of one departure, each with its end, without the heading."""
    whose = (evidence.departure.id, evidence.person.id, evidence.person.name)
    for one in _facts(evidence):
        yield cells((*whose, *_cells(one))) + "\n"


def _cells(one: _Fact) -> tuple[str, ...]:
    return (
        one.fact,
        _moment(one.at),
        one.by,
        one.subject,
        one.gateway,
        one.team,
        one.value,
        "" if one.micros is None else str(one.micros),
        "" if one.micros is None else usd(one.micros),
        "" if one.seconds is None else str(one.seconds),
        "" if one.seq is None else str(one.seq),
        one.detail,
    )


def _facts(evidence: Evidence) -> Iterator[_Fact]:
    left = evidence.departure
    when = "" if left.left_at is None else f"left {_moment(left.left_at)}"
    detail = "; ".join(filter(None, [f"source {left.source}", when, left.note]))
    yield _Fact("departure", left.noticed_at, left.noticed_by, value="noticed", detail=detail)
    if left.ended_at is not None:
        yield _Fact("departure", left.ended_at, left.ended_by or "", value=str(left.state))
    for team in evidence.teams:
        yield _Fact("role", left.noticed_at, subject=team.name, team=team.name, value=str(team.left.role))
        if team.left.restored_at is not None:
            by = team.left.restored_by or ""
            yield _Fact("role", team.left.restored_at, by, team.name, team=team.name, value="restored")
    for project in evidence.projects:
        heir = project.left.moved_to
        told = "nobody leads it since" if heir is None else f"{heir} leads it since"
        yield _Fact("project", project.left.moved_at, subject=project.name, team=project.team, value="led", detail=told)
    for step in evidence.closed:
        yield _Fact("request", step.at, step.actor, step.subject, value=step.action, seq=step.seq, detail=step.reason)
    for key in evidence.keys:
        yield from _of_key(evidence, key)
    for account in evidence.accounts:
        yield _Fact(
            "account",
            account.at,
            subject=account.subject,
            gateway=account.gateway,
            value=account.action.removeprefix("seat."),
            detail=account.detail,
        )
    yield from map(_step, evidence.steps)


def _of_key(evidence: Evidence, one: KeyEvidence) -> Iterator[_Fact]:
    key = one.key
    detail = "; ".join(
        filter(
            None,
            [
                f"{key.kind} key",
                f"project {one.project}" if one.project else "",
                f"they were its {_WAS[one.left.was]}",
                f"holder now {key.holder_id}",
                f"lead now {key.lead_id}" if key.lead_id else "",
                f"state now {key.state}",
            ],
        )
    )
    told = _Fact("key", subject=key.label, gateway=key.gateway, team=one.team)
    outcome = "handed over" if one.left.outcome is Outcome.TAKEN else str(one.left.outcome)
    at = one.left.at or evidence.departure.noticed_at
    yield replace(told, at=at, by=one.left.by or "", value=outcome, detail=detail)
    if one.must_be_off:
        yield replace(told, fact="proof", at=one.proven_at, value=_proof(one), seconds=one.seconds)
    spend = one.spend
    told = replace(told, at=spend.read_at)
    yield replace(told, fact="spend_total", micros=spend.total_micros)
    if spend.before_micros is not None:
        yield replace(told, fact="spend_before", micros=spend.before_micros)
    if one.must_be_off and not one.is_back and one.key.state in (KeyState.DISABLED, KeyState.DISABLING):
        yield replace(told, fact="spend_late", micros=spend.late_micros)
        value = "not known yet" if spend.after_micros is None else ""
        yield replace(told, fact="spend_after", value=value, micros=spend.after_micros)


def _proof(one: KeyEvidence) -> str:
    if one.is_back:
        return "restored"
    if one.proof is None:
        return "never shown" if one.key.state in (KeyState.DISCARDING, KeyState.DISCARDED) else "not proven"
    return str(one.proof)


_WAS = {"holder": "holder", "lead": "lead", "both": "holder and lead"}


def _step(step: Step) -> _Fact:
    return _Fact(
        "step",
        step.at,
        step.actor,
        step.subject,
        value=step.action,
        micros=step.amount_micros,
        seq=step.seq,
        detail=step.reason,
    )


def _moment(at: datetime | None) -> str:
    """`2026-11-21T18:25:03Z`; empty for none."""
    return "" if at is None else f"{at:%Y-%m-%dT%H:%M:%S}Z"
