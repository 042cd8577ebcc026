"""The main job, over the wire: ask, approve, reveal once, use, disable; in both modes, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.services.auditing import verify
from tests.office import Office

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def test_a_key_is_asked_for_approved_revealed_used_and_turned_off(migrated_url: str, tmp_path: Path, mode: str) -> None:
    with Office(migrated_url, tmp_path, mode=mode) as office:
        office.open()
        office.found_team()
        ana, omar = office.slack.person("ana"), office.slack.person("omar")

        reply = ana.command("/ai-key $25 7d evaluate rerankers", channel="search")
        assert reply.ok
        receipt = office.reads("ana", "$25", where="search")
        assert "<@U0OMAR>" in office.text(receipt) or "@omar" in office.text(receipt).lower()

        card = office.card()
        assert "evaluate rerankers" in office.text(card)
        dm = office.approve(card)
        assert "sk-" not in office.text(dm)

        secret = office.reveal(dm)
        assert office.chat(secret).status_code == 200
        office.sees(lambda: "Revealed as" in office.text(office.card()) or None)

        assert omar.command(f"/ai-disable {secret} found in a log", channel="search").ok
        answer = office.reads("omar", "refused", where="search")
        assert secret not in office.text(answer)
        assert office.chat(secret).status_code == 401
        office.reads("ana", "off")
        office.assert_nothing_odd()
        books = office.books()
        report = verify(books)
        books.close()
        assert report.ok, report.lines
