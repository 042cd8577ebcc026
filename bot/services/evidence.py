"""The evidence of departures, gathered from the books: for who may see it in Slack, as a file, or for auditors.

Owners of a team see what concerns their teams; the workspace's owners and finance see all of it. Reads only, but for
the file that somebody asks for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.domain import evidence_csv
from bot.domain.aging import IN_USE
from bot.domain.budgets import TOTAL
from bot.domain.evidence import Evidence, KeyEvidence, LeftLately, ProjectEvidence, Spend, Step, TeamEvidence, went_off
from bot.domain.facts import Occasion
from bot.domain.keys import Key, KeyState, Proof
from bot.domain.offboarding import Departure, LeftKey, Outcome
from bot.domain.people import Member
from bot.domain.requests import Because, Refused
from bot.services.context import Actor, Purser, changed, effect, take_in
from bot.services.ports import DeliveryError, FailureKind, FileToSend, Sending
from bot.services.telling import Telling, tell_people
from storage import departures, keys, ledger, people, readings, syncs
from storage import evidence as stored
from storage.engine import Session
from storage.outbox import Claimed

FILE = "slack.evidence"
"""The effect that sends it as a file."""
LATELY_DAYS = 90
MOST_LISTED = 200
NOT_YOURS = Refused(
    Because.NOT_ALLOWED,
    "Only owners of the teams concerned, the workspace's owners and finance see what was done when somebody left.",
)


def evidence(purser: Purser, actor: Actor, member_id: str) -> Evidence | Refused:
    """All that is known of the newest departure of a person, as far as the asker may see it."""
    with purser.books.reading() as session:
        departure = departures.latest_of(session, member_id)
        if departure is None:
            return _never_left(session, purser, actor)
        return _seen(session, purser, actor.member, departure)


def lately(purser: Purser, actor: Actor) -> tuple[LeftLately, ...] | Refused:
    """Who left in the last 90 days, as far as the asker sees it, newest first; at most one more than `MOST_LISTED`."""
    since = purser.now() - timedelta(days=LATELY_DAYS)
    with purser.books.reading() as session:
        if not _may_ask(session, purser, actor.member):
            return NOT_YOURS
        found = []
        for departure in departures.recent(session, since=since):
            sight = _sight(session, purser, actor.member, departure)
            if sight is None or sight:
                found.append(_line(session, departure, sight))
            if len(found) > MOST_LISTED:
                break
        return tuple(found)


def send_me(purser: Purser, actor: Actor, departure_id: str) -> Evidence | Refused:
    """Send the asker the evidence of a departure as a file, by direct message. Gives what it is of."""
    with purser.deciding() as session:
        take_in(session, actor)
        departure = departures.get(session, departure_id)
        if departure is None:
            return Refused(Because.NOT_FOUND, "Purser knows of no such departure.")
        seen = _seen(session, purser, actor.member, departure)
        if isinstance(seen, Refused):
            return seen
        now = purser.now()
        changed(session, now)
        payload = {"departure_id": departure.id, "member_id": actor.id}
        effect(session, now, stream=f"file:{actor.id}", name=FILE, payload=payload, once=actor.delivery)
    return seen


def send(purser: Purser, row: Claimed) -> None:
    """Write the file as the books are now, as far as the person may see them now, and send it once.

    Raises `DeliveryError`, for good when they may not see it any more.
    """
    member_id = row.payload["member_id"]
    with TemporaryDirectory(prefix="purser-") as folder:
        path = Path(folder) / "evidence.csv"
        with purser.books.reading() as session:
            viewer = people.member(session, member_id)
            departure = departures.get(session, row.payload["departure_id"])
            if viewer is None or departure is None:
                raise DeliveryError(FailureKind.PERMANENT, "Purser does not know this person or departure any more")
            seen = _seen(session, purser, viewer, departure)
            if isinstance(seen, Refused):
                raise DeliveryError(FailureKind.PERMANENT, seen.text)
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(evidence_csv.heading())
            count = sum(1 for line in evidence_csv.lines(seen) if file.write(line))
        whole = FileToSend(_file_name(seen), f"Evidence: {seen.person.name} left", path)
        text = f"*What was done when <@{seen.person.id}> left*: {count:,} facts, as the books are now."
        purser.notifier.send_file(member_id, whole, text, Sending(f"outbox-{row.id}", row.outcome_unknown))


def failed(purser: Purser, session: Session, row: Claimed, error: str) -> None:
    """The file could not be sent: who waits for it is told why."""
    telling = Telling(Occasion.EFFECT_FAILED, note=f"the evidence file could not be sent to you: {error}")
    tell_people(session, purser.now(), telling, (row.payload["member_id"],), once=f"evidence:{row.id}")


def lines(session: Session, purser: Purser, departure_ids: Iterable[str]) -> Iterator[str]:
    """The table of these departures, all of it, line by line. Any number: one is held at a time."""
    yield evidence_csv.heading()
    for departure_id in departure_ids:
        departure = departures.get(session, departure_id)
        if departure is not None:
            yield from evidence_csv.lines(gather(session, purser, departure))


def named(session: Session, member_id: str | None, since: str | None) -> list[str]:
    """The departures that an auditor means: of one person, or noticed from a UTC day on. Raises ValueError."""
    if member_id is not None:
        newest = departures.latest_of(session, member_id)
        if newest is None:
            raise ValueError(f"Purser knows of no departure of {member_id}.")
        return [*reversed(stored.others(session, newest)), newest.id]
    try:
        day = datetime.strptime(since or "", "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"--since is a day such as 2026-11-01, not {since!r}.") from None
    return stored.noticed_between(session, day)


# --- who may see what ---


def _may_ask(session: Session, purser: Purser, person: Member) -> bool:
    if purser.authority.stranger(person) is not None:
        return False
    mine = people.teams_of(session, person.id)
    return purser.authority.sees_everything(person) or any(
        purser.authority.barrier_to_own(person, team) is None for team in mine
    )


def _never_left(session: Session, purser: Purser, actor: Actor) -> Refused:
    if not _may_ask(session, purser, actor.member):
        return NOT_YOURS
    return Refused(Because.NOT_FOUND, "Purser knows of no time at which that person left.")


def _sight(session: Session, purser: Purser, person: Member, departure: Departure) -> frozenset[str] | None:
    """The teams concerned whose part this person sees; None for all there is."""
    if purser.authority.stranger(person) is None and purser.authority.sees_everything(person):
        return None
    concerned = [people.team(session, one.team_id) for one in departures.teams(session, departure.id)]
    return frozenset(
        team.id for team in concerned if team and purser.authority.barrier_to_own(person, team) is None
    )  # fmt: skip


def _seen(session: Session, purser: Purser, person: Member, departure: Departure) -> Evidence | Refused:
    sight = _sight(session, purser, person, departure)
    return NOT_YOURS if sight is not None and not sight else gather(session, purser, departure, sight)


# --- gathering ---


def gather(session: Session, purser: Purser, departure: Departure, sight: frozenset[str] | None = None) -> Evidence:
    """The evidence as the books are now; with `sight` only what concerns these teams."""
    every = departures.keys_of(session, departure.id)
    shown = [one for one in every if sight is None or one.team_id in sight]
    led = departures.projects(session, departure.id)
    names = _Names(session)
    rows = stored.rows(session, departure, [one.key_id for one in every], [one.project_id for one in led])
    rows = [row for row in rows if _belongs(row, every, departure)]
    if sight is not None:
        rows = [_without_others(row) for row in rows if row.team_id in {None, *sight}]
    steps = tuple(_step(row, names) for row in rows)
    projects = (
        ProjectEvidence(one, *names.project(one.project_id)) for one in led if names.sees(one.project_id, sight)
    )
    teams = [one for one in departures.teams(session, departure.id) if sight is None or one.team_id in sight]
    others = tuple(filter(None, (departures.get(session, one) for one in stored.others(session, departure))))
    back = _back(rows) if any(one.noticed_at > departure.noticed_at for one in others) else set()
    return Evidence(
        departure=departure,
        person=people.member(session, departure.member_id) or Member(departure.member_id, "", "", ""),
        at=purser.now(),
        teams=tuple(TeamEvidence(one, names.team(one.team_id)) for one in teams),
        projects=tuple(projects),
        keys=tuple(sorted(_keys(session, departure, shown, rows, names, back), key=lambda one: one.key.label)),
        closed=tuple(_step(row, names) for row in rows if _is_closed_request(row, departure)),
        steps=steps,
        others=others,
    )


class _Names:
    """What keys, teams and projects are called."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def team(self, team_id: str | None) -> str:
        team = None if team_id is None else people.team(self._session, team_id)
        return "" if team is None else team.name

    def project(self, project_id: str | None) -> tuple[str, str]:
        """Its name, and its team's."""
        project = None if project_id is None else people.project(self._session, project_id)
        return ("", "") if project is None else (project.name, self.team(project.team_id))

    def sees(self, project_id: str, sight: frozenset[str] | None) -> bool:
        project = people.project(self._session, project_id)
        return sight is None or (project is not None and project.team_id in sight)

    def label(self, key_id: str | None) -> str:
        key = None if key_id is None else keys.get(self._session, key_id)
        return "" if key is None else key.label


def _belongs(row: ledger.Recorded, left: Iterable[LeftKey], departure: Departure) -> bool:
    """A key that somebody took over is theirs from then on: what becomes of it later is not about this departure.

    Nor is what somebody who is back asks for, and what else they hold from then on.
    """
    outcomes = {one.key_id: one for one in left}
    one = outcomes.get(row.key_id or "")
    if one is not None:
        return one.outcome is not Outcome.TAKEN or one.at is None or row.at <= one.at
    is_over = departure.ended_at is not None and row.at > departure.ended_at
    about_them = row.action.partition(".")[0] in _ABOUT_PEOPLE or departure.id in row.idempotency_key
    return about_them or not is_over


_ABOUT_PEOPLE = frozenset({"member", "team", "project", "seat"})
_OF_EVERY_TEAM = frozenset({"member.left", "member.restored"})


def _without_others(row: ledger.Recorded) -> ledger.Recorded:
    """A row for who sees some teams alone: what sums up all teams is left out, as theirs have rows of their own."""
    return replace(row, reason="") if row.action in _OF_EVERY_TEAM else row


def _step(row: ledger.Recorded, names: _Names) -> Step:
    subject = names.label(row.key_id) or names.project(row.project_id)[0] or names.team(row.team_id)
    return Step(row.seq, row.at, row.actor, row.action, subject, row.reason, row.amount_micros)


_CLOSED = frozenset({"request.cancelled", "request.lapsed"})


def _is_closed_request(row: ledger.Recorded, departure: Departure) -> bool:
    return row.action in _CLOSED and row.member_id == departure.member_id


def _back(rows: Iterable[ledger.Recorded]) -> set[str]:
    """Keys of which the last that these rows say is that they work again."""
    last = {row.key_id: row.action for row in rows if row.action in ("key.proven_off", "key.restored", "key.proven_on")}
    return {key_id for key_id, action in last.items() if key_id is not None and action != "key.proven_off"}


def _keys(
    session: Session,
    departure: Departure,
    left: Iterable[LeftKey],
    rows: Iterable[ledger.Recorded],
    names: _Names,
    back: set[str],
) -> Iterator[KeyEvidence]:
    proofs: dict[str, ledger.Recorded] = {}
    newest: dict[str, ledger.Recorded] = {}  # of a key that was restored and went off again
    spent_after: Counter[str] = Counter()
    for row in rows:
        if row.action == "key.proven_off" and row.key_id is not None:
            proofs.setdefault(row.key_id, row)
            newest[row.key_id] = row
        if row.action == "key.spent_after_off" and row.key_id is not None:
            spent_after[row.key_id] += row.amount_micros or 0
    for one in left:
        key = keys.get(session, one.key_id)
        if key is None:
            continue
        must_be_off = went_off(one, key)
        proven = proofs.get(key.id) if must_be_off else None
        at_once = proven is not None and one.outcome is Outcome.OFF
        stayed_off = proven and newest[key.id] if key.id not in back else None
        is_proven = must_be_off and key.state is KeyState.DISABLED and key.id not in back
        yield KeyEvidence(
            left=one,
            key=key,
            team=names.team(key.team_id),
            project=names.project(key.project_id)[0],
            spend=_spend(session, departure, key, stayed_off, noticed_micros=spent_after[key.id]),
            proven_at=None if proven is None else proven.at,
            seconds=round((proven.at - departure.noticed_at).total_seconds()) if at_once and proven else None,
            proof=key.proof if is_proven else None,
            was_restored=key.id in back,
        )


def _spend(
    session: Session, departure: Departure, key: Key, proven: ledger.Recorded | None, *, noticed_micros: int
) -> Spend:
    """What the key has spent, and how much of it after it was off. Late figures are told apart (`resting`).

    What was noticed to come after stands. As long as calls made in time may still be charged, any other growth is not
    known to be of one kind or the other.
    """
    spent = readings.spent(session, key.id, TOTAL)
    mark = syncs.of(session, key.gateway, syncs.What.LIVE)
    total = 0 if spent is None else spent.lifetime_micros
    read_at = None if mark is None else mark.read_at
    before = None
    if departure.left_at is not None and departure.left_at < departure.noticed_at:
        before = stored.spent_between(session, key.id, departure.left_at, departure.noticed_at)
    has_rested = key.rest_micros is not None and key.rest_at is not None and key.rest_at >= departure.noticed_at
    if proven is None or not has_rested or key.rest_micros is None:
        return Spend(total, read_at, noticed_micros or None, before_micros=before)
    at_proof = key.rest_micros if proven.amount_micros is None else proven.amount_micros
    after = max(0, total - key.rest_micros, noticed_micros)
    is_known = not after or noticed_micros or key.proof in (Proof.QUIET, Proof.PROBED_QUIET)
    return Spend(total, read_at, after if is_known else None, max(0, key.rest_micros - at_proof), before)


def _line(session: Session, departure: Departure, sight: frozenset[str] | None) -> LeftLately:
    left = [one for one in departures.keys_of(session, departure.id) if sight is None or one.team_id in sight]
    found = ((one, keys.get(session, one.key_id)) for one in left)
    states = [key.state for one, key in found if key is not None and went_off(one, key)]
    back = sum(state in IN_USE for state in states)
    person = people.member(session, departure.member_id)
    return LeftLately(
        departure,
        "" if person is None else person.name,
        off=len(states) - back,
        unproven=states.count(KeyState.DISABLING),
        waiting=sum(one.outcome is Outcome.WAITING for one in left),
        back=back,
    )


def _file_name(seen: Evidence) -> str:
    return f"purser-evidence-{seen.person.handle or seen.person.id.lower()}-{seen.departure.noticed_at:%Y-%m-%d}.csv"
