"""What other providers hand out is kept no more than Purser's own keys."""

from __future__ import annotations

import pytest

from bot.logs import masked
from bot.slack.grammar.text import redacted
from tests.domain.test_leaks import SHAPES


@pytest.mark.parametrize(("provider", "key"), SHAPES)
def test_what_a_provider_hands_out_stands_in_no_reason_and_no_log(provider: str, key: str) -> None:
    assert key not in redacted(f"it was {key} of {provider}")
    assert key not in masked(f"it was {key} of {provider}")
