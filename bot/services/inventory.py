"""The inventory: what there is, for owners of teams, workspace owners and finance. Reads only."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.inventory import GatewayEntry, Inventory, KeyEntry, UnknownKey
from bot.domain.keys import SPENDING, KeyKind
from bot.domain.people import BARRIER_TEXT, Member
from bot.domain.requests import Because, Refused
from bot.services.capping import CAP
from bot.services.context import Actor, Purser
from bot.services.keeping import tells_use
from storage import inventory, people, syncs, unknown_keys
from storage.engine import Session
from storage.inventory import Count, Looking, Order, Spread
from storage.syncs import What

PER_PAGE = 5
"""Keys of each list on a page."""


def show(purser: Purser, actor: Actor, channel_id: str, page: int = 1) -> Inventory | Refused:
    """One page of what there is: of this channel's team, of all teams that the person owns, or of everything."""
    with purser.books.reading() as session:
        scope = seen_by(session, purser, actor.member, channel_id)
        if isinstance(scope, Refused):
            return scope
        looking = looking_at(session, purser, scope)
        found = _counted(session, purser, looking)
        everything = scope is None
        unknown_count = unknown_keys.count_open(session) if everything else 0
        pages = max(1, -(-max(found.working, unknown_count) // PER_PAGE))
        page = min(max(1, page), pages)
        names = [team.name for team in people.all_teams(session) if scope is not None and team.id in scope]
        return replace(
            found,
            of=", ".join(names),
            oldest=_listed(session, looking, Order.OLDEST, page),
            widest=_listed(session, looking, Order.WIDEST, page),
            nobodys=_listed(session, looking, Order.NOBODYS, page),
            unknown=_unknown(session, page) if everything else (),
            unknown_count=unknown_count,
            sees_unknown=everything,
            may_decide=everything and actor.id in purser.authority.workspace_owner_ids and not actor.member.is_guest,
            page=page,
            pages=pages,
        )


def whole(purser: Purser) -> Inventory:
    """The counts of everything there is, for who runs Purser."""
    with purser.books.reading() as session:
        found = _counted(session, purser, looking_at(session, purser, None))
        return replace(found, unknown_count=unknown_keys.count_open(session), sees_unknown=True)


def seen_by(session: Session, purser: Purser, person: Member, channel_id: str) -> tuple[str, ...] | Refused | None:
    """The ids of the teams whose inventory this person sees, typed in this channel; None for everything.

    Workspace owners and finance see everything, owners the team of the channel, or all of theirs where there is none.
    """
    if (barrier := purser.authority.stranger(person)) is not None:
        return Refused(Because.NOT_ALLOWED, BARRIER_TEXT[barrier])
    if purser.authority.sees_everything(person):
        return None
    here = people.team_in_channel(session, channel_id)
    owned = tuple(
        team.id for team in people.teams_of(session, person.id) if purser.authority.barrier_to_own(person, team) is None
    )
    if here is not None and here.id in owned:
        return (here.id,)
    if here is not None:
        text = f"Only owners see the inventory of team {here.name}. Your own keys: `/ai-key list`."
        return Refused(Because.NOT_ALLOWED, text)
    if not owned:
        text = "Owners of a team see its inventory, and you own none. Your own keys: `/ai-key list`."
        return Refused(Because.NOT_ALLOWED, text)
    return owned


def looking_at(session: Session, purser: Purser, scope: tuple[str, ...] | None) -> Looking:
    """Which keys are looked at, and how: as the installation's policy has it now. None for every team."""
    kinds = purser.policy.kinds.items()
    groups = {name for gateway in purser.gateways.values() for name in gateway.capabilities.model_groups}
    return Looking(
        team_ids=scope,
        now=purser.now(),
        unused_seconds=purser.policy.unused_seconds,
        rotate_seconds={kind: limits.rotate_seconds for kind, limits in kinds if limits.rotate_seconds is not None},
        owner_ids=tuple(sorted(purser.authority.workspace_owner_ids)),
        model_groups=tuple(sorted(groups)),
        telling_use=tuple(name for name in sorted(purser.gateways) if tells_use(session, purser, name, purser.now())),
        cap_effect=CAP,
    )


def _counted(session: Session, purser: Purser, looking: Looking) -> Inventory:
    counts, spreads = inventory.counts(session, looking), inventory.spreads(session, looking)
    names = dict.fromkeys([*purser.gateways, *sorted({count.gateway for count in counts})])
    teams, budget = inventory.budgets(session, looking)
    flagged = inventory.flagged(session, looking)
    return Inventory(
        of="",
        budget_micros=budget,
        teams=teams,
        gateways=tuple(
            _gateway(session, purser, name, [count for count in counts if count.gateway == name], spreads.get(name))
            for name in names
        ),
        flagged=tuple((flag, count) for flag, count in flagged.items() if count),
    )


def _gateway(session: Session, purser: Purser, name: str, counts: list[Count], spread: Spread | None) -> GatewayEntry:
    gateway, read = purser.gateways.get(name), syncs.of(session, name, What.LIVE)
    working = [count for count in counts if count.state in SPENDING]
    states = dict.fromkeys(count.state for count in counts)
    return GatewayEntry(
        name=name,
        base_url="" if gateway is None else gateway.public_url,
        by_kind=tuple(
            (kind, total) for kind in KeyKind if (total := sum(each.keys for each in working if each.kind is kind))
        ),
        by_state=tuple((state, sum(each.keys for each in counts if each.state is state)) for state in sorted(states)),
        holders=0 if spread is None else spread.holders,
        projects=0 if spread is None else spread.projects,
        monthly_micros=sum(each.monthly_micros for each in working),
        total_micros=sum(each.total_micros for each in working),
        read_at=None if read is None else read.read_at,
    )


def _listed(session: Session, looking: Looking, order: Order, page: int) -> tuple[KeyEntry, ...]:
    return tuple(inventory.listed(session, looking, order, limit=PER_PAGE, offset=(page - 1) * PER_PAGE))


def _unknown(session: Session, page: int) -> tuple[UnknownKey, ...]:
    return tuple(unknown_keys.open_ones(session, limit=PER_PAGE, offset=(page - 1) * PER_PAGE))
