"""The inventory counts in words: one of a thing is one, and what there is none of is not counted."""

from __future__ import annotations

from bot.domain.inventory import GatewayEntry, Inventory
from bot.domain.keys import KeyKind
from bot.slack.views.inventory import inventory

USD = 1_000_000


def gateway(
    name: str = "litellm", working: int = 0, monthly: int = 0, total: int = 0, projects: int = 0
) -> GatewayEntry:
    kinds = ((KeyKind.MEMBER, working),) if working else ()
    return GatewayEntry(name, "https://ai.example.com", kinds, (), working, projects, monthly * USD, total * USD, None)


def said(*gateways: GatewayEntry, of: str = "", teams: int = 1) -> str:
    return str(inventory(Inventory(of, 500 * USD, teams, gateways, ())))


def test_of_several_teams_it_says_teams() -> None:
    assert "*Inventory of team search*" in said(of="search")
    assert "*Inventory of teams ads, search*" in said(of="ads, search", teams=2)


def test_where_nothing_is_in_use_nobody_is_counted() -> None:
    shown = said(gateway())
    assert "No keys in use." in shown
    assert "0 people" not in shown
    assert "Caps" not in shown


def test_only_caps_that_there_are_are_told() -> None:
    assert "1 person, 2 projects.\\nCaps: $50 a month.\\n" in said(gateway(working=1, monthly=50, projects=2))
    assert "1 person.\\nCaps: $5 in total for temporary keys.\\n" in said(gateway(working=1, total=5))
    assert "Caps: $50 a month, and $5 in total for temporary keys." in said(gateway(working=2, monthly=50, total=5))


def test_one_gateway_more_is_one() -> None:
    assert "…and 1 more gateway." in said(*(gateway(f"gateway-{number}") for number in range(5)))
    assert "…and 2 more gateways." in said(*(gateway(f"gateway-{number}") for number in range(6)))
