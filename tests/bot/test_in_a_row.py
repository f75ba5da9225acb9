"""Several messages before an answer: all are kept, each is answered, none is answered for another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from actions.store.tables.desk import Ticket
from tests.bot.serving import Guest, Live


def test_what_is_typed_in_a_hurry_is_all_in_the_ticket(guest: Guest, server: Live) -> None:
    parts = ["上周五提现三天没到账", "打了四次电话都没人管", "客服还挂了我两次电话"]
    guest.say("我要投诉")
    with ThreadPoolExecutor(len(parts)) as people:
        answers = list(people.map(guest.replies, parts))
    assert all(replies and replies[0]["text"] for replies in answers)
    said = "\n".join(message["text"] for replies in answers for message in replies)
    while "请您核对" not in said:
        said = guest.heard("退还费用" if "希望我们怎么处理" in said.splitlines()[-1] else "就在这里回复")
    number = next(m for m in guest.replies("确认提交") if m["kind"] == "ticket")["data"]["number"]
    with server.runtime.db.begin() as session:
        matter = session.scalars(select(Ticket.matter).where(Ticket.number == number)).one()
    assert all(part in matter for part in parts)


def test_turns_that_come_at_once_have_an_order(guest: Guest) -> None:
    texts = ["你好", "你是机器人吗", "谢谢", "查进度", "投诉一般多久能处理完"]
    with ThreadPoolExecutor(len(texts)) as people:
        answered = dict(zip(texts, people.map(guest.say, texts), strict=True))
    for text, (asked, *replies) in answered.items():
        assert asked["text"] == text
        assert replies
    history = guest.history()
    assert [one["seq"] for one in history] == list(range(1, len(history) + 1))
    assert "不是真人" in answered["你是机器人吗"][1]["text"]
