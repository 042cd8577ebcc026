"""`/ai-team`, typed in the channel that is the team's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

from bot.domain.people import Team
from bot.services import team_digest, teams
from bot.slack import expecting, incidents, leaks, offboarding
from bot.slack.grammar import offboarding as offboarding_grammar
from bot.slack.grammar import team as grammar
from bot.slack.grammar.text import Help, Mistake
from bot.slack.incoming import Incoming, allowed
from bot.slack.views import answers
from bot.slack.views import teams as views
from bot.slack.views.base import Message
from bot.slack.views.help import help_for
from bot.slack.views.policy import policy
from bot.slack.views.team_digest import timing
from bot.slack.views.wrapping import with_remarks

Change = (
    grammar.CreateTeam | grammar.Invite | grammar.Remove | grammar.AddOwners | grammar.CreateProject | grammar.SetDigest
)


def team_command(event: Incoming) -> None:
    """`/ai-team` in all its forms."""
    event.answer(_answer(event))


def _answer(event: Incoming) -> Message:
    purser, channel = event.purser, event.channel_id
    typed = grammar.parse(event.text)
    match typed:
        case grammar.ShowTeam():
            event.actor()
            return views.team(allowed(teams.show_team(purser, channel)), purser.now())
        case grammar.ShowPolicy():
            event.actor()
            return policy(teams.policy(purser, channel))
        case grammar.ShowIncidents():
            event.actor()
            team = allowed(teams.show_team(purser, channel)).team
            return incidents.open_ones(event, team.id, team.name)
        case grammar.ShowDigest():
            event.actor()
            return timing(allowed(team_digest.shown(purser, channel)))
        case grammar.Expect():
            return expecting.expect(event, typed.words)
        case grammar.Watch():
            return leaks.watch_answer(event, typed.is_on)
        case (
            offboarding_grammar.Sweep()
            | offboarding_grammar.Left()
            | offboarding_grammar.HandOver()
            | offboarding_grammar.ChangeLead()
            | offboarding_grammar.Review()
            | offboarding_grammar.Inventory()
        ):
            return offboarding.answer(event, typed)
        case Help():
            return help_for("/ai-team")
        case Mistake():
            return answers.mistake(typed.text, typed.example)
        case _:
            return _change(event, typed)


def _change(event: Incoming, typed: Change) -> Message:
    purser, channel, actor = event.purser, event.channel_id, event.actor(fresh=True)
    match typed:
        case grammar.CreateTeam():
            done = allowed(teams.create(purser, actor, channel, typed.name, typed.monthly_micros))
            return views.created(done.team)
        case grammar.Invite():
            done = allowed(teams.invite(purser, actor, channel, typed.user_ids))
            return _told(done, views.invited)
        case grammar.Remove():
            done = allowed(teams.remove(purser, actor, channel, typed.user_ids))
            return _told(done, views.removed)
        case grammar.AddOwners():
            done = allowed(teams.make_owner(purser, actor, channel, typed.user_ids))
            return _told(done, views.owners_added)
        case grammar.CreateProject():
            new = teams.NewProject(typed.name, typed.monthly_micros, typed.lead_id)
            done = allowed(teams.add_project(purser, actor, channel, new))
            project = next(one for one in done.team.projects if one.name == typed.name)
            return views.project_created(done.team.team, project, typed.monthly_micros)
        case grammar.SetDigest():
            chosen = team_digest.Chosen(typed.is_on, typed.minutes, typed.time_zone)
            return timing(allowed(team_digest.choose(purser, actor, channel, chosen)))
        case _:
            assert_never(typed)


def _told(done: teams.TeamChanged, view: Callable[[Team, Sequence[str]], Message]) -> Message:
    said = view(done.team.team, done.changed_ids) if done.changed_ids else None
    return with_remarks(said, done.remarks)
