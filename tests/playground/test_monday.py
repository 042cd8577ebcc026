"""The clock's "Next Monday" brings the week's digest: to the channel, to its thread, and to who asked for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.playground.visitors import Playground, unused_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_next_monday_shows_a_digest_of_what_was_used(tmp_path: Path) -> None:
    with Playground(tmp_path / "data", port=unused_port()) as playground:
        secret = playground.key("/ai-key $10 14d two weeks of work")
        assert playground.post("chat", key=secret)["status"] == 200
        playground.post("command", {"as": "ana", "channel": "search", "text": "/ai-usage digest on"})
        playground.reads("ana", "From now on you get a weekly digest")
        playground.post("clock", to="monday")
        shown = playground.reads("ana", "Team search, ", "spent; the week before it was nothing", "Your week, ")
        assert shown.count("Details of the week") + shown.count("with a key used it.") >= 1
        assert "No digest for" not in shown
        playground.post("clock", to="monday")
        after = playground.reads("ana", "Team search, ")
        titles = [line for line in after.splitlines() if "Team search, " in line and " spent" not in line]
        assert len(set(titles)) >= 2, after
        assert playground.get("ledger")["verified"] is True
        assert playground.get("journal")["violations"] == []
        playground.stop()
