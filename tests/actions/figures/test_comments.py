"""Comments beside ratings, put together where they say the same, by the real encoder."""

from __future__ import annotations

from sqlalchemy.orm import Session

from actions.figures.comments import themes
from actions.service import ratings
from actions.store.tables.service import RatingOffer
from knowledge.embedding import Embedding
from knowledge.encoder import SentenceEncoder
from tests.actions.conftest import open_guest
from tests.actions.figures.lived import SCOPE, SINCE

SAID = (
    (1, "等人工等了半个小时都没人理"),
    (2, "等人工等半个小时没有人理"),
    (5, "小姑娘态度特别好"),
    (1, "钱到现在还没退 电话13812345678"),
    (3, ""),
)


def test_what_says_the_same_stands_together(session: Session, encoder: SentenceEncoder) -> None:
    for number, (score, comment) in enumerate(SAID):
        talk = open_guest(session, f"g{number}")
        offer = RatingOffer(
            conversation_id=talk.id, subject="ticket", subject_id=str(number), cycle=1, offered_at=SINCE
        )
        session.add(offer)
        session.flush()
        ratings.rate(
            session, offer_id=offer.id, conversation_id=talk.id, score=score, comment=comment, now=SINCE
        )
    found = themes(session, SCOPE, Embedding(lambda: encoder))
    assert [one.count for one in found] == [2, 1, 1]
    assert found[0].score == 1.5 and "等人工" in found[0].title
    assert not any("13812345678" in text for one in found for text in one.texts)
