"""Questions about keys as their tests need them: keys that nobody uses, looks of the jobs, and what people read."""

from __future__ import annotations

from bot.domain.confirming import Answer, Part, Question, ReviewFacts, ReviewNotice, Why
from bot.domain.keys import Key, KeyKind
from bot.domain.people import Member
from bot.services.confirming import ask_unused
from bot.services.reviewing import Begun, review, watch_reviews
from bot.services.rotation_due import tell_rotation
from bot.services.syncing import sync_live, sync_usage
from bot.services.unanswered import watch_questions
from storage import confirmations, ledger
from tests.company import ANA, OMAR, Company
from tests.fakes import SentQuestions
from tests.services.kit import CHANNEL, held, wanted


def member_key(company: Company, who: Member = ANA, usd: float = 50) -> Key:
    return held(company, who, wanted(usd, None, kind=KeyKind.MEMBER))


def look(company: Company, *, read: bool = True, **by: float) -> None:
    """Let time pass; then one pass of the job, after usage was read, and everything it causes."""
    company.clock.advance(**by)
    if read:
        sync_usage(company.purser)
        sync_live(company.purser)
    watch_questions(company.purser)
    ask_unused(company.purser)
    tell_rotation(company.purser)
    done(company)


def done(company: Company) -> None:
    """Everything that is to be done and told is, also what waits some seconds for its proof."""
    company.perform()
    company.clock.advance(seconds=4)
    company.perform()


def begin(company: Company, who: Member = OMAR) -> ReviewFacts:
    """A review that stands in the channel, with all of its keys in the thread."""
    begun = review(company.purser, company.actor(who), CHANNEL)
    assert isinstance(begun, Begun), begun
    assert begun.is_new
    done(company)
    return begun.facts


def look_at_reviews(company: Company, **by: float) -> None:
    company.clock.advance(**by)
    watch_reviews(company.purser)
    done(company)
    watch_reviews(company.purser)
    done(company)


def use(company: Company, key: Key, *, requests: int = 1) -> None:
    assert key.handle is not None
    company.gateway.measure(key.handle, "mock-gpt", company.clock.now(), requests=requests)


def told(company: Company, part: Part, who: Member | None = None) -> list[SentQuestions]:
    """Direct messages of this part, oldest first."""
    every = [one for one in company.notifier.questions if one.notice.part is part]
    return [one for one in every if who is None or one.member_id == who.id]


def labels(message: SentQuestions) -> list[str]:
    return [one.key.key.label for one in message.notice.keys]


def last(company: Company, key: Key, why: Why = Why.UNUSED) -> Question | None:
    with company.books.reading() as session:
        return confirmations.last_about(session, key.id, why)


def answer(company: Company, key: Key, why: Why = Why.UNUSED) -> tuple[Answer | None, str | None]:
    """What became of the newest question about a key, and by whom."""
    question = last(company, key, why)
    assert question is not None
    return question.answer, question.answered_by


def actions(company: Company, start: str) -> list[str]:
    """The ledger's rows whose action begins so."""
    with company.books.reading() as session:
        return [row.action for row in ledger.stream(session) if row.action.startswith(start)]


def in_channel(company: Company) -> ReviewNotice:
    """What a review's one message shows now."""
    (ts,) = [ts for ts in company.notifier.review_now if ts.startswith(f"{CHANNEL}-")]
    return company.notifier.review_now[ts]


def in_thread(company: Company, review: ReviewFacts, part: str) -> ReviewNotice | None:
    """What a message in its thread shows now."""
    return company.notifier.review_now.get(f"{review.review.id}:{part}")
