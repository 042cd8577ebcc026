"""`/ai-team sweep`, `left`, `handover`, `lead`, `review`, `inventory`: words come in the order people have them in."""

from __future__ import annotations

import pytest

from bot.slack.grammar import team
from bot.slack.grammar.offboarding import ChangeLead, HandOver, Inventory, Left, Review, Sweep


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sweep", Sweep()),
        ("left", Left()),
        ("left <@U0ANA|ana>", Left("U0ANA")),
        ("handover ci-7kq2 <@U0BEN>", HandOver("ci-7kq2", "U0BEN")),
        ("handover <@U0BEN|ben> `CI-7kq2`", HandOver("ci-7kq2", "U0BEN")),
        ("handover ci-7kq2 to <@U0BEN>", HandOver("ci-7kq2", "U0BEN")),
        ("lead reranker <@W0BEN>", ChangeLead("reranker", "W0BEN")),
        ("lead of reranker is <@U0BEN>", ChangeLead("reranker", "U0BEN")),
        ("review", Review()),
        ("INVENTORY", Inventory()),
    ],
)
def test_what_is_typed_is_what_is_meant(typed: str, meant: object) -> None:
    assert team.parse(typed) == meant
