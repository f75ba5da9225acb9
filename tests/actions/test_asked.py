"""What comes up for the knowledge owner: which questions, put together how, and when they are done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pytest
from sqlalchemy.orm import Session

from actions.learning import asked
from actions.learning.asked import AskedQuestion, gather
from actions.learning.clusters import cluster
from actions.service import conversations, ratings
from actions.service.replies import Button, Reply, ReplyKind
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.service import Conversation
from knowledge.document import Audience, Outcome
from knowledge.encoder import SentenceEncoder
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW

CUSTOMER, STAFF = Audience.CUSTOMER, Audience.STAFF


def talk(s: Session, guest: str = "g", audience: str = "customer") -> Conversation:
    return conversations.open_conversation(
        s, channel="web", external_id=guest, customer_id=guest, audience=audience, now=NOW
    )


def ask(
    s: Session,
    where: Conversation,
    text: str,
    outcome: str = "refused",
    *,
    at: datetime = NOW,
    kind: ReplyKind = ReplyKind.ANSWER,
    choices: Sequence[str] = (),
) -> None:
    turn, _ = conversations.receive(s, conversation=where, text=text, key=None, now=at)
    reply = Reply(kind, "答", {"outcome": outcome}, tuple(Button(c, c) for c in choices))
    conversations.add_reply(
        s, conversation=where, reply=reply, reply_to=turn.id, actor="bot", outcome=outcome, now=at
    )


def texts(s: Session) -> list[str]:
    return [one.text for one in gather(s, now=NOW)]


def rate(s: Session, where: Conversation, score: int, at: datetime) -> None:
    made = ratings.offer(s, conversation=where, subject="conversation", subject_id=where.id, now=at)
    assert made
    ratings.rate(s, offer_id=made.id, conversation_id=where.id, score=score, now=at)


def test_refused_questions_of_the_last_days_come_newest_first(session: Session) -> None:
    where = talk(session)
    ask(session, where, "太早的问题", at=NOW - timedelta(days=31))
    ask(session, where, "先问的问题", at=NOW - timedelta(days=2))
    ask(session, where, "后问的问题", at=NOW - timedelta(days=1))
    ask(session, where, "答了的问题", "answered")
    ask(session, where, "账户里的问题", "handover")
    ask(session, where, "闲聊的话", "refused", kind=ReplyKind.TEXT)
    ask(session, where, "/greet")
    ask(session, where, "？？")
    assert texts(session) == ["后问的问题", "先问的问题"]


def test_a_chosen_reading_is_an_answer(session: Session) -> None:
    for guest, then in (("chose", "甲？"), ("asked-on", "丙？"), ("left", None)):
        where = talk(session, guest)
        ask(session, where, f"{guest} 怎么办", "clarify", choices=("甲？", "乙？"))
        if then:
            ask(session, where, then, "answered")
    assert sorted(texts(session)) == ["asked-on 怎么办", "left 怎么办"]


def test_bad_ratings_count_against_the_last_answers(session: Session) -> None:
    good, bad = talk(session, "good"), talk(session, "bad")
    for where in (good, bad):
        ask(session, where, "昨天的问题", "answered", at=NOW - timedelta(hours=25))
        for number in range(7):
            ask(session, where, f"第{number}个问题", "answered", at=NOW - timedelta(minutes=10 - number))
    rate(session, good, 3, NOW)
    rate(session, bad, 2, NOW)
    found = gather(session, now=NOW)
    assert sorted(one.text for one in found) == [f"第{number}个问题" for number in range(2, 7)]
    assert {(one.score, one.outcome) for one in found} == {(2, Outcome.ANSWERED)}


def test_personal_numbers_are_masked(session: Session) -> None:
    ask(session, talk(session), "我的手机13812345678怎么换")
    assert texts(session) == ["我的手机138****5678怎么换"]


def test_what_is_dismissed_stays_away(session: Session, add_user: Callable[..., User]) -> None:
    user, other = add_user("wen", "knowledge"), add_user("li", "handler")
    ask(session, talk(session), "今天天气怎么样")
    ask(session, talk(session, "s", "staff"), "今天天气怎么样")
    found = [one for one in gather(session, now=NOW) if one.audience is CUSTOMER]
    with pytest.raises(WenjinError):
        asked.dismiss(session, questions=found, reason="", user=other, now=NOW)
    assert asked.dismiss(session, questions=found, reason="无关", user=user, now=NOW) == 1
    ask(session, talk(session, "again"), "请问今天天气怎么样？")
    assert [one.audience for one in gather(session, now=NOW)] == [STAFF]
    assert asked.dismiss(session, questions=found, reason="", user=user, now=NOW) == 0
    assert audit.verify(session) == []


def question(text: str, number: int = 0, audience: Audience = CUSTOMER) -> AskedQuestion:
    return AskedQuestion(f"t{number}", text, audience, NOW + timedelta(minutes=number), Outcome.REFUSED)


def test_questions_that_want_the_same_answer_are_put_together(encoder: SentenceEncoder) -> None:
    said = (
        "客服电话多少",
        "比特币今天多少钱",
        "客服电话是多少？",
        "你们公司地址在哪",
        "公司地址在哪",
        "请问客服电话多少",
        "比特币现在多少钱一个",
    )
    found = cluster([question(text, n) for n, text in enumerate(said)], encoder.encode)
    assert [one.count for one in found] == [3, 2, 2]
    assert [{t.text[-4:] for t in one.asked} for one in found[1:]] == [
        {"今天多少钱"[-4:], "多少钱一个"[-4:]},
        {"地址在哪"},
    ]
    assert found[0].key == "t5" and found[0].last_at == NOW + timedelta(minutes=5)
    assert found[0].texts[0] == found[0].title and "客服电话" in found[0].title


def test_audiences_are_never_put_together(encoder: SentenceEncoder) -> None:
    both = [question("客服电话多少", 1), question("客服电话多少", 2, STAFF)]
    assert [one.audience for one in cluster(both, encoder.encode)] == [STAFF, CUSTOMER]


def test_clusters_do_not_depend_on_the_order(encoder: SentenceEncoder) -> None:
    said = [
        question(text, n) for n, text in enumerate(("发票怎么开", "怎么开发票", "退款几天", "发票抬头怎么改"))
    ]
    assert cluster(said, encoder.encode) == cluster(said[::-1], encoder.encode)


def test_nothing_asked_is_nothing_to_do() -> None:
    def never(_: Sequence[str]) -> npt.NDArray[np.float32]:
        raise AssertionError("there is nothing to encode")

    assert cluster([], never) == []


def test_bad_ratings_are_counted(encoder: SentenceEncoder) -> None:
    said = [question("发票怎么开", 1), replace(question("发票怎么开", 2), score=1)]
    found = cluster([*said, question("发票怎么开？", 3)], encoder.encode)[0]
    assert found.badly_rated == 1
    assert [(one.turn_id, one.score, times) for one, times in found.ways] == [("t3", None, 2), ("t2", 1, 1)]
