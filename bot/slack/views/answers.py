"""Short answers: one or two lines, only for the person who did something. Each says what to do next."""

from __future__ import annotations

from bot.domain.facts import RequestFacts
from bot.domain.requests import Refused, RequestState, Verdict
from bot.slack.views import phrases as say
from bot.slack.views.base import Message, code, mention, mentions, message, section, sentence
from bot.slack.views.standing import status


def refused(no: Refused) -> Message:
    """Why something cannot be done. Mentions in the text stay mentions, everything else is literal."""
    rule = f" Rule {code(no.rule, 60)}." if no.rule else ""
    return _answer(f"{sentence(no.text)}{rule}")


def mistake(text: str, example: str) -> Message:
    """What was wrong in what was typed, and how to type it right. Nothing was changed."""
    shown = f" Try {code(example, 200)}." if example else ""
    return _answer(f"{sentence(text, 600)}{shown}")


def already_decided(facts: RequestFacts) -> Message:
    """What somebody is told who decides a moment too late."""
    request = facts.request
    match request.state:
        case RequestState.APPROVED | RequestState.FULFILLED | RequestState.LAPSED:
            owners = say.approvers(request)
            who = f"by {mentions(owners)}" if owners else f"by the rule {code(request.rule)}"
            return _answer(f"Already approved {who}.")
        case RequestState.DENIED:
            words = request.standing(Verdict.DENY)
            return _answer(f"Already denied by {mention(words[-1].owner_id)}." if words else "Already denied.")
        case RequestState.CANCELLED:
            if request.closed_with_its_key or facts.left_id:
                return _answer(status(facts))
            return _answer(f"Already cancelled by {mention(request.requester_id)}.")
        case RequestState.EXPIRED:
            return _answer("Nobody decided in time, so this request has expired. It has to be asked again.")
        case _:
            return _answer(status(facts))


def cancelled(facts: RequestFacts) -> Message:
    """The answer to Cancel."""
    if facts.request.closed_with_its_key:
        return _answer(status(facts))
    return _answer(f"Cancelled: {say.ask(facts)}. Nothing was made.")


def unknown_key() -> Message:
    """Neither a label nor a pasted key is known. What was typed is never repeated: it may be a secret."""
    return _answer(
        "Purser knows no such key. Check the label, such as `ana-7kq2`; people see theirs with `/ai-key list`. If "
        "you pasted a key, it is not one of Purser's: turn it off where it was made."
    )


def turning_off() -> Message:
    """While the gateway takes its time to turn a key off. It never says off: that needs proof."""
    return _answer(
        "Turning it off: the gateway is taking its time. *Nothing is confirmed yet*, so the key may still work. The "
        "outcome follows here."
    )


def failed(reference: str) -> Message:
    """Something nobody asked for. The reference is what operators find it by in the log."""
    return _answer(
        "Something went wrong on our side. Before trying again, check whether it went through. If it keeps "
        f"happening, tell an owner this reference: {code(reference, 40)}."
    )


def unknown_command(command: str) -> Message:
    """A command Slack sent and Purser does not have."""
    return _answer(
        f"Purser does not know {code(command, 40)}. There are `/ai-key`, `/ai-budget`, `/ai-usage`, `/ai-team` and "
        "`/ai-disable`."
    )


def plain(text: str) -> Message:
    """Any other sentence of ours, escaped but for mentions."""
    return _answer(sentence(text))


def _answer(text: str) -> Message:
    return message(text, section(text))
