"""Facts to draw screens from, in three worlds: an everyday one, the longest one, and one of hostile words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.budgets import Budget, Layer
from bot.domain.facts import FormFacts, GatewayFacts, KeyFacts, RequestFacts, Revealed, TeamFacts
from bot.domain.homes import HomeFacts
from bot.domain.keys import Key, KeyKind, KeyState, OffCause, Proof
from bot.domain.people import Member, Project, Team
from bot.domain.periods import DAY_SECONDS
from bot.domain.requests import Approval, Purpose, Request, RequestState, Terms, Verdict

NOW = datetime(2026, 11, 20, 18, 25, tzinfo=UTC)
ANA, OMAR, OLGA = "U0ANA", "U0OMAR", "U0OLGA"
USD = 1_000_000
SECRET = "sk-CaNaRy-0123456789abcdefXYZ"  # made up


@dataclass(frozen=True)
class World:
    """The words people and gateways contribute, and how much there is of everything."""

    name: str
    reason: str
    note: str
    team: str
    label: str
    models: tuple[str, ...]
    limits: tuple[str, ...]
    rule: str
    owners: tuple[str, ...]
    many: int
    """How many keys, budgets, requests and projects there are where there can be many."""
    base_url: str = "https://llm.example.com/v1"


EVERYDAY = World(
    name="everyday",
    reason="evaluate rerankers",
    note="too much for a trial",
    team="search",
    label="ana-7kq2",
    models=("gpt-4o", "gpt-4o-mini"),
    limits=("A key may overshoot its cap by one call.",),
    rule="an owner has to agree",
    owners=(OMAR, OLGA),
    many=2,
)
LONGEST = World(
    name="longest",
    reason="<&>" * 166 + "&&",
    note="<&>" * 1000,
    team="<&>" * 26 + "&&",
    label="a" * 16 + "-" + "7" * 13,
    models=tuple(f"{n:03}-" + "&" * 146 for n in range(100)),
    limits=("<&>" * 300,) * 10,
    rule="<&>" * 200,
    owners=tuple(f"U0OWNER{n:012}" for n in range(20)),
    many=40,
    base_url="https://" + "x" * 400,
)
HOSTILE = World(
    name="hostile",
    reason="<!channel> <@U0VICTIM> <https://evil.example|x> @here *bold* `code` \u202e\x00\n> quote :bomb:",
    note="<!here> <@U0VICTIM> &lt;!channel&gt; <!subteam^S1>\nApproved by <@U0OMAR>",
    team="<!channel> `x",
    label="ana`<!channel>",
    models=("`<!everyone>`",),
    limits=("<!channel> is not enforced.",),
    rule="<!channel> says so",
    owners=(OMAR, "<!channel>"),
    many=2,
)
WORLDS = (EVERYDAY, LONGEST, HOSTILE)


def gateway(world: World) -> GatewayFacts:
    return GatewayFacts("litellm", world.base_url, world.limits, world.models)


def team(world: World) -> Team:
    return Team("team-1", world.team, "C0SEARCH", world.owners, (ANA, *world.owners))


def budgets(world: World) -> tuple[Budget, ...]:
    reset = datetime(2026, 12, 1, tzinfo=UTC)
    found = [
        Budget(Layer.TEAM, "team-1", world.team, 500 * USD, 100 * USD, 80 * USD, reset, NOW - timedelta(minutes=4)),
        Budget(Layer.MEMBER, ANA, f"<@{ANA}>", 100 * USD, 12_340_000, 0, reset),
    ]
    extra = [
        Budget(Layer.PROJECT, f"project-{n}", world.team, USD, 3 * USD, USD, reset, NOW) for n in range(world.many - 2)
    ]
    return tuple(found + extra)


def key(world: World, state: KeyState = KeyState.LIVE, number: int = 1, **changes: Any) -> KeyFacts:
    facts: dict[str, Any] = {
        "id": f"key-{number}", "label": world.label, "alias": f"purser-{world.label}", "request_id": "req-1",
        "gateway": "litellm", "kind": KeyKind.TEMPORARY, "team_id": "team-1", "project_id": None, "holder_id": ANA,
        "cap_micros": 25 * USD, "cap_period": "total", "models": world.models, "state": state,
        "created_at": NOW - timedelta(days=2), "revealed_at": NOW - timedelta(days=2),
        "expires_at": NOW + timedelta(days=5),
    }  # fmt: skip
    if changes.get("kind", KeyKind.TEMPORARY) is not KeyKind.TEMPORARY:
        facts["cap_period"] = "month"
    spent = changes.pop("spent_micros", 3_200_000)
    return KeyFacts(Key(**(facts | changes)), world.team, spent, None if spent is None else NOW - timedelta(minutes=4))


def off_key(world: World, cause: OffCause, proof: Proof | None = Proof.RECORDED, **changes: Any) -> KeyFacts:
    state = KeyState.DISABLED if proof else KeyState.DISABLING
    ends = timedelta(minutes=-1) if cause is OffCause.EXPIRED else timedelta(days=5)
    facts: dict[str, Any] = {
        "expires_at": NOW + ends,
        "off_at": NOW - timedelta(minutes=1), "off_by": OMAR, "off_cause": cause, "off_reason": world.note,
        "proof": proof, "proven_at": NOW if proof else None,
    }  # fmt: skip
    return key(world, state, **(facts | changes))


def request(world: World, state: RequestState = RequestState.WAITING, **changes: Any) -> Request:
    terms = Terms(25 * USD, 7 * DAY_SECONDS, world.models)
    facts: dict[str, Any] = {
        "id": "req-1", "purpose": Purpose.ISSUE, "kind": KeyKind.TEMPORARY, "gateway": "litellm", "team_id": "team-1",
        "project_id": None, "requester_id": ANA, "asked": terms, "terms": terms, "reason": world.reason,
        "state": state, "rule": "one-owner", "approvals_needed": 1, "created_at": NOW - timedelta(hours=1),
        "deadline_at": NOW + timedelta(days=3), "channel_id": "C0SEARCH",
    }  # fmt: skip
    return Request(**(facts | changes))


def word(owner: str, verdict: Verdict = Verdict.APPROVE, note: str = "") -> Approval:
    return Approval(owner, verdict, note, stands=True, at=NOW)


APPROVED_BY_OMAR: dict[str, Any] = {"approvals": (word(OMAR),), "decided_at": NOW}


def extend(world: World, state: RequestState = RequestState.WAITING, **changes: Any) -> Request:
    terms = Terms(25 * USD, 7 * DAY_SECONDS)
    facts: dict[str, Any] = {
        "purpose": Purpose.EXTEND, "extends_key_id": "key-1", "asked": terms, "terms": terms,
    }  # fmt: skip
    return request(world, state, **(facts | changes))


RULES = {
    "small-ask": "temporary keys up to $25 for up to 7 days need no owner",
    "two-owners": "from $1,000 on, two owners have to agree",
}


def facts(world: World, asked: Request, holds: KeyFacts | None = None, **changes: Any) -> RequestFacts:
    values: dict[str, Any] = {
        "budgets": () if asked.purpose is Purpose.EXTEND else budgets(world), "asked_ids": world.owners, "key": holds,
        "rule_text": RULES.get(asked.rule, world.rule),
        "gateway": gateway(world),
    }  # fmt: skip
    return RequestFacts(asked, team(world), **(values | changes))


def form(world: World, teams: int = 1) -> FormFacts:
    found = tuple(Team(f"team-{n}", world.team, f"C{n}") for n in range(1, teams + 1))
    return FormFacts(found, gateway(world), 7 * DAY_SECONDS, 30 * DAY_SECONDS, "team-1")


def projects(world: World) -> tuple[Project, ...]:
    return tuple(Project(f"project-{n}", "team-1", world.team, ANA) for n in range(world.many))


def team_facts(world: World) -> TeamFacts:
    return TeamFacts(team(world), projects(world), budgets(world))


def home_facts(world: World) -> HomeFacts:
    many = range(world.many)
    me = Member(ANA, "T0", "ana", world.team)
    waiting = tuple(facts(world, request(world, id=f"req-{n}")) for n in many)
    mine = [facts(world, request(world, RequestState.APPROVED, id=f"mine-{n}", **APPROVED_BY_OMAR)) for n in many]
    keys = [off_key(world, OffCause.RETURNED), *(key(world, number=n) for n in many)]
    return HomeFacts(me, tuple(keys), tuple(mine), waiting, budgets=budgets(world), is_owner=True)


def revealed(world: World) -> Revealed:
    return Revealed(key(world, expires_at=NOW + timedelta(days=7)).key, gateway(world), SECRET)
