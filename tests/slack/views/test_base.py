"""The bricks: whatever people type is escaped, cut between characters, and stays on its line."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.views.base import clip, code, fallback, fit, join, mention, mentions, moment, sentence, stack

TYPED = st.text(st.characters(exclude_categories=["Cs"]), max_size=80) | st.text("<&>;ampltg !@U0 ", max_size=80)
WHOLE = re.compile(r"(?:[^<>&]|&(?:amp|lt|gt);|<@U0\w+>|<!date\^[^<>]*>)*")


@given(text=TYPED, limit=st.integers(1, 60))
def test_clipped_text_fits_and_holds_no_markup(text: str, limit: int) -> None:
    shown = clip(text, limit)
    assert len(shown) <= limit
    assert WHOLE.fullmatch(shown.replace("<", "\x00"))
    assert not set(shown) & set("<>\n\r\t")


@given(text=st.text("ab <&>", max_size=40))
def test_text_that_fits_is_shown_as_typed(text: str) -> None:
    assert html.unescape(clip(text, 400)) == " ".join(text.split())


@given(
    pieces=st.lists(st.sampled_from(["word ", "&amp;", "&lt;", "<@U0ANA>", moment(datetime(2026, 1, 1, tzinfo=UTC))])),
    limit=st.integers(2, 120),
)
def test_finished_text_is_never_cut_inside_markup(pieces: list[str], limit: int) -> None:
    shown = fit("".join(pieces), limit)
    assert len(shown) <= limit
    assert WHOLE.fullmatch(shown)


@given(text=TYPED, limit=st.integers(2, 100))
def test_our_sentences_keep_mentions_and_nothing_else(text: str, limit: int) -> None:
    shown = sentence(f"{text} <@U0ANA> left", limit)
    assert len(shown) <= limit
    assert not set(re.sub(r"<@[UW][A-Z0-9]+>|&(?:amp|lt|gt);", "", shown)) & set("<>&")


def test_a_sentence_keeps_its_mention_in_place() -> None:
    said = "Only $3 is left in <@U0ANA>'s budget; `<!channel>` is not offered."
    assert sentence(said) == "Only $3 is left in <@U0ANA>'s budget; `&lt;!channel&gt;` is not offered."


@given(lines=st.lists(st.text("ab ", max_size=40), max_size=30), limit=st.integers(60, 200))
def test_a_stack_keeps_whole_lines_and_counts_the_rest(lines: list[str], limit: int) -> None:
    shown = stack(lines, limit)
    wanted = [line for line in lines if line]
    assert len(shown) <= limit
    if shown != "\n".join(wanted):
        *kept, last = shown.split("\n")
        assert kept == wanted[: len(kept)]
        assert last == f"…and {len(wanted) - len(kept)} more"


@given(name=TYPED)
def test_names_cannot_leave_their_code_style(name: str) -> None:
    shown = code(name)
    assert shown.count("`") == 2
    assert len(shown) > 2


@pytest.mark.parametrize("user_id", ["<!channel>", "U0ANA> <!here", "", "ana", "u0ana"])
def test_only_user_ids_become_mentions(user_id: str) -> None:
    assert "<" not in mention(user_id)


def test_lists_of_people_stay_short() -> None:
    assert mentions(["U1", "U2"]) == "<@U1> and <@U2>"
    assert mentions([f"U{n}" for n in range(9)], most=2) == "<@U0>, <@U1> and 7 more"
    assert join(["a", "b", "c"], "or") == "a, b or c"


def test_notifications_spell_moments_out() -> None:
    at = datetime(2026, 11, 27, 18, 25, tzinfo=UTC)
    assert moment(at) == f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|2026-11-27 18:25 UTC>"
    assert fallback(f"*Until* {moment(at)}") == "Until 2026-11-27 18:25 UTC"
