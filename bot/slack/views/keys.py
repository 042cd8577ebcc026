"""What a key looks like: the reveal, the list of one's keys, and the answers to turning one off or keeping it.

`revealed_modal` is the only screen in Purser that holds a secret: in one block, without inputs, so that Slack
never sends it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.aging import Keeping, Kept
from bot.domain.facts import KeyFacts, Off, RequestFacts, Revealed
from bot.domain.keys import Key, KeyState, OffCause
from bot.domain.periods import show_duration
from bot.slack.views import actions as act
from bot.slack.views import phrases as say
from bot.slack.views import rotation
from bot.slack.views.base import (
    Block,
    Message,
    View,
    actions,
    clip,
    code,
    context,
    divider,
    fields,
    fit,
    literal,
    mention,
    message,
    modal,
    moment,
    section,
    sentence,
    stack,
)

BUTTONED_KEYS = 8
"""Keys in a list that get buttons of their own: Slack allows 50 blocks and 13,200 characters in a message."""
_LISTED_OFF = 20
_LIST_CHARS = 2200
_STATE_CHARS = 400


# --- the reveal ---


def minting_modal(facts: RequestFacts) -> View:
    """Shown at once on Reveal key, while the gateway makes it."""
    text = f"*Making {say.ask(facts)}.*\nThis usually takes a few seconds. Please keep this window open."
    return modal(act.REVEAL_MODAL, "Your key", [section(text)], facts.request.id)


def revealed_modal(revealed: Revealed, now: datetime) -> View:
    """The key, once. Its expiry counts from this moment."""
    key, gateway = revealed.key, revealed.gateway
    base_url = gateway.base_url.rstrip("/")
    model = next(iter(key.models or gateway.models), "MODEL")
    blocks: list[Block] = [
        section(f"*{code(key.label)} is yours.* Copy it now: it is shown only this once, only to you."),
        literal(revealed.secret),
        fields(
            ("Base URL", code(base_url, 300)),
            ("Models", say.models(key.models or gateway.models)),
            ("Cap", say.cap(key.cap_micros, key.kind, key.daily_cap_micros)),
            ("Works", _lifetime(key, now)),
        ),
        *([section(beside)] if (beside := rotation.revealed(revealed.replaces, revealed.overlap_seconds)) else []),
        section("*In your shell* (asks for the key, so that it stays out of your history)"),
        literal(
            f"export OPENAI_BASE_URL=\"{base_url}\"\nprintf 'Key: '; read -rs OPENAI_API_KEY; export OPENAI_API_KEY"
        ),
        section("*Try it with curl*"),
        literal(_curl(model)),
        section("*Or with Python* (`pip install openai`)"),
        literal(_python(model)),
        *context(
            ("Keep it in a password manager or secret store, never in code or chat. Nobody can show it to you again."),
            f"Leaked it? Type `/ai-disable {clip(key.label, 80)}` at once; anybody may.",
        ),
    ]
    # No notify_on_close: Slack would send the whole view back to us, key and all.
    return modal(act.REVEAL_MODAL, "Your key", blocks, key.request_id)


def was_revealed(key: Key) -> Message:
    """What the direct message with Reveal key says once that is done: there is nothing to press any more."""
    return message(
        f"*Your key {code(key.label)} was revealed.* It works {say.ends(key)}. "
        "`/ai-key list` shows it, but not its secret."
    )


def reveal_failed_modal(text: str) -> View:
    """Why no key is shown, and what to do next."""
    return modal(act.REVEAL_MODAL, "No key yet", [section(sentence(text))])


def _lifetime(key: Key, now: datetime) -> str:
    if key.expires_at is None:
        return "with no end date"
    minutes = round((key.expires_at - now).total_seconds() / 60)
    return f"until {moment(key.expires_at)} ({show_duration(max(0, minutes * 60))})"


def _curl(model: str) -> str:
    return (
        'curl "$OPENAI_BASE_URL/chat/completions" \\\n'
        '  -H "Authorization: Bearer $OPENAI_API_KEY" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f'  -d \'{{"model": "{_bare(model)}", "messages": [{{"role": "user", "content": "Hello"}}]}}\''
    )


def _python(model: str) -> str:
    return (
        "from openai import OpenAI\n"
        "\n"
        "client = OpenAI()  # reads OPENAI_API_KEY and OPENAI_BASE_URL\n"
        "answer = client.chat.completions.create(\n"
        f'    model="{_bare(model)}", messages=[{{"role": "user", "content": "Hello"}}]\n'
        ")\n"
        "print(answer.choices[0].message.content)"
    )


def _bare(model: str) -> str:
    """A model's name fit to stand between quotes in a shell and in Python."""
    return "".join(char for char in model if char.isprintable() and char not in "\"'\\`$")[:150]


# --- one's keys ---


def key_list(keys: list[KeyFacts], now: datetime) -> Message:
    """Live keys first, with buttons as far as a message has room; then those that are off, newest first."""
    if not keys:
        return message("You hold no key. Ask for one with `/ai-key`, or `/ai-key $25 7d what it is for`.")
    live = [facts for facts in keys if not say.is_off(facts.key)]
    off = sorted(
        (facts for facts in keys if facts not in live),
        key=lambda facts: facts.key.off_at or now,
        reverse=True,
    )
    blocks: list[Block] = [section(f"*Your keys:* {_count(live, off)}")]
    for facts in live[:BUTTONED_KEYS]:
        blocks.append(section(key_line(facts)))
        blocks += actions(say.extend_button(facts.key), say.give_back_button(facts.key), say.raise_button(facts.key))
    if rest := live[BUTTONED_KEYS:]:
        hint = "For these, type `/ai-key extend LABEL 7d` or `/ai-key return LABEL`."
        blocks += [divider(), section(key_lines(rest, hint))]
    if off:
        more = len(off) - _LISTED_OFF
        last = f"…and {more} more that are off" if more > 0 else ""
        blocks += [divider(), section(key_lines(off[:_LISTED_OFF], last=last))]
    names = ", ".join(code(facts.key.label) for facts in live[:5])
    return message(f"Your keys: {_count(live, off)} {names}".strip(), blocks)


def key_lines(keys: list[KeyFacts], first: str = "", last: str = "") -> str:
    """Keys in one block of text, a blank line between them."""
    said = [first, *map(key_line, keys), last]
    return stack([f"{line}\n" for line in said if line], _LIST_CHARS).rstrip("\n")


def key_line(facts: KeyFacts) -> str:
    """A key in one line: label, kind, team, spend and how fresh it is, and its state."""
    key = facts.key
    named = f"*{code(key.label)}* · {key.kind} · team {clip(facts.team_name, 40)}"
    head = f"{named} · {say.spent(facts)}{rotation.links(facts)}"
    if say.is_off(key):
        since = f" since {moment(key.off_at)}" if key.off_at else ""
        return f"{head}\nOff{since}: {_OFF_SHORT[key.off_cause or OffCause.DISABLED]}."
    return f"{head}\n{fit(say.key_state(key), _STATE_CHARS)}"


_OFF_SHORT = {
    OffCause.DISABLED: "turned off",
    OffCause.RETURNED: "given back",
    OffCause.EXPIRED: "its time is over",
    OffCause.DRIFT: "removed at the gateway",
    OffCause.ROTATED: "replaced by a new one",
    OffCause.LEFT: "its holder or lead left",
    OffCause.UNUSED: "nobody used it",
    OffCause.UNCONFIRMED: "nobody confirmed it in a review",
    OffCause.BUDGET: "stopped by a limit",
}


def _count(live: list[KeyFacts], off: list[KeyFacts]) -> str:
    working = sum(facts.key.state is KeyState.LIVE for facts in live)
    stopped = sum(say.is_stopped(facts.key) for facts in live)
    between = len(live) - working - stopped
    parts = [f"{working} in use"]
    parts += [f"{count} {what}" for count, what in ((stopped, "stopped by a limit"), (between, "in between")) if count]
    parts += [f"{len(off)} off"] if off else []
    return f"{', '.join(parts)}."


# --- turning off, and on again ---


def off(outcome: Off, now: datetime) -> Message:
    """The answer to turning a key off: how far that is proven, and what to do if it is not."""
    facts, key = outcome.key, outcome.key.key
    if outcome.already:
        opening = f"*{code(key.label)} was already off.* {say.off_cause(key)}"
        if key.state is not KeyState.DISABLED:
            opening = f"*{code(key.label)} is already being turned off.* {say.off_cause(key)}"
    else:
        proven = outcome.proof is not None and not outcome.probe_accepted
        whose = f"{code(key.label)} of {mention(key.holder_id)}"
        opening = f"*{whose} is turned off.*" if proven else f"*Turning off {whose}.*"
    said = stack([opening, _proven(outcome), _next_step(outcome, now)])
    told = (
        ""
        if outcome.already
        else f"{mention(key.holder_id)} and the owners of team {clip(facts.team_name, 80)} are told."
    )
    return message(said, section(said), context(told))


def _proven(outcome: Off) -> str:
    if outcome.probe_accepted:
        lag = outcome.disable_lag_seconds
        wait = f"The gateway may take up to {show_duration(lag)} to act on it. " if lag else ""
        return (
            "*NOT off yet:* the gateway's record says off, but a call with the pasted key still worked. "
            f"{wait}Purser keeps trying."
        )
    if outcome.proof is None:
        return say.NOT_CONFIRMED
    lag = outcome.disable_lag_seconds
    warning = f" The gateway may accept it for up to {show_duration(lag)} more." if lag and not outcome.already else ""
    return say.proof(outcome.proof, outcome.key.key.proven_at) + (warning if outcome.proof.value == "recorded" else "")


def _next_step(outcome: Off, now: datetime) -> str:
    key = outcome.key.key
    if outcome.proof is None or outcome.probe_accepted:
        return (
            f"If it can't wait: block or delete {code(key.alias)} in the gateway {code(key.gateway)}, or ask "
            "somebody who administers it."
        )
    return "A mistake? An owner can press *Restore*." if say.restore_button(key, now) else ""


def restored(facts: KeyFacts, now: datetime) -> Message:
    """The answer to Restore."""
    key = facts.key
    if key.state is not KeyState.LIVE:
        return message(f"{code(key.label)} is being restored. Purser tells its holder when it works again.")
    left = f" ({show_duration(int((key.expires_at - now).total_seconds()))} left)" if key.expires_at else ""
    return message(f"{code(key.label)} of {mention(key.holder_id)} works again, {say.ends(key)}{left}.")


def returned(outcome: Off) -> Message:
    """The answer to Give back."""
    key = outcome.key.key
    if outcome.already:
        return message(f"{code(key.label)} was already off. {say.key_state(key)}")
    return message(
        stack(
            [
                f"*Thank you: {code(key.label)} is given back.* It had {say.spent(outcome.key)}.",
                _proven(outcome),
            ]
        )
    )


# --- old keys ---


def kept(outcome: Kept) -> Message:
    """The answer to Keep."""
    label = outcome.key.key.label
    opening = f"{code(label)} was kept already" if outcome.already else f"*{code(label)} is kept*"
    return message(
        f"{opening}: Purser does not call it old until {moment(outcome.until)}. No longer needed? "
        f"`/ai-disable {clip(label, 80)}` turns it off."
    )


def to_keep(shown: Mapping[str, Any]) -> list[str]:
    """The ids of the keys that a message, as Slack tells it, has Keep for."""
    return [key_id for block in shown.get("blocks") or [] if (key_id := _keeps(block))]


def kept_in(shown: Mapping[str, Any], kept: Mapping[str, Keeping]) -> Message:
    """The same message with who keeps a key in place of its buttons."""
    blocks: list[Block] = []
    for block in shown.get("blocks") or []:
        keeping = kept.get(_keeps(block))
        said = keeping and f"Kept by {mention(keeping.by)}: not called old until {moment(keeping.until)}."
        blocks += context(said) if said else [block]
    return Message(str(shown.get("text") or ""), blocks)


def _keeps(block: Mapping[str, Any]) -> str:
    """The key that a row of buttons has Keep for; empty for any other block."""
    buttons = block.get("elements") or [] if block.get("type") == "actions" else []
    return next((str(one.get("value")) for one in buttons if one.get("action_id") == act.KEEP), "")
