"""What becomes of a request: its states, its words, and what an unanswered one needs next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.periods import HOUR_SECONDS
from bot.domain.policy import Policy
from bot.domain.requests import ALLOWED_MOVES, Approval, Nudge, Purpose, RequestState, Verdict, nudge_due
from tests.domain.kit import NOON, after, request

POLICY = Policy()


def said(owner: str, verdict: Verdict = Verdict.APPROVE, *, stands: bool = True) -> Approval:
    return Approval(owner, verdict, "", stands, NOON)


def test_words_that_stand_are_kept_in_order() -> None:
    words = (said("U0A"), said("U0B", Verdict.DENY), said("U0C", stands=False), said("U0D"))
    asked = request(approvals=words)
    assert asked.standing(Verdict.APPROVE) == (words[0], words[3])
    assert asked.standing(Verdict.DENY) == (words[1],)


@pytest.mark.parametrize(
    ("others", "closed"),
    [
        ({"purpose": Purpose.EXTEND, "extends_key_id": "key_1"}, True),
        ({"purpose": Purpose.RAISE, "extends_key_id": "key_1"}, True),
        ({"purpose": Purpose.RAISE}, False),
        ({"purpose": Purpose.ISSUE}, False),
    ],
)
def test_what_was_closed_with_its_key_is_told_from_what_was_taken_back(others: dict[str, Any], closed: bool) -> None:
    over = request(state=RequestState.CANCELLED, **others)
    assert not over.closed_with_its_key, "its requester took it back"
    assert replace(over, decided_at=NOON).closed_with_its_key is closed


def test_what_is_over_stays_over() -> None:
    assert set(ALLOWED_MOVES) == set(RequestState)
    over = {state for state, follows in ALLOWED_MOVES.items() if not follows}
    S = RequestState  # noqa: N806 - short for a table
    assert over == {S.DENIED, S.CANCELLED, S.EXPIRED, S.FULFILLED, S.LAPSED}
    assert ALLOWED_MOVES[S.DRAFT] == {S.WAITING, S.APPROVED, S.CANCELLED}
    assert ALLOWED_MOVES[S.WAITING] == {S.APPROVED, S.DENIED, S.CANCELLED, S.EXPIRED}
    assert ALLOWED_MOVES[S.APPROVED] == {S.FULFILLED, S.LAPSED, S.CANCELLED}


@pytest.mark.parametrize(
    ("moment", "others", "due"),
    [
        (after(hours=4) - timedelta(seconds=1), {}, None),
        (after(hours=4), {}, Nudge.REMIND),
        (after(hours=20), {"reminded_at": NOON}, None),
        (after(hours=24) - timedelta(seconds=1), {}, Nudge.REMIND),
        (after(hours=24), {}, Nudge.ESCALATE),
        (after(hours=24), {"reminded_at": NOON}, Nudge.ESCALATE),
        (after(hours=30), {"escalated_at": NOON}, None),
        (after(hours=72) - timedelta(seconds=1), {"escalated_at": NOON}, None),
        (after(hours=72), {}, Nudge.EXPIRE),
        (after(hours=72), {"reminded_at": NOON, "escalated_at": NOON}, Nudge.EXPIRE),
        (after(hours=100), {"state": RequestState.APPROVED}, None),
        (after(hours=100), {"state": RequestState.DRAFT}, None),
    ],
)
def test_an_unanswered_request_is_brought_up_again_and_ends(
    moment: datetime, others: dict[str, Any], due: Nudge | None
) -> None:
    assert nudge_due(request(**others), POLICY, moment) is due


@given(st.lists(st.integers(0, 30 * HOUR_SECONDS), max_size=8))
def test_nudges_come_in_order_and_each_once(pauses: list[int]) -> None:
    waiting, now, seen = request(), NOON, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        due = nudge_due(waiting, POLICY, now)
        if due is None:
            continue
        seen.append(due)
        changes: dict[Nudge, dict[str, Any]] = {
            Nudge.REMIND: {"reminded_at": now},
            Nudge.ESCALATE: {"escalated_at": now},
            Nudge.EXPIRE: {"state": RequestState.EXPIRED},
        }
        waiting = replace(waiting, **changes[due])
    order = [Nudge.REMIND, Nudge.ESCALATE, Nudge.EXPIRE]
    assert seen == [nudge for nudge in order if nudge in seen]
