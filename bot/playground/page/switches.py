"""What a visitor can break by a switch: each stands for a fault of the fake Slack or the fake gateway, or for a lie.

A switch shows what is true, however the fault came to be, and turning it off removes the faults of its kind alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify

from bot.playground.gateway.faults import FaultKind as GatewayFault
from bot.playground.gateway.faults import Faults as GatewayFaults
from bot.playground.gateway.habits import Habits
from bot.playground.slack.faults import Fault as SlackFaultOf
from bot.playground.slack.faults import FaultKind as SlackFault
from bot.playground.slack.faults import Faults as SlackFaults
from bot.playground.slack.model import JSON
from bot.playground.slack.playapi import guard, json_body
from bot.playground.slack.state import State

SLOW_SECONDS = 5.0
MINTING = "/key/generate"
LESS_PERCENT = 50.0
"""How much of what was spent is told by a gateway that tells less."""


@dataclass(frozen=True, slots=True)
class _Switch:
    is_on: Callable[[], bool]
    on: Callable[[], None]
    off: Callable[[], None]


class Switches:
    """All of them, by name. They outlive the bot's process, and end with the playground's."""

    def __init__(self, slack: SlackFaults, gateway: GatewayFaults, habits: Habits) -> None:
        """Nothing is broken by this. `habits` are the gateway's."""
        self._slack = slack
        self._gateway = gateway
        self._habits = habits
        self._switches: Mapping[str, _Switch] = {
            "gateway_down": self._of_gateway(GatewayFault.DOWN, lambda: gateway.add(GatewayFault.DOWN)),
            "gateway_slow": self._of_gateway(
                GatewayFault.LATENCY, lambda: gateway.add(GatewayFault.LATENCY, times=None, seconds=SLOW_SECONDS)
            ),
            "gateway_reply_lost": self._of_gateway(
                GatewayFault.REPLY_LOST, lambda: gateway.add(GatewayFault.REPLY_LOST, route=MINTING)
            ),
            "gateway_over_caps": self._of_habits("accepts_over_caps", broken=True),
            "gateway_tells_less": self._of_habits("tells_percent", broken=LESS_PERCENT),
            "gateway_counts_twice": self._of_habits("counts_twice", broken=True),
            "slack_rate_limited": self._of_slack(SlackFault.RATE_LIMITED),
            "slack_list_foreign": self._of_slack(SlackFault.LIST_FOREIGN),
        }

    def wire(self) -> JSON:
        """Which are on."""
        return {name: switch.is_on() for name, switch in self._switches.items()}

    def turn(self, asked: Mapping[str, object]) -> None:
        """Turn some on or off. Raises ValueError, and turns none, when one is unknown or not told true or false."""
        for name, wanted in asked.items():
            if name not in self._switches or not isinstance(wanted, bool):
                raise ValueError(
                    f"{name!r} is no switch, or neither true nor false; there are {', '.join(self.wire())}"
                )
        for name, wanted in asked.items():
            switch = self._switches[name]
            if not wanted:
                switch.off()
            elif not switch.is_on():
                switch.on()

    def _of_gateway(self, kind: GatewayFault, on: Callable[[], None]) -> _Switch:
        faults = self._gateway
        return _Switch(lambda: any(fault.kind is kind for fault in faults.waiting()), on, lambda: faults.remove(kind))

    def _of_habits(self, name: str, *, broken: object) -> _Switch:
        habits, honest = self._habits, getattr(Habits(), name)
        return _Switch(
            lambda: getattr(habits, name) != honest,
            lambda: setattr(habits, name, broken),
            lambda: setattr(habits, name, honest),
        )

    def _of_slack(self, kind: SlackFault) -> _Switch:
        faults = self._slack

        def on() -> None:
            faults.add(SlackFaultOf(kind, times=None))

        return _Switch(lambda: faults.waits(kind), on, lambda: faults.remove(kind))


def create_switches(switches: Switches, state: State) -> Blueprint:
    """The route /_play/switches. Register it before the server starts."""
    routes = Blueprint("switches", __name__, url_prefix="/_play")
    guard(routes)

    @routes.get("/switches")
    def which_are_on() -> Response:
        return jsonify(switches=switches.wire())

    @routes.post("/switches")
    def turn() -> Response:
        switches.turn(json_body())
        state.touch()
        return jsonify(ok=True, switches=switches.wire())

    return routes
