"""What people do in a conversation: silence, misunderstanding, abuse, danger, two wishes at once, long rants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from actions.desk import tickets
from actions.rasa.misunderstood import MEANINGS
from actions.service.replies import ReplyKind
from actions.store.engine import Database
from actions.store.tables.desk import Ticket
from actions.store.tables.service import Handover
from tests.bot.talking import Chat, dialogue, new_database, titles

MATTER = "上周五转账被扣了两次手续费"


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


def queue(database: Database) -> list[tuple[str, str]]:
    """Return queue and reason of the hand-overs."""
    with database.begin() as s:
        return [(one.queue, one.reason) for one in s.scalars(select(Handover))]


def registered(database: Database) -> list[Ticket]:
    """Return all tickets."""
    with database.begin() as s:
        return list(s.scalars(select(Ticket)))


class TestSilence:
    def test_who_comes_back_after_days_is_told_where_the_form_was(self, chat: Chat) -> None:
        chat.tell("我要投诉", MATTER)
        chat.now += timedelta(days=3)
        *_, asked = chat.say("在吗")
        assert "1月5日 的投诉登记还没有完成" in asked.text
        assert MATTER in asked.text
        assert titles([asked]) == ["继续登记", "放弃登记"]

    def test_going_on_asks_what_was_asked(self, chat: Chat, database: Database) -> None:
        chat.tell("我要投诉", MATTER)
        chat.now += timedelta(days=3)
        chat.say("你好")
        assert "怎么处理" in chat.heard("继续登记")
        chat.tell("退还费用", "就在这里回复", "确认提交")
        assert [ticket.matter for ticket in registered(database)] == [MATTER]

    def test_dropping_keeps_nothing(self, chat: Chat, database: Database) -> None:
        chat.tell("我要投诉", MATTER)
        chat.now += timedelta(hours=5)
        chat.say("你好")
        assert "没有保留" in chat.heard("放弃登记")
        assert registered(database) == []

    def test_a_plain_answer_is_taken_at_once(self, chat: Chat) -> None:
        chat.tell("我要投诉", MATTER, "退还费用")
        chat.now += timedelta(days=1)
        assert "请您核对" in chat.heard("13912345678")

    def test_a_yes_after_days_submits_nothing(self, chat: Chat, database: Database) -> None:
        chat.tell("我要投诉", MATTER, "退还费用", "就在这里回复")
        chat.now += timedelta(days=2)
        assert "要接着登记，还是放弃" in chat.heard("好的")
        assert registered(database) == []
        assert "请您核对" in chat.heard("好的")
        assert chat.say("确认提交")[0].kind is ReplyKind.TICKET

    def test_a_question_after_days_is_answered_first(self, chat: Chat) -> None:
        chat.tell("我要投诉", MATTER)
        chat.now += timedelta(days=2)
        answer, asked = chat.say("投诉一般多久能处理完？")
        assert answer.kind is ReplyKind.ANSWER
        assert "还没有完成" in asked.text

    def test_a_short_pause_is_none(self, chat: Chat) -> None:
        chat.tell("我要投诉", MATTER)
        chat.now += timedelta(minutes=40)
        assert "联系" in chat.heard("退还费用")

    def test_a_note_left_open_is_not_filled_with_small_talk(self, chat: Chat, database: Database) -> None:
        chat.tell("我要投诉", MATTER, "退还费用", "就在这里回复", "确认提交", "补充情况")
        chat.now += timedelta(days=1)
        assert "还没有写完" in chat.heard("嗯嗯那个")
        assert "银行短信" in chat.heard("银行短信显示昨天扣了两笔5元")
        [ticket] = registered(database)
        with database.begin() as s:
            assert [e.data["text"] for e in tickets.timeline(s, ticket.id) if e.type == "add_facts"] == [
                "银行短信显示昨天扣了两笔5元"
            ]


class TestMisunderstanding:
    def test_first_likely_meanings_then_a_person(self, chat: Chat, database: Database) -> None:
        [first] = chat.say("就那个东西嘛你懂的")
        assert first.data["outcome"] == "refused"
        assert "换个说法" in first.text or titles([first])[-2:] == ["转人工", "登记投诉"]
        refused, called = chat.say("搞一下那个")
        assert refused.data["outcome"] == "refused"
        assert (called.kind, queue(database)) == (
            ReplyKind.HANDOVER,
            [("general", "连续两次没有听懂客户的话")],
        )

    def test_who_waits_for_a_person_is_given_no_second_one(self, chat: Chat, database: Database) -> None:
        chat.tell("就那个东西嘛你懂的", "搞一下那个")
        assert [reply.kind for reply in chat.say("就那个东西嘛")] == [ReplyKind.ANSWER]
        assert len(queue(database)) == 1

    def test_an_understood_sentence_in_between_begins_anew(self, chat: Chat, database: Database) -> None:
        chat.tell("就那个东西嘛你懂的", "谢谢", "搞一下那个")
        assert queue(database) == []

    @pytest.mark.parametrize(("intent", "sentence"), MEANINGS.items())
    def test_a_meaning_on_a_button_is_understood(self, intent: str, sentence: str) -> None:
        assert dialogue().understand(sentence)["intent"]["name"] == intent


class TestAbuse:
    def test_calm_once_then_a_person(self, chat: Chat, database: Database) -> None:
        assert titles(chat.say("你们就是一群傻逼")) == ["我要投诉", "转人工"]
        assert queue(database) == []
        [called] = chat.say("滚蛋，废物")
        assert called.kind is ReplyKind.HANDOVER
        assert "请同事来和您谈" in called.text
        assert queue(database) == [("general", "客户情绪激动，多次辱骂")]


class TestDanger:
    @pytest.mark.parametrize(
        ("text", "number", "where"),
        [
            ("我真的不想活了，天天催", "12356", "crisis"),
            ("警察让我把钱转到安全账户，是真的吗", "96110", "fraud"),
            ("对方叫我开屏幕共享，正在共享屏幕操作", "96110", "fraud"),
            ("我的卡被盗刷了五千", "110", "fraud"),
        ],
    )
    def test_a_fixed_answer_and_the_right_queue(
        self, chat: Chat, database: Database, text: str, number: str, where: str
    ) -> None:
        [reply] = chat.say(text)
        assert number in reply.text
        assert reply.data["urgent"]
        assert [q for q, _ in queue(database)] == [where]

    def test_inside_a_complaint_the_form_waits(self, chat: Chat, database: Database) -> None:
        chat.tell("我要投诉", MATTER)
        assert [r.kind for r in chat.say("骗子现在还在让我转账，我正在共享屏幕")] == [ReplyKind.HANDOVER]
        assert queue(database)[0][0] == "fraud"
        assert "联系" in chat.heard("退还费用")

    def test_a_theft_told_to_the_form_is_written_down_and_answered(
        self, chat: Chat, database: Database
    ) -> None:
        chat.say("我要投诉")
        urgent, asked = chat.say("昨天我的卡被盗刷了五千块，客服说不归他们管")
        assert urgent.data["urgent"]
        assert "记下了" in asked.text
        assert queue(database)[0][0] == "fraud"

    def test_who_waits_is_moved_to_the_urgent_queue(self, chat: Chat, database: Database) -> None:
        chat.tell("转人工", "我不想活了")
        assert [q for q, _ in queue(database)] == ["crisis"]

    def test_a_question_about_fraud_in_general_calls_nobody(self, chat: Chat, database: Database) -> None:
        chat.say("怎么防范电信诈骗")
        assert queue(database) == []

    def test_a_price_is_no_danger(self, chat: Chat, database: Database) -> None:
        for text in ("你们这是跳楼价吗", "我同事自杀式加班", "打工人不想活动"):
            assert "12356" not in chat.heard(text)
        assert queue(database) == []


class TestFragments:
    """Somebody upset who types as people do: piece by piece."""

    def test_they_are_listened_to_and_all_is_written_down(self, chat: Chat) -> None:
        chat.tell("你们太坑了", "扣了我两次钱")
        assert "我在听" in chat.heard("哈哈哈哈")
        chat.tell("昨天交话费", "299元")
        opened = chat.heard("我要投诉")
        assert "扣了我两次钱；昨天交话费；299元" in opened

    def test_nothing_is_asked_for_ever(self, chat: Chat) -> None:
        chat.tell("我要投诉", "昨天付款扣了两次 一次128一次128", "不对 是158", "退给我")
        assert "没有认出" in chat.heard("随你们便啊")
        summary = chat.heard("你们看着办呗")
        assert "一次158一次158" in summary
        assert "产品或服务：支付" in summary
        assert "联系方式：就在这里回复" in summary

    def test_pieces_told_after_the_first_question_are_all_in_the_matter(self, chat: Chat) -> None:
        chat.tell("投诉", "你们那个理财", "亏了三万", "11月3号买的", "销售说保本", "要求赔偿本金")
        summary = chat.heard("先不留电话")
        assert "发生了什么：亏了三万；11月3号买的；销售说保本" in summary
        assert "产品或服务：理财" in summary
        assert "您的诉求：要求赔偿本金" in summary

    def test_progress_of_what_is_not_submitted_yet(self, chat: Chat) -> None:
        chat.tell("我要投诉", "昨天付款扣了两次", "退给我")
        said = chat.heard("查进度")
        assert "还没有提交" in said
        assert "请说“我要投诉”" not in said

    def test_a_ticket_that_is_not_withdrawn_after_all(self, chat: Chat) -> None:
        chat.tell("我要投诉", "昨天付款扣了两次", "退给我", "不留", "确认提交", "撤回工单")
        assert "没有撤回" in chat.heard("不撤回了")

    def test_a_dictated_number_is_the_contact(self, chat: Chat) -> None:
        chat.tell("喂你好我要偷诉", "昨天付款扣了两回钱", "我电话幺三八零零幺三八零零零")
        assert "138****8000" in chat.heard("退给我")

    def test_chat_without_a_grievance_stays_chat(self, chat: Chat) -> None:
        assert "聊不好" in chat.heard("给我讲个笑话")


class TestTwoWishes:
    def test_a_complaint_and_a_person(self, chat: Chat, database: Database) -> None:
        replies = chat.say("我要投诉你们，赶紧给我转人工")
        assert ReplyKind.HANDOVER in [reply.kind for reply in replies]
        assert len(queue(database)) == 1
        last = replies[-1]
        assert "发生了什么" in last.text or "登记投诉" in titles([last])

    def test_what_was_said_with_the_wish_for_a_person_is_not_asked_again(self, chat: Chat) -> None:
        chat.say("提现三天没到账，给我转人工")
        assert "提现三天没到账" in chat.heard("我要投诉")


class TestLongMessages:
    RANT = "，".join(f"第{n}次打电话你们客服都说在处理，可是到今天一分钱也没有退给我" for n in range(1, 95))

    def test_the_whole_rant_is_in_the_ticket(self, chat: Chat, database: Database) -> None:
        first, second = self.RANT[:1900], self.RANT[1900:]
        assert "哪个产品" in chat.tell("我要投诉", first)[0].text
        assert "这些也记下了" in chat.heard(second)
        assert "怎么联系您" in chat.tell("不清楚", "把钱退给我")[0].text
        summary = chat.say("就在这里回复")[0]
        assert "会完整提交" in summary.text
        assert len(summary.text) < 600
        chat.say("确认提交")
        [ticket] = registered(database)
        with database.begin() as s:
            added = "".join(e.data["text"] for e in tickets.timeline(s, ticket.id) if e.type == "add_facts")
        whole = ticket.matter + added
        assert whole.replace("；", "，").replace("，", "") == self.RANT.replace("，", "")

    def test_a_long_answer_to_which_product_does_not_break_the_ticket(
        self, chat: Chat, database: Database
    ) -> None:
        chat.tell("我要投诉", "你们把我的事情一直拖着不办")
        chat.tell("请你们自己去查，" * 40, "不清楚", "尽快处理", "就在这里回复", "确认提交")
        assert len(registered(database)) == 1


def test_the_bot_never_says_that_it_is_a_person_or_promises(chat: Chat) -> None:
    said = " ".join(
        str(one["text"])
        for variants in dialogue().domain.responses.values()
        for one in variants
        if "text" in one
    )
    for promise in ("保证", "一定会", "肯定能", "绝对", "马上到账", "立即退款", "百分之百"):
        assert promise not in said
    assert "不是真人" in chat.heard("你是真人吗")
