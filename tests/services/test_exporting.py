"""An export says what the rows say, all of it and nothing else, to whoever may see it, and arrives once."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest

from bot.domain import usage_csv
from bot.domain.facts import Occasion
from bot.domain.people import Member, Role
from bot.domain.reports import Extent
from bot.domain.requests import Because, Refused
from bot.domain.spans import Span, whole_month
from bot.domain.usage import Usage
from bot.domain.usage_csv import OTHERS, Grain
from bot.services import exporting
from bot.services.context import Repeated
from bot.services.exporting import Exporting, export_to_me, lines
from bot.services.reporting import Wanted
from storage import outbox, people, syncs, usage, usage_export
from storage.syncs import What
from storage.usage_reports import EVERYTHING, Chosen, KeyOf, of_team
from tests.company import ANA, BEN, GUS, OLGA, OMAR
from tests.fakes import Mishap, MortalBooks
from tests.services import usage_kit as kit
from tests.services.usage_kit import DAN, FAY, TODAY, Ground
from tests.storage.spending import GATEWAY

SPAN = Span(date(2026, 10, 22), date(2026, 11, 21))
COUNTS = ("requests", "failures", "retries", "tasks", "input_tokens", "cached_tokens", "output_tokens", "cost_micros",
          "unpriced_requests")  # fmt: skip
SEARCH = "C0SEARCH"


@pytest.fixture
def ground(migrated_url: str) -> Iterator[Ground]:
    books = MortalBooks(migrated_url)
    made = kit.made(books)
    made.tell(kit.drawn(7, date(2026, 10, 1), date(2026, 12, 1), per_day=0.6))
    made.at(TODAY)
    yield made
    books.close()


Lines = dict[tuple[str, str, str, str], tuple[int, ...]]
"""The figures of each day, hour, key's label and model."""


def read(text: str) -> Lines:
    rows = list(csv.DictReader(StringIO(text, newline=""), strict=True))
    found = {
        (row["date"], row["hour"], row["key"], row["model"]): tuple(int(row[name]) for name in COUNTS) for row in rows
    }
    assert len(found) == len(rows), "a line is told twice"
    assert all(usage_csv.usd(int(row["cost_micros"])) == row["cost_usd"] for row in rows)
    return found


def by_hand(ground: Ground, keys: set[str], span: Span, *, by_hour: bool = False, fold: Collection[str] = ()) -> Lines:
    """Added up row by row; keys to `fold` as one."""
    sums: dict[tuple[str, str, str, str], list[int]] = defaultdict(lambda: [0] * 9)
    for (key, model, hour), row in ground.rows.items():
        if key in keys and span.since <= hour.date() < span.until and any(row[3:]):
            label = OTHERS if key in fold else key
            found = sums[hour.date().isoformat(), f"{hour:%H}" if by_hour else "", label, model]
            found[:] = [one + other for one, other in zip(found, row[3:], strict=True)]
    return {where: tuple(counts) for where, counts in sums.items()}


def written(ground: Ground, chosen: Chosen, span: Span = SPAN, grain: Grain = Grain.DAY) -> str:
    with ground.company.books.reading() as session:
        return "".join(lines(session, chosen, span, grain=grain))


@pytest.mark.parametrize("grain", Grain)
@pytest.mark.parametrize(
    ("chosen", "span"),
    [
        (EVERYTHING, SPAN),
        (of_team("t-ads"), SPAN),
        (Chosen(team_ids=("t-search",), project_id="p-rank"), SPAN),
        (Chosen(key_ids=("ana-1", "evals-1")), Span(date(2026, 11, 1), date(2026, 11, 4))),
        (Chosen(member_id=BEN.id), Span(date(2026, 1, 1), date(2026, 12, 31))),
    ],
)
def test_every_line_is_what_the_rows_add_up_to(ground: Ground, chosen: Chosen, span: Span, grain: Grain) -> None:
    keys = {
        plan.id
        for plan in ground.keys.values()
        if (chosen.team_ids is None or plan.team in chosen.team_ids)
        and (chosen.project_id is None or plan.project == chosen.project_id)
        and (chosen.member_id is None or plan.counts_to == chosen.member_id)
        and (chosen.key_ids is None or plan.id in chosen.key_ids)
    }
    found = read(written(ground, chosen, span, grain))
    assert found
    assert found == by_hand(ground, keys, span, by_hour=grain is Grain.HOUR)


@pytest.mark.parametrize("grain", Grain)
def test_lines_are_in_order_of_labels_then_time_then_models(ground: Ground, grain: Grain) -> None:
    rows = list(csv.DictReader(StringIO(written(ground, EVERYTHING, grain=grain))))
    order = [(row["key"], row["date"], row["hour"], row["model"]) for row in rows]
    assert order == sorted(order)
    assert written(ground, EVERYTHING, grain=grain) == written(ground, EVERYTHING, grain=grain)


def test_a_row_with_any_figure_has_a_line(ground: Ground) -> None:
    """Also one without requests: a gateway may correct only the cost of a day."""
    hour = datetime(2026, 1, 5, 9, tzinfo=UTC)
    told = [Usage("h-ana-1", f"model-{n}", hour, *[int(n == place) for place in range(9)]) for n in range(9)]
    ground.tell(told)
    found = read(written(ground, EVERYTHING, Span(hour.date(), hour.date() + timedelta(days=1))))
    assert {model: sum(counts) for (_, _, _, model), counts in found.items()} == {f"model-{n}": 1 for n in range(9)}


@pytest.mark.parametrize("grain", Grain)
def test_it_is_read_a_few_keys_and_rows_at_a_time(
    ground: Ground, grain: Grain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few, no line is lost, told twice or moved."""
    whole = written(ground, EVERYTHING, grain=grain)
    monkeypatch.setattr(usage_export, "SORTED_KEYS", 2)
    monkeypatch.setattr(usage_export, "FETCHED_ROWS", 3)
    assert written(ground, EVERYTHING, grain=grain) == whole
    with ground.company.books.reading() as session:
        sizes = [len(batch) for batch in usage_export.rows(session, EVERYTHING, SPAN)]
    assert max(sizes) == 3
    assert len(sizes) > 10


def test_a_line_says_whose_key_it_is(ground: Ground) -> None:
    rows = list(csv.DictReader(StringIO(written(ground, EVERYTHING))))
    rank = next(row for row in rows if row["key"] == "rank-1")
    whose = ("gateway", "team", "project", "kind", "holder_id", "holder_name", "lead_id", "lead_name")
    assert [rank[name] for name in whose] == [
        GATEWAY, "search", "reranker", "project", ANA.id, "Ana", BEN.id, "Ben",
    ]  # fmt: skip
    own = next(row for row in rows if row["key"] == "ana-1")
    assert [own[name] for name in whose] == [GATEWAY, "search", "", "temporary", ANA.id, "Ana", "", ""]


def test_what_a_gateway_tells_no_more_has_no_line(ground: Ground) -> None:
    day = Span(TODAY, TODAY + timedelta(days=1))
    before = read(written(ground, EVERYTHING, day))
    (_, _, key, model), *_ = before
    gone = [
        row for (one, name, hour), row in ground.rows.items() if (one, name) == (key, model) and hour.date() == TODAY
    ]
    with ground.company.books.transaction() as session:
        usage.zero(session, GATEWAY, gone)
    after = read(written(ground, EVERYTHING, day))
    assert set(before) - set(after) == {(TODAY.isoformat(), "", key, model)}


def test_names_that_look_like_formulas_are_text(ground: Ground) -> None:
    with ground.company.books.transaction() as session:
        people.save_member(session, replace(ANA, name='=HYPERLINK("http://x")'), ground.company.clock.now())
    rows = list(csv.DictReader(StringIO(written(ground, EVERYTHING))))
    assert next(row for row in rows if row["key"] == "ana-1")["holder_name"] == '\'=HYPERLINK("http://x")'


@pytest.mark.parametrize("grain", Grain)
def test_keys_that_are_not_open_are_added_up_at_the_end(ground: Ground, grain: Grain) -> None:
    def is_bens(key: KeyOf) -> bool:
        return BEN.id in (key.holder_id, key.lead_id)

    with ground.company.books.reading() as session:
        text = "".join(lines(session, of_team("t-search"), SPAN, grain=grain, is_open=is_bens))
    keys = {plan.id for plan in ground.keys.values() if plan.team == "t-search"}
    others = {plan.id for plan in ground.keys.values() if BEN.id not in (plan.holder, plan.lead)}
    assert read(text) == by_hand(ground, keys, SPAN, by_hour=grain is Grain.HOUR, fold=others)
    rows = list(csv.DictReader(StringIO(text)))
    assert [row["key"] for row in rows] == sorted((row["key"] for row in rows), key=lambda key: key == OTHERS)
    last = rows[-1]
    assert (last["key"], last["team"], last["holder_id"], last["kind"]) == (OTHERS, "search", "", "")
    where = [(row["date"], row["hour"], row["model"]) for row in rows if row["key"] == OTHERS]
    assert where == sorted(where)


# --- sent to who asks ---


def export(
    ground: Ground, who: Member, extent: Extent, name: str = "", *, delivery: str | None = None
) -> Exporting | Refused:
    wanted = Wanted(extent, SPAN, name)
    return export_to_me(ground.company.purser, ground.company.actor(who, delivery), SEARCH, wanted)


def test_the_asker_gets_a_file_with_a_line_that_says_what_it_is(ground: Ground) -> None:
    with ground.company.books.transaction() as session:
        syncs.read(session, GATEWAY, What.USAGE, ground.company.clock.now())
    assert export(ground, OMAR, Extent.TEAM, "search") == Exporting("search", SPAN)
    ground.company.perform()
    (sent,) = ground.company.notifier.files
    assert (sent.where, sent.thread_ts) == (OMAR.id, None)
    assert sent.name == "purser-usage-search-2026-10-22-to-2026-11-20.csv"
    text = sent.content.decode("utf-8")
    assert text == written(ground, of_team("t-search"))
    count = len(text.splitlines()) - 1
    assert sent.text == (
        f"*Usage of team search* from 2026-10-22 to 2026-11-20 (UTC), by key, model and day: {count:,} lines. "
        "As the gateway told it by 2026-11-20 12:00 UTC."
    )


def test_a_member_gets_their_own_keys_and_the_rest_added_up(ground: Ground) -> None:
    assert isinstance(export(ground, ANA, Extent.TEAM, "search"), Exporting)
    ground.company.perform()
    (sent,) = ground.company.notifier.files
    keys = {plan.id for plan in ground.keys.values() if plan.team == "t-search"}
    others = {plan.id for plan in ground.keys.values() if ANA.id not in (plan.holder, plan.lead)}
    assert read(sent.content.decode()) == by_hand(ground, keys, SPAN, fold=others)
    assert "Keys that you may not see one by one are added up." in sent.text


def test_ones_own_keys_come_with_ones_name(ground: Ground) -> None:
    assert isinstance(export(ground, ANA, Extent.MEMBER), Exporting)
    ground.company.perform()
    (sent,) = ground.company.notifier.files
    assert sent.name == "purser-usage-ana-2026-10-22-to-2026-11-20.csv"
    assert "*Usage of <@U0ANA>*" in sent.text
    mine = {plan.id for plan in ground.keys.values() if plan.counts_to == ANA.id}
    assert read(sent.content.decode()) == by_hand(ground, mine, SPAN)


@pytest.mark.parametrize("who", [OLGA, FAY])
def test_workspace_owners_and_finance_export_everything(ground: Ground, who: Member) -> None:
    assert isinstance(export(ground, who, Extent.ALL), Exporting)
    ground.company.perform()
    assert read(ground.company.notifier.files[0].content.decode()) == by_hand(ground, set(ground.keys), SPAN)


@pytest.mark.parametrize(
    ("who", "extent", "name"),
    [
        (OMAR, Extent.ALL, ""),
        (GUS, Extent.TEAM, "ads"),
        (ANA, Extent.MEMBER, BEN.id),
        (DAN, Extent.KEY, "ana-1"),
        (ANA, Extent.TEAM, "nowhere"),
        (ANA, Extent.TEAM, "empty"),
    ],
)
def test_who_may_not_see_it_may_not_export_it(ground: Ground, who: Member, extent: Extent, name: str) -> None:
    assert isinstance(export(ground, who, extent, name), Refused)
    assert ground.company.perform() == 0
    assert ground.company.notifier.files == []


def test_days_to_come_have_nothing_to_export(ground: Ground) -> None:
    wanted = Wanted(Extent.MEMBER, whole_month(date(2027, 1, 1)))
    outcome = export_to_me(ground.company.purser, ground.company.actor(ANA), SEARCH, wanted)
    assert isinstance(outcome, Refused)
    assert outcome.because is Because.TOO_LATE


def test_too_much_for_slack_is_said_and_nothing_is_sent(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MOST_ROWS", 20)
    outcome = export(ground, OLGA, Extent.ALL)
    assert isinstance(outcome, Refused)
    assert outcome.because is Because.TOO_LARGE
    assert outcome.text.startswith("That is more than Purser sends through Slack: over 20 lines. Ask for fewer days")
    assert "`purser usage export`" in outcome.text
    assert ground.company.perform() == 0


def test_the_same_delivery_again_sends_nothing_more(ground: Ground) -> None:
    assert isinstance(export(ground, ANA, Extent.MEMBER, delivery="command:1"), Exporting)
    with pytest.raises(Repeated):
        export(ground, ANA, Extent.MEMBER, delivery="command:1")
    ground.company.settle()
    assert len(ground.company.notifier.files) == 1


@pytest.mark.parametrize("at", ["before-effect:slack.file", "after-effect:slack.file", "after-recorded:slack.file"])
def test_a_crash_on_the_way_neither_loses_nor_doubles_the_file(ground: Ground, at: str) -> None:
    assert isinstance(export(ground, ANA, Extent.MEMBER), Exporting)
    with ground.company.crashing(at, down_seconds=61):
        ground.company.perform()
    ground.company.settle()
    assert len(ground.company.notifier.files) == 1


@pytest.mark.parametrize("mishap", list(Mishap))
def test_whatever_slack_does_once_the_file_arrives_once_or_its_asker_is_told(ground: Ground, mishap: Mishap) -> None:
    ground.company.notifier.mishaps.add("send_file", mishap)
    assert isinstance(export(ground, ANA, Extent.MEMBER), Exporting)
    for _ in range(5):
        ground.company.perform()
        ground.company.clock.advance(seconds=301)
    sent = len(ground.company.notifier.files)
    told = ground.company.notifier.occasions(f"direct:{ANA.id}").count(str(Occasion.EFFECT_FAILED))
    assert (sent, told) in ((1, 0), (0, 1))


def test_who_may_see_it_no_more_when_it_is_written_is_told_instead(ground: Ground) -> None:
    assert isinstance(export(ground, GUS, Extent.TEAM, "search"), Exporting)
    with ground.company.books.transaction() as session:
        people.set_role(session, "t-search", GUS.id, Role.NONE, ground.company.clock.now())
    ground.company.settle()
    assert ground.company.notifier.files == []
    assert ground.company.notifier.occasions(f"direct:{GUS.id}") == [str(Occasion.EFFECT_FAILED)]


def test_a_file_waits_in_a_stream_of_its_own(ground: Ground) -> None:
    """While it cannot be uploaded, the same person still reads what else there is to tell."""
    assert isinstance(export(ground, ANA, Extent.MEMBER), Exporting)
    with ground.company.books.reading() as session:
        (row,) = outbox.pending(session, stream=f"file:{ANA.id}")
        assert outbox.pending(session, stream=f"direct:{ANA.id}") == []
    assert row.effect == exporting.FILE
