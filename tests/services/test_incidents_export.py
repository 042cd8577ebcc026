"""The timeline of an incident as a Markdown file: all that happened, as plain text, once, and never a secret."""

from __future__ import annotations

import re

from bot.domain.incidents import Cause, Evidence, Found, IncidentKind
from bot.services import incident_care
from bot.services.incident_export import export, lines, plain
from bot.services.incident_facts import gather
from tests.company import ANA, BEN, OLGA, OMAR, Company
from tests.fakes import Mishap
from tests.services.guard_kit import add_key, spend, sync
from tests.services.incident_kit import done, is_true, open_about, open_elsewhere, spike, turn_off
from tests.services.kit import USD

LINK = "https://acme.slack.com/archives/C0LEAKS/p1732186800000100"


def _exported(company: Company, incident_id: str) -> str:
    done(export(company.purser, company.actor(OMAR), incident_id))
    company.settle()
    (file,) = company.notifier.files
    return file.content.decode()


def test_the_file_tells_all_that_happened_with_names_and_moments(company_anywhere: Company) -> None:
    company = company_anywhere
    key = add_key(company)
    spend(company, key, 30)
    sync(company)
    hour = company.clock.now().replace(minute=0, second=0, microsecond=0)
    incident = open_about(company, key, evidence=spike(company, 40, hours=((hour, 40 * USD),)))
    company.perform()
    turn_off(company, key)
    done(incident_care.acknowledge(company.purser, company.actor(OMAR), incident.id))
    done(incident_care.assign(company.purser, company.actor(OMAR), incident.id, BEN.id))
    done(incident_care.close(company.purser, company.actor(OMAR), incident.id, Cause.RETRY_LOOP, "no backoff"))
    text = _exported(company, incident.id)
    assert text.startswith("# Incident: ")
    for said in (
        f"Holder: {ANA.name}",
        "more was spent than is usual",
        "seen: $40 in 60 minutes; usual: $1, from 12 earlier times; abnormal from $5",
        "cause: a retry loop",
        f"asked {BEN.name} to look after it",
        "closed it: a retry loop. no backoff",
        "turned the key off. seen in a log",
        "it had spent $30 by then",
        "| 2026-11-20 12:00 | $40 |",
    ):
        assert said in text.replace("\\", ""), said
    rows = [line for line in text.splitlines() if re.match(r"\| 2026-11-20 \d\d:\d\d:\d\d ", line)]
    assert len(rows) == 7
    seqs = [int(row.split("|")[-2]) for row in rows]
    assert seqs == sorted(seqs)
    assert is_true(company)


def test_of_a_loop_the_file_tells_requests_and_no_money(company: Company) -> None:
    seen = Evidence(rule="failures-by-day", window_seconds=7200, compared=8, seen_count=2300, usual_count=12)
    incident = open_about(company, add_key(company), IncidentKind.LOOP, seen)
    company.perform()
    text = _exported(company, incident.id).replace("\\", "")
    assert "2,300 requests failed or were tried again in 120 minutes; usual: 12, from 8 earlier days" in text
    assert "$0" not in text


def test_of_spend_after_off_the_file_names_no_line_from_which_it_is_abnormal(company: Company) -> None:
    seen = Evidence(rule="spent-after-off", seen_micros=3 * USD)
    incident = open_about(company, add_key(company), IncidentKind.AFTER_OFF, seen)
    company.perform()
    text = _exported(company, incident.id).replace("\\", "")
    assert "seen: $3" in text
    assert "in 0 minutes" not in text
    assert "abnormal from" not in text


def test_it_is_posted_in_the_thread_once_though_slack_loses_the_reply(company: Company) -> None:
    incident = open_about(company, add_key(company))
    company.perform()
    company.notifier.mishaps.add("send_file", Mishap.LOST)
    done(export(company.purser, company.actor(OMAR), incident.id))
    company.perform()
    company.settle()
    (file,) = company.notifier.files
    assert (file.where, file.thread_ts) == ("C0SEARCH", next(iter(company.notifier.incident_now)))
    assert re.fullmatch(r"purser-incident-ana-\w+-2026-11-20\.md", file.name)


def test_without_a_thread_it_comes_to_who_asked_for_it(company: Company) -> None:
    incident = open_elsewhere(company, None, "memory", IncidentKind.CREDENTIAL)
    company.perform()
    done(export(company.purser, company.actor(OLGA), incident.id))
    company.perform()
    assert [file.where for file in company.notifier.files] == [OLGA.id]


def test_who_waits_for_a_file_that_cannot_be_sent_is_told_why(company: Company) -> None:
    incident = open_about(company, add_key(company))
    company.perform()
    company.notifier.mishaps.add("send_file", Mishap.REFUSED)
    done(export(company.purser, company.actor(OMAR), incident.id))
    company.perform()
    assert company.notifier.occasions(f"direct:{OMAR.id}")[-1] == "effect_failed"


def test_what_people_wrote_is_text_and_no_markup_link_or_row_of_the_table(company: Company) -> None:
    incident = open_about(company, add_key(company))
    done(
        incident_care.close(
            company.purser,
            company.actor(OMAR),
            incident.id,
            Cause.OTHER,
            "| x | <img src=x> [click](https://evil.example) `rm` **now**\n# Title",
        )
    )
    text = _exported(company, incident.id)
    (row,) = [line for line in text.splitlines() if "evil" in line]
    assert len(re.findall(r"(?<!\\)\|", row)) == 5
    assert not re.search(r"(?<!\\)[<\[`*#]", row)


def test_no_secret_reaches_the_file(company: Company) -> None:
    key = add_key(company)
    secret = "sk-Zq8rT2vLw9XyB4nM7pKd5Q"
    seen = Evidence(found=Found.WATCHED, where=LINK, author_id=ANA.id, note=f"seen as {secret}")
    incident = open_about(company, key, IncidentKind.LEAK, seen)
    done(incident_care.close(company.purser, company.actor(OMAR), incident.id, Cause.LEAKED, f"it was {secret}"))
    text = _exported(company, incident.id)
    assert secret not in text
    assert secret not in text.replace("\\", "")
    assert f"<{LINK}>" in text
    assert f"posted by {ANA.name}" in text.replace("\\", "")


def test_a_long_timeline_is_written_row_by_row(company: Company) -> None:
    incident = open_about(company, add_key(company))
    for _ in range(30):
        done(incident_care.snooze(company.purser, company.actor(OMAR), incident.id, 3600))
    with company.books.reading() as session:
        shown = gather(session, company.purser, incident.id)
        assert shown is not None
        written = lines(session, shown, company.clock.now())
        assert next(written).startswith("# Incident")
        assert sum("snoozed it" in line for line in written) == 30


def test_plain_text_stays_readable() -> None:
    assert plain("nightly evals, 3 of them") == "nightly evals, 3 of them"
    assert plain("<@U0ANA>") == "\\<\\@U0ANA\\>"
