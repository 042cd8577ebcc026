"""The evidence table: the columns that are documented, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from bot.domain.evidence import FACTS
from bot.domain.evidence_csv import COLUMNS, heading

DOCS = (Path(__file__).parent.parent.parent / "docs" / "offboarding.md").read_text(encoding="utf-8")


def test_the_documented_columns_and_facts_are_the_ones_there_are() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", DOCS, re.MULTILINE)
    after = rows.index(("fact", "says"))
    before = rows.index(tuple(COLUMNS[0]))
    assert rows[before:after] == [tuple(column) for column in COLUMNS]
    assert rows[after + 1 :] == list(FACTS.items())


def test_columns_stay_as_they_are_for_ever() -> None:
    """Auditors keep files of years: a column may be added at the end, and never be renamed or moved."""
    assert heading() == (
        "departure,member_id,member_name,fact,at,by,subject,gateway,team,value,amount_micros,amount_usd,seconds,ledger,"
        "detail\n"
    )
