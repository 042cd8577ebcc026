"""What Keep leaves behind in the message it was pressed in: that key's buttons go, everything else stays."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.aging import Keeping
from bot.domain.digests import Age, OldKey
from bot.domain.facts import KeyFacts
from bot.playground.slack.blockkit import check_message
from bot.slack.views import keys
from bot.slack.views.base import message, section
from bot.slack.views.old_keys import old_key_blocks
from tests.slack.views import kit
from tests.slack.views.kit import ANA, NOW, OMAR

(WORLD, *_) = kit.WORLDS
MINE, OTHER = kit.key(WORLD, number=1), kit.key(WORLD, number=2)
KEPT = {MINE.key.id: Keeping(OMAR, NOW + timedelta(days=30))}


def old(facts: KeyFacts) -> OldKey:
    return OldKey(facts.key.id, facts.key.label, ANA, (Age.UNUSED,), NOW - timedelta(days=40))


SHOWN = message("Old keys", section("*Old keys*"), old_key_blocks(old(MINE)), old_key_blocks(old(OTHER)))


def test_in_place_of_its_buttons_stands_who_keeps_it() -> None:
    kept = keys.kept_in({"text": SHOWN.text, "blocks": SHOWN.blocks}, KEPT)
    assert check_message(kept.blocks, kept.text) == []
    before = [block for block in SHOWN.blocks if MINE.key.id not in str(block)]
    after = [block for block in kept.blocks if block["type"] != "context"]
    assert after == before
    (line,) = [block for block in kept.blocks if block["type"] == "context"]
    assert line["elements"][0]["text"].startswith(f"Kept by <@{OMAR}>: not called old until <!date^")
    assert kept.blocks.index(line) == next(n for n, one in enumerate(SHOWN.blocks) if MINE.key.id in str(one))


def test_a_message_without_that_key_stays_as_it_is() -> None:
    gone = {"text": "Old keys", "blocks": old_key_blocks(old(OTHER))}
    assert keys.kept_in(gone, KEPT).blocks == gone["blocks"]


def test_a_message_tells_which_keys_it_has_keep_for() -> None:
    assert keys.to_keep({"blocks": SHOWN.blocks}) == [MINE.key.id, OTHER.key.id]
    assert keys.to_keep({}) == []
