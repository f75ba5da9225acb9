"""The first questions that the chat offers."""

from datetime import UTC, datetime, timedelta

from bot.channels.suggestions import POOLS, SHOWN, Suggestions
from knowledge.document import Answer, Audience, Outcome
from knowledge.encoder import SentenceEncoder
from knowledge.library import Library, LiveAnswerer

DAY = datetime(2026, 5, 4, tzinfo=UTC)


def test_four_are_offered_and_they_change_with_the_day(library: Library, encoder: SentenceEncoder) -> None:
    offers = Suggestions(LiveAnswerer(library, lambda: encoder))
    first = offers.offer(Audience.CUSTOMER, today=DAY)
    assert len(set(first)) == SHOWN
    assert first != offers.offer(Audience.CUSTOMER, today=DAY + timedelta(days=1))
    assert not set(first) & set(offers.offer(Audience.STAFF, today=DAY))


def test_the_manual_answers_every_suggestion(library: Library, encoder: SentenceEncoder) -> None:
    live = LiveAnswerer(library, lambda: encoder)
    unanswered = [
        question
        for audience, pool in POOLS.items()
        for question in pool
        if live.answer(question, audience=audience).outcome is not Outcome.ANSWERED
    ]
    assert unanswered == []


class _Silent(LiveAnswerer):
    """A manual that answers only what begins with 投诉."""

    def answer(self, question: str, *, audience: Audience, context: str = "") -> Answer:
        del audience, context
        return Answer(Outcome.ANSWERED if question.startswith("投诉") else Outcome.REFUSED, "")


def test_what_another_manual_does_not_answer_is_not_offered(
    library: Library, encoder: SentenceEncoder
) -> None:
    offers = Suggestions(_Silent(library, lambda: encoder))
    assert set(offers.offer(Audience.CUSTOMER, today=DAY)) == {"投诉一般多久能处理完", "投诉处理有哪些步骤"}
