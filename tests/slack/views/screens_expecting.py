"""Every screen about spend that is expected, for a world."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.budgets import Layer
from bot.domain.expecting import Expecting, Standing
from bot.domain.incidents import Expected
from bot.slack.views import expecting
from bot.slack.views.base import Message
from tests.slack.views import kit
from tests.slack.views.kit import NOW, OMAR, World


def every_about_expecting(world: World) -> dict[str, Message]:
    team = kit.team(world)
    ends = NOW + timedelta(days=9)
    window = Expected("expected-1", Layer.PROJECT, "project-1", world.note, NOW, ends, OMAR, NOW)
    one = Standing(window, kit.projects(world)[0].name if kit.projects(world) else "reranker")
    return {
        "expecting_nothing": expecting.shown(Expecting(team, ())),
        "expecting_some": expecting.shown(Expecting(team, (one,) * world.many)),
        "expecting_set": expecting.expected(Expecting(team, (one,), one)),
        "expecting_ended": expecting.ended(Expecting(team, (), one)),
    }
