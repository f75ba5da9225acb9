"""Messages that a customer leaves for a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from actions.service import conversations, handovers, messages_left
from actions.service.replies import Reply, text_reply
from actions.store.tables.service import Conversation
from tests.actions.conftest import NOW

NIGHT = NOW + timedelta(hours=3)


def says(s: Session, conversation: Conversation, text: str) -> Reply | None:
    """Say something as the customer at night and return the reply, stored, where it is for a person."""
    turn, _ = conversations.receive(s, conversation=conversation, text=text, key=None, now=NIGHT)
    if not messages_left.is_one(s, turn):
        answer = text_reply("由问津回答")
        conversations.add_reply(
            s, conversation=conversation, reply=answer, reply_to=None, actor="bot", now=NIGHT
        )
        return None
    reply = messages_left.hear(s, conversation=conversation, turn=turn, now=NIGHT)
    conversations.add_reply(
        s, conversation=conversation, reply=reply, reply_to=turn.id, actor="bot", now=NIGHT
    )
    return reply


@pytest.mark.parametrize("ask", ["留言", "我要留言", "留个言。", "给客服留言"])
def test_the_next_message_is_kept_for_a_person_and_waits_in_the_queue(
    session: Session, conversation: Conversation, ask: str
) -> None:
    asked = says(session, conversation, ask)
    assert asked and asked.data["state"] == "leave" and "明天 9:00 起会看到" in asked.text
    left = says(session, conversation, "退款还没到账，卡号 6222020200112233445")
    assert left and left.data["state"] == "left" and "明天 9:00 起同事会看到" in left.text
    (held,) = handovers.open_handovers(session)
    assert held.reason.startswith("留言：退款还没到账") and "6222020200112233445" not in held.reason
    assert conversation.mode == "waiting_human"
    assert says(session, conversation, "退款要多久") is None  # one message, then the bot answers again


def test_a_message_may_come_with_the_word(session: Session, conversation: Conversation) -> None:
    left = says(session, conversation, "留言：请周一给我回复")
    assert left and left.data["state"] == "left"
    assert handovers.open_handovers(session)[0].reason == "留言：请周一给我回复"


@pytest.mark.parametrize("text", ["取消", "算了", "我要投诉", "转人工", '/complain{"a": "b"}'])
def test_one_may_think_better_of_it(session: Session, conversation: Conversation, text: str) -> None:
    says(session, conversation, "留言")
    assert says(session, conversation, text) is None
    assert handovers.open_handovers(session) == []


@pytest.mark.parametrize("text", ["你们的留言在哪里看", "留言板", "我留言了怎么没人回"])
def test_talk_about_messages_is_none(session: Session, conversation: Conversation, text: str) -> None:
    assert says(session, conversation, text) is None


def test_a_message_does_not_hide_why_somebody_is_urgent(session: Session, conversation: Conversation) -> None:
    handovers.request(session, conversation=conversation, reason="账户安全", queue="fraud", now=NIGHT)
    says(session, conversation, "留言：钱被转走了")
    assert handovers.open_handovers(session)[0].reason == "账户安全"
