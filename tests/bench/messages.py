"""Messages as people and machines write them in channels, drawn from seeds: with keys of ours, of others, and without.

What stands in each is known: which of our keys, and whose foreign ones.
"""

from __future__ import annotations

import base64
import json
import string
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from bot.domain.leaks import PROVIDERS

ALNUM = string.ascii_letters + string.digits
URLSAFE = ALNUM + "-_"
HEX = "0123456789abcdef"
PHRASES = (
    "the deploy of search went fine",
    "see thread for results and graphs",
    "who can look at this before lunch",
    "we should retry with a smaller batch size",
    "the prompt got longer since yesterday",
    "please review my pull request about scikit-learn",
    "task-force end-to-end state-of-the-art",
    "api_key max_tokens OPENAI_API_KEY sk-learn",
)
WORDS = tuple(word for phrase in PHRASES for word in phrase.split())
WRAPS = (
    "{}",
    "use {} please",
    "*{}*",
    "_{}_",
    "`{}`",
    "```\nexport OPENAI_API_KEY={}\n```",
    "KEY={}",
    "KEY='{}'",
    '{"api_key": "{}", "model": "gpt"}',
    "Authorization: Bearer {}",
    "https://gw.example.com/v1/models?key={}&amp;n=5",
    "<https://gw.example.com/?k={}|a link>",
    "x_{}_y",
    "see {}, and tell me.",
    "\u200b{}\u200b",
    "key-{}-old",
)


@dataclass(frozen=True)
class Drawn:
    """A message, and what stands in it."""

    kind: str
    text: str
    ours: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()

    @property
    def slack(self) -> dict[str, Any]:
        """As Slack sends it: the words, and the same as rich text."""
        inner = {"type": "rich_text_section", "elements": [{"type": "text", "text": self.text}]}
        return {"text": self.text, "blocks": [{"type": "rich_text", "block_id": "x", "elements": [inner]}]}


def draw(count: int, ours: Sequence[str], seed: int = 0) -> Iterator[Drawn]:
    """So many messages of all kinds, in turn."""
    random = Random(seed)
    kinds = list(_KINDS)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        yield _KINDS[kind](random, ours, kind)


def said(random: Random, least: int = 4, most: int = 30) -> str:
    return " ".join(random.choice(WORDS) for _ in range(random.randint(least, most)))


def letters(random: Random, of: str, count: int) -> str:
    return "".join(random.choices(of, k=count))


def _uuid(random: Random) -> str:
    return str(uuid.UUID(int=random.getrandbits(128)))


def wrapped(random: Random, what: str) -> str:
    """Somewhere in a message, in one of the ways people paste keys."""
    return f"{said(random, 0, 12)} {random.choice(WRAPS).replace('{}', what)} {said(random, 0, 12)}"


def unknown(random: Random) -> str:
    """What a LiteLLM mints, and was never minted by ours."""
    return f"sk-{letters(random, URLSAFE, 22)}"


def foreign(random: Random) -> tuple[str, str]:
    """A key of another provider's shape, and whose it is."""
    mark = "T3BlbkFJ"
    name, key = random.choice(
        [
            ("Anthropic", f"sk-ant-api03-{letters(random, URLSAFE, 93)}AA"),
            ("OpenRouter", f"sk-or-v1-{letters(random, HEX, 64)}"),
            ("OpenAI", f"sk-proj-{letters(random, ALNUM, 74)}{mark}{letters(random, ALNUM, 74)}"),
            ("OpenAI", f"sk-{letters(random, ALNUM, 20)}{mark}{letters(random, ALNUM, 20)}"),
            ("Groq", f"gsk_{letters(random, ALNUM, 52)}"),
            ("xAI", f"xai-{letters(random, ALNUM, 80)}"),
            ("Google", f"AIza{letters(random, ALNUM, 35)}"),
            ("Hugging Face", f"hf_{letters(random, string.ascii_letters, 34)}"),
            ("Perplexity", f"pplx-{letters(random, ALNUM, 48)}"),
        ]
    )
    assert name in {provider.name for provider in PROVIDERS}
    return name, key


def _chat(random: Random, ours: Sequence[str], kind: str) -> Drawn:
    return Drawn(kind, said(random))


def _links(random: Random, ours: Sequence[str], kind: str) -> Drawn:
    links = [
        f"<https://ci.example.com/b/{letters(random, HEX, 40)}?job={random.randint(1, 9999)}&amp;t={_uuid(random)}>"
        for _ in range(random.randint(1, 4))
    ]
    return Drawn(kind, f"{said(random)} {' '.join(links)}")


def _log(random: Random, ours: Sequence[str], kind: str) -> Drawn:
    lines = [
        json.dumps({"trace_id": letters(random, HEX, 32), "ms": random.random(), "msg": said(random, 2, 6)})
        for _ in range(random.randint(2, 12))
    ]
    return Drawn(kind, "```\n" + "\n".join(lines) + "\n```")


def _base64(random: Random, ours: Sequence[str], kind: str) -> Drawn:
    blob = base64.b64encode(random.randbytes(random.randint(60, 1500))).decode()
    return Drawn(kind, f"{said(random)}\ndata:image/png;base64,{blob}")


def _code(random: Random, ours: Sequence[str], kind: str) -> Drawn:
    lines = [
        f"def {random.choice(WORDS)}_{letters(random, HEX, 8)}(x): return '{letters(random, ALNUM, 24)}'"
        for _ in range(random.randint(2, 10))
    ]
    return Drawn(kind, "```\n" + "\n".join(lines) + "\n```")


def _ids(random: Random, ours: Sequence[str], kind: str) -> Drawn:
    some = [_uuid(random), f"ghp_{letters(random, ALNUM, 36)}", letters(random, HEX, 64)]
    return Drawn(kind, f"{said(random)} {' '.join(some)} arn:aws:iam::{random.randint(10**11, 10**12)}:role/x")


def _unknown(random: Random, ours: Sequence[str], kind: str) -> Drawn:
    return Drawn(kind, wrapped(random, unknown(random)))


def _foreign(random: Random, ours: Sequence[str], kind: str) -> Drawn:
    name, key = foreign(random)
    return Drawn(kind, f"{said(random)} KEY={key} {said(random)}", foreign=frozenset({name}))


def _near(random: Random, ours: Sequence[str], kind: str) -> Drawn:
    """One of ours with a character more, less or another: no key at all."""
    key, at = random.choice(ours), random.randint(4, 20)
    other = random.choice([one for one in ALNUM if one != key[at]])
    spoilt = random.choice([key[:at] + other + key[at + 1 :], key[:at] + key[at + 1 :], key[:at] + other + key[at:]])
    return Drawn(kind, wrapped(random, spoilt))


def _ours(random: Random, ours: Sequence[str], kind: str) -> Drawn:
    some = random.sample(list(ours), random.choice([1, 1, 1, 2, 3]))
    return Drawn(kind, "\n".join(wrapped(random, key) for key in some), ours=frozenset(some))


_KINDS: dict[str, Callable[[Random, Sequence[str], str], Drawn]] = {
    "words": _chat,
    "links": _links,
    "log lines": _log,
    "base64": _base64,
    "code": _code,
    "ids and hashes": _ids,
    "unknown `sk-` keys": _unknown,
    "foreign keys": _foreign,
    "one of ours, spoilt": _near,
    "ours": _ours,
}
