"""ONE table of everything people can do in Slack, and its registration with Bolt. The manifest equals it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from slack_bolt import App

from bot.services.context import Purser
from bot.slack import (
    budgets,
    confirming,
    departures,
    evidence,
    incidents,
    inventory,
    keys,
    leaks,
    messages,
    people,
    requests,
    revealing,
    rotation,
    sweeping,
    teams,
    usage,
)
from bot.slack.charting import Charting
from bot.slack.guard import Handler, Submission, answered, guarded
from bot.slack.incoming import Incoming
from bot.slack.views import actions, answers


class Kind(StrEnum):
    """What Slack calls the thing that happened."""

    COMMAND = "command"
    ACTION = "action"
    EVENT = "event"
    SHORTCUT = "shortcut"
    """In the menu of any message."""


@dataclass(frozen=True, slots=True)
class Route:
    """Something that happens, and the handler that is run after it was acknowledged."""

    kind: Kind
    name: str
    handler: Handler


@dataclass(frozen=True, slots=True)
class Form:
    """A modal whose submission is answered within the acknowledgement, from the books alone."""

    name: str
    submission: Submission


ROUTES = (
    Route(Kind.COMMAND, "/ai-key", keys.key_command),
    Route(Kind.COMMAND, "/ai-budget", budgets.budget_command),
    Route(Kind.COMMAND, "/ai-disable", keys.disable_command),
    Route(Kind.COMMAND, "/ai-team", teams.team_command),
    Route(Kind.COMMAND, "/ai-usage", usage.usage_command),
    Route(Kind.ACTION, actions.APPROVE, requests.approve),
    Route(Kind.ACTION, actions.APPROVE_WITH_CHANGES, requests.open_changes),
    Route(Kind.ACTION, actions.DENY, requests.open_deny),
    Route(Kind.ACTION, actions.CANCEL_REQUEST, requests.cancel),
    Route(Kind.ACTION, actions.ASK_ANYWAY, requests.ask_anyway),
    Route(Kind.ACTION, actions.EXTEND_INSTEAD, requests.extend_instead),
    Route(Kind.ACTION, actions.REVEAL, revealing.reveal),
    Route(Kind.ACTION, actions.EXTEND, keys.open_extend),
    Route(Kind.ACTION, actions.GIVE_BACK, keys.give_back),
    Route(Kind.ACTION, actions.DISABLE_NOW, keys.disable_now),
    Route(Kind.ACTION, actions.RESTORE, rotation.open_restore),
    Route(Kind.ACTION, actions.KEEP, keys.keep),
    Route(Kind.ACTION, actions.TAKE_OVER, departures.take_over),
    Route(Kind.ACTION, actions.DISABLE_WAITING, departures.disable_waiting),
    Route(Kind.ACTION, actions.RESTORE_LEFT, departures.restore),
    Route(Kind.ACTION, actions.EVIDENCE_CSV, evidence.send_csv),
    Route(Kind.ACTION, actions.KEEP_ASKED, confirming.keep),
    Route(Kind.ACTION, actions.GIVE_BACK_ASKED, confirming.give_back),
    Route(Kind.ACTION, actions.DISABLE_ASKED, confirming.disable_now),
    Route(Kind.ACTION, actions.ROTATE, confirming.rotate),
    Route(Kind.ACTION, actions.KEEP_REVIEWED, confirming.keep_reviewed),
    Route(Kind.ACTION, actions.DISABLE_REVIEWED, confirming.disable_reviewed),
    Route(Kind.ACTION, actions.CALL_OFF_REVIEW, confirming.call_off),
    Route(Kind.ACTION, actions.RAISE, budgets.open_raise),
    Route(Kind.ACTION, actions.SNOOZE, budgets.snooze),
    Route(Kind.ACTION, actions.DISABLE_UNDER, budgets.open_disable_under),
    Route(Kind.ACTION, actions.ACKNOWLEDGE, incidents.acknowledge),
    Route(Kind.ACTION, actions.SNOOZE_INCIDENT, incidents.open_snooze),
    Route(Kind.ACTION, actions.ASSIGN_INCIDENT, incidents.open_assign),
    Route(Kind.ACTION, actions.CLOSE_INCIDENT, incidents.open_close),
    Route(Kind.ACTION, actions.REOPEN_INCIDENT, incidents.reopen),
    Route(Kind.ACTION, actions.EXPORT_INCIDENT, incidents.export),
    Route(Kind.ACTION, actions.ADOPT, inventory.open_adopt),
    Route(Kind.ACTION, actions.DISABLE_UNKNOWN, inventory.disable_unknown),
    Route(Kind.ACTION, actions.INVENTORY_NEXT, inventory.turn_page),
    Route(Kind.ACTION, actions.INVENTORY_PREVIOUS, inventory.turn_page),
    Route(Kind.ACTION, actions.INVENTORY_EXPORT, inventory.export),
    Route(Kind.ACTION, actions.DIGEST_ON, people.digest_on),
    Route(Kind.ACTION, actions.DIGEST_OFF, people.digest_off),
    Route(Kind.ACTION, actions.USAGE_NEXT, usage.turn_page),
    Route(Kind.ACTION, actions.USAGE_PREVIOUS, usage.turn_page),
    Route(Kind.ACTION, actions.USAGE_POST, usage.post),
    Route(Kind.ACTION, actions.AGREE_SWEEP, sweeping.agree),
    Route(Kind.ACTION, actions.CALL_OFF_SWEEP, sweeping.call_off),
    Route(Kind.SHORTCUT, actions.REPORT_LEAK, leaks.report),
    Route(Kind.EVENT, "message", messages.written),
    Route(Kind.EVENT, "app_home_opened", people.home_opened),
    Route(Kind.EVENT, "user_change", people.user_changed),
)

FORMS = (
    Form(actions.REQUEST_FORM, requests.submit_form),
    Form(actions.REQUEST_PREVIEW, requests.submit_preview),
    Form(actions.CHANGES_FORM, requests.submit_changes),
    Form(actions.DENY_FORM, requests.submit_deny),
    Form(actions.EXTEND_FORM, keys.submit_extend),
    Form(actions.RAISE_FORM, budgets.submit_raise),
    Form(actions.SNOOZE_FORM, incidents.submit_snooze),
    Form(actions.ASSIGN_FORM, incidents.submit_assign),
    Form(actions.CLOSE_FORM, incidents.submit_close),
)


def register(app: App, purser: Purser, charting: Charting | None = None) -> None:
    """Let Bolt call every handler: acknowledged first, then run on a thread of its own."""
    drawing = charting or Charting()

    def incoming(body: dict[str, Any]) -> Incoming:
        return Incoming(purser, app.client, body, drawing)

    for route in ROUTES:
        _matcher(app, route)(ack=_acknowledge, lazy=[guarded(_redrawing_home(route.handler), incoming)])
    for form in FORMS:
        app.view(form.name)(answered(form.submission, incoming))
    app.view(actions.DISABLE_FORM)(
        ack=answered(keys.check_disable, incoming), lazy=[guarded(keys.submit_disable, incoming)]
    )
    app.view(actions.RESTORE_FORM)(
        ack=answered(rotation.check_restore, incoming), lazy=[guarded(rotation.submit_restore, incoming)]
    )
    app.view(actions.ADOPT_FORM)(
        ack=answered(inventory.check_adopt, incoming), lazy=[guarded(inventory.submit_adopt, incoming)]
    )
    app.view(actions.AGREEMENT_FORM)(ack=_acknowledge, lazy=[guarded(revealing.agreed, incoming)])
    app.view_closed(re.compile(".*"))(ack=_acknowledge, lazy=[])
    app.command(re.compile(".*"))(ack=_acknowledge, lazy=[guarded(_unknown_command, incoming)])
    app.action(re.compile(".*"))(ack=_acknowledge, lazy=[guarded(_unknown_action, incoming)])


def _matcher(app: App, route: Route) -> Callable[..., Any]:
    match route.kind:
        case Kind.COMMAND:
            return app.command(route.name)
        case Kind.ACTION:
            return app.action(route.name)
        case Kind.EVENT:
            return app.event(route.name)
        case Kind.SHORTCUT:
            return app.message_shortcut(route.name)


def _redrawing_home(handler: Handler) -> Handler:
    """What was pressed in the Home tab is seen there at once: Slack keeps showing what was published last."""

    def handle(event: Incoming) -> None:
        handler(event)
        if event.in_home:
            people.redraw_home(event)

    return handle


def _acknowledge(ack: Callable[..., Any]) -> None:
    ack()


def _unknown_command(event: Incoming) -> None:
    event.answer(answers.unknown_command(str(event.body.get("command", ""))))


def _unknown_action(event: Incoming) -> None:
    """A button of an older version of Purser, or a select that only collects: nothing to do."""
