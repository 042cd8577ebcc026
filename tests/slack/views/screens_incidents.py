"""Every screen about incidents, by name: the message in each state, the thread, direct messages, lists and forms."""

from __future__ import annotations

from typing import Any

from bot.domain.incident_facts import IncidentNotice, Part
from bot.slack.views import incident_forms as forms
from bot.slack.views import incidents as views
from bot.slack.views.base import Message
from tests.slack.views import kit_incidents as kit
from tests.slack.views.kit import ANA, NOW, World

Screen = Message | dict[str, Any]
WITH_THREADS = ("spike", "spike_stopped", "spike_project", "loop", "leak", "credential")
EXPLAINING = {"spike": ANA, "spike_stopped": kit.LEA, "leak": ANA, "spike_project": kit.LEA}


def every_about_incidents(world: World) -> dict[str, Screen]:
    """All of them in one world."""
    states = kit.states(world)
    found: dict[str, Screen] = {}
    for name, facts in states.items():
        found[f"incident_{name}"] = views.incident(IncidentNotice(facts, Part.MESSAGE), NOW)
    for name in WITH_THREADS:
        for part in (Part.CONTEXT, Part.CHECKLIST):
            found[f"incident_{part}_{name}"] = views.step(IncidentNotice(states[name], part), NOW)
    for name, (facts, line) in kit.lines(world).items():
        notice = IncidentNotice(facts, Part.LINE, line)
        found[f"incident_line_{name}"] = views.step(notice, NOW)
    reminded, reminder = kit.lines(world)["reminded"]
    direct = IncidentNotice(reminded, Part.LINE, reminder)
    found["incident_direct_line"] = views.direct(direct, NOW, world.owners[0])
    unposted = "It belongs in <#C0SEARCH>, but could not be posted there (not_in_channel), so it comes directly."
    why = IncidentNotice(states["credential"], Part.MESSAGE, why=unposted)
    found["incident_direct_credential"] = views.direct(why, NOW, world.owners[0])
    for name, member_id in EXPLAINING.items():
        notice = IncidentNotice(states[name], Part.EXPLAIN)
        found[f"incident_explain_{name}"] = views.direct(notice, NOW, member_id)
    many = [facts for name, facts in states.items() if "closed" not in name] * max(1, world.many // 10)
    return found | {
        "incidents_none": views.listed([], world.team, NOW),
        "incidents_open": views.listed(many, world.team, NOW),
        "incident_answer_acknowledged": views.answered(states["spike_acknowledged"]),
        "incident_answer_reopened": views.answered(states["spike"]),
        "incident_answer_exporting": views.exporting(states["spike"]),
        "form_incident_snooze": forms.snooze_form(states["spike"]),
        "form_incident_assign": forms.assign_form(states["spike_acknowledged"]),
        "form_incident_close": forms.close_form(states["spike_off"]),
    }
