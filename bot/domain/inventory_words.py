"""The counts of an inventory as plain lines, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.inventory import Flag, GatewayEntry, Inventory
from bot.domain.money import show

_FLAGS = {
    Flag.NO_HOLDER: "whose holder or lead is not there any more",
    Flag.NO_LEAD: "without a lead",
    Flag.ALL_MODELS: "for every model",
    Flag.NO_END: "without an end",
    Flag.PAST_ROTATION: "past rotation",
    Flag.UNUSED: "unused for long",
    Flag.CAP_DIFFERS: "with a cap that the gateway does not have yet",
}


def lines(facts: Inventory) -> Iterator[str]:
    """One line each, with its end."""
    keys, teams = _counted(facts.working, "key", "keys"), _counted(facts.teams, "team", "teams")
    yield f"{keys} in use, {teams}, budgets of {show(facts.budget_micros)} a month.\n"
    for gateway in facts.gateways:
        yield from _gateway(gateway)
    for flag, count in facts.flagged:
        yield f"{count:>8,}  {_FLAGS[flag]}\n"
    yield f"{facts.unknown_count:>8,}  that Purser did not make; `/ai-team inventory` in Slack lists them\n"


def _gateway(one: GatewayEntry) -> Iterator[str]:
    at = "never read" if one.read_at is None else f"spend as of {one.read_at:%Y-%m-%d %H:%M} UTC"
    yield f"{one.name} ({one.base_url or 'not set up any more'}), {at}:\n"
    for kind, count in one.by_kind:
        yield f"{count:>8,}  {kind}\n"
    if one.working:
        projects = f", {_counted(one.projects, 'project', 'projects')}" if one.projects else ""
        who = "person who holds them" if one.holders == 1 else "people who hold them"
        yield f"{one.holders:>8,}  {who}{projects}\n"
        caps = ((one.monthly_micros, "a month"), (one.total_micros, "in total"))
        yield f"          caps of {', and '.join(f'{show(micros)} {per}' for micros, per in caps if micros)}\n"
    for state, count in one.by_state:
        yield f"{count:>8,}  {state} of all that were ever handed out\n"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
