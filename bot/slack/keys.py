"""Keys, as people handle them in Slack: list, extend, give back, turn off."""

from __future__ import annotations

from itertools import chain
from typing import assert_never

from bot.domain.requests import Because, Refused
from bot.services import keeping, requests, turning_off
from bot.services.facts import key_now, keys_of
from bot.services.turning_off import Target
from bot.slack import groups, rotation
from bot.slack import requests as asking
from bot.slack.grammar import disable as disable_grammar
from bot.slack.grammar import key as key_grammar
from bot.slack.grammar.text import Help, Mistake, redacted
from bot.slack.guard import CLOSED, Response, replaced_by, with_errors
from bot.slack.incoming import Incoming, Stop, allowed
from bot.slack.patience import told_if_slow
from bot.slack.views import answers, forms
from bot.slack.views import keys as views
from bot.slack.views.help import help_for

REWRITES = 5
"""How often a message is written anew after one click, at most."""
KEY_UNKNOWN = Refused(Because.NOT_FOUND, "Purser does not know this key any more.")


def key_command(event: Incoming) -> None:
    """`/ai-key` in all its forms."""
    typed = key_grammar.parse(event.text)
    match typed:
        case key_grammar.OpenForm():
            asking.open_form(event)
        case key_grammar.AskTyped():
            asking.ask_typed(event, typed)
        case key_grammar.ListKeys():
            facts = keys_of(event.purser, event.actor().id)
            event.answer(views.key_list(facts, event.purser.now()))
        case key_grammar.ReturnKey():
            _give_back(event, Target(label=typed.label))
        case key_grammar.ExtendKey():
            outcome = requests.extend(event.purser, event.actor(), typed.label, typed.duration_seconds, typed.reason)
            event.answer(asking.asked(outcome, event.purser.now()))
        case key_grammar.RotateKey():
            rotation.rotate(event, typed)
        case Help():
            event.answer(help_for("/ai-key"))
        case Mistake():
            event.answer(answers.mistake(typed.text, typed.example))
        case _:
            assert_never(typed)


def open_extend(event: Incoming) -> None:
    """Extend: how much longer, and what for."""
    person = event.actor()
    facts = key_now(event.purser, event.value)
    if facts is None or facts.key.holder_id != person.id:
        raise Stop(Refused(Because.NOT_ALLOWED, "Only the holder of a key can ask for more time."))
    longest = event.purser.policy.kinds[facts.key.kind].longest_seconds or 0
    event.open_form(forms.extend_form(facts, longest))


def submit_extend(event: Incoming) -> Response:
    """More time is asked for like a key: owners decide."""
    read = forms.read_extend_form(event.view)
    if isinstance(read, dict):
        return with_errors(read)
    facts = key_now(event.purser, read.key_id)
    if facts is None:
        raise Stop(KEY_UNKNOWN)
    outcome = requests.extend(
        event.purser, event.actor(), facts.key.label, read.duration_seconds, redacted(read.reason)
    )
    return asking.form_answer(event, outcome)


def give_back(event: Incoming) -> None:
    """Give back, on a button."""
    _give_back(event, Target(key_id=event.value))


def disable_command(event: Incoming) -> None:
    """`/ai-disable KEY|LABEL|@user|project NAME reason`, by anyone."""
    typed = disable_grammar.parse(event.text)
    match typed:
        case disable_grammar.OpenDisableForm():
            event.actor()
            event.open_form(forms.disable_form())
        case disable_grammar.DisableSecret():
            disable(event, Target(secret=typed.secret), typed.reason)
        case disable_grammar.DisableLabel():
            disable(event, Target(label=typed.label), typed.reason)
        case disable_grammar.DisablePerson() | disable_grammar.DisableProject():
            event.open_form(groups.form_for(event, typed))
        case Help():
            event.answer(help_for("/ai-disable"))
        case Mistake():
            event.answer(answers.mistake(typed.text, typed.example))
        case _:
            assert_never(typed)


def disable_now(event: Incoming) -> None:
    """Disable now, on a button that asked for confirmation already."""
    disable(event, Target(key_id=event.value), "")


def check_disable(event: Incoming) -> Response:
    """The form behind a bare `/ai-disable`: closes it, says what is missing, or asks about all keys of a project."""
    read = forms.read_disable_form(event.view)
    if isinstance(read, dict):
        return with_errors(read)
    typed = _typed(read)
    if isinstance(typed, disable_grammar.DisablePerson | disable_grammar.DisableProject):
        return replaced_by(groups.form_for(event, typed))
    return CLOSED


def submit_disable(event: Incoming) -> None:
    """What was typed or pasted into that form; the outcome comes as a direct message."""
    read = forms.read_disable_form(event.view)
    if isinstance(read, dict):
        return
    if read.group is not None:
        groups.disable_group(event, read.group, read.reason)
        return
    if read.key_id is not None:
        disable(event, Target(key_id=read.key_id), redacted(read.reason))
        return
    typed = _typed(read)
    match typed:
        case disable_grammar.DisableSecret():
            disable(event, Target(secret=typed.secret), typed.reason)
        case disable_grammar.DisableLabel():
            disable(event, Target(label=typed.label), typed.reason)
        case Mistake():
            event.answer(answers.mistake(typed.text, typed.example))
        case disable_grammar.DisablePerson() | disable_grammar.DisableProject():
            return  # `check_disable` has asked about it
        case _:
            event.answer(answers.unknown_key())


def _typed(read: forms.DisableInput) -> disable_grammar.DisableCommand:
    """What was typed into the form, read as if it was typed after the command."""
    return disable_grammar.parse(f"{read.typed} {read.reason}")


def keep(event: Incoming) -> None:
    """Keep, on a message that calls keys old; that message says so from then on."""
    kept = allowed(keeping.keep(event.purser, event.actor(fresh=True), event.value))
    event.answer(views.kept(kept))
    _show_kept(event)


def _show_kept(event: Incoming) -> None:
    """Let the message say which of its keys are kept, and again when that has changed by then: others may press Keep
    for another key of it in the same moment, in the message as it was before.
    """
    message = event.body.get("message") or {}
    told = None
    for _ in range(REWRITES):
        stands = keeping.kept_now(event.purser, views.to_keep(message))
        if stands == told:
            return
        event.rewrite(views.kept_in(message, stands))
        told = stands


def _give_back(event: Incoming, target: Target) -> None:
    with told_if_slow(event, answers.turning_off()):
        outcome = turning_off.give_back(event.purser, event.actor(), target)
    event.answer(views.returned(allowed(outcome)))


def disable(event: Incoming, target: Target, reason: str) -> None:
    """Turn this key off, and answer with whatever is known of it, as it becomes known."""
    outcomes = turning_off.disable(event.purser, event.actor(), target, reason)
    with told_if_slow(event, answers.turning_off()):
        first = next(outcomes)
    for off in chain((first,), outcomes):
        event.answer(views.off(allowed(off), event.purser.now()))
