"""Short answers: one or two lines, only for the person who did something. Each says what to do next."""

from __future__ import annotations

from bot.domain.facts import KeyFacts, RequestFacts
from bot.domain.people import BARRIER_TEXT, Barrier
from bot.domain.requests import Purpose, Refused, RequestState, Verdict
from bot.slack.views import phrases as say
from bot.slack.views.base import Message, clip, code, mention, mentions, message, moment, section, sentence
from bot.slack.views.requests import status


def refused(no: Refused) -> Message:
    """Why something cannot be done. Mentions in the text stay mentions, everything else is literal."""
    return _answer(sentence(no.text))


def barred(barrier: Barrier) -> Message:
    """Why this person may not do it."""
    return _answer(BARRIER_TEXT[barrier])


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
            return _answer(f"Already cancelled by {mention(request.requester_id)}.")
        case RequestState.EXPIRED:
            return _answer("Nobody decided in time, so this request has expired. It has to be asked again.")
        case _:
            return _answer(status(facts))


def already_agreed(facts: RequestFacts) -> Message:
    """An owner's second yes to the same terms counts once."""
    count = f"{len(say.approvers(facts.request))} of {facts.request.approvals_needed}"
    return _answer(f"You have already approved this: {count}. One more owner has to agree.")


def decided(facts: RequestFacts) -> Message:
    """What the owner who just decided is told, where the card alone would not show it."""
    return _answer(f"Done. {status(facts)}")


def cancelled(facts: RequestFacts) -> Message:
    """The answer to Cancel."""
    return _answer(f"Cancelled: {say.ask(facts)}. Nothing was made.")


def extension_asked(facts: RequestFacts) -> Message:
    """The answer to asking for more time."""
    if facts.request.purpose is Purpose.EXTEND and facts.request.state is RequestState.WAITING:
        return _answer(f"You asked for {say.ask(facts)}. {say.asked_owners(facts)}")
    return _answer(status(facts))


def extended(facts: KeyFacts) -> Message:
    """A key got its new end at once."""
    return _answer(f"{code(facts.key.label)} now works {say.ends(facts.key)}.")


def unknown_key() -> Message:
    """Neither a label nor a pasted key is known. What was typed is never repeated: it may be a secret."""
    return _answer(
        "Purser knows no such key. Check the label, such as `ana-7kq2`; people see theirs with `/ai-key list`. If "
        "you pasted a key, it is not one of Purser's: turn it off where it was made."
    )


def unknown_label() -> Message:
    return _answer("You hold no key with that label. `/ai-key list` shows yours.")


def no_team() -> Message:
    """Somebody asks for a key without being in any team."""
    return _answer("You are in no team yet. Ask an owner of your team for `/ai-team invite @you` in its channel.")


def unknown_team() -> Message:
    return _answer("No team lives in this channel. Type this in your team's channel, or open the form with `/ai-key`.")


def waiting_for(facts: RequestFacts) -> Message:
    """Somebody asks again for what is still being decided."""
    return _answer(f"You are already waiting for {say.ask(facts)}. {status(facts)}")


def not_waiting(text: str) -> Message:
    return _answer(sentence(text))


def busy() -> Message:
    """Another click on the same thing is being carried out."""
    return _answer("That is being done right now. Look again in a moment.")


def stale() -> Message:
    """A form or button whose time is over."""
    return _answer("This has been open too long. Nothing was changed; please start again.")


def foreign_click() -> Message:
    return barred(Barrier.FOREIGN_WORKSPACE)


def reveal_by(facts: RequestFacts) -> Message:
    """Where the reveal is to be found."""
    until = moment(facts.request.deadline_at)
    return _answer(f"Press *Reveal key* in the direct message from Purser, until {until}.")


def failed(reference: str) -> Message:
    """Something nobody asked for. The reference is what operators find it by in the log."""
    return _answer(
        "Something went wrong on our side. Before trying again, check whether it went through. If it keeps "
        f"happening, tell an owner this reference: {code(reference, 40)}."
    )


def unknown_command(command: str) -> Message:
    """A command Slack sent and Purser does not have."""
    return _answer(
        f"Purser does not know {code(clip(command, 40))}. There are `/ai-key`, `/ai-team` and `/ai-disable`."
    )


def plain(text: str) -> Message:
    """Any other sentence of ours, escaped but for mentions."""
    return _answer(sentence(text))


def _answer(text: str) -> Message:
    return message(text, section(text))
