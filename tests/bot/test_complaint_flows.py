"""Conversations about complaints: what is recognised, the same matter told again, and one's own tickets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk import attachments, categories, tickets, work
from actions.desk.attachments import Upload
from actions.service.replies import ReplyKind
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.desk import Priority, Ticket, TicketState, TicketVector
from actions.store.tables.service import Rating, RatingOffer
from tests.actions.desk.people import as_is, decide, hire, take
from tests.bot.pictures import picture
from tests.bot.talking import Chat, new_database, titles

MATTER = "上周五转账被扣了两次手续费"
AGAIN = "转账那个手续费上周五扣了我两遍，还没退"
OTHER = "买的基金净值算错了，少给我收益"
SAME = ["并入原工单", "是另一件事"]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return a fresh database."""
    made = new_database(tmp_path)
    yield made
    made.dispose()


@pytest.fixture
def chat(database: Database) -> Chat:
    """Return a customer's conversation."""
    return Chat(database)


def register(chat: Chat, matter: str = MATTER) -> Ticket:
    """Register a complaint and return its ticket."""
    asked = chat.tell("我要投诉", matter)
    if titles(asked) == SAME:
        asked = chat.say("是另一件事")
    while "请您核对" not in asked[-1].text:
        asked = chat.say(_answer(asked[-1].text))
    [reply] = chat.say("确认提交")
    with chat.database.begin() as s:
        return tickets.get_by_number(s, reply.data["number"])


def _answer(question: str) -> str:
    return "会员" if "产品" in question else "退还费用" if "怎么处理" in question else "不留"


def all_tickets(database: Database) -> list[Ticket]:
    """Return all tickets, the oldest first."""
    with database.begin() as s:
        return list(s.scalars(select(Ticket).order_by(Ticket.created_at)))


def desk(chat: Chat, ticket: Ticket, *steps: Any) -> None:
    """Let a handler take the ticket and do more with it."""
    with chat.database.begin() as s:
        li = s.scalar(select(User).where(User.name == "li")) or hire(s).li
        own = tickets.get(s, ticket.id)
        take(s, own, li, chat.now)
        for step in steps:
            step(s, own, li)


def decided(s: Session, ticket: Ticket, user: User) -> None:
    """Decide the ticket at its own time."""
    decide(s, ticket, user, ticket.customer_at or ticket.created_at)


class TestUnderstanding:
    def test_what_was_named_stands_in_the_summary_and_in_the_ticket(
        self, chat: Chat, database: Database
    ) -> None:
        text = "上周三转账扣了我3000块，订单号A20251231001"
        summary = chat.tell("我要投诉", text, "退还费用", "不留")[0].text
        assert "其中提到：涉及金额 3,000 元，2025年12月31日，订单号 A20251231001" in summary
        chat.say("确认提交")
        [ticket] = all_tickets(database)
        assert ticket.found["orders"] == ["A20251231001"]
        assert ticket.found["days"][0]["from"] == "2025-12-31"

    def test_yesterday_stays_the_day_before_it_was_said(self, chat: Chat) -> None:
        chat.tell("我要投诉", "昨天转账被扣了两次手续费")
        chat.now += timedelta(days=3)
        assert "1月4日" in chat.tell("退还费用", "不留")[0].text

    def test_a_ticket_has_its_proposals_and_its_vector(self, chat: Chat, database: Database) -> None:
        register(chat, OTHER)
        [ticket] = all_tickets(database)
        for axis in categories.AXES:
            categories.check(**{axis: ticket.proposed[axis]["key"]})
            assert 0 < ticket.proposed[axis]["confidence"] <= 1
        assert ticket.proposed["business"]["key"] == "wealth"
        with database.begin() as s:
            assert s.get(TicketVector, ticket.id) is not None

    def test_all_that_was_said_before_is_used(self, chat: Chat) -> None:
        chat.tell(MATTER, "打了五个电话都没人理我，气死人，手机号13912345678")
        opened = chat.say("我要投诉")[0].text
        assert "手续费" in opened
        assert "怎么处理" in opened  # neither the matter nor the product is asked for
        summary = chat.say("退还费用")[0].text
        assert "打了五个电话都没人理我" in summary
        assert "139****5678" in summary

    def test_what_belongs_to_a_former_complaint_is_not_used_again(self, chat: Chat) -> None:
        register(chat)
        assert "发生了什么" in chat.heard("我要投诉")

    def test_files_of_the_conversation_are_named(self, chat: Chat, database: Database) -> None:
        chat.tell("我要投诉", MATTER)
        add_file(chat)
        assert "附件：1 个" in chat.tell("退还费用", "不留")[0].text
        chat.say("确认提交")
        [ticket] = all_tickets(database)
        with database.begin() as s:
            assert len(attachments.of_ticket(s, ticket.id, internal=False)) == 1

    @pytest.mark.parametrize(
        ("matter", "queue", "words"),
        [
            ("你们客服骂我神经病，说我没钱还贷款", "conduct", "员工行为"),
            ("我的会员账号被盗刷了五百元", "fraud", "110"),
            ("我的贷款资料被你们泄露给装修公司了", "privacy", "信息安全"),
        ],
    )
    def test_what_goes_first_is_told_so(
        self, chat: Chat, database: Database, matter: str, queue: str, words: str
    ) -> None:
        chat.tell("我要投诉", matter)
        chat.tell("尽快处理", "不留")
        told = chat.heard("确认提交")
        [ticket] = all_tickets(database)
        assert (ticket.queue, ticket.priority) == (queue, Priority.HIGH)
        assert "排在一般投诉前面先看" in told
        assert words in told

    def test_an_implicit_complaint_gets_sympathy_and_the_way(self, chat: Chat, database: Database) -> None:
        [reply] = chat.say("什么破玩意儿，一直连不上")
        assert "抱歉" in reply.text
        assert titles([reply]) == ["我要投诉", "转人工"]
        assert "发生了什么" not in chat.heard("算了")
        assert all_tickets(database) == []


def add_file(chat: Chat) -> None:
    """Add a picture to the conversation."""
    with chat.database.begin() as s:
        conversation = chat._conversation(s)
        attachments.add(
            s,
            Upload("截图.png", picture()),
            customer_id=chat.customer_id,
            conversation_id=conversation.id,
            now=chat.now,
        )


class TestSameMatter:
    @pytest.fixture
    def first(self, chat: Chat) -> Ticket:
        """Register a complaint, a week ago."""
        made = register(chat)
        chat.now += timedelta(days=7)
        return made

    def test_it_is_offered_for_merging(self, chat: Chat, first: Ticket) -> None:
        [asked] = chat.tell("我要投诉", AGAIN)
        assert titles([asked]) == SAME
        assert f"您 1月5日 登记过 {first.number}「{MATTER}」" in asked.text

    def test_merged_it_keeps_its_clock(self, chat: Chat, database: Database, first: Ticket) -> None:
        chat.tell("我要投诉", AGAIN)
        add_file(chat)
        told = chat.heard("并入原工单")
        assert f"已并入工单 {first.number}" in told
        assert "时限不变" in told
        [ticket] = all_tickets(database)
        assert ticket.due_at == first.due_at
        with database.begin() as s:
            last = tickets.timeline(s, ticket.id)[-1]
            assert (last.type, last.data["text"]) == ("add_facts", AGAIN)
            assert len(last.data["files"]) == 1
            assert attachments.pending(s, str(ticket.conversation_id)) == []

    def test_pressed_twice_it_is_merged_once(self, chat: Chat, database: Database, first: Ticket) -> None:
        chat.tell("我要投诉", AGAIN, "并入原工单")
        again = chat.say("并入原工单")[0]
        assert again.data["number"] == first.number
        assert all_tickets(database)[0].version == 2

    def test_another_matter_gets_a_clock_of_its_own(
        self, chat: Chat, database: Database, first: Ticket
    ) -> None:
        assert "怎么处理" in chat.tell("我要投诉", AGAIN, "是另一件事")[0].text
        assert "怎么处理" in chat.heard("是另一件事")  # pressed twice
        chat.tell("退还费用", "不留", "确认提交")
        assert all_tickets(database)[0].number == first.number
        assert all_tickets(database)[1].due_at > first.due_at

    def test_the_question_survives_talk_beside_it_and_a_restart(self, chat: Chat, first: Ticket) -> None:
        chat.tell("我要投诉", AGAIN)
        assert titles(chat.say("你是机器人吗"))[-2:] == SAME
        chat.restart()
        assert titles(chat.say("取消登记")) == ["放弃登记", "继续登记"]
        assert titles(chat.say("继续登记")) == SAME
        assert first.number in chat.heard("对，同一件")

    def test_it_is_asked_before_a_summary_too(self, chat: Chat, first: Ticket) -> None:
        del first
        replies = chat.say(f"我要投诉，{AGAIN}，要求退款，电话13912345678")
        assert titles(replies) == SAME
        assert "请您核对" in chat.heard("不是同一件")

    def test_it_is_not_asked_of_another_matter_or_another_customer(self, chat: Chat, first: Ticket) -> None:
        del first
        assert titles(chat.tell("我要投诉", OTHER)) != SAME
        assert titles(Chat(chat.database).tell("我要投诉", AGAIN)) != SAME

    def test_it_is_not_asked_after_the_period(self, chat: Chat, first: Ticket) -> None:
        del first
        chat.now += timedelta(days=40)
        assert titles(chat.tell("我要投诉", AGAIN)) != SAME


class TestOwnTickets:
    def test_progress_tells_the_date_and_the_last_reply(self, chat: Chat) -> None:
        ticket = register(chat)
        desk(
            chat,
            ticket,
            lambda s, t, li: work.reply(s, **as_is(t, li, chat.now), text="正在核对 1 月 2 日的流水。"),
        )
        told = chat.heard("我的投诉怎么样了")
        assert ticket.number in told
        assert "2026年1月20日" in told
        assert "最近一次答复（1月5日）：「正在核对 1 月 2 日的流水。」" in told

    def test_who_is_waited_for_is_offered_to_write_it_down(self, chat: Chat, database: Database) -> None:
        ticket = register(chat)
        desk(chat, ticket, lambda s, t, li: work.ask(s, **as_is(t, li, chat.now), text="请告诉我们收款银行"))
        [offered] = chat.say("工行，中山路支行，户名王小明")
        assert offered.buttons[0].title == "记到工单里"
        assert "已补充" in chat.heard(offered.buttons[0].payload)
        assert all_tickets(database)[0].state is TicketState.IN_PROGRESS

    def test_a_bare_wish_to_add_is_asked_for_its_facts(self, chat: Chat, database: Database) -> None:
        ticket = register(chat)
        assert f"要补充到工单 {ticket.number}" in chat.heard("补充情况")
        assert "不是真人" in chat.say("你是机器人吗")[0].text
        assert "已补充" in chat.heard("收款人那边也收到了两笔")
        with database.begin() as s:
            assert tickets.timeline(s, ticket.id)[-1].data["text"] == "收款人那边也收到了两笔"

    def test_one_may_stop_adding(self, chat: Chat, database: Database) -> None:
        register(chat)
        chat.say("补充情况")
        assert "没有提交" in chat.heard("不用了")
        assert all_tickets(database)[0].version == 1

    def test_of_several_tickets_one_is_chosen(self, chat: Chat, database: Database) -> None:
        one, two = register(chat), register(chat, OTHER)
        [asked] = chat.say("补充 银行短信显示扣了两笔5元")
        assert set(titles([asked])) == {one.number, two.number, "不用了"}
        assert one.number in chat.heard(one.number)
        with database.begin() as s:
            assert tickets.timeline(s, one.id)[-1].data["text"] == "银行短信显示扣了两笔5元"

    def test_files_alone_are_added(self, chat: Chat, database: Database) -> None:
        ticket = register(chat)
        add_file(chat)
        assert "附件 1 个" in chat.heard("补充材料")
        with database.begin() as s:
            assert len(attachments.of_ticket(s, ticket.id, internal=False)) == 1

    def test_a_decision_is_reviewed_with_a_reason(self, chat: Chat, database: Database) -> None:
        ticket = register(chat)
        assert "还没有作出处理决定" in chat.heard("申请核查")
        desk(chat, ticket, decided)
        assert titles(chat.say("查进度")) == ["申请核查"]
        assert "为什么" in chat.heard(f"申请核查 {ticket.number}")
        told = chat.heard("少退了一个月的手续费")
        assert "由另一位处理人员核查" in told
        [again] = all_tickets(database)
        assert again.state is TicketState.REOPENED
        assert f"（{again.rule}）" in told

    def test_a_reason_that_was_said_is_not_asked_for(self, chat: Chat, database: Database) -> None:
        ticket = register(chat)
        desk(chat, ticket, decided)
        assert "已为工单" in chat.heard("我不服这个决定，少退了一个月的手续费，申请核查")
        assert all_tickets(database)[0].state is TicketState.REOPENED

    def test_after_the_window_nothing_is_reviewed(self, chat: Chat) -> None:
        ticket = register(chat)
        desk(chat, ticket, decided)
        chat.now += timedelta(days=45)
        assert "已过申请核查的期限" in chat.heard("申请核查")

    def test_a_decided_complaint_cannot_be_withdrawn(self, chat: Chat) -> None:
        ticket = register(chat)
        desk(chat, ticket, decided)
        assert "没有可以撤回的工单" in chat.heard("撤回工单")

    def test_the_handling_is_rated(self, chat: Chat, database: Database) -> None:
        ticket = register(chat)
        desk(chat, ticket, decided)
        [offer] = chat.say("我要评价")
        assert offer.kind is ReplyKind.RATING
        assert "5 分" in chat.heard("5分")
        with database.begin() as s:
            [asked] = s.scalars(select(RatingOffer))
            assert (asked.subject, asked.subject_id) == ("ticket", ticket.id)
            assert list(s.scalars(select(Rating.score))) == [5]

    def test_what_belongs_to_others_is_not_found(self, chat: Chat, database: Database) -> None:
        ticket = register(chat)
        desk(chat, ticket, decided)
        stranger = Chat(database)
        assert "没有找到" in stranger.heard(f"申请核查 {ticket.number}")
        assert "名下还没有工单" in stranger.heard("我不服这个决定")

    def test_within_a_complaint_no_other_form_opens(self, chat: Chat) -> None:
        ticket = register(chat)
        desk(chat, ticket, decided)
        chat.tell("我要投诉", OTHER)
        assert "怎么联系您" in chat.say("申请核查")[-1].text  # a wish for the complaint being told
